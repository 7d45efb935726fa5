"""Engines that run tasks over the parts of a table: at once in this thread, or torn apart for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from workbench.data.engines import Engine, explained, new_folder, reopened
from workbench.data.files import Listing
from workbench.data.piece import Piece, piece_of
from workbench.data.split import Split, Torn, write_part
from workbench.data.table import Table

PIECE_ROWS = 1_000_000
"""Rows of a file that one task reads."""


class PartsEngine(Engine):
    """An engine that runs tasks over parts; this one runs them at once, in this thread."""

    def table(self, frame: pl.DataFrame) -> Table:
        """Make a table of one part."""
        return Split(self, [frame], frame.clear())

    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        """Read Parquet files lazily, in pieces of some million rows."""
        pieces = [
            Piece(
                whole.path, start, min(PIECE_ROWS, one.rows - start), whole.casts, whole.file, whole.first_row
            )
            for i, one in enumerate(listing.files)
            for whole in [piece_of(one, i, listing, numbered=numbered)]
            for start in range(0, max(one.rows, 1), PIECE_ROWS)
        ]
        return Split(self, pieces, pieces[0].scan().collect_schema().to_frame())

    def write(self, jobs: Sequence[tuple[Any, str]]) -> list[Table]:
        """Compute tables, each part into a Parquet file of its own in a new folder; read them back."""
        tasks = []
        for table, path in jobs:
            new_folder(path)
            tasks += [
                self.task(write_part, part, str((Path(path) / f"part-{i:05d}.parquet").absolute()))
                for i, part in enumerate(table.tasks())
            ]
        self.compute(tasks)
        return [reopened(self, path) for _, path in jobs]

    def buckets(self, parts: int) -> int:
        """How many buckets a shuffle of so many parts makes."""
        return max(parts, 2)

    def task(self, fn: Callable[..., Any], *args: Any) -> Any:
        """Run, or remember, one call."""
        return explained(lambda: fn(*args))

    def tasks(self, count: int, fn: Callable[..., Any], *args: Any) -> list[Any]:
        """Run, or remember, one call that gives a list of `count`."""
        done = list(self.task(fn, *args))
        assert len(done) == count
        return done

    def compute(self, tasks: Sequence[Any]) -> list[Any]:
        """Values of remembered calls, in order."""
        return list(tasks)


class TornEngine(PartsEngine):
    """For tests: tables torn at every step, so that a function that lies about its keys fails."""

    name = "torn"

    def table(self, frame: pl.DataFrame) -> Table:
        """Make a table that the next step tears."""
        return Torn(self, [frame], frame.clear())

    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        """Read Parquet files into a table that the next step tears."""
        table = super().scan(listing, numbered=numbered)
        assert isinstance(table, Split)
        return Torn(self, table.parts, table.empty)

    def buckets(self, parts: int) -> int:
        """Five, whatever the parts."""
        return 5
