"""
Service by connectivity: a path from a source is enough.

    solver = Connectivity(network)
    solver.served(network.without("pipe 7"))    # per node
    solver.totals(states)                       # per state: 10,000 of 10,000 nodes in a tenth of a second

Capacities and pressures are left aside, so this is the most that any solver can serve, and the quickest. It
is exact where a network is branched, and says too much where one is short of capacity or head.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import _graphs

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork

Engine = Literal["kernel", "reference"]
Arcs = tuple["Ints", "Ints", "Ints"]


class Connectivity:
    """
    Serves a node its whole demand when a source that is up reaches it.

    The path leads over nodes and edges that are up, along the direction of an edge that has one, and over no
    edge of capacity 0. A source in service serves its own demand. Supplies and other capacities are without
    limit.

    Parameters
    ----------
    network
        What is to be served.
    engine
        "kernel" (compiled) or "reference" (SciPy and NetworkX, state by state); both serve the same.

    Attributes
    ----------
    name
        "connectivity".

    Raises
    ------
    UnknownName
        No such engine.
    EngineMissing
        Numba is not installed; the reference does without.
    """

    name: str = "connectivity"

    def __init__(self, network: LifelineNetwork, *, engine: Engine = "kernel") -> None:
        if engine not in get_args(Engine):
            raise UnknownName("engine of connectivity", str(engine), get_args(Engine))
        self.network, self.engine = network, engine

    def served(self, up: Bools) -> Floats:
        """
        Demand served at each node.

        Parameters
        ----------
        up
            Whether each asset works, shape (assets,).

        Returns
        -------
        served
            In the network's unit of flow, shape (nodes,).

        Raises
        ------
        BadParameter
            The state has another shape or is not Boolean.
        """
        up = self._states(up, 1)
        return np.asarray(np.where(self._reached(up[None])[0], self.network.arrays.demand, 0.0))

    def served_many(self, up: Bools) -> Bools:
        """
        Whether each node is served in many states.

        Parameters
        ----------
        up
            Whether each asset works, shape (states, assets).

        Returns
        -------
        served
            Shape (states, nodes); true as well for a node that is reached and has no demand.

        Raises
        ------
        BadParameter
            The states have another shape or are not Boolean.
        """
        return self._reached(self._states(up, 2))

    def totals(self, up: Bools) -> Floats:
        """
        Demand served by the whole network in many states.

        Parameters
        ----------
        up
            Whether each asset works, shape (states, assets). Give some thousands of states at a time where
            they would not fit in memory together.

        Returns
        -------
        totals
            In the network's unit of flow, shape (states,).

        Raises
        ------
        BadParameter
            The states have another shape or are not Boolean.
        """
        up = self._states(up, 2)
        demand = self.network.arrays.demand
        if self.engine == "reference":
            return np.asarray(np.where(_graphs.reached(self.network, up), demand, 0.0).sum(axis=1))
        sources, arcs, nodes = self._prepared
        found: Floats = self._kernels.totals(up, sources, arcs, nodes, demand[nodes])
        return found

    def _reached(self, up: Bools) -> Bools:
        if self.engine == "reference":
            return _graphs.reached(self.network, up)
        sources, arcs, _ = self._prepared
        found: Bools = self._kernels.reached(up, sources, arcs)
        return found & self.network.intact[: self.network.n]

    def _states(self, up: Bools, dimensions: int) -> Bools:
        """Check states without a copy of them: what is out of service is left out of the arcs instead."""
        up = np.asarray(up)
        if up.ndim != dimensions:
            wanted = (
                "one state, shape (assets,)" if dimensions == 1 else "many states, shape (states, assets)"
            )
            raise BadParameter(
                f"Give {wanted}: {self.network.size} assets, not an array of shape {up.shape}."
            )
        self.network.up(up[:0] if dimensions == 2 else up)
        return np.ascontiguousarray(up)

    @cached_property
    def _kernels(self) -> Any:
        need("numba", "Compiled connectivity (engine='reference' does without)")
        from workbench.lifelines import _kernels

        return _kernels

    @cached_property
    def _prepared(self) -> tuple[Ints, Arcs, Ints]:
        """Sources, arcs of edges that can be open, and nodes with a demand."""
        a, n = self.network.arrays, self.network.n
        nodes, edges = self.network.intact[:n], self.network.intact[n:]
        open_ = np.flatnonzero(edges & nodes[a.u] & nodes[a.v] & (a.capacity > 0)).astype(np.int32)
        arcs = self._kernels.leaving(n, a.u[open_], a.v[open_], ~a.directed[open_], open_)
        sources = np.flatnonzero(a.source & nodes).astype(np.int32)
        wanting = np.flatnonzero((a.demand > 0) & nodes).astype(np.int32)
        return sources, arcs, wanting
