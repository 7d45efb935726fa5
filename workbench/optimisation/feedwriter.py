"""
Timetables written as GTFS feeds, so that what was planned here can be read elsewhere, and here again.

The same timetable gives the same bytes: rows are sorted, the zip has no dates, and it is stored, not deflated
(deflated bytes differ between zlib builds). Services come from the days on which each trip runs.

References
----------
.. [1] GTFS Schedule Reference, https://gtfs.org/documentation/schedule/reference/
"""

from __future__ import annotations

import io
import zipfile
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from workbench.errors import BadParameter, DataRejected
from workbench.optimisation._check import table
from workbench.optimisation._feeddays import calendars
from workbench.optimisation._feedrules import checked_calls, checked_places

EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Agency:
    """
    Who runs the service, as GTFS requires it.

    Parameters
    ----------
    name
        As riders know it.
    url
        Its page, beginning with http:// or https://.
    zone
        Its time zone, such as Asia/Shanghai.
    agency_id
        Its id in the feed.
    """

    name: str
    url: str
    zone: str
    agency_id: str = "1"

    def __post_init__(self) -> None:
        for what in ("name", "agency_id"):
            if not getattr(self, what).strip():
                raise BadParameter(f"The agency's `{what}` is empty, and GTFS requires it.")
        if not self.url.startswith(("http://", "https://")):
            raise BadParameter(
                f"The agency's url '{self.url}' must begin with http:// or https://, as GTFS requires."
            )
        try:
            zoneinfo.ZoneInfo(self.zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise BadParameter(f"'{self.zone}' is no time zone: give one such as Asia/Shanghai.") from None


def write_feed(
    path: str | Path,
    timetable: pl.DataFrame,
    stops: pl.DataFrame,
    routes: pl.DataFrame,
    agency: Agency,
    *,
    blocks: pl.DataFrame | None = None,
) -> Path:
    """
    Write a timetable as a GTFS feed.

    Parameters
    ----------
    path
        The zip to write; one that is there is replaced.
    timetable
        The contract's columns; `vehicle_capacity` may be missing, and is not written, for GTFS has no place
        for it.
    stops
        stop_id, stop_name, stop_lat, stop_lon; those that the timetable calls at are written.
    routes
        route_id, route_short_name, route_long_name and route_type (3 is bus); those of the timetable are
        written.
    agency
        Who runs it.
    blocks
        trip_id and block_id, such as `Blocks.trips`; a trip that is not in it has no block.

    Returns
    -------
    Path
        The feed.

    Raises
    ------
    DataRejected
        What is given is no valid feed: a column or value is missing, a call occurs twice, times fall along a
        trip or are no whole seconds, a trip has one call, two routes, or different times on two days, trips
        of a block overlap, a route has no name, or a stop no place.
    UnknownName
        A stop, route or trip is not known.
    BadParameter
        The file cannot be written.
    """
    calls = checked_calls(timetable)
    places, lines = checked_places(calls, stops, routes)
    services, weeks, days = calendars(calls)
    trips = _trips(calls, services, blocks)
    firsts = calls.filter(pl.col("service_date") == pl.col("service_date").min().over("trip_id"))
    firsts = firsts.sort("trip_id", "stop_sequence")
    owner = pl.DataFrame(
        {
            "agency_id": [agency.agency_id],
            "agency_name": [agency.name],
            "agency_url": [agency.url],
            "agency_timezone": [agency.zone],
        }
    )
    files = {
        "agency.txt": owner,
        "calendar.txt": weeks,
        "calendar_dates.txt": days,
        "routes.txt": lines.select(
            "route_id",
            pl.lit(agency.agency_id).alias("agency_id"),
            "route_short_name",
            "route_long_name",
            "route_type",
        ),
        "stop_times.txt": firsts.select(
            "trip_id",
            _clock("arrival_s", "arrival_time"),
            _clock("departure_s", "departure_time"),
            "stop_id",
            "stop_sequence",
        ),
        "stops.txt": places,
        "trips.txt": trips,
    }
    target = Path(path)
    try:
        target.write_bytes(_zipped({name: rows for name, rows in files.items() if not rows.is_empty()}))
    except OSError as error:
        raise BadParameter(f"The feed cannot be written to '{target}': {error.strerror or error}.") from error
    return target


def _trips(calls: pl.DataFrame, services: Mapping[str, str], blocks: pl.DataFrame | None) -> pl.DataFrame:
    """Rows of trips.txt."""
    trips = calls.group_by("trip_id").agg(
        pl.col("route_id", "direction_id").first(),
        pl.col("departure_s").min().alias("from_s"),
        pl.col("arrival_s").max().alias("to_s"),
    )
    trips = trips.with_columns(
        pl.col("trip_id").replace_strict(services, return_dtype=pl.String).alias("service_id")
    )
    if blocks is None:
        return trips.sort("trip_id").select("route_id", "service_id", "trip_id", "direction_id")
    named = table(blocks, {"trip_id": "text", "block_id": "text"}, "the blocks").select("trip_id", "block_id")
    twice = named.filter(pl.col("trip_id").is_duplicated())
    if not twice.is_empty():
        raise DataRejected(
            f"Trip '{twice['trip_id'][0]}' is in the blocks more than once: a trip has one block."
        )
    strangers = named.join(trips, on="trip_id", how="anti")
    if not strangers.is_empty():
        raise DataRejected(
            f"The blocks have trip '{strangers['trip_id'][0]}', which the timetable does not have."
        )
    trips = trips.join(named, on="trip_id", how="left")
    _refuse_overlap(calls, trips.drop_nulls("block_id"))
    return trips.sort("trip_id").select("route_id", "service_id", "trip_id", "direction_id", "block_id")


def _refuse_overlap(calls: pl.DataFrame, trips: pl.DataFrame) -> None:
    """Refuse blocks in which one vehicle would run two trips at once on some day."""
    days = calls.select("trip_id", "service_date").unique()
    order = ["block_id", "service_date", "from_s", "to_s", "trip_id"]
    runs = trips.join(days, on="trip_id").sort(order)
    before = pl.col("to_s", "trip_id").shift(1).over("block_id", "service_date").name.suffix("_before")
    clash = runs.with_columns(before).filter(pl.col("from_s") < pl.col("to_s_before"))
    if not clash.is_empty():
        block, trip, other, day = clash.select("block_id", "trip_id", "trip_id_before", "service_date").row(0)
        raise DataRejected(
            f"Block '{block}' has trips '{other}' and '{trip}' at the same time on {day}: "
            "one vehicle cannot run both."
        )


def _clock(column: str, name: str) -> pl.Expr:
    """Text such as 25:10:00 from seconds of the day of service."""
    parts = (pl.col(column) // 3600, pl.col(column) // 60 % 60, pl.col(column) % 60)
    return pl.concat_str(*(part.cast(pl.String).str.zfill(2) for part in parts), separator=":").alias(name)


def _zipped(files: Mapping[str, pl.DataFrame]) -> bytes:
    """Zip tables as CSV, the same bytes everywhere."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as feed:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system, member.external_attr = 3, 0o644 << 16
            feed.writestr(member, files[name].write_csv().encode())
    return buffer.getvalue()
