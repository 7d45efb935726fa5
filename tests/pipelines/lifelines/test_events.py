"""Runs out of range against a loop over the readings, on every engine, and cases made by hand."""

import datetime as dt
import itertools
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.lifelines.events import GAP_S, out_of_range

START = dt.datetime(2024, 2, 28, 23, 30)
READINGS = {"sensor_id": pl.String, "timestamp": pl.Datetime("us"), "value": pl.Float64}
TEXTS = ["sensor_id", "system", "asset_id", "quantity", "unit"]
SENSORS = dict.fromkeys(TEXTS, pl.String) | {"low": pl.Float64, "high": pl.Float64}
METERS = [
    ("both", "water", "J1", "pressure", "m", 20.0, 40.0),
    ("low", "water", "池2", "level", "m", 1.0, None),
    ("high", "power", "X1", "load", "MW", None, 50.0),
    ("none", "gas", "G1", "flow", "kg/s", None, None),
]
WHO = {row[0]: row for row in METERS}


def frame(rows, schema=READINGS):
    return pl.DataFrame(rows, schema=schema, orient="row")


def at(minute):
    return START + dt.timedelta(minutes=minute)


def expected(rows):
    found = []
    for sensor in sorted({row[0] for row in rows}):
        *names, low, high = WHO[sensor]
        before = run = None
        for _, when, value in sorted(row for row in rows if row[0] == sensor):
            side = "high" if high is not None and value > high else ""
            side = "low" if low is not None and value < low else side
            apart = before is None or (when - before).total_seconds() > GAP_S
            if run is None or apart or run["side"] != side:
                run = None
                if side:
                    run = dict(zip(TEXTS, names, strict=True)) | {"side": side, "start": when}
                    run |= {"readings": 0, "limit": high if side == "high" else low, "worst": value}
                    found.append(run)
            if run is not None:
                run["end"], run["readings"] = when, run["readings"] + 1
                run["worst"] = (max if side == "high" else min)(run["worst"], value)
                run["minutes"] = int((when - run["start"]).total_seconds() // 60) + 1
            before = when
    return found


def some_readings(seed=4, count=900):
    rng = random.Random(seed)
    rows = []
    for sensor, *_ in METERS:
        minute, level = 0, 30.0
        for _ in range(count // 3):
            minute += rng.choice([1, 1, 1, 1, 2, 15, 16, 40])
            level = min(max(level + rng.uniform(-12, 12), -10), 60)
            rows.append((sensor, at(minute), rng.choice([level, 20.0, 40.0, 50.0, 1.0])))
    rng.shuffle(rows)
    return rows


def test_runs_are_those_of_a_loop_over_the_readings(engine, spread, agree):
    rows = some_readings()
    made = out_of_range(spread(engine, frame(rows)), spread(engine, frame(METERS, SENSORS), 2))
    wanted = expected(rows)
    assert len(wanted) > 50
    columns = made.columns
    agree(made, [{name: row[name] for name in columns} for row in wanted])


def found(engines, values, sensor="both", name="torn"):
    rows = [(sensor, at(minute), value) for minute, value in values]
    made = out_of_range(engines(name).table(frame(rows)), engines(name).table(frame(METERS, SENSORS)))
    return made.gather().sort("start")


def test_a_value_on_a_limit_is_within_it(engines):
    assert found(engines, [(0, 20.0), (1, 40.0), (2, 30.0)]).is_empty()


def test_one_reading_lasts_a_minute(engines):
    row = found(engines, [(0, 30.0), (1, 41.5), (2, 30.0)]).row(0, named=True)
    assert (row["side"], row["start"], row["end"]) == ("high", at(1), at(1))
    assert (row["readings"], row["minutes"], row["limit"], row["worst"]) == (1, 1, 40.0, 41.5)


def test_a_run_goes_on_over_a_lost_reading_and_ends_at_a_silence(engines):
    """15 minutes apart readings still follow each other, 16 they do not."""
    made = found(engines, [(0, 10.0), (3, 12.0), (18, 9.0), (34, 11.0)])
    assert made["start"].to_list() == [at(0), at(34)]
    assert made["minutes"].to_list() == [19, 1]
    assert made["worst"].to_list() == [9.0, 11.0]


def test_a_run_ends_when_the_other_limit_is_crossed(engines):
    made = found(engines, [(0, 10.0), (1, 50.0), (2, 45.0), (3, 10.0)])
    assert made["side"].to_list() == ["low", "high", "low"]
    assert made["worst"].to_list() == [10.0, 50.0, 10.0]


@pytest.mark.parametrize("sensor", ["low", "high", "none"])
def test_a_limit_that_is_not_there_is_not_crossed(engines, sensor):
    values = [(0, -5.0), (1, 30.0), (2, 99.0)]
    sides = {"low": ["low"], "high": ["high"], "none": []}
    assert found(engines, values, sensor)["side"].to_list() == sides[sensor]


def test_no_readings_give_no_runs(engines):
    assert found(engines, []).is_empty()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([10.0, 20.0, 30.0, 40.0, 45.0]), max_size=40))
def test_every_reading_out_of_range_is_in_just_one_run(engines, values):
    made = found(engines, list(enumerate(values)), name="polars")
    assert made["readings"].sum() == sum(value < 20 or value > 40 for value in values)
    assert made["minutes"].to_list() == made["readings"].to_list()
    spans = list(zip(made["start"], made["end"], strict=True))
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))
