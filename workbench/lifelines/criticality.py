"""
Which assets matter: what is no longer served when one fails, when two do, when several do at random.

    n_minus_1(network)                      # every node and edge, worst first
    n_minus_1(network, solver="flow")       # within capacities
    n_minus_2(network)                      # the worst pairs that no single failure shows
    n_minus_k(network, 5, samples=10_000, streams=Streams(42))

Losses are those of the service of the intact network, whatever part of the demand that is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._losses import (
    DEMAND,
    PEOPLE,
    ROUNDING,
    asset_frame,
    opened_for,
    share,
    single_losses,
    unserved,
    weights_of,
)
from workbench.lifelines.cuts import n_minus_2, two_edge_cuts
from workbench.lifelines.multiple import MultipleFailures, n_minus_k
from workbench.lifelines.solvers.connectivity import Connectivity

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork
    from workbench.lifelines.solvers import Solver

__all__ = ["MultipleFailures", "betweenness", "n_minus_1", "n_minus_2", "n_minus_k", "two_edge_cuts"]

Distance = Literal["edges", "length_m"]


def n_minus_1(network: LifelineNetwork, *, solver: str | Solver = "connectivity") -> pl.DataFrame:
    """
    Service lost when one asset fails, for every node and edge in service.

    Parameters
    ----------
    network
        Any network.
    solver
        "connectivity" (all assets in one pass, exact), "flow" (an asset without flow in the intact network
        loses nothing, the others are tried), another name, or a solver of this network (each asset is tried).

    Returns
    -------
    losses
        `asset` (number), `part` (node or edge), `id`, `lost` (unit of flow), `lost_share` (of the intact
        service), `people_lost` (people at each node times the part of its intact service that is lost); worst
        first. All 0 where the intact network serves nothing.

    Raises
    ------
    UnknownName
        No solver has that name.
    BadParameter
        The solver given is of another network.
    EngineMissing
        The solver needs a package that is not installed.

    Notes
    -----
    A node that fails loses its own demand and what lies behind it; a source also what it alone feeds. How a
    flow is shared out among nodes is not unique, and `people_lost` is that of one such flow; for the fair one
    give `Flow(network, fair=True)`, for which every asset is tried. Where others are served instead, people
    may lose service though nothing is lost in all.
    """
    opened = opened_for(network, solver)
    if isinstance(opened, Connectivity):
        weights = np.ascontiguousarray(weights_of(network)[:, [DEMAND, PEOPLE]])
        losses = single_losses(network, weights, engine=opened.engine)
        intact = np.where(losses[: network.n, DEMAND] > 0, network.arrays.demand, 0.0)
    else:
        intact, losses = _tried(network, opened)
    assets = np.flatnonzero(network.intact).astype(np.int32)
    lost, people = losses[assets, 0], losses[assets, 1]
    worst = np.lexsort((-people, -lost))
    return asset_frame(
        network,
        assets[worst],
        lost=lost[worst],
        lost_share=share(lost[worst], float(intact.sum())),
        people_lost=people[worst],
    )


def betweenness(network: LifelineNetwork, *, distance: Distance = "edges") -> pl.DataFrame:
    """
    Share of shortest paths that lead over each asset: a comparison, not an answer.

    It knows neither sources nor demand, and does not tell which assets matter: against the loss of
    pressure-driven hydraulics when each pipe is closed, it is worth little in the networks Net3, ky4 and ky10
    (figures: docs/reference/water-validation.md). It stands here so that a ranking can be compared with what
    others use. Use `n_minus_1`.

    Parameters
    ----------
    network
        Any network. Takes time in proportion to nodes times edges: seconds for a thousand, minutes for ten
        thousand.
    distance
        "edges" (each counts one) or "length_m" of edges.

    Returns
    -------
    betweenness
        `asset`, `part`, `id`, `betweenness` (0 to 1, of the pairs of nodes); highest first.

    Raises
    ------
    UnknownName
        No such distance.
    BadParameter
        An edge in service has no length above 0 and `distance` is "length_m".

    References
    ----------
    .. [1] L. C. Freeman (1977), A set of measures of centrality based on betweenness, Sociometry 40(1).
    """
    if distance not in get_args(Distance):
        raise UnknownName("distance", str(distance), get_args(Distance))
    nx = need("networkx", "Betweenness")
    if distance == "length_m":
        length = network.arrays.length_m
        bad = network.edges["id"].filter(network.intact[network.n :] & ~(length > 0))
        if len(bad):
            raise BadParameter(
                f"{len(bad):,} edges, such as '{bad[0]}', have no `length_m` above 0: give it, or take "
                "distance='edges'."
            )
    graph = network.to_networkx()
    weight = None if distance == "edges" else distance
    nodes = nx.betweenness_centrality(graph, weight=weight)
    edges: dict[str, float] = {}
    for (*_, key), value in nx.edge_betweenness_centrality(graph, weight=weight).items():
        edges[key] = edges.get(key, 0.0) + value
    assets = [network.asset(one, "node") for one in nodes] + [network.asset(one, "edge") for one in edges]
    value = np.array([*nodes.values(), *edges.values()], float)
    frame = asset_frame(network, np.array(assets, np.int32), betweenness=value)
    return frame.sort("betweenness", "asset", descending=[True, False])


def _tried(network: LifelineNetwork, solver: Solver) -> tuple[Floats, Floats]:
    """Service of the intact network, and what each asset loses when it fails, by trying those that may."""
    intact = np.asarray(solver.served(network.intact))
    losses = np.zeros((network.size, 2))
    for asset in np.flatnonzero(network.intact & ~_idle(network, solver, intact)).tolist():
        up = network.intact.copy()
        up[asset] = False
        served = np.asarray(solver.served(up))
        lost = float(intact.sum() - served.sum())
        losses[asset, 0] = lost if abs(lost) > ROUNDING * intact.sum() else 0.0
        losses[asset, 1] = unserved(network, intact, served)
    return intact, losses


def _idle(network: LifelineNetwork, solver: Solver, served: Floats) -> Bools:
    """Assets without which the flow of the intact network stays as it is: no flow, nothing served there."""
    flows = getattr(solver, "flows", None)
    fair, slow = getattr(solver, "fair", False), getattr(solver, "engine", "") == "reference"
    if solver.name != "flow" or flows is None or fair or slow:
        return np.zeros(network.size, bool)
    a, n = network.arrays, network.n
    carries = np.abs(flows(network.intact)) > 1e-12 * max(1.0, float(served.sum()))
    busy = served > 0
    busy[a.u[carries]] = busy[a.v[carries]] = True
    return np.asarray(~np.concatenate([busy[:n], carries]))
