"""Choose where runs happen, from what was asked for and how long the first runs took."""

from __future__ import annotations

import multiprocessing

from workbench.errors import BadParameter
from workbench.simulation._sending import not_importable, processors
from workbench.simulation.cluster import Cluster
from workbench.simulation.executors import GUARD, Executor, Processes, Serial
from workbench.simulation.tasks import Tasks
from workbench.simulation.work import Work

PAYS_S = 4.0  # seconds of work left for one worker, below which starting others costs more than it brings
BUSY = 0.6  # share of a processor, below which others keep the machine busy and more processes only push


def chosen(workers: int | str | Executor, work: Work, tasks: Tasks) -> tuple[Executor, str]:
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
    if workers == "auto" and (why := not_importable(work)) is not None:
        return Serial(), why
    return Processes(most), f"{tasks.left_s:.0f} s of work is left for one process"


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
