"""Ceder's four methods: a worked example, and what must hold whatever the load is."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optimisation_samples import load_of

from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.optimisation import clock_headway, headways_from_load

HOUR = 3600


# Worked by hand. Sections of 2, 3 and 5 km; 50 persons wanted, 80 possible. Sums over the day are 420, 440,
# 150, so the day's section is the second, with 200 and 240; the hours' own are 200 (second) and 300 (first).
# Passenger-km are 120*2 + 200*3 + 60*5 = 1140 and 300*2 + 240*3 + 90*5 = 1770, so mean loads are 114 and 177:
# these ask for 2.28 and 3.54 vehicles, and the capacity for 200/80 and 300/80.
WORKED = load_of([[120, 200, 60], [300, 240, 90]], [2, 3, 5])
ANSWERS = {
    ("daily_max", 0.0): ([4.0, 4.8], [4, 5], "load"),
    ("hourly_max", 0.0): ([4.0, 6.0], [4, 6], "load"),
    ("profile", 0.0): ([2.5, 3.75], [3, 4], "capacity"),
    ("profile_share", 0.2): ([4.0, 4.8], [4, 5], "length"),  # only the 2 km with 300 persons may be over
    ("profile_share", 0.5): ([2.5, 3.75], [3, 4], "capacity"),  # 5 km may be: 120 and 90 persons count
}


@pytest.mark.parametrize(("method", "share"), ANSWERS)
def test_the_worked_example(method, share):
    done = headways_from_load(WORKED, method=method, desired_occupancy=50, capacity=80, over_share=share)
    needed, vehicles, set_by = ANSWERS[method, share]
    assert done["vehicles_needed"].to_list() == pytest.approx(needed)
    assert done["vehicles"].to_list() == vehicles
    assert set(done["set_by"]) == {set_by}
    assert done["headway_s"].to_list() == pytest.approx([HOUR / each for each in vehicles])
    assert done["density"].to_list() == pytest.approx([114 / 200, 177 / 300])


def test_what_is_fuller_than_desired_is_told():
    daily = headways_from_load(WORKED, method="daily_max", desired_occupancy=50)
    assert daily["section"].to_list() == [2, 2]
    assert daily["occupancy"].to_list() == pytest.approx([50, 48])
    assert daily["over_share"].to_list() == pytest.approx(
        [0, 0.2]
    )  # 300 persons on 5 vehicles, on 2 of 10 km
    profile = headways_from_load(WORKED, method="profile", desired_occupancy=50, capacity=80)
    assert profile["over_share"].to_list() == pytest.approx([0.3, 0.5])


def test_the_policy_headway_fills_quiet_hours():
    done = headways_from_load(
        load_of([[10, 5], [0, 0]], [1, 1]), method="hourly_max", desired_occupancy=50, policy_headway_s=1300
    )
    assert done["vehicles"].to_list() == [3, 3]
    assert done["set_by"].to_list() == ["policy", "policy"]
    silent = headways_from_load(load_of([[0, 0]], [1, 1]), method="hourly_max", desired_occupancy=50)
    assert silent.select("vehicles", "headway_s", "density").row(0) == (0, None, None)


def test_occupancy_may_differ_by_period():
    done = headways_from_load(WORKED, method="hourly_max", desired_occupancy=[40, 60])
    assert done["vehicles"].to_list() == [5, 5]


def test_numbers_of_numpy_are_numbers():
    done = headways_from_load(
        WORKED, method="profile", desired_occupancy=np.int64(50), capacity=np.float32(80)
    )
    assert done["vehicles"].to_list() == [3, 4]


def test_a_whole_number_of_vehicles_is_not_rounded_up():
    thirds = headways_from_load(load_of([[0.1 + 0.2]], [1]), method="hourly_max", desired_occupancy=0.1)
    assert thirds["vehicles"].to_list() == [3]


loads = st.lists(
    st.lists(st.floats(0, 5000), min_size=4, max_size=4), min_size=1, max_size=4
)  # periods of four sections


@settings(deadline=None, max_examples=60)
@given(loads, st.floats(10, 60), st.floats(1, 3), st.floats(200, 4000), st.floats(0, 1))
def test_what_always_holds(periods, wanted, spare, policy, share):
    load = load_of(periods, [1.0, 0.5, 2.0, 1.5])
    settings_ = {"desired_occupancy": wanted, "capacity": wanted * spare, "policy_headway_s": policy}
    vehicles = {}
    for method in ("daily_max", "hourly_max", "profile", "profile_share"):
        extra = {"over_share": share} if method == "profile_share" else {}
        done = headways_from_load(load, method=method, **settings_, **extra)
        vehicles[method] = done["vehicles"].to_list()
        assert (done["headway_s"] <= policy * (1 + 1e-9)).all()
        over = done["over_share"].to_list()
        for index, (hour, count) in enumerate(zip(periods, done["vehicles"], strict=True)):
            if method in ("daily_max", "hourly_max"):
                assert done["occupancy"][index] <= wanted * (1 + 1e-6)
            else:
                assert max(hour) / count <= wanted * spare * (1 + 1e-6)
            if method == "hourly_max":
                assert over[index] == 0
            if method == "profile_share":
                assert over[index] <= share + 1e-6
    both = list(zip(vehicles["profile"], vehicles["profile_share"], vehicles["hourly_max"], strict=True))
    assert all(low <= middle <= high for low, middle, high in both)
    for bound, same in ((0.0, "hourly_max"), (1.0, "profile")):
        done = headways_from_load(load, method="profile_share", over_share=bound, **settings_)
        assert done["vehicles"].to_list() == vehicles[same]


def test_clock_headways_divide_the_hour():
    assert [clock_headway(each) for each in (60, 61, 119, 430, 450, 460, 1199, 1200, 3599, 90_000)] == [
        60, 60, 90, 400 // 1 - 40, 450, 450, 900, 1200, 1800, 3600,
    ]  # fmt: skip
    assert all(math.isclose(HOUR % clock_headway(each), 0) for each in range(60, 4000, 7))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"method": "max"}, "No method is called 'max'"),
        ({"method": "profile"}, "needs `capacity`"),
        ({"desired_occupancy": 0}, "`desired_occupancy` must be above 0, not 0"),
        ({"desired_occupancy": math.nan}, "`desired_occupancy` must be above 0, not nan"),
        ({"desired_occupancy": [50]}, "has 1 numbers for 2 periods"),
        ({"desired_occupancy": 90, "capacity": 80}, "more than `capacity` 80"),
        ({"policy_headway_s": -600}, "`policy_headway_s` must be above 0, not -600"),
        ({"over_share": 0.1}, "belongs to the method 'profile_share'"),
        ({"method": "profile_share", "capacity": 80, "over_share": 1.5}, "at most 1, not 1.5"),
    ],
)
def test_bad_parameters_are_told(change, says):
    given_ = {"method": "hourly_max", "desired_occupancy": 50, **change}
    with pytest.raises((BadParameter, UnknownName), match=says):
        headways_from_load(WORKED, **given_)


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (WORKED.clear(), "There are no rows in the load"),
        (WORKED.drop("load"), "The column `load` is missing in the load"),
        (WORKED.with_columns(load=pl.lit("many")), "`load` of the load must be a number, not String"),
        (WORKED.with_columns(load=pl.lit(math.nan)), "row 1 of the load: `load` is nan"),
        (
            WORKED.with_columns(load=-pl.col("load")),
            r"`load` -120 of section 1 of the period from 21600 s is negative",
        ),
        (WORKED.with_columns(length_km=pl.lit(0)), "`length_km` 0 of section 1"),
        (WORKED.with_columns(end_s=pl.col("start_s")), "`end_s` 21600 of section 1"),
        (WORKED.with_columns(end_s=pl.col("end_s") + 60), "begins before the one before it ends"),
        (WORKED.slice(1), "does not have every section once"),
        (pl.concat([WORKED, WORKED]), "does not have every section once"),
    ],
)
def test_bad_loads_are_told(load, says):
    with pytest.raises(DataRejected, match=says):
        headways_from_load(load, method="hourly_max", desired_occupancy=50)
