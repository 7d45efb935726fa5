"""Demand of a line: expected passengers from stop to stop by quarter-hour, and the passengers of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.streams import Streams
from workbench.simulation.transit._arrays import Floats, Ints, digest
from workbench.simulation.transit.passengers import Passengers

QUARTER_S = 900.0


class DemandSource(Protocol):
    """What a day's passengers come from."""

    @property
    def stops(self) -> tuple[str, ...]:
        """Stops of the line."""
        ...

    @property
    def digest(self) -> str:
        """Hash of everything that bears on the passengers."""
        ...

    def layer(self, streams: Streams, number: int) -> Passengers:
        """
        Passengers of one layer of demand.

        Layer 0 is the demand as it is. A day with twice the demand has layer 1 as well: other passengers, as
        many on average. So whoever travels at some demand travels, at the same time, at any higher one.
        """
        ...


@dataclass(frozen=True, eq=False)
class Demand:
    """
    Passengers come as a Poisson process whose rate is constant within a quarter-hour.

    Attributes
    ----------
    stops
        Stops of the line.
    trips
        Expected passengers of a day, shape (quarters, stops, stops): by quarter-hour of coming to the stop,
        stop of boarding and stop of alighting.
    start_s
        Start of the first quarter-hour, s after midnight.
    quarter_s
        Width of the quarter-hours, s.
    notes
        What was taken for granted, in sentences.
    """

    stops: tuple[str, ...]
    trips: Floats
    start_s: float = 0.0
    quarter_s: float = QUARTER_S
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        count = len(self.stops)
        if self.trips.ndim != 3 or self.trips.shape[1:] != (count, count):
            raise BadParameter(
                f"Demand between {count} stops has the shape (quarters, {count}, {count}), "
                f"not {self.trips.shape}."
            )
        if not (np.isfinite(self.trips) & (self.trips >= 0)).all():
            raise BadParameter("Expected passengers must be numbers of at least 0.")
        if self.trips[:, np.arange(count), np.arange(count)].any():
            raise BadParameter("Nobody rides from a stop to itself.")

    @property
    def expected(self) -> float:
        """Expected passengers of a day."""
        return float(self.trips.sum())

    @cached_property
    def digest(self) -> str:
        """Hash of everything that bears on the passengers."""
        return digest(self.stops, self.trips, self.start_s, self.quarter_s)

    def layer(self, streams: Streams, number: int) -> Passengers:
        """
        Draw the passengers of one layer.

        A unit-rate Poisson process for each stop of boarding is run through the inverse of its expected
        passengers up to the time [1]_, and each passenger's stop of alighting is drawn from those of the
        quarter-hour.

        References
        ----------
        .. [1] E. Cinlar (1975), Introduction to Stochastic Processes, chapter 4.7.
        """
        upto, times, alighting = self._tables
        quarters, stops = len(self.trips), len(self.stops)
        arrivals, places, count = [], [], np.zeros(stops + 1, np.int64)
        for place in np.flatnonzero(upto[:, -1]):
            draw = streams.generator("passengers", number, self.stops[place], int(place))
            points, chances = _unit_rate(draw, float(upto[place, -1]))
            arrive = np.interp(points, upto[place], times)
            quarter = np.minimum(((arrive - self.start_s) / self.quarter_s).astype(np.int64), quarters - 1)
            found = np.searchsorted(alighting[place], quarter + chances, side="right") - quarter * stops
            arrivals.append(arrive)
            places.append(np.minimum(found, stops - 1))
            count[place + 1] = len(points)
        start: Ints = np.cumsum(count)
        if not start[-1]:
            return Passengers(start, np.empty(0), np.empty(0, np.int64))
        return Passengers(start, np.concatenate(arrivals), np.concatenate(places))

    @cached_property
    def _tables(self) -> tuple[Floats, Floats, Floats]:
        """Expected passengers by stop up to the end of each quarter; the ends; chances of alighting."""
        by_stop = self.trips.sum(axis=2).T
        upto = np.hstack([np.zeros((len(by_stop), 1)), np.cumsum(by_stop, axis=1)])
        times: Floats = self.start_s + self.quarter_s * np.arange(len(self.trips) + 1.0)
        chances = np.cumsum(self.trips.transpose(1, 0, 2), axis=2)
        all_day = np.broadcast_to(np.cumsum(self.trips.sum(axis=0), axis=1)[:, None, :], chances.shape)
        chances = np.where(chances[:, :, -1:] > 0, chances, all_day)
        chances /= np.maximum(chances[:, :, -1:], np.finfo(np.float64).tiny)
        chances[chances >= 1 - 1e-12] = 1.0
        alighting = chances + np.arange(len(times) - 1)[:, None]
        return np.asarray(upto), times, alighting.reshape(len(upto), -1)


def _unit_rate(draw: np.random.Generator, total: float) -> tuple[Floats, Floats]:
    """Points of a unit-rate Poisson process up to a total, and a uniform number for each."""
    expected = int(total + 6 * np.sqrt(total) + 12)
    points = np.cumsum(draw.standard_exponential(expected))
    chances = draw.random(expected)
    while points[-1] < total:
        more = draw.standard_exponential(expected)
        points = np.concatenate([points, points[-1] + np.cumsum(more)])
        chances = np.concatenate([chances, draw.random(expected)])
    inside = int(np.searchsorted(points, total))
    return points[:inside], chances[:inside] * (1 - 1e-12)


@dataclass(frozen=True, eq=False)
class RecordedDemand:
    """
    The passengers of one recorded day, the same every day: to check a model against what was observed.

    Attributes
    ----------
    stops
        Stops of the line.
    passengers
        Who came, when, and where to. A higher demand repeats some of them.
    notes
        What was taken for granted, in sentences.
    """

    stops: tuple[str, ...]
    passengers: Passengers
    notes: tuple[str, ...] = field(default=())

    @property
    def expected(self) -> float:
        """Passengers of the day."""
        return float(len(self.passengers))

    @cached_property
    def digest(self) -> str:
        """Hash of everything that bears on the passengers."""
        return digest(self.stops, self.passengers.start, self.passengers.arrive_s, self.passengers.to)

    def layer(self, streams: Streams, number: int) -> Passengers:
        """The recorded passengers, in every layer."""
        del streams, number
        return self.passengers


def both_directions(out: Demand, back: Demand) -> Demand:
    """Put the demand of two directions on the stops of their round trip (`round_trip` of their lines)."""
    if out.quarter_s != back.quarter_s:
        raise BadParameter("Both directions need quarter-hours of the same width.")
    start, width = min(out.start_s, back.start_s), out.quarter_s
    shifts = [round((one.start_s - start) / width) for one in (out, back)]
    quarters = max(shift + len(one.trips) for shift, one in zip(shifts, (out, back), strict=True))
    split, count = len(out.stops), len(out.stops) + len(back.stops)
    trips = np.zeros((quarters, count, count))
    trips[shifts[0] : shifts[0] + len(out.trips), :split, :split] = out.trips
    trips[shifts[1] : shifts[1] + len(back.trips), split:, split:] = back.trips
    names: Sequence[str] = [stop + "#2" if stop in out.stops else stop for stop in back.stops]
    return Demand((*out.stops, *names), trips, start, width, (*out.notes, *back.notes))
