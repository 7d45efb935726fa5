"""Experiments: the same days for all, errors as rows, precision on request, the best with few runs."""

import math
import threading
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from scipy import stats

from workbench.errors import BadFile, BadParameter, CheckFailed, UnknownName
from workbench.simulation import Experiment, Runs, Serial, Streams, scenario_json
from workbench.simulation.output_analysis import kim_nelson


@pytest.fixture
def experiment(shop, scenario):
    return Experiment(shop, {"today": scenario(), "slow": scenario(pace=2.0), "fast": scenario(0.9)}, seed=5)


def test_every_scenario_meets_the_same_days(experiment, shop):
    runs = experiment.run(30, workers=1)
    assert runs.frame.columns == ["scenario", "replication", "mean_wait", "served", "error"]
    assert runs.frame["scenario"].to_list()[:4] == ["today", "slow", "fast", "today"]
    assert runs.frame["replication"].to_list()[:4] == [0, 0, 0, 1]
    today = runs.values("mean_wait", "today")
    assert runs.values("mean_wait", "slow") == pytest.approx(2 * today)
    assert today[7] == shop.sample(Streams(5, 7)).mean()
    assert (runs.replications, runs.units, runs.seed) == (30, shop.outcomes, 5)


def test_more_replications_keep_the_first_ones(experiment):
    few, many = experiment.run(5, workers=1), experiment.run(9, workers=1)
    assert many.frame[:15].equals(few.frame)


def test_summary_agrees_with_scipy(experiment):
    runs = experiment.run(30, workers=1)
    summary = runs.summary("mean_wait")
    values = runs.values("mean_wait", "slow")
    row = summary.row(1, named=True)
    assert (row["scenario"], row["unit"], row["n"], row["errors"], row["missing"]) == ("slow", "s", 30, 0, 0)
    low, high = stats.t.interval(0.95, 29, values.mean(), stats.sem(values))
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((values.mean(), low, high))
    assert runs.summary()["outcome"].to_list() == ["mean_wait"] * 3 + ["served"] * 3
    assert experiment.run(1, workers=1).summary("mean_wait")["half_width"].to_list() == [None] * 3


def test_comparison_is_paired_and_says_what_pairing_brought(experiment):
    table = experiment.run(30, workers=1).compare("mean_wait", "today")
    assert table["scenario"].to_list() == ["slow", "fast"]
    runs = experiment.run(30, workers=1)
    test = stats.ttest_rel(runs.values("mean_wait", "fast"), runs.values("mean_wait", "today"))
    assert table["p"][1] == pytest.approx(test.pvalue, rel=1e-9)
    assert table["correlation"].to_list() == pytest.approx([1.0, 1.0])
    assert table["variance_ratio"][1] == pytest.approx((1 + 0.81) / 0.01)
    assert table["clear"].to_list() == [True, True]
    assert (table["low"] < table["difference"]).all()


def test_failures_are_rows_with_their_place(shop, scenario):
    experiment = Experiment(shop, {"ok": scenario(), "bad": scenario(fails_above=1.0)}, seed=1)
    runs = experiment.run(40, workers=1)
    failed = runs.errors
    assert 5 < failed.height < 35
    assert set(failed["scenario"]) == {"bad"}
    assert failed["error"][0].startswith("ValueError: the till is broken (conftest.py, line ")
    row = runs.summary("mean_wait").row(1, named=True)
    assert row["errors"] == failed.height
    assert row["n"] == 40 - failed.height
    with pytest.raises(
        CheckFailed, match=f"{failed.height} of the runs to compare failed, first 'bad'.*allow_errors"
    ):
        runs.compare("mean_wait", "ok")
    table = runs.compare("mean_wait", "ok", allow_errors=True)
    assert table["n"][0] == 40 - failed.height
    assert table["left_out"][0] == failed.height
    assert "failed" in repr(runs)
    assert f"{failed.height} failed" in runs._repr_html_()
    with pytest.raises(CheckFailed, match="cannot be selected: 'bad'"):
        experiment.select_best("mean_wait", 0.1, workers=1)
    with pytest.raises(CheckFailed, match="failed"):
        experiment.run_until("mean_wait", 0.1, workers=1)


def test_outcomes_that_do_not_exist_are_counted_as_missing(shop, scenario):
    runs = Experiment(shop, {"ok": scenario(), "part": scenario(closed_above=1.0)}, seed=1).run(40, workers=1)
    row = runs.summary("mean_wait").row(1, named=True)
    assert row["missing"] > 5
    assert row["errors"] == 0
    assert runs.compare("mean_wait", "ok")["left_out"][0] == row["missing"]


class Odd:
    """A model whose answers can be anything."""

    name, version, outcomes = "odd", "1", {"a": "s", "b": "s"}

    def __init__(self, answer):
        self.answer = answer

    def sample(self, streams):
        if self.answer == "no day":
            raise RuntimeError("no arrivals")

    def run(self, scenario, day):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"a": 1}, "outcome 'b' is declared but was not returned"),
        ({"a": 1, "b": 2, "c": 3}, "outcome 'c' was returned but is not declared. Known: a, b."),
        ({"a": 1, "b": math.inf}, "outcome 'b' is infinite"),
        ({"a": 1, "b": None}, "TypeError"),
        (None, "AttributeError"),
        (CheckFailed("3 riders vanished"), "3 riders vanished"),
        (KeyError("x"), "KeyError: 'x'"),
        ("no day", "sampling the day: RuntimeError: no arrivals"),
    ],
)
def test_odd_answers_are_rows_that_say_why(answer, says, scenario):
    runs = Experiment(Odd(answer), {"a": scenario()}, seed=1).run(2, workers=1)
    assert runs.errors.height == 2
    assert says in runs.errors["error"][0]


def test_an_interrupt_is_not_a_row(scenario):
    with pytest.raises(KeyboardInterrupt):
        Experiment(Odd(KeyboardInterrupt()), {"a": scenario()}, seed=1).run(2, workers=1)


def test_run_until_reaches_an_absolute_half_width(experiment):
    runs = experiment.run_until("mean_wait", 0.1, workers=1)
    assert runs.reached
    assert runs.summary("mean_wait")["half_width"].max() <= 0.1
    assert runs.replications > 20
    assert experiment.run(runs.replications, workers=1).frame.equals(runs.frame)
    short = experiment.run(runs.replications // 2, workers=1)
    assert short.summary("mean_wait")["half_width"].max() > 0.1  # not far beyond what it takes


def test_run_until_for_differences_needs_fewer_days(experiment):
    differences = experiment.run_until("mean_wait", 0.05, baseline="slow", first=20, workers=1)
    means = experiment.run_until("mean_wait", 0.05, workers=1)
    assert differences.reached
    assert means.reached
    assert differences.replications < means.replications
    assert differences.compare("mean_wait", "slow")["half_width"].max() <= 0.05


def test_run_until_gives_up_at_the_stated_number(experiment):
    runs = experiment.run_until("mean_wait", 1e-4, at_most=50, workers=1)
    assert not runs.reached
    assert runs.replications == 50


def test_a_precision_relative_to_nothing_is_never_reached(scenario):
    class Around0(Odd):
        def sample(self, streams):
            return streams.generator("x").normal(0, 30)

        def run(self, scenario, day):
            return {"a": day, "b": -1}

    experiment = Experiment(Around0(1), {"x": scenario()}, seed=2)
    assert not experiment.run_until("a", 0.1, relative=True, at_most=60, workers=1).reached
    assert experiment.run_until("b", 0.1, relative=True, workers=1).reached


def test_the_best_is_selected_with_few_runs_of_the_others(shop, scenario):
    scenarios = {f"pace {pace}": scenario(pace) for pace in (1.0, 1.02, 1.5, 3.0)}
    experiment = Experiment(shop, scenarios, seed=5)
    found = experiment.select_best("mean_wait", 0.01, workers=1)
    assert found.best == "pace 1.0"
    assert found.contenders == ("pace 1.0",)
    assert set(found.eliminated) == {"pace 1.02", "pace 1.5", "pace 3.0"}
    assert found.replications == max(found.eliminated.values())
    table = experiment.run(found.replications, workers=1).pairs("mean_wait")
    assert kim_nelson(-table, delta=0.01) == (0, found.replications)
    counts = dict(found.runs.frame.group_by("scenario").len().iter_rows())
    assert counts["pace 1.0"] == max(counts.values()) > min(counts.values())
    assert experiment.select_best("mean_wait", 0.01, minimise=False, workers=1).best == "pace 3.0"
    open_ = experiment.select_best("mean_wait", 1e-6, at_most=20, workers=1)
    assert (open_.best is None) == (len(open_.contenders) > 1)


def test_chances_of_being_best(experiment):
    found = experiment.run(30, workers=1).chances("mean_wait")
    assert found.best.tolist() == [0.0, 0.0, 1.0]  # fast, on every day
    assert found.regret[2] == 0
    assert found.regret[1] > found.regret[0] > 0


def test_warm_up_is_chosen_on_the_mean_over_pilots(shop, scenario):
    found = Experiment(shop, {"a": scenario()}, seed=1).warm_up("wait", pilot=25)
    assert found.replications == 25
    assert len(found.ensemble) == 100
    days = [shop.sample(Streams(1, each)).repeat(10) for each in range(25)]
    assert found.ensemble == pytest.approx(np.mean(days, axis=0))


def test_one_replication_can_be_traced(experiment, shop):
    log = experiment.trace("slow", 17)
    assert log["time_s"].to_list() == pytest.approx(shop.sample(Streams(5, 17)).cumsum().tolist())


def test_progress_and_cancelling(experiment):
    told, stop = [], threading.Event()

    def progress(now):
        told.append(now)
        if now.done >= 30:
            stop.set()

    runs = experiment.run(10_000, workers=1, progress=progress, cancel=stop)
    assert runs.cancelled
    assert "cancelled" in repr(runs)
    assert runs.replications < 10_000
    assert set(runs.frame.group_by("scenario").len()["len"]) == {runs.replications}  # balanced
    assert told[0].total == 30_000
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert told[-1].left_s > 0
    assert experiment.run(runs.replications, workers=1).frame.equals(runs.frame)
    nothing = experiment.run(5, workers=1, cancel=lambda: True)
    assert nothing.frame.height == 0
    assert nothing.summary("mean_wait")["n"].to_list() == [0, 0, 0]


def test_runs_travel_in_a_file(experiment, tmp_path):
    runs = experiment.run(6, workers=1)
    runs.to_parquet(tmp_path / "runs.parquet")
    again = Runs.from_parquet(tmp_path / "runs.parquet")
    assert again.frame.equals(runs.frame)
    assert (again.units, again.scenarios, again.seed) == (runs.units, runs.scenarios, 5)
    assert again.scenarios["slow"] == scenario_json(experiment.scenarios["slow"])
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(BadFile, match="does not hold runs"):
        Runs.from_parquet(tmp_path / "other.parquet")
    with pytest.raises(BadFile, match="cannot be read"):
        Runs.from_parquet(tmp_path / "none.parquet")


def test_a_notebook_shows_means_with_intervals(shop, scenario):
    shown = Experiment(shop, {"<today>": scenario()}, seed=1).run(3, workers=1)._repr_html_()
    assert "&lt;today&gt;" in shown
    assert "mean_wait (s)" in shown
    assert "&plusmn;" in shown


def test_models_that_keep_their_promises_pass_the_check(experiment):
    experiment.check()


@pytest.mark.parametrize("promise", ["changes the day", "draws in run"])
def test_models_that_break_their_promises_are_found(promise, shop, scenario):
    class Breaks(type(shop)):
        drawn = np.random.Generator(np.random.PCG64(1))

        def run(self, scenario, day):
            if promise == "changes the day":
                day *= scenario.pace
            return {
                "mean_wait": float(day.mean() + (promise == "draws in run") * self.drawn.random()),
                "served": 1,
            }

    with pytest.raises(CheckFailed, match="gives other outcomes"):
        Experiment(Breaks(), {"a": scenario(), "b": scenario(2.0)}, seed=1).check()


def test_a_failing_model_does_not_pass_the_check(shop, scenario):
    with pytest.raises(CheckFailed, match="'b' fails in replication 0: ValueError"):
        Experiment(shop, {"a": scenario(), "b": scenario(fails_above=0)}, seed=1).check()


@dataclass
class NoModel:
    name: str = "x"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda m, s: Experiment(NoModel(), {"a": s()}, seed=1), "no `version`, `outcomes`, `sample`, `run`"),
        (lambda m, s: Experiment(m, {}, seed=1), "needs scenarios"),
        (lambda m, s: Experiment(m, [s()], seed=1), "needs scenarios"),
        (lambda m, s: Experiment(m, {" ": s()}, seed=1), "not blank"),
        (lambda m, s: Experiment(m, {"a": {"pace": 1}}, seed=1), "frozen dataclass"),
        (lambda m, s: Experiment(m, {"a": s()}, seed=-1), "seed"),
        (
            lambda m, s: Experiment(m, {"a": s()}, seed=1).run(0),
            "`replications` must be .* at least 1, not 0",
        ),
        (lambda m, s: Experiment(m, {"a": s()}, seed=1).run(2.0), "`replications`"),
        (lambda m, s: Experiment(m, {"a": s()}, seed=1).run(2, workers=0), "`workers` must be at least 1"),
        (lambda m, s: Experiment(m, {"a": s()}, seed=1).run(2, workers="many"), "`workers` is 'auto'"),
        (lambda m, s: Experiment(m, {"a": s()}, seed=1).run_until("mean_wait", 0), "`half_width`"),
        (
            lambda m, s: Experiment(m, {"a": s()}, seed=1).run_until("mean_wait", 1, first=9, at_most=8),
            "`at_most`",
        ),
        (lambda m, s: Experiment(m, {"a": s()}, seed=1).select_best("mean_wait", 1), "at least 2 scenarios"),
        (lambda m, s: Experiment(m, {"a": s()}, seed=1).warm_up("wait", pilot=1), "`pilot`"),
        (lambda m, s: Experiment(Odd({}), {"a": s()}, seed=1).warm_up("wait"), "gives no series"),
        (lambda m, s: Experiment(Odd({}), {"a": s()}, seed=1).trace("a", 0), "writes no log"),
    ],
)
def test_bad_experiments_are_refused(call, says, shop, scenario):
    with pytest.raises(BadParameter, match=says):
        call(shop, scenario)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda e: e.run(3, workers=1).compare("mean_wait", "todai"), "Nearest: today"),
        (lambda e: e.run(3, workers=1).compare("mean_weight", "today"), "Nearest: mean_wait"),
        (lambda e: e.run(3, workers=1).summary("x"), "No outcome is called 'x'"),
        (lambda e: e.run_until("mean_wait", 1, baseline="x"), "No scenario is called 'x'"),
        (lambda e: e.select_best("x", 1), "No outcome"),
        (lambda e: e.trace("x", 0), "No scenario"),
        (lambda e: e.warm_up("waits"), "No series is called 'waits'. Nearest: wait"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(call, says, experiment):
    with pytest.raises(UnknownName, match=says):
        call(experiment)


def test_relative_differences_and_reserved_outcomes_are_refused(experiment, scenario):
    with pytest.raises(BadParameter, match="cannot be relative"):
        experiment.run_until("mean_wait", 0.1, relative=True, baseline="today")
    reserved = Odd({})
    reserved.outcomes = {"error": "s"}
    with pytest.raises(BadParameter, match="cannot be called 'error'"):
        Experiment(reserved, {"a": scenario()}, seed=1)
    reserved.outcomes = {}
    with pytest.raises(BadParameter, match="at least one outcome"):
        Experiment(reserved, {"a": scenario()}, seed=1)


def test_too_few_pairs_are_told(experiment):
    with pytest.raises(BadParameter, match="together on 1 days"):
        experiment.run(1, workers=1).compare("mean_wait", "today")


def test_an_executor_can_be_given(experiment):
    assert experiment.run(4, workers=Serial()).frame.equals(experiment.run(4, workers=1).frame)
