"""
What the traffic sample hides, worked out from the good rows with NumPy alone.

Two kinds of truth stand side by side: `process`, the numbers the generator was given, and `realised`, what
came out of the dice, exact to the row. A measure must find the second; a decision should find the first.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_samples.traffic import city, roads
from data_samples.traffic.planted import BadRow
from data_samples.traffic.timetable import date_of, windows
from data_samples.traffic.transit import lateness_sd, section_share

QUARTER_S = 900
TOP = 15


@dataclass(frozen=True, kw_only=True)
class Truth:
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

    def write(self, path: Path) -> None:
        """Write JSON that is the same bytes for the same truth, bad rows and headways one to a line."""
        whole = self.as_dict()
        lines = []
        for name, value in whole.items():
            if isinstance(value, list) and value and isinstance(value[0], dict):
                rows = ",\n".join("  " + json.dumps(each, ensure_ascii=False) for each in value)
                lines.append(f' "{name}": [\n{rows}\n ]')
            else:
                text = json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n ")
                lines.append(f' "{name}": {text}')
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Truth:
        """Read what `write` wrote."""
        whole = json.loads(path.read_text(encoding="utf-8"))
        return cls(**whole | {"bad_rows": [BadRow(**each) for each in whole["bad_rows"]]})


def figure(value: float) -> float:
    """Round to what every platform agrees on."""
    return round(float(value), 9)


def headways(visits: pl.DataFrame) -> list[dict[str, Any]]:
    """
    Headways between departures of one service date, by line, direction and stop.

    `realised` is over the whole week and day, so it holds the timetable's own variation too; `process` is
    the coefficient of variation that the random lateness alone makes, by window of the weekday timetable.
    """
    when = visits["actual_departure_time"].dt.epoch("s").to_numpy()
    day = visits["service_date"].to_physical().to_numpy()
    route, way = visits["route_id"].to_numpy(), visits["direction_id"].to_numpy()
    stop, order = visits["stop_id"].to_numpy(), visits["trip_stop_sequence"].to_numpy()
    found = []
    for kind, line in enumerate(city.LINES):
        sd = lateness_sd(kind)
        for direction in (0, 1):
            for sequence in range(1, len(line.stops) + 1):
                here = (route == city.route_id(kind)) & (way == direction) & (order == sequence)
                if not here.any():
                    continue
                gaps = np.concatenate([np.diff(np.sort(when[here & (day == each)])) for each in np.unique(day[here])])
                if len(gaps) < 2:
                    continue
                found.append(
                    {
                        "route_id": city.route_id(kind),
                        "direction_id": direction,
                        "stop_sequence": sequence,
                        "stop_id": str(stop[here][0]),
                        "realised": _spread(gaps.astype(np.float64)),
                        "process": {
                            "lateness_sd_s": figure(sd[sequence - 1]),
                            "weekday_windows": [
                                {
                                    "from_hour": start,
                                    "to_hour": end,
                                    "headway_s": minutes * 60,
                                    "cv": figure(np.sqrt(2) * sd[sequence - 1] / (minutes * 60)),
                                }
                                for start, end, minutes in windows(kind, "W")
                            ],
                        },
                    }
                )
    return found


def _spread(gaps: NDArray[np.float64]) -> dict[str, float]:
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
    friday = date_of(city.WEEKDAYS - 1)
    taps, visits, timetable = (each.filter(pl.col("service_date") <= pl.lit(friday).str.to_date()) for each in (taps, visits, timetable))
    places: dict[tuple[Any, ...], dict[str, tuple[int, int]]] = defaultdict(dict)
    columns = ("service_date", "trip_id_performed", "stop_id", "trip_stop_sequence", "actual_departure_time")
    for day, trip, stop, sequence, left in visits.select(columns).iter_rows():
        places[day, trip][stop] = (sequence, _quarter(left))
    load: dict[tuple[str, int, int, int], float] = defaultdict(float)
    capacity: dict[tuple[str, int, int, int], float] = defaultdict(float)
    columns = ("service_date", "trip_id_performed", "stop_id", "alight_stop_id", "num_riders", "route_id", "direction_id")  # type: ignore[assignment]
    for day, trip, start, end, riders, route, way in taps.select(columns).iter_rows():
        if end is None:
            continue
        calls = places[day, trip]
        first, last = calls[start][0], calls[end][0]
        for sequence, quarter in calls.values():
            if first <= sequence < last:
                load[route, way, sequence, quarter] += 1 if riders is None else riders
    columns = ("route_id", "direction_id", "stop_sequence", "departure_timestamp", "vehicle_capacity")
    for route, way, sequence, leaves, seats in timetable.select(columns).iter_rows():
        capacity[route, way, sequence, _quarter(leaves)] += seats

    line = city.LINES[city.CROWDED_LINE]
    where = (city.route_id(city.CROWDED_LINE), city.CROWDED_DIRECTION, city.CROWDED_STOP)
    planted = [_quarter_of(each) for each in city.CROWDED_QUARTERS]
    ratios = {key: load[key] / seats for key, seats in capacity.items() if seats}
    elsewhere = {key: each for key, each in ratios.items() if key[:3] != where or key[3] not in planted}
    worst = max(sorted(elsewhere), key=lambda key: elsewhere[key])
    start, end, weight = next(each for each in line.hours[city.CROWDED_DIRECTION] if each[0] == 7.25)
    total = sum((to - since) * each for since, to, each in line.hours[city.CROWDED_DIRECTION])
    share = section_share(city.CROWDED_LINE, city.CROWDED_DIRECTION, city.CROWDED_STOP)
    riders = line.riders[city.CROWDED_DIRECTION] * share * weight * 0.25 / total
    return {
        "route_id": where[0],
        "direction_id": where[1],
        "from_stop_sequence": where[2],
        "from_stop_id": city.stop_id(0, line.stops[where[2] - 1]),
        "to_stop_id": city.stop_id(0, line.stops[where[2]]),
        "days": "weekdays",
        "process": {
            "transactions_per_quarter_hour": figure(riders),
            "capacity_per_quarter_hour": 2 * line.capacity,
        },
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


def _quarter(when: Any) -> int:
    """Give the quarter-hour of the day of a time."""
    return int((when.hour * 3600 + when.minute * 60 + when.second) // QUARTER_S)


def _quarter_of(label: str) -> int:
    """Give the quarter-hour of the day of a label such as 07:30."""
    return int(label[:2]) * 4 + int(label[3:]) // 15


def congestion(index: NDArray[np.float64], peak: NDArray[np.float64], share: NDArray[np.float64]) -> dict[str, Any]:
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


def segment_figures(speed: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Give index_week, index_peak and share_congested of segments, shape (3, segments)."""
    value = np.where(good, speed, np.nan)
    week = value.reshape(len(value), -1)
    free = np.nanquantile(week, 0.85, axis=1)
    slots = np.r_[28:36, 68:76]
    peak = value[:, : city.WEEKDAYS][:, :, slots].reshape(len(value), -1)
    slow = (week < 0.6 * free[:, None]).sum(axis=1) / (~np.isnan(week)).sum(axis=1)
    return np.stack([free / np.nanmean(week, axis=1), free / np.nanmean(peak, axis=1), slow])
