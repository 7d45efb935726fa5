"""The calendar of a feed: services, the weekdays on which each runs, and the days that differ."""

from __future__ import annotations

import datetime as dt

import polars as pl

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKS = {
    "service_id": pl.String,
    **dict.fromkeys(WEEK, pl.Int64),
    "start_date": pl.String,
    "end_date": pl.String,
}
DAYS = {"service_id": pl.String, "date": pl.String, "exception_type": pl.Int64}
ADDED, REMOVED = 1, 2


def calendars(calls: pl.DataFrame) -> tuple[dict[str, str], pl.DataFrame, pl.DataFrame]:
    """
    Services of a timetable: trips that run on the same days share one.

    Parameters
    ----------
    calls
        service_date and trip_id.

    Returns
    -------
    services, weeks, days
        Service of each trip; rows of calendar.txt; rows of calendar_dates.txt.
    """
    runs = calls.group_by("trip_id").agg(pl.col("service_date").unique().sort().alias("days"))
    patterns = sorted({tuple(days) for days in runs["days"].to_list()})
    names = {pattern: f"S{count}" for count, pattern in enumerate(patterns, 1)}
    services = {trip: names[tuple(days)] for trip, days in runs.iter_rows()}
    weeks: list[tuple[str | int, ...]] = []
    days_: list[tuple[str, str, int]] = []
    for pattern, name in names.items():
        flags, added, removed = _week(pattern)
        weeks.append((name, *flags, _text(pattern[0]), _text(pattern[-1])))
        exceptions = [(day, ADDED) for day in added] + [(day, REMOVED) for day in removed]
        days_ += [(name, _text(day), kind) for day, kind in sorted(exceptions)]
    return (
        services,
        pl.DataFrame(weeks, schema=WEEKS, orient="row"),
        pl.DataFrame(days_, schema=DAYS, orient="row"),
    )


def _week(pattern: tuple[dt.date, ...]) -> tuple[list[int], list[dt.date], list[dt.date]]:
    """Weekdays on most of which a service runs between its first and last day, and the days that differ."""
    length = (pattern[-1] - pattern[0]).days + 1
    all_days = [pattern[0] + dt.timedelta(days=count) for count in range(length)]
    active = set(pattern)
    flags = []
    for weekday in range(7):
        mine = [day in active for day in all_days if day.weekday() == weekday]
        flags.append(int(2 * sum(mine) > len(mine)))
    added = [day for day in all_days if day in active and not flags[day.weekday()]]
    removed = [day for day in all_days if day not in active and flags[day.weekday()]]
    return flags, added, removed


def _text(day: dt.date) -> str:
    return day.strftime("%Y%m%d")
