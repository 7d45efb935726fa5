"""Which road segments to treat first, and how sure it is that each belongs among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import field_validator

from pipelines.traffic import fields
from pipelines.traffic.congestion_brief import write_brief
from pipelines.traffic.words import record_words
from workbench._text import Text
from workbench.briefs import Brief
from workbench.decisions import resample_ratio, top_choice
from workbench.decisions.resampling import LEAST_DAYS
from workbench.domains import Decision, Measures, Parameters, parameter
from workbench.errors import DataRejected
from workbench.simulation import Streams

Floats = NDArray[np.float64]


class CongestionParameters(Parameters):
    """What counts as the time of interest, and how many segments can be treated."""

    k: int = parameter(5, "Segments that can be treated", "可治理的路段数", "segments", ge=1, le=100)
    hours: tuple[int, ...] = parameter(
        (7, 8, 17, 18),
        "Hours of the day to judge, each from its full hour",
        "评判的时段（各从整点起一小时）",
        "h",
        min_length=1,
    )
    weekdays_only: bool = fields.weekdays_only()
    least_coverage: float = parameter(
        0.5,
        "Share of the hours judged in which a segment must have been observed to be ranked",
        "参与排序的路段在评判时段内须有观测的最低比例",
        "share",
        ge=0,
        le=1,
    )
    resamples: int = fields.resamples()

    @field_validator("hours")
    @classmethod
    def _hours_of_a_day(cls, hours: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(hours)) != len(hours) or not all(0 <= hour <= 23 for hour in hours):
            raise ValueError("must be different whole hours from 0 to 23")
        return hours


@dataclass(frozen=True)
class Judged:
    """
    Segments in the time of interest.

    Attributes
    ----------
    ids, days
        The segments and the dates.
    observations, speed_sums
        How many speeds were observed and what they add up to (km/h), by day and segment.
    free_flow
        Free-flow speed of each segment, km/h.
    unjudged
        Segments that were observed too rarely.
    """

    ids: list[str]
    days: list[Any]
    observations: Floats
    speed_sums: Floats
    free_flow: Floats
    unjudged: int

    @property
    def speed(self) -> Floats:
        """Mean speed of each segment, km/h."""
        return np.asarray(self.speed_sums.sum(axis=0) / self.observations.sum(axis=0))

    @property
    def index(self) -> Floats:
        """Free-flow over mean speed."""
        return np.asarray(self.free_flow / self.speed)

    def samples(self, *, seed: int, resamples: int) -> Floats | None:
        """Indices over resampled days, shape (resamples, segments); None where the days are too few."""
        if len(self.days) < LEAST_DAYS:
            return None
        free = self.observations * self.free_flow
        return np.maximum(
            resample_ratio(free, self.speed_sums, streams=Streams(seed), resamples=resamples), 0.0
        )


class Congestion(Decision):
    """Rank road segments by congestion in the hours judged."""

    name: ClassVar[str] = "traffic.congestion"
    domain: ClassVar[str] = "traffic"
    project: ClassVar[str] = "L01"
    title: ClassVar[Text] = Text("Where to treat road congestion first", "道路拥堵优先治理路段")
    question: ClassVar[Text] = Text(
        "Which road segments should be treated first, and how sure is it that each belongs among the worst?",
        "应优先治理哪些路段？每个路段确属最拥堵之列的把握有多大？",
    )
    decision_maker: ClassVar[Text] = record_words().text("congestion.maker")
    use_for: ClassVar[Text] = record_words().text("congestion.use_for")
    not_for: ClassVar[Text] = record_words().text("congestion.not_for")
    required: ClassVar[tuple[str, ...]] = ("road_speeds",)
    optional: ClassVar[tuple[str, ...]] = ("segments",)
    Parameters: ClassVar[type[Parameters]] = CongestionParameters

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Rank the segments by congestion index in the hours judged, resampling days."""
        judged = judge(measures["speeds_by_hour"], measures["segment_reliability"], parameters)
        samples = judged.samples(seed=parameters.seed, resamples=parameters.resamples)
        choice = top_choice(judged.index, samples, parameters.k, days=len(judged.days))
        measures["congestion_index"]
        return write_brief(self, measures, parameters, judged, samples, choice)


def judge(by_hour: pl.DataFrame, reliability: pl.DataFrame, parameters: CongestionParameters) -> Judged:
    """
    Sum the hours of interest by day and segment.

    Parameters
    ----------
    by_hour, reliability
        The measures `speeds_by_hour` and `segment_reliability`.
    parameters
        Which hours and days.

    Raises
    ------
    DataRejected
        No observation falls into the hours and days judged, or no segment was observed often enough.
    """
    chosen = by_hour.filter(pl.col("hour").is_in(list(parameters.hours)))
    if parameters.weekdays_only:
        chosen = chosen.filter(pl.col("weekday") <= 5)
    if chosen.is_empty():
        raise DataRejected(_nothing_judged(by_hour, parameters))
    hours = chosen.select("date", "hour").unique().height
    seen = chosen.group_by("segment_id").agg(pl.len().alias("hours"))
    often = seen.filter(pl.col("hours") >= parameters.least_coverage * hours)
    if often.is_empty():
        most = seen["hours"].to_numpy().max() / hours
        raise DataRejected(
            f"No segment was observed in {parameters.least_coverage:.0%} of the hours judged (the most is "
            f"{most:.0%}): give more data, or a lower parameter `least_coverage`."
        )
    ids, days = sorted(often["segment_id"].to_list()), sorted(chosen["date"].unique().to_list())
    sums = (
        chosen.join(often, on="segment_id")
        .sort("segment_id", "date", "hour")
        .group_by("date", "segment_id", maintain_order=True)
        .agg(
            pl.col("observations").sum(), (pl.col("speed_kmh") * pl.col("observations")).sum().alias("total")
        )
    )
    rows = [days.index(day) for day in sums["date"]]
    columns = [ids.index(segment) for segment in sums["segment_id"]]
    observations, totals = np.zeros((len(days), len(ids))), np.zeros((len(days), len(ids)))
    observations[rows, columns] = sums["observations"].to_numpy()
    totals[rows, columns] = sums["total"].to_numpy()
    free = dict(reliability.select("segment_id", "free_flow_kmh").iter_rows())
    unjudged = by_hour["segment_id"].n_unique() - len(ids)
    return Judged(ids, days, observations, totals, np.array([free[one] for one in ids]), unjudged)


def _nothing_judged(by_hour: pl.DataFrame, parameters: CongestionParameters) -> str:
    days = by_hour["date"].unique().sort()
    there = (
        f"the data are of {days[0]} to {days[-1]}" if len(days) > 1 else f"the data are of {days[0]} alone"
    )
    which = "on weekdays " if parameters.weekdays_only else ""
    hours = ", ".join(f"{hour}:00" for hour in sorted(parameters.hours))
    return (
        f"No speed was observed {which}in the hours from {hours} ({there}): change the parameters `hours` or "
        "`weekdays_only`, or give more days."
    )
