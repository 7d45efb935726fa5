"""Compiled graph searches against NetworkX, and against networks whose answer is known."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.lifelines import _graphs, _kernels, _kernels_cuts, _kernels_losses
from workbench.lifelines._losses import rooted, single_losses, weights_of


def rooted_reverse(network):
    """Arcs by the node they enter, of a network without directions: the same as by the node they leave."""
    return rooted(network, network.intact)[0]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_losses_are_those_of_networkx_dominators(some, data):
    network = data.draw(some())
    weights = weights_of(network)
    expected = _graphs.losses(network, network.intact, weights)
    assert np.array_equal(single_losses(network, weights), expected)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_low_link_and_dominators_agree_without_directions(some, data):
    network = data.draw(some(directed=False, most_nodes=10, most_edges=20))
    weights = weights_of(network)
    out = rooted(network, network.intact)[0]
    assert np.array_equal(
        _kernels_losses.low_link(out, weights, network.m),
        _kernels_losses.dominated(out, rooted_reverse(network), weights, network.m),
    )


@pytest.mark.parametrize(("n", "m", "seed"), [(60, 70, 1), (200, 230, 2), (400, 900, 3)])
def test_larger_one_way_networks_agree_with_networkx(build, n, m, seed):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, n, (m, 2))
    network = build(
        ends[ends[:, 0] != ends[:, 1]],
        n=n,
        sources=(0, 1, 2),
        demand=rng.integers(0, 9, n),
        directed=rng.random((ends[:, 0] != ends[:, 1]).sum()) < 0.5,
    )
    weights = weights_of(network)
    found = single_losses(network, weights)
    assert np.array_equal(found, _graphs.losses(network, network.intact, weights))
    assert (found[:, 3] > 1).sum() > 20  # there is something to find


def test_bridges_and_articulation_points_are_those_of_networkx(build):
    rng = np.random.default_rng(5)
    graph = nx.gnm_random_graph(300, 330, seed=5)
    part = sorted(max(nx.connected_components(graph), key=len))
    graph = nx.convert_node_labels_to_integers(graph.subgraph(part))
    ends = np.array(graph.edges)
    twice = rng.choice(len(ends), 20, replace=False)  # a parallel edge is no bridge
    network = build(np.concatenate([ends, ends[twice]]), sources=(0,))
    losses = single_losses(network, weights_of(network))[:, 3]
    doubled = {tuple(sorted(one)) for one in ends[twice].tolist()}
    bridges = {tuple(sorted(one)) for one in nx.bridges(graph)} - doubled
    cut = np.flatnonzero(losses[network.n :] > 0)
    assert {tuple(sorted(one)) for one in ends[cut[cut < len(ends)]].tolist()} == bridges
    assert not (cut >= len(ends)).any()
    points = set(nx.articulation_points(graph)) - {0}
    assert set(np.flatnonzero(losses[: network.n] > 1).tolist()) - {0} == points


def test_net3_has_the_bridges_and_articulation_points_that_networkx_finds():
    """Net3 of EPANET: 97 nodes, 119 links; 31 bridges, 32 articulation points."""
    wntr = pytest.importorskip("wntr", reason="needs the extra 'water'")
    model = wntr.network.WaterNetworkModel("Net3")
    names = {name: i for i, name in enumerate(model.node_name_list)}
    links = [model.get_link(name) for name in model.link_name_list]
    ends = np.array([(names[one.start_node_name], names[one.end_node_name]) for one in links])
    graph = nx.MultiGraph(ends.tolist())
    assert (len(names), len(ends)) == (97, 119)
    begins, others = ends.T.astype(np.int32)
    both, edges = np.ones(119, bool), np.arange(119, dtype=np.int32)
    root = int(begins[0])
    arcs = _kernels.leaving(
        98, np.append(begins, 97).astype(np.int32), np.append(others, root).astype(np.int32),
        np.append(both, True), np.append(edges, 119).astype(np.int32),
    )  # fmt: skip
    losses = _kernels_losses.low_link(arcs, np.ones((97, 1)), 119)[:, 0]
    simple = nx.Graph(graph)
    single = [edge for edge in nx.bridges(simple) if graph.number_of_edges(*edge) == 1]
    assert (losses[97:] > 0).sum() == len(single) == 31
    points = set(nx.articulation_points(simple))
    assert len(points) == 32
    assert set(np.flatnonzero(losses[:97] > 1).tolist()) | {root} == points | {root}


def test_long_chains_need_no_recursion(build):
    n = 50_000
    line = np.stack([np.arange(n - 1), np.arange(1, n)], axis=1)
    for way in (False, True):
        network = build(line, directed=way)
        losses = single_losses(network, np.ones((n, 1)))[:, 0]
        assert np.array_equal(losses[:n], n - np.arange(n))
        assert np.array_equal(losses[n:], n - 1 - np.arange(n - 1))
    ring = build(np.append(line, [[n - 1, 0]], axis=0))
    assert np.array_equal(single_losses(ring, np.ones((n, 1)))[:n, 0], np.append(n, np.ones(n - 1)))
    cuts = _kernels_cuts.cuts_of(rooted(ring, ring.intact)[0], np.ones((n, 1)), ring.m)
    assert (len(cuts.edge), len(np.unique(cuts.group)), len(cuts.bridge)) == (n, 1, 0)


def test_a_search_serves_each_of_many_states_as_if_alone():
    """A grid near its percolation threshold, where states reach a node by very different ways."""
    side, rng = 12, np.random.default_rng(3)
    n = side * side
    i = np.arange(n).reshape(side, side)
    begins = np.concatenate([i[:, :-1].ravel(), i[:-1].ravel()]).astype(np.int32)
    ends = np.concatenate([i[:, 1:].ravel(), i[1:].ravel()]).astype(np.int32)
    m = len(begins)
    arcs = _kernels.leaving(n, begins, ends, np.ones(m, bool), np.arange(m, dtype=np.int32))
    up = np.concatenate([np.ones((200, n), bool), rng.random((200, m)) < 0.5], axis=1)
    found = _kernels.reached(up, np.zeros(1, np.int32), arcs)
    for state, reached in zip(up, found, strict=True):
        graph = nx.Graph(zip(begins[state[n:]].tolist(), ends[state[n:]].tolist(), strict=True))
        graph.add_node(0)
        assert set(np.flatnonzero(reached).tolist()) == nx.node_connected_component(graph, 0)
    assert 0.05 < found.mean() < 0.95
