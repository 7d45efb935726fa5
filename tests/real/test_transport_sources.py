"""The source files of the real transport data give what their owners published."""

from __future__ import annotations

import csv
import datetime as dt
import os
from pathlib import Path

import polars as pl
import pytest

from workbench.data import odcs
from workbench.data.engines import open_engine
from workbench.data.java import java_problem
from workbench.data.screening import screen
from workbench.data.source import load_source

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WORKBENCH_REAL_DATA", ROOT.parent / "shared" / "data"))
TRANSPORT = DATA / "transport"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not TRANSPORT.is_dir(), reason=f"no data in {TRANSPORT}; set WORKBENCH_REAL_DATA"),
]
T = dt.datetime


@pytest.fixture(
    scope="module", params=["polars", "torn", "dask", pytest.param("spark", marks=pytest.mark.spark)]
)
def clean(request):
    """Open a table of a source file, screen it, and give its clean rows; none may be set aside."""
    if request.param == "spark" and (problem := java_problem()):
        pytest.skip(problem)
    contract = odcs.load(ROOT / "pipelines" / "traffic" / "contract.yaml")
    with open_engine(request.param) as engine:

        def rows(source: str, table: str) -> pl.DataFrame:
            found = load_source(Path(__file__).parent / "sources" / f"{source}.yaml", contract)
            seen = screen(found.open(engine, table, DATA).table, contract.table(table))
            assert seen.quarantine.gather().is_empty()
            return seen.clean.gather()

        yield rows


def lines(path: str) -> list[list[str]]:
    with (TRANSPORT / path).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_los_angeles_speeds_are_those_of_the_file(clean):
    got = clean("los_loop", "road_speeds")
    sensors, *rows = lines("los_loop_speed/los_speed.csv")
    assert (len(rows), len(sensors)) == (2016, 207)
    expected = pl.DataFrame(
        [
            (sensor, T(2012, 3, 1) + i * dt.timedelta(minutes=5), float(value) * 1.609344)
            for i, row in enumerate(rows)
            for sensor, value in zip(sensors, row, strict=True)
        ],
        schema=["segment_id", "timestamp", "expected"],
        orient="row",
    )
    both = got.join(expected, on=["segment_id", "timestamp"])
    assert got.height == both.height == 417_312
    assert both.select(((pl.col("speed_kmh") / pl.col("expected") - 1).abs() < 1e-12).all()).item()
    assert got["timestamp"].max() == T(2012, 3, 7, 23, 55)
    assert got["speed_kmh"].min() > 1
    assert got["speed_kmh"].max() < 70.1 * 1.609344


def test_beijing_has_its_travellers_trips_and_headways(clean):
    taps = clean("beijing_line6", "taps")
    _, *rows = lines("beijing_line6/beijing_line6_od.csv")
    expected = {(r[2], T(2018, 6, 4) + dt.timedelta(seconds=int(r[3])), r[4], r[5]) for r in rows}
    assert taps.height == len(expected) == 9_293
    assert (
        set(taps.select("transaction_id", "event_timestamp", "stop_id", "alight_stop_id").rows()) == expected
    )
    assert set(taps["direction_id"]) == {None}
    timetable = clean("beijing_line6", "timetable")
    assert (timetable["trip_id"].n_unique(), timetable.height) == (388, 4_516)
    order = timetable.sort("trip_id", "stop_sequence")
    assert order.select(
        (pl.col("departure_timestamp").diff().over("trip_id") > pl.duration(seconds=0)).all()
    ).item()
    assert (order["stop_sequence"].min(), clean("beijing_line6", "stops").height) == (1, 14)
    visits = clean("beijing_line6", "stop_visits")
    at = visits.filter(pl.col("stop_id") == "caofang").sort("actual_departure_time")
    for direction, mean, cv in ((0, 234, 0.40), (1, 214, 0.52)):
        headways = (
            at.filter(pl.col("direction_id") == direction)["actual_departure_time"]
            .diff()
            .dt.total_seconds()
            .drop_nulls()
        )
        assert round(headways.mean()) == mean
        assert round(headways.std() / headways.mean(), 2) == cv


def test_xiamen_has_its_passengers_and_dispatches(clean):
    taps = clean("xiamen_brt2", "taps")
    _, *rows = lines("xiamen_brt2/passengers_direction_0.csv")
    expected = [(r[0], T(2018, 6, 1) + dt.timedelta(minutes=int(r[1])), f"s{r[2]}", f"s{r[3]}") for r in rows]
    assert len(expected) == 4_346
    got = taps.select("transaction_id", "event_timestamp", "stop_id", "alight_stop_id").rows()
    assert sorted(got) == sorted(expected)
    visits = clean("xiamen_brt2", "stop_visits").sort("actual_departure_time")
    headways = visits["actual_departure_time"].diff().dt.total_minutes().drop_nulls()
    assert visits.height == 124
    assert (round(headways.mean(), 2), round(headways.std(ddof=0) / headways.mean(), 2)) == (7.61, 0.88)
