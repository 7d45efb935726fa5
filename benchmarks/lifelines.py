"""
Connectivity of lifelines against what a user would pick instead: one run, ratios with their range.

    python benchmarks/lifelines.py [--rounds 5] [--quick] [--json FILE]

What is compared: the demand lost by each edge when it fails, and the demand served in thousands of damaged
states. All sides are given the same graph, made ready for them before, and run in turns in each round;
nothing is timed before their results are equal. A ratio is the CPU time of theirs over that of ours in one
round: the median is shown with the least and the most. Slow ones do a part of the work, and their time is
extrapolated; the note says from what part. Kernels are compiled before; what that takes is shown first.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import lifelines_damage
import lifelines_single
from lifelines_race import Outcome, installed

OPTIONAL = ("rustworkx", "igraph")
FIRST_CALL = """
import sys, time
sys.path.insert(0, {here!r})
from lifelines_networks import district
network = district(1000)
import numpy as np
from workbench.lifelines.criticality import n_minus_1
from workbench.lifelines.solvers.connectivity import Connectivity
start = time.process_time()
n_minus_1(network)
Connectivity(network).totals(np.ones((64, network.size), bool))
print(time.process_time() - start)
"""


def results(rounds: int, quick: bool) -> Iterator[Outcome]:
    """Every comparison, as it is finished."""
    yield from lifelines_single.results([1_000] if quick else [1_000, 10_000, 100_000], rounds)
    yield from lifelines_damage.results(1_000 if quick else 10_000, rounds)


def first_calls() -> tuple[float, float]:
    """CPU seconds of the first N-1 and the first damage samples in a new process: to be compiled, and kept from before."""
    here = str(Path(__file__).parent)
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": str(Path(here).parent)}
        command = [sys.executable, "-c", FIRST_CALL.format(here=here)]
        taken = [
            float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
            for _ in range(2)
        ]
    return taken[0], taken[1]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison (5)")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write here, after each comparison")
    given = parser.parse_args()
    there = installed(*OPTIONAL)
    machine = {
        "python": platform.python_version(),
        "processors": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
        **{name: version(name) for name in ("networkx", "scipy", "numba")},
        **{name: version(name) if there[name] else "not installed, left out" for name in OPTIONAL},
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()), flush=True)
    compiled, kept = first_calls()
    machine |= {"first_call_compiled_s": compiled, "first_call_kept_s": kept}
    print(
        f"first calls in a new process: {compiled:.3g} s of CPU time to compile, {kept:.3g} s kept from before",
        flush=True,
    )
    done = []
    for result in results(given.rounds, given.quick):
        done.append(result)
        print(result, flush=True)
        if given.json:
            content = {"machine": machine, "results": [each.as_dict() for each in done]}
            given.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
