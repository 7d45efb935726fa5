"""States of a network as runs of EPANET: what fails is closed, what no source reaches is left out, shares are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.lifelines.solvers import _epanet
from workbench.lifelines.solvers._epanet import Project, Unsolvable, reach

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork


class Runner:
    """
    Runs states of a network in a project of its own.

    Parameters
    ----------
    network
        With the ids of the input file.
    file
        Input file.
    minimum_m, required_m, exponent
        How service depends on pressure.
    stop_empty
        Whether an empty tank gives nothing.
    """

    def __init__(
        self,
        network: LifelineNetwork,
        file: bytes,
        *,
        minimum_m: float,
        required_m: float,
        exponent: float,
        stop_empty: bool,
    ) -> None:
        self.project = project = Project(
            file, minimum_m=minimum_m, required_m=required_m, exponent=exponent, stop_empty=stop_empty
        )
        self.network = network
        self._demand = network.arrays.demand
        nodes = {one: i for i, one in enumerate(project.node_ids)}
        links = {one: i for i, one in enumerate(project.link_ids)}
        self._nodes = np.array([nodes[one] for one in network.nodes["id"].to_list()], np.int32)
        self.links = np.array([links[one] for one in network.edges["id"].to_list()], np.int32)
        self._rests = project.shut[self.links] & ~network.arrays.in_service  # closed in the file: not a failure
        self._ids = network.asset_ids
        self.times, self.wanted = _calendar(project)
        self.taps = np.flatnonzero((self.wanted > 0).any(axis=0))
        self.wanted = self.wanted[:, self.taps]
        lengths = np.diff(self.times, append=self.times[-1])
        lengths = lengths if lengths.sum() else np.ones(1)
        self.total = lengths @ self.wanted
        demand = np.zeros(project.n)
        demand[self._nodes] = self._demand
        self.scale = demand[self.taps] / self.total
        self._limits = (minimum_m, required_m, exponent)

    def served(self, up: Bools) -> Floats:
        """Served at each node of the network in a state, in the unit of its demand."""
        return self._run(up, pressures=False)[0]

    def details(self, up: Bools) -> tuple[Floats, Floats, Floats, tuple[int, ...]]:
        """Served, share, lowest pressure (m) at each node, and EPANET's warnings."""
        return self._run(up, pressures=True)

    def wanted_at(self, time_s: int) -> Floats:
        """Wanted demand of the taps at a time of the run, m3/s."""
        return np.asarray(self.wanted[np.searchsorted(self.times, time_s, side="right") - 1])

    def share_at(self, pressure: Floats) -> Floats:
        """Share of its demand that a node is served at a pressure in m."""
        least, required, exponent = self._limits
        return np.asarray(np.clip((pressure - least) / (required - least), 0.0, 1.0) ** exponent)

    def _run(self, up: Bools, *, pressures: bool) -> tuple[Floats, Floats, Floats, tuple[int, ...]]:
        project = self.project
        reached = self._prepare(up)
        share, lowest = np.full(project.n, np.nan), np.full(project.n, np.inf)
        share[self.taps] = 0.0
        warnings: set[int] = set()
        if reached[project.node_types == _epanet.JUNCTION].any():
            try:
                delivered = self._delivered(reached, lowest if pressures else None, warnings)
            except Unsolvable as error:
                project.altered = True  # whatever state it was left in
                raise Unsolvable(error.code, self._failed_ids(up)) from None
            share[self.taps] = np.minimum(delivered / self.total, 1.0)
        share[~reached] = np.where(np.isnan(share[~reached]), np.nan, 0.0)
        lowest[~reached | np.isinf(lowest)] = np.nan
        mine, there = share[self._nodes], reached[self._nodes]
        served = self._demand * np.where(np.isnan(mine), there, mine)
        return served, mine, lowest[self._nodes], tuple(sorted(warnings - {0}))

    def _prepare(self, up: Bools) -> Bools:
        """Close what has failed; tell which nodes of the project a source still reaches."""
        project, n = self.project, len(self._nodes)
        project.reset()
        down = np.zeros(project.n, bool)
        down[self._nodes[~up[:n]]] = True
        failed = np.zeros(project.m, bool)
        failed[self.links[~up[n:] & ~self._rests]] = True
        failed |= down[project.u] | down[project.v]
        open_ = ~failed & (~project.shut | project.controlled)
        reached = reach(project, open_, np.flatnonzero(project.fixed_head & ~down))
        reached[down] = False
        cut = ~reached[project.u] | ~reached[project.v]  # left open, a part without a head makes the matrix singular
        project.close_links(np.flatnonzero(failed | (cut & open_)))
        idle = ~reached & (project.node_types == _epanet.JUNCTION)
        project.stop_demand(np.flatnonzero(idle & project.draws))
        return reached

    def _delivered(self, reached: Bools, lowest: Floats | None, warnings: set[int]) -> Floats:
        """Water delivered in the run at the nodes with a demand, m3; of an instant, m3/s."""
        project, delivered = self.project, np.zeros(len(self.taps))
        alive = np.flatnonzero(reached[self.taps])
        taps = self.taps[alive].tolist()
        for at, length, warning in project.steps():
            warnings.add(warning)
            if lowest is not None:
                np.minimum(lowest, project.nodes(_epanet.PRESSURE), out=lowest)
            if length > 0 or at == 0:
                wanted = self.wanted_at(at)[alive]
                short = project.nodes(_epanet.DEFICIT, taps)
                delivered[alive] += np.clip(wanted - short, 0.0, wanted) * (length if length > 0 else 1)
        return delivered

    def _failed_ids(self, up: Bools) -> list[str]:
        return [one for one, works in zip(self._ids, up, strict=True) if not works]


def _calendar(project: Project) -> tuple[Ints, Floats]:
    """Wanted demand of every node from each time on, m3/s: what would be delivered at full pressure."""
    junction = project.node_types == _epanet.JUNCTION
    leaks = project.nodes(_epanet.EMITTER) * junction
    for node in np.flatnonzero(leaks):
        project.no_leak(int(node))
    times, wanted = [], []
    for at, length, _ in project.steps():
        now = project.nodes(_epanet.DEMAND) + project.nodes(_epanet.DEFICIT)
        now = np.where(junction, np.maximum(now, 0.0), 0.0)
        if not wanted or length <= 0 or not np.allclose(now, wanted[-1], rtol=1e-12, atol=0):
            times.append(at)
            wanted.append(now)
    project.reset()
    return np.array(times), np.array(wanted)
