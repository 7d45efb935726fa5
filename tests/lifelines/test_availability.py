"""Availability of sites: closed forms, enumeration, and what doubling gives."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter
from workbench.lifelines import LifelineNetwork, _strata
from workbench.lifelines.availability import availability_model
from workbench.lifelines.doubling import YEAR_MIN, double_for, doubled
from workbench.lifelines.solvers.connectivity import Connectivity
from workbench.simulation import Streams

STREAMS = Streams(7)


def network(edges: list[tuple[str, str]], sites: dict[str, float], source: str = "s") -> LifelineNetwork:
    names = sorted({end for edge in edges for end in edge} | set(sites) | {source})
    nodes = pl.DataFrame(
        {
            "id": names,
            "kind": ["source" if one == source else None for one in names],
            "demand": [1.0 if one in sites else 0.0 for one in names],
            "people": [sites.get(one, 0.0) for one in names],
        }
    )
    rows = {
        "id": [f"e{i}" for i in range(len(edges))],
        "u": [u for u, _ in edges],
        "v": [v for _, v in edges],
    }
    return LifelineNetwork("telecom", nodes, pl.DataFrame(rows))


def edge_shares(made: LifelineNetwork, share: float) -> np.ndarray:
    return np.concatenate([np.zeros(made.n), np.full(made.m, share)])


BRIDGE = network([("s", "a"), ("s", "b"), ("a", "b"), ("a", "t"), ("b", "t")], {"t": 10.0})


class TestClosedForms:
    @pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
    def test_the_bridge_network_has_its_polynomial(self, p):
        """Two-terminal reliability 2p^2 + 2p^3 - 5p^4 + 2p^5 (Barlow and Proschan 1975, chapter 2)."""
        found = availability_model(BRIDGE, edge_shares(BRIDGE, 1 - p), streams=STREAMS).availability()
        expected = 2 * p**2 + 2 * p**3 - 5 * p**4 + 2 * p**5
        assert found["availability"][0] == pytest.approx(expected, abs=1e-9)  # what is left out is rarer
        assert found["low"][0] <= expected <= found["high"][0] + 1e-9

    def test_a_chain_is_the_product_and_twins_are_parallel(self):
        chain = network([("s", "a"), ("a", "t")], {"t": 1.0})
        twin = network([("s", "t"), ("s", "t")], {"t": 1.0})
        one, two = (
            availability_model(made, edge_shares(made, 0.02), streams=STREAMS).unavailable()[0]
            for made in (chain, twin)
        )
        assert one == pytest.approx(1 - 0.98**2, abs=1e-15)
        assert two == pytest.approx(0.02**2, abs=1e-15)

    def test_a_site_is_down_with_its_own_node(self):
        made = network([("s", "t")], {"t": 1.0})
        u = np.where(np.arange(made.size) == made.asset("t"), 0.01, 0.0)
        assert availability_model(made, u, streams=STREAMS).unavailable()[0] == pytest.approx(0.01)

    def test_doubling_follows_the_beta_factor_model(self):
        assert doubled(np.array([0.01]), 0.1)[0] == pytest.approx(0.001 + 0.009**2)
        assert doubled(np.array([0.01]), 0.0)[0] == pytest.approx(0.0001)
        assert doubled(np.array([0.01]), 1.0)[0] == pytest.approx(0.01)


def brute(made: LifelineNetwork, u: np.ndarray) -> np.ndarray:
    """Unavailability of each site over all states."""
    weak = np.flatnonzero(u > 0)
    sites, solver = np.flatnonzero(made.arrays.demand > 0), Connectivity(made)
    total = np.zeros(len(sites))
    for states in product((True, False), repeat=len(weak)):
        up = made.intact.copy()
        up[weak] = states
        chance = np.prod(np.where(states, 1 - u[weak], u[weak]))
        total += chance * (solver.served(up)[sites] == 0)
    return total


@st.composite
def small(draw: st.DrawFn) -> tuple[LifelineNetwork, np.ndarray]:
    names = ["s", "a", "b", "c"]
    pairs = [(u, v) for i, u in enumerate(names) for v in names[i + 1 :]]
    edges = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=6))
    made = network(edges, {"a": 1.0, "c": 3.0})
    u = draw(st.lists(st.floats(0, 0.4), min_size=made.size, max_size=made.size))
    return made, np.array(u)


class TestStates:
    @given(small())
    @settings(max_examples=40, deadline=None)
    def test_all_states_give_what_enumeration_gives(self, case):
        made, u = case
        assert availability_model(made, u, streams=STREAMS).unavailable() == pytest.approx(
            brute(made, u), abs=1e-9
        )

    @given(small())
    @settings(max_examples=25, deadline=None)
    def test_other_weights_are_other_unavailabilities(self, case):
        made, u = case
        model = availability_model(made, u, streams=STREAMS)
        less = u * 0.5
        assert model.unavailable(less) == pytest.approx(brute(made, less), abs=1e-9)

    @given(small())
    @settings(max_examples=25, deadline=None)
    def test_changing_one_asset_is_told_from_the_same_states(self, case):
        made, u = case
        model = availability_model(made, u, streams=STREAMS)
        twice, weak = doubled(u, 0.1), np.flatnonzero(u > 0)
        found = model.with_each(twice, weak, u)
        for row, asset in enumerate(weak):
            changed = u.copy()
            changed[asset] = twice[asset]
            assert found[row] == pytest.approx(brute(made, changed), abs=1e-9)

    def test_sampled_states_agree_with_all_of_them_within_the_interval(self, monkeypatch):
        rng = np.random.default_rng(3)
        edges = [(f"n{i}", f"n{i + 1}") for i in range(9)] + [
            ("n0", "n5"),
            ("n3", "n9"),
            ("s", "n0"),
            ("s", "n4"),
        ]
        made = network(edges, {f"n{i}": 1.0 for i in range(10)})
        u = rng.uniform(0, 0.1, made.size)
        exact = availability_model(made, u, streams=STREAMS).availability().sort("id")
        monkeypatch.setattr(_strata, "STATES", 30)
        inside = []
        for seed in range(20):
            drawn = availability_model(made, u, streams=Streams(seed), samples=500).availability().sort("id")
            inside.append(
                ((drawn["low"] <= exact["availability"]) & (exact["availability"] <= drawn["high"])).mean()
            )
        assert np.mean(inside) >= 0.9

    def test_the_same_seed_gives_the_same_states(self):
        one, two = (
            availability_model(BRIDGE, edge_shares(BRIDGE, 0.1), streams=Streams(1)).unavailable()
            for _ in range(2)
        )
        assert (one == two).all()


class TestDoubling:
    TREE = network([("s", "a"), ("a", "b"), ("a", "c")], {"b": 100.0, "c": 10.0})

    def test_the_shared_link_is_doubled_first(self):
        model = availability_model(self.TREE, edge_shares(self.TREE, 0.01), streams=STREAMS)
        found = double_for(model, 0.9995, common_cause=0.0)
        assert self.TREE.asset_ids[found.chosen[0]] == "e0"
        assert len(found.chosen) == 3
        assert found.reached
        assert found.worst[-1] == pytest.approx((1 - 0.0001) ** 2, abs=1e-12)
        assert found.people[0] == pytest.approx((1 - 0.99**2) * YEAR_MIN)

    def test_a_dear_link_waits(self):
        model = availability_model(self.TREE, edge_shares(self.TREE, 0.01), streams=STREAMS)
        costs = np.ones(self.TREE.size)
        costs[self.TREE.asset("e0")] = 100.0
        found = double_for(model, 0.9995, common_cause=0.0, costs=costs, budget=50)
        assert [self.TREE.asset_ids[one] for one in found.chosen] == ["e1", "e2"]
        assert not found.reached

    def test_more_money_never_makes_it_worse(self):
        model = availability_model(self.TREE, edge_shares(self.TREE, 0.02), streams=STREAMS)
        worst = [double_for(model, 0.9999, budget=budget).worst[-1] for budget in range(4)]
        assert worst == sorted(worst)

    def test_a_promise_kept_already_needs_nothing(self):
        model = availability_model(self.TREE, edge_shares(self.TREE, 0.001), streams=STREAMS)
        found = double_for(model, 0.99)
        assert found.chosen == ()
        assert found.reached


class TestRefusals:
    @pytest.mark.parametrize(
        ("u", "said"),
        [
            (np.zeros(3), "one share for each of the 9"),
            (np.full(9, 1.0), "not a share"),
            (np.full(9, -0.1), "not a share"),
            (np.full(9, np.nan), "not a share"),
        ],
    )
    def test_shares_that_are_none(self, u, said):
        with pytest.raises(BadParameter, match=said):
            availability_model(BRIDGE, u, streams=STREAMS)

    def test_no_site(self):
        made = network([("s", "a")], {})
        with pytest.raises(BadParameter, match="no site"):
            availability_model(made, np.zeros(made.size), streams=STREAMS)

    @pytest.mark.parametrize("promise", [0.0, 1.0, -1.0, 99.9])
    def test_a_promise_that_is_no_share(self, promise):
        model = availability_model(BRIDGE, edge_shares(BRIDGE, 0.1), streams=STREAMS)
        with pytest.raises(BadParameter, match="above 0 and below 1"):
            double_for(model, promise)

    def test_costs_of_nothing(self):
        model = availability_model(BRIDGE, edge_shares(BRIDGE, 0.1), streams=STREAMS)
        with pytest.raises(BadParameter, match="above 0"):
            double_for(model, 0.99, costs=np.zeros(9))

    def test_common_cause_beyond_one(self):
        with pytest.raises(BadParameter, match="common_cause"):
            doubled(np.array([0.1]), 1.5)
