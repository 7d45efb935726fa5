"""Scenarios that cannot be simulated are told in one sentence, with their line, before any day is run."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from workbench.cli import app
from workbench.console import finish

SPEC = importlib.util.spec_from_file_location(
    "broken_scenarios", Path(__file__).parent / "broken" / "scenarios.py"
)
broken = sys.modules["broken_scenarios"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(broken)
PROGRESS = ("screening ", "answering ", "measuring ")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return broken.folders(tmp_path_factory.mktemp("small"))


@pytest.fixture
def simulate(tmp_path, folders, capsys):
    """Run `workbench simulate traffic.headways`: exit code, stdout, what was said, file and folder."""

    def ran(text, more=()):
        path, out = tmp_path / "options 方案.yaml", tmp_path / "out"
        places = {**folders, "FILE": str(path)}
        words = ["--out", str(out), "--workers", "1", *(places.get(word, word) for word in more)]
        words += [] if "--replications" in more else ["--replications", "5"]
        if text is not None:
            path.write_text(text, encoding="utf-8")
            words += ["--scenarios", str(path)]
        code = finish(lambda: app(["simulate", "traffic.headways", *words], prog_name="workbench"))
        printed, err = capsys.readouterr()
        said = [line for line in err.splitlines() if not line.startswith(PROGRESS)]
        return code, printed, said, path, out

    return ran


@pytest.mark.parametrize("case", broken.CASES, ids=lambda case: case.name)
def test_it_is_told_in_a_sentence(simulate, case):
    code, printed, said, path, out = simulate(case.text, case.more)
    assert (code, printed, len(said)) == (case.code, "", 1), said
    assert said[0].startswith("error: ")
    assert case.said.replace("FILE", str(path)) in said[0]
    assert not any(word in said[0] for word in ("Traceback", "fault of the workbench", "replication 0"))
    assert not out.exists() or list(out.iterdir()) == []


def test_every_case_has_a_name_of_its_own():
    assert len({case.name for case in broken.CASES}) == len(broken.CASES)


@pytest.fixture
def answered(simulate):
    """The brief of a file that is good."""

    def told(text, *more):
        code, _, said, _, out = simulate(text, ("--data", "DIR", *more))
        assert (code, said) == (0, [])
        (folder,) = out.iterdir()
        return json.loads((folder / "brief.json").read_text(encoding="utf-8")), folder

    return told


def names(told):
    return [row["cells"][0]["text"]["zh"] for row in told["options"]["rows"]]


def test_options_may_have_chinese_names(answered):
    told, folder = answered(
        "baseline: 现状\nscenarios:\n  现状: {headway_s: 900}\n  每五分钟: {headway_s: 300}\n"
    )
    assert sorted(names(told)) == ["每五分钟", "现状"]
    assert "每五分钟" in (folder / "brief.zh.html").read_text(encoding="utf-8")


def test_the_houses_words_are_for_the_houses_options(answered):
    """An option of one's own called `today`, `more` or `holding` is not what the house means by it."""
    told, _ = answered(
        "scenarios:\n  today: {headway_s: 900}\n  more: {headway_s: 300}\n  holding: {headway_s: 600}\n"
    )
    assert sorted(names(told)) == ["holding", "more", "today"]
    said = json.dumps(told, ensure_ascii=False)
    assert "a quarter more departures" not in said
    assert "half again as large" not in said
    assert "Holding saves" not in said
    assert "as it is" not in said


def test_names_are_shown_and_never_run(answered):
    told, folder = answered(
        'scenarios:\n  "<script>x</script>": {headway_s: 900}\n  "{wait}": {headway_s: 300}\n'
    )
    assert sorted(names(told)) == ["<script>x</script>", "{wait}"]
    assert "<script>x" not in (folder / "brief.en.html").read_text(encoding="utf-8")


def test_departures_may_stand_in_any_order(answered):
    orders = ["07:00", "08:00", "09:00"], ["09:00", "07:00", "08:00"]
    told = [
        answered(f"scenarios:\n  a: {{departures_s: {json.dumps(order)}}}\n  b: {{headway_s: 600}}\n")
        for order in orders[:1]
    ]
    from workbench.simulation import scenario_json
    from workbench.simulation.transit import LineScenario

    assert len({scenario_json(LineScenario(departures_s=tuple(order))) for order in orders}) == 1
    assert told[0][0]["quantities"]["departures"]["value"] == 12


def test_a_baseline_may_be_set_over_that_of_the_file(answered):
    text = "baseline: a\nscenarios:\n  a: {headway_s: 900}\n  b: {headway_s: 300}\n"
    told, folder = answered(text, "--set=baseline=b")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["parameters"]["baseline"] == "b"
    assert told["options"]["rows"]


def test_options_that_differ_in_demand_are_told_apart(answered):
    told, _ = answered("scenarios:\n  a: {headway_s: 900}\n  b: {headway_s: 900, demand_factor: 0.5}\n")
    assert any("differ in demand" in each["en"] for each in told["limits"])
