"""What must hold whatever the numbers: laws, monotone truths, common random numbers."""

from itertools import pairwise

import numpy as np
import pytest

from workbench.errors import CheckFailed
from workbench.simulation import Streams
from workbench.simulation.transit import (
    Dwell,
    ForwardHeadway,
    Incident,
    LineModel,
    LineScenario,
    ShortTurn,
    Traffic,
)
from workbench.simulation.transit.log import check_laws

RUNS = 12


def mean(model, scenario, days, outcome):
    return np.mean([model.run(scenario, day)[outcome] for day in days(model, RUNS)])


@pytest.mark.parametrize(
    "worse_to_better",
    [
        [LineScenario(headway_s=headway) for headway in (900, 600, 450, 300, 200)],
        [LineScenario(running_time_factor=factor, headway_s=300) for factor in (1.6, 1.3, 1.0)],
        [LineScenario(headway_s=600, capacity=capacity) for capacity in (10, 15, 20, 40, 80)],
    ],
    ids=["headway", "running time", "capacity"],
)
def test_a_better_open_line_never_makes_people_wait_longer(small, days, worse_to_better):
    waits = [mean(small, scenario, days, "mean_wait_s") for scenario in worse_to_better]
    assert waits == sorted(waits, reverse=True)


def test_another_vehicle_never_makes_people_wait_longer(ring, days):
    waits = [mean(ring, LineScenario(fleet=fleet), days, "mean_wait_s") for fleet in range(2, 8)]
    assert waits == sorted(waits, reverse=True)


def test_larger_vehicles_never_leave_more_people_behind(small, days):
    sizes = (8, 12, 20, 30, 60)
    left = [
        mean(small, LineScenario(capacity=size, dwell=Dwell(boarding_s=0)), days, "left_behind")
        for size in sizes
    ]
    assert left == sorted(left, reverse=True)
    assert left[0] > 100 > left[-1] == 0


def test_slower_boarding_bunches_more(small, days):
    shares = [
        mean(small, LineScenario(headway_s=240, dwell=Dwell(boarding_s=each)), days, "headway_cv")
        for each in (0, 3, 6)
    ]
    assert shares == sorted(shares)


def test_holding_evens_out_headways(small, days):
    free, held = (
        mean(small, LineScenario(headway_s=240, control=control), days, "headway_cv")
        for control in (LineScenario().control, ForwardHeadway(alpha=0.6, slack_s=15))
    )
    assert held < 0.7 * free


def test_an_incident_slows_only_what_it_touches(small, days):
    scenario = LineScenario(
        incidents=(Incident(from_stop=3, to_stop=6, from_s="08:00", to_s="09:00", factor=4),)
    )
    for day in days(small, 3):
        usual, slow = (small.inputs(each, day).roads.section_s for each in (LineScenario(), scenario))
        ratio = slow / usual
        assert ratio[24:36, 3:6] == pytest.approx(4.0)
        ratio[24:36, 3:6] = 1
        assert (ratio == 1).all()


def test_a_bin_partly_inside_an_incident_takes_its_part(small, days):
    incident = Incident(from_stop=0, to_stop=1, from_s="08:01", to_s="08:02:30", factor=3)
    day = days(small)[0]
    usual, slow = (
        small.inputs(LineScenario(incidents=each), day).roads.section_s for each in ((), (incident,))
    )
    assert slow[24, 0] / usual[24, 0] == pytest.approx(1 + 2 * 90 / 300)


def test_everyone_is_counted(small, ring, days):
    for model, scenario in (
        (small, LineScenario(capacity=6, headway_s=900)),
        (ring, LineScenario(fleet=1, capacity=9)),
        (ring, LineScenario(fleet=4, control=ShortTurn(turn="r2", resume="r8", over=1.0))),
    ):
        for day in days(model, 3):
            inputs = model.inputs(scenario, day)
            log, found = model.simulate(inputs), model.run(scenario, day)
            served = int((~np.isnan(log.alight_s)).sum())
            assert found["passengers"] == len(inputs.passengers) == served + found["unserved"]
            assert log.load.max() <= scenario.capacity
            assert log.boarded.sum() == log.alighted.sum() + log.put_off.sum()
    assert found["unserved"] > 0
    assert log.put_off.sum() > 0


def test_the_unserved_count_as_waiting_until_the_line_closes(small, days):
    found = small.run(LineScenario(departures_s=("06:00",), capacity=1), days(small)[0])
    assert found["unserved"] > 1000
    assert found["mean_wait_s"] > 2 * 3600


def test_a_fault_in_the_books_is_found(small, days):
    inputs = small.inputs(LineScenario(), days(small)[0])
    for column, change in (
        ("load", 1),
        ("alighted", 1),
        ("ride_s", 0.01),
        ("wait_s", 0.01),
        ("boarded_at_s", 0.1),
    ):
        log = small.simulate(inputs)
        check_laws(log, inputs.passengers)
        getattr(log, column)[50] += change
        with pytest.raises(CheckFailed):
            check_laws(log, inputs.passengers)


def test_the_day_is_the_same_whatever_is_asked_of_it(small):
    day, fresh = small.sample(Streams(1, 5)), small.sample(Streams(1, 5))
    for scenario in (LineScenario(demand_factor=2.5), LineScenario(headway_s=77), LineScenario()):
        small.run(scenario, day)
    assert repr(small.run(LineScenario(), day)) == repr(small.run(LineScenario(), fresh))
    assert (day.passengers().arrive_s == fresh.passengers().arrive_s).all()
    assert (day.traffic == fresh.traffic).all()


def test_whoever_travels_at_some_demand_travels_at_a_higher_one(small, days):
    day = days(small)[0]

    def people(factor):
        found = day.passengers(factor)
        return set(zip(found.origin.tolist(), found.arrive_s.tolist(), found.to.tolist(), strict=True))

    factors = (0.0, 0.3, 0.9, 1.0, 1.4, 2.0, 2.1, 3.7)
    crowds = [people(factor) for factor in factors]
    for fewer, more in pairwise(crowds):
        assert fewer <= more
    sizes = np.array([len(each) for each in crowds]) / len(crowds[3])
    assert sizes == pytest.approx(factors, abs=0.15)


def test_a_trip_keeps_its_luck_when_others_are_added(small, days):
    day = days(small)[0]
    few, many = (
        small.inputs(LineScenario(departures_s=times), day)
        for times in (("07:00", "09:00"), ("07:00", "07:40", "08:20", "09:00"))
    )
    assert few.minute.tolist() == many.minute[[0, 3]].tolist()
    assert few.slot.tolist() == many.slot[[0, 3]].tolist()


def test_common_random_numbers_sharpen_the_effect_of_holding(small, days):
    plain = LineScenario(headway_s=300)
    held = LineScenario(headway_s=300, control=ForwardHeadway(stops=(4,), alpha=0.4))
    sample = days(small, 40)
    base, other = (
        np.array([small.run(each, day)["mean_wait_s"] for day in sample]) for each in (plain, held)
    )
    paired = np.var(other - base, ddof=1)
    assert (np.var(base, ddof=1) + np.var(other, ddof=1)) / paired > 3


def test_more_accidents_lengthen_rides(small_line, small):
    calm, rough = (
        LineModel(small_line, small.demand, traffic=Traffic(accidents=each, accident_factor=4))
        for each in (0, 6)
    )
    rides = [
        np.mean(
            [model.run(LineScenario(), model.sample(Streams(1, each)))["in_vehicle_s"] for each in range(10)]
        )
        for model in (calm, rough)
    ]
    assert rides[1] > 1.05 * rides[0]
    assert (calm.sample(Streams(4)).trips == rough.sample(Streams(4)).trips).all()
