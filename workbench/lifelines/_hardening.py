"""
What hardening each candidate would save, sample by sample, kept up to date as assets are chosen.

Hardening asset i changes only the samples in which it fails, so only these are served again. Once j is
chosen, the gain of i changes only in samples in which both fail: all else is looked up. That makes greedy
selection exact and quick, with no need of diminishing returns, which service does not have: of two pipes in
series neither gains alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import BadParameter
from workbench.lifelines.model import Bools, Floats

Whole = NDArray[np.integer[Any]]
Loss = Callable[[Bools], Floats]
"""Share lost in each of many states: (states, assets) -> (states,)."""
CELLS = 2**26
WIDEST = 1_500
"""Candidates among which all pairs are bounded at once."""
PAIRS = 4_000
"""Pairs tried in a step, best bound first."""


def rows_of(samples: Bools) -> Bools:
    """Check samples of damage, shape (samples, assets); raises `BadParameter`."""
    up = np.asarray(samples)
    if up.ndim != 2 or up.dtype != np.bool_ or not len(up):
        raise BadParameter(
            f"Give samples as rows of Booleans, not an array of {up.dtype} of shape {up.shape}."
        )
    return up


class Gains:
    """
    Gains of hardening each candidate next, given those chosen.

    Parameters
    ----------
    loss
        Loss of states.
    up
        Whether each asset is undamaged, shape (samples, assets).
    hardened
        The same if it were hardened, True wherever `up` is.
    candidates
        Assets by number.
    weights
        Of the samples, summing to 1.
    backwards
        Start with every candidate hardened; choosing one gives it up again, and gains are losses.
    """

    def __init__(
        self,
        loss: Loss,
        up: Bools,
        hardened: Bools,
        candidates: Whole,
        weights: Floats,
        *,
        backwards: bool = False,
    ) -> None:
        self.loss, self.candidates, self.weights, self.to = loss, candidates, weights, not backwards
        self.state = up.copy()
        if backwards:
            self.state[:, candidates] = hardened[:, candidates]
        self.lost = np.array(loss(self.state), float)
        self._rows = [np.flatnonzero(hardened[:, i] & ~up[:, i]) for i in candidates]
        self._saves = [np.zeros(len(rows)) for rows in self._rows]
        self._fill({k: np.arange(len(rows)) for k, rows in enumerate(self._rows)})

    @property
    def total(self) -> float:
        """Mean loss now."""
        return float(self.weights @ self.lost)

    @property
    def single(self) -> Floats:
        """Mean loss saved by hardening each candidate next, in their order."""
        pairs = zip(self._rows, self._saves, strict=True)
        return np.array([float(self.weights[rows] @ saves) for rows, saves in pairs])

    def choose(self, k: int) -> None:
        """Harden (or give up) a candidate, by its place, and bring the gains of the others up to date."""
        rows = self._rows[k]
        self.lost[rows] -= self._saves[k]
        self.state[rows, self.candidates[k]] = self.to
        changed = np.zeros(len(self.state), bool)
        changed[rows] = True
        self._rows[k], self._saves[k] = rows[:0], self._saves[k][:0]
        self._fill({other: np.flatnonzero(changed[mine]) for other, mine in enumerate(self._rows)})

    def best_pair(self, costs: Floats, budget: float, beyond: float) -> tuple[int, int] | None:
        """
        Pair of candidates with the greatest gain per cost, if it is greater than `beyond`.

        A pair gains what each gains alone where one of them fails, and at most the whole loss where both
        fail. Pairs are tried in the order of this bound, until no bound is above the best found.

        Parameters
        ----------
        costs
            Of each candidate.
        budget
            What the pair may cost.
        beyond
            Gain per cost to surpass.

        Returns
        -------
        pair
            Places of the two, or None.
        """
        alive = np.flatnonzero([len(rows) > 0 for rows in self._rows])
        exposed = np.array([float(self.weights[self._rows[k]] @ self.lost[self._rows[k]]) for k in alive])
        alive = alive[np.argsort(-exposed, kind="stable")[:WIDEST]]
        if len(alive) < 2:
            return None
        fails = np.zeros((len(alive), len(self.state)))
        saves = np.zeros_like(fails)
        for row, k in enumerate(alive):
            fails[row, self._rows[k]] = 1.0
            saves[row, self._rows[k]] = self._saves[k]
        both = (fails * (self.weights * np.maximum(self.lost, 0.0))) @ fails.T
        apart = (saves * self.weights) @ fails.T
        alone = (saves @ self.weights)[:, None]
        bound = alone + alone.T - apart - apart.T + both
        cost = costs[alive][:, None] + costs[alive]
        first, second = np.triu_indices(len(alive), 1)
        ratio = bound[first, second] / cost[first, second]
        fits = (cost[first, second] <= budget) & (both[first, second] > 0) & (ratio > beyond)
        order = np.flatnonzero(fits)[np.argsort(-ratio[fits], kind="stable")[:PAIRS]]
        best: tuple[int, int] | None = None
        for start in range(0, len(order), 64):
            part = order[start : start + 64]
            if ratio[part[0]] <= beyond:
                break
            pairs = [(int(alive[first[i]]), int(alive[second[i]])) for i in part]
            for pair, gain in zip(pairs, self._together(pairs), strict=True):
                worth = gain / (costs[pair[0]] + costs[pair[1]])
                if worth > beyond:
                    best, beyond = pair, worth
        return best

    def _together(self, pairs: list[tuple[int, int]]) -> Floats:
        """Gain of hardening both candidates of each pair."""
        rows = [np.intersect1d(self._rows[one], self._rows[two]) for one, two in pairs]
        counts = [len(mine) for mine in rows]
        one, two = (np.repeat(self.candidates[[pair[end] for pair in pairs]], counts) for end in (0, 1))
        found = self._after(np.concatenate(rows), one, two)
        gains, at = np.empty(len(pairs)), 0
        for number, (mine, pair) in enumerate(zip(rows, pairs, strict=True)):
            saved = self.lost[mine] - found[at : at + len(mine)]
            at += len(mine)
            gains[number] = self.weights[mine] @ saved
            for k in pair:
                only = ~np.isin(self._rows[k], mine)
                gains[number] += self.weights[self._rows[k][only]] @ self._saves[k][only]
        return gains

    def _fill(self, places: dict[int, Whole]) -> None:
        """Serve again some of the samples in which candidates fail, given by their places among these."""
        places = {k: where for k, where in places.items() if len(where)}
        if not places:
            return
        rows = np.concatenate([self._rows[k][where] for k, where in places.items()])
        assets = np.concatenate([np.full(len(where), self.candidates[k]) for k, where in places.items()])
        found, at = self._after(rows, assets), 0
        for k, where in places.items():
            mine = self._rows[k][where]
            self._saves[k][where] = self.lost[mine] - found[at : at + len(where)]
            at += len(where)

    def _after(self, rows: Whole, *assets: Whole) -> Floats:
        """Loss of samples with an asset (or two) turned."""
        lost = np.empty(len(rows))
        step = max(1, CELLS // self.state.shape[1])
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            states = self.state[rows[part]]
            for one in assets:
                states[np.arange(len(states)), one[part]] = self.to
            lost[part] = self.loss(states)
        return lost
