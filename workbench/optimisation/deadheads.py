"""
Driving empty between terminals: how far and how long.

Two models: the distance as the crow flies times a detour factor at one speed, or a table somebody measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.errors import DataRejected
from workbench.optimisation._check import Kind, first, number, table
from workbench.optimisation.trips import check_known

Floats = NDArray[np.float64]
EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""
LEGS: Mapping[str, Kind] = {"from_stop": "text", "to_stop": "text", "km": "number", "minutes": "number"}


class Deadheads(Protocol):
    """What vehicle scheduling asks about driving empty."""

    def between(self, from_stops: Sequence[str], to_stops: Sequence[str]) -> tuple[Floats, Floats]:
        """
        Measure the way from each of some stops to each of others.

        Returns
        -------
        km, seconds
            Shape (from, to); infinite where there is no way.

        Raises
        ------
        UnknownName
            A stop is not known.
        """
        ...


@dataclass(frozen=True)
class CrowFlies:
    """
    Great-circle distance times a detour factor, at one speed.

    Parameters
    ----------
    stops
        stop_id, stop_lat, stop_lon (degrees, WGS 84).
    speed_kmh
        Mean speed of an empty vehicle, km/h.
    detour
        Kilometres on the road for each as the crow flies; 1.3 is common for a street grid.
    """

    stops: pl.DataFrame = field(repr=False)
    speed_kmh: float = field(kw_only=True)
    detour: float = field(default=1.3, kw_only=True)

    def __post_init__(self) -> None:
        number("speed_kmh", self.speed_kmh, above=0)
        number("detour", self.detour, least=1)

    def between(self, from_stops: Sequence[str], to_stops: Sequence[str]) -> tuple[Floats, Floats]:
        """Measure the way from each of some stops to each of others: km and seconds, shape (from, to)."""
        km = distances_km(self.stops, from_stops, to_stops) * self.detour
        return km, km / self.speed_kmh * 3600


@dataclass(frozen=True)
class Measured:
    """
    Kilometres and minutes from a table.

    Parameters
    ----------
    legs
        from_stop, to_stop, km, minutes; a pair that is not in it cannot be driven. From a stop to itself it
        is 0 unless the table says otherwise.
    """

    legs: pl.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        legs = table(self.legs, LEGS, "the deadhead table")
        for column in ("km", "minutes"):
            if (row := first(legs[column] < 0)) >= 0:
                raise DataRejected(
                    f"row {row + 1} of the deadhead table: `{column}` {legs[column][row]:g} is negative."
                )
        if (row := first(legs.select("from_stop", "to_stop").is_duplicated())) >= 0:
            pair = f"'{legs['from_stop'][row]}' to '{legs['to_stop'][row]}'"
            raise DataRejected(f"The deadhead table has {pair} more than once: keep one.")
        object.__setattr__(self, "legs", legs)

    def between(self, from_stops: Sequence[str], to_stops: Sequence[str]) -> tuple[Floats, Floats]:
        """Measure the way from each of some stops to each of others: km and seconds, shape (from, to)."""
        known = pl.concat([self.legs["from_stop"], self.legs["to_stop"]])
        check_known([*from_stops, *to_stops], known, "the deadhead table")
        rows, columns = (
            {stop: place for place, stop in enumerate(stops)} for stops in (from_stops, to_stops)
        )
        km = np.full((len(rows), len(columns)), np.inf)
        for stop in rows.keys() & columns.keys():
            km[rows[stop], columns[stop]] = 0.0
        seconds = km.copy()
        for start, end, far, long in self.legs.select(*LEGS).iter_rows():
            if start in rows and end in columns:
                km[rows[start], columns[end]], seconds[rows[start], columns[end]] = far, long * 60
        return km, seconds


def distances_km(stops: pl.DataFrame, from_stops: Sequence[str], to_stops: Sequence[str]) -> Floats:
    """
    Great-circle distances between stops, km, shape (from, to).

    Parameters
    ----------
    stops
        stop_id, stop_lat, stop_lon (degrees, WGS 84).
    from_stops, to_stops
        Ids of stops.

    Raises
    ------
    UnknownName
        A stop is not among the stops.
    DataRejected
        A stop that is needed has no coordinates, or a column is missing.
    """
    wanted = {*from_stops, *to_stops}
    known = table(stops, {"stop_id": "text"}, "the stops")
    check_known(sorted(wanted), known["stop_id"], "the stops")
    used = known.filter(pl.col("stop_id").is_in(list(wanted)))
    used = table(
        used, {"stop_id": "text", "stop_lat": "number", "stop_lon": "number"}, "the stops that are used"
    )
    outside = (used["stop_lat"].abs() > 90) | (used["stop_lon"].abs() > 180)
    if (row := first(outside)) >= 0:
        raise DataRejected(f"Stop '{used['stop_id'][row]}' is nowhere on earth: mend its coordinates.")
    if (row := first(used["stop_id"].is_duplicated())) >= 0:
        raise DataRejected(f"Stop '{used['stop_id'][row]}' is in the stops more than once: keep one.")
    place = {
        stop: (lat, lon) for stop, lat, lon in used.select("stop_id", "stop_lat", "stop_lon").iter_rows()
    }
    start = np.radians([place[stop] for stop in from_stops]).reshape(-1, 1, 2)
    end = np.radians([place[stop] for stop in to_stops]).reshape(1, -1, 2)
    half = np.sin((end - start) / 2) ** 2
    chord = half[..., 0] + np.cos(start[..., 0]) * np.cos(end[..., 0]) * half[..., 1]
    distance: Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    return distance
