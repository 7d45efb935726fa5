"""Overload cascades: loads equal those of NetworkX; hubs matter where degrees differ (Motter, Lai 2002)."""

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import LifelineNetwork
from workbench.lifelines.overload import overload, shortest_paths

edges = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(
            st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda e: e[0] != e[1]),
            max_size=18,
        ),
    )
)


def network(n, pairs, directed=False):
    return LifelineNetwork(
        "power",
        pl.DataFrame({"id": [str(i) for i in range(n)]}),
        pl.DataFrame(
            {
                "id": [f"e{i}" for i in range(len(pairs))],
                "u": [str(u) for u, _ in pairs],
                "v": [str(v) for _, v in pairs],
                "directed": [directed] * len(pairs),
            },
            schema={"id": pl.String, "u": pl.String, "v": pl.String, "directed": pl.Boolean},
        ),
    )


def of(graph):
    return network(graph.number_of_nodes(), list(graph.edges))


def by_networkx(graph, up):
    """Ordered pairs, the ends of each path counted in."""
    left = graph.subgraph(np.flatnonzero(up).tolist())
    found = nx.betweenness_centrality(left, normalized=False, endpoints=True)
    times = 1 if graph.is_directed() else 2
    return np.array([times * found.get(i, 0.0) for i in range(len(up))])


@settings(deadline=None)
@given(edges, st.booleans(), st.data())
def test_loads_are_those_of_networkx(made, directed, data):
    n, pairs = made
    graph = nx.DiGraph(pairs) if directed else nx.Graph(pairs)
    graph.add_nodes_from(range(n))
    up = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    assert np.allclose(shortest_paths(network(n, pairs, directed))(up), by_networkx(graph, up))


@settings(deadline=None, max_examples=40)
@given(edges, st.sampled_from([0.0, 0.2, 1.0]), st.integers(0, 8))
def test_the_cascade_is_that_of_a_plain_loop(made, tolerance, first):
    n, pairs = made
    graph = nx.Graph(pairs)
    graph.add_nodes_from(range(n))
    up = np.ones(n, bool)
    capacity = by_networkx(graph, up) * (1 + tolerance) + 1e-6
    up[first % n], rounds = False, 0
    while (over := up & (by_networkx(graph, up) > capacity)).any():
        up, rounds = up & ~over, rounds + 1
    told = overload(network(n, pairs), [str(first % n)], tolerance)
    assert (told.up == up).all()
    assert told.rounds == rounds


def test_losing_the_hub_brings_down_a_network_of_hubs_but_hardly_an_even_one():
    graph = nx.barabasi_albert_graph(300, 2, seed=1)
    hub = str(max(graph, key=graph.degree))
    uneven = {alpha: overload(of(graph), [hub], alpha) for alpha in (0.1, 0.3, 2.0)}
    assert uneven[0.1].giant < 0.3
    assert uneven[0.1].giant_at_once > 0.95  # the loss itself does little: the overloads do the rest
    assert uneven[0.1].giant <= uneven[0.3].giant <= uneven[2.0].giant
    assert uneven[2.0].giant > 0.9
    small = [overload(of(graph), [str(node)], 0.1).giant for node in (290, 292, 294)]
    assert min(small) > 2 * uneven[0.1].giant
    even = nx.random_regular_graph(4, 300, seed=1)
    assert overload(of(even), ["0"], 0.1).giant > 0.95


def test_nothing_removed_overloads_nothing():
    told = overload(of(nx.path_graph(5)), [], 0.0)
    assert told.up.all()
    assert told.rounds == 0
    assert told.giant == 1.0


def test_rounds_follow_a_load_of_ones_own():
    chain = of(nx.path_graph(4))

    def load(up):
        return np.where(up, 1.0 + (~up).sum(), 0.0) * np.array([1, 1, 0.5, 0])

    told = overload(chain, ["0"], 0.5, load=load)
    assert told.when.tolist() == [0, 1, 1, -1]
    assert told.rounds == 1
    assert told.giant == 0.25


def test_edges_out_of_service_carry_nothing():
    closed = network(3, [(0, 1), (1, 2), (0, 2)]).with_columns(
        edges=[(pl.col("id") != "e2").alias("in_service")]
    )
    assert shortest_paths(closed)(np.ones(3, bool)).tolist() == [4.0, 6.0, 4.0]


def test_what_does_not_fit_is_refused():
    chain = of(nx.path_graph(3))
    for tolerance in (-0.1, np.nan, np.inf, "much"):
        with pytest.raises(BadParameter, match="tolerance"):
            overload(chain, ["0"], tolerance)
    with pytest.raises(UnknownName, match="7"):
        overload(chain, ["7"], 0.1)
    for load in (lambda up: np.ones(2), lambda up: -np.ones(3), lambda up: np.full(3, np.nan)):
        with pytest.raises(BadParameter, match="`load`"):
            overload(chain, ["0"], 0.1, load=load)
