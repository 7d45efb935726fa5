"""Hazards that are not earthquakes or water: wind, age, and assets that somebody means to bring down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from workbench.errors import BadParameter
from workbench.lifelines._measures import Intensity, named
from workbench.lifelines._sites import sites_of
from workbench.lifelines.model import Floats, LifelineNetwork
from workbench.lifelines.system import InterdependentSystem


@dataclass(frozen=True, kw_only=True)
class Storm:
    """
    A tropical cyclone at one moment, as a vortex.

    Parameters
    ----------
    x, y
        Centre, in the coordinates of the networks.
    max_gust_m_s
        Greatest gust.
    radius_km
        Distance from the centre at which it blows.
    shape
        Holland's B, 1 to 2.5: how fast the wind falls off outside.
    """

    x: float
    y: float
    max_gust_m_s: float
    radius_km: float
    shape: float = 1.5

    def __post_init__(self) -> None:
        if not (np.isfinite(self.x) and np.isfinite(self.y)):
            raise BadParameter(f"The centre ({self.x}, {self.y}) is not a point.")
        if not 0 < self.max_gust_m_s <= 150 or not 0 < self.radius_km <= 1000 or not 0.5 <= self.shape <= 3:
            raise BadParameter(
                "A storm has a gust of up to 150 m/s, a radius of up to 1000 km and a shape from 0.5 to 3, "
                "not "
                f"{self.max_gust_m_s}, {self.radius_km} and {self.shape}."
            )


def wind_field(system: InterdependentSystem | LifelineNetwork, storm: Storm) -> Intensity:
    """
    Gust at every asset: v = v_max sqrt(s exp(1 - s)), s = (radius / r)^B.

    The cyclostrophic form of Holland's profile [1]_: the earth's rotation and the storm's own motion are left
    out.

    References
    ----------
    .. [1] G. J. Holland (1980), An analytic model of the wind and pressure profiles in hurricanes, Monthly
       Weather Review 108(8), 1212-1218.
    """
    r = sites_of(InterdependentSystem.of(system)).distance_km(storm.x, storm.y)
    with np.errstate(divide="ignore", over="ignore"):
        s = (storm.radius_km / r) ** storm.shape
    s = np.minimum(s, 700.0)  # at the centre exp(1 - s) is 0 long before
    return Intensity("gust_m_s", storm.max_gust_m_s * np.sqrt(s * np.exp(1.0 - s)))


def age_of(
    system: InterdependentSystem | LifelineNetwork, *, year: float, column: str = "built"
) -> Intensity:
    """
    Age of every asset in a year; NaN where it is not known when it was built.

    Parameters
    ----------
    system
        Networks.
    year
        The year.
    column
        Column of nodes and edges with the year in which each was built.

    Raises
    ------
    BadParameter
        No layer has the column, or an asset is built after the year.
    """
    whole, parts, found = InterdependentSystem.of(system), [], False
    for network in whole.layers.values():
        for frame in (network.nodes, network.edges):
            if column in frame.columns and frame[column].dtype.is_numeric():
                found = True
                parts.append(year - frame[column].cast(pl.Float64).fill_null(np.nan).to_numpy())
            else:
                parts.append(np.full(frame.height, np.nan))
    age = np.concatenate(parts)
    if not found:
        raise BadParameter(
            f"No nodes or edges have a numeric column '{column}': add the year in which each was built."
        )
    if (age < 0).any():
        raise BadParameter(
            f"Assets are built after {year:g} ({named(whole, age < 0)}): mend '{column}' or the year."
        )
    return Intensity("age_y", age)


def targeted(system: InterdependentSystem | LifelineNetwork, assets: Sequence[tuple[str, str]]) -> Floats:
    """
    Probability of failing when given assets are attacked: 1 for these, 0 for all others.

    Parameters
    ----------
    system
        The networks.
    assets
        Each a layer and an id.

    Returns
    -------
    probability
        Shape (assets,), as `sample_damage` takes it.

    Raises
    ------
    UnknownName
        No such layer or asset.
    """
    whole = InterdependentSystem.of(system)
    probability = np.zeros(whole.size)
    probability[[whole.asset(layer, name) for layer, name in assets]] = 1.0
    return probability
