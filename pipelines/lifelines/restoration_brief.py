"""The order of repair in words, tables and a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.restoration_case import LIKELY, SURE
from pipelines.lifelines.restoration_numbers import Numbers
from pipelines.lifelines.restoration_orders import REPORT
from pipelines.lifelines.restoration_record import RECORDER, record
from pipelines.lifelines.words import system_name, words
from workbench.briefs import (
    Answer,
    Brief,
    Confidence,
    Figure,
    Head,
    Phrase,
    Quantity,
    Row,
    Table,
)
from workbench.briefs.recording import able
from workbench.briefs.scope import whole
from workbench.lifelines.solvers import open_solver

if TYPE_CHECKING:
    from pipelines.lifelines.restoration_case import Case
    from workbench._text import Text
    from workbench.domains import Decision, Measures

SHOWN, NAMED = 10, 3


def write_brief(decision: Decision, measures: Measures, case: Case) -> Brief:
    """Write the brief, without its run."""
    w = _Writer(case)
    w.numbers.keep(measures)
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
    def __init__(self, case: Case) -> None:
        self.case, self.p, self.w = case, case.p, words("restoration")
        self.numbers = Numbers(case)
        self.best = case.recommended
        self.first = case.order[:SHOWN].tolist()

    @property
    def sure(self) -> bool:
        """Whether the order recommended surely saves service against the order of report."""
        return self.best != REPORT and self.numbers.clearly_saves(self.best)

    def answer(self) -> Answer:
        """What to repair first, what that saves, and how sure that is."""
        case, n = self.case, self.numbers
        first = tuple(case.places.label(one) for one in self.first[:NAMED])
        key = "sure" if self.sure else "unsure"
        headline = self.w.phrase(
            f"restoration.headline.{key}",
            assets=first,
            saved=n.saved(self.best, "headline"),
            share=n.share_saved(self.best),
        )
        points = [self.event(), self.gap(), self.back(), *self.goals(), *self.crew()]
        if case.verdict.delta > 0 or case.verdict.separated:
            points.insert(1, self.rules())
        if same := n.the_same:
            labels = tuple(n.label(one) for one in same)
            points.insert(-1, self.w.phrase("restoration.point.same", rules=labels))
        return Answer(headline, (*case.before.points(), *points), case.before.confidence(self.confidence()))

    def event(self) -> Phrase:
        """What is damaged, and what that takes."""
        n = self.numbers
        return self.w.phrase(
            "restoration.point.event",
            planned=n.count("planned", len(self.case.problem.damaged), "assets"),
            drawn=n.count("drawn", self.case.event.drawn, "assets"),
            lost=n.at_first,
        )

    def rules(self) -> Phrase:
        """How it stands against the best rule."""
        case, n = self.case, self.numbers
        others = [name for name in case.verdict.order if name != self.best]
        needed = case.verdict.runs_to_separate()
        if not others or self.best != case.verdict.best:
            return self.w.phrase("restoration.point.alike")
        rule = n.label(others[0])
        if case.verdict.separated:
            return self.w.phrase("restoration.point.second", rule=rule, more=n.between(self.best, others[0]))
        if needed is None:
            return self.w.phrase("restoration.point.equal", rule=rule)
        return self.w.phrase("restoration.point.cannot", rule=rule, runs=Quantity("needed", needed, "runs"))

    def gap(self) -> Phrase:
        """How far it may be from the best there is."""
        n = self.numbers
        return self.w.phrase("restoration.point.gap", gap=n.gap(self.best, "stated"), bound=n.bound)

    def back(self) -> Phrase:
        """When everything is back, and the slowest of the systems."""
        n = self.numbers
        return self.w.phrase(
            "restoration.point.back",
            system=system_name(self.case.system.layers[n.slowest].system),
            half=n.back(n.slowest, 0.5),
            most=n.back(n.slowest, 0.9),
            all=n.back(n.slowest, 1.0),
        )

    def goals(self) -> list[Phrase]:
        """How many of the desired recovery times are met."""
        goals = self.case.goals
        if goals is None:
            return []
        counts = {key: int((goals["verdict"] == key).sum()) for key in ("met", "not met", "cannot tell")}
        return [
            self.w.phrase(
                "restoration.point.goals",
                met=Quantity("goals.met", counts["met"]),
                missed=Quantity("goals.missed", counts["not met"]),
                unclear=Quantity("goals.unclear", counts["cannot tell"]),
                count=Quantity("goals.count", goals.height),
            )
        ]

    def crew(self) -> list[Phrase]:
        """Where one more crew would save most."""
        n = self.numbers
        name = max(self.case.more, key=lambda one: float(n.gained(one).mean()))
        found = n.more(name, "stated")
        if found.low is None or found.low <= 0:
            return [self.w.phrase("restoration.point.no_crew")]
        return [self.w.phrase("restoration.point.crew", pool=n.pool(name), saved=found)]

    def confidence(self) -> Confidence:
        """How sure it is that no other order loses clearly less."""
        verdict, n = self.case.verdict, self.numbers
        place = verdict.names.index(self.best)
        chance = float(verdict.p_within[place] if verdict.delta > 0 else verdict.p_best[place])
        rule = self.w.phrase(
            "restoration.rule",
            chance=Quantity("chosen_chance", chance, "probability", resamples=2000),
            close=Quantity("close", verdict.delta, n.unit, decimals=0),
            high=Quantity("rule_high", SURE, "share"),
            moderate=Quantity("rule_moderate", LIKELY, "share"),
        )
        if len(verdict.names) < 2 or verdict.word == "cannot_tell":
            return Confidence("cannot_tell", rule)
        return Confidence("high" if chance >= SURE else "moderate" if chance >= LIKELY else "low", rule)

    def options(self) -> Table:
        """Each order: what it loses and saves, its chance of being best, and the gap to the bound."""
        case, n, w = self.case, self.numbers, self.w
        heads = (
            Head("option", w.text("restoration.head.order")),
            Head("lost", w.text("restoration.head.lost"), n.unit),
            Head("saved", w.text("restoration.head.saved"), n.unit),
            Head("chance", w.text("restoration.head.best"), "probability"),
            Head("regret", w.text("restoration.head.regret"), n.unit),
            Head("gap", w.text("restoration.head.gap"), "share"),
        )
        rows = []
        for name in case.options:
            chance = Quantity(
                f"best.{name}", case.verdict.of(case.verdict.p_best, name), "probability", resamples=2000
            )
            regret = case.verdict.of(case.verdict.regret, name)
            left = Quantity(f"regret.{name}", regret if np.isfinite(regret) else None, n.unit, decimals=0)
            cells = (n.label(name), n.lost(name), n.saved(name), chance, left, n.gap(name))
            rows.append(Row(cells, chosen=name == self.best))
        left_out = n.left_out
        note = w.phrase("restoration.note")
        if left_out:
            note = w.phrase("restoration.note.alike", rules=tuple(n.label(one) for one in left_out))
        return Table("orders", w.text("restoration.options"), heads, tuple(rows), note=note)

    def figure(self) -> Figure:
        """Where the first repairs lie, numbered in their order."""
        case, n, w = self.case, self.numbers, self.w
        layers = [str(case.system.assets["layer"][one]) for one in case.order.tolist()]
        layer = max(dict.fromkeys(layers[:SHOWN]), key=layers[:SHOWN].count)
        flow = open_solver(case.system.layers[layer], "flow")
        svg = case.places.draw(
            layer,
            np.asarray(flow.flows(case.system.layers[layer].intact)),  # type: ignore[attr-defined]
            up=case.event.up,
            marks=self.first if case.places.drawable else (),
            marks_label=w.text("restoration.marks"),
        )
        heads = (
            Head("number", w.text("restoration.head.number")),
            Head("asset", w.text("head.asset")),
            Head("crew", w.text("restoration.head.crew")),
            Head("start", w.text("restoration.head.start"), "d"),
            Head("end", w.text("restoration.head.end"), "d"),
        )
        rows = tuple(
            Row(
                (
                    Quantity(f"order.{at}", at),
                    case.places.label(one),
                    n.crew(one),
                    n.when(one, "start", at),
                    n.when(one, "end", at),
                ),
                chosen=True,
            )
            for at, one in enumerate(self.first, start=1)
        )
        own: dict[str, Text | Quantity] = {
            "system": system_name(case.system.layers[layer].system),
            "count": n.count("shown", len(self.first), "assets"),
        }
        return Figure(
            "map",
            w.phrase("restoration.figure", **own),
            w.phrase("restoration.figure.alt", **own),
            svg,
            Table(
                "repairs",
                w.text("restoration.repairs"),
                heads,
                rows,
                note=w.phrase("restoration.repairs.note"),
            ),
        )

    def changes(self) -> tuple[Phrase, ...]:
        """What the order saves in other circumstances, and whether it is still the best of them."""
        told = []
        for key, lost in self.numbers.otherwise.items():
            names = list(lost)
            best = min(names, key=lambda one: round(lost[one], 6))
            saved = Quantity(f"saved.{key}", lost[REPORT] - lost[self.best], self.numbers.unit, decimals=0)
            beaten = round(lost[best], 6) < round(lost[self.best], 6)
            told.append(
                self.w.phrase(f"restoration.change.{key}.other", saved=saved, other=self.numbers.label(best))
                if beaten
                else self.w.phrase(f"restoration.change.{key}", saved=saved)
            )
        return tuple(told)

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the order rests on."""
        w, p = self.w, self.p
        report = "listed" if self.case.event.listed else "any"
        return (
            w.phrase("restoration.assume.known"),
            w.phrase("restoration.assume.whole"),
            w.phrase(f"restoration.assume.report.{report}"),
            w.phrase(
                "restoration.assume.times",
                cv=Quantity("cv", p.cv, "ratio", decimals=2),
                speed=Quantity("speed", p.speed_kmh, "km/h"),
                runs=Quantity("runs", p.replications, "runs"),
            ),
            w.phrase("restoration.assume.path"),
            w.phrase("restoration.assume.goals"),
        )

    def limits(self) -> tuple[Phrase, ...]:
        """What it must not be used for, and what is odd about the networks."""
        case, w = self.case, self.w
        told = [w.phrase("restoration.limit.event")]
        left = case.event.drawn - len(case.problem.damaged)
        if left > 0:
            told.append(w.phrase("restoration.limit.left", left=self.numbers.count("left", left, "assets")))
        told += [w.phrase("restoration.limit.crews"), w.phrase("restoration.limit.bound")]
        return (*told, *case.before.limits(), *RECORDER.unable())
