"""The service point agrees with theory, keeps its customers, and behaves as planners know it."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from workbench.errors import BadFile, BadParameter, EngineMissing, UnknownName
from workbench.simulation import Experiment, Streams, change, read_scenarios
from workbench.simulation.services import Customers, Law, ServiceModel, ServicePoint
from workbench.simulation.theory import mg1, mmc, mmc_wait_exceeds

MODEL = ServiceModel()


def queue(rate, service, servers=1, hours=20.0, **more):
    """Arrivals at `rate` a second, all day."""
    return ServicePoint(
        closes_h=hours, servers=servers, customers=(Customers(per_hour=rate * 3600, service=service, **more),)
    )


@pytest.mark.parametrize(
    ("scenario", "theory"),
    [
        (queue(3.2, Law(mean_s=1), servers=4, hours=8), mmc(4, 3.2, 1.0)),
        (queue(0.8, Law(kind="fixed", mean_s=1)), mg1(0.8, 1, 0)),
        (queue(0.8, Law(kind="gamma", mean_s=1, cv=math.sqrt(0.5))), mg1(0.8, 1, math.sqrt(0.5))),
        (queue(0.8, Law(kind="lognormal", mean_s=1, cv=2), hours=40), mg1(0.8, 1, 2)),
    ],
    ids=["M/M/4", "M/D/1", "M/E2/1", "M/G/1"],
)
def test_long_days_agree_with_theory(scenario, theory):
    runs = Experiment(MODEL, {"queue": scenario}, seed=1).run(24, workers=1)
    for outcome, expected in (("mean_wait", theory.mean_wait), ("utilisation", theory.utilisation)):
        row = runs.summary(outcome, level=0.99).row(0, named=True)
        assert row["low"] <= expected <= row["high"]
        assert row["half_width"] < 0.08 * expected


def test_the_share_within_target_agrees_with_theory():
    scenario = queue(3.2, Law(mean_s=1), servers=4, hours=8, target_s=1)
    row = (
        Experiment(MODEL, {"queue": scenario}, seed=2).run(20, workers=1).summary("within_target", level=0.99)
    )
    assert row["low"][0] <= 1 - mmc_wait_exceeds(4, 3.2, 1.0, 1.0) <= row["high"][0]


def office(**more):
    given = {
        "opens_h": 9,
        "closes_h": 17,
        "servers": [(9, 3), (12, 2), (14, 3)],
        "customers": [
            {"name": "booked", "per_hour": 6, "service": {"mean_s": 500, "kind": "gamma", "cv": 0.5}},
            {
                "name": "walk-in",
                "per_hour": [(9, 20), (11, 35)],
                "service": {"mean_s": 300},
                "patience": {"mean_s": 1500},
                "priority": 1,
            },
        ],
        **more,
    }
    return ServicePoint.model_validate(given)


def test_the_same_people_come_whatever_is_decided():
    day = MODEL.sample(Streams(3))
    base = day.arrivals(office())
    busier = day.arrivals(office(demand=1.5))
    for place, _ in enumerate(office().customers):
        few, many = base.kind == place, busier.kind == place
        assert many.sum() > few.sum()
        assert (busier.service[many][: few.sum()] == base.service[few]).all()
        assert (busier.patience[many][: few.sum()] == base.patience[few]).all()
        assert (busier.at[many][: few.sum()] <= base.at[few]).all()
    assert (day.arrivals(office(servers=9)).at == base.at).all()
    slower = change(office().customers[0], {"service": Law(mean_s=1000, kind="gamma", cv=0.5)})
    twice = day.arrivals(office(customers=[slower, office().customers[1]]))
    assert twice.service[base.kind == 0] == pytest.approx(2 * base.service[base.kind == 0])


def test_laws_have_their_mean_and_spread():
    day = MODEL.sample(Streams(4))
    for kind, cv in (("exponential", 1.0), ("lognormal", 0.7), ("gamma", 0.4), ("fixed", 0.0)):
        law = Law(kind=kind, mean_s=60, cv=cv if kind in ("lognormal", "gamma") else None)
        times = day.arrivals(queue(1.0, law, hours=24)).service
        assert times.mean() == pytest.approx(60, rel=0.015)
        assert times.std() / times.mean() == pytest.approx(cv, abs=0.03)


def test_everybody_is_accounted_for_and_another_desk_never_lengthens_the_wait():
    scenarios = {f"{count}": office(servers=count) for count in (1, 2, 3, 5)}
    experiment = Experiment(ServiceModel(groups=("booked", "walk-in")), scenarios, seed=4)
    experiment.check()
    runs = experiment.run(20, workers=1)
    frame = runs.frame
    assert (frame["arrived"] == frame["served"] + frame["left"] + frame["turned_away"]).all()
    assert (frame["left"] == frame["left[booked]"] + frame["left[walk-in]"]).all()
    assert (frame["left[booked]"] == 0).all()
    assert runs.errors.height == 0
    waits = np.array([runs.values("mean_wait", each) for each in scenarios])
    assert (np.diff(waits, axis=0) <= 1e-9).all()
    assert (np.diff([runs.summary("utilisation")["mean"].to_list()]) < 0).all()
    busy = runs.values("utilisation", "1")
    assert ((busy > 0) & (busy <= 1)).all()
    assert (runs.values("mean_wait[booked]", "2") < runs.values("mean_wait[walk-in]", "2")).all()


def test_a_place_that_closes_for_good_turns_people_away():
    day = MODEL.sample(Streams(5))
    closing = MODEL.run(office(servers=[(9, 1), (15, 0)]), day)
    assert closing["turned_away"] > 10
    assert closing["arrived"] == closing["served"] + closing["left"] + closing["turned_away"]
    visits = MODEL.visits(office(servers=[(9, 1), (15, 0)]), day)
    late = visits.arrivals.at >= 15 * 3600
    assert (visits.fate[late] == 2).all()
    assert (visits.waits[late] == 0).all()
    open_ = MODEL.run(office(servers=[(9, 1)]), day)
    assert open_["turned_away"] == 0
    assert open_["overtime"] > 0


def test_servers_begin_when_the_roster_says():
    visits = MODEL.visits(office(servers=[(9.5, 4)]), MODEL.sample(Streams(6)))
    assert visits.out_of_queue[visits.fate == 0].min() >= 9.5 * 3600
    early = MODEL.visits(office(servers=[(7, 2), (8, 4)]), MODEL.sample(Streams(6)))
    assert early.out_of_queue.min() == early.arrivals.at.min()


def test_a_day_without_anybody_has_no_wait():
    rare = ServicePoint(closes_h=1, servers=1, customers=(Customers(per_hour=1e-6, service=Law(mean_s=60)),))
    found = MODEL.run(rare, MODEL.sample(Streams(1)))
    assert math.isnan(found["mean_wait"])
    assert math.isnan(found["within_target"])
    assert (found["arrived"], found["utilisation"], found["mean_queue"]) == (0, 0, 0)


def test_a_day_can_be_traced_and_watched():
    experiment = Experiment(MODEL, {"office": office()}, seed=8)
    log = experiment.trace("office", 2)
    assert log.columns == ["time_s", "event", "customer", "kind"]
    assert log["time_s"].is_sorted()
    counts = dict(log.group_by("event").len().iter_rows())
    runs = experiment.run(3, workers=1)
    row = runs.frame.row(2, named=True)
    assert counts["arrived"] == row["arrived"]
    assert counts["done"] == counts["called"] == row["served"]
    assert counts.get("left", 0) == row["left"]
    series = MODEL.series(office(), MODEL.sample(Streams(8, 2)))
    assert len(series["queue"]) == 8 * 60
    assert series["wait"].mean() == pytest.approx(row["mean_wait"])
    assert series["queue"].mean() == pytest.approx(row["mean_queue"], rel=0.05)
    assert experiment.warm_up("queue", pilot=10).replications == 10


def test_scenarios_can_be_written_in_yaml():
    file = read_scenarios(
        """
base:
  opens_h: 9
  closes_h: 17
  servers: 3
  customers:
    - {name: walk-in, per_hour: [[9, 20], [11, 35]], service: {mean_s: 300}}
scenarios:
  today: {}
  lunch break: {servers: [[9, 3], [12, 1], [13, 3]]}
grid: {demand: [1.0, 1.2], servers: [2, 4]}
""",
        ServicePoint,
    )
    assert len(file.scenarios) == 6
    assert file.scenarios["lunch break"].server_steps[1] == (12 * 3600, 1)
    runs = Experiment(MODEL, file.scenarios, seed=1).run(5, workers=1)
    assert runs.compare("mean_wait", file.baseline)["clear"].len() == 5


GOOD = "servers: 1, customers: [{per_hour: 5, service: {mean_s: 60}}]"


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        (GOOD.replace("servers: 1", "servers: 0"), "`servers` is 0 all day"),
        (GOOD.replace("servers: 1", "servers: -1"), "must be at least 0, is -1"),
        (GOOD.replace("servers: 1", "servers: [[9, 2], [8, 3]]"), "hours of `servers` must rise"),
        (GOOD.replace("servers: 1", "servers: []"), "`servers` has no step"),
        (GOOD.replace("per_hour: 5", "per_hour: 0"), "`per_hour` is 0 all day"),
        (GOOD.replace("per_hour: 5", "per_hour: -5"), "must be at least 0, is -5"),
        (GOOD.replace("per_hour: 5", "per_hours: 5"), "Nearest: per_hour"),
        (GOOD.replace("mean_s: 60", "mean_s: 0"), "must be above 0, is 0"),
        (GOOD.replace("mean_s: 60", "mean_s: 60, kind: gamma"), "a gamma law needs `cv`"),
        (GOOD.replace("mean_s: 60", "mean_s: 60, cv: 2"), "the cv of an exponential law is 1"),
        (GOOD + ", opens_h: 9, closes_h: 9", "closes at 9 h, not after it opens"),
        ("servers: 1, customers: []", "must not be empty"),
        (
            GOOD.replace("}]", "}, {per_hour: 5, service: {mean_s: 60}}]"),
            "two kinds of customers are called 'all'",
        ),
    ],
)
def test_bad_scenarios_give_one_clear_sentence(scenario, says):
    with pytest.raises(BadFile, match=says) as error:
        read_scenarios(f"scenarios:\n  today: {{{scenario}}}\n", ServicePoint)
    assert error.value.mistakes[0][0] == 2
    assert len(error.value.mistakes) == 1


def test_demand_beyond_reason_is_told():
    with pytest.raises(BadParameter, match="more than can be meant"):
        MODEL.run(queue(200.0, Law(mean_s=1), hours=48), MODEL.sample(Streams(1)))


def test_models_are_checked():
    with pytest.raises(UnknownName, match="Nearest: kernel"):
        ServiceModel(engine="kernal")
    with pytest.raises(BadParameter, match="names of kinds"):
        ServiceModel(groups="booked")
    with pytest.raises(UnknownName, match="Nearest: walk-in"):
        ServiceModel(groups=("walkin",)).run(office(), MODEL.sample(Streams(1)))
    with pytest.raises(ValidationError):
        office(extra=1)
    assert ServiceModel().fingerprint == ServiceModel(engine="simpy").fingerprint


def test_a_missing_compiler_is_told(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(EngineMissing, match=r"engine='simpy' does without.*numba.*lived-workbench\[models\]"):
        MODEL.run(office(), MODEL.sample(Streams(1)))
    assert ServiceModel(engine="simpy").run(office(), MODEL.sample(Streams(1)))["arrived"] > 0
