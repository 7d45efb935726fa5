"""Pairs of assets against failing every pair."""

import itertools

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._best_pairs import of_bridges, of_groups
from workbench.lifelines.criticality import n_minus_1
from workbench.lifelines.cuts import n_minus_2, two_edge_cuts
from workbench.lifelines.solvers.connectivity import Connectivity
from workbench.lifelines.solvers.flow import Flow


def losses(network, solver, down):
    """Demand and people lost, and the nodes cut off, when these assets fail."""
    up = network.intact.copy()
    up[list(down)] = False
    before, after = (solver.served(one) for one in (network.intact, up))
    part = np.divide(before - after, before, out=np.zeros(network.n), where=before > 0).clip(0, 1)
    return (before - after).sum(), (part * network.arrays.people).sum()


def cut_off(network, solver, down):
    up = network.intact.copy()
    up[list(down)] = False
    gone = solver.served_many(network.intact[None])[0] & ~solver.served_many(up[None])[0]
    return set(np.flatnonzero(gone).tolist())


def every_pair(network, solver, first, last):
    """Lost together, by people, and beyond the sum of each alone, by pair of assets."""
    assets = (first + np.flatnonzero(network.intact[first:last])).tolist()
    alone = {one: losses(network, solver, [one])[0] for one in assets}
    both = {pair: losses(network, solver, pair) for pair in itertools.combinations(assets, 2)}
    return alone, {
        pair: (lost, people, lost - alone[pair[0]] - alone[pair[1]]) for pair, (lost, people) in both.items()
    }


def found_of(frame):
    return {
        (row["first_asset"], row["second_asset"]): (row["lost"], row["people_lost"], row["extra"])
        for row in frame.iter_rows(named=True)
    }


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_cuts_by_two_edges_are_those_of_failing_every_pair(some, data):
    network = data.draw(some(directed=data.draw(st.sampled_from([False, False, None])), most_nodes=7))
    solver = Connectivity(network, engine="reference")
    _, pairs = every_pair(network, solver, network.n, network.size)
    alone = {one: cut_off(network, solver, [one]) for one in range(network.n, network.size)}
    expected = {
        pair: pairs[pair]
        for pair in pairs
        if cut_off(network, solver, pair) - alone[pair[0]] - alone[pair[1]]
    }
    assert found_of(two_edge_cuts(network)) == expected


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_the_worst_pairs_are_those_of_failing_every_pair(some, data):
    network = data.draw(some(directed=data.draw(st.sampled_from([False, False, None])), most_nodes=7))
    part, by = (
        data.draw(st.sampled_from(["edge", "node", "any"])),
        data.draw(st.sampled_from(["extra", "lost"])),
    )
    solver = Connectivity(network, engine=data.draw(st.sampled_from(["kernel", "kernel", "reference"])))
    span = {"edge": (network.n, network.size), "node": (0, network.n), "any": (0, network.size)}[part]
    alone, pairs = every_pair(network, Connectivity(network, engine="reference"), *span)
    expected = {
        pair: one
        for pair, one in pairs.items()
        if (one[2] > 0 if by == "extra" else one[0] > max(alone[pair[0]], alone[pair[1]]))
    }
    found = n_minus_2(network, part=part, by=by, top=1000, solver=solver)
    assert found_of(found) == expected
    assert found[by].is_sorted(descending=True)
    few = n_minus_2(network, part=part, by=by, top=3, solver=solver)
    assert few[by].to_list() == found[by].head(3).to_list()
    assert found_of(few).items() <= expected.items()


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_other_solvers_try_every_pair(some, data):
    network = data.draw(some(most_nodes=5, most_edges=6))
    by = data.draw(st.sampled_from(["extra", "lost"]))
    alone, pairs = every_pair(network, Flow(network), 0, network.size)
    found = n_minus_2(network, part="any", by=by, top=500, solver="flow")
    for row in found.iter_rows(named=True):
        one = pairs.pop((row["first_asset"], row["second_asset"]))
        assert (row["lost"], row["extra"]) == pytest.approx((one[0], one[2]), abs=1e-6)
        assert row["people_lost"] == pytest.approx(one[1], abs=1e-6)
    for (one, two), (lost, _, extra) in pairs.items():
        assert (extra if by == "extra" else lost - max(alone[one], alone[two])) < 1e-6


def test_labels_drawn_at_random_find_the_same_groups(build):
    """Cycle space sampling (Pritchard and Thurimella 2011): edges of equal label cut together."""
    graph = nx.gnm_random_graph(400, 520, seed=4)
    ends = np.array(graph.subgraph(max(nx.connected_components(graph), key=len)).edges)
    n = int(ends.max()) + 1
    network = build(ends, n=n, sources=(int(ends[0, 0]),))
    rng, tree = np.random.default_rng(1), nx.bfs_tree(graph, int(ends[0, 0]))
    parent = {child: over for over, child in tree.edges}
    label, at = {}, dict.fromkeys(range(n), 0)
    for j, (u, v) in enumerate(ends.tolist()):
        if parent.get(u) != v and parent.get(v) != u:
            label[j] = int(rng.integers(1, 2**62))
            at[u] ^= label[j]
            at[v] ^= label[j]
    index = {frozenset(one): j for j, one in enumerate(ends.tolist())}
    for child in reversed(list(tree)[1:]):
        label[index[frozenset((child, parent[child]))]] = at[child]
        at[parent[child]] ^= at[child]
    expected = {
        (n + i, n + j) for i, j in itertools.combinations(range(len(ends)), 2) if label[i] == label[j] != 0
    }
    assert set(found_of(two_edge_cuts(network))) == expected
    assert len(expected) > 100
    bridges = {j for j, one in label.items() if one == 0}
    single = n_minus_1(network).filter(part="edge", lost=pl.col("lost"))
    assert set((single.filter(pl.col("lost") > 0)["asset"] - n).to_list()) == bridges


def test_a_ring_hangs_by_every_two_of_its_edges(build):
    network = build([(0, 1), (1, 2), (2, 3), (3, 0)], demand=[9, 1, 2, 4], people=[0, 10, 20, 40])
    found = two_edge_cuts(network)
    assert found.columns == [
        "first_asset", "second_asset", "first", "second", "lost", "lost_share", "people_lost", "extra",
    ]  # fmt: skip
    assert found.select("first", "second", "lost").rows() == [
        ("e0", "e3", 7.0), ("e1", "e3", 6.0), ("e2", "e3", 4.0), ("e0", "e2", 3.0), ("e1", "e2", 2.0),
        ("e0", "e1", 1.0),
    ]  # fmt: skip
    assert found["lost_share"].to_list() == (found["lost"] / 16).to_list()
    assert found["people_lost"].to_list() == (found["lost"] * 10).to_list()
    assert n_minus_2(network, top=2).equals(found.head(2))
    assert n_minus_2(network, candidates=["e1", "e2", "e0"]).equals(found.tail(3))
    assert n_minus_1(network).filter(pl.col("part") == "edge")["lost"].sum() == 0


def test_two_feeds_of_one_way_matter_beyond_what_each_feeds_alone(build):
    """With directions an edge that cuts alone can also be half of a pair; without, it cannot."""
    network = build([(0, 1), (0, 2), (1, 3), (2, 3)], demand=[0, 1, 1, 5], directed=True)
    found = n_minus_2(network)
    assert found.row(0, named=True)["extra"] == 5
    assert (found.row(0, named=True)["first"], found.row(0, named=True)["second"]) == ("e0", "e1")
    assert found.row(0, named=True)["lost"] == 7


def test_too_many_pairs_are_refused(build):
    n = 7000
    ring = build([(i, (i + 1) % n) for i in range(n)])
    with pytest.raises(BadParameter, match="24,496,500 pairs"):
        two_edge_cuts(ring)
    found = n_minus_2(ring, top=3)
    assert found["lost"].to_list() == [6999.0, 6998.0, 6998.0]
    with pytest.raises(BadParameter, match="candidates"):
        n_minus_2(ring, solver="flow")


def test_bad_questions_are_refused(build):
    network = build([(0, 1), (1, 2)], down=("e1",))
    for top in (0, -1, 2.5, "all"):
        with pytest.raises(BadParameter, match="`top`"):
            n_minus_2(network, top=top)
    with pytest.raises(UnknownName, match="part"):
        n_minus_2(network, part="edges")
    with pytest.raises(UnknownName, match="Nearest: extra"):
        n_minus_2(network, by="extras")
    with pytest.raises(BadParameter, match="out of service"):
        n_minus_2(network, candidates=["e0", "e1"])
    with pytest.raises(UnknownName, match="edge of the water network"):
        n_minus_2(network, candidates=["n0", "n1"])
    assert n_minus_2(network).is_empty()
    assert two_edge_cuts(build([], n=1)).is_empty()


@settings(deadline=None)
@given(st.data())
def test_the_best_pairs_of_a_forest_come_first(data):
    count = data.draw(st.integers(0, 12))
    above = np.array([data.draw(st.integers(-1, i - 1)) for i in range(count)], np.int32)
    own = np.array(data.draw(st.lists(st.integers(0, 5), min_size=count, max_size=count)), float)
    sums = own.copy()
    for i in range(count - 1, -1, -1):
        if above[i] >= 0:
            sums[above[i]] += sums[i]

    def over(i):
        while i >= 0:
            yield i
            i = above[i]

    expected = sorted(
        (-(sums[i] + sums[j]) for i, j in itertools.combinations(range(count), 2)
         if sums[i] and sums[j] and i not in over(j) and j not in over(i))
    )  # fmt: skip
    for top in (3, 1000):
        i, j = of_bridges(above, sums, top)
        assert (-(sums[i] + sums[j])).tolist() == expected[:top]
        assert len({frozenset(one) for one in zip(i.tolist(), j.tolist(), strict=True)}) == len(i)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=6), max_size=4), st.integers(1, 30))
def test_the_best_pairs_of_groups_come_first(groups, top):
    rows = [sorted(one, reverse=True) for one in groups]
    group = np.repeat(np.arange(len(rows)), [len(one) for one in rows]).astype(np.int32)
    sums = np.array([value for one in rows for value in one], float)
    i, j = of_groups(group, sums, top)
    expected = sorted((b - a for one in rows for a, b in itertools.combinations(one, 2) if a > b))[:top]
    assert (sums[j] - sums[i]).tolist() == expected
    assert (group[i] == group[j]).all()
