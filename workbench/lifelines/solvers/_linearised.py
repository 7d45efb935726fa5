"""
What closing each link would cost, from one run of the intact network: line outage factors, for water.

Around a solved instant the network is taken as linear: a change of flow in a link is its conductance times the change
of head loss. Closing a link with flow q is then the same as forcing q / (1 - g x) back from its end to its beginning,
where g is its conductance and x the head that unit flow between its ends builds up in the whole network: the line
outage distribution factor of power grids [1]_. One factorisation serves all links.

Head losses are not linear, and a small by-pass that must suddenly carry a trunk main is far worse than its slope
says. So the conductances are those of the chord from a link's own flow to that plus the flow displaced, for links of
about the same flow together (two groups per doubling). It is an ordering to look at first, not an answer.

References
----------
.. [1] A. J. Wood, B. F. Wollenberg and G. B. Sheble (2013), Power Generation, Operation, and Control, 3rd ed., ch. 7.
.. [2] E. Todini and S. Pilati (1988), A gradient algorithm for the analysis of pipe networks, Computer Applications in
   Water Supply 1.
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
from workbench.lifelines.solvers import _epanet

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints
    from workbench.lifelines.solvers._epanet import Project
    from workbench.lifelines.solvers._epanet_runs import Runner

_BRIDGE = 1e-6  # 1 - g x below which nothing goes around a link
_STILL_M3S = 1e-7
_LEAST_M = 1e-3
_TINY = 1e-9
_DISPLACED = 0.2  # of the flow of the closed link, that goes through each other one: 0.1 to 0.5 rank alike
_COLUMNS = 512


@dataclass(frozen=True, eq=False)
class Instant:
    """
    A solved instant of the intact network.

    Attributes
    ----------
    weight
        Demand of each tap that the instant stands for, in the network's unit of flow.
    head, pressure
        Of each node of the project, m.
    flow
        Of each link, m3/s.
    open_
        Whether water can pass each link.
    """

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
        In the network's unit of flow, shape (edges, 3), to be added: what the edge alone connects to a head; what is
        cut off with tanks and outlasts them; what the linearised pressures no longer serve beyond that.
    """
    project = runner.project
    links = runner.links[edges]
    graph = _graph(runner, project.fixed_head)
    resistance = _resistance(project, exponent)
    cut, short = np.zeros(len(edges)), np.zeros(len(edges))
    ever, weight = np.zeros(project.m, bool), np.zeros(project.n)
    for one in _instants(runner, instants):
        weights = np.zeros((project.n, 1))
        weights[runner.taps, 0] = one.weight
        up = np.concatenate([np.ones(project.n, bool), one.open_])
        now = single_losses(graph, weights, up)[project.n + links, 0]
        short += np.maximum(_short(runner, one, links, resistance, exponent) - now, 0.0)
        cut += now
        ever |= one.open_
        weight += weights[:, 0]
    dry = _dry(runner, links, ever, weight)
    dry = np.maximum(dry - cut, 0.0)
    return np.stack([cut, dry, np.maximum(short - dry, 0.0)], axis=1)


def _dry(runner: Runner, links: Ints, open_: Bools, weight: Floats) -> Floats:
    """Demand cut from all that feeds in, less what the tanks cut off with it hold at the beginning."""
    project = runner.project
    if runner.times[-1] == 0:  # an instant: no tank runs dry
        return np.zeros(len(links))
    feeds = (project.node_types == _epanet.RESERVOIR) | runner.inflow
    if not feeds.any():
        return np.zeros(len(links))
    held = project.nodes(_epanet.VOLUME) - project.nodes(_epanet.LEAST_VOLUME)
    held = np.where(project.node_types == _epanet.TANK, np.maximum(held, 0.0), 0.0)
    held *= weight.sum() / runner.total.sum()  # m3 over the run as flow
    up = np.concatenate([np.ones(project.n, bool), open_])
    graph = _graph(runner, feeds)
    gone = single_losses(graph, np.stack([weight, held], axis=1), up)[project.n + links]
    return np.maximum(gone[:, 0] - gone[:, 1], 0.0)


def _instants(runner: Runner, count: int) -> list[Instant]:
    """Instants of the intact run, each standing for an equal part of it."""
    project = runner.project
    project.reset()
    found: list[tuple[int, Floats, Floats, Floats, Floats, Bools]] = []
    for at, length, _ in project.steps():
        if length > 0 or at == 0:
            wanted = runner.wanted_at(at) * (length if length > 0 else 1)
            heads, pressures = project.nodes(_epanet.HEAD), project.nodes(_epanet.PRESSURE)
            flows, states = project.links(_epanet.FLOW), project.links(_epanet.STATE) > 0
            found.append((max(length, 1), wanted, heads, pressures, flows, states))
    until = np.cumsum([each[0] for each in found])
    part = np.minimum(((until - 1) * count) // until[-1], count - 1)
    made = []
    for group in np.unique(part):
        members = np.flatnonzero(part == group)
        wanted = np.sum([found[i][1] for i in members], axis=0)
        middle = found[members[len(members) // 2]]
        made.append(Instant(runner.scale * wanted, *middle[2:]))
    return made


def _short(runner: Runner, one: Instant, links: Ints, resistance: Floats, exponent: float) -> Floats:
    """Demand no longer served at the pressures after each closure, as the linearised network has them."""
    project = runner.project
    free = np.flatnonzero(~project.fixed_head)
    place = np.full(project.n, -1)
    place[free] = np.arange(len(free))
    taps = place[runner.taps]
    before = one.pressure[runner.taps]
    served = one.weight @ runner.share_at(before)
    incidence = _incidence(project)[:, free]
    flow = np.abs(one.flow[links])
    group = np.floor(2 * np.log2(np.maximum(flow, _STILL_M3S)))
    lost = np.zeros(len(links))
    for level in np.unique(group[flow > _STILL_M3S]):
        conductance = _conductance(project, one, resistance, exponent, _DISPLACED * 2 ** ((level + 0.5) / 2))
        matrix = incidence.T @ diags_array(conductance) @ incidence + _TINY * eye_array(len(free))
        factors = splu(matrix.tocsc())
        members = np.flatnonzero((group == level) & (flow > _STILL_M3S))
        for begin in range(0, len(members), _COLUMNS):
            some = members[begin : begin + _COLUMNS]
            forced = incidence[links[some]].T.toarray()
            heads = factors.solve(forced)
            around = 1 - conductance[links[some]] * np.einsum("ij,ij->j", forced, heads)
            alone = around < _BRIDGE
            change = heads[taps] * (one.flow[links[some]] / np.where(alone, 1.0, around))
            after = one.weight @ runner.share_at(before[:, None] + change)
            lost[some] = np.where(alone, 0.0, np.maximum(served - after, 0.0))
    return lost


def _conductance(project: Project, one: Instant, resistance: Floats, exponent: float, displaced: float) -> Floats:
    """Change of flow per change of head loss of each link (m2/s), along the chord to the displaced flow."""
    flow, drop = np.abs(one.flow), np.abs(one.head[project.u] - one.head[project.v])
    pipe = project.link_types <= _epanet.PIPE
    moving = (flow > _STILL_M3S) & (drop > _LEAST_M)
    own = np.where(pipe & moving, drop / np.maximum(flow, _STILL_M3S) ** exponent, resistance)
    chord = displaced / (own * ((flow + displaced) ** exponent - flow**exponent))
    # a pump curve through (q, H) with a shut-off head of 4/3 H, EPANET's own guess, and a valve alike
    other = 1.5 * np.maximum(flow, _STILL_M3S) / np.maximum(drop, 0.1)
    stopped = (project.link_types == _epanet.CHECK_VALVE) & (flow <= _STILL_M3S)
    return np.where(one.open_ & ~stopped, np.where(pipe, chord, other), 0.0)


def _resistance(project: Project, exponent: float) -> Floats:
    """Head loss of each pipe at 1 m3/s, by Hazen and Williams, for pipes that stand still in the intact network."""
    length = project.links(_epanet.LENGTH)
    diameter = project.links(_epanet.DIAMETER)
    rough = project.links(_epanet.ROUGHNESS) if exponent < 2 else np.full(project.m, 100.0)
    pipe = project.link_types <= _epanet.PIPE
    safe = [np.where(pipe & (each > 0), each, 1.0) for each in (length, rough, diameter)]
    return np.asarray(10.667 * safe[0] * safe[1] ** -1.852 * safe[2] ** -4.871)


def _incidence(project: Project) -> Any:
    rows = np.concatenate([np.arange(project.m)] * 2)
    ends = np.concatenate([project.u, project.v])
    signs = np.concatenate([np.ones(project.m), -np.ones(project.m)])
    return csr_array((signs, (rows, ends)), shape=(project.m, project.n))


def _graph(runner: Runner, sources: Bools) -> LifelineNetwork:
    """The project as a network with the sources given."""
    project = runner.project
    ids = [str(i) for i in range(project.n)]
    supply = np.where(sources, np.inf, 0.0)
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
