"""
Every row is clean, or in quarantine with its reason, its file and its row number.

A contract compiles to one integer expression (`workbench.data.checks`): null where the row is good, else the
number of the first check it fails. Clean and quarantine are two filters of one scan, lazy on every engine.
The checks, in order:

`blank`, `ragged`, or what a source mapping could not convert
    found while reading.
`required`, `type`, `range`, `enum`, `pattern`
    column by column; a default fills nulls first.
row rules
    by their own names, between columns of a row.
`duplicate`
    among rows good so far, the first (by file, then row) stays. A key with a null in it repeats nothing.
`reference`
    the value is not in the table it must be found in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from workbench.data.checks import Checks, can_become, in_words
from workbench.data.contract import Reference, TableContract
from workbench.data.expressions import add_columns, as_text, is_polars
from workbench.data.files import PROBLEM
from workbench.data.piece import PLACE
from workbench.errors import DataRejected, WorkbenchError, nearest

if TYPE_CHECKING:
    from workbench.data.table import Frame, Step, Table

FARTHEST_ROW = 1 << 40
QUARANTINE = ("file", "row", "rule", "column", "value")
SHOWN = 3
"""Files that a message names; of more it says how many."""


@dataclass(frozen=True)
class Screened:
    """
    A table seen through its contract.

    Attributes
    ----------
    clean
        The good rows: exactly the contract's columns, in its types.
    quarantine
        The others: `file`, `row`, `rule`, `column`, `value`, and the contract's columns as text (`raw_...`).
    unchecked
        References that could not be checked because the other table was not given.
    """

    contract: TableContract
    clean: Table
    quarantine: Table
    unchecked: tuple[Reference, ...] = ()
    files: tuple[str, ...] = ()


def screen(
    table: Table,
    contract: TableContract,
    *,
    others: Mapping[str, Table] | None = None,
    files: Sequence[str] = (),
) -> Screened:
    """
    Part a table into clean rows and quarantine, lazily.

    Parameters
    ----------
    table
        Raw rows with `_file` and `_row` (`Engine.scan(..., numbered=True)`); texts or native types.
    contract
        What the rows must be.
    others
        Clean tables by name, for references. A missing one leaves its references unchecked, and says so.
    files
        Names of the files that `_file` counts.

    Returns
    -------
    Screened
        Not yet computed.

    Raises
    ------
    DataRejected
        A required column is missing, a column is not in the contract, or a type can never fit.
    """
    others = others or {}
    _check_columns(table, contract, _where(files) or contract.name)
    checks = Checks(contract)
    schema = dict(table.schema)
    flagged = table.each(lambda frame: checks.flag(frame, schema))
    if contract.key:
        flagged = flagged.each(_mark_duplicates(checks), _repeated(flagged, contract.key))
    unchecked = []
    for reference in contract.references:
        if reference.table in others:
            flagged = flagged.each(
                _mark_unknown(checks, reference), _known(others[reference.table], reference)
            )
        else:
            unchecked.append(reference)
    clean = flagged.each(_clean(contract))
    quarantine = flagged.each(_quarantine(checks), _file_names(files), checks.table)
    return Screened(contract, clean, quarantine, tuple(unchecked), tuple(files))


def _instead(name: str, spare: Sequence[str]) -> str:
    """Name the column of the file that may be meant, or those that the contract does not know."""
    near = f"{nearest(name, spare)} " if spare else ""
    return near.replace("Known:", "Not in the contract:", 1)


def _check_columns(table: Table, contract: TableContract, where: str) -> None:
    schema = table.schema
    have = [name for name in schema if name not in (*PLACE, PROBLEM)]
    if not set(PLACE) <= set(schema):
        raise WorkbenchError(
            f"Table '{contract.name}' has no row numbers to report: read it with "
            "`engine.scan(listing, numbered=True)`."
        )
    for column in contract.columns:
        if column.required and column.default is None and column.name not in have:
            spare = [other for other in have if other not in contract.names]
            raise DataRejected(
                f"{where}: the required column '{column.name}' is missing. {_instead(column.name, spare)}"
                "Rename it in the file, or map it in a source file (`--source`)."
            )
    for name in have:
        if name not in contract.names:
            raise DataRejected(
                f"{where}: the column '{name}' is not in the contract of table '{contract.name}'. "
                f"{nearest(name, contract.names)} Rename or remove it, or choose the columns in a source "
                "file (`--source`)."
            )
    for column in contract.columns:
        if column.name in have and not can_become(column, schema[column.name]):
            wanted = "local timestamps without a zone" if column.type == "timestamp" else column.type
            raise DataRejected(
                f"{where}: the column '{column.name}' holds {in_words(schema[column.name])} where the "
                f"contract wants {wanted}. Convert it, or map it in a source file (`--source`)."
            )


def _where(files: Sequence[str]) -> str:
    names = list(dict.fromkeys(files))
    more = f" and {len(names) - SHOWN} more files" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _repeated(flagged: Table, key: Sequence[str]) -> Table:
    """Keys that stand more than once among the rows good so far, with the place of their first row."""
    names = [f"_k_{name}" for name in key]

    def keys_of(frame: Frame) -> Frame:
        good = frame.filter(nw.col("_reason").is_null())
        return good.select(
            *(nw.col(f"_v_{name}").alias(f"_k_{name}") for name in key), _position().alias("_first")
        )

    def repeated(frame: Frame) -> Frame:
        counted = frame.group_by(*names).agg(
            nw.len().alias("_times"), nw.col("_first").min(), nw.col("_first").max().alias("_last")
        )
        return counted.filter(nw.col("_times") > 1).drop("_times")

    return flagged.each(keys_of).by(names, repeated)


def _mark_duplicates(checks: Checks) -> Step:
    """Give the later rows of a repeated key their reason."""
    key = checks.contract.key
    number = checks.number("duplicate", ", ".join(key))

    def mark(frame: Frame, repeated: Frame) -> Frame:
        repeated = repeated.rename({f"_k_{name}": f"_v_{name}" for name in key})
        joined = frame.join(repeated, on=[f"_v_{name}" for name in key], how="left")
        # Long rows of one wide row stand in one place: which came first cannot be told, so none is kept.
        later = (_position() != nw.col("_first")) | (nw.col("_first") == nw.col("_last"))
        later = nw.col("_reason").is_null() & ~nw.col("_first").is_null() & later
        return _with_reason(joined, later, number).drop("_first", "_last")

    return mark


def _known(other: Table, reference: Reference) -> Table:
    """Each value of the other table once."""
    names = [f"_k_{i}" for i in range(len(reference.targets))]

    def chosen(frame: Frame) -> Frame:
        return frame.select(*(nw.col(target).alias(f"_k_{i}") for i, target in enumerate(reference.targets)))

    def once(frame: Frame) -> Frame:
        return frame.select(*names).unique(names)

    return other.each(chosen).by(names, once, before=once).each(_marked)


def _marked(frame: Frame) -> Frame:
    return frame.with_columns(nw.lit(1, nw.Int64()).alias("_known"))


def _mark_unknown(checks: Checks, reference: Reference) -> Step:
    """Give rows whose value is not in the other table their reason."""
    number = checks.number("reference", ", ".join(reference.columns))
    names = {f"_k_{i}": f"_v_{column}" for i, column in enumerate(reference.columns)}

    def mark(frame: Frame, known: Frame) -> Frame:
        joined = frame.join(known.rename(names), on=list(names.values()), how="left")
        missing = nw.col("_reason").is_null() & nw.col("_known").is_null()
        for name in names.values():
            missing = missing & ~nw.col(name).is_null()
        return _with_reason(joined, missing, number).drop("_known")

    return mark


def _with_reason(frame: Frame, fails: nw.Expr, number: int) -> Frame:
    reason = nw.when(fails).then(nw.lit(number, nw.Int64())).otherwise(nw.col("_reason"))
    return frame.with_columns(reason.alias("_reason"))


def _position() -> nw.Expr:
    return nw.col("_file") * FARTHEST_ROW + nw.col("_row")


def _clean(contract: TableContract) -> Step:
    """The good rows, typed."""

    def clean(frame: Frame) -> Frame:
        good = frame.filter(nw.col("_reason").is_null())
        return good.select(*(nw.col(f"_v_{name}").alias(name) for name in contract.names))

    return clean


def _quarantine(checks: Checks) -> Step:
    """The others, with where they stood and why."""
    names = checks.contract.names
    # A check of several columns shows the value of the first of them.
    shown = {name: name for name in names} | {c: c.split(", ")[0] for _, c in checks.numbers if ", " in c}

    def quarantine(frame: Frame, files: Frame, checks: Frame) -> Frame:
        have = frame.collect_schema().names()
        bad = frame.filter(~nw.col("_reason").is_null())
        bad = as_text(bad, {f"_t_{name}": name for name in names if name in have})
        lacking = [nw.lit(None, nw.String()).alias(f"_t_{name}") for name in names if name not in have]
        bad = bad.with_columns(*lacking) if lacking else bad
        # The file's own columns go: one of them may be called rule, column or file, as those joined are.
        bad = bad.select("_reason", "_file", "_row", PROBLEM, *(f"_t_{name}" for name in names))
        bad = _split_problem(bad).join(checks, on="_reason", how="left").join(files, on="_file", how="left")
        own = nw.col("_reason") == 0
        bad = bad.with_columns(
            nw.when(own).then(nw.col("_p_rule")).otherwise(nw.col("rule")).alias("rule"),
            nw.when(own).then(nw.col("_p_column")).otherwise(nw.col("column")).alias("column"),
        )
        values = [nw.when(nw.col("column") == key).then(nw.col(f"_t_{name}")) for key, name in shown.items()]
        value = nw.coalesce(nw.when(own).then(nw.col("_p_value")), *values)
        return bad.with_columns(value.alias("value"), nw.col("_row").alias("row")).select(
            *QUARANTINE, *(nw.col(f"_t_{name}").alias(f"raw_{name}") for name in names)
        )

    return quarantine


def _file_names(files: Sequence[str]) -> pl.DataFrame:
    schema = {"_file": pl.Int64, "file": pl.String}
    return pl.DataFrame({"_file": range(len(files)), "file": list(files)}, schema=schema)


def _split_problem(frame: Frame) -> Frame:
    """Part "rule:column:value" into its three; the value may hold colons."""
    names = ("_p_rule", "_p_column", "_p_value")
    if is_polars(frame):
        fields = pl.col(PROBLEM).str.splitn(":", 3)
        return add_columns(frame, {name: fields.struct[i] for i, name in enumerate(names)}, {})
    from pyspark.sql import functions as F

    parts: Any = F.split(F.col(PROBLEM), ":", 3)
    return add_columns(
        frame, {}, {name: F.try_element_at(parts, F.lit(i + 1)) for i, name in enumerate(names)}
    )
