"""What moved between runs, and the one thing that moved it, or that it cannot be told."""

import json
import math
import shutil

import pytest

from data_samples.traffic import DATA
from pipelines.traffic import domain
from pipelines.traffic.decide import Congestion, CongestionParameters
from workbench.errors import WorkbenchError
from workbench.runs import data_from, decide, record
from workbench.runs.about import About
from workbench.runs.compare import compare, differences


@pytest.fixture
def other(engines, tmp_path):
    """Answer `traffic.congestion` in another way."""

    def answer(data=None, about=None, engine="polars", **asked):
        parameters = CongestionParameters(**{"resamples": 200, **asked})
        given = data_from(domain, data=data)
        return decide(Congestion, domain, given, parameters, engines(engine), tmp_path / "runs", about=about)

    return answer


@pytest.fixture
def week(tmp_path):
    """The sample's roads without their last rows."""
    folder = tmp_path / "week"
    shutil.copytree(DATA / "road_speeds", folder / "road_speeds")
    shutil.copy(DATA / "segments.csv", folder)
    shutil.copy(DATA / "about.yaml", folder)
    shutil.copy(DATA / "gtfs.zip", folder)
    part = folder / "road_speeds" / "part-1.csv"
    part.write_text("\n".join(part.read_text(encoding="utf-8").splitlines()[:-2000]) + "\n", encoding="utf-8")
    return str(folder)


def against(*runs):
    (found,) = compare([run.folder for run in runs]).others
    return found


class TestCause:
    def test_one_parameter(self, made, other):
        found = against(made(), other(k=3))
        assert found.cause == "parameters"
        assert found.differs == {"parameters": [{"name": "k", "old": 5, "new": 3}]}

    def test_the_seed(self, made, other):
        found = against(made(), other(seed=7))
        assert found.cause == "seed"
        assert found.moves

    def test_the_data(self, made, other, week):
        found = against(made(), other(week))
        assert found.cause == "data"
        entries = {(one["table"], one["name"]): (one["old"], one["new"]) for one in found.differs["data"]}
        assert ("road_speeds", "road_speeds/part-1.csv") in entries
        rows = entries["road_speeds", "rows"]
        assert rows[0] - rows[1] == 2000
        assert found.moves

    def test_the_engine(self, made, other):
        found = against(made(), other(engine="torn"))
        assert found.cause == "engine"
        assert found.differs["engine"] == [{"name": "engine", "old": "polars", "new": "torn"}]

    def test_what_people_declared(self, made, other):
        found = against(made(), other(about=About(sunset="2026-12-31")))
        assert found.cause == "about"

    def test_the_code(self, made, other, monkeypatch):
        one = made()
        monkeypatch.setattr(record, "_source_hash", lambda *_: "changed")
        found = against(one, other())
        assert (found.cause, found.moves) == ("code", [])

    def test_two_at_once_cannot_be_told_apart(self, made, other, week):
        runs = made(), other(week, k=3)
        found = against(*runs)
        assert (found.cause, list(found.differs)) == ("", ["data", "parameters"])
        said = compare([run.folder for run in runs]).as_text()
        assert "Cannot tell which: data and parameters differ together." in said
        assert "Run again with only one of them changed" in said
        assert "无法判断是哪一个：数据和参数均不同" in compare([run.folder for run in runs]).as_text("zh")

    def test_the_same_run(self, made):
        found = against(made(), made())
        assert (found.cause, found.moves) == ("", [])
        assert "it is the same run" in compare([made().folder] * 2).as_text()

    def test_nested_settings_are_told_by_their_path(self, made):
        one = made("traffic.headways").record
        more = {"more": {"headway_s": 300}}
        two = one | {"parameters": {**one["parameters"], "scenarios": more}}
        three = one | {"parameters": {**one["parameters"], "scenarios": {"more": {"headway_s": 240}}}}
        assert differences(two, three) == {
            "parameters": [{"name": "scenarios.more.headway_s", "old": 300, "new": 240}]
        }

    def test_rows_put_back_or_not(self, made):
        one = made().record
        assert differences(one, one | {"bounds": True}) == {
            "options": [{"name": "bounds", "old": None, "new": True}]
        }

    def test_packages(self, made):
        one = made().record
        two = one | {"software": {**one["software"], "polars": "0.1"}}
        assert list(differences(one, two)) == ["packages"]


class TestMoves:
    def test_the_largest_relative_move_is_first(self, made, other, week):
        moves = against(made(), other(week)).moves
        sizes = [abs(move.change) for move in moves if move.change is not None]
        assert sizes == sorted(sizes, reverse=True)
        assert all(move.change is not None for move in moves[: len(sizes)])

    def test_intervals_that_do_not_overlap_are_marked(self, run, made, deceive):
        def move(told):
            number = told["quantities"]["index.rank1"]
            for end in ("value", "low", "high"):
                number[end] += 5

        deceive(run, "brief.json", move)
        (found,) = (
            each for each in compare([made().folder, run]).others[0].moves if each.id == "index.rank1"
        )
        assert found.apart
        assert found.change == pytest.approx(5 / 2.372, rel=1e-3)
        assert "INTERVALS DO NOT OVERLAP" in compare([made().folder, run]).as_text()
        assert "输入没有差别而数字不同" in compare([made().folder, run]).as_text("zh")

    def test_a_number_that_is_about_something_else_now_says_so(self, run, made, deceive):
        def rename(told):
            told["options"]["rows"][0]["cells"][0]["text"]["en"] = "Another Rd (S999)"

        deceive(run, "brief.json", rename)
        moves = {each.id: each for each in compare([made().folder, run]).others[0].moves}
        assert moves["buffer.rank1"].about[1] == "Another Rd (S999)"
        assert moves["buffer.rank1"].change == 0

    def test_from_nothing(self, run, made, deceive):
        deceive(
            run, "brief.json", lambda told: told["quantities"]["index.rank1"].update(value=0, low=0, high=0)
        )
        (found,) = compare([run, made().folder]).others[0].moves
        assert found.change == math.inf
        assert found.as_dict()["change"] is None

    def test_numbers_of_one_run_alone(self, made, other):
        found = against(made(), other(k=3))
        assert set(found.lost) | set(found.added)
        assert found.same > 0


class TestRefused:
    def test_other_decisions(self, made):
        with pytest.raises(WorkbenchError, match="only runs of one decision can be compared"):
            compare([made().folder, made("traffic.crowding").folder])

    def test_one_run(self, made):
        with pytest.raises(WorkbenchError, match="name two or more"):
            compare([made().folder])

    def test_a_changed_run(self, made, run):
        (run / "brief.json").write_text("{}")
        with pytest.raises(WorkbenchError, match="was changed after it was made"):
            compare([made().folder, run])


class TestCommand:
    def test_three_runs(self, cli, made, other):
        runs = [made().folder, other(k=3).folder, other(seed=7).folder]
        code, out, err = cli("compare", *runs)
        assert (code, err) == (0, "")
        assert out.count("What moved the numbers:") == 2
        assert "[3] against the first" in out
        assert "选定" in cli("compare", *runs, "--lang", "zh")[1]

    def test_json(self, cli, made, other):
        told = json.loads(cli("compare", made().folder, other(k=3).folder, "--json")[1])
        assert [len(run["chosen"]["en"]) for run in told["runs"]] == [5, 3]
        assert told["against_first"][0]["cause"] == "parameters"

    def test_refused(self, cli, made):
        assert cli("compare", made().folder)[0] == 2
        assert cli("compare", made().folder, made("traffic.crowding").folder)[0] == 2
