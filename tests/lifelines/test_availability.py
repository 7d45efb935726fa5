"""Availability of sites: closed forms, enumeration of all states, other weights for the same states."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import _strata
from workbench.lifelines.availability import availability_model
from workbench.lifelines.solvers.connectivity import Connectivity
from workbench.simulation import Streams

STREAMS = Streams(7)
WEAK = 9
"""Assets that fail in enumerations: 512 states."""


def edge_shares(made, share):
    return np.concatenate([np.zeros(made.n), np.full(made.m, share)])


def unavailable(made, u):
    return availability_model(made, u, streams=STREAMS).unavailable()


def brute(made, u):
    """Unavailability of each site over all states."""
    weak = np.flatnonzero((u > 0) & made.intact)
    sites, solver = np.flatnonzero(made.arrays.demand > 0), Connectivity(made)
    states = np.array(list(product((True, False), repeat=len(weak))), bool).reshape(2 ** len(weak), len(weak))
    up = np.tile(made.intact, (len(states), 1))
    up[:, weak] = states
    chance = np.prod(np.where(states, 1 - u[weak], u[weak]), axis=1)
    return chance @ ~solver.served_many(up)[:, sites]


@pytest.fixture(scope="module")
def bridge(build):
    """Two ways from 0 to 3 with a bridge between them; the site is 3."""
    return build([(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)], demand=[0, 0, 0, 1])


class TestClosedForms:
    @pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
    def test_the_bridge_network_has_its_polynomial(self, bridge, p):
        """Two-terminal reliability 2p^2 + 2p^3 - 5p^4 + 2p^5 (Barlow and Proschan 1975, chapter 2)."""
        found = availability_model(bridge, edge_shares(bridge, 1 - p), streams=STREAMS).availability()
        expected = 2 * p**2 + 2 * p**3 - 5 * p**4 + 2 * p**5
        assert found["availability"][0] == pytest.approx(expected, abs=1e-9)
        assert found["low"][0] <= expected <= found["high"][0] + 1e-9

    def test_a_chain_is_the_product_and_twins_are_parallel(self, build):
        chain = build([(0, 1), (1, 2)], demand=[0, 0, 1])
        twin = build([(0, 1), (0, 1)], demand=[0, 1])
        assert unavailable(chain, edge_shares(chain, 0.02))[0] == pytest.approx(1 - 0.98**2, abs=1e-15)
        assert unavailable(twin, edge_shares(twin, 0.02))[0] == pytest.approx(0.02**2, abs=1e-15)

    @pytest.mark.parametrize("k", range(1, 7))
    def test_a_ring_is_cut_by_one_failure_on_either_side(self, build, k):
        """Site k of a ring of 7 edges: both of its ways fail."""
        ring = build([(i, (i + 1) % 7) for i in range(7)], demand=[i == k for i in range(7)])
        p = 0.97
        assert unavailable(ring, edge_shares(ring, 1 - p))[0] == pytest.approx(
            (1 - p**k) * (1 - p ** (7 - k))
        )

    def test_a_site_is_down_with_its_own_node(self, build):
        made = build([(0, 1)], demand=[0, 1])
        u = np.where(np.arange(made.size) == 1, 0.01, 0.0)
        assert unavailable(made, u)[0] == pytest.approx(0.01)

    def test_two_sources_stand_in_for_each_other(self, build):
        made = build([(0, 1), (1, 2)], sources=(0, 2), demand=[0, 1, 0])
        u = np.full(made.size, 0.1)
        u[1] = 0
        assert unavailable(made, u)[0] == pytest.approx((1 - 0.9**2) ** 2)

    def test_a_site_without_any_path_is_never_served(self, build):
        made = build([(0, 1)], n=3, demand=[0, 1, 1])
        model = availability_model(made, edge_shares(made, 0.1), streams=STREAMS)
        assert model.unavailable() == pytest.approx([0.1, 1.0])
        assert model.never.tolist() == [False, True]

    def test_a_long_ring_is_exact_where_every_pair_is_tried(self, build):
        """A ring of 60 edges: pairs in full, the rest sampled; the site in the middle."""
        ring = build([(i, (i + 1) % 60) for i in range(60)], demand=[i == 30 for i in range(60)])
        model = availability_model(ring, edge_shares(ring, 1e-4), streams=STREAMS)
        assert model.unavailable()[0] == pytest.approx((1 - 0.9999**30) ** 2, rel=1e-3)


@st.composite
def cases(draw, some):
    made = draw(some())
    assume((made.arrays.demand > 0).any())
    weak = draw(st.permutations(range(made.size)))[:WEAK]
    u = np.zeros(made.size)
    u[weak] = draw(st.lists(st.floats(0.001, 0.4), min_size=len(weak), max_size=len(weak)))
    return made, np.where(made.intact, u, 0.0)


class TestStates:
    @given(st.data())
    @settings(max_examples=120, deadline=None)
    def test_blocks_give_what_enumeration_gives(self, some, data):
        """Several sources, directions, parallel edges, closed edges, assets out of service."""
        made, u = data.draw(cases(some))
        assert unavailable(made, u) == pytest.approx(brute(made, u), abs=1e-9)

    @given(st.data())
    @settings(max_examples=40, deadline=None)
    def test_other_weights_are_other_unavailabilities(self, some, data):
        made, u = data.draw(cases(some))
        model = availability_model(made, u, streams=STREAMS)
        rows = np.stack([u * 0.5, u, u * 0.0, np.minimum(u * 2, 0.9)])
        assert model.unavailable_many(rows) == pytest.approx(
            np.stack([brute(made, row) for row in rows]), abs=1e-9
        )

    @given(st.data())
    @settings(max_examples=40, deadline=None)
    def test_changing_one_asset_is_told_from_the_same_states(self, some, data):
        made, u = data.draw(cases(some))
        model = availability_model(made, u, streams=STREAMS)
        found = model.changes(u * 0.3, u * 0.8).toarray()
        before = brute(made, u * 0.8)
        for asset in np.flatnonzero(u > 0):
            changed = u * 0.8
            changed[asset] = u[asset] * 0.3
            assert before + found[asset] == pytest.approx(brute(made, changed), abs=1e-9)
        assert np.abs(found[u == 0]).max(initial=0.0) == 0

    @given(st.data())
    @settings(max_examples=25, deadline=None)
    def test_what_a_site_cannot_do_without_makes_up_its_availability(self, some, data):
        made, u = data.draw(cases(some))
        model = availability_model(made, u, streams=STREAMS)
        for at in np.flatnonzero(~model.never):
            weak = model.weak_points(made.asset_ids[model.sites[at]])
            product_ = np.prod(1 - weak["own"].to_numpy() - weak["ways"].to_numpy())
            assert product_ == pytest.approx(1 - model.unavailable()[at], abs=1e-9)

    @staticmethod
    def ladder(build):
        edges = [(i, i + 1) for i in range(9)] + [(0, 5), (3, 9), (10, 0), (10, 4)]
        made = build(edges, sources=(10,), demand=[1] * 10 + [0])
        return made, np.random.default_rng(3).uniform(0, 0.1, made.size)

    def test_sampled_states_agree_with_all_of_them_within_the_interval(self, build, monkeypatch):
        made, u = self.ladder(build)
        exact = availability_model(made, u, streams=STREAMS).availability().sort("id")
        monkeypatch.setattr(_strata, "STATES", 30)
        inside, wide = [], []
        for seed in range(20):
            drawn = availability_model(made, u, streams=Streams(seed), samples=500).availability().sort("id")
            truth = exact["availability"]
            inside.append(((drawn["low"] <= truth) & (truth <= drawn["high"])).mean())
            wide.append((drawn["high"] - drawn["low"]).max())
        assert np.mean(inside) >= 0.93
        assert max(wide) < 0.02

    def test_states_weighed_anew_spread_as_sampling_does(self, build, monkeypatch):
        made, u = self.ladder(build)
        monkeypatch.setattr(_strata, "STATES", 30)
        models = [availability_model(made, u, streams=Streams(seed), samples=500) for seed in range(40)]
        between = np.std([one.unavailable() for one in models], axis=0)
        again = models[0].unavailable_many(np.tile(u, (400, 1)), resample=Streams(1))
        assert again.mean(axis=0) == pytest.approx(models[0].unavailable(), rel=0.02)
        moving = between > 1e-6
        assert moving.any()
        assert np.median(again.std(axis=0)[moving] / between[moving]) == pytest.approx(1.0, abs=0.4)

    def test_rare_states_are_drawn_where_assets_are_alike_and_where_one_fails_often(self, build):
        """Drawing whole states and asset by asset: both give the chance of each set."""
        from workbench.lifelines._failures import counts_of, draw

        for u in (np.array([0.1, 0.2, 0.3, 0.05]), np.array([0.999999, 0.2, 0.3, 0.05])):
            found = draw(counts_of(u), u, 2, 40_000, np.random.default_rng(1))
            assert (np.diff(found, axis=1) > 0).all()
            pairs, counts = np.unique(found, axis=0, return_counts=True)
            odds = u / (1 - u)
            weight = odds[pairs].prod(axis=1)
            every = sum(odds[i] * odds[j] for i in range(4) for j in range(i))
            assert counts / 40_000 == pytest.approx(weight / every, abs=0.01)

    def test_the_same_seed_gives_the_same_states(self, build, monkeypatch):
        made, u = self.ladder(build)
        monkeypatch.setattr(_strata, "STATES", 30)
        one, two, other = (
            availability_model(made, u, streams=Streams(seed), samples=200).unavailable()
            for seed in (1, 1, 2)
        )
        assert (one == two).all()
        assert (one != other).any()


class TestRefusals:
    @pytest.mark.parametrize(
        ("u", "said"),
        [
            (np.zeros(3), "one share for each of the 9"),
            (np.full(9, 1.0), "not a share"),
            (np.full(9, -0.1), "not a share"),
            (np.full(9, np.nan), "not a share"),
            (np.full((2, 9), 0.1), "one share for each of the 9"),
        ],
    )
    def test_shares_that_are_none(self, bridge, u, said):
        with pytest.raises(BadParameter, match=said):
            availability_model(bridge, u, streams=STREAMS)

    def test_no_site(self, build):
        made = build([(0, 1)], demand=[0, 0])
        with pytest.raises(BadParameter, match="no site"):
            availability_model(made, np.zeros(made.size), streams=STREAMS)

    def test_too_few_samples(self, bridge):
        with pytest.raises(BadParameter, match="100 or more"):
            availability_model(bridge, edge_shares(bridge, 0.1), streams=STREAMS, samples=10)

    def test_an_asset_that_never_failed_when_states_were_drawn(self, bridge):
        model = availability_model(bridge, edge_shares(bridge, 0.1), streams=STREAMS)
        with pytest.raises(BadParameter, match="'n1' never fails in this model"):
            model.unavailable(np.where(np.arange(9) == 1, 0.1, 0.0))

    def test_rows_where_one_is_asked_and_a_site_that_is_none(self, bridge):
        model = availability_model(bridge, edge_shares(bridge, 0.1), streams=STREAMS)
        with pytest.raises(BadParameter, match="rows of unavailabilities"):
            model.unavailable_many(np.zeros(9))
        with pytest.raises(UnknownName, match="site"):
            model.weak_points("n1")
