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
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol

from workbench.errors import BadParameter, WorkbenchError
from workbench.simulation._need import need
from workbench.simulation.tasks import Tasks
from workbench.simulation.work import Batch, Task, Work, run_batch

PAYS_S = 4.0  # seconds of work left for one worker, below which starting others costs more than it brings
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


class Processes:
    """
    Several processes on this machine, this one among them.

    Parameters
    ----------
    workers
        How many processes, at least 2.
    """

    name = "processes"

    def __init__(self, workers: int) -> None:
        self.workers = max(2, workers)
        self._pool: ProcessPoolExecutor | None = None
        self._unfinished = False

    def results(self, work: Work, tasks: Tasks) -> Iterator[Batch]:
        """Run the tasks and give each batch when it is finished, in any order."""
        pool = self._started(work)
        waiting: set[Future[Batch]] = set()
        self._unfinished = True
        try:
            while True:
                while len(waiting) < 2 * (self.workers - 1) and (task := tasks.take(self.workers)) is not None:
                    waiting.add(pool.submit(_do, task))
                if (mine := tasks.take(self.workers)) is not None:
                    batch = work.batch(mine)
                    tasks.measured(batch)
                    yield batch
                elif not waiting:
                    self._unfinished = False
                    return
                done, waiting = wait(waiting, 0 if mine else None, FIRST_COMPLETED)
                for each in done:
                    batch = each.result()
                    tasks.measured(batch)
                    yield batch
        except BrokenProcessPool:
            self._pool = None
            raise WorkbenchError(
                "A worker process ended before its work was done. If this is a script without a guard, "
                f"{GUARD}; if memory ran out, use fewer workers, or workers=1. Finished runs are in the store."
            ) from None
        finally:
            for each in waiting:
                each.cancel()

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


class Cluster:
    """
    A Dask cluster.

    Parameters
    ----------
    address
        "dask" for the client in use, or, where there is none, a cluster of this machine's processors; or the
        address of a scheduler, such as "tcp://10.0.0.5:8786".
    """

    name = "dask"

    def __init__(self, address: str) -> None:
        distributed = need("distributed", "Running on Dask")
        self._cluster: Any = None
        self._own = True
        if address != "dask":
            self._client = _connected(distributed, address)
        else:
            try:
                self._client, self._own = distributed.default_client(), False
            except ValueError:
                self._cluster = distributed.LocalCluster(
                    n_workers=processors(), threads_per_worker=1, dashboard_address=None, silence_logs=40
                )
                self._client = distributed.Client(self._cluster, set_as_default=False)
        self._as_completed = distributed.as_completed
        self.workers = max(1, sum(self._client.nthreads().values()))

    def results(self, work: Work, tasks: Tasks) -> Iterator[Batch]:
        """Run the tasks and give each batch when it is finished, in any order."""
        shared = self._client.scatter(work, hash=False)
        finished = self._as_completed()
        try:
            while True:
                while finished.count() < 2 * self.workers and (task := tasks.take(self.workers)) is not None:
                    finished.add(self._client.submit(run_batch, shared, task, pure=False))
                if finished.count() == 0:
                    return
                batch = _result(next(finished))
                tasks.measured(batch)
                yield batch
        finally:
            self._client.cancel([*finished.futures])

    def close(self) -> None:
        """Close the connection, and the cluster if it was started here."""
        if self._own:
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def chosen(workers: int | str | Executor, work: Work, tasks: Tasks) -> tuple[Executor, str]:
    """
    Choose where to run what is left, now that the first runs were measured.

    Parameters
    ----------
    workers
        "auto"; a number of processes, which is the most that are used; "dask" or an address; or an executor.
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
    most = processors() if workers == "auto" else workers
    if most == 1:
        return Serial(), "one worker" if workers == 1 else "one processor"
    if tasks.left_s < PAYS_S:
        return Serial(), f"{tasks.left_s:.1f} s of work is left, too short to start processes"
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
        raise BadParameter(f"An experiment was started while a worker process was loading this script: {GUARD}.")
    return workers


def not_importable(work: Work) -> str | None:
    """Why the model or its scenarios cannot be sent to other processes; None where they can."""
    for thing in (work.model, *work.scenarios[:1]):
        kind = type(thing)
        main = sys.modules.get("__main__")
        if kind.__module__ == "__main__" and not _is_script(main):
            return (
                f"{kind.__name__} is defined in a notebook or at the prompt, where worker processes cannot find it: "
                "put it in a module (a .py file) and import it, or use workers=1 or workers='dask'."
            )
        if "<locals>" in kind.__qualname__:
            return (
                f"{kind.__name__} is defined inside a function, where worker processes cannot find it: "
                "define it at the top of its module, or use workers=1."
            )
    try:
        pickle.dumps(work)
    except Exception as error:  # noqa: BLE001 - pickling runs code of the model, which may raise anything
        return (
            f"The model or a scenario cannot be sent to other processes ({error}): "
            "keep open files and lambdas out of it, or use workers=1."
        )
    return None


def processors() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _is_script(main: object) -> bool:
    if getattr(main, "__spec__", None) is not None:
        return True
    file = getattr(main, "__file__", None)
    return file is not None and Path(file).is_file()


def _result(future: Any) -> Batch:
    try:
        batch: Batch = future.result()
    except Exception as error:
        raise WorkbenchError(
            f"A Dask worker failed ({type(error).__name__}: {str(error).strip() or 'no message'}): the workbench, the "
            "model's module and the same versions must be installed there. Finished runs are in the store."
        ) from error
    return batch


def _connected(distributed: Any, address: str) -> Any:
    try:
        return distributed.Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise BadParameter(
            f"No Dask scheduler answers at {address} ({type(error).__name__}): "
            "start one with `dask scheduler`, or check the address."
        ) from None


_here: Work | None = None


def _begin(pickled: bytes) -> None:
    """Make a worker process ready: it leaves interrupts to its parent and ends with it, even if that is killed."""
    global _here  # noqa: PLW0603 - one process, one work
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
