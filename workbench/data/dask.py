"""Dask: threads of this process, or the workers behind a scheduler's address."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from workbench.data.engines import PATIENCE_S, explained, need, unreachable
from workbench.data.parts import PartsEngine
from workbench.errors import EngineMissing

SCHEDULER_PORT = 8786
MOST_BUCKETS = 4096


class DaskEngine(PartsEngine):
    """
    Dask over parts.

    Parameters
    ----------
    address
        A scheduler's, such as `tcp://host:8786`; threads of this process where none is given.
    work
        See `Engine`.
    """

    name = "dask"

    def __init__(self, address: str = "", work: str | None = None) -> None:
        need("dask", "dask", "dask")
        self._client: Any = None
        if address:
            need("distributed", "dask", "dask")
            self._client = _connected(address)
        super().__init__(work)
        self.workers = sum(self._client.nthreads().values()) if self._client else (os.cpu_count() or 1)

    def buckets(self, parts: int) -> int:
        """As many as there are parts, within reason."""
        return max(1, min(parts, MOST_BUCKETS))

    def task(self, fn: Callable[..., Any], *args: Any) -> Any:
        """Remember one call."""
        import dask

        return dask.delayed(fn, pure=False, traverse=False)(*args)

    def tasks(self, count: int, fn: Callable[..., Any], *args: Any) -> list[Any]:
        """Remember one call that gives a list of `count`."""
        import dask

        return list(dask.delayed(fn, pure=False, nout=count, traverse=False)(*args))

    def compute(self, tasks: Sequence[Any]) -> list[Any]:
        """Run remembered calls; their values, in order."""
        import dask

        if not tasks:
            return []
        if self._client is not None:
            return list(explained(lambda: self._client.gather(self._client.compute(list(tasks)))))
        return list(explained(lambda: dask.compute(*tasks, scheduler="threads", num_workers=self.workers)))

    def close(self) -> None:
        """Leave the cluster, which runs on, and remove what was made on the way."""
        if self._client is not None:
            self._client.close()
            self._client = None
        super().close()


def _connected(address: str) -> Any:
    from distributed import Client

    remedy = "start one with `dask scheduler`, mend the address, or use --engine dask"
    if problem := unreachable(address, SCHEDULER_PORT):
        raise EngineMissing(f"No Dask scheduler answers at '{address}' ({problem}): {remedy}.")
    try:
        return Client(address, timeout=f"{PATIENCE_S}s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise EngineMissing(
            f"No Dask scheduler answers at '{address}' ({type(error).__name__}): {remedy}."
        ) from error
