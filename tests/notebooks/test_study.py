"""A study gives in a notebook what the command line gives, in a line each."""

import gc
import json
import subprocess
import sys

import pytest

from workbench.domains import load_decision, load_domain
from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.notebook import open_study
from workbench.runs import data_from, decide
from workbench.simulation.transit import ForwardHeadway, LineScenario

SPEEDS = "segment_id,timestamp,speed_kmh\n" + "".join(
    f"S{i},2026-03-{day:02d} 07:{minute:02d}:00,{40 + i + day}\n"
    for i in range(3)
    for day in (2, 3, 4)
    for minute in (0, 15, 30)
)


@pytest.fixture(scope="module")
def study():
    with open_study("traffic", tables=["road_speeds"]) as opened:
        yield opened


@pytest.fixture
def own(tmp_path):
    """A folder with a small table of speeds."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "road_speeds.csv").write_text(SPEEDS, encoding="utf-8")
    return folder


def test_importing_it_starts_nothing_heavy():
    told = (
        "import sys, workbench.notebook; print(*{'dask', 'pyspark', 'matplotlib', 'jinja2'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_it_reads_the_named_tables_and_those_they_refer_to(study):
    assert {one.table for one in study.report.tables} == {"road_speeds", "segments"}
    assert study.clean("road_speeds").engine.name == "polars"


def test_it_shows_itself(study):
    shown = repr(study).splitlines()
    assert shown[0] == "traffic on polars"
    assert any("road_speeds" in line and "26,764 rows clean, 40 set aside (0.15%)" in line for line in shown)


def test_quarantine_is_what_the_report_counts(study):
    (speeds,) = [one for one in study.report.tables if one.table == "road_speeds"]
    aside = study.quarantine("road_speeds")
    assert aside.height == speeds.rejected == sum(rule.count for rule in speeds.rules)
    assert aside.columns[:5] == ["file", "row", "rule", "column", "value"]
    assert aside.select("file", "row").equals(aside.select("file", "row").sort("file", "row"))


def test_a_measure_is_made_once(study):
    assert study["speeds_by_hour"] is study["speeds_by_hour"]


def test_a_brief_is_the_one_of_the_command_line(study, tmp_path):
    decision, domain = load_decision("traffic.congestion"), load_domain("traffic")
    run = decide(decision, domain, data_from(domain), decision.Parameters(k=3), study.engine, tmp_path)
    kept = json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))
    ours = json.loads(study.brief("traffic.congestion", k=3).to_json())
    numbers = [one.pop("quantities") for one in (kept, ours)]
    assert ours == kept
    assert numbers[0].keys() == numbers[1].keys()
    for name, number in numbers[0].items():
        assert numbers[1][name]["text"] == number["text"]
        assert numbers[1][name]["value"] == pytest.approx(number["value"], rel=1e-9), name


def test_parameters_are_checked_as_on_the_command_line(study):
    with pytest.raises(BadParameter, match=r"Nearest: hours\."):
        study.brief("traffic.congestion", hour=[7])
    with pytest.raises(BadParameter, match="k"):
        study.brief("traffic.congestion", k=0)
    assert study.brief("traffic.congestion", hours=(7, 8), weekdays_only=False).run.parameters["hours"] == [
        7,
        8,
    ]


def test_options_are_given_as_they_are_simulated():
    control = ForwardHeadway(stops=("P004",))
    options = {"now": LineScenario(capacity=24), "held": LineScenario(capacity=24, control=control)}
    with open_study("traffic", tables=["taps", "timetable"]) as opened:
        brief = opened.brief("traffic.headways", baseline="now", replications=5, scenarios=options)
    told = brief.run.parameters["scenarios"]
    assert {name: LineScenario.model_validate_json(json.dumps(one)) for name, one in told.items()} == options


def test_unknown_names_are_told_the_nearest(study):
    with pytest.raises(UnknownName, match="traffic"):
        open_study("trafic")
    with pytest.raises(UnknownName, match="road_speeds"):
        open_study("traffic", tables=["road_speed"])
    with pytest.raises(UnknownName, match="speeds_by_hour"):
        study["speed_by_hour"]
    with pytest.raises(UnknownName, match="road_speeds"):
        study.quarantine("road_speed")
    with pytest.raises(UnknownName, match=r"traffic\.congestion"):
        study.brief("traffic.congestions")


def test_a_brief_whose_table_is_not_there_says_so(study):
    with pytest.raises(DataRejected, match="needs the table 'taps'"):
        study.brief("traffic.crowding")


def test_a_named_table_that_is_not_given_says_so(own):
    with pytest.raises(DataRejected, match="'taps'"):
        open_study("traffic", data=own, tables=["taps"])


def test_own_data_from_a_folder_and_through_a_source_file(own, tmp_path):
    source = tmp_path / "source.yaml"
    source.write_text(
        "contract: traffic\nzone: Asia/Shanghai\ntables:\n  road_speeds:\n    files: own/road_speeds.csv\n"
        "    columns: {segment_id: segment_id, timestamp: timestamp, speed_kmh: speed_kmh}\n",
        encoding="utf-8",
    )
    with open_study("traffic", data=own) as plain, open_study("traffic", source=source) as mapped:
        assert plain["speeds_by_hour"].equals(mapped["speeds_by_hour"])
        assert plain["speeds_by_hour"].height == 9


def test_rows_over_the_limit_can_be_looked_at_but_not_measured(own):
    bad = SPEEDS + "S1,never,50\n" * 20
    (own / "road_speeds.csv").write_text(bad, encoding="utf-8")
    with open_study("traffic", data=own) as opened:
        assert set(opened.quarantine("road_speeds")["value"]) == {"never"}
        with pytest.raises(DataRejected, match="over its limit"):
            opened["speeds_by_hour"]
        with pytest.raises(DataRejected, match=r"study\.quarantine"):
            opened.brief("traffic.congestion")


def test_a_table_outlives_the_study_that_it_came_from_and_then_all_goes(own):
    table = open_study("traffic", data=own).clean("road_speeds")
    work = table.engine.work
    assert table.gather().height == 27
    assert work.exists()
    del table
    gc.collect()
    assert not work.exists()


def test_a_closed_study_leaves_nothing_behind(own):
    opened = open_study("traffic", data=own)
    work = opened.engine.work
    assert work.exists()
    opened.close()
    assert not work.exists()


def test_an_engine_that_fails_to_open_data_leaves_nothing_behind(own, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(UnknownName):
        open_study("traffic", data=own, engine="dusk")
    (own / "road_speeds.csv").write_text("segment_id,timestamp\nS1,2026-03-02 07:00:00\n", encoding="utf-8")
    with pytest.raises(DataRejected, match="speed_kmh"):
        open_study("traffic", data=own)
    assert not list(tmp_path.glob("study-*"))
