"""
The service point compiled: the event loop of the SimPy twin on plain arrays, equal to the last digit.

Imported only where it is used, since it needs Numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

from workbench.simulation.services.day import Arrivals
from workbench.simulation.services.visits import Visits

if TYPE_CHECKING:
    from numpy.typing import NDArray


def run_kernel(arrivals: Arrivals, steps: list[tuple[float, int]]) -> Visits:
    """
    Serve everybody who comes.

    Parameters
    ----------
    arrivals
        In the order of time.
    steps
        Second of the day and servers from then on; the first is when the place opens.
    """
    times = np.array([time for time, _ in steps])
    servers = np.array([count for _, count in steps])
    levels = int(arrivals.priority.max()) + 1 if len(arrivals.at) else 1
    out, fate, waiting, inside = _serve(
        arrivals.at, arrivals.service, arrivals.patience, arrivals.priority, levels, times, servers
    )
    return Visits(arrivals, out, fate, waiting, inside)


def fcfs_waits(at: NDArray[np.float64], service: NDArray[np.float64], servers: int) -> NDArray[np.float64]:
    """
    Waits in the order of arrival with servers that are always on duty (Kiefer and Wolfowitz) [1]_.

    Parameters
    ----------
    at, service
        Arrival and service times, in the order of arrival.
    servers
        At least 1.

    References
    ----------
    .. [1] J. Kiefer and J. Wolfowitz (1955), On the theory of queues with many servers, Transactions of the
       American Mathematical Society 78.
    """
    waits: NDArray[np.float64] = _kiefer_wolfowitz(at, service, servers)
    return waits


@nb.njit(cache=True, nogil=True)
def _kiefer_wolfowitz(at: Any, service: Any, servers: Any) -> Any:
    waits, free = np.empty(len(at)), np.full(servers, -np.inf)
    for i in range(len(at)):
        k = 0
        for j in range(1, servers):
            if free[j] < free[k]:
                k = j
        start = max(at[i], free[k])
        waits[i] = start - at[i]
        free[k] = start + service[i]
    return waits


@nb.njit(cache=True, nogil=True)
def _push(keys: Any, numbers: Any, size: Any, key: Any, number: Any) -> Any:
    """Put a key on a heap of `size`."""
    i = size
    while i > 0:
        up = (i - 1) >> 1
        if keys[up] <= key:
            break
        keys[i], numbers[i] = keys[up], numbers[up]
        i = up
    keys[i], numbers[i] = key, number
    return size + 1


@nb.njit(cache=True, nogil=True)
def _pop(keys: Any, numbers: Any, size: Any) -> Any:
    """Take the smallest key off a heap of `size`."""
    size -= 1
    key, number = keys[size], numbers[size]
    i = 0
    while True:
        down = 2 * i + 1
        if down >= size:
            break
        if down + 1 < size and keys[down + 1] < keys[down]:
            down += 1
        if keys[down] >= key:
            break
        keys[i], numbers[i] = keys[down], numbers[down]
        i = down
    keys[i], numbers[i] = key, number
    return size


@nb.njit(cache=True, nogil=True)
def _serve(at: Any, service: Any, patience: Any, priority: Any, levels: Any, times: Any, servers: Any) -> Any:
    n, changes = len(at), len(times)
    out, fate = np.full(n, np.nan), np.full(n, -1, np.int64)
    first, last = np.full(levels, -1, np.int64), np.full(levels, -1, np.int64)  # one queue a priority
    behind = np.full(n, -1, np.int64)
    room = max(1, min(n, servers.max()))
    ends, served = np.empty(room), np.empty(room, np.int64)  # heap of services under way
    limits, bored = np.empty(n), np.empty(n, np.int64)  # heap of patience
    busy, impatient, waiting, inside = 0, 0, 0, 0
    queue_area, system_area, now = 0.0, 0.0, times[0]
    duty, closed, change, arrival = servers[0], changes == 1 and servers[0] == 0, 1, 0
    while True:
        what, time = -1, np.inf
        if busy > 0:
            what, time = 0, ends[0]
        if change < changes and times[change] < time:
            what, time = 1, times[change]
        if arrival < n and at[arrival] < time:
            what, time = 2, at[arrival]
        if impatient > 0 and limits[0] < time:
            what, time = 3, limits[0]
        if what < 0:
            break
        if what == 3:
            i = bored[0]
            impatient = _pop(limits, bored, impatient)
            if fate[i] >= 0:
                continue
        passed = time - now
        queue_area += waiting * passed
        system_area += inside * passed
        now = time
        if what == 0:
            busy = _pop(ends, served, busy)
            inside -= 1
        elif what == 1:
            duty = servers[change]
            change += 1
            closed = duty == 0 and change == changes
        elif what == 2:
            i = arrival
            arrival += 1
            level = priority[i]
            if first[level] < 0:
                first[level] = i
            else:
                behind[last[level]] = i
            last[level] = i
            waiting += 1
            inside += 1
            if patience[i] < np.inf:
                impatient = _push(limits, bored, impatient, now + patience[i], i)
        else:
            out[i], fate[i] = now, 1
            waiting -= 1
            inside -= 1
        for level in range(levels):
            while first[level] >= 0 and (busy < duty or closed or fate[first[level]] >= 0):
                i = first[level]
                first[level] = behind[i]
                if fate[i] >= 0:
                    continue
                waiting -= 1
                out[i] = now
                if closed:
                    fate[i] = 2
                    inside -= 1
                else:
                    fate[i] = 0
                    busy = _push(ends, served, busy, now + service[i], i)
            if first[level] >= 0:
                break
    return out, fate, queue_area, system_area
