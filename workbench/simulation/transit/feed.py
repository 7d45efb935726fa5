"""A line read from a timetable: its stop pattern, its running times by time of day, its trips of one date."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import polars as pl

from workbench.errors import BadParameter, UnknownName
from workbench.simulation.transit._arrays import Flags, Floats, Ints, number
from workbench.simulation.transit.line import BIN_S, Line, Trips

EARTH_M = 6_371_000.0


def line_from_timetable(
    timetable: pl.DataFrame,
    route: str,
    direction: int = 0,
    date: dt.date | str | None = None,
    *,
    dwell_s: float = 15.0,
    profile_s: float = 1800.0,
    stops: pl.DataFrame | None = None,
    detour: float = 1.3,
) -> Line:
    """
    Build an open line from the scheduled calls of one route, direction and date.

    Parameters
    ----------
    timetable
        The contract's table: service_date, trip_id, stop_sequence, route_id, direction_id, stop_id,
        arrival_timestamp, departure_timestamp.
    route, direction, date
        Which calls; the first date of the timetable where none is given.
    dwell_s
        Seconds of a section's scheduled time that stand for the stop at its end, where a timetable lets
        vehicles arrive and leave at once at most stops; never more than half of the section. The simulated
        dwell takes their place.
    profile_s
        Width of the windows of the day over which scheduled running times are averaged; between the windows
        they are interpolated.
    stops
        stop_id, stop_lat, stop_lon, for the lengths of the sections: great circle times `detour`.
    detour
        Way along the street over way as the crow flies.

    Returns
    -------
    line
        The stops are those of the most frequent pattern. Trips that call at an unbroken part of it are kept
        as short trips; others are left out, and `notes` says how many. Stops that share a minute are spread
        evenly to the next one, because a timetable in whole minutes gives sections of 0 s.
    """
    number("dwell_s", dwell_s, "s", least=0)
    number("profile_s", profile_s, "s", above=0)
    rows = _chosen(timetable, route, direction, date)
    calls = {
        str(key[0]): part
        for key, part in rows.partition_by("trip_id", as_dict=True, maintain_order=True).items()
    }
    patterns = {trip: tuple(part["stop_id"].to_list()) for trip, part in calls.items()}
    count = Counter(patterns.values())
    pattern = max(count, key=lambda each: (count[each], len(each), each))
    if len(pattern) < 2:
        raise BadParameter(f"The trips of route {route} direction {direction} call at one stop only.")
    places = {trip: _part_of(pattern, each) for trip, each in patterns.items()}
    kept = [trip for trip, place in places.items() if place is not None]
    arrive, depart = np.full((2, len(kept), len(pattern)), np.nan)
    for row, trip in enumerate(kept):
        begin, part = places[trip] or 0, calls[trip]
        here = slice(begin, begin + part.height)
        arrive[row, here], depart[row, here] = _spread(part["arrive"].to_numpy(), part["depart"].to_numpy())
    standing, silent = _standing(arrive, depart, dwell_s)
    trips = _trips(arrive, depart, standing, silent)
    start = np.floor(trips.dispatch_s.min() / 3600.0) * 3600.0
    bins = int(np.ceil((np.nanmax(trips.arrive_s) - start) / BIN_S))
    centres = start + BIN_S * (np.arange(bins) + 0.5)
    running = np.column_stack(
        [_profile(trips, section, centres, profile_s) for section in range(len(pattern) - 1)]
    )
    notes = []
    if len(kept) < len(patterns):
        notes.append(
            f"{len(patterns) - len(kept)} of {len(patterns)} trips call at other stops than the most "
            "frequent pattern, or at one stop only, and are left out."
        )
    short = int(((trips.last - trips.first) < len(pattern) - 1).sum())
    if short:
        notes.append(f"{short} of {len(kept)} trips run on a part of the line only.")
    return Line(
        name=f"{route} {direction}",
        stops=pattern,
        running_s=running,
        standing_s=standing,
        trips=trips,
        start_s=float(start),
        layover_s=np.zeros(len(pattern)),
        length_m=None if stops is None else _lengths(pattern, stops, detour),
        notes=tuple(notes),
    )


def _chosen(timetable: pl.DataFrame, route: str, direction: int, date: dt.date | str | None) -> pl.DataFrame:
    """Calls of a route, direction and date, in seconds after midnight; a clear error where there are none."""
    routes = timetable["route_id"].unique().sort().to_list()
    if route not in routes:
        raise UnknownName("route", route, [str(each) for each in routes if each is not None])
    rows = timetable.filter(pl.col("route_id") == route)
    directions = rows["direction_id"].unique().sort().to_list()
    if direction not in directions:
        have = " and ".join(str(each) for each in directions)
        raise BadParameter(f"Route {route} has direction {have}, not {direction}.")
    rows = rows.filter(pl.col("direction_id") == direction)
    days = rows["service_date"].unique().sort().to_list()
    if isinstance(date, str):
        try:
            date = dt.date.fromisoformat(date)
        except ValueError:
            raise BadParameter(f"'{date}' is not a date: write it as YYYY-MM-DD.") from None
    day = days[0] if date is None else date
    if day not in days:
        near = min(days, key=lambda each: (abs(each - day), each))
        raise BadParameter(
            f"Route {route} direction {direction} has no trips on {day}; "
            f"the nearest day with trips is {near}."
        )
    midnight = pl.col("service_date").cast(pl.Datetime("us"))
    return (
        rows.filter(pl.col("service_date") == day)
        .with_columns(
            (pl.col(f"{which}_timestamp") - midnight)
            .dt.total_microseconds()
            .cast(pl.Float64)
            .truediv(1e6)
            .alias(alias)
            for which, alias in (("arrival", "arrive"), ("departure", "depart"))
        )
        .sort("trip_id", "stop_sequence")
    )


def _part_of(pattern: tuple[str, ...], stops: tuple[str, ...]) -> int | None:
    """Place at which the stops of a trip begin on the pattern; none where they are no unbroken part of it."""
    if len(stops) < 2:
        return None
    span = range(len(pattern) - len(stops) + 1)
    return next((place for place in span if pattern[place : place + len(stops)] == stops), None)


def _spread(arrive: Floats, depart: Floats) -> tuple[Floats, Floats]:
    """Spread stops that share a time evenly up to the next time (the last ones: from the time before)."""
    if (depart > arrive).any() or (np.diff(depart) > 0).all():
        return arrive, depart
    times, count, begin = depart.copy(), len(depart), 0
    while begin < count:
        end = begin
        while end + 1 < count and depart[end + 1] == depart[begin]:
            end += 1
        if end + 1 < count:
            times[begin : end + 1] += (
                (depart[end + 1] - depart[begin]) * np.arange(end + 1 - begin) / (end + 1 - begin)
            )
        elif begin > 0 and end > begin:
            before = times[begin - 1]
            times[begin:] = before + (depart[end] - before) * np.arange(1, count - begin + 1) / (
                count - begin
            )
        begin = end + 1
    return times.copy(), times


def _standing(arrive: Floats, depart: Floats, dwell_s: float) -> tuple[Floats, Flags]:
    """Scheduled stand at each stop, and where the timetable is silent: `dwell_s`, at most half a section."""
    said = np.zeros(arrive.shape[1])
    called = ~np.isnan(depart)
    ends = np.cumsum(called, axis=1)
    stands = np.where(called & (ends < called.sum(axis=1, keepdims=True)), depart - arrive, 0.0)
    silent: Flags = np.logical_not((stands > 0).any(axis=0))
    if silent[:-1].mean() <= 0.5:  # a timetable that tells stands says 0 where vehicles do not wait
        silent[:] = False
    said[0] = dwell_s
    for stop in range(1, arrive.shape[1] - 1):
        inside = called[:, stop] & (ends[:, stop] > 1)
        sections = arrive[inside, stop] - depart[inside, stop - 1]
        said[stop] = min(dwell_s, float(sections.mean()) / 2) if inside.any() else 0.0
    for told in np.flatnonzero(~silent[:-1]):
        here = called[:, told] & (ends[:, told] < called.sum(axis=1))
        said[told] = float(stands[here, told].mean())
    said[-1] = 0.0
    return said, silent


def _trips(arrive: Floats, depart: Floats, standing: Floats, silent: Flags) -> Trips:
    """Trips in the order in which they pass; where the timetable is silent, they come their stand earlier."""
    called = ~np.isnan(depart)
    first: Ints = called.argmax(axis=1).astype(np.int64)
    last: Ints = (called.shape[1] - 1 - called[:, ::-1].argmax(axis=1)).astype(np.int64)
    rows, places = np.arange(len(first)), np.arange(arrive.shape[1])
    inner = (places > first[:, None]) & (places < last[:, None])
    before = np.hstack([depart[:, :1], depart[:, :-1]])
    earlier = np.maximum(depart - standing, (before + depart) / 2)
    came = np.where(inner & silent, earlier, arrive)
    came[rows, first] = np.where(silent[first], depart[rows, first] - standing[first], arrive[rows, first])
    depart = depart.copy()
    depart[rows, last] = came[rows, last]
    full = (first == 0) & (last == arrive.shape[1] - 1)
    offset = np.nanmean(depart[full] - depart[full, :1], axis=0)
    dispatch = depart[rows, first]
    order = np.lexsort((first, dispatch - offset[first]))
    return Trips(
        dispatch_s=dispatch[order],
        first=first[order],
        last=last[order],
        arrive_s=came[order],
        depart_s=depart[order],
    )


def _profile(trips: Trips, section: int, centres: Floats, profile_s: float) -> Floats:
    """Mean scheduled running time of a section by window of the day, interpolated at the bins' centres."""
    entered, took = trips.depart_s[:, section], trips.arrive_s[:, section + 1] - trips.depart_s[:, section]
    here = ~np.isnan(took)
    entered, took = entered[here], np.maximum(took[here], 0.0)
    windows = np.floor(entered / profile_s).astype(np.int64)
    _, inverse, count = np.unique(windows, return_inverse=True, return_counts=True)
    at = np.bincount(inverse, entered) / count
    return np.interp(centres, at, np.bincount(inverse, took) / count)


def _lengths(pattern: tuple[str, ...], stops: pl.DataFrame, detour: float) -> Floats:
    """Length of each section, m: great circle between its stops, times the detour."""
    number("detour", detour, least=1)
    known = {row[0]: row[1:] for row in stops.select("stop_id", "stop_lat", "stop_lon").iter_rows()}
    missing = [stop for stop in pattern if None in known.get(stop, (None,))]
    if missing:
        raise BadParameter(f"Stop {missing[0]} has no coordinates; give them, or leave `stops` out.")
    lat, lon = np.radians(np.array([known[stop] for stop in pattern], dtype=np.float64)).T
    half = np.sin(np.diff(lat) / 2) ** 2 + np.cos(lat[1:]) * np.cos(lat[:-1]) * np.sin(np.diff(lon) / 2) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(half)) * detour)
