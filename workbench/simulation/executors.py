"""
Where runs happen: in this process, in several, or on a Dask cluster. Results never depend on it.

Processes include this one: it works while the others start, so that asking for two is not slower than
asking for one; and none is started where the rest of the work is too short to repay it.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol

from workbench.errors import BadParameter, WorkbenchError
from workbench.simulation._sending import not_importable
from workbench.simulation.tasks import Tasks
from workbench.simulation.work import Batch, Task, Work

WATCHED_S = 0.5  # seconds of work here and there, from which on it is known what the others bring
BRINGS = 1.15  # times what this process got alone; less is not worth the processes
GUARD = "put the lines that run it under `if __name__ == '__main__':`"


class Executor(Protocol):
    """A place where tasks are run."""

    name: str
    workers: int

    def results(self, work: Work, tasks: Tasks) -> Iterator[Batch]:
        """Run the tasks and give each batch when it is finished, in any order."""
        ...

    def close(self) -> None:
        """Let go of processes and connections."""
        ...


class Serial:
    """One task after the other, in this process."""

    name, workers = "serial", 1

    def results(self, work: Work, tasks: Tasks) -> Iterator[Batch]:
        """Run the tasks and give each batch when it is finished."""
        while (task := tasks.take()) is not None:
            batch = work.batch(task)
            tasks.measured(batch)
            yield batch

    def close(self) -> None:
        """Nothing to let go of."""


class Got:
    """What some tasks got of a processor."""

    seconds = processor = 0.0

    def add(self, batch: Batch) -> None:
        """Count a task."""
        self.seconds += batch.seconds
        self.processor += batch.processor

    @property
    def share(self) -> float:
        """Share of a processor, 0 to 1."""
        return min(1.0, self.processor / self.seconds)


class Processes:
    """
    Several processes on this machine, this one among them.

    Parameters
    ----------
    workers
        How many processes, at least 2.
    alone
        Share of a processor that this process got by itself. Where all together get hardly more, others keep
        the machine busy, and this process does the rest alone; None for never.
    """

    name = "processes"

    def __init__(self, workers: int, *, alone: float | None = None) -> None:
        self.workers = max(2, workers)
        self._alone = alone
        self._pool: ProcessPoolExecutor | None = None
        self._unfinished = False

    def results(self, work: Work, tasks: Tasks) -> Iterator[Batch]:
        """Run the tasks and give each batch when it is finished, in any order."""
        pool = self._started(work)
        waiting: set[Future[Batch]] = set()
        here, there, paying = Got(), Got(), True
        self._unfinished = True
        try:
            while True:
                paying = paying and self._pay(here, there)  # once they do not, they get no more
                most = 2 * (self.workers - 1) if paying else 0
                while len(waiting) < most and (task := tasks.take(self.workers)) is not None:
                    waiting.add(pool.submit(_do, task))
                if (mine := tasks.take(self.workers)) is not None:
                    batch = work.batch(mine)
                    tasks.measured(batch)
                    if there.seconds:  # the others have started
                        here.add(batch)
                    yield batch
                elif not waiting:
                    self._unfinished = False
                    return
                done, waiting = wait(waiting, 0 if mine else None, FIRST_COMPLETED)
                for each in done:
                    batch = each.result()
                    tasks.measured(batch)
                    there.add(batch)
                    yield batch
        except BrokenProcessPool:
            self._pool = None
            raise WorkbenchError(
                "A worker process ended before its work was done. If this is a script without a guard, "
                f"{GUARD}; if memory ran out, use fewer workers or workers=1. Finished runs are in the store."
            ) from None
        finally:
            for each in waiting:
                each.cancel()

    def _pay(self, here: Got, there: Got) -> bool:
        """Whether the others bring something, as far as it is known."""
        if self._alone is None or min(here.seconds, there.seconds) < WATCHED_S:
            return True
        return here.share + (self.workers - 1) * there.share >= BRINGS * self._alone

    def close(self) -> None:
        """End the processes, at once where the work was interrupted."""
        if self._pool is None:
            return
        if self._unfinished:
            for process in list((getattr(self._pool, "_processes", None) or {}).values()):
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def _started(self, work: Work) -> ProcessPoolExecutor:
        if self._pool is None:
            if (why := not_importable(work)) is not None:
                raise BadParameter(why)
            methods = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
            self._pool = ProcessPoolExecutor(
                self.workers - 1, mp_context=context, initializer=_begin, initargs=(pickle.dumps(work),)
            )
        return self._pool


_here: Work | None = None


def _begin(pickled: bytes) -> None:
    """Make a worker process ready: interrupts are left to its parent, and it ends with it, even killed."""
    global _here
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _here = pickle.loads(pickled)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(task: Task) -> Batch:
    if _here is None:
        raise RuntimeError("the worker process was not made ready")
    return _here.batch(task)
