"""
How sure a ranking is, from resampling whole days.

Observations within a day move together, so the day is the unit: days are drawn with replacement and every
candidate is measured on the same drawn days (so what moves all of them alike does not blur their order).
With few days the bootstrap is too narrow [1]_: its spread lacks a factor sqrt(n / (n - 1)), and it takes
that spread for known. So deviations are widened by sqrt(n / chi2), chi2 drawn with n - 1 degrees of freedom
for each resample, as Student's t is a normal of uncertain spread [2]_. A 95% interval from 5 days then covers
95% of the time instead of 87%; from 30 days the two are alike.

References
----------
.. [1] B. Efron and R. J. Tibshirani (1993), An Introduction to the Bootstrap, ch. 5 and 14.
.. [2] Student (1908), The probable error of a mean, Biometrika 6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.errors import BadParameter
from workbench.simulation import Streams

Floats = NDArray[np.float64]
LEAST_DAYS = 3
MIDDLE = (0.158655, 0.5, 0.841345)
"""Quantiles one standard deviation below a normal's middle, at it, and above."""


def resample_ratio(
    numerator: Floats, denominator: Floats, *, streams: Streams, resamples: int = 2000
) -> Floats:
    """
    Resample days and form the ratio of two sums for every candidate.

    Parameters
    ----------
    numerator, denominator
        Sums by day and candidate, shape (days, candidates); zero where a candidate was not observed.
    streams
        Randomness; the streams are called "days" and "spread".
    resamples
        How many times the days are drawn.

    Returns
    -------
    ndarray
        Shape (resamples, candidates); NaN where a candidate has nothing in the drawn days. Deviations from
        the ratio over all days are widened for few days, all candidates alike.

    Raises
    ------
    BadParameter
        Shapes differ, numbers are missing, or there are fewer than 2 days.
    """
    top, bottom = np.asarray(numerator, float), np.asarray(denominator, float)
    if top.shape != bottom.shape or top.ndim != 2:
        raise BadParameter(
            "Resampling needs two tables of days by candidates of one shape, "
            f"not {top.shape} and {bottom.shape}."
        )
    days = top.shape[0]
    if days < 2:
        there = "is 1" if days == 1 else "are none"
        raise BadParameter(f"Resampling days needs at least 2 days, and there {there}.")
    if not (np.isfinite(top).all() and np.isfinite(bottom).all()):
        raise BadParameter(
            "Resampling needs a number for every day and candidate: give 0 where nothing was observed."
        )
    if resamples < 1:
        raise BadParameter(f"`resamples` must be at least 1, not {resamples}.")
    shares = np.full(days, 1.0 / days)
    weights = streams.generator("days").multinomial(days, shares, size=resamples).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (weights @ top) / (weights @ bottom)
        centre = top.sum(axis=0) / bottom.sum(axis=0)
    drawn[~np.isfinite(drawn)] = np.nan
    wider = np.sqrt(days / streams.generator("spread").chisquare(days - 1, size=(resamples, 1)))
    return np.asarray(centre + (drawn - centre) * wider)


def interval(samples: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """
    Percentile interval of each column of samples.

    Parameters
    ----------
    samples
        Shape (resamples, candidates).
    level
        Coverage, between 0 and 1.

    Returns
    -------
    low, high
        Shape (candidates,); NaN where a candidate has no sample.
    """
    if not 0 < level < 1:
        raise BadParameter(f"`level` must lie between 0 and 1, not {level}.")
    tail = (1 - level) / 2
    held = np.isfinite(samples).any(axis=0)
    low, high = (np.full(samples.shape[1], np.nan) for _ in range(2))
    if held.any():
        low[held], high[held] = np.nanquantile(samples[:, held], [tail, 1 - tail], axis=0)
    return low, high


def probability_in_top(samples: Floats, k: int) -> Floats:
    """
    Share of the resamples in which each candidate is among the `k` largest.

    Equal values share the places at stake, so the probabilities always add up to `k`; a missing value never
    takes a place.

    Parameters
    ----------
    samples
        Shape (resamples, candidates), larger is earlier.
    k
        Places, at least 1; every candidate is in where there are no more than `k`.

    Returns
    -------
    ndarray
        Shape (candidates,), 0 to 1.
    """
    _check_places(k)
    values = np.where(np.isfinite(samples), samples, -np.inf)
    count = values.shape[1]
    if count <= k:
        return np.asarray(np.isfinite(values).mean(axis=0))
    edge = np.partition(values, count - k, axis=1)[:, count - k, None]
    above, at = values > edge, values == edge
    shared = (k - above.sum(axis=1, keepdims=True)) / at.sum(axis=1, keepdims=True)
    return np.asarray(np.where(np.isfinite(values), above + at * shared, 0.0).mean(axis=0))


def days_to_separate(samples: Floats, first: int, second: int, *, days: int, z: float = 1.645) -> int | None:
    """
    Days after which two candidates would be told apart, if their difference stays what it is now.

    The spread is half of what holds the middle 68% of the draws, taken back to what it would be were it known
    (the Cornish-Fisher expansion of Student's t): with more days it will be.

    Parameters
    ----------
    samples
        Shape (resamples, candidates), from `days` days.
    first, second
        Columns.
    days
        Days there are now.
    z
        Normal quantile of the certainty wanted; 1.645 is one-sided 95%.

    Returns
    -------
    int or None
        None where they are equal, so that no number of days would do.
    """
    difference = samples[:, first] - samples[:, second]
    difference = difference[np.isfinite(difference)]
    if not difference.size:
        return None
    low, middle, high = (float(one) for one in np.quantile(difference, MIDDLE))
    freedom = max(days - 1, 1)
    gap, spread = abs(middle), (high - low) / 2 / (1 + 0.5 / freedom + 0.25 / freedom**2)
    if gap <= 1e-12 * max(1.0, spread):
        return None
    return max(days, math.ceil(days * (z * spread / gap) ** 2))


@dataclass(frozen=True)
class TopChoice:
    """
    The `k` largest candidates, and how sure it is that they are.

    Attributes
    ----------
    order
        Candidates from the largest, those without a value left out.
    chosen
        The first `k` of them.
    probability
        Of each candidate truly being among the `k` largest; NaN where it cannot be told.
    contenders
        Candidates outside the choice whose chance is above `possible`.
    days_needed
        Days after which the last chosen and the first not chosen would be told apart, None where it cannot be
        told.
    """

    order: tuple[int, ...]
    chosen: tuple[int, ...]
    probability: Floats
    contenders: tuple[int, ...]
    days_needed: int | None


def top_choice(
    values: Floats, samples: Floats | None, k: int, *, days: int, possible: float = 0.05
) -> TopChoice:
    """
    Choose the `k` largest and say how sure that is.

    Parameters
    ----------
    values
        Shape (candidates,); NaN is never chosen.
    samples
        From `resample_ratio`; None where there are too few days to tell.
    k
        Places.
    days
        Days behind the samples.
    possible
        Chance above which a candidate outside the choice is still a contender.
    """
    _check_places(k)
    known = np.isfinite(values)
    order = [int(i) for i in np.argsort(-np.where(known, values, -np.inf), kind="stable") if known[i]]
    chosen, rest = tuple(order[:k]), order[k:]
    if samples is None or days < LEAST_DAYS:
        return TopChoice(tuple(order), chosen, np.full(len(values), np.nan), (), None)
    probability = probability_in_top(samples, k)
    contenders = tuple(i for i in rest if probability[i] > possible)
    needed = days_to_separate(samples, chosen[-1], rest[0], days=days) if chosen and rest else None
    return TopChoice(tuple(order), chosen, probability, contenders, needed)


def _check_places(k: int) -> None:
    if k < 1:
        raise BadParameter(f"`k` must be at least 1, not {k}.")
