"""
The service point in SimPy: one process a customer, to be read and extended.

The compiled kernel gives the same numbers to the last digit. At one moment, services end first, then
servers go on or off duty, then customers arrive, and last they lose patience.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from typing import Any

from workbench._need import need
from workbench.simulation.clockwork import FIRST_RANK, at
from workbench.simulation.monitors import TimeWeighted
from workbench.simulation.services.day import Arrivals
from workbench.simulation.services.visits import LEFT, SERVED, TURNED_AWAY, Visits

SERVICE_ENDS, DUTY_CHANGES, ARRIVES, LOSES_PATIENCE = range(FIRST_RANK, FIRST_RANK + 4)


def run_simpy(arrivals: Arrivals, steps: list[tuple[float, int]]) -> Visits:
    """
    Serve everybody who comes.

    Parameters
    ----------
    arrivals
        In the order of time.
    steps
        Second of the day and servers from then on; the first is when the place opens.
    """
    import numpy as np

    simpy = need("simpy", "The readable simulation")
    env = simpy.Environment(initial_time=steps[0][0])
    place = _Place(env, arrivals, steps[0][1])
    env.process(place.customers())
    env.process(place.duty(steps))
    env.run()
    out, fate = np.array(place.out, float), np.array(place.fate, np.int64)
    return Visits(arrivals, out, fate, place.waiting.area, place.inside.area)


class _Place:
    def __init__(self, env: Any, arrivals: Arrivals, servers: int) -> None:
        self.env, self.servers, self.busy, self.closed = env, servers, 0, False
        self.times: dict[str, list[float]] = {
            name: getattr(arrivals, name).tolist() for name in ("at", "service", "patience", "priority")
        }
        self.queue: list[tuple[float, int, Any]] = []
        self.out = [math.nan] * len(arrivals.at)
        self.fate = [-1] * len(arrivals.at)
        self.waiting, self.inside = TimeWeighted(env), TimeWeighted(env)

    def customers(self) -> Iterator[Any]:
        """Let customers in at their times."""
        for number, time in enumerate(self.times["at"]):
            yield at(self.env, time, ARRIVES)
            self.env.process(self.customer(number))

    def customer(self, number: int) -> Iterator[Any]:
        """Wait for a turn or until patience is lost; be served; leave."""
        called = self.join(number)
        patience = self.times["patience"][number]
        if math.isinf(patience):
            yield called
        else:
            yield called | at(self.env, self.env.now + patience, LOSES_PATIENCE)
        if not called.triggered:
            self.leave_queue(number, LEFT)
            self.inside.add(-1)
        elif called.value == SERVED:
            yield at(self.env, self.env.now + self.times["service"][number], SERVICE_ENDS)
            self.inside.add(-1)
            self.busy -= 1
            self.call_next()

    def join(self, number: int) -> Any:
        """Join the queue; the event says when it is over, and how."""
        called = self.env.event()
        heapq.heappush(self.queue, (self.times["priority"][number], number, called))
        self.waiting.add(1)
        self.inside.add(1)
        if self.closed:
            self.turn_away()
        else:
            self.call_next()
        return called

    def call_next(self) -> None:
        """Call those whose turn it is while servers are free."""
        while self.queue and self.busy < self.servers:
            _, number, called = heapq.heappop(self.queue)
            if self.fate[number] < 0:
                self.busy += 1
                self.leave_queue(number, SERVED)
                called.succeed(SERVED)

    def turn_away(self) -> None:
        """Send away all who wait."""
        while self.queue:
            _, number, called = heapq.heappop(self.queue)
            if self.fate[number] < 0:
                self.leave_queue(number, TURNED_AWAY)
                self.inside.add(-1)
                called.succeed(TURNED_AWAY)

    def leave_queue(self, number: int, fate: int) -> None:
        """Write down when and how somebody left the queue."""
        self.out[number], self.fate[number] = self.env.now, fate
        self.waiting.add(-1)

    def duty(self, steps: list[tuple[float, int]]) -> Iterator[Any]:
        """Let servers go on and off duty; a last step of 0 closes the place for good."""
        for place, (time, servers) in enumerate(steps):
            if place:
                yield at(self.env, time, DUTY_CHANGES)
            self.servers = servers
            self.closed = servers == 0 and place == len(steps) - 1
            if self.closed:
                self.turn_away()
            else:
                self.call_next()
