"""Runs gathered for one question: what the store holds is taken, the rest is run, measured and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from workbench.errors import BadParameter
from workbench.simulation.executors import Executor, Serial
from workbench.simulation.placement import Idle, checked, chosen
from workbench.simulation.scenario import scenario_key
from workbench.simulation.store import RunStore
from workbench.simulation.tasks import Tasks
from workbench.simulation.work import Batch, Row, Unit, Work

_KEEP_S = 1.0  # seconds of finished work that a kill may cost
_COMPILES_S = 20.0  # a first run that takes longer than this is slow, not compiling


@dataclass(frozen=True)
class Progress:
    """
    How far an experiment is.

    Attributes
    ----------
    done, total
        Runs (one scenario on one day), those found in the store included.
    errors
        Runs that failed so far.
    elapsed_s
        Seconds since it began.
    """

    done: int
    total: int
    errors: int
    elapsed_s: float

    @property
    def left_s(self) -> float | None:
        """Seconds still to go at the pace so far; None before the first run."""
        return self.elapsed_s / self.done * (self.total - self.done) if self.done else None


@dataclass(frozen=True)
class Timing:
    """
    How the work was done; not part of the results.

    Attributes
    ----------
    elapsed_s
        Seconds on the clock.
    executor, workers, reason
        Where it was run, by how many, and why there.
    computed, from_store
        Runs made now, and runs found in the store.
    """

    elapsed_s: float
    executor: str
    workers: int
    reason: str
    computed: int
    from_store: int


class Asked(Protocol):
    """Something that says whether it is set, such as `threading.Event`."""

    def is_set(self) -> bool:
        """Whether it is set."""
        ...


Cancel = Callable[[], bool] | Asked | None
Report = Callable[[Progress], None] | None


class Session:
    """
    Rows of an experiment, gathered step by step with the same workers and store.

    Parameters
    ----------
    work
        Model, scenarios and seed.
    workers
        As in `Experiment.run`.
    store
        Folder of the run store, None for none.
    progress, cancel
        As in `Experiment.run`.
    """

    def __init__(
        self,
        work: Work,
        *,
        workers: int | str | Executor = "auto",
        store: str | Path | None = None,
        progress: Report = None,
        cancel: Cancel = None,
    ) -> None:
        self.work, self.rows = work, dict[tuple[int, int], Row]()
        self._workers, self._progress = checked(workers), progress
        asked: Any = getattr(cancel, "is_set", cancel)  # an event, or a function
        self._cancel: Callable[[], bool] | None = asked
        self._executor: Executor | None = None
        self._reason = "the work was done while it was measured"
        self._began, self._from_store, self._computed, self._errors = time.perf_counter(), 0, 0, 0
        self.cancelled = False
        self._store: RunStore | None = None
        self._stored: dict[tuple[str, int], tuple[float, ...]] = {}
        if store is not None:
            self._store = RunStore(store, work.model, work.seed)
            self._keys = [scenario_key(scenario) for scenario in work.scenarios]
            self._stored = self._store.read(self._keys)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._executor is not None and self._executor is not self._workers:
            self._executor.close()

    def fetch(self, replications: Iterable[int], scenarios: Sequence[int]) -> bool:
        """
        Gather the rows of some replications and scenarios.

        Returns
        -------
        complete
            False where the work was cancelled before its end.
        """
        units = list(self._missing(replications, scenarios))
        self._total = len(self.rows) + sum(len(wanted) for _, wanted in units)
        if units:
            self._gather(Tasks(units, self._asked_to_stop))
        elif self._progress is not None:
            self._tell()
        return not self.cancelled

    def timing(self) -> Timing:
        """How the work was done so far."""
        executor = self._executor or Serial()
        elapsed = time.perf_counter() - self._began
        reason = self._reason if self._computed else "every run was in the store"
        return Timing(elapsed, executor.name, executor.workers, reason, self._computed, self._from_store)

    def _missing(self, replications: Iterable[int], scenarios: Sequence[int]) -> Iterator[Unit]:
        for replication in replications:
            wanted = [place for place in scenarios if (replication, place) not in self.rows]
            if self._store is not None:
                for place in list(wanted):
                    values = self._stored.get((self._keys[place], replication))
                    if values is not None:
                        self.rows[replication, place] = Row(replication, place, values, None)
                        wanted.remove(place)
                        self._from_store += 1
            if wanted:
                yield replication, tuple(wanted)

    def _gather(self, tasks: Tasks) -> None:
        fresh: list[Row] = []
        kept = time.perf_counter()
        try:
            for batch in self._batches(tasks):
                self._computed += len(batch.rows)
                for row in batch.rows:
                    self.rows[row.replication, row.scenario] = row
                    self._errors += row.error is not None
                fresh += batch.rows
                now = time.perf_counter()
                if now - kept >= max(_KEEP_S, 0.005 * (now - self._began)):
                    self._keep(fresh)
                    fresh, kept = [], time.perf_counter()
                if self._progress is not None:
                    self._tell()
        finally:
            self._keep(fresh)

    def _batches(self, tasks: Tasks) -> Iterator[Batch]:
        if self._executor is None or isinstance(self._executor, Serial):
            idle = Idle()
            if self._workers == "auto" or isinstance(self._workers, int):
                yield from self._first(tasks)
                if tasks.left == 0 or self._asked_to_stop():
                    return
            self._executor, self._reason = chosen(self._workers, self.work, tasks, idle.processors())
        yield from self._executor.results(self.work, tasks)

    def _first(self, tasks: Tasks) -> Iterator[Batch]:
        """Run the first few here and measure them; the very first may have compiled a kernel."""
        measured = 0.0
        compiling = True
        while measured < 0.2 and (task := tasks.take()) is not None:
            batch = self.work.batch(task)
            tasks.measured(batch)
            yield batch
            if compiling and batch.seconds < _COMPILES_S and tasks.left:
                tasks.forget()
                compiling = False
            else:
                measured += batch.seconds

    def _keep(self, rows: Sequence[Row]) -> None:
        if self._store is not None:
            self._store.write(
                [
                    (self._keys[row.scenario], row.replication, row.values)
                    for row in rows
                    if row.values is not None
                ]
            )

    def _asked_to_stop(self) -> bool:
        if not self.cancelled and self._cancel is not None and self._cancel():
            self.cancelled = True
        return self.cancelled

    def _tell(self) -> None:
        if self._progress is not None:
            elapsed = time.perf_counter() - self._began
            self._progress(Progress(len(self.rows), self._total, self._errors, elapsed))


def whole(what: str, value: object, least: int) -> int:
    """Check a number that counts something."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadParameter(f"`{what}` must be a whole number of at least {least}, not {value!r}.")
    return value
