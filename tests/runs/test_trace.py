"""A printed number leads to its rows, its files and its run."""

import json

import polars as pl
import pytest

from workbench.errors import UnknownName, WorkbenchError
from workbench.runs.kept import read_kept
from workbench.runs.places import places_of
from workbench.runs.trace import printing, trace


@pytest.fixture(scope="module")
def folder(made):
    return made().folder


class TestChain:
    def test_a_number_that_is_a_cell(self, folder):
        found = trace(folder, "buffer.rank1")
        assert (found.read.measure, found.read.column) == ("segment_reliability", "buffer_index")
        assert found.read.where == {"segment_id": "S004"}
        assert (found.read.count, found.read.cell) == (1, True)
        assert found.read.rows[0]["buffer_index"] == found.number["value"]

    def test_a_number_worked_out_from_rows(self, folder):
        found = trace(folder, "index.rank1")
        rows = pl.read_parquet(folder / "measures" / "speeds_by_hour.parquet").filter(segment_id="S004")
        assert (found.read.count, found.read.cell) == (rows.height, None)
        assert found.read.rows[0]["speed_kmh"] == rows["speed_kmh"][0]
        assert len(found.read.rows) == 20

    def test_where_it_stands(self, folder):
        parts = [place.part for place in trace(folder, "index.rank1").places]
        assert parts[:2] == ["answer", "options"]
        assert "figure" in parts
        (cell,) = (place for place in trace(folder, "index.rank1").places if place.part == "options")
        assert cell.column["en"] == "Congestion index"
        assert "(S004)" in cell.row["zh"]

    def test_tables_and_files(self, folder):
        found = trace(folder, "index.rank1")
        (table,) = found.tables
        counts = (table["table"], table["rows"], table["clean"], table["rejected"], table["contract"])
        assert counts == ("road_speeds", 26_804, 26_764, 40, "traffic 1.0.0")
        files = [one["file"] for one in found.files]
        assert files[:2] == ["road_speeds/part-0.csv", "road_speeds/part-1.csv"]
        assert "segments.csv" not in files
        assert all(len(one["sha256"]) == 64 for one in found.files)

    def test_the_run_and_how_to_get_it_again(self, folder, made):
        found = trace(folder, "index.rank1")
        assert found.run["run_id"] == made().run_id
        assert (found.run["seed"], found.run["parameters"]["resamples"]) == (20_260_101, 200)
        assert found.run["code"] == made().record["code"]
        assert found.command.startswith("workbench brief traffic.congestion --engine polars")

    def test_a_setting(self, folder):
        found = trace(folder, "k")
        assert (found.read.setting, found.tables, found.files) == ("k", [], [])

    def test_a_count_of_screening(self, folder):
        found = trace(folder, "data.road_speeds.rejected")
        assert (found.read.cell, found.number["value"]) == (True, 40)
        assert [place.part for place in found.places] == ["data"]

    def test_a_measure_that_the_decision_made_itself(self, made):
        run = made("traffic.headways")
        sources = json.loads((run.folder / "brief.json").read_text("utf-8"))["quantities"]
        name = next(n for n, q in sources.items() if q["source"] and q["source"]["measure"] == "headway_runs")
        found = trace(run.folder, name)
        assert found.read.count > 0
        assert {table["table"] for table in found.tables} == {t["table"] for t in run.record["tables"]}

    @pytest.mark.parametrize("name", ["traffic.congestion", "traffic.crowding", "traffic.headways"])
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_every_number_of_every_decision(self, made, name, lang):
        kept = read_kept(made(name).folder)
        for number, told in kept.brief["quantities"].items():
            found = trace(kept, number)
            text = found.as_text(lang)
            assert told["text"][lang] in text
            assert found.places or not places_of(kept.brief, number)
            assert found.read.cell is not False
            json.dumps(found.as_dict(), allow_nan=False)

    def test_in_words(self, folder):
        said = trace(folder, "buffer.rank1").as_text("en")
        for part in (
            "Where it stands in the brief",
            "It is exactly this cell.",
            "26,804 rows read",
            "SHA-256",
        ):
            assert part in said
        assert "与该单元格完全一致。" in trace(folder, "buffer.rank1").as_text("zh")


class TestName:
    def test_unknown(self, folder):
        with pytest.raises(UnknownName, match=r"Nearest: index\.rank1"):
            trace(folder, "indx.rank1")

    @pytest.mark.parametrize(
        "text", ["2.37", "2.37 (95% 1.84–2.81)", "2.37（95% 区间 1.84–2.81）", "2.37 (1.84–2.81)"]
    )
    def test_as_printed(self, folder, text):
        assert [name for name, _ in printing(folder, text)] == ["index.rank1"]

    def test_with_its_unit_or_without(self, folder):
        for text in ("20.0 km/h", "20.0", "20.0公里/小时"):
            assert [name for name, _ in printing(folder, text)] == ["speed.rank1"]

    def test_nothing_prints_it(self, folder):
        assert printing(folder, "123456") == []


class TestRefused:
    def test_a_changed_run(self, run):
        with (run / "brief.json").open("ab") as file:
            file.write(b" ")
        with pytest.raises(WorkbenchError, match="was changed after it was made"):
            trace(run, "k")

    def test_a_folder_of_runs_names_them(self, folder):
        with pytest.raises(WorkbenchError, match=r"is no run.*Runs below it: traffic\."):
            trace(folder.parent, "k")

    def test_a_run_without_a_brief(self, engines, tmp_path):
        from pipelines.traffic import domain
        from workbench.runs import data_from, measure

        run = measure(domain, data_from(domain), engines("polars"), tmp_path)
        with pytest.raises(WorkbenchError, match="has no brief"):
            trace(run.folder, "k")


class TestCommand:
    def test_by_id(self, cli, folder):
        code, out, err = cli("trace", folder, "index.rank1")
        assert (code, err) == (0, "")
        assert out.startswith("The number index.rank1\n")

    def test_by_what_is_printed(self, cli, folder):
        assert cli("trace", folder, "2.37")[1] == cli("trace", folder, "index.rank1")[1]

    def test_several_print_it(self, cli, folder):
        code, out, _ = cli("trace", folder, "5", "--json")
        ids = [one["id"] for one in json.loads(out)["numbers"]]
        assert code == 0
        assert {"k", "days"} <= set(ids)
        assert "这些" not in cli("trace", folder, "5", "--lang", "zh")[1].splitlines()[0]
        assert "  k: 5个路段" in cli("trace", folder, "5", "--lang", "zh")[1]

    def test_json(self, cli, folder):
        told = json.loads(cli("trace", folder, "index.rank1", "--json")[1])
        assert list(told) == ["number", "places", "read", "tables", "files", "run", "command"]

    def test_unknown(self, cli, folder):
        code, out, err = cli("trace", folder, "indx.rank1")
        assert (code, out) == (2, "")
        assert "No number of the brief is called 'indx.rank1'. Nearest: index.rank1" in err
