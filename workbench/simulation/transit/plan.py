"""The service that a scenario plans: which trips leave when, and where they should be at any time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit._arrays import Floats, Ints, clock
from workbench.simulation.transit.line import Line, Trips, walk
from workbench.simulation.transit.scenario import Band, LineScenario


@dataclass(frozen=True, eq=False)
class OpenPlan:
    """
    Trips of an open line.

    Attributes
    ----------
    trips
        The trips and their scheduled times.
    headway_s
        Planned headway to the trip before at each stop, shape (trips, stops); NaN for the first.
    ahead
        The trip before at each stop, shape (trips, stops); -1 for the first.
    visits
        Scheduled departure and planned headway of all visits, trip by trip, shape (2, visits).
    opens_s
        When each trip opens its doors at its first stop, shape (trips,).
    """

    trips: Trips
    headway_s: Floats
    ahead: Ints
    visits: Floats
    opens_s: Floats


@dataclass(frozen=True)
class LoopPlan:
    """
    Service of a closed line.

    Attributes
    ----------
    fleet, headway_s
        Vehicles, and the headway that control aims at.
    begin_s, end_s
        When the first vehicle leaves stop 0; a vehicle that comes back to it from `end_s` on goes home.
    """

    fleet: int
    headway_s: float
    begin_s: float
    end_s: float


@lru_cache(maxsize=64)
def open_plan(
    line: Line, headway_s: float | None, bands: tuple[Band, ...], departures_s: tuple[float, ...]
) -> OpenPlan:
    """Plan the trips of an open line; see `LineScenario` for the parameters."""
    if departures_s:
        times = np.array(departures_s)
    elif headway_s is not None or bands:
        times = _dispatches(line, headway_s, bands)
    else:
        return _with_headways(line.trips)
    whole = np.full(len(times), len(line.stops) - 1)
    trips = walk(
        times, np.zeros_like(whole), whole, line.running_s, line.standing_s, line.start_s, line.bin_s
    )
    return _with_headways(trips)


def loop_plan(line: Line, scenario: LineScenario) -> LoopPlan:
    """Plan the service of a closed line."""
    if scenario.bands or scenario.departures_s:
        raise BadParameter(
            f"Line {line.name} is closed: give fleet or headway_s, neither bands nor departures_s."
        )
    if scenario.headway_s is None and scenario.fleet is None:
        raise BadParameter(f"Line {line.name} is closed: its scenario needs a fleet, or a headway_s.")
    fleet = scenario.fleet
    if fleet is None:
        fleet = fleet_for(line.cycle_s, float(scenario.headway_s or 0))
    headway = line.cycle_s / fleet if scenario.headway_s is None else float(scenario.headway_s)
    return LoopPlan(fleet, headway, line.first_s, line.last_s)


def fleet_for(cycle_s: float, headway_s: float) -> int:
    """Vehicles for a headway: the cycle, layover in it, over the headway, rounded up."""
    return max(1, int(np.ceil(cycle_s / headway_s - 1e-9)))


def _dispatches(line: Line, headway_s: float | None, bands: tuple[Band, ...]) -> Floats:
    """Dispatches from the line's first to its last, which is kept, so that the hours of service stay."""
    times = [line.first_s]
    while times[-1] < line.last_s:
        times.append(times[-1] + _headway(line, headway_s, bands, times[-1]))
    if len(times) == 1:
        return np.array(times)
    over = times.pop()
    if times[-1] < line.last_s:
        gap = over - times[-1]
        if len(times) > 1 and line.last_s - times[-1] < gap / 2:
            times.pop()
        times.append(line.last_s)
    return np.array(times)


def _headway(line: Line, headway_s: float | None, bands: tuple[Band, ...], at_s: float) -> float:
    for band in bands:
        if band.from_s <= at_s < band.to_s:
            return band.headway_s
    if headway_s is None:
        raise BadParameter(
            f"No headway is given for line {line.name} at {clock(at_s)}: "
            "give headway_s, or bands for all of its hours of service."
        )
    return headway_s


def _with_headways(trips: Trips) -> OpenPlan:
    """Find the trip before and the planned headway at every stop."""
    count, stops = trips.depart_s.shape
    ahead = np.full((count, stops), -1, np.int64)
    headway = np.full((count, stops), np.nan)
    called = ~np.isnan(trips.depart_s)
    for stop in range(stops):
        rows = np.flatnonzero(called[:, stop])
        ahead[rows[1:], stop] = rows[:-1]
        headway[rows[1:], stop] = np.diff(trips.depart_s[rows, stop])
    opens = trips.arrive_s[np.arange(count), trips.first]
    return OpenPlan(trips, headway, ahead, np.stack([trips.depart_s[called], headway[called]]), opens)
