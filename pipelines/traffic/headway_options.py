"""The house's own options for a line: today, and what a planner would try first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from workbench.simulation.transit.control import ForwardHeadway
from workbench.simulation.transit.scenario import Band, LineScenario

if TYPE_CHECKING:
    from workbench.simulation.transit.line import Line

HOUR_S = 3600.0


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
        headway = HOUR_S * factor / max(count, 1) if count else HOUR_S * factor
        made.append(Band(from_s=hour * HOUR_S, to_s=(hour + 1) * HOUR_S, headway_s=headway))
    return tuple(made)
