"""Work cut into tasks: none so short that handing it out is the work, none so long that others wait."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence

from workbench.simulation.work import Batch, Task, Unit

SHORTEST_S, LONGEST_S = 0.2, 2.0
_SAMPLING_SHARE = 0.2  # of a piece of a replication, at most, spent on sampling its day again


class Tasks:
    """
    Work still to do, handed out in tasks of a good length.

    Parameters
    ----------
    units
        Replications and their scenarios, in order.
    stop
        Asked before each task is handed out; once true, none is.
    """

    def __init__(self, units: Sequence[Unit], stop: Callable[[], bool]) -> None:
        self._units, self._stop = deque(units), stop
        self.left = sum(len(wanted) for _, wanted in units)
        self.forget()

    def measured(self, batch: Batch) -> None:
        """Learn from a finished task how long runs take."""
        self._runs += len(batch.rows)
        self._days += len({row.replication for row in batch.rows})
        self._busy += batch.seconds
        self._sampling += batch.sampling
        self._processor += batch.processor

    def forget(self) -> None:
        """Start measuring anew: the first runs may have compiled a kernel."""
        self._runs, self._days = 0, 0
        self._busy, self._sampling, self._processor = 0.0, 0.0, 0.0

    @property
    def got(self) -> float:
        """Share of a processor that the work got, 0 to 1: little where others keep the machine busy."""
        return min(1.0, self._processor / self._busy) if self._busy else 1.0

    @property
    def run_s(self) -> float:
        """Seconds that one run takes, its share of sampling included."""
        return self._busy / self._runs if self._runs else 0.0

    @property
    def left_s(self) -> float:
        """Seconds that one worker would still need."""
        return self.run_s * self.left

    def take(self, workers: int = 1) -> Task | None:
        """Hand out the next task, shorter towards the end; None where nothing is left or all should stop."""
        if not self._units or self._stop():
            return None
        seconds = min(LONGEST_S, max(SHORTEST_S, self.left_s / (4 * workers)))
        most = max(1, math.ceil(seconds / self.run_s)) if self._runs and self._busy else 1
        task: list[Unit] = []
        while self._units and most > 0:
            replication, wanted = self._units.popleft()
            if len(wanted) > most and self._pays_to_split(workers, most):
                self._units.appendleft((replication, wanted[most:]))
                wanted = wanted[:most]
            task.append((replication, wanted))
            most -= len(wanted)
            self.left -= len(wanted)
        return tuple(task)

    def _pays_to_split(self, workers: int, runs: int) -> bool:
        """Whether a piece of one replication is long enough for its day to be sampled once more."""
        if workers == 1:
            return True  # the day is kept from one piece to the next
        if not self._days or runs * self.run_s < SHORTEST_S:
            return False
        return self._sampling / self._days <= _SAMPLING_SHARE * runs * self.run_s
