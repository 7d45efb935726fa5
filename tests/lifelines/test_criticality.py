"""Single failures against failing each asset in turn; several at random against all sets there are."""

import itertools

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines.criticality import betweenness, n_minus_1, n_minus_k
from workbench.lifelines.service import service
from workbench.lifelines.solvers.connectivity import Connectivity
from workbench.lifelines.solvers.flow import Flow
from workbench.simulation import Streams


def one_by_one(network, solver):
    """Losses and people by asset, each asset failed in turn."""
    a, intact = network.arrays, solver.served(network.intact)
    found = {}
    for asset in np.flatnonzero(network.intact).tolist():
        up = network.intact.copy()
        up[asset] = False
        gone = intact - solver.served(up)
        part = np.divide(gone, intact, out=np.zeros(network.n), where=intact > 0).clip(0, 1)
        found[asset] = gone.sum(), (part * a.people).sum()
    return found


class Tried:
    """A solver that is not told apart from any other one, and counts what it is asked."""

    name = "mine"

    def __init__(self, network):
        self.inner, self.asked = Connectivity(network, engine="reference"), 0

    def served(self, up):
        self.asked += 1
        return self.inner.served(up)

    def totals(self, up):
        self.asked += len(up)
        return self.inner.totals(up)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_pass_equals_failing_each_asset(some, data):
    network = data.draw(some())
    expected = one_by_one(network, Connectivity(network, engine="reference"))
    whole = Connectivity(network).served(network.intact).sum()
    for solver in ("connectivity", Connectivity(network, engine="reference"), Tried(network)):
        found = n_minus_1(network, solver=solver)
        assert {row[0]: (row[3], row[5]) for row in found.iter_rows()} == expected
        assert found["lost"].is_sorted(descending=True)
        assert found["lost_share"].to_list() == pytest.approx((found["lost"] / max(whole, 1)).to_list())
        assert network.arrays.demand.sum() >= found["lost"].max() >= found["lost"].min() >= 0


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_assets_without_flow_need_not_be_tried(some, data):
    network = data.draw(some(most_nodes=6, most_edges=9))
    solver = Flow(network)
    expected = one_by_one(network, solver)
    found = n_minus_1(network, solver=solver)
    lost = dict(zip(found["asset"], found["lost"], strict=True))
    assert lost == pytest.approx({asset: one[0] for asset, one in expected.items()}, abs=1e-6)


def test_flow_is_solved_only_where_something_flows(build, monkeypatch):
    network = build(
        [(0, 1), (0, 1), (1, 2), (0, 3), (3, 4)], demand=[0, 4, 1, 0, 0], capacity=[3, 3, 9, 9, 9]
    )
    asked, served = [], Flow.served
    monkeypatch.setattr(Flow, "served", lambda self, up: asked.append(up) or served(self, up))
    found = n_minus_1(network, solver="flow")
    assert len(asked) == 1 + 6  # intact; nodes 0 to 2, edges 0 to 2: nothing flows by nodes 3 and 4
    lost = dict(zip(found["id"], found["lost"], strict=True))
    assert lost == pytest.approx(
        {"n0": 5, "n1": 5, "n2": 1, "n3": 0, "n4": 0, "e0": 2, "e1": 2, "e2": 1, "e3": 0, "e4": 0}
    )
    assert found["lost_share"].max() == 1.0


def test_the_columns_and_the_order(build):
    network = build([(0, 1), (1, 2), (0, 3)], demand=[0, 1, 2, 2], people=[5, 10, 20, 40], down=("e2",))
    found = n_minus_1(network)
    assert found.schema == {
        "asset": pl.Int32,
        "part": pl.String,
        "id": pl.String,
        "lost": pl.Float64,
        "lost_share": pl.Float64,
        "people_lost": pl.Float64,
    }
    assert found.rows() == [
        (0, "node", "n0", 3.0, 1.0, 30.0),
        (1, "node", "n1", 3.0, 1.0, 30.0),
        (4, "edge", "e0", 3.0, 1.0, 30.0),
        (2, "node", "n2", 2.0, 2 / 3, 20.0),
        (5, "edge", "e1", 2.0, 2 / 3, 20.0),
        (3, "node", "n3", 0.0, 0.0, 0.0),
    ]


@pytest.mark.parametrize("kind", [Connectivity, lambda network: Flow(network, fair=True)])
def test_losses_are_those_that_service_tells(build, kind):
    rng = np.random.default_rng(2)
    ends = rng.integers(0, 20, (32, 2))
    network = build(
        ends[ends[:, 0] != ends[:, 1]],
        n=20,
        demand=rng.uniform(0, 9, 20),
        people=rng.integers(0, 99, 20),
        capacity=rng.uniform(5, 60, (ends[:, 0] != ends[:, 1]).sum()),
    )
    solver = kind(network)
    for row in n_minus_1(network, solver=solver).head(12).iter_rows(named=True):
        found = service(network, network.without(row["id"]), solver=solver)
        assert row["lost_share"] == pytest.approx(1 - found.share)
        assert row["people_lost"] == pytest.approx(found.people_without)


def test_a_network_that_serves_nothing_loses_nothing(build):
    found = n_minus_1(build([(0, 1)], sources=()))
    assert found["lost_share"].to_list() == [0.0, 0.0, 0.0]
    with pytest.raises(UnknownName, match="solver"):
        n_minus_1(build([(0, 1)]), solver="floww")
    with pytest.raises(BadParameter, match="another network"):
        n_minus_1(build([(0, 1)]), solver=Connectivity(build([(0, 1)])))


def all_sets(network, k):
    """Loss of every set of k assets."""
    solver = Connectivity(network, engine="reference")
    whole = solver.served(network.intact).sum()
    found = {}
    for down in itertools.combinations(np.flatnonzero(network.intact).tolist(), k):
        up = network.intact.copy()
        up[list(down)] = False
        found[down] = whole - solver.served(up).sum()
    return found


def test_few_sets_are_all_taken(build):
    network = build([(0, 1), (1, 2), (2, 0), (2, 3)], demand=[1, 2, 3, 4])
    found, sets = n_minus_k(network, 2, samples=1000, streams=Streams(1)), all_sets(network, 2)
    assert found.exact
    assert (found.samples, found.intact) == (28, 10.0)
    assert found.low == found.mean == found.high == pytest.approx(np.mean(list(sets.values())))
    by_id = {one["id"]: one for one in found.importance.iter_rows(named=True)}
    for asset, name in enumerate(network.asset_ids):
        mine = [lost for down, lost in sets.items() if asset in down]
        assert by_id[name]["mean_lost"] == pytest.approx(np.mean(mine))
        assert by_id[name]["times"] == len(mine) == 7
        assert by_id[name]["low"] == by_id[name]["high"] == by_id[name]["mean_lost"]
        assert by_id[name]["excess"] == pytest.approx(np.mean(mine) - found.mean)
    assert found.importance["mean_lost"].is_sorted(descending=True)


def test_the_intervals_hold_the_true_means_about_as_often_as_they_say(build):
    network = build([(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 1)], demand=[1, 2, 3, 4, 5, 6])
    sets = all_sets(network, 3)
    truth, source = np.mean(list(sets.values())), [lost for down, lost in sets.items() if 0 in down]
    hits, hits_source = 0, 0
    for seed in range(200):
        found = n_minus_k(network, 3, samples=150, streams=Streams(seed))
        assert not found.exact
        hits += found.low <= truth <= found.high
        node = found.importance.filter(pl.col("id") == "n4").row(0, named=True)
        mine = np.mean([lost for down, lost in sets.items() if 4 in down])
        hits_source += node["low"] <= mine <= node["high"]
    assert len(source) == 66
    assert 180 <= hits <= 199  # 190 expected, sd 3.1
    assert 178 <= hits_source <= 199


@pytest.mark.parametrize("k", [2, 6])
def test_every_set_is_drawn_equally_often(build, k):
    """Few of many are drawn again where one comes twice, many of few by the lowest of random numbers."""
    network = build([], n=8, sources=range(8), demand=2.0 ** np.arange(8))
    found = n_minus_k(network, k, samples=20, streams=Streams(3))
    assert not found.exact
    lost = np.concatenate(
        [n_minus_k(network, k, samples=27, streams=Streams(3, r)).losses for r in range(200)]
    )
    values, times = np.unique(lost, return_counts=True)  # the loss tells the set
    assert len(values) == 28
    assert {int(one).bit_count() for one in values} == {k}
    expected = len(lost) / 28
    assert ((times - expected) ** 2 / expected).sum() < 55.5  # 27 degrees of freedom, 0.1 %


def test_no_loss_among_the_samples_is_no_proof_of_none(build):
    """Rule of three: after 59 samples without, a loss may have a probability of 5 % (0.95^59 = 0.0485)."""
    ring = build([(i, (i + 1) % 60) for i in range(60)], sources=range(60), demand=[0] * 59 + [7])
    candidates = [f"e{i}" for i in range(60)]
    found = n_minus_k(ring, 2, samples=59, streams=Streams(1), candidates=candidates)
    assert (found.mean, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(7 * (1 - 0.05 ** (1 / 59)))
    assert found.importance.filter(pl.col("times") < 2)["high"].null_count() > 0


def test_the_draw_depends_on_the_seed_alone(build):
    network = build([(0, 1), (1, 2), (2, 0), (2, 3), (3, 4)])
    one, same, other = (n_minus_k(network, 3, samples=40, streams=Streams(s)) for s in (1, 1, 2))
    assert one.losses.tolist() == same.losses.tolist() != other.losses.tolist()


def test_bad_numbers_are_refused(build):
    network = build([(0, 1), (1, 2)], down=("e1",))
    for k in (0, -1, 5, 1.5, True):
        with pytest.raises(BadParameter, match="`k`"):
            n_minus_k(network, k, samples=10, streams=Streams(1))
    for samples in (0, 1, 2.5):
        with pytest.raises(BadParameter, match="`samples`"):
            n_minus_k(network, 1, samples=samples, streams=Streams(1))
    for confidence in (0, 1, float("nan")):
        with pytest.raises(BadParameter, match="`confidence`"):
            n_minus_k(network, 1, samples=9, streams=Streams(1), confidence=confidence)
    for wrong, said in ((["n0", "n0"], "more than once"), (["e1"], "out of service"), ("n0", "list of ids")):
        with pytest.raises(BadParameter, match=said):
            n_minus_k(network, 1, samples=9, streams=Streams(1), candidates=wrong)
    with pytest.raises(BadParameter, match="`streams`"):
        n_minus_k(network, 1, samples=9, streams=42)
    with pytest.raises(UnknownName, match="Nearest: n0"):
        n_minus_k(network, 1, samples=9, streams=Streams(1), candidates=["n00"])


def test_betweenness_of_a_path_and_of_parallel_edges(build):
    """On a path of n nodes, i (n - 1 - i) of the (n - 1)(n - 2) / 2 pairs of others pass node i."""
    path = betweenness(build([(i, i + 1) for i in range(6)]))
    value = dict(zip(path["id"], path["betweenness"], strict=True))
    for i in range(7):
        assert value[f"n{i}"] == pytest.approx(i * (6 - i) / 15)
    for j in range(6):
        assert value[f"e{j}"] == pytest.approx((j + 1) * (6 - j) / 21)
    pair = betweenness(build([(0, 1), (0, 1)]))
    assert dict(zip(pair["id"], pair["betweenness"], strict=True)) == {"n0": 0, "n1": 0, "e0": 0.5, "e1": 0.5}
    mixed = betweenness(build([(0, 1), (1, 2)], directed=[True, False]))
    assert dict(zip(mixed["id"], mixed["betweenness"], strict=True)) == pytest.approx(
        {"n0": 0, "n1": 1 / 2, "n2": 0, "e0": 2 / 6, "e1": 3 / 6}
    )


def test_betweenness_by_length_takes_the_short_way(build):
    square = build([(0, 1), (1, 2), (2, 3), (3, 0)])
    with pytest.raises(BadParameter, match="`length_m`"):
        betweenness(square, distance="length_m")
    with pytest.raises(UnknownName, match="distance"):
        betweenness(square, distance="length")
    long = square.with_columns(edges=[pl.Series("length_m", [1.0, 1.0, 1.0, 9.0])])
    value = betweenness(long, distance="length_m")
    assert value.filter(pl.col("id") == "e3")["betweenness"].item() == 0
    graph = nx.Graph([(0, 1, {"w": 1}), (1, 2, {"w": 1}), (2, 3, {"w": 1}), (3, 0, {"w": 9})])
    expected = nx.betweenness_centrality(graph, weight="w")
    found = dict(zip(value["id"], value["betweenness"], strict=True))
    assert [found[f"n{i}"] for i in range(4)] == pytest.approx([expected[i] for i in range(4)])
