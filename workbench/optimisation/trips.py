"""
The trips of one day of service, as vehicle scheduling takes them.

A trip is what one vehicle must drive without a break: where it starts and ends, and when. Times are seconds
since midnight of the day of service, so a trip after midnight has more than 86,400.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from workbench.errors import DataRejected, UnknownName
from workbench.optimisation._check import Kind, first, table

TRIPS: Mapping[str, Kind] = {
    "trip_id": "text",
    "start_stop": "text",
    "end_stop": "text",
    "start_s": "number",
    "end_s": "number",
}
CALLS: Mapping[str, Kind] = {
    "service_date": "day",
    "trip_id": "text",
    "stop_sequence": "whole",
    "route_id": "text",
    "direction_id": "whole",
    "stop_id": "text",
    "arrival_timestamp": "time",
    "departure_timestamp": "time",
}
"""The contract's timetable, without `vehicle_capacity`, which no method here needs."""


def trips_of(timetable: pl.DataFrame, service_date: dt.date | None = None) -> pl.DataFrame:
    """
    Trips of a timetable.

    Parameters
    ----------
    timetable
        The contract's timetable.
    service_date
        The day of service; may be left out where the timetable has only one.

    Returns
    -------
    DataFrame
        One row a trip: trip_id, start_stop, end_stop, start_s (departure from its first stop), end_s (arrival
        at its last), route_id, direction_id; in the order of departure.

    Raises
    ------
    DataRejected
        The timetable has several days or not this one, or a trip of it has a single call or ends before it
        starts.
    """
    calls = table(timetable, CALLS, "the timetable")
    days = calls["service_date"].unique().sort()
    if service_date is None:
        if len(days) > 1:
            raise DataRejected(f"The timetable has {len(days)} days, {days[0]} to {days[-1]}: name one.")
        service_date = days[0]
    calls = calls.filter(pl.col("service_date") == service_date).sort("trip_id", "stop_sequence")
    if calls.is_empty():
        raise DataRejected(f"The timetable has nothing on {service_date}: it has {days[0]} to {days[-1]}.")
    midnight = pl.lit(service_date).cast(pl.Datetime("us"))
    trips = (
        calls.group_by("trip_id", maintain_order=True)
        .agg(
            pl.col("stop_id").first().alias("start_stop"),
            pl.col("stop_id").last().alias("end_stop"),
            _seconds(pl.col("departure_timestamp").first() - midnight).alias("start_s"),
            _seconds(pl.col("arrival_timestamp").last() - midnight).alias("end_s"),
            pl.col("route_id", "direction_id").first(),
            pl.len().alias("calls"),
        )
        .sort("start_s", "end_s", "trip_id")
    )
    if (row := first(trips["calls"] < 2)) >= 0:
        raise DataRejected(
            f"Trip '{trips['trip_id'][row]}' has a single call, so it goes nowhere: remove it."
        )
    return check_trips(trips.drop("calls"))


def check_trips(trips: pl.DataFrame) -> pl.DataFrame:
    """
    Trips that vehicle scheduling can work with, in their order.

    Raises
    ------
    DataRejected
        There are none, a column or a value is missing, a trip occurs twice, begins before its day, or does
        not end after it starts.
    """
    good = table(trips, TRIPS, "the trips")
    if (row := first(good["trip_id"].is_duplicated())) >= 0:
        raise DataRejected(
            f"Trip '{good['trip_id'][row]}' is in the trips more than once: give each its own id."
        )
    if (row := first(good["start_s"] < 0)) >= 0:
        raise DataRejected(
            f"Trip '{good['trip_id'][row]}' starts at {good['start_s'][row]:g} s, before its day begins."
        )
    if (row := first(good["end_s"] <= good["start_s"])) >= 0:
        raise DataRejected(
            f"Trip '{good['trip_id'][row]}' ends at {good['end_s'][row]:g} s, which is not after its start "
            f"at {good['start_s'][row]:g} s: mend its times."
        )
    return good


def terminals_of(trips: pl.DataFrame) -> list[str]:
    """Stops where trips start or end, in order of their ids."""
    return sorted({*trips["start_stop"], *trips["end_stop"]})


def check_known(stops: list[str], known: pl.Series, what: str) -> None:
    """Raise `UnknownName` for the first stop that is not among the known ones."""
    have = set(known)
    for stop in stops:
        if stop not in have:
            raise UnknownName("stop", stop, have, f"The trips use it, and {what} must have it.")


def _seconds(length: pl.Expr) -> pl.Expr:
    return length.dt.total_microseconds() / 1_000_000
