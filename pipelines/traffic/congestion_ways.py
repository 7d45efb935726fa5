"""Other ways to judge the same roads: at other hours, with weekends or without, with detectors that err."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.traffic.recording import FUTURES, uncertain
from workbench.decisions import Inputs
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.traffic.congestion import CongestionParameters, Judged

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ways:
    """
    Ways to judge the same roads, from the hours of each day.

    Attributes
    ----------
    counts, sums
        Observations and sums of speeds by kind of day (weekday, weekend), hour of day and segment.
    free
        Free-flow speed of each segment, km/h.
    hours
        Hours judged.
    weekend
        Whether weekends are judged.
    noise
        For each future and segment a draw of how far its detector errs, in standard deviations.
    """

    counts: Floats
    sums: Floats
    free: Floats
    hours: tuple[int, ...]
    weekend: bool
    noise: Floats

    def index(self, values: Floats) -> Floats:
        """
        Congestion index of each segment judged in other ways.

        Parameters
        ----------
        values
            Shape (runs, 3): hours by which the time judged is moved, weight of weekend days, error of
            detectors (standard deviation as a share of speed).

        Returns
        -------
        ndarray
            Shape (runs, segments).
        """
        shift, weekend, error = values.T
        before = np.floor(shift).astype(int)
        part = (shift - before)[:, None]
        sums = (1 - part) * self._judged(self.sums, before, weekend) + part * self._judged(
            self.sums, before + 1, weekend
        )
        counts = (1 - part) * self._judged(self.counts, before, weekend) + part * self._judged(
            self.counts, before + 1, weekend
        )
        speed = sums / np.maximum(counts, 1e-9)
        erring = np.exp(error[:, None] * self.noise[np.arange(len(values)) % len(self.noise)])
        return np.where(counts > 0, self.free / np.maximum(speed * erring, 1e-3), 1.0)

    def _judged(self, table: Floats, shift: np.ndarray, weekend: Floats) -> Floats:
        """Sums over the hours judged, moved by whole hours, weekends weighted; shape (runs, segments)."""
        found = np.zeros((len(shift), table.shape[2]))
        for by in np.unique(shift):
            rows = shift == by
            at = [(hour + int(by)) % 24 for hour in self.hours]
            found[rows] = table[0, at].sum(axis=0) + weekend[rows, None] * table[1, at].sum(axis=0)
        return found


def ways(by_hour: pl.DataFrame, judged: Judged, p: CongestionParameters) -> Ways:
    """Lay the hours of each day side by side for the segments judged."""
    place = {one: at for at, one in enumerate(judged.ids)}
    known = by_hour.filter(pl.col("segment_id").is_in(judged.ids)).sort("segment_id", "date", "hour")
    counts = np.zeros((2, 24, len(judged.ids)))
    sums = np.zeros_like(counts)
    at = (
        (known["weekday"] > 5).cast(pl.Int64).to_numpy(),
        known["hour"].to_numpy(),
        np.array([place[one] for one in known["segment_id"]], dtype=int),
    )
    seen = known["observations"].to_numpy().astype(float)
    np.add.at(counts, at, seen)
    np.add.at(sums, at, seen * known["speed_kmh"].to_numpy())
    streams = Streams(p.seed).child("ways")
    noise = streams.generator("detectors").standard_normal((FUTURES, len(judged.ids)))
    return Ways(counts, sums, judged.free_flow, tuple(p.hours), not p.weekdays_only, noise)


def ways_to_judge(p: CongestionParameters) -> Inputs:
    """What is not known of how to judge: the hours, the weekend, the detectors."""
    weekend = 0.0 if p.weekdays_only else 1.0
    return Inputs(
        (
            uncertain("congestion", "shift", -1.0, 1.0, 0.0, "h"),
            uncertain("congestion", "weekend", 0.0, 1.0, weekend, "ratio"),
            uncertain("congestion", "detectors", 0.0, 0.05, 0.0, "share"),
        )
    )
