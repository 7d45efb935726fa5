"""Spark: a local session, a cluster, or a Spark Connect server."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from workbench.data.engines import Engine, _need, _new_folder, _reopened
from workbench.data.files import Listing
from workbench.data.java import java_problem
from workbench.data.table import Table, Whole
from workbench.errors import DataRejected, EngineMissing

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
}
TYPES = {pl.String: "string", pl.Int64: "bigint", pl.Float64: "double", pl.Boolean: "boolean", pl.Date: "date"}


class SparkEngine(Engine):
    """
    Spark, local (`local[*]`), on a master (`spark://`) or through Spark Connect (`sc://`).

    The session starts with the first table and is shared by all engines of this process with one address.
    """

    name = "spark"

    def __init__(self, address: str = "", work: str | None = None) -> None:
        super().__init__(work)
        _need("pyspark", "spark", "spark")
        self.address = address
        if address.startswith("sc://"):
            if importlib.util.find_spec("grpc") is None:
                raise EngineMissing("Spark Connect needs the Python package 'grpcio': pip install 'lived-workbench[spark]'.")
        elif problem := java_problem():
            raise EngineMissing(problem)
        self._session: Any = None

    @property
    def session(self) -> Any:
        """The Spark session, started when first asked for."""
        if self._session is None:
            self._session = _start(self.address)
        return self._session

    def table(self, frame: pl.DataFrame) -> Table:
        return Whole(self, self.session.createDataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest())))

    def scan(self, listing: Listing, *, numbered: bool = False) -> Table:
        from pyspark.sql import functions as F

        groups: dict[tuple[Any, ...], list[int]] = {}
        for i, one in enumerate(listing.files):
            groups.setdefault((one.first_row, *one.schema.items()), []).append(i)
        frames = []
        for places in groups.values():
            files = [listing.files[i] for i in places]
            frame = self.session.read.parquet(*(one.path for one in files))
            extra = []
            if numbered:
                uris = F.create_map(*(F.lit(x) for i, one in zip(places, files, strict=True) for x in (_uri(one.path), i)))
                extra = [
                    (F.col("_metadata.row_index") + F.lit(files[0].first_row)).cast("bigint").alias("_row"),
                    uris[F.regexp_replace(F.col("_metadata.file_path"), "^file:/+", "/")].cast("bigint").alias("_file"),
                ]
            frames.append(frame.select(*_conformed(frame, listing), *extra))
        whole = frames[0]
        for frame in frames[1:]:
            whole = whole.unionByName(frame)
        return Whole(self, whole)

    def write(self, jobs: Sequence[tuple[Any, str]]) -> list[Table]:
        for table, path in jobs:
            _new_folder(path)
            _explained(lambda table=table, path=path: table.native.write.mode("overwrite").parquet(Path(path).absolute().as_uri()))
        return [_reopened(self, path) for _, path in jobs]

    def collect(self, native: Any) -> pl.DataFrame:
        frame = pl.from_arrow(_explained(native.toArrow))
        assert isinstance(frame, pl.DataFrame)
        return frame


def _conformed(frame: Any, listing: Listing) -> list[Any]:
    from pyspark.sql import functions as F

    if listing.same:
        return [F.col(f"`{name}`") for name in listing.schema]
    have = set(frame.columns)
    return [
        (F.col(f"`{name}`").cast(_type(dtype)) if name in have else F.lit(None).cast(_type(dtype))).alias(name)
        for name, dtype in listing.schema.items()
    ]


def _type(dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return "timestamp_ntz"
    return TYPES.get(type(dtype), "string")


def _uri(path: str) -> str:
    """A path as `_metadata.file_path` writes it, without its scheme."""
    return Path(path).absolute().as_uri().removeprefix("file://") if "://" not in path else path


def _start(address: str) -> Any:
    from pyspark.sql import SparkSession

    if address.startswith("sc://"):
        try:
            session = SparkSession.builder.remote(address).getOrCreate()
            for key, value in SETTINGS.items():
                if session.conf.isModifiable(key):
                    session.conf.set(key, value)
        except Exception as error:
            raise EngineMissing(
                f"No Spark Connect server answers at '{address}' ({type(error).__name__}): start one with `start-connect-server.sh`, or mend the address."
            ) from error
        return session
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    logging.getLogger("py4j").setLevel(logging.ERROR)
    cores = os.cpu_count() or 1
    builder = SparkSession.builder.master(address or "local[*]").appName("workbench")
    local = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": _memory(),
        "spark.log.level": "ERROR",
    }
    for key, value in {**SETTINGS, **({} if address else local), "spark.sql.shuffle.partitions": str(4 * cores)}.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        raise EngineMissing(
            f"Spark could not start at '{address or 'local[*]'}' ({type(error).__name__}): run `workbench doctor`, or use --engine polars."
        ) from error


def _memory() -> str:
    """A third of the machine for the driver, which is the whole of a local Spark."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return "2g"
    return f"{max(1, min(16, total // 3 // 2**30))}g"


def _explained(work: Any) -> Any:
    """Run, turning Spark's exceptions into one sentence."""
    try:
        return work()
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark", "py4j")):
            raise
        first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise DataRejected(f"Spark stopped: {first[:300]}. Check that the files are whole, or try --engine polars for a clearer message.") from error
