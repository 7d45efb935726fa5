"""
Every row is clean, or in quarantine with its reason, its file and its row number.

A contract compiles to one integer expression, `_reason`: null where the row is good, else the number of the
first check it fails. Clean and quarantine are two filters of one scan, lazy on every engine. The checks, in order:

`ragged`, or what a source mapping could not convert
    found while reading.
`required`, `type`, `range`, `enum`, `pattern`
    column by column; a default fills nulls first.
row rules
    by their own names, between columns of a row.
`duplicate`
    among rows good so far, the first (by file, then row) stays.
`reference`
    the value is not in the table it must be found in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import polars as pl

from workbench.data.contract import Column, Reference, TableContract
from workbench.data.expressions import add_columns, as_text, is_polars, parse_text
from workbench.data.files import PROBLEM
from workbench.data.table import Frame, Table
from workbench.errors import DataRejected, WorkbenchError, nearest

PLACE = ("_file", "_row")
FARTHEST_ROW = 1 << 40
DTYPES: dict[str, Any] = {
    "string": nw.String(),
    "integer": nw.Int64(),
    "number": nw.Float64(),
    "boolean": nw.Boolean(),
    "date": nw.Date(),
    "timestamp": nw.Datetime("us"),
}
QUARANTINE = ("file", "row", "rule", "column", "value")


@dataclass(frozen=True)
class Screened:
    """
    A table seen through its contract.

    Attributes
    ----------
    clean
        The good rows: exactly the contract's columns, in its types.
    quarantine
        The others: `file`, `row`, `rule`, `column`, `value`, and the contract's columns as text.
    unchecked
        References that could not be checked because the other table was not given.
    """

    contract: TableContract
    clean: Table
    quarantine: Table
    unchecked: tuple[Reference, ...] = ()
    files: tuple[str, ...] = field(default=())


def screen(
    table: Table, contract: TableContract, *, others: Mapping[str, Table] | None = None, files: Sequence[str] = ()
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

    Raises
    ------
    DataRejected
        A required column is missing, a column is not in the contract, or a type can never fit.
    """
    others = others or {}
    where = ", ".join(dict.fromkeys(files)) or contract.name
    _check_columns(table, contract, where)
    checks = _Checks(contract)
    schema = dict(table.schema)
    flagged = table.each(lambda frame: checks.flag(frame, schema))
    if contract.key:
        flagged = flagged.each(checks.mark_duplicates, _repeated(flagged, contract.key))
    unchecked = []
    for reference in contract.references:
        if reference.table in others:
            flagged = flagged.each(checks.mark_unknown(reference), others[reference.table].each(_known_keys(reference)))
        else:
            unchecked.append(reference)
    clean = flagged.each(checks.clean)
    quarantine = flagged.each(checks.quarantine, _file_names(files), checks.table)
    return Screened(contract, clean, quarantine, tuple(unchecked), tuple(files))


class _Checks:
    """The checks of one contract, numbered."""

    def __init__(self, contract: TableContract) -> None:
        self.contract = contract
        names = [("", "")]
        names += [(rule, column.name) for column in contract.columns for rule in ("required", "type", "range", "enum", "pattern")]
        names += [(rule.name, rule.left) for rule in contract.rules]
        names += [("duplicate", ", ".join(contract.key))]
        names += [("reference", ", ".join(reference.columns)) for reference in contract.references]
        self.numbers = {name: number for number, name in enumerate(names)}

    @property
    def table(self) -> pl.DataFrame:
        """Number, rule and column of each check."""
        rules, columns = zip(*self.numbers, strict=True)
        schema = {"_reason": pl.Int64, "rule": pl.String, "column": pl.String}
        return pl.DataFrame({"_reason": range(len(rules)), "rule": rules, "column": columns}, schema=schema)

    def number(self, rule: str, column: str) -> int:
        """Number of a check."""
        return self.numbers[rule, column]

    def flag(self, frame: Frame, schema: Mapping[str, Any]) -> Frame:
        """Add the typed columns (`_v_...`), the raw ones as text (`_t_...`) and the number of the first failed check."""
        columns = self.contract.columns
        given = [column for column in columns if column.name in schema]
        parsed = {f"_v_{c.name}": (c.name, c.type) for c in given if isinstance(schema[c.name], nw.String) and c.type != "string"}
        frame = parse_text(frame, parsed) if parsed else frame
        typed = []
        for column in columns:
            if column.name not in schema:
                value = nw.lit(column.default, DTYPES[column.type])
            else:
                value = nw.col(f"_v_{column.name}") if f"_v_{column.name}" in parsed else _native(column, schema[column.name])
                if column.default is not None:
                    value = nw.when(~nw.col(column.name).is_null()).then(value).otherwise(nw.lit(column.default, DTYPES[column.type]))
            typed.append(value.alias(f"_v_{column.name}"))
        frame = frame.with_columns(*typed)
        failed = [nw.when(cond).then(nw.lit(number, nw.Int64())) for number, cond in self._conditions(schema)]
        frame = frame.with_columns(nw.coalesce(*failed, nw.lit(None, nw.Int64())).alias("_reason"))
        if PROBLEM not in schema:
            frame = frame.with_columns(nw.lit(None, nw.String()).alias(PROBLEM))
        return frame

    def _conditions(self, schema: Mapping[str, Any]) -> list[tuple[int, nw.Expr]]:
        found: list[tuple[int, nw.Expr]] = []
        if PROBLEM in schema:
            found.append((0, ~nw.col(PROBLEM).is_null()))
        for column in self.contract.columns:
            value = nw.col(f"_v_{column.name}")
            if column.name in schema:
                raw = nw.col(column.name)
                if column.required:
                    found.append((self.number("required", column.name), raw.is_null() & value.is_null()))
                found.append((self.number("type", column.name), ~raw.is_null() & value.is_null()))
            found += [(self.number(rule, column.name), condition) for rule, condition in _value_rules(column, value)]
        for rule in self.contract.rules:
            left, right = nw.col(f"_v_{rule.left}"), nw.col(f"_v_{rule.right}")
            holds = {"<": left < right, "<=": left <= right, "==": left == right, "!=": left != right, ">=": left >= right, ">": left > right}
            found.append((self.number(rule.name, rule.left), ~holds[rule.op]))
        return found

    def mark_duplicates(self, frame: Frame, repeated: Frame) -> Frame:
        """Give the later rows of a repeated key their reason."""
        keys = [f"_v_{key}" for key in self.contract.key]
        number = self.number("duplicate", ", ".join(self.contract.key))
        later = nw.col("_reason").is_null() & ~nw.col("_first").is_null() & (_position() != nw.col("_first"))
        joined = frame.join(repeated.rename({f"_k_{key}": f"_v_{key}" for key in self.contract.key}), on=keys, how="left")
        return joined.with_columns(nw.when(later).then(nw.lit(number, nw.Int64())).otherwise(nw.col("_reason")).alias("_reason")).drop("_first")

    def mark_unknown(self, reference: Reference) -> Any:
        """Give rows whose value is not in the other table their reason."""
        number = self.number("reference", ", ".join(reference.columns))

        def mark(frame: Frame, known: Frame) -> Frame:
            names = {f"_k_{i}": f"_v_{column}" for i, column in enumerate(reference.columns)}
            joined = frame.join(known.rename(names), on=list(names.values()), how="left")
            missing = nw.col("_reason").is_null() & nw.col("_known").is_null()
            for column in reference.columns:
                missing = missing & ~nw.col(f"_v_{column}").is_null()
            return joined.with_columns(nw.when(missing).then(nw.lit(number, nw.Int64())).otherwise(nw.col("_reason")).alias("_reason")).drop("_known")

        return mark

    def clean(self, frame: Frame) -> Frame:
        """The good rows, typed."""
        good = frame.filter(nw.col("_reason").is_null())
        return good.select(*(nw.col(f"_v_{name}").alias(name) for name in self.contract.names))

    def quarantine(self, frame: Frame, files: Frame, checks: Frame) -> Frame:
        """The others, with where they stood and why."""
        names = self.contract.names
        have = frame.collect_schema().names()
        bad = frame.filter(~nw.col("_reason").is_null())
        bad = as_text(bad, {f"_t_{name}": name for name in names if name in have})
        lacking = [nw.lit(None, nw.String()).alias(f"_t_{name}") for name in names if name not in have]
        bad = bad.with_columns(*lacking) if lacking else bad
        bad = _split_problem(bad).join(checks, on="_reason", how="left").join(files, on="_file", how="left")
        own = nw.col("_reason") == 0
        bad = bad.with_columns(
            nw.when(own).then(nw.col("_p_rule")).otherwise(nw.col("rule")).alias("rule"),
            nw.when(own).then(nw.col("_p_column")).otherwise(nw.col("column")).alias("column"),
        )
        # A rule over several columns shows the first of them.
        shown = {name: name for name in names} | {column: column.split(", ")[0] for _, column in self.numbers if ", " in column}
        values = [nw.when(nw.col("column") == key).then(nw.col(f"_t_{name}")) for key, name in shown.items()]
        value = nw.coalesce(nw.when(own).then(nw.col("_p_value")), *values)
        return bad.with_columns(value.alias("value"), nw.col("_row").alias("row")).select(
            *QUARANTINE, *(nw.col(f"_t_{name}").alias(f"raw_{name}") for name in names)
        )


def _check_columns(table: Table, contract: TableContract, where: str) -> None:
    have = [name for name in table.columns if name not in (*PLACE, PROBLEM)]
    if not set(PLACE) <= set(table.columns):
        raise WorkbenchError(f"Table '{contract.name}' has no row numbers to report: read it with `engine.scan(listing, numbered=True)`.")
    remedy = "Rename it in the file, or map it in a source file (`--source`)."
    for column in contract.columns:
        if column.required and column.default is None and column.name not in have:
            raise DataRejected(f"{where}: the required column '{column.name}' is missing. {_near_other(column.name, have, contract)}{remedy}")
    for name in have:
        if name not in contract.names:
            raise DataRejected(
                f"{where}: the column '{name}' is not in the contract of table '{contract.name}'. {nearest(name, contract.names)} "
                "Rename or remove it, or choose the columns in a source file (`--source`)."
            )
    for column in contract.columns:
        if column.name in have and not _can_become(column, table.schema[column.name]):
            raise DataRejected(
                f"{where}: the column '{column.name}' holds {str(table.schema[column.name]).lower()} values where the contract wants "
                f"{column.type}. Convert it, or map it in a source file (`--source`)."
            )


def _near_other(name: str, have: Sequence[str], contract: TableContract) -> str:
    spare = [other for other in have if other not in contract.names]
    return f"{nearest(name, spare)} " if spare else ""


def _can_become(column: Column, dtype: Any) -> bool:
    if isinstance(dtype, (nw.String, nw.Unknown)) or str(dtype) == "Null":
        return True
    if isinstance(dtype, nw.Datetime):
        return dtype.time_zone is None and column.type in ("timestamp", "date")
    if isinstance(dtype, nw.Date):
        return column.type in ("timestamp", "date")
    if isinstance(dtype, nw.Boolean):
        return column.type == "boolean"
    return dtype.is_numeric() and column.type in ("integer", "number", "string")


def _native(column: Column, dtype: Any) -> nw.Expr:
    """Bring a native column to the contract's type, null where it does not fit."""
    value = nw.col(column.name)
    wanted = DTYPES[column.type]
    if isinstance(dtype, nw.Float64) and column.type == "integer":
        whole = (value == value.floor()) & (value.abs() < 2.0**53)
        return nw.when(whole).then(value).cast(wanted)
    if isinstance(dtype, nw.Float64) and column.type == "number":
        return nw.when(value.is_finite()).then(value)
    if isinstance(dtype, nw.Float64) and column.type == "string":
        return nw.when(value == value.floor()).then(value).cast(nw.Int64()).cast(wanted)
    return value if dtype == wanted else value.cast(wanted)


def _value_rules(column: Column, value: nw.Expr) -> list[tuple[str, nw.Expr]]:
    rules: list[tuple[str, nw.Expr]] = []
    low, high = _bound(column, column.minimum), _bound(column, column.maximum)
    if low is not None:
        rules.append(("range", value <= low if column.exclusive_minimum else value < low))
    if high is not None:
        rules.append(("range", value >= high if column.exclusive_maximum else value > high))
    if column.enum:
        rules.append(("enum", ~value.is_in(list(column.enum))))
    if column.pattern:
        rules.append(("pattern", ~value.str.contains(f"^(?:{column.pattern})$")))
    return rules


def _bound(column: Column, bound: Any) -> Any:
    if isinstance(bound, str) and column.type == "date":
        return nw.lit(dt.date.fromisoformat(bound))
    if isinstance(bound, str) and column.type == "timestamp":
        return nw.lit(dt.datetime.fromisoformat(bound))
    return bound


def _position() -> nw.Expr:
    return nw.col("_file") * FARTHEST_ROW + nw.col("_row")


def _repeated(flagged: Table, key: Sequence[str]) -> Table:
    """Keys that stand more than once among the rows good so far, with the place of their first row."""
    names = [f"_k_{name}" for name in key]

    def keys_of(frame: Frame) -> Frame:
        good = frame.filter(nw.col("_reason").is_null())
        return good.select(*(nw.col(f"_v_{name}").alias(f"_k_{name}") for name in key), _position().alias("_first"))

    def repeated(frame: Frame) -> Frame:
        counted = frame.group_by(*names).agg(nw.len().alias("_times"), nw.col("_first").min())
        return counted.filter(nw.col("_times") > 1).drop("_times")

    return flagged.each(keys_of).by(names, repeated)


def _known_keys(reference: Reference) -> Any:
    def keys(frame: Frame) -> Frame:
        chosen = frame.select(*(nw.col(target).alias(f"_k_{i}") for i, target in enumerate(reference.targets)))
        return chosen.unique().with_columns(nw.lit(1, nw.Int64()).alias("_known"))

    return keys


def _file_names(files: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame({"_file": range(len(files)), "file": list(files)}, schema={"_file": pl.Int64, "file": pl.String})


def _split_problem(frame: Frame) -> Frame:
    """Part "rule:column:value" into its three; the value may hold colons."""
    names = ("_p_rule", "_p_column", "_p_value")
    if is_polars(frame):
        parts = pl.col(PROBLEM).str.splitn(":", 3)
        return add_columns(frame, {name: parts.struct[i] for i, name in enumerate(names)}, {})
    from pyspark.sql import functions as F

    parts = F.split(F.col(PROBLEM), ":", 3)
    return add_columns(frame, {}, {name: F.try_element_at(parts, F.lit(i + 1)) for i, name in enumerate(names)})
