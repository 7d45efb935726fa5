"""Uncertain inputs: their laws, designs that do not depend on who asks, and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench._text import Text
from workbench.decisions import Inputs, UncertainInput
from workbench.errors import BadParameter, UnknownName, WorkbenchError
from workbench.simulation import Streams

WHY = Text("October counts", "十月客流")


def one(name="demand", low=1.0, high=9.0, distribution="uniform", base=3.0, unit="1/h", **more):
    words = {"label": Text("Demand", "客流"), "basis": WHY} | more
    return UncertainInput(name, low, high, unit, distribution=distribution, base=base, **words)


LAWS = {
    "uniform": stats.uniform(1, 8),
    "triangular": stats.triang(c=0.25, loc=1, scale=8),
    "loguniform": stats.loguniform(1, 9),
    "normal": stats.truncnorm((1 - 3) / (8 / 6), (9 - 3) / (8 / 6), loc=3, scale=8 / 6),
}


@pytest.mark.parametrize("law", LAWS)
def test_quantiles_agree_with_scipy(law):
    share = np.linspace(0, 1, 101)
    assert one(distribution=law).quantile(share) == pytest.approx(LAWS[law].ppf(share), abs=1e-9)


@pytest.mark.parametrize("base", [1.0, 9.0])
def test_a_triangle_may_peak_at_an_end(base):
    peak = 0.0 if base == 1.0 else 1.0
    share = np.linspace(0, 1, 11)
    expected = stats.triang(c=peak, loc=1, scale=8).ppf(share)
    assert one(distribution="triangular", base=base).quantile(share) == pytest.approx(expected)


@given(
    low=st.floats(-1e6, 1e6),
    width=st.floats(1e-3, 1e6),
    at=st.floats(0, 1),
    law=st.sampled_from(["uniform", "triangular", "normal"]),
)
def test_nothing_is_drawn_outside_of_the_range_and_quantiles_rise(low, width, at, law):
    high = low + width
    base = min(max(low + at * width, low), high)
    values = one(low=low, high=high, base=base, distribution=law).quantile(np.linspace(0, 1, 33))
    assert values.min() >= low
    assert values.max() <= high
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol"])
def test_a_sample_has_one_value_in_every_slice(method):
    inputs = Inputs((one("a"), one("b", -1, 1, base=0), one("c", 0, 100, base=5)))
    sample = inputs.sample(64, Streams(5), method=method)
    assert sample.shape == (64, 3)
    for column, each in zip(sample.T, inputs, strict=True):
        slices = np.floor((column - each.low) / (each.high - each.low) * 64)
        assert sorted(slices) == list(range(64))


@settings(max_examples=25)
@given(st.integers(0, 2**63 - 1), st.integers(1, 40))
def test_the_same_streams_give_the_same_sample(seed, n):
    inputs = Inputs((one("a"), one("b")))
    assert np.array_equal(inputs.sample(n, Streams(seed)), inputs.sample(n, Streams(seed)))


def test_another_input_does_not_move_the_first_ones():
    few, more = Inputs((one("a"), one("b"))), Inputs((one("new"), one("a"), one("b")))
    assert np.array_equal(few.sample(20, Streams(1)), more.sample(20, Streams(1))[:, 1:])


def test_the_problem_is_salibs_and_its_points_become_values():
    inputs = Inputs((one("a"), one("b", -4, -2, base=-3, distribution="triangular")))
    assert inputs.problem() == {"num_vars": 2, "names": ["a", "b"], "bounds": [[0.0, 1.0], [0.0, 1.0]]}
    assert inputs.at(np.array([[0.0, 0.0], [1.0, 0.5]])) == pytest.approx(np.array([[1, -4], [9, -3]]))
    assert inputs.base.tolist() == [3.0, -3.0]
    assert inputs["b"].low == -4
    assert len(inputs) == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"low": 9.0}, "range of input 'demand' is empty"),
        ({"low": 10.0}, "`low` 10 must be below `high` 9"),
        ({"low": math.nan}, "`low` of input 'demand' must be a number, not nan"),
        ({"high": math.inf}, "`high` of input 'demand' must be a number"),
        ({"high": "9"}, "not '9'"),
        ({"base": True}, "`base` of input 'demand'"),
        ({"base": 9.1}, "base of input 'demand', 9.1, lies outside of its range 1 to 9"),
        ({"low": 0.0, "distribution": "loguniform"}, "must be above 0"),
        ({"distribution": "unifrom"}, "Nearest: uniform"),
        ({"name": " "}, "Every input needs a name"),
        ({"label": "Demand"}, "label of input 'demand' must be a Text"),
        ({"basis": Text("")}, "basis of input 'demand' is empty"),
        ({"unit": None}, "unit of input 'demand' must be a text"),
    ],
)
def test_bad_inputs_are_refused(changed, said):
    with pytest.raises(WorkbenchError, match=said):
        one(**changed)


def test_bad_collections_and_samples_are_refused():
    inputs = Inputs((one(),))
    with pytest.raises(BadParameter, match="Two of the inputs are called 'demand'"):
        Inputs((one(), one()))
    with pytest.raises(BadParameter, match="at least one UncertainInput"):
        Inputs(())
    with pytest.raises(BadParameter, match="at least one UncertainInput"):
        Inputs(one())
    with pytest.raises(UnknownName, match="Nearest: demand"):
        inputs["demamd"]
    with pytest.raises(BadParameter, match="at least 1, not 0"):
        inputs.sample(0, Streams(1))
    with pytest.raises(BadParameter, match="64 or 128, not 100"):
        inputs.sample(100, Streams(1), method="sobol")
    with pytest.raises(UnknownName, match="sampling method"):
        inputs.sample(4, Streams(1), method="grid")
    with pytest.raises(BadParameter, match="between 0 and 1"):
        inputs.at(np.array([[1.5]]))
    with pytest.raises(BadParameter, match="2 columns, but there are 1 inputs"):
        inputs.at(np.array([[0.5, 0.5]]))
    with pytest.raises(BadParameter, match="row 2 of the runs, column 1 of the inputs"):
        inputs.at(np.array([[0.5], [np.nan]]))
