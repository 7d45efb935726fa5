"""
Uncertain inputs: what is not known exactly, over which range, and on what ground.

    inputs = Inputs([
        UncertainInput("demand", 800, 1400, "passengers/h", Text("Demand", "客流需求"), "triangular", 1000,
                       Text("October counts, 30 days")),
        UncertainInput("fare", 1.0, 3.0, "CNY", Text("Fare", "票价"), "uniform", 2.0, Text("Tariff 2025")),
    ])
    futures = inputs.sample(512, Streams(42))           # shape (512, 2)

Every law is given by its quantile function, so that a point of the unit cube becomes the same values
whichever design made it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from workbench._need import need
from workbench._text import Text
from workbench.decisions._arrays import Floats, table, unique, whole
from workbench.decisions._checks import number, phrase
from workbench.errors import BadParameter, UnknownName
from workbench.simulation import Streams

Distribution = Literal["uniform", "triangular", "normal", "loguniform"]
Method = Literal["latin_hypercube", "sobol"]
DISTRIBUTIONS: tuple[Distribution, ...] = ("uniform", "triangular", "normal", "loguniform")
METHODS: tuple[Method, ...] = ("latin_hypercube", "sobol")


@dataclass(frozen=True)
class UncertainInput:
    """
    A number that is not known exactly.

    Parameters
    ----------
    name
        What programs call it, such as "demand".
    low, high
        The range, in `unit`; nothing is ever drawn outside of it.
    unit
        Unit of all its numbers; "" for a pure number.
    label
        What a planner calls it.
    distribution
        "uniform"; "triangular" with its peak at `base`; "normal" around `base` with a standard deviation of a
        sixth of the range [1]_, cut off at both ends; "loguniform", for what is known to an order of
        magnitude.
    base
        The value used where nothing varies.
    basis
        On what ground the range stands.

    Raises
    ------
    BadParameter
        The range is empty or not finite, the base lies outside of it, or the law does not fit the range.
    UnknownName
        There is no such distribution.

    References
    ----------
    .. [1] D. G. Malcolm, J. H. Roseboom, C. E. Clark and W. Fazar (1959), Application of a technique for
       research and development program evaluation, Operations Research 7(5).
    """

    name: str
    low: float
    high: float
    unit: str
    label: Text
    distribution: Distribution
    base: float
    basis: Text

    def __post_init__(self) -> None:
        unique("input", (self.name,))
        for field in ("low", "high", "base"):
            given = getattr(self, field)
            object.__setattr__(self, field, number(f"`{field}` of input '{self.name}'", given))
        for field in ("label", "basis"):
            phrase(f"The {field} of input '{self.name}'", getattr(self, field))
        unit: object = self.unit
        if not isinstance(unit, str):
            raise BadParameter(f"The unit of input '{self.name}' must be a text, '' for none, not {unit!r}.")
        if not self.low < self.high:
            raise BadParameter(
                f"The range of input '{self.name}' is empty: `low` {self.low:g} must be below "
                f"`high` {self.high:g}."
            )
        if not self.low <= self.base <= self.high:
            raise BadParameter(
                f"The base of input '{self.name}', {self.base:g}, lies outside of its range "
                f"{self.low:g} to {self.high:g}: widen the range or correct the base."
            )
        if self.distribution not in DISTRIBUTIONS:
            raise UnknownName("distribution", str(self.distribution), DISTRIBUTIONS)
        if self.distribution == "loguniform" and self.low <= 0:
            raise BadParameter(
                f"Input '{self.name}' is loguniform, so `low` must be above 0, not {self.low:g}: "
                "use 'uniform' for a range that reaches 0."
            )

    def quantile(self, share: Floats) -> Floats:
        """
        Values that are not exceeded with these probabilities.

        Parameters
        ----------
        share
            Probabilities, 0 to 1, of any shape.

        Returns
        -------
        ndarray
            Values in `unit`, of the same shape.
        """
        low, high, base = self.low, self.high, self.base
        if self.distribution == "uniform":
            value = low + share * (high - low)
        elif self.distribution == "loguniform":
            value = low * np.exp(share * math.log(high / low))
        elif self.distribution == "triangular":
            peak = (base - low) / (high - low)
            rising = low + np.sqrt(share * (high - low) * (base - low))
            falling = high - np.sqrt((1 - share) * (high - low) * (high - base))
            value = np.where(share < peak, rising, falling)
        else:
            special, sd = need("scipy.special", "A normal input"), (high - low) / 6
            first, last = special.ndtr((low - base) / sd), special.ndtr((high - base) / sd)
            value = base + sd * special.ndtri(first + share * (last - first))
        return np.clip(value, low, high)


@dataclass(frozen=True)
class Inputs:
    """
    The uncertain inputs of one model, in the order of its columns.

    Parameters
    ----------
    each
        The inputs, at least one, no two of one name.

    Raises
    ------
    BadParameter
        There is none, or two have one name.
    """

    each: tuple[UncertainInput, ...]

    def __post_init__(self) -> None:
        given: object = self.each  # from a notebook it may be anything
        listed = tuple(given) if isinstance(given, Iterable) else ()
        if not listed or not all(isinstance(one, UncertainInput) for one in listed):
            raise BadParameter("Inputs need a list of at least one UncertainInput, and of nothing else.")
        object.__setattr__(self, "each", listed)
        unique("input", self.names)

    def __iter__(self) -> Iterator[UncertainInput]:
        return iter(self.each)

    def __len__(self) -> int:
        return len(self.each)

    def __getitem__(self, name: str) -> UncertainInput:
        for one in self.each:
            if one.name == name:
                return one
        raise UnknownName("input", name, self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """Names, in the order of the columns."""
        return tuple(one.name for one in self.each)

    @property
    def base(self) -> Floats:
        """Base values, shape (inputs,)."""
        return np.array([one.base for one in self.each])

    def at(self, shares: Floats) -> Floats:
        """
        Turn points of the unit cube into values.

        Parameters
        ----------
        shares
            Shape (runs, inputs), 0 to 1.

        Returns
        -------
        ndarray
            Shape (runs, inputs), each column in the unit of its input.

        Raises
        ------
        BadParameter
            Another shape, or a share outside of 0 to 1.
        """
        points = table("Shares", shares, "runs", "inputs")
        if points.shape[1] != len(self):
            raise BadParameter(f"Shares have {points.shape[1]} columns, but there are {len(self)} inputs.")
        if points.min() < 0 or points.max() > 1:
            raise BadParameter("Shares must lie between 0 and 1.")
        return np.column_stack([one.quantile(points[:, at]) for at, one in enumerate(self.each)])

    def sample(self, n: int, streams: Streams, *, method: Method = "latin_hypercube") -> Floats:
        """
        Futures spread over the ranges.

        Parameters
        ----------
        n
            How many; a power of 2 for Sobol' points.
        streams
            Randomness. In a Latin hypercube each input has its own stream, so that another input does not
            move the first ones.
        method
            "latin_hypercube" [1]_, or "sobol", scrambled [2]_ (needs SciPy).

        Returns
        -------
        ndarray
            Shape (n, inputs), each column in the unit of its input.

        Raises
        ------
        BadParameter
            `n` is too small, or no power of 2.
        UnknownName
            There is no such method.

        References
        ----------
        .. [1] M. D. McKay, R. J. Beckman and W. J. Conover (1979), A comparison of three methods for
           selecting values of input variables in the analysis of output from a computer code, Technometrics
           21(2).
        .. [2] A. B. Owen (1998), Scrambling Sobol' and Niederreiter-Xing points, Journal of Complexity 14(4).
        """
        whole("n", n, 1)
        if method == "sobol":
            power_of_two("n", n)
            qmc = need("scipy.stats.qmc", "A Sobol' sample")
            seed = int(streams.generator("inputs", "sobol").integers(2**63))
            engine = qmc.Sobol(len(self), scramble=True, rng=seed)
            return self.at(np.asarray(engine.random(n)))
        if method != "latin_hypercube":
            raise UnknownName("sampling method", str(method), METHODS)
        columns = []
        for name in self.names:
            generator = streams.generator("inputs", "latin hypercube", name)
            columns.append((generator.permutation(n) + generator.random(n)) / n)
        return self.at(np.column_stack(columns))

    def problem(self) -> dict[str, Any]:
        """
        Describe the inputs to SALib: names and the unit cube, whose points `at` turns into values.

        SALib has laws of its own, but refuses triangles that reach below 0; so the laws stay here.
        """
        return {
            "num_vars": len(self),
            "names": list(self.names),
            "bounds": [[0.0, 1.0] for _ in self.each],
        }


def power_of_two(what: str, n: int) -> None:
    """Refuse a number of Sobol' points that would not fill the cube evenly."""
    if n & (n - 1):
        below = 1 << (n.bit_length() - 1)
        raise BadParameter(
            f"Sobol' points fill the ranges evenly only in powers of 2: "
            f"`{what}` must be {below} or {2 * below}, not {n}."
        )
