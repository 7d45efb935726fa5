"""Intervals, differences, Holm, batch means and the number of replications, against other libraries."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from workbench.briefs.figures import lines
from workbench.errors import BadParameter
from workbench.simulation.output_analysis import (
    batch_means,
    drawn,
    holm,
    paired_difference,
    replications_needed,
    t_interval,
    t_quantile,
)


@pytest.fixture
def generator():
    return np.random.Generator(np.random.PCG64(11))


@pytest.mark.parametrize("n", [2, 5, 30])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_t_interval_agrees_with_scipy(generator, n, level):
    values = generator.exponential(3, n)
    found = t_interval(values, level=level)
    low, high = stats.t.interval(level, n - 1, loc=values.mean(), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)


def test_t_interval_covers_as_often_as_it_says(generator):
    covered = [
        abs(t_interval(sample).mean) <= t_interval(sample).half_width
        for sample in generator.normal(size=(2000, 10))
    ]
    assert 0.935 <= np.mean(covered) <= 0.965


def test_paired_difference_agrees_with_scipy(generator):
    day = generator.normal(0, 5, 25)
    ours, theirs = day + generator.normal(0.5, 1, 25), 0.8 * day + generator.normal(0, 1, 25)
    found = paired_difference(ours, theirs)
    test = stats.ttest_rel(ours, theirs)
    assert found.p == pytest.approx(test.pvalue, rel=1e-10)
    interval = test.confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))
    assert found.correlation == pytest.approx(np.corrcoef(ours, theirs)[0, 1])
    apart = ours.var(ddof=1) + theirs.var(ddof=1)
    assert found.variance_ratio == pytest.approx(apart / np.var(ours - theirs, ddof=1))
    assert found.variance_ratio > 5


def test_intervals_are_laid_out_as_pictures_take_them():
    one, two = t_interval([1.0, 3.0]), t_interval([2.0, 2.0])
    found = drawn({"a": [one, two], "b": [two, two]})
    assert found["series"] == {"a": [2.0, 2.0], "b": [2.0, 2.0]}
    assert found["lows"]["a"] == [one.low, 2.0]
    assert found["highs"]["a"] == [one.high, 2.0]
    assert lines([1, 2], **found, xlabel="x", ylabel="y").startswith("<svg")


def test_differences_that_do_not_vary():
    same = paired_difference([1.0, 2.0, 4.0], [1.0, 2.0, 4.0])
    assert (same.interval.mean, same.p, same.correlation) == (0.0, 1.0, pytest.approx(1.0))
    assert same.variance_ratio == math.inf
    shifted = paired_difference([2.0, 3.0, 5.0], [1.0, 2.0, 4.0])
    assert (shifted.interval.mean, shifted.interval.half_width, shifted.p) == (1.0, 0.0, 0.0)
    constant = paired_difference([2.0, 2.0], [2.0, 2.0])
    assert math.isnan(constant.correlation)
    assert math.isnan(constant.variance_ratio)


def test_holm_agrees_with_statsmodels(generator):
    for count in (1, 2, 7, 20):
        p = generator.random(count) ** 3
        assert holm(list(p)) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([]) == []


def test_replications_needed_is_the_least_that_reaches_the_half_width(generator):
    values = generator.normal(100, 12, 20)
    sd = values.std(ddof=1)
    for half_width in (0.5, 3.0, 5.0, 20.0, 200.0):
        n = replications_needed(values, half_width)
        assert t_quantile(0.975, n - 1) * sd / math.sqrt(n) <= half_width
        assert n == 2 or t_quantile(0.975, n - 2) * sd / math.sqrt(n - 1) > half_width
    assert replications_needed(values, 0.05, relative=True) == replications_needed(
        values, 0.05 * values.mean()
    )
    assert replications_needed([3.0, 3.0], 0.1) == 2


def test_a_relative_half_width_needs_a_mean_that_is_not_zero(generator):
    with pytest.raises(BadParameter, match="cannot be told from 0"):
        replications_needed(generator.normal(-1, 30, 25), 0.1, relative=True)


def test_batch_means_of_a_correlated_run(generator):
    noise = generator.normal(0, 1, 42_000)
    run = np.empty_like(noise)
    run[0] = noise[0]
    for i in range(1, len(run)):
        run[i] = 0.8 * run[i - 1] + noise[i]
    found = batch_means(run[2000:], batches=20)
    naive = t_interval(run[2000:])
    assert found.n == 20
    assert found.low <= 0 <= found.high
    error = 1 / (1 - 0.8) / math.sqrt(40_000)  # of the mean of this process
    assert found.half_width == pytest.approx(t_quantile(0.975, 19) * error, rel=0.5)
    assert naive.half_width < 0.5 * found.half_width  # what ignoring the correlation would have said


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: t_interval([1.0]), "At least 2"),
        (lambda: t_interval([1.0, math.nan]), "not numbers"),
        (lambda: t_interval([1.0, 2.0], level=1.0), "`level`"),
        (lambda: paired_difference([1.0, 2.0], [1.0, 2.0, 3.0]), "one length"),
        (lambda: holm([1.5]), "between 0 and 1"),
        (lambda: batch_means([1.0] * 30, batches=20), "cannot be made of 30"),
        (lambda: replications_needed([1.0, 2.0], 0.0), "above 0"),
    ],
)
def test_what_cannot_be_told_is_refused(call, says):
    with pytest.raises(BadParameter, match=says):
        call()
