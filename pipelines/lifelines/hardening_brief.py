"""The choice of assets to harden in words, tables and a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.lifelines.hardening_case import LIKELY, SURE
from pipelines.lifelines.hardening_changes import changes
from pipelines.lifelines.hardening_classes import invented
from pipelines.lifelines.hardening_map import figure
from pipelines.lifelines.hardening_numbers import Numbers
from pipelines.lifelines.hardening_record import RECORDER, record
from pipelines.lifelines.hardening_tables import compared, over_half, tail
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Answer, Brief, Confidence, Head, Phrase, Quantity, Row, Table
from workbench.briefs.recording import able
from workbench.briefs.scope import whole
from workbench.decisions.verdict import confidence

if TYPE_CHECKING:
    from pipelines.lifelines.hardening_case import Case
    from workbench.briefs.parts import ConfidenceWord
    from workbench.domains import Decision, Measures

OFTEN = 0.7
SHOWN_NAMES = 4


def write_brief(decision: Decision, measures: Measures, case: Case) -> Brief:
    """Write the brief, without its run."""
    w = _Writer(case)
    w.n.keep(measures)
    case.before.keep(measures)
    return Brief(
        decision=decision.name,
        project=decision.project,
        title=decision.title,
        question=decision.question,
        answer=w.answer(),
        options=w.options(),
        figure=figure(w.n),
        tables=(compared(w.n),),
        changes=changes(w.n) if whole() else (),
        assumptions=w.assumptions(),
        limits=w.limits(),
        sections=record(measures, w.n) if whole() and able() else (),
    )


class _Writer:
    def __init__(self, case: Case) -> None:
        self.case, self.p, self.n, self.w = case, case.p, Numbers(case), words("hardening")

    @property
    def told(self) -> bool:
        """Whether the choice can be told from hardening nothing."""
        return self.case.saved(self.case.recommended)[0] > 0 and self.case.apart(
            self.case.recommended, "none"
        )

    @property
    def alike(self) -> tuple[Text, ...]:
        """Other options that cannot be told from the choice."""
        case = self.case
        others = (one for one in case.options if one not in ("none", case.recommended))
        return tuple(self.n.option(one) for one in others if not case.apart(case.recommended, one))

    def answer(self) -> Answer:
        """What to harden, and how sure that is."""
        case, w, n = self.case, self.w, self.n
        assets = self.named(tuple(case.places.label(one) for one in case.chosen))
        if not self.told:
            headline = w.phrase("hardening.headline.none", assets=assets, events=n.judging)
        elif self.alike:
            headline = w.phrase(
                "hardening.headline.alike",
                assets=assets,
                event=n.event(),
                saved=n.saved(case.recommended),
                others=self.alike,
            )
        else:
            headline = w.phrase(
                "hardening.headline.best", assets=assets, event=n.event(), saved=n.saved(case.recommended)
            )
        points = (
            *case.before.points(),
            self.people(),
            *self.spent(),
            *self.rules(),
            self.bad_days(),
            self.again(),
        )
        return Answer(headline, points, case.before.confidence(self.confidence()))

    def named(self, labels: tuple[Text, ...]) -> tuple[Text | Phrase, ...]:
        """Name the first assets of a list and count the others, which the table names."""
        more = len(labels) - SHOWN_NAMES
        if more < 2:
            return labels
        counted = self.w.phrase("hardening.more", count=Quantity("more", more))
        return (*labels[:SHOWN_NAMES], counted)

    def people(self) -> Phrase:
        """What is lost, what is saved, and what could be saved at most."""
        n, case = self.n, self.case
        return self.w.phrase(
            "hardening.point.people",
            events=n.judging,
            lost=n.lost("none", "persons"),
            saved=n.saved(case.recommended, "persons"),
            avoidable=n.avoidable,
            candidates=n.count("candidates", len(case.candidates), "assets"),
        )

    def spent(self) -> list[Phrase]:
        """What it costs, where that is known."""
        if self.case.cost is None:
            return [self.w.phrase("hardening.point.unpriced")]
        if not self.told:
            return [self.w.phrase("hardening.point.cost", k=self.n.k, cost=self.n.cost)]
        return [self.w.phrase("hardening.point.each", k=self.n.k, cost=self.n.cost, each=self.n.cost_each)]

    def rules(self) -> list[Phrase]:
        """Whether the choice is better than a simple rule, and what would tell."""
        case, w, n = self.case, self.w, self.n
        said = []
        if case.recommended != "chosen":
            said.append(w.phrase("hardening.point.other", other=n.option(case.recommended)))
        elif "rule" not in case.options:
            said.append(w.phrase("hardening.point.rule.same"))
        elif case.apart("chosen", "rule"):
            more = n.saved("chosen", "persons", than="rule")
            key = "more" if case.saved("chosen", "rule")[0] > 0 else "less"
            said.append(w.phrase(f"hardening.point.rule.{key}", more=more))
        else:
            more = n.saved("chosen", "persons", than="rule")
            said.append(w.phrase("hardening.point.rule.cannot", more=more, events=n.judging))
        verdict = case.verdict
        needed = None if verdict.separated else verdict.runs_to_separate(at_most=100_000)
        if needed is not None and verdict.best is not None and verdict.second is not None:
            said.append(
                w.phrase(
                    "hardening.point.needed",
                    events=n.count("events.needed", needed, "events"),
                    first=n.option(verdict.best),
                    second=n.option(verdict.second),
                )
            )
        return said

    def bad_days(self) -> Phrase:
        """What the worst events lose, before and after."""
        options = ("none", self.case.recommended)
        before, after = (tail(self.n, one, "cvar95") for one in options)
        over, then = (over_half(self.n, one) for one in options)
        worst = Quantity("tail.share", 0.05, "share")
        return self.w.phrase(
            "hardening.point.tail", over=over, then=then, worst=worst, before=before, after=after
        )

    def again(self) -> Phrase:
        """How many of the chosen would be chosen again."""
        often = sum(self.case.chance.get(one, 0.0) >= OFTEN for one in self.case.chosen)
        return self.w.phrase(
            "hardening.point.again",
            often=Quantity("often", often),
            k=self.n.k,
            level=Quantity("often.level", OFTEN, "share"),
        )

    def confidence(self) -> Confidence:
        """How sure it is that no option compared saves more by a difference that matters."""
        verdict, name = self.case.verdict, self.case.recommended
        chance = verdict.of(verdict.p_within if verdict.delta > 0 else verdict.p_best, name)
        word: ConfidenceWord = (
            "cannot_tell"
            if verdict.word == "cannot_tell" or not self.told
            else confidence(chance, sure=SURE, likely=LIKELY)
        )
        rule = self.w.phrase(
            "hardening.rule",
            chance=Quantity("confidence.chance", chance, "probability", resamples=2000),
            delta=Quantity("confidence.delta", verdict.delta, "persons", decimals=0),
            high=Quantity("rule_high", SURE, "share"),
            moderate=Quantity("rule_moderate", LIKELY, "share"),
        )
        return Confidence(word, rule)

    def options(self) -> Table:
        """The assets chosen, and those that could take their place."""
        w, n = self.w.text, self.n
        rows = []
        for i, asset in enumerate(self.case.shown):
            numbers = (n.of_asset(i, what) for what in ("chance", "within", "alone", "fails", "cost"))
            place = Quantity(f"order.place{i + 1}", i + 1)
            rows.append(
                Row((self.case.places.label(asset), place, *numbers), chosen=asset in self.case.chosen)
            )
        heads = (
            Head("asset", w("head.asset")),
            Head("number", w("hardening.head.number")),
            Head("chance", w("hardening.head.chance"), "probability"),
            Head("within", w("hardening.head.within"), "persons"),
            Head("alone", w("hardening.head.alone"), "persons"),
            Head("fails", w("hardening.head.fails"), "share"),
            Head("cost", w("hardening.head.cost"), "million CNY"),
        )
        note = self.w.phrase("hardening.note", refits=Quantity("refits", self.p.refits, "runs"))
        return Table("assets", w("hardening.options"), heads, tuple(rows), note=note)

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the choice rests on."""
        p, w, n = self.p, self.w, self.n
        drawn = w.phrase(f"hardening.assume.{p.hazard}", events=n.count("events.drawn", p.events, "events"))
        stronger = w.phrase("hardening.assume.never")
        if p.factor is not None:
            stronger = w.phrase("hardening.assume.factor", factor=Quantity("factor", p.factor, "ratio"))
        told = [drawn, stronger, w.phrase(f"hardening.assume.{p.solver}")]
        told.append(w.phrase(f"hardening.assume.{'through' if p.through_others else 'not_through'}"))
        told.append(
            w.phrase(
                "hardening.assume.looked",
                contenders=Quantity("contenders", len(self.case.contenders)),
                candidates=n.count("candidates", len(self.case.candidates), "assets"),
            )
        )
        made_up = invented(self.case.system, self.case.curves)
        if made_up:
            names = tuple(w.find(f"hardening.class.{one}", one) for one in made_up)
            told.append(w.phrase("hardening.assume.invented", classes=names))
        return tuple(told)

    def limits(self) -> tuple[Phrase, ...]:
        """What it must not be used for, and what is odd about the networks."""
        w = self.w
        told = [w.phrase("hardening.limit.chance"), w.phrase("hardening.limit.curves")]
        told.append(w.phrase(f"hardening.limit.{self.p.hazard}"))
        if self.p.flood_map:
            told.append(w.phrase("hardening.limit.map"))
        if self.case.means.budget is not None:
            told.append(w.phrase("hardening.limit.budget"))
        return (*told, *self.case.before.limits(), *RECORDER.unable())
