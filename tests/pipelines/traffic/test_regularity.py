"""Headways against numpy and plain Python, on every engine, and in closed form."""

import datetime as dt
import random
from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.traffic.regularity import BUNCHED_BELOW, KEYS, headways

DAY = dt.date(2024, 3, 4)
VISITS = dict(
    zip([*KEYS, "trip_id_performed"], [pl.Date, pl.String, pl.Int64, pl.String, pl.String], strict=True)
)
VISITS |= {"actual_departure_time": pl.Datetime("us"), "departure_load": pl.Int64}
PLAN = dict(zip([*KEYS, "trip_id"], [pl.Date, pl.String, pl.Int64, pl.String, pl.String], strict=True))
PLAN |= {"departure_timestamp": pl.Datetime("us"), "stop_sequence": pl.Int64}


def at(seconds):
    return dt.datetime.combine(DAY, dt.time()) + dt.timedelta(seconds=seconds)


def calls(times, *, route="12", direction=0, stop="站A", day=DAY):
    return [(day, route, direction, stop, f"t{i}", at(t), i) for i, t in enumerate(times)]


def frame_of(rows, schema):
    return pl.DataFrame(rows, schema=schema, orient="row")


def gaps(rows):
    """Seconds between departures, by stop; the order of rows does not matter."""
    times = defaultdict(list)
    for *key, _, time, _ in rows:
        times[tuple(key)].append((time - at(0)) // dt.timedelta(seconds=1))
    return {key: np.diff(sorted(seen)).astype(float) for key, seen in times.items() if len(seen) > 1}


def expected(visits, plan=()):
    scheduled = gaps(plan)
    made = []
    for key, h in gaps(visits).items():
        planned = scheduled.get(key)
        mean, total = h.mean(), h.sum()
        wait = (h * h).sum() / (2 * total) if total > 0 else None
        norm = mean if planned is None else planned.mean()
        s_wait = (
            (planned**2).sum() / (2 * planned.sum()) if planned is not None and planned.sum() > 0 else None
        )
        made.append(
            dict(zip(KEYS, key, strict=True))
            | {
                "headways": len(h),
                "mean_s": mean,
                "median_s": np.median(h),
                "p95_s": np.quantile(h, 0.95),
                "cv": h.std(ddof=1) / mean if len(h) > 1 and mean > 0 else None,
                "mean_wait_s": wait,
                "scheduled_headways": None if planned is None else len(planned),
                "scheduled_mean_s": None if planned is None else planned.mean(),
                "scheduled_wait_s": s_wait,
                "excess_wait_s": None if wait is None or s_wait is None else wait - s_wait,
                "bunched_share": float(np.mean(h < BUNCHED_BELOW * norm)),
            }
        )
    return made


def some_calls(seed, count=600):
    rng = random.Random(seed)
    rows = []
    for i in range(count):
        day, route, stop = (
            DAY + dt.timedelta(days=rng.randrange(2)),
            rng.choice(["12", "环线"]),
            rng.choice("ABC"),
        )
        time = rng.choice([rng.randrange(18_000, 100_000), rng.randrange(30_000, 30_600), 28_800])
        rows.append((day, route, rng.randrange(2), stop, f"t{i}", at(time), i))
    rows += calls([40_000], stop="single") + calls([50_000] * 4, stop="all at once")
    rows += calls([0, 600, 1200], stop="even") + calls([10, 20], stop="one headway")
    return rows


def test_headways_are_those_of_numpy_and_plain_python(engine, spread, agree):
    visits = some_calls(seed=1)
    plan = [
        *some_calls(seed=2, count=300),
        *calls([0, 9], stop="only planned"),
        *calls([7], stop="one headway"),
    ]
    plan = [row for row in plan if row[3] not in ("B", "all at once")]
    seen = spread(engine, frame_of(visits, VISITS))
    planned = spread(engine, frame_of(plan, PLAN), 2)
    agree(headways(seen), expected(visits))
    agree(headways(seen, planned), expected(visits, plan))
    agree(headways(planned), expected(plan))


def test_closed_forms_of_waiting(engine, spread):
    """Even headways h: wait h/2, cv 0. Headways a, b in turn: (a^2 + b^2) / 2 (a + b); Osuna, Newell."""
    even, turns = [*range(0, 6001, 600)], [t + late for t in range(0, 6001, 1200) for late in (0, 300)]
    visits = calls(even, stop="even") + calls(turns, stop="turns") + calls([5, 5, 605], stop="pair")
    plan = calls(even, stop="even") + calls(range(0, 6301, 600), stop="turns") + calls([0, 300], stop="pair")
    made = headways(spread(engine, frame_of(visits, VISITS)), spread(engine, frame_of(plan, PLAN))).gather()
    got = {row["stop_id"]: row for row in made.iter_rows(named=True)}
    even = got["even"]
    assert (even["mean_s"], even["cv"], even["mean_wait_s"], even["excess_wait_s"]) == (600, 0, 300, 0)
    assert (even["headways"], even["scheduled_headways"], even["bunched_share"]) == (10, 10, 0)
    turns = got["turns"]
    n, a, b = 11, 300.0, 900.0
    wait = (6 * a * a + 5 * b * b) / (2 * (6 * a + 5 * b))
    assert turns["headways"] == n
    assert turns["mean_wait_s"] == pytest.approx(wait)
    assert turns["excess_wait_s"] == pytest.approx(wait - 300)
    pair = got["pair"]
    assert (pair["mean_s"], pair["mean_wait_s"], pair["bunched_share"]) == (300, 300, 0.5)
    assert pair["cv"] == pytest.approx(2**0.5)


def test_a_headway_of_just_a_quarter_is_not_bunched(engines):
    for gap, share in ((150, 0.0), (149, 0.5)):
        visits = engines("polars").table(frame_of(calls([0, gap, gap + 600]), VISITS))
        plan = engines("polars").table(frame_of(calls([0, 600, 1200]), PLAN))
        assert headways(visits, plan).gather()["bunched_share"].to_list() == [share]


def test_stops_of_one_departure_have_no_headways(engines):
    for name in ("polars", "torn", "dask"):
        one = engines(name).table(frame_of(calls([100]), VISITS))
        none = engines(name).table(frame_of([], PLAN))
        assert headways(one).gather().height == 0
        assert headways(one, none).gather().height == 0
        assert headways(none).gather().height == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 90_000), min_size=2, max_size=25))
def test_random_riders_wait_at_least_half_the_mean_headway(engines, times):
    """E[h^2] / 2E[h] = E[h] (1 + cv^2) / 2, the cv over all headways; their sum is from first to last."""
    row = headways(engines("polars").table(frame_of(calls(times), VISITS))).gather().row(0, named=True)
    n = row["headways"]
    assert n == len(times) - 1
    assert row["mean_s"] * n == pytest.approx(max(times) - min(times))
    if row["mean_s"] > 0 and n > 1:
        cv2 = row["cv"] ** 2 * (n - 1) / n
        assert row["mean_wait_s"] == pytest.approx(row["mean_s"] * (1 + cv2) / 2, rel=1e-9)
        assert row["mean_wait_s"] >= row["mean_s"] / 2 * (1 - 1e-12)
    assert row["median_s"] <= row["p95_s"] or n == 1
