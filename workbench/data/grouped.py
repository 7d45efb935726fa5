"""
What a group of rows says of its own rows, where Narwhals has no spelling that every engine runs well.

All take a Narwhals lazy frame and give one, and run the same on polars (so in every part of a Dask table)
and on Spark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals as nw
import polars as pl

from workbench.data.expressions import epoch_seconds, is_polars
from workbench.data.table import Frame


def gaps(frame: Frame, keys: Sequence[str], time: str, new: str) -> Frame:
    """
    Seconds from each row of a group to the next in time; a group of one row has none.

    Parameters
    ----------
    frame
        Lazy frame with the keys and a naive timestamp; rows without a time are left out.
    keys
        Columns that make the groups.
    time
        The timestamp; its fractions of a second do not count.
    new
        What to call the seconds (float, whole).

    Returns
    -------
    LazyFrame
        The keys and the gaps, one row fewer than the group has.
    """
    if is_polars(frame):
        return nw.from_native(_lists(frame, keys, time, new).explode(new)).lazy()
    frame = _seconds(frame, keys, time, new)
    before = nw.col(new).shift(1).over(*keys, order_by=new)
    apart = frame.select(*keys, (nw.col(new) - before).cast(nw.Float64).alias(new))
    return apart.filter(~nw.col(new).is_null())


def gap_sums(frame: Frame, keys: Sequence[str], time: str, count: str, total: str, squares: str) -> Frame:
    """Count, sum (s) and sum of squares (s2) of the `gaps` of each group that has any."""
    if is_polars(frame):
        each = pl.col(total).list
        sums = _lists(frame, keys, time, total).select(
            *keys,
            each.len().cast(pl.Int64).alias(count),
            each.sum().alias(total),
            each.eval(pl.element() * pl.element()).list.sum().alias(squares),
        )
        return nw.from_native(sums).lazy()
    gap = nw.col(total)
    return (
        gaps(frame, keys, time, total)
        .group_by(*keys)
        .agg(nw.len().cast(nw.Int64).alias(count), gap.sum(), (gap * gap).sum().alias(squares))
    )


def _seconds(frame: Frame, keys: Sequence[str], time: str, new: str) -> Frame:
    return epoch_seconds(frame, {new: time}).select(*keys, new).filter(~nw.col(new).is_null())


def _lists(frame: Frame, keys: Sequence[str], time: str, new: str) -> pl.LazyFrame:
    """Gaps of each group that has any, as a list."""
    between = pl.col(new).sort().diff(null_behavior="drop").cast(pl.Float64)
    groups: pl.LazyFrame = _seconds(frame, keys, time, new).to_native().group_by(*keys).agg(between)
    return groups.filter(pl.col(new).list.len() > 0)


def aggregate(
    frame: Frame,
    keys: Sequence[str],
    *aggregates: nw.Expr,
    below: Mapping[str, tuple[str, nw.Expr, str | None]],
    beside: Frame | None = None,
    few: bool = False,
) -> Frame:
    """
    Aggregate groups, and count the rows of each that lie below a limit made of the group itself.

    Parameters
    ----------
    frame
        Lazy frame.
    keys
        Columns that make the groups, none of them null.
    aggregates
        Named aggregates.
    below
        New column: (column, limit, other), the limit an aggregate such as half the mean, and the column of
        `beside` that takes its place where it has a value. Nulls lie below nothing.
    beside
        At most one row for each group; its columns are added to the groups.
    few
        Whether the groups are few enough to be sent whole to every worker of Spark.

    Returns
    -------
    LazyFrame
        The keys, the aggregates, the columns of `beside`, and the counts (integer).
    """
    added = [] if beside is None else [name for name in beside.collect_schema() if name not in keys]
    if is_polars(frame):
        if beside is not None:
            frame = frame.join(beside, on=list(keys), how="left")
        counts = []
        for new, (column, limit, other) in below.items():
            least = limit if other is None else nw.coalesce(nw.col(other).max(), limit)
            counts.append((nw.col(column) < least).sum().alias(new))
        groups = frame.group_by(*keys).agg(*aggregates, *(nw.col(name).max() for name in added), *counts)
        return groups.with_columns(nw.col(*below).cast(nw.Int64))
    own = [limit.alias(f"_{new}") for new, (_, limit, _) in below.items()]
    groups = frame.group_by(*keys).agg(*aggregates, *own)
    if beside is not None:
        groups = groups.join(beside, on=list(keys), how="left")
    limits = [
        (nw.col(f"_{new}") if other is None else nw.coalesce(nw.col(other), nw.col(f"_{new}"))).alias(
            f"_{new}"
        )
        for new, (_, _, other) in below.items()
    ]
    known = groups.select(*keys, *limits)
    rows = frame.join(_sent(known) if few else known, on=list(keys), how="inner")
    ones = [
        nw.when(nw.col(column) < nw.col(f"_{new}")).then(nw.lit(1, nw.Int64())).otherwise(0).sum().alias(new)
        for new, (column, _, _) in below.items()
    ]
    counted = rows.group_by(*keys).agg(*ones)
    return groups.drop(*(f"_{new}" for new in below)).join(counted, on=list(keys), how="left")


def _sent(frame: Frame) -> Frame:
    """The same frame, marked to be sent whole to every worker of Spark."""
    from pyspark.sql import functions as F

    sent: Frame = nw.from_native(F.broadcast(frame.to_native())).lazy()
    return sent
