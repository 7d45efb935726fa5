"""Orders of repair: equal to plain loops, and to what each rule says."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines.repair_rules import greedy, priority, random_order, reverse_greedy
from workbench.lifelines.restoration import RepairProblem, plan_repairs
from workbench.simulation import Streams


def town(hours=1.0, damaged=("a", "c", "sa", "ab", "sc", "cd")):
    """s - a - b, s - c - d, and b - d of little capacity."""
    nodes = pl.DataFrame(
        {
            "id": ["s", "a", "b", "c", "d"],
            "supply": [20.0, 0, 0, 0, 0],
            "demand": [0.0, 1, 6, 2, 3],
            "people": [0.0, 50, 10, 30, 20],
        }
    )
    edges = pl.DataFrame(
        {
            "id": ["sa", "ab", "sc", "cd", "bd"],
            "u": ["s", "a", "s", "c", "b"],
            "v": ["a", "b", "c", "d", "d"],
            "capacity": [9.0, 9, 9, 9, 2],
        }
    )
    network = LifelineNetwork("water", nodes, edges)
    return RepairProblem(InterdependentSystem.of(network), network.without(*damaged), repair_h=hours)


def names(problem, order):
    return problem.system.assets[order]["id"].to_list()


def by_loop(problem, *, backward):
    """The reference: one state at a time."""
    left, order = problem.damaged.tolist(), []
    up = (problem.system.intact if backward else problem.up).copy()
    hours = dict(zip(left, problem.duration_h.tolist(), strict=True))
    while left:
        keys = {}
        for asset in left:
            state = up.copy()
            state[asset] = not backward
            change = abs(problem.lost(state[None])[0] - problem.lost(up[None])[0]) / hours[asset]
            keys[asset] = (round(change, 9), -hours[asset]) if backward else (-round(change, 9), hours[asset])
        chosen = min(left, key=lambda asset: (*keys[asset], asset))
        order.append(chosen)
        left.remove(chosen)
        up[chosen] = not backward
    return order[::-1] if backward else order


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([1.0, 2.0, 5.0]), min_size=10, max_size=10),
    st.sets(st.integers(0, 9), max_size=7),
)
def test_the_greedy_orders_equal_plain_loops(hours, lost):
    problem = town(hours)
    up = problem.system.intact.copy()
    up[list(lost)] = False
    problem = replace(problem, up=up)
    assert greedy(problem).tolist() == by_loop(problem, backward=False)
    assert reverse_greedy(problem).tolist() == by_loop(problem, backward=True)


def test_reverse_greedy_puts_first_what_all_else_needs():
    assert names(town(), reverse_greedy(town()))[0] == "sa"
    slow = town({None: 1.0, ("water", "a"): 100.0, ("water", "sa"): 100.0, ("water", "ab"): 100.0})
    assert names(slow, reverse_greedy(slow))[:3] == ["sc", "c", "cd"]


def test_simple_rules_order_by_what_they_name():
    problem = town({None: 2.0, ("water", "cd"): 1.0})
    assert names(problem, priority(problem, "shortest")) == ["cd", "a", "c", "sa", "ab", "sc"]
    assert names(problem, priority(problem, "demand")) == ["ab", "cd", "c", "sc", "a", "sa"]
    assert names(problem, priority(problem, "people")) == ["ab", "a", "sa", "cd", "c", "sc"]
    alone = {"a": 5, "c": 3, "sa": 5, "ab": 4, "sc": 3, "cd": 1}  # lost of 12 if it alone fails, bd carries 2
    wanted = sorted(alone, key=lambda one: -alone[one] / (1.0 if one == "cd" else 2.0))
    assert names(problem, priority(problem, "importance")) == wanted


def test_a_list_comes_first_and_the_others_after_it():
    problem = town()
    order = priority(problem, [("water", "cd"), ("water", "bd"), ("water", "a")])
    assert names(problem, order) == ["cd", "a", "c", "sa", "ab", "sc"]
    assert names(problem, priority(problem, [])) == ["a", "c", "sa", "ab", "sc", "cd"]
    plan = plan_repairs(problem, "priority", rule=[("water", "cd")])
    assert plan.schedule["id"][0] == "cd"


def test_a_random_order_belongs_to_its_seed_and_an_asset_keeps_its_place():
    problem = town()
    order = names(problem, random_order(problem, Streams(1)))
    assert order == names(problem, random_order(problem, Streams(1)))
    assert len({tuple(names(problem, random_order(problem, Streams(seed)))) for seed in range(20)}) > 15
    fewer = town(damaged=("a", "sa", "cd"))
    assert names(fewer, random_order(fewer, Streams(1))) == [one for one in order if one in ("a", "sa", "cd")]
    first = [names(problem, random_order(problem, Streams(seed)))[0] for seed in range(600)]
    for name in set(first):
        assert first.count(name) == pytest.approx(100, abs=40)  # 4.4 standard deviations


def test_what_no_rule_can_be_is_refused():
    problem = town()
    with pytest.raises(UnknownName, match="importance"):
        priority(problem, "important")
    with pytest.raises(UnknownName, match="zz"):
        priority(problem, [("water", "zz")])
    with pytest.raises(UnknownName, match="gas"):
        priority(problem, [("gas", "a")])
    with pytest.raises(BadParameter, match="more than once"):
        priority(problem, [("water", "a"), ("water", "a")])
    for wanted in (["a", "b"], [3], 5, [("water", "a", "node", "x")]):
        with pytest.raises(BadParameter, match="pairs"):
            priority(problem, wanted)
    assert np.array_equal(reverse_greedy(town(damaged=())), [])
