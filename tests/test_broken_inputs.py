"""Each broken input gives one sentence that says what, where and how to mend it, and nothing is lost."""

import importlib.util
import sys
from pathlib import Path

import polars as pl
import pytest

from workbench.cli import app
from workbench.console import finish

SPEC = importlib.util.spec_from_file_location("broken_cases", Path(__file__).parent / "broken" / "cases.py")
broken = sys.modules["broken_cases"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(broken)
PROGRESS = ("screening ", "answering ", "measuring ")
SENTENCES = 5
"""More than this is a story."""


@pytest.fixture
def run(tmp_path, capsys):
    """Run a case; give its exit code, stdout, what was said but for progress, and the folders."""

    def ran(case, *more):
        folder = broken.write(case, tmp_path / "data")
        out = tmp_path / "out"
        args = [word.replace("DIR", str(folder)) for word in case.command]
        place = ["--out", str(out)]
        code = finish(lambda: app([*args, *place, *more], prog_name="workbench"))
        printed, err = capsys.readouterr()
        said = [line for line in err.splitlines() if not line.startswith(PROGRESS)]
        return code, printed, said, folder, out

    return ran


@pytest.mark.parametrize("case", broken.CASES, ids=lambda case: case.name)
def test_it_is_told_in_a_sentence(run, case):
    code, printed, said, folder, out = run(case)
    told = "\n".join(said)
    assert (code, printed) == (case.code, "")
    for part in case.said:
        assert part.replace("DIR", str(folder)) in told
    assert told.startswith("error: ")
    assert "Traceback" not in told
    assert "fault of the workbench" not in told
    assert told.count(". ") < SENTENCES
    assert len(said) == 1 or case.name == "several mistakes"
    aside = sum(pl.read_parquet(path).height for path in out.rglob("quarantine/*.parquet"))
    assert aside == case.aside
    if not case.aside:
        assert not out.exists() or list(out.iterdir()) == []
    elif case.name != "nothing meets":
        assert f"The rows are kept in {out}" in told


@pytest.mark.parametrize(
    "name", ["wrong type", "repeated keys", "header only", "truncated parquet", "missing column"]
)
@pytest.mark.parametrize("engine", ["dask", pytest.param("spark", marks=pytest.mark.spark)])
def test_other_engines_say_the_same(run, name, engine, engines):
    engines(engine)
    (case,) = (each for each in broken.CASES if each.name == name)
    code, _, said, _, out = run(case, "--engine", engine)
    assert code == case.code
    assert all(part in said[-1] for part in case.said)
    assert sum(pl.read_parquet(path).height for path in out.rglob("quarantine/*.parquet")) == case.aside


@pytest.mark.parametrize(
    "name", ["wrong type", "past midnight", "beyond numbers", "nan in parquet", "repeated keys"]
)
def test_rows_set_aside_are_whole(run, name):
    """What was written is kept as it was written, with its file and row."""
    (case,) = (each for each in broken.CASES if each.name == name)
    *_, out = run(case)
    (path,) = out.rglob("quarantine/road_speeds.parquet")
    aside = pl.read_parquet(path)
    assert aside.columns[:5] == ["file", "row", "rule", "column", "value"]
    assert aside.select("file", "row").is_unique().all()
    assert aside["raw_segment_id"].null_count() == 0
    assert len(list(out.rglob("screening.*"))) == 3


def test_a_few_bad_rows_do_not_stop_the_work(run):
    """Times past midnight, numbers beyond all bounds, a field too many: set aside, and the rest goes on."""
    broke = broken.rows(
        lambda i, fields: {
            20: [fields[0], "2026-03-02 24:10:00", *fields[2:]],
            40: [fields[0], "2026-03-02 25:61:00", *fields[2:]],
            60: [*fields[:2], "1e308", ""],
            80: [*fields[:3], "99999999999999999999"],
            100: [*fields, "one too many"],
        }.get(i, fields)
    )
    code, printed, said, _, out = run(broken.Case("few", broke, 0, ()))
    assert code == 0
    assert printed.endswith("brief.en.html\n")
    assert said == []
    (path,) = out.rglob("quarantine/road_speeds.parquet")
    assert pl.read_parquet(path).select("row", "rule").rows() == [
        (21, "type"),
        (41, "type"),
        (61, "range"),
        (81, "type"),
        (101, "ragged"),
    ]


def test_chinese_names_of_folders_and_columns_do_no_harm(run, tmp_path):
    def write(folder):
        (folder / "road_speeds").mkdir()
        (folder / "road_speeds.csv").rename(folder / "road_speeds" / "第一周 路况.csv")

    code, _, said, _, out = run(broken.Case("chinese", write, 0, ()))
    assert (code, said) == (0, [])
    assert "road_speeds/第一周 路况.csv" in next(out.rglob("run.json")).read_text(encoding="utf-8")


def test_every_kind_that_was_promised_is_there():
    names = {case.name for case in broken.CASES}
    assert len(names) == len(broken.CASES)
    files = {"empty file", "truncated parquet", "gb18030"}
    rows = {"wrong type", "repeated keys", "past midnight", "all rows bad"}
    assert names >= {*files, *rows, "missing column", "unknown column", "unknown parameter"}
