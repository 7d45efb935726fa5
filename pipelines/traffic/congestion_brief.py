"""The ranking of road segments in words, tables and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.traffic.congestion_record import record
from pipelines.traffic.names import segment_names
from pipelines.traffic.recording import able, unable
from pipelines.traffic.words import count, words
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
)
from workbench.briefs.scope import whole
from workbench.decisions import TopChoice, interval
from workbench.decisions.resampling import LEAST_DAYS

if TYPE_CHECKING:
    from pipelines.traffic.congestion import CongestionParameters, Floats, Judged
    from workbench.briefs.checklist import Section
    from workbench.domains import Decision, Measures

SURE, LIKELY = 0.9, 0.7
SHOWN_CONTENDERS = 5


def write_brief(
    decision: Decision,
    measures: Measures,
    parameters: CongestionParameters,
    judged: Judged,
    samples: Floats | None,
    choice: TopChoice,
) -> Brief:
    """Write the brief, without its run."""
    w = _Writer(measures, parameters, judged, samples, choice)
    return Brief(
        decision=decision.name,
        project=decision.project,
        title=decision.title,
        question=decision.question,
        answer=w.answer(),
        options=w.options(),
        figure=w.figure(),
        changes=w.changes(),
        assumptions=w.assumptions(),
        limits=w.limits(),
        sections=w.sections(measures) if whole() and able() else (),
    )


class _Writer:
    def __init__(
        self,
        measures: Measures,
        parameters: CongestionParameters,
        judged: Judged,
        samples: Floats | None,
        choice: TopChoice,
    ) -> None:
        self.p, self.judged, self.samples, self.choice = parameters, judged, samples, choice
        self.names = segment_names(measures, judged.ids)
        reliability = measures["segment_reliability"]
        self.reliability = {row["segment_id"]: row for row in reliability.iter_rows(named=True)}
        self.speed, self.index = judged.speed, judged.index
        self.ends = None if samples is None else interval(samples)
        contenders = choice.contenders or choice.order[len(choice.chosen) :]
        self.shown = (*choice.chosen, *contenders[:SHOWN_CONTENDERS])

    def slug(self, i: int) -> str:
        """A segment's place in the ranking, fit for an id."""
        return f"rank{self.choice.order.index(i) + 1}"

    def index_of(self, i: int) -> Quantity:
        """The congestion index of a segment."""
        value, low, high, basis = float(self.index[i]), None, None, Text("")
        if self.ends is not None:
            low, high = min(float(self.ends[0][i]), value), max(float(self.ends[1][i]), value)
            basis = words().text("congestion.basis")
        source = Source("speeds_by_hour", "speed_kmh", {"segment_id": self.judged.ids[i]})
        return Quantity(
            f"index.{self.slug(i)}", value, "index", low, high, basis=basis, decimals=2, source=source
        )

    def chance(self, i: int) -> Quantity:
        """The chance that a segment truly belongs among the k worst."""
        value, resamples = None, None
        if not np.isnan(self.choice.probability[i]):
            value, resamples = float(self.choice.probability[i]), self.p.resamples
        source = Source("speeds_by_hour", "speed_kmh", {})
        return Quantity(f"chance.{self.slug(i)}", value, "probability", resamples=resamples, source=source)

    def speed_of(self, i: int) -> Quantity:
        """Mean speed of a segment in the hours judged."""
        source = Source("speeds_by_hour", "speed_kmh", {"segment_id": self.judged.ids[i]})
        return Quantity(f"speed.{self.slug(i)}", float(self.speed[i]), "km/h", decimals=1, source=source)

    def free_of(self, i: int) -> Quantity:
        """Free-flow speed of a segment."""
        free, where = float(self.judged.free_flow[i]), {"segment_id": self.judged.ids[i]}
        source = Source("segment_reliability", "free_flow_kmh", where)
        return Quantity(f"free.{self.slug(i)}", free, "km/h", decimals=1, source=source)

    def share_of(self, i: int, name: str, column: str) -> Quantity:
        """A share that the reliability measure has for a segment."""
        segment = self.judged.ids[i]
        source = Source("segment_reliability", column, {"segment_id": segment})
        value = float(self.reliability[segment][column])
        return Quantity(f"{name}.{self.slug(i)}", value, "share", decimals=0, source=source)

    def answer(self) -> Answer:
        """What to do, and how sure that is."""
        choice, w, first = self.choice, words(), self.choice.order[0]
        listed = tuple(self.names[i] for i in choice.chosen)
        worst = w.phrase(
            "congestion.point.worst",
            segment=self.names[first],
            index=self.index_of(first),
            speed=self.speed_of(first),
            free=self.free_of(first),
        )
        if self.samples is None:
            days = count("days", len(self.judged.days), "days")
            rule = w.phrase("congestion.rule.days", days=days, least=count("least_days", LEAST_DAYS, "days"))
            headline = w.phrase("congestion.headline.cannot", segments=listed)
            return Answer(headline, (worst,), Confidence("cannot_tell", rule))
        sure = tuple(self.names[i] for i in choice.chosen if choice.probability[i] >= SURE)
        if len(sure) == len(choice.chosen):
            headline = w.phrase("congestion.headline.all", segments=listed)
        elif sure:
            others = tuple(name for name in listed if name not in sure)
            headline = w.phrase("congestion.headline.some", segments=sure, others=others)
        else:
            headline = w.phrase("congestion.headline.none", segments=listed)
        belong = w.phrase(
            "congestion.point.sure",
            sure=count("sure", len(sure), "segments"),
            k=self.k,
            level=Quantity("sure_level", SURE, "share"),
        )
        return Answer(headline, (worst, belong, *self.contested()), self.confidence())

    @property
    def k(self) -> Quantity:
        """How many segments are chosen."""
        return count("k", len(self.choice.chosen), "segments")

    def contested(self) -> list[Phrase]:
        """Which other segments could take a place, and what would tell."""
        choice, w = self.choice, words()
        if not choice.contenders:
            return []
        contenders = tuple(self.names[i] for i in choice.contenders[:SHOWN_CONTENDERS])
        told = [w.phrase("congestion.point.contenders", contenders=contenders)]
        if choice.days_needed is not None and choice.days_needed > len(self.judged.days):
            last, rest = choice.chosen[-1], choice.order[len(choice.chosen)]
            days = count("days_needed", choice.days_needed, "days")
            told.append(
                w.phrase("congestion.point.days", last=self.names[last], first=self.names[rest], days=days)
            )
        return told

    def confidence(self) -> Confidence:
        """How sure it is of the least sure of the chosen segments."""
        least = min(float(self.choice.probability[i]) for i in self.choice.chosen)
        rule = words().phrase(
            "congestion.rule.chance",
            least=Quantity("least_chance", least, "probability", resamples=self.p.resamples),
            high=Quantity("rule_high", SURE, "share"),
            moderate=Quantity("rule_moderate", LIKELY, "share"),
        )
        return Confidence("high" if least >= SURE else "moderate" if least >= LIKELY else "low", rule)

    def options(self) -> Table:
        """The segments chosen, and those that could take their place."""
        w = words().text
        rows = [
            Row(
                (
                    self.names[i],
                    self.chance(i),
                    self.index_of(i),
                    self.speed_of(i),
                    self.free_of(i),
                    self.share_of(i, "share", "share_congested"),
                    self.share_of(i, "buffer", "buffer_index"),
                ),
                chosen=i in self.choice.chosen,
            )
            for i in self.shown
        ]
        units = {
            "segment": "",
            "chance": "probability",
            "index": "index",
            "speed": "km/h",
            "free": "km/h",
            "share": "share",
            "buffer": "share",
        }
        heads = tuple(Head(key, w(f"congestion.head.{key}"), unit) for key, unit in units.items())
        return Table("segments", w("congestion.options"), heads, tuple(rows), note=w("congestion.note"))

    def figure(self) -> Figure:
        """The ranking with its intervals."""
        from workbench.briefs.figures import ranking

        w, first = words(), self.choice.order[0]
        shown = [self.index_of(i) for i in self.shown]
        svg: dict[str, str] = {
            lang: ranking(
                [self.names[i] for i in self.shown],
                [one.value for one in shown],
                [one.low for one in shown],
                [one.high for one in shown],
                xlabel=w.text("congestion.axis").in_(lang),
                reference=1.0,
                reference_label=w.text("congestion.free").in_(lang),
                highlight=[n for n, i in enumerate(self.shown) if i in self.choice.chosen],
            )
            for lang in LANGUAGES
        }
        heads = (
            Head("segment", w.text("congestion.head.segment")),
            Head("index", w.text("congestion.head.index"), "index"),
        )
        rows = tuple(
            Row((self.names[i], one), chosen=i in self.choice.chosen)
            for i, one in zip(self.shown, shown, strict=True)
        )
        apart = not self.choice.contenders and self.samples is not None
        return Figure(
            "ranking",
            w.phrase(f"congestion.figure.{'apart' if apart else 'overlap'}", segment=self.names[first]),
            w.phrase("congestion.figure.alt", segment=self.names[first], index=self.index_of(first)),
            svg,
            Table("ranking-data", w.text("congestion.options"), heads, rows),
        )

    def changes(self) -> tuple[Phrase, ...]:
        """How many of the chosen stay, judged otherwise."""
        chosen = {self.judged.ids[i] for i in self.choice.chosen}
        ids = np.array(self.judged.ids)

        def measured(column: str) -> Floats:
            return np.array([self.reliability[one][column] for one in ids], dtype=float)

        ways = {
            "allday": measured("congestion_index"),
            "delay": 3600 / self.speed - 3600 / self.judged.free_flow,
            "share": measured("share_congested"),
            "buffer": measured("buffer_index"),
        }
        told = []
        for key, values in ways.items():
            top = ids[np.argsort(-values, kind="stable")][: len(chosen)]
            kept = count(f"kept.{key}", len(chosen & set(top)), "segments")
            told.append(words().phrase(f"congestion.change.{key}", kept=kept, k=self.k))
        return tuple(told)

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the ranking rests on."""
        w = words()
        hours = tuple(f"{hour:02d}:00–{hour + 1:02d}:00" for hour in sorted(self.p.hours))
        days = count("days", len(self.judged.days), "days")
        which = w.text("weekdays" if self.p.weekdays_only else "alldays")
        told = [
            w.phrase("congestion.assume.hours", hours=hours, days=days, which=which),
            w.phrase("congestion.assume.free"),
        ]
        if self.samples is not None:
            resamples = count("resamples", self.p.resamples, "resamples")
            told.append(w.phrase("congestion.assume.days", resamples=resamples))
        return (*told, w.phrase("congestion.assume.quarantine"))

    def limits(self) -> tuple[Phrase, ...]:
        """What it must not be used for."""
        w = words()
        told = [w.phrase("congestion.limit.volume"), w.phrase("congestion.limit.cause")]
        if self.judged.unjudged:
            least = Quantity("least_coverage", self.p.least_coverage, "share")
            unjudged = count("unjudged", self.judged.unjudged, "segments")
            told.append(w.phrase("congestion.limit.unjudged", count=unjudged, least=least))
        return (*told, *unable())

    def sections(self, measures: Measures) -> tuple[Section, ...]:
        """The record."""
        return record(measures, self.p, self.judged, self.samples, self.choice, self.names)
