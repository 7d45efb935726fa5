"""What must hold before a timetable can be a GTFS feed."""

from __future__ import annotations

import polars as pl

from workbench.errors import DataRejected, UnknownName
from workbench.optimisation._check import first, table
from workbench.optimisation.trips import CALLS

ROUTE_TYPES = (0, 1, 2, 3, 4, 5, 6, 7, 11, 12)


def checked_calls(timetable: pl.DataFrame) -> pl.DataFrame:
    """
    Calls in order, with arrival_s and departure_s since midnight of the day of service.

    Raises
    ------
    DataRejected
        See `write_feed`.
    """
    calls = table(timetable, CALLS, "the timetable").sort("service_date", "trip_id", "stop_sequence")
    midnight = pl.col("service_date").cast(pl.Datetime("us"))
    exact = [
        (pl.col(f"{which}_timestamp") - midnight).dt.total_microseconds().alias(f"{which}_us")
        for which in ("arrival", "departure")
    ]
    calls = calls.with_columns(exact)
    run = ["service_date", "trip_id"]
    last = pl.col("departure_us").shift(1).over(run)
    checks = [
        (pl.struct(*run, "stop_sequence").is_duplicated(), "has two calls with the sequence {stop_sequence}"),
        (~pl.col("direction_id").is_in([0, 1]), "has direction {direction_id}, which is neither 0 nor 1"),
        (pl.col("stop_sequence") < 0, "has the negative sequence {stop_sequence}"),
        (pl.col("arrival_us") < 0, "arrives at {arrival_timestamp}, before its day of service"),
        (
            pl.col("departure_us") < pl.col("arrival_us"),
            "departs at {departure_timestamp}, before it arrives",
        ),
        (
            (pl.col("arrival_us") < last).fill_null(value=False),
            "arrives at {arrival_timestamp}, before it departs from the stop before",
        ),
        (
            (pl.col("arrival_us") % 1_000_000 + pl.col("departure_us") % 1_000_000) > 0,
            "has times that are no whole seconds, as GTFS requires",
        ),
        (pl.len().over(run) < 2, "has a single call, so it goes nowhere"),
        (pl.struct("route_id", "direction_id").n_unique().over(run) > 1, "has two routes or directions"),
    ]
    for wrong, why in checks:
        if (row := first(calls.select(wrong).to_series())) >= 0:
            call = {name: str(value) for name, value in calls.row(row, named=True).items()}
            where = f"Trip '{call['trip_id']}' on {call['service_date']}, stop '{call['stop_id']}'"
            raise DataRejected(f"{where}: it {why.format(**call)}. Mend the timetable.")
    calls = calls.with_columns(
        (pl.col(f"{which}_us") // 1_000_000).alias(f"{which}_s") for which in ("arrival", "departure")
    )
    _refuse_changes(calls)
    return calls


def _refuse_changes(calls: pl.DataFrame) -> None:
    """Refuse trips that are not the same on all their days: in GTFS a trip has one row for each call."""
    same = ["stop_sequence", "route_id", "direction_id", "stop_id", "arrival_s", "departure_s"]
    days = calls.group_by("service_date", "trip_id").agg(pl.struct(same).alias("calls"))
    different = (
        days.group_by("trip_id").agg(pl.col("calls").n_unique().alias("ways")).filter(pl.col("ways") > 1)
    )
    if not different.is_empty():
        trip = different["trip_id"].sort()[0]
        raise DataRejected(
            f"Trip '{trip}' is not the same on all its days: give each way it runs its own trip_id."
        )


def checked_places(
    calls: pl.DataFrame, stops: pl.DataFrame, routes: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """
    Stops and routes that the calls use, in the order of their ids.

    Raises
    ------
    DataRejected, UnknownName
        See `write_feed`.
    """
    places = _used(calls, stops, "stop")
    lines = _used(calls, routes, "route")
    places = table(
        places,
        {"stop_id": "text", "stop_name": "text", "stop_lat": "number", "stop_lon": "number"},
        "the stops that the timetable calls at",
    ).select("stop_id", "stop_name", "stop_lat", "stop_lon")
    lost = (places["stop_lat"].abs() > 90) | (places["stop_lon"].abs() > 180)
    if (row := first(lost)) >= 0:
        raise DataRejected(f"Stop '{places['stop_id'][row]}' is nowhere on earth: mend its coordinates.")
    names = ("route_short_name", "route_long_name")
    for name in (*names, "route_type"):
        if name not in lines.columns:
            raise DataRejected(f"The routes have no column `{name}`, which GTFS requires.")
    lines = lines.select(
        "route_id",
        *(pl.col(name).cast(pl.String).replace("", None) for name in names),
        pl.col("route_type").cast(pl.String).cast(pl.Int64, strict=False),
    )
    nameless = lines[names[0]].is_null() & lines[names[1]].is_null()
    if (row := first(nameless)) >= 0:
        raise DataRejected(f"Route '{lines['route_id'][row]}' has neither a short nor a long name: give one.")
    kinds = lines["route_type"]
    odd = ~(kinds.is_in(ROUTE_TYPES) | kinds.is_between(100, 1702)).fill_null(value=False)
    if (row := first(odd)) >= 0:
        raise DataRejected(
            f"Route '{lines['route_id'][row]}' has no route_type of GTFS: 3 is a bus, 1 a metro."
        )
    return places, lines


def _used(calls: pl.DataFrame, frame: pl.DataFrame, what: str) -> pl.DataFrame:
    key = f"{what}_id"
    rows = table(frame, {key: "text"}, f"the {what}s")
    wanted = calls[key].unique().sort()
    for each in wanted:
        if each not in set(rows[key]):
            raise UnknownName(what, each, rows[key], f"The timetable uses it: add it to the {what}s.")
    rows = rows.filter(pl.col(key).is_in(wanted.implode())).sort(key)
    if (row := first(rows[key].is_duplicated())) >= 0:
        raise DataRejected(f"{what.capitalize()} '{rows[key][row]}' is given more than once: keep one.")
    return rows
