"""Curves of failing by intensity: lognormal, by damage state, by depth, fixed; and one for each class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._measures import amounts
from workbench.lifelines.model import Floats


@runtime_checkable
class Curve(Protocol):
    """What every curve can do."""

    @property
    def measure(self) -> str:
        """Intensity it takes, with its unit, such as "pga_g"; "" where it takes any."""
        ...

    @property
    def per_km(self) -> bool:
        """Whether the probability depends on the length of the asset."""
        ...

    @property
    def source(self) -> str:
        """Where it stands, in words."""
        ...

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability that the asset does not work, in the shape of `x`."""
        ...


@dataclass(frozen=True)
class FragilityCurve:
    """
    Lognormal fragility: Phi(ln(x / median) / beta).

    Parameters
    ----------
    median
        Intensity at which half of the assets fail.
    beta
        Standard deviation of the logarithm.
    measure
        Intensity it takes.
    source
        Where it stands.

    Raises
    ------
    BadParameter
        Median or beta not above 0.
    """

    median: float
    beta: float
    measure: str = "pga_g"
    source: str = ""
    per_km = False

    def __post_init__(self) -> None:
        if not (self.median > 0 and self.beta > 0 and np.isfinite(self.median + self.beta)):
            raise BadParameter(
                f"A fragility curve has a median and a beta above 0, not {self.median} and {self.beta}."
            )

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability of failing at intensities `x`, in their shape; 0 at 0."""
        need("scipy.special", "A lognormal curve")
        from scipy.special import ndtr

        with np.errstate(divide="ignore"):
            return np.asarray(ndtr(np.log(amounts(x) / self.median) / self.beta), float)


@dataclass(frozen=True)
class DamageStates:
    """
    Fragility curves of several damage states, from light to heavy.

    Parameters
    ----------
    states
        A curve for reaching or exceeding each state, in order.
    fails_from
        First state in which the asset does not work.

    Raises
    ------
    BadParameter
        Measures that differ, or medians that do not rise from state to state.
    UnknownName
        No state is called `fails_from`.
    """

    states: Mapping[str, FragilityCurve]
    fails_from: str
    per_km = False

    def __post_init__(self) -> None:
        states = dict(self.states)
        if not states:
            raise BadParameter("Damage states need at least one curve.")
        if self.fails_from not in states:
            raise UnknownName("damage state", self.fails_from, states)
        measures = {curve.measure for curve in states.values()}
        if len(measures) > 1:
            raise BadParameter(f"Damage states take one measure, not {', '.join(sorted(measures))}.")
        for (one, light), (two, heavy) in pairwise(states.items()):
            if heavy.median < light.median:
                raise BadParameter(
                    f"The median of '{two}' ({heavy.median:g}) is below that of '{one}' ({light.median:g}): "
                    "give states "
                    "from light to heavy."
                )
        object.__setattr__(self, "states", states)

    @property
    def measure(self) -> str:
        """Intensity it takes."""
        return self.states[self.fails_from].measure

    @property
    def source(self) -> str:
        """Where the curve that counts stands."""
        return self.states[self.fails_from].source

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability of reaching the first state in which the asset does not work."""
        place = list(self.states).index(self.fails_from)
        return np.asarray(self.exceedance(x)[place], float)

    def exceedance(self, x: Floats) -> Floats:
        """
        Probability of reaching or exceeding each state, shape (states, *x.shape).

        Where curves cross because their betas differ, a heavier state takes the probability of the lighter
        one.
        """
        every = np.stack([curve.probability(x) for curve in self.states.values()])
        return np.asarray(np.minimum.accumulate(every, axis=0), float)

    def shares(self, x: Floats) -> Floats:
        """Probability of being in each state, undamaged first, shape (states + 1, *x.shape); sums to 1."""
        over = self.exceedance(x)
        ones, zeros = np.ones_like(over[:1]), np.zeros_like(over[:1])
        return np.asarray(np.concatenate([ones, over]) - np.concatenate([over, zeros]), float)


@dataclass(frozen=True, eq=False)
class DepthDamage:
    """
    Damage by depth (or gust, or another measure), a line between points.

    Parameters
    ----------
    points
        Rising intensities, shape (points,).
    fractions
        Share of damage at each, 0 to 1.
    measure
        Intensity it takes.
    fails_at
        Share of damage at which the asset stops working: it fails for sure from there on, and never below.
        None to take the share itself as the probability of failing, an assumption that makes damage and
        outage the same thing.
    source
        Where it stands.

    Raises
    ------
    BadParameter
        Points that do not rise, shares out of 0 to 1 or falling.
    """

    points: Floats
    fractions: Floats
    measure: str = "depth_m"
    fails_at: float | None = None
    source: str = ""
    per_km = False

    def __post_init__(self) -> None:
        x, y = np.asarray(self.points, float), np.asarray(self.fractions, float)
        if x.ndim != 1 or x.shape != y.shape or len(x) < 2:
            raise BadParameter(f"A damage curve needs at least two points, not {x.shape} and {y.shape}.")
        if not np.isfinite(x).all() or (np.diff(x) <= 0).any() or x[0] < 0:
            raise BadParameter(
                f"The points of a damage curve rise from 0 or more; these do not: {x.tolist()}."
            )
        if not ((y >= 0) & (y <= 1)).all() or (np.diff(y) < 0).any():
            raise BadParameter(f"Shares of damage rise from 0 to 1; these do not: {y.tolist()}.")
        if self.fails_at is not None and not 0 < self.fails_at <= 1:
            raise BadParameter(f"`fails_at` is a share above 0 and up to 1, not {self.fails_at}.")
        object.__setattr__(self, "points", x)
        object.__setattr__(self, "fractions", y)

    def fraction(self, x: Floats) -> Floats:
        """Share of damage at intensities `x`; beyond the last point that of the last point."""
        return np.asarray(np.interp(amounts(x), self.points, self.fractions), float)

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability of failing at intensities `x`, in their shape."""
        share = self.fraction(x)
        return share if self.fails_at is None else np.where(share >= self.fails_at, 1.0, 0.0)


@dataclass(frozen=True)
class FixedProbability:
    """
    The same probability of failing at any intensity, such as 0 for what the hazard does not touch.

    Parameters
    ----------
    value
        0 to 1.
    source
        Where it stands.
    """

    value: float
    source: str = ""
    measure = ""
    per_km = False

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            raise BadParameter(f"A probability is from 0 to 1, not {self.value}.")

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Return the value in the shape of `x`."""
        return np.full(np.shape(x), self.value)


class Curves(Mapping[str, Curve]):
    """
    A curve for each fragility class.

    Parameters
    ----------
    curves
        By class.

    Raises
    ------
    BadParameter
        Something that is not a curve.
    UnknownName
        On asking for a class without a curve.
    """

    def __init__(self, curves: Mapping[str, Curve]) -> None:
        self._curves = dict(curves)
        for name, curve in self._curves.items():
            if not isinstance(curve, Curve):
                raise BadParameter(
                    f"The curve of '{name}' is a {type(curve).__name__}, not a fragility curve."
                )

    def __getitem__(self, name: str) -> Curve:
        if name not in self._curves:
            raise UnknownName("fragility class with a curve", name, self._curves)
        return self._curves[name]

    def __contains__(self, name: object) -> bool:
        return name in self._curves

    def __iter__(self) -> Iterator[str]:
        return iter(self._curves)

    def __len__(self) -> int:
        return len(self._curves)

    def frame(self) -> pl.DataFrame:
        """One row a class: `fragility_class`, `curve` (what kind), `measure`, `per_km`, `source`."""
        return pl.DataFrame(
            [
                (name, type(one).__name__, one.measure, one.per_km, one.source)
                for name, one in self._curves.items()
            ],
            schema=["fragility_class", "curve", "measure", "per_km", "source"],
            orient="row",
        )

    def __or__(self, other: Mapping[str, Curve]) -> Curves:
        """Join with other curves, which stand before these where a class has both."""
        return Curves({**self._curves, **other})
