"""How strong a hazard is at each asset, and in what unit: what hazards give and fragility curves take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import BadParameter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from workbench.lifelines.model import Bools, Floats
    from workbench.lifelines.system import InterdependentSystem

SHOWN = 5
MEASURES: dict[str, str] = {
    "pga_g": "peak ground acceleration, g",
    "pgv_cm_s": "peak ground velocity, cm/s",
    "sa_g": "spectral acceleration, g",
    "pgd_m": "permanent ground displacement, m",
    "depth_m": "water depth, m",
    "gust_m_s": "gust, m/s",
    "age_y": "age, years",
}
"""Measures of intensity that the workbench itself makes or ships curves for; the unit stands in the name."""


@dataclass(frozen=True, eq=False)
class Intensity:
    """
    How strong a hazard is at each asset of a system.

    Parameters
    ----------
    measure
        What it is, with its unit in the name: one of `MEASURES`, or another name that the curves use too.
    values
        0 or more, shape (assets,) or (samples, assets); NaN where it is not known.

    Raises
    ------
    BadParameter
        The name is empty, or the values are negative, infinite or of another shape.
    """

    measure: str
    values: Floats

    def __post_init__(self) -> None:
        if not self.measure:
            raise BadParameter("An intensity needs the name of its measure, such as 'pga_g' or 'depth_m'.")
        values = np.asarray(self.values, float)
        if values.ndim not in (1, 2):
            raise BadParameter(
                f"An intensity is one number an asset, or rows of them, not an array of shape {values.shape}."
            )
        wrong = np.isinf(values) | (values < 0)
        if wrong.any():
            at = np.unique(np.nonzero(wrong)[-1])
            raise BadParameter(
                f"The intensity {self.measure} is negative or infinite at {len(at):,} assets (numbers "
                f"{listed(at)}): "
                "give 0 or more, and NaN where it is not known."
            )
        object.__setattr__(self, "values", values)


def listed(items: Sequence[object] | ArrayLike) -> str:
    """Name the first few of many."""
    every = [str(one) for one in np.asarray(items, dtype=object).ravel().tolist()]
    return ", ".join(every[:SHOWN]) + (f" and {len(every) - SHOWN:,} more" if len(every) > SHOWN else "")


def named(system: InterdependentSystem, which: Bools) -> str:
    """Name the assets that are marked, shape (assets,), by layer and id."""
    frame = system.assets.filter(which)
    return listed([f"{layer}/{name}" for layer, name in frame.select("layer", "id").iter_rows()])


def amounts(x: ArrayLike) -> Floats:
    """Intensities as numbers of 0 or more; NaN stays, anything below 0 is refused."""
    values = np.asarray(x, float)
    if (values < 0).any():
        raise BadParameter(f"{int((values < 0).sum()):,} intensities are below 0: give 0 or more.")
    return values
