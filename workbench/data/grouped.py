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
    frame: Frame, keys: Sequence[str], *aggregates: nw.Expr, below: Mapping[str, tuple[str, nw.Expr]]
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
        New column: (column, limit), the limit an aggregate such as half the mean. Nulls lie below nothing.

    Returns
    -------
    LazyFrame
        The keys, the aggregates, and the counts (integer).
    """
    if is_polars(frame):
        counts = [(nw.col(column) < limit).sum().alias(new) for new, (column, limit) in below.items()]
        return frame.group_by(*keys).agg(*aggregates, *counts).with_columns(nw.col(*below).cast(nw.Int64))
    limits = [limit.alias(f"_{new}") for new, (_, limit) in below.items()]
    groups = frame.group_by(*keys).agg(*aggregates, *limits)
    beside = frame.join(groups.select(*keys, *(f"_{new}" for new in below)), on=list(keys), how="inner")
    ones = [
        nw.when(nw.col(column) < nw.col(f"_{new}")).then(nw.lit(1, nw.Int64())).otherwise(0).sum().alias(new)
        for new, (column, _) in below.items()
    ]
    counted = beside.group_by(*keys).agg(*ones)
    return groups.drop(*(f"_{new}" for new in below)).join(counted, on=list(keys), how="left")
