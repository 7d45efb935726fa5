"""The best option, how sure, and what more would settle: Student's law, simulation, ties, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm, t, ttest_ind, ttest_rel

from workbench._text import Text
from workbench.decisions import Constraint, Outcome, Samples, differences, rank
from workbench.errors import BadParameter, UnknownName
from workbench.simulation import Streams
from workbench.simulation.selection import chances

WAIT = Outcome("wait", "s", Text("Wait"), "less")
GAIN = Outcome("wait", "s", Text("Gain"), "more")
COST = Outcome("cost", "million CNY", Text("Cost"), "less")
STREAMS = Streams(7)
NAMES = ("a", "b", "c", "d", "e", "f")


def paired(values, costs=None):
    """Options on the same days, with their costs where they are given."""
    values = np.asarray(values, float)
    tables = {"wait": values} if costs is None else {"wait": values, "cost": np.asarray(costs, float)}
    return Samples.paired(tables, NAMES[: values.shape[1]])


def days_of(means, sd, days, seed=1):
    """Daily values whose means and standard deviations are exactly these, and that vary apart."""
    noise = np.random.default_rng(seed).normal(size=(days, len(means)))
    noise, _ = np.linalg.qr(noise - noise.mean(axis=0))
    return np.asarray(means) + sd * noise * math.sqrt(days - 1)


def ranked(samples, objective=WAIT, *, resamples=2000, **more):
    return rank(samples, objective, streams=STREAMS, resamples=resamples, **more)


class TestStudent:
    """Two options on the same days: the daily difference is all there is, and its mean is Student's t."""

    @pytest.mark.parametrize("days", [2, 3, 5, 30])
    @pytest.mark.parametrize("gap", [0.0, 0.3, 1.5])
    def test_the_probability_of_being_best(self, days, gap):
        values = days_of([0.0], 1.0, days) * [0.0, 1.0] + [0.0, gap] + np.arange(days)[:, None]
        found = ranked(paired(values), resamples=40_000)
        assert found.p_best[0] == pytest.approx(t.cdf(gap * math.sqrt(days), days - 1), abs=0.01)
        assert found.p_best.sum() == pytest.approx(1)

    @pytest.mark.parametrize("days", [6, 30])
    def test_the_expected_regret(self, days):
        """E max(0, m + s T) = m F(m/s) + s f(m/s) (v + (m/s)^2) / (v - 1), T being Student's with v."""
        gap, s, v = 0.2, 1 / math.sqrt(days), days - 1
        values = days_of([0.0], 1.0, days) * [0.0, 1.0] + [0.0, gap]
        found = ranked(paired(values), resamples=100_000)
        for m, regret in zip((-gap, gap), found.regret, strict=True):
            z = m / s
            expected = m * t.cdf(z, v) + s * t.pdf(z, v) * (v + z * z) / (v - 1)
            assert regret == pytest.approx(expected, rel=0.03)

    def test_nearly_as_good_as_the_best(self):
        values = days_of([0.0], 1.0, 20) * [0.0, 1.0] + [0.0, 0.2]
        found = ranked(paired(values), delta=0.3, resamples=40_000)
        spread = 1 / math.sqrt(20)
        assert found.p_within[0] == pytest.approx(t.cdf((0.2 + 0.3) / spread, 19), abs=0.01)
        assert found.p_within[1] == pytest.approx(t.cdf((0.3 - 0.2) / spread, 19), abs=0.01)
        assert found.chance == found.p_within[0]

    def test_draws_of_their_own(self):
        """Many draws: two normal means with variances that add."""
        values = {
            "a": {"wait": days_of([0.0], 1.0, 400)[:, 0]},
            "b": {"wait": days_of([0.1], 2.0, 900)[:, 0]},
        }
        found = ranked(Samples.independent(values), resamples=20_000)
        assert found.p_best[0] == pytest.approx(norm.cdf(0.1 / math.sqrt(1 / 400 + 4 / 900)), abs=0.01)

    def test_agrees_with_the_bootstrap_of_the_simulation_room_on_many_days(self):
        days = np.random.default_rng(5).gamma(2.0, size=(400, 1)) + days_of([0.0, 0.02, 0.05], 1.0, 400)
        found, other = (
            ranked(paired(days), resamples=20_000),
            chances(days, streams=Streams(1), resamples=20_000),
        )
        assert found.p_best == pytest.approx(other.best, abs=0.015)
        assert found.regret == pytest.approx(other.regret, abs=0.002)

    def test_draws_beyond_what_is_taken_at_once(self):
        values = days_of([0.0], 1.0, 700) * [0.0, 1.0] + [0.0, 0.03]
        found = ranked(paired(values), resamples=20_000)
        assert found.p_best[0] == pytest.approx(norm.cdf(0.03 * math.sqrt(700)), abs=0.01)


class TestRunsToSeparate:
    @pytest.mark.parametrize("days", [10, 40])
    def test_against_student(self, days):
        values = days_of([0.0], 1.0, days) * [0.0, 1.0] + [0.0, 0.12]
        found = ranked(paired(values), resamples=40_000)
        expected = next(n for n in range(days, 10_000) if t.ppf(0.9, n - 1) / math.sqrt(n) <= 0.12)
        assert found.runs_to_separate() == pytest.approx(expected, rel=0.05)
        assert not found.separated

    def test_never_where_means_are_equal_or_the_limit_is_too_low(self):
        values = days_of([0.0], 1.0, 10) * [0.0, 1.0]
        assert ranked(paired(values)).runs_to_separate() is None
        far = ranked(paired(values + np.array([0.0, 0.05])))
        assert far.runs_to_separate(at_most=100) is None
        assert far.runs_to_separate(at_most=10_000) == far.runs_to_separate()

    def test_what_is_separated_needs_no_more(self):
        found = ranked(paired(days_of([0.0, 50.0, 60.0], 1.0, 12)))
        assert (found.separated, found.word, found.runs_to_separate()) == (True, "high", 12)

    def test_options_with_more_draws_keep_them(self):
        few, many = days_of([0.0], 1.0, 5)[:, 0], days_of([0.25], 1.0, 1000)[:, 0]
        found = ranked(Samples.independent({"a": {"wait": few}, "b": {"wait": many}}), resamples=20_000)
        expected = next(n for n in range(5, 999) if t.ppf(0.9, n - 1) * math.sqrt(1 / n + 1 / 1000) <= 0.25)
        assert found.runs_to_separate() == pytest.approx(expected, abs=2)


class TestHonesty:
    def test_a_single_option_is_the_best_of_nothing(self):
        found = ranked(paired([[1.0], [2.0]]))
        assert (found.best, found.second, found.separated) == ("a", None, False)
        assert (found.word, found.runs_to_separate()) == ("cannot_tell", None)
        assert list(found.p_best) == [1.0]
        assert found.differences("a") == {}

    def test_options_that_are_all_alike_share_everything(self):
        found = ranked(paired(np.random.default_rng(1).normal(size=(9, 1)) * np.ones((1, 4))))
        assert found.ranks == pytest.approx(np.full((4, 4), 0.25))
        assert list(found.p_within) == [1.0] * 4
        assert found.regret == pytest.approx(np.zeros(4))
        assert (found.separated, found.word, found.runs_to_separate()) == (False, "cannot_tell", None)

    def test_rounding_does_not_make_a_winner(self):
        found = ranked(paired([[0.1 + 0.2, 0.3], [0.3, 0.1 + 0.2], [0.1 + 0.2, 0.3]]))
        assert found.p_best == pytest.approx([0.5, 0.5])
        assert found.word == "cannot_tell"

    def test_alike_is_good_enough_where_a_difference_does_not_matter(self):
        found = ranked(paired(np.ones((9, 2))), delta=1.0)
        assert (found.chance, found.word, found.separated) == (1.0, "high", False)

    def test_two_draws_say_little(self):
        found = ranked(paired([[1.0, 2.0], [1.0, 2.1]]))
        assert found.best == "a"
        assert (found.word, found.separated) == ("cannot_tell", False)
        assert np.isnan(found.regret).all()
        assert found.p_best[0] == pytest.approx(t.cdf(1.05 / 0.05, 1), abs=0.02)
        assert found.runs_to_separate() == 3

    @pytest.mark.parametrize(("gap", "word"), [(1.0, "high"), (0.25, "moderate"), (0.05, "low")])
    def test_the_word_follows_its_rule(self, gap, word):
        values = days_of([0.0], 1.0, 20) * [0.0, 1.0] + [0.0, gap]
        found = ranked(paired(values))
        assert found.word == word
        assert found.separated == (word == "high")

    def test_more_is_better_where_it_is(self):
        days = days_of([0.0, 1.0, 2.0], 0.5, 10)
        assert ranked(paired(days), GAIN).order == ("c", "b", "a")
        assert ranked(paired(days), GAIN).p_best == pytest.approx(ranked(paired(-days)).p_best)

    def test_the_same_streams_give_the_same_verdict(self):
        days = days_of([0.0, 0.1], 1.0, 10)
        assert np.array_equal(ranked(paired(days)).p_best, ranked(paired(days)).p_best)
        other = rank(paired(days), WAIT, streams=Streams(8))
        assert not np.array_equal(ranked(paired(days)).p_best, other.p_best)

    def test_the_table_shows_the_best_first_and_those_set_aside_last(self):
        costs = days_of([9.0, 1.0, 1.0], 0.1, 10, seed=2)
        found = ranked(
            paired(days_of([0.0, 2.0, 1.0], 0.5, 10), costs), constraints=[Constraint(COST, at_most=5)]
        )
        assert found.frame()["option"].to_list() == ["c", "b", "a"]
        assert found.frame()["meets"].to_list() == [True, True, False]
        assert found.mean("b").mean == pytest.approx(2.0)


class TestConstraints:
    def test_the_probability_that_one_is_met(self):
        costs = days_of([5.0, 3.0], 1.0, 16, seed=2)
        limit = Constraint(COST, at_most=5.2)
        found = ranked(paired(days_of([0.0, 1.0], 0.1, 16), costs), constraints=[limit], resamples=40_000)
        assert found.p_met[0] == pytest.approx([t.cdf(0.2 * 4, 15), 1.0], abs=0.01)
        assert found.p_best == pytest.approx([found.p_met[0, 0], 1 - found.p_met[0, 0]], abs=1e-9)
        assert found.ranks.sum(axis=1) == pytest.approx(found.p_met[0])
        assert found.order == ("a", "b")

    def test_at_least_is_at_most_turned_round(self):
        waits, costs = days_of([0.0, 1.0], 0.5, 9), days_of([5.0, 3.0], 1.0, 9, seed=2)
        least = ranked(paired(waits, -costs), constraints=[Constraint(COST, at_least=-4.0)])
        most = ranked(paired(waits, costs), constraints=[Constraint(COST, at_most=4.0)])
        assert least.p_best == pytest.approx(most.p_best)

    def test_an_option_that_breaks_a_bound_is_never_chosen(self):
        costs = np.array([9.0, 3.0, 3.0]) * np.ones((8, 1))
        found = ranked(
            paired(days_of([0.0, 1.0, 9.0], 0.1, 8), costs), constraints=[Constraint(COST, at_most=5)]
        )
        assert (found.order, found.best, found.second) == (("b", "c"), "b", "c")
        assert list(found.p_best) == [0.0, 1.0, 0.0]
        assert np.isnan(found.regret[0])
        assert found.regret[1] == 0.0
        assert found.separated

    def test_where_none_meets_them_nothing_is_chosen(self):
        found = ranked(
            paired(np.ones((4, 2)), np.full((4, 2), 7.0)), constraints=[Constraint(COST, at_most=5)]
        )
        assert (found.best, found.second, found.chance, found.word) == (None, None, None, "cannot_tell")
        assert (found.separated, found.runs_to_separate()) == (False, None)
        assert found.p_best.sum() == 0
        assert len(found.frame()) == 2

    def test_a_sum_that_is_rounded_keeps_to_its_bound(self):
        found = ranked(
            paired(np.ones((4, 1)), np.full((4, 1), 0.1 + 0.2)), constraints=[Constraint(COST, at_most=0.3)]
        )
        assert found.best == "a"

    def test_two_bounds_make_a_band(self):
        costs = np.array([1.0, 3.0, 9.0]) * np.ones((8, 1))
        band = [Constraint(COST, at_least=2), Constraint(COST, at_most=5)]
        assert ranked(paired(days_of([0.0, 1.0, 2.0], 0.1, 8), costs), constraints=band).order == ("b",)


class TestDifferences:
    def test_pairs_against_scipy(self):
        days = days_of([0.0, 0.5, 0.1], 1.0, 12) + np.random.default_rng(3).normal(0, 9, size=(12, 1))
        found = ranked(paired(days)).differences("a", level=0.9)
        for place, name in ((1, "b"), (2, "c")):
            theirs = ttest_rel(days[:, place], days[:, 0])
            ends = theirs.confidence_interval(0.9)
            one = found[name]
            assert (one.low, one.high, one.p) == pytest.approx((ends.low, ends.high, theirs.pvalue))
            assert one.draws == 12
        assert set(found) == {"b", "c"}
        assert found["b"].p_holm >= found["b"].p

    def test_draws_of_their_own_against_scipy(self):
        rng = np.random.default_rng(3)
        ours, theirs = rng.normal(1, 3, size=9), rng.normal(0, 1, size=25)
        samples = Samples.independent({"a": {"wait": theirs}, "b": {"wait": ours}})
        one, other = differences(samples, "wait", "a")["b"], ttest_ind(ours, theirs, equal_var=False)
        ends = other.confidence_interval(0.95)
        assert (one.low, one.high, one.p) == pytest.approx((ends.low, ends.high, other.pvalue))
        assert (one.mean, one.draws) == (pytest.approx(ours.mean() - theirs.mean()), 9)

    def test_what_never_varies_is_clear_or_equal(self):
        samples = Samples.independent(
            {"a": {"wait": [1, 1]}, "b": {"wait": [2, 2, 2]}, "c": {"wait": [1, 1]}}
        )
        found = differences(samples, "wait", "a")
        assert (found["b"].low, found["b"].high, found["b"].clear) == (1, 1, True)
        assert (found["c"].p, found["c"].clear) == (1.0, False)

    def test_unknown_names_and_levels(self):
        with pytest.raises(UnknownName, match="No option is called 'z'"):
            ranked(paired(np.ones((3, 2)))).differences("z")
        with pytest.raises(BadParameter, match="`level`"):
            ranked(paired(np.ones((3, 2)))).differences("a", level=95)


class TestProperties:
    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 6), st.integers(2, 8), st.integers(0, 10_000), st.floats(0, 3), st.booleans())
    def test_probabilities_add_up(self, options, days, seed, delta, bounded):
        rng = np.random.default_rng(seed)
        values, costs = rng.normal(size=(2, days, options)).round(1)
        limits = [Constraint(COST, at_most=0.3)] if bounded else []
        found = ranked(paired(values, costs), delta=delta, constraints=limits, resamples=200)
        assert found.ranks.min() >= 0
        assert found.ranks.sum(axis=1) == pytest.approx(found.p_met[0] if bounded else np.ones(options))
        assert found.p_best.sum() <= 1 + 1e-9
        assert (found.p_within >= found.p_best - 1e-9).all()
        assert (found.regret[np.isfinite(found.regret)] >= -1e-12).all()
        if not bounded:
            assert found.p_best.sum() == pytest.approx(1)
            assert found.ranks.sum(axis=0) == pytest.approx(np.ones(options))

    @settings(max_examples=40, deadline=None)
    @given(
        st.integers(2, 5),
        st.integers(2, 12),
        st.integers(0, 10_000),
        st.floats(0.01, 1e4),
        st.floats(-1e3, 1e3),
    )
    def test_units_do_not_matter(self, options, days, seed, scale, shift):
        values = np.random.default_rng(seed).normal(size=(days, options))
        one, other = (
            ranked(paired(values), resamples=200),
            ranked(paired(values * scale + shift), resamples=200),
        )
        assert one.order == other.order
        assert one.p_best == pytest.approx(other.p_best, abs=0.006)

    @settings(max_examples=40, deadline=None)
    @given(st.permutations(range(4)), st.integers(0, 1000))
    def test_the_order_of_the_options_does_not_matter(self, order, seed):
        values = np.random.default_rng(seed).normal(size=(6, 4))
        one = ranked(paired(values), resamples=300)
        other = rank(
            Samples.paired({"wait": values[:, order]}, [NAMES[i] for i in order]),
            WAIT,
            streams=STREAMS,
            resamples=300,
        )
        assert one.order == other.order
        assert one.p_best[list(order)] == pytest.approx(other.p_best)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"delta": -1}, "`delta` must be a number, at least 0"),
        ({"delta": math.nan}, "`delta`"),
        ({"sure": 1.0}, "between 0 and 1"),
        ({"sure": 0.6}, "`likely` not above `sure`"),
        ({"likely": math.nan}, "`likely`"),
        ({"resamples": 0}, "resamples"),
        ({"resamples": 2.5}, "resamples"),
    ],
)
def test_parameters_out_of_bounds_are_refused(more, said):
    with pytest.raises(BadParameter) as refused:
        rank(paired(np.ones((3, 2))), WAIT, streams=STREAMS, **more)
    assert said in refused.value.message


def test_outcomes_that_the_samples_do_not_have():
    with pytest.raises(UnknownName, match="No outcome is called 'cost'"):
        ranked(paired(np.ones((3, 2))), COST)
    with pytest.raises(UnknownName, match="No outcome is called 'cost'"):
        ranked(paired(np.ones((3, 2))), constraints=[Constraint(COST, at_most=1)])


def problems(count, spread, seed, least=20, most=40):
    """
    Stated probability that the first is the best, and whether it is, for synthetic decisions.

    Three options on the same 20 to 40 days, with noise of their own of 1 and a common one of 2; true means
    are normal with a standard deviation of `spread` standard errors.
    """
    rng, stated, right = np.random.default_rng(seed), [], []
    for problem in range(count):
        days = int(rng.integers(least, most + 1))
        truth = rng.normal(0, spread / math.sqrt(days), size=3)
        values = truth + rng.normal(0, 2, size=(days, 1)) + rng.normal(size=(days, 3))
        found = rank(paired(values), WAIT, streams=Streams(problem), resamples=500)
        stated.append(found.chance)
        right.append(found.best == NAMES[int(np.argmin(truth))])
    return np.array(stated), np.array(right)


class TestCalibration:
    def test_nine_in_ten_are_right_where_it_says_so(self):
        """Options that differ by several standard errors as a rule, as a flat prior supposes."""
        stated, right = problems(1000, spread=4.0, seed=20_260_101)
        for low, high, least in ((0.85, 0.95, 100), (0.5, 0.85, 200), (0.95, 1.01, 400)):
            among = (stated >= low) & (stated < high)
            hits, tries, wanted = int(right[among].sum()), int(among.sum()), float(stated[among].mean())
            assert tries >= least
            assert binom.ppf(0.005, tries, wanted) <= hits <= binom.ppf(0.995, tries, wanted)

    def test_it_is_too_sure_where_all_are_nearly_alike(self):
        """What the documentation warns of: true means that spread by one standard error."""
        stated, right = problems(600, spread=1.0, seed=20_260_102)
        among = (stated >= 0.85) & (stated < 0.95)
        assert 0.7 < right[among].mean() < stated[among].mean()

    def test_few_days_make_it_careful_not_bold(self):
        """With 5 days the bootstrap says 99.5% and is right 98.0% of the time; this is never too sure."""
        stated, right = problems(1000, spread=4.0, seed=20_260_103, least=5, most=5)
        for low in (0.7, 0.85, 0.95):
            among = stated >= low
            hits, tries = int(right[among].sum()), int(among.sum())
            assert hits >= binom.ppf(0.005, tries, float(stated[among].mean()))
