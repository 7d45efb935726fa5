"""
Closed line as SimPy processes: one for each vehicle of the fleet, round and round until it goes home.

Vehicles leave stop 0 one planned headway apart. Unless overtaking is allowed, a vehicle waits behind a stop
that another stands at, and no vehicle passes another on a section. The controller knows when each vehicle
comes to its next stop, and from there on reckons with scheduled times.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from simpy import Environment, Event

from workbench.simulation.clockwork import at
from workbench.simulation.transit import rules
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
    """A vehicle: where it is or is going to, since when or until when, and who is on board."""

    def __init__(self, number: int, start_s: float, stops: int) -> None:
        self.number = number
        self.state, self.stop, self.at_s = COMING, 0, start_s
        self.call_number = -1
        self.lap = -1
        self.trip: list[float] = []
        self.luck = 1.0
        self.broken = False
        self.aboard: list[list[int]] = [[] for _ in range(stops)]
        self.load = 0


class Loop:
    """A day of a closed line."""

    def __init__(self, inputs: LoopInputs) -> None:
        self.inputs, self.plan, self.line = inputs, inputs.plan, inputs.line
        self.stops = len(inputs.line.stops)
        self.env = Environment()
        self.people = People(inputs)
        self.platforms = [Platform(stop, self.people, inputs) for stop in range(self.stops)]
        self.section_s, self.trips = inputs.section_s.tolist(), inputs.trips.tolist()
        self.drivers, self.upto_s = inputs.drivers.tolist(), inputs.upto_s.tolist()
        self.layover_s: list[float] = inputs.line.layover_s.tolist()
        plan, fleet = inputs.plan, range(inputs.plan.fleet)
        self.vehicles = [Vehicle(each, plan.begin_s + each * plan.headway_s, self.stops) for each in fleet]
        self.occupied = [False] * self.stops
        self.behind: list[list[Event]] = [[] for _ in range(self.stops)]
        self.arrived_s, self.departed_s = [NAN] * self.stops, [NAN] * self.stops
        self.entering_s = [
            -float("inf")
        ] * self.stops  # latest arrival of those who are on the section before
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
        env, inputs, policy = self.env, self.inputs, self.inputs.policy
        yield at(env, vehicle.at_s)
        while True:
            stop = vehicle.stop
            if not inputs.scenario.overtaking:
                if self.occupied[stop]:
                    vehicle.state = BEHIND
                    turn = env.event()
                    self.behind[stop].append(turn)
                    yield turn
                self.occupied[stop] = True
            vehicle.state = STANDING
            vehicle.call_number, self.calls = self.calls, self.calls + 1
            arrive = env.now
            since_arrival = arrive - self.arrived_s[stop]
            self.arrived_s[stop] = arrive
            if stop == 0:
                vehicle.lap += 1
            off = self._alight(vehicle, arrive)
            if stop == 0 and vehicle.lap > 0 and arrive >= self.plan.end_s:
                put_off = sum(self._put_off(vehicle, to, arrive) for to in range(self.stops))
                vehicle.state = HOME
                call = Call(arrive, off, 0, lambda person: True, arrive)
                self._record(vehicle, call, off, put_off, arrive, 0.0, NAN)
                self._free(stop)
                return
            short = stop == policy.turn and arrive < self.plan.end_s
            short = short and rules.turns(policy.turn_over, self.plan.headway_s, since_arrival)
            put_off = 0
            left_out: list[bool] = []
            if short:
                left_out = [self._is_left_out(to) for to in range(self.stops)]
                put_off = sum(self._put_off(vehicle, to, arrive) for to in range(self.stops) if left_out[to])
            free = inputs.scenario.capacity - vehicle.load
            if policy.limited[stop]:
                free = rules.room(free, policy.limit, policy.over, self.plan.headway_s, since_arrival)
            to = self.people.to
            call = Call(
                arrive,
                off + put_off,
                free,
                (lambda person, out=left_out: not out[to[person]]) if short else _anyone,
            )
            self.platforms[stop].open_doors(call)
            ready = max(call.close_s, arrive + self.layover_s[stop])
            if not vehicle.broken and arrive >= inputs.broken_at_s[vehicle.number]:
                vehicle.broken = True
                ready += float(inputs.broken_for_s[vehicle.number])
            vehicle.at_s = ready
            yield at(env, ready)
            plan_s = self._plan_s(vehicle)
            hold = (
                self._hold_s(vehicle, since_arrival, ready, plan_s, len(call.on)) if policy.at[stop] else 0.0
            )
            depart = ready + hold
            if hold > 0:
                vehicle.at_s = depart
                yield at(env, depart)
            self.platforms[stop].leave(call, depart)
            for person in call.on:
                vehicle.aboard[to[person]].append(person)
            vehicle.load += len(call.on)
            self.departed_s[stop] = depart
            if stop == 0:
                after = max(depart - self.line.start_s, 0.0)
                vehicle.trip = self.trips[min(int(after / TRIP_SLOT_S), len(self.trips) - 1)]
                vehicle.luck = self.drivers[min(int(after / DRIVER_SLOT_S), len(self.drivers) - 1)]
            self._record(vehicle, call, off, put_off, depart, hold, plan_s)
            self._free(stop)
            vehicle.stop, vehicle.at_s = self._next(vehicle, stop, depart, short)
            vehicle.state = COMING
            yield at(env, vehicle.at_s)

    def _next(self, vehicle: Vehicle, stop: int, depart: float, short: bool) -> tuple[int, float]:
        """Next stop, and when the vehicle comes to it."""
        if short:
            if self.inputs.policy.resume <= stop:
                vehicle.lap += 1
            return self.inputs.policy.resume, depart + self.inputs.policy.turn_s
        entered = min(max(int((depart - self.line.start_s) / self.line.bin_s), 0), len(self.section_s) - 1)
        following = stop + 1 if stop + 1 < self.stops else 0
        come = depart + self.section_s[entered][stop] * vehicle.trip[stop] * vehicle.luck
        if not self.inputs.scenario.overtaking:
            come = max(come, self.entering_s[following])
            self.entering_s[following] = come
        return following, come

    def _is_left_out(self, stop: int) -> bool:
        """Whether a short turn leaves a stop out."""
        turn, resume = self.inputs.policy.turn, self.inputs.policy.resume
        return turn < stop < resume if turn < resume else stop > turn or stop < resume

    def _alight(self, vehicle: Vehicle, now: float) -> int:
        """Let out those who have come to their stop."""
        riders, vehicle.aboard[vehicle.stop] = vehicle.aboard[vehicle.stop], []
        for rider in riders:
            self.platforms[vehicle.stop].alight(rider, now)
        vehicle.load -= len(riders)
        return len(riders)

    def _put_off(self, vehicle: Vehicle, to: int, now: float) -> int:
        """Put off those who ride to a stop that the vehicle will not serve."""
        riders, vehicle.aboard[to] = vehicle.aboard[to], []
        for rider in riders:
            self.platforms[vehicle.stop].put_off(rider, now)
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

    def _behind_s(self, vehicle: Vehicle, now: float) -> float:
        """Seconds until the next other vehicle is expected; NaN where there is none."""
        least = NAN
        for other in self.vehicles:
            if other is vehicle or other.state == HOME:
                continue
            here = other.state == STANDING and other.stop == vehicle.stop
            if here and other.call_number > vehicle.call_number:
                come = now
            else:
                since = now if other.state == BEHIND else other.at_s
                upto = self.upto_s
                come = since + rules.ahead_s(upto[vehicle.stop], upto[other.stop], upto[self.stops], here)
            if not least <= come - now:
                least = come - now
        return least

    def _hold_s(self, vehicle: Vehicle, since_arrival: float, ready: float, plan_s: float, on: int) -> float:
        """Ask the policy."""
        policy, stop = self.inputs.policy, vehicle.stop
        behind = self._behind_s(vehicle, ready)
        now = Snapshot(
            stop,
            ready,
            self.plan.headway_s,
            since_arrival,
            ready - self.departed_s[stop],
            behind,
            plan_s - ready,
            vehicle.load + on,
        )
        if policy.own is not None:
            return max(0.0, float(policy.own.hold_s(now)))
        return rules.hold_s(policy.rule, policy.alpha, policy.slack_s, policy.most_s, *now[2:7])

    def _record(
        self, vehicle: Vehicle, call: Call, off: int, put_off: int, depart: float, hold: float, plan_s: float
    ) -> None:
        counts = (vehicle.number, vehicle.stop, len(call.on), off, vehicle.load, call.denied, put_off)
        self.rows.append((*counts, call.arrive_s, depart, hold, plan_s, call.boarded_at_s))

    def _log(self) -> Log:
        columns = list(zip(*self.rows, strict=True)) or [()] * 12
        vehicle, stop, on, off, load, denied, put_off = (
            np.array(columns[each], np.int64) for each in range(7)
        )
        arrive, depart, hold, plan_s, boarded_at = (
            np.array(columns[each], np.float64) for each in range(7, 12)
        )
        people = self.people
        return Log(
            vehicle=vehicle,
            stop=stop,
            arrive_s=arrive,
            depart_s=depart,
            hold_s=hold,
            headway_s=np.full(len(stop), self.plan.headway_s),
            plan_s=plan_s,
            boarded=on,
            alighted=off,
            load=load,
            denied=denied,
            put_off=put_off,
            boarded_at_s=boarded_at,
            wait_s=np.array(people.wait_s, np.float64),
            ride_s=np.array(people.ride_s, np.float64),
            board_s=np.array(people.board_s, np.float64),
            alight_s=np.array(people.alight_s, np.float64),
        )


def _anyone(person: int) -> bool:
    del person
    return True
