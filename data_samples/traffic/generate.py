"""
The traffic sample, made from a seed at any size.

    generate(Path("week"), scale=100)

The work goes part by part, so that memory does not grow with the scale: a part is some quarters of the
city for the whole week. Up to `TEXT_UP_TO` the taps and speeds are CSV, above it every table is Parquet in
parts. `python -m data_samples.traffic.generate` makes the shipped sample again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from data_samples.made import checked_scale
from data_samples.traffic import ABOUT, DATA, TRUTH, city, gtfs, places, roads, timetable, transit, truth
from data_samples.traffic.files import staged, write
from data_samples.traffic.planted import BadRow, Planted, plant
from data_samples.traffic.truth import Truth
from workbench.simulation import Streams

SEED = 20260302
LARGEST = 20_000
TEXT_UP_TO = 4
FEED_UP_TO = 50
PART = 32  # quarters
BYTES = 0.75e6  # for each unit of scale, in Parquet
SPLIT_DAY = 4  # the CSV of speeds is in two files, Monday to Thursday and Friday to Sunday
ROAD_SHARE = 0.3  # of the time
Progress = Callable[[str, float], None]


def generate(
    out: Path | str,
    *,
    scale: float = 1,
    seed: int = SEED,
    bad_rows: bool = True,
    progress: Progress | None = None,
) -> Truth:
    """
    Write a sample: the tables of the traffic contract, a GTFS feed and `truth.json`.

    Parameters
    ----------
    out
        A folder that does not exist yet, or is empty. It appears complete or not at all.
    scale
        How many times the shipped sample, above 0 and up to 20,000: more lines, roads and cards, in one week.
    seed
        The seed of all randomness; the same seed and scale give the same files.
    bad_rows
        Whether to plant bad rows.
    progress
        Told what is being made and the share that is done, 0 to 1.

    Returns
    -------
    truth
        What the sample hides; the same as in `truth.json`.

    Raises
    ------
    BadParameter
        `scale` or `seed` out of bounds, or `out` not free.
    WorkbenchError
        The folder cannot be written.
    """
    size, streams, out = city.Size.of(checked_scale(scale, LARGEST)), Streams(seed), Path(out)
    with staged(out, BYTES * scale if scale > TEXT_UP_TO else 0) as stage:
        work = _Work(stage, size, streams, text=scale <= TEXT_UP_TO, bad_rows=bad_rows, progress=progress)
        work.lists()
        if scale <= FEED_UP_TO:
            gtfs.write(stage / "gtfs.zip", work.stops, size.lines)
        work.transit()
        work.roads()
        found = work.truth(float(scale))
        found.write(stage / "truth.json")
        shutil.copyfile(ABOUT, stage / "about.yaml")
    return found


class _Work:
    """One sample in the making: its files so far, and what the truth will need of them."""

    def __init__(
        self,
        stage: Path,
        size: city.Size,
        streams: Streams,
        *,
        text: bool,
        bad_rows: bool,
        progress: Progress | None,
    ) -> None:
        self.stage, self.size, self.streams, self.text, self.bad_rows = stage, size, streams, text, bad_rows
        self.progress = progress or (lambda _what, _share: None)
        self.rows: dict[str, dict[str, int]] = {}
        self.bad: list[BadRow] = []
        self.stops = places.stops_table(-(-size.lines // len(city.LINES)))
        self.first: dict[str, pl.DataFrame] = {}
        self.figures: list[Any] = []
        self.cards = {"week": 0, "no_card": 0, "transactions": 0, "riders": 0}
        self.cards_by_date = {timetable.date_of(day): 0 for day in range(city.DAYS)}

    def put(self, table: str, part: int, frame: pl.DataFrame, file: str = "", **more: Any) -> Planted:
        """Write one file of a table, with bad rows among the good; without a name it is a numbered part."""
        file = file or f"{table}/part-{part:05d}.parquet"
        planted = Planted(frame, frame)
        if self.bad_rows and table in ("taps", "stop_visits", "timetable", "road_speeds"):
            draw = self.streams.generator("bad rows", table, part)
            planted = plant(table, file, frame, draw, **more)
        write(self.stage / file, planted)
        count = self.rows.setdefault(table, {"rows": 0, "good": 0, "bad": 0})
        count["rows"] += len(planted.rows)
        count["good"] += len(planted.good)
        count["bad"] += len(planted.bad)
        self.bad += planted.bad
        if part == 0 and table in ("taps", "stop_visits", "timetable"):
            routes = [city.route_id(line) for line in range(min(self.size.lines, len(city.LINES)))]
            self.first[table] = planted.good.filter(pl.col("route_id").is_in(routes))
        return planted

    def name(self, file: str) -> str:
        """Name the one file of a table in a sample that is small enough for one."""
        return file if self.text else ""

    def lists(self) -> None:
        """Write the stops; segments follow with the roads."""
        self.put("stops", 0, self.stops, f"stops.{'csv' if self.text else 'parquet'}")

    def transit(self) -> None:
        """Write timetable, stop visits and taps."""
        quarters = -(-self.size.lines // len(city.LINES))
        for part, first in enumerate(range(0, quarters, PART)):
            self.progress("timetable, stop_visits and taps", (1 - ROAD_SHARE) * first / quarters)
            names = timetable.Names(first, min(first + PART, quarters), self.size.lines)
            self.put("timetable", part, timetable.table(names), self.name("timetable.parquet"))
            visits, taps, cards = [], [], []
            for day in range(city.DAYS):
                called, tapped = transit.run_day(names, self.streams, day)
                visits.append(transit.visits_table(names, day, called))
                taps.append(transit.taps_table(names, day, tapped))
                cards.append(np.unique(tapped["card"][tapped["no_card"] == 0]))
                self.cards_by_date[timetable.date_of(day)] += len(cards[-1])
                self.cards["no_card"] += int(tapped["no_card"].sum())
                self.cards["transactions"] += len(tapped["card"])
                self.cards["riders"] += int(np.where(tapped["no_count"] == 1, 1, tapped["persons"]).sum())
            self.cards["week"] += len(np.unique(np.concatenate(cards)))
            rounds = 2 if self.text else 1
            whole, visits = pl.concat(visits), []
            self.put("stop_visits", part, whole, self.name("stop_visits.parquet"), rounds=rounds)
            whole, taps = pl.concat(taps), []
            self.put("taps", part, whole, self.name("taps.csv"), rounds=rounds)

    def roads(self) -> None:
        """Write segments and road speeds."""
        quarters = -(-self.size.segments // city.SEGMENTS)
        listed = []
        for part, first in enumerate(range(0, quarters, PART)):
            self.progress("segments and road_speeds", 1 - ROAD_SHARE + ROAD_SHARE * first / quarters)
            found = roads.segments(first, min(first + PART, quarters), self.size.segments, self.streams)
            listed.append(roads.segments_table(found))
            speed, count, kept = roads.speeds(found, self.streams)
            table = roads.speeds_table(found, speed, count, kept)
            if self.text:
                cut = int(kept[:, :SPLIT_DAY].sum())
                one = self.put("road_speeds", 0, table[:cut], "road_speeds/part-0.csv")
                again = one.good[[7, len(one.good) // 2]] if self.bad_rows else None
                two = self.put("road_speeds", 1, table[cut:], "road_speeds/part-1.csv", before=again)
                removed = [*one.removed, *(cut + each for each in two.removed)]
            else:
                removed = self.put("road_speeds", part, table).removed
            good = kept.transpose(1, 2, 0).copy()
            good.reshape(-1)[np.flatnonzero(good)[removed]] = False
            self.figures.append(truth.segment_figures(speed, good.transpose(2, 0, 1)))
        self.put("segments", 0, pl.concat(listed), f"segments.{'csv' if self.text else 'parquet'}")

    def truth(self, scale: float) -> Truth:
        """Work out the truth."""
        self.progress("truth", 1.0)
        first = self.first
        ran = first["stop_visits"].select("service_date", trip_id="trip_id_performed").unique()
        planned = first["timetable"].select("service_date", "trip_id").unique()
        missing = planned.join(ran, ["service_date", "trip_id"], "anti")
        return Truth(
            seed=self.streams.seed,
            scale=scale,
            zone=city.ZONE,
            dates=list(self.cards_by_date),
            rows=self.rows,
            congestion=truth.congestion(*np.concatenate(self.figures, axis=1)),
            headways=truth.headways(first["stop_visits"]),
            crowding=truth.crowding(first["taps"], first["stop_visits"], first["timetable"]),
            cards={
                "distinct_cards": self.cards["week"],
                "distinct_cards_by_date": self.cards_by_date,
                "transactions_without_card": self.cards["no_card"],
                "transactions": self.cards["transactions"],
                "riders": self.cards["riders"],
            },
            trips_not_run=[
                {"service_date": str(day), "trip_id": trip}
                for day, trip in missing.sort("service_date", "trip_id").iter_rows()
            ],
            bad_rows=self.bad,
        )


def ship() -> Truth:
    """Make the shipped sample again, in place."""
    with tempfile.TemporaryDirectory(dir=DATA.parent) as folder:
        made = Path(folder) / "made"
        found = generate(made)
        (made / "truth.json").replace(TRUTH)
        shutil.rmtree(DATA, ignore_errors=True)
        made.rename(DATA)
    return found


if __name__ == "__main__":
    ship()
