"""What connectivity loses when one asset fails, for all of them; and how losses are set out in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter
from workbench.lifelines import _graphs
from workbench.lifelines.solvers import open_solver

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork
    from workbench.lifelines.solvers import Solver
    from workbench.lifelines.solvers.connectivity import Arcs, Engine


ROUNDING = 1e-9
"""Part of the intact service below which a loss told by trying is taken for rounding."""
DEMAND, PEOPLE, WANTING, CUT = range(4)
"""Columns of `weights_of`."""


def weights_of(network: LifelineNetwork) -> Floats:
    """Weights of nodes: demand, people at a demand, whether there is one, and 1; shape (nodes, 4)."""
    a = network.arrays
    wanting = a.demand > 0
    return np.stack([a.demand, np.where(wanting, a.people, 0.0), wanting, np.ones(network.n)], axis=1)


def unserved(network: LifelineNetwork, before: Floats, after: Floats) -> float:
    """People at each node times the part of its service that is gone, from 0 to 1."""
    part = np.divide(before - after, before, out=np.zeros(network.n), where=before > 0)
    return float((network.arrays.people * np.where(part > ROUNDING, part.clip(0, 1), 0.0)).sum())


def rooted(network: LifelineNetwork, up: Bools) -> tuple[Arcs, Arcs | None]:
    """
    Arcs of what is up, with a root joined to every source.

    Parameters
    ----------
    network
        Any network.
    up
        Whether each asset works, shape (assets,).

    Returns
    -------
    out
        Arcs by the node they leave; the root is the last node, and its arcs have numbers from the edges' on.
    into
        Arcs by the node they enter; None where no edge that is up has a direction.
    """
    from workbench.lifelines import _kernels

    a, n = network.arrays, network.n
    nodes = up[:n]
    open_ = np.flatnonzero(up[n:] & nodes[a.u] & nodes[a.v] & (a.capacity > 0)).astype(np.int32)
    sources = np.flatnonzero(a.source & nodes).astype(np.int32)
    begins = np.concatenate([a.u[open_], np.full(len(sources), n, np.int32)])
    ends = np.concatenate([a.v[open_], sources])
    edges = np.concatenate([open_, np.arange(network.m, network.m + len(sources), dtype=np.int32)])
    both = np.concatenate([~a.directed[open_], np.ones(len(sources), bool)])
    out = _kernels.leaving(n + 1, begins, ends, both, edges)
    if both.all():
        return out, None
    return out, _kernels.leaving(n + 1, begins, ends, both, edges, reverse=True)


def single_losses(
    network: LifelineNetwork, weights: Floats, up: Bools | None = None, engine: Engine = "kernel"
) -> Floats:
    """
    Weight of the nodes that each asset alone cuts off from every source.

    Parameters
    ----------
    network
        Any network.
    weights
        Of nodes, shape (nodes, kinds).
    up
        Whether each asset works, shape (assets,), before one more fails; None is undamaged.
    engine
        "kernel", or "reference" for NetworkX.

    Returns
    -------
    losses
        Shape (assets, kinds); 0 for assets that are down already.

    Raises
    ------
    EngineMissing
        Numba is not installed; the reference does without.
    """
    up = network.up(up)
    if engine == "reference":
        return _graphs.losses(network, up, weights)
    need("numba", "The compiled N-1 (Connectivity(network, engine='reference') does without)")
    from workbench.lifelines import _kernels_losses

    out, into = rooted(network, up)
    if into is None:
        return _kernels_losses.low_link(out, weights, network.m)
    return _kernels_losses.dominated(out, into, weights, network.m)


def asset_frame(network: LifelineNetwork, assets: Ints, **columns: Floats) -> pl.DataFrame:
    """Number, part (node or edge) and id of assets, and further columns."""
    part = pl.Series(["node", "edge"]).gather((assets >= network.n).astype(np.uint32))
    return pl.DataFrame({"asset": assets, "part": part, "id": ids_of(network, assets), **columns})


def ids_of(network: LifelineNetwork, assets: Ints) -> pl.Series:
    """Ids of assets."""
    return pl.concat([network.nodes["id"], network.edges["id"]]).gather(assets)


def opened_for(network: LifelineNetwork, solver: str | Solver) -> Solver:
    """Open a solver by name, or take an open one; raises `BadParameter` if it is of another network."""
    opened = open_solver(network, solver)
    if getattr(opened, "network", network) is not network:
        raise BadParameter(f"The solver {opened.name} was made for another network: make it for this one.")
    return opened


def assets_of(
    network: LifelineNetwork, ids: Sequence[str], part: Literal["node", "edge"] | None = None
) -> list[int]:
    """
    Find assets that may fail.

    Raises
    ------
    UnknownName
        No asset has the id.
    BadParameter
        An asset is named twice, or out of service already.
    """
    if isinstance(ids, str):
        raise BadParameter(f"`candidates` is a list of ids, not the text '{ids}': give ['{ids}'].")
    found = [network.asset(one, part) for one in ids]
    if len(set(found)) < len(found):
        twice = next(network.asset_ids[one] for i, one in enumerate(found) if one in found[:i])
        raise BadParameter(f"`candidates` names '{twice}' more than once: name each asset once.")
    down = [one for one, asset in zip(ids, found, strict=True) if not network.intact[asset]]
    if down:
        raise BadParameter(
            f"'{down[0]}' is out of service already and cannot fail: leave it out of `candidates`."
        )
    return found


def share(lost: Floats, whole: float) -> Floats:
    """Part of the intact service, 0 where there is none to lose."""
    return np.asarray(lost / whole if whole > 0 else np.zeros_like(lost))
