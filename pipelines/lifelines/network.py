"""The networks of a city as one system, from its clean tables."""

from __future__ import annotations

import polars as pl

from workbench.domains import Measures
from workbench.errors import DataRejected
from workbench.lifelines import FLOW_UNITS, InterdependentSystem, LifelineNetwork

NODES = {"node_id": "id", "zone_id": "zone"}
EDGES = {"edge_id": "id", "from_node_id": "u", "to_node_id": "v"}


def city(measures: Measures) -> InterdependentSystem:
    """
    Networks of a city with the dependencies between them.

    Parameters
    ----------
    measures
        With the measures `nodes` and `edges`, and `dependencies` where that table was given.

    Returns
    -------
    system
        One layer for each system that has a node, named for it; further columns of the contract
        (`asset_class`, `elevation_m`, `harden_cost`, `name_zh`, `diameter_mm` ...) are kept.

    Raises
    ------
    DataRejected
        There is no node.
    BadNetwork
        The tables do not fit together, such as a dependency on an asset that neither nodes nor edges know;
        all mistakes are named.
    """
    nodes, edges = measures["nodes"].rename(NODES), measures["edges"].rename(EDGES)
    known = set(nodes["system"])
    layers = {
        system: LifelineNetwork(system, _of(nodes, system), _of(edges, system))  # type: ignore[arg-type]
        for system in FLOW_UNITS
        if system in known
    }
    if not layers:
        raise DataRejected("The table 'nodes' holds no node: give at least one row.")
    return InterdependentSystem(layers, measures["dependencies"] if measures.has("dependencies") else None)


def _of(frame: pl.DataFrame, system: str) -> pl.DataFrame:
    return frame.filter(pl.col("system") == system).drop("system")
