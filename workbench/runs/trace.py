"""
Where a printed number comes from: the brief, the measure and its rows, the tables and files, the run.

Everything is read from the run folder; nothing is computed but whether the number is one cell of its measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from workbench._text import LANGUAGES
from workbench.errors import UnknownName, WorkbenchError
from workbench.runs._tracetext import as_text
from workbench.runs.cells import SCREENING, is_cell, picked, screened
from workbench.runs.kept import Kept, read_answered
from workbench.runs.numbers import quantity_of
from workbench.runs.places import Place, places, places_of

ROWS = 20
"""Rows of a measure that a trace holds; how many there are is told."""
BRACKETS = (" (", "\N{FULLWIDTH LEFT PARENTHESIS}")


@dataclass(frozen=True)
class Read:
    """
    Where a number was read.

    Attributes
    ----------
    measure, column, where
        As the number's source names them; "" where it names none.
    setting
        Name of the parameter that it is, "" where it is none.
    count, rows
        How many rows of the measure are picked, and the first of them.
    cell
        Whether the number is exactly one cell: True, False where it should be, None where it was computed.
    """

    measure: str = ""
    column: str = ""
    where: Mapping[str, Any] | None = None
    setting: str = ""
    count: int = 0
    rows: Sequence[Mapping[str, Any]] = ()
    cell: bool | None = None


@dataclass(frozen=True)
class Trace:
    """
    A number's whole way.

    Attributes
    ----------
    number
        As JSON holds it: printed in both languages, value, interval, basis, source.
    places
        Where in the brief it stands.
    read
        Where it was read.
    tables
        Contract results of the tables its measure is made from.
    files
        Those of the inputs that hold these tables, with their hashes.
    run
        Id, code, contract, engine, packages, seed and parameters.
    command
        What to type to get it again.
    """

    number: Mapping[str, Any]
    places: Sequence[Place]
    read: Read
    tables: Sequence[Mapping[str, Any]]
    files: Sequence[Mapping[str, Any]]
    run: Mapping[str, Any]
    command: str

    def as_dict(self) -> dict[str, Any]:
        """Return the trace as JSON holds it."""
        return {
            "number": dict(self.number),
            "places": [place.as_dict() for place in self.places],
            "read": vars(self.read) | {"rows": list(self.read.rows)},
            "tables": list(self.tables),
            "files": list(self.files),
            "run": dict(self.run),
            "command": self.command,
        }

    def as_text(self, lang: str = "en") -> str:
        """Return the trace for a terminal."""
        return as_text(self, lang)


def trace(run: str | Path | Kept, number: str) -> Trace:
    """
    Follow a printed number to its data.

    Parameters
    ----------
    run
        The run folder, or a file in it.
    number
        The number's id; `printing` finds the ids of a printed text.

    Raises
    ------
    UnknownName
        The brief has no such number; the nearest are named.
    WorkbenchError
        There is no such run, it has no brief, or it was changed after it was made.
    """
    kept = run if isinstance(run, Kept) else read_answered(run)
    known = kept.brief["quantities"]
    if number not in known:
        raise UnknownName("number of the brief", number, known)
    told, record = known[number], kept.record
    read = _read(kept, told)
    tables = _tables(kept, told)
    contract = record["contract"]
    return Trace(
        number=told,
        places=places_of(kept.brief, number),
        read=read,
        tables=[
            {**table, "contract": f"{contract['name']} {contract['version']}"}
            for table in record["tables"]
            if table["table"] in tables
        ],
        files=_files(record, tables),
        run={
            "run_id": record["run_id"],
            "folder": str(kept.folder),
            "code": record["code"],
            "engine": record["engine"],
            "software": record["software"],
            "seed": record["seed"],
            "parameters": record["parameters"],
        },
        command=str((kept.brief["run"] or {}).get("command", "")),
    )


def printing(run: str | Path | Kept, text: str) -> list[tuple[str, Mapping[str, str]]]:
    """
    Find the numbers that print a text.

    Parameters
    ----------
    run
        The run folder, or a file in it.
    text
        Such as "2.37", "2.37 (95% 1.84–2.81)" or "57%"; the interval, and the unit, may be left out.

    Returns
    -------
    numbers
        Id of each, and what it prints in each language.
    """
    kept = run if isinstance(run, Kept) else read_answered(run)
    wanted = _plain(text)
    cells: dict[str, set[str]] = {}
    for place in places(kept.brief):
        if place.is_cell:
            cells.setdefault(place.numbers[0], set()).update(place.said.values())
    found = []
    for name, told in kept.brief["quantities"].items():
        printed = {*told["text"].values(), *cells.get(name, ())}
        try:
            quantity = quantity_of(told)
            printed |= {quantity.parts(lang, within=quantity.unit_code)[0] for lang in LANGUAGES}
        except WorkbenchError:
            pass
        if any(wanted in (_plain(each), _bare(each)) for each in printed):
            found.append((name, told["text"]))
    return found


def _read(kept: Kept, told: Mapping[str, Any]) -> Read:
    source, parameters = told["source"], kept.record["parameters"]
    if source is None:
        name = told["id"].removeprefix("parameter.")
        return Read(setting=name if name in parameters and parameters[name] == told["value"] else "")
    named = {"measure": source["measure"], "column": source["column"], "where": source["where"]}
    if source["measure"] == SCREENING:
        return _screened(kept, told, named)
    path = kept.folder / "measures" / f"{source['measure']}.parquet"
    if not path.is_file():
        return Read(**named)
    rows = picked(pl.read_parquet(path), source["where"])
    if rows is None:
        return Read(**named)
    one = rows.height == 1 and source["column"] in rows.columns
    same = one and is_cell(told, rows[source["column"]][0])
    recorded = told["id"] in (kept.record.get("cells") or ())
    cell = True if same else False if recorded else None
    return Read(
        **named, count=rows.height, rows=[_json(row) for row in rows.head(ROWS).to_dicts()], cell=cell
    )


def _screened(kept: Kept, told: Mapping[str, Any], named: Mapping[str, Any]) -> Read:
    import json

    report = json.loads((kept.folder / "screening.json").read_text(encoding="utf-8"))
    count = screened(report, told)
    if count is None:
        return Read(**named)
    row = {**named["where"], named["column"]: count}
    return Read(**named, count=1, rows=[row], cell=bool(count == told["value"]))


def _tables(kept: Kept, told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the tables that a number's measure is made from; all of the run's where it is not known."""
    source = told["source"]
    if source is None:
        return ()
    there = [table["table"] for table in kept.record["tables"]]
    if source["measure"] == SCREENING and (table := source["where"].get("table")):
        return (table,)
    measure = _known(kept).get(source["measure"])
    if measure is None:
        return tuple(there)
    return tuple(table for table in (*measure.tables, *measure.optional) if table in there)


def _files(record: Mapping[str, Any], tables: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return the input files of some tables, then those that are no single table's."""
    if not tables:
        return []
    return [one for names in (tables, ("",)) for one in record["inputs"] if one["table"] in names]


def _known(kept: Kept) -> Mapping[str, Any]:
    """Return the measures of the run's domain; none where it is not installed here."""
    from workbench.domains import load_domain

    try:
        return load_domain(kept.record["contract"]["name"]).known
    except WorkbenchError:
        return {}


def _json(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = (str, int, float, bool, type(None))
    return {name: value if isinstance(value, plain) else str(value) for name, value in row.items()}


def _plain(text: str) -> str:
    """Return a text as one types it: plain spaces, and a hyphen for a minus."""
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{MINUS SIGN}", "-").split())


def _bare(text: str) -> str:
    """Return a printed number without its interval."""
    for bracket in BRACKETS:
        text = text.partition(bracket)[0]
    return _plain(text)
