"""Departures: closed forms, what the loads then are, and the timetable they make."""

import datetime as dt
import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optimisation_samples import DAY, load_of

from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.optimisation import calls_of, even_headways, even_loads, headways_from_load

HOUR = 3600


def periods(*vehicles: float) -> pl.DataFrame:
    hours = range(len(vehicles))
    return pl.DataFrame(
        {
            "start_s": [hour * HOUR for hour in hours],
            "end_s": [(hour + 1) * HOUR for hour in hours],
            "vehicles": vehicles,
        }
    )


def test_whole_numbers_of_vehicles_start_each_period_anew():
    done = even_headways(periods(4, 6))
    assert done.times_s == [0, 900, 1800, 2700, 3600, 4200, 4800, 5400, 6000, 6600]
    assert done.frame["headway_s"].to_list() == [None, *[900] * 4, *[600] * 5]
    assert done.unmet is None


def test_the_headway_across_a_border_is_the_mixture_of_both():
    done = even_headways(periods(2.5, 4), round_to_s=None)
    assert done.times_s == pytest.approx([0, 1440, 2880, 4050, 4950, 5850, 6750])  # 720/1440 + 450/900 = 1


def test_an_hour_without_vehicles_is_left_out():
    assert even_headways(periods(0, 2, 0, 2)).times_s == [3600, 5400, 10800, 12600]


@pytest.mark.parametrize(
    ("step", "times"),
    [(60, [0, 540, 1020, 1560, 2040, 2580, 3060]), (30, [0, 510, 1020, 1530, 2070, 2580, 3090])],
)
def test_departures_are_rounded_each_by_itself(step, times):
    assert even_headways(periods(7), round_to_s=step).times_s == times  # exact: multiples of 514.29


@settings(deadline=None)
@given(st.lists(st.floats(0, 30), min_size=1, max_size=5).filter(lambda each: sum(each) > 0.001))
def test_as_many_depart_as_there_are_vehicles(vehicles):
    times = even_headways(periods(*vehicles), round_to_s=None).times_s
    assert len(times) == math.ceil(sum(vehicles) - 1e-9)
    curve = [0.0, *itertools.accumulate(vehicles)]
    clock = [hour * HOUR for hour in range(len(curve))]
    assert np.interp(times, clock, curve) == pytest.approx(np.arange(len(times)), abs=1e-6)


def test_even_loads_of_a_steady_stream_are_even_headways():
    done = even_loads(load_of([[240]], [1]), desired_occupancy=60)
    assert done.times_s == [21600, 22500, 23400, 24300]
    assert done.frame["load"].to_list() == [0, 60, 60, 60]
    assert done.unmet == 60  # they board the one that would leave at seven


def test_a_vehicle_may_fill_in_two_hours():
    done = even_loads(load_of([[120], [240]], [1]), desired_occupancy=80, round_to_s=None)
    assert [each - 21600 for each in done.times_s] == pytest.approx([0, 2400, 4200, 5400, 6600])
    assert done.frame["load"].to_list()[1:] == pytest.approx([80] * 4)
    assert done.unmet == pytest.approx(40)


def test_the_policy_headway_sends_vehicles_off_before_they_are_full():
    done = even_loads(load_of([[60]], [1]), desired_occupancy=60, policy_headway_s=1200)
    assert done.times_s == [21600, 22800, 24000]
    assert done.frame["load"].to_list()[1:] == pytest.approx([20, 20])
    assert done.unmet == pytest.approx(20)


def test_where_loads_are_made_even_matters():
    load = load_of([[300, 60], [60, 240]], [1, 1])
    count = {
        point: len(even_loads(load, desired_occupancy=50, point=point).times_s)
        for point in ("daily_max", "hourly_max", "each")
    }
    assert count["daily_max"] <= count["each"] <= count["hourly_max"]


streams = st.lists(st.lists(st.floats(0, 800), min_size=3, max_size=3), min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(streams, st.floats(20, 90), st.sampled_from([30, 60, None]))
def test_no_vehicle_is_fuller_than_desired_on_any_section(loads, wanted, step):
    done = even_loads(load_of(loads, [1, 1, 1]), desired_occupancy=wanted, point="each", round_to_s=step)
    clock = [(6 + hour) * HOUR for hour in range(len(loads) + 1)]
    carried = []
    for section in range(3):
        curve = [0.0, *itertools.accumulate(hour[section] for hour in loads)]
        at = np.interp([*done.times_s, clock[-1]], clock, curve)
        carried.append(np.diff(at))
    most = np.max(carried, axis=0)
    assert (most <= wanted * (1 + 1e-6)).all()
    assert most[:-1] == pytest.approx(done.frame["load"].to_numpy()[1:], abs=1e-6)
    assert most[-1] == pytest.approx(done.unmet, abs=1e-6)


def test_departures_make_a_timetable_past_midnight():
    pattern = pl.DataFrame(
        {"stop_id": ["a", "b", "c"], "arrival_s": [0.0, 300.4, 900.0], "departure_s": [0, 330, 900]}
    )
    done = calls_of(
        [86_100.0, 900.0], pattern, service_date=DAY, route_id="7", direction_id=1, vehicle_capacity=80
    )
    assert done["trip_id"].unique().sort().to_list() == ["7-1-001500", "7-1-235500"]
    last = done.filter(trip_id="7-1-235500")
    assert last["stop_sequence"].to_list() == [1, 2, 3]
    assert last["arrival_timestamp"].to_list()[1] == dt.datetime(2026, 3, 3)
    assert last["departure_timestamp"].to_list()[2] == dt.datetime(2026, 3, 3, 0, 10)
    assert done.select("service_date", "route_id", "direction_id", "vehicle_capacity").unique().row(0) == (
        DAY,
        "7",
        1,
        80,
    )


def test_from_load_to_timetable():
    hours = headways_from_load(
        load_of([[120, 200], [300, 240]], [2, 3]), method="hourly_max", desired_occupancy=50
    )
    pattern = pl.DataFrame({"stop_id": ["a", "b"], "arrival_s": [0, 600], "departure_s": [0, 600]})
    assert calls_of(even_headways(hours), pattern, service_date=DAY, route_id="1").height == 2 * (4 + 6)


GOOD = periods(4, 6)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (GOOD.clear(), "There are no rows in the periods"),
        (GOOD.with_columns(vehicles=-pl.col("vehicles")), "`vehicles` -4 of the period from 0 s is negative"),
        (
            GOOD.with_columns(vehicles=pl.lit(3601)),
            "`vehicles` 3601 of the period from 0 s is more than one a second",
        ),
        (GOOD.with_columns(vehicles=pl.lit(0)), "none has a vehicle"),
        (GOOD.with_columns(end_s=pl.lit(5000)), "overlaps with the period before"),
        (GOOD.with_columns(end_s=pl.lit(0)), "`end_s` 0 of the period from 0 s is not after the start"),
        (GOOD.with_columns(vehicles=pl.lit(math.inf)), "`vehicles` is inf"),
    ],
)
def test_bad_periods_are_told(frame, says):
    with pytest.raises(DataRejected, match=says):
        even_headways(frame)


def test_departures_that_would_coincide_are_refused():
    with pytest.raises(BadParameter, match="Two departures fall on 60 s when rounded to 60 s"):
        even_headways(periods(100))
    with pytest.raises(BadParameter, match="come faster than vehicles can leave every 60 s"):
        even_loads(load_of([[6000]], [1]), desired_occupancy=50)
    with pytest.raises(BadParameter, match="come faster than vehicles can leave every 1 s"):
        even_loads(load_of([[6000]], [1]), desired_occupancy=0.001, round_to_s=None)
    with pytest.raises(BadParameter, match="`policy_headway_s` must be at least 60, not 30"):
        even_loads(load_of([[60]], [1]), desired_occupancy=50, policy_headway_s=30)
    with pytest.raises(BadParameter, match="is no multiple of `round_to_s` 7000"):
        even_loads(load_of([[60]], [1]), desired_occupancy=50, round_to_s=7000)
    with pytest.raises(UnknownName, match="No point is called 'stop'"):
        even_loads(load_of([[60]], [1]), desired_occupancy=50, point="stop")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"departures": []}, "The departures are none"),
        ({"departures": [60, 60.2]}, "two are in the same second"),
        ({"departures": [-60]}, "`departure_s` must be at least 0"),
        ({"direction_id": 2}, "`direction_id` must be 0 or 1"),
        (
            {"pattern": pl.DataFrame({"stop_id": ["a"], "arrival_s": [0], "departure_s": [0]})},
            "two stops or more",
        ),
        (
            {"pattern": pl.DataFrame({"stop_id": ["a", "b"], "arrival_s": [0, 5], "departure_s": [9, 9]})},
            "never fall",
        ),
    ],
)
def test_bad_layouts_are_told(change, says):
    pattern = pl.DataFrame({"stop_id": ["a", "b"], "arrival_s": [0, 600], "departure_s": [0, 600]})
    given_ = {"departures": [0], "pattern": pattern, "service_date": DAY, "route_id": "1", **change}
    with pytest.raises((BadParameter, DataRejected), match=says):
        calls_of(given_.pop("departures"), given_.pop("pattern"), **given_)
