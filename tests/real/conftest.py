"""What the tests on real data share: source files, and those whose missing tables are made here."""

from __future__ import annotations

import csv
import datetime as dt
import io
import statistics
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

SOURCES = Path(__file__).parent / "sources"
CAIRNS_RIDERS = 1500


@pytest.fixture(scope="session")
def xiamen(real_data, tmp_path_factory):
    """
    Source file of Xiamen BRT 2 with a timetable, which is made here because the data have none.

    A bus leaves each stop the mean running minutes of its quarter-hour after the one before; where no bus ran
    in that quarter-hour, the median over those in which one did. So buses are scheduled as they were sent.
    """
    folder, place = real_data / "transport" / "xiamen_brt2", tmp_path_factory.mktemp("xiamen")
    with (folder / "running_minutes_direction_0.csv").open(encoding="utf-8") as file:
        table = [{key: int(value) for key, value in row.items()} for row in csv.DictReader(file)]
    links = [f"s{i}" for i in range(37) if any(row[f"s{i}"] for row in table)]
    usual = {link: statistics.median(row[link] for row in table if row[link]) for link in links}
    lines = ["trip,stop_sequence,stop,minute"]
    for trip, minute in enumerate((folder / "dispatch_minutes_direction_0.csv").read_text().split()):
        at = float(minute)
        for order in range(len(links) + 1):
            lines.append(f"{trip},{order},s{order},{at:g}")
            if order < len(links):
                (row,) = (row for row in table if row["FROM_MINUTE"] <= at < row["TO_MINUTE"] + 1)
                at += row[links[order]] or usual[links[order]]
    (place / "timetable.csv").write_text("\n".join(lines) + "\n")
    times = "{from: minute, origin: 2018-06-01T00:00:00, unit: min}"
    block = f"""  timetable:
    files: {place / "timetable.csv"}
    columns:
      service_date: {{value: 2018-06-01}}
      trip_id: trip
      stop_sequence: stop_sequence
      route_id: {{value: BRT2}}
      direction_id: {{value: 0}}
      stop_id: stop
      arrival_timestamp: {times}
      departure_timestamp: {times}
"""
    text = (SOURCES / "xiamen_brt2.yaml").read_text(encoding="utf-8")
    (place / "xiamen.yaml").write_text(text.rstrip("\n") + "\n" + block, encoding="utf-8")
    return place / "xiamen.yaml"


@pytest.fixture(scope="session")
def cairns(real_data, tmp_path_factory):
    """
    Folder with the Cairns feed and taps beside it, which are made here because Cairns publishes none.

    Riders of route 110, direction 0 (to the city), from Monday 26 to Friday 30 May 2014: Poisson, 1,500 a day
    on average, seed 110. They come between 6 and 22 h, by hour as 1, with peaks of 2 more at 8 and of 1.5
    more at 17 h (Gaussian, standard deviation 1.2 h); by stop as 1.5 at the first falling evenly to 0.5
    before the last; and alight k stops on with weight exp(-k / 8). The time of the tap is when the rider
    comes. Nothing about these riders was observed, so only the timetable of what comes out is Cairns'.
    """
    feed = real_data / "transport" / "gtfs" / "cairns_gtfs.zip"
    place = tmp_path_factory.mktemp("cairns")
    (place / feed.name).write_bytes(feed.read_bytes())
    stops = _stops_of_110(feed)
    draw = np.random.default_rng(110)
    hours, places = np.arange(6, 22), np.arange(len(stops))
    by_hour = 1 + 2 * np.exp(-(((hours - 8) / 1.2) ** 2) / 2) + 1.5 * np.exp(-(((hours - 17) / 1.2) ** 2) / 2)
    by_stop = np.append(np.linspace(1.5, 0.5, len(stops) - 1), 0.0)
    expected = CAIRNS_RIDERS * np.outer(by_hour / by_hour.sum(), by_stop / by_stop.sum())
    lines = ["transaction_id,service_date,event_timestamp,stop_id,alight_stop_id,route_id,direction_id"]
    for day in (dt.date(2014, 5, 26 + n) for n in range(5)):
        for hour, stop in np.ndindex(expected.shape):
            for second in draw.uniform(0, 3600, draw.poisson(expected[hour, stop])):
                weight = np.where(places > stop, np.exp((stop - places) / 8.0), 0.0)
                to = draw.choice(places, p=weight / weight.sum())
                at = dt.datetime.combine(day, dt.time()) + dt.timedelta(
                    seconds=int(hours[hour] * 3600 + second)
                )
                lines.append(f"{len(lines)},{day},{at},{stops[stop]},{stops[to]},110-423,0")
    (place / "taps.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def _stops_of_110(feed):
    """Stops of the most frequent pattern of route 110 on weekdays, by Python's own csv."""
    with zipfile.ZipFile(feed) as files:

        def table(name):
            return csv.DictReader(io.StringIO(files.read(name).decode("utf-8-sig")))

        trips = {
            row["trip_id"]
            for row in table("trips.txt")
            if (row["route_id"], row["direction_id"]) == ("110-423", "0") and "Weekday" in row["service_id"]
        }
        calls = defaultdict(list)
        for row in table("stop_times.txt"):
            if row["trip_id"] in trips:
                calls[row["trip_id"]].append((int(row["stop_sequence"]), row["stop_id"]))
    patterns = Counter(tuple(stop for _, stop in sorted(each)) for each in calls.values())
    return max(patterns, key=lambda each: (patterns[each], len(each), each))
