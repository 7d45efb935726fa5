"""A grid of values over the ground, read from an ESRI ASCII file or made of an array."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from workbench.errors import BadFile, BadParameter
from workbench.lifelines.model import Bools, Floats

_CORNERS = ("xllcorner", "xllcenter", "yllcorner", "yllcenter")
_HEADS = (*_CORNERS, "ncols", "nrows", "cellsize", "dx", "dy", "nodata_value")


@dataclass(frozen=True, eq=False)
class Raster:
    """
    Values in cells, north up.

    Parameters
    ----------
    values
        Shape (rows, columns), the first row is the northernmost; NaN where there are no data.
    west, north
        Outer corner of the first cell, in the coordinates of the networks.
    cell_x, cell_y
        Width and height of a cell, above 0.

    Raises
    ------
    BadParameter
        No cells, or cells without a size.
    """

    values: Floats
    west: float
    north: float
    cell_x: float
    cell_y: float

    def __post_init__(self) -> None:
        values = np.asarray(self.values, float)
        if values.ndim != 2 or not values.size:
            raise BadParameter(f"A raster has rows and columns, not the shape {values.shape}.")
        if not (
            self.cell_x > 0
            and self.cell_y > 0
            and np.isfinite(self.west + self.north + self.cell_x + self.cell_y)
        ):
            raise BadParameter(
                f"A raster has a corner and cells of a size above 0, not ({self.west}, {self.north}) and "
                f"{self.cell_x} x {self.cell_y}."
            )
        object.__setattr__(self, "values", values)

    @classmethod
    def of(
        cls,
        values: Floats,
        transform: tuple[float, float, float, float, float, float],
        nodata: float | None = None,
    ) -> Raster:
        """
        Make a raster of an array and its affine transform.

        Parameters
        ----------
        values
            Shape (rows, columns).
        transform
            (a, b, c, d, e, f) with x = a column + b row + c and y = d column + e row + f at the corner of a
            cell, as rasterio has it; b and d are 0 and e is below 0.
        nodata
            Value that stands for no data.

        Raises
        ------
        BadParameter
            The grid is turned or not north up.
        """
        a, b, c, d, e, f = transform[:6]
        if b or d or e >= 0 or a <= 0:
            raise BadParameter(
                f"The transform {tuple(transform[:6])} is turned or not north up: warp the raster first."
            )
        given = np.asarray(values, float)
        return cls(given if nodata is None else np.where(given == nodata, np.nan, given), c, f, a, -e)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        rows, columns = self.values.shape
        return self.west, self.north - rows * self.cell_y, self.west + columns * self.cell_x, self.north

    def covers(self, x: Floats, y: Floats) -> Bools:
        """Whether points lie on the grid, its border included."""
        west, south, east, north = self.bounds
        return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north), bool)

    def at(self, x: Floats, y: Floats) -> Floats:
        """Values of the cells in which points lie, NaN beyond the grid and where there are no data."""
        on = self.covers(x, y)
        row, column = self._cells(np.where(on, x, self.west), np.where(on, y, self.north))
        return np.where(on, self.values[row, column], np.nan)

    def along(self, x: Floats, y: Floats, x2: Floats, y2: Floats) -> tuple[Floats, Bools]:
        """
        Greatest value along straight lines, and whether all of it is known.

        Every cell that a line passes counts, found from where it crosses the lines of the grid [1]_.

        Parameters
        ----------
        x, y, x2, y2
            Ends of the lines, shape (lines,).

        Returns
        -------
        greatest
            Of the cells with data, NaN where there is none; shape (lines,).
        known
            Whether every cell passed has data.

        References
        ----------
        .. [1] R. L. Siddon (1985), Fast calculation of the exact radiological path for a three-dimensional CT
           array, Medical Physics 12(2), 252-255.
        """
        greatest, known = np.full(len(x), np.nan), np.zeros(len(x), bool)
        for i in range(len(x)):
            t = self._crossings(x[i], y[i], x2[i], y2[i])
            between = (t[:-1] + t[1:]) / 2
            known[i] = not np.isnan(self._on(x[i], y[i], x2[i], y2[i], between)).any()
            passed = self._on(x[i], y[i], x2[i], y2[i], np.concatenate([between, t]))
            if not np.isnan(passed).all():
                greatest[i] = np.nanmax(passed)
        return greatest, known

    def _on(self, x: float, y: float, x2: float, y2: float, t: Floats) -> Floats:
        """Values at places from 0 to 1 along a line."""
        return self.at(x + t * (x2 - x), y + t * (y2 - y))

    def _crossings(self, x: float, y: float, x2: float, y2: float) -> Floats:
        """Places from 0 to 1 along a line at which it enters another cell, both ends included."""
        found = [np.array([0.0, 1.0])]
        rows, columns = self.values.shape
        for start, end, origin, size, count in (
            (x, x2, self.west, self.cell_x, columns),
            (-y, -y2, -self.north, self.cell_y, rows),
        ):
            if start != end:
                low, high = sorted(((start - origin) / size, (end - origin) / size))
                lines = np.arange(max(np.ceil(low), 0), min(np.floor(high), count) + 1)
                found.append((origin + lines * size - start) / (end - start))
        return np.asarray(np.unique(np.clip(np.concatenate(found), 0.0, 1.0)), float)

    def _cells(self, x: Floats, y: Floats) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = self.values.shape
        row = np.floor((self.north - y) / self.cell_y).astype(int)
        column = np.floor((x - self.west) / self.cell_x).astype(int)
        return np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)


def read_asc(path: str | PathLike[str]) -> Raster:
    """
    Read an ESRI ASCII grid (.asc).

    Raises
    ------
    BadFile
        It is no such grid, its header lacks something, or it has too many or too few values.
    """
    name = str(path)
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(name, [(None, f"cannot be read ({error})")]) from error
    heads: dict[str, float] = {}
    at = 0
    for at, line in enumerate(lines):
        parts = line.split()
        if len(parts) != 2 or parts[0].lower() not in _HEADS:
            break
        try:
            heads[parts[0].lower()] = float(parts[1])
        except ValueError:
            raise BadFile(name, [(at + 1, f"{parts[0]} '{parts[1]}' is not a number")]) from None
    wide, high = heads.get("dx", heads.get("cellsize")), heads.get("dy", heads.get("cellsize"))
    missing = [one for one in ("ncols", "nrows") if one not in heads]
    missing += [
        f"{axis}llcorner"
        for axis in "xy"
        if f"{axis}llcorner" not in heads and f"{axis}llcenter" not in heads
    ]
    missing += ["cellsize"] if wide is None or high is None else []
    if missing or wide is None or high is None:
        raise BadFile(name, [(1, f"is no ESRI ASCII grid: its header has no {', '.join(missing)}")])
    rows, columns = int(heads["nrows"]), int(heads["ncols"])
    try:
        values = np.array(" ".join(lines[at:]).split(), float)
    except ValueError as error:
        raise BadFile(name, [(None, f"holds something that is not a number ({error})")]) from None
    if values.size != rows * columns or not values.size:
        raise BadFile(name, [(None, f"has {values.size:,} values for {rows:,} rows of {columns:,}")])
    values = np.where(values == heads.get("nodata_value", -9999.0), np.nan, values).reshape(rows, columns)
    west = heads["xllcorner"] if "xllcorner" in heads else heads["xllcenter"] - wide / 2
    south = heads["yllcorner"] if "yllcorner" in heads else heads["yllcenter"] - high / 2
    try:
        return Raster(values, west, south + rows * high, wide, high)
    except BadParameter as error:
        raise BadFile(name, [(None, str(error))]) from error
