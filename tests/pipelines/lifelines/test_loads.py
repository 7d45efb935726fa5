"""Daily readings, load factors and utilisation against numpy, on every engine, and in closed form."""

import datetime as dt
import random
from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.lifelines.loads import daily_readings, load_factor, utilisation

DAY = dt.datetime(2024, 2, 28)
READINGS = {"sensor_id": pl.String, "timestamp": pl.Datetime("us"), "value": pl.Float64}
TEXTS = ["sensor_id", "system", "asset_id", "quantity", "unit"]
SENSORS = dict.fromkeys(TEXTS, pl.String) | {"rating": pl.Float64}
METERS = [
    ("x1", "power", "P1-X1", "load", "MW", 50.0),
    ("x2", "power", "P1-X2", "load", "MW", None),
    ("f1", "water", "管1", "flow", "m3/s", 0.4),
    ("p1", "water", "J1", "pressure", "m", None),
    ("dead", "power", "P2-X1", "load", "MW", 10.0),
]
WHO = {row[0]: dict(zip(TEXTS, row[:5], strict=True)) for row in METERS}
RATING = {row[0]: row[5] for row in METERS}


def frame(rows, schema=READINGS):
    return pl.DataFrame(rows, schema=schema, orient="row")


def some_readings(seed=2):
    rng = random.Random(seed)
    rows = [
        (sensor, DAY + dt.timedelta(minutes=minute), rng.uniform(-0.05, 1) * top)
        for sensor, top in (("x1", 60), ("x2", 30), ("f1", 0.5), ("p1", 40))
        for minute in range(0, 3 * 1440, 3)
        if rng.random() < 0.95
    ]
    rng.shuffle(rows)
    return rows


def by_day(rows):
    found = defaultdict(list)
    for sensor, at, value in rows:
        found[sensor, at.date()].append(value)
    return found


def close(table, expected):
    made = table.gather()
    wanted = pl.DataFrame(expected, schema=made.schema)
    assert_frame_equal(made, wanted, check_row_order=False, rel_tol=1e-9, abs_tol=1e-9)


def test_loads_are_those_of_numpy(engine, spread):
    rows = some_readings()
    readings, sensors = spread(engine, frame(rows)), spread(engine, frame(METERS, SENSORS), 2)
    daily = daily_readings(readings, sensors)
    days = by_day(rows)
    close(
        daily,
        [
            WHO[sensor]
            | {"date": day, "readings": len(v), "mean": np.mean(v), "lowest": min(v), "highest": max(v)}
            for (sensor, day), v in days.items()
        ],
    )
    close(
        load_factor(daily),
        [
            WHO[sensor]
            | {
                "date": day,
                "readings": len(v),
                "mean": np.mean(v),
                "peak": max(v),
                "load_factor": np.mean(v) / max(v) if max(v) > 0 else None,
            }
            for (sensor, day), v in days.items()
            if sensor != "p1"
        ],
    )
    expected = []
    for sensor in ("x1", "f1"):
        share = np.array([value for name, _, value in rows if name == sensor]) / RATING[sensor]
        expected.append(
            WHO[sensor]
            | {
                "rating": RATING[sensor],
                "readings": len(share),
                "mean": share.mean(),
                "p95": np.quantile(share, 0.95),
                "peak": share.max(),
                "overloaded": int((share > 1).sum()),
                "overloaded_share": float((share > 1).mean()),
            }
        )
    assert all(row["overloaded"] for row in expected)
    close(utilisation(readings, sensors), expected)


def test_closed_forms(engines):
    """21 loads, 0 to 20, of a rating of 16: mean 10, p95 19, four above the rating; on it is not above."""
    rows = [("x1", DAY + dt.timedelta(minutes=i), 50.0 * i / 16) for i in range(21)]
    rows += [("x2", DAY + dt.timedelta(minutes=i), 0.0) for i in range(5)]
    e = engines("polars")
    readings, sensors = e.table(frame(rows)), e.table(frame(METERS, SENSORS))
    row = utilisation(readings, sensors).gather().row(0, named=True)
    assert (row["sensor_id"], row["readings"], row["overloaded"]) == ("x1", 21, 4)
    assert (row["mean"], row["p95"], row["peak"]) == pytest.approx((10 / 16, 19 / 16, 20 / 16))
    made = {r["sensor_id"]: r for r in load_factor(daily_readings(readings, sensors)).gather().to_dicts()}
    assert made["x1"]["load_factor"] == pytest.approx(0.5)
    assert made["x2"]["load_factor"] is None


def test_a_rating_that_cannot_be_does_no_harm(engines):
    """Its peak shows it; the mean stays a number."""
    rows = [("x1", DAY + dt.timedelta(minutes=i), value) for i, value in enumerate((1e5, -9000.0, 1e5))]
    meters = frame([("x1", "power", "a", "load", "MW", 1e-300)], SENSORS)
    e = engines("torn")
    row = utilisation(e.table(frame(rows)), e.table(meters)).gather().row(0, named=True)
    assert row["peak"] == pytest.approx(1e305)
    assert row["mean"] == pytest.approx(1e4 / 3)
    assert row["overloaded"] == 2


def test_no_readings_give_no_loads(engines):
    e = engines("torn")
    readings, sensors = e.table(frame([])), e.table(frame(METERS, SENSORS))
    assert load_factor(daily_readings(readings, sensors)).gather().is_empty()
    assert utilisation(readings, sensors).gather().is_empty()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=1, max_size=40), st.sampled_from([0.25, 4.0]))
def test_shares_are_the_same_in_any_unit(engines, loads, factor):
    def made(scale):
        e = engines("polars")
        rows = [("x1", DAY + dt.timedelta(minutes=i), load * scale) for i, load in enumerate(loads)]
        meters = frame([("x1", "power", "a", "load", "MW", 50.0 * scale)], SENSORS)
        return utilisation(e.table(frame(rows)), e.table(meters)).gather().row(0, named=True)

    one, two = made(1.0), made(factor)
    for name in ("mean", "p95", "peak", "overloaded", "overloaded_share"):
        assert one[name] == pytest.approx(two[name], rel=1e-9, abs=1e-8)
    assert one["mean"] <= one["peak"] + 1e-9
    assert 0 <= one["overloaded_share"] <= 1
