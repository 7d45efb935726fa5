"""The record of the headways decision: complete, by hand, for any workers, and for one's own options."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from data_samples.traffic import DATA
from pipelines.traffic import domain, headway_record
from pipelines.traffic.headway_case import HeadwaysParameters, build
from pipelines.traffic.headway_futures import SIMULATED
from pipelines.traffic.headway_options import moved, refuse_unfit, today_and_others
from pipelines.traffic.headway_replay import boarding_groups, headways_of, scheduled_wait_s
from pipelines.traffic.headways import Headways
from workbench.briefs.checklist import check_strict, checklist
from workbench.data.intake import supply_from_folder, take_in
from workbench.domains import Measures
from workbench.errors import BadParameter, CheckFailed
from workbench.parameters import read_parameters
from workbench.runs import data_from, decide
from workbench.simulation import Experiment, Streams
from workbench.simulation.intervals import t_interval
from workbench.simulation.transit import (
    STEADY,
    Demand,
    LineModel,
    LineScenario,
    ShortTurn,
    card,
    line_from_sections,
)
from workbench.simulation.transit.log import check_laws
from workbench.simulation.transit.metrics import essentials, outcomes

DAYS, FUTURES = 8, 200
OWN = (
    "alternatives", "model_card", "runs", "verification", "validation", "model_map", "assumptions", "results",
    "ranking", "sensitivity", "futures", "cost_benefit", "equity", "targets", "maps", "certainty", "limits",
    "changes",
)  # fmt: skip
QUICK = HeadwaysParameters(replications=DAYS, futures=FUTURES)
AT_ONCE = {"boarding_s": 0, "alighting_s": 0, "doors_s": 0}
GIVEN = {
    "现状": LineScenario(headway_s=900, capacity=48),
    "更密": LineScenario(headway_s=600, capacity=48, control={"policy": "forward_headway"}),
}


@pytest.fixture(scope="module")
def run(engines, tmp_path_factory):
    """Whole runs on the sample, each question once."""
    made = {}

    def ran(parameters=QUICK, workers=1):
        key = parameters.model_dump_json(), workers
        if key not in made:
            out, data = tmp_path_factory.mktemp("runs"), data_from(domain)
            engine = engines("polars")
            made[key] = decide(Headways, domain, data, parameters, engine, out, workers=workers, bounds=True)
        return made[key]

    return ran


@pytest.fixture(scope="module")
def told(run):
    """The brief of the sample as JSON."""
    return json.loads((run().folder / "brief.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def measures(engines, tmp_path_factory):
    """The required tables alone: no names of stops, no visits."""
    supply = supply_from_folder(DATA, domain.contract)
    intake = take_in(
        engines("polars"),
        domain.contract,
        supply,
        tmp_path_factory.mktemp("in"),
        required=("taps", "timetable"),
    )
    return Measures(domain.known, intake.tables, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def brief(measures):
    return Headways(workers=1).answer(measures, QUICK)


def section(told, key):
    return next(one for one in told["sections"] if one["key"] == key)


def table(told, key, name):
    return next(one for one in section(told, key)["tables"] if one["id"] == name)


def column(one, head):
    at = [each["key"] for each in one["heads"]].index(head)
    return [row["cells"][at] for row in one["rows"]]


class TestComplete:
    def test_no_item_is_left_empty(self, run, told):
        run().check_strict()
        assert set(told["checklist"].values()) == {"filled", "not_applicable"}
        assert {key for key, state in told["checklist"].items() if state == "not_applicable"} == {
            "targets", "maps", "recovery", "ethics",
        }  # fmt: skip

    @pytest.mark.parametrize("key", OWN)
    def test_an_item_that_is_taken_out_is_missed(self, brief, key):
        states = {check.item.key: check.state for check in checklist(brief)}
        assert states[key] != "empty"
        less = replace(brief, sections=tuple(one for one in brief.sections if one.key != key))
        with pytest.raises(CheckFailed, match=rf"\({key}\)"):
            check_strict(less)

    def test_without_futures_what_rests_on_them_is_empty(self, measures):
        made = Headways(workers=1).answer(measures, HeadwaysParameters(replications=5, futures=0))
        states = {check.item.key: check.state for check in checklist(made)}
        assert [key for key in OWN if states[key] == "empty"] == ["sensitivity", "futures"]

    def test_too_few_futures_are_refused(self):
        with pytest.raises(BadParameter, match="must be 0, or at least 200"):
            read_parameters(HeadwaysParameters, settings=["futures=20"])

    def test_every_number_stands_in_its_measure_and_page(self, run):
        done = subprocess.run(
            [sys.executable, "-m", "workbench.cli", "verify", str(run().folder)],
            capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert (run().folder / "measures" / "headway_futures.parquet").is_file()


class TestNumbers:
    def test_results_are_those_of_the_runs(self, run, told):
        runs = pl.read_parquet(run().folder / "measures" / "headway_runs.parquet")
        costs = pl.read_parquet(run().folder / "measures" / "headway_costs.parquet")
        total = {
            name: costs.filter(pl.col("scenario") == name)["total"].to_numpy() for name in ("today", "more")
        }
        found = told["quantities"]
        place = {
            name.rpartition(".")[2].partition("-")[2]: name
            for name in found
            if name.startswith("result.total.difference.")
        }
        want = t_interval(total["more"] - total["today"])
        got = found[place["more"]]
        assert [got[key] for key in ("value", "low", "high")] == pytest.approx(
            [want.mean, want.low, want.high]
        )
        assert found[place["today"]]["value"] == 0
        wait = runs.filter(pl.col("scenario") == "today")["mean_wait_s"].to_numpy()
        tag = place["today"].rpartition(".")[2]
        assert found[f"result.wait.p95.{tag}"]["value"] == pytest.approx(np.quantile(wait, 0.95))
        riders = runs.filter(pl.col("scenario") == "today")["passengers"].to_numpy()
        per = (total["today"] * 1e6 / 250 / riders).mean()
        assert found[f"result.rider.mean.{tag}"]["value"] == pytest.approx(per)

    def test_the_chance_of_the_headline_is_that_of_the_ranking(self, told):
        cells = [row["cells"] for row in told["options"]["rows"]]
        chosen = next(row["cells"] for row in told["options"]["rows"] if row["chosen"])
        ranking = table(told, "ranking", "ranking")["rows"]
        best = next(row["cells"] for row in ranking if row["chosen"])
        assert best[0]["text"] == chosen[0]["text"]
        q = told["quantities"]
        assert q[best[1]["quantity"]]["value"] == q[chosen[1]["quantity"]]["value"]
        assert sum(q[row[1]["quantity"]]["value"] for row in cells) == pytest.approx(1)

    def test_cost_and_benefit_by_hand(self, run, told):
        costs = pl.read_parquet(run().folder / "measures" / "headway_costs.parquet")
        best = told["options"]["rows"][0]["cells"][2]["quantity"].partition("-")[2]
        mean = {
            name: costs.filter(pl.col("scenario") == name).select("operating", "waiting").mean().row(0)
            for name in ("today", best)
        }
        factor = sum(1.08**-year for year in range(10))
        q = told["quantities"]
        assert q["cb.pv_costs"]["value"] == pytest.approx(
            factor * (mean[best][0] - mean["today"][0]), rel=0.02
        )
        assert q["cb.pv_benefits"]["value"] == pytest.approx(
            factor * (mean["today"][1] - mean[best][1]), rel=0.1
        )
        assert q["cb.npv"]["value"] == pytest.approx(q["cb.pv_benefits"]["value"] - q["cb.pv_costs"]["value"])
        assert q["cb.rate.0"]["value"] == 0.08

    def test_laws_hold_and_say_by_how_much(self, told):
        q = told["quantities"]
        assert q["check.lost"]["value"] == 0
        assert 0 <= q["check.little"]["value"] < 1e-9
        assert q["check.asserted"]["value"] == 6 * DAYS

    def test_days_and_half_widths(self, told):
        q = told["quantities"]
        assert q["runs.replications"]["value"] == DAYS
        for name in (each for each in q if each.startswith("runs.half.")):
            tag = name.removeprefix("runs.half.")
            wait = q[f"mean_wait_s.{tag}"]
            assert q[name]["value"] == pytest.approx((wait["high"] - wait["low"]) / 2)

    def test_every_policy_of_closed_lines_is_screened_out(self, told):
        rows = table(told, "alternatives", "alternatives")["rows"]
        why = {row["cells"][0]["text"]["en"]: row["cells"][2]["text"]["en"] for row in rows}
        closed = [card.policy_name(name).en for name, kind in card.policies().items() if kind.closed_only]
        assert len(closed) == 3
        assert all("closed lines only" in why[name] for name in closed)

    def test_the_headways_observed_are_those_of_the_visits(self, run, told):
        headways = pl.read_parquet(run().folder / "measures" / "headways.parquet")
        ran = headways.filter(
            pl.col("route_id") == "12", pl.col("direction_id") == 0,
            pl.col("service_date").dt.weekday() <= 5, pl.col("cv").is_not_null(),
        )  # fmt: skip
        seen = told["quantities"]["back.cv.observed"]["value"]
        assert seen == pytest.approx(
            ran["cv"].mean(), rel=0.02
        )  # the brief leaves out stops where nobody boards
        assert abs(told["quantities"]["back.cv.error"]["value"]) < 0.1 * seen


class TestBench:
    @pytest.fixture(scope="class")
    @classmethod
    def bench(cls, measures):
        case = build(measures, QUICK)
        scenarios = today_and_others(case.model.line, case.capacity)
        back = today_and_others(case.back, case.capacity)
        runs = Experiment(case.model, scenarios, seed=QUICK.seed).run(DAYS, workers=1)
        register = headway_record.register_of(QUICK, case.date)
        inputs = headway_record.inputs_of(register)
        made = headway_record.bench(case, QUICK, inputs, scenarios, back, runs)
        costs = Headways()._priced(case, runs, scenarios, back, QUICK)
        return made, costs

    def test_where_nothing_is_changed_it_gives_the_costs_of_the_brief(self, bench):
        made, costs = bench
        assert made.totals(made.inputs.base[None])[0] == pytest.approx(costs.totals.mean(axis=0), rel=1e-12)

    def test_prices_enter_as_they_are(self, bench):
        """Twice the price of waiting adds the cost of waiting once more."""
        made, costs = bench
        values = np.tile(made.inputs.base, (2, 1))
        values[1, made.inputs.names.index("waiting")] *= 2
        waiting = costs.frame.filter(pl.col("scenario") == "today")["waiting"].mean()
        one, two = made.totals(values, ["today"])[:, 0]
        assert two - one == pytest.approx(waiting)

    def test_more_riders_wait_more_hours(self, bench):
        made, _ = bench
        values = np.tile(made.inputs.base, (3, 1))
        values[:, made.inputs.names.index("demand")] = [0.8, 1.0, 1.2]
        low, base, high = made.totals(values, ["today"])[:, 0]
        assert low < base < high

    def test_savings_are_differences_of_totals(self, bench):
        made, _ = bench
        values = made.inputs.sample(5, Streams(1))
        totals = made.totals(values)
        saving = made.saving("more", "today")(values)
        places = [made.names.index(name) for name in ("today", "more")]
        assert saving == pytest.approx(totals[:, places[0]] - totals[:, places[1]])

    def test_what_is_simulated_is_what_is_swept(self, bench):
        made, _ = bench
        assert set(SIMULATED) <= set(made.inputs.names)
        assert len(made.inputs) == 6


class TestOwnScenarios:
    @pytest.fixture(scope="class")
    @classmethod
    def given(cls, run):
        asked = QUICK.model_copy(update={"scenarios": GIVEN, "baseline": "现状", "replications": 5})
        done = run(asked)
        return done, json.loads((done.folder / "brief.json").read_text(encoding="utf-8"))

    def test_two_options_with_chinese_names(self, given):
        done, told = given
        done.check_strict()
        rows = table(told, "model_card", "scenario-logic")["rows"]
        assert {row["cells"][0]["text"]["en"] for row in rows} == {"更密"}

    def test_the_command_names_a_file_that_gives_the_same_parameters(self, given):
        done, told = given
        command = told["run"]["command"]
        assert "--params parameters.json" in command
        assert "scenarios" not in command
        again = read_parameters(HeadwaysParameters, done.folder / "parameters.json")
        assert again.model_dump(mode="json") == done.record["parameters"]

    def test_plain_settings_are_typed(self, run, told):
        assert f"--set 'replications={DAYS}'" in told["run"]["command"]
        assert not (run().folder / "parameters.json").exists()

    @pytest.mark.parametrize("control", ["{alpha: 0.5}", "{}", "[{alpha: 0.5}]"])
    def test_a_control_without_policy_is_told_in_one_sentence(self, control):
        setting = f"scenarios={{a: {{headway_s: 300, control: {control}}}, b: {{}}}}"
        with pytest.raises(BadParameter, match=r"needs `policy`, one of .*forward_headway.*\.$") as caught:
            read_parameters(HeadwaysParameters, settings=[setting])
        assert "\n" not in str(caught.value)

    def test_precision(self, measures):
        made = Headways(workers=1).answer(measures, QUICK.model_copy(update={"precision": 0.2}))
        said = next(one for one in made.sections if one.key == "runs").prose[1].text("en")
        assert "looking first after 20\xa0runs" in said


def test_same_bytes_for_any_workers(run):
    one, two = ((run(QUICK, workers).folder / "brief.json").read_bytes() for workers in (1, 2))
    assert one == two


class TestReplay:
    DEPARTURES = [25_200 + 600 * n for n in range(12)]  # noqa: RUF012

    @pytest.fixture(scope="class")
    @classmethod
    def line(cls):
        return line_from_sections("9", ["a", "b", "c"], [300.0, 300.0], cls.DEPARTURES)

    def test_the_wait_by_an_even_timetable_is_half_its_headway(self, line):
        trips = np.zeros((6, 3, 3))
        trips[:, 0, 2] = 10.0
        demand = Demand(line.stops, trips, 25_200.0)
        assert scheduled_wait_s(line, demand) == pytest.approx(300, abs=10)

    def test_steady_traffic_waits_as_the_timetable_says(self, line):
        """Nobody is left behind, nothing varies and doors take no time: simulated is as scheduled."""
        trips = np.zeros((6, 3, 3))
        trips[:, 0, 2], trips[:, 1, 2] = 20.0, 10.0
        demand = Demand(line.stops, trips, 25_200.0)
        model = LineModel(line, demand, traffic=STEADY)
        runs = Experiment(model, {"today": LineScenario(dwell=AT_ONCE)}, seed=3).run(40, workers=1)
        assert runs.values("mean_wait_s", "today").mean() == pytest.approx(
            scheduled_wait_s(line, demand), rel=0.03
        )

    def test_headways_of_a_day(self, line):
        trips = np.zeros((6, 3, 3))
        trips[:, 0, 2] = 10.0
        model = LineModel(line, Demand(line.stops, trips, 25_200.0), traffic=STEADY)
        inputs = model.inputs(LineScenario(dwell=AT_ONCE), model.sample(Streams(1)))
        cv, wait = headways_of(model.simulate(inputs), line, np.array([1.0, 0.0, 0.0]))
        assert cv == pytest.approx(0, abs=1e-12)
        assert wait == pytest.approx(300)

    def test_groups_hold_every_stop_of_boarding_once(self, line):
        trips = np.zeros((6, 3, 3))
        trips[:, 0, 2], trips[:, 1, 2] = 1.0, 1.0
        groups = boarding_groups(Demand(line.stops, trips, 25_200.0))
        assert [list(each) for each in groups] == [[0], [1]]

    def test_essentials_are_the_outcomes(self, line):
        trips = np.zeros((6, 3, 3))
        trips[:, 0, 2] = 30.0
        model = LineModel(line, Demand(line.stops, trips, 25_200.0))
        inputs = model.inputs(LineScenario(capacity=20), model.sample(Streams(5)))
        log = model.simulate(inputs)
        whole, some = outcomes(inputs, log, {}), essentials(inputs, log)
        for name in ("vehicle_hours", "cycle_time_s", "passengers"):
            assert some[name] == whole[name]
        assert some["wait_hours"] * 3600 == pytest.approx(whole["mean_wait_s"] * whole["passengers"])
        assert check_laws(log, inputs.passengers) < 1e-9

    def test_a_day_forgets_other_demands_only(self, line):
        trips = np.zeros((6, 3, 3))
        trips[:, 0, 2] = 30.0
        day = LineModel(line, Demand(line.stops, trips, 25_200.0)).sample(Streams(5))
        before = day.passengers(1.3).arrive_s
        today = day.passengers()
        day.forget()
        assert day.passengers() is today
        assert np.array_equal(day.passengers(1.3).arrive_s, before)


class TestCard:
    def test_changes_say_each_field(self):
        line = line_from_sections("9", ["a", "b", "c"], [300.0, 300.0], TestReplay.DEPARTURES)
        trips = np.zeros((6, 3, 3))
        trips[:, 0, 2] = 1.0
        model = LineModel(line, Demand(line.stops, trips, 25_200.0))
        today = LineScenario(capacity=40)
        other = moved(LineScenario(capacity=60, headway_s=300), {"boarding": 2.0, "demand_factor": 1.1})
        found = {one.label.en: (one.before, one.after) for one in card.changes(model, other, today)}
        assert found["Departures of the day"] == (12.0, 23.0)
        assert found["Riders that a vehicle holds"] == (40.0, 60.0)
        assert found["For one passenger to board"] == (2.75, 5.5)
        assert card.changes(model, today, today) == ()

    def test_every_policy_has_a_name(self):
        assert set(card.POLICIES) == set(card.policies())

    def test_a_closed_line_has_a_card(self):
        names = ["a", "b", "c"]
        line = line_from_sections("9", names, [300.0] * 3, TestReplay.DEPARTURES, closed=True)
        trips = np.zeros((6, 3, 3))
        trips[:, 0, 2] = 1.0
        model = LineModel(line, Demand(line.stops, trips, 25_200.0), kind="loop")
        turn = LineScenario(fleet=3, control=ShortTurn(turn="b", resume="c"))
        said = card.card(model, {"now": LineScenario(fleet=3), "turn": turn})
        assert "fixed fleet" in said["entities"].en
        assert "short turns" in said["algorithms"].en
        assert next(iter(card.changes(model, turn, LineScenario(fleet=2)))).after == 3.0


def test_options_are_not_run_in_vain(measures):
    """What the bench moves keeps fitting the line."""
    case = build(measures, QUICK)
    scenarios = today_and_others(case.model.line, case.capacity)
    refuse_unfit(case.model, {name: moved(one, {"boarding": 1.25}) for name, one in scenarios.items()})
