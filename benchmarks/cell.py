"""
One side of one comparison, in a process of its own: `python cell.py ENGINE SIDE MEASURE FOLDER`.

It obeys lines of JSON: `{"save": PATH}` runs the measure and writes the result there as Parquet, `{"times": N}` runs it
so many times over. It answers each with the CPU and wall seconds of one run and the peak memory so far.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import meter
import polars as pl
from samples import Inputs

KEPT = ("rides", "load_profile")
"""Measures whose result is about as long as what they are made of: written to files, where others are gathered."""

Run = Callable[[str], Any]
"""Runs the measure; takes a folder to write to where the result is kept."""


def through_table(engine: str, measure: str, given: Inputs) -> Run:
    import ours

    from workbench.data.engines import open_engine

    opened = open_engine(engine)
    opened.table(pl.DataFrame({"started": [True]})).gather()
    if measure in KEPT:
        return lambda folder: ours.MEASURES[measure](opened, given).keep(folder)
    return lambda _: ours.MEASURES[measure](opened, given).gather()


def by_hand(engine: str, variant: str, measure: str, given: Inputs) -> Run:
    module: Any
    if engine == "polars":
        import native_polars as module
    elif engine == "spark":
        import native_spark as module
    else:
        import native_dask as module
    module.start(variant)
    if measure in KEPT:
        return lambda folder: module.keep(measure, given, folder)
    return lambda _: module.run(measure, given)


def save(result: Any, folder: Path, path: str) -> None:
    """Write what a run gave as one Parquet file."""
    if folder.exists():
        frame = pl.read_parquet(sorted(folder.glob("*.parquet")))
    else:
        frame = result if isinstance(result, pl.DataFrame) else pl.DataFrame(result)
    frame.write_parquet(path)


def main() -> None:
    engine, side, measure, inputs = sys.argv[1:]
    given = Inputs(Path(inputs))
    with (
        os.fdopen(os.dup(1), "w") as answers,
        tempfile.TemporaryDirectory(prefix="workbench-benchmark-") as work,
    ):
        os.dup2(2, 1)  # engines write to the standard output as they please
        run = (
            through_table(engine, measure, given) if side == "ours" else by_hand(engine, side, measure, given)
        )
        for line in sys.stdin:
            asked = json.loads(line)
            times = asked.get("times", 1)
            folders = [Path(work) / str(i) for i in range(times)]
            cpu, wall = meter.cpu_s(), time.perf_counter()
            for folder in folders:
                result = run(str(folder))
            cpu, wall = meter.cpu_s() - cpu, time.perf_counter() - wall
            answer = {"cpu_s": cpu / times, "wall_s": wall / times, "peak_bytes": meter.peak_bytes()}
            if "save" in asked:
                save(result, folders[-1], asked["save"])
            del result
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            meter.forget_peak()
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
