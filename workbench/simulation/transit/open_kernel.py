"""
Open line, compiled: trip by trip and stop by stop.

A trip depends on the one before it only through when that one left the stop, so no list of events is needed.
The same numbers as `open_simpy`, which is the readable one.
"""

from __future__ import annotations

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Floats, Ints
from workbench.simulation.transit._jit import compiled
from workbench.simulation.transit.inputs import OpenInputs, Riders, Roads
from workbench.simulation.transit.log import Log
from workbench.simulation.transit.policy import Policy
from workbench.simulation.transit.rules import Stand

_dwell_s = compiled(rules.dwell_s)
_hold_s = compiled(rules.hold_s)
_room = compiled(rules.room)
NOBODY = -1


def run(inputs: OpenInputs) -> Log:
    """Simulate a day of an open line."""
    if inputs.own is not None:
        raise BadParameter(f"{type(inputs.own).__name__} is not compiled: simulate it with engine='simpy'.")
    plan, trips = inputs.plan, inputs.plan.trips
    counts, times, people = _kernel(
        plan.opens_s,
        trips.dispatch_s,
        trips.first,
        trips.last,
        trips.depart_s,
        plan.headway_s,
        plan.ahead,
        inputs.minute,
        inputs.slot,
        inputs.roads,
        inputs.riders,
        inputs.stand,
        inputs.policy,
    )
    times[3], times[5] = plan.visits
    return Log.of(counts, times, people)


@compiled
def _kernel(
    opens_s: Floats,
    dispatch_s: Floats,
    first: Ints,
    last: Ints,
    plan_s: Floats,
    headway_s: Floats,
    ahead: Ints,
    minute: Ints,
    slot: Ints,
    roads: Roads,
    riders: Riders,
    stand: Stand,
    policy: Policy,
) -> tuple[Ints, Floats, Floats]:
    count, stops = plan_s.shape
    section_s, luck_s = roads.section_s, roads.trips
    begin, come_s, to = riders.start, riders.come_s, riders.to
    visits = 0
    for trip in range(count):
        visits += last[trip] - first[trip] + 1
    counts, times, people = np.zeros((7, visits), np.int64), np.zeros((6, visits)), np.zeros((4, len(to)))
    wait_s, ride_s, board_s, alight_s = people[0], people[1], people[2], people[3]
    board_s[:] = np.nan
    alight_s[:] = np.nan
    # queues: the first and the last who wait at a stop, who comes next to it; `after` is the next in a queue
    head, tail, cursor = np.full(stops, NOBODY), np.full(stops, NOBODY), begin[:-1].copy()
    after = np.full(len(to), NOBODY)
    aboard, number = np.full(stops, NOBODY), np.zeros(stops, np.int64)  # riders by stop of alighting
    arrived, left = np.full((count, stops), np.nan), np.full((count, stops), np.nan)
    visit = 0
    for trip in range(count):
        now, load, end = opens_s[trip], 0, last[trip]
        for stop in range(first[trip], end + 1):
            if stop > first[trip]:
                entered = min(max(int((now - roads.start_s) / roads.bin_s), 0), section_s.shape[0] - 1)
                luck = luck_s[minute[trip], stop - 1]
                now = now + section_s[entered, stop - 1] * luck * roads.drivers[slot[trip]]
            before, since_arrival = ahead[trip, stop], np.nan
            if before >= 0:
                now = max(now, left[before, stop])
                since_arrival = now - arrived[before, stop]
            arrive = now
            arrived[trip, stop] = arrive
            off, rider = number[stop], aboard[stop]
            while rider != NOBODY:
                alight_s[rider] = arrive
                ride_s[rider] = arrive - board_s[rider]
                rider = after[rider]
            aboard[stop], number[stop] = NOBODY, 0
            load -= off
            free, headway = riders.capacity - load, headway_s[trip, stop]
            if policy.limited[stop]:
                free = _room(free, policy.limit, policy.over, headway, since_arrival)
            on, denied, boarded_at, hold = 0, 0, 0.0, 0.0
            close = arrive + _dwell_s(0, off, stand)
            until = close
            previous, person = NOBODY, head[stop]
            for leaving in range(2):  # with doors open; then, after the hold, whoever came meanwhile
                if leaving:
                    if stop == first[trip]:
                        close = max(close, dispatch_s[trip])
                    if policy.at[stop]:
                        since = close - left[before, stop] if before >= 0 else np.nan
                        to_plan = plan_s[trip, stop] - close
                        hold = _hold_s(
                            policy.rule,
                            policy.alpha,
                            policy.slack_s,
                            policy.most_s,
                            headway,
                            since_arrival,
                            since,
                            np.nan,
                            to_plan,
                        )
                    until = close + hold
                while True:
                    if person == NOBODY:
                        person = cursor[stop]
                        if person >= begin[stop + 1] or come_s[person] > until:
                            person = NOBODY
                            break
                        cursor[stop] += 1
                        if tail[stop] == NOBODY:
                            head[stop] = person
                        else:
                            after[tail[stop]] = person
                        tail[stop] = person
                    following = after[person]
                    if to[person] > end:
                        previous = person
                    elif on < free:
                        if previous == NOBODY:
                            head[stop] = following
                        else:
                            after[previous] = following
                        if tail[stop] == person:
                            tail[stop] = previous
                        moment = max(come_s[person], arrive)
                        wait_s[person] = moment - come_s[person]
                        board_s[person] = moment
                        boarded_at += moment
                        after[person] = aboard[to[person]]
                        aboard[to[person]] = person
                        number[to[person]] += 1
                        on += 1
                        if not leaving:
                            close = arrive + _dwell_s(on, off, stand)
                            until = close
                    elif leaving:
                        denied += 1
                        previous = person
                    else:
                        break
                    person = following
            load += on
            now = close + hold
            left[trip, stop] = now
            counts[0, visit], counts[1, visit], counts[2, visit] = trip, stop, on
            counts[3, visit], counts[4, visit], counts[5, visit] = off, load, denied
            times[0, visit], times[1, visit], times[2, visit] = arrive, now, hold
            times[4, visit] = boarded_at
            visit += 1
    return counts, times, people
