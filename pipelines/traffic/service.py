"""How regular each line ran against its timetable, over stops and days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.traffic.names import LINE
from workbench.decisions import interval, resample_ratio
from workbench.decisions.resampling import LEAST_DAYS
from workbench.simulation import Streams

FIGURES = {
    "headway": "mean_s",
    "scheduled": "scheduled_mean_s",
    "cv": "cv",
    "p95": "p95_s",
    "wait": "excess_wait_s",
    "bunched": "bunched_share",
}
"""Name of each figure, and the column of the measure `headways` it is the mean of."""
FREQUENT_S = 900
"""Riders come at random up to about this scheduled headway (TCQSM, third edition, ch. 5)."""


@dataclass(frozen=True)
class Figure:
    """A mean over stops and days, with its interval over resampled days; None where it cannot be told."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Regularity:
    """
    One line and direction.

    Attributes
    ----------
    number
        Its place among the lines, from 1.
    where
        `route_id` and `direction_id`.
    figures
        By the names of `FIGURES`.
    """

    number: int
    where: dict[str, Any]
    figures: dict[str, Figure]

    @property
    def wait(self) -> float:
        """Excess wait, s; 0 where it cannot be told."""
        return self.figures["wait"].value or 0.0

    @property
    def frequent(self) -> bool:
        """Whether riders come at random, as the excess wait takes for granted; on rarer lines they plan."""
        told = all(self.figures[name].value is not None for name in ("scheduled", "wait", "cv"))
        return told and (self.figures["scheduled"].value or 0.0) <= FREQUENT_S


def regularity(headways: pl.DataFrame, *, weekdays_only: bool, seed: int, resamples: int) -> list[Regularity]:
    """
    Take means over the stops of each line and direction, and over days.

    Parameters
    ----------
    headways
        The measure of that name.
    weekdays_only
        Leave out Saturdays and Sundays.
    seed, resamples
        Of the draws over days.
    """
    if weekdays_only:
        headways = headways.filter(pl.col("service_date").dt.weekday() <= 5)
    groups = headways.sort(*LINE, "service_date").group_by(LINE, maintain_order=True)
    return [
        Regularity(
            number,
            dict(zip(LINE, line, strict=True)),
            {name: _over_days(group, column, seed, resamples) for name, column in FIGURES.items()},
        )
        for number, (line, group) in enumerate(groups, start=1)
    ]


def _over_days(group: pl.DataFrame, column: str, seed: int, resamples: int) -> Figure:
    known = group.filter(pl.col(column).is_not_null()).sort("service_date", "stop_id")
    daily = known.group_by("service_date", maintain_order=True).agg(pl.col(column).sum(), pl.len().alias("n"))
    if daily.is_empty():
        return Figure(None)
    sums, n = (_column(daily, name) for name in (column, "n"))
    value = float(sums.sum() / n.sum())
    if daily.height < LEAST_DAYS:
        return Figure(value)
    low, high = interval(resample_ratio(sums, n, streams=Streams(seed), resamples=resamples))
    return Figure(value, min(value, float(low[0])), max(value, float(high[0])))


def _column(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    return frame[name].to_numpy().astype(float)[:, None]
