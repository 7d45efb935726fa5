"""
Closed line, compiled.

Every vehicle has exactly one next event, so the list of events is a search for the earliest one, ties going
to the event that was planned first, as in SimPy. The same numbers as `loop_simpy`, which is the readable one.
"""

from __future__ import annotations

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Floats, Ints
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
NOBODY = -1
FIRST = 1 << 40
COMING, CALLED_UP, READY, LEAVING, BEHIND, HOME = range(6)


def run(inputs: LoopInputs) -> Log:
    """Simulate a day of a closed line."""
    if inputs.own is not None:
        raise BadParameter(f"{type(inputs.own).__name__} is not compiled: simulate it with engine='simpy'.")
    plan = inputs.plan
    counts, times, people = _kernel(
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
        inputs.policy,
    )
    headway: Floats = np.full(counts.shape[1], plan.headway_s)
    return Log.of(counts, [*times, headway], people)


@compiled
def _kernel(
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
) -> tuple[Ints, Floats, Floats]:
    stops, section_s = len(layover_s), roads.section_s
    begin, come_s, to = riders.start, riders.come_s, riders.to
    # passengers: those who wait at a stop and those who ride to one stand in queues; `after` is the next one
    people = np.zeros((4, len(to)))
    wait_s, ride_s, board_s, alight_s = people[0], people[1], people[2], people[3]
    board_s[:] = np.nan
    alight_s[:] = np.nan
    since_s, after = come_s.copy(), np.full(len(to), NOBODY)
    head, tail, cursor = np.full(stops, NOBODY), np.full(stops, NOBODY), begin[:-1].copy()
    first, last = np.full((fleet, stops), NOBODY), np.full((fleet, stops), NOBODY)
    # vehicles: the next event of each, in which order it was planned, and the visit that is under way
    state, stop_of, lap = np.full(fleet, COMING), np.zeros(fleet, np.int64), np.full(fleet, -1)
    at_s, order = np.empty(fleet), np.arange(fleet)
    for each in range(fleet):
        at_s[each] = begin_s + each * headway_s
    load, minute, luck = np.zeros(fleet, np.int64), np.zeros(fleet, np.int64), np.ones(fleet)
    broken, short, calls_before = np.zeros(fleet, np.bool_), np.zeros(fleet, np.bool_), np.full(fleet, -1)
    arrive, since_arrival = np.zeros(fleet), np.full(fleet, np.nan)
    hold, boarded_at = np.zeros(fleet), np.zeros(fleet)
    on, free = np.zeros(fleet, np.int64), np.zeros(fleet, np.int64)
    off, put_off = np.zeros(fleet, np.int64), np.zeros(fleet, np.int64)
    # stops: whether one stands there, how many behind, who was there last, who comes
    occupied, behind = np.zeros(stops, np.bool_), np.zeros(stops, np.int64)
    arrived_s, departed_s = np.full(stops, np.nan), np.full(stops, np.nan)
    entering_s = np.full(stops, -np.inf)
    counts, times = np.zeros((7, 1024), np.int64), np.zeros((5, 1024))
    visits, planned, calls, active = 0, fleet, 0, fleet
    while active > 0:
        vehicle, now = 0, at_s[0]
        for each in range(1, fleet):
            if at_s[each] < now or (at_s[each] == now and order[each] < order[vehicle]):
                vehicle, now = each, at_s[each]
        stop, phase = stop_of[vehicle], state[vehicle]
        if phase == COMING and not overtaking:
            if occupied[stop]:
                state[vehicle], at_s[vehicle], order[vehicle] = BEHIND, np.inf, planned
                behind[stop] += 1
                planned += 1
                continue
            occupied[stop] = True
        leaves, going_home = phase == LEAVING, False
        if phase <= CALLED_UP:
            state[vehicle], calls_before[vehicle] = READY, calls
            calls += 1
            lap[vehicle] += stop == 0
            arrive[vehicle], since_arrival[vehicle] = now, now - arrived_s[stop]
            arrived_s[stop] = now
            count, rider = 0, first[vehicle, stop]
            while rider != NOBODY:
                ride_s[rider] += now - since_s[rider]
                alight_s[rider] = now
                count += 1
                rider = after[rider]
            first[vehicle, stop], last[vehicle, stop] = NOBODY, NOBODY
            off[vehicle] = count
            going_home = stop == 0 and lap[vehicle] > 0 and now >= end_s
            late = _turns(policy.turn_over, headway_s, since_arrival[vehicle])
            short[vehicle] = stop == policy.turn and now < end_s and late
            count = 0
            if going_home or short[vehicle]:
                while cursor[stop] < begin[stop + 1] and come_s[cursor[stop]] <= now:
                    _join(cursor[stop], stop, head, tail, after)
                    cursor[stop] += 1
                for goal in range(stops):
                    if going_home or _left_out(goal, policy.turn, policy.resume):
                        rider = first[vehicle, goal]
                        while rider != NOBODY:
                            following = after[rider]
                            ride_s[rider] += now - since_s[rider]
                            since_s[rider] = now
                            _join(rider, stop, head, tail, after)
                            count += 1
                            rider = following
                        first[vehicle, goal], last[vehicle, goal] = NOBODY, NOBODY
            put_off[vehicle] = count
            load[vehicle] -= off[vehicle] + count
            on[vehicle], boarded_at[vehicle], hold[vehicle] = 0, 0.0, 0.0
            free[vehicle] = riders.capacity - load[vehicle]
            if policy.limited[stop]:
                since = since_arrival[vehicle]
                free[vehicle] = _room(free[vehicle], policy.limit, policy.over, headway_s, since)
        elif phase == READY:
            if policy.at[stop]:
                hold[vehicle] = _hold_s(
                    policy.rule,
                    policy.alpha,
                    policy.slack_s,
                    policy.most_s,
                    headway_s,
                    since_arrival[vehicle],
                    now - departed_s[stop],
                    _behind_s(vehicle, now, state, stop_of, at_s, calls_before, upto_s),
                    begin_s + (vehicle + lap[vehicle] * fleet) * headway_s + upto_s[stop] - now,
                )
            leaves = hold[vehicle] <= 0.0
            if not leaves:
                state[vehicle], at_s[vehicle], order[vehicle] = LEAVING, now + hold[vehicle], planned
                planned += 1
                continue
        denied, close, offs = 0, now, off[vehicle] + put_off[vehicle]
        if not going_home:
            if not leaves:
                close = arrive[vehicle] + _dwell_s(0, offs, stand)
            previous, person = NOBODY, head[stop]
            while True:  # with doors open, whoever comes keeps them open; at departure, who came in the hold
                if person == NOBODY:
                    person = cursor[stop]
                    if person >= begin[stop + 1] or come_s[person] > close:
                        break
                    cursor[stop] += 1
                    _join(person, stop, head, tail, after)
                following = after[person]
                goal = to[person]
                elsewhere = short[vehicle] and _left_out(goal, policy.turn, policy.resume)
                if elsewhere or since_s[person] > close:
                    previous = person
                elif on[vehicle] < free[vehicle]:
                    if previous == NOBODY:
                        head[stop] = following
                    else:
                        after[previous] = following
                    if tail[stop] == person:
                        tail[stop] = previous
                    moment = max(since_s[person], arrive[vehicle])
                    wait_s[person] += moment - since_s[person]
                    since_s[person] = moment
                    if np.isnan(board_s[person]):
                        board_s[person] = moment
                    boarded_at[vehicle] += moment
                    after[person] = NOBODY
                    if first[vehicle, goal] == NOBODY:
                        first[vehicle, goal] = person
                    else:
                        after[last[vehicle, goal]] = person
                    last[vehicle, goal] = person
                    on[vehicle] += 1
                    if not leaves:
                        close = arrive[vehicle] + _dwell_s(on[vehicle], offs, stand)
                elif leaves:
                    denied += 1
                    previous = person
                else:
                    break
                person = following
            if not leaves:
                at_s[vehicle], order[vehicle] = max(close, now + layover_s[stop]), planned
                planned += 1
                if not broken[vehicle] and now >= broken_at_s[vehicle]:
                    broken[vehicle] = True
                    at_s[vehicle] += broken_for_s[vehicle]
                continue
        load[vehicle] += on[vehicle]
        if visits == counts.shape[1]:
            counts, times = _longer_counts(counts), _longer_times(times)
        counts[0, visits], counts[1, visits], counts[2, visits] = vehicle, stop, on[vehicle]
        counts[3, visits], counts[4, visits], counts[5, visits] = off[vehicle], load[vehicle], denied
        counts[6, visits] = put_off[vehicle]
        times[0, visits], times[1, visits], times[2, visits] = arrive[vehicle], now, hold[vehicle]
        times[3, visits] = begin_s + (vehicle + lap[vehicle] * fleet) * headway_s + upto_s[stop]
        times[4, visits] = boarded_at[vehicle]
        visits += 1
        occupied[stop] = False
        if behind[stop] > 0:
            called = NOBODY
            for each in range(fleet):
                waits = state[each] == BEHIND and stop_of[each] == stop
                if waits and (called == NOBODY or order[each] < order[called]):
                    called = each
            occupied[stop] = True
            behind[stop] -= 1
            state[called], at_s[called] = CALLED_UP, now
            order[called] = planned - FIRST  # before whatever else happens now, as in SimPy
            planned += 1
        if going_home:
            times[3, visits - 1] = np.nan
            state[vehicle], at_s[vehicle] = HOME, np.inf
            active -= 1
            continue
        departed_s[stop] = now
        since = max(now - roads.start_s, 0.0)
        if stop == 0:
            minute[vehicle] = min(int(since / TRIP_SLOT_S), len(roads.trips) - 1)
            luck[vehicle] = roads.drivers[min(int(since / DRIVER_SLOT_S), len(roads.drivers) - 1)]
        if short[vehicle]:
            lap[vehicle] += policy.resume <= stop
            stop_of[vehicle], come = policy.resume, now + policy.turn_s
        else:
            entered = min(int(since / roads.bin_s), section_s.shape[0] - 1)
            come = now + section_s[entered, stop] * roads.trips[minute[vehicle], stop] * luck[vehicle]
            stop = stop + 1 if stop + 1 < stops else 0
            stop_of[vehicle] = stop
            if not overtaking:
                come = max(come, entering_s[stop])
                entering_s[stop] = come
        state[vehicle], at_s[vehicle], order[vehicle] = COMING, come, planned
        planned += 1
    return counts[:, :visits].copy(), times[:, :visits].copy(), people


@compiled
def _behind_s(
    vehicle: int, now: float, state: Ints, stop_of: Ints, at_s: Floats, calls_before: Ints, upto_s: Floats
) -> float:
    """Seconds until the next other vehicle is expected; NaN where there is none."""
    least, stop, total = np.nan, stop_of[vehicle], upto_s[len(upto_s) - 1]
    for other in range(len(state)):
        if other == vehicle or state[other] == HOME:
            continue
        here = (state[other] == READY or state[other] == LEAVING) and stop_of[other] == stop
        come = now
        if not (here and calls_before[other] > calls_before[vehicle]):
            waits = state[other] == BEHIND or state[other] == CALLED_UP
            since = now if waits else at_s[other]
            come = since + _ahead_s(upto_s[stop], upto_s[stop_of[other]], total, here)
        if not least <= come - now:
            least = come - now
    return float(least)


@compiled
def _join(person: int, stop: int, head: Ints, tail: Ints, after: Ints) -> None:
    """Stand at the end of a stop's queue."""
    after[person] = NOBODY
    if tail[stop] == NOBODY:
        head[stop] = person
    else:
        after[tail[stop]] = person
    tail[stop] = person


@compiled
def _longer_counts(values: Ints) -> Ints:
    """Twice the room for visits."""
    longer = np.zeros((values.shape[0], 2 * values.shape[1]), np.int64)
    longer[:, : values.shape[1]] = values
    return longer


@compiled
def _longer_times(values: Floats) -> Floats:
    """Twice the room for visits."""
    longer = np.zeros((values.shape[0], 2 * values.shape[1]))
    longer[:, : values.shape[1]] = values
    return longer
