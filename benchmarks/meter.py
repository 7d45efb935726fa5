"""CPU time and peak memory of a process with all that it started (workers of Dask, the Java machine of Spark)."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from pathlib import Path

LINUX = sys.platform == "linux"
SCHEDULED = 2
"""The kind of a process's CPU clock in Linux; with the process's number it makes the number of the clock."""


def tree(pid: int) -> list[int]:
    """List a process and its living descendants."""
    found = [pid]
    for one in found:
        try:
            found += [
                int(child)
                for task in Path(f"/proc/{one}/task").iterdir()
                for child in (task / "children").read_text().split()
            ]
        except OSError:  # it ended meanwhile
            continue
    return found


def cpu_s() -> float:
    """CPU seconds so far of this process and its descendants; elsewhere than on Linux only of those that ended."""
    if not LINUX:
        return sum(os.times()[:4])
    return sum(_cpu_s(pid) for pid in tree(os.getpid()))


def _cpu_s(pid: int) -> float:
    try:
        ended = sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[13:15]))
        return time.clock_gettime((~pid << 3) | SCHEDULED) + ended / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def peak_bytes() -> int:
    """Most memory resident at once, of this process and each living descendant, added up."""
    if not LINUX:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return sum(_peak_bytes(pid) for pid in tree(os.getpid()))


def _peak_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def forget_peak() -> None:
    """Begin anew with the peak of this process, so that it is one of the measure and not of what checks it."""
    if LINUX:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
