"""Notebooks: their numbers are the kept ones, their outputs are fresh, their shape is that of the house."""

import ast
import csv
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = Path(__file__).parent / "expected"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST_BYTES = 150_000
MOST_CELLS, LEAST_CELLS = 15, 8
MOST_CELL_LINES = 25
LINES = range(70, 121)
MACHINE = [*("/".join(("", name, "")) for name in ("work", "root", "home", "tmp")), "C:\\"]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def same(kept: str, fresh: str) -> bool:
    """Texts and whole numbers exactly, other numbers to 1e-9 relative."""
    if kept == fresh:
        return True
    try:
        return not (kept.lstrip("-").isdigit() or fresh.lstrip("-").isdigit()) and math.isclose(
            float(kept), float(fresh), rel_tol=1e-9, abs_tol=1e-12
        )
    except ValueError:
        return False


def cells(path: Path, kind: str) -> list[dict]:
    return [
        cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind
    ]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def texts(path: Path) -> list[str]:
    """Every text of the outputs."""
    outputs = [output for cell in cells(path, "code") for output in cell["outputs"]]
    return ["".join(text) for one in outputs for text in (one.get("text", ""), *one.get("data", {}).values())]


def test_there_are_notebooks():
    named = ["00-start", "01-congestion", "02-bus-headways", "03-how-many-runs"]
    assert [path.stem for path in NOTEBOOKS][: len(named)] == named


def test_the_numbers_are_the_kept_ones(notebook):
    name = f"{notebook.path.stem}.csv"
    kept, fresh = rows(EXPECTED / name), rows(notebook.folder / "results" / name)
    assert kept
    assert len(kept) == len(fresh)
    for number, (old, new) in enumerate(zip(kept, fresh, strict=True), 2):
        assert list(old) == list(new)
        wrong = {column: (old[column], new[column]) for column in old if not same(old[column], new[column])}
        assert not wrong, f"{name} row {number}: {wrong}"


def test_kept_outputs_say_what_a_fresh_run_says(notebook, tool):
    found = tool.differences(notebook.kept, notebook.fresh)
    assert not found, "run `make notebooks`:\n" + "\n".join(found[:40])


def test_a_notebook_leaves_nothing_but_its_table(notebook):
    left = [
        path.relative_to(notebook.folder).as_posix() for path in notebook.folder.rglob("*") if path.is_file()
    ]
    assert left == [f"results/{notebook.path.stem}.csv"]


@each_notebook
def test_it_is_in_the_form_that_the_tool_writes(path, tool):
    assert tool.tidy(path), "run `make notebooks`"


@each_notebook
def test_its_size_and_shape(path):
    code = cells(path, "code")
    lines = [len(source(cell).splitlines()) for cell in code]
    assert path.stat().st_size < LARGEST_BYTES
    assert LEAST_CELLS <= len(code) <= MOST_CELLS
    assert max(lines) <= MOST_CELL_LINES
    assert sum(lines) in LINES


@each_notebook
def test_it_defines_nothing(path):
    for cell in cells(path, "code"):
        defined = [
            node
            for node in ast.walk(ast.parse(source(cell)))
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        ]
        assert not defined, source(cell)


@each_notebook
def test_its_first_cell_says_the_question_who_asks_and_what_an_answer_changes(path):
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
    assert first["cell_type"] == "markdown"
    assert source(first).startswith("# ")
    for words in ("**The question.**", "**Who asks.**", "**What answer would change what.**"):
        assert words in source(first)


@each_notebook
def test_its_outputs_are_kept_without_counts_errors_or_places_of_a_machine(path):
    code = cells(path, "code")
    assert sum(bool(cell["outputs"]) for cell in code) >= len(code) - 2
    assert all(cell["execution_count"] is None for cell in code)
    for cell in code:
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"
            assert output.get("execution_count") is None
    for text in texts(path):
        for place in MACHINE:
            assert not re.search(rf"(?<![\w.~}}-]){re.escape(place)}", text), place


@each_notebook
def test_what_it_points_to_is_there(path):
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#]+)\)", source(cell)):
            assert "://" in target or (path.parent / target).exists(), target
        for target in re.findall(r"`(docs/[^`]+)`", source(cell)):
            assert (ROOT / target).exists(), target


# --- the tool -------------------------------------------------------------------------------


SMALL = {
    "cells": [
        {
            "cell_type": "code",
            "id": "a",
            "metadata": {"trusted": True},
            "execution_count": 7,
            "source": "import sys, os\nprint(os.getcwd())\nsys.stderr.write('aside')\n1 + 1",
            "outputs": [],
        },
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {"tags": ["varies"]},
            "execution_count": 8,
            "source": "import time\nprint(time.time())",
            "outputs": [],
        },
    ],
    "metadata": {"kernelspec": {"name": "nowhere", "display_name": "Nowhere"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def small(tmp_path, tool, monkeypatch):
    """A notebook in a folder of its own, for a kernelspec that nobody has."""
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "FOLDER", tmp_path / "notebooks")
    path = tmp_path / "notebooks" / "07-small.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(SMALL), encoding="utf-8")
    return path


def test_the_tool_normalises_and_then_leaves_the_file_alone(small, tool, capsys):
    assert tool.main([]) == 0
    first = small.read_bytes()
    kept = json.loads(first)
    assert kept["metadata"]["language_info"] == {"name": "python"}
    assert kept["cells"][0]["metadata"] == {}
    assert kept["cells"][0]["execution_count"] is None
    assert [output.get("text") for output in kept["cells"][0]["outputs"]] == [[".\n"], None]
    assert kept["cells"][0]["outputs"][1]["data"]["text/plain"] == ["2"]
    assert "aside" in capsys.readouterr().err
    assert tool.main(["07-small"]) == 0
    assert small.read_bytes() == first
    assert tool.main(["--check"]) == 0
    assert "as kept" in capsys.readouterr().out


def test_check_writes_nothing_and_fails_where_an_output_is_out_of_date(small, tool, capsys):
    tool.main([])
    stale = small.read_text(encoding="utf-8").replace('"2"', '"3"')
    small.write_text(stale, encoding="utf-8")
    assert tool.main(["--check"]) == 4
    assert small.read_text(encoding="utf-8") == stale
    assert "-3" in capsys.readouterr().out


def test_a_cell_that_raises_is_a_failure_that_names_the_notebook(small, tool, capsys):
    small.write_text(json.dumps(SMALL).replace("1 + 1", "1 / 0"), encoding="utf-8")
    assert tool.main([]) == 1
    said = capsys.readouterr().err
    assert "07-small.ipynb" in said
    assert "ZeroDivisionError" in said


def test_an_unknown_notebook_is_named_with_those_there_are(small, tool, capsys):
    with pytest.raises(SystemExit) as end:
        tool.main(["08-large"])
    assert end.value.code == 2
    assert "there are 07-small" in capsys.readouterr().err


def test_ids_of_runs_are_not_compared(tool):
    def notebook(text):
        output = {"output_type": "stream", "name": "stdout", "text": text}
        cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}
        return nbformat.from_dict({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    old, new = (
        ("0" * 64, "0.1.0+" + "a" * 12, "d" * 12 + "…"),
        ("1" * 64, "0.1.0+" + "b" * 12, "e" * 12 + "…"),
    )
    assert tool.differences(notebook(" ".join(old)), notebook(" ".join(new))) == []
    assert tool.differences(notebook("speed 41.2"), notebook("speed 41.3"))


def test_the_command_says_how_it_is_used():
    tool = ROOT / "tools" / "notebooks.py"
    done = subprocess.run(
        [sys.executable, tool, "--help"], capture_output=True, text=True, env=os.environ, check=True
    )
    assert "--check" in done.stdout
