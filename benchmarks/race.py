"""Run two sides of a comparison in turns, each in a process of its own, after checking that they agree."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from same import difference
from samples import Inputs

SHORT_S, MOST = 0.5, 20
"""A run shorter than this many seconds is repeated within a round, so that a round measures something."""
WARM_S = {"spark": 20.0}
"""Seconds each side runs before the rounds: Java compiles what it runs often while it runs, for longer than one run."""
NATIVE = {"polars": ("streaming",), "dask": ("threads", "processes"), "spark": ("dataframe",)}
"""Ways to run what is written by hand; the best of them is what counts."""


class CellError(Exception):
    """A side that ended before it answered."""


@dataclass(frozen=True)
class Ratio:
    """Ours over native: the median of the rounds, and their range."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, ratios: list[float]) -> Ratio:
        return cls(statistics.median(ratios), min(ratios), max(ratios))

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.least:.2f}, {self.most:.2f}]"


@dataclass(frozen=True)
class Outcome:
    """What came of one comparison; where the results differ there are no ratios."""

    engine: str
    rows: int
    measure: str
    native: str
    differs: str | None
    cpu: Ratio | None = None
    wall: Ratio | None = None
    ours_peak_bytes: int = 0
    native_peak_bytes: int = 0


class Cell:
    """One side, running."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.peak_bytes = 0

    def ask(self, **asked: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if not line:
            raise CellError(
                f"{' '.join(self.process.args[2:5])} ended with code {self.process.wait()}; its last words are above."
            )
        answer: dict[str, Any] = json.loads(line)
        self.peak_bytes = max(self.peak_bytes, answer["peak_bytes"])
        return answer


@contextmanager
def cell(engine: str, side: str, measure: str, given: Inputs, spark_memory: str) -> Iterator[Cell]:
    command = [
        sys.executable,
        str(Path(__file__).with_name("cell.py")),
        engine,
        side,
        measure,
        str(given.folder),
    ]
    env = {
        **os.environ,
        "PYSPARK_SUBMIT_ARGS": f"--driver-memory {spark_memory} pyspark-shell",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        try:
            yield Cell(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=60)
        except BaseException:
            process.terminate()
            raise


def race(
    engine: str,
    measure: str,
    given: Inputs,
    *,
    rounds: int,
    spark_memory: str,
    progress: Callable[[str], None],
) -> Outcome:
    """Compare one measure on one engine."""
    rows = int(given.folder.name.rpartition("-")[2])
    native = _best(engine, measure, given, spark_memory, progress)
    progress("comparing results")
    with (
        tempfile.TemporaryDirectory() as work,
        cell(engine, "ours", measure, given, spark_memory) as ours,
        cell(engine, native, measure, given, spark_memory) as theirs,
    ):
        paths = [f"{work}/{side}.parquet" for side in ("ours", "native")]
        first = [side.ask(save=path) for side, path in zip((ours, theirs), paths, strict=True)]
        differs = difference(*map(pl.read_parquet, paths))
        if differs is not None:
            return Outcome(engine, rows, measure, native, differs)
        times = max(1, min(MOST, math.ceil(SHORT_S / min(one["wall_s"] for one in first))))
        for done, side in enumerate((ours, theirs)):
            progress(f"warming up, side {done + 1} of 2")
            spent = 0.0
            while spent < WARM_S.get(engine, 0.0):
                spent += side.ask()["wall_s"]
        turns = []
        for done in range(rounds):
            progress(f"round {done + 1} of {rounds}")
            turns.append((ours.ask(times=times), theirs.ask(times=times)))
        cpu, wall = ([a[unit] / b[unit] for a, b in turns] for unit in ("cpu_s", "wall_s"))
        return Outcome(
            engine,
            rows,
            measure,
            native,
            None,
            Ratio.of(cpu),
            Ratio.of(wall),
            ours.peak_bytes,
            theirs.peak_bytes,
        )


def _best(
    engine: str, measure: str, given: Inputs, spark_memory: str, progress: Callable[[str], None]
) -> str:
    """The way of running the native side that takes the least CPU, by its second run."""
    ways = NATIVE[engine]
    if len(ways) == 1:
        return ways[0]
    spent = {}
    for way in ways:
        progress(f"trying {way}")
        with cell(engine, way, measure, given, spark_memory) as one:
            one.ask()
            spent[way] = one.ask()["cpu_s"]
    return min(spent, key=lambda way: spent[way])
