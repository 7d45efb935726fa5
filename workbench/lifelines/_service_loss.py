"""The share of service that networks lose in given states: damage, what follows, and who is served then."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._given import whole
from workbench.lifelines.cascade import cascade
from workbench.lifelines.model import Bools, Floats, LifelineNetwork
from workbench.lifelines.solvers import Solver, open_solver
from workbench.lifelines.system import InterdependentSystem

BLOCK = 256
"""States handed to a solver or a cascade at a time, whatever the number of workers."""
KEPT = 1_000_000
Follow = bool | Literal["greatest", "black_start"]
Solvers = str | Solver | Mapping[str, str | Solver]


class ServiceLoss:
    """
    Share of service lost in damage states, 0 (as intact) to 1 (nothing served).

    The share of a layer is 1 - served / served by the intact system; that of the system is the weighted mean
    over the layers with a demand. States already seen are looked up rather than served again.

    Parameters
    ----------
    system
        Networks and their dependencies.
    solver
        Name of a solver for all layers, or a solver or its name by layer. A solver that is already open is
        used by one worker at a time.
    cascade
        Whether failures pass on through dependencies: True or "greatest", "black_start", or False. Has no
        effect without dependencies.
    weights
        What each layer counts, 0 or more; else all the same.
    workers
        Threads. Results do not depend on it.

    Raises
    ------
    BadParameter
        No layer with a demand, a layer that serves nothing even intact, weights that are none.
    UnknownName
        A solver, or a layer in `solver` or `weights`, that is not there.
    """

    def __init__(
        self,
        system: InterdependentSystem | LifelineNetwork,
        *,
        solver: Solvers = "connectivity",
        cascade: Follow = True,
        weights: Mapping[str, float] | None = None,
        workers: int = 1,
    ) -> None:
        whole("workers", workers, 1)
        if cascade not in (True, False, "greatest", "black_start"):
            raise UnknownName("start of a cascade", str(cascade), ("greatest", "black_start"))
        self.system = InterdependentSystem.of(system)
        self.workers = workers
        follows = self.system.dependencies is not None and self.system.dependencies.height > 0
        self.cascade: Follow = ("greatest" if cascade is True else cascade) if follows else False
        self.solvers = {name: _of(solver, name, self.system.layers) for name in self.system.layers}
        self._local = threading.local()
        self._seen: dict[str, dict[bytes, float]] = {name: {} for name in self.system.layers}
        self.weights = self._weights(weights)
        self.intact = self._intact()

    def __call__(self, up: Bools) -> Floats:
        """
        Share of service lost by the whole system.

        Parameters
        ----------
        up
            Whether each asset is undamaged, shape (states, assets).

        Returns
        -------
        lost
            Shape (states,). It may be below 0 where damage lets a network serve more than intact.
        """
        by_layer = self.by_layer(up)
        return np.asarray(sum(self.weights[name] * by_layer[name] for name in by_layer), float)

    def by_layer(self, up: Bools) -> dict[str, Floats]:
        """Share of service lost by each layer with a demand, shape (states,) each."""
        return self.shares(self.works(up))

    def shares(self, works: Bools) -> dict[str, Floats]:
        """Share of service lost by each layer where failures have passed on already (`works`)."""
        return {
            name: 1.0 - self._totals(name, self.system.layer_state(name, works)) / self.intact[name]
            for name in self.weights
        }

    def works(self, up: Bools) -> Bools:
        """What still works after failures have passed on, shape (states, assets)."""
        states = self.system.up(np.atleast_2d(up))
        if self.cascade is False or not len(states):
            return states
        start = self.cascade if isinstance(self.cascade, str) else "greatest"
        blocks = [states[at : at + BLOCK] for at in range(0, len(states), BLOCK)]
        return np.concatenate(self._each(lambda block: cascade(self.system, block, start=start), blocks))

    def unserved(self, layer: str, works: Bools) -> Floats:
        """
        Share of its intact service that each node goes without; NaN for nodes without any.

        Parameters
        ----------
        layer
            Which.
        works
            As `works` returns it.
        """
        if layer not in self.system.layers:
            raise UnknownName("layer of the system", layer, self.system.layers)
        network = self.system.layers[layer]
        states, back = _distinct(self.system.layer_state(layer, np.atleast_2d(works)))
        undamaged = self.works(self.system.intact)
        base = self._open(layer).served(self.system.layer_state(layer, undamaged)[0])
        served = np.empty((len(states), network.n))

        def fill(part: range) -> None:
            solver = self._open(layer)
            for i in part:
                served[i] = solver.served(states[i])

        self._each(fill, [range(at, min(at + BLOCK, len(states))) for at in range(0, len(states), BLOCK)])
        with np.errstate(divide="ignore", invalid="ignore"):
            lost = np.where(base > 0, 1.0 - served / base, np.nan)
        return np.asarray(lost[back], float)

    def _totals(self, layer: str, states: Bools) -> Floats:
        """Total served in each state; every state is served once."""
        seen = self._seen[layer]
        if len(seen) > KEPT:
            seen.clear()
        keys = [row.tobytes() for row in np.packbits(states, axis=1)]
        new: dict[bytes, int] = {}
        for i, key in enumerate(keys):
            if key not in seen:
                new.setdefault(key, i)
        if new:
            rows = np.fromiter(new.values(), np.intp, len(new))
            parts = [rows[at : at + BLOCK] for at in range(0, len(rows), BLOCK)]
            totals = self._each(lambda part: self._open(layer).totals(states[part]), parts)
            seen.update(zip(new, np.concatenate(totals).tolist(), strict=True))
        return np.array([seen[key] for key in keys])

    def _open(self, layer: str) -> Solver:
        """Solver of a layer, one for each thread unless it came open."""
        solver = self.solvers[layer]
        if not isinstance(solver, str):
            return solver
        opened: dict[str, Solver] = self._local.__dict__.setdefault("opened", {})
        if layer not in opened:
            opened[layer] = open_solver(self.system.layers[layer], solver)
        return opened[layer]

    def _each(self, function: Any, parts: list[Any]) -> list[Any]:
        """Results of a function of each part, in order, by as many threads as there are workers."""
        alone = (
            self.workers == 1
            or len(parts) < 2
            or any(not isinstance(one, str) for one in self.solvers.values())
        )
        if alone or "hydraulic" in self.solvers.values():  # EPANET keeps its files by process
            return [function(part) for part in parts]
        with ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(function, parts))

    def _weights(self, given: Mapping[str, float] | None) -> dict[str, float]:
        wanting = [name for name, one in self.system.layers.items() if (one.arrays.demand > 0).any()]
        if not wanting:
            raise BadParameter(
                "No layer has a demand, so that no service can be lost: give nodes a `demand`."
            )
        for name in given or {}:
            if name not in self.system.layers:
                raise UnknownName("layer of the system", name, self.system.layers)
        weights = {name: float((given or {}).get(name, 0.0 if given else 1.0)) for name in wanting}
        total = sum(weights.values())
        if not all(0 <= one < np.inf for one in weights.values()) or not 0 < total < np.inf:
            raise BadParameter(
                f"Give layers with a demand ({', '.join(wanting)}) weights of 0 or more, not all 0."
            )
        return {name: one / total for name, one in weights.items() if one > 0}

    def _intact(self) -> dict[str, float]:
        undamaged = self.works(self.system.intact)
        found = {
            name: float(self._totals(name, self.system.layer_state(name, undamaged))[0])
            for name in self.weights
        }
        idle = [name for name, served in found.items() if not served > 0]
        if idle:
            raise BadParameter(
                f"Even undamaged, nothing is served by {', '.join(idle)}: check its sources and dependencies "
                "(`check` names what is odd), or give it no weight."
            )
        return found


def _of(solver: Solvers, layer: str, layers: Mapping[str, LifelineNetwork]) -> str | Solver:
    if not isinstance(solver, Mapping):
        if not isinstance(solver, str) and len(layers) > 1:
            raise BadParameter("A solver that is open serves one layer: give solvers by layer.")
        return solver
    for name in solver:
        if name not in layers:
            raise UnknownName("layer of the system", name, layers)
    return solver.get(layer, "connectivity")


def _distinct(states: Bools) -> tuple[Bools, np.ndarray]:
    """States that differ, and which of them each row is."""
    packed = np.packbits(states, axis=1)
    _, first, back = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return states[first], back.ravel()
