"""A line: its stops, how long each section takes by time of day, and the trips it is scheduled to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from workbench.errors import BadParameter, UnknownName
from workbench.simulation.transit._arrays import Floats, Ints, digest, number

BIN_S = 300.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Trips:
    """
    Scheduled trips of a line, in the order in which they pass any stop.

    Attributes
    ----------
    dispatch_s
        Departure from the trip's first stop, s after midnight, shape (trips,).
    first, last
        Places of its first and last stop on the line, shape (trips,).
    arrive_s, depart_s
        Scheduled times at each stop, shape (trips, stops); NaN where the trip does not call.
    """

    dispatch_s: Floats
    first: Ints
    last: Ints
    arrive_s: Floats
    depart_s: Floats

    def __len__(self) -> int:
        return len(self.dispatch_s)


@dataclass(frozen=True, eq=False, kw_only=True)
class Line:
    """
    One line in one direction (open), or a circle that a fixed fleet goes round (closed).

    Attributes
    ----------
    name
        What the line is called; its random streams are keyed by it.
    stops
        Stops in the order of travel. On a closed line the last section leads back to the first stop.
    running_s
        Scheduled seconds from departure to the next arrival, shape (bins, sections): a section for every stop
        but the last (open) or for every stop (closed); a bin is the time of day at which the section is
        entered.
    standing_s
        Scheduled seconds at each stop, shape (stops,); at the first one, how long the doors are open before
        departure.
    trips
        Scheduled trips of an open line. On a closed line only the first and the last dispatch count: the
        first and the last time at which a vehicle leaves stop 0.
    start_s, bin_s
        Start of the first bin (s after midnight) and width of a bin (s). Before the first and after the last
        bin these hold on.
    layover_s
        Least seconds that a vehicle of a closed line stands at each stop, shape (stops,): its terminals.
    length_m
        Length of each section, shape (sections,), where known.
    notes
        What was taken for granted when the line was built, in sentences.
    """

    name: str
    stops: tuple[str, ...]
    running_s: Floats
    standing_s: Floats
    trips: Trips
    start_s: float
    layover_s: Floats
    bin_s: float = BIN_S
    length_m: Floats | None = None
    closed: bool = False
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        stops, sections = len(self.stops), len(self.stops) - (0 if self.closed else 1)
        if stops < 2:
            raise BadParameter(f"Line {self.name} needs at least two stops, not {stops}.")
        shaped = self.running_s.ndim == 2 and self.running_s.shape[1] == sections and len(self.running_s) > 0
        if not shaped or self.standing_s.shape != (stops,) or self.layover_s.shape != (stops,):
            raise BadParameter(
                f"Line {self.name} has {stops} stops, so it needs running times of shape (bins, {sections}), "
                f"and standing and layover times of shape ({stops},)."
            )
        for what, values in (
            ("running", self.running_s),
            ("standing", self.standing_s),
            ("layover", self.layover_s),
        ):
            if not (np.isfinite(values) & (values >= 0)).all():
                raise BadParameter(f"Line {self.name}: every {what} time must be a number of at least 0 s.")
        if not len(self.trips):
            raise BadParameter(f"Line {self.name} has no trips.")
        number("The width of a time bin", self.bin_s, "s", above=0)

    @property
    def sections(self) -> int:
        """How many sections there are."""
        return int(self.running_s.shape[1])

    @property
    def first_s(self) -> float:
        """The first dispatch, s after midnight."""
        return float(self.trips.dispatch_s.min())

    @property
    def last_s(self) -> float:
        """The last dispatch, s after midnight."""
        return float(self.trips.dispatch_s.max())

    @property
    def close_s(self) -> float:
        """End of the last time bin: until then whoever is not served is counted as waiting."""
        return self.start_s + self.bin_s * len(self.running_s)

    @cached_property
    def cycle_s(self) -> float:
        """Scheduled seconds from end to end, or once round, with stands and layover; mean over the day."""
        stand = np.maximum(self.standing_s, self.layover_s)
        return float(self.running_s.mean(axis=0).sum() + (stand if self.closed else stand[1:-1]).sum())

    def place(self, stop: str | int) -> int:
        """Find a stop's place on the line by its name or number; `UnknownName` where it is not on it."""
        if isinstance(stop, int) and not isinstance(stop, bool) and 0 <= stop < len(self.stops):
            if str(stop) in self.stops and self.stops[stop] != str(stop):
                raise BadParameter(
                    f"{stop} is both the name of a stop of line {self.name} and the place of its stop "
                    f"'{self.stops[stop]}': name the stop in quotes."
                )
            return stop
        try:
            return self.stops.index(str(stop))
        except ValueError:
            raise UnknownName(f"stop of line {self.name}", str(stop), self.stops) from None

    @cached_property
    def digest(self) -> str:
        """Hash of everything that bears on a simulation."""
        length = self.length_m if self.length_m is not None else ()
        trips = self.trips
        return digest(
            self.name,
            self.stops,
            self.running_s,
            self.standing_s,
            self.layover_s,
            self.start_s,
            self.bin_s,
            self.closed,
            length,
            trips.dispatch_s,
            trips.first,
            trips.last,
            trips.arrive_s,
            trips.depart_s,
        )


def walk(
    dispatch_s: Floats,
    first: Ints,
    last: Ints,
    running_s: Floats,
    standing_s: Floats,
    start_s: float,
    bin_s: float,
) -> Trips:
    """
    Time trips along an open line as scheduled, in the order in which they would have left the first stop.

    A trip that begins further along takes its place by when it would have passed stop 0 at the mean running
    times.
    """
    stops = len(standing_s)
    offset = np.concatenate([[0.0], np.cumsum(running_s.mean(axis=0) + standing_s[1:])])[:stops]
    order = np.lexsort((first, dispatch_s - offset[first]))
    dispatch_s, first, last = dispatch_s[order], first[order], last[order]
    arrive = np.full((len(dispatch_s), stops), np.nan)
    depart = np.full_like(arrive, np.nan)
    for stop in range(stops):
        if stop:
            bins = np.nan_to_num((depart[:, stop - 1] - start_s) / bin_s)
            entered = np.clip(bins.astype(np.int64), 0, len(running_s) - 1)
            on = (first < stop) & (stop <= last)
            arrive[:, stop] = np.where(on, depart[:, stop - 1] + running_s[entered, stop - 1], np.nan)
            depart[:, stop] = arrive[:, stop] + np.where(stop < last, standing_s[stop], 0.0)
        begins = first == stop
        depart[begins, stop] = dispatch_s[begins]
        arrive[begins, stop] = dispatch_s[begins] - standing_s[stop]
    return Trips(dispatch_s=dispatch_s, first=first, last=last, arrive_s=arrive, depart_s=depart)
