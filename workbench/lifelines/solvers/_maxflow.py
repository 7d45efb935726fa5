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
.. [2] S. Fujishige (1980), Lexicographically optimal base of a polymatroid with respect to a weight vector,
   Mathematics of Operations Research 5.
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
    most, some = demand.sum(), np.arange(n)
    for k in range(len(up)):
        _open(u, v, limit, supply, demand, up[k], most, room, left, wanted)
        served[k] = _fill(start, arcs, head, room, left, wanted, most * TOLERANCE, level, work, some)
    return served


@nb.njit(cache=True, nogil=True)
def once(
    start: Any, arcs: Any, head: Any, u: Any, v: Any, limit: Any, supply: Any, demand: Any, up: Any
) -> Any:
    """One flow that serves the most: what each node is served (n,), what flows from u to v of edges (m,)."""
    n = len(supply)
    room, left, wanted = np.empty(len(limit)), np.empty(n), np.empty(n)
    level, work = np.empty(n, np.int32), np.empty((3, n + 1), np.int32)
    most, some = demand.sum(), np.arange(n)
    _open(u, v, limit, supply, demand, up, most, room, left, wanted)
    before, asked = room.copy(), wanted.copy()
    _fill(start, arcs, head, room, left, wanted, most * TOLERANCE, level, work, some)
    return asked - wanted, before[::2] - room[::2]


@nb.njit(cache=True, nogil=True)
def fair(
    start: Any, arcs: Any, head: Any, u: Any, v: Any, limit: Any, supply: Any, demand: Any, up: Any
) -> Any:
    """
    Share of its own demand that each node is served, the least as high as can be, then the next (n,).

    Fujishige's decomposition [2]_: where not all nodes of a part can have their mean share, a least cut parts
    those who get less from those who get more. What the cut lets through is used up whatever is done, so it
    becomes supply behind the cut and what must be served before it, and both parts go their own way.
    """
    n = len(supply)
    most = demand.sum()
    eps = most * TOLERANCE
    limit_of, room = np.empty(len(limit)), np.empty(len(limit))
    fed, asked, left, wanted = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    level, work = np.empty(n, np.int32), np.empty((3, n + 1), np.int32)
    share, must, order = np.zeros(n), np.zeros(n), np.arange(n)
    begins, ends, means = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64), np.empty(n + 1)
    _open(u, v, limit, supply, demand, up, most, limit_of, fed, asked)
    whole = asked.sum()
    if whole <= 0.0:
        return share
    room[:], left[:], wanted[:] = limit_of, fed, asked
    begins[0], ends[0], parts = 0, n, 1
    means[0] = _fill(start, arcs, head, room, left, wanted, eps, level, work, order) / whole
    while parts > 0:
        parts -= 1
        first, last, mean = begins[parts], ends[parts], min(1.0, max(0.0, means[parts]))
        some = order[first:last]
        inside = 0.0
        for i in some:
            left[i], wanted[i] = fed[i], must[i] + mean * asked[i]
            inside += asked[i]
            for k in range(start[i], start[i + 1]):
                room[arcs[k]] = limit_of[arcs[k]]
        _fill(start, arcs, head, room, left, wanted, eps, level, work, some)
        short, behind, count = 0.0, 0.0, 0
        for i in some:
            if level[i] >= 0:
                short += wanted[i]
                behind += asked[i]
                count += 1
        if short <= 10 * eps or behind <= 0.0 or behind >= inside:
            for i in some:
                share[i] = mean if asked[i] > 0.0 else 0.0
            continue
        at, other = 0, count
        moved = some.copy()
        for i in moved:
            if level[i] >= 0:
                some[at] = i
                at += 1
            else:
                some[other] = i
                other += 1
            for k in range(start[i], start[i + 1]):
                a = arcs[k]
                if limit_of[a] > 0.0 and level[i] < 0 and level[head[a]] >= 0:
                    must[i] += limit_of[a]
                    fed[head[a]] += limit_of[a]
        for i in moved:
            for k in range(start[i], start[i + 1]):
                if (level[i] < 0) != (level[head[arcs[k]]] < 0):
                    limit_of[arcs[k]], limit_of[arcs[k] ^ 1] = 0.0, 0.0
        begins[parts], ends[parts], means[parts] = first, first + count, mean - short / behind
        parts += 1
        begins[parts], ends[parts], means[parts] = first + count, last, mean + short / (inside - behind)
        parts += 1
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
    start: Any,
    arcs: Any,
    head: Any,
    room: Any,
    supply: Any,
    demand: Any,
    eps: Any,
    level: Any,
    work: Any,
    some: Any,
) -> Any:
    """
    Send all that can be sent among some nodes; room, supply and demand become what is left. Returns the flow.

    No arc with room may leave these nodes. Afterwards `level` is 0 or more on the sinks' side of a least cut,
    and -1 elsewhere.
    """
    flow = 0.0
    while True:
        limit = _levels(start, arcs, head, room, supply, demand, eps, level, work[0], some)
        if limit < 0:
            return flow
        flow += _block(start, arcs, head, room, supply, demand, eps, level, work[1], work[2], limit, some)


@nb.njit(cache=True, nogil=True)
def _levels(
    start: Any,
    arcs: Any,
    head: Any,
    room: Any,
    supply: Any,
    demand: Any,
    eps: Any,
    level: Any,
    queue: Any,
    some: Any,
) -> Any:
    """Arcs from each node to the nearest sink; returns the least number of a source, or -1 for none."""
    last = 0
    for i in some:
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
    some: Any,
) -> Any:
    """Fill every path of `limit` arcs from a source to a sink; returns what flows."""
    flow = 0.0
    for i in some:
        at[i] = start[i]
    for s in some:
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
