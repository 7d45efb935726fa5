"""
A contract as one integer expression, `_reason`.

It is null where a row is good, else the number of the first check that the row fails. Plain Narwhals, row by
row; what relates rows or tables (duplicates, references) is in `workbench.data.screening`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import narwhals as nw
import polars as pl

from workbench.data.contract import Column, TableContract
from workbench.data.expressions import parse_text
from workbench.data.files import PROBLEM
from workbench.data.table import Frame

DTYPES: dict[str, Any] = {
    "string": nw.String(),
    "integer": nw.Int64(),
    "number": nw.Float64(),
    "boolean": nw.Boolean(),
    "date": nw.Date(),
    "timestamp": nw.Datetime("us"),
}
EXACT = 2.0**53
"""Beyond this, a float does not say which integer it is."""


class Checks:
    """
    The checks of one contract, numbered in the order in which they are made.

    Parameters
    ----------
    contract
        What the rows must be.
    """

    def __init__(self, contract: TableContract) -> None:
        self.contract = contract
        names = [("", "")]
        names += [
            (rule, c.name)
            for c in contract.columns
            for rule in ("required", "type", "range", "enum", "pattern")
        ]
        names += [(rule.name, rule.left) for rule in contract.rules]
        names += [("duplicate", ", ".join(contract.key))]
        names += [("reference", ", ".join(reference.columns)) for reference in contract.references]
        self.numbers = {name: number for number, name in enumerate(names)}

    @property
    def table(self) -> pl.DataFrame:
        """Number, rule and column of each check."""
        rules, columns = zip(*self.numbers, strict=True)
        schema = {"_reason": pl.Int64, "rule": pl.String, "column": pl.String}
        return pl.DataFrame(
            {"_reason": self.numbers.values(), "rule": rules, "column": columns}, schema=schema
        )

    def number(self, rule: str, column: str) -> int:
        """Number of a check."""
        return self.numbers[rule, column]

    def flag(self, frame: Frame, schema: Mapping[str, Any]) -> Frame:
        """Add the typed columns (`_v_...`) and the number of the first failed check."""
        columns = self.contract.columns
        texts = {
            f"_v_{column.name}": (column.name, column.type)
            for column in columns
            if column.type != "string" and isinstance(schema.get(column.name), nw.String)
        }
        frame = parse_text(frame, texts) if texts else frame
        typed = []
        for column in columns:
            filled = nw.lit(column.default, DTYPES[column.type])
            if column.name not in schema:
                value = filled
            else:
                parsed = f"_v_{column.name}" in texts
                value = nw.col(f"_v_{column.name}") if parsed else native(column, schema[column.name])
                if column.default is not None:
                    value = nw.when(~nw.col(column.name).is_null()).then(value).otherwise(filled)
            typed.append(value.alias(f"_v_{column.name}"))
        frame = frame.with_columns(*typed)
        failed = [
            nw.when(condition).then(nw.lit(number, nw.Int64()))
            for number, condition in self._conditions(schema)
        ]
        frame = frame.with_columns(nw.coalesce(*failed, nw.lit(None, nw.Int64())).alias("_reason"))
        return frame if PROBLEM in schema else frame.with_columns(nw.lit(None, nw.String()).alias(PROBLEM))

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
            found += [(self.number(rule, column.name), fails) for rule, fails in value_rules(column, value)]
        for rule in self.contract.rules:
            left, right = nw.col(f"_v_{rule.left}"), nw.col(f"_v_{rule.right}")
            holds = {
                "<": left < right,
                "<=": left <= right,
                "==": left == right,
                "!=": left != right,
                ">=": left >= right,
                ">": left > right,
            }
            found.append((self.number(rule.name, rule.left), ~holds[rule.op]))
        return found


def can_become(column: Column, dtype: Any) -> bool:
    """Whether values of a native type can ever be what the contract wants."""
    if isinstance(dtype, (nw.String, nw.Unknown)):  # text is parsed; unknown is a column of nulls
        return True
    if isinstance(dtype, nw.Datetime):
        return dtype.time_zone is None and column.type in ("timestamp", "date")
    if isinstance(dtype, nw.Date):
        return column.type in ("timestamp", "date")
    if isinstance(dtype, nw.Boolean):
        return column.type == "boolean"
    return bool(dtype.is_numeric()) and column.type in ("integer", "number", "string")


def in_words(dtype: Any) -> str:
    """What a column of a native type holds."""
    if isinstance(dtype, nw.Datetime):
        return f"timestamps in the zone {dtype.time_zone}" if dtype.time_zone else "timestamps"
    for kind, words in ((nw.Date, "dates"), (nw.Boolean, "true and false"), (nw.String, "text")):
        if isinstance(dtype, kind):
            return words
    return "numbers" if dtype.is_numeric() else f"values of type {dtype}"


def native(column: Column, dtype: Any) -> nw.Expr:
    """Bring a native column to the contract's type, null where that would lose something."""
    value = nw.col(column.name)
    wanted = DTYPES[column.type]
    if dtype.is_float():
        if column.type == "number":
            return nw.when(value.is_finite()).then(value).cast(wanted)
        near = nw.when(value.abs() < EXACT).then(value)  # first, because Spark's floor overflows beyond
        whole = nw.when(near == near.floor()).then(near).cast(nw.Int64())
        return whole if column.type == "integer" else whole.cast(wanted)
    if isinstance(dtype, nw.Datetime) and column.type == "date":
        return nw.when(value == value.cast(nw.Date()).cast(dtype)).then(value.cast(nw.Date()))
    return value if dtype == wanted else value.cast(wanted)


def value_rules(column: Column, value: nw.Expr) -> list[tuple[str, nw.Expr]]:
    """The checks of a column's values, each true where it fails; null where there is no value."""
    rules: list[tuple[str, nw.Expr]] = []
    low, high = _bound(column, column.minimum), _bound(column, column.maximum)
    if low is not None:
        rules.append(("range", value <= low if column.exclusive_minimum else value < low))
    if high is not None:
        rules.append(("range", value >= high if column.exclusive_maximum else value > high))
    if column.enum:
        rules.append(("enum", ~value.is_in(list(column.enum))))
    if column.pattern:  # \z because $ also matches before a last line break in Java
        rules.append(("pattern", ~value.str.contains(rf"\A(?:{column.pattern})\z")))
    return rules


def _bound(column: Column, bound: Any) -> Any:
    if isinstance(bound, str) and column.type == "date":
        return nw.lit(dt.date.fromisoformat(bound))
    if isinstance(bound, str) and column.type == "timestamp":
        return nw.lit(dt.datetime.fromisoformat(bound))
    return bound
