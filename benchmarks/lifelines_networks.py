"""Networks for the benchmarks of lifelines, the same for the same size."""

from __future__ import annotations

import numpy as np
import polars as pl

from workbench.lifelines import LifelineNetwork
from workbench.simulation import Streams


def district(edges: int) -> LifelineNetwork:
    """A planar network of streets: the least spanning tree of random points, a fifth as many short ways more."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial import Delaunay

    rng = Streams(1).generator("district", edges)
    n = round(edges / 1.2)
    place = rng.random((n, 2))
    corners = Delaunay(place).simplices
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    length = np.hypot(*(place[pairs[:, 0]] - place[pairs[:, 1]]).T)
    tree = minimum_spanning_tree(csr_array((length, pairs.T), shape=(n, n))).tocoo()
    inner = np.isin(pairs @ [n, 1], np.sort(np.stack([tree.row, tree.col]), axis=0).T @ [n, 1])
    others = np.flatnonzero(~inner)[np.argsort(length[~inner])][: 3 * (edges - n + 1)]
    chosen = np.concatenate([np.flatnonzero(inner), rng.permutation(others)[: edges - n + 1]])
    return _network(pairs[rng.permutation(chosen)], n, rng, 0.0)


def grid(side: int, directed: float = 0.0) -> LifelineNetwork:
    """A square grid: many ways around."""
    i = np.arange(side * side).reshape(side, side)
    across, down = np.stack([i[:, :-1], i[:, 1:]], axis=-1), np.stack([i[:-1], i[1:]], axis=-1)
    rng = Streams(1).generator("grid", side)
    return _network(np.concatenate([across.reshape(-1, 2), down.reshape(-1, 2)]), side * side, rng, directed)


def _network(ends: np.ndarray, n: int, rng: np.random.Generator, directed: float) -> LifelineNetwork:
    sources = rng.choice(n, 3, replace=False)
    demand = np.where(rng.random(n) < 0.6, rng.exponential(1.0, n), 0.0)
    name = np.array([f"node {i}" for i in range(n)])
    nodes = pl.DataFrame(
        {
            "id": name,
            "supply": np.where(np.isin(np.arange(n), sources), 1e9, 0.0),
            "demand": demand,
            "people": demand,
        }
    )
    edges = pl.DataFrame(
        {
            "id": [f"edge {j}" for j in range(len(ends))],
            "u": name[ends[:, 0]],
            "v": name[ends[:, 1]],
            "directed": rng.random(len(ends)) < directed,
        }
    )
    return LifelineNetwork("water", nodes, edges)
