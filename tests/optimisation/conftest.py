"""Small trips and timetables that optimisation tests share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import polars as pl
import pytest

from workbench.optimisation import Agency

SPEC = importlib.util.spec_from_file_location("optimisation_samples", Path(__file__).with_name("samples.py"))
assert SPEC is not None
assert SPEC.loader is not None
samples = sys.modules["optimisation_samples"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(samples)


@pytest.fixture
def shuttle() -> pl.DataFrame:
    """There and back between a and b, and one trip that starts at c, 100 m from b."""
    return samples.trips(
        ("t1", "a", "b", 0, 600),
        ("t2", "b", "a", 600, 1200),
        ("t3", "c", "a", 900, 1500),
        ("t4", "a", "b", 1500, 2100),
    )


@pytest.fixture
def stops() -> pl.DataFrame:
    """b and c lie 100 m apart, in one station; a is 10 km to the south, d alone to the north."""
    metre = 1 / 111_195.08  # degrees of latitude
    return pl.DataFrame(
        {
            "stop_id": ["a", "b", "c", "d"],
            "stop_name": ["Alpha", "Beta 1", "Beta 2", "Delta, 三角"],
            "stop_lat": [-10_000 * metre, 0.0, 100 * metre, 5_000 * metre],
            "stop_lon": [118.0, 118.0, 118.0, 118.0],
            "parent_station": [None, "B", "B", None],
        }
    )


@pytest.fixture
def routes() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "route_id": ["1", "2"],
            "route_short_name": ["1", None],
            "route_long_name": ["Alpha, Beta", "Ring"],
            "route_type": ["3", "3"],
        }
    )


@pytest.fixture
def agency() -> Agency:
    return Agency(name="City Bus", url="https://example.org", zone="Asia/Shanghai")
