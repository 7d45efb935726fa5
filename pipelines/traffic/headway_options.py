"""The house's own options for a line: today, and what a planner would try first."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import BadParameter, BadScenario, UnknownName
from workbench.simulation.transit._arrays import DAY_S, clock
from workbench.simulation.transit.control import ForwardHeadway
from workbench.simulation.transit.scenario import Band, LineScenario

if TYPE_CHECKING:
    from workbench.simulation.transit import LineModel
    from workbench.simulation.transit.line import Line

HOUR_S = 3600.0
EARLY_S = 2 * HOUR_S
"""Departures may be so much earlier than the line's first whole hour of service."""


def today_and_others(line: Line, capacity: int) -> dict[str, LineScenario]:
    """
    Options over headway, vehicle size and holding.

    Parameters
    ----------
    line
        An open line with today's trips.
    capacity
        Riders that today's vehicles take.

    Returns
    -------
    dict
        `today`; `even` (as many departures each hour, evenly spaced); `more` and `fewer` (a quarter more
        departures, a fifth fewer); `holding` (today's departures, held by forward headway at up to three
        stops); `larger` (fewer, larger vehicles: half again the places).
    """
    today = LineScenario(capacity=capacity)
    stops = tuple(
        line.stops[i]
        for i in sorted({len(line.stops) * n // 4 for n in (1, 2, 3)} - {0, len(line.stops) - 1})
    )
    larger = math.ceil(capacity * 1.5)
    return {
        "today": today,
        "even": LineScenario(capacity=capacity, bands=bands(line, 1.0)),
        "more": LineScenario(capacity=capacity, bands=bands(line, 0.8)),
        "fewer": LineScenario(capacity=capacity, bands=bands(line, 1.25)),
        "holding": LineScenario(capacity=capacity, control=ForwardHeadway(alpha=0.5, stops=stops)),
        "larger": LineScenario(capacity=larger, bands=bands(line, 1.25)),
    }


def bands(line: Line, factor: float) -> tuple[Band, ...]:
    """
    Today's departures of each hour, evenly spaced, their headway multiplied.

    The first hour is seldom served from its beginning: its departures are spaced over the time from its first
    one to the first of a later hour.

    Parameters
    ----------
    line
        An open line with today's trips.
    factor
        Headway over today's.
    """
    times = np.sort(np.asarray(line.trips.dispatch_s, float))
    made = []
    for hour in range(int(times[0] // HOUR_S), int(times[-1] // HOUR_S) + 1):
        count = int(((times >= hour * HOUR_S) & (times < (hour + 1) * HOUR_S)).sum())
        later = times[count:] if hour == int(times[0] // HOUR_S) else times[:0]
        span = float(later[0] - times[0]) if len(later) else HOUR_S
        headway = min(max(span * factor / max(count, 1), 1.0), DAY_S)
        made.append(Band(from_s=hour * HOUR_S, to_s=(hour + 1) * HOUR_S, headway_s=headway))
    return tuple(made)


def refuse_unfit(model: LineModel, scenarios: Mapping[str, LineScenario]) -> None:
    """
    Refuse options that cannot be run on a line, or that cannot be compared, before any day is simulated.

    Raises
    ------
    BadScenario
        Which option, what is wrong with it, and how to mend it.
    """
    for name, scenario in scenarios.items():
        try:
            model.check(scenario)
        except UnknownName as error:
            raise BadScenario(name, error.message, error.name) from None
        except BadParameter as error:
            raise BadScenario(name, error.message, _named(error.message)) from None
        if not scenario.demand_factor:
            said = "A demand_factor of 0 leaves nobody to wait and nothing to compare: give one above 0."
            raise BadScenario(name, said, "demand_factor")
        _refuse_hours(model.line, name, scenario)
    if len(scenarios) < 2:
        said = "It is the only option, so that there is nothing to compare it with: add another."
        raise BadScenario(next(iter(scenarios)), said)


def moved(scenario: LineScenario, change: Mapping[str, float]) -> LineScenario:
    """Return a scenario with its demand, running times or dwell multiplied."""
    values: dict[str, Any] = {}
    for name, factor in change.items():
        if name == "boarding":
            dwell = scenario.dwell
            values["dwell"] = dwell.model_copy(
                update={"boarding_s": dwell.boarding_s * factor, "alighting_s": dwell.alighting_s * factor}
            )
        else:
            values[name] = getattr(scenario, name) * factor
    return scenario.model_copy(update=values)


def _refuse_hours(line: Line, name: str, scenario: LineScenario) -> None:
    """Refuse times of day that the line does not serve: they would do nothing, or leave riders until then."""
    begin, end = line.start_s - EARLY_S, line.close_s
    for time in scenario.departures_s:
        if not begin <= time <= end:
            said = f"The departure at {clock(time)} is outside of line {line.name}'s hours of service"
            mend = f"give departures from {clock(begin)} to {clock(end)}."
            raise BadScenario(name, f"{said}: {mend}", "departures_s")
    for band in scenario.bands:
        if band.to_s <= line.first_s or band.from_s > line.last_s:
            said = f"The band from {clock(band.from_s)} to {clock(band.to_s)} is outside of the departures"
            mend = (
                f"which are from {clock(line.first_s)} to {clock(line.last_s)}: leave it out, or change it."
            )
            raise BadScenario(name, f"{said} of line {line.name}, {mend}", "bands")


def _named(message: str) -> str:
    """What a message is about: a stop in quotes, or a field that only some lines have."""
    quoted = re.search("'([^']+)'", message)
    fields = (each for each in ("fleet", "breakdowns", "control") if f" {each} " in message)
    return quoted.group(1) if quoted else next(fields, "")
