"""What is not known of crowding: what vehicles take, who is not counted, what comes, how evenly they fill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipelines.traffic.recording import uncertain
from workbench.decisions import Inputs

if TYPE_CHECKING:
    from pipelines.traffic.crowding import CrowdingParameters
    from pipelines.traffic.service import Regularity
    from workbench.domains import Measures

Floats = NDArray[np.float64]
UNEVEN, LEAST_UNEVEN, MOST_UNEVEN = 0.4, 0.1, 0.5
"""Variation of loads between vehicles where none was measured, and the ends a measured one is held to."""
NO_SPREAD = 1e-6
LEAST_SHARE = 0.01


@dataclass(frozen=True, eq=False)
class Burden:
    """
    Riders above places, as a function of the uncertain inputs; exact, and quick however many cells there are.

    Vehicles of a quarter-hour take between 1 - h and 1 + h times their mean load, evenly spread. A cell of W
    places and W m riders then leaves W (m - 1) above where m (1 - h) >= 1, none where m (1 + h) <= 1, and
    W (m (1 + h) - 1)^2 / (4 m h) in between. With the cells sorted by m, sums of W, W m and W / m up to each
    give the sum over all.

    Attributes
    ----------
    ratio
        Riders over places of each day and cell, from the least.
    sums
        Sums of W, W m and W / m over the first 0, 1, 2 ... of them, shape (cells + 1, 3).
    days
        How many days they are of.
    """

    ratio: Floats
    sums: Floats
    days: int

    @classmethod
    def of(cls, riders: Floats, places: Floats) -> Burden:
        """Sort the cells of all days, shape (days, cells)."""
        held = (riders > 0) & (places > 0)
        ratio, weight = riders[held] / places[held], places[held]
        order = np.argsort(ratio, kind="stable")
        ratio, weight = ratio[order], weight[order]
        terms = np.column_stack([weight, weight * ratio, weight / ratio])
        return cls(ratio, np.concatenate([np.zeros((1, 3)), terms.cumsum(axis=0)]), len(riders))

    def above(self, riders: Floats, places: Floats, uneven: Floats) -> Floats:
        """
        Riders above places on a mean day, each once in every section.

        Parameters
        ----------
        riders, places
            How many times as many as were counted, and as are offered, shape (runs,).
        uneven
            Standard deviation of the loads of vehicles in a quarter-hour, as a share of their mean; at most
            0.5.
        """
        by, half = riders / places, np.sqrt(3.0) * uneven
        half = np.where(half < NO_SPREAD, 0.0, half)
        full = np.searchsorted(self.ratio, 1 / (by * (1 - half)), side="left")
        some = np.minimum(np.searchsorted(self.ratio, 1 / (by * (1 + half)), side="right"), full)
        weight, load, rest = (self.sums[full] - self.sums[some]).T
        _, total_load, _ = (self.sums[-1] - self.sums[full]).T
        total_weight = self.sums[-1, 0] - self.sums[full, 0]
        most = 1 + half
        between = by * load * most**2 - 2 * most * weight + rest / by
        between = np.where(half > 0, between / (4 * np.where(half > 0, half, 1.0)), 0.0)
        return places * np.maximum(by * total_load - total_weight + between, 0.0) / self.days


def unknowns(p: CrowdingParameters, measures: Measures, lines: Iterable[Regularity]) -> Inputs:
    """What is not known, and over which range it is tried."""
    uneven = [line.figures["cv"].value for line in lines if line.frequent]
    known = [one for one in uneven if one is not None]
    most = min(max(float(np.median(known)), LEAST_UNEVEN), MOST_UNEVEN) if known else UNEVEN
    share = p.sample_share
    least = max(min(LEAST_SHARE, share / 2), 0.8 * share * _placed(measures))
    return Inputs(
        (
            uncertain("crowding", "growth", 0.9, 1.2, 1.0, "ratio"),
            uncertain("crowding", "share", least, min(1.0, 1.1 * share), share, "share"),
            uncertain("crowding", "capacity", 0.85, 1.15, 1.0, "ratio"),
            uncertain("crowding", "uneven", 0.0, most, 0.0, "share"),
        )
    )


def scales(values: Floats, share: float) -> tuple[Floats, Floats, Floats]:
    """Turn values of the inputs, shape (runs, 4), into factors on riders and places, and the unevenness."""
    growth, tapped, capacity, uneven = values.T
    return growth * share / tapped, capacity, uneven


def _placed(measures: Measures) -> float:
    """Share of the riders that are on a section: the others do not say where they alight, or no line fits."""
    known, lost = (int(measures["rides_unassigned"][name].sum()) for name in ("riders", "unassigned"))
    return (known - lost) / int(measures["tap_totals"]["riders"].sum())
