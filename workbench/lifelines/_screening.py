"""How a screen is ordered, corrected by what is run, stopped, and bounded by a random sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines.solvers import SOLVERS, Solver

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats, Ints, LifelineNetwork

LINEARISED = "linearised"
CONFIDENCE = 0.95
_TOGETHER = 4  # closures run between two corrections of the screen
_CAUTION = 3.0  # times the corrected estimate that an asset might lose


def candidates_of(network: LifelineNetwork, ids: Sequence[str] | None) -> Ints:
    """
    Edges to look at, by number from 0: those named, or all in service.

    Raises
    ------
    UnknownName
        No edge has an id.
    BadParameter
        None is in service or named, or one is named twice or out of service.
    """
    up = network.arrays.in_service
    if ids is None:
        edges = np.flatnonzero(up).astype(np.int32)
        if not len(edges):
            raise BadParameter("No edge is in service: there is nothing to screen.")
        return edges
    if isinstance(ids, str) or not len(ids):
        raise BadParameter(f"`candidates` is a list of ids of edges, not {ids!r}.")
    found = np.array([network.asset(one, "edge") - network.n for one in ids], np.int32)
    for at, count in zip(*np.unique(found, return_counts=True), strict=True):
        name = network.edges["id"][int(at)]
        if count > 1:
            raise BadParameter(f"`candidates` names '{name}' {count} times: name each edge once.")
        if not up[at]:
            raise BadParameter(f"Edge '{name}' is out of service already: leave it out of `candidates`.")
    return found


def scores_of(network: LifelineNetwork, screen: str | Floats, solver: Solver, edges: Ints) -> Floats:
    """
    Estimated losses of edges by reason, shape (edges, reasons).

    Raises
    ------
    UnknownName
        No screen has the name.
    BadParameter
        The numbers given do not fit the edges, or the linearised screen does not fit the solver.
    """
    if not isinstance(screen, str):
        given = np.asarray(screen, np.float64)
        if given.shape != edges.shape or not np.isfinite(given).all() or (given < 0).any():
            raise BadParameter(
                f"A screen of your own is {len(edges):,} numbers, 0 or more, one for each candidate; this "
                f"one has shape {given.shape}, or holds others."
            )
        return given[:, None]
    if screen == LINEARISED:
        from workbench.lifelines.solvers.hydraulic import Hydraulic

        if not isinstance(solver, Hydraulic):
            raise BadParameter(
                f"The linearised screen is one of water hydraulics, and '{solver.name}' is to verify: give "
                "screen='connectivity' or screen='flow'."
            )
        return np.maximum(solver.closures(edges), 0.0)
    if screen not in SOLVERS:
        raise UnknownName("screen", screen, (LINEARISED, *SOLVERS))
    from workbench.lifelines.criticality import n_minus_1

    losses = n_minus_1(network, solver=screen)
    by_asset = np.zeros(network.size)
    by_asset[losses["asset"].to_numpy()] = losses["lost"].to_numpy()
    return np.maximum(by_asset[network.n + edges, None], 0.0)


def run_in_order(
    scores: Floats, lost: Floats, run: Callable[[Ints], None], *, most: int, wanted: int
) -> Floats:
    """
    Run the candidates that the corrected screen puts first.

    Parameters
    ----------
    scores
        Estimated losses, shape (candidates, reasons).
    lost
        Loss of each candidate, NaN where it was not run.
    run
        Runs candidates and fills in `lost`.
    most
        How many to run at most.
    wanted
        How many of the worst are wanted; at least so many are run.

    Returns
    -------
    scale
        Last correction of each reason.
    """
    total, reason = scores.sum(axis=1), scores.argmax(axis=1)
    doubt = float(np.sort(total)[::-1][:wanted].mean()) or 1.0  # believed until runs outweigh this
    scale = np.ones(scores.shape[1])
    while (done := int((~np.isnan(lost)).sum())) < most:
        expected = np.where(np.isnan(lost), scores @ scale, -1.0)
        if done >= wanted and _CAUTION * expected.max() < last_of(lost, wanted):
            break
        run(np.argsort(-expected, kind="stable")[: min(_TOGETHER, most - done)].astype(np.int32))
        known = ~np.isnan(lost)
        for one in range(len(scale)):
            its = known & (reason == one)
            scale[one] = (doubt + np.maximum(lost[its], 0).sum()) / (doubt + total[its].sum())
    return scale


def last_of(lost: Floats, wanted: int) -> float:
    """Loss of the last of the worst that were run."""
    return float(np.sort(lost[~np.isnan(lost)])[::-1][wanted - 1])


def most_above(unknown: int, sample: int, above: int) -> int:
    """
    Most of the unknown that can lie above, given how many of a sample without replacement do.

    The exact one-sided bound of the hypergeometric distribution, 95 %: the largest number with which so few
    in the sample still has a probability of 5 %.
    """
    if sample == 0:
        return unknown
    stats = need("scipy.stats", "A bound from an audit")
    count = np.arange(unknown + 1)
    likely = stats.hypergeom.cdf(above, unknown, count, sample) >= 1 - CONFIDENCE - 1e-12
    return int(count[likely].max())
