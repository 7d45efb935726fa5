"""Small trips, loads and timetables."""

from __future__ import annotations

import datetime as dt

import polars as pl

DAY = dt.date(2026, 3, 2)  # a Monday
HOUR = 3600


def trips(*rows: tuple[str, str, str, float, float]) -> pl.DataFrame:
    """Trips from (trip_id, start_stop, end_stop, start_s, end_s)."""
    return pl.DataFrame(rows, schema=["trip_id", "start_stop", "end_stop", "start_s", "end_s"], orient="row")


def load_of(periods: list[list[float]], lengths: list[float]) -> pl.DataFrame:
    rows = [
        (hour * HOUR, (hour + 1) * HOUR, section, length, load)
        for hour, loads in enumerate(periods, 6)
        for section, (length, load) in enumerate(zip(lengths, loads, strict=True), 1)
    ]
    return pl.DataFrame(rows, schema=["start_s", "end_s", "section", "length_km", "load"], orient="row")


def calls(
    trip: str, start: str, stops: str, *, day: dt.date = DAY, route: str = "1", run_s: int = 600
) -> pl.DataFrame:
    """A trip's calls: one letter a stop, 10 minutes between, 30 s dwell on the way."""
    hour, minute = map(int, start.split(":"))
    first = dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=hour, minutes=minute)
    arrivals = [first + dt.timedelta(seconds=run_s * place) for place in range(len(stops))]
    dwell = [0, *[30] * (len(stops) - 2), 0][: len(stops)]
    return pl.DataFrame(
        {
            "service_date": [day] * len(stops),
            "trip_id": trip,
            "stop_sequence": range(1, len(stops) + 1),
            "route_id": route,
            "direction_id": 0,
            "stop_id": list(stops),
            "arrival_timestamp": arrivals,
            "departure_timestamp": [
                each + dt.timedelta(seconds=wait) for each, wait in zip(arrivals, dwell, strict=True)
            ],
            "vehicle_capacity": None,
        },
        schema_overrides={
            "stop_sequence": pl.Int64,
            "direction_id": pl.Int64,
            "vehicle_capacity": pl.Int64,
            "arrival_timestamp": pl.Datetime("us"),
            "departure_timestamp": pl.Datetime("us"),
        },
    )
