"""
What is cut off when one asset fails, for every asset in one pass, compiled.

Imported only where it is used, since it needs Numba. The network hangs from a root that is joined to every
source. Where no edge has a direction, one depth-first search tells bridges and articulation points by the
lowest number that a part reaches past its top [1]_. Otherwise the dominator tree is made [2]_: what an asset
dominates is what it cuts off. An arc into a node dominates it where every other arc into it comes from below
it.

References
----------
.. [1] R. E. Tarjan (1972), Depth-first search and linear graph algorithms, SIAM Journal on Computing 1(2).
.. [2] T. Lengauer and R. E. Tarjan (1979), A fast algorithm for finding dominators in a flowgraph, ACM
   Transactions on Programming Languages and Systems 1(1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats, Ints

Arcs = tuple["Ints", "Ints", "Ints"]


def low_link(out: Arcs, weights: Floats, edges: int) -> Floats:
    """
    What each node and each edge cuts off, where no edge has a direction.

    Parameters
    ----------
    out
        Arcs of `_kernels.leaving`, the root last among the nodes, its arcs numbered from `edges` on.
    weights
        Of the nodes without the root, shape (nodes, kinds).
    edges
        How many.

    Returns
    -------
    losses
        Weight that only the asset joins to the root, shape (nodes + edges, kinds).
    """
    found: Floats = _low_link(*out, weights, edges)
    return found


def dominated(out: Arcs, into: Arcs, weights: Floats, edges: int) -> Floats:
    """
    What each node and each edge cuts off, with directions.

    Parameters
    ----------
    out, into
        Arcs of `_kernels.leaving` and the same in reverse, the root as for `low_link`.
    weights, edges
        As for `low_link`.
    """
    found: Floats = _dominated(*out, *into, weights, edges)
    return found


@nb.njit(cache=True, nogil=True)
def depth_first(start: Any, other: Any, edge: Any, root: Any) -> Any:
    """Nodes as found, the place of each in that order (-1 unreached), and its parent's place and edge."""
    nodes = len(start) - 1
    order, parent, by = np.empty(nodes, np.int32), np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    place, at = np.full(nodes, -1, np.int32), start[:-1].copy()
    order[0], parent[0], by[0], place[root] = root, -1, -1, 0
    count, here = 1, 0
    while here >= 0:
        i = order[here]
        k, end = at[i], start[i + 1]
        while k < end and place[other[k]] >= 0:
            k += 1
        at[i] = k + 1
        if k == end:
            here = parent[here]
        else:
            j = other[k]
            order[count], parent[count], by[count], place[j] = j, here, edge[k], count
            here = count
            count += 1
    return order[:count], place, parent[:count], by[:count]


@nb.njit(cache=True, nogil=True)
def below(order: Any, parent: Any, weights: Any) -> Any:
    """Weight of each node, by place, with all below it in a tree; the root is first."""
    kinds = weights.shape[1]
    sums = np.zeros((len(order), kinds))
    for p in range(len(order) - 1, 0, -1):
        for w in range(kinds):
            sums[p, w] += weights[order[p], w]
            sums[parent[p], w] += sums[p, w]
    return sums


@nb.njit(cache=True, nogil=True)
def _low_link(start: Any, other: Any, edge: Any, weights: Any, edges: Any) -> Any:
    nodes, kinds = weights.shape
    order, place, parent, by = depth_first(start, other, edge, nodes)
    sums = below(order, parent, weights)
    low = np.arange(len(order)).astype(np.int32)
    losses = np.zeros((nodes + edges, kinds))
    for p in range(1, len(order)):
        losses[order[p]] = weights[order[p]]
    for p in range(len(order) - 1, 0, -1):
        i, up = order[p], parent[p]
        least = low[p]
        for k in range(start[i], start[i + 1]):
            if edge[k] != by[p]:
                least = min(least, place[other[k]])
        low[up] = min(low[up], least)
        if least >= up and up > 0:
            for w in range(kinds):
                losses[order[up], w] += sums[p, w]
        if least >= p and by[p] < edges:
            losses[nodes + by[p]] = sums[p]
    return losses


@nb.njit(cache=True, nogil=True)
def _immediate(order: Any, place: Any, parent: Any, start: Any, other: Any) -> Any:
    """Place of the immediate dominator of each node, by place (Lengauer and Tarjan, paths compressed)."""
    count = len(order)
    half = np.arange(count).astype(np.int32)
    label, above = half.copy(), np.full(count, -1, np.int32)
    chosen, first, after = np.zeros(count, np.int32), np.full(count, -1, np.int32), np.empty(count, np.int32)
    path = np.empty(count, np.int32)
    for p in range(count - 1, 0, -1):
        i = order[p]
        for k in range(start[i], start[i + 1]):
            q = place[other[k]]
            if q >= 0:
                half[p] = min(half[p], half[_least(q, label, above, half, path)])
        after[p] = first[half[p]]
        first[half[p]] = p
        up = parent[p]
        above[p] = up
        q = first[up]
        while q >= 0:
            best = _least(q, label, above, half, path)
            chosen[q] = best if half[best] < half[q] else up
            q = after[q]
        first[up] = -1
    for p in range(1, count):
        if chosen[p] != half[p]:
            chosen[p] = chosen[chosen[p]]
    return chosen


@nb.njit(cache=True, nogil=True)
def _least(q: Any, label: Any, above: Any, half: Any, path: Any) -> Any:
    """Of the linked places from q up, top left out, that of the least semidominator; shortens the path."""
    if above[q] < 0:
        return q
    size, at = 0, q
    while above[above[at]] >= 0:
        path[size] = at
        size += 1
        at = above[at]
    for s in range(size - 1, -1, -1):
        at = path[s]
        up = above[at]
        if half[label[up]] < half[label[at]]:
            label[at] = label[up]
        above[at] = above[up]
    return label[q]


@nb.njit(cache=True, nogil=True)
def _dominated(
    start: Any, other: Any, edge: Any, begin: Any, tail: Any, entry: Any, weights: Any, edges: Any
) -> Any:
    nodes, kinds = weights.shape
    order, place, parent, _ = depth_first(start, other, edge, nodes)
    chosen = _immediate(order, place, parent, begin, tail)
    sums = below(order, chosen, weights)
    count = len(order)
    size, number, free = np.ones(count, np.int32), np.zeros(count, np.int32), np.ones(count, np.int32)
    for p in range(count - 1, 0, -1):
        size[chosen[p]] += size[p]
    losses = np.zeros((nodes + edges, kinds))
    for p in range(1, count):
        number[p] = free[chosen[p]]
        free[chosen[p]] += size[p]
        free[p] = number[p] + 1
        losses[order[p]] = sums[p]
    for p in range(1, count):
        i, ways, only = order[p], 0, -1
        for k in range(begin[i], begin[i + 1]):
            q = place[tail[k]]
            if q >= 0 and not number[p] <= number[q] < number[p] + size[p]:
                ways += 1
                only = entry[k]
        if ways == 1 and only < edges:
            losses[nodes + only] = sums[p]
    return losses
