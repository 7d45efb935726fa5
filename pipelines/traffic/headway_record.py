"""The record behind the choice of a headway: what was compared, by what model, how it was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipelines.traffic.headway_assumptions import inputs_of, register_of
from pipelines.traffic.headway_futures import Bench, Sweep, bench, sweep
from pipelines.traffic.headway_replay import Replay, replay
from pipelines.traffic.headway_words import headway_words, reason
from workbench._text import Text
from workbench.briefs import Head, Phrase, Quantity, Row, Table
from workbench.briefs.appraisal import alternatives
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Checked, model_card, verification
from workbench.briefs.parts import Cell
from workbench.decisions import Inputs, Option, Options, Register
from workbench.simulation.transit import card
from workbench.simulation.transit._arrays import clock

if TYPE_CHECKING:
    from pipelines.traffic.headway_brief import Writer
    from workbench.simulation.transit import LineScenario

FIRST_STAGE = 20
"""Days before the first look where a precision is asked for (`Experiment.run_until`)."""
ORACLES = ("engines", "welding", "newell", "daganzo", "fleet", "xiamen", "cairns")
STEPS = ("line", "demand", "simulate", "fleet", "price", "rank", "futures")


@dataclass(frozen=True, eq=False)
class Ground:
    """
    What the record is written from.

    Attributes
    ----------
    w
        The brief: its line, options, runs and costs.
    back
        What each option runs in the other direction.
    """

    w: Writer
    back: Mapping[str, LineScenario]

    @property
    def best(self) -> str:
        """The recommended option."""
        return self.w.costs.best

    @property
    def base(self) -> str:
        """What the options are compared with."""
        return self.w.p.baseline

    @property
    def other(self) -> str:
        """The recommended option or, where that is the baseline, the next best."""
        second = self.w.costs.second
        return self.best if self.best != self.base or second is None else second

    @property
    def labels(self) -> dict[str, Text]:
        """What each option is called."""
        return {name: self.w.option(name) for name in self.w.scenarios}

    @cached_property
    def replay(self) -> Replay:
        """Some days looked at closely."""
        wanted = dict.fromkeys((self.base, self.other, self.best))
        return replay(self.w.case, self.w.p, {name: self.w.scenarios[name] for name in wanted})

    @cached_property
    def register(self) -> Register:
        """What is assumed."""
        return register_of(self.w.p, self.w.case.date)

    @cached_property
    def inputs(self) -> Inputs:
        """What is not known exactly."""
        return inputs_of(self.register)

    @cached_property
    def bench(self) -> Bench:
        """Where options are tried in other futures."""
        return bench(self.w.case, self.w.p, self.inputs, self.w.scenarios, self.back, self.w.runs)

    @cached_property
    def sweep(self) -> Sweep | None:
        """The futures; None where none were asked for."""
        return sweep(self.bench, self.w.p.futures) if self.w.p.futures else None

    @cached_property
    def words(self) -> HeadwayWords:
        """The words of this record."""
        return HeadwayWords()


class HeadwayWords:
    """Phrases and labels of this record, by their key behind `headways.`, or of the house."""

    def text(self, key: str) -> Text:
        """Words of this record."""
        return headway_words().text(f"headways.{key}")

    def phrase(self, key: str, **values: Quantity | Text | str | Phrase) -> Phrase:
        """A sentence of this record."""
        return headway_words().phrase(f"headways.{key}", **values)

    def house(self, key: str) -> Text:
        """Words of the house."""
        return headway_words().text(key)


def record(w: Writer, back: Mapping[str, LineScenario]) -> tuple[Section, ...]:
    """Fill the items of the checklist that this decision can fill."""
    from pipelines.traffic import headway_evidence, headway_outcomes, headway_turning

    g = Ground(w, back)
    if g.sweep is not None:
        w.measures.made["headway_futures"] = g.sweep.frame(g.inputs)
    return (
        compared(g),
        model(g),
        runs(g),
        verified(g),
        headway_evidence.validated(g),
        steps(g),
        headway_turning.assumed(g),
        headway_outcomes.results(g),
        headway_outcomes.ranked(g),
        headway_outcomes.priced(g),
        headway_outcomes.shared(g),
        *headway_turning.turning(g),
        headway_evidence.certain(g),
        headway_evidence.limited(g),
        reason("targets", "no_target"),
        reason("maps", "one_line"),
    )


def compared(g: Ground) -> Section:
    """Every scenario, the baseline as doing nothing, and the policies of control that were left out."""
    house = not g.w.p.scenarios
    why = g.words.text("minimum.house" if house else "minimum.given")
    options = [
        Option(name, label, "do_nothing", also_minimum=why) if name == g.base else Option(name, label)
        for name, label in g.labels.items()
    ]
    used = card.used(g.w.scenarios)
    for name, kind in card.policies().items():
        if name == "none" or name in used:
            continue
        out = "closed" if kind.closed_only else name if house else "given"
        options.append(
            Option(f"policy {name}", card.policy_name(name), screened_out=g.words.text(f"out.{out}"))
        )
    return alternatives(Options(options))


def model(g: Ground) -> Section:
    """The card, from the code of the model, and in what each option differs from the baseline."""
    case = g.w.case
    told = card.card(case.model, g.w.scenarios)
    said = {key: g.words.text(f"card.{key}") for key in ("purpose", "aims", "scenarios")}
    section = model_card(told | said)
    heads = (
        Head("option", g.words.house("sec.option")),
        Head("field", g.words.text("head.field")),
        Head("before", g.labels[g.base]),
        Head("after", g.words.text("head.after")),
    )
    rows = []
    for place, (name, scenario) in enumerate(g.w.scenarios.items(), start=1):
        if name == g.base:
            continue
        found = card.changes(case.model, scenario, g.w.scenarios[g.base])
        for at, one in enumerate(found, start=1):
            before, after = (
                _cell(f"card.{place}.{at}.{end}", value, one.unit)
                for end, value in (("before", one.before), ("after", one.after))
            )
            rows.append(Row((g.labels[name], one.label, before, after)))
    logic = Table("scenario-logic", g.words.text("card.logic"), heads, tuple(rows))
    return Section("model_card", tables=(*section.tables, *((logic,) if rows else ())))


def _cell(name: str, value: float | Text, unit: str) -> Cell:
    if isinstance(value, Text):
        return value
    whole = unit in ("trips", "persons", "vehicles", "counts")
    return Quantity(name, value, "" if unit == "counts" else unit, decimals=0 if whole else None)


def runs(g: Ground) -> Section:
    """No warm-up and why, how long a day is, how many days and by what rule, and how precise that is."""
    line, words = g.w.case.model.line, g.words
    length = Quantity("runs.length", (line.close_s - line.start_s) / 3600, "h", decimals=1)
    said = [
        words.phrase("runs.day", opens=clock(line.start_s), closes=clock(line.close_s), length=length),
        _rule(g),
    ]
    heads = (
        Head("option", words.house("sec.option")),
        Head("mean", words.text("head.wait")),
        Head("half", words.text("head.half")),
        Head("share", words.text("head.half.share"), "share"),
        Head("days", words.text("head.days"), "runs"),
    )
    rows = []
    for name in g.w.order:
        row = g.w.summary["mean_wait_s", name]
        half, mean = row["half_width"], row["mean"]
        share = half / mean if half is not None and mean else None
        tag = g.w.slug(name)
        rows.append(
            Row(
                (
                    g.labels[name],
                    g.w.outcome("mean_wait_s", name, "s"),
                    Quantity(f"runs.half.{tag}", half, "s"),
                    Quantity(f"runs.share.{tag}", share, "share"),
                    Quantity(f"runs.days.{tag}", row["n"], "runs"),
                ),
                chosen=name == g.best,
            )
        )
    table = Table("precision", words.text("runs.precision"), heads, tuple(rows))
    return Section("runs", prose=tuple(said), tables=(table,))


def _rule(g: Ground) -> Phrase:
    """Which rule chose the number of days."""
    p, done = g.w.p, Quantity("runs.replications", g.w.runs.replications, "runs")
    if p.precision is None:
        return g.words.phrase("runs.fixed", runs=done)
    target = Quantity("runs.precision", p.precision, "share")
    first = Quantity("runs.first", FIRST_STAGE, "runs")
    key = "reached" if g.w.runs.reached else "missed"
    return g.words.phrase(f"runs.{key}", runs=done, target=target, first=first)


def verified(g: Ground) -> Section:
    """Checks that were made in this run, with what they found."""
    words, frame, looked = g.words, g.w.runs.frame, g.replay
    done = frame.height - g.w.runs.errors.height
    demands = {name: one.demand_factor for name, one in g.w.scenarios.items()}
    wide = frame.pivot("scenario", index="replication", values="passengers")
    unlike = 0.0
    for factor in set(demands.values()):
        alike = [name for name, each in demands.items() if each == factor]
        days = wide.select(alike).drop_nulls().to_numpy()
        if days.size:
            unlike = max(unlike, float((days.max(axis=1) - days.min(axis=1)).max()))

    def checked(key: str, value: float, unit: str) -> Checked:
        return Checked(words.text(f"check.{key}"), Quantity(f"check.{key}", value, unit))

    checks = [
        checked("asserted", done, "runs"),
        checked("failed", g.w.runs.errors.height, "runs"),
        checked("looked", looked.checked, "runs"),
        checked("lost", looked.lost, "persons"),
        Checked(words.text("check.little"), Quantity("check.little", looked.law_error, "ratio", decimals=12)),
        checked("alike", int(unlike), "persons"),
    ]
    return verification(checks, [words.text(f"oracle.{key}") for key in ORACLES])


def steps(g: Ground) -> Section:
    """From tables to the choice, step by step."""
    words = g.words
    heads = tuple(Head(key, words.text(f"map.{key}")) for key in ("from", "step", "to"))
    rows = tuple(
        Row(tuple(words.text(f"map.{step}.{part}") for part in ("from", "step", "to"))) for step in STEPS
    )
    return Section("model_map", tables=(Table("model-map", words.text("map.caption"), heads, rows),))
