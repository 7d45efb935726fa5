"""Crews in SimPy: equal to the plan without chance, and to `failures_over_time` without repairs."""

import math
import pickle
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines.cascade import failures_over_time
from workbench.lifelines.crews import CrewModel, CrewPlan, RepairDay
from workbench.lifelines.restoration import RepairProblem, plan_repairs
from workbench.simulation import Experiment, Streams

N = 5


def chain(system):
    letter = system[0]
    return LifelineNetwork(
        system,
        pl.DataFrame(
            {
                "id": [f"{letter}{i}" for i in range(N)],
                "supply": [10.0] + [0.0] * (N - 1),
                "demand": [0.0] + [1.0] * (N - 1),
                "x": [1000.0 * i for i in range(N)],
                "y": [0.0 if system == "power" else 500.0] * N,
                "repair_days": [1.0 + i for i in range(N)],
            }
        ),
        pl.DataFrame(
            {
                "id": [f"{letter}e{i}" for i in range(N - 1)],
                "u": [f"{letter}{i}" for i in range(N - 1)],
                "v": [f"{letter}{i + 1}" for i in range(N - 1)],
                "repair_days": [0.5] * (N - 1),
            }
        ),
    )


def system(*rows):
    """Each row is dependee, depender, buffer; kinds differ, so each must be satisfied."""
    of = {"p": "power", "w": "water"}
    frame = pl.DataFrame(
        [(of[a[0]], a, of[b[0]], b, "physical" if a[0] == "p" else "cyber", hours) for a, b, hours in rows],
        schema=["dependee_layer", "dependee", "depender_layer", "depender", "kind", "buffer_h"],
        orient="row",
    )
    return InterdependentSystem({"power": chain("power"), "water": chain("water")}, frame)


def problem(
    damaged=("p1", "pe2", "w2", "we0"),
    rows=(("p2", "w1", 6.0), ("p3", "w3", 0.0), ("w4", "p4", 2.0)),
    **options,
):
    made = system(*rows)
    return RepairProblem(
        made, made.without(*(({"p": "power", "w": "water"}[one[0]], one) for one in damaged)), **options
    )


def certain(model):
    return RepairDay(model.problem.duration_h.copy())


names = st.sampled_from([f"{letter}{i}" for letter in "pw" for i in range(N)])
needs = st.lists(
    st.tuples(names, names, st.sampled_from([0.0, 3.0, 30.0])).filter(lambda r: r[0] != r[1]), max_size=8
)
states = st.lists(st.booleans(), min_size=4 * N - 2, max_size=4 * N - 2).map(np.array)


@settings(max_examples=30, deadline=None)
@given(needs, states, st.integers(1, 3), st.sampled_from(["reverse_greedy", "shortest"]))
def test_without_chance_and_batteries_it_is_the_plan(rows, up, crews, order):
    made = system(*((a, b, 0.0) for a, b, _ in rows))
    task = RepairProblem(made, up, crews=crews)
    model = CrewModel(task, horizon_h=10_000.0, cv=0.0)
    told = model.simulate(CrewPlan(order=order), certain(model))
    plan = (
        plan_repairs(task, order) if order == "reverse_greedy" else plan_repairs(task, "priority", rule=order)
    )
    ends = dict(plan.schedule.select("asset", "end_h").rows())
    assert dict(told.repairs.select("asset", "end_h").rows()) == pytest.approx(ends)
    hours = plan.curve["hour"].to_numpy()
    assert np.allclose(told.at(hours), plan.curve.select("power", "water").to_numpy())
    assert model.run(CrewPlan(order=order), certain(model))["lost_service_h"] == pytest.approx(
        plan.lost_service_h
    )


@settings(max_examples=30, deadline=None)
@given(needs, states)
def test_before_anything_is_repaired_it_fails_as_batteries_run_out(rows, up):
    made = system(*rows)
    task = RepairProblem(made, up, repair_h=1e6)
    model = CrewModel(task, horizon_h=1e6, cv=0.0)
    log = model.trace(CrewPlan(order="shortest"), certain(model)).filter(pl.col("hour") < 1e5)
    failed = {
        (row["layer"], row["id"]): row["hour"]
        for row in log.filter(pl.col("what") == "fails").iter_rows(named=True)
    }
    hours = failures_over_time(made, up)
    expected = {
        tuple(row): hour for row, hour in zip(made.assets.select("layer", "id").rows(), hours, strict=True)
    }
    assert failed == pytest.approx({key: hour for key, hour in expected.items() if hour < np.inf})


def test_a_battery_bridges_a_short_repair_and_not_a_long_one():
    for hours, fails in ((5.0, False), (7.0, True)):
        task = problem(("p2",), (("p2", "w1", 6.0),), repair_h=hours)
        model = CrewModel(task, horizon_h=100.0, cv=0.0)
        log = model.trace(CrewPlan(), certain(model)).filter(pl.col("id") == "w1")
        assert log["what"].to_list() == (["fails", "works"] if fails else [])
        assert log["hour"].to_list() == ([6.0, 7.0] if fails else [])


def test_a_battery_is_full_again_as_soon_as_it_is_served():
    rows = (("p1", "w1", 6.0), ("w4", "p1", 9.0))
    task = problem(("p1", "w4"), rows, repair_h={None: 1.0, ("power", "p1"): 4.0, ("water", "w4"): 20.0})
    model = CrewModel(task, horizon_h=50.0, cv=0.0)
    log = model.trace(CrewPlan(order=(("power", "p1"),)), certain(model))
    told = log.filter(pl.col("what").is_in(["works", "fails"])).select("hour", "id", "what").rows()
    assert [row for row in told if row[1] == "p1"] == [
        (0, "p1", "fails"),
        (4, "p1", "works"),
        (9, "p1", "fails"),
        (24, "p1", "works"),
    ]
    assert [row for row in told if row[1] == "w1"] == [
        (15, "w1", "fails"),
        (24, "w1", "works"),
    ]  # 9 + 6, not 6


def test_two_that_need_each_other_restart_together_or_not_at_all():
    rows = (("p2", "w2", 0.0), ("w2", "p2", 0.0))
    hours = {}
    for start in ("greatest", "black_start"):
        model = CrewModel(problem(("p2",), rows, start=start), horizon_h=1000.0, cv=0.0)
        hours[start] = model.run(CrewPlan(), certain(model))["water_h100"]
    assert hours["greatest"] == 72.0
    assert math.isnan(hours["black_start"])
    spared = CrewModel(problem(("p3",), rows, start="black_start"), horizon_h=1000.0, cv=0.0)
    assert spared.run(CrewPlan(), certain(spared))["water_h100"] == 0.0  # what never went off runs on


def test_hours_of_crews_add_up_and_travel_takes_time():
    task = problem(crews=2)
    model = CrewModel(task, horizon_h=60.0, depot=(0.0, 0.0))
    day = model.sample(Streams(3))
    told = model.simulate(CrewPlan(order="shortest", speed_kmh=2.0), day)
    assert np.allclose(told.busy_h + told.travel_h + told.idle_h, 60.0)
    assert told.travel_h.min() > 0
    rows = told.repairs
    assert np.allclose(sorted(rows["end_h"] - rows["start_h"]), sorted(day.hours))
    first = rows.filter(pl.col("leave_h") == 0)
    sites = {"p1": 1.0, "pe2": 2.5, "w2": math.hypot(2, 0.5), "we0": math.hypot(0.5, 0.5)}
    for row in first.iter_rows(named=True):
        assert row["start_h"] == pytest.approx(sites[row["id"]] / 2.0)
    out = model.run(CrewPlan(order="shortest", speed_kmh=2.0), day)
    assert out["busy_h"] + out["travel_h"] + out["idle_h"] == pytest.approx(120.0)
    assert out["finished_h"] == rows["end_h"].max()


def test_levels_come_back_in_order_and_hold_for_good():
    model = CrewModel(problem(), horizon_h=1000.0)
    for replication in range(10):
        out = model.run(CrewPlan(order="shortest"), model.sample(Streams(5, replication)))
        for layer in ("power", "water"):
            assert 0 <= out[f"{layer}_h50"] <= out[f"{layer}_h90"] <= out[f"{layer}_h100"]
            assert out[f"{layer}_h100"] <= out["finished_h"] + 1e-9
        assert out["lost_service_h"] <= out["finished_h"] + 1e-9


def test_repairs_last_as_long_on_average_as_they_should_and_belong_to_their_asset():
    task = problem()
    model = CrewModel(task, horizon_h=100.0, cv=0.8)
    days = np.array([model.sample(Streams(1, i)).hours for i in range(3000)]) / task.duration_h
    assert days.mean(axis=0) == pytest.approx(1.0, abs=4 * 0.8 / math.sqrt(3000))
    assert days.std() == pytest.approx(0.8, abs=0.08)
    assert np.abs(np.corrcoef(np.log(days.T)) - np.eye(4)).max() < 0.08
    fewer = CrewModel(problem(("p1", "w2")), horizon_h=100.0, cv=0.8)
    kept = np.isin(task.damaged, fewer.problem.damaged)
    assert (fewer.sample(Streams(1, 7)).hours == model.sample(Streams(1, 7)).hours[kept]).all()


def test_an_experiment_compares_plans_on_the_same_days():
    model = CrewModel(problem(), horizon_h=24.0 * 20)
    plans = {
        "worst": CrewPlan(order=(("water", "w2"), ("power", "pe2"), ("water", "we0"), ("power", "p1"))),
        "reverse greedy": CrewPlan(order="reverse_greedy"),
        "two crews": CrewPlan(order="reverse_greedy", crews=2),
    }
    experiment = Experiment(model, plans, seed=4)
    experiment.check()
    runs = experiment.run(replications=30, workers=1)
    table = runs.compare("lost_service_h", baseline="worst")
    assert runs.frame["error"].null_count() == 90
    better = runs.frame.pivot("scenario", index="replication", values="lost_service_h")
    assert (better["two crews"] <= better["reverse greedy"] + 1e-9).mean() > 0.9
    assert better["reverse greedy"].mean() < better["worst"].mean()
    assert table is not None


def test_a_model_travels_to_workers():
    model = CrewModel(problem(), horizon_h=100.0)
    day, plan = model.sample(Streams(2)), CrewPlan(crews={"power": 1, "water": 1})
    out = model.run(plan, day)
    assert pickle.loads(pickle.dumps(model)).run(plan, day) == out


def test_nothing_damaged_loses_nothing():
    model = CrewModel(problem(()), horizon_h=10.0)
    out = model.run(CrewPlan(), model.sample(Streams(1)))
    assert out["lost_service_h"] == out["finished_h"] == out["busy_h"] == 0
    assert out["idle_h"] == 10.0
    assert model.trace(CrewPlan(), model.sample(Streams(1))).is_empty()


def test_what_cannot_be_simulated_is_refused():
    task = problem()
    for options in ({"horizon_h": 0.0}, {"horizon_h": math.inf}, {"horizon_h": 5.0, "cv": -1.0}):
        with pytest.raises(BadParameter, match=r"`(horizon_h|cv)`"):
            CrewModel(task, **options)
    model = CrewModel(task, horizon_h=10.0)
    day = certain(model)
    for plan, error, said in [
        (CrewPlan(order="random"), BadParameter, "no plan"),
        (CrewPlan(order="priority"), BadParameter, "no plan"),
        (CrewPlan(order="fastest"), UnknownName, "repair rule"),
        (CrewPlan(order=(("power", "zz"),)), UnknownName, "zz"),
        (CrewPlan(crews=0), BadParameter, "crews"),
        (CrewPlan(crews={"power": 1}), BadParameter, "no crew"),
        (CrewPlan(speed_kmh=0.0), BadParameter, "speed_kmh"),
    ]:
        with pytest.raises(error, match=said):
            model.run(plan, day)
    with pytest.raises(BadParameter, match="hours above 0"):
        model.run(CrewPlan(), RepairDay(np.ones(2)))
    with pytest.raises(BadParameter, match="hours above 0"):
        model.run(CrewPlan(), RepairDay(np.full(4, np.nan)))
    with pytest.raises(BadParameter, match="no repair time"):
        CrewModel(replace(task, repair_h=0.0), horizon_h=10.0)
