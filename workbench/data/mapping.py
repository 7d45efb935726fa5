"""
Somebody's columns turned into a contract's, row by row, lazily, the same on every engine.

A `TableMap` says how; `apply` does it through `Table.each` and, for the place of a row among others,
`Table.by`. No row is lost: a value that cannot be converted is kept in the `_problem` of its row as
`rule:column:value`, from where screening puts the row into quarantine.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import narwhals as nw
import polars as pl

from workbench.data.clock import lookup
from workbench.data.contract import ColumnType
from workbench.data.conversions import canonical, convert, kind_of
from workbench.data.expressions import is_polars, parse_text
from workbench.data.files import PROBLEM, Listing
from workbench.data.forms import Order, Reshape, RowTime, Rule, Taken
from workbench.data.table import Frame, Table
from workbench.errors import nearest

PLACE = ("_file", "_row")


@dataclass(frozen=True)
class TableMap:
    """How one table of the contract is made from files; times end up on the clocks of `zone`."""

    rules: tuple[Rule, ...]
    zone: str
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reshape: Reshape | None = None

    def mistakes(self, listing: Listing) -> Iterator[tuple[tuple[str, ...], str]]:
        """What the map says that these files cannot do: the place in the map, and a sentence."""
        kinds = _kinds(listing)
        known = list(kinds)
        for name in self.only:
            if name not in kinds:
                yield ("where", name), _unknown(name, known)
            elif kinds[name] in ("", "time", "aware"):
                yield (
                    ("where", name),
                    f"the files hold {_SAID[kinds[name]]} in '{name}', which cannot be listed",
                )
        if self.reshape:
            for each in (*self.reshape.columns, *self.reshape.but):
                if not fnmatch.filter(known, each) and each not in known:
                    key = "columns" if each in self.reshape.columns else "except"
                    yield ("wide_to_long", key), _unknown(each, known)
            long = self.reshape.chosen(known)
            if not long:
                yield ("wide_to_long", "columns"), "no column of the files is chosen; mend columns or except"
            for key, name in (("name_to", self.reshape.name_to), ("value_to", self.reshape.value_to)):
                if name in kinds and name not in long:
                    yield (
                        ("wide_to_long", key),
                        f"the files have a column '{name}' already; choose another name",
                    )
        kinds = self._after_reshape(kinds)
        for rule in self.rules:
            yield from _rule_mistakes(rule, kinds, self.reshape.chosen(known) if self.reshape else [])
            if isinstance(rule.made, RowTime) and len(listing.files) > 1 and not rule.made.continued:
                what = (
                    f"the table has {len(listing.files)} files, and a time from the place of a row "
                    "needs one; name one file, or write continue_over_files: true"
                )
                yield ("columns", rule.name), what

    def _after_reshape(self, kinds: Mapping[str, str]) -> dict[str, str]:
        if not self.reshape:
            return dict(kinds)
        long = self.reshape.chosen(list(kinds))
        rest = {name: kind for name, kind in kinds.items() if name not in long}
        value = _together({kinds[name] for name in long})
        return rest | {self.reshape.name_to: "text", self.reshape.value_to: value}


def apply(table: Table, listing: Listing, wanted: TableMap) -> Table:
    """
    Make a contract's columns.

    Parameters
    ----------
    table
        Raw rows with `_file` and `_row`.
    listing
        The files they come from, landed.
    wanted
        How; `wanted.mistakes(listing)` must be empty.

    Returns
    -------
    Table
        The mapped columns in the contract's order, `_file`, `_row` and `_problem`; not yet computed.
    """
    kinds = _kinds(listing)
    starts = [0]
    for one in listing.files:
        starts.append(starts[-1] + one.rows)
    firsts = [start - one.first_row for start, one in zip(starts, listing.files, strict=False)]
    side = pl.DataFrame(
        {"_file": range(len(firsts)), "_x_first": firsts}, schema={"_file": pl.Int64, "_x_first": pl.Int64}
    )
    table = table.each(partial(_mapped, wanted=wanted, kinds=kinds, noted=PROBLEM in listing.schema), side)
    named = wanted.reshape is not None
    for rule in wanted.rules:
        if isinstance(rule.made, Order):
            types = {each.name: each.type for each in wanted.rules}
            step = partial(_placed, rule=rule, types=types, named=named)
            table = table.by([f"_m_{name}" for name in rule.made.within], step)
    return table.each(partial(_selected, names=tuple(rule.name for rule in wanted.rules)))


def _mapped(frame: Frame, files: Frame, *, wanted: TableMap, kinds: Mapping[str, str], noted: bool) -> Frame:
    """Filter, turn columns into rows, and convert: everything that looks at one row only."""
    safe = {name: f"_c{i}" for i, name in enumerate(kinds)}
    frame = _renamed(frame, kinds, safe, noted=noted)
    for name, values in wanted.only.items():
        frame = canonical(frame, {"_x_text": (safe[name], kinds[name])})
        frame = frame.filter(nw.col("_x_text").is_in(list(values)) | ~nw.col(PROBLEM).is_null())
    if wanted.reshape:
        long = wanted.reshape.chosen(list(kinds))
        kinds = wanted._after_reshape(kinds)
        frame = _unpivoted(frame, {safe.pop(name): name for name in long}, kinds[wanted.reshape.value_to])
        if wanted.reshape.skip_empty:
            frame = frame.filter(~nw.col("_x_cell").is_null() | ~nw.col(PROBLEM).is_null())
        safe |= {wanted.reshape.name_to: "_x_name", wanted.reshape.value_to: "_x_cell"}
    if any(isinstance(rule.made, RowTime) for rule in wanted.rules):
        frame = frame.join(files, on="_file", how="left")
    problems = []
    for rule in wanted.rules:
        if isinstance(rule.made, Order):
            continue
        frame, problem = convert(frame, rule.name, rule.type, rule.made, safe, kinds, wanted.zone)
        if problem:
            problems.append(nw.col(problem))
    return frame.with_columns(nw.coalesce(nw.col(PROBLEM), *problems).alias(PROBLEM)) if problems else frame


def _placed(frame: Frame, *, rule: Rule, types: Mapping[str, ColumnType], named: bool) -> Frame:
    """Number the rows that agree on the keys; text in an order column is compared as what it stands for."""
    assert isinstance(rule.made, Order)
    schema = frame.collect_schema()
    parsed: dict[str, Any] = {}
    order = []
    for name in rule.made.order:
        column = f"_m_{name}"
        if schema[column] == nw.String and types[name] != "string":
            parsed[f"_x_{name}"] = (column, types[name])
            column = f"_x_{name}"
        order.append(column)
    frame = parse_text(frame, parsed) if parsed else frame
    last = [*PLACE, *(["_x_name"] if named else [])]
    count = (
        nw.col("_x_one")
        .cum_sum()
        .over(*(f"_m_{name}" for name in rule.made.within), order_by=[*order, *last])
    )
    frame = frame.with_columns(nw.lit(1, nw.Int64).alias("_x_one"))
    return frame.with_columns((count + (rule.made.start - 1)).cast(nw.Int64).alias(f"_m_{rule.name}"))


def _selected(frame: Frame, *, names: tuple[str, ...]) -> Frame:
    return frame.select(*(nw.col(f"_m_{name}").alias(name) for name in names), *PLACE, PROBLEM)


def _renamed(frame: Frame, kinds: Mapping[str, str], safe: Mapping[str, str], *, noted: bool) -> Frame:
    """Give the columns names that no engine stumbles over, and the bookkeeping its full set."""
    own = (*PLACE, *([PROBLEM] if noted else []))
    columns = [(name, new, kinds[name] == "text") for name, new in safe.items() if kinds[name]]
    native = frame.to_native()
    if is_polars(frame):
        made = [
            (pl.col(name).cast(pl.String) if text else pl.col(name)).alias(new) for name, new, text in columns
        ]
        native = native.select(*(pl.col(name) for name in own), *made)
    else:  # as one text: Spark takes a call for every column object, and a wide file has hundreds
        quoted = [("`" + name.replace("`", "``") + "`", new, text) for name, new, text in columns]
        said = [f"{f'cast({name} as string)' if text else name} as {new}" for name, new, text in quoted]
        native = native.selectExpr(*own, *said)
    frame = nw.from_native(native).lazy()
    return frame if noted else frame.with_columns(nw.lit(None, nw.String).alias(PROBLEM))


def _unpivoted(frame: Frame, long: Mapping[str, str], kind: str) -> Frame:
    """Turn columns into rows: `_x_name` holds the column's own name, `_x_cell` the value."""
    schema = frame.collect_schema()
    if kind == "text":
        other = {name: (name, held) for name in long if (held := kind_of(schema[name])) != "text"}
        frame = canonical(frame, other) if other else frame
    index = [name for name in schema.names() if name not in long and name != "_x_text"]
    if is_polars(frame):
        if kind == "float":
            frame = frame.with_columns(*(nw.col(column).cast(nw.Float64) for column in long))
        frame = frame.unpivot(on=list(long), index=index, variable_name="_x_column", value_name="_x_cell")
        return lookup(frame, "_x_name", "_x_column", long)
    cast = "cast({} as double)" if kind == "float" else "{}"
    pairs = [f"'{_escaped(name)}', {cast.format(column)}" for column, name in long.items()]
    stack = f"stack({len(long)}, {', '.join(pairs)}) as (_x_name, _x_cell)"
    long_frame: Frame = nw.from_native(frame.to_native().selectExpr(*index, stack)).lazy()
    return long_frame


def _escaped(text: str) -> str:
    """A text as it stands between quotes in SQL."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


_SAID = {
    "": "lists or other nested values",
    "text": "text",
    "integer": "whole numbers",
    "float": "numbers",
    "boolean": "true or false",
    "date": "dates",
    "time": "times",
    "aware": "times with a zone",
}


def _kinds(listing: Listing) -> dict[str, str]:
    own = (*PLACE, PROBLEM)
    return {
        name: kind_of(nw.Schema.from_polars({name: dtype})[name])
        for name, dtype in listing.schema.items()
        if name not in own
    }


def _unknown(name: str, known: list[str]) -> str:
    return f"the files have no column '{name}'. {nearest(name, known)}"


def _together(kinds: set[str]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "float" if kinds == {"integer", "float"} else "text"


def _rule_mistakes(
    rule: Rule, kinds: Mapping[str, str], long: list[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(rule.made, Taken):
        return
    place = ("columns", rule.name)
    for name in rule.made.columns:
        if name in long:
            yield place, f"the column '{name}' is turned into rows; add it to `except` of wide_to_long"
        elif name not in kinds:
            yield place, _unknown(name, list(kinds))
        elif not kinds[name]:
            yield place, f"the files hold {_SAID['']} in '{name}', which cannot be mapped"
    for name, wanted, option in rule.made.needs():
        if name in kinds and kinds[name] and kinds[name] not in wanted:
            yield (
                place,
                f"the files hold {_SAID[kinds[name]]} in '{name}', where {option} has no meaning; remove it",
            )
