"""What all tests share: the engines, and the real data where there is some."""

import importlib.util
import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.data.engines import Engine, open_engine
from workbench.data.java import java_problem
from workbench.data.split import Split
from workbench.data.table import Table

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("polars", "torn", "dask", pytest.param("spark", marks=pytest.mark.spark))


def missing(name: str) -> str | None:
    """Why an engine cannot be tested here, None where it can."""
    needed = {"dask": "dask", "spark": "pyspark"}.get(name)
    if needed and importlib.util.find_spec(needed) is None:
        return f"{needed} is not installed: pip install 'lived-workbench[{name}]'"
    return java_problem() if name == "spark" else None


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    """Engines by name, each opened once in a run: Spark takes its time to start."""
    opened: dict[str, Engine] = {}

    def engine(name: str) -> Engine:
        if reason := missing(name):
            pytest.skip(reason)
        if name not in opened:
            opened[name] = open_engine(name, work=str(tmp_path_factory.mktemp(f"work {name} 工")))
        return opened[name]

    yield engine
    for each in opened.values():
        each.close()


@pytest.fixture(scope="session", params=ENGINES, ids=str)
def engine(request, engines) -> Engine:
    """Every engine in turn, `torn` with them."""
    return engines(request.param)


@pytest.fixture(scope="session")
def spread():
    """A table of a frame whose rows lie in several parts, where the engine has parts."""

    def table(engine: Engine, frame: pl.DataFrame, parts: int = 3) -> Table:
        if engine.name != "dask":
            return engine.table(frame)
        rows = [frame.filter(pl.int_range(pl.len()) % parts == i) for i in range(parts)]
        return Split(engine, rows, frame.clear())

    return table


@pytest.fixture(scope="session")
def agree():
    """Compare a frame or table with what is expected: rows in any order, floats to 1e-9 of their size."""

    def compare(made: pl.DataFrame | Table, expected: pl.DataFrame | Iterable[dict]) -> None:
        made = made.gather() if isinstance(made, Table) else made
        if not isinstance(expected, pl.DataFrame):
            expected = pl.DataFrame(list(expected), schema=made.schema)
        assert_frame_equal(made, expected, check_row_order=False, rel_tol=1e-9, abs_tol=1e-12)

    return compare


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, kept outside of the repository."""
    folder = Path(os.environ.get("WORKBENCH_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set WORKBENCH_REAL_DATA to its folder")
    return folder
