"""Small lines to simulate."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from workbench.simulation import Streams
from workbench.simulation.transit import (
    LineModel,
    demand_from_profile,
    line_from_sections,
)

HOUR = 3600.0


@pytest.fixture(scope="session")
def small_line():
    """Twelve stops, five hours, every ten minutes."""
    stops = [f"s{place}" for place in range(12)]
    sections = np.linspace(60, 150, 11)
    departures = np.arange(6 * HOUR, 11 * HOUR + 1, 600)
    return line_from_sections(
        "small", stops, sections, departures, standing_s=15, start_s=6 * HOUR, length_m=10 * sections
    )


@pytest.fixture(scope="session")
def small(small_line):
    """About 1,500 passengers, most in the second and third hour."""
    boardings = np.tile(np.array([30, 30, 60, 60, 120, 120, 90, 90] + [30] * 12)[:, None] / 6, (1, 12))
    boardings[:, -1] = 0
    demand = demand_from_profile(small_line, boardings, start_s=6 * HOUR, mean_ride=4)
    return LineModel(small_line, demand, bands={"peak": ("07:00", "08:00")})


@pytest.fixture(scope="session")
def ring_line():
    """Ten stops round, 5 hours."""
    stops = [f"r{place}" for place in range(10)]
    return line_from_sections(
        "ring",
        stops,
        np.linspace(70, 140, 10),
        [6 * HOUR, 11 * HOUR],
        standing_s=10,
        layover_s=120,
        start_s=6 * HOUR,
        closed=True,
        length_m=[500] * 10,
    )


@pytest.fixture(scope="session")
def ring(ring_line):
    """About 1,500 passengers, evenly."""
    demand = demand_from_profile(ring_line, np.full((20, 10), 7.5), start_s=6 * HOUR, mean_ride=3)
    return LineModel(ring_line, demand, kind="loop")


@pytest.fixture(scope="session")
def days():
    """Sample the first days of a model, once."""
    kept = {}

    def sampled(model, count=1, seed=7):
        for replication in range(count):
            key = (model.version, seed, replication)
            if key not in kept:
                kept[key] = model.sample(Streams(seed, replication))
        return [kept[model.version, seed, replication] for replication in range(count)]

    return sampled


DAY = dt.date(2026, 3, 2)


@pytest.fixture(scope="session")
def timetable():
    """
    Make a timetable frame.

    Trips are (trip, route, direction, {stop: minute}); the minute may be a pair, of arriving and leaving.
    """

    def frame(*trips, date=DAY):
        midnight = dt.datetime.combine(date, dt.time())
        rows = []
        for trip, route, direction, calls in trips:
            for order, (stop, minutes) in enumerate(calls.items()):
                came, went = minutes if isinstance(minutes, tuple) else (minutes, minutes)
                rows.append(
                    (
                        date,
                        trip,
                        order,
                        route,
                        direction,
                        stop,
                        midnight + dt.timedelta(minutes=came),
                        midnight + dt.timedelta(minutes=went),
                        None,
                    )
                )
        names = [
            "service_date",
            "trip_id",
            "stop_sequence",
            "route_id",
            "direction_id",
            "stop_id",
            "arrival_timestamp",
            "departure_timestamp",
            "vehicle_capacity",
        ]
        return pl.DataFrame(rows, schema=names, orient="row").with_columns(
            pl.col("arrival_timestamp", "departure_timestamp").cast(pl.Datetime("us"))
        )

    return frame
