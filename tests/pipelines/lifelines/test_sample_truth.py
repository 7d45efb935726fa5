"""On every engine the shipped sample gives back what it hides."""

import datetime as dt
import json
import math

import polars as pl
import pytest

from data_samples.lifelines import DATA, TRUTH
from pipelines.lifelines import domain
from workbench.data.intake import supply_from_folder, take_in
from workbench.domains import Measures

TRUE = json.loads(TRUTH.read_text(encoding="utf-8"))


def taken_in(engine, folder):
    supply = supply_from_folder(DATA, domain.contract)
    return take_in(engine, domain.contract, supply, folder, required=tuple(TRUE["rows"]))


@pytest.fixture(scope="module")
def intake(engine, tmp_path_factory):
    """Every table of the sample, screened."""
    return taken_in(engine, tmp_path_factory.mktemp(f"sample {engine.name}"))


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
    tables = taken_in(engines("polars"), tmp_path_factory.mktemp("sample again")).tables
    return Measures(domain.known, tables, tmp_path_factory.mktemp("work"))


def test_every_row_is_clean_or_set_aside(intake):
    assert {table.table for table in intake.report.tables} == set(domain.contract.tables)
    for table in intake.report.tables:
        true = TRUE["rows"][table.table]
        assert (table.rows, table.clean, table.rejected) == (true["rows"], true["good"], true["bad"])
        assert table.passed
        assert not table.unchecked


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


def test_the_leaking_zone_stands_out(measures):
    week = measures["non_revenue_water"].group_by("zone_id").agg(pl.exclude("date").sum())
    found = {row["zone_id"]: row for row in week.iter_rows(named=True)}
    assert set(found) == {true["zone_id"] for true in TRUE["water"]}
    for true in TRUE["water"]:
        row = found[true["zone_id"]]
        assert row["hours"] == true["hours"]
        assert row["supplied_m3"] == pytest.approx(true["supplied_m3"], rel=1e-7)
        assert row["billed_m3"] == pytest.approx(true["billed_m3"], rel=1e-9)
        share = row["non_revenue_m3"] / row["supplied_m3"]
        assert share == pytest.approx(true["non_revenue_share"], rel=1e-6)
    leaking = max(TRUE["water"], key=lambda one: one["process_leak"])["zone_id"]
    shares = {zone: row["non_revenue_m3"] / row["supplied_m3"] for zone, row in found.items()}
    assert max(shares, key=shares.get) == leaking
    assert shares[leaking] > 2.5 * max(share for zone, share in shares.items() if zone != leaking)


def test_night_flow_is_the_truth(measures):
    nights = measures["minimum_night_flow"].sort("zone_id", "date")
    for true in TRUE["water"]:
        own = nights.filter(pl.col("zone_id") == true["zone_id"])
        assert own["night_flow"].to_list() == pytest.approx(true["night_flow"], rel=1e-7)
    people = measures["zones"].select("zone_id", "people")
    each = nights.join(people, "zone_id").with_columns(per=pl.col("night_flow") / pl.col("people"))
    worst = each.group_by("zone_id").agg(pl.col("per").mean()).sort("per", descending=True)["zone_id"][0]
    assert worst == max(TRUE["water"], key=lambda one: one["process_leak"])["zone_id"]


def test_the_overloaded_transformer_stands_out(measures):
    true = TRUE["overload"]
    made = measures["utilisation"]
    row = made.row(by_predicate=pl.col("asset_id") == true["asset_id"], named=True)
    assert (row["rating"], row["readings"], row["overloaded"]) == (
        true["rating"],
        true["readings"],
        true["overloaded"],
    )
    for name in ("mean", "p95", "peak"):
        assert row[name] == pytest.approx(true[name], rel=1e-8)
    assert made.filter(pl.col("overloaded") > 0)["asset_id"].to_list() == [true["asset_id"]]


def test_runs_out_of_range_are_the_truth(measures):
    names = ("sensor_id", "side", "start", "end", "readings", "worst")
    found = {
        tuple(str(row[n]) if isinstance(row[n], dt.datetime) else row[n] for n in names)
        for row in measures["out_of_range"].iter_rows(named=True)
    }
    assert found == {tuple(true[name] for name in names) for true in TRUE["out_of_range"]}
    assert len(found) == 8


def test_incidents_are_the_truth_and_near_the_process(measures):
    found = {(row["system"], row["asset_class"]): row for row in measures["incident_rates"].to_dicts()}
    assert len(found) == len(TRUE["incidents"])
    tried = 0
    for true in TRUE["incidents"]:
        row = found[true["system"], true["asset_class"]]
        for name in ("assets", "failures", "planned", "repaired"):
            assert row[name] == true[name]
        assert row["length_km"] == pytest.approx(true["length_km"], rel=1e-9)
        if row["assets"]:
            hours = row["assets"] * 1826 * 24
            assert row["availability"] == pytest.approx(1 - true["down_h"] / hours, rel=1e-9)
        if row["repaired"]:
            assert row["mttr_h"] == pytest.approx(true["repair_h"] / true["repaired"], rel=1e-9)
        process = true["process"]
        if process and true["failures"] >= 20:
            tried += 1
            rate = row["failures_per_km_year" if process["per"] == "km" else "failures_per_year"]
            n = true["failures"]  # Poisson, or less where assets wear
            assert abs(rate / process["failures_per_year"] - 1) < 3.5 / math.sqrt(n)
            spread = math.sqrt(math.exp(0.6**2) - 1)
            assert abs(row["mttr_h"] / process["mttr_h"] - 1) < 3.5 * spread / math.sqrt(n)
    assert tried >= 6
    unknown = found["water", None]
    assert (unknown["assets"], unknown["failures"], unknown["availability"]) == (0, 2, None)


@pytest.mark.parametrize("name", [one.name for one in domain.measures])
def test_measures_do_not_depend_on_the_engine(name, measures, polars_measures, agree):
    """Counts exactly, floats to 1e-9."""
    made, expected = measures[name], polars_measures[name]
    assert made.schema == expected.schema
    assert made.height > 0
    agree(made, expected)
    whole = [column for column, dtype in made.schema.items() if not dtype.is_float()]
    assert made.select(whole).equals(expected.select(whole))
