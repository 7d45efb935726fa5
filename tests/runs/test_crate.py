"""The run folder is an RO-Crate that others read: what it holds, what made it, and from what."""

import hashlib
import json
import warnings

import pytest

from pipelines.traffic import domain
from pipelines.traffic.decide import Congestion, CongestionParameters
from workbench.runs import data_from, decide, measure
from workbench.runs.about import About
from workbench.runs.crate import NAME, date_of, path_id
from workbench.runs.machine import Watch

ROCrate = pytest.importorskip("rocrate.rocrate").ROCrate


def graph(folder):
    told = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return {one["@id"]: one for one in told["@graph"]}


@pytest.fixture
def answered(engines, tmp_path):
    def answer(about=None):
        asked = CongestionParameters(resamples=200)
        return decide(Congestion, domain, data_from(domain), asked, engines("polars"), tmp_path, about=about)

    return answer


class TestReadByOthers:
    """With `rocrate`, the community's own reader; a warning is an error here."""

    @pytest.mark.parametrize("name", ["traffic.congestion", "traffic.crowding", "traffic.headways"])
    def test_all_entities_are_found(self, made, name):
        folder = made(name).folder
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            crate = ROCrate(folder)
        assert {one.id for one in crate.get_entities()} == set(graph(folder))
        assert crate.metadata.version == "1.1"
        assert crate.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"

    def test_every_file_is_there_with_its_hash_and_size(self, made):
        folder = made().folder
        files = [one for one in ROCrate(folder).data_entities if one.type == "File"]
        names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert {one.id for one in files} == names - {NAME}
        for one in files:
            content = (folder / one.id).read_bytes()
            if one.id not in ("run.json", "machine.json"):
                assert one["sha256"] == hashlib.sha256(content).hexdigest()
                assert one["contentSize"] == str(len(content))
            assert "/" in one["encodingFormat"]

    def test_the_action_that_made_it(self, made):
        run = made()
        crate = ROCrate(run.folder)
        (action,) = crate.get_by_type("CreateAction")
        assert crate.root_dataset["mentions"] == action
        tool = action["instrument"]
        assert (tool.type, tool["softwareVersion"]) == ("SoftwareApplication", run.record["code"])
        inputs = {one["name"]: one["sha256"] for one in action["object"] if one.get("sha256")}
        assert inputs == {one["file"]: one["sha256"] for one in run.record["inputs"]}
        settings = {one["name"]: one["value"] for one in action["object"] if one.type == "PropertyValue"}
        assert settings["resamples"] == 200
        assert json.loads(settings["hours"]) == run.record["parameters"]["hours"]
        made_files = {one.id for one in action["result"]}
        assert {"brief.json", "measures/speeds_by_hour.parquet"} <= made_files

    def test_a_run_of_measures(self, engines, tmp_path):
        folder = measure(domain, data_from(domain), engines("polars"), tmp_path).folder
        assert ROCrate(folder).root_dataset["name"].startswith("measure.traffic ")


class TestDeclared:
    def test_who_and_when_and_under_which_licence(self, answered):
        about = About.model_validate(
            {
                "analyst": {"name": "李明", "date": "2026-03-20"},
                "data": {"road_speeds": {"licence": "CC-BY-4.0", "extracted": "2026-03-09"}},
            }
        )
        crate = ROCrate(answered(about).folder)
        (action,) = crate.get_by_type("CreateAction")
        assert crate.root_dataset["author"]["name"] == action["agent"]["name"] == "李明"
        assert crate.root_dataset["datePublished"] == "2026-03-20"
        licences = {one["name"]: one.get("license") for one in action["object"] if one.get("sha256")}
        assert licences["road_speeds/part-0.csv"] == "CC-BY-4.0"
        assert licences["segments.csv"] is None
        assert crate.root_dataset.get("license") is None

    def test_nothing_declared(self, answered):
        told = graph(answered(About()).folder)
        assert "author" not in told["./"]
        assert told["./"]["datePublished"] == "2026-03-08"

    def test_no_date_is_made_up(self):
        assert date_of({"tables": [{"period": None}]}, About()) == ""
        assert date_of({}, About()) == ""

    def test_no_clock(self, made):
        text = (made().folder / NAME).read_text(encoding="utf-8")
        assert json.loads((made().folder / "machine.json").read_text())["started"][:10] not in text

    def test_names_that_a_uri_does_not_take(self):
        assert path_id("measures/第一周 a.parquet") == "measures/%E7%AC%AC%E4%B8%80%E5%91%A8%20a.parquet"


class TestMachine:
    def test_what_is_noted(self, made):
        told = json.loads((made().folder / "machine.json").read_text(encoding="utf-8"))
        assert set(told) == {
            *("schema", "system", "release", "architecture", "python", "cores", "memory_gib"),
            *("started", "finished", "duration_s"),
        }
        assert told["started"] <= told["finished"]
        assert told["duration_s"] > 0

    def test_it_is_outside_of_the_record(self, made):
        assert "machine.json" not in made().record["files"]

    def test_a_watch_runs(self):
        watch = Watch()
        assert 0 <= watch.machine()["duration_s"] <= watch.machine()["duration_s"] + 1
