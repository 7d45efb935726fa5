"""A network holds what it is given, refuses what cannot be, and says why, all at once."""

from __future__ import annotations

import pickle

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import FLOW_UNITS, UNITS, BadNetwork, LifelineNetwork

NODES = {"id": ["a", "b", "c"], "supply": [5.0, None, None], "demand": [None, 2.0, 3.0]}
EDGES = {"id": ["ab", "bc"], "u": ["a", "b"], "v": ["b", "c"]}


def network(nodes=None, edges=None, system="water", **more):
    return LifelineNetwork(
        system, pl.DataFrame({**NODES, **(nodes or {})}), pl.DataFrame({**EDGES, **(edges or {})}), **more
    )


def refusal(**wrong):
    with pytest.raises(BadNetwork) as caught:
        network(**wrong)
    return caught.value


class TestWhatItHolds:
    def test_columns_have_their_types_and_what_is_missing_is_filled_in(self):
        made = network()
        assert made.nodes["in_service"].to_list() == [True] * 3
        assert made.nodes["supply"].to_list() == [5.0, 0.0, 0.0]
        assert made.nodes["people"].dtype == pl.Float64
        assert made.edges["directed"].to_list() == [False, False]

    def test_kinds_follow_from_supply_and_demand(self):
        assert network().nodes["kind"].to_list() == ["source", "sink", "sink"]

    def test_a_source_or_storage_without_supply_gives_any_amount(self):
        made = network(
            {"kind": ["source", "storage", None], "supply": [None, None, None], "demand": [0.0, 0, 1]}
        )
        assert made.arrays.supply.tolist() == [np.inf, np.inf, 0.0]
        assert made.arrays.source.tolist() == [True, True, False]

    def test_a_storage_with_a_supply_keeps_it(self):
        assert network({"kind": ["storage", None, None]}).arrays.supply.tolist() == [5.0, 0.0, 0.0]

    def test_numbers_may_be_ids(self):
        made = network({"id": [1, 2, 3]}, {"id": [7, 8], "u": [1, 2], "v": [2, 3]})
        assert made.asset_ids == ("1", "2", "3", "7", "8")
        assert made.arrays.u.tolist() == [0, 1]

    def test_more_columns_are_kept(self):
        assert network({"owner": ["x", "y", "z"]}).nodes["owner"].to_list() == ["x", "y", "z"]

    def test_ends_are_numbers_of_nodes_in_the_order_of_the_edges(self):
        made = network(edges={"u": ["c", "b"], "v": ["a", "a"]})
        assert made.arrays.u.tolist() == [2, 1]
        assert made.arrays.v.tolist() == [0, 0]

    def test_a_capacity_that_is_not_known_is_without_limit(self):
        assert network(edges={"capacity": [None, 4.0]}).arrays.capacity.tolist() == [np.inf, 4.0]

    def test_chinese_ids_and_names_are_as_good_as_any(self):
        made = network(
            {"id": ["水厂", "泵站", "小区"], "name": ["第一水厂", None, "阳光小区"]},
            {"id": ["主管一", "主管二"], "u": ["水厂", "泵站"], "v": ["泵站", "小区"]},
        )
        assert made.asset("主管二") == 4
        assert made.to_networkx().has_edge("泵站", "小区", key="主管二")

    def test_it_shows_what_it_is(self):
        shown = repr(network({"people": [0, 1500, 500]}))
        assert shown == "<water network: 3 nodes, 2 edges, demand 5 m3/s, 2,000 people>"

    def test_it_can_be_sent_to_another_process(self):
        made = network()
        sent = pickle.loads(pickle.dumps(made))
        assert sent.nodes.equals(made.nodes)
        assert (sent.arrays.u == made.arrays.u).all()

    def test_changed_columns_are_checked_again(self):
        made = network()
        assert made.with_columns(edges=[pl.lit(2.0).alias("capacity")]).arrays.capacity.tolist() == [2.0, 2.0]
        with pytest.raises(BadNetwork, match="negative at 'ab', 'bc'"):
            made.with_columns(edges=[pl.lit(-2.0).alias("capacity")])


class TestUnits:
    @pytest.mark.parametrize("system", FLOW_UNITS)
    def test_an_empty_unit_is_the_usual_one_of_the_system(self, system):
        assert network(system=system, flow_unit="").flow_unit == FLOW_UNITS[system] == UNITS[system][0]

    def test_every_unit_of_a_system_is_taken_and_units_for_relative_amounts(self):
        for system, units in UNITS.items():
            for unit in (*units, "units"):
                assert network(system=system, flow_unit=unit).flow_unit == unit

    def test_another_unit_is_refused_with_the_nearest(self):
        said = str(refusal(flow_unit="m3/ss"))
        assert "flow_unit 'm3/ss' is not a unit of water flow. Nearest: m3/s" in said
        assert "l/s" in said


class TestWhatItRefuses:
    def test_a_system_that_is_none(self):
        with pytest.raises(UnknownName, match=r"No lifeline system is called 'watr'\. Nearest: water"):
            network(system="watr")

    def test_what_is_no_frame(self):
        with pytest.raises(BadParameter, match="node table is of type dict: give a polars DataFrame"):
            LifelineNetwork("water", NODES, pl.DataFrame(EDGES))

    def test_no_node_at_all(self):
        with pytest.raises(BadNetwork, match="there is no node"):
            LifelineNetwork("water", pl.DataFrame(NODES).clear(), pl.DataFrame(EDGES).clear())

    def test_a_network_without_an_edge_is_one(self):
        assert LifelineNetwork("water", pl.DataFrame(NODES), pl.DataFrame(EDGES).clear()).size == 3

    def test_a_column_that_is_not_there_with_the_nearest(self):
        with pytest.raises(BadNetwork, match=r"the edges have no column 'u'\. Nearest: U"):
            LifelineNetwork("water", pl.DataFrame(NODES), pl.DataFrame(EDGES).rename({"u": "U"}))

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"nodes": {"id": ["a", "a", "c"]}}, "node ids are given more than once ('a'): make"),
            ({"edges": {"id": ["e", "e"]}}, "edge ids are given more than once ('e')"),
            ({"nodes": {"id": ["a", None, "c"]}}, "node column 'id' is empty in 1 row:"),
            ({"nodes": {"id": ["a", " ", "c"]}}, "node column 'id' is empty in 1 row:"),
            ({"edges": {"v": ["b", ""]}}, "edge column 'v' is empty in 1 row:"),
            ({"edges": {"v": ["b", "d"]}}, "edge 'bc' joins node 'd', which is not among the nodes"),
            ({"edges": {"u": ["a", "c"]}}, "edge 'bc' joins a node to itself"),
            ({"edges": {"capacity": [1.0, -2.0]}}, "edge column 'capacity' is negative at 'bc': a capacity"),
            ({"nodes": {"demand": [0.0, -1, 1]}}, "node column 'demand' is negative at 'b': give"),
            ({"nodes": {"supply": [-1.0, 0, 0]}}, "node column 'supply' is negative at 'a': give"),
            ({"nodes": {"demand": [0.0, np.nan, 1]}}, "node column 'demand' is not a finite number at 'b'"),
            ({"nodes": {"demand": [0.0, np.inf, 1]}}, "node column 'demand' is not a finite number at 'b'"),
            ({"edges": {"capacity": [np.nan, 1.0]}}, "edge column 'capacity' is not a finite number at 'ab'"),
            ({"edges": {"length_m": [np.inf, 1.0]}}, "edge column 'length_m' is not a finite number at 'ab'"),
            ({"nodes": {"people": [0, -5, 0]}}, "node column 'people' is negative at 'b': it must be"),
            ({"nodes": {"demand": ["1", "2", "3"]}}, "node column 'demand' holds String, not Float64"),
            ({"nodes": {"in_service": [1, 0, 1]}}, "node column 'in_service' holds Int64, not Boolean"),
            ({"nodes": {"id": [1.5, 2.5, 3.5]}}, "node column 'id' holds Float64, not String"),
            ({"nodes": {"kind": ["source", "well", None]}}, "node column 'kind' holds 'well': known are"),
        ],
    )  # fmt: skip
    def test_each_mistake_names_the_assets_and_how_to_mend_it(self, wrong, said):
        assert said in str(refusal(**wrong))

    def test_an_unknown_kind_in_a_categorical_column(self):
        kinds = pl.Series(["source", "well", None], dtype=pl.Categorical)
        assert "holds 'well'" in str(refusal(nodes={"kind": kinds}))

    def test_all_mistakes_at_once(self):
        error = refusal(nodes={"demand": [0.0, -1, 1]}, edges={"capacity": [-1.0, 1.0]}, flow_unit="cups")
        assert len(error.mistakes) == 3
        assert str(error).count("\n") == 2

    def test_of_many_mistakes_the_first_are_shown_and_the_rest_are_counted(self):
        many = pl.DataFrame({"id": [f"e{i}" for i in range(20)], "u": "a", "v": "nowhere"})
        with pytest.raises(BadNetwork) as caught:
            LifelineNetwork("water", pl.DataFrame(NODES), many)
        assert len(caught.value.mistakes) == 20
        assert "and 12 more" in str(caught.value)

    def test_degrees_that_are_not_on_the_globe(self):
        places = {"x": [116.4, 500_000.0, 116.4], "y": [39.9, 39.9, 91.0]}
        assert "x and y are not longitude and latitude at 'b', 'c'" in str(
            refusal(nodes=places, geographic=True)
        )
        assert network(places).geographic is False


class TestStates:
    def test_nodes_come_first_then_edges(self):
        made = network()
        assert (made.n, made.m, made.size) == (3, 2, 5)
        assert [made.asset(one) for one in made.asset_ids] == list(range(5))

    def test_what_is_out_of_service_is_down_in_every_state(self):
        made = network({"in_service": [True, False, True]}, {"in_service": [False, True]})
        assert made.intact.tolist() == [True, False, True, False, True]
        assert (made.up(np.ones((4, 5), bool)) == made.intact).all()

    def test_assets_fail_by_their_ids(self):
        assert network().without("b", "bc").tolist() == [True, False, True, True, False]
        assert network().without().all()

    def test_an_id_that_no_asset_has(self):
        with pytest.raises(
            UnknownName, match=r"No asset of the water network is called 'abc'\. Nearest: bc, ab"
        ):
            network().without("abc")

    def test_an_id_of_a_node_and_an_edge_needs_to_say_which(self):
        made = network(edges={"id": ["a", "bc"]})
        with pytest.raises(BadParameter, match="'a' is a node and an edge of the water network: say which"):
            made.asset("a")
        assert made.asset("a", "node") == 0
        assert made.asset("a", "edge") == 3
        with pytest.raises(UnknownName, match="No edge of the water network is called 'b'"):
            made.asset("b", "edge")

    @pytest.mark.parametrize(
        "wrong", [np.ones(4, bool), np.ones(5), np.ones((1, 1, 5), bool), np.bool_(True)]
    )
    def test_states_of_another_shape_or_type(self, wrong):
        with pytest.raises(BadParameter, match=r"is 5 Booleans \(3 nodes, then 2 edges\)"):
            network().up(wrong)


class TestGraph:
    def test_parallel_edges_stay_apart(self):
        made = network(edges={"id": ["e", "f"], "u": ["a", "b"], "v": ["b", "a"]})
        assert isinstance(made.to_networkx(), nx.MultiGraph)
        assert made.to_networkx().number_of_edges("a", "b") == 2

    def test_an_edge_without_a_direction_stands_both_ways_where_others_have_one(self):
        graph = network(edges={"directed": [True, False]}).to_networkx()
        assert set(graph.edges(keys=True)) == {("a", "b", "ab"), ("b", "c", "bc"), ("c", "b", "bc")}

    def test_what_is_down_is_left_out_with_the_edges_of_failed_nodes(self):
        made = network()
        assert set(made.to_networkx(made.without("b")).nodes) == {"a", "c"}
        assert made.to_networkx(made.without("b")).number_of_edges() == 0
        assert made.to_networkx(made.without("ab")).number_of_edges() == 1

    def test_columns_are_attributes(self):
        graph = network({"zone": ["n", "s", "s"]}).to_networkx()
        assert graph.nodes["b"]["zone"] == "s"
        assert graph.graph == {"system": "water", "flow_unit": "m3/s"}

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 7), st.integers(1, 7), st.booleans()), max_size=30),
        st.randoms(use_true_random=False),
    )
    def test_nodes_edges_and_components_are_those_of_networkx(self, drawn, random):
        ends = [(u, (u + step) % 8, directed) for u, step, directed in drawn]
        nodes = pl.DataFrame({"id": [f"n{i}" for i in range(8)]})
        edges = pl.DataFrame(
            {
                "id": [f"e{i}" for i in range(len(ends))],
                "u": [f"n{u}" for u, _, _ in ends],
                "v": [f"n{v}" for _, v, _ in ends],
                "directed": [one for _, _, one in ends],
            },
            schema={"id": pl.String, "u": pl.String, "v": pl.String, "directed": pl.Boolean},
        )
        made = LifelineNetwork("power", nodes, edges)
        up = np.array([random.random() < 0.8 for _ in range(made.size)], bool)
        graph = made.to_networkx(up)
        open_ = up[8:] & up[made.arrays.u] & up[made.arrays.v]
        twice = open_ & ~made.arrays.directed if made.arrays.directed.any() else np.zeros(made.m, bool)
        assert graph.number_of_nodes() == up[:8].sum()
        assert graph.number_of_edges() == open_.sum() + twice.sum()
        assert {key for *_, key in graph.edges(keys=True)} == {f"e{i}" for i in np.flatnonzero(open_)}


def test_a_network_of_a_hundred_thousand_edges_is_made_and_its_mistakes_are_found():
    n = 100_000
    nodes = pl.DataFrame({"id": pl.int_range(n + 1, eager=True).cast(pl.String)})
    edges = pl.DataFrame({"u": pl.int_range(n, eager=True), "v": pl.int_range(1, n + 1, eager=True)})
    edges = edges.select(("e" + pl.col("u").cast(pl.String)).alias("id"), pl.all().cast(pl.String))
    made = LifelineNetwork("road", nodes, edges)
    assert made.arrays.v[-1] == n
    assert made.asset("e99999") == 2 * n
    wrong = edges.with_columns(v=pl.when(pl.col("u") == "7").then(pl.lit("?")).otherwise("v"))
    with pytest.raises(BadNetwork, match="edge 'e7' joins node '\\?'"):
        LifelineNetwork("road", nodes, wrong)
