"""The largest connected part: closed forms of random graphs, and what Buldyrev et al. (2010) published."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter
from workbench.lifelines.percolation import (
    expected_giant_share,
    expected_mutual_share,
    giant_share,
    mutual_giant,
    mutual_threshold,
    random_graph,
    removal_curve,
)
from workbench.simulation import Streams

N = 30_000
graphs = st.integers(1, 9).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=16),
        st.permutations(range(n)),
    )
)


def columns(edges):
    return np.array([u for u, _ in edges], int), np.array([v for _, v in edges], int)


@settings(deadline=None)
@given(graphs, st.data())
def test_the_largest_part_is_that_of_networkx(made, data):
    n, edges, _ = made
    alive = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    graph = nx.Graph(edges)
    graph.add_nodes_from(range(n))
    left = graph.subgraph(np.flatnonzero(alive).tolist())
    largest = max((len(part) for part in nx.connected_components(left)), default=0)
    assert giant_share(n, *columns(edges), alive) == largest / n


@settings(deadline=None)
@given(graphs, st.integers(0, 9))
def test_one_pass_of_removals_equals_one_count_after_each(made, kept):
    n, edges, order = made
    order = order[: max(0, n - kept)]
    alive, expected = np.ones(n, bool), []
    for node in [None, *order]:
        if node is not None:
            alive[node] = False
        expected.append(giant_share(n, *columns(edges), alive))
    assert removal_curve(n, *columns(edges), np.array(order, int)).tolist() == expected


def test_a_star_loses_all_with_its_hub_and_a_complete_graph_one_at_a_time():
    star = (np.zeros(9, int), np.arange(1, 10))
    assert removal_curve(10, *star, np.arange(10))[:3].tolist() == [1.0, 0.1, 0.1]
    u, v = np.triu_indices(10, 1)
    curve = removal_curve(10, u, v, np.arange(10))
    assert np.allclose(curve, np.arange(10, -1, -1) / 10)
    assert curve[1:].mean() == pytest.approx(
        0.45
    )  # R of a complete graph: (N - 1) / (2 N), Schneider et al. 2011


@pytest.mark.parametrize(("degree", "share"), [(1.2, 0.3137), (2, 0.7968), (4, 0.9802)])
def test_a_random_graph_has_the_giant_part_of_erdos_and_renyi(degree, share):
    assert expected_giant_share(degree) == pytest.approx(share, abs=5e-5)
    found = giant_share(N, *random_graph(N, degree, Streams(1)))
    assert found == pytest.approx(share, abs=0.03 if degree < 2 else 0.01)


def test_below_one_neighbour_there_is_no_giant_part():
    assert expected_giant_share(0.8) == expected_giant_share(1.6, 0.5) == 0
    assert giant_share(N, *random_graph(N, 0.8, Streams(1))) < 0.01


def test_losing_nodes_thins_a_random_graph_as_if_it_had_fewer_neighbours():
    assert expected_giant_share(4, 0.5) == pytest.approx(0.5 * expected_giant_share(2))


def test_the_threshold_is_that_of_buldyrev():
    assert mutual_threshold(1) == pytest.approx(2.455407, abs=5e-7)  # 2.4554 in Nature 464:1025
    assert mutual_threshold(4) == pytest.approx(0.6138519, abs=5e-7)
    z = np.linspace(0.5, 3, 2_000_001)
    assert (z / (1 - np.exp(-z)) ** 2).min() == pytest.approx(mutual_threshold(1), abs=1e-9)


@pytest.mark.parametrize(("kept", "share"), [(0.64, 0.4352), (0.70, 0.5576), (0.80, 0.7088), (1.0, 0.9570)])
def test_two_random_graphs_that_need_each_other_keep_what_the_theory_says(kept, share):
    assert expected_mutual_share(4, kept) == pytest.approx(share, abs=5e-5)
    assert pair(kept).mean() == pytest.approx(share, abs=0.03 if kept < 0.7 else 0.015)


def test_they_fall_apart_at_once_between_p_060_and_062():
    assert expected_mutual_share(4, 0.6) == 0
    assert expected_mutual_share(4, mutual_threshold(4) - 1e-3) == 0
    assert expected_mutual_share(4, mutual_threshold(4) + 1e-3) > 0.29
    assert pair(0.60).mean() < 0.001
    assert pair(0.62).mean() > 0.3
    alone = giant_share(N, *random_graph(N, 4, Streams(7), "a"), Streams(7).generator("kept").random(N) < 0.6)
    assert alone > 0.5  # the same loss leaves one network alone in one piece


def pair(kept):
    streams = Streams(7)
    first, second = (random_graph(N, 4, streams, name) for name in "ab")
    return mutual_giant(N, first, second, streams.generator("kept").random(N) < kept)


@settings(deadline=None)
@given(graphs, st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=16))
def test_survivors_hang_together_in_both_networks(made, others):
    n, edges, _ = made
    others = [(u % n, v % n) for u, v in others]
    left = mutual_giant(n, columns(edges), columns(others))
    assert left.any()
    for pairs in (edges, others):
        graph = nx.Graph(pairs)
        graph.add_nodes_from(range(n))
        assert nx.is_connected(graph.subgraph(np.flatnonzero(left).tolist()))


def test_a_pair_that_hangs_together_only_across_both_does_not_survive():
    first, second = ([0, 2], [1, 3]), ([1, 3], [2, 0])  # 0-1 2-3 and 1-2 3-0
    assert mutual_giant(4, first, second).sum() == 1
    assert mutual_giant(4, first, first).tolist() == [True, True, False, False]
    assert not mutual_giant(4, first, second, np.zeros(4, bool)).any()


def test_a_graph_is_the_same_for_the_same_streams():
    for one, other in zip(random_graph(100, 3, Streams(5)), random_graph(100, 3, Streams(5)), strict=True):
        assert (one == other).all()
    u, v = random_graph(1000, 3, Streams(5))
    assert (u != v).all()
    assert (random_graph(100, 3, Streams(5), "other")[0][:20] != u[:20]).any()


def test_what_does_not_fit_is_refused():
    pair = np.array([0]), np.array([1])
    for call, said in [
        (lambda: giant_share(0, [], []), "`n` must be"),
        (lambda: giant_share(2, [0], [2]), "there are 0 to 1"),
        (lambda: giant_share(2, [-1], [1]), "there are 0 to 1"),
        (lambda: giant_share(2, [0, 1], [1]), "each edge has two"),
        (lambda: giant_share(2, [0.0], [1.0]), "whole numbers"),
        (lambda: giant_share(2, *pair, np.ones(3, bool)), "2 Booleans"),
        (lambda: removal_curve(2, *pair, [0, 0]), "more than once"),
        (lambda: removal_curve(2, *pair, [5]), "`order` names"),
        (lambda: mutual_giant(2, pair, ([0], [3])), "there are 0 to 1"),
        (lambda: random_graph(1, 2, Streams(1)), "`n` must be"),
        (lambda: random_graph(5, np.nan, Streams(1)), "`mean_degree` must be"),
        (lambda: expected_giant_share(-1), "`mean_degree`"),
        (lambda: expected_mutual_share(4, 1.2), "`kept`"),
        (lambda: mutual_threshold(0), "`mean_degree`"),
    ]:
        with pytest.raises(BadParameter, match=said):
            call()
