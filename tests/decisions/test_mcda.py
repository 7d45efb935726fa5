"""Weighted criteria: hand-made values, break-even weights in closed form and by brute force, refusals."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import t

from workbench._text import Text
from workbench.decisions import Criterion, Outcome, Samples, appraise_criteria
from workbench.decisions.mcda import break_even
from workbench.errors import BadParameter, UnknownName
from workbench.simulation import Streams

WAIT = Outcome("wait", "s", Text("Wait"), "less")
SEATS = Outcome("seats", "1", Text("Share seated"), "more")
COST = Outcome("cost", "million CNY", Text("Cost"), "less")
STREAMS = Streams(7)


def samples(wait, seats, cost, noise=0.0, draws=12):
    """Options on the same draws around these means, exactly."""
    rng, tables = np.random.default_rng(1), {}
    for name, means in (("wait", wait), ("seats", seats), ("cost", cost)):
        apart = rng.normal(size=(draws, len(means)))
        tables[name] = np.asarray(means, float) + noise * (apart - apart.mean(axis=0))
    return Samples.paired(tables, ("a", "b", "c")[: len(wait)])


def criteria(wait=0.5, seats=0.3, cost=0.2):
    return (
        Criterion(WAIT, wait, worst=600, best=100),
        Criterion(SEATS, seats, worst=0, best=1),
        Criterion(COST, cost, worst=50, best=0),
    )


class TestValue:
    def test_by_hand(self):
        found = appraise_criteria(samples([100, 350], [0.2, 0.9], [40, 10]), criteria(), streams=STREAMS)
        assert found.parts == pytest.approx(np.array([[0.5, 0.06, 0.04], [0.25, 0.27, 0.16]]))
        assert found.verdict.means == pytest.approx([0.60, 0.68])
        assert (found.verdict.best, found.verdict.objective.better) == ("b", "more")

    def test_the_value_of_draws_is_ranked_as_student_says(self):
        drawn = samples([300, 320], [0.5, 0.5], [20, 20], noise=0.01, draws=15)
        found = appraise_criteria(drawn, criteria(), streams=STREAMS, resamples=40_000)
        value = sum(
            each.weight
            * each.value(np.column_stack([drawn.values(each.outcome.name, name) for name in "ab"]))
            for each in found.criteria
        )
        apart = value[:, 0] - value[:, 1]
        expected = t.cdf(apart.mean() / (apart.std(ddof=1) / np.sqrt(15)), 14)
        assert found.verdict.p_best[0] == pytest.approx(expected, abs=0.01)

    def test_options_may_have_draws_of_their_own(self):
        drawn = Samples.independent(
            {"a": {"wait": [200, 300], "cost": [1, 2]}, "b": {"wait": [400, 500, 600], "cost": [1, 2, 3]}}
        )
        two = (Criterion(WAIT, 0.75, 600, 100), Criterion(COST, 0.25, 50, 0))
        assert appraise_criteria(drawn, two, streams=STREAMS).verdict.order == ("a", "b")


class TestBreakEven:
    def test_two_options_and_two_criteria_in_closed_form(self):
        """w v_a + (1 - w) r_a = w v_b + (1 - w) r_b gives w = (r_b - r_a) / (v_a - v_b + r_b - r_a)."""
        scores = np.array([[0.9, 0.2], [0.4, 0.6]])
        found = break_even(scores, np.array([0.7, 0.3]), 0, ("a", "b"))
        assert found.below == pytest.approx(0.4 / (0.5 + 0.4))
        assert (found.below_for, found.above, found.above_for) == ("b", None, None)
        assert found.nearest == found.below
        other = break_even(scores, np.array([0.7, 0.3]), 1, ("a", "b"))
        assert other.above == pytest.approx(1 - 0.4 / 0.9)
        assert other.above_for == "b"

    def test_an_option_that_is_better_throughout_is_never_overtaken(self):
        found = appraise_criteria(samples([100, 350], [0.9, 0.2], [10, 40]), criteria(), streams=STREAMS)
        assert all(each.nearest is None for each in found.break_even.values())

    def test_a_single_criterion(self):
        drawn = Samples.paired({"wait": [[200, 300], [210, 290]]}, ("a", "b"))
        found = appraise_criteria(drawn, [Criterion(WAIT, 1.0, 600, 100)], streams=STREAMS)
        assert found.break_even["wait"].nearest is None
        assert found.verdict.best == "a"

    def test_criteria_that_weigh_nothing_share_alike(self):
        scores = np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.6]])
        found = break_even(scores, np.array([1.0, 0.0, 0.0]), 0, ("a", "b"))
        assert found.below == pytest.approx(0.7 / 1.7)  # r_a = 0.1, r_b = 0.8

    def test_equals_are_turned_at_once(self):
        found = break_even(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.5, 0.5]), 0, ("a", "b"))
        assert (found.below, found.below_for, found.above) == (0.5, "b", None)

    @settings(max_examples=150, deadline=None)
    @given(st.integers(2, 5), st.integers(2, 4), st.integers(0, 100_000))
    def test_against_a_fine_grid(self, options, count, seed):
        rng = np.random.default_rng(seed)
        scores, weights = rng.random((options, count)), rng.dirichlet(np.ones(count))
        names = "abcde"[:options]
        worth = np.sort(scores @ weights)
        assume(worth[-1] - worth[-2] > 1e-6)
        found = break_even(scores, weights, 0, names)
        leader, grid = int(np.argmax(scores @ weights)), np.linspace(0, 1, 4001)
        others = weights[1:] / weights[1:].sum()
        values = grid[:, None] * scores[:, 0] + (1 - grid[:, None]) * (scores[:, 1:] @ others)
        held = np.isclose(values[:, leader], values.max(axis=1), rtol=0, atol=1e-9)
        low = found.below if found.below is not None else 0.0
        high = found.above if found.above is not None else 1.0
        inside = (grid > low + 1e-6) & (grid < high - 1e-6)
        outside = (grid < low - 1e-6) | (grid > high + 1e-6)
        assert held[inside].all()
        assert not held[outside].any()
        if found.above_for:
            after = np.flatnonzero(grid > high + 1e-6)
            if after.size:
                assert values[after[0]].max() - values[after[0], names.index(found.above_for)] < 1e-3


class TestRefusals:
    @pytest.mark.parametrize(
        ("made", "said"),
        [
            (
                lambda: Criterion(WAIT, 0.5, worst=100, best=600),
                "must be below its worst: 600 is not, against 100",
            ),
            (lambda: Criterion(SEATS, 0.5, worst=1, best=1), "must be above its worst"),
            (lambda: Criterion(WAIT, -0.1, 600, 100), "weight of 'wait' must be a number from 0 to 1"),
            (lambda: Criterion(WAIT, 1.1, 600, 100), "from 0 to 1, not 1.1"),
            (lambda: Criterion(WAIT, float("nan"), 600, 100), "weight"),
            (lambda: Criterion(WAIT, 1, float("inf"), 100), "worst level"),
            (lambda: Criterion(WAIT, 1, 600, None), "best level"),
        ],
    )
    def test_a_criterion_that_cannot_count(self, made, said):
        with pytest.raises(BadParameter) as refused:
            made()
        assert said in refused.value.message

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (criteria(cost=0.3), "add up to 1.1 and must add up to 1: divide each by 1.1"),
            ((criteria()[0], criteria()[0]), "'wait'"),
            ((), "There is no criterion"),
        ],
    )
    def test_weights_that_do_not_add_up(self, given, said):
        with pytest.raises(BadParameter) as refused:
            appraise_criteria(samples([200, 300], [0.5, 0.5], [10, 10]), given, streams=STREAMS)
        assert said in refused.value.message

    def test_an_option_outside_of_a_range(self):
        with pytest.raises(BadParameter, match="'b' has a mean wait of 700 s, outside of 100 to 600: widen"):
            appraise_criteria(samples([200, 700], [0.5, 0.5], [10, 10]), criteria(), streams=STREAMS)

    def test_an_outcome_that_is_not_there(self):
        drawn = Samples.paired({"wait": np.full((3, 2), 200.0)}, ("a", "b"))
        with pytest.raises(UnknownName, match="No outcome is called 'seats'"):
            appraise_criteria(drawn, criteria(), streams=STREAMS)
