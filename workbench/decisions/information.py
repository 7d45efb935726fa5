"""
What knowing more would be worth: before deciding, what should be measured next.

Perfect information on everything is worth EVPI: the mean of the best option's net benefit, future by future,
less the best of the mean net benefits. Perfect information on one input alone is worth its EVPPI, found from
one set of samples by regressing net benefit on that input [1]_. Both are in the unit of net benefit and for
one decision taken once; where it is taken for many, multiply.

References
----------
.. [1] M. Strong, J. E. Oakley and A. Brennan (2014), Estimating multiparameter partial expected value of
   perfect information from a probabilistic sensitivity analysis sample, Medical Decision Making 34(3).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from workbench.decisions._arrays import Floats, level_between, table, unique, whole
from workbench.errors import BadParameter
from workbench.simulation import Streams
from workbench.simulation.intervals import holm

LEAST_SAMPLES = 200
KNOTS = (2, 3, 4, 5, 7, 9)
"""Numbers of knots tried for a spline; 2 make a straight line."""
BLOCK = 20


@dataclass(frozen=True)
class Worth:
    """
    Value of information, in the unit of net benefit, for one decision.

    Attributes
    ----------
    value
        Estimate, never below 0.
    error
        Its standard error, from resampling.
    low, high
        Its interval.
    """

    value: float
    error: float
    low: float
    high: float


@dataclass(frozen=True)
class Information:
    """
    What it would be worth to know more.

    Attributes
    ----------
    evpi
        Knowing everything.
    evppi
        Knowing one input exactly, by its name, from the largest: the order in which to measure next.
    cannot_separate
        Pairs of inputs whose worth cannot be told apart, the larger first.
    best
        Option of the largest mean net benefit: what to do if nothing more is learnt.
    samples
        How many samples there were.
    """

    evpi: Worth
    evppi: dict[str, Worth]
    cannot_separate: tuple[tuple[str, str], ...]
    best: str
    samples: int

    @property
    def order(self) -> tuple[str, ...]:
        """Inputs in the order in which to measure them next."""
        return tuple(self.evppi)

    @property
    def worth_measuring(self) -> tuple[str, ...]:
        """Inputs whose worth can be told from 0, in the same order."""
        return tuple(name for name, worth in self.evppi.items() if worth.low > 0)


def value_of_information(
    benefit: Floats,
    options: Sequence[str],
    values: Floats,
    inputs: Sequence[str],
    streams: Streams,
    *,
    level: float = 0.95,
    resamples: int = 400,
) -> Information:
    """
    Value of perfect information on everything, and on each input alone.

    The regression is a natural cubic spline with knots at quantiles of the input, as many as Schwarz's
    criterion [1]_ likes best, at least a line. Samples are drawn again with replacement, the same for all
    inputs; what that shows of upward bias is taken off, and the lower end of an interval is the basic
    bootstrap's [2]_, so that an input that does not matter is rarely found worth measuring. Where two options
    are equally good in the mean, the worth of information comes out a little low (by up to half an error),
    and 95% intervals hold about 90%.

    Parameters
    ----------
    benefit
        Net benefit, larger is better, shape (samples, options).
    options
        Their names, at least 2.
    values
        The inputs that gave it, drawn independently from their laws, shape (samples, inputs).
    inputs
        Their names.
    streams
        Randomness of the resampling.
    level
        Coverage of intervals, and certainty with which inputs are told apart.
    resamples
        How many times samples are drawn again.

    Raises
    ------
    BadParameter
        Fewer than 200 samples, shapes or names that do not fit, numbers that are missing or infinite, or an
        input that never varies.

    References
    ----------
    .. [1] G. Schwarz (1978), Estimating the dimension of a model, The Annals of Statistics 6(2).
    .. [2] A. C. Davison and D. V. Hinkley (1997), Bootstrap Methods and their Application, 5.2.
    """
    gain = table("The net benefits", benefit, "samples", "options")
    known = table("The inputs", values, "samples", "inputs")
    names, labels = unique("option", options, gain.shape[1]), unique("input", inputs, known.shape[1])
    if len(names) < 2:
        raise BadParameter("Information is worth something only where there are at least 2 options, not 1.")
    if len(gain) != len(known):
        raise BadParameter(f"There are {len(gain)} samples of net benefit, but {len(known)} of the inputs.")
    if len(gain) < LEAST_SAMPLES:
        raise BadParameter(
            f"The value of information needs at least {LEAST_SAMPLES} samples, not {len(gain)}: "
            "a few thousand are usual."
        )
    still = [name for name, column in zip(labels, known.T, strict=True) if np.ptp(column) == 0]
    if still:
        raise BadParameter(f"Input '{still[0]}' never varies, so knowing it is worth nothing: leave it out.")
    level_between(level)
    whole("resamples", resamples, 100)
    best = int(gain.mean(axis=0).argmax())
    over = gain - gain[:, [best]]  # what every option brings beyond the best, as incremental net benefit
    bases = [_basis(column, over) for column in known.T]
    n, even = len(over), np.full((1, len(over)), 1 / len(over))
    now = np.array([_everything(over, even)[0], *(_alone(over, one, iter([even]))[0] for one in bases)])
    everything = np.concatenate([_everything(over, each) for each in _draws(n, resamples, streams)])
    alone = [_alone(over, one, _draws(n, resamples, streams)) for one in bases]
    drawn = np.column_stack([everything, *alone])
    spread = drawn.std(axis=0, ddof=1)
    estimate = np.maximum(2 * now - drawn.mean(axis=0), 0.0)
    estimate[1:] = np.minimum(
        estimate[1:], estimate[0]
    )  # part of the information is never worth more than all
    lowest, highest = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    low = np.clip(2 * now - highest, 0.0, estimate)
    high = np.maximum(2 * now - lowest, estimate + NormalDist().inv_cdf((1 + level) / 2) * spread)
    worths = [Worth(*map(float, each)) for each in zip(estimate, spread, low, high, strict=True)]
    places = [int(at) for at in np.argsort(-estimate[1:], kind="stable")]
    unclear = _unclear(places, estimate[1:], drawn[:, 1:], 1 - level)
    return Information(
        worths[0],
        {labels[at]: worths[at + 1] for at in places},
        tuple((labels[i], labels[j]) for i, j in unclear),
        names[best],
        n,
    )


def natural_spline(x: Floats, knots: Floats) -> Floats:
    """
    Basis of natural cubic splines [1]_, cubic between knots and straight beyond the outer ones.

    Parameters
    ----------
    x
        Shape (samples,).
    knots
        At least 2, increasing.

    Returns
    -------
    ndarray
        Shape (samples, knots): a constant, a line, and a curve for each further knot.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani and J. Friedman (2009), The Elements of Statistical Learning, 5.2.1.
    """
    width = knots[-1] - knots[0]
    u, k = (x - knots[0]) / width, (knots - knots[0]) / width

    def bent(at: int) -> Floats:
        curve = np.maximum(u - k[at], 0.0) ** 3 - np.maximum(u - k[-1], 0.0) ** 3
        return np.asarray(curve / (k[-1] - k[at]))

    last = bent(len(k) - 2)
    return np.column_stack([np.ones_like(u), u, *(bent(at) - last for at in range(len(k) - 2))])


def _basis(x: Floats, over: Floats) -> Floats:
    """Choose the spline by the Bayesian information criterion; its columns are orthonormal."""
    n, different = len(x), np.unique(x)
    variance = over.var(axis=0)
    moving = variance > 0
    best, least = np.ones((n, 1)), math.inf
    for count in KNOTS:
        at = np.linspace(0, 1, count)
        knots = different if len(different) <= count else np.unique(np.quantile(x, at))
        if len(knots) < 2:
            continue
        basis, _ = np.linalg.qr(natural_spline(x, knots))
        rest = over - basis @ (basis.T @ over)
        left = float(np.mean((rest**2).mean(axis=0)[moving] / variance[moving])) if moving.any() else 1.0
        score = n * math.log(max(left, 1e-300)) + basis.shape[1] * math.log(n)
        if score < least:
            best, least = basis, score
    return best


def _everything(over: Floats, weights: Floats) -> Floats:
    """EVPI for each row of weights over the samples, which add up to 1."""
    return np.asarray(weights @ over.max(axis=1) - (weights @ over).max(axis=1))


def _alone(over: Floats, basis: Floats, draws: Iterator[Floats]) -> Floats:
    """EVPPI of the input behind a basis, for each row of each block of weights."""
    n, size = basis.shape
    squares = (basis[:, :, None] * basis[:, None, :]).reshape(n, -1)
    products = (basis[:, :, None] * over[:, None, :]).reshape(n, -1)
    found = []
    for weights in draws:
        gram = (weights @ squares).reshape(-1, size, size)
        fits = np.linalg.pinv(gram, hermitian=True) @ (weights @ products).reshape(-1, size, over.shape[1])
        for weight, fit in zip(weights, fits, strict=True):
            expected = basis @ fit
            found.append(float(weight @ expected.max(axis=1) - (weight @ expected).max()))
    return np.array(found)


def _draws(n: int, resamples: int, streams: Streams) -> Iterator[Floats]:
    """Yield the weights of resampled samples, block by block, the same whenever they are asked for."""
    generator = streams.generator("information")
    for first in range(0, resamples, BLOCK):
        yield generator.multinomial(n, np.full(n, 1 / n), size=min(BLOCK, resamples - first)) / n


def _unclear(places: Sequence[int], worth: Floats, drawn: Floats, chance: float) -> list[tuple[int, int]]:
    """Pairs whose difference chance alone may have brought, by its spread over the resamples."""
    pairs = list(itertools.combinations(places, 2))
    p = []
    for i, j in pairs:
        spread = float((drawn[:, i] - drawn[:, j]).std(ddof=1))
        apart = float(worth[i] - worth[j])
        p.append(math.erfc(apart / spread / math.sqrt(2)) if spread > 0 else float(apart == 0))
    return [pair for pair, one in zip(pairs, holm(p), strict=True) if one > chance]
