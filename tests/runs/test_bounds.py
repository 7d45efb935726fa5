"""Rows set aside that could have changed the answer, rows that could not, and what is said of each."""

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import ClassVar

import polars as pl
import pytest
from pydantic import Field

from pipelines.traffic import domain
from pipelines.traffic.decide import Congestion, CongestionParameters, Crowding, CrowdingParameters
from workbench.briefs import Words
from workbench.data.intake import take_in
from workbench.domains import Measures
from workbench.errors import DataRejected
from workbench.runs import data_from, decide
from workbench.runs.bounds import FEWER, bounds

WORST = CongestionParameters(k=1, resamples=200)
START = dt.datetime(2026, 3, 2)
PEAK = (7, 8, 17, 18)
SPEEDS = {"A": 20.0, "B": 21.0, "C": 40.0, "D": 45.0}
HEAD = "segment_id,timestamp,speed_kmh,vehicle_count"


def row(segment, time, speed, count=""):
    return f"{segment},{time},{speed},{count}"


@cache
def week():
    """Hourly speeds of four roads: A is slower than B in the peaks by a little, C and D are far from both."""
    hours = [START + dt.timedelta(hours=h) for h in range(24 * 7)]
    return {
        (segment, hour): row(segment, hour, speed + hour.day / 10 if hour.hour in PEAK else 60)
        for segment, speed in SPEEDS.items()
        for hour in hours
    }


def peaks(count):
    """The first peak hours of the week."""
    return [hour for segment, hour in week() if segment == "A" and hour.hour in PEAK][:count]


@pytest.fixture
def folder(tmp_path):
    """Write the week with some rows instead of others, and rows more at the end; segments with names."""

    def written(changed=(), more=(), name="data"):
        place = tmp_path / name
        place.mkdir()
        rows = {**week(), **dict(changed)}
        (place / "road_speeds.csv").write_text("\n".join([HEAD, *rows.values(), *more]) + "\n")
        named = "\n".join(f"{one},Road {one}" for one in SPEEDS)
        (place / "segments.csv").write_text(f"segment_id,segment_name\n{named}\n")
        return place

    return written


@pytest.fixture
def found(engines, tmp_path_factory):
    """Answer which road is worst, and what the quarantine could change, on an engine."""

    def done(place, engine=None, decision=Congestion, parameters=WORST, **more):
        engine = engine or engines("polars")
        data, scratch = data_from(domain, data=str(place)), tmp_path_factory.mktemp("scratch")
        intake = take_in(
            engine, domain.contract, data.supply, scratch,
            required=decision.required, optional=decision.optional, more=data.more,
        )  # fmt: skip
        return bounds(decision, domain, intake, parameters, engine, **more)

    return done


def negative(segment, hours):
    """Rows with a speed below nothing."""
    return {(segment, hour): row(segment, hour, -4) for hour in hours}


def said(made, lang="en"):
    return " ".join(prose.in_(lang) for prose in made.section.prose).replace("\N{NO-BREAK SPACE}", " ")


def labels(case):
    return [one.en for one in case.chosen]


class TestThatMatter:
    def test_three_rows_of_the_second_road_turn_the_order(self, folder, found):
        made = found(folder(negative("B", peaks(3))))
        assert (made.rejected, made.readmitted, made.unplaced) == (3, 3, 0)
        assert labels(made.as_is) == labels(made.case("high")) == ["Road A (A)"]
        assert labels(made.case("low")) == labels(made.case("against")) == ["Road B (B)"]
        assert made.changed
        assert [case.key for case in made.changing] == ["low", "against"]
        assert said(made).startswith(
            "The recommendation changes to Road B (B) if the 3 rows set aside that can be placed are put "
            "back with every value in doubt at the lowest that the contract admits. The same change comes "
            "when they are put back in turn with each at the end that speaks most against the recommendation."
        )
        assert "建议将改为：Road B (B)" in said(made, "zh")

    def test_each_row_against_the_recommendation_when_neither_end_alone_turns_it(self, folder, found):
        """Low moves both roads alike, high lets both off: only low for B and high for A turns the order."""
        hours = peaks(4)
        made = found(folder({**negative("A", hours[:2]), **negative("B", hours[2:])}))
        assert labels(made.case("low")) == labels(made.case("high")) == ["Road A (A)"]
        assert [case.key for case in made.changing] == ["against"]
        assert "with each at the end that speaks most against" in said(made)

    def test_a_repeated_row_stands_instead_of_the_one_it_repeats(self, folder, found):
        made = found(folder(more=[row("B", hour, 1) for hour in peaks(3)]))
        assert made.readmitted == 3
        assert labels(made.case("low")) == ["Road B (B)"]
        assert len({made.case(key).number.value for key in ("low", "high")}) == 1


class TestThatCannot:
    def test_rows_of_a_road_far_off(self, folder, found):
        made = found(folder(negative("C", peaks(3))))
        assert not made.changed
        assert [case.key for case in made.cases] == ["as_is", "low", "high", "against"]
        assert said(made).startswith(
            "The recommendation does not change when the 3 rows set aside that can be "
        )
        (table, by_table) = made.section.tables
        assert [r.cells[2].en for r in table.rows] == ["Road A (A)", "the same", "the same", "the same"]
        assert [cell.value for cell in by_table.rows[0].cells[1:]] == [3, 3, 0]

    def test_rows_out_of_the_hours_judged_make_no_case_against(self, folder, found):
        made = found(folder({("D", START): row("D", START, 60, "many")}))
        assert [case.key for case in made.cases] == ["as_is", "low", "high"]
        assert not made.changed

    def test_none_set_aside_is_not_run_again(self, folder, found):
        told = []
        made = found(folder(), progress=told.append)
        assert (made.rejected, made.cases, told) == (0, (), [])
        assert said(made) == Words().text("bounds.none").en
        assert not made.section.tables

    def test_rows_that_cannot_be_placed_are_counted_and_said(self, folder, found):
        hour = peaks(1)[0]
        lost = [row("Z", hour, 9), row("", hour, 9), row("A", "noon", 9), ",,,", row("A", "", 9)]
        made = found(folder(more=lost))
        assert (made.rejected, made.readmitted, made.unplaced) == (5, 0, 5)
        assert made.cases == ()
        assert said(made).startswith("5 rows set aside cannot be placed, because")
        assert "does not change" not in said(made)

    def test_both_kinds(self, folder, found):
        made = found(folder(negative("C", peaks(2)), more=[row("Z", peaks(1)[0], 9)]))
        assert (made.readmitted, made.unplaced) == (2, 1)
        assert "does not change" in said(made)
        assert "1 row set aside cannot be placed" in said(made)


class Fragile(Congestion):
    """Gives up where a road was too fast."""

    def answer(self, measures: Measures, parameters):
        if measures["speeds_by_hour"]["speed_kmh"].max() > 100:
            raise DataRejected("a road is too fast")
        return super().answer(measures, parameters)


class Sensed(Congestion):
    """Breaks where a road was too fast."""

    def answer(self, measures: Measures, parameters):
        if measures["speeds_by_hour"]["speed_kmh"].max() > 100:
            raise ZeroDivisionError
        return super().answer(measures, parameters)


class ManyRuns(CongestionParameters):
    replications: int = Field(500)
    precision: float | None = Field(0.05)


class Simulated(Congestion):
    """Notes with how many replications it was asked."""

    asked: ClassVar[list] = []

    def answer(self, measures: Measures, parameters):
        self.asked.append((parameters.replications, parameters.precision, parameters.seed))
        return super().answer(measures, parameters)


class TestRuns:
    @pytest.mark.parametrize(
        ("decision", "why"), [(Fragile, "a road is too fast"), (Sensed, "ZeroDivisionError")]
    )
    def test_a_case_that_fails_is_told(self, folder, found, decision, why):
        made = found(folder(negative("C", peaks(3))), decision=decision)
        assert made.case("high").failed == why
        assert not made.case("low").failed
        assert (
            f"“Put back at the highest” could not be answered, so what it would change cannot be told: {why}"
            in said(made)
        )
        assert "does not change" not in said(made)
        made.section.tables[0].as_dict()

    def test_a_simulation_is_run_less_often_and_says_so(self, folder, found):
        Simulated.asked.clear()
        given = ManyRuns(k=1, resamples=200, seed=7)
        made = found(folder(negative("C", peaks(3))), decision=Simulated, parameters=given)
        assert Simulated.asked[0] == (500, 0.05, 7)
        assert set(Simulated.asked[1:]) == {(FEWER, None, 7)}
        assert len(Simulated.asked) == 1 + len(made.cases)
        assert f"simulated with {FEWER} runs" in said(made)

    def test_measures_of_clean_tables_are_not_made_again(self, folder, found, engines, tmp_path):
        tables = {
            name: engines("polars").table(pl.DataFrame({"a": [1]})) for name in ("road_speeds", "stops")
        }
        base = Measures(domain.known, tables, tmp_path)
        base.made["speeds_by_hour"] = base.made["headway_runs"] = pl.DataFrame()
        assert set(base.with_tables({"stops": tables["stops"]}, tmp_path).made) == {"speeds_by_hour"}
        assert not base.with_tables({"road_speeds": tables["stops"]}, tmp_path).made

    def test_it_does_not_depend_on_the_engine(self, folder, found, engine, engines):
        hours = peaks(4)
        place = folder(
            {**negative("A", hours[:2]), **negative("B", hours[2:])}, more=[row("B", h, 1) for h in hours[:1]]
        )
        one, two = found(place, engine), found(place, engines("polars"))
        assert one.measures["bounds_rows"].equals(two.measures["bounds_rows"])
        mine, other = (made.measures["bounds"] for made in (one, two))
        floats = ["number", "low", "high"]
        assert mine.drop(floats).equals(other.drop(floats))
        for name in floats:
            assert mine[name].to_list() == pytest.approx(other[name].to_list(), rel=1e-9)
        assert one.section.prose == two.section.prose


class TestBrief:
    @pytest.fixture
    def answered(self, engines, tmp_path):
        def done(place, out="out", **more):
            run = decide(
                Congestion, domain, data_from(domain, data=str(place)), WORST, engines("polars"),
                tmp_path / out, **more,
            )  # fmt: skip
            return run, json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))

        return done

    def test_it_says_so_with_numbers_that_can_be_traced(self, folder, answered):
        place = folder(negative("B", peaks(3)))
        run, brief = answered(place, bounds=True)
        assert brief["checklist"]["quarantine"] == "filled"
        assert "--no-bounds" not in brief["run"]["command"]
        (section,) = [one for one in brief["sections"] if one["key"] == "quarantine"]
        assert "changes to Road B (B)" in section["prose"][0]["en"]
        kept = pl.read_parquet(run.folder / "measures" / "bounds.parquet")
        assert kept["case"].to_list() == ["as_is", "low", "high", "against"]
        assert {f"bounds.{case}.rows" for case in kept["case"]} <= set(run.record["cells"])
        for lang in ("en", "zh"):
            assert "Road B (B)" in run.brief(lang).read_text(encoding="utf-8")
        again, _ = answered(place, "again", bounds=True)
        assert again.record == run.record

    def test_not_computed_leaves_the_item_empty(self, folder, answered):
        place = folder(negative("B", peaks(3)))
        run, brief = answered(place)
        assert brief["checklist"]["quarantine"] == "empty"
        assert brief["run"]["command"].endswith("--no-bounds --out runs")
        assert not (run.folder / "measures" / "bounds.parquet").exists()
        assert answered(place, bounds=True)[0].run_id != run.run_id


def test_on_the_sample_one_rider_count_gone_wrong_could_fill_a_section(engines, tmp_path):
    """The sample's crowding: a tap whose riders cannot be read may stand for up to a hundred."""
    run = decide(
        Crowding, domain, data_from(domain), CrowdingParameters(resamples=200), engines("polars"), tmp_path,
        bounds=True,
    )  # fmt: skip
    cases = pl.read_parquet(run.folder / "measures" / "bounds.parquet")
    assert dict(cases.select("case", "changed").iter_rows()) == {
        "as_is": False, "low": False, "high": True, "crossed1": False, "crossed2": True,
    }  # fmt: skip
    counts = pl.read_parquet(run.folder / "measures" / "bounds_rows.parquet")
    assert counts.sort("table").rows() == [
        ("stop_visits", 32, 14, 18),
        ("stops", 0, 0, 0),
        ("taps", 48, 30, 18),
        ("timetable", 8, 5, 3),
    ]
    assert Path(run.folder / "brief.json").exists()
