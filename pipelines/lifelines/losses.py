"""How many people lose how many services in a state of the city."""

from __future__ import annotations

import numpy as np

from workbench.lifelines import InterdependentSystem
from workbench.lifelines.cascade import cascade
from workbench.lifelines.model import Bools, Floats
from workbench.lifelines.solvers import open_solver
from workbench.lifelines.solvers.connectivity import Connectivity

BLOCK, KEPT = 512, 256


class Losses:
    """
    People without services, in many states of a system.

    A person counts once for each system that does not reach them: 1,000 people without water and power are
    2,000 services lost. People are counted beyond what the undamaged city lacks anyway.

    Parameters
    ----------
    system
        The networks and what they lean on.
    through_others
        Whether what depends on failed assets fails with them.
    solver
        "connectivity" (a path from a source is enough) or "flow" (within capacities and supplies; a node
        served in part leaves that part of its people without).

    Attributes
    ----------
    before, people
        People without each service in the undamaged city, and all its people, shape (layers,).
    """

    def __init__(
        self, system: InterdependentSystem, *, through_others: bool = True, solver: str = "connectivity"
    ) -> None:
        self.system, self.through_others, self.solver = system, through_others, solver
        fair = (
            {"fair": True} if solver == "flow" else {}
        )  # else what a node gets would hang on the order of edges
        self._solvers = {name: open_solver(one, solver, **fair) for name, one in system.layers.items()}
        self._known: dict[tuple[str, bytes], Floats] = {}
        self.before = self._without(system.intact[None, :])[0]
        self.people = np.array([network.arrays.people.sum() for network in system.layers.values()])

    def by_layer(self, up: Bools) -> Floats:
        """
        People without each service.

        Parameters
        ----------
        up
            States, shape (states, assets).

        Returns
        -------
        people
            Shape (states, layers), in the order of the system's layers.
        """
        blocks = [self._without(up[i : i + BLOCK]) for i in range(0, len(up), BLOCK)]
        found = np.concatenate(blocks) if blocks else np.zeros((0, len(self._solvers)))
        return np.maximum(found - self.before, 0.0)

    def total(self, up: Bools) -> Floats:
        """Services lost, people times systems, shape (states,)."""
        return np.asarray(self.by_layer(up).sum(axis=1))

    def after(self, up: Bools) -> Bools:
        """State once everything that depends on what failed has failed too."""
        state = self.system.up(up)
        return cascade(self.system, state) if self.through_others else state

    def dark(self, up: Bools) -> dict[str, Floats]:
        """Share of demand not served at each node of each layer, in one state of shape (assets,)."""
        state = self.after(up)
        return {name: 1 - self._share(name, self.system.layer_state(name, state)) for name in self._solvers}

    def _without(self, up: Bools) -> Floats:
        state = self.after(up)
        columns = []
        for name, network in self.system.layers.items():
            people = network.arrays.people
            own, solver = self.system.layer_state(name, state), self._solvers[name]
            if isinstance(solver, Connectivity):
                dark = ~solver.served_many(own) & (network.arrays.demand > 0)
                columns.append(dark @ people)
            else:
                columns.append(np.array([(1 - self._share(name, one)) @ people for one in own]))
        return np.stack(columns, axis=1)

    def _share(self, name: str, own: Bools) -> Floats:
        """Share of its demand that each node of a layer is served; a state met before is not solved again."""
        key = (name, np.packbits(own).tobytes())
        if key not in self._known:
            demand = self.system.layers[name].arrays.demand
            served = self._solvers[name].served(own)
            some = demand > 0
            share = np.where(some, np.clip(served / np.where(some, demand, 1.0), 0, 1), 1.0)
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[key] = share
        return self._known[key]
