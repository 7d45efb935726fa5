"""Whether two results are the same: counts exactly, measured numbers to nine digits."""

from __future__ import annotations

import polars as pl

RELATIVE = 1e-9


def difference(ours: pl.DataFrame, native: pl.DataFrame) -> str | None:
    """
    Say how two results differ, None where they do not.

    Columns are matched by name, rows by all columns that are not measured. Whole numbers may be stored as
    floats by engines that have no nulls otherwise.
    """
    if set(ours.columns) != set(native.columns):
        return f"columns {sorted(set(ours.columns) ^ set(native.columns))} are in one result only"
    if ours.height != native.height:
        return f"{ours.height:,} rows against {native.height:,}"
    native = native.select(pl.col(name).cast(dtype) for name, dtype in ours.schema.items())
    exact = [name for name, dtype in ours.schema.items() if not dtype.is_float()]
    ours, native = ours.sort(exact, nulls_last=True), native.sort(exact, nulls_last=True)
    for name, dtype in ours.schema.items():
        left, right = ours[name], native[name]
        if dtype.is_float():
            right = right.fill_nan(None)  # pandas has no null among floats
            near = (left - right).abs() <= RELATIVE * right.abs()
            apart = ~near.fill_null(value=False) & ~(left.is_null() & right.is_null())
        else:
            apart = left.ne_missing(right)
        if apart.any():
            at = apart.arg_true()[0]
            return f"'{name}' of {ours.select(exact).row(at)} is {left[at]!r} against {right[at]!r} ({apart.sum():,} of {len(left):,} rows)"
    return None
