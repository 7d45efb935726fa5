"""Runs on a Dask cluster: this machine's, or one that is already there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench._need import need
from workbench.errors import BadParameter, WorkbenchError
from workbench.simulation._sending import processors
from workbench.simulation.tasks import Tasks
from workbench.simulation.work import Batch, Work, run_batch


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
        finished = self._as_completed(loop=self._client.loop)
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


def _result(future: Any) -> Batch:
    try:
        batch: Batch = future.result()
    except Exception as error:
        raise WorkbenchError(
            f"A Dask worker failed ({type(error).__name__}: {str(error).strip() or 'no message'}): the "
            "workbench, the model's module and the same versions must be installed there. Finished runs are "
            "in the store."
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
