"""
Several assets failing at once, at random.

    found = n_minus_k(network, 5, samples=10_000, streams=Streams(42))
    found.mean, found.low, found.high       # lost service, with its interval
    found.importance                        # mean loss of the samples in which each asset failed

Where there are no more sets of k assets than samples, all of them are taken, and the mean is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter
from workbench.lifelines._given import number, whole
from workbench.lifelines._losses import asset_frame, assets_of, opened_for

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats, Ints, LifelineNetwork
    from workbench.lifelines.solvers import Solver
    from workbench.simulation import Streams

CELLS = 2**25


@dataclass(frozen=True, eq=False)
class MultipleFailures:
    """
    Loss of service when k assets fail at random, all sets of k being as likely.

    Attributes
    ----------
    k
        Number of assets that fail.
    samples
        Number of sets tried.
    exact
        Whether these are all there are.
    mean, low, high
        Mean loss, in the unit of flow, with its interval; all the same where it is exact.
    intact
        Service of the intact network.
    confidence
        Of the intervals.
    importance
        One row per candidate: `asset`, `part`, `id`, `times` (samples in which it failed), `mean_lost` (in
        those), `low` and `high` (its interval, null below two samples unless exact), `excess` (over the mean
        of all). Highest mean first. Intervals are of one asset each: the highest of many is likely to be too
        high.
    losses
        Of each sample, shape (samples,).
    """

    k: int
    samples: int
    exact: bool
    mean: float
    low: float
    high: float
    intact: float
    confidence: float
    importance: pl.DataFrame
    losses: Floats


def n_minus_k(
    network: LifelineNetwork,
    k: int,
    *,
    samples: int,
    streams: Streams,
    solver: str | Solver = "connectivity",
    candidates: Sequence[str] | None = None,
    confidence: float = 0.95,
) -> MultipleFailures:
    """
    Estimate the loss when k assets fail at once.

    Parameters
    ----------
    network
        Any network.
    k
        How many fail, from 1 to the number of candidates.
    samples
        Sets of k to draw, at least 2.
    streams
        Randomness.
    solver
        "connectivity", another name, or a solver of this network.
    candidates
        Ids of the assets that may fail; None is all that are in service.
    confidence
        Of the intervals, above 0 and below 1.

    Returns
    -------
    failures
        Mean with interval, and what each asset has to do with it.

    Raises
    ------
    BadParameter
        A number is out of its bounds, a candidate is named twice or out of service, or the solver given is of
        another network.
    UnknownName
        No asset or solver has that name.

    Notes
    -----
    Intervals are those of Student's t for a mean. Where all samples lose the same, the spread tells nothing:
    then another loss may still have the probability 1 - (1 - confidence)^(1 / samples) without having been
    seen (the rule of three [1]_), and the interval reaches as far towards 0 and the intact service as that
    allows.

    References
    ----------
    .. [1] J. A. Hanley and A. Lippman-Hand (1983), If nothing goes wrong, is everything all right?, JAMA
       249(13).
    """
    given = np.flatnonzero(network.intact) if candidates is None else assets_of(network, candidates)
    assets: Ints = np.array(given, np.int32)
    if not hasattr(streams, "generator"):
        raise BadParameter(f"`streams` must be random streams, such as Streams(42), not {streams!r}.")
    k, samples = whole("k", k, 1), whole("samples", samples, 2)
    confidence = number("confidence", confidence, above=0)
    if confidence >= 1:
        raise BadParameter(f"`confidence` must be below 1, not {confidence!r}.")
    if k > len(assets):
        raise BadParameter(f"`k` is {k}, but only {len(assets)} assets may fail: give a lower `k`.")
    opened = opened_for(network, solver)
    exact = math.comb(len(assets), k) <= samples
    sets = _all(len(assets), k) if exact else _drawn(len(assets), k, samples, streams)
    intact = float(opened.totals(network.intact[None])[0])
    losses = intact - np.concatenate([opened.totals(up) for up in _states(network, assets[sets])])
    mean = losses.mean(keepdims=True)
    square = ((losses - mean) ** 2).sum(keepdims=True)
    count = np.array([len(losses)], np.int32)
    low, high = (mean, mean) if exact else _interval(mean, square, count, intact, confidence)
    importance = _importance(sets, losses, len(assets), intact, confidence)
    if exact:
        importance = importance.with_columns(low="mean_lost", high="mean_lost")
    frame = asset_frame(network, assets).hstack(importance)
    return MultipleFailures(
        k,
        len(sets),
        exact,
        float(mean[0]),
        float(low[0]),
        float(high[0]),
        intact,
        confidence,
        frame.sort("mean_lost", "asset", descending=[True, False], nulls_last=True),
        losses,
    )


def _all(count: int, k: int) -> Ints:
    flat = chain.from_iterable(combinations(range(count), k))
    return np.fromiter(flat, np.int32).reshape(-1, k)


def _drawn(count: int, k: int, samples: int, streams: Streams) -> Ints:
    """Sets of k of `count`, each as likely; a set drawn with one twice is drawn again."""
    generator = streams.generator("n minus k", count, k)
    if k * (k - 1) > count:  # most would be drawn again: take the k lowest of random numbers instead
        step = max(1, CELLS // count)
        blocks = [
            np.argpartition(generator.random((min(step, samples - begin), count)), k - 1, axis=1)[:, :k]
            for begin in range(0, samples, step)
        ]
        return np.concatenate(blocks).astype(np.int32)
    sets = generator.integers(count, size=(samples, k), dtype=np.int32)
    again = np.arange(samples)
    while len(again):
        ordered = np.sort(sets[again], axis=1)
        again = again[(ordered[:, 1:] == ordered[:, :-1]).any(axis=1)]
        sets[again] = generator.integers(count, size=(len(again), k), dtype=np.int32)
    return sets


def _states(network: LifelineNetwork, down: Ints) -> Iterator[np.ndarray]:
    step = max(1, CELLS // network.size)
    for begin in range(0, len(down), step):
        part = down[begin : begin + step]
        up = np.tile(network.intact, (len(part), 1))
        up[np.arange(len(part))[:, None], part] = False
        yield up


def _importance(sets: Ints, losses: Floats, count: int, intact: float, confidence: float) -> pl.DataFrame:
    """Mean loss of the samples in which each of `count` candidates failed."""
    flat, mean = sets.ravel(), losses.mean()
    times = np.bincount(flat, minlength=count).astype(np.int32)
    off = np.repeat(losses - mean, sets.shape[1])  # from the mean of all, so that little is lost by rounding
    with np.errstate(invalid="ignore", divide="ignore"):
        excess: Floats = np.bincount(flat, off, count) / times
        square = np.bincount(flat, (off - excess[flat]) ** 2, count).astype(float)
        low, high = _interval(mean + excess, square, times, intact, confidence)
    frame = pl.DataFrame(
        {"times": times, "mean_lost": mean + excess, "low": low, "high": high, "excess": excess}
    )
    return frame.fill_nan(None)


def _interval(
    mean: Floats, square: Floats, count: Ints, intact: float, confidence: float
) -> tuple[Floats, Floats]:
    """Intervals of means, from the sum of squares about each; NaN below two samples."""
    stats = need("scipy.stats", "An interval")
    some = np.where(count > 1, count, np.nan)
    half = stats.t.ppf((1 + confidence) / 2, some - 1) * np.sqrt(square / (some - 1) / some)
    unseen = 1 - (1 - confidence) ** (1 / some)
    flat = square <= (1e-12 * intact) ** 2 * some
    low = np.where(flat, mean * (1 - unseen), mean - half)
    return low, np.where(flat, mean + (intact - mean) * unseen, mean + half)
