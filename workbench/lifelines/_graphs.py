"""
Connectivity by SciPy and NetworkX, state by state: slow, short, and what the compiled versions must equal.

Serves where Numba is not installed as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench._need import need

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork


def reached(network: LifelineNetwork, up: Bools) -> Bools:
    """
    Whether a source that is up reaches each node over assets that are up.

    Parameters
    ----------
    network
        Any network.
    up
        Whether each asset works, shape (states, assets).

    Returns
    -------
    reached
        Shape (states, nodes).
    """
    graphs = need("scipy.sparse.csgraph", "Connectivity")
    sparse = need("scipy.sparse", "Connectivity")
    a, n = network.arrays, network.n
    found = np.zeros((len(up), n + 1), bool)
    for row, state in enumerate(network.up(up)):
        nodes = state[:n]
        open_ = state[n:] & nodes[a.u] & nodes[a.v] & (a.capacity > 0)
        back = open_ & ~a.directed
        roots = np.flatnonzero(a.source & nodes)
        begins = np.concatenate([a.u[open_], a.v[back], np.full(len(roots), n)])
        ends = np.concatenate([a.v[open_], a.u[back], roots])
        graph = sparse.csr_array((np.ones(len(begins), np.int8), (begins, ends)), shape=(n + 1, n + 1))
        found[row, graphs.breadth_first_order(graph, n, return_predecessors=False)] = True
    return found[:, :n]


def losses(network: LifelineNetwork, up: Bools, weights: Floats) -> Floats:
    """
    Weight of the nodes that each asset dominates, an edge being made a node between its ends.

    Parameters
    ----------
    network
        Any network.
    up
        Whether each asset works, shape (assets,).
    weights
        Of nodes, shape (nodes, kinds).

    Returns
    -------
    losses
        Shape (assets, kinds).
    """
    nx = need("networkx", "Connectivity")
    a, n = network.arrays, network.n
    nodes, root = up[:n], network.size
    graph = nx.DiGraph()
    graph.add_node(root)
    graph.add_edges_from((root, int(i)) for i in np.flatnonzero(a.source & nodes))
    for j in np.flatnonzero(up[n:] & nodes[a.u] & nodes[a.v] & (a.capacity > 0)).tolist():
        u, v = int(a.u[j]), int(a.v[j])
        graph.add_edges_from([(u, n + j), (n + j, v)])
        if not a.directed[j]:
            graph.add_edges_from([(v, n + j), (n + j, u)])
    above = nx.immediate_dominators(graph, root)
    tree = nx.DiGraph((over, one) for one, over in above.items() if one != root)
    found = np.zeros((network.size + 1, weights.shape[1]))
    found[:n] = weights
    found[:n][~np.isin(np.arange(n), list(above))] = 0
    for over, one in reversed(list(nx.bfs_edges(tree, root)) if root in tree else []):
        found[over] += found[one]
    return found[:-1]
