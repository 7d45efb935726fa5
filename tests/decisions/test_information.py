"""Value of information: closed forms, what does not matter, what bounds what, and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from workbench.decisions import value_of_information
from workbench.decisions.information import natural_spline
from workbench.errors import BadParameter
from workbench.simulation import Streams

OPTIONS, INPUTS = ("wait", "build"), ("demand", "cost", "weather")
DEMAND, COST = 2.0, 1.0


def closed_form(mean, sd):
    """Unit normal loss: what a normal increment brings above the better of 0 and its mean."""
    return sd * norm.pdf(mean / sd) - abs(mean) * norm.cdf(-abs(mean) / sd)


def linear(n, mean, seed):
    """Net benefit of building is normal; the weather has nothing to do with it."""
    values = np.random.default_rng(seed).normal(size=(n, 3))
    benefit = np.column_stack([np.zeros(n), mean + DEMAND * values[:, 0] + COST * values[:, 1]])
    return benefit, values


def found(benefit, values, seed=1, **more):
    return value_of_information(benefit, OPTIONS, values, INPUTS, Streams(seed), **more)


@pytest.mark.parametrize("mean", [-1.0, 0.5, 1.5])
def test_linear_gaussian_closed_form(mean):
    got = found(*linear(4000, mean, seed=2), resamples=200)
    truth = {
        "demand": closed_form(mean, DEMAND),
        "cost": closed_form(mean, COST),
        "weather": 0.0,
    }
    assert got.evpi.low <= closed_form(mean, math.hypot(DEMAND, COST)) <= got.evpi.high
    for name, worth in got.evppi.items():
        assert worth.low - 1e-9 <= truth[name] <= worth.high + 1e-9, name
        assert worth.value == pytest.approx(truth[name], abs=0.05)
        assert worth.value <= got.evpi.value
    assert got.order[0] == "demand"
    assert got.best == ("build" if mean > 0 else "wait")


def test_intervals_cover_the_closed_form_and_what_does_not_matter_is_rarely_worth_measuring():
    mean, held, false = 0.5, [], 0
    truth = closed_form(mean, DEMAND), closed_form(mean, COST)
    for seed in range(60):
        got = found(*linear(500, mean, seed), seed=seed, resamples=100)
        both = got.evppi["demand"], got.evppi["cost"]
        held.append([w.low <= t <= w.high for w, t in zip(both, truth, strict=True)])
        false += "weather" in got.worth_measuring
    assert (np.mean(held, axis=0) >= 0.85).all()
    assert false <= 3


def test_a_curved_effect_is_found():
    """Benefit x**2 - 1.5 of a standard normal x: E max(0, .) by its closed form, 0 without information."""
    n = 5000
    values = np.random.default_rng(4).normal(size=(n, 3))
    noise = np.random.default_rng(5).normal(size=n)
    edge = math.sqrt(1.5)
    truth = 2 * (edge * norm.pdf(edge) + norm.sf(edge)) - 1.5 * 2 * norm.sf(edge)
    got = found(np.column_stack([np.zeros(n), values[:, 0] ** 2 - 1.5 + noise]), values, resamples=100)
    assert got.evppi["demand"].value == pytest.approx(truth, abs=0.04)
    assert got.worth_measuring == ("demand",)


def test_three_options_and_an_input_of_few_values():
    """Which of three options is best hangs on a die alone: knowing it is worth as much as knowing all."""
    n = 3000
    values = np.random.default_rng(6).integers(0, 3, (n, 3)).astype(float)
    benefit = 10.0 * (values[:, [0]] == np.arange(3))
    got = value_of_information(benefit, ("a", "b", "c"), values, INPUTS, Streams(1), resamples=100)
    assert got.evppi["demand"].value == pytest.approx(20 / 3, abs=0.3)
    assert got.evppi["demand"].value == pytest.approx(got.evpi.value, rel=0.01)
    assert got.evppi["cost"].value < 0.3


def test_where_one_option_is_always_best_nothing_is_worth_knowing():
    _, values = linear(300, 0, seed=1)
    got = found(np.column_stack([np.zeros(300), 5 + np.abs(values[:, 0])]), values)
    assert got.evpi.value == 0
    assert got.worth_measuring == ()
    assert got.cannot_separate


def test_twins_cannot_be_separated_and_unlike_inputs_can():
    benefit, values = linear(2000, 0.5, seed=3)
    got = found(benefit, values, resamples=100)
    assert ("demand", "cost") not in got.cannot_separate
    twins = np.column_stack([benefit[:, 0], 0.5 + values[:, 0] + values[:, 1]])
    unclear = {frozenset(pair) for pair in found(twins, values, resamples=100).cannot_separate}
    assert frozenset(("demand", "cost")) in unclear


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(-3, 3), st.integers(2, 4))
def test_what_holds_for_every_sample(seed, shift, options):
    generator = np.random.default_rng(seed)
    values = generator.random((200, 2))
    benefit = generator.normal(size=(200, options)) + values @ generator.normal(size=(2, options)) + shift
    names = [f"option {at}" for at in range(options)]
    got = value_of_information(benefit, names, values, ("a", "b"), Streams(seed), resamples=100)
    assert got.evpi.value >= 0
    assert set(got.order) == {"a", "b"}
    for worth in (got.evpi, *got.evppi.values()):
        assert 0 <= worth.low <= worth.value <= worth.high
        assert worth.value <= got.evpi.value + 1e-12
    again = value_of_information(benefit * 10 + 3, names, values, ("a", "b"), Streams(seed), resamples=100)
    assert again.evpi.value == pytest.approx(10 * got.evpi.value, rel=1e-6, abs=1e-9)
    assert again.evppi["a"].value == pytest.approx(10 * got.evppi["a"].value, rel=1e-6, abs=1e-9)


def test_the_spline_is_straight_beyond_its_outer_knots():
    x = np.linspace(-3, 4, 701)
    basis = natural_spline(x, np.array([0.0, 0.3, 0.6, 1.0]))
    assert basis.shape == (701, 4)
    bend = np.abs(np.diff(basis, n=2, axis=0)).max(axis=1)
    outside = (x[1:-1] < -0.02) | (x[1:-1] > 1.02)
    assert bend[outside].max() < 1e-9
    assert bend[~outside].max() > 1e-6


BENEFIT, VALUES = linear(200, 0.0, seed=1)


@pytest.mark.parametrize(
    ("benefit", "options", "values", "inputs", "more", "said"),
    [
        (BENEFIT[:199], OPTIONS, VALUES[:199], INPUTS, {}, "at least 200 samples, not 199"),
        (BENEFIT, OPTIONS, VALUES[:150], INPUTS, {}, "200 samples of net benefit, but 150 of the inputs"),
        (BENEFIT[:, :1], OPTIONS[:1], VALUES, INPUTS, {}, "at least 2 options"),
        (BENEFIT, ("a", "a"), VALUES, INPUTS, {}, "Two of the options"),
        (BENEFIT, OPTIONS, VALUES, INPUTS[:2], {}, "2 inputs are named"),
        (BENEFIT * np.nan, OPTIONS, VALUES, INPUTS, {}, "net benefits hold nan"),
        (BENEFIT, OPTIONS, VALUES[:, 0], INPUTS, {}, "table of samples by inputs"),
        (BENEFIT, OPTIONS, VALUES * [1, 0, 1], INPUTS, {}, "Input 'cost' never varies"),
        (BENEFIT, OPTIONS, VALUES, INPUTS, {"resamples": 10}, "`resamples`"),
        (BENEFIT, OPTIONS, VALUES, INPUTS, {"level": 0}, "`level`"),
    ],
)
def test_refusals(benefit, options, values, inputs, more, said):
    with pytest.raises(BadParameter, match=said):
        value_of_information(benefit, options, values, inputs, Streams(1), **more)
