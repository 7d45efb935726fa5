"""Arrivals: the cumulative number inverted exactly, and customers that stay themselves when demand grows."""

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.simulation import Streams
from workbench.simulation.arrivals import Draws, Profile


def test_times_are_the_inverse_of_the_expected_number():
    profile = Profile([0, 10, 20, 30, 40], [1.0, 0.0, 3.0, 0.0])
    assert profile.expected == 40.0
    numbers = np.array([1e-9, 5.0, 10.0, 10.0 + 1e-9, 25.0, 40.0])
    times = profile.times(numbers)
    assert times == pytest.approx([1e-9, 5.0, 10.0, 20.0, 25.0, 30.0])
    assert profile.by(times) == pytest.approx(numbers)
    assert profile.by([-5, 15, 100]) == pytest.approx([0, 10, 40])


def test_arrivals_have_the_mean_and_variance_of_a_poisson_process():
    profile = Profile([0, 50, 100], [1.0, 3.0])
    counts = []
    for replication in range(2000):
        points = Draws(Streams(3, replication), "poisson", "arrivals").until(profile.expected)
        times = profile.times(points)
        counts.append(((times <= 50).sum(), (times > 50).sum()))
    mean, variance = np.mean(counts, axis=0), np.var(counts, axis=0)
    assert mean == pytest.approx([50, 150], abs=4 * np.sqrt(150 / 2000))
    assert variance == pytest.approx([50, 150], rel=0.15)
    assert abs(np.corrcoef(np.array(counts).T)[0, 1]) < 0.1


def test_more_demand_keeps_the_customers_and_brings_them_earlier():
    draws = Draws(Streams(4), "poisson", "arrivals")
    low, high = Profile([0, 100], [1.0]), Profile([0, 100], [1.5])
    few, many = low.times(draws.until(low.expected)), high.times(draws.until(high.expected))
    assert len(many) > len(few)
    assert many[: len(few)] * 1.5 == pytest.approx(few)


@pytest.mark.parametrize("kind", ["uniform", "exponential", "normal", "poisson"])
def test_draws_do_not_depend_on_how_far_they_are_asked_for(kind):
    at_once, in_steps = (Draws(Streams(6), kind, "service", "desk") for _ in range(2))
    for count in (1, 1000, 1024, 1025, 5000):
        in_steps.first(count)
    assert (at_once.first(9000) == in_steps.first(9000)).all()
    assert not (Draws(Streams(6), kind, "service", "window").first(10) == at_once.first(10)).any()
    with pytest.raises(ValueError, match="read-only"):
        at_once.first(3)[0] = 1.0


def test_only_points_rise():
    with pytest.raises(BadParameter, match="points of a Poisson process"):
        Draws(Streams(6), "uniform", "x").until(0.5)


@pytest.mark.parametrize(
    ("edges", "rates", "says"),
    [
        ([0, 1], [], "one edge more"),
        ([0, 1, 1], [1, 2], "rise"),
        ([0, np.inf], [1], "rise"),
        ([0, 1], [-1], "at least 0"),
        ([0, 1], [np.nan], "at least 0"),
    ],
)
def test_bad_profiles_are_refused(edges, rates, says):
    with pytest.raises(BadParameter, match=says):
        Profile(edges, rates)
