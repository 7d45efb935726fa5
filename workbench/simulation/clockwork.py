"""
Events of SimPy at absolute times, and in a stated order where times are equal.

`timeout(t - now)` ends at a time that may differ from t in the last digit, which a compiled twin of the
model would not repeat. `at(env, t, rank)` ends at t exactly; of events at one time, a lower rank comes
first, and everything that SimPy itself does at that time comes before them.
"""

from __future__ import annotations

from heapq import heappush
from typing import Any

from workbench.errors import BadParameter

FIRST_RANK = 2  # SimPy's own: 0 urgent, 1 normal


def at(env: Any, time: float, rank: int = FIRST_RANK, value: object = None) -> Any:
    """
    Event at an absolute time.

    Parameters
    ----------
    env
        A `simpy.Environment`.
    time
        When, not before now.
    rank
        Order among events at the same time, 2 or more.
    value
        What a process gets from waiting for it.

    Raises
    ------
    BadParameter
        The time is past, or the rank is SimPy's own.
    """
    import simpy

    if not time >= env.now or rank < FIRST_RANK:
        raise BadParameter(
            f"An event needs a time from {env.now} on and a rank of at least 2, not {time}, {rank}."
        )
    event = simpy.Event(env)
    event._ok, event._value = True, value
    heappush(env._queue, (time, rank, next(env._eid), event))
    return event
