"""The room is light to enter, and says which solver is missing."""

import subprocess
import sys

import polars as pl
import pytest

import workbench.optimisation as room
from workbench._need import need
from workbench.errors import EngineMissing
from workbench.optimisation import (
    Battery,
    CrowFlies,
    charging_plan,
    depot_problem,
    minimum_fleet,
    vehicle_blocks,
)


def test_importing_the_room_imports_no_engine():
    heavy = {"numpy", "polars", "scipy", "ortools"}
    code = f"import sys, workbench.optimisation; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_importing_every_module_imports_no_solver():
    code = (
        "import sys, workbench.optimisation as room; [getattr(room, name) for name in room.__all__];"
        "print({'scipy', 'ortools'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_all_names_are_there():
    assert set(room.__all__) == set(room._HOME)
    assert set(room.__all__) <= set(dir(room))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = room.nothing


def test_a_missing_solver_is_named(monkeypatch, shuttle, stops):
    for name in ("optimize", "sparse", "sparse.csgraph"):
        monkeypatch.setitem(sys.modules, f"scipy.{name}", None)
    for name in ("sat.python.cp_model", "graph.python.min_cost_flow"):
        monkeypatch.setitem(sys.modules, f"ortools.{name}", None)
    near = CrowFlies(stops, speed_kmh=30)
    rows = pl.DataFrame(
        {
            "block_id": ["B"], "sequence": [1], "trip_id": ["t"],
            "start_s": [0], "end_s": [1], "energy_kwh": [1],
            "place": ["a"], "until_s": [1],
        }
    )  # fmt: skip
    works = {
        "Vehicle blocks by min-cost flow": lambda: vehicle_blocks(shuttle, near),
        "Vehicle blocks by matching": lambda: vehicle_blocks(shuttle, near, method="matching"),
        "Matching trips": lambda: minimum_fleet(shuttle, method="matching"),
        "Multi-depot scheduling": lambda: depot_problem(shuttle, near, {"a": 2}),
        "A charging plan": lambda: charging_plan(rows, {}, Battery(capacity_kwh=9, charge_kw=9)),
    }
    for purpose, work in works.items():
        with pytest.raises(EngineMissing, match=rf"{purpose} needs the Python package .*pip install"):
            work()
    assert minimum_fleet(shuttle).vehicles == 2  # polars is enough


def test_what_is_not_installed_is_told_from_what_is_broken():
    with pytest.raises(EngineMissing, match="needs the Python package 'no_such', which is not installed"):
        need("no_such.solver", "It")
