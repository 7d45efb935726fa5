"""
What a worker does: run scenarios on sampled days, and turn what fails into rows.

This module imports nothing heavy, so that worker processes start fast.
"""

from __future__ import annotations

import math
import re
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

from workbench.errors import WorkbenchError, nearest
from workbench.simulation.model import Model
from workbench.simulation.streams import Streams

Unit = tuple[int, tuple[int, ...]]
"""A replication, and the places of the scenarios to run on its day."""
Task = tuple[Unit, ...]


class Row(NamedTuple):
    """One scenario on one day: its outcomes in the declared order, or what went wrong."""

    replication: int
    scenario: int
    values: tuple[float, ...] | None
    error: str | None


@dataclass(frozen=True)
class Batch:
    """Rows of one task, and the seconds it took: on the clock, of them for sampling, and on the processor."""

    rows: list[Row]
    seconds: float
    sampling: float = 0.0
    processor: float = 0.0


class Work:
    """
    A model, its scenarios and a seed: all that a worker needs.

    Parameters
    ----------
    model
        What is run.
    scenarios
        In the order in which tasks count them.
    seed
        Of the whole experiment.
    """

    def __init__(self, model: Model[Any, Any], scenarios: tuple[Any, ...], seed: int) -> None:
        self.model, self.scenarios, self.seed = model, scenarios, seed
        self.outcomes = tuple(model.outcomes)
        self._declared = set(self.outcomes)
        self._days: dict[
            int, tuple[int, Any]
        ] = {}  # the last of each thread: a long replication comes in pieces

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_days": {}}

    def day(self, replication: int) -> Any:
        """Sample the day of a replication, or take the last one if it is the same."""
        thread = threading.get_ident()
        held = self._days.get(thread)
        if held is None or held[0] != replication:
            self._days.pop(thread, None)
            held = self._days[thread] = (replication, self.model.sample(Streams(self.seed, replication)))
        return held[1]

    def batch(self, task: Task) -> Batch:
        """Run a task; what fails becomes a row with its error."""
        began, processor, sampling = time.perf_counter(), time.thread_time(), 0.0
        rows: list[Row] = []
        for replication, wanted in task:
            start = time.perf_counter()
            try:
                day = self.day(replication)
            except Exception as error:
                said = f"sampling the day: {told(error)}"
                rows.extend(Row(replication, place, None, said) for place in wanted)
                continue
            finally:
                sampling += time.perf_counter() - start
            rows.extend(self.row(replication, place, day) for place in wanted)
        return Batch(rows, time.perf_counter() - began, sampling, time.thread_time() - processor)

    def row(self, replication: int, place: int, day: Any) -> Row:
        """Run one scenario on one day."""
        try:
            got = self.model.run(self.scenarios[place], day)
            if got.keys() != self._declared:
                raise WorkbenchError(_undeclared(got, self.outcomes))
            values = tuple([float(got[name]) for name in self.outcomes])
            if math.inf in values or -math.inf in values:
                raise WorkbenchError(_infinite(values, self.outcomes))
        except Exception as error:
            return Row(replication, place, None, told(error))
        return Row(replication, place, values, None)


def run_batch(work: Work, task: Task) -> Batch:
    """Run a task, as a function that a cluster can call by name."""
    return work.batch(task)


def told(error: Exception) -> str:
    """An error in one line, the same in every process: its message, or its kind, message and place."""
    if isinstance(error, WorkbenchError):
        return str(error)
    said = re.sub(r" at 0x[0-9a-fA-F]+", "", str(error))
    steps = traceback.extract_tb(error.__traceback__)
    where = f" ({PurePath(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else ""
    return f"{type(error).__name__}{': ' if said else ''}{said}{where}"


def _undeclared(got: Mapping[str, float], declared: tuple[str, ...]) -> str:
    said = [f"outcome '{name}' is declared but was not returned" for name in declared if name not in got]
    said += [
        f"outcome '{name}' was returned but is not declared. {nearest(str(name), list(declared))}"
        for name in got
        if name not in declared
    ]
    return "; ".join(said)


def _infinite(values: tuple[float, ...], names: tuple[str, ...]) -> str:
    which = ", ".join(f"'{name}'" for name, value in zip(names, values, strict=True) if math.isinf(value))
    return f"outcome {which} is infinite: return a number, or NaN where it does not exist"
