"""Robust choice: a worked table, what each rule picks, ties, Wilson's interval, and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from workbench.decisions import compare_robustness, wilson
from workbench.errors import BadParameter

OPTIONS = ("today", "more buses", "bus lane")
# Three futures of net benefit; regrets by hand: today 0, 5, 9; more buses 2, 0, 3; bus lane 7, 4, 0.
BENEFIT = np.array([[10.0, 8.0, 3.0], [5.0, 10.0, 6.0], [1.0, 7.0, 10.0]])


def picks(found):
    return {each.rule: each.chosen for each in found.picks}


def test_a_table_by_hand():
    found = compare_robustness(BENEFIT, OPTIONS, target=6.0, optimism=0.9)
    assert found.regret.tolist() == [[0, 2, 7], [5, 0, 4], [9, 3, 0]]
    assert found.worst_future == (2, 2, 0)
    by_rule = {each.rule: each.values.tolist() for each in found.picks}
    assert by_rule["maximin"] == [1, 7, 3]
    assert by_rule["minimax_regret"] == [9, 3, 7]
    assert by_rule["satisficing"] == pytest.approx([1 / 3, 1.0, 2 / 3])
    assert by_rule["hurwicz"] == pytest.approx([9.1, 9.7, 9.3])
    assert found.picked() == {
        "today": (),
        "more buses": ("maximin", "minimax_regret", "satisficing", "hurwicz"),
        "bus lane": (),
    }
    assert not any(each.tie for each in found.picks)


def test_costs_are_the_same_table_upside_down():
    found = compare_robustness(-BENEFIT, OPTIONS, larger_is_better=False, target=-6.0, optimism=0.9)
    same = compare_robustness(BENEFIT, OPTIONS, target=6.0, optimism=0.9)
    assert picks(found) == picks(same)
    assert np.array_equal(found.regret, same.regret)
    assert found.picks[0].values.tolist() == [-1, -7, -3]  # the worst outcome is the largest cost
    assert found.shares == same.shares


def test_rules_may_disagree():
    """Savage's example of regret against caution: a large chance forgone."""
    found = compare_robustness([[0.0, 1.0], [100.0, 1.0]], ["bold", "careful"])
    assert picks(found) == {"maximin": ("careful",), "minimax_regret": ("bold",)}


def test_ties_are_said():
    found = compare_robustness([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0]], OPTIONS, target=1.0)
    assert picks(found) == dict.fromkeys(("maximin", "minimax_regret", "satisficing"), OPTIONS[:2])
    assert all(each.tie for each in found.picks)


def test_shares_that_futures_cannot_tell_apart_are_said():
    """12 of 20 against 8 of 20 is luck; 20 of 20 against 8 of 20 is not (McNemar's exact test: 2 / 2**12)."""
    good = np.zeros((20, 3))
    good[:12, 0] = good[12:, 1] = good[:8, 2] = 1
    [satisficing] = [
        each for each in compare_robustness(good, OPTIONS, target=1.0).picks if each.rule == "satisficing"
    ]
    assert satisficing.chosen == ("today",)
    assert satisficing.cannot_separate == ("more buses", "bus lane")
    good[:, 0] = 1
    [satisficing] = [
        each for each in compare_robustness(good, OPTIONS, target=1.0).picks if each.rule == "satisficing"
    ]
    assert satisficing.cannot_separate == ()


tables = st.integers(2, 6).flatmap(
    lambda options: st.lists(
        st.lists(st.integers(-100, 100), min_size=options, max_size=options), min_size=2, max_size=12
    )
)


@given(tables, st.integers(-100, 100))
def test_what_holds_for_every_table(rows, target):
    outcomes = np.array(rows, float)
    names = [f"option {at}" for at in range(outcomes.shape[1])]
    found = compare_robustness(outcomes, names, target=target, optimism=0.0)
    assert (found.regret >= 0).all()
    assert (found.regret.min(axis=1) == 0).all()
    assert picks(found)["hurwicz"] == picks(found)["maximin"]  # without optimism only the worst counts
    for each in found.picks:
        assert each.chosen
        assert not set(each.chosen) & set(each.cannot_separate)
    dominating = [at for at in range(len(names)) if (outcomes[:, [at]] >= outcomes).all()]
    for at in dominating:
        assert len(found.picked()[names[at]]) == 4
    shifted = compare_robustness(outcomes + 7, names, target=target + 7)
    assert picks(shifted)["minimax_regret"] == picks(found)["minimax_regret"]
    assert shifted.shares == found.shares


@given(st.integers(1, 400), st.data())
def test_wilson_agrees_with_scipy(of, data):
    count = data.draw(st.integers(0, of))
    ours, theirs = wilson(count, of), binomtest(count, of).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert ours.low <= ours.share <= ours.high


@pytest.mark.parametrize(
    ("outcomes", "options", "more", "said"),
    [
        (BENEFIT, OPTIONS[:2], {}, "2 options are named, but the table has 3 columns"),
        (BENEFIT, ("a", "a", "b"), {}, "Two of the options are called 'a'"),
        (BENEFIT[:1], OPTIONS, {}, "at least 2 futures and 2 options"),
        (BENEFIT[:, :1], OPTIONS[:1], {}, "at least 2 futures and 2 options"),
        (BENEFIT * np.nan, OPTIONS, {}, "nan in row 1 of the futures, column 1 of the options"),
        ([["a", "b"]], OPTIONS[:2], {}, "must be numbers"),
        (np.zeros((0, 3)), OPTIONS, {}, "table of futures by options"),
        (BENEFIT, OPTIONS, {"target": math.nan}, "`target`"),
        (BENEFIT, OPTIONS, {"optimism": 1.1}, "`optimism`"),
        (BENEFIT, OPTIONS, {"level": 1.0}, "`level`"),
    ],
)
def test_refusals(outcomes, options, more, said):
    with pytest.raises(BadParameter, match=said):
        compare_robustness(outcomes, options, **more)


@pytest.mark.parametrize(("count", "of"), [(1, 0), (3, 2), (-1, 2), (0.5, 2)])
def test_wilson_refuses(count, of):
    with pytest.raises(BadParameter):
        wilson(count, of)
