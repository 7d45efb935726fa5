"""Choose where runs happen, from what was asked for and how long the first runs took."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

from workbench.errors import BadParameter
from workbench.simulation._sending import not_importable, processors
from workbench.simulation.cluster import Cluster
from workbench.simulation.executors import GUARD, Executor, Processes, Serial
from workbench.simulation.tasks import Tasks
from workbench.simulation.work import Work

PAYS_S = 4.0  # seconds of work left for one worker, below which starting others costs more than it brings
LONG_S = 60.0  # seconds of work left for one worker, from which on it costs little to try
BUSY = 0.6  # share of a processor, below which others keep the machine busy and more processes only push
FREE = 0.5  # processors that nobody else used, below which another process would only take from this one


class Idle:
    """How many of this process's processors stand idle from now on, or do what yields to it."""

    def __init__(self) -> None:
        self._began, self._idle = time.perf_counter(), _idle_s()

    def processors(self) -> float | None:
        """On average so far; None where the system does not tell."""
        elapsed, idle = time.perf_counter() - self._began, _idle_s()
        if idle is None or self._idle is None or elapsed <= 0.0:
            return None
        return (idle - self._idle) / elapsed


def _idle_s() -> float | None:
    """Seconds of the processors since the system started; only Linux tells."""
    try:
        rows = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
        ours, ticks = {f"cpu{each}" for each in os.sched_getaffinity(0)}, os.sysconf("SC_CLK_TCK")
        polite = os.nice(0) > 0  # then others at lower priority do not yield
        idle = [int(row[4]) + int(row[5]) + (0 if polite else int(row[2])) for row in rows if row[0] in ours]
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    return sum(idle) / ticks if idle else None


def chosen(
    workers: int | str | Executor, work: Work, tasks: Tasks, idle: float | None = None
) -> tuple[Executor, str]:
    """
    Choose where to run what is left, now that the first runs were measured.

    Parameters
    ----------
    workers
        "auto"; a number of processes, which is the most that are used; "dask" or an address; or an executor,
        which is used in any case.
    work
        What is to be run.
    tasks
        What is left of it.
    idle
        Processors that stood idle meanwhile; None where that is not known.

    Returns
    -------
    executor, reason
        And in a few words why.
    """
    if isinstance(workers, str) and workers != "auto":
        return Cluster(workers), f"asked for {workers}"
    if not isinstance(workers, int | str):
        return workers, "given"
    most = workers if isinstance(workers, int) else processors()
    if most == 1:
        return Serial(), "one worker" if workers == 1 else "one processor"
    if tasks.left_s < PAYS_S:
        return Serial(), f"{tasks.left_s:.1f} s of work is left, too short to start processes"
    if tasks.got < BUSY:
        return Serial(), f"the machine is busy: the first runs got {tasks.got:.0%} of a processor"
    if idle is not None and idle < FREE and tasks.left_s < LONG_S:
        return Serial(), f"the machine is busy: {idle:.1f} processors stood idle during the first runs"
    if workers == "auto" and (why := not_importable(work)) is not None:
        return Serial(), why
    return Processes(most, alone=tasks.got), f"{tasks.left_s:.0f} s of work is left for one process"


def checked(workers: int | str | Executor) -> int | str | Executor:
    """Check what `workers` may be."""
    if isinstance(workers, str):
        if workers not in ("auto", "dask") and "://" not in workers:
            raise BadParameter(
                f"`workers` is 'auto', a whole number, 'dask' or an address such as 'tcp://host:8786', "
                f"not '{workers}'."
            )
    elif isinstance(workers, bool) or (isinstance(workers, int) and workers < 1):
        raise BadParameter(f"`workers` must be at least 1, not {workers}.")
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise BadParameter(
            f"An experiment was started while a worker process was loading this script: {GUARD}."
        )
    return workers
