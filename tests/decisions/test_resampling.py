"""How sure a ranking is: closed forms, coverage in simulation, ties, gaps and refusals."""

import math

import numpy as np
import pytest
from scipy.stats import norm, t

from workbench.decisions import (
    days_to_separate,
    interval,
    probability_in_top,
    resample_ratio,
    top_choice,
)
from workbench.errors import BadParameter
from workbench.simulation import Streams

STREAMS = Streams(7)


def drawn(values, resamples=4000, streams=STREAMS):
    """Resampled means of daily values."""
    values = np.asarray(values, float)
    return resample_ratio(values, np.ones_like(values), streams=streams, resamples=resamples)


def days_of(means, sd, days, seed=1):
    """Daily values of candidates whose means and standard deviations over the days are exactly these."""
    noise = np.random.default_rng(seed).normal(size=(days, len(means)))
    noise -= noise.mean(axis=0)
    noise, _ = np.linalg.qr(noise)  # centred and orthogonal, so that candidates vary apart
    return np.asarray(means) + sd * noise * math.sqrt(days - 1)


class TestRatio:
    def test_each_draw_is_a_ratio_of_sums_over_whole_days(self):
        top, bottom = np.array([[1.0, 10.0], [2.0, 40.0]]), np.array([[1.0, 1.0], [2.0, 2.0]])
        samples = resample_ratio(top, bottom, streams=STREAMS, resamples=500)
        assert np.allclose(samples[:, 0], 1.0)
        # Days 1, 1 give 10; 2, 2 give 20; 1 and 2 give 50 / 3; then each is as much wider as its spread says.
        wider = np.sqrt(2 / STREAMS.generator("spread").chisquare(1, size=500))
        ratios = 50 / 3 + (samples[:, 1] - 50 / 3) / wider
        assert np.allclose(np.unique(ratios.round(6)), [10.0, 50 / 3, 20.0])

    def test_candidates_are_drawn_on_the_same_days(self):
        days = np.random.default_rng(3).gamma(2.0, size=(9, 1))
        samples = drawn(days * [1.0, 2.0])
        assert np.allclose(samples[:, 1], 2 * samples[:, 0])

    @pytest.mark.parametrize("days", [10, 30, 100])
    def test_a_mean_is_spread_as_student_says(self, days):
        samples = drawn(days_of([5.0], 2.0, days), resamples=40_000)
        scaled = (samples[:, 0] - 5.0) / (2.0 / math.sqrt(days))
        shares = (0.05, 0.25, 0.5, 0.75, 0.95)
        assert np.quantile(scaled, shares) == pytest.approx(t.ppf(shares, days - 1), rel=0.1, abs=0.12)

    def test_the_same_seed_gives_the_same_draws_and_another_gives_others(self):
        values = days_of([1.0, 2.0], 1.0, days=6)
        assert np.array_equal(drawn(values), drawn(values))
        assert not np.array_equal(drawn(values), drawn(values, streams=Streams(8)))

    def test_a_candidate_without_anything_in_the_drawn_days_is_missing_there(self):
        ones = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
        samples = resample_ratio(ones, ones, streams=STREAMS, resamples=9000)
        assert np.isfinite(samples[:, 0]).all()
        share = np.isnan(samples[:, 1]).mean()
        assert share == pytest.approx((2 / 3) ** 3, abs=0.02)

    @pytest.mark.parametrize(
        ("numerator", "denominator", "resamples", "said"),
        [
            (np.ones((3, 2)), np.ones((3, 3)), 10, "of one shape, not (3, 2) and (3, 3)"),
            (np.ones(3), np.ones(3), 10, "days by candidates"),
            (np.ones((1, 2)), np.ones((1, 2)), 10, "at least 2 days, and there is 1"),
            (np.ones((0, 2)), np.ones((0, 2)), 10, "at least 2 days, and there are none"),
            (np.array([[1.0], [np.nan]]), np.ones((2, 1)), 10, "give 0 where nothing was observed"),
            (np.array([[1.0], [np.inf]]), np.ones((2, 1)), 10, "give 0 where nothing was observed"),
            (np.ones((2, 1)), np.ones((2, 1)), 0, "`resamples` must be at least 1, not 0"),
        ],
    )
    def test_what_cannot_be_resampled_is_refused(self, numerator, denominator, resamples, said):
        with pytest.raises(BadParameter) as refused:
            resample_ratio(numerator, denominator, streams=STREAMS, resamples=resamples)
        assert said in refused.value.message


class TestInterval:
    @pytest.mark.parametrize("days", [3, 5, 10, 30])
    def test_it_covers_as_often_as_it_says(self, days):
        rng, hits, tries = np.random.default_rng(20_260_101), 0, 800
        for i in range(tries):
            riders = rng.gamma(16.0, 25.0, size=(days, 1))
            load = riders * rng.normal(0.8, 0.2, size=(days, 1))
            samples = resample_ratio(load, riders, streams=Streams(i), resamples=400)
            low, high = interval(samples)
            hits += bool(low[0] <= 0.8 <= high[0])
        assert hits / tries == pytest.approx(0.95, abs=0.025)

    def test_it_is_made_of_percentiles(self):
        samples = np.arange(1001.0)[:, None]
        assert [end[0] for end in interval(samples)] == pytest.approx([25.0, 975.0])
        assert [end[0] for end in interval(samples, level=0.5)] == pytest.approx([250.0, 750.0])

    def test_missing_draws_are_left_out_and_a_column_without_any_is_missing(self):
        samples = np.array([[np.nan, np.nan], [1.0, np.nan], [3.0, np.nan]])
        low, high = interval(samples)
        assert (low[0], high[0]) == pytest.approx((1.05, 2.95))
        assert np.isnan(low[1])
        assert np.isnan(high[1])

    @pytest.mark.parametrize("level", [0, 1, -0.5, 95])
    def test_a_level_is_between_0_and_1(self, level):
        with pytest.raises(BadParameter, match="between 0 and 1"):
            interval(np.ones((3, 1)), level=level)


class TestProbabilityInTop:
    @pytest.mark.parametrize("k", [1, 3, 6])
    def test_the_places_add_up(self, k):
        samples = np.random.default_rng(k).normal(size=(300, 7)).round(1)  # with ties
        assert probability_in_top(samples, k).sum() == pytest.approx(k)

    def test_two_candidates_against_the_normal_law(self):
        """P(first is larger) = Phi(delta / (sigma sqrt(2 / n))), for many independent days."""
        days, delta, sigma = 200, 0.15, 1.0
        samples = drawn(days_of([delta, 0.0], sigma, days), resamples=20_000)
        expected = norm.cdf(delta / (sigma * math.sqrt(2 / days)))
        assert probability_in_top(samples, 1)[0] == pytest.approx(expected, abs=0.01)

    def test_equals_share_the_places_at_stake(self):
        samples = np.array([[5.0, 2.0, 2.0, 2.0, 1.0]])
        assert probability_in_top(samples, 2) == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 0])

    def test_a_missing_value_takes_no_place(self):
        samples = np.array([[np.nan, 1.0, 2.0], [3.0, 1.0, 2.0]])
        assert probability_in_top(samples, 1) == pytest.approx([0.5, 0.0, 0.5])
        assert probability_in_top(np.array([[np.nan, np.nan, 2.0]]), 2) == pytest.approx([0, 0, 1])

    def test_all_are_in_where_there_are_places_for_all(self):
        samples = np.array([[np.nan, 1.0], [3.0, 1.0]])
        assert probability_in_top(samples, 5) == pytest.approx([0.5, 1.0])

    @pytest.mark.parametrize("k", [0, -1])
    def test_there_is_at_least_one_place(self, k):
        with pytest.raises(BadParameter, match="at least 1"):
            probability_in_top(np.ones((2, 2)), k)


class TestDaysToSeparate:
    @pytest.mark.parametrize("days", [10, 40, 120])
    def test_against_the_closed_form(self, days):
        """n z^2 sd^2 / delta^2, where sd is that of the difference over n days."""
        delta, sigma = 0.2, 1.0
        samples = drawn(days_of([delta, 0.0], sigma, days), resamples=40_000)
        expected = days * (1.645 * sigma * math.sqrt(2 / days) / delta) ** 2
        assert days_to_separate(samples, 0, 1, days=days) == pytest.approx(expected, rel=0.1)
        assert days_to_separate(samples, 1, 0, days=days) == days_to_separate(samples, 0, 1, days=days)

    def test_it_is_never_fewer_than_there_are(self):
        samples = np.random.default_rng(1).normal([100.0, 0.0], 1.0, size=(500, 2))
        assert days_to_separate(samples, 0, 1, days=12) == 12

    def test_equal_candidates_are_never_separated(self):
        same = np.random.default_rng(1).normal(size=(500, 1))
        assert days_to_separate(np.hstack([same, same]), 0, 1, days=12) is None

    def test_missing_draws_are_left_out(self):
        samples = np.random.default_rng(1).normal([1.0, 0.0], 1.0, size=(500, 2))
        holed = np.vstack([samples, [[np.nan, 1.0]]])
        assert days_to_separate(holed, 0, 1, days=9) == days_to_separate(samples, 0, 1, days=9)
        assert days_to_separate(np.full((5, 2), np.nan), 0, 1, days=9) is None


class TestTopChoice:
    def test_the_largest_are_chosen_and_the_possible_named(self):
        values = np.array([1.0, 9.0, 5.0, 4.9, 1.1])
        samples = values + np.random.default_rng(1).normal(0, [0.01, 0.01, 0.2, 0.2, 0.01], size=(2000, 5))
        choice = top_choice(values, samples, 2, days=10)
        assert choice.order == (1, 2, 3, 4, 0)
        assert choice.chosen == (1, 2)
        assert choice.contenders == (3,)
        assert choice.probability[1] == 1.0
        assert choice.probability[2] == pytest.approx(norm.cdf(0.1 / (0.2 * math.sqrt(2))), abs=0.03)
        assert choice.days_needed == days_to_separate(samples, 2, 3, days=10)

    def test_equal_values_keep_their_order(self):
        assert top_choice(np.array([2.0, 3.0, 3.0]), None, 2, days=1).chosen == (1, 2)

    def test_missing_values_are_never_chosen(self):
        choice = top_choice(np.array([np.nan, 1.0, np.nan]), None, 3, days=1)
        assert choice.order == choice.chosen == (1,)

    @pytest.mark.parametrize("days", [1, 2])
    def test_too_few_days_cannot_tell(self, days):
        choice = top_choice(np.array([1.0, 2.0]), np.ones((10, 2)), 1, days=days)
        assert choice.chosen == (1,)
        assert np.isnan(choice.probability).all()
        assert (choice.contenders, choice.days_needed) == ((), None)

    def test_more_places_than_candidates(self):
        choice = top_choice(np.array([1.0, 2.0]), np.random.default_rng(1).normal(size=(50, 2)), 5, days=9)
        assert choice.chosen == (1, 0)
        assert list(choice.probability) == [1.0, 1.0]
        assert (choice.contenders, choice.days_needed) == ((), None)

    def test_there_is_at_least_one_place(self):
        with pytest.raises(BadParameter, match="at least 1"):
            top_choice(np.array([1.0]), None, 0, days=1)
