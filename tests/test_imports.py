"""Importing the workbench and asking for help load nothing heavy; `tools/startup.py` prints the seconds."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "arrow",
    "dask",
    "data_samples",
    "distributed",
    "duckdb",
    "fsspec",
    "jinja2",
    "jsonschema",
    "matplotlib",
    "narwhals",
    "networkx",
    "numpy",
    "pandas",
    "pipelines",
    "polars",
    "pyarrow",
    "pydantic",
    "pyspark",
    "rich",
    "scipy",
    "simpy",
    "statsmodels",
    "yaml",
}
TELL = """
import json, sys
print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)
"""
ASK = """
import sys
from workbench.cli import main
sys.argv = ['workbench', *{args}]
try:
    main()
except SystemExit:
    pass
"""


def loaded(code):
    """Packages that a fresh interpreter has loaded after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{TELL}"], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_import_workbench():
    assert not loaded("import workbench") & (HEAVY | {"typer"})


def test_asking_for_help():
    assert not loaded(ASK.format(args=["--help"])) & HEAVY


@pytest.mark.parametrize("args", [["--version"], ["brief", "--help"], [], ["breif"]])
def test_what_is_answered_at_once(args):
    """Typer reads options through pydantic, which is no engine."""
    assert not loaded(ASK.format(args=args)) & (HEAVY - {"pydantic"})


@pytest.mark.parametrize("room", ["errors", "_text", "plan", "console"])
def test_light_rooms(room):
    assert not loaded(f"import workbench.{room}") & (HEAVY - {"yaml"})


@pytest.mark.parametrize("room", ["briefs", "decisions", "data.contract"])
def test_rooms_that_need_no_engine(room):
    engines = {"dask", "distributed", "pyspark", "pandas", "pyarrow", "matplotlib", "jinja2"}
    assert not loaded(f"import workbench.{room}") & engines
