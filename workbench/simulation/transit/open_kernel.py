"""
Open line, compiled: trip by trip and stop by stop.

A trip depends on the one before it only through the stop that it leaves, so no event list is needed. The same
numbers as `open_simpy`, which is the readable one.
"""

from __future__ import annotations

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Flags, Floats, Ints
from workbench.simulation.transit._jit import compiled
from workbench.simulation.transit.inputs import OpenInputs
from workbench.simulation.transit.log import Log

_dwell_s = compiled(rules.dwell_s)
_hold_s = compiled(rules.hold_s)
_room = compiled(rules.room)
NONE = -1


def run(inputs: OpenInputs) -> Log:
    """Simulate a day of an open line."""
    if inputs.policy.own is not None:
        raise BadParameter(
            f"{type(inputs.policy.own).__name__} is not compiled: simulate it with engine='simpy'."
        )
    plan, policy, line = inputs.plan, inputs.policy, inputs.line
    trips = plan.trips
    visits, people = _kernel(
        trips.dispatch_s,
        trips.first,
        trips.last,
        trips.depart_s,
        plan.headway_s,
        plan.ahead,
        inputs.section_s,
        line.start_s,
        line.bin_s,
        inputs.trips,
        inputs.minute,
        inputs.drivers,
        inputs.slot,
        inputs.passengers.start,
        inputs.passengers.arrive_s,
        inputs.passengers.to,
        int(inputs.scenario.capacity),
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
    )
    times, counts = visits
    vehicle, stop, boarded, alighted, load, denied = counts
    arrive, depart, hold, boarded_at = times
    return Log(
        vehicle=vehicle,
        stop=stop,
        arrive_s=arrive,
        depart_s=depart,
        hold_s=hold,
        headway_s=plan.headway_s[vehicle, stop],
        plan_s=trips.depart_s[vehicle, stop],
        boarded=boarded,
        alighted=alighted,
        load=load,
        denied=denied,
        put_off=np.zeros_like(load),
        boarded_at_s=boarded_at,
        wait_s=people[0],
        ride_s=people[1],
        board_s=people[2],
        alight_s=people[3],
    )


@compiled
def _kernel(
    dispatch_s: Floats,
    first: Ints,
    last: Ints,
    plan_s: Floats,
    headway_s: Floats,
    ahead: Ints,
    section_s: Floats,
    start_s: float,
    bin_s: float,
    trips: Floats,
    minute: Ints,
    drivers: Floats,
    slot: Ints,
    begin: Ints,
    come_s: Floats,
    to: Ints,
    capacity: int,
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
) -> tuple[tuple[Floats, Ints], Floats]:
    count, stops = plan_s.shape
    bins = section_s.shape[0]
    total = 0
    for trip in range(count):
        total += last[trip] - first[trip] + 1
    times, counts = np.zeros((4, total)), np.zeros((6, total), np.int64)
    people = np.zeros((4, len(to)))
    wait_s, ride_s, board_s, alight_s = people[0], people[1], people[2], people[3]
    board_s[:] = np.nan
    alight_s[:] = np.nan
    after = np.empty(
        len(to), np.int64
    )  # the next one in the queue, or of those on board who alight at the same stop
    head, tail = np.full(stops, NONE), np.full(stops, NONE)
    cursor = begin[:-1].copy()
    riders, number = np.full(stops, NONE), np.zeros(stops, np.int64)
    arrived, left = np.full((count, stops), np.nan), np.full((count, stops), np.nan)
    visit = 0
    for trip in range(count):
        luck = drivers[slot[trip]]
        now = dispatch_s[trip]
        load = 0
        for stop in range(first[trip], last[trip] + 1):
            if stop > first[trip]:
                entered = int((now - start_s) / bin_s)
                entered = min(max(entered, 0), bins - 1)
                now = now + section_s[entered, stop - 1] * trips[minute[trip], stop - 1] * luck
            before = ahead[trip, stop]
            since_arrival = np.nan
            if before >= 0:
                if left[before, stop] > now:
                    now = left[before, stop]
                since_arrival = now - arrived[before, stop]
            arrive = now
            arrived[trip, stop] = arrive
            off = number[stop]
            rider = riders[stop]
            while rider != NONE:
                alight_s[rider] = arrive
                ride_s[rider] = arrive - board_s[rider]
                rider = after[rider]
            riders[stop] = NONE
            number[stop] = 0
            load -= off
            free = capacity - load
            if limited[stop]:
                free = _room(free, limit, over, headway_s[trip, stop], since_arrival)
            on, denied, boarded_at, hold = 0, 0, 0.0, 0.0
            close = arrive + _dwell_s(0, off, boarding_s, alighting_s, doors_s, least_s, shared)
            until = close
            previous, person = NONE, head[stop]
            for leaving in range(2):
                if leaving:
                    if at[stop]:
                        since = close - left[before, stop] if before >= 0 else np.nan
                        to_plan = plan_s[trip, stop] - close
                        hold = _hold_s(
                            rule,
                            alpha,
                            slack_s,
                            most_s,
                            headway_s[trip, stop],
                            since_arrival,
                            since,
                            np.nan,
                            to_plan,
                        )
                    until = close + hold
                while True:
                    if person == NONE:
                        person = cursor[stop]
                        if person >= begin[stop + 1] or come_s[person] > until:
                            person = NONE
                            break
                        cursor[stop] += 1
                        after[person] = NONE
                        if tail[stop] == NONE:
                            head[stop] = person
                        else:
                            after[tail[stop]] = person
                        tail[stop] = person
                    following = after[person]
                    if to[person] > last[trip]:
                        previous = person
                    elif on < free:
                        if previous == NONE:
                            head[stop] = following
                        else:
                            after[previous] = following
                        if tail[stop] == person:
                            tail[stop] = previous
                        moment = come_s[person] if come_s[person] > arrive else arrive
                        wait_s[person] = moment - come_s[person]
                        board_s[person] = moment
                        boarded_at += moment
                        after[person] = riders[to[person]]
                        riders[to[person]] = person
                        number[to[person]] += 1
                        on += 1
                        if not leaving:
                            close = arrive + _dwell_s(
                                on, off, boarding_s, alighting_s, doors_s, least_s, shared
                            )
                            until = close
                    elif leaving:
                        denied += 1
                        previous = person
                    else:
                        break
                    person = following
            depart = close + hold
            load += on
            left[trip, stop] = depart
            times[0, visit], times[1, visit], times[2, visit] = arrive, depart, hold
            times[3, visit] = boarded_at
            counts[0, visit], counts[1, visit], counts[2, visit] = trip, stop, on
            counts[3, visit], counts[4, visit], counts[5, visit] = off, load, denied
            visit += 1
            now = depart
    return (times, counts), people
