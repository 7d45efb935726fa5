"""
How sure a simulated mean is, and how sure the difference between two scenarios is.

A replication is the unit: its outcomes are independent of those of other replications, whatever happens
inside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench._need import need
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Interval:
    """
    A mean and its confidence interval, in the unit of the data.

    Attributes
    ----------
    mean, half_width
        The interval is `mean` plus and minus `half_width`.
    sd
        Standard deviation of one observation.
    n
        Observations.
    """

    mean: float
    half_width: float
    sd: float
    n: int

    @property
    def low(self) -> float:
        """Lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end."""
        return self.mean + self.half_width


@dataclass(frozen=True)
class Difference:
    """
    A scenario minus a baseline, from paired replications.

    Attributes
    ----------
    interval
        Mean difference and its t interval.
    p
        Two-sided p-value of no difference.
    correlation
        Between the two, NaN where one of them does not vary.
    variance_ratio
        How many times more replications would be needed without common random numbers: the sum of the two
        variances over the variance of the difference; infinite where the difference does not vary, NaN where
        nothing does.
    """

    interval: Interval
    p: float
    correlation: float
    variance_ratio: float


def t_quantile(probability: float, degrees: float) -> float:
    """Quantile of Student's t distribution."""
    return float(need("scipy.special", "A t interval").stdtrit(degrees, probability))


def t_interval(values: ArrayLike, *, level: float = 0.95) -> Interval:
    """
    Confidence interval of a mean.

    Parameters
    ----------
    values
        One independent observation a replication, at least 2, without NaN.
    level
        Coverage. With skewed outcomes and 5 to 30 replications it is 1 to 3 points less than stated.

    Raises
    ------
    BadParameter
        Fewer than 2 observations, or some are not numbers.
    """
    import numpy as np

    observed = _observed(values, 2)
    _level(level)
    n = len(observed)
    sd = float(np.std(observed, ddof=1))
    return Interval(float(np.mean(observed)), _half_width(sd, n, level), sd, n)


def paired_difference(values: ArrayLike, baseline: ArrayLike, *, level: float = 0.95) -> Difference:
    """
    Difference of two scenarios that met the same days.

    Parameters
    ----------
    values, baseline
        One observation a replication, in the same order.
    level
        Coverage of the interval.

    Raises
    ------
    BadParameter
        Different lengths, fewer than 2 pairs, or some are not numbers.
    """
    import numpy as np

    ours, theirs = _observed(values, 2), _observed(baseline, 2)
    if len(ours) != len(theirs):
        raise BadParameter(
            f"Pairs need two lists of one length, not {len(ours)} and {len(theirs)} observations."
        )
    interval = t_interval(ours - theirs, level=level)
    error = interval.sd / math.sqrt(interval.n)
    if error > 0:
        stdtr = need("scipy.special", "A t test").stdtr
        p = 2 * float(stdtr(interval.n - 1, -abs(interval.mean) / error))
    else:
        p = 1.0 if interval.mean == 0 else 0.0
    variances = float(np.var(ours, ddof=1)), float(np.var(theirs, ddof=1))
    apart, together = sum(variances), interval.sd**2
    correlation = (
        (apart - together) / (2 * math.sqrt(variances[0] * variances[1])) if min(variances) > 0 else math.nan
    )
    ratio = apart / together if together > 0 else (math.inf if apart > 0 else math.nan)
    return Difference(
        interval, p, min(1.0, max(-1.0, correlation)) if correlation == correlation else math.nan, ratio
    )


def drawn(found: Mapping[str, Sequence[Interval]]) -> dict[str, dict[str, list[float]]]:
    """
    Lay intervals out as `workbench.briefs.figures.lines` takes them.

    Parameters
    ----------
    found
        The intervals of each series along the axis, by its name.

    Returns
    -------
    dict
        `series` (means), `lows` and `highs`: `lines(x, **drawn(found), xlabel="...", ylabel="...")`.
    """
    ends = {"series": "mean", "lows": "low", "highs": "high"}
    return {
        end: {name: [float(getattr(one, which)) for one in each] for name, each in found.items()}
        for end, which in ends.items()
    }


def holm(p_values: Sequence[float]) -> list[float]:
    """
    P-values adjusted for having looked at several, by Holm's step-down method [1]_.

    Parameters
    ----------
    p_values
        One a comparison, 0 to 1.

    Returns
    -------
    adjusted
        In the same order; a comparison is significant at level a exactly if its adjusted value is at most a.

    References
    ----------
    .. [1] S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
       Statistics 6(2).
    """
    if any(not 0 <= p <= 1 for p in p_values):
        raise BadParameter("P-values lie between 0 and 1.")
    count, largest = len(p_values), 0.0
    adjusted = [0.0] * count
    for rank, place in enumerate(sorted(range(count), key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, (count - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def replications_needed(
    values: ArrayLike, half_width: float, *, relative: bool = False, level: float = 0.95
) -> int:
    """
    Replications after which the interval would be as narrow as wanted, if the spread stays what it is.

    Parameters
    ----------
    values
        One observation a replication, from a first stage; 20 are better than 10 and 5 mislead.
    half_width
        Wanted, in the unit of the data, or as a share of the mean if `relative`.

    Returns
    -------
    int
        At least 2.

    Raises
    ------
    BadParameter
        The half-width is not above 0, or it is relative to a mean that cannot be told from 0.
    """
    now = t_interval(values, level=level)
    wanted = wanted_half_width(now, half_width, relative=relative)
    if wanted is None:
        raise BadParameter(
            "A half-width relative to the mean is asked for, but the mean cannot be told from 0: "
            "give an absolute half-width in the unit of the outcome."
        )
    low, high = 1, 2  # the interval is too wide at `low`, and narrow enough at `high`
    while _half_width(now.sd, high, level) > wanted:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _half_width(now.sd, middle, level) > wanted else (low, middle)
    return high


def wanted_half_width(now: Interval, half_width: float, *, relative: bool) -> float | None:
    """Half-width to reach in the unit of the data; None where it is relative to a mean that may be 0."""
    if not (half_width > 0 and math.isfinite(half_width)):
        raise BadParameter(f"`half_width` must be above 0, not {half_width}.")
    if not relative:
        return half_width
    return half_width * abs(now.mean) if abs(now.mean) > now.half_width else None


def batch_means(values: ArrayLike, *, batches: int = 20, level: float = 0.95) -> Interval:
    """
    Confidence interval of the mean of one long run, from the means of consecutive batches [1]_.

    Parameters
    ----------
    values
        Observations in the order of time, warm-up removed; what does not fill the batches at the beginning is
        left out.
    batches
        How many, 10 to 30 as a rule.

    Raises
    ------
    BadParameter
        Fewer than 2 batches, or fewer observations than batches.

    References
    ----------
    .. [1] B. Schmeiser (1982), Batch size effects in the analysis of simulation output, Operations Research
       30(3).
    """
    observed = _observed(values, 2)
    if batches < 2 or len(observed) < 2 * batches:
        raise BadParameter(
            f"{batches} batches of at least 2 observations cannot be made of {len(observed)}: "
            "use fewer batches (at least 2) or a longer run."
        )
    size = len(observed) // batches
    means = observed[len(observed) - size * batches :].reshape(batches, size).mean(axis=1)
    return t_interval(means, level=level)


def _half_width(sd: float, n: int, level: float) -> float:
    return t_quantile((1 + level) / 2, n - 1) * sd / math.sqrt(n)


def _observed(values: ArrayLike, least: int) -> NDArray[np.float64]:
    import numpy as np

    observed = np.asarray(values, float)
    if observed.ndim != 1 or len(observed) < least:
        raise BadParameter(f"At least {least} observations are needed, not {observed.size}.")
    if not np.isfinite(observed).all():
        raise BadParameter(
            "Some observations are not numbers (NaN or infinite): leave them out and say how many."
        )
    return observed


def _level(level: float) -> None:
    if not 0 < level < 1:
        raise BadParameter(f"`level` must lie between 0 and 1, not {level}.")
