"""Demand served in many damaged states: many states at once against one by one by SciPy, NetworkX, rustworkx, igraph."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np
from lifelines_networks import district, grid
from lifelines_race import Outcome, Side, installed, race

from workbench.lifelines import LifelineNetwork
from workbench.lifelines.solvers.connectivity import Connectivity
from workbench.simulation import Streams

PARTS = {"SciPy BFS": 10, "NetworkX": 500, "rustworkx": 100, "igraph": 100}
"""The others are timed on one in so many of the samples."""


def results(samples: int, rounds: int) -> Iterator[Outcome]:
    """A branched network that falls apart, and a meshed one that mostly holds."""
    for what, network, failing in (
        ("streets", district(12_000), 0.05),
        ("streets", district(12_000), 0.001),
        ("grid", grid(100), 0.2),
    ):
        rng = Streams(2).generator("damage")
        up = np.ones((samples, network.size), bool)
        for row in up:
            row[network.n :] = rng.random(network.m) >= failing
        solver = Connectivity(network)
        label = f"{samples:,} x {what}, {failing:.1%} out"
        yield from race(
            label, Side(lambda solver=solver, up=up: solver.totals(up)), _others(network, up), rounds
        )


def _others(network: LifelineNetwork, up: np.ndarray) -> dict[str, Side]:
    a, n = network.arrays, network.n
    root, sources = n, np.flatnonzero(a.source)
    begins, ends = np.append(a.u, np.full(len(sources), root)), np.append(a.v, sources)
    pairs = list(zip(begins.tolist(), ends.tolist(), strict=True))
    demand = np.append(a.demand, 0.0)
    amounts = demand.tolist()
    states = up[:, n:]
    rows = {name: states[: max(1, len(states) // one)] for name, one in PARTS.items()}
    found = {"SciPy BFS": _scipy(begins, ends, demand, root, rows["SciPy BFS"])}
    graph = nx.Graph(pairs)

    def networkx() -> np.ndarray:
        totals = []
        for row in rows["NetworkX"]:
            gone = [pairs[j] for j in np.flatnonzero(~row).tolist()]
            graph.remove_edges_from(gone)
            totals.append(sum(amounts[i] for i in nx.node_connected_component(graph, root)))
            graph.add_edges_from(gone)
        return np.array(totals)

    found["NetworkX"] = networkx
    there = installed("rustworkx", "igraph")
    if there["rustworkx"]:
        import rustworkx as rx

        crust = rx.PyGraph()
        crust.add_nodes_from(range(n + 1))
        crust.add_edges_from_no_data(pairs)

        def rust() -> np.ndarray:
            totals = []
            for row in rows["rustworkx"]:
                left = crust.copy()
                for j in np.flatnonzero(~row).tolist():
                    left.remove_edge_from_index(j)
                totals.append(sum(amounts[i] for i in rx.node_connected_component(left, root)))
            return np.array(totals)

        found["rustworkx"] = rust
    if there["igraph"]:
        import igraph

        other = igraph.Graph(n + 1, pairs)

        def ig() -> np.ndarray:
            totals = []
            for row in rows["igraph"]:
                left = other.copy()
                left.delete_edges(np.flatnonzero(~row).tolist())
                totals.append(demand[left.subcomponent(root)].sum())
            return np.array(totals)

        found["igraph"] = ig
    return {name: Side(run, len(rows[name]) / len(states)) for name, run in found.items()}


def _scipy(
    begins: np.ndarray, ends: np.ndarray, demand: np.ndarray, root: int, states: np.ndarray
) -> Callable[[], np.ndarray]:
    """One sparse matrix, of which each state takes the entries of its edges."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    number = np.arange(1, len(begins) + 1)
    whole = csr_array((number, (begins, ends)), shape=(root + 1, root + 1))
    whole = (whole + whole.T).tocsr()
    edge, ones = whole.data - 1, np.ones(whole.nnz, np.int8)
    always = np.ones(len(begins) - states.shape[1], bool)

    def run() -> np.ndarray:
        totals = []
        for row in states:
            kept = np.append(row, always)[edge]
            starts = np.append(0, np.cumsum(kept, dtype=np.int32))[whole.indptr].astype(np.int32)
            indices = whole.indices[kept]
            graph = csr_array((ones[: len(indices)], indices, starts), shape=whole.shape)
            totals.append(demand[breadth_first_order(graph, root, return_predecessors=False)].sum())
        return np.array(totals)

    return run
