"""States of a network as runs of EPANET: what fails is closed, what no source reaches is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.lifelines.solvers import _epanet_library as codes
from workbench.lifelines.solvers._epanet import Project
from workbench.lifelines.solvers._epanet_library import Unsolvable
from workbench.lifelines.solvers._epanet_links import reach

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork

DOUBTFUL = {codes.UNBALANCED, codes.UNSTABLE}
"""Warnings of EPANET after which a step is doubtful."""


@dataclass(frozen=True)
class Physics:
    """
    How EPANET is to serve demand.

    Attributes
    ----------
    minimum_m, required_m
        Pressures at which a node is served nothing and all, m.
    exponent
        Of the share served between the two.
    stop_empty
        Whether an empty tank gives nothing.
    """

    minimum_m: float
    required_m: float
    exponent: float
    stop_empty: bool

    def share(self, pressure: Floats) -> Floats:
        """Share of its demand that a node is served at a pressure in m."""
        part = (pressure - self.minimum_m) / (self.required_m - self.minimum_m)
        return np.asarray(np.clip(part, 0.0, 1.0) ** self.exponent)

    def open(self, file: bytes) -> Project:
        """Open an input file."""
        return Project(
            file,
            minimum_m=self.minimum_m,
            required_m=self.required_m,
            exponent=self.exponent,
            stop_empty=self.stop_empty,
        )


@dataclass(frozen=True, eq=False)
class HydraulicRun:
    """
    What one run of a state shows.

    Attributes
    ----------
    served
        Per node, in the network's unit of flow.
    share
        Delivered of what was wanted in the run, per node; NaN where nothing was.
    lowest_pressure_m
        Per node, over the run; NaN where no source reaches it, or where it was not asked for.
    warnings
        EPANET's warnings: 1 unbalanced, 2 unstable, 3 disconnected, 4 pumps, 5 valves, 6 negative pressures.
    """

    served: Floats
    share: Floats
    lowest_pressure_m: Floats
    warnings: tuple[int, ...]


class Runner:
    """
    Runs states of a network in a project of its own.

    Parameters
    ----------
    network
        With the ids of the input file.
    file
        Input file.
    physics
        How demand is served.
    """

    def __init__(self, network: LifelineNetwork, file: bytes, physics: Physics) -> None:
        self.network, self.physics, self.unbalanced = network, physics, 0
        self.project = project = physics.open(file)
        nodes = {one: i for i, one in enumerate(project.node_ids)}
        links = {one: i for i, one in enumerate(project.link_ids)}
        self.nodes = np.array([nodes[one] for one in network.nodes["id"].to_list()], np.int32)
        self.links = np.array([links[one] for one in network.edges["id"].to_list()], np.int32)
        self._rests = project.shut[self.links] & ~network.arrays.in_service  # closed in the file: no failure
        self.times, wanted = calendar(project)
        lengths = np.diff(self.times, append=self.times[-1])
        total = (lengths if lengths.sum() else np.ones(1)) @ wanted
        self.taps = np.flatnonzero(total > 0).astype(np.int32)
        self.wanted, self.total = (
            wanted[:, self.taps],
            total[self.taps],
        )  # m3/s from each time on; m3 in the run
        demand = np.zeros(project.n)
        demand[self.nodes] = network.arrays.demand
        self.scale = demand[self.taps] / self.total  # the network's unit of flow for 1 m3 of the run

    def wanted_at(self, time_s: int) -> Floats:
        """Wanted demand of the taps at a time of the run, m3/s."""
        return np.asarray(self.wanted[np.searchsorted(self.times, time_s, side="right") - 1])

    def run(self, up: Bools, *, pressures: bool = False) -> HydraulicRun:
        """
        Run a state.

        Parameters
        ----------
        up
            Whether each asset of the network works, shape (assets,).
        pressures
            Whether to look for the lowest pressures.
        """
        project = self.project
        reached = self.prepare(up)
        share, lowest = np.full(project.n, np.nan), np.full(project.n, np.inf)
        share[self.taps] = 0.0
        warnings: set[int] = set()
        if reached[project.node_types == codes.JUNCTION].any():
            try:
                delivered = self._delivered(reached, lowest if pressures else None, warnings)
            except Unsolvable as error:
                project.altered = True  # whatever state it was left in
                failed = [one for one, works in zip(self.network.asset_ids, up, strict=True) if not works]
                raise Unsolvable(error.code, failed) from None
            share[self.taps] = np.minimum(delivered / self.total, 1.0)
            self.unbalanced += bool(warnings & DOUBTFUL)
        lowest[~reached | np.isinf(lowest)] = np.nan
        mine = share[self.nodes]
        served = self.network.arrays.demand * np.where(np.isnan(mine), reached[self.nodes], mine)
        return HydraulicRun(served, mine, lowest[self.nodes], tuple(sorted(warnings - {0})))

    def prepare(self, up: Bools) -> Bools:
        """Close what has failed; tell which nodes of the project a source still reaches."""
        project, n = self.project, len(self.nodes)
        project.reset()
        down = np.zeros(project.n, bool)
        down[self.nodes[~up[:n]]] = True
        failed = np.zeros(project.m, bool)
        failed[self.links[~up[n:] & ~self._rests]] = True
        failed |= down[project.u] | down[project.v]
        open_ = ~failed & (~project.shut | project.controlled)
        reached = reach(project, open_, np.flatnonzero(project.fixed_head & ~down).astype(np.int32))
        reached[down] = False
        cut = open_ & (~reached[project.u] | ~reached[project.v])  # a part without a head has no solution
        project.close_links(np.flatnonzero(failed | cut).astype(np.int32))
        idle = ~reached & (project.node_types == codes.JUNCTION) & project.draws
        project.stop_demand(np.flatnonzero(idle).astype(np.int32))
        return reached

    def _delivered(self, reached: Bools, lowest: Floats | None, warnings: set[int]) -> Floats:
        """Water delivered in the run at the taps, m3; of an instant, m3/s."""
        project, delivered = self.project, np.zeros(len(self.taps))
        alive = np.flatnonzero(reached[self.taps])
        taps = self.taps[alive].tolist()

        def read() -> Floats:
            if lowest is not None:
                np.minimum(lowest, project.nodes(codes.PRESSURE), out=lowest)
            return project.nodes(codes.DEFICIT, taps)

        for at, length, warning, short in project.steps(read):
            warnings.add(warning)
            if length > 0 or at == 0:
                wanted = self.wanted_at(at)[alive]
                delivered[alive] += np.clip(wanted - short, 0.0, wanted) * (length if length > 0 else 1)
        return delivered


def calendar(project: Project) -> tuple[Ints, Floats]:
    """Wanted demand of every node from each time on, m3/s: what would be delivered at full pressure."""
    junction = project.node_types == codes.JUNCTION
    for node in np.flatnonzero(project.nodes(codes.EMITTER) * junction):
        project.no_leak(int(node))
    open_ = ~project.shut | project.controlled
    reached = reach(project, open_, np.flatnonzero(project.fixed_head).astype(np.int32))
    apart = open_ & (~reached[project.u] | ~reached[project.v])
    project.close_links(np.flatnonzero(apart).astype(np.int32))
    times: list[int] = []
    rows: list[Floats] = []

    def read() -> Floats:
        wanted = project.nodes(codes.DEMAND) + project.nodes(codes.DEFICIT)
        return np.where(junction, np.maximum(wanted, 0.0), 0.0)

    for at, length, _, wanted in project.steps(read):
        if not rows or length <= 0 or not np.allclose(wanted, rows[-1], rtol=1e-12, atol=0):
            times.append(at)
            rows.append(wanted)
    project.reset()
    return np.array(times, np.int32), np.array(rows)
