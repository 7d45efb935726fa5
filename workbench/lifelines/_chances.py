"""How sure a chance or a mean is that was found by simulation."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from workbench.lifelines._given import number
from workbench.lifelines.model import Floats


def wilson(count: ArrayLike, of: int, level: float = 0.95) -> tuple[Floats, Floats]:
    """
    Confidence interval of chances (Wilson's score interval) [1]_.

    Parameters
    ----------
    count
        How often each happened, any shape.
    of
        In how many samples, at least 1.
    level
        Coverage, above 0 and below 1.

    Returns
    -------
    low, high
        Of the shape of `count`.

    References
    ----------
    .. [1] E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.
    """
    z2 = quantile(level) ** 2
    happened = np.asarray(count, float)
    middle = (happened + z2 / 2) / (of + z2)
    half = np.sqrt(z2 * (happened * (of - happened) / of + z2 / 4)) / (of + z2)
    low = np.where(happened == 0, 0.0, middle - half)
    return low, np.where(happened == of, 1.0, middle + half)


def quantile(level: float) -> float:
    """Half-width of a two-sided normal interval in standard errors; refuses a level that is no share."""
    number("level", level, above=0, most=1 - 1e-12)
    return NormalDist().inv_cdf((1 + level) / 2)
