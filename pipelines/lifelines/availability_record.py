"""The record behind what to double: what was compared, how checked, what would turn it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.availability_evidence import Evidence
from pipelines.lifelines.availability_futures import RECORDER, Futures
from pipelines.lifelines.availability_map import map_of
from pipelines.lifelines.availability_worth import Worth
from pipelines.lifelines.dates import last_day
from workbench._text import Text
from workbench.briefs import Phrase, Quantity
from workbench.briefs.appraisal import alternatives, certainty, graded, quality_of
from workbench.briefs.checklist import Section
from workbench.briefs.recording import FUTURES, ends_of
from workbench.briefs.robustness import futures
from workbench.decisions import Option, Options, compare_robustness, discover

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from pipelines.lifelines.availability_numbers import Numbers
    from pipelines.lifelines.availability_tables import Tables
    from workbench.decisions.assumptions import Rating
    from workbench.domains import Measures
    from workbench.lifelines.model import Bools, Floats

__all__ = ["RECORDER", "record"]

STEPS = ("read", "rates", "blocks", "choose", "judge")
UNTRIED: dict[str, tuple[Rating, Rating]] = {
    "independent": ("amber", "red"),
    "steady": ("green", "amber"),
    "alike": ("amber", "amber"),
    "exponential": ("amber", "green"),
}
"""What is assumed and not tried: quality of its ground, and impact."""


def record(measures: Measures, case: Case, t: Tables) -> tuple[Section, ...]:
    """Fill the items of the checklist that this decision can fill."""
    n = t.n
    labels = {name: n.w.text(f"availability.option.{name}") for name in case.options}
    worth, evidence, tried = Worth(measures, case, n, labels), Evidence(measures, case, n), Futures(case)
    drawn, minutes = tried.drawn, tried.minutes(tried.drawn)
    fails = np.asarray(tried.kept(drawn) < 1)
    vary = RECORDER.vary(
        tried.inputs,
        tried.kept,
        case.streams,
        what=n.w.text("availability.kept"),
        unit="share",
    )
    said, tables = (
        RECORDER.worth(minutes, tried.sets, drawn, tried.inputs, case.streams, unit="min")
        if len(tried.sets) > 1
        else (n.w.phrase("availability.worth.none"), ())
    )
    sets = {name: labels[name] for name in tried.sets}
    return (
        _alternatives(case, n, labels),
        RECORDER.card("availability"),
        _runs(case, n),
        evidence.verification(),
        evidence.validation(),
        RECORDER.steps("availability", STEPS),
        _assumptions(measures, n, tried),
        worth.results(),
        worth.ranking(),
        vary,
        _futures(tried, drawn, fails, minutes, sets, case)
        if len(tried.sets) > 1
        else RECORDER.reason("futures", "nothing_doubled"),
        worth.equity(),
        _certainty(measures, case, n, evidence),
        Section(
            "changes", prose=(said, n.w.phrase("availability.trigger")), tables=tables, shown=("changes",)
        ),
        _maps(case, t),
        worth.cost_benefit(),
        worth.targets(),
        worth.recovery(),
        Section("limits", shown=("limits",)),
    )


def _futures(
    tried: Futures, drawn: Floats, fails: Bools, minutes: Floats, sets: dict[str, Text], case: Case
) -> Section:
    """Futures in which some site falls below the promise whatever is recommended here."""
    section = futures(
        count=FUTURES,
        fails=discover(drawn, fails, tried.inputs.names, case.streams),
        robustness=compare_robustness(minutes, tried.sets),
        inputs=tried.inputs,
        labels=sets,
        recommended=case.best,
    )
    count, said, *more = section.prose
    values = said.values if isinstance(said, Phrase) else {}
    key = "availability.futures.fails" if fails.any() else "availability.futures.never"
    return replace(section, prose=(count, RECORDER.words.phrase(key, **values), *more))


def _maps(case: Case, t: Tables) -> Section:
    """The map of the brief, and that of doubling alone where something else is recommended."""
    more = case.best == "mixed" and bool(case.choice.chosen)
    return Section("maps", figures=(map_of(case, t, "double"),) if more else (), shown=("figure",))


def _alternatives(case: Case, n: Numbers, labels: dict[str, Text]) -> Section:
    """Do nothing, repair faster, double what was chosen, or what other rankings would."""
    minimum = n.w.text("availability.minimum")
    options = [Option("none", labels["none"], "do_nothing", also_minimum=minimum)]
    options += [Option(name, label) for name, label in labels.items() if name != "none"]
    if "mixed" not in labels:
        said, why = n.w.text("availability.option.mixed"), n.w.text("availability.out.mixed")
        options.append(Option("mixed", said, screened_out=why))
    return alternatives(Options(options))


def _runs(case: Case, n: Numbers) -> Section:
    """How many draws of the rates, how many states, and what that costs in accuracy."""
    states = case.model.states
    said = n.w.phrase(
        "availability.runs",
        resamples=n.count("runs.draws", case.p.resamples, "draws"),
        error=Quantity("runs.error", 1.96 * float(np.sqrt(0.25 / case.p.resamples)), "points", decimals=1),
        level=Quantity("runs.level", 0.95, "share"),
        states=n.count("runs.states", len(states.base), "states"),
        sampled=n.count(
            "runs.sampled", sum(one.last - one.first for one in states.strata if one.sampled), "states"
        ),
    )
    return Section("runs", prose=(said,))


def _assumptions(measures: Measures, n: Numbers, tried: Futures) -> Section:
    """What is taken for granted, tried where it is a number."""
    effects: dict[str, Text | Phrase] = {}
    for name in tried.inputs.names:
        least = float(tried.kept(ends_of(tried.inputs, name)).min())
        effects[name] = n.w.phrase(
            "availability.effect", kept=Quantity(f"effect.{name}", least, "share", decimals=0)
        )
    return RECORDER.assumed("availability", tried.inputs, UNTRIED, effects, day=last_day(measures))


def _certainty(measures: Measures, case: Case, n: Numbers, evidence: Evidence) -> Section:
    """Certainty of the minutes, of the promise and of the choice."""
    quality = [quality_of(share) for share in measures.rejected.values()]
    option = case.best
    ends = {
        "minutes": np.quantile(case.minutes[:, list(case.options).index(option)], (0.025, 0.975)),
        "promise": np.quantile(1 - case.dark[option].max(axis=1), (0.025, 0.975)),
    }
    turns = {"minutes": None, "promise": case.p.promise}
    return certainty(
        graded(
            n.w.text(f"availability.outcome.{name}"),
            quality=quality,
            interval=(float(ends[name][0]), float(ends[name][1])),
            turns_at=turns[name],
            stand_in=name == "promise",
            halves_agree=evidence.agree,
        )
        for name in ("minutes", "promise")
    )
