"""Print the CPU seconds that starting the workbench takes: the least of five runs, as a fresh process."""

from __future__ import annotations

import resource
import subprocess
import sys

RUNS = 5
LIMITS = {
    "import workbench": (("-c", "import workbench"), 0.3),
    "workbench --help": (("-m", "workbench.cli", "--help"), 0.7),
}


def cpu_seconds(arguments: tuple[str, ...]) -> float:
    """CPU time, user and system, of one run of this Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print each, and end with 1 where one is over its limit."""
    over = 0
    for name, (arguments, limit) in LIMITS.items():
        least = min(cpu_seconds(arguments) for _ in range(RUNS))
        print(f"{name}: {least:.3f} s of CPU (limit {limit} s)")
        over += least > limit
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
