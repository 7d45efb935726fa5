"""What people draw over the week, by the minute and by the hour."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_samples.lifelines import city
from data_samples.lifelines.city import Borough, zone_id
from workbench.simulation import Streams

Floats = NDArray[np.float64]
MINUTES, HOURS = city.DAYS * 1440, city.DAYS * 24
# Share of the busiest hour's demand by hour of the day, on weekdays and at weekends.
SHAPES: dict[str, tuple[str, str]] = {
    "water": (
        "30 26 24 24 28 45 75 100 92 78 72 74 78 72 66 64 68 78 90 94 86 72 54 40",
        "34 28 25 24 26 34 52 78 96 98 90 86 86 80 74 72 74 82 92 94 86 74 58 44",
    ),
    "power": (
        "52 48 46 45 46 50 60 72 84 90 92 92 88 90 92 92 93 95 98 100 96 86 72 60",
        "50 46 44 43 43 45 50 58 66 72 76 78 78 77 76 76 78 83 90 92 88 80 70 58",
    ),
    "gas": (
        "22 20 20 22 30 55 88 92 70 58 60 86 84 56 48 50 68 94 100 90 68 48 34 26",
        "24 21 20 21 26 38 62 84 84 74 72 92 90 66 56 58 74 95 98 88 68 50 36 28",
    ),
    "oil": (
        "20 16 14 16 26 48 76 100 96 84 80 78 76 78 82 86 92 98 90 72 56 44 34 26",
        "18 15 13 14 18 28 42 58 70 80 84 84 80 78 76 76 78 76 68 56 46 38 30 22",
    ),
    "telecom": (
        "52 36 26 20 18 20 30 46 58 64 68 72 76 72 70 72 76 80 86 94 100 98 88 70",
        "58 42 30 22 18 18 24 34 46 58 66 72 76 76 76 78 80 84 90 96 100 98 90 74",
    ),
}
BILLED, UNBILLED_HOURS = {"water": 0.965, "power": 0.985, "gas": 0.98, "oil": 1.0, "telecom": 1.0}, 0.01


def pattern(system: str) -> Floats:
    """Share of the busiest hour's demand in each minute of the week, from Monday 00:00."""
    weekday, weekend = (np.array(one.split(), float) / 100 for one in SHAPES[system])
    hours = np.concatenate([weekday] * 5 + [weekend] * 2)
    middle = np.arange(HOURS) * 60 + 29.5
    shape = np.interp(np.arange(MINUTES), middle, hours, period=MINUTES)
    return np.asarray(shape, float)


def drawn(system: str, zone: int, people: int, streams: Streams) -> Floats:
    """What the customers of a zone draw in each minute of the week, in the unit of flow."""
    draw = streams.generator("drawn", system, zone)
    days = np.repeat(1 + 0.02 * draw.standard_normal(city.DAYS), 1440)
    hours = np.repeat(1 + 0.015 * draw.standard_normal(HOURS), 60)
    peak = people * city.SUBSCRIBED[system] * city.PEAK[system]
    return np.asarray(0.94 * peak * pattern(system) * days * hours)


def demands(borough: Borough, people: list[int], streams: Streams) -> pl.DataFrame:
    """Metered and billed consumption of each zone, system and hour."""
    starts = [city.MONDAY + timedelta(hours=hour) for hour in range(HOURS)]
    frames = []
    for place in range(borough.zones):
        zone = borough.zone(place)
        for system, share in BILLED.items():
            draw = streams.generator("demands", system, zone)
            rates = drawn(system, zone, people[place], streams).reshape(HOURS, 60).mean(axis=1)
            digits = 6 if system in ("water", "gas", "oil") else 3
            metered = np.round(rates * (1 + 0.004 * draw.standard_normal(HOURS)), digits)
            known = draw.random(HOURS) >= UNBILLED_HOURS
            billed = pl.Series(np.round(metered * share, digits))
            frames.append(
                pl.DataFrame(
                    {
                        "zone_id": [zone_id(zone)] * HOURS,
                        "system": [system] * HOURS,
                        "timestamp": starts,
                        "metered": metered,
                        "billed": billed,
                    },
                    schema_overrides={"timestamp": pl.Datetime("us")},
                ).with_columns(pl.when(pl.Series(known)).then("billed").alias("billed"))
            )
    return pl.concat(frames)
