"""Losses of pairs of assets, by failing one after the other or both at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench.lifelines._losses import (
    CUT,
    DEMAND,
    PEOPLE,
    ROUNDING,
    WANTING,
    rooted,
    single_losses,
    unserved,
    weights_of,
)

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork
    from workbench.lifelines.solvers import Solver
    from workbench.lifelines.solvers.connectivity import Engine

By = Literal["extra", "lost"]
BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Pairs:
    """
    Pairs of assets by number, with what they lose together and that beyond the sum of each alone.

    Attributes
    ----------
    first, second
        Assets, the lower number first.
    lost, people, extra
        Of each pair.
    """

    first: Ints
    second: Ints
    lost: Floats
    people: Floats
    extra: Floats

    @classmethod
    def of(cls, one: Ints, two: Ints, sums: Floats, extra: Floats) -> Pairs:
        """Pairs in any order, with weights in the order of `weights_of`."""
        first, second = np.minimum(one, two).astype(np.int32), np.maximum(one, two).astype(np.int32)
        return cls(first, second, sums[:, DEMAND], sums[:, PEOPLE], extra)

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """All of several."""
        none = np.zeros(0, np.int32)
        parts = [cls(none, none, np.zeros(0), np.zeros(0), np.zeros(0)), *parts]
        names = ("first", "second", "lost", "people", "extra")
        return cls(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))

    def worst(self, by: By, top: int | None = None) -> Pairs:
        """Sort them, worst first, and keep no more than `top`."""
        value, other = (self.extra, self.lost) if by == "extra" else (self.lost, self.extra)
        sort = np.lexsort((self.second, self.first, -self.people, -other, -value))[:top]
        return Pairs(
            self.first[sort], self.second[sort], self.lost[sort], self.people[sort], self.extra[sort]
        )


def in_turn(
    network: LifelineNetwork, assets: Ints, engine: Engine, by: By | Literal["cut"], top: int | None
) -> Pairs:
    """
    Pairs by connectivity, failing one asset after the other and telling all others in one pass.

    Parameters
    ----------
    network
        Any network.
    assets
        Those that may fail.
    engine
        Of connectivity.
    by
        "extra" and "lost" as in `n_minus_2`; "cut" for pairs that cut any node off beyond each alone, with
        demand or not.
    top
        How many are needed; None for all.
    """
    weights = weights_of(network)
    alone = single_losses(network, weights, engine=engine)
    turn = np.zeros(network.size, bool)
    turn[assets] = True
    if engine == "kernel":
        from workbench.lifelines import _kernels_cuts

        tree = _kernels_cuts.spanning(rooted(network, network.intact)[0], network.m)
        turn[network.n :] &= np.isin(np.arange(network.m), tree)  # two other edges cut nothing off
    found = []
    for one in np.flatnonzero(turn).tolist():
        up = network.intact.copy()
        up[one] = False
        then = single_losses(network, weights, up, engine)
        others = assets[(assets > one) | ~turn[assets]]
        more, before = then[others], alone[others]
        kept = _kept(by, more, before, alone[one])
        pairs = Pairs.of(
            np.full(int(kept.sum()), one, np.int32),
            others[kept],
            alone[one] + more[kept],
            (more - before)[kept, DEMAND],
        )
        found.append(pairs if by == "cut" else pairs.worst(by, top))
    return Pairs.joined(found)


def tried(network: LifelineNetwork, assets: Ints, solver: Solver, by: By, top: int) -> Pairs:
    """Pairs by any solver, each one solved."""
    intact = network.intact

    def totals(down: Ints) -> Floats:
        blocks = []
        for begin in range(0, len(down), BLOCK):
            part = down[begin : begin + BLOCK]
            up = np.tile(intact, (len(part), 1))
            up[np.arange(len(part))[:, None], part] = False
            blocks.append(solver.totals(up))
        return np.concatenate([np.zeros(0), *blocks])

    whole = float(solver.totals(intact[None])[0])
    alone = whole - totals(assets[:, None])
    i, j = np.triu_indices(len(assets), 1)
    lost = whole - totals(np.stack([assets[i], assets[j]], axis=1))
    extra, least = lost - alone[i] - alone[j], ROUNDING * whole
    kept = extra > least if by == "extra" else lost > np.maximum(alone[i], alone[j]) + least
    none = np.zeros(int(kept.sum()))
    pairs = Pairs(assets[i][kept], assets[j][kept], lost[kept], none, extra[kept]).worst(by, top)
    served = solver.served(intact)
    people = [_people(network, solver, served, *both) for both in zip(pairs.first, pairs.second, strict=True)]
    return Pairs(pairs.first, pairs.second, pairs.lost, np.array(people, float), pairs.extra)


def _kept(by: By | Literal["cut"], more: Floats, before: Floats, one: Floats) -> Bools:
    """Which seconds count; told from whole numbers of nodes, so that rounding decides nothing."""
    if by == "lost":
        return np.asarray((more[:, WANTING] > 0) & (one[WANTING] + more[:, WANTING] > before[:, WANTING]))
    kind = CUT if by == "cut" else WANTING
    return np.asarray(more[:, kind] > before[:, kind])


def _people(network: LifelineNetwork, solver: Solver, served: Floats, one: int, two: int) -> float:
    up = network.intact.copy()
    up[[one, two]] = False
    return unserved(network, served, solver.served(up))
