"""How this room refuses numbers and frames it cannot work with: one sentence, with the row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Literal

import polars as pl

from workbench.errors import BadParameter, DataRejected, nearest

Kind = Literal["text", "number", "whole", "day", "time"]


def number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
) -> float:
    """
    Check one parameter.

    Parameters
    ----------
    name
        What it is called.
    value
        What was given.
    above, least, most
        Its bounds: strictly above, at least, at most.

    Raises
    ------
    BadParameter
        It is no finite number, or out of its bounds.
    """
    bounds = [
        f"above {above:g}" if above is not None else "",
        f"at least {least:g}" if least is not None else "",
    ]
    bounds.append(f"at most {most:g}" if most is not None else "")
    wanted = " and ".join(each for each in bounds if each) or "a number"
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise BadParameter(f"`{name}` must be {wanted}, not {value!r}.")
    real = float(value)
    low = (above is not None and real <= above) or (least is not None and real < least)
    if low or (most is not None and real > most):
        raise BadParameter(f"`{name}` must be {wanted}, not {real:g}.")
    return real


def table(frame: pl.DataFrame, columns: Mapping[str, Kind], what: str) -> pl.DataFrame:
    """
    Check that a frame has rows and the columns it needs, without gaps, and bring these to one type each.

    Parameters
    ----------
    frame
        Any small frame.
    columns
        Each column that is needed and its kind: text (whole numbers become text), number (float), whole
        (int), day, time (naive timestamp).
    what
        What the frame is called in messages.

    Returns
    -------
    DataFrame
        The frame; its other columns stay as they are.

    Raises
    ------
    BadParameter
        It is no Polars frame.
    DataRejected
        It is empty, or a column is missing, of another kind, or has a gap.
    """
    if not isinstance(frame, pl.DataFrame):
        raise BadParameter(f"A Polars DataFrame is needed for {what}, not {type(frame).__name__}.")
    for name in columns:
        if name not in frame.columns:
            raise DataRejected(f"The column `{name}` is missing in {what}. {nearest(name, frame.columns)}")
    if frame.is_empty():
        raise DataRejected(f"There are no rows in {what}: give at least one.")
    cast = frame.with_columns(_cast(frame[name], kind, what) for name, kind in columns.items())
    for name, kind in columns.items():
        gap = cast[name].is_null()
        if kind == "number":
            gap = gap | ~cast[name].is_finite().fill_null(value=True)
        if kind == "text":
            gap = gap | (cast[name] == "").fill_null(value=False)
        if gap.any():
            row = int(gap.arg_max() or 0)
            raise DataRejected(
                f"row {row + 1} of {what}: `{name}` is {_shown(frame[name][row])}; give a value."
            )
    return cast


def whole(name: str, value: object, *, least: int) -> int:
    """Check a whole number; `BadParameter` where it is none or below its least."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise BadParameter(f"`{name}` must be a whole number, {least} or more, not {value!r}.")
    return int(value)


def first(rows: pl.Series) -> int:
    """Find the first row where a condition holds; -1 where it holds nowhere."""
    return int(rows.arg_max() or 0) if rows.any() else -1


def _cast(column: pl.Series, kind: Kind, what: str) -> pl.Series:
    have = column.dtype
    if have == pl.Null:
        return column.cast(_TYPES[kind])
    fits = {
        "text": have.is_integer() or have in (pl.String, pl.Categorical, pl.Enum),
        "number": have.is_numeric(),
        "whole": have.is_integer(),
        "day": have == pl.Date,
        "time": isinstance(have, pl.Datetime) and have.time_zone is None,
    }
    if not fits[kind]:
        raise DataRejected(f"`{column.name}` of {what} must be {_NAMES[kind]}, not {have}.")
    return column.cast(_TYPES[kind])


def _shown(value: object) -> str:
    return "missing" if value is None else "empty" if value == "" else str(value)


_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "number": pl.Float64(),
    "whole": pl.Int64(),
    "day": pl.Date(),
    "time": pl.Datetime("us"),
}
_NAMES = {
    "text": "text",
    "number": "a number",
    "whole": "a whole number",
    "day": "a date",
    "time": "a timestamp without a zone",
}
