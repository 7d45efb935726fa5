"""
Means, quantiles and tails of sampled losses, each with its interval.

Samples of one event are not independent. Where they come in groups, the group is the unit, and intervals use
the spread between groups, with as many degrees of freedom [1]_. Nothing here is random.

References
----------
.. [1] K.-Y. Liang and S. L. Zeger (1986), Longitudinal data analysis using generalized linear models,
   Biometrika 73; W. G. Cochran (1977), Sampling Techniques, for the ratio of group totals.
.. [2] R. S. Woodruff (1952), Confidence intervals for medians and other position measures, Journal of the
   American Statistical Association 47.
.. [3] R. T. Rockafellar and S. Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench._need import need
from workbench._text import Text
from workbench.errors import BadParameter

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats, Ints

TOO_FEW = Text("cannot tell: too few samples or events", "无法判断：样本或事件过少")


@dataclass(frozen=True)
class Estimate:
    """
    A number and its confidence interval.

    Attributes
    ----------
    value
        The estimate.
    low, high
        Ends of the interval; NaN where it cannot be told.
    level
        Coverage.
    said
        Why an end cannot be told; None where both can.
    """

    value: float
    low: float
    high: float
    level: float = 0.95
    said: Text | None = None

    @property
    def told(self) -> bool:
        """Whether both ends can be told."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def __str__(self) -> str:
        return f"{self.value:.4g} [{self.low:.4g}, {self.high:.4g}]"


@dataclass(frozen=True, eq=False)
class Sampled:
    """
    Samples with their weights and groups.

    Attributes
    ----------
    values
        Shape (samples,).
    weights
        Of each sample, summing to 1.
    group
        Number of the group of each sample, from 0.
    grouped
        Whether groups were given.
    """

    values: Floats
    weights: Floats
    group: Ints
    grouped: bool

    @property
    def groups(self) -> int:
        """Number of groups, which is that of the samples where none were given."""
        return int(self.group.max()) + 1 if len(self.group) else 0

    def mean(self, level: float = 0.95) -> Estimate:
        """Weighted mean, with a t interval over groups."""
        return self._mean_of(self.values, level)

    def tail(self, share: float, level: float = 0.95) -> Estimate:
        """
        Mean of the worst `1 - share` of the samples (CVaR, expected shortfall) [3]_.

        Its interval is that of the mean of q + max(x - q, 0) / (1 - share), q the quantile.
        """
        q = self._quantile(share)
        return self._mean_of(q + np.maximum(self.values - q, 0.0) / (1.0 - share), level)

    def quantile(self, share: float, level: float = 0.95) -> Estimate:
        """
        Quantile of the losses.

        Of independent samples of equal weight the interval is between order statistics by the binomial
        distribution, exact whatever the distribution. Else the interval of the share below it, on the logit
        scale, is carried back to the values [2]_. An end beyond the samples cannot be told.
        """
        value, n = self._quantile(share), len(self.values)
        if self.grouped or np.ptp(self.weights) > 1e-12:
            return self._woodruff(value, share, level)
        need("scipy.stats", "An interval")
        from scipy.stats import binom

        order = np.sort(self.values)
        low = int(binom.ppf((1 - level) / 2, n, share))
        high = int(binom.ppf((1 + level) / 2, n, share)) + 1
        bottom = float(order[low - 1]) if low >= 1 else math.nan
        top = float(order[high - 1]) if high <= n else math.nan
        return _estimate(value, bottom, top, level)

    def _quantile(self, share: float) -> float:
        order = np.argsort(self.values, kind="stable")
        below = np.cumsum(self.weights[order])
        place = int(np.searchsorted(below, share * (1 - 1e-12)))
        return float(self.values[order[min(place, len(order) - 1)]])

    def _woodruff(self, value: float, share: float, level: float) -> Estimate:
        below = self._mean_of((self.values <= value).astype(float), level)
        p = min(max(below.value, 1e-9), 1 - 1e-9)
        if not below.told or below.high == below.low:
            return _estimate(value, math.nan, math.nan, level)
        half = (below.high - below.low) / 2 / (p * (1 - p))
        logit = math.log(share / (1 - share))
        low, high = (1 / (1 + math.exp(-(logit + sign * half))) for sign in (-1, 1))
        least = 1.0 / self.groups
        bottom = self._quantile(low) if low >= least else math.nan
        top = self._quantile(high) if 1 - high >= least else math.nan
        return _estimate(value, bottom, top, level)

    def _mean_of(self, values: Floats, level: float) -> Estimate:
        value, count = float(self.weights @ values), self.groups
        if count < 2:
            return _estimate(value, math.nan, math.nan, level)
        totals = np.bincount(self.group, self.weights * (values - value), minlength=count)
        error = math.sqrt(count / (count - 1) * float(totals @ totals))
        need("scipy.special", "An interval")
        from scipy.special import stdtrit

        half = float(stdtrit(count - 1, (1 + level) / 2)) * error
        return _estimate(value, value - half, value + half, level)


def sampled(values: Floats, groups: Sequence[Any] | None = None, weights: Floats | None = None) -> Sampled:
    """
    Check samples, their groups and weights.

    Raises
    ------
    BadParameter
        No samples, values that are not finite, or groups or weights that do not fit them.
    """
    x = np.asarray(values, float)
    if x.ndim != 1 or not len(x):
        raise BadParameter(f"Give at least one sample in a row, not an array of shape {x.shape}.")
    if not np.isfinite(x).all():
        raise BadParameter(f"{int((~np.isfinite(x)).sum()):,} of {len(x):,} sampled values are not finite.")
    return Sampled(x, weights_of(weights, len(x)), group_numbers(groups, len(x)), groups is not None)


def weights_of(weights: Floats | None, samples: int) -> Floats:
    """Weights of samples that sum to 1, equal where none are given; raises `BadParameter`."""
    if weights is None:
        return np.full(samples, 1.0 / samples)
    w = np.asarray(weights, float)
    if w.shape != (samples,) or not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise BadParameter(
            f"Give one weight of 0 or more for each of {samples:,} samples, not all of them 0."
        )
    return np.asarray(w / w.sum(), float)


def group_numbers(groups: Sequence[Any] | None, samples: int) -> Ints:
    """Number of the group of each sample in the order in which groups appear; raises `BadParameter`."""
    if groups is None:
        return np.arange(samples, dtype=np.int32)
    labels = np.asarray(groups)
    if labels.shape != (samples,):
        raise BadParameter(f"Give one group for each of {samples:,} samples, not {labels.shape}.")
    _, first, back = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int32)
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return np.asarray(rank[back], np.int32)


def _estimate(value: float, low: float, high: float, level: float) -> Estimate:
    told = math.isfinite(low) and math.isfinite(high)
    return Estimate(value, low, high, level, None if told else TOO_FEW)
