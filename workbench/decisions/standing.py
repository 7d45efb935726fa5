"""Where options stand in each of many possible worlds: their ranks, how near the best, at what loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.decisions._arrays import Floats

_ROUNDING = 1e-12
"""Values that differ by less, of the largest there is, are equal: they differ by rounding alone."""


@dataclass(frozen=True, eq=False)
class Standing:
    """
    Standing of options over many worlds.

    Attributes
    ----------
    ranks
        Share of the worlds in which an option has a rank, shape (options, ranks); equals share the ranks at
        stake. A row adds up to the share of the worlds in which the option may be chosen.
    within
        Share of the worlds in which it may be chosen and is no more than `delta` worse than the best.
    regret
        Mean loss against the best, over the worlds in which it may be chosen; NaN where there is none.
    """

    ranks: Floats
    within: Floats
    regret: Floats

    @property
    def best(self) -> Floats:
        """Share of the worlds in which each is the best, shape (options,)."""
        return np.asarray(self.ranks[:, 0])


def standing(values: Floats, allowed: NDArray[np.bool_] | None = None, delta: float = 0.0) -> Standing:
    """
    Rank options in each world.

    Parameters
    ----------
    values
        Shape (worlds, options), finite; less is better.
    allowed
        Whether an option may be chosen in a world, same shape; everywhere where it is None.
    delta
        Difference that does not matter, in the unit of the values.
    """
    worlds, count = values.shape
    rounding = _ROUNDING * float(np.abs(values).max())
    free = np.ones(values.shape, bool) if allowed is None else allowed
    held = np.where(free, values, np.inf)
    best = held.min(axis=1)
    ranks, within, regret = np.zeros((count, count)), np.zeros(count), np.full(count, np.nan)
    for place in range(count):
        rows = free[:, place]
        own, others = held[rows, place], held[rows]
        if not own.size:
            continue
        ahead = (others < own[:, None] - rounding).sum(axis=1)
        equal = (np.abs(others - own[:, None]) <= rounding).sum(axis=1)
        for shift in range(int(equal.max())):
            among = equal > shift
            ranks[place] += np.bincount(
                np.minimum(ahead[among] + shift, count - 1), 1 / equal[among], minlength=count
            )
        loss = own - best[rows]
        within[place] = (loss <= delta + rounding).sum() / worlds
        regret[place] = loss.mean()
    return Standing(ranks / worlds, within, regret)
