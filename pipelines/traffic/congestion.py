"""Which road segments to treat first, and how sure it is that each belongs among them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from workbench._text import LANGUAGES, Text
from workbench.briefs import (
    Answer,
    Brief,
    Confidence,
    Figure,
    Head,
    Phrase,
    Quantity,
    Row,
    Source,
    Table,
    Words,
)
from workbench.decisions import TopChoice, interval, resample_ratio, top_choice
from workbench.decisions.resampling import LEAST_DAYS
from workbench.domains import Decision, Measures, Parameters
from workbench.errors import DataRejected
from workbench.simulation import Streams

Floats = NDArray[np.float64]
SURE, LIKELY = 0.9, 0.7
SHOWN_CONTENDERS = 5
HERE = Path(__file__).parent


class CongestionParameters(Parameters):
    """What counts as the time of interest, and how many segments can be treated."""

    k: int = Field(5, ge=1, le=100, description="Segments that can be treated", json_schema_extra={"zh": "可治理的路段数", "unit": "segments"})
    hours: tuple[int, ...] = Field(
        (7, 8, 17, 18), min_length=1, description="Hours of the day to judge, each from its full hour", json_schema_extra={"zh": "评判的时段（各从整点起一小时）", "unit": "h"}
    )
    weekdays_only: bool = Field(True, description="Leave out Saturdays and Sundays", json_schema_extra={"zh": "不含周六和周日"})
    least_coverage: float = Field(
        0.5, ge=0, le=1, description="Share of the hours judged in which a segment must have been observed to be ranked",
        json_schema_extra={"zh": "参与排序的路段在评判时段内须有观测的最低比例", "unit": "share"},
    )  # fmt: skip
    resamples: int = Field(2000, ge=200, le=50_000, description="How many times the days are resampled", json_schema_extra={"zh": "对日期重抽样的次数"})

    def model_post_init(self, _: Any) -> None:
        """Refuse hours that are none, or repeated."""
        if len(set(self.hours)) != len(self.hours) or not all(0 <= hour <= 23 for hour in self.hours):
            raise ValueError("hours must be different whole hours from 0 to 23")


@dataclass(frozen=True)
class Judged:
    """Segments in the time of interest: sums by day, and what they come to."""

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

    def samples(self, parameters: CongestionParameters) -> Floats | None:
        """Indices over resampled days, None where the days are too few."""
        if len(self.days) < LEAST_DAYS:
            return None
        drawn = resample_ratio(self.observations * self.free_flow, self.speed_sums, streams=Streams(parameters.seed), resamples=parameters.resamples)
        return np.maximum(drawn, 0.0)


class Congestion(Decision):
    """Which road segments should be treated first?"""

    name: ClassVar[str] = "traffic.congestion"
    domain: ClassVar[str] = "traffic"
    project: ClassVar[str] = "L01"
    title: ClassVar[Text] = Text("Where to treat road congestion first", "道路拥堵优先治理路段")
    question: ClassVar[Text] = Text(
        "Which road segments should be treated first, and how sure is it that each belongs among the worst?",
        "应优先治理哪些路段？每个路段确属最拥堵之列的把握有多大？",
    )
    required: ClassVar[tuple[str, ...]] = ("road_speeds",)
    optional: ClassVar[tuple[str, ...]] = ("segments",)
    Parameters: ClassVar[type[Parameters]] = CongestionParameters

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Rank the segments by congestion index in the hours judged, resampling days."""
        judged = judge(measures["speeds_by_hour"], measures["segment_reliability"], parameters)
        samples = judged.samples(parameters)
        choice = top_choice(judged.index, samples, parameters.k, days=len(judged.days))
        measures["congestion_index"]
        return _Writer(measures, parameters, judged, samples, choice).brief(self)


def judge(by_hour: pl.DataFrame, reliability: pl.DataFrame, parameters: CongestionParameters) -> Judged:
    """
    Sum the hours of interest by day and segment.

    Raises
    ------
    DataRejected
        No observation falls into the hours and days judged.
    """
    chosen = by_hour.filter(pl.col("hour").is_in(list(parameters.hours)))
    if parameters.weekdays_only:
        chosen = chosen.filter(pl.col("weekday") <= 5)
    if chosen.is_empty():
        raise DataRejected("No speed was observed in the hours and days judged: change the parameters `hours` or `weekdays_only`, or give more days.")
    cells = chosen.select("date", "hour").unique().height
    seen = chosen.group_by("segment_id").agg(pl.len().alias("cells")).filter(pl.col("cells") >= parameters.least_coverage * cells)
    ids = sorted(seen["segment_id"].to_list())
    days = sorted(chosen["date"].unique().to_list())
    sums = (
        chosen.join(seen, on="segment_id")
        .with_columns((pl.col("speed_kmh") * pl.col("observations")).alias("total"))
        .group_by("date", "segment_id")
        .agg(pl.col("observations").sum(), pl.col("total").sum())
        .sort("date", "segment_id")
    )
    place = {segment: i for i, segment in enumerate(ids)}, {day: i for i, day in enumerate(days)}
    columns = [place[0][one] for one in sums["segment_id"]]
    rows = [place[1][one] for one in sums["date"]]
    observations, totals = np.zeros((len(days), len(ids))), np.zeros((len(days), len(ids)))
    observations[rows, columns] = sums["observations"].to_numpy()
    totals[rows, columns] = sums["total"].to_numpy()
    free = dict(reliability.select("segment_id", "free_flow_kmh").iter_rows())
    unjudged = by_hour["segment_id"].n_unique() - len(ids)
    return Judged(ids, days, observations, totals, np.array([free[one] for one in ids]), unjudged)


class _Writer:
    """Puts the ranking into words, tables and a picture."""

    def __init__(self, measures: Measures, parameters: CongestionParameters, judged: Judged, samples: Floats | None, choice: TopChoice) -> None:
        self.p, self.judged, self.samples, self.choice = parameters, judged, samples, choice
        self.words = Words(HERE / "words.yaml")
        self.names = _names(measures, judged.ids)
        self.reliability = {row["segment_id"]: row for row in measures["segment_reliability"].iter_rows(named=True)}
        self.low, self.high = interval(samples) if samples is not None else (np.full(len(judged.ids), np.nan),) * 2
        self.shown = (*choice.chosen, *choice.contenders[:SHOWN_CONTENDERS])
        if not choice.contenders:
            self.shown = choice.order[: len(choice.chosen) + SHOWN_CONTENDERS]
        self.basis = self.words.text("congestion.basis")

    def brief(self, decision: Congestion) -> Brief:
        """The brief, without its run."""
        return Brief(
            decision=decision.name,
            project=decision.project,
            title=decision.title,
            question=decision.question,
            answer=self.answer(),
            options=self.options(),
            figure=self.figure(),
            changes=self.changes(),
            assumptions=self.assumptions(),
            limits=self.limits(),
        )

    def index(self, i: int, tag: str = "index") -> Quantity:
        """The congestion index of a segment."""
        low, high = (None, None) if np.isnan(self.low[i]) else (float(min(self.low[i], self.judged.index[i])), float(max(self.high[i], self.judged.index[i])))
        return Quantity(
            f"{tag}.{self.slug(i)}", float(self.judged.index[i]), "index", low, high, basis=self.basis if low is not None else Text(""),
            decimals=2, source=Source("speeds_by_hour", "speed_kmh", {"segment_id": self.judged.ids[i]}),
        )  # fmt: skip

    def chance(self, i: int, tag: str = "chance") -> Quantity:
        """The chance that a segment truly belongs among the k worst."""
        value = None if np.isnan(self.choice.probability[i]) else float(self.choice.probability[i])
        source = Source("speeds_by_hour", "speed_kmh", {})
        return Quantity(f"{tag}.{self.slug(i)}", value, "probability", resamples=self.p.resamples if value is not None else None, source=source)

    def slug(self, i: int) -> str:
        """A segment's place in the ranking, fit for an id."""
        return f"rank{self.choice.order.index(i) + 1}"

    def count(self, name: str, value: float | None, unit: str | Text = "segments") -> Quantity:
        """A plain number of the answer."""
        return Quantity(name, value, unit)

    def answer(self) -> Answer:
        """What to do, and how sure that is."""
        choice, w = self.choice, self.words
        known = [i for i in choice.chosen if not np.isnan(choice.probability[i])]
        sure = [i for i in known if choice.probability[i] >= SURE]
        least = min((float(choice.probability[i]) for i in known), default=None)
        k = self.count("k", len(choice.chosen))
        listed = tuple(self.names[i] for i in choice.chosen)
        points = [w.phrase("congestion.point.worst", segment=self.names[choice.order[0]], index=self.index(choice.order[0]), speed=self.speed(choice.order[0]), free=self.free(choice.order[0]))]
        if not known:
            headline = w.phrase("congestion.headline.cannot", segments=listed)
            rule = w.phrase("congestion.rule.days", days=self.count("days", len(self.judged.days), "days"), least=self.count("least_days", LEAST_DAYS, "days"))
            return Answer(headline, tuple(points), Confidence("cannot_tell", rule))
        if len(sure) == len(choice.chosen):
            headline = w.phrase("congestion.headline.all", segments=listed)
        elif sure:
            headline = w.phrase("congestion.headline.some", segments=tuple(self.names[i] for i in sure), others=tuple(self.names[i] for i in choice.chosen if i not in sure))
        else:
            headline = w.phrase("congestion.headline.none", segments=listed)
        points.append(w.phrase("congestion.point.sure", sure=self.count("sure", len(sure)), k=k, level=Quantity("sure_level", SURE, "share")))
        if choice.contenders:
            points.append(w.phrase("congestion.point.contenders", contenders=tuple(self.names[i] for i in choice.contenders[:SHOWN_CONTENDERS])))
            if choice.days_needed is not None and choice.days_needed > len(self.judged.days):
                last, rest = choice.chosen[-1], next(i for i in choice.order if i not in choice.chosen)
                points.append(w.phrase("congestion.point.days", last=self.names[last], first=self.names[rest], days=self.count("days_needed", choice.days_needed, "days")))
        word = "high" if least is not None and least >= SURE else "moderate" if least is not None and least >= LIKELY else "low"
        rule = w.phrase(
            "congestion.rule.chance", least=Quantity("least_chance", least, "probability", resamples=self.p.resamples), high=Quantity("rule_high", SURE, "share"),
            moderate=Quantity("rule_moderate", LIKELY, "share"),
        )  # fmt: skip
        return Answer(headline, tuple(points), Confidence(word, rule))

    def speed(self, i: int) -> Quantity:
        """Mean speed of a segment in the hours judged."""
        return Quantity(f"speed.{self.slug(i)}", float(self.judged.speed[i]), "km/h", decimals=1, source=Source("speeds_by_hour", "speed_kmh", {"segment_id": self.judged.ids[i]}))

    def free(self, i: int) -> Quantity:
        """Free-flow speed of a segment."""
        return Quantity(f"free.{self.slug(i)}", float(self.judged.free_flow[i]), "km/h", decimals=1, source=Source("segment_reliability", "free_flow_kmh", {"segment_id": self.judged.ids[i]}))

    def options(self) -> Table:
        """The segments chosen, and those that could take their place."""
        rows = []
        for i in self.shown:
            facts, where = self.reliability[self.judged.ids[i]], {"segment_id": self.judged.ids[i]}
            share = Quantity(f"share.{self.slug(i)}", facts["share_congested"], "share", decimals=0, source=Source("segment_reliability", "share_congested", where))
            buffer = Quantity(f"buffer.{self.slug(i)}", facts["buffer_index"], "share", decimals=0, source=Source("segment_reliability", "buffer_index", where))
            rows.append(Row((self.names[i], self.chance(i), self.index(i), self.speed(i), self.free(i), share, buffer), chosen=i in self.choice.chosen))
        w = self.words.text
        heads = (
            Head("segment", w("congestion.head.segment")),
            Head("chance", w("congestion.head.chance"), "probability"),
            Head("index", w("congestion.head.index"), "index"),
            Head("speed", w("congestion.head.speed"), "km/h"),
            Head("free", w("congestion.head.free"), "km/h"),
            Head("share", w("congestion.head.share"), "share"),
            Head("buffer", w("congestion.head.buffer"), "share"),
        )
        return Table("segments", w("congestion.options"), heads, tuple(rows), note=w("congestion.note"))

    def figure(self) -> Figure:
        """The ranking with its intervals."""
        from workbench.briefs.figures import ranking

        index = self.judged.index
        lows = [None if np.isnan(self.low[i]) else float(min(self.low[i], index[i])) for i in self.shown]
        highs = [None if np.isnan(self.high[i]) else float(max(self.high[i], index[i])) for i in self.shown]
        chosen = [n for n, i in enumerate(self.shown) if i in self.choice.chosen]
        svg = {
            lang: ranking(
                [self.names[i] for i in self.shown], [float(index[i]) for i in self.shown], lows, highs,
                xlabel=self.words.text("congestion.axis").in_(lang), reference=1.0, reference_label=self.words.text("congestion.free").in_(lang), highlight=chosen,
            )
            for lang in LANGUAGES
        }  # fmt: skip
        heads = (Head("segment", self.words.text("congestion.head.segment")), Head("index", self.words.text("congestion.head.index"), "index"))
        rows = tuple(Row((self.names[i], self.index(i)), chosen=i in self.choice.chosen) for i in self.shown)
        data = Table("ranking-data", self.words.text("congestion.options"), heads, rows)
        first = self.names[self.choice.order[0]]
        key = "congestion.figure.apart" if not self.choice.contenders and self.samples is not None else "congestion.figure.overlap"
        return Figure("ranking", self.words.phrase(key, segment=first), self.words.phrase("congestion.figure.alt", segment=first, index=self.index(self.choice.order[0])), svg, data)

    def changes(self) -> tuple[Phrase, ...]:
        """How many of the chosen stay, judged otherwise."""
        chosen = {self.judged.ids[i] for i in self.choice.chosen}
        k = self.count("k", len(chosen))
        told = []
        for key, kept in self._otherwise(chosen):
            told.append(self.words.phrase(f"congestion.change.{key}", kept=self.count(f"kept.{key}", kept), k=k))
        return tuple(told)

    def _otherwise(self, chosen: set[str]) -> list[tuple[str, int]]:
        ids = np.array(self.judged.ids)
        buffer = np.array([self.reliability[one]["buffer_index"] for one in ids])
        share = np.array([self.reliability[one]["share_congested"] for one in ids])
        whole = np.array([self.reliability[one]["congestion_index"] for one in ids])
        delay = 3600 / self.judged.speed - 3600 / self.judged.free_flow
        ways = {"allday": whole, "delay": delay, "share": share, "buffer": buffer}
        return [(key, len(chosen & set(ids[np.argsort(-values, kind="stable")][: len(chosen)]))) for key, values in ways.items()]

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the ranking rests on."""
        w = self.words
        hours = tuple(f"{hour:02d}:00–{hour + 1:02d}:00" for hour in sorted(self.p.hours))
        return (
            w.phrase("congestion.assume.hours", hours=hours, days=self.count("days", len(self.judged.days), "days"), which=w.text("weekdays" if self.p.weekdays_only else "alldays")),
            w.phrase("congestion.assume.free"),
            w.phrase("congestion.assume.days", resamples=self.count("resamples", self.p.resamples, "resamples")),
            w.phrase("congestion.assume.quarantine"),
        )

    def limits(self) -> tuple[Phrase, ...]:
        """What it must not be used for."""
        told = [self.words.phrase("congestion.limit.volume"), self.words.phrase("congestion.limit.cause")]
        if self.judged.unjudged:
            told.append(self.words.phrase("congestion.limit.unjudged", count=self.count("unjudged", self.judged.unjudged), least=Quantity("least_coverage", self.p.least_coverage, "share")))
        return tuple(told)


def _names(measures: Measures, ids: list[str]) -> list[str]:
    """Names a planner knows: the segment's own with its id, the id alone where it has none."""
    if not measures.has("segments"):
        return ids
    named = measures.clean("segments").gather().select("segment_id", "segment_name")
    known = {row[0]: row[1] for row in named.iter_rows() if row[1]}
    return [f"{known[one]} ({one})" if one in known else one for one in ids]
