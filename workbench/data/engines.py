"""
The engines a table can live on.

| name    | what runs                                        | address                    |
|---------|--------------------------------------------------|----------------------------|
| polars  | this process, the default                        | `polars`                   |
| dask    | threads of this process, or a Dask cluster       | `dask`, `tcp://host:8786`  |
| spark   | a local session, a cluster, or Spark Connect     | `spark`, `spark://`, `sc://` |
| torn    | tests only: every table torn at every step       | `torn`                     |

`open_engine` starts none of them before its first table is read or made.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from workbench.data.files import Found, Listing
from workbench.data.split import Piece, Split, Torn, conform, write_part
from workbench.data.table import Table, Whole
from workbench.errors import EngineMissing, UnknownName, WorkbenchError

PIECE_ROWS = 1_000_000
NAMES = ("polars", "dask", "spark")


class Engine(ABC):
    """
    Reads files into tables and writes tables to files.

    Parameters
    ----------
    work
        Folder for what is made on the way (CSV files read once into Parquet). Workers of a cluster must see it
        under the same path. A temporary folder where none is given; it goes with the engine.
    """

    name: str

    def __init__(self, work: str | None = None) -> None:
        self._temporary = None if work else tempfile.TemporaryDirectory(prefix="workbench-")
        self.work = Path(work or self._temporary.name)  # type: ignore[union-attr]
        self.work.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def table(self, frame: pl.DataFrame) -> Table:
        """Make a table of a small frame."""

    @abstractmethod
    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        """
        Read Parquet files lazily.

        Parameters
        ----------
        listing
            The files, with the columns and types they have together.
        numbered
            Add `_file` (place in the listing, from 0) and `_row` (row of that file, from its first row's number).
        """

    @abstractmethod
    def write(self, jobs: Sequence[tuple[Any, str]]) -> list[Table]:
        """Compute tables in one go where the engine can, each into Parquet files in a new folder; read them back."""

    def collect(self, native: Any) -> pl.DataFrame:
        """Compute a native frame into memory."""
        raise NotImplementedError

    def read(self, *paths: str) -> Table:
        """Read Parquet or CSV: files, folders or fsspec addresses that hold one table."""
        from workbench.data.files import find

        return self.scan(find(list(paths), work=self.work).landed(self.work))

    def close(self) -> None:
        """Remove what was made on the way."""
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        return self.name


class PolarsEngine(Engine):
    """The embedded default: polars in this process, streaming."""

    name = "polars"

    def table(self, frame: pl.DataFrame) -> Table:
        return Whole(self, frame.lazy())

    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        if not numbered and listing.same:
            return Whole(self, pl.scan_parquet([one.path for one in listing.files], glob=False))
        frames = [_piece(one, i, listing, numbered=numbered).scan() for i, one in enumerate(listing.files)]
        return Whole(self, pl.concat(frames, how="vertical"))

    def write(self, jobs: Sequence[tuple[Any, str]]) -> list[Table]:
        sinks = []
        for table, path in jobs:
            _new_folder(path)
            sinks.append(table.native.lazy().sink_parquet(Path(path) / "part-00000.parquet", lazy=True))
        _explained(lambda: pl.collect_all(sinks, engine="streaming"))
        return [_reopened(self, path) for _, path in jobs]

    def collect(self, native: Any) -> pl.DataFrame:
        frame = _explained(lambda: native.lazy().collect(engine="streaming"))
        assert isinstance(frame, pl.DataFrame)
        return frame


class PartsEngine(Engine):
    """An engine that runs tasks over parts; this one runs them at once, in this thread."""

    def table(self, frame: pl.DataFrame) -> Table:
        return Split(self, [frame], frame.clear())

    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        pieces = [
            Piece(whole.path, start, min(PIECE_ROWS, one.rows - start), whole.casts, whole.file, whole.first_row)
            for i, one in enumerate(listing.files)
            for whole in [_piece(one, i, listing, numbered=numbered)]
            for start in range(0, max(one.rows, 1), PIECE_ROWS)
        ]
        empty = pl.DataFrame(schema=dict(listing.schema))
        if numbered:
            empty = empty.with_columns(pl.lit(None, pl.Int64).alias("_row"), pl.lit(None, pl.Int64).alias("_file"))
        return Split(self, pieces, pieces[0].scan().collect_schema().to_frame() if pieces else empty)

    def write(self, jobs: Sequence[tuple[Any, str]]) -> list[Table]:
        tasks = []
        for table, path in jobs:
            _new_folder(path)
            tasks += [
                self.task(write_part, part, str(Path(path) / f"part-{i:05d}.parquet")) for i, part in enumerate(table._tasks())
            ]
        self.compute(tasks)
        return [_reopened(self, path) for _, path in jobs]

    def buckets(self, parts: int) -> int:
        """How many buckets a shuffle of so many parts makes."""
        return max(parts, 2)

    def task(self, fn: Callable[..., Any], *args: Any) -> Any:
        """Run, or remember, one call."""
        return fn(*args)

    def tasks(self, count: int, fn: Callable[..., Any], *args: Any) -> list[Any]:
        """Run, or remember, one call that gives a list of `count`."""
        return list(self.task(fn, *args))

    def compute(self, tasks: Sequence[Any]) -> list[Any]:
        """Values of remembered calls, in order."""
        return list(tasks)


class TornEngine(PartsEngine):
    """For tests: tables torn at every step, so that a function that lies about its keys fails."""

    name = "torn"

    def table(self, frame: pl.DataFrame) -> Table:
        return Torn(self, [frame], frame.clear())

    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        table = super().scan(listing, numbered=numbered)
        assert isinstance(table, Split)
        return Torn(self, table.parts, table.empty)

    def buckets(self, parts: int) -> int:
        return 5


class DaskEngine(PartsEngine):
    """Dask: threads of this process, or the workers behind a scheduler's address."""

    name = "dask"

    def __init__(self, address: str = "", work: str | None = None) -> None:
        super().__init__(work)
        _need("dask", "dask", "dask")
        self._client: Any = None
        if address:
            _need("distributed", "dask", "dask")
            from distributed import Client

            try:
                self._client = Client(address, timeout="10s", set_as_default=False)
            except (OSError, TimeoutError) as error:
                raise EngineMissing(
                    f"No Dask scheduler answers at '{address}' ({type(error).__name__}): start one with `dask scheduler`, mend the address, or use --engine dask."
                ) from error
        self.workers = sum(self._client.nthreads().values()) if self._client else (os.cpu_count() or 1)

    def buckets(self, parts: int) -> int:
        return max(1, min(parts, 4096))

    def task(self, fn: Callable[..., Any], *args: Any) -> Any:
        import dask

        return dask.delayed(fn, pure=False, traverse=False)(*args)

    def tasks(self, count: int, fn: Callable[..., Any], *args: Any) -> list[Any]:
        import dask

        return list(dask.delayed(fn, pure=False, nout=count, traverse=False)(*args))

    def compute(self, tasks: Sequence[Any]) -> list[Any]:
        import dask

        if not tasks:
            return []
        if self._client is not None:
            return list(_explained(lambda: self._client.gather(self._client.compute(list(tasks)))))
        return list(_explained(lambda: dask.compute(*tasks, scheduler="threads", num_workers=self.workers)))

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        super().close()


def open_engine(name: str = "polars", *, work: str | None = None) -> Engine:
    """
    Open an engine by name or address.

    Parameters
    ----------
    name
        `polars`, `dask`, `spark`, `torn`, or an address: `tcp://` (Dask), `spark://` or `sc://` (Spark).
    work
        Folder for what is made on the way; see `Engine`.

    Raises
    ------
    UnknownName
        No engine is called so.
    EngineMissing
        It is not installed, or cannot start here; the message says what to do.
    """
    kind, _, rest = name.partition("://")
    if name == "polars":
        return PolarsEngine(work)
    if name == "torn":
        return TornEngine(work)
    if name == "dask" or (kind in ("tcp", "tls") and rest):
        return DaskEngine("" if name == "dask" else name, work)
    if name == "spark" or (kind in ("spark", "sc", "local") and rest):
        from workbench.data.spark import SparkEngine

        return SparkEngine("" if name == "spark" else name, work)
    raise UnknownName("engine", name, NAMES, "Addresses: tcp://host:port (dask), spark://host:port, sc://host:port.")


def installed() -> list[str]:
    """Names of the engines that could start here."""
    from workbench.data.java import java_problem

    names = ["polars"]
    if importlib.util.find_spec("dask"):
        names.append("dask")
    if importlib.util.find_spec("pyspark") and java_problem() is None:
        names.append("spark")
    return names


def _need(module: str, engine: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise EngineMissing(
            f"Engine '{engine}' needs the Python package '{module}', which is not installed: pip install 'lived-workbench[{extra}]', or use --engine polars."
        )


def _piece(one: Found, place: int, listing: Listing, *, numbered: bool) -> Piece:
    casts = {} if listing.same else dict(listing.schema)
    return Piece(one.path, 0, one.rows, casts, place if numbered else None, one.first_row)


def _reopened(engine: Engine, path: str) -> Table:
    from workbench.data.files import find

    return engine.scan(find([path], work=engine.work))


def _new_folder(path: str) -> None:
    folder = Path(path)
    if folder.exists() and any(folder.iterdir()):
        raise WorkbenchError(f"Cannot keep a table in '{path}': the folder is not empty. Choose another, or remove it first.")
    folder.mkdir(parents=True, exist_ok=True)


def _explained(work: Callable[[], Any]) -> Any:
    """Run, turning the engine's own complaints about the machine into ours."""
    from workbench.errors import DataRejected

    try:
        return work()
    except pl.exceptions.ComputeError as error:
        raise DataRejected(f"A file could not be read to its end: {str(error).splitlines()[0]}. Check that it is whole, or leave it out.") from error
    except MemoryError as error:
        raise WorkbenchError("The work ran out of memory: use --engine spark or dask with a cluster, or fewer days.") from error


__all__ = ["DaskEngine", "Engine", "PartsEngine", "PolarsEngine", "TornEngine", "conform", "installed", "open_engine"]
