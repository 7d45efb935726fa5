"""Columns of nodes and edges: their types, what they are where not given, and what cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench.errors import BadParameter, nearest

SHOWN = 5
NODE_KINDS = ("source", "sink", "storage", "junction")


@dataclass(frozen=True)
class Column:
    """
    A column.

    Parameters
    ----------
    dtype
        What it is held as.
    missing
        What stands where nothing is given.
    required
        Whether it must be there and nowhere empty.
    least
        Least value, None where any.
    infinite
        Whether it may be infinite.
    allowed
        Its values, where they are few.
    """

    dtype: Any
    missing: Any = None
    required: bool = False
    least: float | None = None
    infinite: bool = False
    allowed: tuple[str, ...] = ()


_AMOUNT = Column(pl.Float64, least=0.0)
_SHARED = {
    "in_service": Column(pl.Boolean, True),
    "fragility_class": Column(pl.String),
    "repair_days": _AMOUNT,
    "repair_cost": _AMOUNT,
    "name": Column(pl.String),
}
NODES = {
    "id": Column(pl.String, required=True),
    "kind": Column(pl.String, allowed=NODE_KINDS),
    "supply": Column(pl.Float64, least=0.0, infinite=True),
    "demand": Column(pl.Float64, 0.0, least=0.0),
    "people": Column(pl.Float64, 0.0, least=0.0),
    "x": Column(pl.Float64),
    "y": Column(pl.Float64),
    "volume_m3": _AMOUNT,
    "zone": Column(pl.String),
    **_SHARED,
}
EDGES = {
    "id": Column(pl.String, required=True),
    "u": Column(pl.String, required=True),
    "v": Column(pl.String, required=True),
    "kind": Column(pl.String),
    "directed": Column(pl.Boolean, False),
    "capacity": Column(pl.Float64, least=0.0, infinite=True),
    "length_m": _AMOUNT,
    **_SHARED,
}
_SIGN = {
    "demand": "give what is drawn as a demand above 0, and what is fed in as `supply`",
    "supply": "give what is fed in as a supply above 0, and what is drawn as `demand`",
    "capacity": "a capacity is 0 or more, and empty where there is no limit",
}


def mistakes_of(frame: pl.DataFrame, columns: dict[str, Column], what: str) -> list[str]:
    """Sentences about what a frame of nodes or edges cannot be; raises `BadParameter` for no polars frame."""
    framed(frame, what)
    found = [
        f"the {what}s have no column '{name}'. {nearest(name, frame.columns)}"
        for name, column in columns.items()
        if column.required and name not in frame.columns
    ]
    if found:
        return found
    if frame.is_empty() and what == "node":
        return ["there is no node: give at least one row"]
    for name, column in columns.items():
        if name in frame.columns:
            found += _wrong(frame, name, column, what)
    if not found:
        twice = frame["id"].cast(pl.String).value_counts().filter(pl.col("count") > 1).sort("id")
        if not twice.is_empty():
            found.append(f"{what} ids are given more than once ({_named(twice['id'])}): make each id unique")
    return found


def tidy(frame: pl.DataFrame, columns: dict[str, Column]) -> pl.DataFrame:
    """Give every column its type and fill in what is missing; the known columns come first."""
    given = [
        (pl.col(name).cast(column.dtype) if name in frame.columns else pl.lit(None, column.dtype)).alias(name)
        for name, column in columns.items()
    ]
    more = [name for name in frame.columns if name not in columns]
    filled = [
        pl.col(name).fill_null(column.missing)
        for name, column in columns.items()
        if column.missing is not None
    ]
    return frame.select(*given, *more).with_columns(*filled)


def ends_of(nodes: pl.DataFrame, edges: pl.DataFrame) -> list[str]:
    """Sentences about edges to nodes that are not there, and about self loops."""
    known = nodes.select("id")
    found = []
    for end in ("u", "v"):
        lost = edges.join(known, left_on=end, right_on="id", how="anti", maintain_order="left")
        found += [
            f"edge '{one}' joins node '{node}', which is not among the nodes: add the node or mend the id"
            for one, node in lost.select("id", end).iter_rows()
        ]
    loops = edges.filter(pl.col("u") == pl.col("v"))["id"].to_list()
    return found + [f"edge '{one}' joins a node to itself: leave it out or mend `u` and `v`" for one in loops]


def places_of(nodes: pl.DataFrame) -> list[str]:
    """Sentences about degrees that are not on the globe."""
    off = nodes.filter((pl.col("x").abs() > 180) | (pl.col("y").abs() > 90))["id"]
    if off.is_empty():
        return []
    return [f"x and y are not longitude and latitude at {_named(off)}: give degrees, or say geographic=False"]


def kinds(nodes: pl.DataFrame) -> pl.DataFrame:
    """Fill in the kind of a node from its supply and demand; a source without supply gives any amount."""
    made = (
        pl.when(pl.col("supply") > 0)
        .then(pl.lit("source"))
        .when(pl.col("demand") > 0)
        .then(pl.lit("sink"))
        .otherwise(pl.lit("junction"))
    )
    nodes = nodes.with_columns(pl.col("kind").fill_null(made))
    endless = pl.col("kind").is_in(["source", "storage"]) & pl.col("supply").is_null()
    return nodes.with_columns(
        pl.when(endless).then(pl.lit(float("inf"))).otherwise(pl.col("supply").fill_null(0.0)).alias("supply")
    )


def framed(frame: object, what: str) -> None:
    """Raise `BadParameter` for what is no polars frame."""
    if not isinstance(frame, pl.DataFrame):
        raise BadParameter(f"The {what} table is of type {type(frame).__name__}: give a polars DataFrame.")


def _wrong(frame: pl.DataFrame, name: str, column: Column, what: str) -> list[str]:
    values, ids = frame[name], frame["id"].cast(pl.String, strict=False)
    where = f"{what} column '{name}'"
    if not fits(values.dtype, column.dtype):
        return [f"{where} holds {values.dtype}, not {column.dtype}: give it in that type"]
    if column.required:
        text = values.dtype == pl.String
        empty = values.is_null() | (values.str.strip_chars() == "") if text else values.is_null()
        if empty.any():
            count = int(empty.sum())
            return [f"{where} is empty in {count:,} row{'s' if count > 1 else ''}: give every {what} one"]
    if column.allowed:
        other = sorted(set(values.cast(pl.String).drop_nulls()) - set(column.allowed))
        if other:
            return [f"{where} holds {_named(pl.Series(other))}: known are {', '.join(column.allowed)}"]
    if column.dtype != pl.Float64 or values.dtype == pl.Null:
        return []
    numbers = values.cast(pl.Float64)
    bad = numbers.is_nan() if column.infinite else ~numbers.is_finite()
    if bad.fill_null(False).any():
        return [
            f"{where} is not a finite number at {_named(ids.filter(bad.fill_null(False)))}: "
            "leave it empty or mend it"
        ]
    if column.least is not None:
        low = (numbers < column.least).fill_null(False)
        if low.any():
            how = _SIGN.get(name, f"it must be {column.least:g} or more")
            return [f"{where} is negative at {_named(ids.filter(low))}: {how}"]
    return []


def fits(given: Any, wanted: Any) -> bool:
    """Whether a column of one type can be taken as another without guessing."""
    if given == pl.Null:
        return True
    if wanted == pl.Float64:
        return bool(given.is_numeric())
    if wanted == pl.String:
        return given == pl.String or given.is_integer() or isinstance(given, pl.Categorical | pl.Enum)
    return bool(given == wanted)


def _named(ids: pl.Series) -> str:
    shown = ", ".join(f"'{one}'" for one in ids.head(SHOWN).to_list())
    return shown + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
