"""What the methods of this room ask of the arrays and names they are given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import BadParameter

Floats = NDArray[np.float64]


def table(what: str, value: object, rows: str, columns: str) -> Floats:
    """
    Check a table of numbers.

    Parameters
    ----------
    what
        What it holds, as messages say it: "The outcomes".
    value
        Anything NumPy makes a table of.
    rows, columns
        What a row and a column is, in the plural: "futures", "options".

    Returns
    -------
    ndarray
        Shape (rows, columns), all finite.

    Raises
    ------
    BadParameter
        It is no table of numbers, is empty, or holds NaN or an infinite number.
    """
    numbers = _numbers(what, value)
    if numbers.ndim != 2 or not numbers.size:
        raise BadParameter(f"{what} must be a table of {rows} by {columns}, not of shape {numbers.shape}.")
    _finite(what, numbers, rows, columns)
    return numbers


def column(what: str, value: object, rows: str, length: int) -> Floats:
    """
    Check a list of numbers, one a row.

    Parameters
    ----------
    what
        What it holds, as messages say it.
    value
        Anything NumPy makes a list of.
    rows
        What a row is, in the plural.
    length
        How many there must be.

    Raises
    ------
    BadParameter
        It is no list of numbers, of another length, or holds NaN or an infinite number.
    """
    numbers = _numbers(what, value)
    if numbers.shape != (length,):
        raise BadParameter(f"{what} must be one number for each of the {length} {rows}, not {numbers.shape}.")
    _finite(what, numbers, rows, "")
    return numbers


def unique(what: str, names: Iterable[str], count: int | None = None) -> tuple[str, ...]:
    """
    Check names: texts that are not empty, each there once.

    Parameters
    ----------
    what
        What they name, in the singular: "option".
    names
        The names.
    count
        How many there must be.

    Raises
    ------
    BadParameter
        One is empty, is no text or is there twice, or there are more or fewer than `count`.
    """
    given: tuple[Any, ...] = (names,) if isinstance(names, str) else tuple(names)
    for name in given:
        if not isinstance(name, str) or not name.strip():
            raise BadParameter(f"Every {what} needs a name, a text that is not empty, not {name!r}.")
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise BadParameter(f"Two of the {what}s are called '{twice[0]}': give each its own name.")
    if count is not None and len(given) != count:
        raise BadParameter(
            f"{len(given)} {what}s are named, but the table has {count} columns: name each once."
        )
    return given


def level_between(level: float) -> float:
    """Check the coverage of an interval; outside of 0 to 1 it raises `BadParameter`."""
    given: object = level  # from a notebook it may be anything
    if not isinstance(given, float) or not 0 < given < 1:
        raise BadParameter(f"`level` must lie between 0 and 1, not {level}.")
    return level


def whole(what: str, value: int, least: int, why: str = "") -> int:
    """Check a whole number that must be at least so large; else it raises `BadParameter`."""
    given: object = value  # from a notebook it may be anything
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < least:
        raise BadParameter(
            f"`{what}` must be a whole number of at least {least}, not {given!r}{': ' + why if why else ''}."
        )
    return int(given)


def _numbers(what: str, value: object) -> Floats:
    try:
        return np.asarray(value, float)
    except (TypeError, ValueError):
        raise BadParameter(f"{what} must be numbers, and some cannot be read as such.") from None


def _finite(what: str, numbers: Floats, rows: str, columns: str) -> None:
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        place = f"row {wrong[0][0] + 1} of the {rows}"
        place += f", column {wrong[0][1] + 1} of the {columns}" if columns else ""
        raise BadParameter(
            f"{what} hold {numbers[tuple(wrong[0])]} in {place}, and {len(wrong)} missing or infinite "
            "numbers in all: set those rows aside and say how many."
        )
