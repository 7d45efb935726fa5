"""
Demand served at each node: one question, four solvers, from quick and hopeful to slow and physical.

    solver = open_solver(network, "connectivity")
    solver.served(network.without("pipe 7"))        # per node, in the unit of flow
    solver.totals(states)                           # per row of (states, assets)

Each drops a constraint that the next one keeps, so that reaching a node serves at least what a flow within
capacities serves, and that at least what the physics of power allows.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from workbench.errors import UnknownName

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork

SOLVERS = {"connectivity": "Connectivity", "flow": "Flow", "powerflow": "PowerFlow", "hydraulic": "Hydraulic"}
"""Class of each solver by its name; it lives in the module of that name."""


@runtime_checkable
class Solver(Protocol):
    """Serves the demand of one network in a given state."""

    @property
    def name(self) -> str:
        """Which solver it is, such as "connectivity"."""
        ...

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
        """
        ...

    def totals(self, up: Bools) -> Floats:
        """
        Demand served by the whole network in many states.

        Parameters
        ----------
        up
            Whether each asset works, shape (states, assets).

        Returns
        -------
        totals
            In the network's unit of flow, shape (states,).
        """
        ...


def open_solver(network: LifelineNetwork, solver: str | Solver = "connectivity", **options: Any) -> Solver:
    """
    Make a solver for a network.

    Parameters
    ----------
    network
        What it is to serve.
    solver
        "connectivity" (a path is enough), "flow" (within capacities and supplies), "powerflow"
        (direct-current power flow) or "hydraulic" (EPANET). A solver that is already open is handed back.
    options
        Further arguments of that solver.

    Raises
    ------
    UnknownName
        No solver has that name.
    EngineMissing
        The solver needs a package that is not installed.
    """
    if not isinstance(solver, str):
        return solver
    if solver not in SOLVERS:
        raise UnknownName("solver", solver, SOLVERS)
    module = importlib.import_module(f"workbench.lifelines.solvers.{solver}")
    opened: Solver = getattr(module, SOLVERS[solver])(network, **options)
    return opened


__all__ = ["SOLVERS", "Solver", "open_solver"]
