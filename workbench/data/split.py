"""
Tables in parts: the same functions, run through polars inside each part.

Dask has no planner that is right for every expression (Narwhals on dask loses nulls in silence, see
docs/decisions/0003-engines.md), so the table is cut by the keys and each part is a polars frame.
`Split` holds the parts and the steps not yet applied; how a task is run (now, or later on a cluster) is
its engine's business. `Torn` is the engine for tests: every `each` sees thirds and every `by` sees hash
buckets, so a function that lies about what it relates fails at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from workbench.data.piece import Piece
from workbench.data.table import Step, Table
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.parts import PartsEngine

MOST_TASKS = 10_000
"""Edges of one shuffle; a larger one goes in two stages."""


Applied = tuple[Step, tuple[Any, ...]]


class Split(Table):
    """
    A table in parts, on an engine that runs tasks.

    Parameters
    ----------
    engine
        Runs the tasks.
    parts
        What each part is read from: a `Piece`, a polars frame, or a task that gives one.
    empty
        A frame without rows that has the parts' columns and types.
    steps
        Functions not yet applied to the parts, each with its side tables.
    cut
        The keys by which the parts are cut, empty where they are not.
    """

    def __init__(
        self,
        engine: PartsEngine,
        parts: Sequence[Any],
        empty: pl.DataFrame,
        steps: tuple[Applied, ...] = (),
        cut: tuple[str, ...] = (),
    ) -> None:
        self.engine: PartsEngine = engine
        self.parts = list(parts)
        self.empty = empty
        self.steps = steps
        self.cut = cut

    @property
    def schema(self) -> Mapping[str, nw.dtypes.DType]:
        """Column names and types, from the steps run on no rows."""
        return nw.from_native(self.outline().lazy()).collect_schema()

    def each(self, fn: Step, *side: Table | pl.DataFrame) -> Table:
        """Remember a function for each part."""
        sides = tuple(self._broadcast(one) for one in side)
        return Split(self.engine, self.parts, self.empty, (*self.steps, (fn, sides)))

    def by(
        self, keys: Sequence[str], fn: Step, *side: Table | pl.DataFrame, before: Step | None = None
    ) -> Table:
        """Cut by the keys, unless cut so already, and remember the function for each part."""
        cut = self._check_keys(keys)
        alike = [isinstance(one, Split) and set(cut) <= set(one.columns) for one in side]
        if self.cut and set(self.cut) <= set(cut) and not any(alike):
            sides = tuple(self._broadcast(one) for one in side)
            return Split(self.engine, self.parts, self.empty, (*self.steps, (fn, sides)), self.cut)
        steps = self.steps if before is None else (*self.steps, (before, ()))
        source = Split(self.engine, self.parts, self.empty, steps)
        beside = [self._same_engine(one) if like else None for one, like in zip(side, alike, strict=True)]
        buckets = self.engine.buckets(max(len(one.parts) for one in (source, *beside) if one is not None))
        mine = source._shuffled(cut, buckets)
        theirs = [
            [self._broadcast(one)] * buckets if table is None else table._shuffled(cut, buckets)
            for one, table in zip(side, beside, strict=True)
        ]
        parts = [
            self.engine.task(_run, mine[b], ((fn, tuple(other[b] for other in theirs)),))
            for b in range(buckets)
        ]
        outlines = tuple(one.outline() if isinstance(one, Split) else _outline_of(one) for one in side)
        outline = _run(source.outline(), ((fn, outlines),))
        return Split(self.engine, parts, outline, (), cut if set(cut) <= set(outline.columns) else ())

    def keep(self, path: str) -> Table:
        """Compute and write one Parquet file for each part; return the table that reads them."""
        return self.engine.write([(self, path)])[0]

    def gather(self) -> pl.DataFrame:
        """Compute into memory."""
        return _concat(self.engine.compute(self.tasks()), self.outline())

    def tasks(self) -> list[Any]:
        """One task, or frame, for each part with its steps applied."""
        return [
            self.engine.task(_run, part, self.steps) if self.steps or isinstance(part, Piece) else part
            for part in self.parts
        ]

    def outline(self) -> pl.DataFrame:
        """The columns and types after the steps, without rows."""
        steps = tuple((fn, tuple(_outline_of(side) for side in sides)) for fn, sides in self.steps)
        return _run(self.empty, steps)

    def _broadcast(self, side: Table | pl.DataFrame) -> Broadcast:
        if isinstance(side, pl.DataFrame):
            return Broadcast(self.engine.task(_same, side), side.clear())
        table = self._same_engine(side)
        outline = table.outline()
        return Broadcast(self.engine.task(_concat, table.tasks(), outline), outline)

    def _same_engine(self, side: Table | pl.DataFrame) -> Split:
        if not isinstance(side, Split) or side.engine.name != self.engine.name:
            raise WorkbenchError(
                "A side table must be a polars DataFrame or a table on the same engine "
                f"('{self.engine.name}'); gather() it first."
            )
        return side

    def _shuffled(self, keys: tuple[str, ...], buckets: int) -> list[Any]:
        """Cut the parts by a hash of the keys; in two stages where one would make too many tasks."""
        outline = self.outline()
        tasks = self.tasks()
        if len(tasks) * buckets <= MOST_TASKS:
            return self._dealt(tasks, keys, buckets, list(range(buckets)), outline)
        width = math.ceil(buckets / (math.isqrt(buckets - 1) + 1))
        starts = list(range(0, buckets, width))
        coarse = self._dealt(tasks, keys, buckets, starts, outline)
        fine = [
            self._dealt([one], keys, buckets, list(range(start, min(start + width, buckets))), outline)
            for one, start in zip(coarse, starts, strict=True)
        ]
        return [bucket for group in fine for bucket in group]

    def _dealt(
        self, tasks: list[Any], keys: tuple[str, ...], buckets: int, starts: list[int], outline: pl.DataFrame
    ) -> list[Any]:
        """The rows of all tasks, dealt to the spans of buckets that begin at `starts`."""
        hands = [self.engine.tasks(len(starts), _deal, task, keys, buckets, starts) for task in tasks]
        return [self.engine.task(_concat, [hand[i] for hand in hands], outline) for i in range(len(starts))]


class Torn(Split):
    """A table that every `each` sees in thirds, wherever it was cut before."""

    def each(self, fn: Step, *side: Table | pl.DataFrame) -> Table:
        """Apply the function to thirds of the rows."""
        whole = self.gather()
        third = (pl.int_range(pl.len()) * 2_654_435_761 + len(self.parts)) % 7 % 3
        parts = [whole.filter(third == i) for i in range(3)]
        out = Split.each(Split(self.engine, parts, whole.clear()), fn, *side)
        return _torn(out)

    def by(
        self, keys: Sequence[str], fn: Step, *side: Table | pl.DataFrame, before: Step | None = None
    ) -> Table:
        """Cut by the keys in any case, apply the function, and see that it left the keys alone."""
        fresh = Split(self.engine, self.parts, self.empty, self.steps)
        out = _torn(Split.by(fresh, keys, fn, *side, before=before))
        cut = [key for key in keys if key in out.columns]
        if len(cut) == len(keys):
            kept = [part.select(cut).unique() for part in out.parts]
            if sum(one.height for one in kept) != pl.concat(kept).unique().height:
                raise WorkbenchError(
                    f"`by` {list(keys)}: the function changed the keys, so rows no longer lie where "
                    "their keys say."
                )
        return out


def _torn(table: Table) -> Torn:
    assert isinstance(table, Split)
    return Torn(table.engine, table.engine.compute(table.tasks()), table.outline())


@dataclass(frozen=True)
class Broadcast:
    """A side table that every part sees whole: the task that gives it, and its columns."""

    task: Any
    outline: pl.DataFrame


def _outline_of(side: Any) -> pl.DataFrame:
    """The columns of a side table; a frame that stands for one of a part has them itself."""
    outline = side.outline if isinstance(side, Broadcast) else side.clear()
    assert isinstance(outline, pl.DataFrame)
    return outline


def _run(part: Any, steps: tuple[Applied, ...]) -> pl.DataFrame:
    """Apply the steps to one part: one lazy plan, so a step that drops columns saves reading them."""
    frame = part.scan() if isinstance(part, Piece) else part.lazy()
    for fn, sides in steps:
        frame = fn(
            nw.from_native(frame), *(nw.from_native(_value(side).lazy()) for side in sides)
        ).to_native()
    done = frame.lazy().collect()
    assert isinstance(done, pl.DataFrame)
    return done


def _value(side: Any) -> pl.DataFrame:
    frame = side.task if isinstance(side, Broadcast) else side
    assert isinstance(frame, pl.DataFrame)
    return frame


def _same(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def _concat(parts: Sequence[pl.DataFrame], empty: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([empty, *parts], how="vertical")


def _bucket(part: pl.DataFrame, keys: tuple[str, ...], buckets: int) -> pl.Series:
    """The bucket of each row; integers of every width that are equal share one, as they do in a join."""
    alike = [
        pl.col(key).cast(pl.Int64, strict=False) if part.schema[key].is_integer() else key for key in keys
    ]
    return part.select(pl.struct(alike).hash(seed=0) % buckets).to_series()


def _deal(part: pl.DataFrame, keys: tuple[str, ...], buckets: int, starts: list[int]) -> list[pl.DataFrame]:
    """Give the rows of one part to spans of buckets; `starts` are the spans' first buckets."""
    place = pl.Series(starts).search_sorted(_bucket(part, keys, buckets), side="right")
    dealt = part.with_columns((place.cast(pl.Int64) - 1).alias("_hand")).partition_by(
        "_hand", as_dict=True, include_key=False
    )
    empty = part.clear()
    return [dealt.get((i,), empty) for i in range(len(starts))]


def write_part(part: pl.DataFrame, path: str) -> int:
    """Write one part as a Parquet file; return its rows."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    part.write_parquet(path, statistics=True)
    return part.height
