"""A run is named by what went in, is the same bytes for the same inputs, and is whole or not there."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from data_samples.traffic import DATA
from data_samples.traffic.generate import generate
from pipelines.traffic import domain
from pipelines.traffic.decide import Congestion, CongestionParameters, Crowding, CrowdingParameters
from workbench import runs
from workbench.errors import DataRejected, UnknownName, WorkbenchError
from workbench.runs import data_from, decide, measure, open_run, record

FEW = CongestionParameters(resamples=200)


@pytest.fixture
def week(tmp_path):
    """A folder of road speeds and segments: the sample's, in a place of its own."""
    folder = tmp_path / "week"
    shutil.copytree(DATA / "road_speeds", folder / "road_speeds")
    shutil.copy(DATA / "segments.csv", folder)
    return folder


@pytest.fixture
def polars(engines):
    return engines("polars")


@pytest.fixture
def congestion(polars):
    """Answer `traffic.congestion` from a folder."""

    def answered(folder, out, parameters=FEW, engine=polars, **more):
        return decide(
            Congestion, domain, data_from(domain, data=str(folder)), parameters, engine, Path(out), **more
        )

    return answered


def tree(folder):
    """Every file below a folder that the same inputs reproduce, by its path there."""
    files = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
    kept = (path for path in files if path.name != record.MACHINE)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


class TestSameInputs:
    def test_twice_into_two_folders_gives_the_same_bytes(self, congestion, week, tmp_path):
        one, two = (congestion(week, tmp_path / out) for out in ("one", "two"))
        assert one.run_id == two.run_id
        assert tree(one.folder) == tree(two.folder)

    def test_from_elsewhere_and_spelt_otherwise(self, congestion, week, tmp_path, monkeypatch):
        one = congestion(week, tmp_path / "one")
        (tmp_path / "link").symlink_to(week)
        monkeypatch.chdir(tmp_path)
        for spelt in ("week", "./one/../week/", "link"):
            again = congestion(spelt, "two")
            assert again.run_id == one.run_id
            assert tree(again.folder) == tree(one.folder)
            shutil.rmtree("two")

    def test_when_a_file_was_touched_has_no_part_in_it(self, congestion, week, tmp_path):
        one = congestion(week, tmp_path / "one")
        os.utime(week / "segments.csv", (0, 0))
        assert congestion(week, tmp_path / "two").run_id == one.run_id

    def test_the_sample_is_the_same_wherever_it_lies(self, polars, tmp_path):
        shutil.copytree(DATA, tmp_path / "copy")
        made = [
            decide(Congestion, domain, data_from(domain, data=data), FEW, polars, tmp_path / out)
            for data, out in ((None, "one"), (str(tmp_path / "copy"), "two"))
        ]
        assert made[0].run_id == made[1].run_id
        assert tree(made[0].folder) == tree(made[1].folder)

    @pytest.mark.parametrize("parameters", [CrowdingParameters(resamples=200)])
    def test_crowding_as_well(self, polars, tmp_path, parameters):
        one, two = (
            decide(Crowding, domain, data_from(domain), parameters, polars, tmp_path / out)
            for out in ("1", "2")
        )
        assert tree(one.folder) == tree(two.folder)

    def test_all_measures_as_well(self, engine, tmp_path):
        one, two = (measure(domain, data_from(domain), engine, tmp_path / out) for out in ("1", "2"))
        assert set(tree(one.folder / "measures")) == {f"{each.name}.parquet" for each in domain.measures}
        assert tree(one.folder) == tree(two.folder)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["polars", "dask"])
    def test_in_whatever_order_threads_add(self, engines, tmp_path, name):
        """Sums of many rows in many parts: floats added in another order would give other last digits."""
        generate(tmp_path / "city", scale=10)
        data = data_from(domain, data=str(tmp_path / "city"))
        one, two, three = (measure(domain, data, engines(name), tmp_path / out) for out in "123")
        assert one.record["files"] == two.record["files"] == three.record["files"]

    def test_numbers_do_not_depend_on_the_engine(self, congestion, week, tmp_path, engine, polars):
        one, two = (congestion(week, tmp_path / each.name, engine=each) for each in (engine, polars))
        told = [
            json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))["quantities"]
            for run in (one, two)
        ]
        assert list(told[0]) == list(told[1])
        for mine, other in zip(told[0].values(), told[1].values(), strict=True):
            assert mine["text"] == other["text"]
            assert mine["value"] == pytest.approx(other["value"], rel=1e-9)


class TestOtherInputs:
    def test_a_changed_byte_is_another_run(self, congestion, week, tmp_path):
        one = congestion(week, tmp_path / "runs")
        with (week / "segments.csv").open("ab") as file:
            file.write(b"\n")
        two = congestion(week, tmp_path / "runs")
        assert one.run_id != two.run_id
        assert two.fresh

    def test_another_parameter_or_seed_is_another_run(self, congestion, week, tmp_path):
        asked = ({}, {"k": 3}, {"seed": 2}, {"hours": (7,)})
        ids = {congestion(week, tmp_path, CongestionParameters(resamples=200, **one)).run_id for one in asked}
        assert len(ids) == len(asked)

    def test_another_engine_is_another_run(self, congestion, week, tmp_path, engines):
        one, two = (congestion(week, tmp_path, engine=engines(name)) for name in ("polars", "torn"))
        assert one.run_id != two.run_id

    def test_other_code_is_another_run(self, congestion, week, tmp_path, monkeypatch):
        one = congestion(week, tmp_path)
        monkeypatch.setattr(record, "_source_hash", lambda *_: "changed")
        assert congestion(week, tmp_path).run_id != one.run_id

    def test_code_is_hashed_with_everything_that_is_read_from_it(self, tmp_path):
        (tmp_path / "method.py").write_text("1")
        made = {record._source_hash.__wrapped__(tmp_path)}
        for name in ("method.py", "words.yaml", "page.j2", "brief.css"):
            (tmp_path / name).write_text("2")
            made.add(record._source_hash.__wrapped__(tmp_path))
        assert len(made) == 5
        (tmp_path / "notes.txt").write_text("no code")
        assert record._source_hash.__wrapped__(tmp_path) in made

    def test_a_table_that_is_not_used_has_no_part_in_it(self, congestion, week, tmp_path):
        one = congestion(week, tmp_path / "one")
        shutil.copy(DATA / "stops.csv", week)
        assert congestion(week, tmp_path / "two").run_id == one.run_id


class TestRecord:
    def test_it_says_what_went_in(self, congestion, week, tmp_path):
        run = congestion(week, tmp_path)
        told = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
        assert told == run.record
        assert told["schema"] == "lived-run/1"
        assert told["name"] == "traffic.congestion"
        assert told["contract"] == {"name": "traffic", "version": domain.contract.version}
        assert told["code"] == runs.code_version(domain)
        assert (told["engine"], told["software"]["polars"]) == ("polars", pl.__version__)
        assert told["seed"] == told["parameters"]["seed"] == 20_260_101
        assert told["parameters"] == FEW.model_dump(mode="json")
        files = ["road_speeds/part-0.csv", "road_speeds/part-1.csv", "segments.csv"]
        assert [one["file"] for one in told["inputs"]] == files
        assert all(len(one["sha256"]) == 64 for one in told["inputs"])
        assert {one["table"]: one["rejected"] for one in told["tables"]} == {"road_speeds": 40, "segments": 0}
        assert run.folder.name == f"traffic.congestion-{run.run_id[:12]}"

    def test_it_lists_every_file(self, congestion, week, tmp_path):
        run = congestion(week, tmp_path)
        assert {*run.record["files"], "run.json"} == set(tree(run.folder))
        assert {"brief.en.html", "brief.zh.html", "brief.json", "screening.json"} <= set(run.record["files"])

    def test_no_file_names_a_place(self, congestion, week, tmp_path):
        run = congestion(week, tmp_path / "out")
        for name, content in tree(run.folder).items():
            for place in (tmp_path, Path.cwd(), DATA.parents[1], Path.home() / ".cache"):
                assert str(place).encode() not in content, f"{place} in {name}"

    def test_the_command_makes_the_same_numbers_again(self, congestion, week, polars, tmp_path):
        def command(run):
            return json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))["run"]["command"]

        asked = CongestionParameters(k=2, hours=(7, 8))
        assert command(congestion(week, tmp_path, asked)) == (
            "workbench brief traffic.congestion --data DIR --engine polars "
            "--set 'k=2' --set 'hours=[7, 8]' --no-bounds --out runs"
        )
        sample = decide(Congestion, domain, data_from(domain), CongestionParameters(), polars, tmp_path)
        assert command(sample) == "workbench brief traffic.congestion --engine polars --no-bounds --out runs"

    def test_files_of_one_name_are_told_apart_in_the_brief(self, congestion, week, tmp_path):
        shutil.move(week / "segments.csv", week / "part-0.csv")
        (week / "segments").mkdir()
        shutil.move(week / "part-0.csv", week / "segments" / "part-0.csv")
        run = congestion(week, tmp_path)
        told = json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))["run"]["inputs"]
        assert len(told) == 3


class TestFormats:
    def test_the_page_alone_unless_others_are_asked_for(self, congestion, week, tmp_path):
        run = congestion(week, tmp_path)
        assert not list(run.folder.glob("brief.*.pdf"))
        assert run.brief("zh") == run.folder / "brief.zh.html"
        assert {"printed.json", "tables.csv", "tables/segments.csv"} <= set(run.record["files"])

    def test_a_format_that_is_lacking_is_added_and_none_is_lost(self, congestion, week, tmp_path):
        first = congestion(week, tmp_path)
        told = []
        second = congestion(week, tmp_path, formats=("md",), progress=told.append)
        assert f"there without md, made again: {first.folder}" in told
        assert (second.run_id, second.folder, second.fresh) == (first.run_id, first.folder, True)
        assert {"brief.en.html", "brief.zh.md", "figures/ranking.en.svg"} <= set(second.record["files"])
        again = congestion(week, tmp_path, formats=("html", "md"))
        assert again.fresh is False
        assert congestion(week, tmp_path).fresh is False

    def test_an_unknown_format_is_refused_at_once(self, congestion, week, tmp_path):
        with pytest.raises(UnknownName, match="No format is called 'doc'"):
            congestion(week, tmp_path / "out", formats=("doc",))
        assert not (tmp_path / "out").exists()


class TestAgain:
    def test_a_run_that_is_there_is_opened_and_nothing_read(self, congestion, week, tmp_path, monkeypatch):
        one = congestion(week, tmp_path)
        monkeypatch.setattr("workbench.runs.work.take_in", lambda *_, **__: pytest.fail("read again"))
        said = []
        two = congestion(week, tmp_path, progress=said.append)
        assert (one.fresh, two.fresh) == (True, False)
        assert two.record == json.loads((one.folder / "run.json").read_text(encoding="utf-8"))
        assert said == [f"already there: {one.folder}"]

    @pytest.mark.parametrize(
        "name", ["brief.en.html", "measures/speeds_by_hour.parquet", "quarantine/road_speeds.parquet"]
    )
    def test_a_changed_file_is_refused(self, congestion, week, tmp_path, name):
        run = congestion(week, tmp_path)
        with (run.folder / name).open("ab") as file:
            file.write(b" ")
        with pytest.raises(WorkbenchError, match="was changed after it was made") as refused:
            congestion(week, tmp_path)
        assert name in refused.value.message
        assert "remove the folder and run again" in refused.value.message

    def test_a_missing_file_is_refused(self, congestion, week, tmp_path):
        (congestion(week, tmp_path).folder / "brief.json").unlink()
        with pytest.raises(WorkbenchError, match=r"brief\.json"):
            congestion(week, tmp_path)

    def test_a_record_with_other_words_is_refused(self, congestion, week, tmp_path):
        path = congestion(week, tmp_path).folder / "run.json"
        path.write_text(path.read_text(encoding="utf-8").replace('"k": 5', '"k": 6'), encoding="utf-8")
        with pytest.raises(WorkbenchError, match=r"changed after it was made \(run\.json\)"):
            congestion(week, tmp_path)

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": 1, "run_id": ""}', "\x00"])
    def test_a_record_that_is_none_is_refused(self, tmp_path, text):
        (tmp_path / "run.json").write_text(text)
        with pytest.raises(WorkbenchError, match="is not the record of a run"):
            open_run(tmp_path)

    def test_notes_beside_the_files_do_no_harm(self, congestion, week, tmp_path):
        run = congestion(week, tmp_path)
        (run.folder / "notes.txt").write_text("read on Monday")
        assert not congestion(week, tmp_path).fresh

    def test_where_there_is_none(self, tmp_path):
        assert open_run(tmp_path / "nowhere") is None

    def test_half_a_folder_under_its_name_is_replaced(self, congestion, week, tmp_path):
        run = congestion(week, tmp_path)
        (run.folder / "run.json").unlink()
        assert congestion(week, tmp_path).fresh
        assert set(tree(run.folder)) == {*run.record["files"], "run.json"}


class TestStopped:
    @pytest.mark.parametrize(
        "step", ["screening segments", "screening road_speeds", "answering traffic.congestion"]
    )
    @pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
    def test_nothing_is_left_and_the_next_run_works(self, congestion, week, tmp_path, polars, step, stop):
        def progress(what):
            if what == step:
                raise stop

        before = set(polars.work.iterdir())
        with pytest.raises(stop):
            congestion(week, tmp_path / "out", progress=progress)
        assert list((tmp_path / "out").iterdir()) == []
        assert {path.name for path in set(polars.work.iterdir()) - before} <= {"landed"}
        assert congestion(week, tmp_path / "out").fresh

    def test_what_a_killed_run_left_is_removed_by_the_next(self, congestion, week, tmp_path):
        gone = subprocess.run(
            [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
        )
        dead, alive, theirs = (
            tmp_path / f"{record._mark()}{int(gone.stdout)}-abc",
            tmp_path / f"{record._mark()}{os.getppid()}-abc",
            tmp_path / f".run-elsewhere-{int(gone.stdout)}-abc",
        )
        for folder in (dead, alive, theirs):
            (folder / "run").mkdir(parents=True)
        congestion(week, tmp_path)
        assert [dead.exists(), alive.exists(), theirs.exists()] == [False, True, True]

    def test_another_process_may_have_been_first(self, tmp_path):
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "file").write_text(name)
        for name in ("one", "two"):
            record.put(tmp_path / name, tmp_path / "target")
        assert tree(tmp_path) == {"target/file": b"two"}


class TestRejected:
    def test_what_is_set_aside_is_kept(self, congestion, week, tmp_path):
        part = week / "road_speeds" / "part-1.csv"
        lines = part.read_text(encoding="utf-8").splitlines()
        part.write_text("\n".join([lines[0], *(line.replace(",", ",not a time,", 1) for line in lines[1:])]))
        with pytest.raises(DataRejected, match="over its limit") as refused:
            congestion(week, tmp_path / "out")
        (kept,) = (tmp_path / "out").iterdir()
        assert kept.name.endswith("-rejected")
        assert f"The rows are kept in {kept / 'quarantine'}" in refused.value.message
        aside = pl.read_parquet(kept / "quarantine" / "road_speeds.parquet")
        assert len(aside) > len(lines) - 10
        assert not (kept / "run.json").exists()

    def test_so_it_is_where_the_question_cannot_be_answered(self, congestion, week, tmp_path):
        for path in (week / "road_speeds").iterdir():
            lines = path.read_text(encoding="utf-8").splitlines()
            path.write_text("\n".join([lines[0], *(line for line in lines[1:] if " 0" not in line[:18])]))
        with pytest.raises(DataRejected, match="No speed was observed") as refused:
            congestion(week, tmp_path / "out", CongestionParameters(hours=(5,)))
        (kept,) = (tmp_path / "out").iterdir()
        assert f"What screening set aside is kept in {kept / 'quarantine'}." in refused.value.message
        assert len(pl.read_parquet(kept / "quarantine" / "road_speeds.parquet"))

    def test_no_measure_can_be_made_of_lists_alone(self, polars, tmp_path):
        (tmp_path / "lists").mkdir()
        shutil.copy(DATA / "stops.csv", tmp_path / "lists")
        data = data_from(domain, data=str(tmp_path / "lists"))
        with pytest.raises(DataRejected, match="No measure of 'traffic' can be made of stops alone"):
            measure(domain, data, polars, tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []


class TestCannotWrite:
    def test_a_file_is_in_the_way(self, congestion, week, tmp_path):
        (tmp_path / "file").write_text("")
        for place in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(
                WorkbenchError, match=r"a file is in the way\): name another folder with --out"
            ):
                congestion(week, place)

    @pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
    def test_the_folder_takes_nothing(self, congestion, week, tmp_path, monkeypatch, code):
        make = record.tempfile.mkdtemp

        def refuse(*given, **named):
            if named.get("dir") == tmp_path / "out":
                raise OSError(code, os.strerror(code), "place")
            return make(*given, **named)

        monkeypatch.setattr(record.tempfile, "mkdtemp", refuse)
        with pytest.raises(WorkbenchError) as refused:
            congestion(week, tmp_path / "out")
        assert os.strerror(code) in refused.value.message
