"""The ranking of assets in words, tables and a map."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.criticality_record import RECORDER, record
from pipelines.lifelines.losses import Losses
from pipelines.lifelines.words import system_name, words
from workbench._text import Text
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
from workbench.briefs.recording import able
from workbench.briefs.scope import whole
from workbench.decisions import interval
from workbench.lifelines.model import Bools, Floats
from workbench.lifelines.solvers import open_solver

if TYPE_CHECKING:
    from pipelines.lifelines.criticality_case import Case
    from workbench.domains import Decision, Measures

SURE, LIKELY = 0.9, 0.7
SHOWN_CONTENDERS, SHOWN_NAMES, SHOWN_ALIKE = 5, 4, 3
WHOLE = 0.3
"""A picture shows the loss of an asset that leaves at least this share of its network's edges working."""


def write_brief(decision: Decision, measures: Measures, case: Case) -> Brief:
    """Write the brief, without its run."""
    w = _Writer(measures, case)
    w.keep()
    case.before.keep(measures)
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
        sections=record(measures, case) if whole() and able() else (),
    )


class _Writer:
    def __init__(self, measures: Measures, case: Case) -> None:
        self.m, self.case, self.choice, self.p = measures, case, case.choice, case.p
        self.w = words("criticality")
        self.single = {row["asset"]: row for row in case.single.iter_rows(named=True)}
        low, high = interval(case.samples)
        self.low, self.high = np.minimum(low, case.value), np.maximum(high, case.value)
        rest = self.choice.contenders or self.choice.order[len(self.choice.chosen) :]
        self.shown = (*self.choice.chosen, *rest[:SHOWN_CONTENDERS])

    def keep(self) -> None:
        """Put what was worked out beside the measures, so that its numbers can be traced."""
        days = np.repeat(np.arange(len(self.case.lost)), len(self.case.compared))
        self.m.made["single_losses"] = self.case.single
        self.m.made["bad_day_losses"] = pl.DataFrame(
            {
                "day": days,
                "asset": np.tile(self.case.compared, len(self.case.lost)),
                "lost": self.case.lost.ravel(),
            }
        )

    def label(self, i: int) -> Text:
        return self.case.places.label(int(self.case.compared[i]))

    def asset(self, i: int) -> int:
        return int(self.case.compared[i])

    def slug(self, i: int) -> str:
        """An asset's place in the ranking, fit for an id."""
        return f"rank{self.choice.order.index(i) + 1}"

    def mean_of(self, i: int) -> Quantity:
        """Services lost through it on a bad day."""
        source = Source("bad_day_losses", "lost", {"asset": self.asset(i)})
        return Quantity(
            f"mean.{self.slug(i)}",
            float(self.case.value[i]),
            "persons",
            float(self.low[i]),
            float(self.high[i]),
            basis=self.w.text("criticality.basis"),
            decimals=0,
            source=source,
        )

    def single_of(self, i: int, name: str) -> Quantity:
        """Services lost when it alone is lost: "alone" in its own network, "through" others, "total"."""
        row = self.single[self.asset(i)]
        value = row["total"] - row["alone"] if name == "through" else row[name]
        column = "total" if name == "through" else name
        source = Source("single_losses", column, {"asset": self.asset(i)})
        return Quantity(
            f"{name}.{self.slug(i)}", max(float(value), 0.0), "persons", decimals=0, source=source
        )

    def chance(self, i: int) -> Quantity:
        """The chance that it belongs among the k that hurt most."""
        value, source = float(self.choice.probability[i]), Source("bad_day_losses", "lost", {})
        return Quantity(
            f"chance.{self.slug(i)}", value, "probability", resamples=self.p.resamples, source=source
        )

    @property
    def k(self) -> Quantity:
        """How many assets are chosen."""
        return self.count("k", len(self.choice.chosen), "assets")

    def count(self, name: str, value: float, unit: str) -> Quantity:
        """A plain number in a unit of this domain."""
        return Quantity(name, value, self.w.text(f"unit.{unit}.one" if value == 1 else f"unit.{unit}"))

    def answer(self) -> Answer:
        """What to look after, and how sure that is."""
        choice, w, first = self.choice, self.w, self.choice.order[0]
        listed = tuple(self.label(i) for i in choice.chosen)
        sure = tuple(self.label(i) for i in choice.chosen if choice.probability[i] >= SURE)
        if len(sure) == len(listed):
            headline = w.phrase("criticality.headline.all", assets=self.named("all", listed))
        elif sure:
            others = self.named("others", tuple(one for one in listed if one not in sure))
            headline = w.phrase("criticality.headline.some", assets=self.named("sure", sure), others=others)
        else:
            headline = w.phrase("criticality.headline.none", assets=self.named("all", listed))
        worst = w.phrase(
            "criticality.point.worst",
            asset=self.label(first),
            total=self.single_of(first, "total"),
            through=self.single_of(first, "through"),
            mean=self.mean_of(first),
        )
        belong = w.phrase(
            "criticality.point.sure",
            sure=self.count("sure", len(sure), "assets"),
            k=self.k,
            level=Quantity("sure_level", SURE, "share"),
        )
        before = self.case.before
        points = (*before.points(), worst, belong, *self.cascades(), *self.contested())
        return Answer(headline, points, before.confidence(self.confidence()))

    def named(self, key: str, labels: tuple[Text, ...]) -> tuple[Text | Phrase, ...]:
        """Name the first assets of a list and count the others, which the table names."""
        more = len(labels) - SHOWN_NAMES
        if more < 2:
            return labels
        counted = self.w.phrase("criticality.more", count=self.count(f"more.{key}", more, "assets"))
        return (*labels[:SHOWN_NAMES], counted)

    def others(self, i: int) -> Text:
        """The assets whose loss takes the same people, by their ids."""
        ids = [self.single[one]["id"] for one in self.case.alike[self.asset(i)]]
        listed = ", ".join(ids[:SHOWN_ALIKE]) + (" …" if len(ids) > SHOWN_ALIKE else "")
        return Text(listed, listed) if ids else self.w.text("none")

    def cascades(self) -> list[Phrase]:
        """How much of the harm goes through other systems."""
        rows = [self.single[self.asset(i)] for i in self.choice.chosen]
        total = sum(row["total"] for row in rows)
        if not self.p.through_others or total <= 0:
            return []
        share = 1 - sum(min(row["alone"], row["total"]) for row in rows) / total
        source = Source("single_losses", "total", {})
        return [
            self.w.phrase(
                "criticality.point.through",
                k=self.k,
                share=Quantity("through", share, "share", source=source),
            )
        ]

    def contested(self) -> list[Phrase]:
        """Which other assets could take a place, and what would tell."""
        choice = self.choice
        if not choice.contenders:
            return []
        contenders = tuple(self.label(i) for i in choice.contenders[:SHOWN_CONTENDERS])
        told = [self.w.phrase("criticality.point.contenders", contenders=contenders)]
        if choice.days_needed is not None and choice.days_needed > self.p.days:
            last, rest = choice.chosen[-1], choice.order[len(choice.chosen)]
            days = Quantity("days_needed", choice.days_needed, "days")
            told.append(
                self.w.phrase(
                    "criticality.point.days", last=self.label(last), first=self.label(rest), days=days
                )
            )
        return told

    def confidence(self) -> Confidence:
        """How sure it is of the least sure of the chosen assets."""
        least = min(float(self.choice.probability[i]) for i in self.choice.chosen)
        rule = self.w.phrase(
            "criticality.rule",
            least=Quantity("least_chance", least, "probability", resamples=self.p.resamples),
            high=Quantity("rule_high", SURE, "share"),
            moderate=Quantity("rule_moderate", LIKELY, "share"),
        )
        return Confidence("high" if least >= SURE else "moderate" if least >= LIKELY else "low", rule)

    def options(self) -> Table:
        """The assets chosen, and those that could take their place."""
        w = self.w.text
        rows = []
        for order, i in enumerate(self.shown, start=1):
            numbers = (self.mean_of(i), self.single_of(i, "alone"), self.single_of(i, "through"))
            number = Quantity(f"order.{self.slug(i)}", order)
            cells = (self.label(i), number, self.chance(i), *numbers, self.others(i))
            rows.append(Row(cells, chosen=i in self.choice.chosen))
        heads = (
            Head("asset", w("head.asset")),
            Head("number", w("criticality.head.number")),
            Head("chance", w("criticality.head.chance"), "probability"),
            *(Head(key, w(f"criticality.head.{key}"), "persons") for key in ("mean", "alone", "through")),
            Head("alike", w("criticality.head.alike")),
        )
        note = self.w.phrase("criticality.note")
        return Table("assets", w("criticality.options"), heads, tuple(rows), note=note)

    @cached_property
    def drawn(self) -> tuple[int, Bools]:
        """Place of the asset whose loss is drawn, and the state after it: the worst that leaves something."""
        system, found = self.case.system, []
        for i in self.choice.chosen:
            up = system.intact.copy()
            up[self.asset(i)] = False
            up, layer = self.case.losses.after(up), self.layer(i)
            before, after = (self.case.places.carrying(layer, one) for one in (system.intact, up))
            found.append((i, up))
            if after.sum() >= WHOLE * before.sum():
                return found[-1]
        return found[0]

    def layer(self, i: int) -> str:
        """The layer of an asset."""
        return str(self.single[self.asset(i)]["layer"])

    def figure(self) -> Figure:
        """Where the assets lie, and what the loss of the first cuts off."""
        shown, up = self.drawn
        layer, system, places, w = self.layer(shown), self.case.system, self.case.places, self.w
        marks = [self.asset(i) for i in self.choice.chosen]
        svg = places.draw(
            layer,
            flows_of(self.case, layer),
            up=up,
            marks=marks if places.drawable else (),
            marks_label=w.text("criticality.marks"),
        )
        lost, total = self.label(shown), self.single_of(shown, "total")
        heads = (
            Head("number", w.text("criticality.head.number")),
            Head("asset", w.text("head.asset")),
            Head("mean", w.text("criticality.head.mean"), "persons"),
        )
        rows = tuple(
            Row((Quantity(f"order.{self.slug(i)}", order), self.label(i), self.mean_of(i)), chosen=True)
            for order, i in enumerate(self.choice.chosen, start=1)
        )
        return Figure(
            "map",
            w.phrase("criticality.figure", asset=lost, total=total),
            w.phrase(
                "criticality.figure.alt",
                system=system_name(system.layers[layer].system),
                k=self.k,
                asset=lost,
                total=total,
            ),
            svg,
            Table("map-data", w.text("criticality.options"), heads, rows),
        )

    def changes(self) -> tuple[Phrase, ...]:
        """How many of the chosen stay, judged otherwise."""
        case = self.case
        ids = case.compared
        rows = [self.single[int(one)] for one in ids]
        up = np.tile(case.system.intact, (len(ids), 1))
        up[np.arange(len(ids)), ids] = False
        flow = Losses(case.system, through_others=self.p.through_others, solver="flow")
        ways: dict[str, Floats] = {
            "quiet": np.array([row["total"] for row in rows]),
            "alone": np.array([row["alone"] for row in rows]),
            "flow": flow.total(up),
        }
        chosen, told = set(self.choice.chosen), []
        for key, values in ways.items():
            top = np.argsort(-values, kind="stable")[: len(chosen)]
            kept = self.count(f"kept.{key}", len(chosen & {int(i) for i in top}), "assets")
            told.append(self.w.phrase(f"criticality.change.{key}", kept=kept, k=self.k))
        return tuple(told)

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the ranking rests on."""
        share = Quantity("others_down", self.p.others_down, "share", decimals=1)
        days = Quantity("days", self.p.days, "days")
        through = "through" if self.p.through_others else "not_through"
        return (
            self.w.phrase("criticality.assume.path"),
            self.w.phrase("criticality.assume.days", share=share, days=days),
            self.w.phrase(f"criticality.assume.{through}"),
        )

    def limits(self) -> tuple[Phrase, ...]:
        """What it must not be used for, and what is odd about the networks."""
        told = [self.w.phrase("criticality.limit.chance"), self.w.phrase("criticality.limit.physics")]
        return (*told, *self.case.before.limits(), *RECORDER.unable())


def flows_of(case: Case, layer: str) -> Floats:
    """What each edge of a layer carries in the undamaged city, by its sign."""
    network = case.system.layers[layer]
    return np.asarray(open_solver(network, "flow").flows(network.intact))  # type: ignore[attr-defined]
