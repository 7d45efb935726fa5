"""The record behind the ranking of assets: what was compared, how checked, what would turn it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.lifelines.dates import last_day
from pipelines.lifelines.districts import member, zones_of
from pipelines.lifelines.losses import Losses
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Head, Phrase, Quantity, Row, Table
from workbench.briefs.appraisal import alternatives, certainty, graded, quality_of
from workbench.briefs.appraisal import equity as section_of_equity
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Backcast, Checked, validation, verification
from workbench.briefs.recording import FUTURES, Recorder, drawn_cells, ends_of
from workbench.briefs.robustness import futures
from workbench.decisions import (
    Inputs,
    Option,
    Options,
    Outcome,
    by_group,
    compare_robustness,
    discover,
    interval,
)

if TYPE_CHECKING:
    from pipelines.lifelines.criticality_case import Case
    from workbench.decisions.assumptions import Rating
    from workbench.domains import Measures
    from workbench.lifelines.model import Floats

RECORDER = Recorder(partial(words, "criticality"))
STEPS = ("read", "single", "days", "resample", "choose")
UNTRIED: dict[str, tuple[Rating, Rating]] = {"path": ("amber", "amber"), "once": ("red", "amber")}
"""What is assumed and not tried: quality of its ground, and impact."""
ORACLES = ("brute", "networkx", "epanet")
OTHERS_MOST, LEANING_LEAST, PEOPLE_MOST = 0.03, 0.6, 0.2


def record(measures: Measures, case: Case) -> tuple[Section, ...]:
    """Fill the items of the checklist that this decision can fill."""
    r = _Record(measures, case)
    return (
        r.alternatives(),
        RECORDER.card("criticality"),
        RECORDER.resampled(len(case.samples)),
        r.verification(),
        r.validation(),
        RECORDER.steps("criticality", STEPS),
        r.assumptions(),
        r.results(),
        r.ranking(),
        RECORDER.vary(
            r.inputs,
            r.kept,
            case.streams,
            what=r.words.text("criticality.kept"),
            unit=r.words.text("unit.assets"),
        ),
        r.futures(),
        r.equity(),
        r.certainty(),
        r.changes(),
        Section("maps", shown=("figure",)),
        RECORDER.reason("cost_benefit", "no_protection_costs"),
        RECORDER.reason("targets", "no_target"),
        RECORDER.reason("recovery", "recovery_elsewhere"),
        Section("limits", shown=("limits",)),
    )


class _Record:
    """One ranking, and what is recorded of it."""

    def __init__(self, measures: Measures, case: Case) -> None:
        self.m, self.case, self.choice, self.words = measures, case, case.choice, words("criticality")
        self.chosen = list(self.choice.chosen)
        rest = [i for i in self.choice.order if i not in self.choice.chosen]
        self.swap = [*self.chosen[:-1], rest[0]] if rest else []
        self.sets = {"none": [], "chosen": self.chosen} | ({"swap": self.swap} if self.swap else {})
        self.labels = {name: self.words.text(f"criticality.set.{name}") for name in self.sets}

    @cached_property
    def inputs(self) -> Inputs:
        """What is not known of how to judge: other outages, spares, people."""
        p = self.case.p
        make = partial(RECORDER.uncertain, "criticality")
        inputs = [make("others", 0.0, max(OTHERS_MOST, 2 * p.others_down), p.others_down, "share")]
        if p.through_others:
            inputs.append(make("leaning", LEANING_LEAST, 1.0, 1.0, "share"))
        inputs.append(make("people", 0.0, PEOPLE_MOST, 0.0, "share"))
        return Inputs(tuple(inputs))

    @cached_property
    def ends(self) -> Floats:
        """Mean losses with none and most others out, apart and through others, shape (2, 2, compared)."""
        from pipelines.lifelines.criticality_case import bad_days, lost_on

        case = self.case
        found = np.zeros((2, 2, len(case.compared)))
        for at, share in enumerate((0.0, self.inputs["others"].high)):
            days = bad_days(case.system, share, 1 if share == 0 else max(10, case.p.days // 4), case.streams)
            for through in (0, 1):
                losses = Losses(case.system, through_others=bool(through and case.p.through_others))
                found[at, through] = lost_on(losses, days, case.compared).mean(axis=0)
        return found

    @cached_property
    def noise(self) -> Floats:
        """How far the people of each asset are off in each future, in standard deviations."""
        generator = self.case.streams.generator("people")
        return np.asarray(generator.standard_normal((FUTURES, len(self.case.compared))))

    def index(self, values: Floats) -> Floats:
        """Mean services lost through each asset, judged in other ways; shape (runs, compared)."""
        named = dict(zip(self.inputs.names, values.T, strict=True))
        part = (named["others"] / self.inputs["others"].high)[:, None]
        leaning = named.get("leaning", np.ones(len(values)))[:, None]
        apart, through = ((1 - part) * self.ends[0, i] + part * self.ends[1, i] for i in (0, 1))
        erring = np.exp(named["people"][:, None] * self.noise[np.arange(len(values)) % FUTURES])
        return np.asarray(((1 - leaning) * apart + leaning * through) * erring)

    def gains(self, value: Floats) -> Floats:
        """What looking after each set spares, shape (draws, sets)."""
        return np.column_stack(
            [value[:, at].sum(axis=1) if at else np.zeros(len(value)) for at in self.sets.values()]
        )

    def _top(self, index: Floats) -> NDArray[np.int64]:
        return np.argsort(-index, axis=1, kind="stable")[:, : len(self.chosen)]

    def kept(self, values: Floats) -> Floats:
        """How many of the chosen stay among the k that hurt most, shape (runs,)."""
        return np.isin(self._top(self.index(values)), self.chosen).sum(axis=1).astype(float)

    def count(self, name: str, value: float) -> Quantity:
        """A number of assets."""
        return Quantity(name, value, self.words.text("unit.assets.one" if value == 1 else "unit.assets"))

    def alternatives(self) -> Section:
        """Look after none, the chosen, or the next in place of the last."""
        options = [
            Option(
                "none", self.labels["none"], "do_nothing", also_minimum=self.words.text("criticality.minimum")
            )
        ]
        options += [Option(name, self.labels[name]) for name in self.sets if name != "none"]
        return alternatives(Options(options))

    def verification(self) -> Section:
        """Checks that must hold in every run."""
        w, case = self.words.text, self.case
        assets = case.compared[self.chosen]
        up = np.tile(case.system.intact, (len(assets), 1))
        up[np.arange(len(assets)), assets] = False
        by_state = Losses(case.system, through_others=False).total(up)
        single = {row["asset"]: row for row in case.single.iter_rows(named=True)}
        rows = [single[int(one)] for one in assets]
        apart = float(np.abs(by_state - np.array([row["alone"] for row in rows])).max())
        less = sum(row["total"] < row["alone"] - 1e-6 for row in rows)
        over = abs(float(np.nansum(self.choice.probability)) - len(self.chosen))
        checks = [
            Checked(w("criticality.check.pass"), Quantity("check.pass", round(apart, 6), "persons")),
            Checked(w("criticality.check.less"), self.count("check.less", less)),
            Checked(w("criticality.check.places"), self.count("check.places", round(over, 9))),
        ]
        return verification(checks, [w(f"criticality.oracle.{one}") for one in ORACLES])

    @property
    def halves(self) -> tuple[Floats, Floats]:
        """Mean losses over the first half of the bad days and over the other."""
        cut = len(self.case.lost) // 2
        return self.case.lost[:cut].mean(axis=0), self.case.lost[cut:].mean(axis=0)

    def validation(self) -> Section:
        """Choose from half of the days, and see how the choice does in the other half."""
        w, lost = self.words.text, self.case.lost
        first, second = self.halves
        k = len(self.chosen)
        both = len(set(self._top(first[None])[0].tolist()) & set(self._top(second[None])[0].tolist()))
        apart = float(np.abs(first - second)[self.chosen].mean())
        scores = [
            Backcast(
                w("criticality.back.top"),
                self.count("back.k", k),
                self.count("back.kept", both),
                self.count("back.lost", both - k),
            ),
            Backcast(
                w("criticality.back.mean"),
                Quantity("back.first", float(first[self.chosen].mean()), "persons", decimals=0),
                Quantity("back.second", float(second[self.chosen].mean()), "persons", decimals=0),
                Quantity("back.apart", apart, "persons", decimals=0),
            ),
        ]
        half = len(lost) // 2
        said = self.words.phrase(
            "criticality.validation",
            first=Quantity("back.days.first", half, "days"),
            second=Quantity("back.days.second", len(lost) - half, "days"),
        )
        return validation(scores, [said])

    def assumptions(self) -> Section:
        """What the ranking takes for granted, tried where it is a number."""
        k = self.count("effect.k", len(self.chosen))
        effects: dict[str, Text | Phrase] = {}
        for name in self.inputs.names:
            least = self.count(f"effect.{name}", int(self.kept(ends_of(self.inputs, name)).min()))
            effects[name] = self.words.phrase("criticality.effect", kept=least, k=k)
        return RECORDER.assumed("criticality", self.inputs, UNTRIED, effects, day=last_day(self.m))

    def results(self) -> Section:
        """What each set spares, and how much more than looking after none."""
        w = self.words.text
        value, drawn = self.gains(self.case.value[None])[0], self.gains(self.case.samples)
        heads = (
            Head("set", w("sec.option")),
            Head("spared", w("criticality.head.spared"), "persons"),
            Head("p5", w("record.p5"), "persons"),
            Head("p95", w("record.p95"), "persons"),
            Head("draws", w("record.draws"), "resamples"),
        )
        rows = []
        for at, name in enumerate(self.sets):
            cells = drawn_cells(f"spared.{name}", float(value[at]), drawn[:, at], "persons", decimals=0)
            draws = Quantity(f"spared.{name}.draws", len(drawn), "resamples")
            rows.append(Row((self.labels[name], *cells, draws), chosen=name == "chosen"))
        note = self.words.phrase("criticality.results.note")
        return Section(
            "results",
            tables=(Table("sets", w("criticality.results"), heads, tuple(rows), note),),
            shown=("options",),
        )

    def ranking(self) -> Section:
        """Regret of the choice over resampled days; chances are in the options table."""
        drawn = self.case.samples
        best = np.sort(drawn, axis=1)[:, -len(self.chosen) :].sum(axis=1)
        regret = float((best - drawn[:, self.chosen].sum(axis=1)).mean())
        said = self.words.phrase(
            "criticality.ranking",
            regret=Quantity("choice.regret", max(regret, 0.0), "persons", decimals=0),
            gain=Quantity("choice.gain", float(self.case.value[self.chosen].sum()), "persons", decimals=0),
        )
        return Section("ranking", prose=(said,), shown=("options",))

    @cached_property
    def tried(self) -> tuple[Floats, Floats]:
        """Futures drawn, and what each asset's loss costs in them."""
        drawn = self.inputs.sample(FUTURES, self.case.streams)
        return drawn, self.index(drawn)

    def futures(self) -> Section:
        """Where another choice would have spared more."""
        drawn, index = self.tried
        other = np.asarray(~np.isin(self._top(index), self.chosen).all(axis=1))
        return futures(
            count=FUTURES,
            fails=discover(drawn, other, self.inputs.names, self.case.streams),
            robustness=compare_robustness(self.gains(index), tuple(self.sets)),
            inputs=self.inputs,
            labels=self.labels,
            recommended="chosen",
        )

    def equity(self) -> Section:
        """In which district people lose most services when those chosen are lost."""
        system, case = self.case.system, self.case
        zones = zones_of(system)
        if len(zones) < 2:
            return RECORDER.reason("equity", "no_zones")
        people, lost = np.zeros(len(zones)), np.zeros((len(self.chosen), len(zones)))
        inside = {layer: member(network.nodes, zones) for layer, network in system.layers.items()}
        for layer, network in system.layers.items():
            people = np.maximum(people, network.arrays.people @ inside[layer])
        before = case.losses.dark(system.intact)
        for at, i in enumerate(self.chosen):
            up = system.intact.copy()
            up[case.compared[i]] = False
            after = case.losses.dark(up)
            for layer, network in system.layers.items():
                lost[at] += ((after[layer] - before[layer]) * network.arrays.people) @ inside[layer]
        some = people > 0
        values = {zone: lost[:, at] / people[at] for at, zone in enumerate(zones) if some[at]}
        persons = {zone: float(people[at]) for at, zone in enumerate(zones) if some[at]}
        outcome = Outcome("services", "ratio", self.words.text("criticality.head.services"), "less")
        found = by_group(values, outcome, persons, least=3, streams=case.streams)
        section = section_of_equity(found, {zone: Text(zone, zone) for zone in values})
        return replace(section, prose=(*section.prose, self.words.phrase("criticality.equity")))

    def certainty(self) -> Section:
        """Certainty of the services lost and of the choice."""
        quality = [quality_of(share) for share in self.m.rejected.values()]
        low, high = interval(self.case.samples[:, self.chosen[:1]])
        apart = None
        if self.swap:
            ends = interval(self.case.samples[:, [self.chosen[-1]]] - self.case.samples[:, [self.swap[-1]]])
            apart = (float(ends[0][0]), float(ends[1][0]))
        first, second = (set(self._top(one[None])[0].tolist()) for one in self.halves)
        outcomes = (
            graded(
                self.words.text("criticality.outcome.mean"),
                quality=quality,
                interval=(float(low[0]), float(high[0])),
                turns_at=None,
                stand_in=False,
                halves_agree=True,
            ),
            graded(
                self.words.text("criticality.outcome.choice"),
                quality=quality,
                interval=apart,
                turns_at=0.0,
                stand_in=True,
                halves_agree=first == second,
            ),
        )
        return certainty(outcomes)

    def changes(self) -> Section:
        """What would change the conclusion, and what to measure next."""
        drawn, index = self.tried
        said, tables = RECORDER.worth(
            self.gains(index), tuple(self.sets), drawn, self.inputs, self.case.streams, unit="persons"
        )
        prose = (said, self.words.phrase("criticality.trigger"))
        return Section("changes", prose=prose, tables=tables, shown=("changes",))
