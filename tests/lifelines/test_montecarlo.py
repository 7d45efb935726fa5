"""Service lost over samples: enumeration, closed forms, coverage of intervals, any workers."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines._estimates import sampled
from workbench.lifelines.damage import sample_damage, sample_field_damage
from workbench.lifelines.fragility import Curves, FixedProbability, FragilityCurve
from workbench.lifelines.hazard import Intensity, intensity_field
from workbench.lifelines.montecarlo import ServiceLoss, expected_service
from workbench.simulation import Streams


def line(system="water", n=4, letter="w", **more):
    """A source and sinks behind each other; each sink draws 1."""
    ids = [f"{letter}{i}" for i in range(n)]
    nodes = pl.DataFrame(
        {
            "id": ids,
            "supply": [9.0] + [0.0] * (n - 1),
            "demand": [0.0] + [1.0] * (n - 1),
            "people": 10.0,
            **more,
        }
    )
    edges = pl.DataFrame({"id": [f"{letter}e{i}" for i in range(n - 1)], "u": ids[:-1], "v": ids[1:]})
    return LifelineNetwork(system, nodes, edges)


def pair():
    """Water whose second node leans on the last node of power."""
    layers = {"water": line(), "power": line("power", 3, "p")}
    return InterdependentSystem(
        layers,
        pl.DataFrame(
            {
                "dependee_layer": ["power"],
                "dependee": ["p2"],
                "depender_layer": ["water"],
                "depender": ["w1"],
            }
        ),
    )


class Sum:
    """A solver that serves each node that is up, whatever the edges; it counts what it is asked."""

    name = "sum"

    def __init__(self, network):
        self.network, self.asked = network, 0

    def served(self, up):
        return np.where(up[: self.network.n], self.network.arrays.demand, 0.0)

    def totals(self, up):
        self.asked += len(up)
        return np.array([self.served(one).sum() for one in up])


def test_expected_loss_of_a_line_by_enumeration():
    """Every state of three pipes with its probability as weight: the mean is exact."""
    net, q = line(), np.array([0.1, 0.2, 0.3])
    states = np.array(list(itertools.product([True, False], repeat=3)))
    up = np.ones((8, net.size), bool)
    up[:, net.n :] = states
    weights = np.where(states, 1 - q, q).prod(axis=1)
    risk = expected_service(net, up, weights=weights)
    works = 1 - q
    expected = 1 - (works[0] + works[:2].prod() + works.prod()) / 3
    assert risk.mean.value == pytest.approx(expected, abs=1e-12)
    nodes = risk.by_node.sort("id")
    assert nodes["id"].to_list() == ["w1", "w2", "w3"]
    assert nodes["chance_without"].to_numpy() == pytest.approx(1 - np.cumprod(works))
    assert nodes["mean_lost"].to_numpy() == pytest.approx(1 - np.cumprod(works))


def test_sampling_finds_what_enumeration_gives():
    net = line()
    p = np.concatenate([np.zeros(net.n), [0.1, 0.2, 0.3]])
    risk = expected_service(net, sample_damage(net, p, samples=6000, streams=Streams(1)))
    exact = 1 - (0.9 + 0.72 + 0.504) / 3
    assert risk.mean.low < exact < risk.mean.high
    assert risk.mean.high - risk.mean.low < 0.02
    assert set(np.round(risk.lost, 9)) == {0.0, 0.333333333, 0.666666667, 1.0}
    assert risk.p99.value == 1.0


def test_failures_pass_on_between_layers():
    system = pair()
    up = np.ones((2, system.size), bool)
    up[1, system.asset("power", "p2")] = False
    together, alone = expected_service(system, up), expected_service(system, up, cascade=False)
    assert together.lost_by_layer["water"].tolist() == [0.0, 1.0]
    assert alone.lost_by_layer["water"].tolist() == [0.0, 0.0]
    assert together.lost_by_layer["power"].tolist() == [0.0, 0.5]
    assert together.lost.tolist() == [0.0, 0.75]
    weighted = expected_service(system, up, layer_weights={"water": 3, "power": 1})
    assert weighted.lost.tolist() == [0.0, 0.875]
    only = expected_service(system, up, layer_weights={"power": 1})
    assert only.lost.tolist() == [0.0, 0.5]
    frame = together.by_layer
    assert frame["layer"].to_list() == ["water", "power"]
    assert frame["mean"].to_list() == [0.5, 0.25]


def test_black_start_keeps_dead_what_lean_on_each_other():
    layers = {"water": line(), "power": line("power", 3, "p")}
    rows = [("power", "p1", "water", "w1"), ("water", "w1", "power", "p1")]
    names = ["dependee_layer", "dependee", "depender_layer", "depender"]
    system = InterdependentSystem(layers, pl.DataFrame(rows, schema=names, orient="row"))
    up = np.ones((1, system.size), bool)
    assert expected_service(system, up).lost[0] == 0.0
    with pytest.raises(BadParameter, match="Even undamaged, nothing is served by water, power"):
        expected_service(system, up, cascade="black_start")


def test_solvers_by_layer_and_one_that_came_open():
    system = pair()
    up = sample_damage(system, np.full(system.size, 0.2), samples=500, streams=Streams(3))
    counted = Sum(system.layers["water"])
    loss = ServiceLoss(system, solver={"water": counted}, cascade=False)
    by_layer = loss.by_layer(up)
    expected = (~up[:, 1:4]).sum(axis=1) / 3
    assert by_layer["water"] == pytest.approx(expected)
    first = counted.asked
    assert loss.by_layer(up)["water"] == pytest.approx(expected)
    assert counted.asked == first  # states seen before are looked up
    distinct = np.unique(system.layer_state("water", up), axis=0)
    assert first <= len(distinct) + 1
    with pytest.raises(BadParameter, match="serves one layer"):
        ServiceLoss(system, solver=counted)
    with pytest.raises(UnknownName, match="Nearest: water"):
        ServiceLoss(system, solver={"watr": "flow"})


@pytest.mark.parametrize("solver", ["connectivity", "flow"])
def test_any_number_of_workers_gives_the_same(solver):
    system = pair()
    up = sample_damage(system, np.full(system.size, 0.1), samples=3000, streams=Streams(4))
    one, two, four = (expected_service(system, up, solver=solver, workers=n) for n in (1, 2, 4))
    assert (one.lost == two.lost).all()
    assert (one.lost == four.lost).all()
    assert one.by_node.equals(two.by_node)
    assert one.p99 == four.p99


def test_more_damage_never_loses_less():
    system = pair()
    weak, strong = (
        sample_damage(system, np.full(system.size, p), samples=400, streams=Streams(5)) for p in (0.3, 0.1)
    )
    loss = ServiceLoss(system)
    assert (loss(weak) >= loss(strong)).all()
    assert (loss(np.ones((1, system.size), bool)) == 0).all()
    assert loss(np.zeros((1, system.size), bool)).tolist() == [1.0]


def test_correlated_shaking_leaves_the_mean_and_moves_the_bad_days():
    """The same chance of failing for each asset; P99 well beyond that of independent failures."""
    ids = [f"n{i}" for i in range(101)]
    rng = np.random.default_rng(6)
    nodes = pl.DataFrame(
        {
            "id": ids,
            "x": rng.uniform(0, 20_000, 101),
            "y": rng.uniform(0, 20_000, 101),
            "supply": [500.0] + [0.0] * 100,
            "demand": [0.0] + [1.0] * 100,
            "fragility_class": ["sturdy"] + ["sub"] * 100,
        }
    )
    edges = pl.DataFrame({"id": ids[1:], "u": [ids[0]] * 100, "v": ids[1:], "fragility_class": "sturdy"})
    net = LifelineNetwork("power", nodes, edges)
    curves = Curves({"sub": FragilityCurve(0.4, 0.4), "sturdy": FixedProbability(0.0)})
    median, tau, phi = Intensity("pga_g", np.full(net.size, 0.2)), 0.26, 0.5
    risks = []
    for t, f, reach in ((tau, phi, 25.0), (0.0, float(np.hypot(tau, phi)), 0.0)):
        field = intensity_field(
            net, median=median, tau=t, phi=f, range_km=reach, samples=4000, streams=Streams(7)
        )
        risks.append(expected_service(net, sample_field_damage(net, field, curves, streams=Streams(7))))
    together, apart = risks
    gap = together.lost - apart.lost
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(len(gap))
    assert together.p99.low > 1.8 * apart.p99.high
    assert together.cvar95.low > apart.cvar95.high


def test_intervals_of_events_are_wider_than_of_samples():
    rng = np.random.default_rng(8)
    event = np.repeat(np.arange(30), 20)
    values = rng.normal(0, 1, 30)[event] + rng.normal(0, 0.1, 600)
    alone, grouped = sampled(values).mean(), sampled(values, event).mean()
    assert alone.value == pytest.approx(grouped.value)
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)
    # with one sample an event, groups change nothing
    assert sampled(values, np.arange(600)).mean() == sampled(values).mean()


def test_interval_of_independent_samples_is_students():
    from scipy.stats import t

    values = np.random.default_rng(9).exponential(1, 40)
    low, high = t.interval(0.9, 39, values.mean(), values.std(ddof=1) / np.sqrt(40))
    found = sampled(values).mean(0.9)
    assert (found.low, found.high) == pytest.approx((low, high))


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_cover_what_they_say(grouped):
    """Losses of 60 events of 10 samples: exponential events times exponential samples; 400 repetitions."""
    rng, hits = np.random.default_rng(10), np.zeros(3)
    big = rng.exponential(1, 2_000_000) * (rng.exponential(1, 2_000_000) if grouped else 1.0)
    truth = (big.mean(), np.quantile(big, 0.9), big[big > np.quantile(big, 0.9)].mean())
    event = np.repeat(np.arange(60), 10)
    for _ in range(400):
        values = rng.exponential(1, 600)
        if grouped:
            values = values * rng.exponential(1, 60)[event]
        one = sampled(values, event if grouped else None)
        for i, found in enumerate((one.mean(), one.quantile(0.9), one.tail(0.9))):
            hits[i] += found.low <= truth[i] <= found.high
    # skewed losses of few events: a few points below 0.95 is what is known of such intervals
    assert (hits / 400 >= [0.9, 0.9, 0.86]).all()
    assert (hits / 400 <= 0.985).all()


def test_tails_in_closed_form():
    """Uniform on 0 to 1: P95 is 0.95, the mean beyond it 0.975; exponential: q + 1."""
    even = (np.arange(100_000) + 0.5) / 100_000
    one = sampled(even)
    assert one.quantile(0.95).value == pytest.approx(0.95, abs=1e-4)
    assert one.tail(0.95).value == pytest.approx(0.975, abs=1e-4)
    steep = sampled(-np.log(1 - even))
    assert steep.tail(0.95).value == pytest.approx(-np.log(0.05) + 1, abs=2e-3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0.05, 0.95))
def test_mean_quantile_and_tail_are_in_order(values, share):
    one = sampled(np.array(values))
    q, tail = one.quantile(share).value, one.tail(share).value
    assert min(values) <= q <= max(values)
    assert q - 1e-9 <= tail <= max(values) + 1e-9
    assert tail >= np.mean(values) - 1e-9


def test_weights_are_repetitions():
    values, times = np.array([0.1, 0.5, 0.9]), np.array([5, 3, 2])
    weighted, repeated = sampled(values, weights=times), sampled(np.repeat(values, times))
    assert weighted.mean().value == pytest.approx(repeated.mean().value)
    for share in (0.3, 0.55, 0.81):
        assert weighted.quantile(share).value == repeated.quantile(share).value
        assert weighted.tail(share).value == pytest.approx(repeated.tail(share).value)


def test_what_cannot_be_told_is_said():
    few = expected_service(line(), np.ones((50, 7), bool))
    assert few.p99.value == 0.0
    assert not few.p99.told
    assert "cannot tell" in few.p99.said.en
    assert few.mean.told
    one = expected_service(line(), np.ones((5, 7), bool), groups=[1] * 5)
    assert not one.mean.told
    enough = expected_service(line(), np.ones((400, 7), bool))
    assert enough.p99.told
    assert "P99" in repr(enough)


def test_exceedance_curve():
    net = line()
    p = np.concatenate([np.zeros(net.n), [0.1, 0.2, 0.3]])
    risk = expected_service(net, sample_damage(net, p, samples=2000, streams=Streams(1)))
    curve = risk.exceedance([0.0, 0.5, 0.99, 1.0])
    assert curve["probability"].to_numpy() == pytest.approx([1 - 0.504, 0.28, 0.1, 0.0], abs=0.03)
    assert (curve["low"] >= 0).all()
    with pytest.raises(BadParameter, match="between 0 and 1"):
        risk.quantile(1.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"up_samples": np.ones(7, bool)}, "samples as rows"),
        ({"up_samples": np.ones((0, 7), bool)}, "samples as rows"),
        ({"up_samples": np.ones((3, 6), bool)}, "Booleans"),
        ({"up_samples": np.ones((3, 7))}, "Booleans"),
        ({"groups": [1, 2]}, "one group for each of 3"),
        ({"weights": np.array([1.0, -1, 1])}, "one weight of 0 or more"),
        ({"weights": np.zeros(3)}, "not all of them 0"),
        ({"level": 1.0}, "level"),
        ({"workers": 0}, "workers"),
        ({"cascade": "sideways"}, "sideways"),
        ({"solver": "magic"}, "magic"),
        ({"layer_weights": {"power": 1.0}}, "power"),
        ({"layer_weights": {"water": -1.0}}, "weights of 0 or more"),
    ],
)
def test_bad_input_is_refused(change, said):
    given = {"up_samples": np.ones((3, 7), bool)} | change
    with pytest.raises((BadParameter, UnknownName), match=said):
        expected_service(line(), given.pop("up_samples"), **given)


def test_a_system_without_demand_or_service_is_refused():
    idle = LifelineNetwork("water", pl.DataFrame({"id": ["a"], "supply": [1.0]}), line().edges.clear())
    with pytest.raises(BadParameter, match="No layer has a demand"):
        ServiceLoss(idle)
    dry = LifelineNetwork("water", pl.DataFrame({"id": ["a"], "demand": [1.0]}), line().edges.clear())
    with pytest.raises(BadParameter, match="nothing is served by water"):
        ServiceLoss(dry)
