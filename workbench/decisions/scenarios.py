"""What scenario discovery finds: boxes of inputs, as data and as a brief words them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Words = tuple[str, Literal["above", "below", "between"], tuple[float, ...]]


@dataclass(frozen=True)
class Restriction:
    """
    What a box says of one input.

    Attributes
    ----------
    name
        The input.
    low, high
        Values in the box lie between them, in the unit of the input; None where that end is open.
    quasi_p
        How often the restriction would do as well by chance; "quasi", since it was chosen for doing well.
    """

    name: str
    low: float | None
    high: float | None
    quasi_p: float


@dataclass(frozen=True)
class Step:
    """
    A box passed while peeling.

    Attributes
    ----------
    coverage, density, mass
        As of `Box`, over the runs that no earlier box holds.
    restricted
        How many inputs it restricts.
    """

    coverage: float
    density: float
    mass: float
    restricted: int


@dataclass(frozen=True)
class Box:
    """
    A scenario: a part of the space of inputs where the cases lie thick.

    Attributes
    ----------
    restrictions
        From the smallest quasi-p-value.
    coverage
        Share of all cases that it holds and no earlier box does.
    density
        Share of its runs that are cases.
    mass
        Share of all runs that it holds and no earlier box does.
    runs, cases
        How many of each.
    p
        How often cases dealt out at random over the same runs allow a box as good.
    trajectory
        Boxes passed while peeling, from the whole inwards.
    """

    restrictions: tuple[Restriction, ...]
    coverage: float
    density: float
    mass: float
    runs: int
    cases: int
    p: float
    trajectory: tuple[Step, ...]

    @property
    def mean(self) -> float:
        """Mean of the outcome (1 for a case, 0 for none) in the box: its density."""
        return self.density


@dataclass(frozen=True)
class Discovery:
    """
    What was found, and in what.

    Attributes
    ----------
    boxes
        In the order they were found; none is a legal answer.
    runs, cases
        Futures looked at, and those of interest.
    coverage
        Share of the cases that lie in some box.
    """

    boxes: tuple[Box, ...]
    runs: int
    cases: int
    coverage: float

    @property
    def base_rate(self) -> float:
        """Share of all runs that are cases: the density of no box at all."""
        return self.cases / self.runs


def in_words(box: Box) -> tuple[Words, ...]:
    """
    Return the restrictions of a box as a brief words them.

    Returns
    -------
    tuple
        For each restricted input its name, "above", "below" or "between", and the one or two values.
    """
    said: list[Words] = []
    for one in box.restrictions:
        if one.low is not None and one.high is not None:
            said.append((one.name, "between", (one.low, one.high)))
        elif one.low is not None:
            said.append((one.name, "above", (one.low,)))
        elif one.high is not None:
            said.append((one.name, "below", (one.high,)))
    return tuple(said)
