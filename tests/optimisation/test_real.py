"""A real timetable and a published instance against what is known of them; feeds that survive the trip."""

import datetime as dt
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from workbench.data.gtfs import read_gtfs
from workbench.optimisation import (
    Agency,
    Battery,
    CrowFlies,
    Measured,
    charging_plan,
    depot_schedule,
    duties_of,
    merge_terminals,
    minimum_fleet,
    read_depot_problem,
    trips_of,
    vehicle_blocks,
    write_feed,
)

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WORKBENCH_REAL_DATA", ROOT.parent / "shared" / "data")) / "transport"
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no data in {DATA}; set WORKBENCH_REAL_DATA"),
]
WEDNESDAY = dt.date(2014, 5, 28)
AGENCY = Agency(name="As read", url="https://example.org", zone="Australia/Brisbane")


@pytest.fixture(scope="module")
def cairns():
    return read_gtfs(DATA / "gtfs" / "cairns_gtfs.zip")


@pytest.fixture(scope="module")
def day(cairns):
    return trips_of(cairns.timetable([WEDNESDAY]))


@pytest.fixture(scope="module")
def empty(cairns):
    return CrowFlies(cairns.stops(), speed_kmh=25, detour=1.3)


@pytest.mark.parametrize("method", ["deficit", "matching"])
def test_cairns_without_driving_empty(cairns, day, method):
    assert day.height == 622
    apart = minimum_fleet(day, method=method)
    assert (apart.vehicles, apart.lower_bound) == (464, 39)  # each bay of the city terminus a terminal
    for within_m in (50, 500):
        merged = merge_terminals(day, cairns.stops(), by="distance", within_m=within_m)
        assert len(set(merged.values())) == 15
        assert minimum_fleet(day, terminals=merged, method=method).vehicles == 43


@pytest.mark.parametrize("method", ["flow", "matching"])
def test_cairns_with_driving_empty(day, empty, method):
    blocks = vehicle_blocks(day, empty, method=method)
    assert blocks.vehicles == 43
    assert blocks.deadhead_km == pytest.approx(28.168, abs=0.001)
    rested = vehicle_blocks(day, empty, layover_s=300, method=method)
    assert rested.vehicles == 49
    assert rested.deadhead_km == pytest.approx(204.340, abs=0.001)


@pytest.mark.parametrize("method", ["flow", "matching"])
def test_the_reference_cut_each_way_to_whole_metres(day, empty, method):
    """27.87 km were reported: the optimum when each way is cut off to whole metres; the true one is 28.17."""
    stops = sorted({*day["start_stop"], *day["end_stop"]})
    km, seconds = empty.between(stops, stops)
    legs = [
        (start, end, np.floor(km[row, column] * 1000) / 1000, seconds[row, column] / 60)
        for row, start in enumerate(stops)
        for column, end in enumerate(stops)
    ]
    table = Measured(pl.DataFrame(legs, schema=["from_stop", "to_stop", "km", "minutes"], orient="row"))
    blocks = vehicle_blocks(day, table, method=method)
    assert (blocks.vehicles, round(blocks.deadhead_km, 2)) == (43, 27.87)


def test_cairns_blocks_on_batteries(day, empty):
    blocks = vehicle_blocks(day, empty, layover_s=300)
    hours = (day["end_s"] - day["start_s"]) / 3600
    duties = duties_of(blocks, dict(zip(day["trip_id"], hours * 22, strict=True)), kwh_per_km=1.3)
    battery = Battery(capacity_kwh=300, charge_kw=150)
    alone = charging_plan(duties, {}, battery)
    assert (alone.extra_vehicles, alone.lower_bound) == (41, 41)
    city = charging_plan(duties, {"750449": 2}, battery, effort=2)  # two chargers at the city terminus
    assert (city.extra_vehicles, city.reliefs.height) == (0, 0)


def test_feeds_survive_the_round_trip(cairns, empty, day, tmp_path):
    dates = cairns.service_dates()[:21]
    timetable = cairns.timetable(dates)
    path = write_feed(tmp_path / "cairns.zip", timetable, cairns.stops(), cairns.routes, AGENCY)
    again = read_gtfs(path)
    assert again.problems.is_empty()
    assert again.service_dates() == dates
    assert again.timetable(dates).equals(timetable)
    one = cairns.timetable([WEDNESDAY])
    blocks = vehicle_blocks(day, empty)
    path = write_feed(path, one, cairns.stops(), cairns.routes, AGENCY, blocks=blocks.trips)
    assert read_gtfs(path).timetable([WEDNESDAY]).equals(one)


def test_a_feed_of_frequencies_is_written_as_trips(tmp_path):
    feed = read_gtfs(DATA / "gtfs" / "spo_gtfs.zip")
    timetable = feed.timetable(feed.dates[:1])
    path = write_feed(tmp_path / "spo.zip", timetable, feed.stops(), feed.routes, AGENCY)
    assert read_gtfs(path).timetable(feed.dates[:1]).equals(timetable)


@pytest.mark.slow
def test_the_published_relaxation_and_a_schedule_close_to_it():
    """The relaxation of m4n500s0 is 1,289,038.39 (A. F. Kummer, mdvsp-colgen, table sp-algos)."""
    problem = read_depot_problem(DATA / "mdvsp" / "m4n500s0.inp")
    assert (len(problem.depots), len(problem.trips), problem.vehicles) == (4, 500, (62, 59, 56, 56))
    schedule = depot_schedule(problem, gap=0.0005, time_limit_s=300)
    assert round(schedule.relaxation, 2) == 1_289_038.39
    assert schedule.lower_bound <= schedule.cost <= 1.0005 * 1_289_038.39
    assert schedule.gap <= 0.0005
    assert sorted(schedule.blocks["trip_id"], key=int) == [str(trip) for trip in range(1, 501)]
