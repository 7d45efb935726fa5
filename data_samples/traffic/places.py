"""Stops of the traffic sample, with where they lie."""

from __future__ import annotations

import math

import polars as pl

from data_samples.traffic import city

CENTRE = (30.27, 121.15)  # latitude, longitude
STOP_DEGREES = 0.0045  # about 500 m
QUARTER_DEGREES = 0.08  # about 9 km
HUB = 6  # the place where all lines of a quarter meet


def stops_table(quarters: int) -> pl.DataFrame:
    """Write the stops of some quarters as the contract names them; lines cross at the hub."""
    offsets = _offsets()
    side = math.isqrt(max(0, quarters - 1)) + 1
    rows = []
    for quarter in range(quarters):
        row, column = divmod(quarter, side)
        for place, (north, east) in enumerate(offsets):
            name = city.STOP_NAMES[place] + (f"（{quarter + 1}区）" if quarter else "")
            lat, lon = CENTRE[0] + row * QUARTER_DEGREES + north, CENTRE[1] + column * QUARTER_DEGREES + east
            rows.append((city.stop_id(quarter, place), name, round(lat, 6), round(lon, 6)))
    return pl.DataFrame(rows, ("stop_id", "stop_name", "stop_lat", "stop_lon"), orient="row")


def _offsets() -> list[tuple[float, float]]:
    """Give each place of a quarter in degrees north and east of the hub."""
    found = {HUB: (0.0, 0.0)}
    for kind, line in enumerate(city.LINES):
        angle = math.pi * (kind + 0.5) / len(city.LINES)
        middle = line.stops.index(HUB)
        for order, place in enumerate(line.stops):
            along = (order - middle) * STOP_DEGREES
            found.setdefault(place, (along * math.sin(angle), along * math.cos(angle)))
    return [found[place] for place in range(city.STOPS)]
