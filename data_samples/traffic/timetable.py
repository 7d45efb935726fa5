"""The timetable of the traffic sample: trips of each line and day, and the codes that name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import chain

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_samples.traffic import city

Ints = NDArray[np.int64]
DAY_S = 86_400
STOP_S = 30  # scheduled wait at a stop on the way


@dataclass(frozen=True)
class Trips:
    """Trips of one line, direction and day: seconds after midnight at the first stop, and their suffixes."""

    first_s: Ints
    suffixes: tuple[str, ...]


def services(line: int, day: int) -> tuple[str, ...]:
    """List the services that run: W weekday, E weekend, N the Friday night, M the Saturday market."""
    found = ["W" if day < city.WEEKDAYS else "E"]
    if (line, day) == (city.NIGHT[0], city.NIGHT_DAY):
        found.append("N")
    if (line, day) == (city.MARKET[0], city.MARKET_DAY):
        found.append("M")
    return tuple(found)


def windows(line: int, service: str) -> tuple[tuple[float, float, float], ...]:
    """Give the windows (from hour, to hour, minutes between departures) of a service."""
    if service in "NM":
        return ((city.NIGHT if service == "N" else city.MARKET)[1],)
    kind = city.LINES[line]
    return kind.weekday if service == "W" else kind.weekend


def departures(line: int, service: str) -> list[int]:
    """Give the departures from the first stop, in seconds after midnight."""
    found: list[int] = []
    for start, end, minutes in windows(line, service):
        found += range(round(start * 3600), round(end * 3600), round(minutes * 60))
    return found


def clock(second: int) -> str:
    """Write seconds after midnight as GTFS does, past 24:00:00 where needed."""
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def suffix(line: int, direction: int, service: str, first_s: int) -> str:
    """Name a trip within its line; a trip of a line run by headway is named by when it starts."""
    if city.LINES[line].frequencies:
        return f"-{direction}-{service}@{clock(first_s)}"
    return f"-{direction}-{service}{clock(first_s)[:5].replace(':', '')}"


@cache
def trips(line: int, direction: int, day: int) -> Trips:
    """Plan one line of a quarter in one direction on one day."""
    found = [(first, service) for service in services(line, day) for first in departures(line, service)]
    found.sort()
    return Trips(
        np.array([first for first, _ in found], np.int64),
        tuple(suffix(line, direction, service, first) for first, service in found),
    )


class Names:
    """
    Texts of a run of quarters, and the whole numbers that stand for them until a table is written.

    Parameters
    ----------
    first, last
        The quarters, the last one not included.
    lines
        Lines of the whole city; the last quarter may have fewer than the others.
    """

    def __init__(self, first: int, last: int, lines: int) -> None:
        kinds = range(len(city.LINES))
        self.first = first
        each = len(city.LINES)
        self.lines = {
            kind: np.arange(first * each + kind, min(last * each, lines), each, dtype=np.int64)
            for kind in kinds
        }
        self.routes: list[str] = []
        self.stops = [city.stop_id(q, place) for q in range(first, last) for place in range(city.STOPS)]
        self.trips: list[str] = []
        self.vehicles: list[str] = []
        self._places: dict[tuple[int, int], dict[str, int]] = {}
        self._trip_base: dict[tuple[int, int], int] = {}
        self._route_base: dict[int, int] = {}
        self._fleet_base: dict[int, int] = {}
        for kind in kinds:
            routes = [city.route_id(line) for line in self.lines[kind].tolist()]
            self._route_base[kind], self._fleet_base[kind] = len(self.routes), len(self.vehicles)
            self.routes += routes
            self.vehicles += [f"V{r}-{n + 1:02d}" for r in routes for n in range(city.LINES[kind].fleet)]
            for direction in (0, 1):
                week = (trips(kind, direction, day).suffixes for day in range(city.DAYS))
                known = dict.fromkeys(chain.from_iterable(week))
                self._places[kind, direction] = {each: n for n, each in enumerate(known)}
                self._trip_base[kind, direction] = len(self.trips)
                self.trips += [route + each for route in routes for each in known]

    def route_codes(self, kind: int) -> Ints:
        """Codes of the lines of one kind."""
        return self._route_base[kind] + np.arange(len(self.lines[kind]))

    def stop_codes(self, kind: int, direction: int) -> Ints:
        """Codes of stops, shape (lines, stops), in the order of travel."""
        places = np.array(city.LINES[kind].stops[:: -1 if direction else 1])
        return (self.lines[kind] // len(city.LINES) - self.first)[:, None] * city.STOPS + places

    def trip_codes(self, kind: int, direction: int, day: int) -> Ints:
        """Codes of trips, shape (lines, trips)."""
        places = self._places[kind, direction]
        own = np.array([places[each] for each in trips(kind, direction, day).suffixes])
        line = np.arange(len(self.lines[kind]))[:, None]
        return np.asarray(self._trip_base[kind, direction] + line * len(places) + own)

    def vehicle_codes(self, kind: int, direction: int, day: int) -> Ints:
        """Codes of vehicles, shape (lines, trips): they take turns, half a fleet apart by direction."""
        fleet = city.LINES[kind].fleet
        turn = (np.arange(len(trips(kind, direction, day).first_s)) + direction * fleet // 2) % fleet
        return self._fleet_base[kind] + np.arange(len(self.lines[kind]))[:, None] * fleet + turn


def scheduled(kind: int, direction: int, day: int) -> tuple[Ints, Ints]:
    """Give scheduled arrivals and departures of a line, seconds after midnight, shape (trips, stops)."""
    line = city.LINES[kind]
    order = np.arange(len(line.stops))
    departure = trips(kind, direction, day).first_s[:, None] + order * line.run_s
    return departure - np.where(order > 0, STOP_S, 0), departure


def services_of_day(names: Names, day: int) -> Iterator[tuple[int, int]]:
    """Go through the lines (of a quarter) and directions of a day."""
    for kind in range(len(city.LINES)):
        if len(names.lines[kind]):
            yield from ((kind, 0), (kind, 1))


def texts(known: list[str], codes: Ints) -> pl.Series:
    """Turn codes into texts."""
    return pl.Series(known, dtype=pl.String).gather(codes)


def moments(day: int | Ints, second: Ints) -> pl.Series:
    """Turn seconds after midnight of a day of the week into local timestamps."""
    start = np.int64((city.MONDAY - type(city.MONDAY)(1970, 1, 1)).days)
    micro = ((start + day) * DAY_S + second) * 1_000_000
    return pl.Series(micro, dtype=pl.Int64).cast(pl.Datetime("us"))


def days(day: Ints) -> pl.Series:
    """Turn days of the week, Monday 0, into dates."""
    start = (city.MONDAY - type(city.MONDAY)(1970, 1, 1)).days
    return pl.Series((start + day).astype(np.int32), dtype=pl.Int32).cast(pl.Date)


def date_of(day: int) -> str:
    """Write a day of the week, Monday 0, as a date."""
    return (city.MONDAY + timedelta(days=day)).isoformat()


def table(names: Names) -> pl.DataFrame:
    """Make the timetable of some quarters: date by date, line by line, trip by trip."""
    parts: dict[str, list[Ints]] = defaultdict(list)
    for day in range(city.DAYS):
        for kind, direction in services_of_day(names, day):
            arrival, departure = scheduled(kind, direction, day)
            shape = (len(names.lines[kind]), *departure.shape)
            for name, value in (
                ("day", np.int64(day)),
                ("trip", names.trip_codes(kind, direction, day)[:, :, None]),
                ("seq", np.arange(1, shape[2] + 1)),
                ("kind", np.int64(kind)),
                ("route", names.route_codes(kind)[:, None, None]),
                ("dir", np.int64(direction)),
                ("stop", names.stop_codes(kind, direction)[:, None, :]),
                ("arr", arrival),
                ("dep", departure),
            ):
                parts[name].append(np.broadcast_to(value, shape).ravel())
    whole = {name: np.concatenate(each) for name, each in parts.items()}
    capacity = np.array([line.capacity for line in city.LINES])
    return pl.DataFrame(
        {
            "service_date": days(whole["day"]),
            "trip_id": texts(names.trips, whole["trip"]),
            "stop_sequence": whole["seq"],
            "route_id": texts(names.routes, whole["route"]),
            "direction_id": whole["dir"],
            "stop_id": texts(names.stops, whole["stop"]),
            "arrival_timestamp": moments(whole["day"], whole["arr"]),
            "departure_timestamp": moments(whole["day"], whole["dep"]),
            "vehicle_capacity": capacity[whole["kind"]],
        }
    )
