"""
Roads of the traffic sample: segments, and a week of their speeds.

Speed is what the limit allows, less a share that follows the time of day: two peaks on weekdays, one low
and wide at the weekend. How deep the peaks go is the truth of a segment; days differ from it at random,
and now and then an incident slows a segment for an hour or two. Five segments of the first quarter are
truly the most congested; a few come close, the rest do not.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_samples.traffic import city
from data_samples.traffic.timetable import Ints, moments
from workbench.simulation import Streams

Floats = NDArray[np.float64]
# Place in the first quarter: (depth of the peaks, width of the peaks in hours).
CONGESTED = {3: (0.60, 1.30), 6: (0.58, 1.30), 17: (0.56, 1.30), 24: (0.545, 1.30), 31: (0.53, 1.30)}
CLOSE = {1: (0.49, 1.15), 11: (0.48, 1.15), 20: (0.475, 1.15), 28: (0.465, 1.15), 36: (0.455, 1.15)}
DEPTHS, WIDTHS = (0.12, 0.40), (0.8, 1.1)
DAY_SD, NOISE_SD = 0.10, 0.045
WEEKEND_DEPTH = 0.45
INCIDENTS_A_WEEK, INCIDENT_SLOTS, INCIDENT_SLOWING = 0.5, (3, 9), (0.3, 0.6)
LOST, UNCOUNTED = 0.003, 0.004
COLUMNS = ("limit", "lanes", "length", "depth", "width", "tilt")


def segments(first: int, last: int, count: int, streams: Streams) -> dict[str, Floats]:
    """
    Draw the segments of some quarters.

    Returns
    -------
    segments
        `place` in the city, and what `COLUMNS` lists: limit (km/h), lanes, length (m), depth (share of the
        speed lost at the peak of a mean weekday), width (h), tilt (morning against evening, -1 to 1).
    """
    parts = []
    for quarter in range(first, last):
        u = streams.generator("segments", quarter).random((city.SEGMENTS, 6))
        limit = np.array([40.0, 50.0, 60.0, 80.0])[(u[:, 0] * 4).astype(np.int64)]
        lanes = np.where(limit > 50, 3.0, 2.0) + (u[:, 1] > 0.7)
        length = np.rint(400 + 1200 * u[:, 2])
        depth = DEPTHS[0] + (DEPTHS[1] - DEPTHS[0]) * u[:, 3]
        width = WIDTHS[0] + (WIDTHS[1] - WIDTHS[0]) * u[:, 4]
        tilt = 0.3 * (2 * u[:, 5] - 1)
        if quarter == 0:
            for planted, where in (*CONGESTED.items(), *CLOSE.items()):
                worst = planted in CONGESTED  # long and wide as well, so that lost time ranks them first too
                depth[planted], width[planted] = where
                tilt[planted] *= 0.3
                limit[planted], lanes[planted] = (50, 4) if worst else (60, 3)
                length[planted] = np.rint((1200 if worst else 600) + 300 * u[planted, 2])
        parts.append(np.column_stack([limit, lanes, length, depth, width, tilt]))
    place = np.arange(first * city.SEGMENTS, min(last * city.SEGMENTS, count))
    whole = np.concatenate(parts)[: len(place)]
    return {"place": place.astype(np.float64)} | {name: whole[:, n] for n, name in enumerate(COLUMNS)}


def segment_ids(place: Floats) -> pl.Series:
    """Name segments: S001, S002 ..."""
    return pl.Series((place + 1).astype(np.int64)).cast(pl.String).str.zfill(3).str.replace("^", "S")


def segments_table(found: dict[str, Floats]) -> pl.DataFrame:
    """Write the segments as the contract names them: a road between two crossings, in a district."""
    place = found["place"].astype(np.int64)
    quarter, own = np.divmod(place, city.SEGMENTS)
    road, stretch = np.divmod(own, len(city.CROSSINGS) - 1)
    ahead = (road + quarter) % len(city.CROSSINGS)
    here, there = (stretch + ahead) % len(city.CROSSINGS), (stretch + 1 + ahead) % len(city.CROSSINGS)
    names = [
        f"{r[0]}（{a[0]}—{b[0]}）{f'{q + 1}区 ' if q else ''}{r[1]}, {a[1]}–{b[1]}"
        for q, r, a, b in zip(
            quarter.tolist(),
            (city.ROADS[each] for each in road.tolist()),
            (city.CROSSINGS[each] for each in here.tolist()),
            (city.CROSSINGS[each] for each in there.tolist()),
            strict=True,
        )
    ]
    district = (own // (city.SEGMENTS // len(city.DISTRICTS)) + quarter) % len(city.DISTRICTS)
    districts = pl.Series([f"{zh} {en}" for zh, en in city.DISTRICTS])
    return pl.DataFrame(
        {
            "segment_id": segment_ids(found["place"]),
            "segment_name": names,
            "length_m": found["length"],
            "lanes": found["lanes"].astype(np.int64),
            "speed_limit_kmh": found["limit"],
            "district": districts.gather(district),
        }
    )


def shape(width: Floats, tilt: Floats) -> Floats:
    """Give the share of the depth that is lost by time of week, shape (segments, days, slots)."""
    hour = (np.arange(city.SLOTS) + 0.5) / 4
    wide = width[:, None]

    def hump(centre: float, spread: Floats) -> Floats:
        return np.asarray(np.exp(-0.5 * ((hour - centre) / spread) ** 2))

    morning, evening = 1 + np.minimum(tilt, 0)[:, None], 1 - np.maximum(tilt, 0)[:, None]
    weekday = morning * hump(8.0, wide) + evening * hump(18.0, wide * 1.1) + 0.15 * hump(13.0, wide * 3)
    weekend = WEEKEND_DEPTH * hump(15.0, wide * 2.5)
    return np.stack([weekday if day < city.WEEKDAYS else weekend for day in range(city.DAYS)], axis=1)


def speeds(found: dict[str, Floats], streams: Streams) -> tuple[Floats, Ints, NDArray[np.bool_]]:
    """
    Drive the segments for a week.

    Returns
    -------
    speed
        Mean speed in km/h, to one decimal, shape (segments, days, slots).
    count
        Vehicles in the interval; -1 where they were not counted.
    kept
        False where the detector was silent.
    """
    size = (len(found["place"]), city.DAYS, city.SLOTS)
    day, incident = np.empty(size[:2]), np.ones(size)
    noise, flow, gaps = np.empty(size), np.empty(size), np.empty(size)
    for n, place in enumerate(found["place"].astype(np.int64).tolist()):
        draw = streams.generator("speeds", place)
        day[n] = draw.standard_normal(city.DAYS)
        noise[n], flow[n] = draw.standard_normal(size[1:]), draw.standard_normal(size[1:])
        gaps[n] = draw.random(size[1:])
        if draw.random() < INCIDENTS_A_WEEK:
            when, hour, long, slowing = draw.random(4)
            start = 24 + int(hour * 56)
            stop = start + INCIDENT_SLOTS[0] + int(long * (INCIDENT_SLOTS[1] - INCIDENT_SLOTS[0]))
            slower = INCIDENT_SLOWING[0] + slowing * (INCIDENT_SLOWING[1] - INCIDENT_SLOWING[0])
            incident[n, int(when * city.DAYS), start:stop] = 1 - slower
    lost = found["depth"][:, None] * (1 + DAY_SD * day)
    busy = shape(found["width"], found["tilt"])
    free = 0.95 * found["limit"][:, None, None]
    speed = free * (1 - np.clip(lost[:, :, None] * busy, 0, 0.85)) * incident * (1 + NOISE_SD * noise)
    hour = (np.arange(city.SLOTS) + 0.5) / 4
    traffic = 0.06 + 0.55 / (1 + np.exp(-(hour - 6.2) * 2)) / (1 + np.exp((hour - 21.5) * 1.2)) + 0.3 * busy
    mean = 210 * found["lanes"][:, None, None] * traffic
    count = np.maximum(np.rint(mean + np.sqrt(mean) * flow), 0).astype(np.int64)
    return (
        np.asarray(np.round(np.clip(speed, 3, 150), 1), np.float64),
        np.where((gaps > 0.5) & (gaps < 0.5 + UNCOUNTED), -1, count),
        gaps >= LOST,
    )


def speeds_table(
    found: dict[str, Floats], speed: Floats, count: Ints, kept: NDArray[np.bool_]
) -> pl.DataFrame:
    """Write speeds as the contract names them, interval by interval."""
    order = (1, 2, 0)
    keep = kept.transpose(order).ravel()
    size = [speed.shape[each] for each in order]
    axes = np.ogrid[tuple(map(slice, size))]
    day, slot, place = (np.broadcast_to(each, size).ravel()[keep] for each in axes)
    counted = pl.Series(count.transpose(order).ravel()[keep])
    return pl.DataFrame(
        {
            "segment_id": segment_ids(found["place"]).gather(place),
            "timestamp": moments(day, slot * 900),
            "speed_kmh": speed.transpose(order).ravel()[keep],
            "vehicle_count": counted,
        }
    ).with_columns(pl.when(pl.col("vehicle_count") >= 0).then("vehicle_count").alias("vehicle_count"))
