"""Riders against places: a cell is a section of a line in a quarter-hour, seen over days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.decisions import interval, resample_ratio
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
        One row a cell: `cell` (its number), `route_id`, `direction_id`, `section`, `stop_id`, `next_stop_id`,
        `quarter`, and the daily means `riders` and `places`; `factor` is their ratio, `excess` the mean of
        the riders above places.
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

    @property
    def enough(self) -> bool:
        """Whether there are days enough to tell a usual one."""
        return len(self.days) >= LEAST_DAYS

    def row(self, cell: int) -> dict[str, Any]:
        """A cell's row."""
        return self.table.row(cell, named=True)

    def samples(self, chosen: list[int], *, seed: int, resamples: int) -> Floats:
        """
        Draws of the ratio of riders to places, shape (resamples, chosen).

        Days are resampled where there are enough; else only the chance of counting within the days is drawn,
        from the Jeffreys posterior of a Poisson mean, Gamma(n + 1/2) [1]_.

        References
        ----------
        .. [1] L. D. Brown, T. T. Cai and A. DasGupta (2003), Interval estimation in exponential families,
           Statistica Sinica 13.
        """
        streams, riders, places = Streams(seed), self.riders[:, chosen], self.places[:, chosen]
        if self.enough:
            return np.maximum(resample_ratio(riders, places, streams=streams, resamples=resamples), 0.0)
        shape = (resamples, len(chosen))
        drawn = streams.generator("riders").gamma(riders.sum(axis=0) + 0.5, size=shape)
        return np.asarray(drawn / places.sum(axis=0))


@dataclass(frozen=True)
class Ranking:
    """
    Cells in the order in which they call for action.

    Attributes
    ----------
    order
        Those over the limit first, most riders above places first; then the others, fullest first.
    over
        Those over the limit.
    samples
        Draws of the ratio of riders to places, by cell; of the first and of those over the limit.
    limit
        Share of places above which a cell is over capacity.
    """

    order: tuple[int, ...]
    over: tuple[int, ...]
    samples: Mapping[int, Floats]
    limit: float

    def interval(self, cell: int) -> tuple[float, float]:
        """The 95% interval of a cell's ratio."""
        low, high = interval(self.samples[cell][:, None])
        return float(low[0]), float(high[0])

    def chance(self, cell: int) -> float:
        """Share of the draws in which a cell is over the limit."""
        drawn = self.samples[cell]
        return float((drawn[np.isfinite(drawn)] > self.limit).mean())


def rank_cells(
    cells: Cells, *, limit: float, least_riders: float, shown: int, seed: int, resamples: int
) -> Ranking:
    """
    Rank cells.

    Parameters
    ----------
    cells
        At least one.
    limit
        Share of places above which a cell is over capacity.
    least_riders
        Riders a day below which a cell is not ranked, unless all are below.
    shown
        How many of the first need draws, over the limit or not.
    seed, resamples
        Of the draws.
    """
    ranked = cells.table.filter(pl.col("riders") >= least_riders)
    ranked = cells.table if ranked.is_empty() else ranked
    ranked = ranked.with_columns(over=pl.col("factor") > limit).sort(
        pl.col("over"),
        pl.when("over").then("excess").otherwise(0.0),
        "factor",
        "cell",
        descending=[True, True, True, False],
    )
    order, over = ranked["cell"].to_list(), ranked.filter("over")["cell"].to_list()
    drawn = list(dict.fromkeys([*order[:shown], *over]))
    samples = cells.samples(drawn, seed=seed, resamples=resamples).T
    return Ranking(tuple(order), tuple(over), dict(zip(drawn, samples, strict=True)), limit)


def cells(
    load: pl.DataFrame,
    supply: pl.DataFrame,
    patterns: pl.DataFrame,
    *,
    weekdays_only: bool,
    capacity: int,
    share: float,
) -> Cells:
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
        Riders of a quarter-hour without a vehicle ride with the next one (after the last, with the last).
    """
    if weekdays_only:
        load, supply = (one.filter(pl.col("service_date").dt.weekday() <= 5) for one in (load, supply))
    days: list[object] = sorted(load["service_date"].unique().to_list())
    sections = patterns.filter(pl.col("next_stop_id").is_not_null())
    sections = sections.select(*SECTION, "stop_id", "next_stop_id")
    daily, lost = _with_the_next_vehicle(
        load, _offered(supply, sections, capacity).filter(pl.col("service_date").is_in(days))
    )
    daily = daily.with_columns(pl.col("riders") / share)
    sums = daily.group_by(CELL).agg(pl.col("riders", "places").sum())
    table = sums.filter(pl.col("places") > 0).sort(CELL).with_row_index("cell")
    daily = daily.join(table.select("cell", *CELL), on=CELL)
    grid = np.zeros((2, len(days), table.height))
    place = [days.index(one) for one in daily["service_date"].to_list()], daily["cell"].to_list()
    grid[0][place], grid[1][place] = daily["riders"].to_numpy(), daily["places"].to_numpy()
    excess = np.maximum(grid[0] - grid[1], 0).sum(axis=0) / max(1, len(days))
    table = table.join(sections, on=SECTION, how="left", maintain_order="left").with_columns(
        (pl.col("riders") / pl.col("places")).alias("factor"),
        pl.col("riders", "places") / max(1, len(days)),
        pl.Series("excess", excess),
    )
    return Cells(table, grid[0], grid[1], days, lost / share / max(1, len(days)))


def _offered(supply: pl.DataFrame, sections: pl.DataFrame, capacity: int) -> pl.DataFrame:
    """Vehicles and places by day, section and quarter-hour of departure from its first stop."""
    unknown = (pl.col("vehicles") - pl.col("with_capacity")) * capacity
    offered = supply.with_columns(pl.col("places") + unknown)
    offered = offered.join(sections, on=["route_id", "direction_id", "stop_id"])
    return offered.select("service_date", *CELL, "vehicles", "places")


def _with_the_next_vehicle(load: pl.DataFrame, offered: pl.DataFrame) -> tuple[pl.DataFrame, float]:
    """Riders and places by day and cell with a vehicle, and the riders on sections without any that day."""
    keys, run = ["service_date", *CELL], ["service_date", *SECTION]
    both = load.select(*keys, "riders").join(offered, on=keys, how="full", coalesce=True).sort(keys)
    served = pl.when(pl.col("vehicles") > 0).then("quarter")
    both = both.with_columns(
        served.backward_fill().over(run).fill_null(served.forward_fill().over(run)).alias("quarter")
    )
    lost = both.filter(pl.col("quarter").is_null())["riders"].sum()
    daily = both.drop_nulls("quarter").group_by(keys).agg(pl.col("riders", "places").sum())
    return daily.sort(keys), float(lost)
