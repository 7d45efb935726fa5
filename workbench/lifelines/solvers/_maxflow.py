"""
Maximum flow compiled, on capacities that are floats: Dinic's blocking flows [1]_, many sources to many sinks.

Imported only where it is used, since it needs Numba. Supply and demand stand at the nodes, not on arcs of a
super source and sink: on a shortest augmenting path they only ever fall, so no arc back is needed for them.
Arc 2j goes from u to v of edge j and arc 2j + 1 back, so the reverse of arc a is a ^ 1. Levels count from the
sinks, so that no path is tried that leads nowhere. Room of `eps` or less counts as none.

References
----------
.. [1] E. A. Dinic (1970), Algorithm for solution of a problem of maximum flow in networks with power
   estimation, Soviet Mathematics Doklady 11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from workbench.lifelines.model import Arrays, Ints

TOLERANCE = 1e-12
"""Room that counts as none, as a share of the whole demand."""


def graph(a: Arrays) -> tuple[Ints, Ints, Ints]:
    """Arcs by the node they leave: start (n + 1,), arcs (2m,) and the head of each arc (2m,)."""
    tail, head = np.stack([a.u, a.v], 1).ravel(), np.stack([a.v, a.u], 1).ravel()
    arcs = np.argsort(tail, kind="stable").astype(np.int32)
    start = np.searchsorted(tail[arcs], np.arange(len(a.supply) + 1)).astype(np.int32)
    return start, arcs, head.astype(np.int32)


@nb.njit(cache=True, nogil=True)
def totals(
    start: Any, arcs: Any, head: Any, u: Any, v: Any, limit: Any, supply: Any, demand: Any, up: Any
) -> Any:
    """Most that can be served in each row of states; limit (2m,) is the capacity of each arc."""
    n = len(supply)
    served = np.zeros(len(up))
    room, left, wanted = np.empty(len(limit)), np.empty(n), np.empty(n)
    level, work = np.empty(n, np.int32), np.empty((3, n + 1), np.int32)
    most = demand.sum()
    for k in range(len(up)):
        _open(u, v, limit, supply, demand, up[k], most, room, left, wanted)
        served[k] = _fill(start, arcs, head, room, left, wanted, most * TOLERANCE, level, work)
    return served


@nb.njit(cache=True, nogil=True)
def once(
    start: Any, arcs: Any, head: Any, u: Any, v: Any, limit: Any, supply: Any, demand: Any, up: Any
) -> Any:
    """One flow that serves the most: what each node is served (n,), what flows from u to v of edges (m,)."""
    n = len(supply)
    room, left, wanted = np.empty(len(limit)), np.empty(n), np.empty(n)
    level, work = np.empty(n, np.int32), np.empty((3, n + 1), np.int32)
    most = demand.sum()
    _open(u, v, limit, supply, demand, up, most, room, left, wanted)
    before, asked = room.copy(), wanted.copy()
    _fill(start, arcs, head, room, left, wanted, most * TOLERANCE, level, work)
    return asked - wanted, before[::2] - room[::2]


@nb.njit(cache=True, nogil=True)
def fair(
    start: Any, arcs: Any, head: Any, u: Any, v: Any, limit: Any, supply: Any, demand: Any, up: Any
) -> Any:
    """
    Share of its own demand that each node is served, the least as high as can be, then the next (n,).

    Newton's steps on the cut: where not all can have the share t, a least cut says which nodes share too
    little; t falls to what they can have. When all have it, the nodes of the last cut are settled, and the
    others go on.
    """
    n = len(supply)
    room, left, wanted = np.empty(len(limit)), np.empty(n), np.empty(n)
    level, work = np.empty(n, np.int32), np.empty((3, n + 1), np.int32)
    share, behind, settled = np.zeros(n), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    most = demand.sum()
    open_ = 0
    for i in range(n):
        settled[i] = demand[i] <= 0.0 or not up[i]
        open_ += not settled[i]
    while open_ > 0:
        t, cut = 1.0, False
        while True:
            _open(u, v, limit, supply, demand, up, most, room, left, wanted)
            for i in range(n):
                wanted[i] *= share[i] if settled[i] else t
            _fill(start, arcs, head, room, left, wanted, most * TOLERANCE, level, work)
            # What the nodes behind the cut are short of, and how much of their demand is still to be shared.
            short, active = 0.0, 0.0
            for i in range(n):
                if level[i] >= 0:
                    short += wanted[i]
                    active += 0.0 if settled[i] else demand[i]
            if active <= 0.0 or short <= 1e-11 * most:
                break
            cut = True
            for i in range(n):
                behind[i] = level[i] >= 0
            lower = max(0.0, t - short / active)
            if lower >= t:
                break
            t = lower
        for i in range(n):
            if not settled[i] and (behind[i] or not cut):
                share[i], settled[i] = t, True
                open_ -= 1
    return share


@nb.njit(cache=True, nogil=True)
def _open(
    u: Any,
    v: Any,
    limit: Any,
    supply: Any,
    demand: Any,
    up: Any,
    most: Any,
    room: Any,
    left: Any,
    wanted: Any,
) -> None:
    """What each arc and node has in a state; an edge to a node that is down has nothing."""
    n = len(supply)
    for i in range(n):
        left[i] = min(supply[i], most) if up[i] else 0.0
        wanted[i] = demand[i] if up[i] else 0.0
    for j in range(len(u)):
        works = up[n + j] and up[u[j]] and up[v[j]]
        room[2 * j] = min(limit[2 * j], most) if works else 0.0
        room[2 * j + 1] = min(limit[2 * j + 1], most) if works else 0.0


@nb.njit(cache=True, nogil=True)
def _fill(
    start: Any, arcs: Any, head: Any, room: Any, supply: Any, demand: Any, eps: Any, level: Any, work: Any
) -> Any:
    """Send all that can be sent; room, supply and demand become what is left. Returns what flows.

    Afterwards `level` is 0 or more on the sinks' side of a least cut, and -1 elsewhere.
    """
    flow = 0.0
    while True:
        limit = _levels(start, arcs, head, room, supply, demand, eps, level, work[0])
        if limit < 0:
            return flow
        flow += _block(start, arcs, head, room, supply, demand, eps, level, work[1], work[2], limit)


@nb.njit(cache=True, nogil=True)
def _levels(
    start: Any, arcs: Any, head: Any, room: Any, supply: Any, demand: Any, eps: Any, level: Any, queue: Any
) -> Any:
    """Arcs from each node to the nearest sink; returns the least number of a source, or -1 for none."""
    last = 0
    for i in range(len(level)):
        level[i] = -1
        if demand[i] > eps:
            level[i] = 0
            queue[last] = i
            last += 1
    first, limit = 0, -1
    while first < last:
        x = queue[first]
        first += 1
        if limit >= 0 and level[x] > limit:
            break
        if supply[x] > eps:
            limit = level[x]
        if limit >= 0:
            continue
        for k in range(start[x], start[x + 1]):
            y = head[arcs[k]]
            if level[y] < 0 and room[arcs[k] ^ 1] > eps:
                level[y] = level[x] + 1
                queue[last] = y
                last += 1
    return limit


@nb.njit(cache=True, nogil=True)
def _block(
    start: Any,
    arcs: Any,
    head: Any,
    room: Any,
    supply: Any,
    demand: Any,
    eps: Any,
    level: Any,
    at: Any,
    path: Any,
    limit: Any,
) -> Any:
    """Fill every path of `limit` arcs from a source to a sink; returns what flows."""
    flow = 0.0
    for i in range(len(level)):
        at[i] = start[i]
    for s in range(len(level)):
        x, depth = s, 0
        while level[s] == limit and supply[s] > eps:
            if depth == limit and demand[x] > eps:
                push = min(supply[s], demand[x])
                for k in range(depth):
                    push = min(push, room[path[k]])
                back = depth
                for k in range(depth - 1, -1, -1):
                    room[path[k]] -= push
                    room[path[k] ^ 1] += push
                    if room[path[k]] <= eps:
                        back = k
                supply[s] -= push
                demand[x] -= push
                flow += push
                if back < depth:
                    depth, x = back, head[path[back] ^ 1]
                continue
            found = False
            while depth < limit and at[x] < start[x + 1] and not found:
                a = arcs[at[x]]
                found = room[a] > eps and level[head[a]] == limit - depth - 1
                if found:
                    path[depth] = a
                    depth, x = depth + 1, head[a]
                else:
                    at[x] += 1
            if not found:
                level[x] = -1
                if depth > 0:
                    depth -= 1
                    x = head[path[depth] ^ 1]
                    at[x] += 1
    return flow
