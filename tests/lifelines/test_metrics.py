"""Measures of loss against published values, closed forms and NetworkX."""

from __future__ import annotations

import math

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import LifelineNetwork
from workbench.lifelines.metrics import (
    connectivity_by_node,
    connectivity_loss,
    cvar,
    efficiency_loss,
    expected_unserved,
    resilience_loss,
)

# OpenQuake, qa_tests_data/infrastructure_risk/demand_supply: seven nodes, seven edges; the means over its two
# events, and of each event {D} and {C, L5}.
ROLES = {"A": "demand", "B": "", "C": "source", "D": "source", "E": "demand", "F": "source", "G": "demand"}
LINKS = {"L1": "DE", "L2": "FG", "L3": "AB", "L4": "BC", "L5": "EF", "L6": "CD", "L7": "CE"}
PUBLISHED = {
    "complete": (0.0, 1 / 3, 1 / 6),
    "partial": (1 / 3, 7 / 9, 0.555556),
    "weighted": (0.520228, 0.8962963, 0.708262),
    "efficiency": (0.296496, 0.7574124, 0.526954),
}


@pytest.fixture
def seven():
    nodes = pl.DataFrame(
        {
            "id": list(ROLES),
            "supply": [1.0 if role == "source" else 0.0 for role in ROLES.values()],
            "demand": [1.0 if role == "demand" else 0.0 for role in ROLES.values()],
        }
    )
    ends = [(name, one[0], one[1]) for name, one in LINKS.items()]
    return LifelineNetwork("water", nodes, pl.DataFrame(ends, schema=["id", "u", "v"], orient="row"))


@pytest.mark.parametrize("kind", PUBLISHED)
def test_losses_are_those_that_openquake_asserts(seven, kind):
    up = np.stack([seven.without("D"), seven.without("C", "L5")])
    found = efficiency_loss(seven, up) if kind == "efficiency" else connectivity_loss(seven, up, kind=kind)
    assert found == pytest.approx(PUBLISHED[kind][:2], abs=1e-6)
    assert found.mean() == pytest.approx(PUBLISHED[kind][2], abs=1e-6)


def test_each_node_has_its_own_loss(seven):
    found = connectivity_by_node(seven, seven.without("C", "L5"))
    assert found["id"].to_list() == ["A", "E", "G"]
    assert found["complete"].to_list() == [1, 0, 0]
    assert found["partial"].to_list() == pytest.approx([1, 2 / 3, 2 / 3])
    assert connectivity_by_node(seven, seven.without("A"))["weighted"].to_list()[0] == 1


def test_nothing_is_lost_intact_and_all_without_nodes(seven):
    for kind in ("complete", "partial", "weighted"):
        assert connectivity_loss(seven, seven.intact, kind=kind) == 0
        assert connectivity_loss(seven, np.zeros(seven.size, bool), kind=kind) == 1
    assert efficiency_loss(seven, seven.intact) == 0
    assert efficiency_loss(seven, np.zeros(seven.size, bool)) == 1


def test_lengths_count_where_they_are_asked_for():
    # Two ways of 1 and 4 km side by side: without the short one the inverse of the distance falls to 1/4.
    nodes = pl.DataFrame({"id": ["s", "d"], "supply": [9.0, 0], "demand": [0.0, 1]})
    edges = pl.DataFrame({"id": ["a", "b"], "u": ["s", "s"], "v": ["d", "d"], "length_m": [4000.0, 1000]})
    network = LifelineNetwork("water", nodes, edges)
    long = network.without("b")
    assert connectivity_loss(network, long, kind="weighted") == 0
    assert connectivity_loss(network, long, kind="weighted", distance="length_m") == pytest.approx(0.75)
    assert connectivity_loss(network, network.without("a"), kind="weighted", distance="length_m") == 0
    assert efficiency_loss(network, network.without("b"), distance="length_m") == pytest.approx(0.75)


def test_a_source_upstream_only_counts_along_the_direction():
    nodes = pl.DataFrame({"id": ["s", "d", "r"], "supply": [9.0, 0, 9], "demand": [0.0, 1, 0]})
    edges = pl.DataFrame({"id": ["a", "b"], "u": ["s", "d"], "v": ["d", "r"], "directed": [True, True]})
    network = LifelineNetwork("water", nodes, edges)
    assert connectivity_loss(network, network.without("b"), kind="partial") == 0
    assert connectivity_loss(network, network.without("a"), kind="partial") == 1


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_losses_are_those_of_networkx(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(3, 9)), int(rng.integers(3, 14))
    supply, demand = (rng.random(n) < 0.4).astype(float), (rng.random(n) < 0.7).astype(float)
    ends = np.array([rng.choice(n, 2, replace=False) for _ in range(m)])
    supply[ends[0]], demand[ends[0]] = [1, 0], [0, 1]
    names = np.array([f"n{i}" for i in range(n)])
    length = rng.uniform(1, 9, m)
    network = LifelineNetwork(
        "water",
        pl.DataFrame({"id": names, "supply": supply, "demand": demand}),
        pl.DataFrame(
            {
                "id": [f"e{j}" for j in range(m)],
                "u": names[ends[:, 0]],
                "v": names[ends[:, 1]],
                "length_m": length,
            }
        ),
    )
    up = rng.random(network.size) > 0.2
    before, after = (network.to_networkx(state) for state in (None, up))
    sources = [one for one in names if supply[int(one[1:])]]

    def told(graph, node):
        if node not in graph:
            return 0, 0.0
        far = nx.single_source_dijkstra_path_length(graph, node, weight="length_m")
        near = [1 / far[one] for one in sources if one in far]
        return len(near), sum(near)

    rows = []
    for node in names:
        i = int(node[1:])
        if not demand[i] or supply[i]:
            continue
        count, weight = told(before, node)
        left, more = told(after, node)
        if count:
            rows.append((float(left == 0), 1 - left / count, 1 - left * more / (count * weight)))
    expected = np.mean(rows, axis=0)
    kinds = ("complete", "partial", "weighted")
    found = [connectivity_loss(network, up, kind=kind, distance="length_m") for kind in kinds]
    assert found == pytest.approx(expected.tolist())
    efficiency = [
        nx.global_efficiency(nx.Graph(graph)) * len(graph) * (len(graph) - 1) for graph in (before, after)
    ]
    assert efficiency_loss(network, up) == pytest.approx(1 - efficiency[1] / efficiency[0])


def test_the_resilience_triangle_is_a_triangle_or_steps():
    days, share = [0, 10], [0.4, 1.0]
    assert resilience_loss(days, share, shape="lines") == pytest.approx(0.6 * 10 / 2)
    assert resilience_loss(days, share) == pytest.approx(0.6 * 10)
    assert resilience_loss([0, 2, 5], [0.5, 0.8, 1]) == pytest.approx(2 * 0.5 + 3 * 0.2)
    assert resilience_loss([0, 2], [0.5, 0.8], end=5) == pytest.approx(2 * 0.5 + 3 * 0.2)
    assert resilience_loss([3], [0.25]) == 0
    assert resilience_loss([1, 1, 2], [1, 0.5, 1]) == pytest.approx(0.5)


def test_expected_unserved_demand_has_an_interval_where_it_is_a_sample():
    found = expected_unserved([2.0, 4, 9])
    assert found.value == 5
    half = 4.302652729911275 * math.sqrt(13) / math.sqrt(3)  # Student's t for 2 degrees of freedom, 97.5 %
    assert (found.low, found.high) == (
        max(0.0, pytest.approx(5 - half)) if half < 5 else 0.0,
        pytest.approx(5 + half),
    )
    narrow = expected_unserved([4.0, 5, 6], level=0.5)
    assert narrow.low == pytest.approx(5 - 0.816496580927726 / math.sqrt(3))
    exact = expected_unserved([10.0, 40], probability=[0.1, 0.05])
    assert (exact.value, exact.low, exact.high) == pytest.approx((3, 3, 3))
    alone = expected_unserved([7.0])
    assert alone.value == 7
    assert math.isnan(alone.low)
    assert math.isnan(alone.high)


def test_the_tail_is_the_mean_of_the_worst():
    losses = np.arange(1.0, 101)
    assert cvar(losses, 0.95) == pytest.approx(98)
    assert cvar(losses, 0.0) == pytest.approx(50.5)
    assert cvar(losses, 0.999) == pytest.approx(100)
    assert cvar([0.0, 10], 0.25) == pytest.approx(
        (0.5 * 10) / 0.75
    )  # the edge counts with what lies in the tail
    assert cvar([100.0, 20], 0.9, probability=[0.04, 0.02]) == pytest.approx((0.04 * 100 + 0.02 * 20) / 0.1)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.98))
def test_the_tail_is_the_least_of_rockafellar_and_uryasev(seed, level):
    losses = np.random.default_rng(seed).gamma(1.0, 5.0, 40)
    least = minimize_scalar(
        lambda eta: eta + np.maximum(losses - eta, 0).mean() / (1 - level),
        bounds=(0, losses.max()),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert cvar(losses, level) == pytest.approx(least.fun, rel=1e-5)


def test_bad_input_is_refused_in_a_sentence(seven):
    with pytest.raises(UnknownName, match="Nearest: partial"):
        connectivity_loss(seven, seven.intact, kind="partly")
    with pytest.raises(UnknownName, match="Known: edges, length_m"):
        efficiency_loss(seven, seven.intact, distance="km")
    with pytest.raises(BadParameter, match="'L1', 'L2', 'L3', 'L4', 'L5' have no length"):
        connectivity_loss(seven, seven.intact, distance="length_m")
    with pytest.raises(BadParameter, match="Booleans"):
        connectivity_loss(seven, np.ones(3, bool))
    dry = seven.with_columns(nodes=[pl.lit(0.0).alias("supply"), pl.lit("junction").alias("kind")])
    with pytest.raises(BadParameter, match="no connectivity to lose"):
        connectivity_loss(dry, dry.intact)
    apart = LifelineNetwork("water", seven.nodes, seven.edges.clear())
    with pytest.raises(BadParameter, match="no efficiency to lose"):
        efficiency_loss(apart, apart.intact)
    for times, share, said in (
        ([0, 1], [1], "2 times and 1 shares"),
        ([1, 0], [1, 1], "0 comes after a later one"),
        ([0], [1.2], "from 0 to 1, not 1.2"),
        ([0], [math.nan], "holds nan at 0"),
        ([], [], "at least one"),
        (["x"], [1], "must be numbers"),
    ):
        with pytest.raises(BadParameter, match=said):
            resilience_loss(times, share)
    with pytest.raises(BadParameter, match="`end` must be at least 5"):
        resilience_loss([0, 5], [0, 1], end=4)
    with pytest.raises(UnknownName, match="Nearest: lines"):
        resilience_loss([0, 5], [0, 1], shape="line")
    for arguments, said in (
        (([-1.0],), "cannot be negative"),
        (([1.0], [0.5, 0.5]), "2 probabilities for 1 events"),
        (([1.0, 2], [0.9, 0.5]), "not to 1.4"),
        (([1.0, 2], [-0.1, 0.5]), "0 or more"),
    ):
        with pytest.raises(BadParameter, match=said):
            expected_unserved(arguments[0], probability=arguments[1] if len(arguments) > 1 else None)
    for level in (1.0, -0.1, math.nan):
        with pytest.raises(BadParameter, match="`level` must be"):
            cvar([1.0], level)
