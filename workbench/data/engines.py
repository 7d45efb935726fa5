"""
The engines a table can live on.

| name    | what runs                                        | address                      |
|---------|--------------------------------------------------|------------------------------|
| polars  | this process, the default                        | `polars`                     |
| dask    | threads of this process, or a Dask cluster       | `dask`, `tcp://host:8786`    |
| spark   | a local session, a cluster, or Spark Connect     | `spark`, `spark://`, `sc://` |
| torn    | tests only: every table torn at every step       | `torn`                       |

`open_engine` starts none of them before its first table is read or made; a cluster is called at once.
"""

from __future__ import annotations

import importlib.util
import socket
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from workbench.data.files import Listing
from workbench.data.piece import piece_of
from workbench.data.table import Table, Whole
from workbench.errors import DataRejected, EngineMissing, UnknownName, WorkbenchError

PATIENCE_S = 10
"""How long a server may take to answer."""
NAMES = ("polars", "dask", "spark")
UNREADABLE = "A file could not be read to its end ({}): check that it is whole, or leave it out."
UNFIT = (
    "A column holds values that its type in the other files, or in the contract, cannot ({}): convert them."
)


class Engine(ABC):
    """
    Reads files into tables and writes tables to files.

    Parameters
    ----------
    work
        Folder for what is made on the way (CSV files read once into Parquet). Workers of a cluster must see
        it under the same path. A temporary folder where none is given; it goes with the engine.
    """

    name: str

    def __init__(self, work: str | None = None) -> None:
        self._temporary = None if work else tempfile.TemporaryDirectory(prefix="workbench-")
        self.work = Path(work or self._temporary.name).absolute()  # type: ignore[union-attr]
        self.work.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def table(self, frame: pl.DataFrame) -> Table:
        """Make a table of a small frame."""

    def side(self, frame: pl.DataFrame) -> Table:
        """Make a table of a small frame that others are joined with."""
        return self.table(frame)

    @abstractmethod
    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        """
        Read Parquet files lazily.

        Parameters
        ----------
        listing
            The files, with the columns and types they have together.
        numbered
            Add `_file` (place in the listing, from 0) and `_row` (row of that file, from its first row's
            number).

        Returns
        -------
        Table
            All rows of all files.
        """

    @abstractmethod
    def write(self, jobs: Sequence[tuple[Any, str]]) -> list[Table]:
        """Compute tables, in one go where the engine can, each into a new folder; read them back."""

    def collect(self, native: Any) -> pl.DataFrame:
        """Compute a native frame into memory."""
        raise NotImplementedError

    def read(self, *paths: str) -> Table:
        """Read files, folders or addresses that hold one table; CSV as texts, with a `_problem` column."""
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
        """Make a table of a small frame."""
        return Whole(self, frame.lazy())

    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        """Read Parquet files lazily, in one plan."""
        if not numbered and listing.same:
            return Whole(self, pl.scan_parquet([one.path for one in listing.files], glob=False))
        frames = [piece_of(one, i, listing, numbered=numbered).scan() for i, one in enumerate(listing.files)]
        return Whole(self, pl.concat(frames, how="vertical"))

    def write(self, jobs: Sequence[tuple[Any, str]]) -> list[Table]:
        """Compute tables in one pass, each into one Parquet file in a new folder; read them back."""
        sinks = []
        for table, path in jobs:
            new_folder(path)
            sinks.append(table.native.lazy().sink_parquet(Path(path) / "part-00000.parquet", lazy=True))
        explained(lambda: pl.collect_all(sinks, engine="streaming"))
        return [reopened(self, path) for _, path in jobs]

    def collect(self, native: Any) -> pl.DataFrame:
        """Compute a lazy frame into memory."""
        frame = explained(lambda: native.lazy().collect(engine="streaming"))
        assert isinstance(frame, pl.DataFrame)
        return frame


def open_engine(name: str = "polars", *, work: str | None = None) -> Engine:
    """
    Open an engine by name or address.

    Parameters
    ----------
    name
        `polars`, `dask`, `spark`, `torn`, or an address: `tcp://` (Dask), `spark://` or `sc://` (Spark).
    work
        Folder for what is made on the way; see `Engine`.

    Returns
    -------
    Engine
        To be closed, or used in a `with`.

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
        from workbench.data.parts import TornEngine

        return TornEngine(work)
    if name == "dask" or (kind in ("tcp", "tls") and rest):
        from workbench.data.dask import DaskEngine

        return DaskEngine("" if name == "dask" else name, work)
    if name == "spark" or (kind in ("spark", "sc") and rest):
        from workbench.data.spark import SparkEngine

        return SparkEngine("" if name == "spark" else name, work)
    raise UnknownName(
        "engine", name, NAMES, "Addresses: tcp://host:port (dask), spark://host:port, sc://host:port."
    )


def installed() -> list[str]:
    """Names of the engines that could start here."""
    from workbench.data.java import java_problem

    names = ["polars"]
    if importlib.util.find_spec("dask"):
        names.append("dask")
    if importlib.util.find_spec("pyspark") and java_problem() is None:
        names.append("spark")
    return names


def need(module: str, engine: str, extra: str) -> None:
    """Raise `EngineMissing` where a package that an engine needs is not installed."""
    if importlib.util.find_spec(module) is None:
        raise EngineMissing(
            f"Engine '{engine}' needs the Python package '{module}', which is not installed: "
            f"pip install 'lived-workbench[{extra}]', or use --engine polars."
        )


def unreachable(address: str, port: int) -> str | None:
    """What is wrong with a server's address, or why nothing answers there; None where something does."""
    try:
        parts = urlsplit(address.split(",")[0])
        host, port = parts.hostname or "", parts.port or port
        with socket.create_connection((host, port), timeout=PATIENCE_S):
            return None
    except (OSError, ValueError) as error:
        return str(error)


def reopened(engine: Engine, path: str) -> Table:
    """Read back what was written to a folder."""
    from workbench.data.files import find

    return engine.scan(find([path], work=engine.work))


def new_folder(path: str) -> None:
    """Make a folder to write to; refuse one that holds something."""
    folder = Path(path)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise WorkbenchError(
            f"Cannot keep a table in '{path}': it is there already and not empty. "
            "Choose another folder, or remove it first."
        )
    folder.mkdir(parents=True, exist_ok=True)


def explained(work: Callable[[], Any]) -> Any:
    """Run, turning polars' complaints about files and the machine into ours; other errors pass as is."""
    try:
        return work()
    except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError) as error:
        first = (str(error).splitlines() or [""])[0]
        if first.startswith("parquet:"):
            raise DataRejected(UNREADABLE.format(first[:160])) from error
        if first.startswith("conversion from"):
            raise DataRejected(UNFIT.format(first[:160])) from error
        raise
    except FileNotFoundError as error:
        raise DataRejected(
            f"A file went away while it was read ({error}): put it back and run again."
        ) from error
    except MemoryError as error:
        raise WorkbenchError(
            "The work ran out of memory: use --engine spark or dask with a cluster, or fewer days."
        ) from error


__all__ = ["Engine", "PolarsEngine", "installed", "open_engine"]
