"""
Which nodes a source reaches, in many states of a network at once, compiled.

Imported only where it is used, since it needs Numba. Sixty-four states stand in the bits of one word for each
asset, so that one breadth-first search serves them all: a node is looked at again only when states reach it
that had not yet [1]_. Union-find for each state, also compiled, takes ten to thirty times longer and knows no
directions.

References
----------
.. [1] M. Then et al. (2014), The more the merrier: efficient multi-source graph traversal, Proceedings of the
   VLDB Endowment 8(4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints

WORD = 64
"""States in a word."""


def leaving(
    nodes: int, begins: Ints, ends: Ints, both: Bools, edges: Ints, *, reverse: bool = False
) -> tuple[Ints, Ints, Ints]:
    """
    Arcs by the node that they leave.

    Parameters
    ----------
    nodes
        How many.
    begins, ends
        Nodes of each edge.
    both
        Whether an edge is passed both ways.
    edges
        Number that each edge is known by.
    reverse
        By the node that they enter instead.

    Returns
    -------
    start, other, edge
        The arcs of node i are start[i] to start[i + 1]: their other node and their edge.
    """
    if reverse:
        begins, ends = ends, begins
    found: tuple[Ints, Ints, Ints] = _leaving(nodes, begins, ends, both, edges)
    return found


def totals(up: Bools, sources: Ints, arcs: tuple[Ints, Ints, Ints], nodes: Ints, demand: Floats) -> Floats:
    """
    Demand reached in each state.

    Parameters
    ----------
    up
        Whether each asset works, shape (states, assets), row by row in memory.
    sources
        Nodes that supply while they are up.
    arcs
        Of `leaving`.
    nodes, demand
        Nodes that have a demand, and how much.

    Returns
    -------
    totals
        Shape (states,).
    """
    found: Floats = _totals(up.view(np.uint8), sources, *arcs, nodes, demand)
    return found


def reached(up: Bools, sources: Ints, arcs: tuple[Ints, Ints, Ints]) -> Bools:
    """Whether a source reaches each node in each state, shape (states, nodes); takes what `totals` takes."""
    found: Bools = _reached(up.view(np.uint8), sources, *arcs).view(np.bool_)
    return found


@nb.njit(cache=True, nogil=True)
def _leaving(nodes: Any, begins: Any, ends: Any, both: Any, edges: Any) -> Any:
    start = np.zeros(nodes + 1, np.int32)
    for k in range(len(begins)):
        start[begins[k] + 1] += 1
        if both[k]:
            start[ends[k] + 1] += 1
    for i in range(nodes):
        start[i + 1] += start[i]
    at = start[:-1].copy()
    other, edge = np.empty(start[nodes], np.int32), np.empty(start[nodes], np.int32)
    for k in range(len(begins)):
        i, j = begins[k], ends[k]
        other[at[i]], edge[at[i]] = j, edges[k]
        at[i] += 1
        if both[k]:
            other[at[j]], edge[at[j]] = i, edges[k]
            at[j] += 1
    return start, other, edge


@nb.njit(cache=True, nogil=True)
def _pack(up: Any, first: Any, count: Any, planes: Any, words: Any) -> None:
    """Write states `first` to `first + count` into the bits of a word for each asset."""
    assets = up.shape[1]
    planes[:] = 0
    for s in range(count // 8):
        r = first + 8 * s
        for a in range(assets):
            planes[s, a] = (
                up[r, a]
                | (up[r + 1, a] << 1)
                | (up[r + 2, a] << 2)
                | (up[r + 3, a] << 3)
                | (up[r + 4, a] << 4)
                | (up[r + 5, a] << 5)
                | (up[r + 6, a] << 6)
                | (up[r + 7, a] << 7)
            )
    for s in range(count // 8 * 8, count):
        for a in range(assets):
            planes[s // 8, a] |= up[first + s, a] << (s % 8)
    for a in range(assets):
        words[a] = (
            np.uint64(planes[0, a])
            | (np.uint64(planes[1, a]) << np.uint64(8))
            | (np.uint64(planes[2, a]) << np.uint64(16))
            | (np.uint64(planes[3, a]) << np.uint64(24))
            | (np.uint64(planes[4, a]) << np.uint64(32))
            | (np.uint64(planes[5, a]) << np.uint64(40))
            | (np.uint64(planes[6, a]) << np.uint64(48))
            | (np.uint64(planes[7, a]) << np.uint64(56))
        )


@nb.njit(cache=True, nogil=True)
def _search(
    words: Any, sources: Any, start: Any, other: Any, edge: Any, left: Any, news: Any, queue: Any
) -> None:
    """Leave in `left` the states in which a node is up and not reached; `news` is empty before and after."""
    nodes = len(start) - 1
    left[:] = words[:nodes]
    head, size = 0, 0
    for i in sources:
        if left[i]:
            news[i] = left[i]
            left[i] = 0
            queue[size] = i
            size += 1
    while size > 0:
        i = queue[head]
        head = head + 1 if head + 1 < nodes else 0
        size -= 1
        came = news[i]
        news[i] = 0
        for k in range(start[i], start[i + 1]):
            j = other[k]
            on = came & left[j] & words[nodes + edge[k]]
            if on:
                left[j] ^= on
                if news[j] == 0:
                    tail = head + size
                    queue[tail if tail < nodes else tail - nodes] = j
                    size += 1
                news[j] |= on


@nb.njit(cache=True, nogil=True)
def _totals(up: Any, sources: Any, start: Any, other: Any, edge: Any, nodes: Any, demand: Any) -> Any:
    states, assets = up.shape
    n = len(start) - 1
    planes, words = np.empty((8, assets), np.uint8), np.empty(assets, np.uint64)
    left, news, queue = np.empty(n, np.uint64), np.zeros(n, np.uint64), np.empty(n, np.int32)
    found = np.empty(states)
    sums = np.empty(64)
    for first in range(0, states, 64):
        count = min(64, states - first)
        _pack(up, first, count, planes, words)
        _search(words, sources, start, other, edge, left, news, queue)
        sums[:] = 0.0
        for k in range(len(nodes)):
            i = nodes[k]
            served, amount = words[i] & ~left[i], demand[k]
            for s in range(64):
                sums[s] += amount if (served >> np.uint64(s)) & np.uint64(1) else 0.0
        found[first : first + count] = sums[:count]
    return found


@nb.njit(cache=True, nogil=True)
def _reached(up: Any, sources: Any, start: Any, other: Any, edge: Any) -> Any:
    states, assets = up.shape
    n = len(start) - 1
    planes, words = np.empty((8, assets), np.uint8), np.empty(assets, np.uint64)
    left, news, queue = np.empty(n, np.uint64), np.zeros(n, np.uint64), np.empty(n, np.int32)
    found = np.empty((states, n), np.uint8)
    for first in range(0, states, 64):
        count = min(64, states - first)
        _pack(up, first, count, planes, words)
        _search(words, sources, start, other, edge, left, news, queue)
        for s in range(count):
            for i in range(n):
                found[first + s, i] = ((words[i] & ~left[i]) >> np.uint64(s)) & np.uint64(1)
    return found
