"""
Service by direct-current power flow: the least load that must be shed.

    solver = PowerFlow(network)
    solver.totals(states)              # MW served in each state
    solver.dispatch(up).generation     # how the plants run then

Power cannot be sent where one likes: it divides over parallel paths by their susceptance. So a line that
fills up may hold back others, and less is served than `Flow` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench._need import need
from workbench.errors import CheckFailed
from workbench.lifelines._dc import susceptances
from workbench.lifelines.solvers._states import many_states, one_state

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork

_SLACK = 1e-6
_DUAL = 1e-7


@dataclass(frozen=True, eq=False)
class Dispatch:
    """
    A dispatch that sheds the least.

    Attributes
    ----------
    served, generation
        At each node, MW, shape (nodes,).
    flows
        On each edge, MW, above 0 from u to v, shape (edges,).
    """

    served: Floats
    generation: Floats
    flows: Floats


class PowerFlow:
    """
    Serves as much load as a direct-current optimal power flow allows.

    Every plant gives from 0 to its `supply`, every load takes from 0 to its `demand`, the flow on an edge is
    its susceptance times the difference of its voltage angles and stays within its `capacity`. An island
    without a source is served nothing. Losses, reactive power, least outputs of plants and phase shifts are
    left aside. A linear programme, solved afresh for each state by HiGHS, so that a state always gives the
    same.

    Parameters
    ----------
    network
        A power network with `susceptance` (MW/rad) on its edges, as `read_matpower` makes it.
    fair
        Whether `served` shares out what there is: among the ways to shed the least, that whose least share of
        its own demand is as high as can be, then the next, and so on. It takes a linear programme for each
        share.

    Attributes
    ----------
    name
        "powerflow".

    Raises
    ------
    BadNetwork
        An edge in service has no susceptance.
    EngineMissing
        SciPy is not installed.

    Notes
    -----
    Served demand is within about 1e-6 of the greatest demand of a node times their number, which is what
    HiGHS allows itself. Quantities are scaled to that demand, and angles by the median susceptance, without
    which the programme takes several times longer.

    References
    ----------
    .. [1] B. Stott, J. Jardim and O. Alsac (2009), DC power flow revisited, IEEE Transactions on Power
       Systems 24.
    """

    name: str = "powerflow"

    def __init__(self, network: LifelineNetwork, *, fair: bool = False) -> None:
        self.network, self.fair = network, bool(fair)
        self._susceptance = susceptances(network)

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
            MW, shape (nodes,).

        Raises
        ------
        BadParameter
            The state has another shape or is not Boolean.
        """
        up = one_state(self.network, up)
        solution = self._solve(up)
        served = self._dispatch(solution).served
        asked = np.where(up[: self.network.n], self.network.arrays.demand, 0.0)
        short = asked.sum() - served.sum() > _SLACK * self._unit
        return self._shared(up, float(served.sum())) if self.fair and short else served

    def totals(self, up: Bools) -> Floats:
        """
        Demand served by the whole network in many states; each different state is solved once.

        Parameters
        ----------
        up
            Whether each asset works, shape (states, assets).

        Returns
        -------
        totals
            MW, shape (states,).

        Raises
        ------
        BadParameter
            The states have another shape or are not Boolean.
        """
        up = many_states(self.network, up)
        _, first, which = np.unique(np.packbits(up, axis=1), axis=0, return_index=True, return_inverse=True)
        found = np.array([self._dispatch(self._solve(up[k])).served.sum() for k in first], float)
        return np.asarray(found[which.ravel()])

    def flows(self, up: Bools) -> Floats:
        """
        Flow on each edge, of one dispatch that sheds the least.

        Parameters
        ----------
        up
            Whether each asset works, shape (assets,).

        Returns
        -------
        flows
            MW, above 0 from u to v, shape (edges,).
        """
        return self.dispatch(up).flows

    def dispatch(self, up: Bools) -> Dispatch:
        """
        One dispatch that sheds the least; fair or not, the same.

        Parameters
        ----------
        up
            Whether each asset works, shape (assets,).

        Raises
        ------
        BadParameter
            The state has another shape or is not Boolean.
        """
        return self._dispatch(self._solve(one_state(self.network, up)))

    @cached_property
    def _unit(self) -> float:
        return float(self.network.arrays.demand.max(initial=0.0)) or 1.0

    @cached_property
    def _matrix(self) -> Any:
        """Rows: balance of nodes, law of edges. Columns: angles, supplies, services, flows."""
        need("scipy.optimize", "Power flow")
        from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack

        a, n, m = self.network.arrays, self.network.n, self.network.m
        ones, edges = np.ones(m), np.arange(m)
        leaves = csr_array(
            (np.concatenate([ones, -ones]), (np.concatenate([a.u, a.v]), np.tile(edges, 2))), shape=(n, m)
        )
        balance = hstack([csr_array((n, n)), eye_array(n), -eye_array(n), -leaves])
        known = np.abs(self._susceptance[self._susceptance != 0])
        law = diags_array(self._susceptance / (np.median(known) if len(known) else 1.0)) @ leaves.T
        return vstack([balance, hstack([law, csr_array((m, 2 * n)), -eye_array(m)])]).tocsr()

    def _bounds(self, up: Bools) -> tuple[Floats, Bools]:
        """Least and most of each column, shape (columns, 2), and which rows hold."""
        a, n = self.network.arrays, self.network.n
        nodes = up[:n]
        open_ = up[n:] & nodes[a.u] & nodes[a.v]
        most = np.where(open_, a.capacity, 0.0)
        angles = np.full(n, np.inf)
        high = np.concatenate([angles, np.where(nodes, a.supply, 0.0), np.where(nodes, a.demand, 0.0), most])
        low = np.concatenate([-angles, np.zeros(2 * n), np.where(a.directed, 0.0, -most)])
        return np.stack([low, high], 1) / self._unit, np.concatenate([np.ones(n, bool), open_])

    def _solve(self, up: Bools) -> Floats:
        bounds, rows = self._bounds(up)
        n = self.network.n
        cost = np.zeros(len(bounds))
        cost[2 * n : 3 * n] = -1.0
        return np.asarray(_programme(cost, self._matrix[rows], bounds).x)

    def _dispatch(self, solution: Floats) -> Dispatch:
        n = self.network.n
        _, generation, served, flows = np.split(solution * self._unit, [n, 2 * n, 3 * n])
        demand = self.network.arrays.demand
        return Dispatch(np.clip(served, 0.0, demand), np.maximum(generation, 0.0), flows)

    def _shared(self, up: Bools, total: float) -> Floats:
        """Raise the least share as far as it goes, settle the nodes that hold it back, and go on."""
        from scipy.sparse import csr_array, hstack, vstack

        n, demand = self.network.n, self.network.arrays.demand / self._unit
        bounds, rows = self._bounds(up)
        columns, served = len(bounds), np.zeros(n)
        matrix = hstack([self._matrix[rows], csr_array((int(rows.sum()), 1))]).tocsr()
        cost = np.zeros(columns + 1)
        cost[-1] = -1.0
        whole = csr_array((-np.ones(n), (np.zeros(n, int), np.arange(2 * n, 3 * n))), shape=(1, columns + 1))
        active = np.flatnonzero((demand > 0) & up[:n])
        while len(active):
            k = np.arange(len(active))
            above = csr_array(
                (np.concatenate([-1 / demand[active], np.ones(len(active))]),
                 (np.tile(k, 2), np.concatenate([2 * n + active, np.full(len(active), columns)]))),
                shape=(len(active), columns + 1),
            )  # fmt: skip
            limits = np.concatenate([np.zeros(len(active)), [-total / self._unit + _SLACK]])
            found = _programme(
                cost, matrix, np.vstack([bounds, [0.0, 1.0]]), vstack([above, whole]).tocsr(), limits
            )
            share = float(found.x[-1])
            held = -found.ineqlin.marginals[:-1] > _DUAL
            if share >= 1 - _SLACK or not held.any():
                held[:] = True
            settled = active[held]
            bounds[2 * n + settled, 0] = np.maximum(share * demand[settled] - _DUAL, 0.0)
            served, active = found.x[2 * n : 3 * n], active[~held]
        return np.clip(served * self._unit, 0.0, self.network.arrays.demand)


def _programme(
    cost: Floats, equal: Any, bounds: Floats, below: Any = None, limits: Floats | None = None
) -> Any:
    from scipy.optimize import linprog

    found = linprog(
        cost,
        A_ub=below,
        b_ub=limits,
        A_eq=equal,
        b_eq=np.zeros(equal.shape[0]),
        bounds=bounds,
        method="highs",
    )
    if found.status != 0:
        raise CheckFailed(f"The least load to shed was not found: {found.message}")
    return found
