"""
The lifelines sample, made from a seed at any size.

    generate(Path("city"), scale=50)

The work goes borough by borough, so that memory does not grow with the scale. Up to `TEXT_UP_TO` the tables
are CSV, and readings Parquet; above it every table is Parquet in parts. `python -m
data_samples.lifelines.generate` makes the shipped sample again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl

from data_samples.lifelines import (
    ABOUT,
    DATA,
    TRUTH,
    city,
    drawn,
    fuel,
    incidents,
    leaning,
    power,
    readings,
    telecom,
    truth,
    water,
    weakspots,
)
from data_samples.lifelines.city import Borough, zone_id, zone_name
from data_samples.lifelines.planted import FAULTS, plant
from data_samples.lifelines.sheet import Sheet
from data_samples.lifelines.truth import Truth
from data_samples.made import checked_scale, figure
from data_samples.traffic.files import staged, write
from data_samples.traffic.planted import BadRow, Planted
from workbench.simulation import Streams

SEED = 20260309
LARGEST = 1_000
TEXT_UP_TO = 4
PART = 8  # boroughs
BYTES = 1.1e6  # for each unit of scale, in Parquet
TABLES = (
    "zones",
    "nodes",
    "edges",
    "dependencies",
    "demands",
    "sensors",
    "readings",
    "incidents",
    "registers",
)
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
    Write a sample: the tables of the lifelines contract and `truth.json`.

    Parameters
    ----------
    out
        A folder that does not exist yet, or is empty. It appears complete or not at all.
    scale
        How many times the shipped sample of about 2,000 assets, above 0 and up to 1,000.
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
    scale, streams, out = checked_scale(scale, LARGEST), Streams(seed), Path(out)
    progress = progress or (lambda _what, _share: None)
    whole = city.boroughs(scale)
    with staged(out, BYTES * scale if scale > TEXT_UP_TO else 0) as stage:
        work = _Work(stage, streams, text=scale <= TEXT_UP_TO, bad_rows=bad_rows)
        for part, first in enumerate(range(0, len(whole), PART)):
            progress("networks, readings and incidents", first / len(whole))
            work.part(part, whole[first : first + PART])
        work.put("registers", 0, incidents.registers(), "registers.csv")
        progress("truth", 1.0)
        found = work.truth(scale)
        found.write(stage / "truth.json")
        shutil.copyfile(ABOUT, stage / "about.yaml")
    return found


def people_of(borough: Borough, streams: Streams) -> list[int]:
    """People of each zone: the first borough has round numbers, the others differ from it."""
    found = []
    for place in range(borough.zones):
        other = streams.generator("people", borough.zone(place)).uniform(0.85, 1.15)
        found.append(round(city.DISTRICTS[place][2] * (1.0 if borough.planted else float(other))))
    return found


class _Work:
    """One sample in the making: its files so far, and what the truth will need of them."""

    def __init__(self, stage: Path, streams: Streams, *, text: bool, bad_rows: bool) -> None:
        self.stage, self.streams, self.text, self.bad_rows = stage, streams, text, bad_rows
        self.sheet = Sheet()
        self.rows = {table: {"rows": 0, "good": 0, "bad": 0} for table in TABLES}
        self.bad: list[BadRow] = []
        self.first: dict[str, pl.DataFrame] = {}
        self.boroughs: list[Borough] = []
        self.counts: list[pl.DataFrame] = []
        self.systems: list[pl.DataFrame] = []

    def put(self, table: str, part: int, frame: pl.DataFrame, file: str = "") -> pl.DataFrame:
        """Write one file of a table, with bad rows among the good; returns the good ones."""
        file = file if self.text and file else f"{table}/part-{part:05d}.parquet"
        planted = Planted(frame, frame)
        if self.bad_rows and table in FAULTS:
            planted = plant(table, file, frame, self.streams.generator("bad rows", table, part))
        write(self.stage / file, planted)
        count = self.rows[table]
        count["rows"] += len(planted.rows)
        count["good"] += len(planted.good)
        count["bad"] += len(planted.bad)
        self.bad += planted.bad
        return planted.good

    def part(self, part: int, boroughs: list[Borough]) -> None:
        """Write what some boroughs have of every table."""
        made: dict[str, list[pl.DataFrame]] = {table: [] for table in TABLES[:-1]}
        for borough in boroughs:
            for table, frame in self.borough(borough).items():
                made[table].append(frame)
        good = {}
        for table, frames in made.items():
            file = f"{table}.{'parquet' if table == 'readings' else 'csv'}"
            good[table] = self.put(table, part, pl.concat(frames), file)
        if not self.first:
            self.first = good
        self.boroughs += boroughs
        self.counts.append(truth.incident_counts(good))
        peak = good["nodes"].group_by("system").agg(pl.len().alias("nodes"), pl.col("demand").sum())
        links = good["edges"].group_by("system").agg(pl.len().alias("edges"))
        self.systems.append(peak.join(links, "system", "left"))

    def borough(self, borough: Borough) -> dict[str, pl.DataFrame]:
        """Make the tables of one borough."""
        people, streams = people_of(borough, self.streams), self.streams
        for draw in (water.build, power.build, fuel.gas, telecom.build):
            draw(self.sheet, borough, people, streams)
        fuel.oil(self.sheet, borough, people)
        leaning.build(self.sheet, borough)
        tables = self.sheet.take()
        sensors, values = readings.tables(borough, people, streams)
        zones = [(zone_id(z), *zone_name(z), n) for z, n in zip(_zones(borough), people, strict=True)]
        return {
            "zones": pl.DataFrame(zones, ("zone_id", "name", "name_zh", "people"), orient="row"),
            **tables,
            "demands": drawn.demands(borough, people, streams),
            "sensors": sensors,
            "readings": values,
            "incidents": incidents.table(borough, tables["nodes"], tables["edges"], streams),
        }

    def truth(self, scale: float) -> Truth:
        """Work out the truth; what is planted lies in the first borough."""
        first, names = self.boroughs[0], [zone_id(zone) for zone in _zones(self.boroughs[0])]
        own = {
            table: frame.filter(pl.col("zone_id").is_in(names)) if "zone_id" in frame.columns else frame
            for table, frame in self.first.items()
        }
        people = people_of(first, self.streams)
        systems = pl.concat(self.systems).group_by("system").sum().sort("system")
        return Truth(
            seed=self.streams.seed,
            scale=scale,
            zone=city.ZONE,
            dates=[str((city.MONDAY + timedelta(days=day)).date()) for day in range(city.DAYS)],
            rows=self.rows,
            city={
                "people": sum(sum(people_of(one, self.streams)) for one in self.boroughs),
                "zones": self.rows["zones"]["good"],
                "systems": {
                    row["system"]: {
                        "nodes": row["nodes"],
                        "edges": row["edges"],
                        "demand": figure(row["demand"]),
                    }
                    for row in systems.iter_rows(named=True)
                },
            },
            weak_spots=weakspots.weak_spots(first, self.first),
            water=truth.water(
                first, own, [readings.leaks(first, place, people[place]) for place in range(first.zones)]
            ),
            overload=truth.overload(first, own),
            out_of_range=truth.out_of_range(own),
            incidents=truth.incident_truth(pl.concat(self.counts)),
            bad_rows=self.bad,
        )


def _zones(borough: Borough) -> list[int]:
    return [borough.zone(place) for place in range(borough.zones)]


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
