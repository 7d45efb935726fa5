"""
When vehicles leave: departures with even headways or with even loads, and the timetable they make.

Both follow a cumulative curve, so nothing jumps where one period meets the next. With even headways it is the
curve of vehicles (each period's rises at its frequency), and a vehicle leaves whenever it reaches a whole
number: a headway across a border is the mixture of the two. With even loads it is the curve of passengers,
and a vehicle leaves as soon as the desired number waits for it.

References
----------
.. [1] A. Ceder (2016), Public Transit Planning and Operation, 2nd edition, ch. 4 and 5.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import polars as pl

from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.optimisation._check import Kind, first, number, table
from workbench.optimisation.headways import load_periods

Point = Literal["daily_max", "hourly_max", "each"]
PERIODS: Mapping[str, Kind] = {"start_s": "number", "end_s": "number", "vehicles": "number"}
PATTERN: Mapping[str, Kind] = {"stop_id": "text", "arrival_s": "number", "departure_s": "number"}
ALMOST = 1e-9


@dataclass(frozen=True)
class Departures:
    """
    Departures of a line from its first stop.

    Attributes
    ----------
    frame
        departure_s (seconds of the day), headway_s since the one before (null for the first), load (persons
        that the vehicle carries at its fullest section; null where loads were not asked for).
    unmet
        Persons at the fullest section whose vehicle has not left by the end of the last period; they wait for
        the next day's first or for another line. None where loads were not asked for.
    """

    frame: pl.DataFrame = field(repr=False)
    unmet: float | None = None

    @property
    def times_s(self) -> list[float]:
        """Departures, seconds of the day."""
        times: list[float] = self.frame["departure_s"].to_list()
        return times


def even_headways(periods: pl.DataFrame, *, round_to_s: float | None = 60) -> Departures:
    """
    Departures with even headways within a period and smooth ones between periods.

    Parameters
    ----------
    periods
        start_s, end_s and vehicles of each period, such as `headways_from_load` gives; vehicles may be
        fractions, and 0.
    round_to_s
        Departures are rounded to a multiple of this many seconds (60: whole minutes, 30: half minutes), each
        by itself so that errors never add up; a half goes up. None leaves them exact.

    Returns
    -------
    departures
        The first leaves at the start of the first period that has vehicles; none leaves at the end of the
        last.

    Raises
    ------
    DataRejected
        A value is missing or negative, periods overlap, or none has a vehicle.
    BadParameter
        Two departures are rounded to the same time.
    """
    rows = table(periods, PERIODS, "the periods").sort("start_s")
    for column, bad, why in (
        ("vehicles", rows["vehicles"] < 0, "is negative"),
        ("end_s", rows["end_s"] <= rows["start_s"], "is not after the start"),
        ("vehicles", rows["vehicles"] > rows["end_s"] - rows["start_s"], "is more than one a second"),
        ("start_s", rows["start_s"] < rows["end_s"].shift(1).fill_null(0), "overlaps with the period before"),
    ):
        if (row := first(bad)) >= 0:
            where = f"the period from {rows['start_s'][row]:g} s"
            raise DataRejected(f"The periods: `{column}` {rows[column][row]:g} of {where} {why}.")
    times: list[float] = []
    curve = 0.0
    for start, end, vehicles in rows.select("start_s", "end_s", "vehicles").iter_rows():
        reached = curve + vehicles
        whole = math.ceil(curve - ALMOST)
        while vehicles and whole < reached - ALMOST:
            times.append(start + max(whole - curve, 0.0) * (end - start) / vehicles)
            whole += 1
        curve = reached
    if not times:
        raise DataRejected("The periods: none has a vehicle, so nothing departs.")
    step = None if round_to_s is None else number("round_to_s", round_to_s, above=0)
    if step is not None:
        times = [math.floor(each / step + 0.5) * step for each in times]
    return Departures(_frame(times, step, None))


def even_loads(
    load: pl.DataFrame,
    *,
    desired_occupancy: float,
    point: Point = "hourly_max",
    policy_headway_s: float | None = None,
    round_to_s: float | None = 60,
) -> Departures:
    """
    Departures that give vehicles even average loads.

    Parameters
    ----------
    load
        See `headways_from_load`; within a period passengers come evenly.
    desired_occupancy
        Persons wanted on each vehicle.
    point
        Where loads are made even: "daily_max" at the section that is fullest over the day, "hourly_max" at
        each period's fullest, "each" at each vehicle's own fullest section, so that none is above on any
        section.
    policy_headway_s
        Longest headway allowed: a vehicle leaves then, full or not.
    round_to_s
        Departures are moved to the multiple of this many seconds before, so that no vehicle gets more than
        desired.

    Returns
    -------
    departures
        The first leaves at the start of the first period, with nobody.

    Raises
    ------
    DataRejected
        See `headways_from_load`.
    BadParameter
        A parameter is out of its bounds, or passengers come faster than one vehicle every `round_to_s`.
    UnknownName
        No point is called so.
    """
    if point not in get_args(Point):
        raise UnknownName("point", str(point), get_args(Point))
    wanted = number("desired_occupancy", desired_occupancy, above=0)
    step = None if round_to_s is None else number("round_to_s", round_to_s, above=0)
    least = step or 1.0
    policy = (
        math.inf if policy_headway_s is None else number("policy_headway_s", policy_headway_s, least=least)
    )
    clock, curves = _curves(load_periods(load), point)
    last = float(clock[-1])
    now, times, carried = float(clock[0]), [float(clock[0])], [0.0]
    if step is not None and now % step:
        raise BadParameter(f"The first departure, {now:g} s, is no multiple of `round_to_s` {step:g}.")
    while True:
        full = min(_reach(clock, curve, float(np.interp(now, clock, curve)) + wanted) for curve in curves)
        then = min(full, now + policy)
        if step is not None and math.isfinite(then):
            then = math.floor(then / step + ALMOST) * step
        if then - now < least - ALMOST:
            raise BadParameter(
                f"At {now:g} s {wanted:g} persons come faster than vehicles can leave every {least:g} s: "
                "want more persons on a vehicle, or round to less."
            )
        if then >= last - ALMOST:
            break
        carried.append(max(_between(clock, curve, now, then) for curve in curves))
        times.append(then)
        now = then
    unmet = max(_between(clock, curve, now, last) for curve in curves)
    return Departures(_frame(times, step, carried), unmet)


def calls_of(
    departures: Departures | Sequence[float],
    pattern: pl.DataFrame,
    *,
    service_date: dt.date,
    route_id: str,
    direction_id: int = 0,
    vehicle_capacity: int | None = None,
) -> pl.DataFrame:
    """
    The timetable that departures make on a stop pattern.

    Parameters
    ----------
    departures
        Departures from the first stop, seconds of the day.
    pattern
        The stops in order: stop_id, arrival_s and departure_s, seconds since the departure from the first
        stop.
    service_date, route_id, direction_id, vehicle_capacity
        What every row says.

    Returns
    -------
    DataFrame
        The contract's timetable; a trip is called `<route>-<direction>-<HHMMSS>`. Times are whole seconds.

    Raises
    ------
    DataRejected
        The pattern has fewer than two stops, or its times fall.
    BadParameter
        There are no departures, one is negative, or two are the same.
    """
    stops = table(pattern, PATTERN, "the pattern")
    moments = [each for pair in stops.select("arrival_s", "departure_s").iter_rows() for each in pair]
    if stops.height < 2 or any(later < earlier for earlier, later in itertools.pairwise(moments)):
        raise DataRejected("The pattern must have two stops or more, with times that never fall along it.")
    times = departures.times_s if isinstance(departures, Departures) else list(departures)
    starts = sorted({math.floor(number("departure_s", each, least=0) + 0.5) for each in times})
    if len(starts) != len(times) or not starts:
        raise BadParameter("The departures are none, or two are in the same second: give each once.")
    if direction_id not in (0, 1):
        raise BadParameter(f"`direction_id` must be 0 or 1, not {direction_id!r}.")
    runs = pl.DataFrame({"start_s": starts}).with_columns(
        pl.Series("trip_id", [f"{route_id}-{direction_id}-{_clock(each)}" for each in starts])
    )
    midnight = pl.lit(service_date).cast(pl.Datetime("us"))
    rows = runs.join(stops.with_row_index("stop_sequence", 1), how="cross")
    times_of_call = [
        (
            midnight
            + pl.duration(seconds=pl.col("start_s") + (pl.col(f"{which}_s") + 0.5).floor().cast(pl.Int64))
        )
        .cast(pl.Datetime("us"))
        .alias(f"{which}_timestamp")
        for which in ("arrival", "departure")
    ]
    return rows.select(
        pl.lit(service_date).alias("service_date"),
        "trip_id",
        pl.col("stop_sequence").cast(pl.Int64),
        pl.lit(str(route_id)).alias("route_id"),
        pl.lit(direction_id, pl.Int64).alias("direction_id"),
        "stop_id",
        *times_of_call,
        pl.lit(vehicle_capacity, pl.Int64).alias("vehicle_capacity"),
    )


def _curves(periods: list[pl.DataFrame], point: Point) -> tuple[np.ndarray, list[np.ndarray]]:
    """Cumulative passengers at the borders of the periods, for each section that counts."""
    loads = np.array([period["load"].to_numpy() for period in periods])
    if point == "daily_max":
        loads = loads[:, [int(loads.sum(axis=0).argmax())]]
    elif point == "hourly_max":
        loads = loads.max(axis=1, keepdims=True)
    clock, steps = [periods[0]["start_s"][0]], [np.zeros(loads.shape[1])]
    for period, persons in zip(periods, loads, strict=True):
        if period["start_s"][0] > clock[-1]:
            clock.append(period["start_s"][0])
            steps.append(np.zeros(loads.shape[1]))
        clock.append(period["end_s"][0])
        steps.append(persons)
    return np.array(clock), list(np.cumsum(steps, axis=0).T)


def _reach(clock: np.ndarray, curve: np.ndarray, persons: float) -> float:
    """Find when so many persons have come; never is infinity."""
    place = int(np.searchsorted(curve, persons * (1 - 1e-12)))
    if place >= len(curve):
        return math.inf
    share = (persons - curve[place - 1]) / (curve[place] - curve[place - 1])
    return float(clock[place - 1] + min(share, 1.0) * (clock[place] - clock[place - 1]))


def _between(clock: np.ndarray, curve: np.ndarray, start: float, end: float) -> float:
    return float(np.interp(end, clock, curve) - np.interp(start, clock, curve))


def _frame(times: list[float], step: float | None, carried: list[float] | None) -> pl.DataFrame:
    for earlier, later in itertools.pairwise(times):
        if later <= earlier:
            raise BadParameter(
                f"Two departures fall on {later:g} s when rounded to {step:g} s: "
                "round to less, or run fewer vehicles."
            )
    loads = pl.Series("load", carried or [None] * len(times), dtype=pl.Float64)
    departures = pl.DataFrame({"departure_s": times}, schema={"departure_s": pl.Float64})
    return departures.with_columns(pl.col("departure_s").diff().alias("headway_s"), loads)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"
