"""
The tables of a brief as CSV: every number with full precision beside what is printed, in both languages.

The files begin with a byte-order mark: without one Excel reads them in the code page of the machine, and
Chinese names turn into other characters. Python reads them as "utf-8-sig", R as "UTF-8-BOM".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from workbench._text import LANGUAGES
from workbench.briefs._wording import unit_of
from workbench.briefs.brief import Brief
from workbench.briefs.parts import Cell, Table
from workbench.briefs.quantity import Quantity

ENCODING = "utf-8-sig"
NUMBER = ("", ".low", ".high", ".unit")
# What a spreadsheet takes for the start of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tables_csv(brief: Brief) -> dict[str, str]:
    """
    Return every table of a brief, and the data of every figure, as CSV by its id.

    A column `key` of numbers becomes `key`, `key.low`, `key.high` and `key.unit`, and every column has what
    is printed in `key.en` and `key.zh`; `row.chosen` is 1 in a recommended row. A text that a spreadsheet
    would take for a formula begins with an apostrophe.
    """
    return {table.id: _csv(_rows(table)) for table in _tables(brief)}


def columns_csv(brief: Brief) -> str:
    """Return what every column of `tables_csv` is called in the brief, and the unit its head states."""
    rows: list[list[str]] = [
        ["table", "caption.en", "caption.zh", "column", "head.en", "head.zh", "unit.en", "unit.zh"]
    ]
    for table in _tables(brief):
        caption = [table.caption.in_(lang) for lang in LANGUAGES]
        for head in table.heads:
            label = [head.label.in_(lang) for lang in LANGUAGES]
            rows.append([table.id, *caption, head.key, *label, *(unit_of(head, lang) for lang in LANGUAGES)])
    return _csv([_safe(each) for each in row] for row in rows)


def _tables(brief: Brief) -> Iterator[Table]:
    """Yield the tables in reading order."""
    yield from (brief.options, brief.figure.data, *brief.tables)
    for section in brief.in_order():
        yield from section.tables
        yield from (figure.data for figure in section.figures)


def _rows(table: Table) -> Iterator[list[str]]:
    numeric = [
        any(isinstance(row.cells[at], Quantity) for row in table.rows) for at in range(len(table.heads))
    ]
    names = ["row.chosen"]
    for head, numbers in zip(table.heads, numeric, strict=True):
        names += [head.key + part for part in (NUMBER if numbers else ())]
        names += [f"{head.key}.{lang}" for lang in LANGUAGES]
    yield names
    level = table.shared_level() is None
    for row in table.rows:
        cells = ["1" if row.chosen else "0"]
        for head, numbers, cell in zip(table.heads, numeric, row.cells, strict=True):
            cells += _number(cell) if numbers else []
            cells += [_safe(table.cell_text(cell, head, lang, level=level)) for lang in LANGUAGES]
        yield cells


def _number(cell: Cell) -> list[str]:
    """Return value, low, high and unit; empty where a text stands in a column of numbers."""
    if not isinstance(cell, Quantity):
        return [""] * len(NUMBER)
    ends = (cell.value, cell.low, cell.high)
    return [*("" if end is None else repr(end) for end in ends), _safe(cell.unit_code)]


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv(rows: Iterator[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
