"""Lines from timetables and from sections."""

import datetime as dt
import re

import numpy as np
import polars as pl
import pytest

from workbench.errors import BadParameter, UnknownName
from workbench.simulation.transit import (
    Demand,
    LineModel,
    LineScenario,
    both_directions,
    fill_gaps,
    line_from_sections,
    line_from_timetable,
    round_trip,
)

WHOLE = {"a": 0, "b": 2, "c": 6}
BACK = {"c": 0, "b": 3, "a": 5}


def at(minutes, calls):
    return {stop: minutes + each for stop, each in calls.items()}


def test_the_most_frequent_pattern_and_its_trips(timetable):
    frame = timetable(
        ("late", "7", 0, at(500, WHOLE)),
        ("early", "7", 0, at(480, WHOLE)),
        ("short", "7", 0, {"b": 491, "c": 495}),
        ("other", "7", 0, {"a": 485, "c": 490}),
        ("back", "7", 1, at(490, BACK)),
        ("elsewhere", "8", 0, at(490, WHOLE)),
    )
    line = line_from_timetable(frame, "7", 0, dt.date(2026, 3, 2), dwell_s=30)
    assert line.stops == ("a", "b", "c")
    assert line.trips.dispatch_s.tolist() == [480 * 60, 491 * 60, 500 * 60]
    assert line.trips.first.tolist() == [0, 1, 0]
    assert line.trips.last.tolist() == [2, 2, 2]
    assert line.trips.depart_s[0].tolist() == [480 * 60, 482 * 60, 486 * 60]
    assert line.trips.arrive_s[0].tolist() == [480 * 60 - 30, 482 * 60 - 30, 486 * 60]
    assert np.isnan(line.trips.arrive_s[1, 0])
    assert line.running_s.min(axis=0).tolist() == [90, 240]
    assert line.standing_s.tolist() == [30, 30, 0]
    assert line.cycle_s == 360
    assert any("1 of 4 trips call at other stops" in note for note in line.notes)
    assert any("1 of 3 trips run on a part" in note for note in line.notes)


def test_times_after_midnight_belong_to_the_day(timetable):
    line = line_from_timetable(timetable(("night", "7", 0, at(1435, WHOLE))), "7")
    assert line.last_s == 1435 * 60
    assert line.trips.arrive_s[0, 2] == 1441 * 60
    assert line.close_s >= 1441 * 60


def test_a_timetable_that_tells_stands_is_taken_at_its_word(timetable):
    calls = {"a": (480, 482), "b": (485, 486), "c": (490, 490), "d": (494, 495), "e": (499, 499)}
    line = line_from_timetable(timetable(("1", "M", 0, calls)), "M", dwell_s=30)
    assert line.standing_s.tolist() == [120, 60, 0, 60, 0]
    assert line.trips.dispatch_s.tolist() == [482 * 60]
    assert line.trips.arrive_s[0].tolist() == [60 * each for each in (480, 485, 490, 494, 499)]
    assert line.running_s[0].tolist() == [180, 240, 240, 240]


def test_stops_that_share_a_minute_are_spread(timetable):
    calls = {"a": 480, "b": 480, "c": 482, "d": 482, "e": 482}
    line = line_from_timetable(timetable(("1", "7", 0, calls)), "7", dwell_s=0)
    times = line.trips.depart_s[0] / 60 - 480
    assert times == pytest.approx([0, 1, 4 / 3, 5 / 3, 2])
    assert line.running_s[0] == pytest.approx([60, 20, 20, 20])


def test_dwell_takes_at_most_half_of_a_section(timetable):
    line = line_from_timetable(timetable(("1", "7", 0, {"a": 480, "b": 481, "c": 500})), "7", dwell_s=45)
    assert line.standing_s.tolist() == [45, 30, 0]
    assert line.running_s[0].tolist() == [30, 19 * 60]


def test_running_times_change_over_the_day(timetable):
    quick, slow = {"a": 0, "b": 10}, {"a": 0, "b": 20}
    trips = [(f"q{minute}", "7", 0, at(minute, quick)) for minute in range(360, 480, 10)]
    trips += [(f"s{minute}", "7", 0, at(minute, slow)) for minute in range(480, 600, 10)]
    line = line_from_timetable(timetable(*trips), "7")
    assert line.start_s == 6 * 3600
    assert line.running_s[6, 0] == pytest.approx(600)
    assert line.running_s[-1, 0] == pytest.approx(1200)
    between = line.running_s[(line.running_s > 601) & (line.running_s < 1199)]
    assert 0 < len(between) <= 6


def test_lengths_of_sections_come_from_coordinates(timetable):
    frame = timetable(("1", "7", 0, {"a": 480, "b": 490}))
    stops = pl.DataFrame({"stop_id": ["a", "b"], "stop_lat": [0.0, 0.0], "stop_lon": [0.0, 0.01]})
    line = line_from_timetable(frame, "7", stops=stops, detour=1.5)
    assert line.length_m[0] == pytest.approx(1.5 * 1111.9, rel=1e-4)
    with pytest.raises(BadParameter, match="Stop b has no coordinates"):
        line_from_timetable(frame, "7", stops=stops.head(1))


def test_bad_choices_give_one_clear_sentence(timetable):
    monday = timetable(("1", "12", 0, at(480, WHOLE)), ("1", "12", 1, at(480, BACK)))
    sunday = timetable(("1", "12", 0, at(480, WHOLE)), date=dt.date(2026, 3, 8))
    frame = pl.concat([monday, sunday])
    with pytest.raises(UnknownName, match=r"No route is called '13'\. Known: 12\."):
        line_from_timetable(frame, "13")
    with pytest.raises(BadParameter, match="Route 12 has direction 0 and 1, not 2"):
        line_from_timetable(frame, "12", 2)
    said = "Route 12 direction 1 has no trips on 2026-03-08; the nearest day with trips is 2026-03-02."
    with pytest.raises(BadParameter, match=re.escape(said)):
        line_from_timetable(frame, "12", 1, "2026-03-08")
    with pytest.raises(BadParameter, match="'8 March' is not a date"):
        line_from_timetable(frame, "12", 0, "8 March")
    with pytest.raises(BadParameter, match="call at one stop only"):
        line_from_timetable(timetable(("1", "7", 0, {"a": 480})), "7")
    line = line_from_timetable(frame, "12")
    with pytest.raises(UnknownName, match=r"No stop of line 12 0 is called 'd'\. Known: a, b, c\."):
        line.place("d")
    assert [line.place(each) for each in ("c", 1)] == [2, 1]


def test_a_line_of_sections_is_checked():
    for stops, sections, said in (
        (["a"], [], "has 1 stops"),
        (["a", "b"], [1, 2], "has 2 stops and 2 sections; it needs 1 sections"),
        (["a", "b"], [-1.0], "every running time must be a number of at least 0 s"),
        (["a", "b"], [np.nan], "every running time must be a number"),
    ):
        with pytest.raises(BadParameter, match=said):
            line_from_sections("x", stops, sections, [0.0])
    with pytest.raises(BadParameter, match="no departures"):
        line_from_sections("x", ["a", "b"], [1.0], [])


def test_bins_last_until_the_last_arrival():
    line = line_from_sections("x", ["a", "b"], [1000.0], [0.0, 3600.0])
    assert line.close_s >= 4600
    assert (line.first_s, line.last_s) == (0, 3600)


def test_gaps_in_a_running_time_table_are_filled():
    filled, share = fill_gaps([[0, 5], [2, 0], [0, 0], [4, 8]], empty=0)
    assert filled.tolist() == [[2, 5], [2, 6], [3, 7], [4, 8]]
    assert share == 0.5
    with pytest.raises(BadParameter, match="No vehicle was seen on section 1 of 2"):
        fill_gaps([[1, np.nan], [2, np.nan]])


def test_a_round_trip_joins_two_directions(timetable):
    frame = timetable(
        *[(f"o{i}", "7", 0, at(400 + 20 * i, WHOLE)) for i in range(9)],
        *[(f"b{i}", "7", 1, at(410 + 20 * i, BACK)) for i in range(9)],
    )
    out, back = (line_from_timetable(frame, "7", direction) for direction in (0, 1))
    ring = round_trip(out, back, layover_s=300, link_s=40)
    assert ring.stops == ("a", "b", "c", "c#2", "b#2", "a#2")
    assert ring.closed
    assert ring.layover_s.tolist() == [300, 0, 0, 300, 0, 0]
    assert ring.running_s[5].tolist() == [105, 240, 40, 165, 120, 40]
    demands = []
    for line in (out, back):
        trips = np.zeros((4, 3, 3))
        trips[:, 0, 2] = 20
        demands.append(Demand(line.stops, trips, start_s=24_300.0 if line is out else 25_200.0))
    demand = both_directions(*demands)
    assert demand.trips.shape == (5, 6, 6)
    assert demand.trips[0, 0, 2] == demand.trips[1, 3, 5] == 20
    model = LineModel(ring, demand, kind="loop")
    from workbench.simulation import Streams

    found = model.run(LineScenario(headway_s=400), model.sample(Streams(1)))
    assert found["passengers"] > 100
    assert found["unserved"] == 0


def test_the_digest_of_a_line_changes_with_it(small_line):
    from dataclasses import replace

    same, other = replace(small_line), replace(small_line, running_s=small_line.running_s + 1)
    assert same.digest == small_line.digest != other.digest
