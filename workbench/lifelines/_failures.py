"""States with so many of some assets down: all of them where they are few, else a sample."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats

MOST = 64
"""No more assets are tried at once; how rare more are is said."""
TRIES = 20
"""Rounds of drawing whole states before they are drawn asset by asset."""
Numbers = NDArray[np.int64]


def counts_of(u: Floats) -> Floats:
    """
    Chance of so many failures among the assets from one on: Poisson-binomial.

    Parameters
    ----------
    u
        Share of time each asset is down, shape (assets,).

    Returns
    -------
    table
        Row i, column k: exactly k failures among the assets from i on; shape (assets + 1, most + 1).
    """
    most = min(len(u), MOST)
    table = np.zeros((len(u) + 1, most + 1))
    table[len(u), 0] = 1.0
    for i in range(len(u) - 1, -1, -1):
        table[i] = table[i + 1] * (1 - u[i])
        table[i, 1:] += table[i + 1, :-1] * u[i]
    return table


def every(count: int, k: int, most: int) -> Numbers | None:
    """All states of k out of `count` assets, shape (states, k); None where there are more than `most`."""
    states = math.comb(count, k)
    if states > most:
        return None
    if k == 2:
        return np.stack(np.triu_indices(count, 1), axis=1).astype(np.int64)
    return np.array(list(combinations(range(count), k)), dtype=np.int64).reshape(states, k)


def draw(counts: Floats, u: Floats, k: int, samples: int, generator: np.random.Generator) -> Numbers:
    """
    Draw states of exactly k assets down, each as often as its chance.

    Assets drawn one by one by their odds make such a state where no two are the same [1]_; where that is
    rare, each asset in turn fails with its chance given how many are still to fail.

    Parameters
    ----------
    counts
        From `counts_of`.
    u
        Share of time each asset is down, above 0, shape (assets,).
    k, samples
        How many are down, and how many states.
    generator
        Randomness.

    Returns
    -------
    down
        Places in `u`, shape (samples, k).

    References
    ----------
    .. [1] S. X. Chen and J. S. Liu (1997), Statistical applications of the Poisson-binomial and conditional
       Bernoulli distributions, Statistica Sinica 7.
    """
    odds = u / (1 - u)
    edges = np.cumsum(odds) / odds.sum()
    found = np.empty((0, k), np.int64)
    for _ in range(TRIES):
        tried = np.sort(np.searchsorted(edges[:-1], generator.random((2 * samples, k)), side="right"), axis=1)
        found = np.concatenate([found, tried[(np.diff(tried, axis=1) > 0).all(axis=1)]])
        if len(found) >= samples:
            return found[:samples]
    return _in_turn(counts, u, k, samples, generator)


def _in_turn(counts: Floats, u: Floats, k: int, samples: int, generator: np.random.Generator) -> Numbers:
    left, down = np.full(samples, k), np.zeros((samples, k), np.int64)
    for i in range(len(u)):
        open_ = left > 0
        chance = np.zeros(samples)
        chance[open_] = u[i] * counts[i + 1, left[open_] - 1] / counts[i, left[open_]]
        fails = generator.random(samples) < chance
        down[np.flatnonzero(fails), k - left[fails]] = i
        left[fails] -= 1
    return down
