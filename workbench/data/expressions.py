"""
The few expressions that Narwhals lacks, each engine's spelling in one place.

All take a Narwhals lazy frame and return one with columns added, and run the same on polars (so in every part
of a Dask table) and on Spark. Text that does not parse becomes null, never an error. What is accepted is
fixed by a pattern checked first, because engines differ in what they let pass (blanks, "1_000", "24:00:60").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import polars as pl

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.table import Frame

Kind = Literal["string", "integer", "number", "boolean", "date", "timestamp"]

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
INTEGER = r"^[+-]?[0-9]{1,18}(\.0*)?$"
DATE = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"
TIMESTAMP = DATE[:-1] + r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?$"
BLANKS = " \t\r\n\u00a0\u3000"
"""What may stand around a value: of the wide ones, the no-break and the Chinese space."""
TRUE, FALSE = ["true", "t", "yes", "y", "1"], ["false", "f", "no", "n", "0"]


def is_polars(frame: Frame) -> bool:
    """Whether the frame runs on polars; else it runs on Spark."""
    return frame.implementation is nw.Implementation.POLARS


def add_columns(frame: Frame, polars: Mapping[str, pl.Expr], spark: Mapping[str, Any]) -> Frame:
    """Add columns in the engine's own words."""
    if is_polars(frame):
        added: Frame = nw.from_native(frame.to_native().with_columns(**polars)).lazy()
        return added
    if frame.implementation.is_spark_like():
        wider: Frame = nw.from_native(frame.to_native().withColumns(dict(spark))).lazy()
        return wider
    raise WorkbenchError(
        f"Expressions are not written for {frame.implementation}: use a polars or a Spark frame."
    )


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
        {
            new: _polars_parse(pl.col(old).str.strip_chars(BLANKS), kind)
            for new, (old, kind) in columns.items()
        }
        if is_polars(frame)
        else {},
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
                new: _polars_time(pl.col(old).str.strip_chars(BLANKS), layout)
                for new, (old, layout) in columns.items()
            },
            {},
        )
    return add_columns(frame, {}, {new: _spark_time(old, layout) for new, (old, layout) in columns.items()})


def epoch_seconds(frame: Frame, columns: Mapping[str, str]) -> Frame:
    """Add whole seconds since 1970-01-01 00:00 of naive timestamps: new column: timestamp column."""
    if is_polars(frame):
        return add_columns(
            frame, {new: pl.col(old).dt.epoch("s").cast(pl.Int64) for new, old in columns.items()}, {}
        )
    from pyspark.sql import functions as F

    return add_columns(
        frame,
        {},
        {
            new: F.unix_timestamp(F.col(f"`{old}`").cast("timestamp")).cast("bigint")
            for new, old in columns.items()
        },
    )


def from_epoch_seconds(frame: Frame, columns: Mapping[str, str]) -> Frame:
    """Add naive timestamps from whole seconds since 1970-01-01 00:00: new column: integer column."""
    if is_polars(frame):
        return add_columns(
            frame,
            {new: pl.from_epoch(pl.col(old), "s").cast(pl.Datetime("us")) for new, old in columns.items()},
            {},
        )
    from pyspark.sql import functions as F

    return add_columns(
        frame,
        {},
        {new: F.timestamp_seconds(F.col(f"`{old}`")).cast("timestamp_ntz") for new, old in columns.items()},
    )


def as_text(frame: Frame, columns: Mapping[str, str]) -> Frame:
    """Add the value of any column as text, as a quarantine shows it: new column: column."""
    times = {name for name, dtype in frame.collect_schema().items() if isinstance(dtype, nw.Datetime)}
    if is_polars(frame):
        return add_columns(
            frame,
            {
                new: pl.col(old).dt.to_string("%Y-%m-%d %H:%M:%S")
                if old in times
                else pl.col(old).cast(pl.String)
                for new, old in columns.items()
            },
            {},
        )
    from pyspark.sql import functions as F

    return add_columns(
        frame,
        {},
        {
            new: F.date_format(f"`{old}`", "yyyy-MM-dd HH:mm:ss")
            if old in times
            else F.col(f"`{old}`").cast("string")
            for new, old in columns.items()
        },
    )


def _polars_parse(text: pl.Expr, kind: Kind) -> pl.Expr:
    if kind == "number":
        value = pl.when(text.str.contains(NUMBER)).then(text).cast(pl.Float64, strict=False)
        return pl.when(value.is_finite()).then(value)
    if kind == "integer":
        return (
            pl.when(text.str.contains(INTEGER))
            .then(text.str.replace(r"\.0*$", "").str.strip_prefix("+"))
            .cast(pl.Int64, strict=False)
        )
    if kind == "boolean":
        low = text.str.to_lowercase()
        return pl.when(low.is_in(TRUE)).then(True).when(low.is_in(FALSE)).then(False)
    if kind == "date":
        return pl.when(text.str.contains(DATE)).then(text).str.to_date("%Y-%m-%d", strict=False)
    if kind == "timestamp":
        good = pl.when(text.str.contains(TIMESTAMP)).then(text.str.replace("T", " ", literal=True))
        full = pl.when(good.str.len_bytes() == 16).then(good + ":00").otherwise(good)
        return full.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    return text


def _spark_parse(old: str, kind: Kind) -> Any:
    from pyspark.sql import functions as F

    text = F.btrim(F.col(f"`{old}`"), F.lit(BLANKS))
    if kind == "number":
        value = F.when(text.rlike(NUMBER), text).try_cast("double")
        return F.when(F.abs(value) < F.lit(float("inf")), value)
    if kind == "integer":
        return F.when(text.rlike(INTEGER), F.regexp_replace(text, r"\.0*$", "")).try_cast("bigint")
    if kind == "boolean":
        low = F.lower(text)
        return F.when(low.isin(TRUE), F.lit(True)).when(low.isin(FALSE), F.lit(False))
    if kind == "date":
        return F.when(text.rlike(DATE), text).try_cast("date")
    if kind == "timestamp":
        return F.when(text.rlike(TIMESTAMP), text).try_cast("timestamp_ntz")
    return text


CODES = {  # what each code takes, and how Java writes it; twice the letter is exactly two digits
    "%Y": ("[1-9][0-9]{3}", "yyyy"),
    "%y": ("[0-6][0-9]", "yy"),  # 2000 to 2069; engines disagree on later ones
    "%m": ("(?:0?[1-9]|1[0-2])", "M"),
    "%d": ("(?:0?[1-9]|[12][0-9]|3[01])", "d"),
    "%H": ("(?:[01]?[0-9]|2[0-3])", "H"),
    "%M": ("[0-5]?[0-9]", "m"),
    "%S": ("[0-5]?[0-9]", "s"),
    "%f": ("[0-9]{1,6}", "[SSSSSS][SSSSS][SSSS][SSS][SS][S]"),
    "%b": ("(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)", "MMM"),
    "%I": ("(?:0?[1-9]|1[0-2])", "h"),
    "%p": ("(?:AM|PM)", "a"),
}


def check_format(layout: str) -> str | None:
    """Say what is wrong with a time format, None where nothing is."""
    codes = [layout[i : i + 2] for i in range(len(layout)) if layout[i] == "%"]
    for code in codes:
        if code not in CODES:
            return f"time format '{layout}' has the unknown code '{code}' (known: {' '.join(CODES)})"
    if "%f" in layout.replace(".%f", ""):
        return f"time format '{layout}' has fractions of a second without a point: write .%f"
    if "%d" not in codes or not {"%m", "%b"} & set(codes) or not {"%Y", "%y"} & set(codes):
        return f"time format '{layout}' does not say year, month and day"
    return None


def _polars_time(text: pl.Expr, layout: str) -> pl.Expr:
    fitting = pl.when(text.str.contains(_pattern_and_java(layout)[0])).then(text)
    if "%H" in layout or "%I" in layout:
        return fitting.str.to_datetime(layout.replace(".%f", "%.f"), strict=False, time_unit="us")
    return fitting.str.to_date(layout, strict=False).cast(pl.Datetime("us"))


def _spark_time(old: str, layout: str) -> Any:
    from pyspark.sql import functions as F

    pattern, java = _pattern_and_java(layout)
    text = F.btrim(F.col(f"`{old}`"), F.lit(BLANKS))
    return F.try_to_timestamp(F.when(text.rlike(pattern), text), F.lit(java)).cast("timestamp_ntz")


def _pattern_and_java(layout: str) -> tuple[str, str]:
    """Translate a format into what it takes and into Java; codes that touch take exactly two digits each."""
    parts = re.findall("%.|[^%]", layout, re.DOTALL)
    digits = [part in CODES and part not in ("%b", "%p") for part in parts]
    pattern = java = ""
    for i, part in enumerate(parts):
        if part not in CODES:
            pattern += re.sub(r"([\\.^$|?*+()\[\]{}])", r"\\\1", part)
            java += part if part in " -/:.," else "''" if part == "'" else f"'{part}'"
            continue
        takes, letters = CODES[part]
        touches = digits[i] and any(digits[j] for j in (i - 1, i + 1) if 0 <= j < len(parts))
        pattern += takes.replace("]?", "]").replace("0?", "0") if touches else takes
        java += letters * 2 if touches and len(letters) == 1 else letters
    return f"^{pattern}$", java
