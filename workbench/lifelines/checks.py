"""
What is odd about a network that can be read: named, with the people it concerns.

A network that cannot be what it says is refused when it is made (`BadNetwork`). What is found here may be
true of the city, or a gap in its data, and a planner should know before believing a result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench._need import need
from workbench._text import Text
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import Bools, Ints, LifelineNetwork

SHOWN = 5
_NODES = {
    "unconnected_sink": Text("a demand and no open edge", "有需求但无可用连接"),
    "unreachable_demand": Text("a demand that no source reaches", "有需求但无源可达"),
    "low_capacity": Text(
        "a demand above the capacity of the edges that lead there", "需求超过与之相连的边的总容量"
    ),
    "island": Text("no source in their part of the network", "所在的孤立部分没有源"),
}


@dataclass(frozen=True)
class Finding:
    """
    Something odd.

    Attributes
    ----------
    rule
        "unconnected_sink", "unreachable_demand", "low_capacity", "zero_capacity", "island" or "short_supply".
    assets
        Ids of the assets.
    people
        People served by them; all who have a demand where supply is short; 0 for edges.
    said
        What it is, in a sentence.
    """

    rule: str
    assets: tuple[str, ...]
    people: float
    said: Text


def check(network: LifelineNetwork) -> tuple[Finding, ...]:
    """
    Find what is odd in a network.

    Parameters
    ----------
    network
        Any network.

    Returns
    -------
    findings
        Sinks without an open edge; demand that no source reaches; demand above what the edges that lead to
        it can carry; edges of no capacity; parts apart from every source; less supply than demand; in this
        order. A sink that has no open edge is found for that alone.

    Raises
    ------
    BadNetwork
        There is demand but no source in service at all, so that no service can be told.
    """
    a, n = network.arrays, network.n
    ids = np.array(network.nodes["id"].to_list(), dtype=object)
    edge_ids = np.array(network.edges["id"].to_list(), dtype=object)
    up = network.intact[:n]
    demand = a.demand > 0
    if demand.any() and not (a.source & up).any():
        raise BadNetwork(
            network.system,
            [
                f"{_many(demand, 'node')} with a demand ({_names(ids[demand])}) and no source in service: "
                "give a node the kind 'source', or a supply"
            ],
        )
    open_ = a.in_service & (a.capacity > 0)
    touched = np.zeros(n, bool)
    touched[a.u[open_]] = touched[a.v[open_]] = True
    alone = demand & ~touched & ~a.source
    label = components(network, open_)
    fed = np.isin(label, np.unique(label[a.source & up]))
    reached = reach(network, network.intact & np.concatenate([np.ones(n, bool), a.capacity > 0]))
    closed = a.in_service & (a.capacity == 0)
    low = _incoming(network, open_) < a.demand * (1 - 1e-9)
    found = [
        _of_nodes(network, "unconnected_sink", ids, alone),
        _of_nodes(network, "unreachable_demand", ids, demand & ~reached & ~alone),
        _of_nodes(network, "low_capacity", ids, reached & ~a.source & low),
        _of_edges(edge_ids, closed),
        _of_nodes(network, "island", ids, ~fed & ~alone),
        _short(network, ids, up),
    ]
    return tuple(one for one in found if one)


def components(network: LifelineNetwork, open_: Bools) -> Ints:
    """Label of the connected part of each node over the edges given, directions left aside."""
    need("scipy.sparse", "Connectivity")
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    a, n = network.arrays, network.n
    graph = csr_array((np.ones(int(open_.sum()), np.int8), (a.u[open_], a.v[open_])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


def reach(network: LifelineNetwork, up: Bools) -> Bools:
    """Whether a source that is up reaches each node over assets that are up, with the directions of edges."""
    need("scipy.sparse", "Connectivity")
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    a, n = network.arrays, network.n
    nodes, edges = up[:n], up[n:]
    open_ = edges & nodes[a.u] & nodes[a.v]
    both = open_ & ~a.directed
    roots = np.flatnonzero(a.source & nodes)
    begins = np.concatenate([a.u[open_], a.v[both], np.full(len(roots), n)])
    ends = np.concatenate([a.v[open_], a.u[both], roots])
    graph = csr_array((np.ones(len(begins), np.int8), (begins, ends)), shape=(n + 1, n + 1))
    order = breadth_first_order(graph, n, directed=True, return_predecessors=False)
    reached = np.zeros(n + 1, bool)
    reached[order] = True
    return reached[:n]


def _incoming(network: LifelineNetwork, open_: Bools) -> NDArray[np.float64]:
    """Capacity of the open edges that lead to each node."""
    a = network.arrays
    both = open_ & ~a.directed
    ends = np.concatenate([a.v[open_], a.u[both]])
    amount = np.zeros(network.n)
    np.add.at(amount, ends, np.concatenate([a.capacity[open_], a.capacity[both]]))
    return amount


def _of_nodes(network: LifelineNetwork, rule: str, ids: NDArray[np.object_], which: Bools) -> Finding | None:
    if not which.any():
        return None
    people, what = float(network.arrays.people[which].sum()), _NODES[rule]
    text = Text(
        f"{what.en}: {_many(which, 'node')} ({_names(ids[which])}), {people:,.0f} people",
        f"{what.zh}：{which.sum():,} 个节点（{_names(ids[which], zh=True)}），涉及 {people:,.0f} 人",
    )
    return Finding(rule, tuple(ids[which]), people, text)


def _of_edges(ids: NDArray[np.object_], closed: Bools) -> Finding | None:
    if not closed.any():
        return None
    text = Text(
        f"a capacity of 0, so that nothing passes: {_many(closed, 'edge')} ({_names(ids[closed])})",
        f"容量为 0，无法通过：{closed.sum():,} 条边（{_names(ids[closed], zh=True)}）",
    )
    return Finding("zero_capacity", tuple(ids[closed]), 0.0, text)


def _short(network: LifelineNetwork, ids: NDArray[np.object_], up: Bools) -> Finding | None:
    a, unit = network.arrays, network.flow_unit
    supply, wanted = float(a.supply[up].sum()), float(a.demand.sum())
    if supply >= wanted * (1 - 1e-9):
        return None
    people = float(a.people[a.demand > 0].sum())
    text = Text(
        f"the sources can supply {supply:,.6g} {unit}, less than the demand of {wanted:,.6g} {unit}; "
        f"{people:,.0f} people",
        f"各源供给能力 {supply:,.6g} {unit}，低于需求 {wanted:,.6g} {unit}，涉及 {people:,.0f} 人",
    )
    return Finding("short_supply", tuple(ids[a.source]), people, text)


def _many(which: Bools, what: str) -> str:
    count = int(which.sum())
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _names(ids: NDArray[np.object_], *, zh: bool = False) -> str:
    shown = ("、" if zh else ", ").join(f"'{one}'" for one in ids[:SHOWN])
    if len(ids) <= SHOWN:
        return shown
    return shown + (f" 等 {len(ids):,} 个" if zh else f" and {len(ids) - SHOWN:,} more")
