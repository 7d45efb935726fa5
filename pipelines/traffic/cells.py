"""Riders against places: a section of a line in a quarter-hour, over days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.decisions import resample_ratio
from workbench.decisions.resampling import LEAST_DAYS
from workbench.simulation import Streams

Floats = NDArray[np.float64]
SECTION = ["route_id", "direction_id", "section"]
CELL = [*SECTION, "quarter"]


@dataclass(frozen=True)
class Cells:
    """
    Cells with their riders and places by day.

    Attributes
    ----------
    table
        One row a cell: `route_id`, `direction_id`, `section`, `stop_id`, `next_stop_id`, `quarter`, and the daily means
        `riders` and `places`; `factor` is their ratio, `excess` the mean riders above places.
    riders, places
        By day and cell, shape (days, cells).
    days
        The service dates.
    unserved
        Riders a day on sections that no scheduled vehicle serves that day.
    """

    table: pl.DataFrame
    riders: Floats
    places: Floats
    days: list[object]
    unserved: float

    def samples(self, chosen: list[int], *, seed: int, resamples: int) -> Floats:
        """
        Draws of the ratio of riders to places, shape (resamples, chosen).

        Days are resampled where there are at least three; else only the chance of counting within the days is drawn,
        from the Jeffreys posterior of a Poisson mean, Gamma(n + 1/2) [1]_.

        References
        ----------
        .. [1] L. D. Brown, T. T. Cai and A. DasGupta (2003), Interval estimation in exponential families, Statistica Sinica 13.
        """
        streams = Streams(seed)
        if len(self.days) >= LEAST_DAYS:
            return np.maximum(resample_ratio(self.riders[:, chosen], self.places[:, chosen], streams=streams, resamples=resamples), 0.0)
        counted = self.riders[:, chosen].sum(axis=0)
        drawn = streams.generator("riders").gamma(counted + 0.5, size=(resamples, len(chosen)))
        return np.asarray(drawn / self.places[:, chosen].sum(axis=0))


def cells(load: pl.DataFrame, supply: pl.DataFrame, patterns: pl.DataFrame, *, weekdays_only: bool, capacity: int, share: float) -> Cells:
    """
    Lay riders and places side by side.

    Parameters
    ----------
    load, supply, patterns
        The measures `load_profile`, `scheduled_supply` and `line_patterns`.
    weekdays_only
        Leave out Saturdays and Sundays.
    capacity
        Riders that a vehicle of unknown capacity takes.
    share
        Share of all riders that the taps stand for; riders are divided by it.

    Returns
    -------
    Cells
        Riders of a quarter-hour without a vehicle ride with the next one (after the last vehicle, with the last).
    """
    if weekdays_only:
        load = load.filter(pl.col("service_date").dt.weekday() <= 5)
        supply = supply.filter(pl.col("service_date").dt.weekday() <= 5)
    days = sorted(load["service_date"].unique().to_list())
    sections = patterns.filter(pl.col("next_stop_id").is_not_null()).select(*SECTION, "stop_id", "next_stop_id")
    places = supply.with_columns((pl.col("places") + (pl.col("vehicles") - pl.col("with_capacity")) * capacity).alias("places"))
    offered = places.join(sections, on=["route_id", "direction_id", "stop_id"]).select("service_date", *CELL, "vehicles", "places")
    both = load.select("service_date", *CELL, "riders").join(offered, on=["service_date", *CELL], how="full", coalesce=True)
    both = both.filter(pl.col("service_date").is_in(days)).sort("service_date", *CELL)
    run = ["service_date", *SECTION]
    served = pl.when(pl.col("vehicles") > 0).then(pl.col("quarter"))
    both = both.with_columns(served.backward_fill().over(run).fill_null(served.forward_fill().over(run)).alias("served"))
    lost = both.filter(pl.col("served").is_null())["riders"].sum() or 0
    daily = (
        both.filter(pl.col("served").is_not_null())
        .group_by("service_date", *SECTION, pl.col("served").alias("quarter"))
        .agg(pl.col("riders").sum() / share, pl.col("places").sum())
    )
    kept = daily.group_by(CELL).agg(pl.col("riders").sum(), pl.col("places").sum()).filter(pl.col("places") > 0).sort(CELL).with_row_index("cell")
    daily = daily.join(kept.select("cell", *CELL), on=CELL)
    shape = (len(days), kept.height)
    grid = np.zeros(shape), np.zeros(shape)
    rows = np.array([days.index(one) for one in daily["service_date"].to_list()], dtype=int)
    columns = daily["cell"].to_numpy()
    grid[0][rows, columns], grid[1][rows, columns] = daily["riders"].to_numpy(), daily["places"].to_numpy()
    excess = np.maximum(grid[0] - grid[1], 0).mean(axis=0) if days else np.zeros(kept.height)
    table = kept.join(sections, on=SECTION, how="left").sort("cell").with_columns(
        (pl.col("riders") / pl.col("places")).alias("factor"),
        (pl.col("riders") / max(1, len(days))).alias("riders"),
        (pl.col("places") / max(1, len(days))).alias("places"),
        pl.Series("excess", excess),
    )
    return Cells(table, *grid, days, float(lost) / share / max(1, len(days)))
