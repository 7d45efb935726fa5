"""
How much hangs together when nodes are lost, in one network and in two that need each other.

    giant_share(n, u, v, alive)                     # share of all nodes in the largest connected part
    removal_curve(n, u, v, order)                   # the same after each loss, in one pass
    mutual_giant(n, power, telecom, alive)          # what survives where every node needs its twin

One network thins out gradually. Two random networks whose nodes need each other one to one fall apart at
once, at p_c = 2.4554 / <k> [1]_: the closed forms stand beside the simulation, so that either can be checked
by the other.

References
----------
.. [1] S. V. Buldyrev, R. Parshani, G. Paul, H. E. Stanley and S. Havlin (2010), Catastrophic cascade of
   failures in interdependent networks, Nature 464: 1025-1028.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench._need import need
from workbench.errors import BadParameter
from workbench.lifelines._given import number, whole
from workbench.lifelines.model import Bools, Floats, Ints

if TYPE_CHECKING:
    from workbench.simulation import Streams

Pairs = tuple[Ints, Ints]
"""Edges: the two nodes of each, by number."""


def giant_share(n: int, u: ArrayLike, v: ArrayLike, alive: Bools | None = None) -> float:
    """
    Share of all nodes that lie in the largest connected part.

    Parameters
    ----------
    n
        Number of nodes.
    u, v
        Nodes of each edge, 0 to n - 1; directions are left aside.
    alive
        Whether each node works, shape (n,); None is all.

    Raises
    ------
    BadParameter
        Nodes out of range, or columns that do not fit.
    """
    edges, up = _pairs(n, (u, v)), _alive(n, alive)
    return float(_giant(n, edges, up).sum()) / n


def removal_curve(n: int, u: ArrayLike, v: ArrayLike, order: ArrayLike) -> Floats:
    """
    Share of all nodes in the largest connected part after each loss [2]_.

    Parameters
    ----------
    n
        Number of nodes.
    u, v
        Nodes of each edge.
    order
        Nodes in the order in which they are lost; what is not named stays.

    Returns
    -------
    share
        Shape (losses + 1,): the first with all nodes. Its mean over the loss of every node is the robustness
        R [3]_.

    Raises
    ------
    BadParameter
        Nodes out of range, or lost twice.

    References
    ----------
    .. [2] M. E. J. Newman and R. M. Ziff (2000), Efficient Monte Carlo algorithm and high-precision results
       for percolation, Physical Review Letters 85: 4104.
    .. [3] C. M. Schneider et al. (2011), Mitigation of malicious attacks on networks, PNAS 108: 3838-3841.
    """
    a, b = _pairs(n, (u, v))
    lost = _nodes("order", n, order)
    if len(np.unique(lost)) < len(lost):
        raise BadParameter("`order` names a node more than once: a node is lost only once.")
    back = np.zeros(n, np.int64)  # the nodes come back in reverse: the step at which each is there
    back[lost] = np.arange(len(lost), 0, -1)
    joins = np.maximum(back[a], back[b])
    at = np.argsort(joins, kind="stable")
    edges = list(zip(joins[at].tolist(), a[at].tolist(), b[at].tolist(), strict=True))
    share = np.empty(len(lost) + 1)
    parent, size, done = list(range(n)), [1] * n, 0
    largest = int(len(lost) < n)
    for step in range(len(lost) + 1):
        largest = max(largest, int(step > 0))
        while done < len(edges) and edges[done][0] == step:
            one, other = _root(parent, edges[done][1]), _root(parent, edges[done][2])
            done += 1
            if one != other:
                if size[one] < size[other]:
                    one, other = other, one
                parent[other] = one
                size[one] += size[other]
                largest = max(largest, size[one])
        share[len(lost) - step] = largest / n
    return share


def mutual_giant(
    n: int,
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    alive: Bools | None = None,
) -> Bools:
    """
    Nodes that survive where each needs its twin and the largest part of its own network [1]_.

    Parameters
    ----------
    n
        Number of nodes of each network.
    first, second
        Edges of each network: the two nodes of each.
    alive
        Whether each pair of nodes survives the event itself, shape (n,); None is all.

    Returns
    -------
    survives
        Shape (n,).

    Raises
    ------
    BadParameter
        Nodes out of range, or columns that do not fit.
    """
    nets = (_pairs(n, first), _pairs(n, second))
    up, turn, still = _alive(n, alive), 0, 0
    while still < 2 and up.any():
        kept = _giant(n, nets[turn % 2], up)
        still = still + 1 if (kept == up).all() else 1
        up, turn = kept, turn + 1
    return up


def random_graph(n: int, mean_degree: float, streams: Streams, name: str = "graph") -> Pairs:
    """
    Edges of a random graph (Erdos and Renyi), each between two nodes drawn at random.

    Parameters
    ----------
    n
        Number of nodes, at least 2.
    mean_degree
        Mean number of neighbours, above 0.
    streams
        Where randomness comes from.
    name
        Of the graph: another name is another graph.

    Raises
    ------
    BadParameter
        A number out of its bounds.
    """
    n, degree = whole("n", n, 2), number("mean_degree", mean_degree, above=0)
    draw = streams.generator("random graph", name)
    count = int(draw.poisson(n * degree / 2))
    u = draw.integers(0, n, count, dtype=np.int32)
    v = (u + draw.integers(1, n, count, dtype=np.int32)) % n
    return u, v.astype(np.int32)


def expected_giant_share(mean_degree: float, kept: float = 1.0) -> float:
    """
    Largest part of a large random graph: the largest S with S = p (1 - exp(-<k> S)) (Erdos and Renyi 1960).

    Parameters
    ----------
    mean_degree
        Mean number of neighbours before the loss.
    kept
        Share of the nodes that survive the event itself, 0 to 1.
    """
    k, p = number("mean_degree", mean_degree, least=0), number("kept", kept, least=0, most=1)
    return _largest_root(lambda share: p * -math.expm1(-k * share), p)


def expected_mutual_share(mean_degree: float, kept: float = 1.0) -> float:
    """
    Survivors of two large random graphs that need each other: P = p (1 - exp(-<k> P))^2 [1]_.

    Parameters
    ----------
    mean_degree
        Mean number of neighbours in each graph before the loss.
    kept
        Share of the pairs that survive the event itself, 0 to 1.

    Returns
    -------
    share
        0 below the threshold, where all falls apart.
    """
    k, p = number("mean_degree", mean_degree, least=0), number("kept", kept, least=0, most=1)
    return _largest_root(lambda share: p * math.expm1(-k * share) ** 2, p)


def mutual_threshold(mean_degree: float) -> float:
    """
    Least share of surviving pairs at which two random graphs that need each other hold together [1]_.

    It is min over z of z / (1 - exp(-z))^2, which is 2.455407 at z = 1.256431, divided by the mean degree;
    above 1 the pair never holds together.

    Parameters
    ----------
    mean_degree
        Mean number of neighbours in each graph.
    """
    k = number("mean_degree", mean_degree, above=0)
    low, high = 1.0, 2.0
    for _ in range(60):  # the derivative vanishes where exp(z) = 1 + 2 z
        z = (low + high) / 2
        low, high = (z, high) if math.exp(z) < 1 + 2 * z else (low, z)
    return low / math.expm1(-low) ** 2 / k


def _largest_root(rule: Callable[[float], float], start: float) -> float:
    """Iterate a rising rule downwards from above: it stops at its largest fixed point."""
    share = start
    for _ in range(1_000_000):
        new = rule(share)
        if share - new <= 1e-13:
            break
        share = new
    return share if share > 1e-6 else 0.0


def _giant(n: int, edges: Pairs, up: Bools) -> Bools:
    """The largest connected part of what is up; that of the lowest node where several are as large."""
    need("scipy.sparse", "Percolation")
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    u, v = edges
    both = up[u] & up[v]
    graph = csr_array((np.ones(int(both.sum()), np.int8), (u[both], v[both])), shape=(n, n))
    label = connected_components(graph, directed=False)[1]
    sizes = np.bincount(label[up], minlength=1)
    return np.asarray(up & (label == int(sizes.argmax())))


def _root(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


def _nodes(name: str, n: int, given: ArrayLike) -> NDArray[np.int64]:
    nodes = np.asarray(given)
    if nodes.ndim != 1 or (nodes.size and nodes.dtype.kind not in "iu"):
        raise BadParameter(
            f"`{name}` must be nodes as whole numbers in one row, not {nodes.dtype} of shape {nodes.shape}."
        )
    if nodes.size and not (nodes.min() >= 0 and nodes.max() < n):
        raise BadParameter(
            f"`{name}` names nodes from {nodes.min()} to {nodes.max()}; there are 0 to {n - 1}."
        )
    return nodes.astype(np.int64)


def _pairs(n: int, given: tuple[ArrayLike, ArrayLike]) -> Pairs:
    whole("n", n, 1)
    u, v = _nodes("u", n, given[0]), _nodes("v", n, given[1])
    if len(u) != len(v):
        raise BadParameter(f"`u` has {len(u)} nodes and `v` {len(v)}: each edge has two.")
    return u.astype(np.int32), v.astype(np.int32)


def _alive(n: int, given: Bools | None) -> Bools:
    if given is None:
        return np.ones(n, bool)
    alive = np.asarray(given)
    if alive.dtype != np.bool_ or alive.shape != (n,):
        raise BadParameter(f"`alive` must be {n} Booleans, not {alive.dtype} of shape {alive.shape}.")
    return alive.copy()
