"""On every engine the shipped sample gives back what it hides: each planted bad row, and the headways."""

import json

import polars as pl
import pytest

from data_samples.traffic import DATA, TRUTH
from pipelines.traffic import domain
from workbench.data.intake import supply_from_folder, take_in
from workbench.domains import Measures

TRUE = json.loads(TRUTH.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def intake(engine, tmp_path_factory):
    """Every table of the sample, screened."""
    supply = supply_from_folder(DATA, domain.contract)
    folder = tmp_path_factory.mktemp(f"sample {engine.name}")
    return take_in(engine, domain.contract, supply, folder, required=tuple(TRUE["rows"]))


@pytest.fixture(scope="module")
def quarantine(intake):
    """Rows set aside, by table."""
    return {table: pl.read_parquet(intake.quarantine / table / "*.parquet") for table in TRUE["rows"]}


@pytest.fixture(scope="module")
def measures(intake, tmp_path_factory):
    return Measures(domain.known, intake.tables, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def polars_measures(engines, tmp_path_factory):
    """The same measures on polars."""
    supply = supply_from_folder(DATA, domain.contract)
    folder = tmp_path_factory.mktemp("sample again")
    tables = take_in(engines("polars"), domain.contract, supply, folder, required=tuple(TRUE["rows"])).tables
    return Measures(domain.known, tables, tmp_path_factory.mktemp("work"))


def test_every_row_is_clean_or_set_aside(intake):
    for table in intake.report.tables:
        true = TRUE["rows"][table.table]
        assert (table.rows, table.clean, table.rejected) == (true["rows"], true["good"], true["bad"])


def test_planted_rows_are_set_aside_under_their_reason_and_no_others(quarantine):
    planted = {(row["table"], row["file"], row["row"]): row for row in TRUE["bad_rows"]}
    found = {
        (table, row["file"], row["row"]): row
        for table, frame in quarantine.items()
        for row in frame.iter_rows(named=True)
    }
    assert set(found) == set(planted)
    for key, row in planted.items():
        assert found[key]["rule"] == row["reason"].removeprefix("rule:")
        if row["column"]:
            assert found[key]["column"] == row["column"]


def test_rows_set_aside_show_what_was_wrong(quarantine):
    for frame in quarantine.values():
        shown = frame.filter(pl.col("rule").is_in(["type", "range", "reference"]))
        assert shown["value"].null_count() == 0
        assert frame.filter(pl.col("rule") == "required")["value"].drop_nulls().is_empty()


def test_realised_headways_are_the_measure(measures):
    """The truth is of a week, the measure of days: counts, sums and squares add up."""
    by = ["route_id", "direction_id", "stop_id"]
    n, mean, wait, cv = (pl.col(name) for name in ("headways", "mean_s", "mean_wait_s", "cv"))
    week = (
        measures["headways"]
        .group_by(by)
        .agg(
            n.sum().alias("n"),
            (n * mean).sum().alias("total"),
            (2 * wait * n * mean).sum().alias("squares"),
            ((cv * mean) ** 2 * (n - 1) + n * mean**2).sum().alias("squares_by_cv"),
        )
    )
    found = {tuple(row[name] for name in by): row for row in week.iter_rows(named=True)}
    assert len(found) == len(TRUE["headways"])
    for true in TRUE["headways"]:
        row, told = found[tuple(true[name] for name in by)], true["realised"]
        mean = row["total"] / row["n"]
        assert row["n"] == told["headways"]
        assert mean == pytest.approx(told["mean_s"], rel=1e-9)
        assert row["squares"] / row["total"] / 2 == pytest.approx(told["mean_wait_s"], rel=1e-9)
        for squares in (row["squares"], row["squares_by_cv"]):
            spread = ((squares - row["n"] * mean**2) / (row["n"] - 1)) ** 0.5
            assert spread / mean == pytest.approx(told["cv"], rel=1e-9)


def test_congestion_is_the_truth(measures):
    found = {row["segment_id"]: row for row in measures["segment_reliability"].iter_rows(named=True)}
    for true in TRUE["congestion"]["realised_top"]:
        row = found[true["segment_id"]]
        assert row["congestion_index"] == pytest.approx(true["index_week"], rel=1e-9)
        assert row["share_congested"] == pytest.approx(true["share_congested"], rel=1e-9)
    ranked = sorted(found, key=lambda segment: -found[segment]["congestion_index"])
    assert set(ranked[:5]) == set(TRUE["congestion"]["segments"])


def test_taps_and_riders_are_the_truth(measures):
    totals = measures["tap_totals"]
    assert totals["taps"].sum() == TRUE["cards"]["transactions"]
    assert totals["riders"].sum() == TRUE["cards"]["riders"]


@pytest.mark.parametrize("name", [one.name for one in domain.measures])
def test_measures_do_not_depend_on_the_engine(name, measures, polars_measures, agree):
    """Counts exactly, floats to 1e-9."""
    made, expected = measures[name], polars_measures[name]
    assert made.schema == expected.schema
    agree(made, expected)
    whole = [column for column, dtype in made.schema.items() if not dtype.is_float()]
    assert made.select(whole).equals(expected.select(whole))
