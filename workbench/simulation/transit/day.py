"""
One day of a line as chance has it: passengers, traffic, drivers, accidents; the same for every scenario.

Traffic belongs to the section and the time of day, and a trip's luck to the minute at which it is dispatched,
so neither moves to another trip when the headway changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from workbench.simulation.streams import Streams
from workbench.simulation.transit._arrays import Floats, number
from workbench.simulation.transit.demand import DemandSource
from workbench.simulation.transit.line import Line
from workbench.simulation.transit.passengers import Passengers, together

TRIP_SLOT_S, DRIVER_SLOT_S = 60.0, 10.0


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """
    How running times vary; every factor is lognormal with mean 1.

    Parameters
    ----------
    field_cv
        Coefficient of variation of traffic on a section in a time bin, shared by all vehicles that enter it
        then.
    memory
        Correlation of traffic between one time bin and the next (AR(1)).
    section_cv
        Variation of one trip on one section: signals, drivers, luck. Trips dispatched within the same minute
        share it.
    driver_cv
        Variation of one trip on all its sections alike.
    accidents
        Expected accidents of a day, at a section and time of which each is as likely.
    accident_factor, accident_s
        Running time over the usual while one lasts, and how long it lasts on average (exponential), s.
    """

    field_cv: float = 0.15
    memory: float = 0.8
    section_cv: float = 0.15
    driver_cv: float = 0.05
    accidents: float = 0.0
    accident_factor: float = 3.0
    accident_s: float = 1800.0

    def __post_init__(self) -> None:
        for name in ("field_cv", "section_cv", "driver_cv", "accidents", "accident_s"):
            number(f"Traffic: {name}", getattr(self, name), least=0)
        number("Traffic: memory", self.memory, least=0, most=0.999)
        number("Traffic: accident_factor", self.accident_factor, above=0)


STEADY = Traffic(field_cv=0.0, section_cv=0.0, driver_cv=0.0)
"""No variation at all."""


@dataclass(frozen=True, eq=False)
class Day:
    """
    A day.

    Attributes
    ----------
    traffic
        Factor of the running times, shape (bins, sections): traffic and accidents.
    trips, drivers
        Factors by time of dispatch: shape (minutes, sections), and shape (ten-second slots,).
    """

    traffic: Floats
    trips: Floats
    drivers: Floats
    demand: DemandSource
    streams: Streams
    _passengers: dict[float, Passengers] = field(default_factory=dict, repr=False)
    _marks: dict[int, Floats] = field(default_factory=dict, repr=False)

    def passengers(self, factor: float = 1.0) -> Passengers:
        """
        Passengers at so many times today's demand.

        Those at a lower demand are among those at a higher one, at the same times.
        """
        if factor not in self._passengers:
            whole, rest = int(factor), factor - int(factor)
            layers = [self._layer(layer) for layer in range(whole)]
            if rest or not layers:
                layers.append(self._thinned(whole, rest))
            self._passengers[factor] = together(layers)
        return self._passengers[factor]

    def forget(self) -> None:
        """Drop the passengers of other demands than today's, for sweeps over many; layers stay."""
        kept = {key: one for key, one in self._passengers.items() if key < 0 or key == 1.0}
        self._passengers.clear()
        self._passengers.update(kept)

    def _layer(self, layer: int) -> Passengers:
        """Passengers of one layer of demand, drawn once."""
        key = -1.0 - layer
        if key not in self._passengers:
            self._passengers[key] = self.demand.layer(self.streams, layer)
        return self._passengers[key]

    def _thinned(self, layer: int, share: float) -> Passengers:
        """A share of a layer: each passenger has a number of their own, drawn for their stop."""
        whole = self._layer(layer)
        if layer not in self._marks:
            marks = [
                self.streams.generator("demand", layer, self.demand.stops[place], place).random(int(count))
                for place, count in enumerate(np.diff(whole.start))
            ]
            self._marks[layer] = np.concatenate(marks)
        return whole.only(self._marks[layer] < share)


def sample_day(line: Line, demand: DemandSource, traffic: Traffic, streams: Streams) -> Day:
    """
    Draw a day.

    Parameters
    ----------
    line, demand, traffic
        What varies and how much.
    streams
        Random streams of the line.
    """
    bins, sections = line.running_s.shape
    shocks = streams.generator("traffic").standard_normal((bins, sections))
    factor = _lognormal(_remembered(shocks, traffic.memory), traffic.field_cv)
    if traffic.accidents:
        factor = factor * _accidents(line, traffic, streams)
    span = bins * line.bin_s
    minutes = streams.generator("trips").standard_normal((int(span / TRIP_SLOT_S) + 1, sections))
    drivers = streams.generator("drivers").standard_normal(int(span / DRIVER_SLOT_S) + 1)
    day = Day(
        factor,
        _lognormal(minutes, traffic.section_cv),
        _lognormal(drivers, traffic.driver_cv),
        demand,
        streams,
    )
    day.passengers()
    return day


def window(line: Line, from_s: float, to_s: float) -> Floats:
    """Share of each time bin of a line that lies within a window, shape (bins,)."""
    begin = line.start_s + line.bin_s * np.arange(len(line.running_s))
    inside = np.minimum(begin + line.bin_s, to_s) - np.maximum(begin, from_s)
    return np.asarray(np.clip(inside / line.bin_s, 0.0, 1.0))


def _lognormal(normal: Floats, cv: float) -> Floats:
    """Turn standard normals into lognormal factors of mean 1."""
    sigma2 = np.log1p(cv * cv)
    return np.asarray(np.exp(np.sqrt(sigma2) * normal - sigma2 / 2))


def _remembered(shocks: Floats, memory: float) -> Floats:
    """Turn independent standard normals into an AR(1) series of them along the first axis, in place."""
    shocks[1:] *= np.sqrt(1 - memory * memory)
    for before, now in pairwise(shocks):
        now += memory * before
    return shocks


def _accidents(line: Line, traffic: Traffic, streams: Streams) -> Floats:
    """Factor of the running times that the day's accidents give."""
    draw = streams.generator("accidents")
    factor = np.ones_like(line.running_s)
    for _ in range(int(draw.poisson(traffic.accidents))):
        section = int(draw.integers(line.sections))
        begin = draw.uniform(line.start_s, line.close_s)
        end = begin + draw.exponential(traffic.accident_s)
        factor[:, section] *= 1 + (traffic.accident_factor - 1) * window(line, begin, end)
    return factor
