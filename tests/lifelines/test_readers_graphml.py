"""GraphML of several writers becomes a network; parallel edges stay apart."""

from __future__ import annotations

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import BadNetwork
from workbench.lifelines.readers import read_graphml


@pytest.fixture
def read(tmp_path):
    """Write a graph as NetworkX does and read it."""

    def network(graph, system="telecom", **more):
        nx.write_graphml(graph, tmp_path / "网.graphml")
        return read_graphml(tmp_path / "网.graphml", system, **more)

    return network


def raw(attributes="", body="", direction="undirected"):
    """GraphML as written by hand."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">{attributes}'
        f'<graph edgedefault="{direction}">{body}</graph></graphml>'
    )


class TestAttributes:
    def test_those_called_as_columns_are_columns_and_others_are_kept(self, read):
        graph = nx.Graph()
        graph.add_node("a", kind="source", people=0, in_service=True, owner="state")
        graph.add_node("b", demand=2.5, people=30, in_service=False)
        graph.add_edge("a", "b", id="ab", capacity=7, kind="fibre", ducts=2)
        made = read(graph)
        assert made.arrays.supply.tolist() == [np.inf, 0.0]
        assert made.arrays.people.tolist() == [0.0, 30.0]
        assert made.nodes["in_service"].to_list() == [True, False]
        assert made.nodes["owner"].to_list() == ["state", None]
        assert made.edges.row(0, named=True)["capacity"] == 7.0
        assert made.edges.select("id", "kind", "ducts").row(0) == ("ab", "fibre", 2)
        assert made.arrays.directed.tolist() == [False]

    def test_attributes_may_be_called_otherwise(self, read):
        graph = nx.Graph()
        graph.add_edge("a", "b", length=12.5)
        assert read(graph, rename={"length": "length_m"}).arrays.length_m.tolist() == [12.5]
        graph.edges["a", "b"]["length_m"] = 3.0
        with pytest.raises(BadParameter, match="already has the attribute 'length_m'"):
            read(graph, rename={"length": "length_m"})

    def test_a_label_is_a_name_where_there_is_none(self, read):
        graph = nx.Graph()
        graph.add_node("0", label="北京")
        graph.add_node("1", label="上海")
        assert read(graph).nodes["name"].to_list() == ["北京", "上海"]
        graph.nodes["0"]["name"] = "Beijing"
        made = read(graph)
        assert made.nodes["name"].to_list() == ["Beijing", None]
        assert made.nodes["label"].to_list() == ["北京", "上海"]

    @pytest.mark.parametrize(("x", "y"), [("lon", "lat"), ("Longitude", "Latitude"), ("long", "LAT")])
    def test_degrees_are_told_by_their_names(self, read, x, y):
        graph = nx.Graph()
        graph.add_node("a", **{x: 116.3, y: 39.9})
        made = read(graph)
        assert made.geographic
        assert made.nodes.select("x", "y").row(0) == (116.3, 39.9)

    def test_x_and_y_are_metres_unless_said(self, read):
        graph = nx.Graph()
        graph.add_node("a", x=116.3, y=39.9)
        assert not read(graph).geographic
        assert read(graph, geographic=True).geographic

    def test_numbers_written_as_texts_are_numbers(self, read):
        """OSMnx writes every attribute as a text."""
        graph = nx.MultiDiGraph()
        graph.add_node("a", x="1.5", y="2")
        graph.add_node("b", demand="3", in_service="True")
        graph.add_edge("a", "b", length="40.5")
        made = read(graph, "road", rename={"length": "length_m"})
        assert made.nodes["x"].to_list() == [1.5, None]
        assert made.arrays.demand.tolist() == [0.0, 3.0]
        assert made.arrays.length_m.tolist() == [40.5]


class TestEdges:
    def test_parallel_edges_stay_apart_and_get_ids(self, read):
        graph = nx.MultiGraph()
        graph.add_edges_from([("a", "b"), ("a", "b"), ("b", "c")])
        made = read(graph)
        assert made.m == 3
        assert len(set(made.edges["id"])) == 3
        assert made.to_networkx().number_of_edges("a", "b") == 2

    def test_edges_without_ids_are_called_after_their_ends(self, tmp_path):
        body = '<node id="a"/><node id="b"/>' + '<edge source="a" target="b"/>' * 2
        path = tmp_path / "g.graphml"
        path.write_text(raw(body=body), encoding="utf-8")
        assert read_graphml(path, "gas").edges["id"].to_list() == ["a-b", "a-b:2"]

    def test_edges_keep_the_ids_of_the_file(self, tmp_path):
        body = '<node id="a"/><node id="b"/><edge id="e7" source="a" target="b"/>'
        body += '<edge id="e8" source="b" target="a"/>'
        path = tmp_path / "g.graphml"
        path.write_text(raw(body=body), encoding="utf-8")
        assert read_graphml(path, "gas").edges["id"].to_list() == ["e7", "e8"]

    def test_edges_of_a_directed_graph_have_a_direction_unless_they_say_otherwise(self, read):
        graph = nx.DiGraph()
        graph.add_edge("a", "b")
        graph.add_edge("b", "c", directed=False)
        assert read(graph).arrays.directed.tolist() == [True, False]

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=20), st.booleans())
    def test_there_and_back_the_graph_is_the_same(self, tmp_path_factory, pairs, directed):
        graph = nx.MultiDiGraph() if directed else nx.MultiGraph()
        graph.add_nodes_from((str(i), {"demand": float(i)}) for i in range(6))
        for i, (u, step) in enumerate(pairs):
            graph.add_edge(str(u), str((u + step) % 6), key=f"e{i}", capacity=float(i))
        path = tmp_path_factory.mktemp("graphs") / "g.graphml"
        nx.write_graphml(graph, path)
        again = read_graphml(path, "power").to_networkx()
        assert sorted(again.nodes(data="demand")) == sorted(graph.nodes(data="demand"))
        assert sorted(again.edges(keys=True, data="capacity")) == sorted(
            graph.edges(keys=True, data="capacity")
        )


class TestWhatItRefuses:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (b"", "the file is empty"),
            (b"{}", "this is not GraphML, or only part of it"),
            (raw(body='<node id="a"/>').encode()[:-30], "this is not GraphML, or only part of it"),
            (raw().encode(), "there is no node in the graph"),
            (raw(body="<node id='水厂'/>").encode("gb18030"), "this is not GraphML, or only part of it"),
            (b"<html></html>", "this is not GraphML, or only part of it"),
        ],
    )
    def test_files_that_are_no_graph(self, tmp_path, text, said):
        path = tmp_path / "g.graphml"
        path.write_bytes(text)
        with pytest.raises(BadNetwork, match=said):
            read_graphml(path, "gas")

    def test_what_is_no_number(self, read):
        graph = nx.Graph()
        graph.add_node("a", demand="much")
        with pytest.raises(
            BadNetwork, match=r"网\.graphml, nodes: 'a', column 'demand' holds 'much', not a number"
        ):
            read(graph)

    def test_a_self_loop(self, read):
        graph = nx.Graph()
        graph.add_edge("a", "a", id="loop")
        with pytest.raises(BadNetwork, match="edge 'loop' joins a node to itself"):
            read(graph)

    def test_no_such_file_or_system(self, tmp_path, read):
        with pytest.raises(BadNetwork, match="no such file"):
            read_graphml(tmp_path / "no.graphml", "gas")
        graph = nx.Graph()
        graph.add_node("a")
        with pytest.raises(UnknownName, match="called 'teleco'"):
            read(graph, "teleco")


def test_ids_that_come_twice_are_numbered(tmp_path):
    graph = nx.MultiGraph()
    graph.add_nodes_from("abc")
    for u, v in ("ab", "bc"):
        graph.add_edge(u, v, key=0, id="pipe")
    path = tmp_path / "g.graphml"
    nx.write_graphml(graph, path)
    assert read_graphml(path, "gas").edges["id"].to_list() == ["pipe", "pipe:2"]
    assert read_graphml(path, "gas").nodes["id"].dtype == pl.String
