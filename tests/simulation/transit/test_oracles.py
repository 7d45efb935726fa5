"""Closed forms that the line models reproduce."""

import numpy as np
import pytest

from workbench.simulation import Streams, theory
from workbench.simulation.transit import (
    STEADY,
    Dwell,
    ForwardHeadway,
    LineModel,
    LineScenario,
    RecordedDemand,
    SelfCoordinating,
    line_from_sections,
)
from workbench.simulation.transit.day import Day
from workbench.simulation.transit.demand import Demand
from workbench.simulation.transit.passengers import Passengers, sorted_passengers

NO_TIME = Dwell(boarding_s=0, alighting_s=0, doors_s=0)


def interval(values):
    """Mean, and 3.5 standard errors."""
    return np.mean(values), 3.5 * np.std(values, ddof=1) / np.sqrt(len(values))


def test_mean_wait_follows_from_the_headways():
    """Welding (1957), Osuna and Newell (1972): E[H^2] / (2 E[H]); passengers come evenly at one stop."""
    gaps = Streams(5).generator("gaps").gamma(2.0, 300.0, 60)
    gaps *= 36_000 / gaps.sum()
    line = line_from_sections("even", ["a", "b"], [300.0], np.concatenate([[0.0], np.cumsum(gaps)]))
    trips = np.zeros((40, 2, 2))
    trips[:, 0, 1] = 50
    model = LineModel(line, Demand(line.stops, trips), traffic=STEADY)
    scenario = LineScenario(capacity=10_000, dwell=NO_TIME)
    runs = [model.run(scenario, model.sample(Streams(1, each))) for each in range(60)]
    mean, half = interval([run["mean_wait_s"] for run in runs])
    assert half < 10
    assert abs(mean - theory.mean_wait_from_headways(gaps)) < half
    assert max(abs(run["excess_wait_s"]) for run in runs) < 1e-9


def test_mean_wait_with_dwell_counts_the_gap_from_departure_to_arrival():
    """Whoever comes while a vehicle stands does not wait: E[gap^2] / (2 E[gap + stand])."""
    line = line_from_sections("dwell", ["a", "b", "c"], [200.0, 200.0], np.arange(0, 36_001, 400.0))
    trips = np.zeros((40, 3, 3))
    trips[1:, 1, 2] = 30
    model = LineModel(line, Demand(line.stops, trips), traffic=STEADY)
    scenario = LineScenario(capacity=10_000, dwell=Dwell(boarding_s=5, doors_s=10))
    difference = []
    for each in range(40):
        inputs = model.inputs(scenario, model.sample(Streams(2, each)))
        log = model.simulate(inputs)
        at = (log.stop == 1) & (log.arrive_s > 1800)
        gap = log.arrive_s[at][1:] - log.depart_s[at][:-1]
        stand = (log.depart_s - log.arrive_s)[at][1:]
        people = inputs.passengers
        between = (people.arrive_s > log.depart_s[at][0]) & (people.arrive_s <= log.depart_s[at][-1])
        difference.append(log.wait_s[between].mean() - (gap**2).sum() / 2 / (gap + stand).sum())
    mean, half = interval(difference)
    assert abs(mean) < half < 2


def test_one_late_bus_makes_buses_pair():
    """Newell and Potts (1964): bus 0 late by delta at stop 0; signs alternate from bus to bus."""
    rho, rate, headway, delta = 0.1, 10.0, 100.0, 8.0
    stops, late = 13, 12
    departures = headway * np.arange(24.0)
    moments = np.arange(0, departures[-1] + 4000, 1 / rate)
    origin = np.repeat(np.arange(1, stops), len(moments))
    come = np.concatenate([moments + 120.0 * stop for stop in range(1, stops)])
    people = sorted_passengers(stops + 1, origin, come, np.full(len(come), stops))
    names = [str(each) for each in range(stops + 1)]
    line = line_from_sections("pairing", names, np.full(stops, 100.0), departures)
    model = LineModel(line, RecordedDemand(line.stops, people), traffic=STEADY)

    def left(times):
        scenario = LineScenario(
            departures_s=tuple(times),
            capacity=1_000_000,
            dwell=Dwell(boarding_s=rho / rate, alighting_s=0, doors_s=0),
        )
        log = model.simulate(model.inputs(scenario, model.sample(Streams(0))))
        return log.depart_s.reshape(len(times), stops + 1)

    disturbed = departures.copy()
    disturbed[late] += delta
    # whole passengers make dwell times of steps of 0.01 s, which grow with the delays
    found = (left(disturbed) - left(departures))[late : late + 4, :stops] / delta
    expected = theory.newell_potts(1.0, rho, 4, stops)
    assert expected[:3, 12] == pytest.approx([3.54070616, -4.72094155, 3.4095689], rel=1e-8)
    assert np.abs(found - expected).max() < 0.05
    assert (np.sign(found[:, 12]) == [1, -1, 1, -1]).all()


def headways_of_daganzo(alpha, stops, trips, replications, window):
    """Variance of the headways at the last stop under forward-headway control, noise of 1 s a section."""
    headway, running = 60.0, 1000.0
    names = [str(each) for each in range(stops + 1)]
    line = line_from_sections(
        "daganzo", names, np.full(stops, running), headway * np.arange(trips), bin_s=1e9
    )
    nobody = Passengers(np.zeros(stops + 2, np.int64), np.empty(0), np.empty(0, np.int64))
    model = LineModel(line, RecordedDemand(line.stops, nobody))
    scenario = LineScenario(control=ForwardHeadway(alpha=alpha, slack_s=30), dwell=NO_TIME)
    variances = []
    for each in range(replications):
        noise = 1 + Streams(3, each).generator("noise").standard_normal((trips, stops)) / running
        day = Day(np.ones((1, stops)), noise, np.ones(6 * trips + 1), model.demand, Streams(3, each))
        log = model.simulate(model.inputs(scenario, day))
        times = log.arrive_s.reshape(trips, stops + 1)[window:, stops]
        assert log.hold_s.reshape(trips, stops + 1)[window:, :-1].min() > 0
        variances.append(np.mean((np.diff(times) - headway) ** 2))
    return variances


def variance_after(alpha, stops):
    """Variance after so many stops: the integral over frequencies, with no end it is 1 / (a (1 - a))."""
    angle = np.linspace(0, 2 * np.pi, 200_001)[1:-1]
    gain = np.abs(1 - alpha + alpha * np.exp(1j * angle)) ** 2
    return float(np.mean(np.abs(1 - np.exp(1j * angle)) ** 2 * (1 - gain**stops) / (1 - gain)))


def test_forward_headway_control_bounds_the_variance_of_headways():
    """Daganzo (2009): sigma^2 / (a (1 - a)), 4.762 at a = 0.3."""
    assert theory.daganzo_headway_variance(0.3) == pytest.approx(4.762, abs=5e-4)
    assert variance_after(0.3, 100_000) == pytest.approx(4.762, abs=0.03)
    variances = headways_of_daganzo(0.3, stops=500, trips=700, replications=12, window=250)
    mean, half = interval(variances)
    assert half < 0.5
    assert abs(mean - theory.daganzo_headway_variance(0.3)) < half
    assert abs(mean - variance_after(0.3, 500)) < half


@pytest.mark.parametrize("overtaking", [False, True])
def test_self_coordination_finds_its_own_headway(overtaking):
    """Bartholdi and Eisenstein (2012): c / (n - a) = 384 s for 8 vehicles, a = 0.5 and a cycle of 2,880 s."""
    line = line_from_sections(
        "self", ["a", "b", "c", "d"], [720.0, 360.0, 1000.0, 800.0], [0.0, 120 * 3600.0], closed=True
    )
    nobody = Passengers(np.zeros(5, np.int64), np.empty(0), np.empty(0, np.int64))
    model = LineModel(line, RecordedDemand(line.stops, nobody), kind="loop", traffic=STEADY)
    scenario = LineScenario(
        fleet=8,
        headway_s=100,
        control=SelfCoordinating(alpha=0.5, stops=("a",), most_s=1e6),
        overtaking=overtaking,
    )
    log = model.simulate(model.inputs(scenario, model.sample(Streams(0))))
    gaps = np.diff(np.sort(log.arrive_s[log.stop == 0]))
    assert theory.self_coordinating_headway(2880, 8, 0.5) == 384.0
    assert gaps[:8].max() - gaps[:8].min() > 100
    settled = gaps[-120:-20]
    assert settled == pytest.approx(np.full(100, 384.0), abs=0.01)


def test_a_fleet_for_a_headway_is_the_cycle_over_it():
    from workbench.simulation.transit.plan import fleet_for

    assert fleet_for(2880, 360) == 8
    assert fleet_for(2881, 360) == 9
    assert fleet_for(100, 360) == 1


def test_vehicles_run_as_planned_when_nothing_varies(small_line):
    nobody = np.zeros((20, 12, 12))
    model = LineModel(small_line, Demand(small_line.stops, nobody, 21_600.0), traffic=STEADY)
    day = model.sample(Streams(0))
    stand = Dwell(least_s=15)
    log = model.simulate(model.inputs(LineScenario(dwell=stand), day))
    trips = small_line.trips
    assert log.arrive_s.reshape(len(trips), 12) == pytest.approx(trips.arrive_s)
    assert log.depart_s.reshape(len(trips), 12)[:, :-1] == pytest.approx(trips.depart_s[:, :-1])
