"""
Dependencies as groups that must be satisfied, evaluated for many states at once.

The dependees of one asset that are of one kind are a group. An asset works while it is undamaged and each of
its groups is satisfied: by one of the dependees, or by all, as its rule says. Geographic dependencies are no
groups: they pass damage on, not the want of service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines.model import Bools, Floats, Ints
from workbench.lifelines.solvers import Solver, open_solver
from workbench.lifelines.solvers.connectivity import Connectivity
from workbench.lifelines.system import InterdependentSystem

Shares = Callable[[Bools], Floats]
"""States, shape (states, assets), to the share of its demand that each asset receives, of the same shape."""
Start = Literal["greatest", "black_start"]
TOLERANCE = 1e-9
CELLS = 2**25
"""States times assets worked on at a time."""


@dataclass(frozen=True, eq=False)
class Rules:
    """
    The dependencies of a system that carry service, grouped.

    Parameters
    ----------
    system
        Whose dependencies.
    received
        From states, shape (states, assets), what the dependee of each kept dependency receives of its demand,
        shape (states, kept dependencies); None where no dependency asks for a share.
    """

    system: InterdependentSystem
    received: Callable[[Bools], Floats] | None

    @cached_property
    def kept(self) -> Ints:
        """Which dependencies are not geographic, by number; ordered by depender and group."""
        return np.flatnonzero(~self.system.arrays.geographic).astype(np.int32)

    @cached_property
    def dependee(self) -> Ints:
        """Of each kept dependency."""
        return self.system.arrays.dependee[self.kept]

    @cached_property
    def threshold(self) -> Floats:
        """Of each kept dependency."""
        return self.system.arrays.threshold[self.kept]

    @cached_property
    def buffer_h(self) -> Floats:
        """Of each kept dependency."""
        return self.system.arrays.buffer_h[self.kept]

    @cached_property
    def begins(self) -> Ints:
        """First dependency of each group."""
        return _first(self.system.arrays.group[self.kept])

    @cached_property
    def every(self) -> Bools:
        """Whether each group needs all of its dependees."""
        return self.system.arrays.every[self.kept][self.begins]

    @cached_property
    def depender(self) -> Ints:
        """Asset of each group."""
        return self.system.arrays.depender[self.kept][self.begins]

    @cached_property
    def asset_begins(self) -> Ints:
        """First group of each asset that depends on others."""
        return _first(self.depender)

    @cached_property
    def assets(self) -> Ints:
        """Assets that depend on others, in the order in which `allowed` tells of them."""
        return self.depender[self.asset_begins]

    def useful(self, up: Bools) -> Bools:
        """Whether each dependee works and receives its share, shape (states, kept dependencies)."""
        useful: Bools = up[:, self.dependee]
        if self.received is not None:
            useful = useful & (self.received(up) >= self.threshold - TOLERANCE)
        return useful

    def allowed(self, useful: Bools) -> Bools:
        """Whether all groups of each depending asset are satisfied, shape (states, depending assets)."""
        one = np.logical_or.reduceat(useful, self.begins, axis=1)
        both = np.logical_and.reduceat(useful, self.begins, axis=1)
        allowed: Bools = np.logical_and.reduceat(np.where(self.every, both, one), self.asset_begins, axis=1)
        return allowed

    def lasts(self, until: Floats) -> Floats:
        """Hour until which each depending asset is supplied, where each dependency lasts until its own."""
        last = np.maximum.reduceat(until, self.begins, axis=1)
        first = np.minimum.reduceat(until, self.begins, axis=1)
        lasts: Floats = np.minimum.reduceat(np.where(self.every, first, last), self.asset_begins, axis=1)
        return lasts


def rules_of(system: InterdependentSystem, served: Shares | str | Mapping[str, str | Solver] | None) -> Rules:
    """
    Group the dependencies of a system.

    Parameters
    ----------
    system
        Whose.
    served
        How the share that a dependee receives is told where a dependency has a threshold: a function of
        states, the name of a solver, or a solver or its name by layer. None is connectivity.
    """
    rules = Rules(system, None)
    if not (rules.threshold > 0).any():
        return rules
    if served is None or isinstance(served, str | Mapping):
        return Rules(system, _by_solver(rules, served or "connectivity"))
    return Rules(system, _checked(rules, served))


def damaged_with(system: InterdependentSystem, up: Bools) -> Bools:
    """Take away what lies beside damage, shape (states, assets); what is out of service damages nothing."""
    a = system.arrays
    dependee, depender = a.dependee[a.geographic], a.depender[a.geographic]
    if not len(dependee):
        return up
    damaged = system.intact & ~up
    while True:
        states, which = np.nonzero(damaged[:, dependee] & ~damaged[:, depender])
        if not len(states):
            return up & ~damaged
        damaged[states, depender[which]] = True


def settle(rules: Rules, up: Bools, start: Start) -> tuple[Bools, Ints, Ints]:
    """
    Tell what works once nothing changes any more; damage is passed on no further.

    Parameters
    ----------
    rules
        The dependencies.
    up
        Whether each asset is undamaged, shape (states, assets).
    start
        Which fixed point.

    Returns
    -------
    works, when, rounds
        As in `cascade.Cascade`.
    """
    step = max(1, CELLS // max(1, up.shape[1], len(rules.kept)))
    follow = _fail if start == "greatest" else _start
    blocks = [follow(rules, up[i : i + step]) for i in range(0, max(1, len(up)), step)]
    if len(blocks) == 1:
        return blocks[0]
    works, when, rounds = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return works, when, rounds


def _fail(rules: Rules, up: Bools) -> tuple[Bools, Ints, Ints]:
    """Greatest fixed point: let fail what is not satisfied, until all that is left is."""
    works, rounds = up.copy(), np.zeros(len(up), np.int32)
    when = np.where(up, -1, 0).astype(np.int32)
    running, step = np.arange(len(up) if len(rules.kept) else 0), 0
    while len(running):
        step += 1
        sub = works[running]
        failing = sub[:, rules.assets] & ~rules.allowed(rules.useful(sub))
        rows, which = np.nonzero(failing)
        works[running[rows], rules.assets[which]] = False
        when[running[rows], rules.assets[which]] = step
        running = running[failing.any(axis=1)]
        rounds[running] = step
    return works, when, rounds


def _start(rules: Rules, up: Bools) -> tuple[Bools, Ints, Ints]:
    """Least fixed point: start what needs nothing, then what that satisfies, until nothing can be added."""
    works, rounds = up.copy(), np.zeros(len(up), np.int32)
    works[:, rules.assets] = False
    when = np.where(works, 0, -1).astype(np.int32)
    running, step = np.arange(len(up) if len(rules.kept) else 0), 0
    while len(running):
        step += 1
        sub = works[running]
        starting = up[np.ix_(running, rules.assets)] & ~sub[:, rules.assets]
        starting &= rules.allowed(rules.useful(sub))
        rows, which = np.nonzero(starting)
        works[running[rows], rules.assets[which]] = True
        when[running[rows], rules.assets[which]] = step
        running = running[starting.any(axis=1)]
        rounds[running] = step
    return works, when, rounds


def _first(group: Ints) -> Ints:
    """Places at which a sorted column begins anew."""
    if not len(group):
        return np.empty(0, np.int32)
    return np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]])).astype(np.int32)


def _distinct(states: Bools) -> tuple[Ints, Ints]:
    """Rows that differ, each by its first place, and which of them each row is."""
    packed = np.ascontiguousarray(np.packbits(states, axis=1))
    rows = packed.view(np.dtype((np.void, packed.shape[1]))).reshape(-1)
    _, first, back = np.unique(rows, return_index=True, return_inverse=True)
    return first.astype(np.int32), back.reshape(-1).astype(np.int32)


def _checked(rules: Rules, served: Shares) -> Callable[[Bools], Floats]:
    def received(up: Bools) -> Floats:
        got = np.asarray(served(up), float)
        if got.shape != up.shape or np.isnan(got).any():
            raise BadParameter(
                f"`served` must return a share for each of {up.shape[1]} assets in each of {up.shape[0]} "
                f"states, none of them NaN, not an array of shape {got.shape}."
            )
        return got[:, rules.dependee]

    return received


def _by_solver(rules: Rules, served: str | Mapping[str, str | Solver]) -> Callable[[Bools], Floats]:
    """Shares from a solver by layer, where a threshold asks for them; 1 for what has no demand of its own."""
    system = rules.system
    if not isinstance(served, str):
        for layer in served:
            if layer not in system.layers:
                raise UnknownName("layer of the system", str(layer), system.layers)
    parts = []
    for layer, network in system.layers.items():
        at = rules.dependee - system.offsets[layer]
        asked = np.flatnonzero((rules.threshold > 0) & (at >= 0) & (at < network.n))
        asked = asked[network.arrays.demand[at[asked]] > 0]
        if len(asked):
            chosen = served if isinstance(served, str) else served.get(layer, "connectivity")
            nodes = at[asked]
            parts.append((layer, asked, nodes, network.arrays.demand[nodes], open_solver(network, chosen)))

    def received(up: Bools) -> Floats:
        got = np.ones((len(up), len(rules.kept)))
        for layer, asked, nodes, demand, solver in parts:
            states = system.layer_state(layer, up)
            if isinstance(solver, Connectivity):  # all states at once
                got[:, asked] = solver.served_many(states)[:, nodes]
            else:
                first, back = _distinct(states)
                each = np.array([solver.served(state)[nodes] for state in states[first]]) / demand
                got[:, asked] = each[back]
        return got

    return received
