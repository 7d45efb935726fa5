"""
Which edges cut a network in pairs, where no edge has a direction, compiled and exact.

Imported only where it is used, since it needs Numba. In a depth-first tree every other edge leads from a node
back to one above it, and covers the tree edges between. Two tree edges cut the network together when the same
back edges cover them; a tree edge and a back edge do when that one alone covers it. Labels drawn at random
tell this with high probability [1]_. Here it is told for certain: take of the back edges over a tree edge the
one that ends lowest (ties by a fixed order), and how many there are. Tree edges that share that back edge lie
on one path; all back edges over the lower one end above the upper one and so cover it too; and being as many
they are the same.

References
----------
.. [1] D. Pritchard and R. Thurimella (2011), Fast computation of small cuts via cycle space sampling, ACM
   Transactions on Algorithms 7(4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numba as nb
import numpy as np

from workbench.lifelines._kernels_losses import Arcs, below, depth_first

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats, Ints


@dataclass(frozen=True, eq=False)
class Cuts:
    """
    Edges in groups of which any two cut the network, and edges that cut it alone.

    Attributes
    ----------
    edge, group
        Members of groups of two or more, group by group, each group from the root down.
    sums
        Weight below each member, shape (members, kinds); two members cut off the difference of theirs.
    bridge, above
        Edges that cut alone, from the root down, and the place among them of the next one above (-1 for
        none).
    bridge_sums
        Weight below each bridge.
    """

    edge: Ints
    group: Ints
    sums: Floats
    bridge: Ints
    above: Ints
    bridge_sums: Floats


def cuts_of(out: Arcs, weights: Floats, edges: int) -> Cuts:
    """
    Find the groups and the bridges.

    Parameters
    ----------
    out
        Arcs of `_kernels.leaving`, the root last among the nodes, its arcs numbered from `edges` on.
    weights
        Of the nodes without the root, shape (nodes, kinds).
    edges
        How many.
    """
    order, parent, by, over, lowest, bridge_above = _covers(*out)
    sums = below(order, parent, weights)
    place = np.flatnonzero(over > 0)
    alone = place[over[place] == 1]
    back = np.unique(lowest[alone])
    edge = np.concatenate([by[place], back])
    end = np.concatenate([lowest[place], back]).astype(np.int64)
    key = end * (int(over.max(initial=0)) + 1) + np.concatenate([over[place], np.ones(len(back), np.int32)])
    depth = np.concatenate([place, np.full(len(back), len(order))])
    under = np.concatenate([sums[place], np.zeros((len(back), sums.shape[1]))])
    real = edge < edges
    _, group, size = np.unique(key[real], return_inverse=True, return_counts=True)
    real[real] = size[group] > 1
    group = group[size[group] > 1]
    sort = np.lexsort((depth[real], group))
    bridge = np.flatnonzero((over == 0) & (by >= 0) & (by < edges))
    rank = np.full(len(order) + 1, -1, np.int32)
    rank[bridge] = np.arange(len(bridge))
    return Cuts(
        edge[real][sort].astype(np.int32),
        group[sort].astype(np.int32),
        under[real][sort],
        by[bridge],
        rank[bridge_above[bridge]],
        sums[bridge],
    )


def spanning(out: Arcs, edges: int) -> Ints:
    """Edges of a tree over which everything is reached: no two others can cut anything off."""
    *_, by = depth_first(*out, len(out[0]) - 2)
    tree: Ints = by[(by >= 0) & (by < edges)]
    return tree


@nb.njit(cache=True, nogil=True)
def _top(ahead: Any, at: Any) -> Any:
    """Nearest place from `at` up that is not marked yet; halves the way for later."""
    while ahead[at] != at:
        ahead[at] = ahead[ahead[at]]
        at = ahead[at]
    return at


@nb.njit(cache=True, nogil=True)
def _covers(start: Any, other: Any, edge: Any) -> Any:
    """By place: back edges over the tree edge to the parent, which of them ends lowest, the bridge above."""
    order, place, parent, by = depth_first(start, other, edge, len(start) - 2)
    count = len(order)
    over, lowest = np.zeros(count, np.int32), np.full(count, -1, np.int32)
    ahead, bridge = np.arange(count).astype(np.int32), np.full(count, -1, np.int32)
    for p in range(count - 1, -1, -1):
        i = order[p]
        for k in range(start[i], start[i + 1]):
            q = place[other[k]]
            if q > p and by[q] != edge[k]:
                over[q] += 1
                over[p] -= 1
                at = _top(ahead, q)
                while at > p:
                    lowest[at] = edge[k]
                    ahead[at] = parent[at]
                    at = _top(ahead, at)
    for p in range(count - 1, 0, -1):
        over[parent[p]] += over[p]
    for p in range(1, count):
        up = parent[p]
        real = up > 0 and over[up] == 0
        bridge[p] = up if real else bridge[up]
    return order, parent, by, over, lowest, bridge
