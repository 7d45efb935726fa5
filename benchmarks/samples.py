"""
Typed Parquet tables of a given number of rows, made once by the sample generator and kept for the next time.

A table of the sample city grows with the number of its lines or roads, each at a rate of its own, so each is
made at the scale that gives it the rows asked for. What the measures take from one another (line patterns,
rides, hourly speeds, reliability) is made here too: it is input to both sides and timed on neither.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

ROWS_PER_SCALE = {"taps": 11_734, "stop_visits": 33_178, "road_speeds": 26_800}
LAYOUT = 1
"""Raised when the kept tables change, so that older ones are not taken for them."""


@dataclass(frozen=True)
class Inputs:
    """Folders of Parquet files in one folder; `pairs` and `patterns` are single small files."""

    folder: Path

    def of(self, table: str) -> str:
        """Where a table lies."""
        return str(self.folder / table)

    def small(self, table: str) -> pl.DataFrame:
        """Read a side table."""
        return pl.read_parquet(self.folder / f"{table}.parquet")

    def rows(self, table: str) -> int:
        """Count a table."""
        return pl.scan_parquet(self.of(table)).select(pl.len()).collect().item()


def prepare(place: Path, rows: int) -> Inputs:
    """Find the tables of about so many rows in `place`, or make them there."""
    folder = place / f"traffic-{LAYOUT}-{rows}"
    if not folder.exists():
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place) as work:
            made = Path(work) / "made"
            made.mkdir()
            for table, rate in ROWS_PER_SCALE.items():
                _city(table, rows / rate, made, Path(work))
            _derived(made)
            made.rename(folder)
    return Inputs(folder)


def default_place() -> Path:
    return Path(tempfile.gettempdir()) / "workbench-benchmarks"


def _city(table: str, scale: float, made: Path, work: Path) -> None:
    """Make a city at one scale and take what is wanted of it."""
    from data_samples.traffic.generate import generate

    def progress(what: str, share: float) -> None:
        print(f"\rmaking {table}: {what} {share:.0%}      ", end="", file=sys.stderr, flush=True)

    # above scale 4 every table is Parquet in parts
    city = work / "city"
    generate(city, scale=max(scale, 5), bad_rows=False, progress=progress)
    print(file=sys.stderr)
    if table == "taps":
        one_day = (
            pl.scan_parquet(city / "timetable")
            .filter(pl.col("service_date") == pl.date(2026, 3, 2))
            .collect()
        )
        _lines(one_day, made)
        for part in sorted(
            (city / "taps").iterdir()
        ):  # clean taps have the contract's default in place of null
            pl.read_parquet(part).with_columns(pl.col("num_riders").fill_null(1)).write_parquet(part)
    if table == "stop_visits":
        (city / "timetable").rename(made / "timetable")
    (city / table).rename(made / table)
    shutil.rmtree(city)


def _lines(timetable: pl.DataFrame, made: Path) -> None:
    from pipelines.traffic import riders

    patterns = riders.line_patterns(timetable)
    patterns.write_parquet(made / "patterns.parquet")
    riders.stop_pairs(patterns).write_parquet(made / "pairs.parquet")


def _derived(made: Path) -> None:
    """Make, part by part, the tables that measures take from other measures: no key lies in two parts."""
    from pipelines.traffic import riders, roads
    from workbench.data.engines import open_engine

    pairs = pl.read_parquet(made / "pairs.parquet")
    steps = {
        "rides": ("taps", lambda taps: riders.rides(taps, pairs)),
        "speeds_by_hour": ("road_speeds", roads.speeds_by_hour),
        "segment_reliability": ("road_speeds", roads.segment_reliability),
    }
    with open_engine("polars") as engine:
        for name, (source, measure) in steps.items():
            (made / name).mkdir()
            for part in sorted((made / source).iterdir()):
                measure(engine.read(str(part))).gather().write_parquet(made / name / part.name)
