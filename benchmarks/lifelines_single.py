"""Demand lost when each edge fails: one pass against NetworkX, rustworkx and igraph."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np
from lifelines_networks import district, grid
from lifelines_race import Outcome, Side, installed, race

from workbench.lifelines import LifelineNetwork, _kernels_losses
from workbench.lifelines._losses import rooted
from workbench.lifelines.criticality import n_minus_1

TIMED = {1_000: 100, 10_000: 20, 100_000: 3}
"""Edges that the naive way is timed on."""


def results(sizes: list[int], rounds: int) -> Iterator[Outcome]:
    """N-1 of all edges, by size; then with directions."""
    for size in sizes:
        network = district(size)
        yield from race(
            f"N-1 of {size:,} edges", _ours(network), _others(network, TIMED.get(size, 3)), rounds
        )
    network = grid(71, directed=0.3)
    yield from race(f"N-1 of {network.m:,}, 30 % one way", _ours(network), _directed(network), rounds)


def _ours(network: LifelineNetwork) -> Side:
    """The kernel on arcs made before, as the others have their graphs; nodes come with it."""
    demand, (out, into) = network.arrays.demand[:, None], rooted(network, network.intact)
    if into is None:
        return Side(lambda: _kernels_losses.low_link(out, demand, network.m)[network.n :, 0])
    return Side(lambda: _kernels_losses.dominated(out, into, demand, network.m)[network.n :, 0])


def _others(network: LifelineNetwork, timed: int) -> dict[str, Side]:
    a, n = network.arrays, network.n
    root, sources = n, np.flatnonzero(a.source)
    begins, ends = np.append(a.u, np.full(len(sources), root)), np.append(a.v, sources)
    pairs = list(zip(begins.tolist(), ends.tolist(), strict=True))
    demand = np.append(a.demand, 0.0)
    graph = nx.Graph(pairs)
    below = _below(begins, ends, demand)
    number = {frozenset(one): j for j, one in enumerate(pairs)}
    amounts = demand.tolist()

    def naive() -> np.ndarray:
        whole, lost = sum(amounts), []
        for u, v in pairs[:timed]:
            graph.remove_edge(u, v)
            lost.append(whole - sum(amounts[i] for i in nx.node_connected_component(graph, root)))
            graph.add_edge(u, v)
        return np.array(lost)

    def bridges() -> np.ndarray:
        lost, sums = np.zeros(network.m), demand.tolist()
        order = list(nx.dfs_edges(graph, root))
        cut = {frozenset(one) for one in nx.bridges(graph)}
        for over, child in reversed(order):
            sums[over] += sums[child]
            pair = frozenset((over, child))
            if pair in cut and number[pair] < network.m:
                lost[number[pair]] = sums[child]
        return lost

    found = {
        "ours, to the ranked table": Side(lambda: _ranked(network)),
        "NetworkX, edge by edge": Side(naive, timed / network.m),
        "NetworkX bridges and DFS": Side(bridges),
    }
    there = installed("rustworkx", "igraph")
    if there["rustworkx"]:
        import rustworkx as rx

        crust = rx.PyGraph(multigraph=False)
        crust.add_nodes_from(range(n + 1))
        crust.add_edges_from_no_data(pairs)
        key = np.sort(np.stack([begins, ends]), axis=0).T @ np.array([n + 1, 1], np.int64)
        sort = np.argsort(key)

        def rust() -> np.ndarray:
            cut = np.sort(np.array(list(rx.bridges(crust)), np.int64).reshape(-1, 2), axis=1)
            return below(sort[np.searchsorted(key[sort], cut @ np.array([n + 1, 1], np.int64))])[: network.m]

        found["rustworkx bridges, SciPy BFS"] = Side(rust)
    if there["igraph"]:
        import igraph

        other = igraph.Graph(n + 1, pairs)
        found["igraph bridges, SciPy BFS"] = Side(lambda: below(np.array(other.bridges(), int))[: network.m])
    return found


def _ranked(network: LifelineNetwork) -> np.ndarray:
    found = n_minus_1(network)
    lost = np.zeros(network.size)
    lost[found["asset"].to_numpy()] = found["lost"].to_numpy()
    return lost[network.n :]


def _below(begins: np.ndarray, ends: np.ndarray, demand: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Function that sums the demand behind bridges, level by level of SciPy's breadth-first tree."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    root = len(demand) - 1
    graph = csr_array((np.ones(len(begins), np.int8), (begins, ends)), shape=(root + 1, root + 1))
    graph = (graph + graph.T).tocsr()

    def below(bridges: np.ndarray) -> np.ndarray:
        order, before = breadth_first_order(graph, root, directed=True)
        place = np.empty(root + 1, int)
        place[order] = np.arange(len(order))
        over = place[before[order[1:]]]  # never falls, so that each level is a slice
        starts = [1]
        while starts[-1] < len(order):
            starts.append(1 + int(np.searchsorted(over, starts[-1])))
        sums = demand[order]
        for i, j in zip(starts[-2::-1], starts[:0:-1], strict=True):
            np.add.at(sums, over[i - 1 : j - 1], sums[i:j])
        lost = np.zeros(len(begins))
        lower = np.maximum(place[begins[bridges]], place[ends[bridges]])
        lost[bridges] = sums[lower]
        return lost

    return below


def _directed(network: LifelineNetwork) -> dict[str, Side]:
    """Dominators of the graph in which every edge is a node between its ends."""
    a, n, m = network.arrays, network.n, network.m
    edge = n + np.arange(m)
    back = ~a.directed
    root = n + m
    sources = np.flatnonzero(a.source)
    begins = np.concatenate([a.u, edge, a.v[back], edge[back], np.full(len(sources), root)]).tolist()
    ends = np.concatenate([edge, a.v, edge[back], a.u[back], sources]).tolist()
    pairs = list(zip(begins, ends, strict=True))
    weights = np.concatenate([a.demand, np.zeros(m + 1)]).tolist()
    graph = nx.DiGraph(pairs)

    def summed(above: dict[int, int]) -> np.ndarray:
        sums, children = list(weights), {}
        for one, over in above.items():
            if one != root:
                children.setdefault(over, []).append(one)
        order = [root]
        for one in order:
            order += children.get(one, ())
        for one in reversed(order[1:]):
            sums[above[one]] += sums[one]
        reached = np.isin(np.arange(n + m), list(above))
        return np.where(reached, sums[: n + m], 0.0)[n:]

    found = {"NetworkX dominators": Side(lambda: summed(nx.immediate_dominators(graph, root)))}
    if installed("rustworkx")["rustworkx"]:
        import rustworkx as rx

        crust = rx.PyDiGraph()
        crust.add_nodes_from(range(root + 1))
        crust.add_edges_from_no_data(pairs)
        found["rustworkx dominators"] = Side(lambda: summed(rx.immediate_dominators(crust, root)))
    return found
