"""
The few expressions that Narwhals lacks, each engine's spelling in one place.

All take a Narwhals lazy frame and return one with columns added, and run the same on polars (so in every part
of a Dask table) and on Spark. Text that does not parse becomes null, never an error. What is accepted is fixed
by a pattern checked first, because engines differ in what they let pass (blanks, "1_000", "24:00:60").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import polars as pl

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.table import Frame

Kind = Literal["string", "integer", "number", "boolean", "date", "timestamp"]

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
INTEGER = r"^[+-]?\d{1,18}(\.0*)?$"
DATE = r"^\d{4}-\d{2}-\d{2}$"
TIMESTAMP = r"^\d{4}-\d{2}-\d{2}[ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$"
TRUE, FALSE = ["true", "t", "yes", "y", "1"], ["false", "f", "no", "n", "0"]


def is_polars(frame: Frame) -> bool:
    """Whether the frame runs on polars; else it runs on Spark."""
    return frame.implementation is nw.Implementation.POLARS


def add_columns(frame: Frame, polars: Mapping[str, pl.Expr], spark: Mapping[str, Any]) -> Frame:
    """Add columns in the engine's own words."""
    if is_polars(frame):
        return nw.from_native(frame.to_native().with_columns(**polars)).lazy()
    if frame.implementation.is_spark_like():
        return nw.from_native(frame.to_native().withColumns(dict(spark))).lazy()
    raise WorkbenchError(f"Expressions are not written for {frame.implementation}: use a polars or a Spark frame.")


def parse_text(frame: Frame, columns: Mapping[str, tuple[str, Kind]]) -> Frame:
    """
    Read values from text.

    Parameters
    ----------
    frame
        Lazy frame with text columns.
    columns
        New column: (text column, what to read). Numbers are decimal with a point; dates and timestamps are
        ISO 8601 without a zone. Blanks around a value do not matter.

    Returns
    -------
    LazyFrame
        With the new columns, null where the text is null or does not parse.
    """
    return add_columns(
        frame,
        {new: _polars_parse(pl.col(old).str.strip_chars(), kind) for new, (old, kind) in columns.items()} if is_polars(frame) else {},
        {} if is_polars(frame) else {new: _spark_parse(old, kind) for new, (old, kind) in columns.items()},
    )


def parse_format(frame: Frame, columns: Mapping[str, tuple[str, str]]) -> Frame:
    """
    Read timestamps written in a format of their own.

    Parameters
    ----------
    frame
        Lazy frame with text columns.
    columns
        New column: (text column, format), the format in the codes %Y %y %m %d %H %M %S %f %b %I %p.

    Returns
    -------
    LazyFrame
        With the new timestamp columns, null where the text does not fit.
    """
    if is_polars(frame):
        return add_columns(
            frame,
            {
                new: pl.col(old).str.strip_chars().str.to_datetime(_polars_format(layout), strict=False, time_unit="us")
                if _has_time(layout)
                else pl.col(old).str.strip_chars().str.to_date(layout, strict=False).cast(pl.Datetime("us"))
                for new, (old, layout) in columns.items()
            },
            {},
        )
    from pyspark.sql import functions as F

    return add_columns(
        frame,
        {},
        {
            new: F.expr(f"cast(try_to_timestamp(trim(`{old}`), '{_java_format(layout)}') as timestamp_ntz)")
            for new, (old, layout) in columns.items()
        },
    )


def epoch_seconds(frame: Frame, columns: Mapping[str, str]) -> Frame:
    """Add whole seconds since 1970-01-01 00:00 of naive timestamps: new column: timestamp column."""
    if is_polars(frame):
        return add_columns(frame, {new: pl.col(old).dt.epoch("s").cast(pl.Int64) for new, old in columns.items()}, {})
    from pyspark.sql import functions as F

    return add_columns(frame, {}, {new: F.unix_timestamp(F.col(f"`{old}`").cast("timestamp")).cast("bigint") for new, old in columns.items()})


def from_epoch_seconds(frame: Frame, columns: Mapping[str, str]) -> Frame:
    """Add naive timestamps from whole seconds since 1970-01-01 00:00: new column: integer column."""
    if is_polars(frame):
        return add_columns(frame, {new: pl.from_epoch(pl.col(old), "s").cast(pl.Datetime("us")) for new, old in columns.items()}, {})
    from pyspark.sql import functions as F

    return add_columns(frame, {}, {new: F.timestamp_seconds(F.col(f"`{old}`")).cast("timestamp_ntz") for new, old in columns.items()})


def as_text(frame: Frame, columns: Mapping[str, str]) -> Frame:
    """Add the value of any column as text, as a quarantine shows it: new column: column."""
    times = {name for name, dtype in frame.collect_schema().items() if isinstance(dtype, nw.Datetime)}
    if is_polars(frame):
        return add_columns(
            frame,
            {
                new: pl.col(old).dt.to_string("%Y-%m-%d %H:%M:%S") if old in times else pl.col(old).cast(pl.String)
                for new, old in columns.items()
            },
            {},
        )
    from pyspark.sql import functions as F

    return add_columns(
        frame,
        {},
        {
            new: F.date_format(f"`{old}`", "yyyy-MM-dd HH:mm:ss") if old in times else F.col(f"`{old}`").cast("string")
            for new, old in columns.items()
        },
    )


def _polars_parse(text: pl.Expr, kind: Kind) -> pl.Expr:
    if kind == "number":
        value = pl.when(text.str.contains(NUMBER)).then(text).cast(pl.Float64, strict=False)
        return pl.when(value.is_finite()).then(value)
    if kind == "integer":
        return pl.when(text.str.contains(INTEGER)).then(text.str.replace(r"\.0*$", "").str.strip_prefix("+")).cast(pl.Int64, strict=False)
    if kind == "boolean":
        low = text.str.to_lowercase()
        return pl.when(low.is_in(TRUE)).then(True).when(low.is_in(FALSE)).then(False)  # noqa: FBT003
    if kind == "date":
        return pl.when(text.str.contains(DATE)).then(text).str.to_date("%Y-%m-%d", strict=False)
    if kind == "timestamp":
        good = pl.when(text.str.contains(TIMESTAMP)).then(text.str.replace("T", " ", literal=True))
        full = pl.when(good.str.len_bytes() == 16).then(good + ":00").otherwise(good)
        return full.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    return text


def _spark_parse(old: str, kind: Kind) -> Any:
    from pyspark.sql import functions as F

    text = F.trim(F.col(f"`{old}`"))
    if kind == "number":
        value = F.when(text.rlike(NUMBER), text).try_cast("double")
        return F.when(F.abs(value) < F.lit(float("inf")), value)
    if kind == "integer":
        return F.when(text.rlike(INTEGER), F.regexp_replace(text, r"\.0*$", "")).try_cast("bigint")
    if kind == "boolean":
        low = F.lower(text)
        return F.when(low.isin(TRUE), F.lit(True)).when(low.isin(FALSE), F.lit(False))  # noqa: FBT003
    if kind == "date":
        return F.when(text.rlike(DATE), text).try_cast("date")
    if kind == "timestamp":
        return F.when(text.rlike(TIMESTAMP), text).try_cast("timestamp_ntz")
    return text


CODES = {
    "%Y": "yyyy", "%y": "yy", "%m": "M", "%d": "d", "%H": "H", "%M": "m", "%S": "s", "%f": "SSSSSS", "%b": "MMM", "%I": "h", "%p": "a",
}  # fmt: skip


def check_format(layout: str) -> str | None:
    """Say what is wrong with a time format, None where nothing is."""
    codes = [layout[i : i + 2] for i in range(len(layout)) if layout[i] == "%"]
    for code in codes:
        if code not in CODES:
            return f"time format '{layout}' has the unknown code '{code}' (known: {' '.join(CODES)})"
    if not {"%d", "%m"} <= set(codes) or not {"%Y", "%y"} & set(codes):
        return f"time format '{layout}' does not say year, month and day"
    return None


def _has_time(layout: str) -> bool:
    return "%H" in layout or "%I" in layout


def _polars_format(layout: str) -> str:
    return layout.replace(".%f", "%.f")


def _java_format(layout: str) -> str:
    """Translate the codes; letters between them are quoted."""
    out, i = "", 0
    while i < len(layout):
        code = layout[i : i + 2]
        if code in CODES:
            out, i = out + CODES[code], i + 2
        else:
            out, i = out + (f"''{layout[i]}''" if layout[i].isalpha() else layout[i]), i + 1
    return out
