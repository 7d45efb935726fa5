"""
A lifeline network: nodes and edges as columns, for kernels; a NetworkX graph at the edge of the house.

    network = LifelineNetwork("water", nodes, edges)
    network.arrays.u            # node of each edge's beginning, as numbers
    network.to_networkx()       # MultiGraph, or MultiDiGraph where an edge has a direction

Lengths, volumes and the like are in the SI units of their names; supply, demand and capacity in `flow_unit`.
What a network can lose is its assets: node i has number i, edge j has number `nodes + j`. A state of the
network is one Boolean for each asset, up or not; many states are the rows of a matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.errors import BadParameter, UnknownName, nearest
from workbench.lifelines._columns import EDGES, NODES, ends_of, kinds, mistakes_of, places_of, tidy
from workbench.lifelines._graph import graph_of
from workbench.lifelines._units import FLOW_UNITS as FLOW_UNITS
from workbench.lifelines._units import UNITS as UNITS
from workbench.lifelines._units import unit_mistake
from workbench.lifelines.errors import BadNetwork

if TYPE_CHECKING:
    import networkx as nx

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
System = Literal["water", "power", "gas", "oil", "telecom", "road"]


@dataclass(frozen=True, eq=False)
class Arrays:
    """
    A network as arrays.

    Attributes
    ----------
    u, v
        Nodes of each edge, by number; flow goes from u to v where the edge has a direction.
    directed, in_service
        Of each edge.
    capacity
        Of each edge, in the network's unit of flow; infinite where none is known.
    length_m
        Of each edge, NaN where not known.
    supply, demand
        Of each node, 0 or more, in the unit of flow; supply may be infinite.
    people
        Served at each node.
    source
        Whether a node can supply: a supply above 0.
    """

    u: Ints
    v: Ints
    directed: Bools
    in_service: Bools
    capacity: Floats
    length_m: Floats
    supply: Floats
    demand: Floats
    people: Floats
    source: Bools


@dataclass(frozen=True, eq=False)
class LifelineNetwork:
    """
    One network: water, power, gas, oil, telecom or road.

    Parameters
    ----------
    system
        Which it is.
    nodes
        One row per node. `id` is required. Optional: `kind` ("source", "sink", "storage", "junction"; else
        made from supply and demand), `supply` and `demand` (0 or more, `flow_unit`; a source without supply
        gives any amount), `people`, `x`, `y` (m, or degrees where `geographic`), `volume_m3` (of storage),
        `in_service`, `fragility_class`, `repair_days`, `repair_cost`, `name`, `zone`. More columns are kept.
    edges
        One row per edge. `id`, `u` and `v` (ids of nodes) are required. Optional: `kind` (pipe, pump, valve,
        line, transformer, cable ...), `directed` (flow only from u to v), `capacity` (`flow_unit`; null is
        unlimited), `length_m`, `in_service`, `fragility_class`, `repair_days`, `repair_cost`, `name`. More
        columns are kept.
    flow_unit
        Unit of supply, demand and capacity: one of the system's (`UNITS`), or "units" where they are only
        relative; empty for the usual one (`FLOW_UNITS`).
    geographic
        Whether x and y are longitude and latitude in degrees (WGS 84), not metres.

    Raises
    ------
    UnknownName
        There is no such system.
    BadParameter
        The nodes or edges are not a polars frame.
    BadNetwork
        Columns missing or of the wrong type, ids missing or twice, an edge to an unknown node, a self loop, a
        negative or not finite quantity, an unknown kind or unit, degrees off the globe. All named at once.
    """

    system: System
    nodes: pl.DataFrame
    edges: pl.DataFrame
    flow_unit: str = ""
    geographic: bool = False

    def __post_init__(self) -> None:
        if self.system not in get_args(System):
            raise UnknownName("lifeline system", str(self.system), get_args(System))
        object.__setattr__(self, "flow_unit", self.flow_unit or FLOW_UNITS[self.system])
        found = unit_mistake(self.system, self.flow_unit)
        found += mistakes_of(self.nodes, NODES, "node") + mistakes_of(self.edges, EDGES, "edge")
        if found:
            raise BadNetwork(self.system, found)
        nodes, edges = tidy(self.nodes, NODES), tidy(self.edges, EDGES)
        found = ends_of(nodes, edges) + (places_of(nodes) if self.geographic else [])
        if found:
            raise BadNetwork(self.system, found)
        object.__setattr__(self, "nodes", kinds(nodes))
        object.__setattr__(self, "edges", edges)

    @property
    def n(self) -> int:
        """Number of nodes."""
        return self.nodes.height

    @property
    def m(self) -> int:
        """Number of edges."""
        return self.edges.height

    @property
    def size(self) -> int:
        """Number of assets: nodes and edges."""
        return self.n + self.m

    @cached_property
    def node_index(self) -> dict[str, int]:
        """Number of each node by its id."""
        return {one: i for i, one in enumerate(self.nodes["id"].to_list())}

    @cached_property
    def edge_index(self) -> dict[str, int]:
        """Number of each edge by its id, from 0."""
        return {one: i for i, one in enumerate(self.edges["id"].to_list())}

    @cached_property
    def asset_ids(self) -> tuple[str, ...]:
        """Ids of the nodes, then of the edges."""
        return (*self.nodes["id"].to_list(), *self.edges["id"].to_list())

    def asset(self, name: str, part: Literal["node", "edge"] | None = None) -> int:
        """
        Find the number of an asset.

        Parameters
        ----------
        name
            Its id.
        part
            "node" or "edge"; needed only where a node and an edge share the id.

        Raises
        ------
        UnknownName
            No asset has the id.
        BadParameter
            A node and an edge have it, and `part` was not given.
        """
        node, edge = self.node_index.get(name), self.edge_index.get(name)
        if part != "edge" and node is not None:
            if part is None and edge is not None:
                raise BadParameter(f"'{name}' is a node and an edge of the {self.system} network: say which.")
            return node
        if part != "node" and edge is not None:
            return self.n + edge
        raise UnknownName(f"{part or 'asset'} of the {self.system} network", name, self.asset_ids)

    @cached_property
    def arrays(self) -> Arrays:
        """Its columns as arrays, with nodes by number."""
        nodes, edges = self.nodes, self.edges
        ids = pl.DataFrame({"id": nodes["id"], "i": np.arange(self.n, dtype=np.int32)})

        def ends(column: str) -> Ints:
            joined = edges.select(pl.col(column).alias("id")).join(
                ids, on="id", how="left", maintain_order="left"
            )
            return joined["i"].to_numpy().astype(np.int32)

        def floats(frame: pl.DataFrame, column: str, missing: float) -> Floats:
            return frame[column].fill_null(missing).to_numpy().astype(np.float64)

        supply = floats(nodes, "supply", 0.0)
        return Arrays(
            ends("u"),
            ends("v"),
            edges["directed"].to_numpy().astype(bool),
            edges["in_service"].to_numpy().astype(bool),
            floats(edges, "capacity", np.inf),
            floats(edges, "length_m", np.nan),
            supply,
            floats(nodes, "demand", 0.0),
            floats(nodes, "people", 0.0),
            supply > 0,
        )

    @cached_property
    def intact(self) -> Bools:
        """State without damage, shape (assets,): all up but what is out of service."""
        nodes = self.nodes["in_service"].to_numpy().astype(bool)
        return np.concatenate([nodes, self.arrays.in_service])

    def up(self, state: Bools | None = None) -> Bools:
        """
        Check a state of the network, or many.

        Parameters
        ----------
        state
            Whether each asset works, shape (assets,) or (states, assets); None is undamaged.

        Returns
        -------
        up
            The same without what is out of service anyway.

        Raises
        ------
        BadParameter
            It has another shape or is not Boolean.
        """
        if state is None:
            return self.intact
        state = np.asarray(state)
        if state.dtype != np.bool_ or state.ndim not in (1, 2) or state.shape[-1] != self.size:
            raise BadParameter(
                f"A state of this {self.system} network is {self.size} Booleans ({self.n} nodes, then "
                f"{self.m} edges), or rows of them, not an array of {state.dtype} of shape {state.shape}."
            )
        return np.asarray(state & self.intact)

    def without(self, *names: str) -> Bools:
        """State in which the assets of these ids have failed."""
        up = self.intact.copy()
        up[[self.asset(name) for name in names]] = False
        return up

    def to_networkx(self, state: Bools | None = None) -> nx.MultiGraph | nx.MultiDiGraph:
        """
        Graph of what is up: nodes and edges by id, with their columns as attributes.

        Returns
        -------
        graph
            MultiGraph, keyed by the ids of the edges; where an edge has a direction a MultiDiGraph, in which
            an edge without one stands both ways.
        """
        return graph_of(self, self.up(state))

    def with_columns(self, nodes: Sequence[pl.Expr] = (), edges: Sequence[pl.Expr] = ()) -> LifelineNetwork:
        """Network with columns changed or added; checked again."""
        return replace(self, nodes=self.nodes.with_columns(*nodes), edges=self.edges.with_columns(*edges))

    def __repr__(self) -> str:
        served = float(self.arrays.demand.sum())
        people = float(self.arrays.people.sum())
        return (
            f"<{self.system} network: {self.n:,} nodes, {self.m:,} edges, "
            f"demand {served:,.4g} {self.flow_unit}, {people:,.0f} people>"
        )


def unknown_asset(network: LifelineNetwork, name: str) -> str:
    """Sentence about an id that no asset of the network has."""
    return f"no asset of the {network.system} network is called '{name}'. {nearest(name, network.asset_ids)}"


def rows(frame: pl.DataFrame) -> list[Mapping[str, Any]]:
    """Rows of a frame by name."""
    return list(frame.iter_rows(named=True))
