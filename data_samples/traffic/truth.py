"""
What the traffic sample hides, worked out from the good rows with NumPy alone.

Two kinds of truth stand side by side: `process`, the numbers the generator was given, and `realised`, what
came out of the dice, exact to the row. A measure must find the second; a decision should find the first.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_samples.made import KeptTruth, figure
from data_samples.traffic import city, roads
from data_samples.traffic.planted import BadRow
from data_samples.traffic.timetable import DAY_S, date_of, windows
from data_samples.traffic.transit import NO_ALIGHTING, THREE_RIDERS, TWO_RIDERS, lateness_sd, section_share

Floats = NDArray[np.float64]
QUARTER_S = 900
TOP = 15


@dataclass(frozen=True, kw_only=True)
class Truth(KeptTruth):
    """
    The truth of one sample.

    Parameters
    ----------
    seed, scale, zone, dates
        How the sample was made.
    rows
        By table: rows in the files, of them good, of them bad.
    congestion
        The planted segments, and the index of the most congested as realised.
    headways
        By line of the first quarter, direction and stop.
    crowding
        The planted section and quarter-hours, and the highest load elsewhere.
    cards
        Distinct cards and riders.
    trips_not_run
        Scheduled trips of the first quarter that were not run.
    bad_rows
        Every planted bad row.
    """

    seed: int
    scale: float
    zone: str
    dates: list[str]
    rows: dict[str, dict[str, int]]
    congestion: dict[str, Any]
    headways: list[dict[str, Any]]
    crowding: dict[str, Any]
    cards: dict[str, Any]
    trips_not_run: list[dict[str, str]]
    bad_rows: list[BadRow] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON holds them."""
        return asdict(self)


def headways(visits: pl.DataFrame) -> list[dict[str, Any]]:
    """
    Headways between departures of one service date, by line, direction and stop.

    `realised` is over the whole week and day, so it holds the timetable and the trips not run too.
    The weekday windows of equal scheduled headways part the two: `process_cv` is the coefficient of variation
    that the random lateness alone makes, `realised_cv` what came out between trips that were both run.
    """
    when = visits["actual_departure_time"].dt.epoch("s").to_numpy()
    plan = visits["schedule_departure_time"].dt.epoch("s").to_numpy()
    day = visits["service_date"].to_physical().to_numpy()
    route, way = visits["route_id"].to_numpy(), visits["direction_id"].to_numpy()
    stop, order = visits["stop_id"].to_numpy(), visits["trip_stop_sequence"].to_numpy()
    found = []
    for kind, line in enumerate(city.LINES):
        for direction, sequence in product((0, 1), range(1, len(line.stops) + 1)):
            here = (route == city.route_id(kind)) & (way == direction) & (order == sequence)
            if here.sum() < 2 * city.DAYS:
                continue
            sorting = np.lexsort((when[here], day[here]))
            on, left, due = day[here][sorting], when[here][sorting], plan[here][sorting]
            same = np.diff(on) == 0
            gaps, planned = np.diff(left)[same].astype(np.float64), np.diff(due)[same]
            starts = (due - on * DAY_S - (sequence - 1) * line.run_s)[:-1][same]
            weekday = (on[:-1] - on[0])[same] < city.WEEKDAYS
            sd = float(lateness_sd(kind)[sequence - 1])
            parts = []
            for start, end, minutes in windows(kind, "W"):
                own = weekday & (starts >= start * 3600) & (starts < end * 3600) & (planned == minutes * 60)
                parts.append(
                    {
                        "from_hour": start,
                        "to_hour": end,
                        "headway_s": minutes * 60,
                        "process_cv": figure(np.sqrt(2) * sd / (minutes * 60)),
                        "realised_cv": figure(gaps[own].std(ddof=1) / gaps[own].mean())
                        if own.sum() > 1
                        else None,
                        "headways": int(own.sum()),
                    }
                )
            found.append(
                {
                    "route_id": city.route_id(kind),
                    "direction_id": direction,
                    "stop_sequence": sequence,
                    "stop_id": str(stop[here][0]),
                    "lateness_sd_s": figure(sd),
                    "realised": _spread(gaps),
                    "weekday_windows": parts,
                }
            )
    return found


def _spread(gaps: Floats) -> dict[str, float]:
    """Describe headways in seconds; `cv` has n - 1 in its standard deviation, `cv_population` has n."""
    return {
        "headways": len(gaps),
        "mean_s": figure(gaps.mean()),
        "median_s": figure(np.median(gaps)),
        "p95_s": figure(np.quantile(gaps, 0.95)),
        "cv": figure(gaps.std(ddof=1) / gaps.mean()),
        "cv_population": figure(gaps.std() / gaps.mean()),
        "mean_wait_s": figure((gaps**2).sum() / (2 * gaps.sum())),
    }


def crowding(taps: pl.DataFrame, visits: pl.DataFrame, timetable: pl.DataFrame) -> dict[str, Any]:
    """
    Loads against scheduled capacity on weekdays, by section and quarter-hour of leaving its first stop.

    A load is riders on board of the vehicles that left in the quarter-hour, from taps with a known alighting;
    capacity is that of the trips scheduled to leave in it. Both are sums over the weekdays.
    """
    friday = pl.lit(date_of(city.WEEKDAYS - 1)).str.to_date()
    taps, visits, timetable = (
        each.filter(pl.col("service_date") <= friday) for each in (taps, visits, timetable)
    )
    places: dict[tuple[Any, str], dict[str, tuple[int, int]]] = defaultdict(dict)
    trip = ("service_date", "trip_id_performed")
    for day, name, stop, order, left in visits.select(
        *trip, "stop_id", "trip_stop_sequence", "actual_departure_time"
    ).iter_rows():
        places[day, name][stop] = (order, _quarter(left))
    load: dict[tuple[str, int, int, int], float] = defaultdict(float)
    capacity: dict[tuple[str, int, int, int], float] = defaultdict(float)
    for day, name, begin, end, riders, route, way in (
        taps.drop_nulls("alight_stop_id")
        .select(*trip, "stop_id", "alight_stop_id", "num_riders", "route_id", "direction_id")
        .iter_rows()
    ):
        calls = places[day, name]
        for order, quarter in calls.values():
            if calls[begin][0] <= order < calls[end][0]:
                load[route, way, order, quarter] += 1 if riders is None else riders
    for route, way, order, leaves, seats in timetable.select(
        "route_id", "direction_id", "stop_sequence", "departure_timestamp", "vehicle_capacity"
    ).iter_rows():
        capacity[route, way, order, _quarter(leaves)] += seats

    line = city.LINES[city.CROWDED_LINE]
    where = (city.route_id(city.CROWDED_LINE), city.CROWDED_DIRECTION, city.CROWDED_STOP)
    planted = [_quarter_of(each) for each in city.CROWDED_QUARTERS]
    ratios = {key: load[key] / seats for key, seats in capacity.items() if seats}
    elsewhere = {key: each for key, each in ratios.items() if key[:3] != where or key[3] not in planted}
    worst = max(sorted(elsewhere), key=lambda key: elsewhere[key])
    return {
        "route_id": where[0],
        "direction_id": where[1],
        "from_stop_sequence": where[2],
        "from_stop_id": city.stop_id(0, line.stops[where[2] - 1]),
        "to_stop_id": city.stop_id(0, line.stops[where[2]]),
        "days": "weekdays",
        "process": {"load": figure(_expected_load()), "capacity": 2 * line.capacity},
        "quarter_hours": [
            {
                "quarter_hour": label,
                "load": figure(load[*where, quarter]),
                "capacity": figure(capacity[*where, quarter]),
                "load_over_capacity": figure(ratios[*where, quarter]),
            }
            for label, quarter in zip(city.CROWDED_QUARTERS, planted, strict=True)
        ],
        "next_highest": {
            "route_id": worst[0],
            "direction_id": worst[1],
            "from_stop_sequence": worst[2],
            "quarter_hour": f"{worst[3] // 4:02d}:{worst[3] % 4 * 15:02d}",
            "load_over_capacity": figure(elsewhere[worst]),
        },
    }


def _expected_load() -> float:
    """Give the persons that the process brings over the crowded section in each crowded quarter-hour."""
    line, way = city.LINES[city.CROWDED_LINE], city.CROWDED_DIRECTION
    hours = line.hours[way]
    share = max(weight for _, _, weight in hours) * 0.25 / sum((end - start) * w for start, end, w in hours)
    on_board = section_share(city.CROWDED_LINE, way, city.CROWDED_STOP) * (1 - NO_ALIGHTING)
    return line.riders[way] * share * on_board * (1 + TWO_RIDERS + 2 * THREE_RIDERS)


def _quarter(when: Any) -> int:
    """Give the quarter-hour of the day of a time."""
    return int((when.hour * 3600 + when.minute * 60 + when.second) // QUARTER_S)


def _quarter_of(label: str) -> int:
    """Give the quarter-hour of the day of a label such as 07:30."""
    return int(label[:2]) * 4 + int(label[3:]) // 15


def congestion(index: Floats, peak: Floats, share: Floats) -> dict[str, Any]:
    """Name the planted segments, and rank all by what was realised (see `segment_figures`)."""
    planted = [place for place in roads.CONGESTED if place < len(index)]
    ids = roads.segment_ids(np.arange(len(index), dtype=np.float64))
    top = np.argsort(-index, kind="stable")[:TOP]
    return {
        "k": len(planted),
        "segments": [ids[place] for place in planted],
        "close": [ids[place] for place in roads.CLOSE if place < len(index)],
        "process": {
            "depth_at_peak": {ids[p]: d for p, (d, _) in roads.CONGESTED.items() if p < len(index)},
            "depth_of_close": {ids[p]: d for p, (d, _) in roads.CLOSE.items() if p < len(index)},
            "greatest_depth_of_others": roads.DEPTHS[1],
        },
        "definitions": {
            "index_week": "85th percentile (linear) of all speeds of the segment over their mean",
            "index_peak": "the same percentile over the mean of weekdays 07:00-09:00 and 17:00-19:00",
            "share_congested": "share of the intervals below 0.6 of that percentile",
        },
        "realised_top": [
            {
                "segment_id": ids[int(place)],
                "index_week": figure(index[place]),
                "index_peak": figure(peak[place]),
                "share_congested": figure(share[place]),
            }
            for place in top
        ],
    }


def segment_figures(speed: Floats, good: NDArray[np.bool_]) -> Floats:
    """Give index_week, index_peak and share_congested of segments, shape (3, segments)."""
    value = np.where(good, speed, np.nan)
    week = value.reshape(len(value), -1)
    free = np.nanquantile(week, 0.85, axis=1)
    slots = np.r_[28:36, 68:76]
    peak = value[:, : city.WEEKDAYS][:, :, slots].reshape(len(value), -1)
    slow = (week < 0.6 * free[:, None]).sum(axis=1) / (~np.isnan(week)).sum(axis=1)
    return np.stack([free / np.nanmean(week, axis=1), free / np.nanmean(peak, axis=1), slow])
