"""A network as a NetworkX graph, for plots and for methods that want one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench._need import need

if TYPE_CHECKING:
    import networkx as nx

    from workbench.lifelines.model import Bools, LifelineNetwork


def graph_of(network: LifelineNetwork, up: Bools) -> nx.MultiGraph | nx.MultiDiGraph:
    """Graph of what is up; an edge stands both ways in it where others have a direction and it has none."""
    need("networkx", "A network as a graph")
    import networkx as nx

    directed = bool(network.arrays.directed.any())
    graph = nx.MultiDiGraph() if directed else nx.MultiGraph()
    graph.graph |= {"system": network.system, "flow_unit": network.flow_unit}
    for row in network.nodes.filter(up[: network.n]).iter_rows(named=True):
        graph.add_node(row.pop("id"), **row)
    for row in network.edges.filter(up[network.n :]).iter_rows(named=True):
        u, v, key = row.pop("u"), row.pop("v"), row.pop("id")
        if u in graph and v in graph:
            graph.add_edge(u, v, key, **row)
            if directed and not row["directed"]:
                graph.add_edge(v, u, key, **row)
    return graph
