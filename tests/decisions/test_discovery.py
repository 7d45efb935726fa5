"""Scenario discovery: planted boxes come back, noise gives nothing, and refusals."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from workbench.decisions import Box, Restriction, discover, in_words
from workbench.decisions._prim import inside, peel
from workbench.errors import BadParameter
from workbench.simulation import Streams

NAMES = ("demand", "budget", "rain", "fare")


def futures(n, seed=0):
    return np.random.default_rng(seed).random((n, len(NAMES)))


def planted(x):
    return (x[:, 0] > 0.6) & (x[:, 2] < 0.5)


class TestPlanted:
    @pytest.mark.parametrize("seed", range(5))
    def test_a_sharp_box_comes_back(self, seed):
        x = futures(600, seed)
        found = discover(x, planted(x), NAMES, Streams(1))
        [box] = found.boxes
        said = {name: (word, values) for name, word, values in in_words(box)}
        assert set(said) == {"demand", "rain"}
        assert said["demand"][0] == "above"
        assert said["demand"][1][0] == pytest.approx(0.6, abs=0.03)
        assert said["rain"][0] == "below"
        assert said["rain"][1][0] == pytest.approx(0.5, abs=0.03)
        assert box.coverage > 0.93
        assert box.density > 0.93
        assert all(one.quasi_p < 1e-6 for one in box.restrictions)
        assert box.p == 0.01

    @pytest.mark.parametrize("seed", range(3))
    def test_a_blurred_box_comes_back(self, seed):
        x = futures(1500, seed)
        cases = np.random.default_rng(seed + 9).random(1500) < np.where(planted(x), 0.85, 0.08)
        box = discover(x, cases, NAMES, Streams(1), most=1, permutations=19).boxes[0]
        said = {name: values for name, _, values in in_words(box)}
        assert set(said) == {"demand", "rain"}
        assert said["demand"][0] == pytest.approx(0.6, abs=0.06)
        assert said["rain"][-1] == pytest.approx(0.5, abs=0.06)

    def test_two_boxes_come_back_one_after_the_other(self):
        x = futures(1500, 3)
        other = (x[:, 1] < 0.25) & (x[:, 3] < 0.4)
        found = discover(x, ((x[:, 0] > 0.7) & (x[:, 2] > 0.6)) | other, NAMES, Streams(1), permutations=19)
        assert [{one.name for one in box.restrictions} for box in found.boxes] == [
            {"demand", "rain"},
            {"budget", "fare"},
        ]
        assert found.coverage > 0.95
        assert found.coverage == pytest.approx(sum(box.coverage for box in found.boxes))

    def test_tied_values_go_together(self):
        x = np.random.default_rng(2).integers(0, 4, (800, 4)).astype(float)
        [box] = discover(x, (x[:, 0] >= 2) & (x[:, 1] == 1), NAMES, Streams(1), permutations=19).boxes
        assert set(in_words(box)) == {("budget", "between", (0.5, 1.5)), ("demand", "above", (1.5,))}
        assert (box.coverage, box.density) == (1.0, 1.0)

    def test_a_wanted_density_is_reached_with_more_coverage_than_one_that_is_higher(self):
        x = futures(1000, 5)
        cases = np.random.default_rng(6).random(1000) < np.where(planted(x), 0.8, 0.2)
        wide, narrow = (
            discover(x, cases, NAMES, Streams(1), density=wanted, most=1, permutations=19).boxes[0]
            for wanted in (0.5, 0.75)
        )
        assert wide.density >= 0.5
        assert narrow.density >= 0.75
        assert wide.coverage > narrow.coverage

    def test_what_is_said_of_a_box_adds_up(self):
        x = futures(500, 8)
        cases = planted(x)
        found = discover(x, cases, NAMES, Streams(1))
        [box] = found.boxes
        held = np.ones(len(x), bool)
        for one in box.restrictions:
            values = x[:, NAMES.index(one.name)]
            held &= (values > (one.low or -np.inf)) & (values < (one.high or np.inf))
        assert box.runs == held.sum()
        assert box.cases == (held & cases).sum()
        assert box.coverage == pytest.approx(box.cases / cases.sum())
        assert box.density == box.mean == pytest.approx(box.cases / box.runs)
        assert box.mass == pytest.approx(box.runs / 500)
        assert found.base_rate == pytest.approx(cases.mean())

    def test_quasi_p_is_the_binomial_of_bryant_and_lempert(self):
        x = futures(500, 8)
        cases = np.random.default_rng(6).random(500) < np.where(planted(x), 0.7, 0.2)
        [box] = discover(x, cases, NAMES, Streams(1), most=1).boxes
        for one in box.restrictions:
            without = np.ones(len(x), bool)
            for other in box.restrictions:
                if other is not one:
                    values = x[:, NAMES.index(other.name)]
                    without &= (values > (other.low if other.low is not None else -np.inf)) & (
                        values < (other.high if other.high is not None else np.inf)
                    )
            expected = binomtest(box.cases, box.runs, cases[without].mean(), alternative="greater").pvalue
            assert one.quasi_p == pytest.approx(expected)


class TestNothing:
    def test_noise_gives_nothing(self):
        found = []
        for seed in range(40):
            x = futures(300, seed)
            cases = np.random.default_rng(seed + 500).random(300) < (0.1, 0.3, 0.5)[seed % 3]
            found.append(bool(discover(x, cases, NAMES, Streams(seed)).boxes))
        assert sum(found) <= 3  # 5% of 40 is 2

    @pytest.mark.parametrize("cases", [np.zeros(60, bool), np.ones(60, bool)])
    def test_where_all_or_none_are_cases_there_is_nothing_to_find(self, cases):
        found = discover(futures(60), cases, NAMES, Streams(1))
        assert found.boxes == ()
        assert found.base_rate == cases.mean()
        assert found.coverage == 0


class TestPeeling:
    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 10_000), st.integers(50, 120), st.booleans())
    def test_every_box_lies_in_the_one_before_and_is_counted_right(self, seed, n, tied):
        generator = np.random.default_rng(seed)
        x = generator.integers(0, 3, (n, 3)).astype(float) if tied else generator.random((n, 3))
        cases = generator.random(n) < 0.4
        last = np.ones(n, bool)
        for limits, runs, found in peel(x, cases, 0.1, 10):
            held = inside(x, limits)
            assert (held <= last).all()
            assert (runs, found) == (held.sum(), cases[held].sum())
            assert runs >= 10
            last = held

    def test_the_trajectory_runs_from_the_whole_inwards(self):
        x = futures(300)
        steps = discover(x, planted(x), NAMES, Streams(1)).boxes[0].trajectory
        assert (steps[0].coverage, steps[0].mass, steps[0].restricted) == (1.0, 1.0, 0)
        assert all(a.mass > b.mass and a.coverage >= b.coverage for a, b in pairwise(steps))


def test_words():
    ends = [("a", 1.0, None), ("b", None, 2.0), ("c", -1.0, 3.0)]
    box = Box(tuple(Restriction(*one, 0.01) for one in ends), 0.5, 0.5, 0.1, 10, 5, 0.01, ())
    assert in_words(box) == (("a", "above", (1.0,)), ("b", "below", (2.0,)), ("c", "between", (-1.0, 3.0)))


@pytest.mark.parametrize(
    ("values", "cases", "names", "options", "said"),
    [
        (futures(49), np.ones(49), NAMES, {}, "at least 50 futures, not 49"),
        (futures(60), np.ones(59), NAMES, {}, "for each of the 60 futures"),
        (futures(60), np.full(60, 0.5), NAMES, {}, "true or false"),
        (futures(60), np.full(60, np.nan), NAMES, {}, "true or false"),
        (futures(60) * np.inf, np.ones(60), NAMES, {}, "inf in row 1 of the futures"),
        (futures(60)[:, 0], np.ones(60), NAMES, {}, "table of futures by inputs"),
        (futures(60), np.ones(60), NAMES[:3], {}, "3 inputs are named, but the table has 4 columns"),
        (futures(60), np.ones(60), ("a", "b", "b", "c"), {}, "Two of the inputs are called 'b'"),
        (futures(60), np.ones(60), NAMES, {"alpha": 0}, "`alpha` must lie between"),
        (futures(60), np.ones(60), NAMES, {"least_mass": 0.6}, "`least_mass`"),
        (futures(60), np.ones(60), NAMES, {"density": 1.5}, "`density`"),
        (futures(60), np.ones(60), NAMES, {"most": 0}, "`most`"),
        (futures(60), np.ones(60), NAMES, {"permutations": 10}, "`permutations`"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_refusals(values, cases, names, options, said):
    with pytest.raises(BadParameter, match=said):
        discover(values, cases, names, Streams(1), **options)
