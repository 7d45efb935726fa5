"""
What the records of decisions have in common: how a model and a ranking are put on record.

Every sentence comes from the glossary of a domain: a decision's keys begin with its prefix, such as
`congestion.card.purpose`, `congestion.input.shift` and `congestion.basis.shift`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench._text import Text
from workbench.briefs.appraisal import DRAWS_BASIS
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import model_card
from workbench.briefs.parts import Head, Row, Table
from workbench.briefs.phrase import Phrase
from workbench.briefs.quantity import Quantity
from workbench.briefs.robustness import information, register, sensitivity, uncertain_inputs
from workbench.decisions import (
    Inputs,
    Register,
    UncertainInput,
    assume,
    morris,
    sobol,
    tornado,
    value_of_information,
)
from workbench.errors import BadParameter

if TYPE_CHECKING:
    from workbench.briefs.parts import Prose
    from workbench.briefs.phrase import Words
    from workbench.decisions._evaluate import Evaluate
    from workbench.decisions.assumptions import Rating
    from workbench.simulation import Streams

Floats = NDArray[np.float64]
FUTURES, TRAJECTORIES, SOBOL = 512, 20, 64
MANY = 1024
"""Points from which on the intervals of Sobol' indices hold, for what is quick to work out."""
CARD = (
    "purpose",
    "outputs",
    "aims",
    "logic",
    "scenarios",
    "algorithms",
    "entities",
    "activities",
    "resources",
    "queues",
    "entry_exit",
)
LEVELS = (0.025, 0.05, 0.95, 0.975)
WHO = "LIVED Workbench"


class Recorder:
    """
    Writes sections of a record in the words of a domain.

    Parameters
    ----------
    glossary
        Gives the words, when first needed.
    """

    def __init__(self, glossary: Callable[[], Words]) -> None:
        self._glossary = glossary

    @property
    def words(self) -> Words:
        """The words."""
        return self._glossary()

    def reason(self, key: str, why: str) -> Section:
        """Say that an item of the checklist does not apply, with a reason `why.…` of the glossary."""
        return Section(key, reason=self.words.text(f"why.{why}"))

    def unable(self) -> tuple[Phrase, ...]:
        """Say that the record was left out, where it was."""
        return () if able() else (self.words.phrase("record.unable"),)

    def card(self, prefix: str) -> Section:
        """Print what the measure is, in the order asked of models."""
        return model_card({key: self.words.text(f"{prefix}.card.{key}") for key in CARD})

    def steps(self, prefix: str, names: Iterable[str]) -> Section:
        """Say how the tables become the answer, step by step."""
        w = self.words.text
        parts = ("from", "step", "to")
        heads = tuple(Head(part, w(f"map.{part}")) for part in parts)
        rows = tuple(Row(tuple(w(f"{prefix}.map.{name}.{part}") for part in parts)) for name in names)
        return Section("model_map", tables=(Table("model-map", w("map.caption"), heads, rows),))

    def resampled(self, resamples: int | None) -> Section:
        """Say that days were drawn again instead of runs, and what their number costs in accuracy."""
        if resamples is None:
            return Section("runs", prose=(self.words.phrase("record.runs.none"),))
        said = self.words.phrase(
            "record.runs",
            resamples=Quantity("record.resamples", resamples, "resamples"),
            error=Quantity("record.error", 1.96 * float(np.sqrt(0.25 / resamples)), "points", decimals=1),
            level=Quantity("record.level", 0.95, "share"),
        )
        return Section("runs", prose=(said,))

    def uncertain(
        self, prefix: str, name: str, low: float, high: float, base: float, unit: str
    ) -> UncertainInput:
        """Make an uncertain input, every value of its range alike, with its label and ground in words."""
        w = self.words.text
        label, basis = w(f"{prefix}.input.{name}"), w(f"{prefix}.basis.{name}")
        return UncertainInput(name, low, high, unit, label, "uniform", base, basis)

    def vary(
        self,
        inputs: Inputs,
        evaluate: Evaluate,
        streams: Streams,
        *,
        what: Text,
        unit: str | Text,
        points: int = SOBOL,
    ) -> Section:
        """Say which inputs move an outcome, by tornado, screening and shares of variance."""
        try:
            indices = sobol(inputs, evaluate, points, streams)
        except BadParameter:  # the outcome never varies: there is no order of the inputs
            return Section(
                "sensitivity",
                prose=(self.words.phrase("record.sensitivity.none", what=what),),
                tables=(uncertain_inputs(inputs),),
            )
        return sensitivity(
            inputs,
            what=what,
            unit=unit,
            tornado=tornado(inputs, evaluate),
            screening=morris(inputs, evaluate, TRAJECTORIES, streams),
            indices=indices,
        )

    def worth(
        self,
        benefit: Floats,
        options: Sequence[str],
        tried: Floats,
        inputs: Inputs,
        streams: Streams,
        *,
        unit: str,
    ) -> tuple[Prose, tuple[Table, ...]]:
        """
        Say what it would be worth to know an input before choosing; no table where nothing would change.

        Parameters
        ----------
        benefit
            Net benefit in each future, shape (futures, options), in `unit`.
        options
            Their names.
        tried, inputs
            The futures, shape (futures, inputs), and what they vary.
        streams
            Randomness of the resampling.
        unit
            Of the benefit.
        """
        found = value_of_information(benefit, options, tried, inputs.names, streams)
        said, table = information(found, inputs=inputs, unit=unit)
        return said, (table,) if found.evpi.value else ()

    def assumed(
        self,
        prefix: str,
        inputs: Inputs,
        others: Mapping[str, tuple[Rating, Rating]],
        effects: Mapping[str, Text | Phrase],
        *,
        day: dt.date,
    ) -> Section:
        """
        Print what is taken for granted.

        Parameters
        ----------
        prefix
            Of the words.
        inputs
            What was tried over a range.
        others
            What was not, with the quality of its ground and its impact.
        effects
            What trying an input does, by name.
        day
            Last day of the data.
        """
        w = self.words.text
        owner = w(f"{prefix}.owner")

        def said(name: str) -> Text:
            return w(f"{prefix}.assumed.{name}")

        made = [
            assume(
                one.name,
                said(one.name),
                one.basis,
                "amber",
                "red",
                owner.en,
                who=WHO,
                since=day,
                value=one.base,
                unit=one.unit,
                tested=(one.low, one.high),
            )
            for one in inputs
        ]
        made += [
            assume(
                name, said(name), w(f"{prefix}.basis.{name}"), quality, impact, owner.en, who=WHO, since=day
            )
            for name, (quality, impact) in others.items()
        ]
        return register(Register(tuple(made)), on=day, waived={}, effects=effects, owner=owner)


def able() -> bool:
    """Whether the packages are here that a record needs and an answer alone does not."""
    return all(find_spec(name) is not None for name in ("scipy", "SALib"))


def halves(days: int) -> tuple[slice, slice] | None:
    """Cut the days into an earlier and a later half; None where there are fewer than two."""
    half = days // 2
    return (slice(0, half), slice(half, days)) if half else None


def half_days(days: int) -> dict[str, Quantity]:
    """How many days each half has, for a sentence."""
    half = days // 2
    return {
        "first": Quantity("back.days.first", half, "days"),
        "second": Quantity("back.days.second", days - half, "days"),
    }


def ends_of(inputs: Inputs, name: str) -> Floats:
    """One input at both ends of its range, all others at their base, shape (2, inputs)."""
    ends = np.tile(inputs.base, (2, 1))
    ends[:, inputs.names.index(name)] = inputs[name].low, inputs[name].high
    return ends


def drawn_cells(
    name: str, value: float, drawn: Floats | None, unit: str | Text, *, decimals: int, least: float = 0.0
) -> list[Quantity]:
    """
    Print a number with its interval, and the ends between which nine of ten draws lie.

    Parameters
    ----------
    name
        Beginning of the ids.
    value
        The number.
    drawn
        Its draws, shape (draws,); None where there are too few days; alike, they make no interval.
    unit, decimals
        How it is printed.
    least
        Below which it cannot be.
    """
    if drawn is None:
        numbers = {"": Quantity(name, value, unit, decimals=decimals)}
        numbers |= {end: Quantity(f"{name}.{end}", None, unit) for end in ("p5", "p95")}
    elif np.ptp(drawn) == 0:
        numbers = {"": Quantity(name, value, unit, decimals=decimals)}
        numbers |= {end: Quantity(f"{name}.{end}", value, unit, decimals=decimals) for end in ("p5", "p95")}
    else:
        low, p5, p95, high = (max(float(one), least) for one in np.quantile(drawn, LEVELS))
        ends = (min(low, value), max(high, value))
        numbers = {"": Quantity(name, value, unit, *ends, basis=DRAWS_BASIS, decimals=decimals)}
        numbers |= {
            end: Quantity(f"{name}.{end}", one, unit, decimals=decimals)
            for end, one in (("p5", p5), ("p95", p95))
        }
    return list(numbers.values())
