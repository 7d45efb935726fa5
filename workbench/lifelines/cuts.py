"""
Pairs of assets: what two lose together that neither loses alone.

    two_edge_cuts(network)          # every pair of edges that cuts off something together, and not alone
    n_minus_2(network, top=20)      # the worst pairs of edges, or of nodes, or of any assets

A network that no single failure harms may still hang by two edges, and a ranking of single failures says
nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._best_pairs import of_bridges, of_groups
from workbench.lifelines._given import whole
from workbench.lifelines._losses import DEMAND, assets_of, ids_of, opened_for, rooted, share, weights_of
from workbench.lifelines._pairs import By, Pairs, in_turn, tried
from workbench.lifelines.solvers.connectivity import Connectivity

if TYPE_CHECKING:
    from workbench.lifelines._kernels_cuts import Cuts
    from workbench.lifelines.model import Ints, LifelineNetwork
    from workbench.lifelines.solvers import Solver

Part = Literal["edge", "node", "any"]
MOST_PAIRS = 20_000_000
MOST_TRIED = 200_000


def two_edge_cuts(network: LifelineNetwork) -> pl.DataFrame:
    """
    Every pair of edges that cuts nodes off together which neither cuts off alone.

    Parameters
    ----------
    network
        Any network. Without directions this takes time in proportion to its size and to the number of pairs:
        a second for 100,000 edges. With directions each edge of a tree is failed in turn: seconds for a
        thousand.

    Returns
    -------
    pairs
        `first_asset`, `second_asset` (numbers), `first`, `second` (ids), `lost` (by the two together, unit of
        flow), `lost_share` (of the intact service), `people_lost`, `extra` (what is lost beyond the sum of
        what each loses alone); worst first. Pairs that cut off no demand are among them, with losses of 0.

    Raises
    ------
    BadParameter
        There are more than 20 million pairs, as along a ring of thousands of edges.
    EngineMissing
        Numba is not installed.
    """
    need("numba", "The search for cuts by two edges")
    if rooted(network, network.intact)[1] is None:
        pairs = _grouped(network)
    else:
        pairs = in_turn(network, _candidates(network, "edge", None), "kernel", "cut", None)
    return _frame(network, pairs, Connectivity(network), "extra")


def n_minus_2(
    network: LifelineNetwork,
    *,
    part: Part = "edge",
    by: By = "extra",
    top: int = 100,
    solver: str | Solver = "connectivity",
    candidates: Sequence[str] | None = None,
) -> pl.DataFrame:
    """
    Pairs of assets whose failure together loses most.

    Parameters
    ----------
    network
        Any network.
    part
        Pairs of edges, of nodes, or of any assets.
    by
        "extra": what two lose beyond the sum of what each loses alone, which no ranking of single failures
        shows. "lost": all that is lost, as long as each of the two adds to it; the worst single failures lead
        here.
    top
        Number of pairs, at least 1.
    solver
        "connectivity", another name, or a solver of this network. Connectivity finds the pairs by one pass
        over all edges where none has a direction, else by failing each asset in turn and taking all others
        in one pass. Any other solver tries every pair.
    candidates
        Ids of the assets that may fail; None is all of that part that are in service.

    Returns
    -------
    pairs
        Columns as in `two_edge_cuts`, worst first; at most `top`. Pairs without loss of that kind are left
        out.

    Raises
    ------
    BadParameter
        `top` is no whole number above 0, a candidate is given twice or out of service, the solver given is of
        another network, or would have to try more than 200,000 pairs.
    UnknownName
        No asset, solver, part or order has that name.

    Notes
    -----
    Two assets that lie one behind the other lose together what the upper one loses alone: `extra` is below 0
    there, and they are never reported.
    """
    for kind, name, known in (("part", part, get_args(Part)), ("order of pairs", by, get_args(By))):
        if name not in known:
            raise UnknownName(kind, str(name), known)
    top = whole("top", top, 1)
    opened = opened_for(network, solver)
    assets = _candidates(network, part, candidates)
    if not isinstance(opened, Connectivity):
        count = len(assets) * (len(assets) - 1) // 2
        if count > MOST_TRIED:
            raise BadParameter(
                f"The solver {opened.name} would have to try {count:,} pairs, more than {MOST_TRIED:,}: give "
                "`candidates`, such as the worst of `n_minus_1`."
            )
        pairs = tried(network, assets, opened, by, top)
    elif _plain(network, part, candidates, opened):
        pairs = _worst_grouped(network, by, top)
    else:
        pairs = in_turn(network, assets, opened.engine, by, top)
    return _frame(network, pairs, opened, by, top)


def _plain(
    network: LifelineNetwork, part: Part, candidates: Sequence[str] | None, opened: Connectivity
) -> bool:
    """Whether the pairs can be told from groups of edges."""
    if part != "edge" or candidates is not None or opened.engine != "kernel":
        return False
    need("numba", "The search for cuts by two edges (engine='reference' does without)")
    return rooted(network, network.intact)[1] is None


def _cuts(network: LifelineNetwork) -> Cuts:
    from workbench.lifelines import _kernels_cuts

    return _kernels_cuts.cuts_of(rooted(network, network.intact)[0], weights_of(network), network.m)


def _members(network: LifelineNetwork, cuts: Cuts, i: Ints, j: Ints) -> Pairs:
    """Pairs of members of a group: what hangs between them is cut off, and nothing by one alone."""
    sums = cuts.sums[i] - cuts.sums[j]
    return Pairs.of(network.n + cuts.edge[i], network.n + cuts.edge[j], sums, sums[:, DEMAND])


def _grouped(network: LifelineNetwork) -> Pairs:
    """Every two of each group."""
    cuts = _cuts(network)
    size = np.unique(cuts.group, return_counts=True)[1]
    begin = np.cumsum(size) - size
    count = int((size * (size - 1) // 2).sum())
    if count > MOST_PAIRS:
        raise BadParameter(
            f"{count:,} pairs of edges cut this {network.system} network together, more than {MOST_PAIRS:,}: "
            "ask `n_minus_2` for the worst."
        )
    found = []
    for one in np.unique(size).tolist():
        upper, lower = np.triu_indices(one, 1)
        begins = begin[size == one][:, None]
        found.append(_members(network, cuts, (begins + upper).ravel(), (begins + lower).ravel()))
    return Pairs.joined(found)


def _worst_grouped(network: LifelineNetwork, by: By, top: int) -> Pairs:
    """The worst of the groups; where all that is lost counts, of bridges not one behind the other as well."""
    cuts = _cuts(network)
    found = [_members(network, cuts, *of_groups(cuts.group, cuts.sums[:, DEMAND], top))]
    if by == "lost":
        i, j = of_bridges(cuts.above, cuts.bridge_sums[:, DEMAND], top)
        one, two = cuts.bridge[i] + network.n, cuts.bridge[j] + network.n
        found.append(Pairs.of(one, two, cuts.bridge_sums[i] + cuts.bridge_sums[j], np.zeros(len(i))))
    return Pairs.joined(found)


def _candidates(network: LifelineNetwork, part: Part, ids: Sequence[str] | None) -> Ints:
    """Assets that may fail, by number."""
    if ids is None:
        first, last = {"edge": (network.n, network.size), "node": (0, network.n), "any": (0, network.size)}[
            part
        ]
        return (first + np.flatnonzero(network.intact[first:last])).astype(np.int32)
    return np.array(assets_of(network, ids, None if part == "any" else part), np.int32)


def _frame(
    network: LifelineNetwork, pairs: Pairs, solver: Solver, by: By, top: int | None = None
) -> pl.DataFrame:
    pairs = pairs.worst(by, top)
    intact = float(solver.totals(network.intact[None])[0])
    return pl.DataFrame(
        {
            "first_asset": pairs.first,
            "second_asset": pairs.second,
            "first": ids_of(network, pairs.first),
            "second": ids_of(network, pairs.second),
            "lost": pairs.lost,
            "lost_share": share(pairs.lost, intact),
            "people_lost": pairs.people,
            "extra": pairs.extra,
        }
    )
