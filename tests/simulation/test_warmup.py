"""Warm-up: MSER-5 against its definition, Welch's average against a plain one."""

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.simulation import Streams
from workbench.simulation.output_analysis import mser5, warm_up, welch


def pilots(transient, runs=30, n=2000):
    """Runs that forget slowly, with or without a transient at the start."""
    noise = Streams(8).generator("pilots").standard_normal((runs, n))
    series = np.empty_like(noise)
    series[:, 0] = noise[:, 0]
    for i in range(1, n):
        series[:, i] = 0.7 * series[:, i - 1] + noise[:, i]
    return series + transient * np.exp(-np.arange(n) / 50)


def test_mser5_is_what_its_definition_says():
    run = pilots(20)[0, :400]
    means = run.reshape(-1, 5).mean(axis=1)
    rest = [means[d:] for d in range(len(means) // 2 + 1)]
    criterion = [((each - each.mean()) ** 2).sum() / len(each) ** 2 for each in rest]
    assert mser5(run) == 5 * int(np.argmin(criterion))
    assert mser5(run + 1e6) == mser5(run)


def test_a_transient_is_found_on_the_mean_over_replications():
    found = warm_up(pilots(20))
    assert 100 <= found.delete <= 400  # e^-2 to e^-8 of it is left
    assert found.settled
    assert found.replications == 30
    assert abs(found.ensemble[found.delete :].mean()) < abs(found.ensemble.mean()) / 5
    assert warm_up(pilots(0)).delete <= 100


def test_a_run_that_never_settles_is_told():
    assert not warm_up(np.tile(np.arange(400.0), (3, 1))).settled


def test_welch_grows_its_window_from_the_start():
    values = np.arange(20.0) ** 2
    found = welch(values, 3)
    assert len(found) == 17
    assert found[0] == 0
    assert found[1] == pytest.approx(values[0:3].mean())
    assert found[10] == pytest.approx(values[7:14].mean())
    assert welch(values, 0).tolist() == values.tolist()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mser5([1.0] * 19), "at least 20"),
        (lambda: mser5([np.nan] * 40), "at least 20 numbers"),
        (lambda: welch([1.0] * 8, 3), "from 0 to 2"),
        (lambda: warm_up([1.0, 2.0]), "equal length"),
    ],
)
def test_what_is_too_short_is_refused(call, says):
    with pytest.raises(BadParameter, match=says):
        call()
