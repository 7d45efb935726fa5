"""The record behind the order of repair: what was compared, how checked, what would turn it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.dates import last_day
from pipelines.lifelines.districts import member, names_of
from pipelines.lifelines.restoration_case import DAY
from pipelines.lifelines.restoration_futures import Futures
from pipelines.lifelines.restoration_numbers import ALL_RULES, Numbers
from pipelines.lifelines.restoration_orders import CHOSEN, REPORT
from pipelines.lifelines.restoration_recovery import crews_section, recovery
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Head, Phrase, Quantity, Row, Source, Table
from workbench.briefs.appraisal import alternatives, certainty, cost_benefit, graded, quality_of
from workbench.briefs.appraisal import equity as section_of_equity
from workbench.briefs.appraisal import ranking as section_of_ranking
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Backcast, Checked, validation, verification
from workbench.briefs.recording import FUTURES, Recorder, drawn_cells, ends_of
from workbench.briefs.robustness import futures
from workbench.decisions import (
    CashFlow,
    Discounting,
    Option,
    Options,
    Outcome,
    appraise,
    by_group,
    compare_robustness,
    discover,
)
from workbench.lifelines.restoration import evaluate
from workbench.simulation.intervals import t_interval

if TYPE_CHECKING:
    from pipelines.lifelines.restoration_case import Case
    from workbench.decisions.assumptions import Rating
    from workbench.domains import Measures
    from workbench.lifelines.model import Floats

RECORDER = Recorder(partial(words, "restoration"))
STEPS = ("read", "damage", "plan", "simulate", "judge")
UNTRIED: dict[str, tuple[Rating, Rating]] = {
    "known": ("red", "red"),
    "whole": ("amber", "amber"),
    "path": ("amber", "amber"),
    "goals": ("red", "amber"),
}
"""What is assumed and not tried: quality of its ground, and impact."""
ORACLES = ("smith", "indp", "simpy")
MILLION = 1e6


def record(measures: Measures, case: Case) -> tuple[Section, ...]:
    """Fill the items of the checklist that this decision can fill."""
    r = _Record(measures, case)
    return (
        r.alternatives(),
        RECORDER.card("restoration"),
        r.runs(),
        r.verification(),
        r.validation(),
        RECORDER.steps("restoration", STEPS),
        r.assumptions(),
        r.results(),
        section_of_ranking(case.verdict, r.labels, unit=r.n.unit),
        RECORDER.vary(
            r.futures.inputs,
            r.futures.saved,
            case.streams,
            what=r.words.text("restoration.kept"),
            unit=r.n.unit,
            points=32,
        ),
        r.failing(),
        r.equity(),
        r.certainty(),
        r.changes(),
        Section("maps", shown=("figure",)),
        r.cost_benefit(),
        RECORDER.reason("targets", "no_target"),
        recovery(case, r.n),
        Section("limits", shown=("limits",)),
    )


class _Record:
    """One comparison of orders, and what is recorded of it."""

    def __init__(self, measures: Measures, case: Case) -> None:
        self.m, self.case, self.words, self.n = measures, case, words("restoration"), Numbers(case)
        self.labels = {name: self.n.label(name) for name in case.options}
        self.futures = Futures(case, RECORDER)

    def alternatives(self) -> Section:
        """The orders compared, and the rules that say the same as another."""
        w = self.words.text
        options = [Option(REPORT, self.labels[REPORT], "do_nothing", also_minimum=w("restoration.minimum"))]
        for name in (*ALL_RULES, CHOSEN):
            out = None if name in self.labels else w("restoration.same")
            options.append(Option(name, self.n.label(name), screened_out=out))
        return alternatives(Options(options))

    def runs(self) -> Section:
        """How many runs, and what their number costs in accuracy."""
        said = self.words.phrase(
            "restoration.runs",
            runs=Quantity("record.runs", self.case.p.replications, "runs"),
            saved=self.n.saved(self.case.recommended, "record"),
        )
        return Section("runs", prose=(said,))

    def verification(self) -> Section:
        """Checks that must hold in every run."""
        w, case, quick = self.words.text, self.case, self.case.quick
        lost = {name: quick.total(order) for name, order in case.orders.items()}
        apart = (
            max(
                abs(evaluate(case.problem, case.problem.damaged[order]).lost_service_h / lost[name] - 1)
                for name, order in case.orders.items()
                if lost[name] > 0
            )
            if any(lost.values())
            else 0.0
        )
        below = sum(case.typical(name) < case.bound * (1 - 1e-9) for name in case.options)
        worse = sum(one < lost[CHOSEN] * (1 - 1e-9) for one in lost.values())
        checks = [
            Checked(w("restoration.check.quick"), Quantity("check.quick", round(apart, 9), "share")),
            Checked(w("restoration.check.below"), Quantity("check.below", below)),
            Checked(w("restoration.check.worse"), Quantity("check.worse", worse)),
            Checked(w("restoration.check.errors"), Quantity("check.errors", case.runs.errors.height)),
        ]
        return verification(checks, [w(f"restoration.oracle.{one}") for one in ORACLES])

    @property
    def halves(self) -> tuple[Floats, Floats]:
        """Mean service-days lost by option in the first half of the runs and in the other."""
        cut = len(self.case.lost) // 2
        return self.case.lost[:cut].mean(axis=0), self.case.lost[cut:].mean(axis=0)

    def validation(self) -> Section:
        """Hold what the plan and the first runs say against the other runs."""
        w, case, n = self.words.text, self.case, self.n
        first, second = self.halves
        best, report = case.options.index(case.recommended), case.options.index(REPORT)
        scores = []
        for key, told, seen in (
            ("first", first[report] - first[best], second[report] - second[best]),
            ("plan", case.typical(case.recommended), float(case.of(case.recommended).mean())),
        ):
            numbers = (
                Quantity(f"back.{key}.{name}", float(value), n.unit, decimals=0)
                for name, value in (("told", told), ("seen", seen), ("off", told - seen))
            )
            scores.append(Backcast(w(f"restoration.back.{key}"), *numbers))
        return validation(scores, [self.words.phrase("restoration.validation")])

    def assumptions(self) -> Section:
        """What the order takes for granted, tried where it is a number."""
        inputs, effects = self.futures.inputs, {}
        for name in inputs.names:
            found = (
                self.futures.saved(np.repeat(ends_of(inputs, name), 16, axis=0)).reshape(2, -1).mean(axis=1)
            )
            least = Quantity(f"effect.{name}", float(found.min()), self.n.unit, decimals=0)
            effects[name] = self.words.phrase("restoration.effect", saved=least)
        kept: dict[str, Text | Phrase] = dict(effects)
        return RECORDER.assumed("restoration", inputs, UNTRIED, kept, day=last_day(self.m))

    def results(self) -> Section:
        """What each order loses, run by run, and what one more crew brings."""
        w, case, unit = self.words.text, self.case, self.n.unit
        heads = (
            Head("order", w("sec.option")),
            Head("mean", w("restoration.head.lost"), unit),
            Head("p5", w("record.p5"), unit),
            Head("p95", w("record.p95"), unit),
            Head("finished", w("restoration.head.finished"), "d"),
        )
        rows = []
        for name in case.options:
            drawn = case.of(name)
            _, p5, p95 = drawn_cells(f"result.{name}", float(drawn.mean()), drawn, unit, decimals=0)
            finished = case.runs.values("finished_h", name) / DAY
            source = Source("repair_runs", "finished_d", {"option": name})
            cells = (
                self.n.lost(name, "result"),
                p5,
                p95,
                replace(self.n.mean(f"finished.{name}", finished, source, unit="d"), decimals=1),
            )
            rows.append(Row((self.labels[name], *cells), chosen=name == case.recommended))
        table = Table("results", w("restoration.results"), heads, tuple(rows))
        return Section("results", tables=(table, crews_section(case, self.n)), shown=("options",))

    @cached_property
    def tried(self) -> tuple[Floats, Floats]:
        """Futures drawn, and what each order loses in them."""
        drawn = self.futures.inputs.sample(FUTURES, self.case.streams)
        return drawn, self.futures.lost(drawn, self.case.options)

    def failing(self) -> Section:
        """Where another order would have lost less, by more than what does not matter."""
        drawn, lost = self.tried
        own = lost[:, self.case.options.index(self.case.recommended)]
        fails = np.asarray(own - lost.min(axis=1) > self.case.p.close * lost[:, 0])
        return futures(
            count=FUTURES,
            fails=discover(drawn, fails, self.futures.inputs.names, self.case.streams),
            robustness=compare_robustness(-lost, self.case.options),
            inputs=self.futures.inputs,
            labels=self.labels,
            recommended=self.case.recommended,
        )

    def equity(self) -> Section:
        """In which district people are longest without services."""
        case, zones = self.case, self.case.zones
        if len(zones) < 2:
            return RECORDER.reason("equity", "no_zones")
        people = np.zeros(len(zones))
        for network in case.system.layers.values():
            people = np.maximum(people, network.arrays.people @ member(network.nodes, zones))
        values, persons = {}, {}
        for at, zone in enumerate(zones):
            if people[at] > 0:
                values[zone] = case.runs.values(f"zone{at + 1}", case.recommended) / people[at]
                persons[zone] = float(people[at])
        outcome = Outcome("hours", "h", self.words.text("restoration.head.hours"), "less")
        found_equity = by_group(values, outcome, persons, same_draws=True, streams=case.streams)
        section = section_of_equity(
            found_equity, names_of(self.m["zones"] if self.m.has("zones") else None, values)
        )
        return replace(section, prose=(*section.prose, self.words.phrase("restoration.equity")))

    def certainty(self) -> Section:
        """Certainty of what is saved, and of the order."""
        case = self.case
        quality = [quality_of(share) for share in self.m.rejected.values()]
        first, second = self.halves
        agree = bool(first.argmin() == second.argmin())
        outcomes = []
        saved = case.saved(case.recommended)
        rest = [name for name in case.verdict.order if name != case.recommended]
        pairs = {"saved": saved}
        if rest:
            pairs["order"] = case.of(rest[0]) - case.of(case.recommended)
        for key, drawn in pairs.items():
            found = t_interval(drawn) if np.ptp(drawn) > 0 else None
            ends = (float(drawn[0]), float(drawn[0])) if found is None else (found.low, found.high)
            outcomes.append(
                graded(
                    self.words.text(f"restoration.outcome.{key}"),
                    quality=quality,
                    interval=ends,
                    turns_at=0.0,
                    stand_in=key == "saved",
                    halves_agree=agree,
                )
            )
        return certainty(outcomes)

    def changes(self) -> Section:
        """What would change the conclusion, and what to measure next."""
        drawn, lost = self.tried
        said, tables = RECORDER.worth(
            -lost,
            self.case.options,
            drawn,
            self.futures.inputs,
            self.case.streams,
            unit=self.n.unit,  # type: ignore[arg-type]
        )
        return Section(
            "changes",
            prose=(said, self.words.phrase("restoration.trigger")),
            tables=tables,
            shown=("changes",),
        )

    def cost_benefit(self) -> Section:
        """What the order is worth in money, where a service has a price."""
        p = self.case.p
        if p.service_value is None:
            return RECORDER.reason("cost_benefit", "no_service_value")
        year = last_day(self.m).year
        saved = self.case.saved(self.case.recommended)[:, None] * p.service_value / MILLION
        flow = CashFlow(
            "order", year, "million CNY", year, {"plan": [p.planning_cost / MILLION]}, {"service": saved}
        )
        found = appraise(flow, Discounting.flat(0.0), optimism_bias={"plan": 0.0})
        names = {name: self.words.text(f"restoration.line.{name}") for name in ("plan", "service")}
        return cost_benefit(found, base=self.labels[REPORT], labels=names)
