"""Demand from smart-card boardings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from workbench.errors import BadParameter, DataRejected
from workbench.simulation.transit._arrays import Flags, Floats, Ints, number
from workbench.simulation.transit.demand import QUARTER_S, Demand, RecordedDemand
from workbench.simulation.transit.line import Line
from workbench.simulation.transit.passengers import sorted_passengers

LONGEST_WAIT_S = 1800.0


def demand_from_taps(
    taps: pl.DataFrame,
    line: Line,
    *,
    route: str | None = None,
    direction: int | None = None,
    dates: Sequence[dt.date] | None = None,
    arrivals: Literal["tap", "spread"] = "tap",
    share: float = 1.0,
) -> Demand:
    """
    Expected passengers of a day, from the boardings of one or more days.

    Parameters
    ----------
    taps
        The contract's table: service_date, event_timestamp, stop_id, and where they are known alight_stop_id,
        route_id, direction_id, num_riders (1 where not said).
    line
        The line they ride on.
    route, direction
        Keep the taps of this route and direction, and those that do not say.
    dates
        Days of service to average over; all that the taps have where none are given.
    arrivals
        When passengers came to the stop. "tap": when they tapped, which is right at gates; at the door of the
        vehicle it puts them there too late. "spread": evenly over the scheduled headway before the tap (at
        most 30 minutes), which is right where taps are at the door and nobody looks at a timetable.
    share
        Share of all passengers that the taps stand for.

    Returns
    -------
    demand
        Riders whose alighting is not recorded alight as the others who boarded there do (where there are
        none: as all riders do). Those who are not on the line, or ride against it, are left out; `notes`
        counts them.
    """
    number("share", share, above=0, most=1)
    if arrivals not in ("tap", "spread"):
        raise BadParameter(f"arrivals must be 'tap' or 'spread', not '{arrivals}'.")
    rows, days, notes = _riders(taps, line, route, direction, dates)
    weight = rows["riders"].to_numpy() / (share * days)
    time, origin, to = rows["time_s"].to_numpy(), rows["origin"].to_numpy(), rows["to"].to_numpy()
    begin = time - _headway_before(line, origin, time) if arrivals == "spread" else time
    start = float(np.floor(begin.min() / QUARTER_S) * QUARTER_S)
    quarters = int(np.floor((time.max() - start) / QUARTER_S)) + 1
    known = to >= 0
    trips = np.zeros((quarters, len(line.stops), len(line.stops)))
    _add(trips, begin[known], time[known], origin[known], to[known], weight[known], start)
    if not known.all():
        alight = _alighting(trips.sum(axis=0), line.closed)
        unknown = np.zeros_like(trips)
        lost = ~known
        _add(unknown, begin[lost], time[lost], origin[lost], np.zeros_like(origin[lost]), weight[lost], start)
        trips += unknown[:, :, :1] * alight[None]
        notes.append(f"{int(lost.sum()):,} riders without a recorded alighting alight as the others do.")
    return Demand(line.stops, trips, start, QUARTER_S, tuple(notes))


def recorded_demand(
    taps: pl.DataFrame,
    line: Line,
    *,
    route: str | None = None,
    direction: int | None = None,
    date: dt.date | None = None,
) -> RecordedDemand:
    """
    Take the passengers of one day exactly as recorded, the tap being when they came to the stop.

    Parameters
    ----------
    taps, line, route, direction
        As for `demand_from_taps`; riders whose alighting is not recorded are left out.
    date
        Day of service; the first one where none is given.
    """
    day = date or taps["service_date"].min()
    if not isinstance(day, dt.date):
        raise DataRejected("There are no taps.")
    rows, _, notes = _riders(taps, line, route, direction, [day])
    known = rows.filter(pl.col("to") >= 0)
    if known.height < rows.height:
        notes.append(f"{rows.height - known.height:,} riders without a recorded alighting are left out.")
    times = np.maximum(known["riders"].to_numpy(), 1).astype(np.int64)
    columns = [np.repeat(known[name].to_numpy(), times) for name in ("origin", "time_s", "to")]
    people = sorted_passengers(len(line.stops), *columns)
    return RecordedDemand(line.stops, people, tuple(notes))


def _riders(
    taps: pl.DataFrame, line: Line, route: str | None, direction: int | None, dates: Sequence[dt.date] | None
) -> tuple[pl.DataFrame, int, list[str]]:
    """Riders on the line: time_s, origin, to (-1: not known), riders; how many days; and who is left out."""
    chosen = taps if dates is None else taps.filter(pl.col("service_date").is_in(list(dates)))
    days = chosen["service_date"].n_unique()
    for name, value in (("route_id", route), ("direction_id", direction)):
        if value is not None and name in chosen.columns:
            chosen = chosen.filter((pl.col(name) == value) | pl.col(name).is_null())
    if chosen.is_empty():
        which = f" on {', '.join(str(day) for day in dates)}" if dates is not None else ""
        raise DataRejected(f"There are no taps of line {line.name}{which}.")
    places = pl.DataFrame({"stop": line.stops, "place": np.arange(len(line.stops))})
    first = places.unique("stop", keep="first")
    alight = pl.col("alight_stop_id") if "alight_stop_id" in chosen.columns else pl.lit(None, pl.String)
    riders = pl.col("num_riders").fill_null(1) if "num_riders" in chosen.columns else pl.lit(1)
    midnight = pl.col("service_date").cast(pl.Datetime("us"))
    time = (pl.col("event_timestamp") - midnight).dt.total_microseconds() / 1e6
    rows = chosen.select(
        time.alias("time_s"),
        pl.col("stop_id"),
        alight.alias("alight"),
        riders.cast(pl.Float64).alias("riders"),
    )
    rows = rows.join(first, left_on="stop_id", right_on="stop", how="left").rename({"place": "origin"})
    rows = rows.join(first, left_on="alight", right_on="stop", how="left").rename({"place": "to"})
    elsewhere = pl.col("origin").is_null() | (pl.col("to").is_null() & pl.col("alight").is_not_null())
    against = pl.col("to") == pl.col("origin") if line.closed else pl.col("to") <= pl.col("origin")
    last = pl.lit(value=False) if line.closed else pl.col("origin") == len(line.stops) - 1
    wrong = against.fill_null(value=False) | last.fill_null(value=False)
    counted = rows.select(elsewhere.sum().alias("off"), (~elsewhere & wrong).sum().alias("back")).row(0)
    notes = [
        f"{count:,} of {rows.height:,} taps {what}, and are left out."
        for count, what in zip(
            counted, ("are at stops off the line", "ride against its direction"), strict=True
        )
        if count
    ]
    rows = rows.filter(~elsewhere & ~wrong).with_columns(pl.col("to").fill_null(-1))
    rows = rows.sort("time_s", "origin", "to", "riders")  # joins keep no order, and sums round in theirs
    if rows.is_empty():
        raise DataRejected(f"None of the {chosen.height:,} taps rides along line {line.name}.")
    return rows.select("time_s", "origin", "to", "riders"), days, notes


def _headway_before(line: Line, origin: Ints, time: Floats) -> Floats:
    """Scheduled headway that ends with the departure nearest to a tap, at most 30 minutes."""
    gaps = np.full(len(time), LONGEST_WAIT_S)
    for stop in np.unique(origin):
        times = np.sort(line.trips.depart_s[:, stop][~np.isnan(line.trips.depart_s[:, stop])])
        here: Flags = origin == stop
        if len(times) > 1:
            middle = (times[1:] + times[:-1]) / 2
            nearest = np.searchsorted(middle, time[here])
            gaps[here] = np.minimum(np.diff(times)[np.maximum(nearest, 1) - 1], LONGEST_WAIT_S)
    return gaps


def _add(
    trips: Floats, begin: Floats, end: Floats, origin: Ints, to: Ints, weight: Floats, start: float
) -> None:
    """Add riders to the quarter-hours that they came in, evenly from begin to end."""
    first = np.floor((begin - start) / QUARTER_S).astype(np.int64)
    length = end - begin
    for step in range(int(np.ceil(LONGEST_WAIT_S / QUARTER_S)) + 1):
        quarter = first + step
        low = np.maximum(begin, start + QUARTER_S * quarter)
        inside = np.clip(np.minimum(end, start + QUARTER_S * (quarter + 1)) - low, 0.0, None)
        part = np.where(length > 0, inside / np.where(length > 0, length, 1.0), float(step == 0))
        here = part > 0
        np.add.at(trips, (quarter[here], origin[here], to[here]), (weight * part)[here])


def _alighting(flows: Floats, closed: bool) -> Floats:
    """Chances of alighting by stop of boarding: as observed there, else as all riders, else even."""
    stops = len(flows)
    allowed = ~np.eye(stops, dtype=bool) if closed else np.triu(np.ones((stops, stops), dtype=bool), 1)
    everyone = allowed * flows.sum(axis=0)
    everyone = np.where(everyone.sum(axis=1, keepdims=True) > 0, everyone, allowed)
    chances = np.where(flows.sum(axis=1, keepdims=True) > 0, flows, everyone)
    return np.asarray(chances / np.maximum(chances.sum(axis=1, keepdims=True), 1e-300))
