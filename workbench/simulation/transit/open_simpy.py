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
        self.env = Environment()
        self.people = People(inputs)
        self.platforms = [Platform(stop, self.people, inputs) for stop in range(len(inputs.line.stops))]
        self.first, self.last = trips.first.tolist(), trips.last.tolist()
        self.dispatch_s, self.plan_s = trips.dispatch_s.tolist(), trips.depart_s.tolist()
        self.headway_s, self.ahead = plan.headway_s.tolist(), plan.ahead.tolist()
        self.section_s, self.trips = inputs.section_s.tolist(), inputs.trips.tolist()
        self.minute, self.luck = inputs.minute.tolist(), inputs.drivers[inputs.slot].tolist()
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
        yield at(env, self.dispatch_s[trip])
        for stop in range(self.first[trip], last + 1):
            if stop > self.first[trip]:
                yield at(env, env.now + self._running_s(trip, stop - 1, env.now))
            before = self.ahead[trip][stop]
            if before >= 0 and not self.left[before][stop].triggered:
                yield self.left[before][stop]
            arrive = self.arrived[trip][stop] = env.now
            since_arrival = arrive - self.arrived[before][stop] if before >= 0 else NAN
            platform = self.platforms[stop]
            alighting = aboard.pop(stop, [])
            for rider in alighting:
                platform.alight(rider, arrive)
            load -= len(alighting)
            free = capacity - load
            headway = self.headway_s[trip][stop]
            if self.limited[stop]:
                free = rules.room(free, inputs.policy.limit, inputs.policy.over, headway, since_arrival)
            call = Call(arrive, len(alighting), free, lambda person: to[person] <= last)
            platform.open_doors(call)
            if call.close_s > env.now:
                yield at(env, call.close_s)
            hold = 0.0
            if self.held[stop]:
                since = call.close_s - self.departed[before][stop] if before >= 0 else NAN
                until_plan = self.plan_s[trip][stop] - call.close_s
                hold = self._hold_s(
                    Snapshot(
                        stop,
                        call.close_s,
                        headway,
                        since_arrival,
                        since,
                        NAN,
                        until_plan,
                        load + len(call.on),
                    )
                )
            depart = call.close_s + hold
            if hold > 0:
                yield at(env, depart)
            platform.leave(call, depart)
            for person in call.on:
                aboard.setdefault(to[person], []).append(person)
            load += len(call.on)
            self.departed[trip][stop] = depart
            counts = (len(call.on), len(alighting), load, call.denied)
            self.visits[trip][stop] = (arrive, depart, hold, call.boarded_at_s, *counts)
            self.left[trip][stop].succeed()

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
        if policy.own is not None:
            return max(0.0, float(policy.own.hold_s(now)))
        return rules.hold_s(policy.rule, policy.alpha, policy.slack_s, policy.most_s, *now[2:7])

    def _log(self) -> Log:
        """Lay out what happened, trip by trip."""
        rows = [
            (trip, stop, *row)
            for trip, visits in enumerate(self.visits)
            for stop, row in sorted(visits.items())
        ]
        columns = list(zip(*rows, strict=True)) or [()] * 10
        vehicle, stop, on, off, load, denied = (
            np.array(columns[each], np.int64) for each in (0, 1, 6, 7, 8, 9)
        )
        arrive, depart, hold, boarded_at = (np.array(columns[each], np.float64) for each in (2, 3, 4, 5))
        people, plan = self.people, self.inputs.plan
        return Log(
            vehicle=vehicle,
            stop=stop,
            arrive_s=arrive,
            depart_s=depart,
            hold_s=hold,
            headway_s=plan.headway_s[vehicle, stop],
            plan_s=plan.trips.depart_s[vehicle, stop],
            boarded=on,
            alighted=off,
            load=load,
            denied=denied,
            put_off=np.zeros_like(load),
            boarded_at_s=boarded_at,
            wait_s=np.array(people.wait_s, np.float64),
            ride_s=np.array(people.ride_s, np.float64),
            board_s=np.array(people.board_s, np.float64),
            alight_s=np.array(people.alight_s, np.float64),
        )
