"""Checks of a brief's numbers: against their values, their renderings, and the measures they are from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from workbench._text import LANGUAGES
from workbench.briefs.quantity import Quantity
from workbench.errors import WorkbenchError
from workbench.runs._filechecks import attempt, read_json
from workbench.runs._finding import Finding
from workbench.runs._tablechecks import tables
from workbench.runs.cells import SCREENING, cell, is_cell, screened
from workbench.runs.numbers import PLAIN, Form, agrees, found_from, printed_as, quantity_of
from workbench.runs.places import Place, places
from workbench.runs.record import RECORD

BRIEF, ORDER = "brief.json", "printed.json"
Json = Mapping[str, Any]


def numbers(folder: Path, brief: Json, record: Json | None, findings: list[Finding]) -> dict[str, int]:
    """Make every check of the brief's numbers; return how many numbers, printings and cells were compared."""
    made, printed, cells = {}, 0, 0
    try:
        made = _values(brief, findings)
        stands = list(places(brief))
        for place in stands:
            _place(place, made, findings)
        printed = _renderings(folder, made, stands, findings) + tables(folder, brief, findings)
        cells = _cells(folder, brief, record, findings)
        _screening(folder, brief, findings)
        if record is not None:
            _stamp(brief, record, findings)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        said = f"is not a brief as the workbench writes it ({type(error).__name__}: {error})"
        findings.append(Finding(BRIEF, said))
    return {"numbers": len(made), "printed": printed, "cells": cells}


def _values(brief: Json, findings: list[Finding]) -> dict[str, Quantity]:
    """Make every number again from its value; what it prints is what brief.json says it prints."""
    made = {}
    for name, told in brief["quantities"].items():
        try:
            made[name] = quantity_of(told)
        except WorkbenchError as error:
            findings.append(Finding(BRIEF, f"number '{name}': {error}", name))
            continue
        if told["id"] != name:
            findings.append(Finding(BRIEF, f"number '{name}' calls itself '{told['id']}'", name))
        findings += [
            _differs(BRIEF, made[name], told["text"][lang], lang)
            for lang in LANGUAGES
            if not agrees(made[name], told["text"][lang], lang)
        ]
    return made


def _place(place: Place, made: Mapping[str, Quantity], findings: list[Finding]) -> None:
    """Look for a place's numbers in what brief.json says there."""
    known = [made[name] for name in place.numbers if name in made]
    findings += [
        Finding(BRIEF, f"number '{name}' is printed in {place.part} and not listed", name)
        for name in place.numbers
        if name not in made
    ]
    if place.is_cell:
        findings += [
            _differs(BRIEF, quantity, place.said[lang], lang)
            for quantity in known
            for lang in LANGUAGES
            if not agrees(quantity, place.said[lang], lang, (place.within, place.level))
        ]
        return
    at = 0
    for quantity in known:
        at, found = found_from(quantity, place.said["en"], "en", at)
        if not (found and found_from(quantity, place.said["zh"], "zh", 0)[1]):
            text = place.said["en"]
            said = f"number '{quantity.id}' should read {_shown(quantity, 'en')} in {place.part}: \"{text}\""
            findings.append(Finding(BRIEF, said, quantity.id, text, quantity.text("en")))


def _renderings(
    folder: Path, made: Mapping[str, Quantity], stands: list[Place], findings: list[Finding]
) -> int:
    """Compare the numbers of every rendering, in each language, with the brief's."""
    from workbench.briefs.printed import (
        MARKED,
        TEXTS,
        Printed,
        found_in_order,
        plain_text,
        printed_numbers,
    )

    forms: dict[str, set[Form]] = {name: {PLAIN} for name in made}
    for place in stands:
        for name in place.numbers:
            forms.setdefault(name, {PLAIN}).add((place.within, place.level))
    wanted = {name for place in stands if not place.spoken for name in place.numbers}
    orders = _orders(folder, made, forms, findings)
    count = 0
    for lang in LANGUAGES:
        order = orders.get(lang)
        for path in (folder / f"brief.{lang}{ending}" for ending in MARKED):
            if not path.is_file():
                continue
            found = attempt(partial(printed_numbers, path), path, folder, findings)
            if found is None:
                continue
            before = len(findings)
            _printed(path.name, found, made, forms, lang, findings)
            lost = sorted(wanted - {name for name, _ in found})
            findings += [Finding(path.name, f"does not print number '{name}'", name) for name in lost]
            order = order or [tuple(each) for each in found]
            if len(findings) == before and [tuple(each) for each in found] != order:
                findings.append(Finding(path.name, f"prints its numbers in another order than {ORDER}"))
            count += len(found)
        for path in (folder / f"brief.{lang}{ending}" for ending in TEXTS):
            if not path.is_file():
                continue
            text = attempt(partial(plain_text, path), path, folder, findings)
            left = [Printed(*each) for each in order or ()]
            count += len(left)
            while text is not None and (missing := found_in_order(text, left)) is not None:
                said = f"number '{missing.id}' should read {missing.text!r} and is not there in its place"
                findings.append(Finding(path.name, said, missing.id or "", "", missing.text))
                left.remove(missing)
    return count


def _orders(
    folder: Path, made: Mapping[str, Quantity], forms: Mapping[str, set[Form]], findings: list[Finding]
) -> dict[str, list[tuple[str, str]]]:
    """Read what every rendering prints, in order, where the run kept it; each must follow from its value."""
    told = read_json(folder / ORDER, findings)
    if told is None:
        return {}
    orders: dict[str, list[tuple[str, str]]] = {
        lang: [(str(name), str(text)) for name, text in told[lang]] for lang in LANGUAGES
    }
    for lang, order in orders.items():
        _printed(ORDER, order, made, forms, lang, findings)
    return orders


def _printed(
    file: str,
    found: Iterable[tuple[str, str]],
    made: Mapping[str, Quantity],
    forms: Mapping[str, set[Form]],
    lang: str,
    findings: list[Finding],
) -> None:
    """Compare each printed number with what its value prints."""
    for name, text in found:
        if name not in made:
            said = f"prints '{text}' as number '{name}', which {BRIEF} does not have"
            findings.append(Finding(file, said, name, text))
        elif not printed_as(made[name], text, lang, forms[name]):
            findings.append(_differs(file, made[name], text, lang))


def _cells(folder: Path, brief: Json, record: Json | None, findings: list[Finding]) -> int:
    """Compare the numbers that were cells of measures when the run was made with those cells."""
    recorded = (record or {}).get("cells")
    if recorded is None:
        return 0
    measure = _Frames(folder, findings)
    for name, told in brief["quantities"].items():
        source = told["source"]
        frame = measure[source["measure"]] if source is not None else None
        if frame is None:
            continue
        value = cell(frame, source)
        same = is_cell(told, value)
        if name in recorded and not same:
            file, where = f"measures/{source['measure']}.parquet", f"{source['column']} {source['where']}"
            said = f"number '{name}' is {told['value']!r}; its cell {where} is {value!r}"
            findings.append(Finding(file, said, name, repr(told["value"]), repr(value)))
        elif same and name not in recorded:
            said = f"does not say that number '{name}' is a cell of {source['measure']}"
            findings.append(Finding(RECORD, said, name))
    findings += [
        Finding(BRIEF, f"number '{name}' has lost its source, a cell of a measure", name)
        for name in recorded
        if (brief["quantities"].get(name) or {}).get("source") is None
    ]
    return len(recorded)


class _Frames(dict[str, "pl.DataFrame | None"]):
    """Measures of a run, each read when first asked for; None for one that is missing or damaged."""

    def __init__(self, folder: Path, findings: list[Finding]) -> None:
        super().__init__()
        self._folder, self._findings = folder, findings

    def __missing__(self, name: str) -> pl.DataFrame | None:
        path = self._folder / "measures" / f"{name}.parquet"
        read = partial(pl.read_parquet, path)
        self[name] = attempt(read, path, self._folder, self._findings) if path.is_file() else None
        return self[name]


def _screening(folder: Path, brief: Json, findings: list[Finding]) -> None:
    """Compare the counts of rows with the screening report."""
    report = read_json(folder / "screening.json", [])
    if report is None:
        return
    for name, told in brief["quantities"].items():
        if told["source"] is not None and told["source"]["measure"] == SCREENING:
            count = screened(report, told)
            if count is not None and count != told["value"]:
                said = f"number '{name}' is {told['value']!r}; screening.json says {count!r}"
                findings.append(Finding(BRIEF, said, name, repr(told["value"]), repr(count)))


def _stamp(brief: Json, record: Json, findings: list[Finding]) -> None:
    """Compare the run that the brief names with the record."""
    run = brief["run"] or {}
    wanted = {
        "run_id": record["run_id"],
        "code_version": record["code"],
        "seed": record.get("seed"),
        "parameters": record["parameters"],
    }
    for field, value in wanted.items():
        if run.get(field) != value:
            findings.append(Finding(BRIEF, f"its run's {field} is not that of {RECORD}"))
    if sorted(run.get("inputs", {}).values()) != sorted(one["sha256"] for one in record["inputs"]):
        findings.append(Finding(BRIEF, f"its inputs are not those of {RECORD}"))


def _differs(file: str, quantity: Quantity, text: str, lang: str) -> Finding:
    said = f"number '{quantity.id}' is printed as {text!r}; its value prints {_shown(quantity, lang)}"
    return Finding(file, said, quantity.id, text, quantity.text(lang))


def _shown(quantity: Quantity, lang: str) -> str:
    return repr(quantity.text(lang))
