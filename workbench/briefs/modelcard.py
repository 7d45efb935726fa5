"""Sections of the record on the model: card, parameters, verification, validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from workbench._text import Text
from workbench.briefs.checklist import Section, items
from workbench.briefs.parts import Cell, Head, Prose, Row, Table
from workbench.briefs.phrase import Words
from workbench.briefs.quantity import Quantity
from workbench.errors import BadParameter, UnknownName

STRESS: Mapping[str, str] = {
    "purpose": "1.1",
    "outputs": "1.2",
    "aims": "1.3",
    "overview": "2.1",
    "logic": "2.2",
    "scenarios": "2.3",
    "algorithms": "2.4",
    "entities": "2.5.1",
    "activities": "2.5.2",
    "resources": "2.5.3",
    "queues": "2.5.4",
    "entry_exit": "2.5.5",
    "data_sources": "3.1",
    "preprocessing": "3.2",
    "parameters": "3.3",
    "assumptions": "3.4",
    "initialisation": "4.1",
    "run_length": "4.2",
    "estimation": "4.3",
    "software": "5.1",
    "sampling": "5.2",
    "execution": "5.3",
    "system": "5.4",
    "code": "6.1",
}
"""Rows of the card and their numbers in STRESS-DES [1]_.

.. [1] T. Monks, C. S. M. Currie, B. S. Onggo, S. Robinson, M. Kunc and S. J. E. Taylor (2019), Strengthening
   the reporting of empirical simulation studies: introducing the STRESS guidelines, Journal of Simulation
   13(1).
"""
ELSEWHERE: Mapping[str, str] = {
    "overview": "model_map",
    "data_sources": "data_log",
    "preprocessing": "quarantine",
    "parameters": "inputs",
    "assumptions": "assumptions",
    "initialisation": "runs",
    "run_length": "runs",
    "estimation": "runs",
    "software": "software",
    "sampling": "randomness",
    "execution": "software",
    "system": "software",
}
"""Rows that another item of the record fills."""


def model_card(said: Mapping[str, Text]) -> Section:
    """
    Print a model's card in STRESS-DES order.

    Parameters
    ----------
    said
        What the model says of itself, for each row that no other item of the record fills: purpose, outputs,
        aims, logic, scenarios, algorithms, entities, activities, resources, queues, entry_exit. A model
        without one, such as a table of means, says so ("none").

    Raises
    ------
    UnknownName
        There is no such row.
    BadParameter
        Rows are missing; all are named.
    """
    words = Words()
    w = words.text
    for key in said:
        if key not in STRESS:
            raise UnknownName("row of the model card", key, STRESS)
    missing = [key for key in STRESS if key not in ELSEWHERE and key != "code" and key not in said]
    if missing:
        raise BadParameter(
            f"The model card leaves out {', '.join(missing)}: say each, or that there is none."
        )
    rows = []
    for key, number in STRESS.items():
        told: Text = said[key] if key in said else _elsewhere(key)
        rows.append(Row((number, w(f"card.{key}"), told)))
    heads = (Head("number", w("card.number")), Head("what", w("card.what")), Head("says", w("card.says")))
    return Section("model_card", tables=(Table("model-card", w("card.caption"), heads, tuple(rows)),))


def _elsewhere(key: str) -> Text:
    item = str(items()[ELSEWHERE.get(key, "software")].number)
    said = Words().text("card.code.says" if key == "code" else "card.see")
    return Text(said.en.format(item=item), said.zh.format(item=item))


def inputs(described: Sequence[Mapping[str, Any]], used: Mapping[str, Any]) -> Section:
    """
    List the parameters of a decision: value used, unit, and whether the user set it.

    Parameters
    ----------
    described
        From `workbench.parameters.describe`.
    used
        The values, as JSON holds them.
    """
    w = Words().text
    keys = ("input", "base", "unit", "source")
    heads = tuple(Head(key, w(f"sec.{key}")) for key in keys)
    rows = []
    for one in described:
        name = str(one["name"])
        value = used.get(name)
        set_by = w("sec.inputs.default" if value == one.get("default") else "sec.inputs.set")
        label = Text.of(one["description"])
        rows.append(
            Row((label, _value(name, value, str(one.get("unit") or "")), str(one.get("unit") or "–"), set_by))
        )
    return Section("inputs", tables=(Table("parameters", w("sec.inputs"), heads, tuple(rows)),))


def _value(name: str, value: Any, unit: str) -> Cell:
    if value is None:
        return Words().text("sec.value.none")
    if isinstance(value, bool):
        return Words().text("yes" if value else "no")
    if isinstance(value, int | float):
        if unit in ("share", "probability"):
            exact = -int(Decimal(str(value)).normalize().as_tuple().exponent) - 2  # of the percentage
            return Quantity(f"parameter.{name}", value, unit, decimals=exact if exact > 1 else None)
        return Quantity(f"parameter.{name}", value, unit, decimals=None if isinstance(value, float) else 0)
    if isinstance(value, Mapping):
        return ", ".join(str(key) for key in value)
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(value)


@dataclass(frozen=True)
class Checked:
    """
    One check that a run made of itself.

    Parameters
    ----------
    what
        What was checked, such as that every rider is carried, waiting or turned away.
    found
        The number found, such as the largest error.
    """

    what: Text
    found: Quantity


def verification(checks: Sequence[Checked], oracles: Sequence[Text]) -> Section:
    """
    Say which checks the run made, and against what the package is tested.

    Parameters
    ----------
    checks
        What was checked in this run.
    oracles
        Closed forms, published values and other programs that tests compare with.
    """
    words = Words()
    w = words.text
    heads = (Head("check", w("sec.verification.check")), Head("found", w("sec.verification.found")))
    rows = tuple(Row((one.what, one.found)) for one in checks)
    tables = (Table("verification", w("sec.verification"), heads, rows),) if rows else ()
    said = (words.phrase("sec.verification.oracle", oracles=tuple(oracles)),) if oracles else ()
    return Section("verification", prose=said, tables=tables)


@dataclass(frozen=True)
class Backcast:
    """
    What was predicted from one part of the evidence, and what the other part shows.

    Parameters
    ----------
    what
        What was predicted.
    predicted, observed, error
        The numbers; the error is predicted less observed, or a score that `what` names.
    """

    what: Text
    predicted: Quantity
    observed: Quantity
    error: Quantity


def validation(scores: Sequence[Backcast], said: Sequence[Prose], *, face: Text | None = None) -> Section:
    """
    Say how well the model predicted what was held out or is known; a model without a score does not enter.

    Parameters
    ----------
    scores
        Back-casts or hold-out scores, at least one.
    said
        How they were made, and how far they reach.
    face
        Who looked at the results and found them plausible.

    Raises
    ------
    BadParameter
        There is no score.
    """
    if not scores:
        raise BadParameter(
            "A model enters a brief with a back-cast or a hold-out score, and there is none: predict a part "
            "of the data from the rest, and give what was predicted and observed."
        )
    words = Words()
    w = words.text
    heads = tuple(Head(key, w(f"sec.validation.{key}")) for key in ("what", "predicted", "observed", "error"))
    rows = tuple(Row((one.what, one.predicted, one.observed, one.error)) for one in scores)
    prose = (*said, *((words.phrase("sec.face", who=face),) if face is not None else ()))
    table = Table("validation", w("sec.validation"), heads, rows)
    return Section("validation", prose=prose, tables=(table,))
