"""The days on which the services of a GTFS feed run."""

from __future__ import annotations

import datetime as dt

import polars as pl

from workbench.data.gtfsfiles import FeedFiles
from workbench.errors import DataRejected

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def active_days(files: FeedFiles, trips: pl.DataFrame) -> pl.DataFrame:
    """Each service and day it is active: calendar.txt, then the exceptions of calendar_dates.txt."""
    weeks = files.table("calendar.txt", ["service_id", *WEEK, "start_date", "end_date"])
    days = files.table("calendar_dates.txt", ["service_id", "date", "exception_type"])
    weeks = weeks.with_columns(_date("start_date").alias("start"), _date("end_date").alias("end"))
    days = days.with_columns(_date("date").alias("day"))
    for file, rows, column, read in (
        ("calendar.txt", weeks, "start_date", "start"),
        ("calendar.txt", weeks, "end_date", "end"),
        ("calendar_dates.txt", days, "date", "day"),
    ):
        files.note(file, rows.filter(pl.col(read).is_null()), "type", column)
    odd = ~pl.col("exception_type").is_in(["1", "2"]) | pl.col("exception_type").is_null()
    files.note("calendar_dates.txt", days.filter(odd), "type", "exception_type")
    known = pl.concat([weeks["service_id"], days["service_id"]]).implode()
    files.note(
        "trips.txt",
        trips.filter(~pl.col("service_id").is_in(known) | pl.col("service_id").is_null()),
        "reference",
        "service_id",
    )
    used = trips["service_id"].implode()
    ranges = weeks.filter(pl.col("start") <= pl.col("end")).with_columns(
        pl.date_ranges("start", "end").alias("date"),
        pl.concat_list(pl.col(day) == "1" for day in WEEK).alias("runs"),
    )
    spread = ranges.select("service_id", "date", "runs").explode("date")
    regular = spread.filter(
        pl.col("runs").list.get(pl.col("date").dt.weekday() - 1).fill_null(value=False)
    ).select("service_id", "date")
    exceptions = days.drop_nulls("day").select("service_id", pl.col("day").alias("date"), "exception_type")
    added = exceptions.filter(pl.col("exception_type") == "1").select("service_id", "date")
    removed = exceptions.filter(pl.col("exception_type") == "2").select("service_id", "date")
    active = pl.concat([regular.join(removed, on=["service_id", "date"], how="anti"), added]).unique()
    active = active.filter(pl.col("service_id").is_in(used)).sort("date", "service_id")
    if active.is_empty():
        raise DataRejected(
            f"No trip of {files.name} ever runs: no service of trips.txt is active in "
            "calendar.txt or calendar_dates.txt."
        )
    return active


def busiest_week(services: pl.DataFrame, runs: pl.DataFrame) -> list[dt.date]:
    """Days with service of the week from Monday to Sunday with most trips, the first such week."""
    trips = runs.group_by("service_id").agg(pl.len().alias("trips"))
    by_day = services.join(trips, on="service_id", how="left").group_by("date").agg(pl.col("trips").sum())
    by_day = by_day.with_columns(
        (pl.col("date") - pl.duration(days=pl.col("date").dt.weekday() - 1)).cast(pl.Date).alias("week")
    )
    weeks = by_day.group_by("week").agg(pl.col("trips").sum(), pl.col("date").sort()).sort("week")
    dates: list[dt.date] = weeks.sort("trips", descending=True, maintain_order=True)["date"][0].to_list()
    return dates


def _date(column: str) -> pl.Expr:
    text = pl.when(pl.col(column).str.contains("^[0-9]{8}$")).then(pl.col(column))
    return text.str.to_date("%Y%m%d", strict=False)
