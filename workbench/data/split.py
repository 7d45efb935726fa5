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

from workbench.data.table import Step, Table
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.engines import PartsEngine

MOST_TASKS = 10_000
"""Edges of one shuffle; a larger one goes in two stages."""


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
        return conform(frame.slice(self.offset, self.rows), self.casts)


def conform(frame: pl.LazyFrame, casts: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    """Give a frame the columns and types of its folder, nulls where a file lacks a column."""
    if not casts:
        return frame
    have = frame.collect_schema()
    extra = [name for name in ("_file", "_row") if name in have and name not in casts]
    wanted = [
        (pl.col(name).cast(dtype) if have[name] != dtype else pl.col(name)) if name in have else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in casts.items()
    ]
    return frame.select(*wanted, *extra)


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
        self, engine: PartsEngine, parts: Sequence[Any], empty: pl.DataFrame, steps: tuple[Applied, ...] = (), cut: tuple[str, ...] = ()
    ) -> None:
        self.engine: PartsEngine = engine
        self.parts = list(parts)
        self.empty = empty
        self.steps = steps
        self.cut = cut

    @property
    def schema(self) -> Mapping[str, nw.dtypes.DType]:
        return nw.from_native(self._outline().lazy()).collect_schema()

    def each(self, fn: Step, *side: Table | pl.DataFrame) -> Table:
        sides = tuple(self._broadcast(one) for one in side)
        return Split(self.engine, self.parts, self.empty, (*self.steps, (fn, sides)))

    def by(self, keys: Sequence[str], fn: Step, *side: Table | pl.DataFrame, before: Step | None = None) -> Table:
        cut = self._check_keys(keys)
        alike = [isinstance(one, Split) and set(cut) <= set(one.columns) for one in side]
        if self.cut and set(self.cut) <= set(cut) and not any(alike):
            sides = tuple(self._broadcast(one) for one in side)
            return Split(self.engine, self.parts, self.empty, (*self.steps, (fn, sides)), self.cut)
        source = self if before is None else Split(self.engine, self.parts, self.empty, (*self.steps, (before, ())))
        buckets = self.engine.buckets(max(len(one.parts) for one in (source, *(s for s, a in zip(side, alike, strict=True) if a))))  # type: ignore[union-attr]
        mine = source._shuffled(cut, buckets)
        theirs = [one._shuffled(cut, buckets) if a else self._broadcast(one) for one, a in zip(side, alike, strict=True)]  # type: ignore[union-attr]
        outlines = [one._outline() if isinstance(one, Split) else one.clear() for one in side]  # type: ignore[union-attr]
        parts = [
            self.engine.task(_run, mine[b], ((fn, tuple(other[b] if a else other for other, a in zip(theirs, alike, strict=True))),))
            for b in range(buckets)
        ]
        outline = _run(source._outline(), ((fn, tuple(outlines)),))
        return Split(self.engine, parts, outline, (), cut if set(cut) <= set(outline.columns) else ())

    def keep(self, path: str) -> Table:
        return self.engine.write([(self, path)])[0]

    def gather(self) -> pl.DataFrame:
        frames = self.engine.compute(self._tasks())
        return pl.concat(frames, how="vertical") if frames else self._outline()

    def _tasks(self) -> list[Any]:
        return [self.engine.task(_run, part, self.steps) for part in self.parts] if self.steps else [
            self.engine.task(_run, part, ()) if isinstance(part, Piece) else part for part in self.parts
        ]

    def _outline(self) -> pl.DataFrame:
        steps = tuple((fn, tuple(_outline_of(side) for side in sides)) for fn, sides in self.steps)
        return _run(self.empty, steps)

    def _broadcast(self, side: Table | pl.DataFrame) -> Any:
        if isinstance(side, pl.DataFrame):
            return Broadcast(self.engine.task(_same, side), side.clear())
        if not isinstance(side, Split):
            raise WorkbenchError(f"A side table must be a polars DataFrame or a table on the same engine ('{self.engine.name}'); gather() it first.")
        return Broadcast(self.engine.task(_concat, side._tasks(), side._outline()), side._outline())

    def _shuffled(self, keys: tuple[str, ...], buckets: int) -> list[Any]:
        """Cut the parts by a hash of the keys; in two stages where one would make too many tasks."""
        outline = self._outline()
        tasks = self._tasks()
        if len(tasks) * buckets <= MOST_TASKS:
            return self._deal(tasks, keys, outline, [(0, buckets)], buckets)[0]
        first = math.isqrt(buckets - 1) + 1
        width = math.ceil(buckets / first)
        spans = [(start, min(start + width, buckets)) for start in range(0, buckets, width)]
        coarse = self._deal(tasks, keys, outline, spans, buckets, whole=True)
        dealt = [self._deal([one], keys, outline, [span], buckets)[0] for one, span in zip(coarse, spans, strict=True)]
        return [bucket for group in dealt for bucket in group]

    def _deal(
        self, tasks: list[Any], keys: tuple[str, ...], outline: pl.DataFrame, spans: list[tuple[int, int]], buckets: int, *, whole: bool = False
    ) -> list[Any]:
        if whole:
            edges = [start for start, _ in spans]
            hands = [self.engine.tasks(len(spans), _deal, task, keys, buckets, edges) for task in tasks]
            return [self.engine.task(_concat, [hand[i] for hand in hands], outline) for i in range(len(spans))]
        start, stop = spans[0]
        hands = [self.engine.tasks(stop - start, _deal, task, keys, buckets, list(range(start, stop))) for task in tasks]
        return [[self.engine.task(_concat, [hand[i] for hand in hands], outline) for i in range(stop - start)]]


class Torn(Split):
    """A table that every `each` sees in thirds, wherever it was cut before."""

    def each(self, fn: Step, *side: Table | pl.DataFrame) -> Table:
        whole = self.gather()
        third = (pl.int_range(pl.len()) * 2_654_435_761 + len(self.parts)) % 7 % 3
        parts = [whole.filter(third == i) for i in range(3)]
        out = Split.each(Split(self.engine, parts, whole.clear()), fn, *side)
        return _torn(out)

    def by(self, keys: Sequence[str], fn: Step, *side: Table | pl.DataFrame, before: Step | None = None) -> Table:
        fresh = Split(self.engine, self.parts, self.empty, self.steps)
        out = _torn(Split.by(fresh, keys, fn, *side, before=before))
        cut = [key for key in keys if key in out.columns]
        if len(cut) == len(keys):
            kept = [part.select(cut).unique() for part in out.parts]
            if sum(one.height for one in kept) != pl.concat(kept).unique().height:
                raise WorkbenchError(f"`by` {list(keys)}: the function changed the keys, so rows no longer lie where their keys say.")
        return out


def _torn(table: Table) -> Torn:
    assert isinstance(table, Split)
    return Torn(table.engine, table.engine.compute(table._tasks()), table._outline())


@dataclass(frozen=True)
class Broadcast:
    """A side table that every part sees whole: the task that gives it, and its columns."""

    task: Any
    outline: pl.DataFrame


def _outline_of(side: Any) -> pl.DataFrame:
    return side.outline if isinstance(side, Broadcast) else side.clear()


def _run(part: Any, steps: tuple[Applied, ...]) -> pl.DataFrame:
    """Apply the steps to one part: one lazy plan, so a step that drops columns saves reading them."""
    frame = part.scan() if isinstance(part, Piece) else part.lazy()
    for fn, sides in steps:
        frame = fn(nw.from_native(frame), *(nw.from_native(_value(side).lazy()) for side in sides)).to_native()
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


def _bucket(keys: tuple[str, ...], buckets: int) -> pl.Expr:
    return (pl.struct(keys).hash(seed=0) % buckets).alias("_bucket")


def _deal(part: pl.DataFrame, keys: tuple[str, ...], buckets: int, starts: list[int]) -> list[pl.DataFrame]:
    """Give the rows of one part to spans of buckets; `starts` are the spans' first buckets."""
    home = part.select(_bucket(keys, buckets)).to_series()
    hand = pl.Series(starts).search_sorted(home, side="right") - 1
    dealt = part.with_columns(hand.cast(pl.Int64).alias("_hand")).partition_by("_hand", as_dict=True, include_key=False)
    empty = part.clear()
    return [dealt.get((i,), empty) for i in range(len(starts))]


def write_part(part: pl.DataFrame, path: str) -> int:
    """Write one part as a Parquet file; return its rows."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    part.write_parquet(path, statistics=True)
    return part.height
