"""What is odd about a network is found, with the assets and the people it concerns."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.lifelines import BadNetwork, LifelineNetwork, check
from workbench.lifelines.checks import components, reach

PEOPLE = {"well": 0, "a": 100, "b": 2000, "c": 30_000}


def network(edges, *, demand=1.0, supply=10.0, out=(), **columns):
    """A well and three towns; each edge is "from-to" with its capacity, or "from>to" where one way."""
    ends = [(name, *name.replace(">", "-").split("-")) for name in edges]
    nodes = {
        "id": list(PEOPLE),
        "supply": [supply, 0.0, 0.0, 0.0],
        "demand": [0.0, demand, demand, demand] if np.isscalar(demand) else demand,
        "people": list(PEOPLE.values()),
        "in_service": [one not in out for one in PEOPLE],
        **columns,
    }
    return LifelineNetwork(
        "water",
        pl.DataFrame(nodes),
        pl.DataFrame(
            {
                "id": [one for one, _, _ in ends],
                "u": [u for _, u, _ in ends],
                "v": [v for *_, v in ends],
                "capacity": list(edges.values()),
                "directed": [">" in one for one, _, _ in ends],
                "in_service": [one not in out for one, _, _ in ends],
            },
            schema_overrides={"capacity": pl.Float64, "id": pl.String, "u": pl.String, "v": pl.String},
        ),
    )


def found(*given_, **more):
    return {one.rule: (one.assets, one.people) for one in check(network(*given_, **more))}


CHAIN = {"well-a": 9.0, "a-b": 9.0, "b-c": 9.0}


class TestFindings:
    def test_nothing_is_odd_about_a_sound_network(self):
        assert found(CHAIN) == {}

    def test_a_sink_without_an_open_edge(self):
        sinks = {"unconnected_sink": (("c",), 30_000.0)}
        assert found({"well-a": 9.0, "a-b": 9.0}) == sinks
        assert found(CHAIN, out=("b-c",)) == sinks

    def test_demand_that_no_source_reaches_in_a_part_of_its_own(self):
        assert found({"well-a": 9.0, "b-c": 9.0}) == {
            "unreachable_demand": (("b", "c"), 32_000.0),
            "island": (("b", "c"), 32_000.0),
        }

    def test_demand_that_no_source_reaches_against_the_direction_of_an_edge(self):
        assert found({"well-a": 9.0, "b>a": 9.0, "b-c": 9.0}) == {
            "unreachable_demand": (("b", "c"), 32_000.0)
        }

    def test_a_node_out_of_service_is_reached_by_nothing_and_closes_the_way(self):
        assert found(CHAIN, out=("b",)) == {"unreachable_demand": (("b", "c"), 32_000.0)}

    def test_demand_above_what_its_edges_can_carry(self):
        assert found({"well-a": 9.0, "a-b": 9.0, "b-c": 0.5}) == {"low_capacity": (("c",), 30_000.0)}
        assert found({"well-a": 9.0, "a>b": 0.5, "b>c": 9.0})["low_capacity"] == (("b",), 2000.0)
        assert found({"well-a": 9.0, "a-b": 9.0, "b-c": None}) == {}

    def test_two_edges_carry_together(self):
        both = {"well-a": 9.0, "a-b": 9.0, "b-c": 0.5, "a-c": 0.5}
        assert found(both) == {}

    def test_an_edge_of_no_capacity_counts_as_closed(self):
        assert found({"well-a": 9.0, "a-b": 9.0, "b-c": 0.0}) == {
            "unconnected_sink": (("c",), 30_000.0),
            "zero_capacity": (("b-c",), 0.0),
        }

    def test_a_part_without_a_source_is_an_island_without_demand_too(self):
        parts = {"well-a": 9.0, "b-c": 9.0}
        assert found(parts, demand=[0.0, 1.0, 0.0, 0.0]) == {"island": (("b", "c"), 32_000.0)}

    def test_less_supply_than_demand_concerns_all_who_have_a_demand(self):
        assert found(CHAIN, supply=2.5) == {"short_supply": (("well",), 32_100.0)}
        assert found(CHAIN, supply=3.0) == {}

    def test_a_source_with_a_demand_of_its_own_needs_no_edge(self):
        assert found({"a-b": 9.0, "b-c": 9.0}, demand=[1.0, 0.0, 0.0, 0.0]) == {
            "island": (("a", "b", "c"), 32_100.0)
        }

    def test_a_network_without_demand_needs_no_source(self):
        assert found(CHAIN, demand=0.0, supply=0.0) == {"island": (("well", "a", "b", "c"), 32_100.0)}

    @pytest.mark.parametrize("given_", [{"supply": 0.0}, {"out": ("well",)}])
    def test_demand_and_no_source_is_refused(self, given_):
        with pytest.raises(
            BadNetwork, match=r"3 nodes with a demand \('a', 'b', 'c'\) and no source in service"
        ):
            check(network(CHAIN, **given_))


class TestWords:
    def test_both_languages_name_the_assets_and_the_people(self):
        (finding,) = check(network({"well-a": 9.0, "a-b": 9.0}))
        assert finding.said.en == "a demand and no open edge: 1 node ('c'), 30,000 people"
        assert finding.said.zh == "有需求但无可用连接：1 个节点（'c'），涉及 30,000 人"

    def test_many_are_counted_and_the_first_named(self):
        ids = [f"n{i}" for i in range(10)]
        nodes = pl.DataFrame({"id": ["s", *ids], "supply": [99.0] + [0.0] * 10, "demand": [0.0] + [1.0] * 10})
        edges = pl.DataFrame({"id": ["e"], "u": ["s"], "v": ["n0"]})
        (finding,) = check(LifelineNetwork("water", nodes, edges))
        assert "9 nodes ('n1', 'n2', 'n3', 'n4', 'n5' and 4 more), 0 people" in finding.said.en
        assert "'n5' 等 9 个" in finding.said.zh
        assert len(finding.assets) == 9


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5), st.booleans()), max_size=14),
    st.sets(st.integers(0, 5), min_size=1, max_size=3),
    st.lists(st.booleans(), min_size=20, max_size=20),
)
def test_reach_and_components_are_those_of_networkx(drawn, sources, coins):
    """Against `networkx.descendants` from the sources that are up, and `connected_components`."""
    import networkx as nx

    nodes = pl.DataFrame(
        {"id": [str(i) for i in range(6)], "supply": [float(i in sources) for i in range(6)]}
    )
    rows = [(f"e{i}", str(u), str((u + step) % 6), one) for i, (u, step, one) in enumerate(drawn)]
    schema = {"id": pl.String, "u": pl.String, "v": pl.String, "directed": pl.Boolean}
    made = LifelineNetwork("water", nodes, pl.DataFrame(rows, schema=schema, orient="row"))
    up = np.array(coins[: made.size], bool)
    graph = nx.MultiDiGraph(made.to_networkx(up))
    wanted = {str(i) for i in sources if up[i]}
    for source in list(wanted):
        wanted |= nx.descendants(graph, source)
    assert {str(i) for i in np.flatnonzero(reach(made, up))} == wanted
    label = components(made, up[6:])
    whole = nx.Graph()
    whole.add_nodes_from(range(6))
    whole.add_edges_from(zip(made.arrays.u[up[6:]].tolist(), made.arrays.v[up[6:]].tolist(), strict=True))
    parts = {frozenset(np.flatnonzero(label == one).tolist()) for one in label}
    assert parts == {frozenset(one) for one in nx.connected_components(whole)}
