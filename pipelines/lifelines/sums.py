"""Sums, means and calendar of readings, the same on every engine to the last digit."""

from __future__ import annotations

import narwhals as nw

from workbench.data.expressions import epoch_seconds, from_epoch_seconds
from workbench.data.table import Frame

MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 86_400
FINE = 1e9
"""Values are added up in whole parts of so many to one: such sums are exact, so the same inputs give the same
bytes in whatever order threads and workers add. The contract keeps values within 100,000, so that a day of
them, second by second, fits into 64 bits."""
ONE, ZERO = nw.lit(1, nw.Int64()), nw.lit(0, nw.Int64())


def fine(value: nw.Expr) -> nw.Expr:
    """Round a value to whole parts of `FINE`."""
    return (value * FINE + 0.5).floor().cast(nw.Int64)


def mean(total: str, count: str) -> nw.Expr:
    """Mean of `count` values from the sum of their whole parts."""
    # A column over a column: polars divides long columns by a constant through its reciprocal.
    return nw.col(total) / (nw.col(count) * FINE)


def over(top: nw.Expr, bottom: nw.Expr) -> nw.Expr:
    """Divide, null where the lower number is not above 0: engines differ in what that gives."""
    return nw.when(bottom > 0).then(top / bottom)


def one_if(condition: nw.Expr) -> nw.Expr:
    """1 where a condition holds, else 0, also where it cannot be told."""
    return nw.when(condition).then(ONE).otherwise(ZERO)


def seconds(frame: Frame, timestamp: str = "timestamp") -> Frame:
    """Add `_s`, the whole seconds of a timestamp since 1970."""
    return epoch_seconds(frame, {"_s": timestamp})


def dated(frame: Frame, days: str) -> Frame:
    """Add `date` from whole days since 1970."""
    frame = frame.with_columns((nw.col(days) * DAY_S).alias("_midnight"))
    frame = from_epoch_seconds(frame, {"date": "_midnight"})
    return frame.with_columns(nw.col("date").cast(nw.Date)).drop("_midnight")
