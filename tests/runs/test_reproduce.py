"""A run made again gives the same numbers, on any engine and number of workers, or says which differ."""

import json
import shutil

import polars as pl
import pytest

from data_samples.traffic import DATA
from pipelines.traffic import domain
from workbench.errors import BadParameter, CheckFailed, WorkbenchError
from workbench.runs import data_from, measure, record
from workbench.runs.reproduce import reproduce

DECISIONS = ("traffic.congestion", "traffic.crowding", "traffic.headways")


def tree(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class TestSame:
    @pytest.mark.parametrize("name", DECISIONS)
    @pytest.mark.parametrize("workers", [1, 2])
    def test_the_very_same_on_the_same_engine(self, made, name, workers):
        run = made(name)
        before = tree(run.folder)
        found = reproduce(run.folder, workers=workers)
        assert found.differences == ()
        assert (found.exact, found.same_bytes, found.notes) == (True, True, ())
        assert found.numbers == len(json.loads((run.folder / "brief.json").read_text("utf-8"))["quantities"])
        assert found.measures == len(list((run.folder / "measures").iterdir()))
        assert tree(run.folder) == before

    @pytest.mark.parametrize("name", DECISIONS)
    @pytest.mark.parametrize("engine", ["dask", pytest.param("spark", marks=pytest.mark.spark)])
    def test_the_same_on_another_engine(self, made, engines, name, engine):
        engines(engine)
        found = reproduce(made(name).folder, engine=engine, workers=2)
        assert found.differences == ()
        assert (found.exact, found.same_bytes) == (False, False)
        found.check()

    def test_what_was_asked_and_declared_is_asked_again(self, made):
        found = reproduce(made(k=2, hours=(7, 8)).folder)
        assert (found.differences, found.same_bytes) == ((), True)

    def test_data_that_lie_elsewhere(self, made, tmp_path):
        shutil.copytree(DATA, tmp_path / "copy")
        assert reproduce(made().folder, data=str(tmp_path / "copy")).differences == ()

    def test_a_run_of_measures(self, engines, tmp_path):
        run = measure(domain, data_from(domain), engines("polars"), tmp_path)
        found = reproduce(run.folder)
        assert (found.differences, found.numbers, found.measures) == ((), 0, len(domain.measures))

    def test_rows_put_back_are_put_back_again(self, engines, tmp_path):
        from pipelines.traffic.decide import Congestion, CongestionParameters
        from workbench.runs import decide

        asked = CongestionParameters(resamples=200)
        run = decide(
            Congestion, domain, data_from(domain), asked, engines("polars"), tmp_path, bounds=True, workers=1
        )
        assert reproduce(run.folder).same_bytes


class TestOther:
    def test_inputs_that_differ_are_named_and_nothing_is_run(self, made, tmp_path):
        folder = shutil.copytree(DATA, tmp_path / "other")
        with (folder / "segments.csv").open("ab") as file:
            file.write(b"\n")
        (folder / "road_speeds" / "part-1.csv").unlink()
        said = []
        with pytest.raises(CheckFailed) as refused:
            reproduce(made().folder, data=str(folder), progress=said.append)
        assert "'segments.csv' of table 'segments' differs" in refused.value.message
        assert "'road_speeds/part-1.csv' of table 'road_speeds' is missing" in refused.value.message
        assert said == ["hashing the inputs"]

    def test_a_file_that_was_not_there(self, made, tmp_path):
        folder = shutil.copytree(DATA, tmp_path / "other")
        shutil.copy(folder / "road_speeds" / "part-1.csv", folder / "road_speeds" / "part-2.csv")
        with pytest.raises(
            CheckFailed, match=r"'road_speeds/part-2.csv' of table 'road_speeds' was not there"
        ):
            reproduce(made().folder, data=str(folder))

    def test_a_number_that_differs_is_named(self, run, deceive):
        def change(told):
            told["quantities"]["index.rank1"]["value"] += 1e-12
            told["quantities"]["k"]["value"] = 6
            told["quantities"]["index.rank2"]["low"] -= 0.1

        deceive(run, "brief.json", change)
        found = reproduce(run)
        assert [(each.name, each.field) for each in found.differences] == [
            ("index.rank1", "value"),
            ("index.rank2", "low"),
            ("k", "value"),
        ]
        with pytest.raises(CheckFailed, match=r"number 'k', value: recorded 6, made again 5"):
            found.check()

    def test_on_another_engine_the_last_digits_may_differ_but_no_more(self, run, deceive):
        def change(told):
            told["quantities"]["index.rank1"]["value"] *= 1 + 1e-12
            told["quantities"]["index.rank2"]["value"] *= 1 + 1e-6

        deceive(run, "brief.json", change)
        assert [each.name for each in reproduce(run, engine="dask").differences] == ["index.rank2"]

    def test_a_number_that_is_not_printed_any_more(self, run, deceive):
        deceive(run, "brief.json", lambda told: told["quantities"].pop("index.rank1"))
        (found,) = reproduce(run).differences
        assert (found.name, found.recorded, found.made) == ("index.rank1", False, True)

    @pytest.mark.parametrize("engine", ["polars", "dask"])
    def test_a_measure_that_differs_is_named_with_its_column_and_row(self, run, rehash, engine):
        path = run / "measures" / "segment_reliability.parquet"
        frame = pl.read_parquet(path)
        changed = pl.when(pl.col("segment_id") == "S004").then(99).otherwise("observations")
        frame.with_columns(changed.cast(frame.schema["observations"]).alias("observations")).write_parquet(
            path
        )
        rehash(run)
        (found,) = reproduce(run, engine=engine).differences
        assert (found.what, found.name) == ("measure", "segment_reliability")
        assert "column observations, 1 of 40 rows, first in row 4" in found.field
        assert (found.recorded, found.made) == (99, 671)

    def test_a_measure_with_other_rows_or_columns(self, run, rehash):
        for name, change in (
            ("segment_reliability", lambda frame: frame.head(3)),
            ("speeds_by_hour", lambda frame: frame.drop("hour")),
        ):
            path = run / "measures" / f"{name}.parquet"
            change(pl.read_parquet(path)).write_parquet(path)
        rehash(run)
        found = {each.name: each for each in reproduce(run).differences}
        assert (found["segment_reliability"].field, found["segment_reliability"].made) == ("rows", 40)
        assert found["speeds_by_hour"].field == "columns"

    def test_other_code_is_told_and_stops_nothing(self, made, monkeypatch):
        run = made()
        monkeypatch.setattr(record, "_source_hash", lambda *_: "changed")
        found = reproduce(run.folder)
        assert found.differences == ()
        assert "here is 0.1.0+changed" in found.notes[0]

    def test_settings_that_the_decision_does_not_take_any_more(self, made, monkeypatch):
        from pipelines.traffic.decide import Congestion
        from workbench.domains import Parameters

        class Others(Parameters):
            k: bool = False

        run = made()
        monkeypatch.setattr(Congestion, "Parameters", Others)
        with pytest.raises(BadParameter, match=r"(?s)'k'.*the version it was made with \(0\.1\.0\+"):
            reproduce(run.folder)

    def test_a_run_that_was_changed_is_refused(self, run):
        with (run / "brief.json").open("ab") as file:
            file.write(b" ")
        with pytest.raises(WorkbenchError, match="was changed after it was made"):
            reproduce(run)


class TestCommand:
    def test_same(self, cli, made):
        code, out, err = cli("reproduce", made().folder, "--workers", "1")
        assert code == 0
        assert "are the very same. Every file has the same bytes." in out
        assert "answering traffic.congestion" in err.splitlines()

    def test_json(self, cli, made):
        code, out, _ = cli("reproduce", made().folder, "--json")
        assert (code, json.loads(out)["reproduced"]) == (0, True)

    def test_differs(self, cli, run, deceive):
        deceive(run, "brief.json", lambda told: told["quantities"]["k"].update(value=6))
        code, out, err = cli("reproduce", run)
        assert (code, out) == (4, "")
        assert "number 'k', value: recorded 6, made again 5" in err
        code, out, _ = cli("reproduce", run, "--json")
        assert (code, json.loads(out)["differences"][0]["name"]) == (4, "k")

    def test_no_run(self, cli, tmp_path):
        assert cli("reproduce", tmp_path)[0] == 2
