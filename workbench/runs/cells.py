"""Where a number was read: the rows of a measure its source picks, and whether it is one of its cells."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

SCREENING = "screening"
"""The source of counts that the screening report holds, which is no measure."""


def picked(frame: pl.DataFrame, where: Mapping[str, Any]) -> pl.DataFrame | None:
    """
    Return the rows that a source picks; None where a column of `where` is not there.

    Parameters
    ----------
    frame
        The measure.
    where
        Values by column; a value that JSON holds as text matches what prints the same.
    """
    for column, value in where.items():
        if column not in frame.columns:
            return None
        frame = frame.filter(_equals(frame.schema[column], column, value))
    return frame


def cell(frame: pl.DataFrame, source: Mapping[str, Any]) -> Any:
    """Return the one cell that a source names; None where it names none, or several."""
    rows = picked(frame, source["where"])
    if rows is None or source["column"] not in rows.columns or rows.height != 1:
        return None
    return rows[source["column"]][0]


def is_cell(quantity: Mapping[str, Any], value: Any) -> bool:
    """Whether a number, as JSON holds it, is exactly a cell's value."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return bool(number and quantity["low"] is None and quantity["value"] == value and math.isfinite(value))


def cells_of(folder: Path, quantities: Mapping[str, Any]) -> list[str]:
    """
    Return the ids of the numbers that are, as they stand, one cell of a measure of the run.

    Parameters
    ----------
    folder
        The run folder.
    quantities
        The brief's numbers by id, as JSON holds them.
    """
    frames = dict(_measures(folder / "measures"))
    found = []
    for name, quantity in quantities.items():
        source = quantity["source"]
        frame = frames.get(source["measure"]) if source is not None else None
        if frame is not None and is_cell(quantity, cell(frame, source)):
            found.append(name)
    return sorted(found)


def screened(report: Mapping[str, Any], quantity: Mapping[str, Any]) -> Any:
    """
    Return the count of the screening report that a number was read from; None where it is no single one.

    Parameters
    ----------
    report
        The report as screening.json holds it.
    quantity
        A number, as JSON holds it, whose source is `screening`: `where` names the table, and there the file
        or the rule that is counted.
    """
    source = quantity["source"]
    where = source["where"]
    for table in report["tables"]:
        if table["table"] != where.get("table"):
            continue
        if "file" in where:
            rows = zip(table["files"], table["file_rows"], strict=True)
            return next((count for file, count in rows if file["name"] == where["file"]), None)
        if "rule" in where:
            wanted = (where["rule"], where["column"])
            return next((r["count"] for r in table["rules"] if (r["rule"], r["column"]) == wanted), None)
        return table.get("limit" if quantity["id"].endswith(".limit") else source["column"])
    return None


def _measures(folder: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    for path in sorted(folder.glob("*.parquet")):
        yield path.stem, pl.read_parquet(path)


def _equals(kind: pl.DataType, column: str, value: Any) -> pl.Expr:
    if value is None:
        return pl.col(column).is_null()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if (number and kind.is_numeric()) or (isinstance(value, bool) and kind == pl.Boolean):
        return pl.col(column).eq(value)
    return pl.col(column).cast(pl.String) == str(value)
