"""
Closed line, compiled.

Every vehicle has exactly one next event, so the list of events is the vehicles in the order of theirs. Where
no other vehicle has a say in what happens at a stop, coming, boarding and leaving are one event; where one
has (overtaking, holding that looks behind, short turns), each is an event of its own. The same numbers as
`loop_simpy`, which is the readable one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Floats
from workbench.simulation.transit._jit import compiled
from workbench.simulation.transit.day import DRIVER_SLOT_S, TRIP_SLOT_S
from workbench.simulation.transit.inputs import LoopInputs, Riders, Roads
from workbench.simulation.transit.log import Log
from workbench.simulation.transit.policy import Policy
from workbench.simulation.transit.rules import Stand

_dwell_s = compiled(rules.dwell_s)
_hold_s = compiled(rules.hold_s)
_room = compiled(rules.room)
_turns = compiled(rules.turns)
_left_out = compiled(rules.left_out)
_ahead_s = compiled(rules.ahead_s)
NOBODY = (1 << 32) - 1
COMING, CALLED_UP, READY, LEAVING, BEHIND, HOME = range(6)
NO_ROOM, TIED = -1, -2
COUNTS = ("vehicle", "stop", "boarded", "alighted", "load", "denied", "put_off")
TIMES = ("arrive_s", "depart_s", "hold_s", "plan_s", "boarded_at_s")


def _record(floats: str, ints: str, places: str) -> np.dtype[np.void]:
    """Fields of 8 and of 4 bytes; those of 4 count places, which are never below 0."""
    fields = [(name, np.float64) for name in floats.split()] + [(name, np.int64) for name in ints.split()]
    return np.dtype([*fields, *((name, np.uint32) for name in places.split())], align=True)


# a visit, as in the log
VISIT = _record(" ".join(TIMES), " ".join(COUNTS), "")
# a vehicle: what it does and where, and the visit that is under way
VEHICLE = _record(
    "luck arrive_s since_arrival_s hold_s boarded_at_s",
    "state lap load minute broken calls_before off put_off short free on",
    "stop",
)
# a stop: when one arrived, left, and may come at the earliest; who stands there; who waits, who comes next
STOP = _record("arrived_s departed_s free_s entering_s", "occupied behind", "last next end")


def run(inputs: LoopInputs) -> Log:
    """Simulate a day of a closed line."""
    if inputs.own is not None:
        raise BadParameter(f"{type(inputs.own).__name__} is not compiled: simulate it with engine='simpy'.")
    plan, stops, policy = inputs.plan, len(inputs.line.stops), inputs.policy
    looks_behind = policy.rule in (rules.TWO_WAY, rules.SELF)
    apart = inputs.scenario.overtaking or looks_behind or policy.turn >= 0
    laps = (plan.end_s - plan.begin_s) / max(inputs.upto_s[-1], 60.0)
    room = int(stops * plan.fleet * (2.0 + 1.25 * laps))
    while True:
        log, people = np.empty(room, VISIT), np.empty((4, len(inputs.passengers)))
        visits = _kernel(
            log,
            people,
            apart,
            plan.fleet,
            plan.headway_s,
            plan.begin_s,
            plan.end_s,
            inputs.upto_s,
            inputs.line.layover_s,
            inputs.broken_at_s,
            inputs.broken_for_s,
            inputs.scenario.overtaking,
            inputs.roads,
            inputs.riders,
            inputs.stand,
            policy,
        )
        if visits >= 0:
            break
        room, apart = 2 * room if visits == NO_ROOM else room, apart or visits == TIED
    counts = (log[name][:visits] for name in COUNTS)
    times = [log[name][:visits] for name in TIMES]
    return Log.of(counts, [*times, np.full(visits, plan.headway_s)], people)


@compiled
def _kernel(
    log: Any,
    people: Floats,
    apart: bool,
    fleet: int,
    headway_s: float,
    begin_s: float,
    end_s: float,
    upto_s: Floats,
    layover_s: Floats,
    broken_at_s: Floats,
    broken_for_s: Floats,
    overtaking: bool,
    roads: Roads,
    riders: Riders,
    stand: Stand,
    policy: Policy,
) -> int:
    # What the loop reads is taken out of the tuples here, and no array goes to a function that every event
    # calls: Numba would count references each time, which took most of the time.
    stops, room, count = len(layover_s), len(log), len(riders.to)
    section_s, trips, drivers = roads.section_s, roads.trips, roads.drivers
    start_s, bin_s, held, limited = roads.start_s, roads.bin_s, policy.at, policy.limited
    come_s, to, capacity = riders.come_s, riders.to, riders.capacity
    turn, resume = policy.turn, policy.resume
    # passengers: until they alight, `alight_s` holds since when they wait in a queue, or ride
    people[:2] = 0.0
    people[2:] = np.nan
    wait_s, ride_s, board_s, alight_s = people[0], people[1], people[2], people[3]
    since_s = alight_s
    # who is next to a passenger in a queue, or on board; from `count` on, who is the first at each stop
    after, aboard = np.full(count + stops, NOBODY, np.uint32), np.full(fleet * stops, NOBODY, np.uint32)
    places, vehicles = np.zeros(stops, STOP), np.zeros(fleet, VEHICLE)
    for stop in range(stops):
        here = places[stop]
        here.arrived_s, here.departed_s, here.free_s, here.entering_s = np.nan, np.nan, -np.inf, -np.inf
        here.last, here.next, here.end = count + stop, riders.start[stop], riders.start[stop + 1]
    # agenda: vehicles by their next event, those of the same time as they were planned. At first the last one
    # is in front, and takes its place in the loop.
    at_s, agenda = np.empty(fleet), np.arange(-1, fleet - 1).astype(np.uint32)
    for each in range(fleet):
        at_s[each], vehicles[each].lap = begin_s + each * headway_s, -1
    agenda[0] = fleet - 1
    visits, calls = 0, 0
    while True:
        vehicle = agenda[0]
        now = at_s[vehicle]
        if fleet > 1 and at_s[agenda[1]] <= now:
            agenda[0] = agenda[1]
            for place in range(1, fleet - 1):  # to its end: where to stop cannot be guessed, and costs more
                other = agenda[place + 1]
                earlier = at_s[other] <= now
                agenda[place] = other if earlier else vehicle
                vehicle = vehicle if earlier else other
            agenda[fleet - 1] = vehicle
            vehicle = agenda[0]
        now, bus = at_s[vehicle], vehicles[vehicle]
        if now == np.inf:  # all are home
            break
        stop, phase, going_home = bus.stop, bus.state, False
        here = places[stop]
        if not apart:  # until then another stands there
            now = max(now, here.free_s)
        elif phase == COMING and not overtaking:
            if here.occupied:
                bus.state, at_s[vehicle] = BEHIND, np.inf
                here.behind += 1
                continue
            here.occupied = 1
        riders_of = vehicle * stops
        if phase <= CALLED_UP:
            bus.calls_before = calls
            calls += 1
            bus.lap += stop == 0
            arrive, since_arrival, hold, on, boarded_at = now, now - here.arrived_s, 0.0, 0, 0.0
            here.arrived_s = now
            off, rider = 0, aboard[riders_of + stop]
            while rider != NOBODY:
                following = after[rider]
                ride_s[rider] += now - since_s[rider]
                alight_s[rider] = now
                off += 1
                rider = following
            aboard[riders_of + stop] = NOBODY
            going_home = stop == 0 and bus.lap > 0 and now >= end_s
            short = stop == turn and now < end_s and _turns(policy.turn_over, headway_s, since_arrival)
            put_off = 0
            if going_home or short:
                while here.next < here.end and come_s[here.next] <= now:
                    person = here.next
                    since_s[person] = come_s[person]
                    after[here.last] = person
                    here.last = person
                    here.next += 1
                for goal in range(stops):
                    if going_home or _left_out(goal, turn, resume):
                        end, rider = here.last, aboard[riders_of + goal]
                        while rider != NOBODY:  # who boarded last is first here, and last in the queue
                            following = after[rider]
                            ride_s[rider] += now - since_s[rider]
                            since_s[rider] = now
                            if here.last == end:
                                here.last = rider
                            after[rider] = after[end]
                            after[end] = rider
                            put_off += 1
                            rider = following
                        aboard[riders_of + goal] = NOBODY
            bus.load -= off + put_off
            free = capacity - bus.load
            if limited[stop]:
                free = _room(free, policy.limit, policy.over, headway_s, since_arrival)
        else:
            arrive, since_arrival = bus.arrive_s, bus.since_arrival_s
            hold, boarded_at = bus.hold_s, bus.boarded_at_s
            on, off, put_off, free, short = bus.on, bus.off, bus.put_off, bus.free, bus.short != 0
        leaving, stays, denied = phase > CALLED_UP, False, 0
        while not going_home:
            close = now
            if not leaving:
                close = arrive + _dwell_s(0, off + put_off, stand)
            elif held[stop] and phase != LEAVING:
                hold = _hold_s(
                    policy.rule,
                    policy.alpha,
                    policy.slack_s,
                    policy.most_s,
                    headway_s,
                    since_arrival,
                    now - here.departed_s,
                    _behind_s(vehicle, now, vehicles, at_s, upto_s) if apart else np.nan,
                    begin_s + (vehicle + bus.lap * fleet) * headway_s + upto_s[stop] - now,
                )
                close = now = now + hold
                if apart and hold > 0.0:
                    phase, stays = LEAVING, True
                    break
            previous, upcoming, last_one = np.uint32(count + stop), here.next, here.end
            while True:  # with doors open, whoever comes keeps them open; at departure, who came in the hold
                person = after[previous]
                comes = person == NOBODY
                if comes:
                    person = upcoming
                    if person >= last_one:
                        break
                    since = come_s[person]
                    if since > close:
                        break
                    upcoming = np.uint32(person + 1)
                else:
                    since = since_s[person]
                goal = to[person]
                passed = (short and _left_out(goal, turn, resume)) or since > close
                if passed or on >= free:
                    if comes:
                        since_s[person] = since
                        after[previous] = person
                        here.last = person
                    if not (passed or leaving):
                        break
                    denied += not passed
                    previous = person
                    continue
                if not comes:
                    after[previous] = after[person]
                    if here.last == person:
                        here.last = previous
                moment = max(since, arrive)
                wait_s[person] += moment - since
                since_s[person] = moment
                if comes or np.isnan(board_s[person]):
                    board_s[person] = moment
                boarded_at += moment
                after[person] = aboard[riders_of + goal]
                aboard[riders_of + goal] = person
                on += 1
                if not leaving:
                    close = arrive + _dwell_s(on, off + put_off, stand)
            here.next = upcoming
            if leaving:
                break
            leaving, now = True, max(close, arrive + layover_s[stop])
            if not bus.broken and arrive >= broken_at_s[vehicle]:
                bus.broken = 1
                now += broken_for_s[vehicle]
            if apart:
                phase, stays = READY, True
                break
        if stays:
            bus.state, at_s[vehicle] = phase, now
            bus.arrive_s, bus.since_arrival_s = arrive, since_arrival
            bus.hold_s, bus.boarded_at_s = hold, boarded_at
            bus.on, bus.off, bus.put_off, bus.free, bus.short = on, off, put_off, free, short
            continue
        bus.load += on
        if visits == room:
            return NO_ROOM
        place = visits
        while place > 0 and log[place - 1].depart_s > now:
            log[place] = log[place - 1]
            place -= 1
        tied = not apart and place > 0 and log[place - 1].depart_s == now
        if tied and log[place - 1].vehicle != vehicle and log[place - 1].stop != stop:
            return TIED  # the order in which the two were planned is not known
        visit = log[place]
        visit.vehicle, visit.stop, visit.boarded, visit.alighted = vehicle, stop, on, off
        visit.load, visit.denied, visit.put_off = bus.load, denied, put_off
        visit.arrive_s, visit.depart_s, visit.hold_s, visit.boarded_at_s = arrive, now, hold, boarded_at
        visit.plan_s = begin_s + (vehicle + bus.lap * fleet) * headway_s + upto_s[stop]
        visits += 1
        here.free_s, here.occupied = now, 0
        if here.behind > 0:  # who came first of those behind is next
            place = 1
            while vehicles[agenda[place]].state != BEHIND or vehicles[agenda[place]].stop != stop:
                place += 1
            called = agenda[place]
            while place > 1:
                agenda[place] = agenda[place - 1]
                place -= 1
            agenda[1] = called
            vehicles[called].state, at_s[called] = CALLED_UP, now
            here.behind -= 1
            here.occupied = 1
        if going_home:
            visit.plan_s = np.nan
            bus.state, at_s[vehicle] = HOME, np.inf
            continue
        here.departed_s = now
        running = max(now - start_s, 0.0)
        if stop == 0:
            bus.minute = min(int(running / TRIP_SLOT_S), len(trips) - 1)
            bus.luck = drivers[min(int(running / DRIVER_SLOT_S), len(drivers) - 1)]
        bus.state = COMING
        if short:
            bus.lap += resume <= stop
            bus.stop, at_s[vehicle] = resume, now + policy.turn_s
            continue
        entered = min(int(running / bin_s), section_s.shape[0] - 1)
        come = now + section_s[entered, stop] * trips[bus.minute, stop] * bus.luck
        bus.stop = stop + 1 if stop + 1 < stops else 0
        if not overtaking:
            ahead = places[bus.stop]
            come = max(come, ahead.entering_s)
            ahead.entering_s = come
        at_s[vehicle] = come
    for stop in range(stops):  # who still waits never alighted
        person = after[count + stop]
        while person != NOBODY:
            alight_s[person] = np.nan
            person = after[person]
    return visits


@compiled
def _behind_s(vehicle: int, now: float, vehicles: Any, at_s: Floats, upto_s: Floats) -> float:
    """Seconds until the next other vehicle is expected; NaN where there is none."""
    least, bus, total = np.nan, vehicles[vehicle], upto_s[len(upto_s) - 1]
    for each in range(len(vehicles)):
        other = vehicles[each]
        if each == vehicle or other.state == HOME:
            continue
        here = (other.state == READY or other.state == LEAVING) and other.stop == bus.stop
        come = now
        if not (here and other.calls_before > bus.calls_before):
            waits = other.state == BEHIND or other.state == CALLED_UP
            since = now if waits else at_s[each]
            come = since + _ahead_s(upto_s[bus.stop], upto_s[other.stop], total, here)
        if not least <= come - now:
            least = come - now
    return float(least)
