"""
One table over every engine: four verbs, one semantics.

`each`
    runs a function that relates nothing but the row itself (and small side tables).
`by`
    runs a function that relates only rows that agree on the keys: the one shuffle.
`keep`
    writes here and reads from here on: cache and checkpoint are the same thing.
`gather`
    from here on it fits in memory.

The functions are plain Narwhals, LazyFrame to LazyFrame, written once. Polars and Spark run them as
they are (`Whole`); Dask cuts the table by the keys and runs the very same function through polars in
each part (`workbench.data.split`). The function never learns which.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw
import polars as pl

from workbench.errors import WorkbenchError, nearest

if TYPE_CHECKING:
    from workbench.data.engines import Engine

Frame: TypeAlias = "nw.LazyFrame[Any]"
Step: TypeAlias = Callable[..., Frame]


class Table(ABC):
    """
    Rows on an engine, not yet computed.

    Attributes
    ----------
    engine
        The engine the rows live on; it reads, and makes tables of small frames.
    """

    engine: Engine

    @property
    @abstractmethod
    def schema(self) -> Mapping[str, nw.dtypes.DType]:
        """Column names and types, without computing any row."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(self.schema)

    @abstractmethod
    def each(self, fn: Step, *side: Table | pl.DataFrame) -> Table:
        """
        Apply a function that relates nothing but the row itself.

        Parameters
        ----------
        fn
            `fn(frame, *sides)`, LazyFrame to LazyFrame; it may drop, add and change rows one at a time,
            and join small side tables. It must give the same rows however the table is cut.
        side
            Small tables; every part of a cut table sees the whole of them.

        Returns
        -------
        Table
            Not yet computed.
        """

    @abstractmethod
    def by(
        self, keys: Sequence[str], fn: Step, *side: Table | pl.DataFrame, before: Step | None = None
    ) -> Table:
        """
        Apply a function that relates only rows that agree on the keys.

        Parameters
        ----------
        keys
            Columns of the table. The finest that the function allows cut best.
        fn
            `fn(frame, *sides)`, LazyFrame to LazyFrame. It sees all rows that agree on the keys together,
            and must return the keys unchanged or not at all.
        side
            Tables that carry all the keys are cut alike; others are seen whole.
        before
            What may be done to any part ahead of the shuffle so that less moves (a selection of columns,
            partial sums), such that `fn(before(a) + before(b))` equals `fn(a + b)`. Engines that plan for
            themselves skip it, so `fn` must take the table as it is, too.

        Returns
        -------
        Table
            Not yet computed.
        """

    @abstractmethod
    def keep(self, path: str) -> Table:
        """Compute and write as Parquet files in the folder `path`; return the table that reads them."""

    @abstractmethod
    def gather(self) -> pl.DataFrame:
        """Compute into memory. Row order is not defined: sort before comparing."""

    def _check_keys(self, keys: Sequence[str]) -> tuple[str, ...]:
        if isinstance(keys, str) or not keys:
            raise WorkbenchError(f"`by` needs a list of at least one key column, not {keys!r}.")
        for key in keys:
            if key not in self.columns:
                raise WorkbenchError(
                    f"`by` cannot cut by '{key}': the table has no such column. {nearest(key, self.columns)}"
                )
        return tuple(keys)


class Whole(Table):
    """A lazy frame as it is, on an engine that plans for itself (polars, spark)."""

    def __init__(self, engine: Engine, native: Any) -> None:
        self.engine = engine
        self.native = native

    @property
    def frame(self) -> Frame:
        """The Narwhals view of the native lazy frame."""
        frame: Frame = nw.from_native(self.native).lazy()
        return frame

    @property
    def schema(self) -> Mapping[str, nw.dtypes.DType]:
        """Column names and types, as the engine plans them."""
        return self.frame.collect_schema()

    def each(self, fn: Step, *side: Table | pl.DataFrame) -> Table:
        """Apply the function to the frame."""
        return Whole(self.engine, fn(self.frame, *(self._side(one) for one in side)).to_native())

    def by(
        self, keys: Sequence[str], fn: Step, *side: Table | pl.DataFrame, before: Step | None = None
    ) -> Table:
        """Apply the function to the frame: the engine itself finds what must move."""
        self._check_keys(keys)
        return self.each(fn, *side)

    def keep(self, path: str) -> Table:
        """Compute and write; return the table that reads it."""
        return self.engine.write([(self, path)])[0]

    def gather(self) -> pl.DataFrame:
        """Compute into memory."""
        return self.engine.collect(self.native)

    def _side(self, side: Table | pl.DataFrame) -> Frame:
        table = self.engine.side(side) if isinstance(side, pl.DataFrame) else side
        if not isinstance(table, Whole) or table.engine.name != self.engine.name:
            raise WorkbenchError(
                "A side table must be a polars DataFrame or a table on the same engine "
                f"('{self.engine.name}'); gather() it first."
            )
        return table.frame
