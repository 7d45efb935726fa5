"""
Power flow by the direct-current approximation: what each line carries, and what carries it when one fails.

    dc_flow(network).flows              # MW on each edge as plants are scheduled
    ptdf(network)                       # MW on each edge for a MW fed in at each node
    lodf(network)                       # share of the flow of a lost edge that each other edge takes over
    overloads(network)                  # every single outage, the worst overload first

Angles are small, voltages nominal, losses none. The flow on an edge is its susceptance times the difference
of the angles at its ends, less its phase shift. This tells where lines are overloaded before plants are
redispatched; what must be shed after that is told by `PowerFlow`, and the two rank lines differently.

References
----------
.. [1] B. Stott, J. Jardim and O. Alsac (2009), DC power flow revisited, IEEE Transactions on Power Systems
   24.
.. [2] A. J. Wood and B. F. Wollenberg (1996), Power generation, operation, and control, 2nd edition,
   chapter 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._dc import Grid, named, shifts
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.solvers._states import one_state

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork

Islands = Literal["refuse", "shed"]
BRIDGE = 1e-8
"""An edge is the only way where less than this part of its flow would go another way."""


@dataclass(frozen=True, eq=False)
class DcFlow:
    """
    A direct-current power flow.

    Attributes
    ----------
    angles
        Of each node, rad, 0 at the slack of its island; NaN where it is down or without power. Shape
        (nodes,).
    flows
        On each edge, MW, above 0 from u to v, shape (edges,).
    injections
        Fed in at each node less what is drawn, MW, with what the slacks make up; shape (nodes,).
    slack
        Node of each island that makes up its balance.
    island
        Of each node, by number; -1 where it is down. Shape (nodes,).
    """

    angles: Floats
    flows: Floats
    injections: Floats
    slack: Ints
    island: Ints


def dc_flow(
    network: LifelineNetwork,
    injections: Floats | None = None,
    up: Bools | None = None,
    *,
    islands: Islands = "refuse",
) -> DcFlow:
    """
    Flow on each edge for what is fed in and drawn.

    Parameters
    ----------
    network
        A power network with `susceptance` on its edges (MW/rad) and perhaps `shift_deg`.
    injections
        Fed in at each node less what is drawn, MW, shape (nodes,). None is the column `generation` less
        demand and `shunt_mw`; without such a column the sources of an island share what it draws by their
        supply.
    up
        Whether each asset works, shape (assets,); None is undamaged.
    islands
        What to do with an island that is out of balance and has no source to make it up: "refuse" it, or
        "shed" it, which leaves it without power.

    Returns
    -------
    flow
        In each island the slack makes up the balance: the node whose column `slack` says so (the first of
        several), else the greatest source.

    Raises
    ------
    BadNetwork
        An edge has no susceptance, or an island no source.
    BadParameter
        The injections are of another shape or not finite, or the state is.
    UnknownName
        Another word for `islands`.
    """
    if islands not in get_args(Islands):
        raise UnknownName("way with islands", str(islands), get_args(Islands))
    grid = Grid(network, one_state(network, network.intact if up is None else up))
    fed = grid.scheduled() if injections is None else _given(grid, injections)
    lacking = grid.by_island(fed)
    scale = grid.by_island(np.abs(fed))
    dead = ~grid.sourced & (np.abs(lacking) > 1e-9 * scale)
    if dead.any() and islands == "refuse":
        raise BadNetwork(
            network.system, [_lost(grid, int(one), float(lacking[one])) for one in np.flatnonzero(dead)]
        )
    powered = grid.nodes & ~grid.spread(dead)
    fed = np.where(powered, fed, 0.0)
    alive = powered[network.arrays.u]
    moved = np.where(alive, grid.susceptance * shifts(network), 0.0)
    factors, left = grid.solved
    angles = np.zeros(network.n)
    if len(left):
        angles[left] = factors.solve((fed + grid.incidence.T @ moved)[left])
    flows = grid.susceptance * (grid.incidence @ angles) - moved
    angles[~powered] = np.nan
    return DcFlow(angles, flows, grid.incidence.T @ flows, grid.reference, grid.island)


def ptdf(network: LifelineNetwork, up: Bools | None = None) -> Floats:
    """
    Power transfer distribution factors.

    Parameters
    ----------
    network
        A power network with `susceptance` on its edges.
    up
        Whether each asset works, shape (assets,); None is undamaged.

    Returns
    -------
    factors
        MW on each edge for a MW fed in at each node and drawn at the slack of its island, shape (edges,
        nodes); 0 for edges and nodes that are down.

    Raises
    ------
    BadNetwork
        An edge has no susceptance.
    BadParameter
        The state has another shape or is not Boolean.
    """
    return _factors(Grid(network, one_state(network, network.intact if up is None else up)))


def lodf(network: LifelineNetwork, up: Bools | None = None) -> Floats:
    """
    Line outage distribution factors.

    Parameters
    ----------
    network
        A power network with `susceptance` on its edges.
    up
        Whether each asset works, shape (assets,); None is undamaged.

    Returns
    -------
    factors
        Entry (l, k) is the part of the flow on edge k before it is lost that edge l carries on top
        afterwards; -1 on the diagonal, shape (edges, edges). Column k is NaN (but for the diagonal) where
        edge k is the only way between its ends: then an island is cut off, and factors cannot tell. 0 for
        edges that are down.

    Raises
    ------
    BadNetwork
        An edge has no susceptance.
    BadParameter
        The state has another shape or is not Boolean.
    """
    return _outages(Grid(network, one_state(network, network.intact if up is None else up)))


def overloads(
    network: LifelineNetwork, injections: Floats | None = None, up: Bools | None = None
) -> pl.DataFrame:
    """
    Overloads after the loss of each single edge, before anything is redispatched.

    Parameters
    ----------
    network
        A power network with `susceptance` and `capacity` on its edges.
    injections
        As for `dc_flow`. Take those of `dc_opf` where the file has no dispatch worth the name.
    up
        Whether each asset works before, shape (assets,); None is undamaged.

    Returns
    -------
    outages
        One row for each edge that is in service: `id`, `cuts_off` (it is the only way between its ends),
        `isolated_mw` (demand left in islands without a source), `overloaded` (number of edges above their
        capacity), `overload_mw` (sum of what is above), `worst` (the edge of the highest loading), `loading`
        (its flow by its capacity); by overload, what is isolated and loading, worst first.

    Raises
    ------
    BadNetwork
        An edge has no susceptance, or an island no source before anything is lost.
    BadParameter
        The injections or the state are of another shape.
    """
    grid = Grid(network, one_state(network, network.intact if up is None else up))
    base = dc_flow(network, injections, grid.up)
    after = base.flows[:, None] + _outages(grid) * base.flows[None, :]
    lost = np.flatnonzero(grid.open)
    cuts = np.asarray(np.isnan(after).any(axis=0), bool)
    isolated = np.zeros(network.m)
    for k in np.flatnonzero(cuts):
        state = grid.up.copy()
        state[network.n + k] = False
        found = dc_flow(network, base.injections, state, islands="shed")
        dark = np.asarray(np.isnan(found.angles) & grid.nodes)
        after[:, k], isolated[k] = found.flows, network.arrays.demand[dark].sum()
    after[lost, lost] = 0.0
    above = np.maximum(np.abs(after) - network.arrays.capacity[:, None], 0.0)
    above[above <= 1e-9 * np.abs(after)] = 0.0
    loading = _loading(np.abs(after), network.arrays.capacity[:, None])
    worst = loading.argmax(0)
    ids = np.array(network.edges["id"].to_list(), dtype=object)
    frame = pl.DataFrame(
        {
            "id": ids[lost].tolist(),
            "cuts_off": cuts[lost],
            "isolated_mw": isolated[lost],
            "overloaded": (above > 0).sum(0)[lost],
            "overload_mw": above.sum(0)[lost],
            "worst": [ids[worst[k]] if loading[worst[k], k] > 0 else None for k in lost],
            "loading": loading[worst, np.arange(network.m)][lost],
        },
        schema_overrides={"id": pl.String, "worst": pl.String},
    )
    return frame.sort("overload_mw", "isolated_mw", "loading", descending=True, maintain_order=True)


def _factors(grid: Grid) -> Floats:
    factors, left = grid.solved
    found = np.zeros((grid.network.m, grid.network.n))
    if len(left):
        weighted = (grid.incidence * grid.susceptance[:, None]).tocsc()[:, left]
        found[:, left] = factors.solve(weighted.T.toarray()).T
    return found


def _outages(grid: Grid) -> Floats:
    a, factors = grid.network.arrays, _factors(grid)
    taken = factors[:, a.u] - factors[:, a.v]
    stays = 1.0 - np.diag(taken)
    bridge = np.abs(stays) < BRIDGE
    found = np.where(bridge, np.nan, taken / np.where(bridge, 1.0, stays))
    found[~grid.open], found[:, ~grid.open] = 0.0, 0.0
    np.fill_diagonal(found, np.where(grid.open, -1.0, 0.0))
    return found


def _loading(flow: Floats, capacity: Floats) -> Floats:
    full = np.where(flow > 0, np.inf, 0.0)
    return np.asarray(np.divide(flow, np.broadcast_to(capacity, flow.shape), out=full, where=capacity > 0))


def _given(grid: Grid, injections: Floats) -> Floats:
    given = np.asarray(injections, float)
    if given.shape != (grid.network.n,):
        raise BadParameter(
            f"Give an injection for each of {grid.network.n} nodes, not of shape {given.shape}."
        )
    if not np.isfinite(given).all():
        ids = named(grid.network.nodes["id"].filter(~np.isfinite(given)).to_list())
        raise BadParameter(
            f"The injections at the nodes {ids} are not finite: give MW, 0 where there is none."
        )
    return np.where(grid.nodes, given, 0.0)


def _lost(grid: Grid, island: int, lacking: float) -> str:
    ids = named(grid.network.nodes["id"].filter(grid.island == island).to_list())
    return (
        f"the island of the nodes {ids} lacks a source and is out of balance by {abs(lacking):,.6g} MW: "
        "give one of them a supply, or say islands='shed' to leave it without power"
    )
