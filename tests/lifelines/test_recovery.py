"""Desired recovery times: told as far as the days can tell, with intervals that cover."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import LifelineNetwork
from workbench.lifelines.crews import CrewModel, CrewPlan
from workbench.lifelines.recovery import (
    PHASES,
    VERDICTS,
    DesiredRecovery,
    by_phase,
    judge,
    recovery_bands,
    recovery_times,
)
from workbench.lifelines.restoration import RepairProblem
from workbench.simulation import Streams

GOAL = DesiredRecovery(layer="water", share=0.9, within_h=72.0, category="Housing")


def told(hours, goal=GOAL):
    return judge([goal], {(goal.layer, goal.share): hours}).row(0, named=True)


def days(met, of):
    return [10.0] * met + [100.0] * (of - met)


@pytest.mark.parametrize(
    ("met", "of", "verdict"),
    [
        (100, 100, "met"),
        (99, 100, "met"),
        (93, 100, "cannot tell"),
        (80, 100, "not met"),
        (0, 5, "not met"),
        (5, 5, "cannot tell"),
    ],
)
def test_a_goal_is_judged_by_the_interval_of_its_chance(met, of, verdict):
    row = told(days(met, of))
    assert row["verdict"] == verdict
    assert row["verdict"] in VERDICTS
    assert row["low"] <= row["chance"] <= row["high"]


def test_the_interval_is_that_of_wilson():
    row = told(days(80, 100))
    assert (row["low"], row["high"]) == pytest.approx((0.7112, 0.8666), abs=1e-4)  # Wilson 1927, by hand
    z2 = 1.959963984540054**2
    assert row["low"] == pytest.approx((80 + z2 / 2 - math.sqrt(z2 * (80 * 0.2 + z2 / 4))) / (100 + z2))


def test_how_many_days_would_tell():
    row = told(days(93, 100))
    assert row["days_needed"] > 100
    assert told(days(93 * 10, 1000))["verdict"] == "met"
    assert row["days_needed"] <= 1000
    assert told(days(90, 100))["days_needed"] is None  # exactly as wanted: no number would tell
    assert told(days(99, 100))["days_needed"] is None


def test_the_anticipated_time_is_the_quantile_and_its_interval_covers():
    draw = np.random.default_rng(4)
    truth, covered = -math.log(0.1) * 50, 0
    for _ in range(400):
        row = told(draw.exponential(50, 120))
        covered += row["anticipated_low_h"] <= truth <= row["anticipated_high_h"]
    assert covered / 400 > 0.925  # at least 0.95, less 2.3 standard errors
    row = told(np.arange(1, 101.0))
    assert row["anticipated_h"] == 90.0
    assert row["anticipated_low_h"] < 90 < row["anticipated_high_h"]
    few = told([1.0, 2.0, 3.0])
    assert few["anticipated_high_h"] == math.inf
    assert told([1.0] * 5 + [math.inf] * 95)["anticipated_h"] == math.inf


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1000) | st.just(math.inf), min_size=1, max_size=30),
    st.floats(0, 500),
    st.floats(0, 500),
)
def test_more_time_is_never_harder(hours, one, other):
    short, long = (
        told(hours, DesiredRecovery(layer="water", share=0.9, within_h=h)) for h in sorted((one, other))
    )
    assert short["chance"] <= long["chance"]
    assert ["not met", "cannot tell", "met"].index(short["verdict"]) <= [
        "not met",
        "cannot tell",
        "met",
    ].index(long["verdict"])


def test_goals_are_laid_out_by_phase():
    goals = [
        DesiredRecovery(layer="water", share=0.3, within_h=24.0, category="Critical"),
        DesiredRecovery(layer="water", share=0.9, within_h=72.0, category="Critical"),
        DesiredRecovery(layer="water", share=0.9, within_h=24 * 90, category="Housing"),
    ]
    table = judge(goals, {("water", 0.3): [10.0] * 50, ("water", 0.9): [24.0 * 20] * 50})
    assert table["verdict"].to_list() == ["met", "not met", "met"]
    laid = by_phase(goals, table)
    assert laid.columns == ["category", "layer", *(name.en for name, _ in PHASES)]
    first, second = laid.rows(named=True)
    assert (first["day 1"], first["days 1-3"], first["weeks 1-4"]) == ("30%", "90%", "X")
    assert (second["month 4"], second["weeks 1-4"]) == ("90%", "X")
    assert by_phase(goals, table, lang="zh").columns[2:4] == ["当日", "第1天"]
    never = judge(goals[2:], {("water", 0.9): [math.inf] * 9})
    assert by_phase(goals[2:], never)["after 24 months"].to_list() == ["X"]


def model(cv=0.5):
    nodes = pl.DataFrame(
        {"id": ["s", "a", "b"], "kind": ["source", "sink", "sink"], "demand": [0.0, 3.0, 1.0]}
    )
    edges = pl.DataFrame({"id": ["sa", "sb"], "u": ["s", "s"], "v": ["a", "b"]})
    network = LifelineNetwork("water", nodes, edges)
    return CrewModel(
        RepairProblem(network, network.without("sa", "sb"), repair_h=24.0), horizon_h=1000.0, cv=cv
    )


def test_simulated_days_are_read_by_layer_and_share():
    crews = model()
    runs = [crews.simulate(CrewPlan(), crews.sample(Streams(3, i))) for i in range(40)]
    goals = [DesiredRecovery(layer="water", share=share, within_h=48.0) for share in (0.75, 1.0)]
    times = recovery_times(goals, runs, ["water"])
    first = np.array([run.repairs["end_h"].min() for run in runs])
    assert (times["water", 0.75] == first).all()
    assert (times["water", 1.0] > first).all()
    table = judge(goals, times)
    assert table["chance"][0] >= table["chance"][1]
    bands = recovery_bands(runs, ["water"], [0.0, 24.0, 500.0])
    assert bands["mean"][0] == 0
    assert bands["mean"][2] == 1
    middle = bands.row(1, named=True)
    assert middle["mean"] == pytest.approx(np.mean([run.at(np.array([24.0]))[0, 0] for run in runs]))
    assert middle["p10"] <= middle["mean"] <= middle["p90"]
    assert 0 < middle["high"] - middle["low"] < 0.5


def test_what_never_comes_back_takes_for_ever():
    class Never:
        def hours_to(self, share):
            return np.array([math.nan])

    times = recovery_times([GOAL], [Never(), Never()], ["water"])
    assert times["water", 0.9].tolist() == [math.inf, math.inf]


def test_what_does_not_fit_is_refused():
    for options in (
        {"share": 0.0},
        {"share": 1.1},
        {"within_h": -1.0},
        {"within_h": math.nan},
        {"chance": 1.0},
        {"chance": 0},
    ):
        with pytest.raises(BadParameter, match="|".join(("share", "within_h", "chance"))):
            DesiredRecovery(**({"layer": "water", "share": 0.9, "within_h": 72.0} | options))
    with pytest.raises(BadParameter, match="at least one"):
        judge([], {})
    with pytest.raises(UnknownName, match="water 90%"):
        judge([GOAL], {("water", 0.5): [1.0]})
    for hours in ([], [-1.0], [math.nan], [[1.0]]):
        with pytest.raises(BadParameter, match="Recovery times of water"):
            told(hours)
    with pytest.raises(UnknownName, match="water"):
        recovery_times([GOAL], [], ["power"])
    with pytest.raises(BadParameter, match="`level`"):
        judge([GOAL], {("water", 0.9): [1.0]}, level=1.0)
    crews = model()
    run = crews.simulate(CrewPlan(), crews.sample(Streams(1)))
    for runs, hours in (([run], [1.0]), ([run, run], [-1.0]), ([run, run], [math.inf]), ([run, run], 3.0)):
        with pytest.raises(BadParameter, match="two days"):
            recovery_bands(runs, ["water"], hours)
    with pytest.raises(UnknownName, match="language"):
        by_phase([GOAL], judge([GOAL], {("water", 0.9): [1.0]}), lang="fr")
