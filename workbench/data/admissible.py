"""The lowest and highest that a contract admits, and the smallest change that mends a rule between cells."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping
from typing import Any, Literal

import polars as pl

from workbench.data.contract import Column, RowRule, TableContract

End = Literal["low", "high"]
ENDS: tuple[End, End] = ("low", "high")
NEAR = 1e-9
"""How far from an excluded bound the next value is taken, as a share of the range."""
STEPS: Mapping[str, Any] = {
    "integer": 1,
    "number": NEAR,
    "date": dt.timedelta(days=1),
    "timestamp": dt.timedelta(microseconds=1),
}


def admissible(column: Column) -> tuple[Any, Any]:
    """
    Return the lowest and the highest value that a contract admits in a column.

    Returns
    -------
    low, high
        None where it sets no bound.
    """
    if column.enum:
        values = list(column.enum)
        values = sorted(values) if column.type in ("integer", "number") else values
        return values[0], values[-1]
    if column.type == "boolean":
        return False, True
    if column.type == "string":
        return None, None
    low, high = (_read(column, bound) for bound in (column.minimum, column.maximum))
    if column.type == "integer":
        if low is not None:
            low = math.floor(low) + 1 if column.exclusive_minimum else math.ceil(low)
        if high is not None:
            high = math.ceil(high) - 1 if column.exclusive_maximum else math.floor(high)
        return low, high
    step = STEPS[column.type]
    if column.type == "number":
        wide = high - low if low is not None and high is not None else max(1.0, abs(low or 0), abs(high or 0))
        step = NEAR * wide
    inside_low = low + step if low is not None and column.exclusive_minimum else low
    inside_high = high - step if high is not None and column.exclusive_maximum else high
    if column.type == "number":  # a step may be lost beside a large bound
        if inside_low is not None and column.exclusive_minimum and inside_low == low:
            inside_low = math.nextafter(float(inside_low), math.inf)
        if inside_high is not None and column.exclusive_maximum and inside_high == high:
            inside_high = math.nextafter(float(inside_high), -math.inf)
        inside_low = None if inside_low is None else float(inside_low)
        inside_high = None if inside_high is None else float(inside_high)
    return inside_low, inside_high


def reconciled(
    frame: pl.DataFrame, contract: TableContract, rule: RowRule, end: End, mine: Collection[str]
) -> pl.DataFrame:
    """Mend the rows against a rule between two cells; what is not `mine` stays, and fails its check."""
    left, right = pl.col(rule.left), pl.col(rule.right)
    holds = {
        "<": left < right,
        "<=": left <= right,
        "==": left == right,
        "!=": left != right,
        ">=": left >= right,
        ">": left > right,
    }
    broken = ~holds[rule.op].fill_null(value=True)
    if rule.op == "!=":
        for name in (rule.left, rule.right):
            if not contract.column(name).required and name not in contract.key:
                return frame.with_columns(pl.when(~broken).then(pl.col(name)).alias(name))
        return frame
    moved = [name for name in (rule.left, rule.right) if name in mine]
    kind = contract.column(rule.left).type
    if not moved or (kind in ("string", "boolean") and rule.op != "=="):
        return frame
    if len(moved) == 1:
        meet = right if moved == [rule.left] else left
        above = below = moved[0]
    else:
        meet = pl.min_horizontal(left, right) if end == "low" else pl.max_horizontal(left, right)
        above, below = (rule.left, rule.right) if rule.op in (">", ">=") else (rule.right, rule.left)
    new = dict.fromkeys(moved, meet)
    if rule.op in ("<", ">"):
        step = pl.max_horizontal(meet.abs(), 1.0) * NEAR if kind == "number" else pl.lit(STEPS[kind])
        if len(moved) == 1:
            up = (rule.op == ">") == (moved == [rule.left])
            new = {moved[0]: meet + step if up else meet - step}
        elif end == "low":
            new[above] = meet + step
        else:
            new[below] = meet - step
    return frame.with_columns(
        pl.when(broken).then(value.cast(frame.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in new.items()
    )


def free(contract: TableContract, referred: Collection[str] = ()) -> list[str]:
    """Columns that say neither which row it is, here or where others refer to it, nor what it refers to."""
    held = {*contract.key, *referred, *(name for one in contract.references for name in one.columns)}
    return [name for name in contract.names if name not in held]


def _read(column: Column, bound: Any) -> Any:
    if isinstance(bound, str):
        kind = dt.date if column.type == "date" else dt.datetime
        return kind.fromisoformat(bound)
    return bound
