"""A few simulated days looked at closely: today's timetable and the data, who waits, what laws are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.simulation import Streams
from workbench.simulation.transit import LineScenario, demand_from_taps
from workbench.simulation.transit.log import check_laws
from workbench.simulation.transit.metrics import waits_s

if TYPE_CHECKING:
    import datetime as dt

    from pipelines.traffic.headway_case import Case, HeadwaysParameters
    from workbench.domains import Measures
    from workbench.simulation.transit import Demand, Line
    from workbench.simulation.transit.inputs import Inputs
    from workbench.simulation.transit.log import Log

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
DAYS = 20
"""Days looked at, at most."""
GROUPS = 3
QUARTER_S, DAY_QUARTERS = 900.0, 192
POINTS = 30
"""Moments of a quarter-hour at which riders are taken to come, for the wait by the timetable."""


@dataclass(frozen=True, eq=False)
class Replay:
    """
    What the days show.

    Attributes
    ----------
    groups
        Places of the stops of boarding, in groups along the line.
    waits_s
        Mean wait by option, day and group, shape (days, groups).
    riders
        Riders of a mean day by group, shape (groups,).
    wait_s, cv, headway_wait_s
        Of today's timetable by day: mean wait; coefficient of variation of the headways, over the stops of
        boarding; the wait that the headways alone give, E[H^2] / 2E[H] [1]_, weighted by riders.
    law_error, lost
        Largest error of Little's law as a share, and largest number of riders unaccounted for.
    checked
        Days of an option looked at.

    References
    ----------
    .. [1] P. A. Welding (1957), The instability of a close-interval service, Operational Research
       Quarterly 8.
    """

    groups: tuple[Ints, ...]
    waits_s: Mapping[str, Floats]
    riders: Floats
    wait_s: Floats
    cv: Floats
    headway_wait_s: Floats
    law_error: float
    lost: int
    checked: int


def replay(case: Case, p: HeadwaysParameters, scenarios: Mapping[str, LineScenario]) -> Replay:
    """
    Simulate the first days of the experiment again: some options, and today's timetable.

    Parameters
    ----------
    case, p
        The line, seed and number of days.
    scenarios
        Options whose waits are asked for.
    """
    model, line = case.model, case.model.line
    groups = boarding_groups(model.demand)  # type: ignore[arg-type]
    waits: dict[str, list[list[float]]] = {name: [] for name in scenarios}
    today: list[tuple[float, float, float]] = []
    riders = np.zeros(len(groups))
    error, lost, days = 0.0, 0, min(DAYS, p.replications)
    weight = model.demand.trips.sum(axis=(0, 2))  # type: ignore[attr-defined]
    for replication in range(days):
        day = model.sample(Streams(p.seed, replication))
        for name, scenario in {**scenarios, "": LineScenario(capacity=case.capacity)}.items():
            inputs = model.inputs(scenario, day)
            log = model.simulate(inputs)
            error = max(error, check_laws(log, inputs.passengers))
            lost = max(lost, unaccounted(inputs, log))
            each = waits_s(inputs, log)
            origin = inputs.passengers.origin
            if name:
                waits[name].append([_mean(each[np.isin(origin, group)]) for group in groups])
            else:
                riders += [np.isin(origin, group).sum() for group in groups]
                today.append((_mean(each), *headways_of(log, line, weight)))
    wait, cv, even = np.array(today).T
    told = {name: np.array(rows) for name, rows in waits.items()}
    return Replay(groups, told, riders / days, wait, cv, even, error, lost, days * (len(scenarios) + 1))


def boarding_groups(demand: Demand) -> tuple[Ints, ...]:
    """Stops where anyone boards, in the order of travel, in up to three groups of as many stops."""
    places = np.flatnonzero(demand.trips.sum(axis=(0, 2)))
    return tuple(each for each in np.array_split(places, min(GROUPS, len(places))) if len(each))


def unaccounted(inputs: Inputs, log: Log) -> int:
    """Riders who came, less those who alighted, those still aboard and those never let on."""
    aboard = ~np.isnan(log.board_s) & np.isnan(log.alight_s)
    left = np.isnan(log.board_s)
    return abs(len(inputs.passengers) - int(log.alighted.sum()) - int(aboard.sum()) - int(left.sum()))


def headways_of(log: Log, line: Line, weight: Floats) -> tuple[float, float]:
    """Coefficient of variation of a day's headways, and the wait they give, over the stops of boarding."""
    order = np.lexsort((log.depart_s, log.stop))
    stop, depart = log.stop[order], log.depart_s[order]
    same = stop[1:] == stop[:-1]
    at, gap = stop[1:][same], np.diff(depart)[same]
    count = np.bincount(at, minlength=len(line.stops))
    total, square = (np.bincount(at, each, minlength=len(line.stops)) for each in (gap, gap * gap))
    told = (count > 1) & (weight > 0) & (total > 0)
    if not told.any():
        return float("nan"), float("nan")
    n, mean = count[told], total[told] / count[told]
    spread = np.sqrt(np.maximum(square[told] - n * mean * mean, 0.0) / (n - 1))
    wait = np.average(square[told] / (2 * total[told]), weights=weight[told])
    return float((spread / mean).mean()), float(wait)


def scheduled_wait_s(line: Line, demand: Demand) -> float:
    """
    Mean wait if every trip ran to its timetable and had room, riders coming evenly within a quarter-hour.

    Worked out from the timetable and the demand alone, without the simulation. Who comes after the last trip
    waits until the line closes, as there.
    """
    quarters = demand.start_s + demand.quarter_s * np.arange(len(demand.trips))
    moments = quarters[:, None] + demand.quarter_s * (np.arange(POINTS) + 0.5) / POINTS
    riders = demand.trips.sum(axis=2)
    total = 0.0
    for place in np.flatnonzero(riders.sum(axis=0)):
        leaves = line.trips.depart_s[line.trips.last > place, place]
        times = np.append(np.sort(leaves[~np.isnan(leaves)]), max(line.close_s, float(moments.max())))
        wait = np.maximum(times[np.searchsorted(times[:-1], moments)] - moments, 0.0)
        total += float(riders[:, place] @ wait.mean(axis=1))
    return total / float(riders.sum())


@dataclass(frozen=True)
class Observed:
    """Headways as they ran: coefficient of variation, the wait they give, and how many there were."""

    cv: float
    wait_s: float
    visits: int


def observed(measures: Measures, case: Case, weight: Floats, *, weekdays_only: bool) -> Observed | None:
    """Headways of stop visits on the line; None where there are none."""
    if not measures.has("stop_visits"):
        return None
    stops = pl.DataFrame({"stop_id": case.model.line.stops, "riders": weight}).unique("stop_id", keep="first")
    ran = measures["headways"].filter(
        pl.col("route_id") == case.route, pl.col("direction_id") == case.direction, pl.col("cv").is_not_null()
    )
    if weekdays_only:
        ran = ran.filter(pl.col("service_date").dt.weekday() <= 5)
    ran = ran.join(stops, on="stop_id").filter(pl.col("riders") > 0).sort("service_date", "stop_id")
    if ran.is_empty():
        return None
    cv, wait, riders = (ran[name].to_numpy() for name in ("cv", "mean_wait_s", "riders"))
    return Observed(float(cv.mean()), float(np.average(wait, weights=riders)), int(ran["headways"].sum()))


@dataclass(frozen=True)
class HeldOut:
    """
    Boardings by quarter-hour of some days, predicted from the others.

    Attributes
    ----------
    days
        Days predicted from, and days predicted.
    predicted, observed
        Riders in the quarter-hour that was predicted to be the busiest.
    error
        Mean absolute error of a quarter-hour in which anyone was predicted or came, riders.
    """

    days: tuple[int, int]
    predicted: float
    observed: float
    error: float


def held_out(case: Case, p: HeadwaysParameters) -> HeldOut | None:
    """Predict the later half of the days from the earlier one; None with a single day."""
    days = sorted(case.taps["service_date"].unique().to_list())
    half = len(days) // 2
    if not half:
        return None
    first, second = (_quarters(case, p, each) for each in (days[:half], days[half:]))
    used = (first > 0) | (second > 0)
    at = int(first.argmax())
    error = float(np.abs(first - second)[used].mean())
    return HeldOut((half, len(days) - half), float(first[at]), float(second[at]), error)


def riders_by_day(case: Case, p: HeadwaysParameters) -> Floats:
    """Riders of each day whose taps may be of the line, shape (days,)."""
    daily = case.taps.group_by("service_date").agg(pl.col("num_riders").fill_null(1).sum())
    return np.asarray(daily.sort("service_date")["num_riders"].to_numpy() / p.sample_share, float)


def _quarters(case: Case, p: HeadwaysParameters, days: list[dt.date]) -> Floats:
    """Boardings of a mean day by quarter-hour of the tap."""
    made = demand_from_taps(
        case.taps,
        case.model.line,
        route=case.route,
        direction=case.direction,
        dates=days,
        arrivals="tap",
        share=p.sample_share,
    )
    found = np.zeros(DAY_QUARTERS)
    riders = made.trips.sum(axis=(1, 2))
    start = int(made.start_s // QUARTER_S)
    found[start : start + len(riders)] = riders[: max(0, DAY_QUARTERS - start)]
    return found


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")
