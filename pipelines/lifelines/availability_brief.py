"""What to double, in words, tables and a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.availability_changes import changed
from pipelines.lifelines.availability_map import map_of
from pipelines.lifelines.availability_numbers import MILLION, Numbers
from pipelines.lifelines.availability_record import RECORDER, record
from pipelines.lifelines.availability_tables import SHOWN, Tables
from pipelines.lifelines.undamaged import odd
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Answer, Brief, Confidence, Phrase, Quantity, Table
from workbench.briefs.recording import able
from workbench.briefs.scope import whole
from workbench.lifelines.doubling import YEAR_MIN

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from workbench.domains import Decision, Measures

SURE, LIKELY = 0.9, 0.7
SHOWN_SITES = 3


def write_brief(decision: Decision, measures: Measures, case: Case) -> Brief:
    """Write the brief, without its run."""
    w = _Writer(case)
    w.n.keep(measures)
    return Brief(
        decision=decision.name,
        project=decision.project,
        title=decision.title,
        question=decision.question,
        answer=w.answer(),
        options=w.t.options(),
        figure=map_of(case, w.t, case.best),
        tables=w.tables(),
        changes=changed(case, w.n) if whole() else (),
        assumptions=w.assumptions(),
        limits=w.limits(),
        sections=record(measures, case, w.t) if whole() and able() else (),
    )


class _Writer:
    def __init__(self, case: Case) -> None:
        self.case, self.p, self.n, self.w = case, case.p, Numbers(case), words("availability")
        self.t, self.chosen = Tables(case, self.n), case.choice.chosen

    def tables(self) -> tuple[Table, ...]:
        """What is recommended first, step by step; then the other way, and capacity."""
        ways = (
            (self.t.cables(), self.t.steps())
            if self.case.best == "mixed"
            else (self.t.steps(), self.t.cables())
        )
        return (*ways[0], *ways[1], self.t.capacity())

    @property
    def kind(self) -> str:
        """What kind of answer it is: "cables", "beyond", "keep", "double" or "short"."""
        case = self.case
        if case.best == "mixed" and case.chance("mixed") >= LIKELY:
            return "cables"
        if case.choice.beyond.any() and case.best != "mixed":
            return "beyond"
        if case.chance(case.best) < LIKELY:
            return "short"
        return "double" if self.chosen else "keep"

    def site(self, at: int) -> Text:
        """What a planner calls a site."""
        return self.t.label(int(self.case.model.sites[at]))

    def answer(self) -> Answer:
        """What to double or build, and how sure it is that the promise is then kept."""
        return Answer(self.headline(), tuple(self.points()), self.confidence())

    def headline(self) -> Phrase:
        """What to do, in a sentence or two."""
        w, n, case = self.w, self.n, self.case
        said = {"promise": n.promise}
        if self.kind == "keep":
            return w.phrase("availability.headline.keep", chance=n.chance("none"), **said)
        if self.kind == "beyond":
            below = tuple(self.site(at) for at in self.beyond[:SHOWN_SITES])
            sites = n.count("beyond", len(self.beyond), "sites")
            return w.phrase("availability.headline.beyond", sites=sites, first=below, **said)
        if self.kind == "short":
            return w.phrase(
                "availability.headline.short",
                what=self.t.what(case.best),
                cost=n.cost(case.best),
                before=n.share_kept("none"),
                after=n.share_kept(case.best),
                chance=n.chance(case.best),
                wanted=Quantity("sure", self.p.sure, "share"),
                **said,
            )
        said |= {"chance": n.chance(case.best), "today": n.chance("none"), "cost": n.cost(case.best)}
        if self.kind == "cables":
            first = self.t.first_link()
            return w.phrase("availability.headline.cables", what=self.t.what("mixed"), first=first, **said)
        first_few = tuple(self.t.label(one) for one in self.chosen[:SHOWN])
        if len(self.chosen) <= SHOWN:
            return w.phrase("availability.headline.all", assets=first_few, **said)
        return w.phrase("availability.headline.many", what=self.t.what("double"), assets=first_few, **said)

    @property
    def beyond(self) -> list[int]:
        """Places of the sites that no doubling brings to the promise, the worst first."""
        dark = self.case.dark["double"].mean(axis=0)
        found = np.flatnonzero(self.case.choice.beyond)
        return [int(one) for one in found[np.argsort(-dark[found], kind="stable")]]

    def points(self) -> list[Phrase]:
        """The numbers that decide."""
        w, n, case = self.w, self.n, self.case
        told = self.other_way()
        if self.kind == "beyond":
            told += [self.held_back(at) for at in self.beyond[:SHOWN_SITES]]
        if case.best != "none":
            before, after = n.minutes("none"), n.minutes(case.best)
            told.append(w.phrase("availability.point.minutes", before=before, after=after))
            worst = int(case.dark["none"].mean(axis=0).argmax())
            before, after = (
                n.site(f"worst.{one}", option, worst)
                for one, option in (("today", "none"), ("then", case.best))
            )
            told.append(
                w.phrase("availability.point.worst", site=self.site(worst), before=before, after=after)
            )
        told.append(
            w.phrase(
                "availability.point.repair",
                factor=Quantity("repair_factor", self.p.repair_factor, "share"),
                minutes=n.minutes("repair"),
                chance=n.chance("repair"),
            )
        )
        top = case.capacity.row(0, named=True)
        if top["lost"] > 0:
            asset, cut = self.t.label(int(top["asset"])), self.t.cut("capacity.first", top)
            told.append(w.phrase("availability.point.capacity", asset=asset, share=cut))
        return told

    def other_way(self) -> list[Phrase]:
        """What doubling alone would take, or what new cables would."""
        case, n, w = self.case, self.n, self.w
        if case.best == "mixed":
            if not self.chosen:
                return [w.phrase("availability.point.routes.none")]
            done = self.kind == "cables" and case.chance("double") >= LIKELY
            key = "beyond" if case.choice.beyond.any() else "done" if done else "alone"
            first = tuple(self.t.label(one) for one in self.chosen[:SHOWN])
            return [
                w.phrase(
                    f"availability.point.routes.{key}",
                    what=self.t.what("double"),
                    first=first,
                    cost=n.cost("double"),
                    chance=n.chance("double"),
                )
            ]
        told = []
        if self.kind == "beyond" and self.chosen:
            chance, what = n.chance("double", all_sites=False), self.t.what("double")
            told.append(
                w.phrase("availability.point.others", chance=chance, what=what, cost=n.cost("double"))
            )
        if "mixed" in case.options:
            chance, what = n.chance("mixed"), self.t.what("mixed")
            told.append(w.phrase("availability.point.mixed", chance=chance, what=what, cost=n.cost("mixed")))
        return told

    def held_back(self, at: int) -> Phrase:
        """What keeps a site below the promise when all that can be is doubled."""
        case, node = self.case, int(self.case.model.sites[at])
        if case.model.never[at]:
            return self.w.phrase("availability.point.never", site=self.site(at))
        u = case.everything_doubled
        left = float(case.model.unavailable(u)[at]) * YEAR_MIN / 60
        weak = case.model.weak_points(case.network.nodes["id"][node], u)
        asset = int(weak["asset"][0])
        why = "common" if asset in set(case.costs.candidates.tolist()) else "single"
        return self.w.phrase(
            f"availability.point.held.{why}",
            site=self.site(at),
            hours=Quantity(f"left.{at}", left, self.n.unit("h_year"), decimals=1),
            asset=self.w.text("availability.itself") if asset == node else self.t.label(asset),
        )

    def confidence(self) -> Confidence:
        """How sure the promise is kept; or how sure it is that it cannot be."""
        if self.kind == "beyond":
            chance = 1 - self.case.chance_at_most
            value = Quantity("beyond.chance", chance, "probability", resamples=self.p.resamples)
            key = "availability.rule.beyond"
        else:
            chance, value = self.case.chance(self.case.best), self.n.chance(self.case.best)
            key = "availability.rule"
        ends = {
            "high": Quantity("rule_high", SURE, "share"),
            "moderate": Quantity("rule_moderate", LIKELY, "share"),
        }
        rule = self.w.phrase(key, chance=value, **ends)
        return Confidence("high" if chance >= SURE else "moderate" if chance >= LIKELY else "low", rule)

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the answer rests on."""
        w, p, rates = self.w, self.p, self.case.rates
        sources = rates.frame["source"].to_list()
        told = [w.phrase("availability.assume.path"), w.phrase("availability.assume.independent")]
        if "register" in sources and self.case.register is not None:
            seen = rates.frame.filter(rates.frame["source"] == "register")
            failures = self.n.count("failures", int(seen["failures"].sum()), "failures")
            years = Quantity("years", round(self.case.register.days / 365.25, 1), "years")
            told.append(w.phrase("availability.assume.register", failures=failures, years=years))
        for source in ("given", "supposed"):
            names = tuple(name for name, one in zip(rates.classes, sources, strict=True) if one == source)
            if names:
                told.append(w.phrase(f"availability.assume.{source}", classes=names))
        share = Quantity("common_cause", p.common_cause, "share")
        return (*told, w.phrase("availability.assume.common", share=share), self.costs())

    def costs(self) -> Phrase:
        """Where the costs of doubling come from."""
        case = self.case
        stated = int(case.costs.stated[list(case.costs.candidates)].sum())
        return self.w.phrase(
            "availability.assume.costs",
            stated=self.n.count("costs.stated", stated, "assets"),
            rest=self.n.count("costs.rest", len(case.costs.candidates) - stated, "assets"),
            km=Quantity("costs.km", self.p.cost_per_km / MILLION, "million CNY", decimals=2),
            node=Quantity("costs.node", self.p.cost_per_node / MILLION, "million CNY", decimals=2),
        )

    def limits(self) -> tuple[Phrase, ...]:
        """What it must not be used for, and what is odd about the network."""
        w, case = self.w, self.case
        known = ("others", "planned", "routes", "thin", "greedy")
        told = [w.phrase(f"availability.limit.{one}") for one in known]
        if case.rates.unknown:
            unknown = self.n.count("unknown", case.rates.unknown, "failures")
            told.append(w.phrase("availability.limit.unknown", failures=unknown))
        return (*told, *odd(case.network, case.findings), *RECORDER.unable())
