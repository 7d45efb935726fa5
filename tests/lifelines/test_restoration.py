"""Repair plans: Smith's rule, all permutations, schedules that crews can keep, and gaps that are true."""

import itertools
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines._restoration_windows import LENGTH
from workbench.lifelines.restoration import METHODS, RepairProblem, evaluate, lower_bound, plan_repairs
from workbench.simulation import Streams

OPTIMAL = ("milp", "reverse_greedy", "greedy")
EVERY = tuple(method for method in METHODS if method != "windows")


def stars(demands, hours, system="water"):
    """Independent pairs of a source and a sink: their edges are repaired, and services add up."""
    k = len(demands)
    return LifelineNetwork(
        system,
        pl.DataFrame(
            {
                "id": [f"s{i}" for i in range(k)] + [f"d{i}" for i in range(k)],
                "kind": ["source"] * k + ["sink"] * k,
                "demand": [0.0] * k + [float(w) for w in demands],
                "x": [0.0] * k + [1000.0 * i for i in range(k)],
                "y": [0.0] * 2 * k,
            }
        ),
        pl.DataFrame(
            {
                "id": [f"e{i}" for i in range(k)],
                "u": [f"s{i}" for i in range(k)],
                "v": [f"d{i}" for i in range(k)],
                "repair_days": [hour / 24 for hour in hours],
            }
        ),
    )


def additive(demands, hours, **options):
    network = stars(demands, hours)
    up = network.without(*(f"e{i}" for i in range(len(demands))))
    return RepairProblem(InterdependentSystem.of(network), up, **options)


def towns(seed):
    """Power and water of four nodes each with pumps on substations; some five assets damaged."""
    draw = np.random.default_rng(seed)
    layers = {}
    for system in ("power", "water"):
        letter, n = system[0], 4
        pairs = [(0, 1), (1, 2), (2, 3), (0, 3), (1, 3)]
        layers[system] = LifelineNetwork(
            system,
            pl.DataFrame(
                {
                    "id": [f"{letter}{i}" for i in range(n)],
                    "supply": [8.0, 0, 0, 0],
                    "demand": [0.0, *draw.integers(1, 4, n - 1).astype(float)],
                }
            ),
            pl.DataFrame(
                {
                    "id": [f"{letter}e{i}" for i in range(len(pairs))],
                    "u": [f"{letter}{u}" for u, _ in pairs],
                    "v": [f"{letter}{v}" for _, v in pairs],
                    "capacity": draw.integers(1, 6, len(pairs)).astype(float),
                    "directed": draw.random(len(pairs)) < 0.3,
                }
            ),
        )
    needs = [("power", f"p{a}", "water", f"w{b}") for a, b in ((1, 0), (2, 0), (3, 2), (1, 2))]
    needs += [("water", "w1", "power", "p3")]
    frame = pl.DataFrame(
        needs, schema=["dependee_layer", "dependee", "depender_layer", "depender"], orient="row"
    )
    rule = draw.choice(["any", "all"])
    system = InterdependentSystem(layers, frame.with_columns(rule=pl.lit(rule)))
    up = np.ones(system.size, bool)
    up[draw.choice(system.size, 5, replace=False)] = False
    return system, up


def every_plan(problem):
    return [evaluate(problem, order) for order in itertools.permutations(problem.damaged.tolist())]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 4)), min_size=1, max_size=5))
@settings(max_examples=25, deadline=None)
def test_one_crew_and_services_that_add_up_follow_smith(jobs):
    demands, periods = [w for w, _ in jobs], [d for _, d in jobs]
    problem = additive(demands, [24 * d for d in periods])
    smith = sorted(range(len(jobs)), key=lambda j: periods[j] / demands[j])
    done, best = 0.0, 0.0
    for j in smith:
        done += 24 * periods[j]
        best += done * demands[j] / sum(demands)
    for method in OPTIMAL:
        assert plan_repairs(problem, method, gap=0.0).lost_service_h == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("solver", ["flow", "connectivity"])
def test_the_milp_is_as_good_as_the_best_of_all_permutations(seed, solver):
    system, up = towns(seed)
    draw = np.random.default_rng(seed + 100)
    problem = RepairProblem(
        system,
        up,
        crews=int(draw.integers(1, 3)),
        repair_h=24.0 * draw.integers(1, 3, system.size),
        solver=solver,
    )
    best = min(plan.lost_service_h for plan in every_plan(problem))
    plan = plan_repairs(problem, "milp", gap=0.0)
    assert plan.lost_service_h == pytest.approx(best, abs=1e-5)
    assert plan.bound_h == pytest.approx(best, abs=1e-3)
    assert plan.gap < 1e-5
    for method in ("reverse_greedy", "greedy", "priority"):
        assert plan_repairs(problem, method).lost_service_h >= best - 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_windows_are_never_worse_than_where_they_begin_nor_better_than_the_best(seed):
    system, up = towns(seed)
    draw = np.random.default_rng(seed)
    beside = pl.DataFrame({"dependee_layer": "power", "dependee": ["p1", "p2"], "depender_layer": "water"})
    beside = beside.with_columns(depender=pl.Series(["we1", "w3"]), kind=pl.lit("geographic"))
    every = pl.concat([system.dependencies, beside], how="diagonal")
    system = InterdependentSystem(system.layers, every)
    problem = RepairProblem(system, up & (draw.random(system.size) > 0.5), crews=2, repair_h=24.0)
    begin, better, best = (plan_repairs(problem, m, gap=0.0) for m in ("reverse_greedy", "windows", "milp"))
    assert problem.span > LENGTH
    assert best.lost_service_h - 1e-5 <= better.lost_service_h <= begin.lost_service_h + 1e-9


def test_windows_need_repairs_of_one_period():
    with pytest.raises(BadParameter, match="one period each"):
        plan_repairs(additive([1, 2], [24, 48]), "windows")
    with pytest.raises(BadParameter, match="one period each"):
        plan_repairs(additive([1, 2], [24, 24]).with_travel(30.0), "windows")


def test_each_layer_with_crews_of_its_own_is_as_good_too():
    for seed in (1, 3):
        system, up = towns(seed)
        problem = RepairProblem(system, up, crews={"power": 1, "water": 2}, repair_h=24.0)
        best = min(plan.lost_service_h for plan in every_plan(problem))
        assert plan_repairs(problem, "milp", gap=0.0).lost_service_h == pytest.approx(best, abs=1e-5)


def test_the_area_is_that_by_hand():
    problem = additive([1, 3], [24, 48])
    first, second = problem.damaged
    plan = evaluate(problem, [second, first])
    assert plan.schedule["start_h"].to_list() == [0, 48]
    assert plan.schedule["end_h"].to_list() == [48, 72]
    assert plan.curve["hour"].to_list() == [0, 48, 72]
    assert plan.curve["lost"].to_list() == [1, 0.25, 0]
    assert plan.lost_service_h == 48 + 24 * 0.25
    assert plan.by_period["lost"].to_list() == [1, 1, 0.25, 0]
    assert plan.lost_periods == 1.25
    assert [plan.hours_to(share) for share in (0.5, 0.75, 0.76, 1.0)] == [48, 48, 72, 72]
    assert plan.hours_to(0.9, "water") == 72
    assert "2 repairs by given" in repr(plan)


def test_weights_count_layers_and_need_not_be_one():
    system, up = towns(1)
    plain = RepairProblem(system, up, repair_h=24.0)
    power = replace(plain, weights={"power": 10.0})
    plan = evaluate(power, power.damaged)
    assert plan.curve["lost"].to_list() == pytest.approx((10 * (1 - plan.curve["power"])).to_list())
    both = evaluate(plain, plain.damaged).curve
    assert both["lost"].to_list() == pytest.approx((1 - (both["power"] + both["water"]) / 2).to_list())


def test_greedy_is_blind_where_several_repairs_are_needed_and_reverse_greedy_is_not():
    nodes = pl.DataFrame(
        {"id": ["s", "a", "b", "c"], "kind": ["source", *["junction"] * 3], "demand": [0.0, 0, 9, 1]}
    )
    edges = pl.DataFrame({"id": ["sa", "ab", "sc"], "u": ["s", "a", "s"], "v": ["a", "b", "c"]})
    network = LifelineNetwork("water", nodes, edges)
    system = InterdependentSystem.of(network)
    problem = RepairProblem(system, network.without("sa", "ab", "sc"), repair_h=1.0, period_h=1.0)
    lost = {method: plan_repairs(problem, method).lost_service_h for method in OPTIMAL}
    assert lost["greedy"] == pytest.approx(1 + 0.9 + 0.9)
    assert lost["reverse_greedy"] == lost["milp"] == pytest.approx(1 + 1 + 0.1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 50), st.integers(1, 3), st.sampled_from(EVERY), st.booleans(), st.booleans())
def test_crews_can_keep_the_schedule(seed, crews, method, own, travel):
    network = stars([3, 1, 2, 5, 4], [5.0, 10.0, 30.0, 7.0, 20.0])
    up = network.without("e0", "e1", "e2", "e3", "d4")
    options = {"crews": {"water": crews} if own else crews, "repair_h": np.linspace(3, 40, network.size)}
    problem = RepairProblem(InterdependentSystem.of(network), up, **options)
    if travel:
        problem = problem.with_travel(10.0, depot=(0.0, 0.0))
    plan = plan_repairs(problem, method, streams=Streams(seed), node_limit=20)
    rows = plan.schedule
    assert sorted(rows["asset"].to_list()) == problem.damaged.tolist()
    assert np.allclose(
        rows["end_h"] - rows["start_h"], problem.duration_h[np.searchsorted(problem.damaged, rows["asset"])]
    )
    for _, crew in rows.group_by("crew"):
        assert crew["leave_h"].to_list() == [0.0, *crew["end_h"].to_list()[:-1]]
        assert (crew["start_h"] >= crew["leave_h"]).all()
        assert ((crew["start_h"] > crew["leave_h"]).any()) <= travel
    assert len(set(rows["crew"])) <= crews
    assert plan.curve["water"].to_list() == sorted(plan.curve["water"].to_list())
    assert plan.curve["lost"][-1] == pytest.approx(0)
    assert (plan.gap is None) == (method != "milp")


def test_travel_is_distance_over_speed_from_the_depot_and_between_sites():
    problem = additive([1, 1], [1, 1]).with_travel(5.0, depot=(0.0, 1000.0))
    edge = [0.0, 500.0]  # middles of the edges from (0, 0) to (0, 0) and (1000, 0)
    plan = evaluate(problem, problem.damaged)
    gone = plan.schedule["start_h"] - plan.schedule["leave_h"]
    assert gone.to_list() == pytest.approx([1.0 / 5, (edge[1] - edge[0]) / 1000 / 5])
    assert additive([1, 1], [1, 1]).with_travel(5.0).travel_h[0].tolist() == [0, 0, 0]


def test_periods_go_on_as_long_as_travel_makes_repairs_take():
    problem = additive([1, 1], [24, 24]).with_travel(1 / 240, depot=(0.0, 0.0))
    plan = evaluate(problem, problem.damaged)
    assert plan.schedule["end_h"].to_list() == pytest.approx([24, 168])
    assert plan.by_period["lost"].to_list() == [1, *[0.5] * 6, 0]
    plan = plan_repairs(problem, "milp")
    assert plan.gap == pytest.approx(0)  # of the plan without travel
    assert plan.bound_h is None


def test_a_shorter_day_counts_up_to_its_end_only():
    problem = additive([1, 1, 1, 1], [24] * 4)
    whole, short = (plan_repairs(replace(problem, horizon=horizon)) for horizon in (None, 2))
    assert whole.lost_service_h == 24 * (1 + 0.75 + 0.5 + 0.25)
    assert short.lost_service_h == 24 * (1 + 0.75)
    assert short.by_period["lost"].to_list() == [1, 0.75, 0.5]
    assert replace(problem, horizon=9).span == 9
    longer = plan_repairs(replace(problem, horizon=9))
    assert longer.lost_service_h == whole.lost_service_h
    best = plan_repairs(replace(problem, horizon=2), "milp")
    assert best.lost_service_h == short.lost_service_h
    assert best.bound_h is None


def test_a_limit_leaves_a_gap_that_is_true():
    system, up = towns(2)
    draw = np.random.default_rng(7)
    problem = RepairProblem(system, up & (draw.random(system.size) > 0.4), crews=2, repair_h=24.0)
    best = plan_repairs(problem, "milp", gap=0.0)
    stopped = plan_repairs(problem, "milp", node_limit=0)
    assert stopped.bound_h <= best.lost_service_h + 1e-6 <= stopped.lost_service_h + 2e-6
    assert stopped.gap == pytest.approx(
        1 - (stopped.lost_periods - stopped.gap * stopped.lost_periods) / stopped.lost_periods
    )
    bound = lower_bound(problem)
    assert 0.5 * best.lost_service_h < bound <= best.lost_service_h + 1e-6
    with pytest.raises(BadParameter, match="whole periods"):
        lower_bound(replace(problem, horizon=3))


def test_what_does_not_fit_into_periods_says_so():
    problem = additive([1, 3, 2], [20, 30, 50])
    plan = plan_repairs(problem, "milp")
    assert plan.bound_h is None
    assert plan.gap == pytest.approx(0, abs=1e-4)
    assert "whole periods" in plan.note.en
    assert plan.note.zh


def test_lack_of_service_needs_no_repair_but_damage_next_door_does():
    power, water = (stars([1, 1], [24, 24], system) for system in ("power", "water"))
    needs = pl.DataFrame(
        {
            "dependee_layer": ["power", "power"],
            "dependee": ["d0", "e1"],
            "depender_layer": ["water", "water"],
            "depender": ["d0", "e1"],
            "kind": ["physical", "geographic"],
        }
    )
    system = InterdependentSystem({"power": power, "water": water}, needs)
    problem = RepairProblem(
        system, system.without(("power", "e0"), ("power", "e1"), ("power", "d0")), repair_h=24.0
    )
    names = system.assets[problem.damaged].select("layer", "id").rows()
    assert names == [("power", "d0"), ("power", "e0"), ("power", "e1"), ("water", "e1")]
    first = system.asset("water", "e1")
    plan = evaluate(problem, [first, *(i for i in problem.damaged.tolist() if i != first)])
    assert plan.curve["water"].to_list() == [
        0,
        0.5,
        1,
        1,
        1,
    ]  # repaired, though what lies beside it is not yet


def test_nothing_damaged_is_an_empty_plan():
    network = stars([1, 2], [24, 24])
    problem = RepairProblem(InterdependentSystem.of(network), network.intact)
    for method in METHODS:
        plan = plan_repairs(problem, method, streams=Streams(1))
        assert plan.schedule.is_empty()
        assert plan.lost_service_h == 0
        assert plan.lost_periods == 0
        assert plan.hours_to(1.0) == 0


def test_what_never_serves_and_a_layer_without_demand_lose_nothing():
    idle = stars([0, 0], [24, 24], "gas")
    system = InterdependentSystem({"water": stars([1, 2], [24, 24]), "gas": idle})
    problem = RepairProblem(system, system.without(("gas", "e0"), ("water", "e0")))
    for method in OPTIMAL:
        plan = plan_repairs(problem, method)
        assert plan.schedule["id"].to_list()[0] == "e0"
        assert plan.schedule["layer"].to_list() == ["water", "gas"]
        assert plan.lost_service_h == pytest.approx(24 / 3 / 2)


def test_what_cannot_be_planned_is_refused():
    network = stars([1, 2], [24, 24])
    system, up = InterdependentSystem.of(network), network.without("e0", "e1")
    problem = RepairProblem(system, up)
    for options, said in [
        ({"up": np.ones(3, bool)}, "6 Booleans"),
        ({"up": np.ones((2, 6), bool)}, "one damaged state"),
        ({"crews": 0}, "`crews`"),
        ({"crews": 1.5}, "`crews`"),
        ({"crews": {"water": 0}}, "have no crew"),
        ({"repair_h": 0.0}, "no repair time above 0 .*'e0' \\(water\\)"),
        ({"repair_h": [1.0, 2.0]}, "`repair_h` must be a number, or one for each of 6"),
        ({"repair_h": {("water", "e0"): 3.0}}, "'e1' \\(water\\)"),
        ({"repair_h": {("water", "e0"): "long"}}, "repair_h of"),
        ({"period_h": 0}, "`period_h`"),
        ({"horizon": 0}, "`horizon`"),
        ({"horizon": 10**9}, "`horizon`"),
        ({"crews": 10**9}, "`crews`"),
        ({"period_h": 1e-9}, "give longer ones"),
        ({"weights": {"water": -1.0}}, "weight of water"),
        ({"weights": {"water": 0.0}}, "all layers are 0"),
        ({"travel_h": np.zeros((2, 2))}, "`travel_h`"),
        ({"travel_h": np.full((3, 3), np.nan)}, "`travel_h`"),
    ]:
        with pytest.raises(BadParameter, match=said):
            replace(problem, **options)
    for options in (
        {"crews": {"gas": 1}},
        {"weights": {"gas": 1.0}},
        {"solver": "flwo"},
        {"solver": {"gas": "flow"}},
        {"repair_h": {("water", "e9"): 1.0}},
        {"start": "now"},
    ):
        with pytest.raises(UnknownName):
            replace(problem, **options)
    with pytest.raises(BadParameter, match="speed_kmh"):
        problem.with_travel(0.0)
    for order in ([6], [4], [4, 4], [4, 5, 5], [4.0, 5.0], ["e0", "e1"], [[4, 5]]):
        with pytest.raises(BadParameter, match="each of the 2 damaged"):
            evaluate(problem, order)
    with pytest.raises(UnknownName, match="Nearest: greedy"):
        plan_repairs(problem, "gredy")
    with pytest.raises(BadParameter, match="streams"):
        plan_repairs(problem, "random")
    with pytest.raises(UnknownName, match="gas"):
        plan_repairs(problem).hours_to(0.5, "gas")
    with pytest.raises(BadParameter, match="`share`"):
        plan_repairs(problem).hours_to(1.5)
    for limits in ({"gap": -1.0}, {"time_limit_s": 0}, {"node_limit": -1}):
        with pytest.raises(BadParameter, match=next(iter(limits))):
            plan_repairs(problem, "milp", **limits)


def test_what_the_milp_does_not_know_is_refused():
    system, up = towns(1)
    problem = RepairProblem(system, up, repair_h=24.0)
    with pytest.raises(BadParameter, match="black start"):
        plan_repairs(replace(problem, start="black_start"), "milp")
    asking = InterdependentSystem(system.layers, system.dependencies.with_columns(threshold=0.5))
    with pytest.raises(BadParameter, match="thresholds"):
        plan_repairs(replace(problem, system=asking), "milp")

    class Own:
        name = "own"

        def served(self, up):
            return np.zeros(4)

        def totals(self, up):
            return up[:, :4].sum(axis=1).astype(float)

    other = replace(problem, solver={"power": Own()})
    with pytest.raises(BadParameter, match="not own"):
        plan_repairs(other, "milp")
    assert plan_repairs(other).curve["lost"][-1] == pytest.approx(0)
