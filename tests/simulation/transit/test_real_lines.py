"""Lines of three cities, from real timetables and passengers."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from workbench.simulation import Streams
from workbench.simulation.transit import (
    STEADY,
    Dwell,
    ForwardHeadway,
    LineModel,
    LineScenario,
    ScheduleHolding,
    Traffic,
    day_profile,
    demand_from_profile,
    demand_from_taps,
    fill_gaps,
    line_from_sections,
    line_from_timetable,
    recorded_demand,
    round_trip,
)

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "tests" / "real" / "sources"
WEDNESDAY = dt.date(2014, 5, 28)


@pytest.fixture(scope="module")
def rows(real_data):
    """A table of a source file, as it comes to a decision."""
    from workbench.data import odcs
    from workbench.data.engines import open_engine
    from workbench.data.screening import screen
    from workbench.data.source import load_source

    contract = odcs.load(ROOT / "pipelines" / "traffic" / "contract.yaml")
    with open_engine("polars") as engine:

        def table(source, name):
            found = load_source(SOURCES / f"{source}.yaml", contract)
            return screen(found.open(engine, name, real_data).table, contract.table(name)).clean.gather()

        yield table


@pytest.fixture(scope="module")
def cairns(real_data):
    from workbench.data.gtfs import read_gtfs

    feed = read_gtfs(real_data / "transport" / "gtfs" / "cairns_gtfs.zip")
    timetable = feed.timetable([WEDNESDAY])
    assert timetable["trip_id"].n_unique() == 622
    return timetable, feed.stops()


def mean(model, scenario, outcome, runs=20):
    return np.mean([model.run(scenario, model.sample(Streams(1, each)))[outcome] for each in range(runs)])


def test_cairns_route_110(cairns):
    timetable, stops = cairns
    line = line_from_timetable(timetable, "110-423", 0, WEDNESDAY, stops=stops)
    assert (len(line.stops), len(line.trips)) == (35, 30)
    assert line.notes == ()
    assert 30 < line.length_m.sum() / 1000 < 42
    trips = line.trips
    took = trips.arrive_s[:, -1] - trips.dispatch_s
    assert line.cycle_s == pytest.approx(took.mean(), rel=0.03)
    assert (np.diff(trips.depart_s, axis=1) > 0).all()
    boardings, start = day_profile(line, 1500)
    demand = demand_from_profile(line, boardings, start_s=start, mean_ride=8)
    model = LineModel(line, demand, bands={"morning": ("07:00", "09:00")})
    today = mean(model, LineScenario(), "mean_wait_s")
    closer = mean(model, LineScenario(headway_s=900), "mean_wait_s")
    assert closer < 500 < today
    assert mean(model, LineScenario(), "cycle_time_s") == pytest.approx(took.mean(), rel=0.06)
    half_hour = mean(model, LineScenario(headway_s=1800), "vehicle_hours")
    assert half_hour == pytest.approx(took.mean() * 34 / 3600, rel=0.08)


def test_every_line_of_cairns_builds_and_runs(cairns):
    timetable, _ = cairns
    left_out = 0
    for (route, direction), part in timetable.group_by(["route_id", "direction_id"]):
        line = line_from_timetable(part, route, direction)
        boardings, start = day_profile(line, 300)
        model = LineModel(line, demand_from_profile(line, boardings, start_s=start))
        model.run(LineScenario(), model.sample(Streams(1)))
        left_out += part["trip_id"].n_unique() - len(line.trips)
    assert left_out < 0.1 * 622


def test_a_round_trip_in_cairns_needs_as_many_buses_as_its_cycle_says(cairns):
    timetable, _ = cairns
    out, back = (line_from_timetable(timetable, "111-423", each) for each in (0, 1))
    ring = round_trip(out, back, layover_s=300)
    from workbench.simulation.transit import both_directions

    demands = []
    for line in (out, back):
        boardings, start = day_profile(line, 800)
        demands.append(demand_from_profile(line, boardings, start_s=start))
    model = LineModel(ring, both_directions(*demands), kind="loop")
    enough = int(np.ceil(ring.cycle_s / 1200))
    waits = [
        mean(model, LineScenario(fleet=enough + more, headway_s=1200), "mean_wait_s", 6)
        for more in (-2, 0, 2)
    ]
    assert waits[0] > waits[1] > waits[2]
    assert 600 < waits[1] < 1200


def test_xiamen_brt_2(real_data, rows):
    """Smart-card demand, dispatches of the day, and running minutes with empty cells filled."""
    folder = real_data / "transport" / "xiamen_brt2"
    with (folder / "running_minutes_direction_0.csv").open(encoding="utf-8") as file:
        table = [[int(row[f"s{link}"]) for link in range(37)] for row in csv.DictReader(file)]
    minutes = np.array(table)
    assert minutes.shape == (95, 37)
    assert not minutes[:, 36].any()  # nobody ever rode the last link: the line ends at stop 36
    filled, share = fill_gaps(minutes[:, :36], empty=0)
    assert share == pytest.approx(0.279, abs=0.001)
    visits = rows("xiamen_brt2", "stop_visits")
    midnight = dt.datetime(2018, 6, 1)
    dispatches = [(each - midnight).total_seconds() for each in visits["actual_departure_time"]]
    assert len(dispatches) == 124
    stops = [f"s{place}" for place in range(37)]
    line = line_from_sections("BRT2 0", stops, 60.0 * filled, dispatches, bin_s=900)
    assert line.cycle_s / 60 == pytest.approx(58.1, abs=0.1)
    taps = rows("xiamen_brt2", "taps")
    demand = demand_from_taps(taps, line, route="BRT2", direction=0, arrivals="spread")
    assert demand.expected == pytest.approx(4346)
    assert demand.notes == ()
    dwell = Dwell(boarding_s=1.0, alighting_s=1.0, boarding_channels=2, alighting_channels=2)
    model = LineModel(line, demand)
    day = model.sample(Streams(1))
    today = model.run(LineScenario(dwell=dwell), day)
    even = model.run(LineScenario(dwell=dwell, headway_s=456), day)
    assert (
        len(dispatches) == 124
    )  # a mean headway of 7.6 minutes, but a cv of 0.88: evenness alone saves waits
    assert 330 < today["mean_wait_s"] < 430
    assert even["mean_wait_s"] < 0.75 * today["mean_wait_s"]
    assert today["unserved"] < 20
    held = model.run(LineScenario(dwell=dwell, headway_s=456, control=ForwardHeadway(slack_s=5)), day)
    assert held["headway_cv"] < even["headway_cv"]


def test_beijing_line_6_waits_as_the_timetable_says(rows):
    """
    Trains to the second: waits equal a schedule-based assignment of every traveller.

    That assignment, counting waits until the train leaves, gives 128.7 s (95%: 314 s) and 821.9 s on board.
    Here a wait ends when the doors open, and the 30.9 s that trains stand at the platform count as time on
    board.
    """
    timetable, taps = rows("beijing_line6", "timetable"), rows("beijing_line6", "taps")
    at_once = Dwell(boarding_s=0, alighting_s=0, doors_s=0)
    exact = LineScenario(capacity=100_000, control=ScheduleHolding(most_s=1e6), dwell=at_once)
    metro = Dwell(boarding_s=0.05, alighting_s=0.05, doors_s=15, least_s=25)
    real = LineScenario(capacity=1460, control=ScheduleHolding(), dwell=metro)
    waits, total, left, noisy = [], [], [], []
    for direction in (0, 1):
        line = line_from_timetable(timetable, "6", direction)
        demand = recorded_demand(taps, line)
        model = LineModel(line, demand, traffic=STEADY)
        day = model.sample(Streams(0))
        log, people = model.simulate(model.inputs(exact, day)), demand.passengers
        assert not np.isnan(log.alight_s).any()
        expected = schedule_based(line, people)
        assert log.wait_s == pytest.approx(expected[0], abs=1e-6)
        assert log.alight_s == pytest.approx(expected[1], abs=1e-6)
        waits.append(log.wait_s)
        total.append(log.wait_s + log.ride_s)
        left.append(expected[2])
        varied = LineModel(line, demand, traffic=Traffic(field_cv=0.05, section_cv=0.05, driver_cv=0.02))
        noisy.append(varied.run(real, varied.sample(Streams(1)))["mean_wait_s"])
    waits, total, left = (np.concatenate(each) for each in (waits, total, left))
    assert len(waits) == 9293
    assert left.mean() == pytest.approx(128.70, abs=0.01)
    assert np.quantile(left, 0.95) == 314
    assert (total - left).mean() == pytest.approx(821.89, abs=0.01)
    assert waits.mean() == pytest.approx(97.77, abs=0.01)
    assert (left - waits).mean() == pytest.approx(30.93, abs=0.01)
    assert np.mean(noisy) == pytest.approx(97.8, abs=4)


def schedule_based(line, people):
    """Wait until the doors open, time of alighting, wait until departure of each traveller; no capacity."""
    trips, found = line.trips, []
    for origin, come, to in zip(people.origin, people.arrive_s, people.to, strict=True):
        useful = (trips.first <= origin) & (trips.last >= to)
        goes = np.flatnonzero(useful & (trips.depart_s[:, origin] >= come))
        trip = goes[np.argmin(trips.depart_s[goes, origin])]
        opens, leaves = trips.arrive_s[trip, origin], trips.depart_s[trip, origin]
        found.append((max(opens - come, 0.0), trips.arrive_s[trip, to], leaves - come))
    return np.array(found).T
