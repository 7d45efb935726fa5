"""
How deep the water stands at every asset: from a grid of depths, or from areas of one depth each.

    depth = flood_depth(system, read_asc("depth_100y.asc"))          # ESRI ASCII grid
    depth = flood_depth(system, read_flood_areas("flood.geojson"))   # polygons with `depth_m`

A node has the depth where it stands; an edge the greatest depth along the straight line between its ends.
Maps and networks must be in the same coordinates: nothing is projected here.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Literal

import numpy as np

from workbench.errors import BadParameter
from workbench.lifelines._measures import Intensity, named
from workbench.lifelines._polygons import Area, read_areas
from workbench.lifelines._raster import Raster, read_asc
from workbench.lifelines._sites import geographic_of, sites_of
from workbench.lifelines.model import Floats, LifelineNetwork
from workbench.lifelines.system import InterdependentSystem


@dataclass(frozen=True, eq=False)
class FloodAreas:
    """
    Areas under water; outside of all of them it is dry, and where they overlap the deepest counts.

    Attributes
    ----------
    areas
        Each with its depth in metres.
    """

    areas: tuple[Area, ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        every = np.array([area.bounds for area in self.areas])
        low, high = every.min(axis=0), every.max(axis=0)
        return float(low[0]), float(low[1]), float(high[2]), float(high[3])


def read_flood_areas(path: str | PathLike[str], *, depth: str = "depth_m") -> FloodAreas:
    """
    Read areas under water from a GeoJSON FeatureCollection of polygons.

    Parameters
    ----------
    path
        The file.
    depth
        Property with the depth of each polygon, m.

    Raises
    ------
    BadFile
        It is no FeatureCollection, or features lack a polygon or a depth; all are named at once.
    """
    return FloodAreas(read_areas(path, depth))


def flood_depth(
    system: InterdependentSystem | LifelineNetwork,
    water: Raster | FloodAreas,
    *,
    outside: Literal["refuse", "dry"] = "refuse",
    no_data: Literal["refuse", "dry"] = "dry",
    measure: str = "depth_m",
) -> Intensity:
    """
    Depth of water at every asset.

    Parameters
    ----------
    system
        Networks with coordinates.
    water
        Grid or areas, in the coordinates of the networks.
    outside
        What assets are that lie beyond the grid, wholly or in part: "refuse", or "dry" there.
    no_data
        What cells without data are: "dry", as flood maps mostly mean it, or "refuse". Negative cells count as
        dry.
    measure
        What the values are; another hazard with a map (gusts, shaking) can be read in the same way.

    Returns
    -------
    depth
        Shape (assets,).

    Raises
    ------
    BadParameter
        Assets without a place, beyond the grid or on cells without data; a map in metres for a network in
        degrees, or the other way round.
    """
    for name, given in (("outside", outside), ("no_data", no_data)):
        if given not in ("refuse", "dry"):
            raise BadParameter(f"`{name}` is 'refuse' or 'dry', not '{given}'.")
    whole = InterdependentSystem.of(system)
    sites = sites_of(whole)
    _same_coordinates(whole, water, sites.x, sites.y)
    lines = _ends(whole)
    if isinstance(water, FloodAreas):
        depth = np.zeros(whole.size)
        for area in water.areas:
            depth = np.where(area.touches(*lines), np.maximum(depth, area.value), depth)
        return Intensity(measure, depth)
    x, y, x2, y2 = lines
    beyond = ~(water.covers(x, y) & water.covers(x2, y2))
    if beyond.any() and outside == "refuse":
        raise BadParameter(
            f"{int(beyond.sum()):,} of {whole.size:,} assets lie beyond the grid ({named(whole, beyond)}), "
            "which spans "
            f"{_spans(water)}: take a larger grid, or say outside='dry'."
        )
    point = (x == x2) & (y == y2)
    depth, known = water.at(x, y), np.ones(whole.size, bool)
    known[point] = ~np.isnan(depth[point])
    depth[~point], known[~point] = water.along(x[~point], y[~point], x2[~point], y2[~point])
    blank = ~known & ~beyond
    if blank.any() and no_data == "refuse":
        raise BadParameter(
            f"{int(blank.sum()):,} assets lie on cells without data ({named(whole, blank)}): fill the grid, "
            "or say "
            "no_data='dry'."
        )
    return Intensity(measure, np.maximum(np.nan_to_num(depth, nan=0.0), 0.0))


def _ends(system: InterdependentSystem) -> tuple[Floats, Floats, Floats, Floats]:
    """Both ends of every asset; those of a node are the same."""
    found: list[list[Floats]] = [[], [], [], []]
    for network in system.layers.values():
        x, y = (network.nodes[axis].to_numpy().astype(float) for axis in "xy")
        u, v = network.arrays.u, network.arrays.v
        for parts, node, edge in zip(found, (x, y, x, y), (x[u], y[u], x[v], y[v]), strict=True):
            parts += [node, edge]
    first, second, third, fourth = (np.concatenate(parts) for parts in found)
    return first, second, third, fourth


def _same_coordinates(system: InterdependentSystem, water: Raster | FloodAreas, x: Floats, y: Floats) -> None:
    """Refuse a map in metres for networks in degrees, and the other way round."""
    west, south, east, north = water.bounds
    degrees = max(abs(west), abs(east)) <= 360 and max(abs(south), abs(north)) <= 90
    geographic = geographic_of(system)
    if geographic and not degrees:
        raise BadParameter(
            f"The networks are in degrees, but the map spans {_spans(water)} and is likely in metres: bring "
            "both to the "
            "same coordinates."
        )
    far = (np.abs(x) > 360).any() or (np.abs(y) > 90).any()
    if not geographic and degrees and far:
        raise BadParameter(
            f"The networks are in metres, but the map spans {_spans(water)} and is likely in degrees: bring "
            "both to the "
            "same coordinates, or give the networks `geographic=True`."
        )


def _spans(water: Raster | FloodAreas) -> str:
    west, south, east, north = water.bounds
    return f"x {west:g} to {east:g}, y {south:g} to {north:g}"


__all__ = ["Area", "FloodAreas", "Raster", "flood_depth", "read_asc", "read_flood_areas"]
