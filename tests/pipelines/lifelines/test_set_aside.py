"""What the rows set aside could have changed is told of every decision on the shipped sample."""

import polars as pl
import pytest

NAMES = ("lifelines.criticality", "lifelines.hardening", "lifelines.restoration", "networks.availability")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_case_is_answered(name, decided):
    run = decided(name)
    cases = pl.read_parquet(run.folder / "measures" / "bounds.parquet")
    assert {"as_is", "low", "high"} <= set(cases["case"])
    assert cases.filter(pl.col("failed") != "").select("case", "failed").rows() == []
    assert cases.filter(pl.col("case") == "high")["rows"].item() >= 25


@pytest.mark.slow
def test_what_leans_on_an_asset_that_is_not_there_is_not_put_back(decided):
    folder = decided("lifelines.criticality").folder / "measures"
    counts = {row["table"]: row for row in pl.read_parquet(folder / "bounds_rows.parquet").to_dicts()}
    assert counts["dependencies"] == {
        "table": "dependencies",
        "rejected": 4,
        "readmitted": 1,
        "unplaced": 3,
    }
