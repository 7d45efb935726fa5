"""
Betweenness of nodes on a graph with holes, compiled.

Imported only where it is used, since it needs Numba.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from workbench.lifelines.model import Bools, Floats


def node_loads(begins: NDArray[np.int64], ends: NDArray[np.int32], up: Bools) -> Floats:
    """
    Shortest paths through each node, one for each ordered pair of nodes, the ends of a path counted in [1]_.

    Parameters
    ----------
    begins
        Place in `ends` at which the neighbours of each node begin, shape (nodes + 1,).
    ends
        Neighbours, each once.
    up
        Whether each node is there.

    References
    ----------
    .. [1] U. Brandes (2001), A faster algorithm for betweenness centrality, Journal of Mathematical Sociology
       25.
    """
    loads: Floats = _loads(begins, ends, up)
    return loads


@nb.njit(cache=True, nogil=True)
def _loads(begins: Any, ends: Any, up: Any) -> Any:
    n = len(up)
    load = np.zeros(n)
    order, distance = np.empty(n, np.int32), np.empty(n, np.int32)
    paths, share = np.empty(n), np.empty(n)
    for source in range(n):
        if not up[source]:
            continue
        distance[:] = -1
        paths[:] = 0.0
        share[:] = 0.0
        distance[source], paths[source], order[0] = 0, 1.0, source
        head, tail = 0, 1
        while head < tail:
            node = order[head]
            head += 1
            for place in range(begins[node], begins[node + 1]):
                other = ends[place]
                if not up[other]:
                    continue
                if distance[other] < 0:
                    distance[other] = distance[node] + 1
                    order[tail] = other
                    tail += 1
                if distance[other] == distance[node] + 1:
                    paths[other] += paths[node]
        for place in range(tail - 1, 0, -1):
            node = order[place]
            for at in range(begins[node], begins[node + 1]):
                other = ends[at]
                if up[other] and distance[other] == distance[node] + 1:
                    share[node] += paths[node] / paths[other] * (1.0 + share[other])
            load[node] += share[node] + 1.0
        load[source] += tail - 1
    return load
