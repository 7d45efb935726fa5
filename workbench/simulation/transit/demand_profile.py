"""Demand from counts: boardings by stop and time of day, and where they ride to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from workbench.errors import BadParameter
from workbench.simulation.transit._arrays import Floats, number
from workbench.simulation.transit.demand import QUARTER_S, Demand
from workbench.simulation.transit.line import Line

TWO_PEAKS = ((8.0, 1.0, 1.0), (17.5, 1.2, 1.0))


def demand_from_profile(
    line: Line,
    boardings: ArrayLike,
    *,
    start_s: float = 0.0,
    quarter_s: float = QUARTER_S,
    alightings: ArrayLike | None = None,
    mean_ride: float | None = None,
) -> Demand:
    """
    Demand from boardings by stop and time of day.

    Parameters
    ----------
    line
        The line.
    boardings
        Expected boardings of a day, shape (quarters, stops).
    start_s, quarter_s
        Start of the first quarter-hour (s after midnight) and their width (s).
    alightings
        Alightings of a day by stop, shape (stops,), where they are counted: trips are balanced to them by
        Furness' method [1]_; scaled to the boardings where the sums differ.
    mean_ride
        Length of a ride in stops over which the wish to ride falls by e (gravity with exponential
        deterrence); none for every stop further on alike.

    Returns
    -------
    demand
        The share of each destination is the same all day.

    References
    ----------
    .. [1] K. P. Furness (1965), Time function iteration, Traffic Engineering and Control 7.
    """
    counts = np.asarray(boardings, dtype=np.float64)
    stops = len(line.stops)
    if counts.ndim != 2 or counts.shape[1] != stops or not (np.isfinite(counts) & (counts >= 0)).all():
        raise BadParameter(
            f"Boardings must be numbers of at least 0 of shape (quarters, {stops}) for line {line.name}."
        )
    places = np.arange(stops)
    ahead = (places[None] - places[:, None]) % stops if line.closed else places[None] - places[:, None]
    chances = np.where(ahead > 0, 1.0, 0.0)
    if mean_ride is not None:
        number("mean_ride", mean_ride, "stops", above=0)
        chances *= np.exp(-np.maximum(ahead, 0) / mean_ride)
    if not line.closed and counts[:, -1].any():
        raise BadParameter(
            f"Nobody can board at the last stop of line {line.name}, '{line.stops[-1]}': "
            "set its boardings to 0."
        )
    if alightings is not None:
        chances = _furness(chances, counts.sum(axis=0), np.asarray(alightings, dtype=np.float64), line)
    chances /= np.maximum(chances.sum(axis=1, keepdims=True), 1e-300)
    return Demand(line.stops, counts[:, :, None] * chances[None], start_s, quarter_s)


def day_profile(
    line: Line,
    passengers: float,
    *,
    peaks: Sequence[tuple[float, float, float]] = TWO_PEAKS,
    base: float = 0.5,
) -> tuple[Floats, float]:
    """
    Boardings of an imagined day: a base and peaks, fewer towards the end of the line.

    Parameters
    ----------
    line
        The line; passengers come from its first dispatch to its last.
    passengers
        Expected passengers of the day.
    peaks
        Hour, height over the base's 1, and width (standard deviation, hours) of each peak.
    base
        Level between the peaks.

    Returns
    -------
    boardings, start_s
        For `demand_from_profile`: shape (quarters, stops), and the start of the first quarter-hour.
    """
    number("passengers", passengers, least=0)
    start = np.floor(line.first_s / QUARTER_S) * QUARTER_S
    count = max(1, int(np.ceil((line.last_s - start) / QUARTER_S)))
    hours = (start + QUARTER_S * (np.arange(count) + 0.5)) / 3600
    level = base + sum(height * np.exp(-0.5 * ((hours - hour) / width) ** 2) for hour, height, width in peaks)
    stops = len(line.stops)
    by_stop = np.ones(stops) if line.closed else np.linspace(1.5, 0.5, stops) * (np.arange(stops) < stops - 1)
    shape = level[:, None] * by_stop[None]
    return np.asarray(passengers * shape / shape.sum()), float(start)


def _furness(seed: Floats, boardings: Floats, alightings: Floats, line: Line) -> Floats:
    """Balance trips to the boardings and alightings of the day."""
    if alightings.shape != boardings.shape or not (np.isfinite(alightings) & (alightings >= 0)).all():
        raise BadParameter(
            f"Alightings must be {len(boardings)} numbers of at least 0, one for each stop of {line.name}."
        )
    if not alightings.sum():
        raise BadParameter(f"Nobody alights on line {line.name}.")
    wanted = alightings * (boardings.sum() / alightings.sum())
    trips = seed.copy()
    for _ in range(500):
        trips *= (boardings / np.maximum(trips.sum(axis=1), 1e-300))[:, None]
        trips *= (wanted / np.maximum(trips.sum(axis=0), 1e-300))[None]
        if np.abs(trips.sum(axis=1) - boardings).max() <= 1e-9 * max(1.0, boardings.max()):
            break
    return trips
