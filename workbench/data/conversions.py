"""
How one column of a contract is made from columns of a file.

`convert` adds the column as `_m_<name>`; what could not be converted stands in `_p_<name>` as
`rule:column:value`. Columns named `_x_...` are scratch. Text is stripped, and blank text and NaN are
missing values, whatever the engine thinks of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import narwhals as nw

from workbench.data import clock
from workbench.data.contract import ColumnType, Scalar
from workbench.data.expressions import BLANKS, as_text, parse_format, parse_text
from workbench.data.forms import Clock, Constant, RowNumber, RowTime, Taken
from workbench.data.table import Frame


def kind_of(dtype: Any) -> str:
    """What a column holds, in the words used here; empty for what cannot be mapped."""
    if dtype == nw.String or str(dtype) in ("Unknown", "Null"):
        return "text"
    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "float"
    if isinstance(dtype, nw.Datetime):
        return "aware" if dtype.time_zone else "time"
    return "boolean" if dtype == nw.Boolean else "date" if dtype == nw.Date else ""


def canonical(frame: Frame, columns: Mapping[str, tuple[str, str]]) -> Frame:
    """
    Add values as text as people write them: stripped, 3.0 as 3, null where blank or NaN.

    Parameters
    ----------
    frame
        Any columns.
    columns
        New column: (column, what it holds).
    """
    plain = {new: old for new, (old, kind) in columns.items() if kind not in ("text", "float")}
    frame = as_text(frame, plain) if plain else frame
    made = [
        (_stripped(nw.col(old)) if kind == "text" else _written(nw.col(old))).alias(new)
        for new, (old, kind) in columns.items()
        if new not in plain
    ]
    return frame.with_columns(*made) if made else frame


def _stripped(text: nw.Expr) -> nw.Expr:
    text = text.str.strip_chars(BLANKS)
    return nw.when(text != "").then(text)


def _written(value: nw.Expr) -> nw.Expr:
    near = nw.when(value.abs() < 2.0**53).then(value)  # Spark's floor overflows beyond
    whole = nw.when(near == near.floor()).then(near)
    other = nw.when(~value.is_nan()).then(value)
    return nw.coalesce(whole.cast(nw.Int64).cast(nw.String), other.cast(nw.String))


def convert(
    frame: Frame,
    name: str,
    type_: ColumnType,
    made: Constant | RowNumber | RowTime | Taken,
    safe: Mapping[str, str],
    kinds: Mapping[str, str],
    zone: str,
) -> tuple[Frame, str]:
    """
    Add one column of the contract.

    Parameters
    ----------
    frame
        Rows whose file columns have the names that `safe` gives them.
    name, type_
        The contract's column.
    made
        How it is made.
    safe, kinds
        Name in the frame, and kind, of each column of the files.
    zone
        Zone whose clocks the times are to show.

    Returns
    -------
    frame, problem
        With the column, and the column that holds its problems (empty where there can be none).
    """
    new = f"_m_{name}"
    if isinstance(made, Constant):
        whole = isinstance(made.value, int) and not isinstance(made.value, bool)
        return frame.with_columns(nw.lit(made.value, nw.Int64 if whole else None).alias(new)), ""
    if isinstance(made, RowNumber):
        parts = [nw.col("_file").cast(nw.String), nw.col("_row").cast(nw.String)]
        more = [nw.col("_x_name")] if "_x_name" in safe.values() else []
        return frame.with_columns(nw.concat_str(*parts, *more, separator="-").alias(new)), ""
    if isinstance(made, RowTime):
        count = (nw.col("_row") + nw.col("_x_first")) * made.step_us + made.origin_us
        frame = clock.from_micros(frame.with_columns(count.alias("_x_us")), "_x_value", "_x_us")
        frame = as_text(frame, {"_x_text": "_x_value"})
        frame = _finished(frame, Clock(zone=made.zone), type_, zone)
        frame = frame.with_columns(nw.col("_x_value").alias(new))
        return _flagged(frame, name, "type", nw.col("_x_text"))
    return _taken(frame, name, type_, made, safe, kinds, zone)


def _taken(
    frame: Frame,
    name: str,
    type_: ColumnType,
    made: Taken,
    safe: Mapping[str, str],
    kinds: Mapping[str, str],
    zone: str,
) -> tuple[Frame, str]:
    frame, kind = _gathered(frame, made, safe, kinds)
    plain = made.clock is None and made.factor is None and not made.codes
    problem = ""
    if made.codes:
        frame = clock.lookup(frame, "_x_value", "_x_text", made.codes)
        if made.otherwise == "keep":
            frame = frame.with_columns(nw.coalesce(nw.col("_x_value"), nw.col("_x_text")).alias("_x_value"))
    elif made.factor is not None:
        frame = _number(frame, "_x_number", kind)
        top, bottom = made.factor.numerator, made.factor.denominator
        value = nw.col("_x_number") / bottom if top == 1 else nw.col("_x_number") * float(made.factor)
        frame = frame.with_columns(value.alias("_x_value"))
    elif made.clock is not None or kind == "aware" or (kind == "time" and type_ == "date"):
        frame = _time(frame, made.clock or Clock(), kind, safe, kinds, zone)
        frame = frame if kind == "aware" else _finished(frame, made.clock or Clock(), type_, zone)
        if kind == "aware" and type_ == "date":
            frame = clock.day(frame, "_x_value", "_x_value", made.clock.day_starts_us if made.clock else 0)
    else:
        text = type_ == "string" or kind == "text"
        frame = frame.with_columns(nw.col("_x_text" if text else "_x_raw").alias("_x_value"))
    if not plain and made.otherwise == "error":
        frame, problem = _flagged(frame, name, "code" if made.codes else "type", nw.col("_x_text"))
    value = nw.col("_x_value")
    if made.default is not None:
        fill = _literal(made.default, type_, frame.collect_schema()["_x_value"])
        value = nw.when(nw.col("_x_text").is_null()).then(fill).otherwise(value)
    return frame.with_columns(value.alias(f"_m_{name}")), problem


def _gathered(
    frame: Frame, made: Taken, safe: Mapping[str, str], kinds: Mapping[str, str]
) -> tuple[Frame, str]:
    """Add the value as it is (`_x_raw`) and as text (`_x_text`); say of what kind it is."""
    kind = kinds[made.source[0]]
    if len(made.source) > 1:
        frame = canonical(
            frame, {f"_x_part{i}": (safe[each], kinds[each]) for i, each in enumerate(made.source)}
        )
        parts = [nw.col(f"_x_part{i}") for i in range(len(made.source))]
        frame = frame.with_columns(nw.concat_str(*parts, separator=made.join).alias("_x_text"))
    else:
        frame = canonical(frame, {"_x_text": (safe[made.source[0]], kind)})
    if made.nulls:
        frame = frame.with_columns(
            nw.when(~nw.col("_x_text").is_in(list(made.nulls))).then(nw.col("_x_text")).alias("_x_text")
        )
    if made.prefix:
        frame = frame.with_columns(nw.concat_str(nw.lit(made.prefix), nw.col("_x_text")).alias("_x_text"))
    if len(made.source) > 1 or made.prefix or kind == "text":
        return frame.with_columns(nw.col("_x_text").alias("_x_raw")), "text"
    raw = nw.col(safe[made.source[0]])
    return frame.with_columns(nw.when(~nw.col("_x_text").is_null()).then(raw).alias("_x_raw")), kind


def _number(frame: Frame, new: str, kind: str) -> Frame:
    if kind == "text":
        return parse_text(frame, {new: ("_x_text", "number")})
    return frame.with_columns(nw.col("_x_raw").cast(nw.Float64).alias(new))


def _time(
    frame: Frame, how: Clock, kind: str, safe: Mapping[str, str], kinds: Mapping[str, str], zone: str
) -> Frame:
    """Add the time (`_x_value`) on clocks of its own zone, or on those of `zone` where it knows its own."""
    if kind == "aware":
        return clock.from_aware(frame, "_x_value", "_x_raw", zone)
    if how.unit is not None or how.time_of_day:
        if how.unit is not None:
            frame = clock.scaled_micros(_number(frame, "_x_number", kind), "_x_us", "_x_number", how.unit)
        else:
            frame = clock.time_of_day_micros(frame, "_x_us", "_x_text")
        if how.date:
            frame = canonical(frame, {"_x_day": (safe[how.date], kinds[how.date])})
            frame = _moment(
                frame, "_x_start", "_x_day", safe[how.date], kinds[how.date], how.date_layout, "date"
            )
            frame = clock.micros(frame, "_x_start", "_x_start")
            start = nw.col("_x_start")
            # What a message shows where either half is wrong.
            both = nw.concat_str(nw.coalesce(nw.col("_x_day"), nw.lit("")), nw.col("_x_text"), separator=" ")
            frame = frame.with_columns((nw.col("_x_us") + start).alias("_x_us"), both.alias("_x_text"))
        else:
            frame = frame.with_columns((nw.col("_x_us") + (how.origin_us or 0)).alias("_x_us"))
        return clock.from_micros(frame, "_x_value", "_x_us")
    return _moment(frame, "_x_value", "_x_text", "_x_raw", kind, how.layout, "timestamp")


def _moment(frame: Frame, new: str, text: str, raw: str, kind: str, layout: str, what: str) -> Frame:
    """Add a naive timestamp read from text or taken from a date or time."""
    if layout:
        frame = parse_format(frame, {new: (text, layout)})
    elif kind == "text":
        frame = parse_text(frame, {new: (text, "date" if what == "date" else "timestamp")})
    else:
        frame = frame.with_columns(nw.col(raw).cast(nw.Datetime("us")).alias(new))
    value = nw.col(new).cast(nw.Datetime("us"))
    return frame.with_columns(
        (value.dt.date().cast(nw.Datetime("us")) if what == "date" else value).alias(new)
    )


def _finished(frame: Frame, how: Clock, type_: ColumnType, zone: str) -> Frame:
    """Bring `_x_value` from its own zone to `zone`, and to a date where one is wanted."""
    if how.zone and how.zone != zone:
        frame = clock.to_zone(frame, "_x_value", "_x_value", how.zone, zone)
    return clock.day(frame, "_x_value", "_x_value", how.day_starts_us) if type_ == "date" else frame


def _flagged(frame: Frame, name: str, rule: str, shown: nw.Expr) -> tuple[Frame, str]:
    """Note what could not be converted."""
    lost = ~shown.is_null() & nw.col("_x_value").is_null()
    said = nw.concat_str(nw.lit(f"{rule}:{name}:"), shown)
    return frame.with_columns(nw.when(lost).then(said).alias(f"_p_{name}")), f"_p_{name}"


def _literal(value: Scalar, type_: ColumnType, dtype: Any) -> Any:
    if dtype == nw.String:
        return nw.lit(str(value).lower() if isinstance(value, bool) else str(value))
    if type_ == "timestamp":
        return nw.lit(dt.datetime.fromisoformat(str(value)))
    return nw.lit(dt.date.fromisoformat(str(value)) if type_ == "date" else value)
