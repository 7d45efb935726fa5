"""Demand: from taps, from counts, and the passengers drawn from it."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from workbench.errors import BadParameter, DataRejected
from workbench.simulation import Streams
from workbench.simulation.transit import (
    Demand,
    RecordedDemand,
    day_profile,
    demand_from_profile,
    demand_from_taps,
    line_from_sections,
    recorded_demand,
)

MONDAY, TUESDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 3)
STOPS = ("a", "b", "c", "d")
EXTRA = {"route_id": pl.String, "direction_id": pl.Int64, "num_riders": pl.Int64}


@pytest.fixture(scope="module")
def line():
    return line_from_sections("7", STOPS, [300.0] * 3, np.arange(28_800, 36_001, 1200.0))


def taps(*rows):
    """Rows of (time, boarding, alighting) and more of the contract's columns."""
    made = []
    for row in rows:
        time, board, alight, *more = row
        extra = more[0] if more else {}
        day = extra.pop("day", MONDAY)
        moment = dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=time)
        made.append((day, moment, board, alight, *(extra.get(name) for name in EXTRA)))
    schema = {"service_date": pl.Date, "event_timestamp": pl.Datetime("us"), "stop_id": pl.String}
    schema |= {"alight_stop_id": pl.String, **EXTRA}
    return pl.DataFrame(made, schema=schema, orient="row")


def test_taps_become_expected_passengers_of_a_day(line):
    rows = taps(
        (30_000, "a", "c"),
        (30_100, "a", "c", {"num_riders": 3}),
        (31_000, "b", "d", {"day": TUESDAY}),
    )
    demand = demand_from_taps(rows, line, share=0.5)
    assert demand.start_s == 29_700
    assert demand.trips.shape == (2, 4, 4)
    assert demand.trips[0, 0, 2] == 4 / (0.5 * 2)
    assert demand.trips[1, 1, 3] == 1 / (0.5 * 2)
    assert demand.expected == 5.0
    assert demand_from_taps(rows, line, dates=[TUESDAY]).expected == 1


def test_taps_of_other_lines_and_the_other_direction_are_left_out_and_counted(line):
    rows = taps(
        (30_000, "a", "c"),
        (30_000, "c", "a"),
        (30_000, "z", "c"),
        (30_000, "a", "z"),
        (30_000, "d", None),
        (30_000, "a", "b", {"route_id": "8"}),
        (30_000, "a", "b", {"direction_id": 1}),
        (30_000, "a", "d", {"route_id": "7", "direction_id": 0}),
    )
    demand = demand_from_taps(rows, line, route="7", direction=0)
    assert demand.expected == 2
    assert demand.notes == (
        "2 of 6 taps are at stops off the line, and are left out.",
        "2 of 6 taps ride against its direction, and are left out.",
    )


def test_riders_without_an_alighting_ride_as_the_others_do(line):
    rows = taps(
        *[(30_000, "a", "b")] * 3,
        (30_000, "a", "d"),
        *[(30_000, "a", None)] * 4,
        (30_000, "b", None),
        (30_000, "c", None),
    )
    demand = demand_from_taps(rows, line)
    assert demand.trips[0, 0].tolist() == [0, 6, 0, 2]
    assert demand.trips[0, 1].tolist() == [0, 0, 0, 1]
    assert demand.trips[0, 2].tolist() == [0, 0, 0, 1]
    assert demand.notes == ("6 riders without a recorded alighting alight as the others do.",)


def test_arrivals_spread_over_the_headway_before_the_tap(line):
    # vehicles leave b at 08:05, 08:25 ...; who taps at 08:25:30 came evenly from 08:05:30 on
    demand = demand_from_taps(taps((30_330, "b", "c")), line, arrivals="spread")
    assert demand.start_s == 28_800
    assert demand.trips[:, 1, 2] == pytest.approx([570 / 1200, 630 / 1200])
    assert demand.expected == pytest.approx(1)


def test_recorded_passengers_are_taken_as_they_are(line):
    rows = taps(
        (30_000, "b", "d"),
        (29_000.5, "a", "c", {"num_riders": 2}),
        (29_500, "a", None),
        (29_100, "a", "b", {"day": TUESDAY}),
    )
    demand = recorded_demand(rows, line)
    people = demand.layer(Streams(1), 0)
    assert people.origin.tolist() == [0, 0, 1]
    assert people.arrive_s.tolist() == [29_000.5, 29_000.5, 30_000]
    assert people.to.tolist() == [2, 2, 3]
    assert demand.notes == ("1 riders without a recorded alighting are left out.",)
    assert isinstance(demand, RecordedDemand)
    assert len(recorded_demand(rows, line, date=TUESDAY).passengers) == 1


def test_no_taps_is_an_error_that_says_so(line):
    with pytest.raises(DataRejected, match="There are no taps of line 7"):
        demand_from_taps(taps(), line)
    with pytest.raises(DataRejected, match="None of the 1 taps rides along line 7"):
        demand_from_taps(taps((30_000, "y", "z")), line)
    with pytest.raises(BadParameter, match="arrivals must be 'tap' or 'spread', not 'board'"):
        demand_from_taps(taps((30_000, "a", "b")), line, arrivals="board")
    with pytest.raises(BadParameter, match="share must be a number above 0 and at most 1, not 0"):
        demand_from_taps(taps((30_000, "a", "b")), line, share=0)


def test_boardings_and_gravity(line):
    boardings = np.array([[10.0, 4, 2, 0], [0, 8, 0, 0]])
    even = demand_from_profile(line, boardings, start_s=28_800)
    assert even.trips[0, 0] == pytest.approx([0, 10 / 3, 10 / 3, 10 / 3])
    assert even.trips.sum(axis=2) == pytest.approx(boardings)
    near = demand_from_profile(line, boardings, mean_ride=1)
    assert near.trips[0, 0, 1] / near.trips[0, 0, 2] == pytest.approx(np.e)


def test_boardings_and_alightings_balance(line):
    boardings = np.array([[30.0, 20, 10, 0]])
    demand = demand_from_profile(line, boardings, alightings=[0, 10, 15, 35])
    assert demand.trips.sum(axis=(0, 2)) == pytest.approx([30, 20, 10, 0])
    assert demand.trips.sum(axis=(0, 1)) == pytest.approx([0, 10, 15, 35])
    double = demand_from_profile(line, boardings, alightings=[0, 20, 30, 70])
    assert double.trips == pytest.approx(demand.trips)


def test_bad_profiles_give_one_clear_sentence(line):
    for boardings, more, said in (
        ([[1.0, 2.0]], {}, r"of shape \(quarters, 4\) for line 7"),
        ([[1.0, 2, -3, 0]], {}, "at least 0"),
        ([[1.0, 2, 3, 4]], {}, "Nobody can board at the last stop of line 7, 'd'"),
        ([[1.0, 2, 3, 0]], {"alightings": [0, 0, 0, 0]}, "Nobody alights"),
        ([[1.0, 2, 3, 0]], {"alightings": [0, 1]}, "Alightings must be 4 numbers"),
        ([[1.0, 2, 3, 0]], {"mean_ride": 0}, r"mean_ride must be a number above 0 \(stops\), not 0"),
    ):
        with pytest.raises(BadParameter, match=said):
            demand_from_profile(line, boardings, **more)
    with pytest.raises(BadParameter, match="Nobody rides from a stop to itself"):
        Demand(STOPS, np.ones((1, 4, 4)))


def test_a_day_profile_has_as_many_passengers_as_asked(line):
    boardings, start = day_profile(line, 1000)
    assert boardings.sum() == pytest.approx(1000)
    assert start == line.first_s
    assert not boardings[:, -1].any()


def test_passengers_follow_the_expected_numbers(line):
    trips = np.zeros((3, 4, 4))
    trips[0, 0, 1], trips[0, 0, 3], trips[2, 0, 2], trips[1, 2, 3] = 30, 10, 60, 20
    demand = Demand(STOPS, trips, start_s=28_800)
    found = np.zeros_like(trips)
    runs = 400
    for each in range(runs):
        people = demand.layer(Streams(9, each), 0)
        quarter = ((people.arrive_s - 28_800) // 900).astype(int)
        np.add.at(found, (quarter, people.origin, people.to), 1)
        assert all(
            (np.diff(people.arrive_s[a:b]) >= 0).all()
            for a, b in zip(people.start, people.start[1:], strict=False)
        )
    assert found / runs == pytest.approx(trips, abs=5 * np.sqrt(60 / runs))
    assert not found[trips == 0].any()
    assert demand.expected == 120


def test_counts_vary_as_poisson(line):
    trips = np.zeros((1, 4, 4))
    trips[0, 0, 1] = 50
    demand = Demand(STOPS, trips)
    counts = [len(demand.layer(Streams(3, each), 0)) for each in range(1000)]
    assert np.mean(counts) == pytest.approx(50, abs=1)
    assert np.var(counts, ddof=1) == pytest.approx(50, rel=0.15)


def test_other_stops_keep_their_passengers_when_one_changes(line):
    trips = np.zeros((2, 4, 4))
    trips[:, 0, 3], trips[:, 2, 3] = 40, 30
    more = trips.copy()
    more[:, 0, 3] = 80
    before, after = (Demand(STOPS, each).layer(Streams(4), 0) for each in (trips, more))
    assert (before.arrive_s[before.origin == 2] == after.arrive_s[after.origin == 2]).all()


def test_nobody(line):
    people = Demand(STOPS, np.zeros((4, 4, 4))).layer(Streams(1), 0)
    assert len(people) == 0
    assert people.start.tolist() == [0] * 5
