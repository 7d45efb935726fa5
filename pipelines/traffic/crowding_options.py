"""What could be run where a line is too full: the places of every cell, option by option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.traffic.cells import Cells
from pipelines.traffic.clock import HOUR_S, QUARTER_S
from pipelines.traffic.names import LINE

Floats = NDArray[np.float64]
LARGER = 0.5
"""How much larger the larger vehicles are: a bus of 18 m takes about half as many again as one of 12 m."""


@dataclass(frozen=True, eq=False)
class Offers:
    """
    Places under each option.

    Attributes
    ----------
    places
        By option, shape (days, cells); "none" is today's timetable and comes first.
    targets
        The cells acted on: those over the limit, else the fullest.
    trips
        Trips a day that "vehicle" adds.
    """

    places: Mapping[str, Floats]
    targets: tuple[int, ...]
    trips: int

    @property
    def names(self) -> tuple[str, ...]:
        """The options."""
        return tuple(self.places)

    def added(self, name: str) -> float:
        """Places a day more than today, each once in every section it is taken through."""
        more = (self.places[name] - self.places["none"]).sum() / len(self.places["none"])
        return round(float(more), 6) + 0.0


def offers(
    cells: Cells, targets: Sequence[int], supply: pl.DataFrame, patterns: pl.DataFrame, *, capacity: int
) -> Offers:
    """
    Work out the places of each option.

    Parameters
    ----------
    cells
        Riders and places today.
    targets
        Cells to act on, the most urgent first.
    supply, patterns
        The measures `scheduled_supply` and `line_patterns`.
    capacity
        Riders that a vehicle of unknown capacity takes.

    Returns
    -------
    Offers
        "vehicle" runs one more trip through every target; a trip through one may serve the next, and counts
        in all sections it passes in a quarter-hour in which a vehicle runs already. "larger" makes the
        vehicles of those quarter-hours larger. "spread" runs today's vehicles of each hour in proportion to
        riders, and is there only where more than one quarter-hour of the hour has a vehicle.
    """
    today = cells.places
    trips, extra = _more_trips(cells, targets, patterns, _sizes(cells, supply, capacity))
    made = {
        "none": today,
        "vehicle": today + np.where(today > 0, extra, 0.0),
        "larger": today * np.where(extra > 0, 1 + LARGER, 1.0),
    }
    spread = _spread(cells, targets, patterns)
    return Offers(made if spread is None else made | {"spread": spread}, tuple(targets), trips)


def _sizes(cells: Cells, supply: pl.DataFrame, capacity: int) -> dict[tuple[str, int], float]:
    """Mean places of a vehicle by line and direction, on the days judged."""
    known = supply.filter(pl.col("service_date").is_in(cells.days))
    sums = known.group_by(LINE).agg(pl.col("vehicles", "with_capacity", "places").sum())
    return {
        (row["route_id"], row["direction_id"]): (
            row["places"] + (row["vehicles"] - row["with_capacity"]) * capacity
        )
        / row["vehicles"]
        for row in sums.iter_rows(named=True)
    }


def _more_trips(
    cells: Cells, targets: Sequence[int], patterns: pl.DataFrame, sizes: Mapping[tuple[str, int], float]
) -> tuple[int, Floats]:
    """Add a trip through every target that no added one serves yet: how many, and their places by cell."""
    offsets = _offsets(patterns)
    keys = cells.table.select(*LINE, "section", "quarter").rows()
    place = {key: at for at, key in enumerate(keys)}
    extra, trips = np.zeros(len(keys)), 0
    for target in targets:
        if extra[target] > 0:
            continue
        route, direction, section, quarter = keys[target]
        line, trips = offsets[route, direction], trips + 1
        start = (quarter + 0.5) * QUARTER_S - line[section]
        passed = ((route, direction, s, int((start + off) // QUARTER_S)) for s, off in line.items())
        reached = [place[key] for key in passed if key in place]
        extra[reached] += sizes[route, direction]
    return trips, extra


def _spread(cells: Cells, targets: Sequence[int], patterns: pl.DataFrame) -> Floats | None:
    """Today's vehicles of each hour with a target, by quarter-hour of departure, in proportion to riders."""
    offsets = _offsets(patterns)
    keys = cells.table.select(*LINE, "section", "quarter").rows()
    slots = [
        int(((quarter + 0.5) * QUARTER_S - offsets[route, direction][section]) // QUARTER_S)
        for route, direction, section, quarter in keys
    ]
    hours = [(key[0], key[1], slot * QUARTER_S // HOUR_S) for key, slot in zip(keys, slots, strict=True)]
    urgent = {hours[target] for target in targets}
    riders, made = cells.riders.mean(axis=0), cells.places.copy()
    wanted: dict[tuple[object, int], float] = {}
    runs: dict[tuple[object, int], list[int]] = {}
    for at, (hour, slot) in enumerate(zip(hours, slots, strict=True)):
        if hour in urgent:
            wanted[hour, slot] = max(wanted.get((hour, slot), 0.0), float(riders[at]))
            runs.setdefault((hour, keys[at][2]), []).append(at)
    shared = [(group[0], columns) for group, columns in runs.items() if len(columns) > 1]
    for within, columns in shared:
        today = cells.places[:, columns]
        weights = np.array([wanted[within, slots[one]] for one in columns]) * (today > 0)
        total = weights.sum(axis=1, keepdims=True)
        spread = today.sum(axis=1, keepdims=True) * weights / np.where(total > 0, total, 1.0)
        made[:, columns] = np.where(total > 0, spread, today)
    return made if shared else None


def _offsets(patterns: pl.DataFrame) -> dict[tuple[str, int], dict[int, int]]:
    """Seconds from the first stop by section, for each line and direction."""
    found: dict[tuple[str, int], dict[int, int]] = {}
    rows = patterns.filter(pl.col("next_stop_id").is_not_null()).select(*LINE, "section", "offset_s")
    for route, direction, section, offset in rows.iter_rows():
        found.setdefault((route, direction), {})[section] = offset
    return found
