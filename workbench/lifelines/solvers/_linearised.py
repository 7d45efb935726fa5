"""
What closing each link would cost, from one run of the intact network: line outage factors, for water.

Around a solved instant the network is taken as linear: a change of flow in a link is its conductance times
the change of head loss. Closing a link with flow q is then the same as forcing q / (1 - g x) back from its
end to its beginning, where g is its conductance and x the head that unit flow between its ends builds up in
the whole network: the line outage distribution factor of power grids [1]_. One factorisation serves all
links.

Head losses are not linear, and a small by-pass that must suddenly carry a trunk main is far worse than its
slope says. So the conductances are those of the chord from a link's own flow to that plus the flow displaced,
for links of about the same flow together (two groups per doubling). It is an ordering to look at first, not
an answer.

References
----------
.. [1] A. J. Wood, B. F. Wollenberg and G. B. Sheble (2013), Power Generation, Operation, and Control, 3rd
   ed., ch. 7.
.. [2] E. Todini and S. Pilati (1988), A gradient algorithm for the analysis of pipe networks, Computer
   Applications in Water Supply 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array, diags_array, eye_array
from scipy.sparse.linalg import splu

from workbench.lifelines._losses import single_losses
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.solvers import _epanet_library as codes

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints
    from workbench.lifelines.solvers._epanet import Project
    from workbench.lifelines.solvers._epanet_runs import Runner

_BRIDGE = 1e-6  # 1 - g x below which nothing goes around a link
_STILL_M3S = 1e-7
_LEAST_M = 1e-3
_TINY = 1e-9
_DISPLACED = 0.5  # of the closed link's flow: between the slope as it is (0) and a by-pass that takes all (1)
_COLUMNS = 512


@dataclass(frozen=True, eq=False)
class Instant:
    """
    A solved instant of the intact network.

    Attributes
    ----------
    length_s
        Time that it stands for, 0 in a run of a single instant.
    weight
        Demand of each tap in that time, in the network's unit of flow: a part of the mean.
    head, pressure
        Of each node of the project, m.
    flow
        Of each link, m3/s.
    open_
        Whether water can pass each link, or could at other heads.
    """

    length_s: float
    weight: Floats
    head: Floats
    pressure: Floats
    flow: Floats
    open_: Bools


def estimated_losses(runner: Runner, edges: Ints, *, exponent: float, instants: int) -> Floats:
    """
    Served demand that closing each edge is expected to cost, by reason.

    Parameters
    ----------
    runner
        Of the network.
    edges
        Edges of the network, by number from 0.
    exponent
        Of flow in the head loss: 1.852 (Hazen-Williams) or 2.
    instants
        How many instants of the run to look at, spread evenly over it.

    Returns
    -------
    losses
        In the network's unit of flow, shape (edges, 3), to be added: what the edge alone connects to a head;
        what the tanks would have to give beyond the water they hold; what the linearised pressures no longer
        serve beyond that.
    """
    project = runner.project
    links = runner.links[edges]
    if not len(runner.taps):
        return np.zeros((len(edges), 3))
    graph = _graph(project)
    resistance = _resistance(project, exponent)
    tanks = np.flatnonzero(project.node_types == codes.TANK).astype(np.int32)
    held = project.nodes(codes.VOLUME, tanks) - project.nodes(codes.LEAST_VOLUME, tanks)
    cut, short, given = np.zeros(len(edges)), np.zeros(len(edges)), np.zeros((len(tanks), len(edges)))
    for one in _instants(runner, instants):
        weights = np.zeros((project.n, 1))
        weights[runner.taps, 0] = one.weight
        up = np.concatenate([np.ones(project.n, bool), one.open_])
        now = single_losses(graph, weights, up)[project.n + links, 0]
        low, out = _closed(runner, one, links, tanks, resistance, exponent)
        cut += now
        short += np.maximum(low - now, 0.0)
        given += out * one.length_s
    dry = np.zeros(len(edges))
    if runner.times[-1] > 0:  # in an instant no tank runs dry
        flow_per_m3 = float(runner.network.arrays.demand.sum()) / runner.total.sum()
        dry = np.maximum(given - np.maximum(held, 0.0)[:, None], 0.0).sum(axis=0) * flow_per_m3
    return np.stack([cut, dry, np.maximum(short - dry, 0.0)], axis=1)


def _instants(runner: Runner, count: int) -> list[Instant]:
    """Instants of the intact run, each standing for an equal part of it."""
    project = runner.project
    runner.prepare(runner.network.intact)
    free = (
        ~project.shut & ~project.controlled
    )  # closed by a full tank or a check valve alone, these open again

    def read() -> tuple[Floats, Floats, Floats, Bools]:
        heads, pressures = project.nodes(codes.HEAD), project.nodes(codes.PRESSURE)
        return heads, pressures, project.links(codes.FLOW), free | (project.links(codes.STATE) > 0)

    found: list[tuple[int, Floats, tuple[Floats, Floats, Floats, Bools]]] = []
    for at, length, _, values in project.steps(read):
        if length > 0 or at == 0:
            found.append((max(length, 1), runner.wanted_at(at) * max(length, 1), values))
    until = np.cumsum([each[0] for each in found])
    part = np.minimum(((until - 1) * count) // until[-1], count - 1)
    made = []
    for group in np.unique(part):
        members = np.flatnonzero(part == group)
        wanted = np.sum([found[i][1] for i in members], axis=0)
        stands_for = float(sum(found[i][0] for i in members)) if until[-1] > 1 else 0.0
        made.append(Instant(stands_for, runner.scale * wanted, *found[members[len(members) // 2]][2]))
    return made


def _closed(
    runner: Runner, one: Instant, links: Ints, tanks: Ints, resistance: Floats, exponent: float
) -> tuple[Floats, Floats]:
    """
    The linearised network with each link closed in turn.

    Returns
    -------
    short
        Demand no longer served at its pressures, in the network's unit of flow, shape (links,).
    given
        What each tank gives, m3/s, shape (tanks, links); below 0 where it is filled.
    """
    project = runner.project
    free = np.flatnonzero(~project.fixed_head)
    place = np.full(project.n, -1)
    place[free] = np.arange(len(free))
    taps, before = place[runner.taps], one.pressure[runner.taps]
    served = one.weight @ runner.physics.share(before)
    whole = _incidence(project)
    incidence, outward = whole[:, free], whole[:, tanks]
    flow = np.abs(one.flow[links])
    moving = flow > _STILL_M3S
    group = np.floor(2 * np.log2(np.maximum(flow, _STILL_M3S)))
    short = np.zeros(len(links))
    given = np.repeat((outward.T @ one.flow)[:, None], len(links), axis=1)
    for level in np.unique(group[moving]):
        conductance = _conductance(project, one, resistance, exponent, _DISPLACED * 2 ** ((level + 0.5) / 2))
        weighted = diags_array(conductance) @ incidence
        factors = splu((incidence.T @ weighted + _TINY * eye_array(len(free))).tocsc())
        members = np.flatnonzero((group == level) & moving)
        for begin in range(0, len(members), _COLUMNS):
            some = members[begin : begin + _COLUMNS]
            forced = incidence[links[some]].T.toarray()
            heads = factors.solve(forced)
            across = np.einsum("ij,ij->j", forced, heads)
            around = 1 - conductance[links[some]] * across
            alone = around < _BRIDGE
            force = one.flow[links[some]] / np.where(alone, 1.0, around)
            after = one.weight @ runner.physics.share(before[:, None] + heads[taps] * force)
            short[some] = np.where(alone, 0.0, np.maximum(served - after, 0.0))
            change = (outward.T @ weighted) @ heads * force
            closed = outward[links[some]].T.toarray() * (
                one.flow[links[some]] + conductance[links[some]] * across * force
            )
            given[:, some] += np.where(alone, 0.0, change) - closed
    return short, given


def _conductance(
    project: Project, one: Instant, resistance: Floats, exponent: float, displaced: float
) -> Floats:
    """Change of flow per change of head loss of each link (m2/s), along the chord to the displaced flow."""
    flow, drop = np.abs(one.flow), np.abs(one.head[project.u] - one.head[project.v])
    pipe = project.link_types <= codes.PIPE
    moving = (flow > _STILL_M3S) & (drop > _LEAST_M)
    own = np.where(pipe & moving, drop / np.maximum(flow, _STILL_M3S) ** exponent, resistance)
    chord = displaced / (own * ((flow + displaced) ** exponent - flow**exponent))
    # a pump curve through (q, H) with a shut-off head of 4/3 H, EPANET's own guess, and a valve alike
    other = 1.5 * np.maximum(flow, _STILL_M3S) / np.maximum(drop, 0.1)
    stopped = (project.link_types == codes.CHECK_VALVE) & (flow <= _STILL_M3S)
    return np.where(one.open_ & ~stopped, np.where(pipe, chord, other), 0.0)


def _resistance(project: Project, exponent: float) -> Floats:
    """Head loss of each pipe at 1 m3/s, by Hazen and Williams, for pipes in which nothing moves yet."""
    length = project.links(codes.LENGTH)
    diameter = project.links(codes.DIAMETER)
    rough = project.links(codes.ROUGHNESS) if exponent < 2 else np.full(project.m, 100.0)
    pipe = project.link_types <= codes.PIPE
    safe = [np.where(pipe & (each > 0), each, 1.0) for each in (length, rough, diameter)]
    return np.asarray(10.667 * safe[0] * safe[1] ** -1.852 * safe[2] ** -4.871)


def _incidence(project: Project) -> Any:
    rows = np.concatenate([np.arange(project.m)] * 2)
    ends = np.concatenate([project.u, project.v])
    signs = np.concatenate([np.ones(project.m), -np.ones(project.m)])
    return csr_array((signs, (rows, ends)), shape=(project.m, project.n))


def _graph(project: Project) -> LifelineNetwork:
    """The project as a network in which everything of a fixed head is a source."""
    ids = [str(i) for i in range(project.n)]
    supply = np.where(project.fixed_head, np.inf, 0.0)
    nodes = pl.DataFrame({"id": ids, "supply": supply})
    edges = pl.DataFrame(
        {
            "id": [str(i) for i in range(project.m)],
            "u": project.u.astype(str),
            "v": project.v.astype(str),
            "directed": project.one_way,
        }
    )
    return LifelineNetwork("water", nodes, edges)
