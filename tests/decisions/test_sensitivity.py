"""Sensitivity: closed forms of Ishigami and Sobol's g, linear models, ties, and refusals."""

import importlib
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench._text import Text
from workbench.decisions import Inputs, UncertainInput, morris, sobol, tornado
from workbench.errors import BadParameter, EngineMissing
from workbench.simulation import Streams


def box(count, low=0.0, high=1.0, base=None):
    base = (low + high) / 2 if base is None else base
    return Inputs(
        tuple(
            UncertainInput(f"x{i + 1}", low, high, "", Text(f"x{i + 1}"), "uniform", base, Text("by design"))
            for i in range(count)
        )
    )


ISHIGAMI = box(3, -math.pi, math.pi)


def ishigami(x, a=7.0, b=0.1):
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices(a=7.0, b=0.1):
    """Ishigami and Homma (1990); variances as in Saltelli et al. (2000), Sensitivity Analysis, 2.9."""
    alone = np.array([0.5 * (1 + b * math.pi**4 / 5) ** 2, a**2 / 8, 0.0])
    both = b**2 * math.pi**8 * (1 / 18 - 1 / 50)
    variance = alone.sum() + both
    return alone / variance, (alone + np.array([both, 0, both])) / variance


A = np.array([0.0, 1.0, 4.5, 9.0, 99.0])


def g(x):
    """Saltelli and Sobol' (1995), About the use of rank transformation in sensitivity analysis."""
    return ((np.abs(4 * x - 2) + A) / (1 + A)).prod(axis=1)


def g_indices():
    alone = 1 / (3 * (1 + A) ** 2)
    variance = (1 + alone).prod() - 1
    return alone / variance, alone * (1 + alone).prod() / (1 + alone) / variance


def plane(weights):
    return lambda x: x @ np.asarray(weights, float)


class TestSobol:
    @pytest.mark.parametrize(
        ("inputs", "model", "truth"),
        [(ISHIGAMI, ishigami, ishigami_indices()), (box(5), g, g_indices())],
        ids=["ishigami", "g"],
    )
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_closed_forms_lie_in_the_intervals(self, inputs, model, truth, seed):
        found = sobol(inputs, model, 1024, Streams(seed))
        first, total = truth
        assert found.runs == 1024 * (len(inputs) + 2)
        assert ((found.first_low <= first) & (first <= found.first_high)).all()
        assert ((found.total_low <= total) & (total <= found.total_high)).all()
        assert found.first == pytest.approx(first, abs=0.03)
        assert found.total == pytest.approx(total, abs=0.06)

    def test_the_order_of_g_is_that_of_its_weights_and_what_is_close_is_said(self):
        found = sobol(box(5), g, 1024, Streams(1))
        assert found.order == ("x1", "x2", "x3", "x4", "x5")
        assert ("x1", "x2") not in found.cannot_separate
        twins = sobol(box(3), plane([1, 1, 0]), 256, Streams(1))
        assert {frozenset(pair) for pair in twins.cannot_separate} == {frozenset({"x1", "x2"})}

    def test_the_same_streams_give_the_same_indices(self):
        one, other = (sobol(ISHIGAMI, ishigami, 64, Streams(9)) for _ in range(2))
        assert np.array_equal(one.total, other.total)
        assert np.array_equal(one.total_high, other.total_high)

    def test_laws_of_the_inputs_are_used(self):
        """For a sum of independent inputs the index is the share of the variance."""
        inputs = Inputs(
            (
                UncertainInput("flat", -1, 1, "", Text("a"), "uniform", 0, Text("b")),
                UncertainInput("peaked", -1, 1, "", Text("a"), "triangular", 0, Text("b")),
            )
        )
        found = sobol(inputs, plane([1, 1]), 1024, Streams(1))
        assert found.first == pytest.approx([2 / 3, 1 / 3], abs=0.01)  # variances 1/3 and 1/6

    def test_refusals(self):
        with pytest.raises(BadParameter, match="at least 64, not 32"):
            sobol(ISHIGAMI, ishigami, 32, Streams(1))
        with pytest.raises(BadParameter, match="`n` must be 64 or 128, not 100"):
            sobol(ISHIGAMI, ishigami, 100, Streams(1))
        with pytest.raises(BadParameter, match="no variance to share out"):
            sobol(ISHIGAMI, lambda x: np.full(len(x), 3.0), 64, Streams(1))
        with pytest.raises(BadParameter, match="one number for each of the 320 runs"):
            sobol(ISHIGAMI, lambda x: x, 64, Streams(1))
        with pytest.raises(BadParameter, match="nan in row 1 of the runs"):
            sobol(ISHIGAMI, lambda x: np.full(len(x), np.nan), 64, Streams(1))
        with pytest.raises(BadParameter, match="`level`"):
            sobol(ISHIGAMI, ishigami, 64, Streams(1), level=95)


class TestMorris:
    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.integers(-50, 50), min_size=2, max_size=5), st.integers(0, 1000))
    def test_a_linear_model_has_its_weights_as_effects_everywhere(self, weights, seed):
        found = morris(box(len(weights)), plane(weights), 6, Streams(seed))
        assert found.mu == pytest.approx(weights, abs=1e-9)
        assert found.mu_star == pytest.approx(np.abs(weights), abs=1e-9)
        assert found.sigma == pytest.approx(0, abs=1e-9)
        equal = {
            frozenset((f"x{i + 1}", f"x{j + 1}"))
            for i in range(len(weights))
            for j in range(i)
            if abs(weights[i]) == abs(weights[j])
        }
        assert {frozenset(pair) for pair in found.cannot_separate} == equal
        assert found.runs == 6 * (len(weights) + 1)

    def test_it_agrees_with_salib(self):
        from SALib.analyze import morris as analyze
        from SALib.sample import morris as sample

        inputs = box(5)
        found = morris(inputs, g, 30, Streams(4))
        seed = int(Streams(4).generator("morris").integers(1, 2**32))
        cube = sample.sample(inputs.problem(), 30, seed=seed)
        theirs = analyze.analyze(inputs.problem(), cube, g(cube), seed=1)
        for name in ("mu", "mu_star", "sigma"):
            assert getattr(found, name) == pytest.approx(np.asarray(theirs[name], float))

    def test_intervals_of_mu_star_hold_its_mean(self):
        """The mean effect size over many trajectories is the truth; 95% of short runs should hold it."""
        inputs = box(5)
        truth = morris(inputs, g, 4000, Streams(0)).mu_star
        held = []
        for seed in range(1, 101):
            found = morris(inputs, g, 12, Streams(seed))
            held.append((found.low <= truth) & (truth <= found.high))
        assert (np.mean(held, axis=0) >= 0.85).all()

    def test_the_order_is_that_of_g_and_what_is_close_is_said(self):
        found = morris(box(5), g, 100, Streams(2))
        assert found.order == ("x1", "x2", "x3", "x4", "x5")
        few = morris(ISHIGAMI, ishigami, 5, Streams(1))
        assert few.cannot_separate

    def test_refusals(self):
        with pytest.raises(BadParameter, match="at least 4, not 3"):
            morris(ISHIGAMI, ishigami, 3, Streams(1))
        with pytest.raises(BadParameter, match="must be even, not 5"):
            morris(ISHIGAMI, ishigami, 4, Streams(1), levels=5)
        with pytest.raises(BadParameter, match="one number for each"):
            morris(ISHIGAMI, lambda x: x[:3, 0], 4, Streams(1))


class TestTornado:
    @given(st.lists(st.integers(-9, 9), min_size=1, max_size=6))
    def test_a_linear_model_swings_by_weight_times_range(self, weights):
        found = tornado(box(len(weights), -2, 3, base=1), plane(weights))
        assert found.base == pytest.approx(sum(weights))
        sizes = [each.size for each in found.swings]
        assert sizes == pytest.approx(sorted((5 * abs(w) for w in weights), reverse=True))
        assert found.swings[0].name == f"x{int(np.argmax(np.abs(weights))) + 1}"
        assert len(found.cannot_separate) == sum(
            abs(weights[i]) == abs(weights[j]) for i in range(len(weights)) for j in range(i)
        )

    def test_an_outcome_that_peaks_at_the_base_still_swings(self):
        [swing] = tornado(box(1, -1, 1), lambda x: -(x[:, 0] ** 2)).swings
        assert (swing.at_low, swing.at_high, swing.size) == (-1, -1, 1)

    def test_refusals(self):
        with pytest.raises(BadParameter, match="inf in row 2"):
            tornado(box(1), lambda x: np.where(x[:, 0] == 0, np.inf, 1))


def test_without_salib_it_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "SALib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "SALib", None)
    importlib.invalidate_caches()
    with pytest.raises(EngineMissing, match=r"needs the Python package 'SALib'.*pip install"):
        morris(ISHIGAMI, ishigami, 4, Streams(1))
    with pytest.raises(EngineMissing, match="SALib"):
        sobol(ISHIGAMI, ishigami, 64, Streams(1))
