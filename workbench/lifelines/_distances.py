"""How far nodes are from sources and from each other, before and after damage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines.solvers._states import one_state

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork

Kind = Literal["complete", "partial", "weighted"]
Distance = Literal["edges", "length_m"]


def connectivity_by_node(
    network: LifelineNetwork, up: Bools, *, distance: Distance = "edges"
) -> pl.DataFrame:
    """
    Connectivity loss of each node with a demand.

    A node has one role: one that can supply is a source, and left out of those that have a demand.

    Parameters
    ----------
    network
        Any network with sources and demands.
    up
        Whether each asset works, shape (assets,).
    distance
        What a shortest path is counted in: "edges" or "length_m".

    Returns
    -------
    losses
        `id`; `complete` (1 where no source is reached any more), `partial` (part of the sources that is
        lost), `weighted` (the same where each source counts by the number of sources left and the mean of the
        inverse of its distance: 1 - N S / (N0 S0) with N sources and the sum S of inverse distances, 0 for
        intact) [1]_. Nodes that no source reaches even when intact are left out.

    Raises
    ------
    BadParameter
        No node without a supply has a demand that a source reaches, or the state has another shape.
    UnknownName
        Another distance.

    References
    ----------
    .. [1] A. Poudel, K. Pitilakis, V. Silva and A. Rao (2023), Infrastructure seismic risk assessment: an
       overview and integration to contemporary open tool towards global usage, Bulletin of Earthquake
       Engineering 21; as OpenQuake's CCL, PCL and WCL.
    """
    ids, losses = _losses(network, distance)
    found = losses(one_state(network, up))
    return pl.DataFrame(
        {"id": ids} | dict(zip(get_args(Kind), found, strict=True)), schema_overrides={"id": pl.String}
    )


def connectivity_loss(
    network: LifelineNetwork, up: Bools, *, kind: Kind = "complete", distance: Distance = "edges"
) -> float | Floats:
    """
    Connectivity loss of a state, or of each of many: the mean over the nodes with a demand.

    Parameters
    ----------
    network
        Any network with sources and demands.
    up
        Whether each asset works, shape (assets,) or (states, assets).
    kind
        "complete" (CCL), "partial" (PCL) or "weighted" (WCL), as `connectivity_by_node` tells them.
    distance
        What a shortest path is counted in: "edges" or "length_m".

    Returns
    -------
    loss
        0 (none) to 1 (all); shape (states,) for many.

    Raises
    ------
    BadParameter, UnknownName
        As `connectivity_by_node`.
    """
    if kind not in get_args(Kind):
        raise UnknownName("connectivity loss", str(kind), get_args(Kind))
    _, losses = _losses(network, distance)
    at = get_args(Kind).index(kind)
    return _each(network, up, lambda one: float(losses(one)[at].mean()))


def efficiency_loss(network: LifelineNetwork, up: Bools, *, distance: Distance = "edges") -> float | Floats:
    """
    Loss of efficiency: of the mean, over all pairs of nodes, of the inverse of their distance [1]_.

    Parameters
    ----------
    network
        Any network.
    up
        Whether each asset works, shape (assets,) or (states, assets). Nodes that are down count as out of
        reach.
    distance
        What a shortest path is counted in: "edges" or "length_m".

    Returns
    -------
    loss
        0 (none) to 1 (all); shape (states,) for many. Time and memory grow with the square of the nodes.

    Raises
    ------
    BadParameter
        No two nodes are joined, a length is missing, or the state has another shape.
    UnknownName
        Another distance.

    References
    ----------
    .. [1] V. Latora and M. Marchiori (2001), Efficient behavior of small-world networks, Physical Review
       Letters 87.
    """
    whole = _inverse(network, network.intact, None, distance).sum()
    if whole <= 0:
        raise BadParameter("No two nodes are joined by what is in service: there is no efficiency to lose.")
    return _each(network, up, lambda one: float(1.0 - _inverse(network, one, None, distance).sum() / whole))


def _losses(
    network: LifelineNetwork, distance: Distance
) -> tuple[list[str], Callable[[Bools], tuple[Floats, Floats, Floats]]]:
    """Ids of the nodes that count, and a function of states to their three losses."""
    a = network.arrays
    sources = np.flatnonzero(a.source & network.intact[: network.n])
    first = _inverse(network, network.intact, sources, distance)
    count0, sum0 = (first > 0).sum(0), first.sum(0)
    counted = np.flatnonzero((a.demand > 0) & ~a.source & (count0 > 0))
    if not len(counted):
        raise BadParameter(
            f"No node of the {network.system} network, sources aside, has a demand that a source reaches: "
            "there is no connectivity to lose."
        )
    count0, sum0 = count0[counted], sum0[counted]

    def losses(up: Bools) -> tuple[Floats, Floats, Floats]:
        inverse = _inverse(network, up, sources, distance)[:, counted]
        count, weight = (inverse > 0).sum(0), inverse.sum(0)
        return (count == 0).astype(float), 1.0 - count / count0, 1.0 - count * weight / (count0 * sum0)

    return [network.nodes["id"][int(i)] for i in counted], losses


def _inverse(network: LifelineNetwork, up: Bools, sources: Any, distance: Distance) -> Floats:
    """Inverse of the distance from each source (None: node) to each node; 0 to itself and out of reach."""
    sparse = need("scipy.sparse", "Distances")
    graphs = need("scipy.sparse.csgraph", "Distances")
    a, n = network.arrays, network.n
    nodes = up[:n]
    open_ = np.flatnonzero(up[n:] & nodes[a.u] & nodes[a.v])
    both = open_[~a.directed[open_]]
    begins, ends = np.concatenate([a.u[open_], a.v[both]]), np.concatenate([a.v[open_], a.u[both]])
    length = _lengths(network, distance)[np.concatenate([open_, both])]
    shortest = np.lexsort((length, ends, begins))  # of edges side by side the shortest
    pairs = begins[shortest].astype(np.int64) * n + ends[shortest]
    kept = shortest[np.unique(pairs, return_index=True)[1]]
    graph = sparse.csr_array((length[kept], (begins[kept], ends[kept])), shape=(n, n))
    found = graphs.dijkstra(graph, directed=True, indices=sources, unweighted=distance == "edges")
    inverse = np.zeros_like(found)
    np.divide(1.0, found, out=inverse, where=(found > 0) & np.isfinite(found))
    inverse[~nodes if sources is None else ~nodes[sources]] = 0.0
    return np.asarray(inverse)


def _lengths(network: LifelineNetwork, distance: Distance) -> Floats:
    if distance not in get_args(Distance):
        raise UnknownName("distance", str(distance), get_args(Distance))
    if distance == "edges":
        return np.ones(network.m)
    length = network.arrays.length_m
    wrong = ~(length > 0) & network.arrays.in_service
    if wrong.any():
        ids = ", ".join(f"'{one}'" for one in network.edges["id"].filter(wrong).head(5))
        raise BadParameter(f"The edges {ids} have no length above 0: give `length_m`, or count in edges.")
    return length


def _each(network: LifelineNetwork, up: Bools, loss: Callable[[Bools], float]) -> float | Floats:
    states = network.up(up)
    return loss(states) if states.ndim == 1 else np.array([loss(one) for one in states], float)
