"""Areas with a value each, read from GeoJSON: which points lie in them, which lines touch them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import BadFile
from workbench.lifelines.model import Bools, Floats

CELLS = 2**22


@dataclass(frozen=True, eq=False)
class Area:
    """
    A polygon, or several, under one value.

    Attributes
    ----------
    value
        Such as the depth of water, m.
    begins, ends
        Corners at which each side of every ring (outer ones and holes) begins and ends, shape (sides, 2).
    """

    value: float
    begins: Floats
    ends: Floats

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        low, high = self.begins.min(axis=0), self.begins.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def contains(self, x: Floats, y: Floats) -> Bools:
        """Whether points lie inside: a ray to the east crosses the rings an odd number of times."""
        inside = np.zeros(len(x), bool)
        west, south, east, north = self.bounds
        near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        (bx, by), (ex, ey) = self.begins.T, self.ends.T
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (ex - bx) / (ey - by)
        for part in _parts(near, len(bx)):
            px, py = x[part, None], y[part, None]
            level = (by > py) != (ey > py)
            crossed = level & (px < bx + (py - by) * np.where(level, slope, 0.0))
            inside[part] = crossed.sum(axis=1) % 2 == 1
        return inside

    def touches(self, x: Floats, y: Floats, x2: Floats, y2: Floats) -> Bools:
        """Whether straight lines have a point inside or on the rings, shape (lines,)."""
        hit = self.contains(x, y) | self.contains(x2, y2)
        west, south, east, north = self.bounds
        near = (np.maximum(x, x2) >= west) & (np.minimum(x, x2) <= east)
        near &= (np.maximum(y, y2) >= south) & (np.minimum(y, y2) <= north)
        (bx, by), (ex, ey) = self.begins.T, self.ends.T
        for part in _parts(np.flatnonzero(near & ~hit), len(bx)):
            px, py, qx, qy = (one[part, None] for one in (x, y, x2, y2))
            apart = _side(px, py, qx, qy, bx, by) * _side(px, py, qx, qy, ex, ey)
            across = _side(bx, by, ex, ey, px, py) * _side(bx, by, ex, ey, qx, qy)
            boxes = (np.minimum(px, qx) <= np.maximum(bx, ex)) & (np.maximum(px, qx) >= np.minimum(bx, ex))
            boxes &= (np.minimum(py, qy) <= np.maximum(by, ey)) & (np.maximum(py, qy) >= np.minimum(by, ey))
            hit[part] = (boxes & (apart <= 0) & (across <= 0)).any(axis=1)
        return hit


def read_areas(path: str | PathLike[str], value: str) -> tuple[Area, ...]:
    """
    Read the polygons of a GeoJSON FeatureCollection.

    Parameters
    ----------
    path
        The file.
    value
        Property with the value of each.

    Raises
    ------
    BadFile
        It is no FeatureCollection, or features have no polygon or no value of 0 or more; all are named at
        once.
    """
    name = str(path)
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadFile(name, [(None, f"cannot be read as JSON ({error})")]) from error
    if not isinstance(told, dict) or told.get("type") != "FeatureCollection":
        raise BadFile(name, [(None, "is no GeoJSON FeatureCollection")])
    mistakes: list[tuple[int | None, str]] = []
    areas = []
    for number, feature in enumerate(told.get("features") or []):
        what = f"feature {number}"
        if not isinstance(feature, dict):
            mistakes.append((None, f"{what} is no feature"))
            continue
        given = (feature.get("properties") or {}).get(value)
        geometry = feature.get("geometry") or {}
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < np.inf:
            mistakes.append((None, f"{what} has {given!r} as '{value}': give a number of 0 or more"))
        elif geometry.get("type") not in ("Polygon", "MultiPolygon"):
            mistakes.append((None, f"{what} is a {geometry.get('type')}, not a Polygon or MultiPolygon"))
        else:
            polygons = geometry.get("coordinates") or []
            polygons = [polygons] if geometry["type"] == "Polygon" else polygons
            try:
                areas.append(_area(float(given), [ring for polygon in polygons for ring in polygon]))
            except (ValueError, TypeError, IndexError):
                mistakes.append(
                    (None, f"{what} has a ring of fewer than 3 corners, or corners that are not numbers")
                )
    if not mistakes and not areas:
        mistakes.append((None, "holds no polygon"))
    if mistakes:
        raise BadFile(name, mistakes)
    return tuple(areas)


def _area(value: float, rings: Sequence[Any]) -> Area:
    begins, ends = [], []
    for ring in rings:
        corners = np.array([[float(one[0]), float(one[1])] for one in ring])
        if not np.isfinite(corners).all():
            raise ValueError
        if (corners[0] == corners[-1]).all():
            corners = corners[:-1]
        if len(corners) < 3:
            raise ValueError
        begins.append(corners)
        ends.append(np.roll(corners, -1, axis=0))
    return Area(value, np.concatenate(begins), np.concatenate(ends))


def _side(ax: Any, ay: Any, bx: Any, by: Any, px: Any, py: Any) -> Any:
    """On which side of the line from a to b a point lies: 1, -1, or 0 on it."""
    return np.sign((bx - ax) * (py - ay) - (by - ay) * (px - ax))


def _parts(which: np.ndarray, sides: int) -> list[np.ndarray]:
    """Numbers in parts that fit in memory against so many sides."""
    step = max(1, CELLS // max(sides, 1))
    return [which[start : start + step] for start in range(0, len(which), step)]
