"""Events at absolute times for SimPy: `env.timeout(t - now)` need not end exactly at t."""

from __future__ import annotations

from simpy import Environment, Event
from simpy.events import NORMAL


class At(Event):
    """An event that happens at a time of day, not after a delay."""

    def __init__(self, env: Environment, at_s: float) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule_at(self, at_s)


class Clock(Environment):
    """An environment that schedules at absolute times."""

    def schedule_at(self, event: Event, at_s: float) -> None:
        """Put an event into the list of events; ties are broken by who came first."""
        from heapq import heappush

        heappush(self._queue, (at_s, NORMAL, next(self._eid), event))
