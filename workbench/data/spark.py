"""Spark: a local session, a cluster, or a Spark Connect server."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl

from workbench.data.engines import UNFIT, UNREADABLE, Engine, need, new_folder, reopened, unreachable
from workbench.data.files import Listing
from workbench.data.java import java_problem
from workbench.data.table import Table, Whole
from workbench.errors import DataRejected, EngineMissing, WorkbenchError

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # else files as pandas writes them are refused
}
TYPES = {
    pl.String: "string",
    pl.Int64: "bigint",
    pl.Float64: "double",
    pl.Boolean: "boolean",
    pl.Date: "date",
}
CONNECT_PORT, MASTER_PORT = 15002, 7077
MOST_SENT_BYTES = 32 * 2**20
"""Size up to which a side frame is sent whole to every worker."""
PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
"""Paths that all of Spark reads alike; other characters are globs, URI codes or the locale's business."""
FILE_TROUBLE = (
    "FAILED_READ_FILE",
    "is not a Parquet file",
    "PARQUET_COLUMN_DATA_TYPE_MISMATCH",
    "PATH_NOT_FOUND",
)


class SparkEngine(Engine):
    """
    Spark, local (`local[*]`), on a master (`spark://`) or through Spark Connect (`sc://`).

    The session starts with the first table and is shared by all engines of this process with one address.

    Parameters
    ----------
    address
        A master's or a server's; a local session where none is given.
    work
        See `Engine`.
    """

    name = "spark"

    def __init__(self, address: str = "", work: str | None = None) -> None:
        need("pyspark", "spark", "spark")
        if address.startswith("sc://"):
            if importlib.util.find_spec("grpc") is None:
                raise EngineMissing(
                    "Spark Connect needs the Python package 'grpcio': pip install 'lived-workbench[spark]'."
                )
        elif problem := java_problem():
            raise EngineMissing(problem)
        super().__init__(work)
        self.address = address
        self._session: Any = None
        # Links and new files need a plain name. A cluster sees no folder than `work`, and there it has one.
        plain = bool(address) or PLAIN.fullmatch(str(self.work))
        self._beside = None if plain else tempfile.TemporaryDirectory(prefix="workbench-spark-")
        self._plain_work = Path(self._beside.name) if self._beside else self.work

    @property
    def session(self) -> Any:
        """The Spark session, started when first asked for."""
        if self._session is None:
            self._session = _start(self.address)
        return self._session

    def table(self, frame: pl.DataFrame) -> Table:
        """Make a table of a small frame."""
        return Whole(self, self.session.createDataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest())))

    def side(self, frame: pl.DataFrame) -> Table:
        """Make a table of a small frame, sent whole to every worker: Spark cannot tell how small it is."""
        from pyspark.sql import functions as F

        made = self.table(frame)
        small = frame.estimated_size() <= MOST_SENT_BYTES
        return Whole(self, F.broadcast(made.native)) if small and isinstance(made, Whole) else made

    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        """Read Parquet files lazily, files of one schema together."""
        from pyspark.sql import functions as F

        groups: dict[tuple[Any, ...], list[int]] = {}
        for i, one in enumerate(listing.files):
            groups.setdefault((one.first_row, *one.schema.items()), []).append(i)
        frames = []
        for places in groups.values():
            files = [listing.files[i] for i in places]
            paths = [self._plain(one.path) for one in files]
            frame = explained(partial(self.session.read.parquet, *paths))
            extra = []
            if numbered:
                row = F.col("_metadata.row_index") + F.lit(files[0].first_row)
                file = _file_number(frame, dict(zip(paths, places, strict=True)))
                extra = [file.cast("bigint").alias("_file"), row.cast("bigint").alias("_row")]
            frames.append(frame.select(*_conformed(frame, listing, files[0].schema), *extra))
        whole = frames[0]
        for frame in frames[1:]:
            whole = whole.unionByName(frame)
        return Whole(self, whole)

    def write(self, jobs: Sequence[tuple[Any, str]]) -> list[Table]:
        """Compute tables one after the other, each into Parquet files in a new folder; read them back."""
        for table, path in jobs:
            new_folder(path)
            final = Path(path).absolute()
            target = final if PLAIN.fullmatch(str(final)) else self._plain_work / "written" / _key(str(final))
            explained(partial(table.native.write.mode("overwrite").parquet, f"file://{target}"))
            if target != final:
                final.rmdir()
                shutil.move(target, final)
        return [reopened(self, path) for _, path in jobs]

    def collect(self, native: Any) -> pl.DataFrame:
        """Compute a Spark frame into memory."""
        frame = pl.from_arrow(explained(native.toArrow))
        assert isinstance(frame, pl.DataFrame)
        return frame

    def close(self) -> None:
        """Remove what was made on the way; the session stays for the next engine of this process."""
        if self._beside is not None:
            self._beside.cleanup()
        super().close()

    def _plain(self, path: str) -> str:
        """A path that Spark takes as it is: where it would not, a link of a plain name."""
        absolute = Path(path).absolute()
        if PLAIN.fullmatch(str(absolute)):
            return str(absolute)
        link = self._plain_work / "linked" / f"{_key(str(absolute))}.parquet"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(absolute)
        return str(link)


def _key(path: str) -> str:
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _conformed(frame: Any, listing: Listing, schema: Mapping[str, pl.DataType]) -> list[Any]:
    """The columns of a listing from files of one schema, nulls where they lack one."""
    from pyspark.sql import functions as F

    if listing.same:
        return [F.col(_quoted(name)) for name in listing.schema]
    have = dict(frame.dtypes)
    return [
        (_value(name, have[name], schema[name]) if name in have else F.lit(None))
        .cast(_type(dtype))
        .alias(name)
        for name, dtype in listing.schema.items()
    ]


def _value(name: str, native: str, dtype: pl.DataType) -> Any:
    """A column as it is in its files; nanoseconds, which Spark reads as a number, cut to microseconds."""
    from pyspark.sql import functions as F

    value = F.col(_quoted(name))
    if not isinstance(dtype, pl.Datetime) or native != "bigint":
        return value
    name = _quoted(name)
    micros = F.timestamp_micros(F.expr(f"({name} - pmod({name}, 1000)) div 1000"))
    return micros if dtype.time_zone else micros.cast("timestamp_ntz")


def _file_number(frame: Any, numbers: Mapping[str, int]) -> Any:
    """The number of the file that a row came from; its name stands there as a URI, in one of two forms."""
    from pyspark.sql import functions as F

    pairs: list[Any] = []
    for uri in frame.inputFiles():
        bare = uri.removeprefix("file:").replace("///", "/", 1)
        for spelling in (f"file:{bare}", f"file://{bare}"):
            pairs += [F.lit(spelling), F.lit(numbers[unquote(bare)])]
    name = F.col("_metadata.file_path")
    unknown = F.raise_error(F.concat(F.lit("Not a file of this table: "), name)).cast("int")
    return F.coalesce(F.create_map(*pairs)[name], unknown)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return "timestamp_ltz" if dtype.time_zone else "timestamp_ntz"
    return TYPES.get(type(dtype), "string")


def _start(address: str) -> Any:
    from pyspark.logger import PySparkLogger
    from pyspark.sql import SparkSession

    logging.getLogger("py4j").setLevel(logging.ERROR)
    for name in ("DataFrameQueryContextLogger", "SQLQueryContextLogger"):  # we tell it in a sentence
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL + 1)
    if address.startswith("sc://"):
        remedy = "start one with `start-connect-server.sh`, or mend the address"
        if problem := unreachable(address, CONNECT_PORT):
            raise EngineMissing(f"No Spark Connect server answers at '{address}' ({problem}): {remedy}.")
        try:
            session = SparkSession.builder.remote(address).getOrCreate()
            for key, value in SETTINGS.items():
                if session.conf.isModifiable(key):
                    session.conf.set(key, value)
        except Exception as error:
            raise EngineMissing(
                f"No Spark Connect server answers at '{address}' ({type(error).__name__}): {remedy}."
            ) from error
        return session
    if not address:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    elif problem := unreachable(address, MASTER_PORT):
        raise EngineMissing(
            f"No Spark master answers at '{address}' ({problem}): start one, mend the address, or use "
            "--engine spark."
        )
    cores = os.cpu_count() or 1
    builder = SparkSession.builder.master(address or "local[*]").appName("workbench")
    local = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": _memory(),
        "spark.log.level": "FATAL",
    }
    for key, value in {
        **SETTINGS,
        **({} if address else local),
        "spark.sql.shuffle.partitions": str(4 * cores),
    }.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        raise EngineMissing(
            f"Spark could not start at '{address or 'local[*]'}' ({type(error).__name__}): run `workbench "
            "doctor`, or use --engine polars."
        ) from error


def _memory() -> str:
    """A third of the machine for the driver, which is the whole of a local Spark."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return "2g"
    return f"{max(1, min(16, total // 3 // 2**30))}g"


def explained(work: Callable[[], Any]) -> Any:
    """Run, turning Spark's exceptions into one sentence: the files' fault where it is theirs."""
    try:
        return work()
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark", "py4j", "grpc")):
            raise
        text = str(error)
        lines = [line.strip().removeprefix(": ") for line in text.splitlines() if line.strip()]
        coded = [line for line in lines if re.search(r"\[[A-Z_.]{6,}\]", line)]
        first = (coded or lines or [type(error).__name__])[0][:300]
        if any(mark in text for mark in FILE_TROUBLE):
            raise DataRejected(UNREADABLE.format(f"Spark: {first}")) from error
        if any(mark in text for mark in ("CAST_OVERFLOW", "CAST_INVALID_INPUT")):
            raise DataRejected(UNFIT.format(f"Spark: {first}")) from error
        raise WorkbenchError(f"Spark stopped: {first}. Try --engine polars for a clearer message.") from error
