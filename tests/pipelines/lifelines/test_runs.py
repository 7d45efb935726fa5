"""Every decision on the shipped sample: a whole record, traced numbers, what rows put back could change."""

import polars as pl
import pytest

FRAMES = {
    "lifelines.criticality": {"single_losses", "bad_day_losses"},
    "lifelines.hardening": {"hardening_events", "hardening_assets"},
    "lifelines.restoration": {"repair_runs", "repair_times"},
    "networks.availability": {
        f"availability_{one}" for one in ("draws", "sites", "steps", "cables", "capacity", "rates")
    },
}
"""Frames of its own that numbers of each are read from."""
pytestmark = pytest.mark.slow


@pytest.fixture(params=FRAMES)
def name(request):
    return request.param


def test_every_item_of_the_checklist_is_filled(name, decided, told):
    states = told(decided(name))["checklist"]
    assert len(states) == 35
    assert [item for item, state in states.items() if state == "empty"] == []


def test_the_numbers_are_traced_to_frames_of_the_run(name, decided, told):
    run = decided(name)
    kept = {path.stem for path in (run.folder / "measures").glob("*.parquet")}
    sources = [one["source"] for one in told(run)["quantities"].values() if one["source"]]
    used = {one["measure"] for one in sources}
    assert FRAMES[name] <= used
    assert used - {"screening"} <= kept


def test_every_case_with_rows_put_back_is_answered(name, decided):
    cases = pl.read_parquet(decided(name).folder / "measures" / "bounds.parquet")
    assert {"as_is", "low", "high"} <= set(cases["case"])
    assert cases.filter(pl.col("failed") != "").select("case", "failed").rows() == []
    assert cases.filter(pl.col("case") == "high")["rows"].item() >= 25


def test_what_leans_on_an_asset_that_is_not_there_is_not_put_back(decided):
    folder = decided("lifelines.criticality").folder / "measures"
    counts = {row["table"]: row for row in pl.read_parquet(folder / "bounds_rows.parquet").to_dicts()}
    assert counts["dependencies"] == {
        "table": "dependencies",
        "rejected": 4,
        "readmitted": 1,
        "unplaced": 3,
    }
