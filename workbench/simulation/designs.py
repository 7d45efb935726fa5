"""Sets of scenarios to compare: every combination, one change at a time, or a spread over ranges."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

from workbench.errors import BadParameter
from workbench.simulation.scenario import change
from workbench.simulation.streams import Streams

T = TypeVar("T")
Levels = Mapping[str, Sequence[object]]


def grid(base: T, levels: Levels) -> dict[str, T]:
    """
    Every combination of some values.

    Parameters
    ----------
    base
        The scenario that is changed.
    levels
        Field and the values it takes; `control.strength` reaches into a field.

    Returns
    -------
    scenarios
        Named by what they set, such as "headway_s=240, capacity=80"; the last field varies fastest.

    Raises
    ------
    UnknownName, BadParameter
        A field that does not exist, a value that the scenario refuses, or a value given twice.
    """
    _levels(levels)
    made: dict[str, T] = {}
    for combination in itertools.product(*levels.values()):
        _add(made, base, dict(zip(levels, combination, strict=True)))
    return made


def one_at_a_time(base: T, levels: Levels, *, name: str = "base") -> dict[str, T]:
    """
    The base, and each value alone.

    Parameters
    ----------
    base
        The scenario that is changed; it comes first.
    levels
        Field and the values it takes; a value that the base already has is left out.
    name
        What the base is called.

    Returns
    -------
    scenarios
        Named by what they set, such as "headway_s=240".

    Raises
    ------
    UnknownName, BadParameter
        As for `grid`.
    """
    _levels(levels)
    made = {name: base}
    for field, values in levels.items():
        for value in values:
            if change(base, {field: value}) != base:
                _add(made, base, {field: value})
    return made


def latin_hypercube(
    base: T, ranges: Mapping[str, tuple[float, float]], count: int, *, streams: Streams
) -> dict[str, T]:
    """
    Scenarios spread evenly over ranges: each is cut in `count` slices, and each slice is used once [1]_.

    Parameters
    ----------
    base
        The scenario that is changed.
    ranges
        Field, lowest and highest value; two whole numbers give whole numbers, both ends included.
    count
        How many scenarios.
    streams
        Randomness; each field has its own stream, so another field does not move the first ones.

    Returns
    -------
    scenarios
        Named "sample 01" and so on.

    Raises
    ------
    UnknownName, BadParameter
        A field that does not exist, a range that is none, or a value that the scenario refuses.

    References
    ----------
    .. [1] M. D. McKay, R. J. Beckman and W. J. Conover (1979), A comparison of three methods for selecting
       values of input variables in the analysis of output from a computer code, Technometrics 21(2).
    """
    if count < 1:
        raise BadParameter(f"A Latin hypercube needs at least 1 scenario, not {count}.")
    columns: dict[str, list[float]] = {}
    for field, ends in ranges.items():
        low, high = _range(field, ends)
        generator = streams.generator("latin hypercube", field)
        places = (generator.permutation(count) + generator.random(count)) / count
        if isinstance(low, int) and isinstance(high, int):
            columns[field] = [low + min(int(place * (high - low + 1)), high - low) for place in places]
        else:
            columns[field] = [float(low + place * (high - low)) for place in places]
    width = len(str(count))
    return {
        f"sample {index + 1:0{width}d}": change(
            base, {field: values[index] for field, values in columns.items()}
        )
        for index in range(count)
    }


def _add(made: dict[str, T], base: T, values: Mapping[str, object]) -> None:
    name = ", ".join(f"{field}={value}" for field, value in values.items())
    if name in made:
        raise BadParameter(f"The scenario '{name}' is asked for twice: give each value once.")
    made[name] = change(base, values)


def _levels(levels: Levels) -> None:
    for field, values in levels.items():
        given: object = values  # from a notebook it may be anything
        if isinstance(given, str) or not isinstance(given, Sequence) or not given:
            raise BadParameter(f"`{field}` needs a list of at least one value, not {given!r}.")


def _range(field: str, ends: object) -> tuple[float, float]:
    if isinstance(ends, Sequence) and len(ends) == 2:
        low, high = ends
        numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high))
        if numbers and math.isfinite(low) and math.isfinite(high) and low < high:
            return low, high
    raise BadParameter(f"`{field}` needs a range [lowest, highest] of two different numbers, not {ends!r}.")
