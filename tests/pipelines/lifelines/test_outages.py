"""Failure rates, times and availability against a minute-by-minute count, on every engine, and by hand."""

import datetime as dt
import random
from collections import defaultdict

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.lifelines.outages import asset_outages, incident_rates

FROM, TO = dt.date(2023, 12, 1), dt.date(2024, 3, 1)
BEGIN, END = (dt.datetime.combine(day, dt.time()) for day in (FROM, TO))
INCIDENTS = {
    "incident_id": pl.String,
    "system": pl.String,
    "asset_id": pl.String,
    "started": pl.Datetime("us"),
    "restored": pl.Datetime("us"),
    "cause": pl.String,
}
NODES = {"node_id": pl.String, "system": pl.String, "asset_class": pl.String}
EDGES = {"edge_id": pl.String, "system": pl.String, "asset_class": pl.String, "length_m": pl.Float64}
REGISTERS = {"system": pl.String, "observed_from": pl.Date, "observed_to": pl.Date}
YEARS = (END - BEGIN).total_seconds() / 86_400 / 365.25


def frame(rows, schema):
    return pl.DataFrame(rows, schema=schema, orient="row")


def city():
    nodes = [(f"n{i}", "water", "tank") for i in range(3)]
    nodes += [(f"s{i}", "power", "substation") for i in range(4)] + [("x", "gas", "gate")]
    edges = [(f"管{i}", "water", "main", 250.5 * i) for i in range(1, 6)] + [
        ("t", "power", "transformer", None)
    ]
    return nodes, edges


def some_incidents(seed=3, count=160):
    rng = random.Random(seed)
    nodes, edges = city()
    assets = [(row[1], row[0]) for row in nodes + edges if row[0] not in ("n2", "x")]
    assets += [("water", "gone"), ("power", "n0")]  # of no table, and under another system
    rows = []
    for number in range(count):
        system, asset = rng.choice(assets)
        start = BEGIN + dt.timedelta(minutes=rng.randrange(-20_000, 140_000))
        long = dt.timedelta(minutes=rng.choice([0, 1, 30, 600, 9000]))
        cause = rng.choice(["wear", "weather", "planned"])
        rows.append(
            (f"i{number:03d}", system, asset, start, None if rng.random() < 0.05 else start + long, cause)
        )
    return rows


def tables(engine, spread, incidents, registers=(("water", FROM, TO), ("power", FROM, TO))):
    nodes, edges = city()
    return (
        spread(engine, frame(incidents, INCIDENTS)),
        spread(engine, frame(nodes, NODES), 2),
        spread(engine, frame(edges, EDGES), 2),
        spread(engine, frame(list(registers), REGISTERS), 1),
    )


def by_asset(incidents):
    """Counts and hours of each asset; times out are a set of minutes."""
    found = defaultdict(lambda: {"counts": [0] * 5, "repair": 0.0, "down": set()})
    for _, system, asset, start, back, cause in incidents:
        one = found[system, asset]
        if not BEGIN <= start < END:
            one["counts"][3] += 1
        elif cause == "planned":
            one["counts"][1] += 1
        else:
            one["counts"][0] += 1
            one["counts"][2] += back is None
            one["counts"][4] += back is not None
            one["repair"] += (back - start).total_seconds() / 3600 if back else 0.0
            first = int((start - BEGIN).total_seconds() // 60)
            last = int((min(back or END, END) - BEGIN).total_seconds() // 60)
            one["down"] |= set(range(first, last))
    return found


def class_of(system, asset):
    nodes, edges = city()
    return {(row[1], row[0]): row[2] for row in nodes + edges}.get((system, asset))


COUNTS = ("failures", "planned", "open", "outside", "repaired")


def test_outages_of_assets_are_those_counted_minute_by_minute(engine, spread, agree):
    incidents = some_incidents()
    made = asset_outages(*tables(engine, spread, incidents))
    expected = [
        {"system": system, "asset_class": class_of(system, asset), "asset_id": asset}
        | dict(zip(COUNTS, one["counts"], strict=True))
        | {"repair_h": one["repair"], "down_h": len(one["down"]) / 60}
        for (system, asset), one in by_asset(incidents).items()
    ]
    agree(made, expected)


def test_rates_are_those_counted_minute_by_minute(engine, spread):
    incidents = some_incidents(seed=6)
    made = incident_rates(*tables(engine, spread, incidents)).gather()
    nodes, edges = city()
    groups = defaultdict(lambda: {"assets": 0, "km": 0.0, "counts": [0] * 5, "repair": 0.0, "down": 0.0})
    for row in nodes + edges:
        one = groups[row[1], row[2]]
        one["assets"] += 1
        one["km"] += (row[3] or 0) / 1000 if len(row) > 3 else 0
    for (system, asset), one in by_asset(incidents).items():
        group = groups[system, class_of(system, asset)]
        group["counts"] = [a + b for a, b in zip(group["counts"], one["counts"], strict=True)]
        group["repair"] += one["repair"]
        group["down"] += len(one["down"]) / 60
    expected = []
    for (system, kind), g in groups.items():
        known, failures = system != "gas", g["counts"][0]
        seen = g["assets"] * YEARS if known else None
        hours = g["assets"] * (END - BEGIN).total_seconds() / 3600
        expected.append(
            {
                "system": system,
                "asset_class": kind,
                "assets": g["assets"],
                "length_km": g["km"],
                "asset_years": seen,
            }
            | dict(zip(COUNTS, g["counts"], strict=True))
            | {
                "failures_per_year": failures / seen if seen else None,
                "failures_per_km_year": failures / g["km"] / YEARS if g["km"] and known else None,
                "mtbf_h": (hours - g["down"]) / failures if failures and hours and known else None,
                "mttr_h": g["repair"] / g["counts"][4] if g["counts"][4] else None,
                "availability": 1 - g["down"] / hours if hours and known else None,
            }
        )
    wanted = pl.DataFrame(expected, schema=made.schema)
    assert_frame_equal(made, wanted, check_row_order=False, rel_tol=1e-9, abs_tol=1e-12)
    assert wanted.filter(pl.col("asset_class").is_null())["failures"].sum() > 0


def only(engines, incidents, name="torn", **more):
    e = engines(name)
    return tables(e, lambda engine, rows, *_: engine.table(rows), incidents, **more)


def test_availability_in_closed_form(engines):
    """Two failures of a day each on three tanks in 91 days: MTBF 135.5 days, MTTR 1 day, their ratio."""
    day = dt.timedelta(days=1)
    rows = [(f"i{n}", "water", f"n{n}", BEGIN + 9 * day, BEGIN + 10 * day, "wear") for n in (0, 1)]
    made = incident_rates(*only(engines, rows)).gather()
    row = made.row(by_predicate=pl.col("asset_class") == "tank", named=True)
    assert (row["mtbf_h"] / 24, row["mttr_h"] / 24) == pytest.approx((135.5, 1.0))
    assert row["availability"] == pytest.approx(135.5 / 136.5)
    assert row["failures_per_year"] == pytest.approx(2 / (3 * 91 / 365.25))


def test_overlapping_outages_of_an_asset_count_once(engines):
    """Out 00-10, 05-12 and within that 06-07: 12 hours out, 18 of repair; planned work adds to neither."""
    hour = dt.timedelta(hours=1)
    spans = [(0, 10, "wear"), (5, 12, "weather"), (6, 7, "wear"), (11, 40, "planned"), (12, 13, "wear")]
    rows = [
        (f"i{n}", "water", "n0", BEGIN + a * hour, BEGIN + b * hour, c) for n, (a, b, c) in enumerate(spans)
    ]
    row = asset_outages(*only(engines, rows)).gather().row(0, named=True)
    assert (row["failures"], row["planned"], row["down_h"], row["repair_h"]) == (4, 1, 13.0, 19.0)


def test_what_is_not_over_lasts_to_the_end_of_the_register(engines):
    rows = [("i", "power", "s0", END - dt.timedelta(hours=5), None, "wear")]
    rows += [("j", "power", "s1", END - dt.timedelta(hours=5), END + dt.timedelta(hours=5), "wear")]
    made = asset_outages(*only(engines, rows)).gather().sort("asset_id")
    assert made["down_h"].to_list() == [5.0, 5.0]
    assert made["repair_h"].to_list() == [0.0, 10.0]
    assert made["open"].to_list() == [1, 0]


def test_a_system_without_a_register_has_counts_and_no_rates(engines):
    rows = [("i", "water", "n0", BEGIN, BEGIN + dt.timedelta(hours=1), "wear")]
    made = incident_rates(*only(engines, rows, registers=[("power", FROM, TO)])).gather()
    row = made.row(by_predicate=pl.col("asset_class") == "tank", named=True)
    assert (row["failures"], row["outside"], row["availability"], row["mtbf_h"]) == (0, 1, None, None)


def test_no_incidents_is_full_availability(engines):
    made = incident_rates(*only(engines, [])).gather()
    assert set(made.filter(pl.col("system") != "gas")["availability"]) == {1.0}
    assert made["mtbf_h"].null_count() == made.height
    assert asset_outages(*only(engines, [])).gather().is_empty()
