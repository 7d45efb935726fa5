"""What to double: known trees, the cheapest of all choices, and the bound below it."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter
from workbench.lifelines.availability import availability_model
from workbench.lifelines.doubling import YEAR_MIN, double_for, doubled, least_cost, steps_of
from workbench.simulation import Streams

STREAMS = Streams(7)


def edge_shares(made, share):
    return np.concatenate([np.zeros(made.n), np.full(made.m, share)])


def model_of(made, share=0.01):
    return availability_model(made, edge_shares(made, share), streams=STREAMS)


@pytest.fixture(scope="module")
def tree(build):
    """One link e0 shared by two sites, each with a link of its own."""
    return build([(0, 1), (1, 2), (1, 3)], demand=[0, 0, 1, 1], people=[0, 0, 100, 10])


class TestDoubled:
    def test_the_beta_factor_model(self):
        assert doubled(np.array([0.01]), 0.1)[0] == pytest.approx(0.001 + 0.009**2)
        assert doubled(np.array([0.01]), 0.0)[0] == pytest.approx(0.0001)
        assert doubled(np.array([0.01]), 1.0)[0] == pytest.approx(0.01)

    def test_a_share_for_each_row(self):
        found = doubled(np.full((2, 3), 0.1), np.array([[0.0], [1.0]]))
        assert found == pytest.approx(np.array([[0.01] * 3, [0.1] * 3]))

    @pytest.mark.parametrize("beta", [-0.1, 1.5, np.nan])
    def test_no_share(self, beta):
        with pytest.raises(BadParameter, match="common_cause"):
            doubled(np.array([0.1]), beta)


class TestTrees:
    def test_the_shared_link_is_doubled_first(self, tree):
        found = double_for(model_of(tree), 0.9995, common_cause=0.0)
        assert tree.asset_ids[found.chosen[0]] == "e0"
        assert len(found.chosen) == 3
        assert found.reached
        assert found.worst[-1] == pytest.approx((1 - 0.0001) ** 2, abs=1e-12)
        assert found.people[0] == pytest.approx((1 - 0.99**2) * YEAR_MIN)
        assert found.cost == 3

    def test_what_is_not_needed_is_taken_out_again(self, tree):
        """The cheap shared link is taken first, and the links of the sites turn out to be needed anyway."""
        costs = np.ones(tree.size)
        u = edge_shares(tree, 0.0)
        u[tree.asset("e0")], u[tree.asset("e1")], u[tree.asset("e2")] = 0.0004, 0.01, 0.01
        model = availability_model(tree, u, streams=STREAMS)
        found = double_for(model, 0.999, common_cause=0.0, costs=costs)
        assert [tree.asset_ids[one] for one in found.chosen] == ["e1", "e2"]
        assert found.reached

    def test_a_dear_link_waits(self, tree):
        costs = np.ones(tree.size)
        costs[tree.asset("e0")] = 100.0
        found = double_for(model_of(tree), 0.9995, common_cause=0.0, costs=costs, budget=50)
        assert [tree.asset_ids[one] for one in found.chosen] == ["e1", "e2"]
        assert not found.reached
        assert not found.beyond.any()

    def test_more_money_never_makes_it_worse(self, tree):
        worst = [double_for(model_of(tree, 0.02), 0.9999, budget=budget).worst[-1] for budget in range(4)]
        assert worst == sorted(worst)

    def test_a_promise_kept_already_needs_nothing(self, tree):
        found = double_for(model_of(tree, 0.001), 0.99)
        assert found.chosen == ()
        assert found.reached
        assert least_cost(model_of(tree, 0.001), 0.99) == 0

    def test_a_site_that_cannot_have_it_is_said_and_left_aside(self, tree):
        """Site 3 hangs on a link that cannot be doubled; site 2 can be helped."""
        able = np.array([tree.asset("e0"), tree.asset("e1")])
        found = double_for(model_of(tree), 0.9995, common_cause=0.0, candidates=able)
        assert found.beyond.tolist() == [False, True]
        assert set(found.chosen) == set(able.tolist())
        assert not found.reached
        assert found.kept == (0.0, 0.0, 0.5)

    def test_common_causes_alone_can_put_it_out_of_reach(self, tree):
        found = double_for(model_of(tree), 0.9995, common_cause=0.9)
        assert found.beyond.all()
        assert found.chosen == ()

    def test_other_rates_than_those_of_the_model(self, tree):
        model = model_of(tree, 0.01)
        found = double_for(model, 0.9995, unavailability=edge_shares(tree, 0.0001), common_cause=0.0)
        assert found.chosen == ()

    def test_steps_of_a_given_choice(self, tree):
        model, order = model_of(tree), [tree.asset("e1"), tree.asset("e0")]
        found = steps_of(model, 0.99, order, common_cause=0.0)
        assert found.chosen == tuple(order)
        assert found.worst == pytest.approx(
            [0.99**2, 0.99**2, 0.99 * 0.9999], abs=1e-12
        )  # the other site gains by the second alone
        assert found.kept == (0.0, 0.0, 0.5)


@st.composite
def questions(draw, some):
    made = draw(some(most_nodes=5, most_edges=7))
    assume((made.arrays.demand > 0).any())
    u = np.array(draw(st.lists(st.sampled_from([0.0, 0.002, 0.01]), min_size=made.size, max_size=made.size)))
    costs = np.array(draw(st.lists(st.integers(1, 5), min_size=made.size, max_size=made.size)), float)
    weak = np.flatnonzero((u > 0) & made.intact)
    assume(len(weak) <= 8)
    return (
        availability_model(made, u, streams=STREAMS),
        costs,
        weak,
        draw(st.sampled_from([0.99, 0.995, 0.999])),
    )


class TestCheapest:
    @given(st.data())
    @settings(max_examples=60, deadline=None)
    def test_no_choice_is_cheaper_than_the_bound_and_the_greedy_one_is_near(self, some, data):
        """Against the cheapest of all sets of assets."""
        model, costs, weak, promise = data.draw(questions(some))
        found = double_for(model, promise, costs=costs, common_cause=0.1)
        bound = least_cost(model, promise, costs=costs, common_cause=0.1)
        sets = [one for k in range(len(weak) + 1) for one in combinations(weak.tolist(), k)]
        twice = doubled(model.unavailability, 0.1)
        rows = np.tile(model.unavailability, (len(sets), 1))
        for row, one in zip(rows, sets, strict=True):
            row[list(one)] = twice[list(one)]
        dark = model.unavailable_many(rows)[:, ~found.beyond]
        able = (dark <= (1 - promise) * (1 + 1e-9)).all(axis=1)
        assert able[-1]  # all doubled: what is not beyond reach is reached
        best = min(costs[list(one)].sum() for one, kept in zip(sets, able, strict=True) if kept)
        assert bound <= best + 1e-6
        rest = found.kept[-1] >= 1 - found.beyond.mean() - 1e-9
        assert not rest or found.cost <= 2 * best + 1e-9
        assert rest

    @given(st.data())
    @settings(max_examples=40, deadline=None)
    def test_nothing_that_was_chosen_can_be_left_out(self, some, data):
        model, costs, _, promise = data.draw(questions(some))
        found = double_for(model, promise, costs=costs)
        if found.kept[-1] < 1 - found.beyond.mean() - 1e-9:
            return
        for one in found.chosen:
            rest = steps_of(model, promise, [other for other in found.chosen if other != one])
            assert rest.kept[-1] < found.kept[-1]


class TestRefusals:
    @pytest.mark.parametrize("promise", [0.0, 1.0, -1.0, 99.9])
    def test_a_promise_that_is_no_share(self, tree, promise):
        with pytest.raises(BadParameter, match="above 0 and below 1"):
            double_for(model_of(tree), promise)

    @pytest.mark.parametrize("costs", [np.zeros(7), np.ones(3), np.full(7, np.inf)])
    def test_costs_of_nothing(self, tree, costs):
        with pytest.raises(BadParameter, match="above 0"):
            double_for(model_of(tree), 0.99, costs=costs)

    def test_candidates_that_are_no_assets(self, tree):
        with pytest.raises(BadParameter, match="from 0 to 6"):
            double_for(model_of(tree), 0.99, candidates=np.array([7]))
