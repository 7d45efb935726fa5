"""
Rules of the stop, each written once: plain Python for SimPy, compiled as it stands for the kernels.

They use numbers only, and every operation in the same order, so that both give the same floating-point
numbers. NaN stands for "not known", and whatever depends on it does nothing.
"""

from __future__ import annotations

from typing import NamedTuple

FREE, SCHEDULE, FORWARD, TWO_WAY, SELF, OWN = 0, 1, 2, 3, 4, -1


class Stand(NamedTuple):
    """Seconds for one boarding and for one alighting passenger, for the doors, and at least; shared doors."""

    boarding_s: float
    alighting_s: float
    doors_s: float
    least_s: float
    shared: bool


def dwell_s(boarding: int, alighting: int, stand: Stand) -> float:
    """Seconds that a vehicle stands for so many passengers: the busier door, and the doors themselves."""
    if boarding + alighting == 0:
        return stand.least_s
    on = boarding * stand.boarding_s
    off = alighting * stand.alighting_s
    busy = stand.doors_s + (on + off if stand.shared else (on if on > off else off))
    return busy if busy > stand.least_s else stand.least_s


def hold_s(
    rule: int,
    alpha: float,
    slack_s: float,
    most_s: float,
    headway_s: float,
    since_arrival_s: float,
    since_departure_s: float,
    behind_s: float,
    until_plan_s: float,
) -> float:
    """
    Seconds that a vehicle is held once it is ready to leave.

    Parameters
    ----------
    rule, alpha, slack_s, most_s
        The policy and its parameters.
    headway_s
        Headway as planned.
    since_arrival_s
        From the arrival of the vehicle ahead at this stop to this vehicle's arrival.
    since_departure_s
        From the departure of the vehicle ahead to now.
    behind_s
        From now to the arrival of the vehicle behind, as expected.
    until_plan_s
        From now to the scheduled departure.
    """
    wanted = 0.0
    if rule == SCHEDULE:
        wanted = until_plan_s + slack_s
    elif rule == FORWARD:
        wanted = slack_s
        if since_arrival_s == since_arrival_s and headway_s == headway_s:
            wanted = slack_s + alpha * (headway_s - since_arrival_s)
    elif rule == TWO_WAY:
        wanted = alpha * (behind_s - since_departure_s)
    elif rule == SELF:
        wanted = alpha * behind_s
    if not wanted > 0.0:
        return 0.0
    return wanted if wanted < most_s else most_s


def room(free: int, limit: int, over: float, headway_s: float, since_arrival_s: float) -> int:
    """How many may board: the free places, or fewer where a boarding limit holds for a vehicle this late."""
    if limit < 0 or limit >= free:
        return free
    if over <= 0.0 or since_arrival_s > over * headway_s:
        return limit
    return free


def turns(over: float, headway_s: float, since_arrival_s: float) -> bool:
    """Whether a vehicle turns short: the gap ahead of it is over so many headways."""
    return since_arrival_s > over * headway_s


def left_out(stop: int, turn: int, resume: int) -> bool:
    """Whether a short turn leaves a stop out."""
    if turn < resume:
        return turn < stop < resume
    return stop > turn or stop < resume


def ahead_s(upto: float, at: float, total: float, same_is_round: bool) -> float:
    """Expected seconds from one place of a circle to another, given the seconds from stop 0 to either."""
    way = upto - at
    if way < 0.0 or (same_is_round and way == 0.0):
        return way + total
    return way
