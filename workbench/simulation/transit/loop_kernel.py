"""
Closed line, compiled.

Every vehicle has exactly one next event, so the list of events is a search for the earliest one, ties going
to the event that was planned first, as in SimPy. The same numbers as `loop_simpy`, which is the readable one.
"""

from __future__ import annotations

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Flags, Floats, Ints
from workbench.simulation.transit._jit import compiled
from workbench.simulation.transit.day import DRIVER_SLOT_S, TRIP_SLOT_S
from workbench.simulation.transit.inputs import LoopInputs
from workbench.simulation.transit.log import Log

_dwell_s = compiled(rules.dwell_s)
_hold_s = compiled(rules.hold_s)
_room = compiled(rules.room)
_turns = compiled(rules.turns)
_ahead_s = compiled(rules.ahead_s)
NONE = -1
FIRST = 1 << 40
COMING, CALLED_UP, READY, LEAVING, BEHIND, HOME = range(6)


def run(inputs: LoopInputs) -> Log:
    """Simulate a day of a closed line."""
    plan, policy, line, people = inputs.plan, inputs.policy, inputs.line, inputs.passengers
    if policy.own is not None:
        raise BadParameter(f"{type(policy.own).__name__} is not compiled: simulate it with engine='simpy'.")
    times, counts, riders = _kernel(
        plan.fleet,
        plan.headway_s,
        plan.begin_s,
        plan.end_s,
        inputs.upto_s,
        line.layover_s,
        inputs.broken_at_s,
        inputs.broken_for_s,
        inputs.section_s,
        line.start_s,
        line.bin_s,
        inputs.trips,
        inputs.drivers,
        people.start,
        people.arrive_s,
        people.to,
        int(inputs.scenario.capacity),
        inputs.scenario.overtaking,
        *inputs.dwell,
        bool(inputs.scenario.dwell.shared),
        policy.rule,
        policy.alpha,
        policy.slack_s,
        policy.most_s,
        policy.at,
        policy.limit,
        policy.over,
        policy.limited,
        policy.turn,
        policy.resume,
        policy.turn_over,
        policy.turn_s,
    )
    vehicle, stop, on, off, load, denied, put_off = counts
    arrive, depart, hold, plan_s, boarded_at = times
    return Log(
        vehicle=vehicle,
        stop=stop,
        arrive_s=arrive,
        depart_s=depart,
        hold_s=hold,
        headway_s=np.full(len(stop), plan.headway_s),
        plan_s=plan_s,
        boarded=on,
        alighted=off,
        load=load,
        denied=denied,
        put_off=put_off,
        boarded_at_s=boarded_at,
        wait_s=riders[0],
        ride_s=riders[1],
        board_s=riders[2],
        alight_s=riders[3],
    )


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
    section_s: Floats,
    start_s: float,
    bin_s: float,
    trips: Floats,
    drivers: Floats,
    begin: Ints,
    come_s: Floats,
    to: Ints,
    capacity: int,
    overtaking: bool,
    boarding_s: float,
    alighting_s: float,
    doors_s: float,
    least_s: float,
    shared: bool,
    rule: int,
    alpha: float,
    slack_s: float,
    most_s: float,
    at: Flags,
    limit: int,
    over: float,
    limited: Flags,
    turn: int,
    resume: int,
    turn_over: float,
    turn_s: float,
) -> tuple[Floats, Ints, Floats]:
    stops, bins = len(layover_s), section_s.shape[0]
    # passengers: waiting at a stop or riding to one, each in a queue; `after` is the next in either
    people = np.zeros((4, len(to)))
    wait_s, ride_s, board_s, alight_s = people[0], people[1], people[2], people[3]
    board_s[:] = np.nan
    alight_s[:] = np.nan
    since_s = come_s.copy()
    after = np.full(len(to), NONE)
    head, tail = np.full(stops, NONE), np.full(stops, NONE)
    cursor = begin[:-1].copy()
    first, last = np.full((fleet, stops), NONE), np.full((fleet, stops), NONE)
    # vehicles
    state, stop_of, lap = np.full(fleet, COMING), np.zeros(fleet, np.int64), np.full(fleet, -1)
    at_s, order = np.empty(fleet), np.arange(fleet)
    call, load, minute = np.full(fleet, -1), np.zeros(fleet, np.int64), np.zeros(fleet, np.int64)
    luck, broken, short = np.ones(fleet), np.zeros(fleet, np.bool_), np.zeros(fleet, np.bool_)
    arrive, since_arrival, ready = np.zeros(fleet), np.full(fleet, np.nan), np.zeros(fleet)
    hold, boarded_at = np.zeros(fleet), np.zeros(fleet)
    on, off, off_early, free = (
        np.zeros(fleet, np.int64),
        np.zeros(fleet, np.int64),
        np.zeros(fleet, np.int64),
        np.zeros(fleet, np.int64),
    )
    for vehicle in range(fleet):
        at_s[vehicle] = begin_s + vehicle * headway_s
    # stops
    occupied, arrived_s, departed_s = (
        np.zeros(stops, np.bool_),
        np.full(stops, np.nan),
        np.full(stops, np.nan),
    )
    entering_s, behind_count = np.full(stops, -np.inf), np.zeros(stops, np.int64)
    times, counts = np.zeros((5, 1024)), np.zeros((7, 1024), np.int64)
    visits, planned, calls, active = 0, fleet, 0, fleet
    while active > 0:
        vehicle, now = 0, at_s[0]
        for each in range(1, fleet):
            if at_s[each] < now or (at_s[each] == now and order[each] < order[vehicle]):
                vehicle, now = each, at_s[each]
        stop = stop_of[vehicle]
        if state[vehicle] == COMING and not overtaking:
            if occupied[stop]:
                state[vehicle] = BEHIND
                at_s[vehicle] = np.inf
                behind_count[stop] += 1
                order[vehicle] = planned
                planned += 1
                continue
            occupied[stop] = True
        phase = state[vehicle]
        leaves = False
        going_home = False
        if phase == COMING or phase == CALLED_UP:
            state[vehicle] = READY
            call[vehicle] = calls
            calls += 1
            arrive[vehicle] = now
            since_arrival[vehicle] = now - arrived_s[stop]
            arrived_s[stop] = now
            if stop == 0:
                lap[vehicle] += 1
            count = 0
            rider = first[vehicle, stop]
            while rider != NONE:
                ride_s[rider] += now - since_s[rider]
                alight_s[rider] = now
                count += 1
                rider = after[rider]
            first[vehicle, stop] = NONE
            last[vehicle, stop] = NONE
            load[vehicle] -= count
            off[vehicle] = count
            going_home = stop == 0 and lap[vehicle] > 0 and now >= end_s
            short[vehicle] = (
                stop == turn and now < end_s and _turns(turn_over, headway_s, since_arrival[vehicle])
            )
            count = 0
            if going_home or short[vehicle]:
                for goal in range(stops):
                    if going_home or _left_out(goal, turn, resume):
                        rider = first[vehicle, goal]
                        while rider != NONE:
                            following = after[rider]
                            while cursor[stop] < begin[stop + 1] and come_s[cursor[stop]] <= now:
                                _join(cursor[stop], stop, head, tail, after)
                                cursor[stop] += 1
                            ride_s[rider] += now - since_s[rider]
                            since_s[rider] = now
                            _join(rider, stop, head, tail, after)
                            count += 1
                            rider = following
                        first[vehicle, goal] = NONE
                        last[vehicle, goal] = NONE
            load[vehicle] -= count
            off_early[vehicle] = count
            on[vehicle], boarded_at[vehicle], hold[vehicle] = 0, 0.0, 0.0
            free[vehicle] = capacity - load[vehicle]
            if limited[stop]:
                free[vehicle] = _room(free[vehicle], limit, over, headway_s, since_arrival[vehicle])
        elif phase == READY:
            ready[vehicle] = now
            if at[stop]:
                behind = np.nan
                for other in range(fleet):
                    if other == vehicle or state[other] == HOME:
                        continue
                    here = (state[other] == READY or state[other] == LEAVING) and stop_of[other] == stop
                    if here and call[other] > call[vehicle]:
                        come = now
                    else:
                        where = now if state[other] == BEHIND or state[other] == CALLED_UP else at_s[other]
                        come = where + _ahead_s(upto_s[stop], upto_s[stop_of[other]], upto_s[stops], here)
                    if not behind <= come - now:
                        behind = come - now
                to_plan = begin_s + (vehicle + lap[vehicle] * fleet) * headway_s + upto_s[stop] - now
                hold[vehicle] = _hold_s(
                    rule,
                    alpha,
                    slack_s,
                    most_s,
                    headway_s,
                    since_arrival[vehicle],
                    now - departed_s[stop],
                    behind,
                    to_plan,
                )
            leaves = hold[vehicle] <= 0.0
            if not leaves:
                state[vehicle] = LEAVING
                at_s[vehicle] = now + hold[vehicle]
                order[vehicle] = planned
                planned += 1
                continue
        else:
            leaves = True
        # who gets on: with doors open whoever comes keeps them open; at departure those who came during the hold
        denied = 0
        close = now
        if not going_home:
            if not leaves:
                offs = off[vehicle] + off_early[vehicle]
                close = arrive[vehicle] + _dwell_s(0, offs, boarding_s, alighting_s, doors_s, least_s, shared)
            previous, person = NONE, head[stop]
            while True:
                if person == NONE:
                    person = cursor[stop]
                    if person >= begin[stop + 1] or come_s[person] > close:
                        break
                    cursor[stop] += 1
                    _join(person, stop, head, tail, after)
                following = after[person]
                if since_s[person] > close or (short[vehicle] and _left_out(to[person], turn, resume)):
                    previous = person
                elif on[vehicle] < free[vehicle]:
                    if previous == NONE:
                        head[stop] = following
                    else:
                        after[previous] = following
                    if tail[stop] == person:
                        tail[stop] = previous
                    moment = since_s[person] if since_s[person] > arrive[vehicle] else arrive[vehicle]
                    wait_s[person] += moment - since_s[person]
                    since_s[person] = moment
                    if np.isnan(board_s[person]):
                        board_s[person] = moment
                    boarded_at[vehicle] += moment
                    goal = to[person]
                    after[person] = NONE
                    if first[vehicle, goal] == NONE:
                        first[vehicle, goal] = person
                    else:
                        after[last[vehicle, goal]] = person
                    last[vehicle, goal] = person
                    on[vehicle] += 1
                    if not leaves:
                        close = arrive[vehicle] + _dwell_s(
                            on[vehicle], offs, boarding_s, alighting_s, doors_s, least_s, shared
                        )
                elif leaves:
                    denied += 1
                    previous = person
                else:
                    break
                person = following
            if not leaves:
                at_s[vehicle] = max(close, now + layover_s[stop])
                if not broken[vehicle] and now >= broken_at_s[vehicle]:
                    broken[vehicle] = True
                    at_s[vehicle] += broken_for_s[vehicle]
                order[vehicle] = planned
                planned += 1
                continue
        load[vehicle] += on[vehicle]
        if visits == times.shape[1]:
            more_times, more_counts = np.zeros((5, 2 * visits)), np.zeros((7, 2 * visits), np.int64)
            more_times[:, :visits], more_counts[:, :visits] = times, counts
            times, counts = more_times, more_counts
        times[0, visits], times[1, visits], times[2, visits] = arrive[vehicle], now, hold[vehicle]
        times[3, visits] = begin_s + (vehicle + lap[vehicle] * fleet) * headway_s + upto_s[stop]
        times[4, visits] = boarded_at[vehicle]
        if going_home:
            times[3, visits] = np.nan
        counts[0, visits], counts[1, visits], counts[2, visits] = vehicle, stop, on[vehicle]
        counts[3, visits], counts[4, visits], counts[5, visits] = off[vehicle], load[vehicle], denied
        counts[6, visits] = off_early[vehicle]
        visits += 1
        if not going_home:
            departed_s[stop] = now
            if stop == 0:
                since = max(now - start_s, 0.0)
                minute[vehicle] = min(int(since / TRIP_SLOT_S), len(trips) - 1)
                luck[vehicle] = drivers[min(int(since / DRIVER_SLOT_S), len(drivers) - 1)]
        occupied[stop] = False
        if behind_count[stop]:
            called = NONE
            for each in range(fleet):
                waits = state[each] == BEHIND and stop_of[each] == stop
                if waits and (called == NONE or order[each] < order[called]):
                    called = each
            behind_count[stop] -= 1
            occupied[stop] = True
            state[called] = CALLED_UP
            at_s[called] = now
            order[called] = planned - FIRST  # before whatever else happens now, as in SimPy
            planned += 1
        if going_home:
            state[vehicle] = HOME
            at_s[vehicle] = np.inf
            active -= 1
            continue
        if short[vehicle]:
            if resume <= stop:
                lap[vehicle] += 1
            stop_of[vehicle] = resume
            at_s[vehicle] = now + turn_s
        else:
            entered = min(max(int((now - start_s) / bin_s), 0), bins - 1)
            following = stop + 1 if stop + 1 < stops else 0
            come = now + section_s[entered, stop] * trips[minute[vehicle], stop] * luck[vehicle]
            if not overtaking:
                come = max(come, entering_s[following])
                entering_s[following] = come
            stop_of[vehicle] = following
            at_s[vehicle] = come
        state[vehicle] = COMING
        order[vehicle] = planned
        planned += 1
    return times[:, :visits].copy(), counts[:, :visits].copy(), people


@compiled
def _left_out(stop: int, turn: int, resume: int) -> bool:
    """Whether a short turn leaves a stop out."""
    if turn < resume:
        return turn < stop < resume
    return stop > turn or stop < resume


@compiled
def _join(person: int, stop: int, head: Ints, tail: Ints, after: Ints) -> None:
    """Stand at the end of a stop's queue."""
    after[person] = NONE
    if tail[stop] == NONE:
        head[stop] = person
    else:
        after[tail[stop]] = person
    tail[stop] = person
