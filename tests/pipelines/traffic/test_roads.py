"""Speeds, congestion and reliability against numpy and plain Python, on every engine, and in closed form."""

import datetime as dt
import math
import random
from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipelines.traffic import roads

SCHEMA = {"segment_id": pl.String, "timestamp": pl.Datetime("us"), "speed_kmh": pl.Float64}
START = dt.datetime(2024, 2, 25)  # a Sunday; 2024 has a 29 February


def frame_of(rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def some_speeds(count=700, seed=3):
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        at = START + dt.timedelta(minutes=rng.randrange(0, 14 * 1440, 5))
        if rng.random() < 0.8:
            at = at.replace(
                hour=rng.choice([0, 8, 23]), minute=rng.choice([0, 59]), second=rng.choice([0, 59])
            )
        rows.append(
            (rng.choice(["s1", "路2", "s3"]), at, rng.choice([rng.uniform(5, 120), rng.lognormvariate(3, 1)]))
        )
    rows += [("once", START, 42.5), *(("still", START + dt.timedelta(hours=i), 50.0) for i in range(5))]
    return [(segment, at, min(speed, 200.0)) for segment, at, speed in rows]


def by_segment(rows):
    found = defaultdict(list)
    for segment, at, speed in rows:
        found[segment].append((at, speed))
    return found


def reliability_expected(rows):
    made = []
    for segment, seen in by_segment(rows).items():
        speeds = np.array([speed for _, speed in seen])
        free, paces = np.quantile(speeds, 0.85), 3600 / np.maximum(speeds, 0.01)
        mean, pace = math.fsum(speeds) / len(speeds), math.fsum(paces) / len(paces)
        made.append(
            {
                "segment_id": segment,
                "observations": len(seen),
                "free_flow_kmh": free,
                "mean_kmh": mean,
                "congestion_index": free / mean,
                "share_congested": float(np.mean(speeds < 0.6 * free)),
                "buffer_index": (np.quantile(paces, 0.95) - pace) / pace,
            }
        )
    return made


def close(table, expected):
    """Sums are exact to the ninth decimal of each value, so quotients near 0 are as well."""
    made = table.gather()
    wanted = pl.DataFrame(expected, schema=made.schema)
    assert_frame_equal(made, wanted, check_row_order=False, rel_tol=1e-9, abs_tol=1e-9)


def test_measures_are_those_of_numpy_and_plain_python(engine, spread):
    rows = some_speeds()
    table = spread(engine, frame_of(rows))
    reliability = roads.segment_reliability(table)
    expected = reliability_expected(rows)
    close(reliability, expected)

    hours = defaultdict(list)
    for segment, at, speed in rows:
        hours[segment, at.date(), at.isoweekday(), at.hour].append(speed)
    names = ("segment_id", "date", "weekday", "hour", "observations", "speed_kmh")
    by_hour = roads.speeds_by_hour(table)
    close(
        by_hour,
        [dict(zip(names, (*key, len(v), math.fsum(v) / len(v)), strict=True)) for key, v in hours.items()],
    )

    free = {row["segment_id"]: row["free_flow_kmh"] for row in expected}
    week = defaultdict(list)
    for (segment, _, weekday, hour), speeds in hours.items():
        week[segment, (weekday - 1) * 24 + hour] += speeds
    close(
        roads.congestion_index(by_hour, reliability),
        [
            {
                "segment_id": segment,
                "hour_of_week": hour,
                "observations": len(v),
                "speed_kmh": math.fsum(v) / len(v),
                "congestion_index": free[segment] * len(v) / math.fsum(v),
            }
            for (segment, hour), v in week.items()
        ],
    )


def test_closed_forms(engine, spread):
    """Eleven evenly spaced speeds: the 85th percentile lies half way from the ninth to the tenth."""
    rows = [("even", START, float(speed)) for speed in range(10, 120, 10)]
    rows += [("one", START, 33.0)]
    rows += [("edge", START, speed) for speed in [100.0] * 19 + [60.0]]  # 60 is not below 0.6 x 100
    rows += [("under", START, speed) for speed in [100.0] * 19 + [59.999]]
    rows += [("crawl", START, speed) for speed in (1e-12, 2e-12)]
    rows += [("stop", START, speed) for speed in [36.0] * 99 + [0.001]]
    made = roads.segment_reliability(spread(engine, frame_of(rows))).gather()
    got = {row["segment_id"]: row for row in made.iter_rows(named=True)}
    assert got["even"]["free_flow_kmh"] == pytest.approx(95.0, rel=1e-12)
    assert got["even"]["congestion_index"] == pytest.approx(95 / 60, rel=1e-12)
    assert got["even"]["share_congested"] == pytest.approx(5 / 11)
    assert [got["one"][name] for name in list(got["one"])[1:]] == pytest.approx(
        [1, 33.0, 33.0, 1.0, 0.0, 0.0], abs=1e-12
    )
    assert got["edge"]["share_congested"] == 0
    assert got["under"]["share_congested"] == 0.05
    assert got["crawl"]["congestion_index"] is None
    assert got["crawl"]["buffer_index"] == 0
    pace = (99 * 100 + 3600 / roads.SLOWEST_KMH) / 100  # a stop counts as the slowest speed
    assert got["stop"]["buffer_index"] == pytest.approx((100 - pace) / pace)


def test_the_first_segments_are_the_slowest_equals_by_name():
    frame = pl.DataFrame({"segment_id": ["b", "c", "a", "d"], "congestion_index": [2.0, 3.0, 2.0, 1.0]})
    assert roads.top_segments(frame, k=3)["segment_id"].to_list() == ["c", "a", "b"]
    assert roads.top_segments(frame)["segment_id"].to_list() == ["c", "a", "b", "d"]


def test_no_speeds_give_no_segments(engines):
    none = engines("torn").table(frame_of([]))
    reliability = roads.segment_reliability(none)
    assert reliability.gather().height == 0
    assert roads.congestion_index(roads.speeds_by_hour(none), reliability).gather().height == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.5, 200), min_size=1, max_size=30), st.sampled_from([0.25, 2.0, 8.0]))
def test_a_faster_road_is_as_congested(engines, speeds, factor):
    """Congestion, its share and the buffer are shares: speeds in other units change none of them."""
    table = engines("polars").table(frame_of([("s", START, speed) for speed in speeds]))
    other = engines("polars").table(frame_of([("s", START, speed * factor) for speed in speeds]))
    one, two = (roads.segment_reliability(each).gather().row(0, named=True) for each in (table, other))
    for share in ("congestion_index", "share_congested", "buffer_index"):
        assert one[share] == pytest.approx(two[share], rel=1e-7, abs=1e-7)
    assert 0 <= one["share_congested"] <= 1
    assert min(speeds) * (1 - 1e-9) <= one["free_flow_kmh"] <= max(speeds) * (1 + 1e-9)
