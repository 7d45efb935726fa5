"""The record behind the choice of assets to harden: what was compared, how checked, what would turn it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.dates import last_day
from pipelines.lifelines.hardening_case import small
from pipelines.lifelines.hardening_choice import METHODS, choose
from pipelines.lifelines.hardening_futures import Futures
from pipelines.lifelines.hardening_numbers import ENDS
from pipelines.lifelines.hardening_outcomes import equity, priced, results
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Phrase, Quantity
from workbench.briefs.appraisal import alternatives, certainty, graded, quality_of
from workbench.briefs.appraisal import ranking as section_of_ranking
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Backcast, Checked, validation, verification
from workbench.briefs.recording import Recorder, ends_of
from workbench.briefs.robustness import futures
from workbench.decisions import Option, Options, compare_robustness, discover
from workbench.lifelines.hardening import evaluate

if TYPE_CHECKING:
    from pipelines.lifelines.hardening_numbers import Numbers
    from workbench.decisions.assumptions import Rating
    from workbench.domains import Measures
    from workbench.lifelines.model import Floats

RECORDER = Recorder(partial(words, "hardening"))
STEPS = ("read", "class", "draw", "choose", "judge", "again")
UNTRIED: dict[str, tuple[Rating, Rating]] = {
    "path": ("amber", "amber"),
    "alike": ("amber", "amber"),
    "costs": ("red", "amber"),
    "curves": ("red", "red"),
}
"""What is assumed and not tried: quality of its ground, and impact."""
ORACLES = ("brute", "closed", "published", "shelby")
TRIED = 256


def record(measures: Measures, n: Numbers) -> tuple[Section, ...]:
    """Fill the items of the checklist that this decision can fill."""
    r = _Record(measures, n)
    return (
        r.alternatives(),
        RECORDER.card("hardening"),
        r.runs(),
        r.verification(),
        r.validation(),
        RECORDER.steps("hardening", STEPS),
        r.assumptions(),
        results(n),
        r.ranking(),
        RECORDER.vary(
            r.futures_of.inputs,
            r.futures_of.of_choice,
            n.case.streams,
            what=n.w.text("hardening.saved"),
            unit="persons",
        ),
        r.futures(),
        equity(n, measures, RECORDER),
        r.certainty(),
        r.changes(),
        Section("maps", shown=("figure",)),
        priced(n, RECORDER),
        RECORDER.reason("targets", "no_target"),
        RECORDER.reason("recovery", "recovery_elsewhere"),
        Section("limits", shown=("limits",)),
    )


class _Record:
    """One choice, and what is recorded of it."""

    def __init__(self, measures: Measures, n: Numbers) -> None:
        self.m, self.n, self.case, self.words = measures, n, n.case, words("hardening")
        self.labels = {name: n.option(name) for name in n.case.options}

    @cached_property
    def futures_of(self) -> Futures:
        """Other futures."""
        return Futures(self.case, RECORDER)

    @cached_property
    def tried(self) -> tuple[Floats, Floats]:
        """Futures drawn, and what each option saves in them."""
        drawn = self.futures_of.inputs.sample(TRIED, self.case.streams)
        return drawn, self.futures_of.saved(drawn)

    def alternatives(self) -> Section:
        """Harden nothing, the choice, what simple rules would choose; hardening everything is a ceiling."""
        w = self.words.text
        options = [Option("none", self.labels["none"], "do_nothing", also_minimum=w("hardening.minimum"))]
        options += [Option(name, label) for name, label in self.labels.items() if name != "none"]
        options.append(Option("all", w("hardening.option.all"), screened_out=w("hardening.out.all")))
        options += [
            Option(name, w(f"hardening.option.{name}"), screened_out=w(f"hardening.out.{self.why(name)}"))
            for name in METHODS
            if name not in self.labels
        ]
        return alternatives(Options(options))

    def why(self, name: str) -> str:
        """Why an option was not compared."""
        return "large" if name == "central" and not small(self.case.system) else "same"

    def runs(self) -> Section:
        """How many events were drawn, for what, and how precise the mean loss then is."""
        n, case = self.n, self.case
        said = self.words.phrase(
            "hardening.runs",
            choosing=n.count("events.choosing", len(np.unique(case.train.event)), "events"),
            judging=Quantity("events.others", len(case.events)),
            samples=Quantity("samples", case.p.samples),
            lost=n.lost("none"),
            resamples=Quantity("record.resamples", case.p.resamples, "resamples"),
        )
        return Section("runs", prose=(said,))

    def verification(self) -> Section:
        """Checks that must hold in every run."""
        case, w, n = self.case, self.words.text, self.n
        found = evaluate(
            case.loss,
            case.chosen,
            case.test.up,
            streams=case.streams,
            groups=case.test.event.tolist(),
            hardened=case.test.hardened,
            resamples=200,
        )
        off = abs(found.saved.value - case.saved(case.recommended)[0]) * case.loss.people
        worse = int((case.lost > case.lost[:, [0]] + 1e-9).sum())
        both = len(np.intersect1d(case.train.event, case.test.event))
        over = max(0, len(case.chosen) - case.p.k)
        if case.p.budget is not None and case.cost is not None and case.cost > case.p.budget * (1 + 1e-9):
            over += 1
        checks = [
            Checked(w("hardening.check.door"), Quantity("check.door", round(off, 6), "persons")),
            Checked(
                w("hardening.check.worse"),
                Quantity("check.worse", worse, self.words.text("hardening.unit.samples")),
            ),
            Checked(w("hardening.check.both"), n.count("check.both", both, "events")),
            Checked(w("hardening.check.over"), n.count("check.over", over, "assets")),
        ]
        return verification(checks, [w(f"hardening.oracle.{one}") for one in ORACLES])

    @cached_property
    def swapped(self) -> tuple[int, ...]:
        """The choice made on the events that judge."""
        case = self.case
        return choose(
            case.loss,
            case.test,
            case.contenders,
            case.means,
            METHODS[case.recommended],
            streams=case.streams.child("swapped"),
        )

    def validation(self) -> Section:
        """What the choice seemed to save where it was made against what it saves elsewhere."""
        case, n, w = self.case, self.n, self.words.text
        seen = case.train.by_event(
            np.stack([case.loss(case.train.up), case.loss(case.train.with_hardened(case.chosen))], axis=1)
        )
        seemed = float((seen[:, 0] - seen[:, 1]).mean()) * case.loss.people
        saved = case.saved(case.recommended)[0] * case.loss.people
        both = len(set(self.swapped) & set(case.chosen))
        k = len(case.chosen)
        scores = [
            Backcast(
                w("hardening.back.saved"),
                Quantity("back.seemed", seemed, "persons", decimals=0),
                Quantity("back.saved", saved, "persons", decimals=0),
                Quantity("back.error", seemed - saved, "persons", decimals=0),
            ),
            Backcast(
                w("hardening.back.again"),
                n.count("back.k", k, "assets"),
                n.count("back.kept", both, "assets"),
                n.count("back.lost", k - both, "assets"),
            ),
        ]
        return validation(scores, [self.words.phrase("hardening.validation")])

    def assumptions(self) -> Section:
        """What the choice takes for granted, tried where it is a number."""
        inputs = self.futures_of.inputs
        effects: dict[str, Text | Phrase] = {}
        for name in inputs.names:
            ends = self.futures_of.of_choice(ends_of(inputs, name))
            low, high = (
                Quantity(f"effect.{name}.{end}", float(value), "persons", decimals=0)
                for end, value in (("low", ends.min()), ("high", ends.max()))
            )
            effects[name] = self.words.phrase("hardening.effect", low=low, high=high)
        return RECORDER.assumed("hardening", inputs, UNTRIED, effects, day=last_day(self.m))

    def ranking(self) -> Section:
        """Chance of being best, ranks and regret of the options."""
        section = section_of_ranking(self.case.verdict, self.labels, unit="persons", draws="events")
        return replace(section, shown=("options", "tables"))

    def futures(self) -> Section:
        """Where another option saves more, by a difference that matters."""
        drawn, saved = self.tried
        options, inputs = self.futures_of.options, self.futures_of.inputs
        own = saved[:, [options.index(self.case.recommended)]]
        fails = (saved > own + self.case.verdict.delta).any(axis=1)
        section = futures(
            count=TRIED,
            fails=discover(drawn, np.asarray(fails), inputs.names, self.case.streams),
            robustness=compare_robustness(saved, options),
            inputs=inputs,
            labels=self.labels,
            recommended=self.case.recommended,
        )
        said = self.words.phrase(
            "hardening.futures",
            delta=Quantity("futures.delta", self.case.verdict.delta, "persons", decimals=0),
            events=self.n.count("futures.events", len(self.futures_of.events), "events"),
        )
        return replace(section, prose=(*section.prose, said))

    def certainty(self) -> Section:
        """Certainty of what is saved and of the choice."""
        case = self.case
        quality = [quality_of(share) for share in self.m.rejected.values()]
        others = [one for one in case.options if one != case.recommended]
        best = max(others, key=lambda one: case.saved(one)[0])
        ends = {
            than: tuple(float(one) for one in np.quantile(case.saved(case.recommended, than)[1], ENDS))
            for than in {"none", best}
        }
        own, rows = case.column(case.recommended), case.events
        agree = {
            than: bool((part[0] > 0) == (part[1] > 0))
            for than in ends
            for part in [
                [half.mean() for half in np.array_split(rows[:, case.column(than)] - rows[:, own], 2)]
            ]
        }
        outcomes = (
            graded(
                self.words.text("hardening.outcome.saved"),
                quality=quality,
                interval=(ends["none"][0], ends["none"][1]),
                turns_at=0.0,
                stand_in=True,
                halves_agree=agree["none"],
            ),
            graded(
                self.words.text("hardening.outcome.choice"),
                quality=quality,
                interval=(ends[best][0], ends[best][1]),
                turns_at=0.0,
                stand_in=True,
                halves_agree=agree[best],
            ),
        )
        return certainty(outcomes)

    def changes(self) -> Section:
        """What would change the conclusion, and what to measure next."""
        drawn, saved = self.tried
        said, tables = RECORDER.worth(
            saved, self.futures_of.options, drawn, self.futures_of.inputs, self.case.streams, unit="persons"
        )
        prose = (said, self.words.phrase("hardening.trigger"))
        return Section("changes", prose=prose, tables=tables, shown=("changes",))
