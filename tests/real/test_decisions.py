"""The decisions on real data, through source files, the same on every engine."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.traffic import domain
from pipelines.traffic.decide import Congestion, CongestionParameters, Crowding, CrowdingParameters
from workbench.runs import data_from, decide

SOURCES = Path(__file__).parent / "sources"
METRO, BUS = 1460, 90
pytestmark = pytest.mark.real


@pytest.fixture(scope="module", params=["polars", "dask", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request, engines):
    return engines(request.param)


@pytest.fixture(scope="module")
def answered(real_data, engines, tmp_path_factory):
    """Run folders by decision, source and engine, each made once."""
    made = {}

    def run(decision, source, parameters, engine):
        key = decision.name, str(source), engine.name
        if key not in made:
            data = data_from(domain, data=str(real_data), source=str(source))
            out = tmp_path_factory.mktemp("runs")
            made[key] = decide(decision, domain, data, parameters, engine, out)
        return made[key]

    return run


@pytest.fixture(scope="module")
def same(answered, engines, agree):
    """Compare all measures of a run with those on polars: counts exactly, floats to 1e-9."""

    def compare(decision, source, parameters, engine):
        mine, other = (answered(decision, source, parameters, one) for one in (engine, engines("polars")))
        names = sorted(path.name for path in (other.folder / "measures").iterdir())
        assert sorted(path.name for path in (mine.folder / "measures").iterdir()) == names
        for name in names:
            made, expected = (pl.read_parquet(run.folder / "measures" / name) for run in (mine, other))
            assert made.schema == expected.schema
            agree(made, expected)
            whole = [column for column, dtype in made.schema.items() if not dtype.is_float()]
            assert (
                made.select(whole)
                .sort(whole, nulls_last=True)
                .equals(expected.select(whole).sort(whole, nulls_last=True))
            )

    return compare


def measure(run, name):
    return pl.read_parquet(run.folder / "measures" / f"{name}.parquet")


def brief(run):
    return json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))


class TestLosAngeles:
    """Against the same figures worked out with NumPy from the file."""

    ASKED = Congestion, SOURCES / "los_loop.yaml", CongestionParameters()

    @pytest.fixture(scope="class")
    @classmethod
    def truth(cls, real_data):
        with (real_data / "transport" / "los_loop_speed" / "los_speed.csv").open(encoding="utf-8") as file:
            sensors, *rows = csv.reader(file)
        speeds = np.array(rows, dtype=float) * 1.609344
        step = np.arange(len(speeds))
        day, hour = step // 288, step % 288 // 12
        weekday = np.isin(day, [0, 1, 4, 5, 6])  # 1 March 2012 was a Thursday
        judged = weekday & np.isin(hour, [7, 8, 17, 18])
        free = np.quantile(speeds, 0.85, axis=0)
        return dict(zip(sensors, free / speeds[judged].mean(axis=0), strict=True))

    def test_the_worst_segments_are_chosen(self, answered, engine, truth):
        told = brief(answered(*self.ASKED, engine))
        rows = [row["cells"] for row in told["options"]["rows"]]
        worst = sorted(truth, key=lambda sensor: -truth[sensor])
        assert [row[0]["text"]["en"] for row in rows] == worst[: len(rows)]
        found = told["quantities"]
        for rank, sensor in enumerate(worst[: len(rows)], start=1):
            assert found[f"index.rank{rank}"]["value"] == pytest.approx(truth[sensor], rel=1e-9)

    def test_every_row_is_clean(self, answered, engine):
        (table,) = answered(*self.ASKED, engine).record["tables"]
        assert (table["rows"], table["clean"]) == (2016 * 207, 2016 * 207)
        assert list(table["period"]) == ["2012-03-01", "2012-03-07"]

    def test_measures_do_not_depend_on_the_engine(self, same, engine):
        same(*self.ASKED, engine)


class TestBeijing:
    ASKED = Crowding, SOURCES / "beijing_line6.yaml", CrowdingParameters(capacity=METRO)

    def test_travellers_trips_and_headways(self, answered, engine):
        run = answered(*self.ASKED, engine)
        assert measure(run, "tap_totals")["riders"].to_list() == [9293]
        assert measure(run, "rides_unassigned")["unassigned"].to_list() == [0]
        (starts,) = (
            measure(run, "scheduled_supply")
            .filter(pl.col("stop_id") == "caofang")
            .select("vehicles")
            .sum()
            .row(0)
        )
        assert starts == 198 + 183
        at = {
            row["direction_id"]: row
            for row in measure(run, "headways").iter_rows(named=True)
            if row["stop_id"] == "caofang"
        }
        assert (round(at[0]["mean_s"]), round(at[0]["cv"], 2)) == (234, 0.40)
        assert (round(at[1]["mean_s"]), round(at[1]["cv"], 2)) == (214, 0.52)
        assert at[0]["excess_wait_s"] == at[1]["excess_wait_s"] == 0  # the timetable stands for what was run

    def test_there_are_388_trips(self, real_data, answered, engine):
        with (real_data / "transport" / "beijing_line6" / "gtfs_line6_trips.csv").open(
            encoding="utf-8"
        ) as file:
            assert len(list(csv.DictReader(file))) == 388
        tables = {one["table"]: one for one in answered(*self.ASKED, engine).record["tables"]}
        assert {name: one["rows"] for name, one in tables.items()} == {
            "stops": 14, "taps": 9293, "timetable": 4516, "stop_visits": 4516
        }  # fmt: skip
        assert all(one["rejected"] == 0 for one in tables.values())

    def test_everybody_rides_every_section_in_between(self, answered, engine, real_data):
        run = answered(*self.ASKED, engine)
        order = (
            measure(run, "line_patterns")
            .filter(pl.col("direction_id") == 0)
            .sort("section")["stop_id"]
            .to_list()
        )
        with (real_data / "transport" / "beijing_line6" / "beijing_line6_od.csv").open(
            encoding="utf-8"
        ) as file:
            ridden = sum(
                abs(order.index(row["enter_station"]) - order.index(row["exit_station"]))
                for row in csv.DictReader(file)
            )
        assert measure(run, "load_profile")["riders"].sum() == ridden

    def test_one_day_tells_what_was(self, answered, engine):
        told = brief(answered(*self.ASKED, engine))
        assert told["answer"]["confidence"]["word"] == "cannot_tell"
        assert told["answer"]["headline"]["en"].startswith("On the few days observed the fullest is 6 → ")
        assert "over" not in told["quantities"]  # trains take far more than these travellers

    def test_measures_do_not_depend_on_the_engine(self, same, engine):
        same(*self.ASKED, engine)


class TestXiamen:
    """With the timetable that `xiamen` makes of the dispatches."""

    PARAMETERS = CrowdingParameters(capacity=BUS)

    def test_everybody_is_on_the_line(self, answered, engine, xiamen, real_data):
        run = answered(Crowding, xiamen, self.PARAMETERS, engine)
        with (real_data / "transport" / "xiamen_brt2" / "passengers_direction_0.csv").open(
            encoding="utf-8"
        ) as file:
            rides = [(int(row["FROM_STATION"]), int(row["TO_STATION"])) for row in csv.DictReader(file)]
        assert measure(run, "tap_totals")["riders"].to_list() == [len(rides)] == [4346]
        assert measure(run, "rides_unassigned")["unassigned"].to_list() == [0]
        assert measure(run, "load_profile")["riders"].sum() == sum(end - start for start, end in rides)

    def test_headways_at_the_first_stop(self, answered, engine, xiamen):
        (row,) = measure(answered(Crowding, xiamen, self.PARAMETERS, engine), "headways").iter_rows(
            named=True
        )
        assert (row["stop_id"], row["headways"]) == ("s0", 123)
        assert row["mean_s"] / 60 == pytest.approx(7.61, abs=0.005)
        population = row["cv"] * (122 / 123) ** 0.5
        assert population == pytest.approx(0.88, abs=0.005)

    def test_one_day_tells_what_was(self, answered, engine, xiamen):
        told = brief(answered(Crowding, xiamen, self.PARAMETERS, engine))
        assert told["answer"]["confidence"]["word"] == "cannot_tell"
        assert told["quantities"]["factor.cell1"]["value"] > 0.3

    def test_measures_do_not_depend_on_the_engine(self, same, engine, xiamen):
        same(Crowding, xiamen, self.PARAMETERS, engine)
