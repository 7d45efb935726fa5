"""
Vehicles and riders of the traffic sample.

Each trip runs late by a random walk along the line, so that headways grow more irregular from stop to
stop; no vehicle passes another; a few trips are not run. Riders come at random over the day, board the
first vehicle that leaves their stop after they came, and alight when it calls at theirs. Every draw is
keyed by line, direction and day, so a line is the same in a small sample and in a large one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_samples.traffic import city
from data_samples.traffic.timetable import Ints, Names, days, moments, scheduled, services_of_day, texts
from workbench.simulation import Streams

Floats = NDArray[np.float64]
MISSING_TRIPS = 0.015
LEAST_GAP_S, LEAST_RUN_S = 20, 60
DWELL_S = (10, 40)
FIRST_STOP = 0.25  # the standard deviation of lateness at the first stop, as a share of that at the last
NO_CARD, NO_ALIGHTING, NO_COUNT = 0.006, 0.005, 0.003
TWO_RIDERS, THREE_RIDERS = 0.025, 0.005
WAIT_S = 240  # riders come this much ahead of the vehicles they are meant for
CARDS = 2000  # at most, in the pool of a line
POOL = 1.9  # cards of a line, for each rider of its busiest day and direction
_LATEST = 1 << 18  # above any second of a service day


@dataclass
class Columns:
    """Columns that grow piece by piece, as arrays of whole numbers."""

    pieces: dict[str, list[Ints]] = field(default_factory=dict)

    def add(self, **values: Ints) -> None:
        """Append one piece to every column."""
        for name, value in values.items():
            self.pieces.setdefault(name, []).append(value)

    def whole(self) -> dict[str, Ints]:
        """Join the pieces."""
        return {name: np.concatenate(each) for name, each in self.pieces.items()}


def lateness_sd(kind: int) -> Floats:
    """Give the standard deviation of lateness at each stop, in seconds: what the truth is made from."""
    line = city.LINES[kind]
    along = np.linspace(0, 1, len(line.stops))
    return np.asarray(line.lateness_s * np.sqrt(FIRST_STOP**2 + (1 - FIRST_STOP**2) * along))


def performed(kind: int, direction: int, day: int, lines: Ints, streams: Streams) -> tuple[Ints, Ints, Ints]:
    """
    Run the vehicles of some lines on one day.

    Returns
    -------
    arrival, departure
        Seconds after midnight, shape (lines, trips, stops).
    run
        1 where the trip was run, shape (lines, trips).
    """
    plan = scheduled(kind, direction, day)[1]
    steps = np.sqrt(np.diff(lateness_sd(kind) ** 2, prepend=0))
    lateness, dwell = np.empty((len(lines), *plan.shape)), np.empty((len(lines), *plan.shape))
    run = np.empty((len(lines), len(plan)), np.int64)
    for place, line in enumerate(lines):
        draw = streams.generator("vehicles", int(line), direction, day)
        lateness[place] = draw.standard_normal(plan.shape)
        dwell[place] = draw.random(plan.shape)
        run[place] = draw.random(len(plan)) >= MISSING_TRIPS
    wish = plan + np.cumsum(lateness * steps, axis=2)
    gaps = LEAST_GAP_S * np.cumsum(run, axis=1)
    departure = np.empty(wish.shape, np.int64)
    before = np.full(run.shape, -_LATEST, np.int64)
    for stop in range(plan.shape[1]):
        at = np.maximum(np.rint(wish[:, :, stop]).astype(np.int64), before + LEAST_RUN_S)
        at = np.where(run == 1, at - gaps, -_LATEST)
        before = np.maximum.accumulate(at, axis=1) + gaps
        departure[:, :, stop] = before
    waits = DWELL_S[0] + (dwell * (DWELL_S[1] - DWELL_S[0])).astype(np.int64)
    return departure - waits, departure, run


@cache
def pairs(kind: int, direction: int) -> tuple[Floats, Ints, Ints]:
    """Give cumulative shares of the journeys between two stops of a line, with both ends."""
    line = city.LINES[kind]
    leave, reach = np.array(line.boarding), np.array(line.alighting)
    weights = np.triu(np.outer(leave, reach), 1)
    if direction:
        weights = weights.T[::-1, ::-1]
    start, end = np.nonzero(weights)
    share = np.cumsum(weights[start, end])
    return share / share[-1], start, end


def section_share(kind: int, direction: int, stop: int) -> float:
    """Give the share of a line's riders who are on board when it leaves a stop (1 is the first)."""
    share, start, end = pairs(kind, direction)
    return float(np.diff(share, prepend=0)[(start < stop) & (end >= stop)].sum())


def coming(u: Floats, kind: int, direction: int, day: int, line: Ints) -> Floats:
    """Draw when riders would leave the first stop, in seconds after midnight."""

    def at(hours: tuple[tuple[float, float, float], ...]) -> Floats:
        edges = np.array([hours[0][0], *(end for _, end, _ in hours)])
        share = np.cumsum([0.0, *((end - start) * weight for start, end, weight in hours)])
        return np.asarray(np.interp(u, share / share[-1], edges) * 3600)

    if day >= city.WEEKDAYS:
        return at(city.WEEKEND_HOURS)
    usual = at(city.LINES[kind].hours[direction])
    if (kind, direction) == (city.CROWDED_LINE, city.CROWDED_DIRECTION):
        return np.where(line < len(city.LINES), usual, at(city.FLATTER))
    return usual


def riders(
    kind: int, direction: int, day: int, lines: Ints, streams: Streams, arrival: Ints, departure: Ints
) -> dict[str, Ints]:
    """
    Bring the riders of some lines on one day, and let them board and alight.

    Those who come after the last vehicle has left are not carried, and no card tells of them.
    """
    line = city.LINES[kind]
    mean = line.riders[direction] * (line.weekend_share if day >= city.WEEKDAYS else 1)
    pool = min(CARDS, round(max(line.riders) * POOL * max(1, line.weekend_share)))
    draws, cards, owner = [], [], []
    for n, each in enumerate(lines):
        draw = streams.generator("riders", int(each), direction, day)
        count = min(int(draw.poisson(mean)), pool)
        draws.append(draw.random((count, 5)))
        cards.append((int(draw.integers(pool)) + np.arange(count)) % pool + int(each) * CARDS)
        owner.append(np.full(count, n))
    u, card, place = np.concatenate(draws), np.concatenate(cards), np.concatenate(owner)
    share, starts, ends = pairs(kind, direction)
    pair = np.minimum(np.searchsorted(share, u[:, 0], side="right"), len(share) - 1)
    start, end = starts[pair], ends[pair]
    came = coming(u[:, 1], kind, direction, day, lines[place]) + start * line.run_s - WAIT_S
    came_s = np.ceil(came).astype(np.int64)

    count, stops = departure.shape[1:]
    group = place * stops + start
    offset = np.arange(len(lines) * stops).reshape(len(lines), stops, 1) * _LATEST
    leaving = np.maximum(departure, 0).transpose(0, 2, 1) + offset
    trip = np.searchsorted(leaving.ravel(), group * _LATEST + came_s) - group * count
    carried = trip < count
    place, start, end, trip = place[carried], start[carried], end[carried], trip[carried]
    came_s, card, u = came_s[carried], card[carried], u[carried]
    opens, closes = np.maximum(arrival[place, trip, start], came_s), departure[place, trip, start]
    reached, left = arrival[place, trip, end], departure[place, trip, end]
    party = u[:, 4]
    return {
        "place": place,
        "start": start,
        "end": end,
        "trip": trip,
        "event_s": opens + (u[:, 2] * (closes - opens + 1)).astype(np.int64),
        "alight_s": reached + (u[:, 3] * (left - reached + 1)).astype(np.int64),
        "card": card,
        "persons": np.select([party < THREE_RIDERS, party < THREE_RIDERS + TWO_RIDERS], [3, 2], 1),
        # The rare gaps come from the lower digits of draws whose upper digits are used above.
        "no_card": (u[:, 2] * 4096 % 1 < NO_CARD).astype(np.int64),
        "no_alighting": (u[:, 3] * 4096 % 1 < NO_ALIGHTING).astype(np.int64),
        "no_count": ((u[:, 4] * 4096 % 1 < NO_COUNT) & (party >= THREE_RIDERS + TWO_RIDERS)).astype(np.int64),
    }


def loads(found: dict[str, Ints], shape: tuple[int, ...]) -> Ints:
    """Count the riders on board as each vehicle leaves each stop."""
    lines, trips, stops = shape
    base = (found["place"] * trips + found["trip"]) * stops
    size, weight = lines * trips * stops, found["persons"]
    on = np.bincount(base + found["start"], weight, size) - np.bincount(base + found["end"], weight, size)
    return np.rint(np.cumsum(on.reshape(shape), axis=2)).astype(np.int64)


def run_day(names: Names, streams: Streams, day: int) -> tuple[dict[str, Ints], dict[str, Ints]]:
    """Run one day of some quarters; return the columns of stop visits and of taps, as codes and seconds."""
    visits, taps = Columns(), Columns()
    for kind, direction in services_of_day(names, day):
        lines = names.lines[kind]
        arrival, departure, run = performed(kind, direction, day, lines, streams)
        found = riders(kind, direction, day, lines, streams, arrival, departure)
        plan_arrival, plan = scheduled(kind, direction, day)
        trip, vehicle = names.trip_codes(kind, direction, day), names.vehicle_codes(kind, direction, day)
        route, stop = names.route_codes(kind), names.stop_codes(kind, direction)
        keep = np.broadcast_to(run[:, :, None] == 1, departure.shape)
        columns: dict[str, Ints | np.int64] = {
            "trip": trip[:, :, None],
            "seq": np.arange(1, len(stop[0]) + 1),
            "route": route[:, None, None],
            "dir": np.int64(direction),
            "stop": stop[:, None, :],
            "vehicle": vehicle[:, :, None],
            "plan_arr": plan_arrival,
            "plan_dep": plan,
            "arr": arrival,
            "dep": departure,
            "load": loads(found, departure.shape),
        }
        visits.add(**{name: np.broadcast_to(each, keep.shape)[keep] for name, each in columns.items()})
        place = found["place"]
        taps.add(
            route=route[place],
            dir=np.full(len(place), direction),
            start=stop[place, found["start"]],
            end=stop[place, found["end"]],
            trip=trip[place, found["trip"]],
            vehicle=vehicle[place, found["trip"]],
            **{name: found[name] for name in ("event_s", "alight_s", "card", "persons")},
            **{name: found[name] for name in ("no_card", "no_alighting", "no_count")},
        )
    return visits.whole(), numbered(taps.whole())


def numbered(taps: dict[str, Ints]) -> dict[str, Ints]:
    """Order the taps of a day by time and number them within their line."""
    order = np.argsort(taps["route"] * _LATEST + taps["event_s"], kind="stable")
    route = taps["route"][order]
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order)) - np.searchsorted(route, route) + 1
    order = np.argsort(taps["event_s"], kind="stable")
    return {name: each[order] for name, each in (taps | {"number": number}).items()}


def visits_table(names: Names, day: int, visits: dict[str, Ints]) -> pl.DataFrame:
    """Write the stop visits of a day as the contract names them."""
    return pl.DataFrame(
        {
            "service_date": days(np.full(len(visits["trip"]), day)),
            "trip_id_performed": texts(names.trips, visits["trip"]),
            "trip_stop_sequence": visits["seq"],
            "route_id": texts(names.routes, visits["route"]),
            "direction_id": visits["dir"],
            "stop_id": texts(names.stops, visits["stop"]),
            "vehicle_id": texts(names.vehicles, visits["vehicle"]),
            "schedule_arrival_time": moments(day, visits["plan_arr"]),
            "schedule_departure_time": moments(day, visits["plan_dep"]),
            "actual_arrival_time": moments(day, visits["arr"]),
            "actual_departure_time": moments(day, visits["dep"]),
            "departure_load": visits["load"],
        }
    )


def taps_table(names: Names, day: int, taps: dict[str, Ints]) -> pl.DataFrame:
    """Write the taps of a day as the contract names them; what was not recorded is null."""
    alighted, counted = taps["no_alighting"] == 0, taps["no_count"] == 0
    number = pl.Series(taps["number"]).cast(pl.String).str.zfill(4)
    card = pl.Series(taps["card"]).cast(pl.String).str.zfill(5)
    return pl.DataFrame(
        {
            "number": number,
            "card": card,
            "service_date": days(np.full(len(number), day)),
            "event_timestamp": moments(day, taps["event_s"]),
            "has_card": taps["no_card"] == 0,
            "stop_id": texts(names.stops, taps["start"]),
            "to": texts(names.stops, taps["end"]),
            "alight": moments(day, taps["alight_s"]),
            "alighted": alighted,
            "route_id": texts(names.routes, taps["route"]),
            "direction_id": taps["dir"],
            "trip_id_performed": texts(names.trips, taps["trip"]),
            "vehicle_id": texts(names.vehicles, taps["vehicle"]),
            "persons": taps["persons"],
            "counted": counted,
        }
    ).select(
        pl.concat_str("route_id", pl.lit("-"), "number").alias("transaction_id"),
        "service_date",
        "event_timestamp",
        pl.when("has_card").then(pl.concat_str(pl.lit("C"), "card")).alias("fare_media_id"),
        "stop_id",
        pl.when("alighted").then("to").alias("alight_stop_id"),
        pl.when("alighted").then("alight").alias("alight_timestamp"),
        "route_id",
        "direction_id",
        "trip_id_performed",
        "vehicle_id",
        pl.when("counted").then("persons").alias("num_riders"),
    )
