"""How restoration and spread refuse numbers they cannot work with: one sentence, with what would do."""

from __future__ import annotations

import math
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.errors import BadParameter


def number(
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    infinite: bool = False,
) -> float:
    """
    Check a parameter that is a number.

    Parameters
    ----------
    name
        What it is called.
    value
        What was given.
    above, least, most
        Its bounds: strictly above, at least, at most.
    infinite
        Whether it may be infinite.

    Raises
    ------
    BadParameter
        It is no number, or out of its bounds.
    """
    bounds = [(above, "above"), (least, "at least"), (most, "at most")]
    wanted = " and ".join(f"{word} {bound:g}" for bound, word in bounds if bound is not None) or "a number"
    real = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    bad = math.isnan(real) or (math.isinf(real) and not infinite)
    bad = bad or (above is not None and real <= above) or (least is not None and real < least)
    if bad or (most is not None and real > most):
        raise BadParameter(f"`{name}` must be {wanted}, not {value!r}.")
    return real


def whole(name: str, value: object, least: int, most: int | None = None) -> int:
    """Check a parameter that is a whole number from `least` to `most`; raises `BadParameter`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise BadParameter(f"`{name}` must be a whole number, at least {least}, not {value!r}.")
    number = int(value)
    if most is not None and number > most:
        raise BadParameter(f"`{name}` must be a whole number, at most {most:,}, not {value!r}.")
    return number


def each(name: str, value: ArrayLike, count: int, what: str) -> NDArray[np.float64]:
    """Check numbers of which there is one, or one for each of `count`; raises `BadParameter`, not for NaN."""
    try:
        given = np.asarray(value, float)
    except (TypeError, ValueError):
        given = np.empty(0)
    if given.shape not in ((), (count,)):
        raise BadParameter(f"`{name}` must be a number, or one for each of {count} {what}.")
    return np.broadcast_to(given, (count,))
