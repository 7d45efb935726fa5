"""Assets that fail by length or by age: breaks per kilometre in shaken ground, breaks per year, and lives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workbench.errors import BadParameter
from workbench.lifelines._measures import amounts
from workbench.lifelines.model import Floats

CM_PER_INCH, KM_PER_1000_FT = 2.54, 0.3048


@dataclass(frozen=True)
class RepairRate:
    """
    Breaks of buried pipes by peak ground velocity: factor x scale x PGV^power per km, Poisson along it.

    Parameters
    ----------
    scale, power
        Of the rate, for a velocity in cm/s and a rate per km.
    factor
        What the pipe's material, diameter or joints make of it, 1 for the reference pipe.
    break_share
        Share of repairs that take the pipe out of service rather than leak.
    source
        Where it stands.

    Raises
    ------
    BadParameter
        A number below 0, or a share out of 0 to 1.

    References
    ----------
    .. [1] American Lifelines Alliance (2001), Seismic fragility formulations for water systems, part 1:
       0.00187 PGV and 0.00108 PGV^1.173 repairs per 1000 ft, PGV in inches per second (as WNTR has them).
    .. [2] FEMA, Hazus earthquake model technical manual, potable water pipelines: 0.0001 PGV^2.25 repairs per
       km, PGV in cm/s, x 0.3 for ductile pipes; of the repairs that shaking causes 20 % are breaks and 80 %
       leaks.
    """

    scale: float
    power: float
    factor: float = 1.0
    break_share: float = 1.0
    source: str = ""
    measure = "pgv_cm_s"
    per_km = True

    def __post_init__(self) -> None:
        if not (
            self.scale >= 0 and self.power > 0 and self.factor >= 0 and np.isfinite(self.scale + self.power)
        ):
            raise BadParameter(
                f"A repair rate has a scale and a factor of 0 or more and a power above 0, not {self.scale}, "
                f"{self.factor} and {self.power}."
            )
        if not 0 <= self.break_share <= 1:
            raise BadParameter(f"`break_share` is a share from 0 to 1, not {self.break_share}.")

    @classmethod
    def ala(cls, *, form: str = "linear", factor: float = 1.0) -> RepairRate:
        """
        Rate of the American Lifelines Alliance [1]_; every repair counts as a break.

        Parameters
        ----------
        form
            "linear" or "power".
        factor
            K1 (or K2) of the report, by material, joint, soil and diameter.
        """
        if form not in ("linear", "power"):
            raise BadParameter(f"`form` is 'linear' or 'power', not '{form}'.")
        k, power = (0.00187, 1.0) if form == "linear" else (0.00108, 1.173)
        scale = k / CM_PER_INCH**power / KM_PER_1000_FT
        return cls(scale, power, factor, source=f"American Lifelines Alliance (2001), {form}")

    @classmethod
    def hazus(cls, *, ductile: bool = False, break_share: float = 0.2) -> RepairRate:
        """
        Rate of Hazus [2]_.

        Parameters
        ----------
        ductile
            Ductile pipe (steel, ductile iron, PVC): 0.3 of the rate of brittle pipe.
        break_share
            Share of repairs that are breaks.
        """
        factor = 0.3 if ductile else 1.0
        return cls(1e-4, 2.25, factor, break_share, "FEMA Hazus, after O'Rourke and Ayala (1993)")

    def rate(self, x: Floats) -> Floats:
        """Repairs per km at velocities `x` in cm/s, leaks and breaks together."""
        return np.asarray(self.factor * self.scale * amounts(x) ** self.power, float)

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability of at least one break along the length: 1 - exp(-rate x share x length)."""
        return np.asarray(-np.expm1(-self.rate(x) * self.break_share * _length(length_km)), float)

    def times(self, factor: float) -> RepairRate:
        """Return the same for another kind of pipe: its rate times a factor."""
        return replace(self, factor=self.factor * factor)


@dataclass(frozen=True)
class BreakRate:
    """
    Breaks of ageing pipes, log-linear in age [1]_: base x exp(growth x age) per km and year; Poisson.

    Parameters
    ----------
    base_per_km_y
        Rate of a new pipe.
    growth_per_y
        Growth of its logarithm each year; 0.05 is 5 % a year.
    horizon_y
        Years ahead in which a break counts.
    source
        Where it stands.

    References
    ----------
    .. [1] U. Shamir and C. D. D. Howard (1979), An analytic approach to scheduling pipe replacement, Journal
       of the American Water Works Association 71(5), 248-258.
    """

    base_per_km_y: float
    growth_per_y: float
    horizon_y: float = 1.0
    source: str = ""
    measure = "age_y"
    per_km = True

    def __post_init__(self) -> None:
        if not (self.base_per_km_y >= 0 and np.isfinite(self.base_per_km_y + self.growth_per_y)):
            raise BadParameter(
                f"A break rate has a base of 0 or more and a finite growth, not {self.base_per_km_y} and "
                f"{self.growth_per_y}."
            )
        _horizon(self.horizon_y)

    def breaks_per_km(self, x: Floats) -> Floats:
        """Breaks per km expected within the horizon of pipes of ages `x`: the integral of the rate."""
        now = self.base_per_km_y * np.exp(self.growth_per_y * amounts(x))
        g = self.growth_per_y
        span = self.horizon_y if g == 0 else np.expm1(g * self.horizon_y) / g
        return np.asarray(now * span, float)

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability of at least one break within the horizon along the length."""
        return np.asarray(-np.expm1(-self.breaks_per_km(x) * _length(length_km)), float)


@dataclass(frozen=True)
class WeibullLife:
    """
    Assets that wear out: of those still working at an age, the share that fails within the horizon.

    Parameters
    ----------
    scale_y
        Age by which 63.2 % have failed.
    shape
        Above 1 where they wear out, 1 where age does not matter.
    horizon_y
        Years ahead.
    source
        Where it stands.
    """

    scale_y: float
    shape: float
    horizon_y: float = 1.0
    source: str = ""
    measure = "age_y"
    per_km = False

    def __post_init__(self) -> None:
        if not (self.scale_y > 0 and self.shape > 0 and np.isfinite(self.scale_y + self.shape)):
            raise BadParameter(
                f"A Weibull life has a scale and a shape above 0, not {self.scale_y} and {self.shape}."
            )
        _horizon(self.horizon_y)

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability of failing within the horizon at ages `x`, given that it works now."""
        age = amounts(x)
        over = ((age + self.horizon_y) / self.scale_y) ** self.shape - (age / self.scale_y) ** self.shape
        return np.asarray(-np.expm1(-over), float)


def _length(length_km: Floats | None) -> Floats:
    if length_km is None:
        raise BadParameter("A rate per km needs the length of each asset (`length_km`).")
    length = np.asarray(length_km, float)
    if (length < 0).any() or not np.isfinite(length).all():
        raise BadParameter(f"Lengths are 0 km or more; {int((~(length >= 0)).sum())} are not.")
    return length


def _horizon(years: float) -> None:
    if not (years > 0 and np.isfinite(years)):
        raise BadParameter(f"`horizon_y` is above 0 years, not {years}.")
