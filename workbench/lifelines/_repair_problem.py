"""What is damaged, who repairs it and how long that takes, and what service each state gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._dependency_rules import Rules, Start, damaged_with, rules_of, settle
from workbench.lifelines._given import number, whole
from workbench.lifelines._repair_fields import MOST_PERIODS, durations, pools, travel_times, weights_of
from workbench.lifelines.cascade import Served
from workbench.lifelines.model import Bools, Floats, Ints
from workbench.lifelines.solvers import Solver, open_solver
from workbench.lifelines.system import InterdependentSystem

KEPT = 200_000
"""Served amounts remembered at a time."""


@dataclass(frozen=True, eq=False)
class RepairProblem:
    """
    Damage to be repaired.

    Parameters
    ----------
    system
        Networks and their dependencies.
    up
        Whether each asset is undamaged, shape (assets,). What lies beside damage (a geographic dependency) is
        damaged too; what only lacks service comes back by itself.
    crews
        Number of crews for all, or for each layer that has its own.
    repair_h
        Hours of one crew for each repair: one number, one for each asset of the system, or by (layer, id)
        with None for the others; None takes `repair_days` of the networks, 24 h each.
    travel_h
        Hours between sites, shape (damaged + 1, damaged + 1): the depot, then the damaged assets in their
        order; None is no travel. `with_travel` makes it from coordinates.
    period_h
        Hours of a period, for plans in whole periods and `lost_periods`.
    horizon
        Periods after which loss counts no more; None counts all until the last repair.
    weights
        Of each layer in what is lost; None is the same for all, together 1.
    solver
        How service is told: the name of a solver, or by layer.
    start, served
        How dependencies work, as in `cascade`.

    Raises
    ------
    BadParameter
        Nothing to plan with: no crews for what is damaged, no repair time, numbers out of their bounds.
    UnknownName
        No such layer, asset or solver.
    """

    system: InterdependentSystem
    up: Bools
    crews: int | Mapping[str, int] = 1
    repair_h: ArrayLike | Mapping[tuple[str, str] | None, float] | None = None
    travel_h: Floats | None = None
    period_h: float = 24.0
    horizon: int | None = None
    weights: Mapping[str, float] | None = None
    solver: str | Mapping[str, str | Solver] = "flow"
    start: Start = "greatest"
    served: Served = None
    damaged: Ints = field(init=False)
    duration_h: Floats = field(init=False)
    pool: Ints = field(init=False)
    crew_pools: Ints = field(init=False)
    crew_names: tuple[str, ...] = field(init=False)
    weight: Floats = field(init=False)

    def __post_init__(self) -> None:
        given: Any = self.system  # a network alone is a system of one layer
        system = InterdependentSystem.of(given)
        state = system.up(self.up)
        if state.ndim != 1:
            raise BadParameter(f"Give one damaged state, shape ({system.size},), not {state.shape}.")
        number("period_h", self.period_h, above=0)
        if self.horizon is not None:
            whole("horizon", self.horizon, 1, MOST_PERIODS)
        if self.start not in get_args(Start):
            raise UnknownName("start of a cascade", str(self.start), get_args(Start))
        up = damaged_with(system, state[None])[0]
        values = {
            "system": system,
            "up": up,
            "damaged": np.flatnonzero(system.intact & ~up).astype(np.int32),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "duration_h", durations(self))
        for name, value in zip(("pool", "crew_pools", "crew_names"), pools(self), strict=True):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "weight", weights_of(self))
        if self.travel_h is not None:
            self._check_travel(np.asarray(self.travel_h, float))
        _ = self.intact_service

    def __getstate__(self) -> dict[str, Any]:
        """Only what was given and made at first goes to other processes: solvers are opened again there."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def periods(self) -> Ints:
        """Whole periods that each repair takes, at least 1."""
        return np.maximum(1, np.ceil(self.duration_h / self.period_h - 1e-9)).astype(np.int32)

    @property
    def span(self) -> int:
        """Periods that are looked at: the horizon, or as many as any plan without idle crews may take."""
        if self.horizon is not None:
            return self.horizon
        most = 0
        for pool in np.unique(self.pool):
            takes, crews = self.periods[self.pool == pool], int((self.crew_pools == pool).sum())
            most = max(most, int((takes.sum() - takes.max()) // crews + takes.max()))
        return most

    @property
    def horizon_h(self) -> float:
        """Hours after which loss counts no more."""
        return np.inf if self.horizon is None else self.horizon * self.period_h

    @cached_property
    def intact_service(self) -> Floats:
        """Served by each layer of the undamaged, running city, shape (layers,), in its unit of flow."""
        running = settle(self.rules, self.system.intact[None], "greatest")[0]
        served: Floats = self.served_by(running)[0]
        return served

    @cached_property
    def rules(self) -> Rules:
        """Dependencies, grouped."""
        return rules_of(self.system, self.served)

    @cached_property
    def limited(self) -> Bools:
        """Whether capacities and supplies limit each layer, shape (layers,): not where a path is enough."""
        return np.array([solver.name != "connectivity" for solver in self.solvers])

    @cached_property
    def solvers(self) -> list[Solver]:
        """Solver of each layer."""
        layers = self.system.layers
        if not isinstance(self.solver, str):
            for name in self.solver:
                if name not in layers:
                    raise UnknownName("layer of the system", str(name), layers)
        chosen = self.solver if isinstance(self.solver, Mapping) else dict.fromkeys(layers, self.solver)
        return [open_solver(network, chosen.get(name, "flow")) for name, network in layers.items()]

    @cached_property
    def _known(self) -> list[dict[bytes, float]]:
        return [{} for _ in self.system.layers]

    def service(self, up: Bools) -> Floats:
        """
        Amount served by each layer once everything has followed that depends on what is down.

        Parameters
        ----------
        up
            Whether each asset is repaired or undamaged, shape (states, assets).

        Returns
        -------
        served
            Shape (states, layers), in each layer's unit of flow.
        """
        return self.served_by(settle(self.rules, up, self.start)[0])

    def served_by(self, works: Bools) -> Floats:
        """Amount served by each layer where it is known what works, shape (states, layers)."""
        found = np.empty((len(works), len(self.system.layers)))
        for i, layer in enumerate(self.system.layers):
            states, known = self.system.layer_state(layer, works), self._known[i]
            keys = [row.tobytes() for row in np.packbits(states, axis=1)]
            new = {key: place for place, key in enumerate(keys) if key not in known}
            if len(known) + len(new) > KEPT:
                known.clear()
                new = {key: place for place, key in enumerate(keys)}
            if new:
                totals = self.solvers[i].totals(np.ascontiguousarray(states[list(new.values())]))
                known.update(zip(new, totals.tolist(), strict=True))
            found[:, i] = [known[key] for key in keys]
        return found

    def as_shares(self, served: Floats) -> Floats:
        """Amounts as shares of what the intact layers serve; 1 for a layer without any."""
        intact = self.intact_service
        return np.where(intact > 0, served / np.where(intact > 0, intact, 1.0), 1.0)

    def shares(self, up: Bools) -> Floats:
        """Share of the intact service of each layer, shape (states, layers)."""
        return self.as_shares(self.service(up))

    def lost(self, up: Bools) -> Floats:
        """Weighted share of service lost in each state, shape (states,)."""
        return np.asarray((1.0 - self.shares(up)) @ self.weight)

    def with_travel(self, speed_kmh: float, depot: tuple[float, float] | None = None) -> RepairProblem:
        """
        Add travel times: straight lines at one speed.

        Parameters
        ----------
        speed_kmh
            Above 0; take it lower than that of vehicles, because roads are no straight lines.
        depot
            x and y from which crews set out; None is wherever their first repair is.

        Returns
        -------
        problem
            The same with `travel_h`.
        """
        return replace(self, travel_h=travel_times(self.system, self.damaged, speed_kmh, depot))

    def _check_travel(self, travel: Floats) -> None:
        size = len(self.damaged) + 1
        if travel.shape != (size, size) or not (np.isfinite(travel) & (travel >= 0)).all():
            raise BadParameter(
                f"`travel_h` must hold hours of 0 or more between the depot and {size - 1} damaged "
                f"assets, shape ({size}, {size}), not {travel.shape}."
            )
