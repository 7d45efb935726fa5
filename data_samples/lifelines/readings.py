"""
Sensors of the lifelines sample, and a week of their readings by the minute.

Every zone has flow meters on its two inlets; some have a pressure gauge, a gauge in the tank or load meters.
What a zone is supplied with is what its customers draw and what leaks. Readings are lost now and then; some
leave their limits as planted in `EVENTS`, and noise alone never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from data_samples.lifelines import city, power
from data_samples.lifelines.city import Borough, zone_id
from data_samples.lifelines.drawn import MINUTES, Floats, drawn, pattern
from workbench.simulation import Streams

LOST, SILENT = 0.002, (1, 2 * 1440 + 600, 70)
"""Share of the readings that are lost; and inlet, first minute and minutes of a silence in the first zone."""
BACKGROUND = 0.05
"""What leaks everywhere, as a share of the demand at the busiest hour."""
PRESSURE, LEVEL, LOADS = (1, 3, 6), (0, 7), (2, 5)
X1_SHARE = 0.77
"""Share of its substation's load that the overloaded transformer takes; its twin takes the rest."""
COLUMNS = {
    "sensor_id": pl.String,
    "system": pl.String,
    "asset_id": pl.String,
    "quantity": pl.String,
    "unit": pl.String,
    "zone_id": pl.String,
    "boundary": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "rating": pl.Float64,
}


@dataclass(frozen=True)
class Event:
    """A run out of range: the zone's place and sensor, first minute of the week, how long, and the values."""

    place: int
    sensor: str
    start: int
    minutes: int
    value: float
    lost: tuple[int, ...] = ()
    inside: tuple[int, ...] = ()


EVENTS = (
    Event(6, "P1", 1 * 1440 + 18 * 60 + 5, 47, 14.2),
    Event(0, "L1", 3 * 1440 + 2 * 60 + 40, 25, 5.31),
    Event(1, "P1", 4 * 1440 + 11 * 60 + 31, 1, 52.6),
    Event(1, "P1", 5 * 1440 + 7 * 60 + 10, 12, 15.9, lost=(4, 5, 6)),
    Event(7, "L1", 6 * 1440 + 20 * 60, 30, 0.62, inside=(15,)),
    Event(3, "P1", 2 * 1440 + 4 * 60, 60, 16.4, lost=tuple(range(20, 45))),
)
"""Minutes `lost` of an event were not read (more than a quarter of an hour of them parts it in two); in those
`inside` the value was back within the limits."""


@dataclass(frozen=True)
class Series:
    """One sensor, its readings, and the decimals that they are given in."""

    row: dict[str, str | float | None]
    value: Floats
    decimals: int


def borough_sensors(borough: Borough, people: list[int], streams: Streams) -> list[Series]:
    """Every sensor of a borough with what it would read, events and losses left aside."""
    found = []
    for place in range(borough.zones):
        found += _inlets(borough, place, people[place], streams)
        found += _gauges(borough, place, streams)
        found += _loads(borough, place, people, streams)
    return found


def tables(borough: Borough, people: list[int], streams: Streams) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sensors and readings of a borough."""
    minute = pl.Series([city.MONDAY]).cast(pl.Datetime("us")) + pl.Series(
        [timedelta(minutes=i) for i in range(MINUTES)]
    )
    rows, frames = [], []
    for one in borough_sensors(borough, people, streams):
        name = str(one.row["sensor_id"])
        draw = streams.generator("lost", name)
        value, known = one.value.copy(), draw.random(MINUTES) >= LOST
        if name.endswith(f"F{SILENT[0]}") and borough.planted and name.startswith("S001"):
            known[SILENT[1] : SILENT[1] + SILENT[2]] = False
        if borough.planted:
            for event in EVENTS:
                if name == f"S{borough.zone(event.place):03d}-{event.sensor}":
                    _happen(event, value, known)
        rows.append(one.row)
        frames.append(
            pl.DataFrame({"timestamp": minute, "value": np.round(value, one.decimals)})
            .filter(pl.Series(known))
            .select(pl.lit(name).alias("sensor_id"), "timestamp", "value")
        )
    return pl.DataFrame(rows, schema=COLUMNS), pl.concat(frames)


def _happen(event: Event, value: Floats, known: np.ndarray) -> None:
    where = event.start + np.arange(event.minutes)
    back = value[[event.start + i for i in event.inside]]
    value[where] = event.value + 0.05 * np.sin(np.arange(event.minutes))
    value[[event.start + i for i in event.inside]] = back
    known[event.start - 1 : event.start + event.minutes + 1] = True
    known[[event.start + i for i in event.lost]] = False


def _row(
    borough: Borough,
    place: int,
    sensor: str,
    asset: str,
    quantity: str,
    unit: str,
    **more: str | float | None,
) -> dict[str, str | float | None]:
    zone = borough.zone(place)
    systems = {"W": "water", "P": "power", "G": "gas", "T": "telecom"}
    row: dict[str, str | float | None] = dict.fromkeys(COLUMNS)
    return (
        row
        | {
            "sensor_id": f"S{zone:03d}-{sensor}",
            "system": systems[asset[0]],
            "asset_id": asset,
            "quantity": quantity,
            "unit": unit,
            "zone_id": zone_id(zone),
        }
        | more
    )


def leaks(borough: Borough, place: int, people: int) -> float:
    """What leaks from the mains of a zone, m3/s."""
    leak = city.LEAK_M3S if borough.planted and place == city.LEAKING else 0.0
    return BACKGROUND * people * city.PEAK["water"] + leak


def _inlets(borough: Borough, place: int, people: int, streams: Streams) -> list[Series]:
    zone = borough.zone(place)
    use = drawn("water", zone, people, streams)
    supplied = use + leaks(borough, place, people) * (1 + 0.12 * (0.6 - pattern("water")))
    share = 0.55 if not (borough.planted and place == city.BRIDGED) else 0.82
    found = []
    for number, part in ((1, share), (2, 1 - share)):
        noise = 1 + 0.015 * streams.generator("flow", zone, number).standard_normal(MINUTES)
        row = _row(
            borough, place, f"F{number}", f"W{zone:03d}-I{number}", "flow", "m3/s", boundary="inlet", low=0.0
        )
        found.append(Series(row, np.maximum(part * supplied * noise, 0), 4))
    return found


def _gauges(borough: Borough, place: int, streams: Streams) -> list[Series]:
    zone, found = borough.zone(place), []
    use = pattern("water")
    if place in PRESSURE:
        noise = np.clip(streams.generator("pressure", zone).standard_normal(MINUTES), -3.5, 3.5)
        row = _row(
            borough, place, "P1", f"W{zone:03d}-J22", "pressure", "m", low=18.0, high=45.0, boundary=None
        )
        found.append(Series(row, 36 - 9 * use + 0.35 * noise, 2))
    if place in LEVEL:
        noise = np.clip(streams.generator("level", zone).standard_normal(MINUTES), -3.5, 3.5)
        row = _row(borough, place, "L1", f"W{zone:03d}-K", "level", "m", low=1.0, high=5.0, boundary=None)
        found.append(Series(row, 4.4 - 1.8 * np.roll(use, 120) + 0.02 * noise, 3))
    return found


def _loads(borough: Borough, place: int, people: list[int], streams: Streams) -> list[Series]:
    zone, found = borough.zone(place), []
    if place in LOADS:
        load = drawn("power", zone, people[place], streams)
        own = borough.planted and place == city.OVERLOADED
        size = power.rating(people[place] * city.PEAK["power"])
        for number in (1, 2) if place == city.OVERLOADED else (1,):
            share = (X1_SHARE if number == 1 else 1 - X1_SHARE) if own else 0.5
            noise = 1 + 0.012 * streams.generator("load", zone, number).standard_normal(MINUTES)
            row = _row(
                borough,
                place,
                f"X{number}",
                f"P{zone:03d}-X{number}",
                "load",
                "MW",
                rating=size,
                high=1.3 * size,
            )
            found.append(Series(row, share * load * noise, 2))
    if place == city.SPUR and borough.planted:
        noise = 1 + 0.03 * streams.generator("traffic", zone).standard_normal(MINUTES)
        load = drawn("telecom", zone, people[place], streams)
        asset = f"T{city.SPUR_FROM + 1:03d}-M{zone:03d}"
        row = _row(borough, place, "T1", asset, "load", "Gbit/s", rating=300.0, low=0.0)
        found.append(Series(row, load * noise, 1))
    if place == 0:
        noise = 1 + 0.01 * streams.generator("gas", zone).standard_normal(MINUTES)
        each = [drawn("gas", borough.zone(p), people[p], streams) for p in range(borough.zones)]
        row = _row(borough, place, "G1", f"G{zone:03d}-SM", "flow", "kg/s", low=0.0)
        found.append(Series(row, 0.5 * np.sum(each, axis=0) * noise, 3))
    return found
