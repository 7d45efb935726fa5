"""Invented lines to try things on, and to measure how fast the engines are."""

from __future__ import annotations

import numpy as np

from workbench.simulation.transit.build import line_from_sections
from workbench.simulation.transit.demand_profile import day_profile, demand_from_profile
from workbench.simulation.transit.model import LineModel


def busy_line(
    *, stops: int = 30, hours: float = 16.0, passengers: float = 15_000.0, section_s: float = 120.0
) -> LineModel:
    """
    Open bus line with a two-peak day.

    Parameters
    ----------
    stops, hours
        Length of the line, and of the day from 06:00.
    passengers
        Expected in a day.
    section_s
        Running time of a section.
    """
    begin, end = 6 * 3600.0, (6 + hours) * 3600.0
    names = [f"s{place}" for place in range(stops)]
    departures = np.arange(begin, end + 1, 360.0)
    line = line_from_sections(
        "busy", names, np.full(stops - 1, section_s), departures, standing_s=20.0, start_s=begin
    )
    boardings, start = day_profile(line, passengers)
    return LineModel(line, demand_from_profile(line, boardings, start_s=start, mean_ride=stops / 4))


def busy_loop(
    *, stops: int = 24, hours: float = 16.0, passengers: float = 8_000.0, section_s: float = 100.0
) -> LineModel:
    """Closed line with a two-peak day; see `busy_line`."""
    begin, end = 6 * 3600.0, (6 + hours) * 3600.0
    names = [f"s{place}" for place in range(stops)]
    line = line_from_sections(
        "ring",
        names,
        np.full(stops, section_s),
        [begin, end],
        standing_s=15.0,
        layover_s=240.0,
        start_s=begin,
        closed=True,
    )
    boardings, start = day_profile(line, passengers)
    return LineModel(
        line, demand_from_profile(line, boardings, start_s=start, mean_ride=stops / 4), kind="loop"
    )
