"""Lines made from their sections, and round trips made from two directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from workbench.errors import BadParameter
from workbench.simulation.transit._arrays import Floats
from workbench.simulation.transit.line import BIN_S, Line, walk


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


def fill_gaps(running: ArrayLike, *, empty: float | None = None) -> tuple[Floats, float]:
    """
    Fill the cells of a running-time table in which no vehicle was seen.

    Parameters
    ----------
    running
        Running times, shape (bins, sections); NaN where none was seen.
    empty
        Another value that means the same, such as 0.

    Returns
    -------
    filled
        Empty cells lie on the line between the cells before and after, and are as the nearest one at the ends
        of the day. A section that was never seen is an error: leave it out, or say what it takes.
    share
        Share of the cells that were filled.
    """
    table = np.array(running, dtype=np.float64, ndmin=2)
    gaps = np.isnan(table) if empty is None else np.isnan(table) | (table == empty)
    never = np.flatnonzero(gaps.all(axis=0))
    if len(never):
        raise BadParameter(f"No vehicle was seen on section {never[0]} of {table.shape[1]} all day.")
    bins = np.arange(len(table))
    for section, unseen in enumerate(gaps.T):
        table[unseen, section] = np.interp(bins[unseen], bins[~unseen], table[~unseen, section])
    return table, float(gaps.mean())


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
    return np.asarray(line.running_s[np.clip(places.astype(np.int64), 0, len(line.running_s) - 1)])
