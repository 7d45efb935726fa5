"""Where assets lie: nodes at their point, edges at the middle between their ends; distances in kilometres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.errors import BadParameter
from workbench.lifelines._measures import named
from workbench.lifelines.model import Floats, LifelineNetwork
from workbench.lifelines.system import InterdependentSystem

EARTH_KM = 6371.0088
"""Mean radius of the earth, (2a + b) / 3 of WGS 84."""


@dataclass(frozen=True, eq=False)
class Sites:
    """
    Points.

    Attributes
    ----------
    x, y
        Longitude and latitude in degrees where `geographic`, else metres; shape (sites,).
    geographic
        Which of the two.
    """

    x: Floats
    y: Floats
    geographic: bool

    def distance_km(self, x: float, y: float) -> Floats:
        """Distance of every site from a point in the same coordinates, shape (sites,)."""
        if self.geographic:
            return haversine_km(self.x, self.y, np.array(x), np.array(y))
        return np.hypot(self.x - x, self.y - y) / 1000.0

    def distances_km(self) -> Floats:
        """Distances between all sites, shape (sites, sites)."""
        x, y = self.x[:, None], self.y[:, None]
        if self.geographic:
            return haversine_km(x, y, self.x, self.y)
        return np.hypot(x - self.x, y - self.y) / 1000.0

    def plane_km(self) -> Floats:
        """
        Sites on a plane, shape (sites, 2), km.

        Degrees are laid out around the whole degree nearest to the middle (equirectangular), which keeps
        distances within 2 % over some 200 km outside of the polar regions.
        """
        if not self.geographic:
            return np.column_stack([self.x, self.y]) / 1000.0
        turned = self.x[0] + _turn(self.x - self.x[0])
        lon, lat = (round(float(one.min() + one.max()) / 2) for one in (turned, self.y))
        east = np.radians(turned - lon) * np.cos(np.radians(lat))
        return np.column_stack([east, np.radians(self.y - lat)]) * EARTH_KM


def haversine_km(lon: Floats, lat: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Great-circle distance between points in degrees, km; arrays broadcast."""
    p, q = np.radians(lat), np.radians(lat2)
    half = np.sin((q - p) / 2) ** 2 + np.cos(p) * np.cos(q) * np.sin(np.radians(lon2 - lon) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))), float)


def sites_of(system: InterdependentSystem) -> Sites:
    """
    Site of every asset: a node's point, the middle of an edge's two ends.

    Raises
    ------
    BadParameter
        Nodes without x and y; layers of which some are in degrees and some in metres.
    """
    geographic = geographic_of(system)
    points = [points_of(network) for network in system.layers.values()]
    x, y = np.concatenate([p[0] for p in points]), np.concatenate([p[1] for p in points])
    lost = np.isnan(x) | np.isnan(y)
    if lost.any():
        raise BadParameter(
            f"{int(lost.sum()):,} assets have no place ({named(system, lost)}): give their nodes x and y."
        )
    return Sites(x, y, geographic)


def geographic_of(system: InterdependentSystem) -> bool:
    """Whether the layers are in degrees; raises `BadParameter` where they differ."""
    kinds = {network.geographic for network in system.layers.values()}
    if len(kinds) > 1:
        degrees = [name for name, network in system.layers.items() if network.geographic]
        raise BadParameter(
            f"The layers {', '.join(degrees)} are in degrees and the others in metres: bring all to the same "
            "coordinates."
        )
    return kinds.pop()


def points_of(network: LifelineNetwork) -> tuple[Floats, Floats]:
    """Coordinates of the assets of a network: nodes, then middles of edges; NaN where not given."""
    a = network.arrays
    x = network.nodes["x"].fill_null(np.nan).to_numpy().astype(float)
    y = network.nodes["y"].fill_null(np.nan).to_numpy().astype(float)
    step = x[a.v] - x[a.u]
    middle = x[a.u] + (_turn(step) if network.geographic else step) / 2
    return np.concatenate([x, middle]), np.concatenate([y, (y[a.u] + y[a.v]) / 2])


def _turn(degrees: Floats) -> Floats:
    """Differences of longitude, the short way round."""
    return np.asarray((degrees + 180.0) % 360.0 - 180.0, float)
