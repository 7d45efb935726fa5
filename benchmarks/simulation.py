"""
The simulation core against what a user would pick instead: one run, ratios with their spread.

    python benchmarks/simulation.py [--rounds 7] [--quick] [--json FILE]

Sides are run in turns in each round, on the same draws, after checking that they give the same waits. A ratio
is that of one round; the median of the rounds is shown with the least and the most. CPU time of the process
is what counts, except where several processes work (wall clock).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import simulation_lines
import simulation_queue
import simulation_runner
from simulation_race import Result


def results(rounds: int, quick: bool) -> Iterator[Result]:
    """Every comparison, as it is finished."""
    yield from simulation_queue.results(rounds, 2_000 if quick else 10_000)
    yield from simulation_lines.results(rounds, quick)
    yield from simulation_runner.overhead(rounds, 2_000 if quick else 10_000)
    yield from simulation_runner.workers(max(2, rounds // 2), 1.5 if quick else 12.0)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each comparison")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--json", type=Path, help="file for the results")
    given = parser.parse_args()
    machine = {
        "python": platform.python_version(),
        "processors": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        **{name: version(name) for name in ("simpy", "ciw", "salabim", "numpy", "numba")},
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()), flush=True)
    done = []
    for result in results(given.rounds, given.quick):
        done.append(result)
        print(result, flush=True)
    if given.json:
        content = {"machine": machine, "results": [each.as_dict() for each in done]}
        given.json.write_text(json.dumps(content, indent=2))


if __name__ == "__main__":
    main()
