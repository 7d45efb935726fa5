"""A line: its stops, how long each section takes by time of day, and the trips it is scheduled to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

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
        Scheduled seconds at each stop, shape (stops,).
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
                f"Line {self.name} has {stops} stops, so it needs running times of shape (bins, {sections}) and "
                f"standing and layover times of shape ({stops},)."
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
        return self.running_s.shape[1]

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
        """Scheduled seconds from end to end (once round on a closed line), standing and layover in it; mean over the day."""
        stand = np.maximum(self.standing_s, self.layover_s)
        return float(self.running_s.mean(axis=0).sum() + (stand if self.closed else stand[1:-1]).sum())

    def place(self, stop: str | int) -> int:
        """Find a stop's place on the line by its name or number; `UnknownName` where it is not on it."""
        if isinstance(stop, int) and not isinstance(stop, bool) and 0 <= stop < len(self.stops):
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
        arrive[begins, stop] = depart[begins, stop] = dispatch_s[begins]
    return Trips(dispatch_s=dispatch_s, first=first, last=last, arrive_s=arrive, depart_s=depart)


def line_from_sections(
    name: str,
    stops: Sequence[str],
    running_s: ArrayLike,
    departures_s: ArrayLike,
    *,
    standing_s: ArrayLike = 0.0,
    layover_s: ArrayLike = 0.0,
    length_m: ArrayLike | None = None,
    start_s: float = 0.0,
    bin_s: float = BIN_S,
    closed: bool = False,
    notes: tuple[str, ...] = (),
) -> Line:
    """
    Build a line from its sections.

    Parameters
    ----------
    name, stops
        What it is called, and its stops in the order of travel.
    running_s
        Seconds of each section, shape (sections,) where they are the same all day, else (bins, sections).
    departures_s
        Dispatches of full trips from the first stop, s after midnight; on a closed line the first and the
        last.
    standing_s, layover_s
        Scheduled stand at each stop and least stand of a vehicle at terminals (closed lines), s; one number
        stands for all stops (`layover_s`: for stop 0).
    length_m
        Length of the sections, m.
    start_s, bin_s
        First bin and width of a bin of `running_s`.
    closed
        Whether the last section leads back to the first stop.
    notes
        What was taken for granted.

    Returns
    -------
    line
        Times run on bins until the last scheduled arrival, so that `close_s` is the same for every scenario.
    """
    count = len(stops)
    running = np.atleast_2d(np.asarray(running_s, dtype=np.float64))
    standing = np.broadcast_to(np.asarray(standing_s, dtype=np.float64), (count,)).copy()
    layover = np.zeros(count)
    if np.ndim(layover_s):
        layover = np.asarray(layover_s, dtype=np.float64)
    else:
        layover[0] = layover_s
    dispatch = np.sort(np.asarray(departures_s, dtype=np.float64))
    if not len(dispatch):
        raise BadParameter(f"Line {name} has no departures.")
    if count < 2 or running.shape[1] != (count if closed else count - 1):
        raise BadParameter(
            f"Line {name} has {count} stops and {running.shape[1]} sections; "
            f"it needs {max(count, 2) if closed else max(count - 1, 1)} sections."
        )
    first, last = np.zeros(len(dispatch), np.int64), np.full(len(dispatch), count - 1, np.int64)
    span = running[:, : count - 1]
    trips = walk(dispatch, first, last, span, standing, start_s, bin_s)
    end = float(np.nanmax(trips.arrive_s)) + float(running[-1, count - 1 :].sum())
    needed = max(1, int(np.ceil((end - start_s) / bin_s)))
    if len(running) < needed:
        running = np.vstack([running, np.repeat(running[-1:], needed - len(running), axis=0)])
    lengths = None if length_m is None else np.asarray(length_m, dtype=np.float64)
    return Line(
        name=name,
        stops=tuple(str(stop) for stop in stops),
        running_s=running,
        standing_s=standing,
        trips=trips,
        start_s=float(start_s),
        layover_s=layover,
        bin_s=float(bin_s),
        length_m=lengths,
        closed=closed,
        notes=notes,
    )


def round_trip(out: Line, back: Line, *, layover_s: float = 0.0, link_s: float = 0.0) -> Line:
    """
    Close two directions of a line to one circle that vehicles go round.

    Parameters
    ----------
    out, back
        The two directions; their time bins must be equally wide.
    layover_s
        Least stand at each terminal before the next direction, s.
    link_s
        Running time between the last stop of one direction and the first of the other, s.

    Returns
    -------
    line
        Stops of `out`, then those of `back`; a name that comes again is followed by "#2". Nobody rides across
        the terminals, as no demand joins the two directions.
    """
    if out.closed or back.closed:
        raise BadParameter("A round trip joins two open lines.")
    if out.bin_s != back.bin_s:
        raise BadParameter(
            f"The directions of {out.name} have time bins of {out.bin_s:g} s and {back.bin_s:g} s."
        )
    names = (*out.stops, *(stop + "#2" if stop in out.stops else stop for stop in back.stops))
    start = min(out.start_s, back.start_s)
    bins = int(np.ceil((max(out.close_s, back.close_s) - start) / out.bin_s))
    link = np.full((bins, 1), float(link_s))
    running = np.hstack([_shifted(out, start, bins), link, _shifted(back, start, bins), link])
    layover = np.zeros(len(names))
    layover[0] = layover[len(out.stops)] = layover_s
    lengths = None
    if out.length_m is not None and back.length_m is not None:
        lengths = np.concatenate([out.length_m, [0.0], back.length_m, [0.0]])
    made = line_from_sections(
        out.name,
        names,
        running,
        [out.first_s, out.last_s],
        layover_s=layover,
        length_m=lengths,
        start_s=start,
        standing_s=np.concatenate([out.standing_s, back.standing_s]),
        bin_s=out.bin_s,
        closed=True,
    )
    return replace(made, notes=(*out.notes, *back.notes))


def _shifted(line: Line, start_s: float, bins: int) -> Floats:
    """Lay a line's running times on other bins of the same width."""
    places = np.floor((start_s + line.bin_s * np.arange(bins) - line.start_s) / line.bin_s + 0.5)
    return line.running_s[np.clip(places.astype(np.int64), 0, len(line.running_s) - 1)]
