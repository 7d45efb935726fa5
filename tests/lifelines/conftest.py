"""Networks for the tests of lifelines."""

import numpy as np
import polars as pl
import pytest
from hypothesis import strategies as st

from workbench.lifelines import LifelineNetwork


def network_of(
    ends, *, n=None, sources=(0,), demand=None, people=None, directed=False, capacity=None, down=()
):
    """A water network: nodes "n0", "n1" ..., edges "e0", "e1" ... between the numbers given."""
    ends = np.array(ends, int).reshape(-1, 2)
    n = int(ends.max()) + 1 if n is None else n
    m = len(ends)
    name = np.array([f"n{i}" for i in range(n)])
    nodes = pl.DataFrame(
        {
            "id": name,
            "supply": [1e9 if i in sources else 0.0 for i in range(n)],
            "demand": np.ones(n) if demand is None else np.array(demand, float),
            "people": np.ones(n) if people is None else np.array(people, float),
            "in_service": [f"n{i}" not in down for i in range(n)],
        }
    )
    edges = pl.DataFrame(
        {
            "id": [f"e{j}" for j in range(m)],
            "u": name[ends[:, 0]],
            "v": name[ends[:, 1]],
            "directed": np.broadcast_to(np.array(directed, bool), m),
            "capacity": np.full(m, np.inf) if capacity is None else np.array(capacity, float),
            "in_service": [f"e{j}" not in down for j in range(m)],
        },
        schema_overrides={"id": pl.String, "u": pl.String, "v": pl.String},
    )
    return LifelineNetwork("water", nodes, edges)


@st.composite
def random_networks(draw, directed=None, most_nodes=8, most_edges=14):
    """Multigraphs of several sources, with parallel edges, some closed, some out of service, some one way."""
    n = draw(st.integers(1, most_nodes))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda one: one[0] != one[1])
    ends = draw(st.lists(pairs, max_size=most_edges)) if n > 1 else []
    m = len(ends)
    way = st.booleans() if directed is None else st.just(directed)
    return network_of(
        ends,
        n=n,
        sources=draw(st.sets(st.integers(0, n - 1), max_size=3)),
        demand=draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)),
        people=draw(st.lists(st.integers(0, 99), min_size=n, max_size=n)),
        directed=draw(st.lists(way, min_size=m, max_size=m)),
        capacity=draw(st.lists(st.sampled_from([np.inf, np.inf, np.inf, 2.5, 0.0]), min_size=m, max_size=m)),
        down=draw(st.sets(st.sampled_from(["n1", "e0", "e3"]), max_size=2)),
    )


@pytest.fixture(scope="session")
def build():
    """Function that makes a network of numbered ends."""
    return network_of


@pytest.fixture(scope="session")
def some():
    """Strategy of random networks, to draw from."""
    return random_networks
