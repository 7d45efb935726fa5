"""People who lose a service, as a share of all services that people have: what hardening is to save."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.undamaged import nobody_served
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines.cascade import cascade
from workbench.lifelines.montecarlo import ServiceLoss
from workbench.lifelines.solvers import Solver, open_solver
from workbench.lifelines.solvers.connectivity import Connectivity

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats


KEPT = 2**31
"""States times assets that are remembered, some 256 MB."""


class PeopleServed:
    """
    Serves people rather than demand: all at a node with a demand that a path from a source reaches.

    Parameters
    ----------
    network
        The network.
    """

    name = "people reached"

    def __init__(self, network: LifelineNetwork) -> None:
        self.network, self._inner = network, Connectivity(network)
        self._people = np.where(network.arrays.demand > 0, network.arrays.people, 0.0)

    def served(self, up: Bools) -> Floats:
        """People served at each node, shape (nodes,)."""
        return np.asarray(np.where(self._inner.served(up) > 0, self._people, 0.0))

    def totals(self, up: Bools) -> Floats:
        """People served in each state of shape (states, assets)."""
        return np.asarray(self._inner.served_many(up) @ self._people)


class PeopleLoss(ServiceLoss):
    """
    Share of services lost, each service counting the people it serves.

    Parameters
    ----------
    system
        The networks.
    solver
        "connectivity" counts the people at the nodes cut off; "flow" the people of a network in proportion to
        its demand that capacities leave unserved.
    through_others
        Whether failures pass on.

    Attributes
    ----------
    people
        Services that people have in the undamaged city: people times the systems that serve them.

    Raises
    ------
    DataRejected
        Nobody is served.
    """

    def __init__(self, system: InterdependentSystem, *, solver: str, through_others: bool) -> None:
        intact = cascade(system, system.intact) if through_others else system.intact
        opened: dict[str, Solver | str] = {}
        people = {}
        for name, network in system.layers.items():
            served: Solver = PeopleServed(network)
            own = system.layer_state(name, intact)[None]
            people[name] = float(served.totals(own)[0])
            if solver == "connectivity":
                opened[name] = served
                continue
            opened[name] = solver
            wanted = float(network.arrays.demand.sum())
            if wanted > 0:
                share = float(open_solver(network, solver).totals(own)[0]) / wanted
                people[name] = share * float(network.arrays.people[network.arrays.demand > 0].sum())
        if not sum(people.values()) > 0:
            raise nobody_served()
        self.people = sum(people.values())
        self._known: dict[bytes, float] = {}
        super().__init__(system, solver=opened, cascade=through_others, weights=people)

    def __call__(self, up: Bools) -> Floats:
        """
        Share of services lost in each state of shape (states, assets), each worked out once.

        Choosing again from events drawn again asks for the same states over and over.
        """
        states = np.atleast_2d(up)
        if len(self._known) * self.system.size > KEPT:
            self._known.clear()
        keys = [row.tobytes() for row in np.packbits(states, axis=1)]
        new: dict[bytes, int] = {}
        for i, key in enumerate(keys):
            if key not in self._known:
                new.setdefault(key, i)
        if new:
            lost = super().__call__(states[list(new.values())])
            self._known.update(zip(new, lost.tolist(), strict=True))
        return np.array([self._known[key] for key in keys])
