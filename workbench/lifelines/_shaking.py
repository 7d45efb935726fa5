"""Median ground motion at a distance from an earthquake: published attenuation relations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import UnknownName

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats

GRAVITY_CM_S2 = 981.0


@dataclass(frozen=True)
class Attenuation:
    """
    An attenuation relation.

    Attributes
    ----------
    measure
        What it gives: "pga_g" or "pgv_cm_s".
    median
        Function of magnitude, epicentral distance (km), focal depth (km) and Vs30 (m/s).
    tau, phi
        Standard deviations between and within events of the natural logarithm; None where the source used
        gives none.
    source
        Where it stands, and what it was made for.
    """

    measure: str
    median: Callable[[float, Floats, float, float], Floats]
    tau: float | None
    phi: float | None
    source: str


def relation_of(name: str) -> Attenuation:
    """Find a relation by its name; raises `UnknownName`."""
    if name not in RELATIONS:
        raise UnknownName("attenuation relation", name, RELATIONS)
    return RELATIONS[name]


def _kawashima(magnitude: float, distance: Floats, depth: float, vs30: float) -> Floats:
    return np.asarray(403.8 * 10 ** (0.265 * magnitude) * (distance + 30.0) ** -1.218 / GRAVITY_CM_S2, float)


def _yu_jin(a: float, b: float, c: float) -> Callable[[float, Floats, float, float], Floats]:
    def median(magnitude: float, distance: Floats, depth: float, vs30: float) -> Floats:
        return np.asarray(10 ** (a + b * magnitude + c * np.log10(distance + 17.0)), float)

    return median


@dataclass(frozen=True)
class _BooreAtkinson:
    """Coefficients of one measure, strike-slip faulting: tables 3, 6 and 7 of the paper."""

    c1: float
    c2: float
    c3: float
    h: float
    e2: float
    e5: float
    e6: float
    mh: float
    linear: float
    b1: float
    b2: float

    def rock(self, magnitude: float, distance: Floats) -> Floats:
        r = np.sqrt(distance**2 + self.h**2)
        away = (self.c1 + self.c2 * (magnitude - 4.5)) * np.log(r) + self.c3 * (r - 1.0)
        over = magnitude - self.mh
        size = self.e2 + (
            self.e5 * over + self.e6 * over**2 if over <= 0 else 0.0
        )  # e7 is 0 for both measures
        return np.asarray(size + away, float)

    def __call__(self, magnitude: float, distance: Floats, depth: float, vs30: float) -> Floats:
        rock = np.exp(_PGA.rock(magnitude, distance))
        site = self.linear * np.log(vs30 / 760.0) + self._soft(rock, vs30)
        return np.asarray(np.exp(self.rock(magnitude, distance) + site), float)

    def _soft(self, rock: Floats, vs30: float) -> Floats:
        """Non-linear amplification of soft ground, equations 8 and 13."""
        if vs30 <= 180.0:
            slope = self.b1
        elif vs30 <= 300.0:
            slope = (self.b1 - self.b2) * np.log(vs30 / 300.0) / np.log(180.0 / 300.0) + self.b2
        else:
            slope = self.b2 * np.log(min(vs30, 760.0) / 760.0) / np.log(300.0 / 760.0)
        low, high = 0.03, 0.09
        x, y = np.log(high / low), slope * np.log(high / 0.06)
        c, d = (3 * y - slope * x) / x**2, -(2 * y - slope * x) / x**3
        t = np.log(np.clip(rock, low, high) / low)
        curve = slope * np.log(0.06 / 0.1) + c * t**2 + d * t**3
        return np.where(rock <= high, curve, slope * np.log(np.maximum(rock, high) / 0.1))


_PGA = _BooreAtkinson(
    -0.66050, 0.11970, -0.01151, 1.35, -0.50350, 0.28805, -0.10164, 6.75, -0.36, -0.64, -0.14
)
_PGV = _BooreAtkinson(
    -0.87370, 0.10060, -0.00334, 2.54, 5.04727, 0.18322, -0.12736, 8.50, -0.60, -0.50, -0.06
)
_BA08 = (
    "D. M. Boore and G. M. Atkinson (2008), Ground-motion prediction equations ..., Earthquake Spectra "
    "24(1), "
    "99-138: strike-slip, shallow crust, magnitude 5 to 8, within 200 km, Vs30 180 to 1300 m/s. Its distance "
    "to the "
    "surface projection of the fault is taken as the epicentral distance, which is too far for long ruptures"
)
_YJ08 = "Yu and Jin (2008), peak velocity, {}, as WNTR (USEPA) gives it; depth and Vs30 are not used"

RELATIONS: dict[str, Attenuation] = {
    "boore_atkinson_2008_pga": Attenuation("pga_g", _PGA, 0.260, 0.502, _BA08),
    "boore_atkinson_2008_pgv": Attenuation("pgv_cm_s", _PGV, 0.256, 0.500, _BA08),
    "kawashima_1984_pga": Attenuation(
        "pga_g",
        _kawashima,
        None,
        None,
        "Kawashima et al. (1984), Japan, as WNTR (USEPA) gives it; depth and Vs30 are not used",
    ),
    "yu_jin_2008_rock_pgv": Attenuation(
        "pgv_cm_s", _yu_jin(-0.848, 0.775, -1.834), None, None, _YJ08.format("rock")
    ),
    "yu_jin_2008_soil_pgv": Attenuation(
        "pgv_cm_s", _yu_jin(-0.285, 0.711, -1.851), None, None, _YJ08.format("soil")
    ),
}
"""Relations by name."""
