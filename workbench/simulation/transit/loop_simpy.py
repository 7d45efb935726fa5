"""
Closed line as SimPy processes: one for each vehicle of the fleet, round and round until it goes home.

Vehicles leave stop 0 one planned headway apart. Unless overtaking is allowed, a vehicle waits behind a stop
that another stands at, and none passes another on a section. The controller knows when each vehicle comes to
its next stop, and from there on reckons with scheduled times.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from simpy import Environment, Event

from workbench.simulation.clockwork import at
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Floats, Ints
from workbench.simulation.transit.control import Snapshot
from workbench.simulation.transit.day import DRIVER_SLOT_S, TRIP_SLOT_S
from workbench.simulation.transit.inputs import LoopInputs
from workbench.simulation.transit.log import Log
from workbench.simulation.transit.platform import Call, People, Platform

NAN = float("nan")
COMING, STANDING, BEHIND, HOME = range(4)


def run(inputs: LoopInputs) -> Log:
    """Simulate a day of a closed line."""
    return Loop(inputs).simulate()


class Vehicle:
    """A vehicle: where it is or is going to, when its next event is, and who is on board."""

    def __init__(self, number: int, start_s: float, stops: int) -> None:
        self.number = number
        self.state, self.stop, self.at_s = COMING, 0, start_s
        self.lap, self.calls_before = -1, -1
        self.trip: list[float] = []
        self.luck = 1.0
        self.broken = False
        self.aboard: list[list[int]] = [[] for _ in range(stops)]
        self.load = 0


@dataclass
class Visit(Call):
    """A vehicle of a closed line standing at a stop."""

    since_arrival_s: float = NAN
    put_off: int = 0
    short: bool = False
    plan_s: float = NAN
    hold_s: float = 0.0


class Loop:
    """A day of a closed line."""

    def __init__(self, inputs: LoopInputs) -> None:
        self.inputs, self.plan, self.line = inputs, inputs.plan, inputs.line
        self.stops = len(inputs.line.stops)
        self.env = Environment()
        self.people = People(inputs)
        self.platforms = [Platform(stop, self.people, inputs) for stop in range(self.stops)]
        self.section_s, self.trips = inputs.roads.section_s.tolist(), inputs.roads.trips.tolist()
        self.drivers, self.upto_s = inputs.roads.drivers.tolist(), inputs.upto_s.tolist()
        self.layover_s: list[float] = inputs.line.layover_s.tolist()
        plan, fleet = inputs.plan, range(inputs.plan.fleet)
        self.vehicles = [Vehicle(each, plan.begin_s + each * plan.headway_s, self.stops) for each in fleet]
        self.occupied = [False] * self.stops
        self.behind: list[list[Event]] = [[] for _ in range(self.stops)]
        self.arrived_s, self.departed_s = [NAN] * self.stops, [NAN] * self.stops
        self.entering_s = [-float("inf")] * self.stops  # latest arrival of who is on the section before
        self.calls = 0
        self.rows: list[tuple[Any, ...]] = []

    def simulate(self) -> Log:
        """Run until all vehicles are home."""
        for vehicle in self.vehicles:
            self.env.process(self._run(vehicle))
        self.env.run()
        return self._log()

    def _run(self, vehicle: Vehicle) -> Generator[Event, Any, None]:
        """Go round until the end of service."""
        yield at(self.env, vehicle.at_s)
        while True:
            if not self.inputs.scenario.overtaking:
                yield from self._come_up(vehicle)
            visit = self._arrive(vehicle)
            if vehicle.state == HOME:
                return
            yield at(self.env, vehicle.at_s)
            visit.plan_s = self._plan_s(vehicle)
            if self.inputs.policy.at[vehicle.stop]:
                visit.hold_s = self._hold_s(vehicle, visit)
            if visit.hold_s > 0:
                vehicle.at_s = self.env.now + visit.hold_s
                yield at(self.env, vehicle.at_s)
            self._depart(vehicle, visit)
            yield at(self.env, vehicle.at_s)

    def _come_up(self, vehicle: Vehicle) -> Generator[Event, Any, None]:
        """Wait behind the stop until it is free."""
        stop = vehicle.stop
        if self.occupied[stop]:
            vehicle.state = BEHIND
            turn = self.env.event()
            self.behind[stop].append(turn)
            yield turn
        self.occupied[stop] = True

    def _arrive(self, vehicle: Vehicle) -> Visit:
        """Let riders out and in; go home if it is time."""
        now, stop, policy = self.env.now, vehicle.stop, self.inputs.policy
        vehicle.state, vehicle.calls_before = STANDING, self.calls
        self.calls += 1
        vehicle.lap += stop == 0
        visit = Visit(now, 0, 0, _anyone, since_arrival_s=now - self.arrived_s[stop])
        self.arrived_s[stop] = now
        visit.off = self._alight(vehicle)
        if stop == 0 and vehicle.lap > 0 and now >= self.plan.end_s:
            visit.put_off = sum(self._put_off(vehicle, to) for to in range(self.stops))
            vehicle.state = HOME
            self._record(vehicle, visit)
            self._free(stop)
            return visit
        late = rules.turns(policy.turn_over, self.plan.headway_s, visit.since_arrival_s)
        visit.short = stop == policy.turn and now < self.plan.end_s and late
        if visit.short:
            out = [rules.left_out(to, policy.turn, policy.resume) for to in range(self.stops)]
            visit.put_off = sum(self._put_off(vehicle, to) for to in range(self.stops) if out[to])
            visit.rides = lambda person: not out[self.people.to[person]]
        visit.free = self.inputs.scenario.capacity - vehicle.load
        if policy.limited[stop]:
            headway, since = self.plan.headway_s, visit.since_arrival_s
            visit.free = rules.room(visit.free, policy.limit, policy.over, headway, since)
        self.platforms[stop].open_doors(visit, visit.put_off)
        vehicle.at_s = max(visit.close_s, now + self.layover_s[stop])
        if not vehicle.broken and now >= self.inputs.broken_at_s[vehicle.number]:
            vehicle.broken = True
            vehicle.at_s += float(self.inputs.broken_for_s[vehicle.number])
        return visit

    def _depart(self, vehicle: Vehicle, visit: Visit) -> None:
        """Take in who came during the hold, and leave for the next stop."""
        now, stop, line, policy = self.env.now, vehicle.stop, self.line, self.inputs.policy
        self.platforms[stop].leave(visit, now)
        for person in visit.on:
            vehicle.aboard[self.people.to[person]].append(person)
        vehicle.load += len(visit.on)
        self.departed_s[stop] = now
        since = max(now - line.start_s, 0.0)
        if stop == 0:
            vehicle.trip = self.trips[min(int(since / TRIP_SLOT_S), len(self.trips) - 1)]
            vehicle.luck = self.drivers[min(int(since / DRIVER_SLOT_S), len(self.drivers) - 1)]
        self._record(vehicle, visit)
        self._free(stop)
        vehicle.state = COMING
        if visit.short:
            vehicle.lap += policy.resume <= stop
            vehicle.stop, vehicle.at_s = policy.resume, now + policy.turn_s
            return
        entered = min(int(since / line.bin_s), len(self.section_s) - 1)
        come = now + self.section_s[entered][stop] * vehicle.trip[stop] * vehicle.luck
        vehicle.stop = stop + 1 if stop + 1 < self.stops else 0
        if not self.inputs.scenario.overtaking:
            come = self.entering_s[vehicle.stop] = max(come, self.entering_s[vehicle.stop])
        vehicle.at_s = come

    def _alight(self, vehicle: Vehicle) -> int:
        """Let out those who have come to their stop."""
        riders, vehicle.aboard[vehicle.stop] = vehicle.aboard[vehicle.stop], []
        for rider in riders:
            self.platforms[vehicle.stop].alight(rider, self.env.now)
        vehicle.load -= len(riders)
        return len(riders)

    def _put_off(self, vehicle: Vehicle, to: int) -> int:
        """Put off those who ride to a stop that the vehicle will not serve."""
        riders, vehicle.aboard[to] = vehicle.aboard[to], []
        for rider in riders:
            self.platforms[vehicle.stop].put_off(rider, self.env.now)
        vehicle.load -= len(riders)
        return len(riders)

    def _free(self, stop: int) -> None:
        """Let the next vehicle come up to the stop."""
        self.occupied[stop] = False
        if self.behind[stop]:
            self.occupied[stop] = True
            self.behind[stop].pop(0).succeed()

    def _plan_s(self, vehicle: Vehicle) -> float:
        """Scheduled departure: equal headways, lap by lap."""
        plan = self.plan
        turn = vehicle.number + vehicle.lap * plan.fleet
        return float(plan.begin_s + turn * plan.headway_s + self.upto_s[vehicle.stop])

    def _behind_s(self, vehicle: Vehicle) -> float:
        """Seconds until the next other vehicle is expected; NaN where there is none."""
        now, upto, least = self.env.now, self.upto_s, NAN
        for other in self.vehicles:
            if other is vehicle or other.state == HOME:
                continue
            here = other.state == STANDING and other.stop == vehicle.stop
            if here and other.calls_before > vehicle.calls_before:
                come = now
            else:
                since = now if other.state == BEHIND else other.at_s
                come = since + rules.ahead_s(upto[vehicle.stop], upto[other.stop], upto[self.stops], here)
            if not least <= come - now:
                least = come - now
        return least

    def _hold_s(self, vehicle: Vehicle, visit: Visit) -> float:
        """Ask the policy."""
        policy, stop, now = self.inputs.policy, vehicle.stop, self.env.now
        snapshot = Snapshot(
            stop=stop,
            ready_s=now,
            headway_s=self.plan.headway_s,
            since_arrival_s=visit.since_arrival_s,
            since_departure_s=now - self.departed_s[stop],
            behind_s=self._behind_s(vehicle),
            until_plan_s=visit.plan_s - now,
            load=vehicle.load + len(visit.on),
        )
        if self.inputs.own is not None:
            return max(0.0, float(self.inputs.own.hold_s(snapshot)))
        return rules.hold_s(policy.rule, policy.alpha, policy.slack_s, policy.most_s, *snapshot[2:7])

    def _record(self, vehicle: Vehicle, visit: Visit) -> None:
        counts = (len(visit.on), visit.off, vehicle.load, visit.denied, visit.put_off)
        times = (visit.arrive_s, self.env.now, visit.hold_s, visit.plan_s, visit.boarded_at_s)
        self.rows.append((vehicle.number, vehicle.stop, *counts, *times))

    def _log(self) -> Log:
        columns = list(zip(*self.rows, strict=True)) or [()] * 12
        counts: list[Ints] = [np.array(each, np.int64) for each in columns[:7]]
        times: list[Floats] = [np.array(each, np.float64) for each in columns[7:]]
        headway = np.full(len(counts[0]), self.plan.headway_s)
        return Log.of(counts, [*times, headway], self.people.arrays())


def _anyone(person: int) -> bool:
    del person
    return True
