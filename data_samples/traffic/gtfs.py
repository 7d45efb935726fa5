"""
The timetable of the traffic sample as a GTFS feed [1]_.

It has what a reader must cope with: calls past 24:00:00, a service that exists only as an added date, one
that is called off on a date, a line run by headway (`frequencies.txt`, exact times), and a column of our
own (`vehicle_capacity` in `trips.txt`), which GTFS lets readers ignore.

References
----------
.. [1] GTFS Schedule Reference, https://gtfs.org/documentation/schedule/reference/
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import polars as pl

from data_samples.traffic import city
from data_samples.traffic.timetable import STOP_S, clock, departures, suffix, windows

SERVICES = {"W": (1, 1, 1, 1, 1, 0, 0), "E": (0, 0, 0, 0, 0, 1, 1), "M": (0, 0, 0, 0, 0, 1, 1)}
Cells = Sequence[object]


def write(path: Path, stops: pl.DataFrame, lines: int) -> None:
    """Write the feed of a city; the same city gives the same bytes."""
    first, last = (city.MONDAY + timedelta(days=n) for n in (0, city.DAYS - 1))
    night, called_off = (city.MONDAY + timedelta(days=n) for n in (city.NIGHT_DAY, city.MARKET_DAY + 1))
    routes = [(city.route_id(n), city.LINES[n % len(city.LINES)]) for n in range(lines)]
    tables: dict[str, tuple[str, Iterable[Cells]]] = {
        "agency": (
            "agency_id,agency_name,agency_url,agency_timezone,agency_lang",
            [("LB", "临江公交 Linjiang Bus", "https://example.org/", city.ZONE, "zh")],
        ),
        "feed_info": (
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version",
            [("LIVED Workbench", "https://example.org/", "zh", f"{first:%Y%m%d}", f"{last:%Y%m%d}", "1")],
        ),
        "stops": (
            "stop_id,stop_name,stop_lat,stop_lon",
            ((i, n, f"{y:.6f}", f"{x:.6f}") for i, n, y, x in stops.iter_rows()),
        ),
        "routes": (
            "route_id,agency_id,route_short_name,route_long_name,route_type,route_color",
            ((name, "LB", f"{name}路", line.name, 3, line.colour) for name, line in routes),
        ),
        "calendar": (
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            [(name, *runs, f"{first:%Y%m%d}", f"{last:%Y%m%d}") for name, runs in SERVICES.items()],
        ),
        "calendar_dates": (
            "service_id,date,exception_type",
            [("N", f"{night:%Y%m%d}", 1), ("M", f"{called_off:%Y%m%d}", 2)],
        ),
        "trips": ("route_id,service_id,trip_id,trip_headsign,direction_id,vehicle_capacity", _trips(lines)),
        "stop_times": ("trip_id,arrival_time,departure_time,stop_id,stop_sequence", _stop_times(lines)),
        "frequencies": ("trip_id,start_time,end_time,headway_secs,exact_times", _frequencies(lines)),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as feed:
        for name, (header, rows) in tables.items():
            member = zipfile.ZipInfo(f"{name}.txt", date_time=(2026, 3, 2, 0, 0, 0))
            member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with feed.open(member, "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:
                writer = csv.writer(text, lineterminator="\n")
                writer.writerow(header.split(","))
                writer.writerows(rows)


def _services(kind: int) -> str:
    """List the services a line of a quarter has."""
    return "WE" + ("N" if kind == city.NIGHT[0] else "") + ("M" if kind == city.MARKET[0] else "")


def _patterns(lines: int) -> Iterator[tuple[int, int, int, str, list[int]]]:
    """Go through line, kind, direction, service and the first departures of its trips in the feed."""
    for line in range(lines):
        kind = line % len(city.LINES)
        for direction in (0, 1):
            for service in _services(kind):
                first = departures(kind, service)
                yield line, kind, direction, service, first[:1] if city.LINES[kind].frequencies else first


def _trip_id(line: int, kind: int, direction: int, service: str, first_s: int) -> str:
    """Name a trip in the feed; a trip run by headway has the name without the time after the @."""
    return city.route_id(line) + suffix(kind, direction, service, first_s).partition("@")[0]


def _trips(lines: int) -> Iterator[Cells]:
    for line, kind, direction, service, starts in _patterns(lines):
        ends = city.LINES[kind].stops
        headsign = city.STOP_NAMES[ends[0] if direction else ends[-1]]
        for first_s in starts:
            trip = _trip_id(line, kind, direction, service, first_s)
            yield city.route_id(line), service, trip, headsign, direction, city.LINES[kind].capacity


def _stop_times(lines: int) -> Iterator[Cells]:
    for line, kind, direction, service, starts in _patterns(lines):
        stops = city.LINES[kind].stops[:: -1 if direction else 1]
        names = [city.stop_id(line // len(city.LINES), place) for place in stops]
        for first_s in starts:
            trip = _trip_id(line, kind, direction, service, first_s)
            for order, stop in enumerate(names):
                leaves = first_s + order * city.LINES[kind].run_s
                arrives = leaves - (STOP_S if order else 0)
                yield trip, clock(arrives), clock(leaves), stop, order + 1


def _frequencies(lines: int) -> Iterator[Cells]:
    for line, kind, direction, service, starts in _patterns(lines):
        if not city.LINES[kind].frequencies:
            continue
        trip = _trip_id(line, kind, direction, service, starts[0])
        for start, end, minutes in windows(kind, service):
            headway_s = round(minutes * 60)
            # With exact times the window must end after the last start and before the next would be.
            yield trip, clock(round(start * 3600)), clock(round(end * 3600) - headway_s // 2), headway_s, 1
