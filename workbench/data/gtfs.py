"""
Timetables read from GTFS feeds: no mapping needed.

A feed is small, so this is plain polars in memory. Times are those of the feed's own zone, as naive local
timestamps; past 24:00 they fall on the next day, and the day of service stays. Rows that cannot be used are
not lost: `Gtfs.problems` lists them, and `Gtfs.raw` hands them to screening.

References
----------
.. [1] GTFS Schedule Reference, https://gtfs.org/documentation/schedule/reference/
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from workbench.data.files import PROBLEM, Found, Listing
from workbench.data.gtfscalls import read_calls, read_runs, read_trips
from workbench.data.gtfsdays import active_days, busiest_week
from workbench.data.gtfsfiles import FeedFiles
from workbench.errors import DataRejected, UnknownName

STOPS = {"stop_id": pl.String, "stop_name": pl.String, "stop_lat": pl.Float64, "stop_lon": pl.Float64}
TIMETABLE = {
    "service_date": pl.Date,
    "trip_id": pl.String,
    "stop_sequence": pl.Int64,
    "route_id": pl.String,
    "direction_id": pl.Int64,
    "stop_id": pl.String,
    "arrival_timestamp": pl.Datetime("us"),
    "departure_timestamp": pl.Datetime("us"),
    "vehicle_capacity": pl.Int64,
}
RAW = {"_file": pl.Int64, "_row": pl.Int64, PROBLEM: pl.String}
SOURCES = (
    "stop_times.txt",
    "trips.txt",
    "frequencies.txt",
    "calendar.txt",
    "calendar_dates.txt",
    "stops.txt",
)
"""What a timetable comes from; `_file` counts the ones that a feed has."""


@dataclass(frozen=True)
class Gtfs:
    """
    One feed.

    Attributes
    ----------
    name
        The feed's file or folder.
    zone
        The agency's time zone; empty where the feed does not say.
    routes
        route_id, route_short_name, route_long_name, route_type.
    calls, runs
        Calls of every trip in seconds of the day of service, and when each trip runs.
    services
        service_id and date of every day that a service with trips is active.
    problems
        Rows that cannot be used: file, row, rule, column, value.
    dates
        Days asked for when the feed was read; else those of the week with most trips (its first such week).
    """

    name: str
    path: Path
    zone: str
    routes: pl.DataFrame
    stop_rows: pl.DataFrame
    calls: pl.DataFrame
    runs: pl.DataFrame
    services: pl.DataFrame
    problems: pl.DataFrame
    dates: tuple[dt.date, ...]
    files: tuple[str, ...]

    def service_dates(self) -> list[dt.date]:
        """Every day on which a trip runs, in order."""
        return self.services["date"].unique().sort().to_list()

    def active_services(self, day: dt.date) -> frozenset[str]:
        """Services that run on a day, exceptions heeded; empty where none does."""
        return frozenset(self.services.filter(pl.col("date") == day)["service_id"])

    def timetable(self, dates: Iterable[dt.date] | None = None) -> pl.DataFrame:
        """
        Scheduled calls, those that can be used.

        Parameters
        ----------
        dates
            Days of service; `self.dates` where none are given.

        Returns
        -------
        DataFrame
            The contract's columns, sorted by day, trip and order of stops; `vehicle_capacity` is null.

        Raises
        ------
        DataRejected
            Nothing runs on one of the days.
        """
        rows = self._placed(self.dates if dates is None else dates).filter(pl.col(PROBLEM).is_null())
        return rows.select(*TIMETABLE).sort("service_date", "trip_id", "stop_sequence")

    def stops(self) -> pl.DataFrame:
        """Stops and stations: stop_id, stop_name, stop_lat, stop_lon (null where they are no numbers)."""
        rows = self.stop_rows.filter(pl.col("stop_id").is_not_null() & pl.col("stop_id").is_first_distinct())
        return rows.select(*STOPS).cast(STOPS, strict=False)  # type: ignore[arg-type]

    def raw(self, table: str, dates: Iterable[dt.date] | None = None) -> pl.DataFrame:
        """
        Rows of `timetable` or `stops` as screening takes them, the ones that cannot be used among them.

        Returns
        -------
        DataFrame
            `_file` (place in `listing(table)`), `_row`, `_problem`, and the contract's columns.
        """
        if table == "stops":
            place, names = pl.lit(0, pl.Int64).alias("_file"), tuple(STOPS)
            placed = self.stop_rows.select(place, "_row", pl.lit(None, pl.String).alias(PROBLEM), *names)
            lost = self.problems.filter((pl.col("file") == "stops.txt") & (pl.col("rule") == "ragged"))
        elif table == "timetable":
            names = tuple(name for name in TIMETABLE if name != "vehicle_capacity")
            placed = self._placed(self.dates if dates is None else dates)
            done = self.calls.join(self.runs, on="trip_id", how="semi")["_row"].implode()
            here = (pl.col("file") == "stop_times.txt") & pl.col("row").is_in(done)
            lost = self.problems.filter((pl.col("file") != "stops.txt") & ~here)
        else:
            raise UnknownName("table of a GTFS feed", table, ("timetable", "stops"))
        places = {one.name.rsplit("/", 1)[-1]: place for place, one in enumerate(self.listing(table).files)}
        said = pl.concat_str("rule", pl.lit(":"), "column", pl.lit(":"), pl.col("value").fill_null(""))
        lost = lost.filter(pl.col("file").is_in(list(places))).unique(
            ["file", "row"], keep="first", maintain_order=True
        )
        lost = lost.select(
            pl.col("file").replace_strict(places, return_dtype=pl.Int64).alias("_file"),
            pl.col("row").alias("_row"),
            said.alias(PROBLEM),
        )
        return pl.concat([placed, lost], how="diagonal").select(*RAW, *names)

    def listing(self, table: str) -> Listing:
        """The files that `raw(table)` counts, named after the feed, with the feed's own bytes to hash."""
        names = ("stops.txt",) if table == "stops" else self._sources
        inside = self.path.is_dir()
        paths = [str(self.path / name) if inside else str(self.path) for name in names]
        return Listing(
            tuple(
                Found(path, f"{self.name}/{name}", {}, 0, 2, path)
                for path, name in zip(paths, names, strict=True)
            )
        )

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What was taken for granted, in sentences."""
        filled, loose = int(self.calls["interpolated"].sum()), int((~self.runs["exact"]).sum())
        silent = int((~self.runs["says_direction"]).sum())
        said = [
            (
                filled,
                f"{filled:,} calls of {self.name} have no times: they are put between the timed calls around",
            ),
            (
                loose,
                f"{loose:,} departures come from frequencies without exact times: they are spaced evenly",
            ),
            (silent, f"{silent:,} trips do not say their direction: it is taken to be 0"),
            (self.problems.height, f"{self.problems.height:,} rows of {self.name} cannot be used"),
        ]
        return tuple(f"{sentence}." for count, sentence in said if count)

    @property
    def _sources(self) -> tuple[str, ...]:
        return tuple(name for name in SOURCES if name in self.files)

    def _placed(self, dates: Iterable[dt.date]) -> pl.DataFrame:
        """Calls of the trips that run on some days, with their timestamps."""
        days = sorted(set(dates))
        for day in days:
            if not self.active_services(day):
                raise DataRejected(self._nothing_on(day))
        active = self.services.filter(pl.col("date").is_in(days)).rename({"date": "service_date"})
        rows = self.runs.join(active, on="service_id").join(self.calls, on="trip_id")
        midnight = pl.col("service_date").cast(pl.Datetime("us"))
        times = [
            (midnight + pl.duration(seconds=pl.col(f"{which}_s") + pl.col("shift_s")))
            .cast(pl.Datetime("us"))
            .alias(f"{which}_timestamp")
            for which in ("arrival", "departure")
        ]
        unplaced = pl.col("shift_s").is_null() & pl.col(PROBLEM).is_null()
        problem = (
            pl.when(unplaced)
            .then(pl.lit("required:departure_time:"))
            .otherwise(pl.col(PROBLEM))
            .alias(PROBLEM)
        )
        return rows.with_columns(
            *times,
            problem,
            pl.col("run_id").alias("trip_id"),
            pl.lit(0, pl.Int64).alias("_file"),
            pl.lit(None, pl.Int64).alias("vehicle_capacity"),
        ).select(*RAW, *TIMETABLE)

    def _nothing_on(self, day: dt.date) -> str:
        have = self.service_dates()
        near = min(have, key=lambda each: (abs(each - day), each))
        return (
            f"Nothing runs on {day} in {self.name}: it has service from {have[0]} to {have[-1]}, "
            f"and the nearest day with service is {near}."
        )


def read_gtfs(path: str | Path, *, dates: Sequence[dt.date] | None = None) -> Gtfs:
    """
    Read a GTFS feed.

    stops.txt, trips.txt, stop_times.txt and calendar.txt or calendar_dates.txt must be there; routes.txt,
    frequencies.txt and agency.txt are read where they are.

    Parameters
    ----------
    path
        A zip or a folder.
    dates
        Days that `timetable` gives when it is not told others; where none are given, the days with service of
        the week from Monday to Sunday that has most trips, the first such week.

    Raises
    ------
    DataRejected
        It is no feed, a file or a column is missing, no service ever runs, or none on one of the days.
    """
    files = FeedFiles(path)
    stops = files.table("stops.txt", ["stop_id"], ["stop_name", "stop_lat", "stop_lon"])
    files.note("stops.txt", stops.filter(pl.col("stop_id").is_null()), "required", "stop_id")
    again = pl.col("stop_id").is_not_null() & ~pl.col("stop_id").is_first_distinct()
    files.note("stops.txt", stops.filter(again), "duplicate", "stop_id")
    for column in ("stop_lat", "stop_lon"):
        wrong = pl.col(column).is_not_null() & pl.col(column).cast(pl.Float64, strict=False).is_null()
        files.note("stops.txt", stops.filter(wrong), "type", column)
    trips = read_trips(files)
    calls = read_calls(files, trips, stops)
    runs = read_runs(files, trips, calls)
    services = active_days(files, trips)
    routes = files.table(
        "routes.txt", ["route_id"], ["route_short_name", "route_long_name", "route_type"]
    ).drop("_row")
    zones = files.table("agency.txt", [], ["agency_timezone"])["agency_timezone"].drop_nulls()
    feed = Gtfs(
        name=files.name,
        path=files.place,
        zone=zones[0] if len(zones) else "",
        routes=routes,
        stop_rows=stops,
        calls=calls,
        runs=runs,
        services=services,
        problems=files.noted(),
        dates=tuple(dates or busiest_week(services, runs)),
        files=files.names,
    )
    for day in dates or ():
        if not feed.active_services(day):
            raise DataRejected(feed._nothing_on(day))
    return feed
