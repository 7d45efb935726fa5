"""
Each traffic measure through `Table` against the same measure written by hand for the same engine.

    python benchmarks/tables.py --rows 2e6 --engines polars dask

The two run in turns, each in a process of its own, on the same files; their results must be equal before a time
counts. Ratios are ours over native, so below 1 is faster: the median of the rounds and, in brackets, their range. What
is compared and what came out: docs/reference/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from race import CellError, Outcome, race
from samples import default_place, prepare

MEASURES = (
    "hourly_boardings", "origin_destination", "distinct_cards", "tap_totals", "rides", "load_profile", "headways",
    "speeds_by_hour", "segment_reliability", "congestion_index",
)  # fmt: skip
GOALS = {"polars": 1.15, "dask": 1.0, "spark": 1.15}
"""The CPU ratio that is good enough."""
HEAD = ("engine", "rows", "measure", "CPU ratio", "wall ratio", "peak GiB", "native", "")


def over(one: Outcome) -> bool:
    return one.cpu is None or one.cpu.median > GOALS[one.engine]


def line(one: Outcome) -> tuple[str, ...]:
    named = (one.engine, f"{one.rows:,}", one.measure)
    if one.differs:
        return (*named, "", "", "", one.native, f"results differ: {one.differs}")
    peaks = f"{one.ours_peak_bytes / 2**30:.2f} / {one.native_peak_bytes / 2**30:.2f}"
    return (*named, str(one.cpu), str(one.wall), peaks, one.native, "over" if over(one) else "")


def show(found: Sequence[Outcome]) -> None:
    lines = [HEAD, *map(line, found)]
    widths = [max(len(one[i]) for one in lines) for i in range(len(HEAD) - 1)]
    for one in lines:
        print("  ".join(text.ljust(width) for text, width in zip(one, [*widths, 0], strict=True)).rstrip())


def said(*names: str) -> Callable[[str], None]:
    def progress(what: str) -> None:
        print(f"{' '.join(names)}: {what}", file=sys.stderr, flush=True)

    return progress


def number(text: str) -> int:
    return int(float(text))


def asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tables", description="Compare the measures with what a user would write by hand."
    )
    parser.add_argument(
        "--rows",
        type=number,
        nargs="+",
        default=[2_000_000, 20_000_000],
        help="rows of the tables (2e6 20e6)",
    )
    parser.add_argument("--engines", nargs="+", choices=GOALS, help="those installed")
    parser.add_argument(
        "--measures",
        nargs="+",
        choices=MEASURES,
        default=MEASURES,
        metavar="MEASURE",
        help=", ".join(MEASURES),
    )
    parser.add_argument("--rounds", type=number, default=5, help="runs of each side, in turns (5)")
    parser.add_argument("--spark-memory", default="3g", help="of each Spark driver (3g)")
    parser.add_argument(
        "--data", type=Path, default=default_place(), help="folder in which the tables are made and kept"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write here, after each comparison")
    parser.add_argument("--check", action="store_true", help="exit 4 where a ratio is over its goal")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    from workbench.data.engines import installed

    args = asked(arguments)
    missing = sorted(set(args.engines or ()) - set(installed()))
    if missing:
        print(
            f"tables: not installed or without Java: {', '.join(missing)}; see `workbench doctor`.",
            file=sys.stderr,
        )
        return 5
    found: list[Outcome] = []
    for rows in args.rows:
        given = prepare(args.data, rows)
        for engine in args.engines or installed():
            for measure in args.measures:
                progress = said(engine, f"{rows:,}", measure)
                try:
                    found.append(
                        race(
                            engine,
                            measure,
                            given,
                            rounds=args.rounds,
                            spark_memory=args.spark_memory,
                            progress=progress,
                        )
                    )
                except CellError as error:
                    print(f"tables: {error}", file=sys.stderr)
                    return 1
                print("  ".join(line(found[-1])[3:]), file=sys.stderr)
                if args.json:
                    args.json.write_text(
                        json.dumps([asdict(one) for one in found], indent=1) + "\n", encoding="utf-8"
                    )
    show(found)
    differ = any(one.differs for one in found)
    return 4 if differ or (args.check and any(map(over, found))) else 0


if __name__ == "__main__":
    sys.exit(main())
