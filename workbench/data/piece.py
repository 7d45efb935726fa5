"""A stretch of rows of one Parquet file, read as its folder needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from workbench.data.files import Found, Listing

PLACE = ("_file", "_row")
"""Where a row stood: the place of its file in the listing, and its number there."""


@dataclass(frozen=True)
class Piece:
    """A stretch of rows of one Parquet file, with the casts and file number its folder needs."""

    path: str
    offset: int
    rows: int
    casts: Mapping[str, pl.DataType]
    file: int | None = None
    first_row: int = 1

    def scan(self) -> pl.LazyFrame:
        """Read lazily, so that later steps choose the columns."""
        frame = pl.scan_parquet(self.path, glob=False)
        if self.file is not None:
            frame = frame.with_row_index("_row", offset=self.first_row).with_columns(
                pl.col("_row").cast(pl.Int64), pl.lit(self.file, dtype=pl.Int64).alias("_file")
            )
            frame = frame.select(pl.exclude(PLACE), *PLACE)
        return _conformed(frame.slice(self.offset, self.rows), self.casts)


def piece_of(one: Found, place: int, listing: Listing, *, numbered: bool) -> Piece:
    """The whole of one file of a listing, with the columns of them all."""
    casts = {} if listing.same else dict(listing.schema)
    return Piece(one.path, 0, one.rows, casts, place if numbered else None, one.first_row)


def _conformed(frame: pl.LazyFrame, casts: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """Give a frame the columns and types of its folder, nulls where a file lacks a column."""
    if not casts:
        return frame
    have = frame.collect_schema()
    wanted = [
        _as(name, have[name], dtype) if name in have else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in casts.items()
    ]
    return frame.select(*wanted, *(name for name in PLACE if name in have and name not in casts))


def _as(name: str, have: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if have == wanted:
        return value
    if isinstance(wanted, pl.String) and isinstance(have, pl.Datetime):
        return value.dt.to_string(
            "%Y-%m-%d %H:%M:%S%.f"
        )  # as Spark writes it: no fraction where there is none
    return value.cast(wanted)
