"""How many vehicles an option needs in both directions: the fewest blocks that run its trips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from workbench.simulation.transit.scenario import Band, LineScenario

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.simulation.transit import Line

HERE, THERE = "first end", "last end"
HOUR_S = 3600.0
DAY_S = 2 * 86_400.0


@dataclass(frozen=True)
class Need:
    """
    What running a day of an option takes beside the direction that is simulated.

    Attributes
    ----------
    vehicles
        The fewest that run both directions, with layover at each end and empty driving where it saves one.
    back_h, empty_h
        Hours in service in the other direction, and of empty driving.
    """

    vehicles: int
    back_h: float
    empty_h: float


def fleet_need(
    line: Line,
    scenario: LineScenario,
    running_s: float,
    *,
    back: Line | None,
    back_scenario: LineScenario,
    layover_s: float,
) -> Need:
    """
    Schedule the vehicles of one option.

    Parameters
    ----------
    line, scenario
        The direction simulated, and the option.
    running_s
        Mean simulated time from end to end, s; the scheduled one where nothing ran through.
    back, back_scenario
        The other direction and what it runs; where the timetable has none, each departure is taken to have
        its like from the other end.
    layover_s
        Least time between two trips, s.

    Returns
    -------
    Need
        By min-cost flow [1]_: first the fewest vehicles, then the least empty driving, which takes as long as
        a trip.

    References
    ----------
    .. [1] `workbench.optimisation.vehicle_blocks`.
    """
    from workbench.optimisation import Measured, vehicle_blocks

    start, scheduled = _service(line, scenario)
    through = float(np.median(scheduled))
    lasts = scheduled * (running_s / through if through > 0 and running_s > 0 else 1.0)
    back_start, back_lasts = start, lasts
    if back is not None:
        back_start, back_lasts = _service(back, back_scenario)
        back_lasts = back_lasts * back_scenario.running_time_factor
    trips = pl.concat(
        [_trips("out", HERE, THERE, start, lasts), _trips("back", THERE, HERE, back_start, back_lasts)]
    )
    minutes = [float(np.median(back_lasts)) / 60, float(np.median(lasts)) / 60]  # the way back, the way out
    legs = pl.DataFrame(
        {"from_stop": [HERE, THERE], "to_stop": [THERE, HERE], "km": minutes[::-1], "minutes": minutes[::-1]}
    )
    blocks = vehicle_blocks(trips, Measured(legs), layover_s=layover_s)
    return Need(blocks.vehicles, float(back_lasts.sum()) / HOUR_S, blocks.deadhead_s / HOUR_S)


def run_back(scenarios: Mapping[str, LineScenario]) -> dict[str, LineScenario]:
    """What options given for one direction run in the other: the same headways, at all its hours."""
    return {
        name: one.model_copy(update={"bands": _at_all_hours(one.bands)}) for name, one in scenarios.items()
    }


def _at_all_hours(bands: tuple[Band, ...]) -> tuple[Band, ...]:
    """Bands drawn out over the hours that none of them covers."""
    if not bands:
        return ()
    ends = [*(band.from_s for band in bands[1:]), DAY_S]
    starts = [0.0, *ends[:-1]]
    return tuple(
        band.model_copy(update={"from_s": start, "to_s": end})
        for band, start, end in zip(bands, starts, ends, strict=True)
    )


def _service(line: Line, scenario: LineScenario) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Departures, s after midnight, and how long each trip is scheduled to take, s."""
    from workbench.simulation.transit.plan import open_plan

    trips = open_plan(line, scenario.headway_s, scenario.bands, scenario.departures_s).trips
    ends = trips.arrive_s[np.arange(len(trips)), trips.last]
    return trips.dispatch_s, ends - trips.dispatch_s


def _trips(
    name: str, start: str, end: str, start_s: NDArray[np.float64], lasts_s: NDArray[np.float64]
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "trip_id": [f"{name} {at}" for at in range(len(start_s))],
            "start_stop": [start] * len(start_s),
            "end_stop": [end] * len(start_s),
            "start_s": start_s,
            "end_s": start_s + lasts_s,
        }
    )
