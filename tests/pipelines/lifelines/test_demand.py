"""Hourly demand against plain Python, on every engine."""

import datetime as dt
import math
import random
from collections import defaultdict

import polars as pl

from pipelines.lifelines.demand import hourly_demand

SCHEMA = {"zone_id": pl.String, "system": pl.String, "timestamp": pl.Datetime("us"), "metered": pl.Float64}
START = dt.datetime(2024, 2, 23)  # a Friday; 2024 has a 29 February


def frame_of(rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_hourly_demand_is_that_of_plain_python(engine, spread, agree):
    rng = random.Random(5)
    rows = [
        (
            zone,
            system,
            START + dt.timedelta(hours=hour),
            rng.choice([rng.uniform(0, 3), rng.lognormvariate(2, 1)]),
        )
        for zone in ("Z1", "区2")
        for system in ("water", "power")
        for hour in range(11 * 24)
        if rng.random() < 0.9
    ]
    found = defaultdict(list)
    for zone, system, at, value in rows:
        found[zone, system, at.isoweekday() > 5, at.hour].append(value)
    names = ("zone_id", "system", "weekend", "hour", "hours", "mean", "peak")
    expected = [
        dict(zip(names, (*key, len(v), math.fsum(v) / len(v), max(v)), strict=True))
        for key, v in found.items()
    ]
    agree(hourly_demand(spread(engine, frame_of(rows))), expected)


def test_saturday_and_sunday_are_the_weekend_and_midnight_begins_the_day(engines):
    """From Friday 23:00 to Monday 00:00, an hour each."""
    hours = [START + dt.timedelta(hours=h) for h in (23, 24, 71, 72)]
    rows = [("Z", "gas", at, float(i)) for i, at in enumerate(hours)]
    made = hourly_demand(engines("torn").table(frame_of(rows))).gather().sort("mean")
    assert made["weekend"].to_list() == [False, True, True, False]
    assert made["hour"].to_list() == [23, 0, 23, 0]


def test_no_demands_give_no_rows(engines):
    assert hourly_demand(engines("torn").table(frame_of([]))).gather().height == 0
