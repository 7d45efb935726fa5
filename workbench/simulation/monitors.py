"""
What to measure in a SimPy model while it runs, and Little's law, which every model must obey.

Monitors read the clock of anything that has `now`, such as a SimPy environment.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import Protocol

from workbench.errors import BadParameter, CheckFailed


class Clock(Protocol):
    """Something that knows the simulated time, such as `simpy.Environment`."""

    @property
    def now(self) -> float:
        """The time."""
        ...


class TimeWeighted:
    """
    A quantity that keeps its value between changes: people waiting, vehicles out, servers busy.

    Parameters
    ----------
    clock
        Where the time is read.
    value
        The value now.
    """

    def __init__(self, clock: Clock, value: float = 0.0) -> None:
        self._clock, self._value = clock, float(value)
        self.reset()

    def reset(self) -> None:
        """Begin to measure now, as at the end of a warm-up; the value stays."""
        self._since = self._last = self._clock.now
        self._area, self.maximum = 0.0, self._value

    @property
    def value(self) -> float:
        """The value now."""
        return self._value

    def set(self, value: float) -> None:
        """Change the value."""
        now = self._clock.now
        self._area += self._value * (now - self._last)
        self._last, self._value = now, float(value)
        self.maximum = max(self.maximum, self._value)

    def add(self, change: float) -> None:
        """Raise or lower the value."""
        self.set(self._value + change)

    @property
    def area(self) -> float:
        """Value times time since the beginning of the measurement, such as person-seconds."""
        return self._area + self._value * (self._clock.now - self._last)

    @property
    def mean(self) -> float:
        """Average over time; NaN where no time has passed."""
        passed = self._clock.now - self._since
        return self.area / passed if passed > 0 else math.nan


class Tally:
    """Observations one by one: waits, travel times, loads."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def record(self, value: float) -> None:
        """Add an observation."""
        self.values.append(float(value))

    def reset(self) -> None:
        """Forget what was observed, as at the end of a warm-up."""
        self.values.clear()

    @property
    def count(self) -> int:
        """How many observations."""
        return len(self.values)

    @property
    def total(self) -> float:
        """Sum, correctly rounded."""
        return math.fsum(self.values)

    @property
    def mean(self) -> float:
        """Mean; NaN where there are none."""
        return self.total / self.count if self.values else math.nan

    @property
    def sd(self) -> float:
        """Standard deviation; NaN where there are fewer than 2."""
        if self.count < 2:
            return math.nan
        mean = self.mean
        return math.sqrt(math.fsum((value - mean) ** 2 for value in self.values) / (self.count - 1))

    def quantile(self, share: float) -> float:
        """Value that `share` of the observations stay below, linear between; NaN where there are none."""
        if not 0 <= share <= 1:
            raise BadParameter(f"A quantile is a share from 0 to 1, not {share}.")
        if not self.values:
            return math.nan
        ordered = sorted(self.values)
        place = share * (len(ordered) - 1)
        below = math.floor(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])


class Utilisation:
    """
    Share of the offered server time that is used.

    A server that goes home only after finishing counts as offered until then, so the share stays at most 1.

    Parameters
    ----------
    clock
        Where the time is read.
    servers
        Servers on duty now.
    """

    def __init__(self, clock: Clock, servers: int = 0) -> None:
        self._servers = servers
        self.busy = TimeWeighted(clock)
        self.offered = TimeWeighted(clock, servers)

    def begin(self) -> None:
        """One more server is busy."""
        self.busy.add(1)
        self._offer()

    def end(self) -> None:
        """One server less is busy."""
        self.busy.add(-1)
        self._offer()

    def on_duty(self, servers: int) -> None:
        """Change how many servers are on duty."""
        self._servers = servers
        self._offer()

    def reset(self) -> None:
        """Begin to measure now."""
        self.busy.reset()
        self.offered.reset()

    @property
    def share(self) -> float:
        """Busy time over offered time; NaN where none was offered."""
        return self.busy.area / self.offered.area if self.offered.area > 0 else math.nan

    def _offer(self) -> None:
        self.offered.set(max(self._servers, self.busy.value))


class QueueLog:
    """
    Who is in a queue (or in the system) and for how long.

    Parameters
    ----------
    clock
        Where the time is read.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[Hashable, float] = {}
        self.number, self.times = TimeWeighted(clock), Tally()

    def join(self, entity: Hashable) -> None:
        """Somebody joins."""
        if entity in self._since:
            raise CheckFailed(f"{entity} joins a queue it is already in.")
        self._since[entity] = self._clock.now
        self.number.add(1)

    def leave(self, entity: Hashable) -> float:
        """Somebody leaves, for whatever reason; the time spent is recorded and returned."""
        if entity not in self._since:
            raise CheckFailed(f"{entity} leaves a queue it is not in.")
        spent = self._clock.now - self._since.pop(entity)
        self.number.add(-1)
        self.times.record(spent)
        return spent

    def check(self, what: str = "the queue") -> None:
        """Assert Little's law; the queue must have begun and must be empty."""
        if self._since:
            raise CheckFailed(f"{len(self._since)} are still in {what}: Little's law holds once it is empty.")
        little(self.number.area, self.times.values, what)


def little(
    area: float, times: Iterable[float], what: str = "the system", *, tolerance: float = 1e-12
) -> None:
    """
    Assert Little's law L = lambda W as the exact identity it is for a system that begins and ends empty [1]_.

    Parameters
    ----------
    area
        Number inside, times time, such as person-seconds.
    times
        Time that each one spent inside, those who gave up included.
    what
        What is checked, for the message.
    tolerance
        Relative difference allowed for rounding.

    Raises
    ------
    CheckFailed
        The two differ: somebody was lost, counted twice, or given a wrong time.

    References
    ----------
    .. [1] J. D. C. Little (1961), A proof for the queuing formula L = lambda W, Operations Research 9(3).
    """
    spent = math.fsum(times)
    if not abs(area - spent) <= tolerance * max(abs(area), abs(spent)):
        raise CheckFailed(
            f"Little's law fails in {what}: its area is {area!r} and the times add up to {spent!r}. "
            "This is a mistake in the model: somebody was lost, counted twice or given a wrong time."
        )
