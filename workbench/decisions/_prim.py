"""
The patient rule induction method: peel, choose, paste.

A box is an array of limits, shape (inputs, 2), -inf and inf where an input is not restricted. Limits lie
half way between the last value outside and the first inside, so no value inside ever lies on one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workbench._need import need
from workbench.decisions._arrays import Floats

Booleans = NDArray[np.bool_]
Score = Callable[[float, float], float]
"""How good a box is, from its coverage and density."""


def everywhere(count: int) -> Floats:
    """Return the limits of the box that restricts nothing."""
    return np.tile([-np.inf, np.inf], (count, 1))


def inside(values: Floats, limits: Floats) -> Booleans:
    """Tell which rows of values, shape (runs, inputs), lie in a box."""
    return np.asarray(((values > limits[:, 0]) & (values < limits[:, 1])).all(axis=1))


def share(values: Floats, cases: Booleans, limits: Floats) -> tuple[float, float, int, int]:
    """Count what a box holds: coverage, density, runs, cases."""
    held = inside(values, limits)
    runs, found = int(held.sum()), int(cases[held].sum())
    return (found / int(cases.sum()), found / runs if runs else 0.0, runs, found)


def peel(values: Floats, cases: Booleans, alpha: float, least: int) -> list[tuple[Floats, int, int]]:
    """
    Peel thin slices off the whole until a box would hold too few runs.

    Each step removes, of all slices of about `alpha` of the runs left at the low or high end of an input, the
    one whose removal raises the density most for each run removed; so tied values, which have to go
    together, are not favoured.

    Returns
    -------
    list
        Limits, runs and cases of every box passed, from the whole inwards.
    """
    count = values.shape[1]
    both = np.hstack([values, -values])  # low ends, then high ends as low ends of the negatives
    hits, limits = cases.astype(float), everywhere(count)
    path = [(limits, len(hits), int(hits.sum()))]
    while len(hits) > least:
        n, total = len(hits), hits.sum()
        at = min(max(1, int(alpha * n)), n - 1)
        cut = np.partition(both, at, axis=0)[at]
        lowest = both.min(axis=0)
        tied = cut == lowest  # the whole slice is one value: it goes with all its runs
        if tied.any():
            cut[tied] = np.where(both[:, tied] > lowest[tied], both[:, tied], np.inf).min(axis=0)
        kept = both >= cut
        left = kept.sum(axis=0)
        allowed = (left >= least) & (left < n)
        if not allowed.any():
            break
        density = (hits @ kept) / np.maximum(left, 1)
        gain = np.where(allowed, (density - total / n) / np.maximum(n - left, 1), -np.inf)
        best = int(gain.argmax())
        stays = kept[:, best]
        edge = _between(float(both[~stays, best].max()), float(cut[best]))
        limits = limits.copy()
        limits[best % count, best // count] = edge if best < count else -edge
        both, hits = both[stays], hits[stays]
        path.append((limits, len(hits), int(hits.sum())))
    return path


def best_on(path: list[tuple[Floats, int, int]], total: int, score: Score) -> int:
    """Find the box of the best score on a path, the widest of equals."""
    scores = [score(found / total, found / runs) for _, runs, found in path]
    return int(np.argmax(scores))


def paste(values: Floats, cases: Booleans, limits: Floats, alpha: float, score: Score) -> Floats:
    """Widen a box by thin slices for as long as that raises its score."""
    coverage, density, _, _ = share(values, cases, limits)
    now = score(coverage, density)
    while True:
        wider = [
            one
            for at in range(len(limits))
            for side in (0, 1)
            if np.isfinite(limits[at, side]) and (one := _wider(values, limits, at, side, alpha)) is not None
        ]
        scores = [score(*share(values, cases, one)[:2]) for one in wider]
        if not scores or max(scores) <= now:
            return limits
        limits, now = wider[int(np.argmax(scores))], max(scores)


def quasi_p(values: Floats, cases: Booleans, limits: Floats) -> dict[int, float]:
    """
    For each restricted input, how often its restriction would do as well by chance.

    The binomial probability of at least as many cases among the runs of the box, if each were a case as often
    as in the same box without this restriction [1]_.

    References
    ----------
    .. [1] B. P. Bryant and R. J. Lempert (2010), Thinking inside the box, Technological Forecasting and
       Social Change 77(1), eq. 4.
    """
    bdtrc = need("scipy.special", "Scenario discovery").bdtrc
    _, _, runs, found = share(values, cases, limits)
    by_input = {}
    for at in np.flatnonzero(np.isfinite(limits).any(axis=1)).tolist():
        _, density, _, _ = share(values, cases, freed(limits, at))
        by_input[at] = 1.0 if found == 0 else float(bdtrc(found - 1, runs, density))
    return by_input


def freed(limits: Floats, at: int) -> Floats:
    """Return the box without the restriction of one input."""
    free = limits.copy()
    free[at] = -np.inf, np.inf
    return free


def _wider(values: Floats, limits: Floats, at: int, side: int, alpha: float) -> Floats | None:
    """Move one limit outwards by a slice; None where no run lies beyond it."""
    sign = 1.0 if side else -1.0
    open_ = limits.copy()
    open_[at, side] = sign * np.inf
    reach = inside(values, open_)
    beyond = np.sort(sign * values[reach, at])
    beyond = beyond[beyond > sign * limits[at, side]]
    if not len(beyond):
        return None
    slice_ = max(1, int(alpha * (reach.sum() - len(beyond))))
    last = float(beyond[min(slice_, len(beyond)) - 1])
    outside = beyond[beyond > last]
    open_[at, side] = sign * (_between(float(outside[0]), last) if len(outside) else np.inf)
    return open_


def _between(outer: float, inner: float) -> float:
    """Halve the way; where no number lies between the two, the outer value itself is the limit."""
    middle = outer / 2 + inner / 2
    return outer if middle == inner else middle
