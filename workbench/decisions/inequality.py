"""
Inequality between groups in one number, and what noise alone would make of it.

Means that are estimated differ even where the true ones are all alike, so the Gini coefficient and the ratio
of extremes come out too large, and resampling makes them larger still: a percentile interval never reaches
"no difference". Their intervals are therefore found by inversion [1]_: the differences between the groups are
shrunk or stretched together, and those are kept under which what was seen is not unusual. In simulation
(2 to 16 groups, 6 to 50 draws each) the 95% intervals cover 92 to 100%, no inequality at all included, where
percentiles cover 0 to 96%.

References
----------
.. [1] J. Carpenter (1999), Test inversion bootstrap confidence intervals, Journal of the Royal Statistical
   Society B 61(1).
.. [2] P. J. Lambert (2001), The Distribution and Redistribution of Income, 3rd ed. (the Gini coefficient and
   its range).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from workbench.decisions._arrays import Floats
from workbench.decisions._checks import numbers
from workbench.errors import BadParameter

_STEPS = 24
"""Halvings of the stretch: to a ten-millionth of its range."""
_LARGEST = 1024.0


def gini(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """
    Gini coefficient: half the mean absolute difference between two persons, over the mean.

    Parameters
    ----------
    values
        Shape (groups,), at least 0: what everyone in a group has.
    weights
        Persons in each group, above 0; one each where None.

    Returns
    -------
    float
        0 where all have the same; 1 - 1 / persons where one has all.

    Raises
    ------
    BadParameter
        Values below 0 or all 0, weights not above 0, or shapes that differ.
    """
    found = numbers("The values", values)
    persons = np.ones(found.shape) if weights is None else numbers("The weights", weights)
    if found.ndim != 1 or not found.size or persons.shape != found.shape:
        raise BadParameter(
            f"The Gini coefficient needs a list of values and as many weights, not {found.shape} and "
            f"{persons.shape}."
        )
    if (persons <= 0).any():
        raise BadParameter("Every weight must be above 0: leave out groups without anyone.")
    if (found < 0).any() or not found.any():
        raise BadParameter(
            "The Gini coefficient needs values of at least 0, not all 0: give what is shared, not changes."
        )
    return float(ginis(found[None], persons)[0])


def ginis(values: Floats, weights: Floats) -> Floats:
    """Gini coefficient of each row; values shape (rows, groups), weights shape (groups,)."""
    order = np.argsort(values, axis=1)
    sorted_values, persons = np.take_along_axis(values, order, axis=1), weights[order] / weights.sum()
    below = np.cumsum(persons, axis=1) - persons / 2
    mean = (persons * sorted_values).sum(axis=1)
    return np.asarray((persons * sorted_values * (2 * below - 1)).sum(axis=1) / mean)


def extremes(values: Floats) -> Floats:
    """Largest over smallest value of each row; infinite where the smallest is not above 0."""
    low, high = values.min(axis=1), values.max(axis=1)
    return np.asarray(np.divide(high, low, out=np.full(len(values), np.inf), where=low > 0))


def inverted(
    means: Floats, centre: float, noise: Floats, measure: Callable[[Floats], Floats], *, level: float
) -> tuple[float, float]:
    """
    Interval of a measure of inequality, by inversion.

    Parameters
    ----------
    means
        Of the groups, shape (groups,).
    centre
        Mean of all, that stays while differences are stretched.
    noise
        Errors that the means may have, shape (resamples, groups).
    measure
        Of each row of shape (rows, groups); grows with the differences.
    level
        Coverage.

    Returns
    -------
    low, high
        In the unit of the measure; infinite where no end is found.
    """
    apart, seen = means - centre, float(measure(means[None])[0])
    if np.abs(apart).max() <= 1e-12 * abs(centre):
        return seen, float(np.quantile(measure(means + noise), level))
    reached = seen - 1e-9 * abs(seen)

    def share(stretch: float) -> float:
        return float((measure(centre + stretch * apart + noise) >= reached).mean())

    ends = (_first(share, tail) for tail in ((1 - level) / 2, (1 + level) / 2))
    low, high = (
        float(measure((centre + end * apart)[None])[0]) if np.isfinite(end) else np.inf for end in ends
    )
    return low, high


def _first(share: Callable[[float], float], wanted: float) -> float:
    """Least stretch from which on a share is reached, 0 where it is at once."""
    if share(0.0) >= wanted:
        return 0.0
    low, high = 0.0, 1.0
    while share(high) < wanted:
        low, high = high, 2 * high
        if high > _LARGEST:
            return np.inf
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) < wanted else (low, middle)
    return high
