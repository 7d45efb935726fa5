"""
Service by flow: as much of the demand as supplies and capacities allow, wherever it is sent.

    solver = Flow(network)
    solver.totals(states)                       # most that can be served in each state
    solver.served(up)                           # at each node, of one such flow
    Flow(network, fair=True).served(up)         # of the one that shares out what there is
    solver.flows(up)                            # on each edge, from u to v

The most that can be served is one number; who is served is not. Where something runs short, many flows serve
equally much, and one found by the way is an accident of the order of the edges. A rule about single nodes,
such as "receives less than half of its own demand", needs the fair one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from workbench._need import need
from workbench.errors import BadParameter, CheckFailed, UnknownName
from workbench.lifelines.solvers._states import many_states, one_state

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork

Engine = Literal["kernel", "reference"]
_WHOLE = 2.0**29


@dataclass(frozen=True, eq=False)
class CheapestFlow:
    """
    The cheapest flow that serves the most.

    Attributes
    ----------
    served
        At each node, in the network's unit of flow, shape (nodes,).
    flows
        On each edge, above 0 from u to v, shape (edges,).
    cost
        Sum of the cost of each edge times what flows on it, either way.
    """

    served: Floats
    flows: Floats
    cost: float


class Flow:
    """
    Serves as much of the whole demand as supplies and capacities allow: a maximum flow.

    A node that is down is served nothing and lets nothing through. A source serves itself as well, within its
    supply. Heads, voltages and the laws of the flow are left aside.

    Parameters
    ----------
    network
        What is to be served.
    fair
        Whether `served` shares out what there is: the least share of its own demand that a node receives is
        as high as can be, then the next, and so on [1]_. It serves as much as the unfair one, and is unique.
        Without it `served` is one of the flows that serve the most, always the same for the same network and
        state.
    engine
        "kernel" (compiled, on floats: totals to about 1e-9 of the demand) or "reference" (SciPy, state by
        state, capacities rounded to 2e-9 of the demand; fair shares and flows on edges need the kernel).

    Attributes
    ----------
    name
        "flow".

    Raises
    ------
    UnknownName
        No such engine.
    BadParameter
        Fair shares from the reference.
    EngineMissing
        Numba is not installed; the reference does without.

    References
    ----------
    .. [1] N. Megiddo (1974), Optimal flows in networks with multiple sources and sinks, Mathematical
       Programming 7: the lexicographically greatest shares are those of a maximum flow.
    """

    name: str = "flow"

    def __init__(self, network: LifelineNetwork, *, fair: bool = False, engine: Engine = "kernel") -> None:
        if engine not in get_args(Engine):
            raise UnknownName("engine of flow", str(engine), get_args(Engine))
        if fair and engine == "reference":
            raise BadParameter("The reference of flow shares nothing out: leave out `fair`, or `engine`.")
        self.network, self.fair, self.engine = network, bool(fair), engine

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
        up = one_state(self.network, up)
        if self.engine == "reference":
            return _reference(self.network, up)
        if self.fair:
            return np.asarray(self._kernel.fair(*self._prepared, up) * self.network.arrays.demand)
        return np.asarray(self._kernel.once(*self._prepared, up)[0])

    def totals(self, up: Bools) -> Floats:
        """
        Demand served by the whole network in many states; fair or not, it is the same.

        Parameters
        ----------
        up
            Whether each asset works, shape (states, assets).

        Returns
        -------
        totals
            In the network's unit of flow, shape (states,).

        Raises
        ------
        BadParameter
            The states have another shape or are not Boolean.
        """
        up = many_states(self.network, up)
        if self.engine == "reference":
            return np.array([_reference(self.network, one).sum() for one in up], float)
        return np.asarray(self._kernel.totals(*self._prepared, up))

    def flows(self, up: Bools) -> Floats:
        """
        Flow on each edge, of one flow that serves the most.

        Parameters
        ----------
        up
            Whether each asset works, shape (assets,).

        Returns
        -------
        flows
            In the network's unit of flow, above 0 from u to v, shape (edges,). An edge without flow can fail
            and nothing is lost; one with flow may have a way around.

        Raises
        ------
        BadParameter
            The state has another shape or is not Boolean.
        """
        return np.asarray(self._kernel.once(*self._prepared, one_state(self.network, up))[1])

    def min_cost(self, up: Bools, cost: Floats | None = None) -> CheapestFlow:
        """
        Cheapest of the flows that serve the most.

        Parameters
        ----------
        up
            Whether each asset works, shape (assets,).
        cost
            Of a unit of flow on each edge, either way, 0 or more, shape (edges,); None is 1 for each.

        Raises
        ------
        BadParameter
            The state or the costs have another shape, or a cost is negative or not finite.
        """
        up = one_state(self.network, up)
        costs = self._costs(cost)
        total = float(self._kernel.totals(*self._prepared, up[None])[0])
        return _cheapest(self.network, up, costs, total)

    def _costs(self, cost: Floats | None) -> Floats:
        if cost is None:
            return np.ones(self.network.m)
        costs = np.asarray(cost, float)
        if costs.shape != (self.network.m,):
            raise BadParameter(
                f"Give a cost for each of {self.network.m} edges, not an array of shape {costs.shape}."
            )
        wrong = ~(np.isfinite(costs) & (costs >= 0))
        if wrong.any():
            names = self.network.edges["id"].filter(wrong).head(5).to_list()
            raise BadParameter(
                f"The cost of a flow must be 0 or more, and is not on the edges {', '.join(names)}."
            )
        return costs

    @cached_property
    def _kernel(self) -> Any:
        need("numba", "Maximum flow (engine='reference' does without)")
        from workbench.lifelines.solvers import _maxflow

        return _maxflow

    @cached_property
    def _prepared(self) -> tuple[Any, ...]:
        a = self.network.arrays
        limit = np.stack([a.capacity, np.where(a.directed, 0.0, a.capacity)], 1).ravel()
        return (*self._kernel.graph(a), a.u, a.v, limit, a.supply, a.demand)


def _reference(network: LifelineNetwork, up: Bools) -> Floats:
    """Maximum flow by SciPy: from a super source to a super sink, in whole numbers."""
    need("scipy.sparse", "Maximum flow by SciPy")
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    a, n = network.arrays, network.n
    nodes, whole = up[:n], float(a.demand.sum())
    if whole <= 0:
        return np.zeros(n)
    open_ = up[n:] & nodes[a.u] & nodes[a.v]
    both, sources, sinks = (
        open_ & ~a.directed,
        np.flatnonzero(a.source & nodes),
        np.flatnonzero((a.demand > 0) & nodes),
    )
    begins = np.concatenate([a.u[open_], a.v[both], np.full(len(sources), n), sinks])
    ends = np.concatenate([a.v[open_], a.u[both], sources, np.full(len(sinks), n + 1)])
    room = np.concatenate([a.capacity[open_], a.capacity[both], a.supply[sources], a.demand[sinks]])
    scaled = np.round(np.minimum(room, whole) * (_WHOLE / whole)).astype(np.int64)
    graph = csr_array((scaled, (begins, ends)), shape=(n + 2, n + 2))
    graph.data = np.minimum(graph.data, int(_WHOLE)).astype(np.int32)  # of edges side by side
    sent = maximum_flow(graph, n, n + 1).flow[:, [n + 1]].toarray().ravel()
    return np.asarray(sent[:n] * (whole / _WHOLE))


def _cheapest(network: LifelineNetwork, up: Bools, cost: Floats, total: float) -> CheapestFlow:
    """Linear programme: flow either way on each edge, supply and service at each node, the whole as given."""
    need("scipy.optimize", "Cheapest flow")
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack

    a, n, m = network.arrays, network.n, network.m
    unit = float(a.demand.max(initial=0.0)) or 1.0
    nodes = up[:n]
    open_ = up[n:] & nodes[a.u] & nodes[a.v]
    ones = np.ones(m)
    leaves = csr_array(
        (np.concatenate([ones, -ones]), (np.concatenate([a.u, a.v]), np.tile(np.arange(m), 2))), shape=(n, m)
    )
    balance = hstack([-leaves, leaves, eye_array(n), -eye_array(n)])
    served = csr_array(np.concatenate([np.zeros(2 * m + n), -np.ones(n)])[None])
    there = np.where(open_, a.capacity, 0.0)
    most = np.concatenate(
        [there, np.where(a.directed, 0.0, there), np.where(nodes, a.supply, 0), np.where(nodes, a.demand, 0)]
    )
    found = linprog(
        np.concatenate([cost, cost, np.zeros(2 * n)]) / (cost.max(initial=0.0) or 1.0),
        A_ub=served, b_ub=[-(total - 1e-9 * a.demand.sum()) / unit],
        A_eq=balance, b_eq=np.zeros(n),
        bounds=np.stack([np.zeros(len(most)), most / unit], 1), method="highs",
    )  # fmt: skip
    if found.status != 0:
        raise CheckFailed(f"The cheapest flow was not found: {found.message}")
    flows = (found.x[:m] - found.x[m : 2 * m]) * unit
    return CheapestFlow(found.x[2 * m + n :] * unit, flows, float(cost @ np.abs(flows)))
