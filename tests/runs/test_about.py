"""What people declare: its file, the status that follows, and old assumptions that stop a run."""

import datetime as dt
import json
from dataclasses import replace

import pytest

from data_samples.traffic import DATA
from pipelines.traffic import domain
from pipelines.traffic.decide import Congestion
from workbench.errors import BadFile, CheckFailed, ExpiredAssumption
from workbench.runs import data_from, decide
from workbench.runs.about import About, read_about

FARE = {
    "id": "fare",
    "statement": {"en": "The fare stays", "zh": "票价不变"},
    "basis": "Tariff",
    "quality": "green",
    "impact": "red",
    "owner": "Bureau",
    "since": "2025-01-01",
    "expires": "2025-12-31",
}
TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def answer(engines, tmp_path):
    def run(about, **more):
        data = replace(data_from(domain), about=None)
        made = decide(
            Congestion,
            domain,
            data,
            Congestion.Parameters(resamples=200),
            engines("polars"),
            tmp_path,
            about=about,
            **more,
        )
        return made, json.loads((made.folder / "brief.json").read_text(encoding="utf-8"))

    return run


def declared(**said):
    return About.model_validate(said)


def table(told, name):
    found = [each for section in told["sections"] for each in section["tables"] if each["id"] == name]
    return [[cell["text"]["en"] for cell in row["cells"]] for row in found[0]["rows"]] if found else None


def test_the_sample_says_whose_it_is():
    about = read_about(DATA / "about.yaml")
    assert set(about.data) == set(domain.contract.tables)
    assert all(one.owner and one.licence and one.suitability for one in about.data.values())
    assert data_from(domain).about == about


def test_nothing_declared_leaves_the_data_log_empty_and_says_so(answer):
    run, told = answer(None)
    assert told["checklist"]["data_log"] == "empty"
    assert told["status"] == "DRAFT"
    with pytest.raises(CheckFailed, match=r"5 Data log with quality and suitability \(data_log\)"):
        run.check_strict()


def test_status_follows_from_who_answers_for_it(answer):
    assurer, approver = ({"name": name, "date": "2026-03-12"} for name in ("李伟", "Zhao"))
    assert answer(declared(assurer=assurer))[1]["status"] == "ASSURED"
    _, told = answer(declared(assurer=assurer, approver=approver))
    assert told["status"] == "APPROVED"
    assert table(told, "roles")[1:] == [["Assurer", "李伟", "2026-03-12"], ["Approver", "Zhao", "2026-03-12"]]
    assert declared(approver=approver).status == "DRAFT"


def test_it_belongs_to_the_run(answer):
    one, told = answer(declared(deadline="2026-12-31", decision_maker="Head of roads"))
    other, _ = answer(declared(deadline="2026-12-31", decision_maker="Mayor"))
    assert one.run_id != other.run_id
    (section,) = (each for each in told["sections"] if each["key"] == "commission")
    assert section["prose"][0]["en"].startswith("Head of roads decides, by 2026-12-31.")


def test_an_expired_assumption_stops_the_run(answer):
    with pytest.raises(ExpiredAssumption, match="fare") as stopped:
        answer(declared(assumptions=[FARE]), on=TODAY)
    assert stopped.value.exit_code == 4
    answer(declared(assumptions=[FARE]), on=dt.date(2025, 12, 31))


def test_a_waiver_by_name_lets_it_run_and_is_printed(answer):
    _, told = answer(declared(assumptions=[FARE], waived={"fare": "Q. Zhao"}), on=TODAY)
    (row,) = table(told, "register-declared")
    assert row[0] == "The fare stays"
    assert row[-1] == "expired, waived by Q. Zhao"


def test_who_looked_is_said_under_validation(answer):
    _, told = answer(declared(face_validity="Depot managers"))
    (section,) = (each for each in told["sections"] if each["key"] == "validation")
    assert section["prose"][-1]["en"] == "Looked at by: Depot managers"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dedline: 2026-12-31\n", "about.yaml:1: There is no parameter 'dedline'. Nearest: deadline."),
        ("deadline: soon\n", "about.yaml:1: .*deadline.* must be a date"),
        ("data:\n  taps: {suitability: purple}\n", "about.yaml:1: .*data.taps.suitability"),
        ("analyst: {name: Li}\n", "about.yaml:1: .*analyst"),
        ("- one\n", "about.yaml:1: parameters must be written"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path, text, said):
    path = tmp_path / "about.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match=said):
        read_about(path)


def test_the_command_line_knows_the_day(tmp_path, cli):
    path = tmp_path / "said.yaml"
    path.write_text(json.dumps({"assumptions": [FARE]}), encoding="utf-8")
    code, _, err = cli("brief", "traffic.congestion", "--about", path, "--out", tmp_path / "runs")
    assert code == 4
    assert "fare" in err
    assert not list((tmp_path / "runs").glob("traffic*"))
