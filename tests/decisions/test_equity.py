"""Outcomes by group: Gini in closed form, coverage in simulation, small groups, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from workbench._text import Text
from workbench.decisions import Outcome, by_group, gini
from workbench.errors import BadParameter, UnknownName
from workbench.simulation import Streams

WAIT = Outcome("wait", "min", Text("Wait"), "less")
INCOME = Outcome("income", "CNY", Text("Income"), "more")
STREAMS = Streams(7)


def around(mean, sd, draws, seed=1):
    """Draws of exactly this mean and standard deviation."""
    noise = np.random.default_rng(seed).normal(size=draws)
    return mean + sd * (noise - noise.mean()) / noise.std(ddof=1)


def compared(values, outcome=WAIT, population=None, **more):
    return by_group(
        values,
        outcome,
        population or dict.fromkeys(values, 100),
        streams=more.pop("streams", STREAMS),
        **more,
    )


class TestGini:
    @pytest.mark.parametrize(("share", "has"), [(0.2, 0.8), (0.5, 0.6), (0.9, 0.95)])
    def test_two_groups(self, share, has):
        """A share p of the persons has a share q of all, each more than the others: G = q - p."""
        assert gini([has / share, (1 - has) / (1 - share)], [share, 1 - share]) == pytest.approx(has - share)

    def test_of_an_exponential_law(self):
        """G = 1/2, whatever its mean."""
        p = (np.arange(20_000) + 0.5) / 20_000
        assert gini(-3 * np.log1p(-p)) == pytest.approx(0.5, abs=1e-3)

    @pytest.mark.parametrize("a", [1.5, 2.0, 4.0])
    def test_of_a_pareto_law(self, a):
        """G = 1 / (2 a - 1)."""
        p = (np.arange(1_000_000) + 0.5) / 1_000_000
        assert gini((1 - p) ** (-1 / a)) == pytest.approx(1 / (2 * a - 1), abs=5e-3)

    def test_of_a_uniform_law(self):
        """G = (b - a) / (3 (a + b)) between a and b."""
        p = (np.arange(10_000) + 0.5) / 10_000
        assert gini(2 + 4 * p) == pytest.approx(4 / (3 * 8), abs=1e-6)

    def test_one_has_all(self):
        assert gini([0, 0, 0, 7]) == pytest.approx(1 - 1 / 4)

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.floats(0.01, 1e3), st.integers(1, 9)), min_size=1, max_size=8),
        st.floats(0.01, 1e3),
    )
    def test_against_all_pairs_of_persons(self, groups, scale):
        values, persons = (np.array(each, float) for each in zip(*groups, strict=True))
        each = np.repeat(values, persons.astype(int))
        pairs = np.abs(each[:, None] - each).mean() / (2 * each.mean())
        assert gini(values, persons) == pytest.approx(pairs, abs=1e-9)
        assert gini(values * scale, persons * 3) == pytest.approx(pairs, abs=1e-9)

    @pytest.mark.parametrize(
        ("values", "weights", "said"),
        [
            ([1, -1], None, "at least 0"),
            ([0, 0], None, "not all 0"),
            ([1, np.nan], None, "missing or infinite"),
            ([], None, "a list of values"),
            ([[1, 2]], None, "(1, 2)"),
            ([1, 2], [1], "as many weights"),
            ([1, 2], [1, 0], "above 0"),
        ],
    )
    def test_what_is_not_shared_out_is_refused(self, values, weights, said):
        with pytest.raises(BadParameter) as refused:
            gini(values, weights)
        assert said in refused.value.message


class TestGroups:
    def test_means_and_gaps_are_weighted_by_population(self):
        values = {"north": around(10, 1, 20), "south": around(16, 1, 20, seed=2)}
        found = compared(values, population={"north": 300, "south": 100})
        assert found.overall.value == pytest.approx(11.5)
        assert found["south"].gap.value == pytest.approx(4.5)
        assert found["north"].gap.value == pytest.approx(-1.5)
        assert (found["south"].mean.n, found["south"].population) == (20, 300 / 3)
        assert (found.worst, found.best, found.word) == ("south", "north", "high")
        assert found.ratio.value == pytest.approx(1.6)
        assert found.gini.value == pytest.approx(16 * 100 / (10 * 300 + 16 * 100) - 0.25)

    def test_where_more_is_better_the_worst_has_least(self):
        found = compared({"north": around(10, 1, 20), "south": around(16, 1, 20, seed=2)}, INCOME)
        assert (found.worst, found.best) == ("north", "south")
        assert found.ratio.value == pytest.approx(10 / 16)
        assert found.ratio.low < found.ratio.value < found.ratio.high

    def test_the_probability_of_being_worst_off_is_students(self):
        """On the same days the difference of two groups is Student's t."""
        days = np.random.default_rng(4).normal(size=12)
        values = {"north": 10 + days, "south": 10 + days + around(0.2, 1, 12)}
        found = compared(values, same_draws=True, resamples=40_000)
        assert found.p_worst == pytest.approx(t.cdf(0.2 * np.sqrt(12), 11), abs=0.01)
        assert found["north"].p_worst + found["south"].p_worst == pytest.approx(1)

    def test_the_gap_of_a_group_has_students_interval(self):
        """Two groups of equal weight on the same days: the gap is half their difference."""
        values = {"north": np.zeros(12), "south": around(3, 1, 12)}
        gap = compared(values, same_draws=True, resamples=40_000)["south"].gap
        half = t.ppf(0.975, 11) / np.sqrt(12) / 2
        assert (gap.low, gap.high) == pytest.approx((1.5 - half, 1.5 + half), abs=0.01)

    def test_groups_that_are_all_alike(self):
        days = np.random.default_rng(4).gamma(3.0, size=15)
        found = compared(dict.fromkeys("abc", days), same_draws=True)
        assert [each.p_worst for each in found.groups] == pytest.approx([1 / 3] * 3)
        assert (found.word, found.ratio.value, found.gini.value) == ("cannot_tell", 1.0, pytest.approx(0))

    def test_values_that_are_not_above_0_have_no_ratio_and_those_below_no_gini(self):
        found = compared({"a": around(0, 1, 9), "b": around(5, 1, 9)} | {"c": np.zeros(9)})
        assert found.ratio is None
        assert compared({"a": around(-2, 1, 9), "b": around(5, 1, 9)}).gini is None


class TestCannotTell:
    def test_a_small_group_is_named_and_counted(self):
        values = {"a": around(5, 1, 20), "b": around(9, 1, 20, seed=2), "c": [50.0, 60.0], "d": []}
        found = compared(values, population={"a": 500, "b": 300, "c": 150, "d": 50})
        assert found.cannot_tell == ("c", "d")
        assert found.share_told == pytest.approx(0.8)
        assert (found["c"].mean, found["c"].gap, found["c"].p_worst, found["c"].draws) == (
            None,
            None,
            None,
            2,
        )
        assert (found.worst, found.word) == ("b", "high")
        assert found.overall.value == pytest.approx((5 * 500 + 9 * 300) / 800)

    def test_most_of_the_population_must_be_told_of(self):
        values = {"a": around(5, 1, 20), "b": around(9, 1, 20, seed=2), "c": []}
        found = compared(values, population={"a": 50, "b": 50, "c": 150})
        assert (found.worst, found.word) == ("b", "cannot_tell")

    @pytest.mark.parametrize("told", [0, 1])
    def test_fewer_than_two_groups_cannot_be_compared(self, told):
        values = {"a": around(5, 1, 20) if told else [1.0], "b": [2.0]}
        found = compared(values, population={"a": 90, "b": 10})
        assert (found.worst, found.p_worst, found.word) == (None, None, "cannot_tell")
        assert (found.ratio, found.gini, found.overall is None) == (None, None, not told)

    def test_how_many_draws_are_enough_may_be_said(self):
        values = {"a": around(5, 1, 8), "b": around(9, 1, 30)}
        assert compared(values, least=8).cannot_tell == ()
        assert compared(values, least=9).cannot_tell == ("a",)


class TestCoverage:
    @pytest.mark.parametrize("spread", [0.0, 0.05, 0.2])
    def test_intervals_of_inequality_hold_the_truth_as_often_as_they_say(self, spread):
        rng, tries, hits = np.random.default_rng(11), 120, np.zeros(2)
        truth = 10 * (1 + spread * np.linspace(-1, 1, 6))
        population = {
            name: float(persons) for name, persons in zip("abcdef", rng.integers(50, 200, 6), strict=True)
        }
        equal, ratio = gini(truth, list(population.values())), truth.max() / truth.min()
        for i in range(tries):
            values = {name: rng.normal(mean, 2, size=25) for name, mean in zip("abcdef", truth, strict=True)}
            found = compared(values, population=population, streams=Streams(i), resamples=300)
            hits += (
                found.gini.low <= equal + 1e-9 <= found.gini.high + 2e-9,
                found.ratio.low <= ratio + 1e-9 <= found.ratio.high + 2e-9,
            )
        assert (hits / tries >= 0.89).all()

    def test_without_inequality_it_usually_begins_at_0(self):
        rng = np.random.default_rng(12)
        begins = [
            compared({name: rng.normal(10, 2, size=25) for name in "abcdef"}, streams=Streams(i)).gini.low
            == 0
            for i in range(60)
        ]
        assert np.mean(begins) > 0.9


class TestRefusals:
    @pytest.mark.parametrize(
        ("values", "population", "more", "said"),
        [
            ({}, {}, {}, "There is no group"),
            ({"a": [1, np.nan]}, {"a": 1}, {}, "'a': 1 of 2 are missing"),
            ({"a": [[1, 2]]}, {"a": 1}, {}, "must be a list"),
            ({"a": ["x"]}, {"a": 1}, {}, "must be numbers"),
            ({"a": [1], "b": [2]}, {"a": 1}, {}, "population of b is missing"),
            ({"a": [1]}, {"a": 0}, {}, "Nobody lives in a"),
            ({"a": [1]}, {"a": -5}, {}, "population of 'a' must be a number, at least 0"),
            ({"a": [1]}, {"a": np.nan}, {}, "population of 'a'"),
            ({"a": [1, 2], "b": [1]}, {"a": 1, "b": 1}, {"same_draws": True}, "lists of one length"),
            ({"a": [1]}, {"a": 1}, {"least": 2}, "least"),
            ({"a": [1]}, {"a": 1}, {"level": 1.0}, "`level`"),
            ({"a": [1]}, {"a": 1}, {"resamples": 0}, "resamples"),
            ({"a": [1]}, {"a": 1}, {"sure": 0.5}, "`likely`"),
        ],
    )
    def test_what_cannot_be_compared(self, values, population, more, said):
        with pytest.raises(BadParameter) as refused:
            by_group(values, WAIT, population, streams=STREAMS, **more)
        assert said in refused.value.message

    def test_unknown_groups(self):
        with pytest.raises(UnknownName, match="Nearest: north"):
            by_group({"north": [1.0]}, WAIT, {"north": 5, "nort": 5}, streams=STREAMS)
        with pytest.raises(UnknownName, match="No group is called 'west'"):
            compared({"a": around(5, 1, 8), "b": around(9, 1, 8)})["west"]
