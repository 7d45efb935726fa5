"""What the methods of this room ask of numbers, names and phrases; tables are in `_arrays`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from workbench._text import Text
from workbench.decisions._arrays import Floats, unique
from workbench.errors import BadParameter


def numbers(what: str, values: ArrayLike) -> Floats:
    """Read an array of finite numbers, of any shape; anything else raises `BadParameter`."""
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadParameter(f"{what} must be numbers in rows of one length, and are not.") from None
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        where = ", ".join(str(int(each)) for each in bad[0])
        raise BadParameter(
            f"{what}: {len(bad)} of {found.size} are missing or infinite, first at place [{where}] counted "
            "from 0; leave them out and say how many, or mend what made them."
        )
    return found


def number(what: str, value: object, *, least: float = -math.inf, most: float = math.inf) -> float:
    """Read one finite number within bounds; anything else raises `BadParameter`."""
    wanted = "a number"
    if math.isfinite(least):
        wanted += f" from {least:g} to {most:g}" if math.isfinite(most) else f", at least {least:g}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise BadParameter(f"{what} must be {wanted}, not {value!r}.")
    found = float(value)
    if not (math.isfinite(found) and least <= found <= most):
        raise BadParameter(f"{what} must be {wanted}, not {found:g}.")
    return found


def certainty(sure: float, likely: float) -> None:
    """Check the chances from which on an answer is sure, and likely."""
    number("`sure`", sure)
    number("`likely`", likely)
    if not 0 < likely <= sure < 1:
        raise BadParameter(
            f"`likely` and `sure` must lie between 0 and 1, `likely` not above `sure`: not {likely:g} and "
            f"{sure:g}."
        )


def names_of(kind: str, names: Iterable[str]) -> tuple[str, ...]:
    """Check names that must differ, at least one; else it raises `BadParameter`."""
    found = unique(kind, names)
    if not found:
        raise BadParameter(f"There is no {kind}: give at least one.")
    return found


def phrase(what: str, value: object) -> None:
    """Check that a phrase for readers says something; else it raises `BadParameter`."""
    if not isinstance(value, Text):
        raise BadParameter(f"{what} must be a Text, such as Text('Today', '现状'), not {value!r}.")
    if not value.en.strip():
        raise BadParameter(f"{what} is empty: say it in English at least.")
