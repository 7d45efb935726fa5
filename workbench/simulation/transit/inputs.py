"""What an engine is given: a scenario and a day as plain arrays, the same for SimPy and the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit._arrays import Floats, Ints
from workbench.simulation.transit.control import Holding
from workbench.simulation.transit.day import DRIVER_SLOT_S, TRIP_SLOT_S, Day, window
from workbench.simulation.transit.line import Line
from workbench.simulation.transit.passengers import Passengers
from workbench.simulation.transit.plan import LoopPlan, OpenPlan, loop_plan, open_plan
from workbench.simulation.transit.policy import Policy, own_policy, policy_of
from workbench.simulation.transit.rules import Stand
from workbench.simulation.transit.scenario import LineScenario


class Roads(NamedTuple):
    """
    Running times of a scenario on a day.

    Attributes
    ----------
    section_s
        Seconds by time bin and section, traffic and incidents in it, shape (bins, sections).
    start_s, bin_s
        Start of the first bin, and width of a bin.
    trips, drivers
        Factors for a trip, by the minute (and section) and by the ten seconds in which it is dispatched.
    """

    section_s: Floats
    start_s: float
    bin_s: float
    trips: Floats
    drivers: Floats


class Riders(NamedTuple):
    """Passengers as in `Passengers`, and the riders that a vehicle holds."""

    start: Ints
    come_s: Floats
    to: Ints
    capacity: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Inputs:
    """What open and closed lines share; `own` is a policy that only the SimPy engines can ask."""

    line: Line
    scenario: LineScenario
    passengers: Passengers
    riders: Riders
    roads: Roads
    stand: Stand
    policy: Policy
    own: Holding | None


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenInputs(Inputs):
    """Inputs of an open line; `minute` and `slot` are each trip's places in `trips` and `drivers`."""

    plan: OpenPlan
    minute: Ints
    slot: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class LoopInputs(Inputs):
    """
    Inputs of a closed line.

    Attributes
    ----------
    upto_s
        Expected seconds from leaving stop 0 to leaving each stop, and once round, shape (stops + 1,).
    broken_at_s, broken_for_s
        Breakdown of each vehicle, shape (fleet,); an infinite time where it has none.
    """

    plan: LoopPlan
    upto_s: Floats
    broken_at_s: Floats
    broken_for_s: Floats


def open_inputs(line: Line, scenario: LineScenario, day: Day) -> OpenInputs:
    """Lay out a scenario and a day of an open line."""
    if line.closed:
        raise BadParameter(f"Line {line.name} is closed: simulate it as a loop.")
    for what, given in (("fleet", scenario.fleet), ("breakdowns", scenario.breakdowns)):
        if given:
            raise BadParameter(
                f"Line {line.name} is open, so {what} does not apply; leave it out, or close the line with "
                "round_trip."
            )
    if scenario.overtaking:
        raise BadParameter(f"Line {line.name} is open, and vehicles of an open line never overtake.")
    for control in scenario.controls:
        if control.closed_only:
            raise BadParameter(
                f"{type(control).__name__} is for closed lines, and line {line.name} is open; "
                "hold with forward_headway or schedule_holding instead."
            )
    plan = open_plan(line, scenario.headway_s, scenario.bands, scenario.departures_s)
    after = np.maximum(plan.trips.dispatch_s - line.start_s, 0.0)
    return OpenInputs(
        **_shared(line, scenario, day),
        plan=plan,
        minute=np.minimum(after / TRIP_SLOT_S, len(day.trips) - 1).astype(np.int64),
        slot=np.minimum(after / DRIVER_SLOT_S, len(day.drivers) - 1).astype(np.int64),
    )


def loop_inputs(line: Line, scenario: LineScenario, day: Day) -> LoopInputs:
    """Lay out a scenario and a day of a closed line."""
    if not line.closed:
        raise BadParameter(
            f"Line {line.name} is open: simulate it as an open line, or close it with round_trip."
        )
    plan = loop_plan(line, scenario)
    stand = np.maximum(line.standing_s, line.layover_s)
    broken_at, broken_for = np.full(plan.fleet, np.inf), np.zeros(plan.fleet)
    for each in scenario.breakdowns:
        if each.vehicle >= plan.fleet:
            raise BadParameter(
                f"There is no vehicle {each.vehicle} to break down: they are 0 to {plan.fleet - 1}."
            )
        broken_at[each.vehicle], broken_for[each.vehicle] = each.at_s, each.lasts_s
    return LoopInputs(
        **_shared(line, scenario, day),
        plan=plan,
        upto_s=np.concatenate([[0.0], np.cumsum(line.running_s.mean(axis=0) + np.roll(stand, -1))]),
        broken_at_s=broken_at,
        broken_for_s=broken_for,
    )


def _sections(line: Line, scenario: LineScenario, day: Day) -> Floats:
    """Running times with the day's traffic and the scenario's incidents."""
    section = line.running_s * day.traffic
    if scenario.running_time_factor != 1.0:
        section *= scenario.running_time_factor
    for incident in scenario.incidents:
        begin, end = line.place(incident.from_stop), line.place(incident.to_stop)
        if end <= begin:
            if not line.closed:
                said = f"'{incident.to_stop}' does not come after '{incident.from_stop}'"
                raise BadParameter(f"An incident's stop {said} on line {line.name}.")
            end += line.sections
        inside = window(line, incident.from_s, incident.to_s)
        places = np.arange(begin, end) % line.sections
        section[:, places] *= (1 + (incident.factor - 1) * inside)[:, None]
    return np.ascontiguousarray(section)


def _shared(line: Line, scenario: LineScenario, day: Day) -> dict[str, Any]:
    """Lay out what open and closed lines share."""
    people, dwell = day.passengers(scenario.demand_factor), scenario.dwell
    boarding, alighting = (
        dwell.boarding_s / dwell.boarding_channels,
        dwell.alighting_s / dwell.alighting_channels,
    )
    section = _sections(line, scenario, day)
    return {
        "line": line,
        "scenario": scenario,
        "passengers": people,
        "riders": Riders(people.start, people.arrive_s, people.to, scenario.capacity),
        "roads": Roads(section, line.start_s, line.bin_s, day.trips, day.drivers),
        "stand": Stand(boarding, alighting, dwell.doors_s, dwell.least_s, dwell.shared),
        "policy": policy_of(line, scenario.controls),
        "own": own_policy(scenario.controls),
    }
