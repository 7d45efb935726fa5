"""
Measures of what is lost, by the names that OpenQuake and the resilience literature give them.

    connectivity_loss(network, up, kind="partial")      # of a state, or of each of many
    efficiency_loss(network, up)
    resilience_loss(days, share)                        # area of the resilience triangle
    expected_unserved(unserved)                         # mean with its interval
    cvar(unserved, 0.95)                                # mean of the worst twentieth
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._distances import connectivity_by_node, connectivity_loss, efficiency_loss
from workbench.lifelines._given import number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from workbench.lifelines.model import Floats

__all__ = [
    "Mean",
    "connectivity_by_node",
    "connectivity_loss",
    "cvar",
    "efficiency_loss",
    "expected_unserved",
    "resilience_loss",
]

Shape = Literal["steps", "lines"]


@dataclass(frozen=True)
class Mean:
    """
    A mean and its interval.

    Attributes
    ----------
    value
        The mean.
    low, high
        Ends of its interval; NaN where it cannot be told, equal to the mean where that is exact.
    """

    value: float
    low: float
    high: float


def resilience_loss(
    times: ArrayLike, share: ArrayLike, *, end: float | None = None, shape: Shape = "steps"
) -> float:
    """
    Area between full service and the service there was: the resilience triangle [1]_.

    Parameters
    ----------
    times
        When service was told, ascending, shape (k,).
    share
        Share of the intact service at these times, 0 to 1, shape (k,).
    end
        Until when the last share holds; None is the last time.
    shape
        Whether a share holds until the next time ("steps": repairs are done at once) or goes to it ("lines").

    Returns
    -------
    area
        In the unit of time, such as days of full service lost.

    Raises
    ------
    BadParameter
        Times do not ascend, shares are not from 0 to 1, or there are more of one than of the other.

    References
    ----------
    .. [1] M. Bruneau et al. (2003), A framework to quantitatively assess and enhance the seismic resilience
       of communities, Earthquake Spectra 19.
    """
    if shape not in get_args(Shape):
        raise UnknownName("shape of a service curve", str(shape), get_args(Shape))
    t, q = _numbers("times", times), _numbers("share", share)
    if len(t) != len(q):
        raise BadParameter(f"There are {len(t)} times and {len(q)} shares: give one share for each time.")
    if (np.diff(t) < 0).any():
        raise BadParameter(
            f"The times do not ascend: {t[int(np.argmax(np.diff(t) < 0)) + 1]:g} comes after a later one."
        )
    if (q < 0).any() or (q > 1 + 1e-9).any():
        raise BadParameter(f"A share must be from 0 to 1, not {q[(q < 0) | (q > 1 + 1e-9)][0]:g}.")
    last = float(t[-1]) if end is None else number("end", end, least=float(t[-1]))
    lost = 1.0 - np.minimum(q, 1.0)
    before = lost[:-1] if shape == "steps" else (lost[:-1] + lost[1:]) / 2
    return float((np.diff(t) * before).sum() + (last - t[-1]) * lost[-1])


def expected_unserved(
    unserved: ArrayLike, *, probability: ArrayLike | None = None, level: float = 0.95
) -> Mean:
    """
    Expected unserved demand.

    Parameters
    ----------
    unserved
        Demand not served in each event or sample, 0 or more, shape (k,).
    probability
        Of each event, summing to 1 or less (in the rest nothing is lost), where the events are all there are;
        None where they are a sample, each as likely as another.
    level
        Of the interval.

    Returns
    -------
    mean
        Of a sample with the interval of Student's t, cut at 0, and NaN for a single one; exact where
        probabilities are given.

    Raises
    ------
    BadParameter
        A number is missing or negative, or the probabilities do not fit.
    """
    lost = _numbers("unserved", unserved)
    if (lost < 0).any():
        raise BadParameter(f"What is not served cannot be negative, as {lost[lost < 0][0]:g} is.")
    level = number("level", level, above=0.0, most=1 - 1e-12)
    if probability is not None:
        value = float(_weights(probability, len(lost)) @ lost)
        return Mean(value, value, value)
    value = float(lost.mean())
    if len(lost) < 2:
        return Mean(value, float("nan"), float("nan"))
    half = (
        need("scipy.stats", "An interval").t.ppf((1 + level) / 2, len(lost) - 1)
        * lost.std(ddof=1)
        / np.sqrt(len(lost))
    )
    return Mean(value, max(0.0, value - float(half)), value + float(half))


def cvar(losses: ArrayLike, level: float = 0.95, *, probability: ArrayLike | None = None) -> float:
    """
    Conditional value at risk: the mean of the worst `1 - level` of losses.

    Parameters
    ----------
    losses
        In each event or sample, shape (k,).
    level
        0 (the mean) to below 1.
    probability
        Of each event, summing to 1 or less (in the rest nothing is lost); None for a sample.

    Returns
    -------
    cvar
        Of the losses given; the loss at the edge of the tail counts with the part that lies in it [1]_. A
        sample needs many losses in the tail: `expected_service` tells the interval.

    Raises
    ------
    BadParameter
        A number is missing, or the level or the probabilities do not fit.

    References
    ----------
    .. [1] R. T. Rockafellar and S. Uryasev (2002), Conditional value-at-risk for general loss distributions,
       Journal of Banking and Finance 26.
    """
    values = _numbers("losses", losses)
    tail = 1.0 - number("level", level, least=0.0, most=1 - 1e-12)
    weights = (
        np.full(len(values), 1 / len(values)) if probability is None else _weights(probability, len(values))
    )
    if probability is not None and weights.sum() < 1:
        values, weights = np.append(values, 0.0), np.append(weights, 1.0 - weights.sum())
    worst = np.argsort(-values, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(weights[worst])[:-1]])
    inside = np.clip(tail - before, 0.0, weights[worst])
    return float(inside @ values[worst] / inside.sum())


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        found = np.asarray(values, float)
    except (TypeError, ValueError):
        raise BadParameter(f"`{name}` must be numbers.") from None
    if found.ndim != 1 or not len(found):
        raise BadParameter(f"`{name}` must be a row of numbers, at least one, not of shape {found.shape}.")
    if not np.isfinite(found).all():
        raise BadParameter(
            f"`{name}` holds {found[~np.isfinite(found)][0]:g} at {int(np.argmax(~np.isfinite(found)))}."
        )
    return found


def _weights(probability: ArrayLike, count: int) -> Floats:
    weights = _numbers("probability", probability)
    if len(weights) != count:
        raise BadParameter(f"There are {len(weights)} probabilities for {count} events: give one for each.")
    if (weights < 0).any() or weights.sum() > 1 + 1e-9:
        raise BadParameter(f"Probabilities must be 0 or more and sum to at most 1, not to {weights.sum():g}.")
    return weights
