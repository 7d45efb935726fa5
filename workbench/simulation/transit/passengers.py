"""Passengers of a day as sorted arrays, stop by stop: exact waits without a process for anyone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.simulation.transit._arrays import Flags, Floats, Ints


@dataclass(frozen=True, eq=False)
class Passengers:
    """
    Who comes to which stop, when, and where to.

    Attributes
    ----------
    start
        Passengers of stop s are those from start[s] to start[s + 1], shape (stops + 1,).
    arrive_s
        When they come to the stop, s after midnight, rising within a stop.
    to
        Place of the stop where they alight.
    """

    start: Ints
    arrive_s: Floats
    to: Ints

    def __len__(self) -> int:
        return len(self.arrive_s)

    @property
    def origin(self) -> Ints:
        """Place of the stop where each one boards."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int64), np.diff(self.start))

    def only(self, kept: Flags) -> Passengers:
        """Keep some of them."""
        count = np.concatenate([[0], np.cumsum(kept)])
        return Passengers(count[self.start].astype(np.int64), self.arrive_s[kept], self.to[kept])


def sorted_passengers(stops: int, origin: Ints, arrive_s: Floats, to: Ints) -> Passengers:
    """Sort passengers by stop and time."""
    order = np.lexsort((to, arrive_s, origin))
    count = np.bincount(origin, minlength=stops)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    return Passengers(start, arrive_s[order].astype(np.float64), to[order].astype(np.int64))


def together(several: list[Passengers]) -> Passengers:
    """Join the passengers of several layers of demand."""
    if len(several) == 1:
        return several[0]
    origin = np.concatenate([each.origin for each in several])
    times = np.concatenate([each.arrive_s for each in several])
    return sorted_passengers(
        len(several[0].start) - 1, origin, times, np.concatenate([each.to for each in several])
    )
