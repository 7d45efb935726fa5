"""
Open line as SimPy processes: one for each trip, from its first stop to its last.

No overtaking: a trip opens its doors at a stop only when the trip before it has left. Passengers are no
processes; they are looked up in sorted arrays, which gives the same numbers with a sixth of the events.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from simpy import Environment, Event

from workbench.simulation.clockwork import at
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Ints
from workbench.simulation.transit.control import Snapshot
from workbench.simulation.transit.inputs import OpenInputs
from workbench.simulation.transit.log import Log
from workbench.simulation.transit.platform import Call, People, Platform

NAN = float("nan")


def run(inputs: OpenInputs) -> Log:
    """Simulate a day of an open line."""
    return OpenLine(inputs).simulate()


class OpenLine:
    """A day of an open line."""

    def __init__(self, inputs: OpenInputs) -> None:
        self.inputs = inputs
        trips, plan = inputs.plan.trips, inputs.plan
        self.env = Environment(min(0.0, float(plan.opens_s.min())))
        self.people = People(inputs)
        self.platforms = [Platform(stop, self.people, inputs) for stop in range(len(inputs.line.stops))]
        self.first, self.last = trips.first.tolist(), trips.last.tolist()
        self.opens_s, self.dispatch_s = plan.opens_s.tolist(), trips.dispatch_s.tolist()
        self.plan_s = trips.depart_s.tolist()
        self.headway_s, self.ahead = plan.headway_s.tolist(), plan.ahead.tolist()
        self.section_s, self.trips = inputs.roads.section_s.tolist(), inputs.roads.trips.tolist()
        self.minute, self.luck = inputs.minute.tolist(), inputs.roads.drivers[inputs.slot].tolist()
        self.held, self.limited = inputs.policy.at.tolist(), inputs.policy.limited.tolist()
        calls = [range(first, last + 1) for first, last in zip(self.first, self.last, strict=True)]
        self.left = [{stop: self.env.event() for stop in each} for each in calls]
        self.arrived: list[dict[int, float]] = [{} for _ in calls]
        self.departed: list[dict[int, float]] = [{} for _ in calls]
        self.visits: list[dict[int, tuple[Any, ...]]] = [{} for _ in calls]

    def simulate(self) -> Log:
        """Run all trips."""
        for trip in range(len(self.first)):
            self.env.process(self._trip(trip))
        self.env.run()
        return self._log()

    def _trip(self, trip: int) -> Generator[Event, Any, None]:
        """Run from the first stop to the last."""
        env, inputs = self.env, self.inputs
        aboard: dict[int, list[int]] = {}
        load, capacity = 0, inputs.scenario.capacity
        last = self.last[trip]
        to = self.people.to
        yield at(env, self.opens_s[trip])
        for stop in range(self.first[trip], last + 1):
            if stop > self.first[trip]:
                yield at(env, env.now + self._running_s(trip, stop - 1, env.now))
            before = self.ahead[trip][stop]
            if before >= 0 and not self.left[before][stop].triggered:
                yield self.left[before][stop]
            arrive = self.arrived[trip][stop] = env.now
            since_arrival = arrive - self.arrived[before][stop] if before >= 0 else NAN
            alighting = aboard.pop(stop, [])
            for rider in alighting:
                self._let_out(rider, stop)
            load -= len(alighting)
            free = capacity - load
            headway = self.headway_s[trip][stop]
            if self.limited[stop]:
                free = rules.room(free, inputs.policy.limit, inputs.policy.over, headway, since_arrival)
            call = Call(arrive, len(alighting), free, lambda person: to[person] <= last)
            ready = yield from self._doors(trip, stop, call)
            hold = 0.0
            if self.held[stop]:
                since = ready - self.departed[before][stop] if before >= 0 else NAN
                until_plan = self.plan_s[trip][stop] - ready
                hold = self._hold_s(
                    Snapshot(
                        stop,
                        ready,
                        headway,
                        since_arrival,
                        since,
                        NAN,
                        until_plan,
                        load + len(call.on),
                    )
                )
            depart = ready + hold
            if hold > 0:
                yield at(env, depart)
            self._leave(stop, call, depart)
            for person in call.on:
                aboard.setdefault(to[person], []).append(person)
            load += len(call.on)
            self.departed[trip][stop] = depart
            counts = (len(call.on), len(alighting), load, call.denied)
            self.visits[trip][stop] = (*counts, arrive, depart, hold, call.boarded_at_s)
            self.left[trip][stop].succeed()

    def _doors(self, trip: int, stop: int, call: Call) -> Generator[Event, Any, float]:
        """Stand with open doors; return when the vehicle is ready to leave."""
        self.platforms[stop].open_doors(call)
        return (yield from self._dispatched(trip, stop, call))

    def _dispatched(self, trip: int, stop: int, call: Call) -> Generator[Event, Any, float]:
        """Wait for the doors to close, and at the first stop for the dispatch."""
        ready = max(call.close_s, self.dispatch_s[trip]) if stop == self.first[trip] else call.close_s
        if ready > self.env.now:
            yield at(self.env, ready)
        return ready

    def _leave(self, stop: int, call: Call, depart_s: float) -> None:
        self.platforms[stop].leave(call, depart_s)

    def _let_out(self, rider: int, stop: int) -> None:
        self.platforms[stop].alight(rider, self.env.now)

    def _running_s(self, trip: int, section: int, now: float) -> float:
        """Seconds on a section that is entered now."""
        line = self.inputs.line
        entered = min(max(int((now - line.start_s) / line.bin_s), 0), len(self.section_s) - 1)
        return float(
            self.section_s[entered][section] * self.trips[self.minute[trip]][section] * self.luck[trip]
        )

    def _hold_s(self, now: Snapshot) -> float:
        """Ask the policy."""
        policy = self.inputs.policy
        if self.inputs.own is not None:
            return max(0.0, float(self.inputs.own.hold_s(now)))
        return rules.hold_s(policy.rule, policy.alpha, policy.slack_s, policy.most_s, *now[2:7])

    def _log(self) -> Log:
        """Lay out what happened, trip by trip."""
        rows = [
            (trip, stop, *row)
            for trip, visits in enumerate(self.visits)
            for stop, row in sorted(visits.items())
        ]
        columns = list(zip(*rows, strict=True)) or [()] * 10
        counts: list[Ints] = [np.array(each, np.int64) for each in columns[:6]]
        arrive, depart, hold, boarded_at = (np.array(each, np.float64) for each in columns[6:])
        plan_s, headway = self.inputs.plan.visits
        times = (arrive, depart, hold, plan_s, boarded_at, headway)
        return Log.of([*counts, np.zeros_like(counts[0])], times, self.people.arrays())
