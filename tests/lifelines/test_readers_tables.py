"""Tables become networks; what cannot be read is refused in a sentence."""

from __future__ import annotations

import polars as pl
import pytest

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import BadNetwork, InterdependentSystem, LifelineNetwork
from workbench.lifelines.readers import read_tables

NODES = "id,kind,supply,demand,people,in_service\nwell,source,,,,\ntown,,, 2.5 ,1200,yes\n"
EDGES = "id,u,v,capacity,directed\nmain,well,town,,0\n"


@pytest.fixture
def put(tmp_path):
    """Write a file and say where it is."""

    def write(name, text, encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write


@pytest.fixture
def read(put):
    """Read a water network from the texts of two CSV files."""

    def network(nodes=NODES, edges=EDGES, **more):
        return read_tables(put("nodes.csv", nodes), put("edges.csv", edges), **{"system": "water", **more})

    return network


class TestColumns:
    def test_texts_get_the_types_of_the_model(self, read):
        made = read()
        assert isinstance(made, LifelineNetwork)
        assert made.arrays.supply.tolist() == [float("inf"), 0.0]
        assert made.arrays.demand.tolist() == [0.0, 2.5]
        assert made.arrays.capacity.tolist() == [float("inf")]
        assert made.arrays.directed.tolist() == [False]
        assert made.nodes["in_service"].to_list() == [True, True]

    def test_ids_keep_their_leading_zeros(self, read):
        made = read("id\n007\n08\n", "id,u,v\n1,007,08\n")
        assert made.asset_ids == ("007", "08", "1")

    def test_more_columns_are_what_they_look_like(self, read):
        made = read("id,level,share,old,code,word\na,3,0.5,true,007,x\nb,,1,false,12,\n", "id,u,v\ne,a,b\n")
        held = made.nodes.select("level", "share", "old", "code", "word")
        assert held.dtypes == [pl.Int64, pl.Float64, pl.Boolean, pl.String, pl.String]
        assert held["level"].to_list() == [3, None]
        assert held["code"].to_list() == ["007", "12"]

    @pytest.mark.parametrize("mark", [";", "\t"])
    def test_semicolons_and_tabs_separate_too(self, read, mark):
        assert read(NODES.replace(",", mark), EDGES.replace(",", mark)).m == 1

    def test_chinese_in_utf8_with_a_byte_order_mark_and_in_gb18030(self, put, read):
        nodes, edges = "id,name\n水厂,第一水厂\n小区,阳光小区\n", "id,u,v\n主管,水厂,小区\n"
        made = read(nodes.encode("utf-8-sig"), edges)
        assert made.asset_ids == ("水厂", "小区", "主管")
        again = read(nodes.encode("gb18030"), edges.encode("gb18030"), encoding="gb18030")
        assert again.nodes.equals(made.nodes)

    def test_frames_and_parquet_give_the_same_as_csv(self, read, tmp_path):
        made = read()
        made.nodes.write_parquet(tmp_path / "n.parquet")
        for nodes in (made.nodes, tmp_path / "n.parquet", str(tmp_path / "n.parquet")):
            again = read_tables(nodes, made.edges, system="water")
            assert again.nodes.equals(made.nodes)
            assert again.edges.equals(made.edges)


class TestLayers:
    NODES = pl.DataFrame({"layer": ["n", "n", "s"], "id": ["a", "b", "a"]})
    EDGES = pl.DataFrame({"layer": ["n"], "id": ["e"], "u": ["a"], "v": ["b"]})

    def test_each_value_of_the_column_is_a_network(self):
        made = read_tables(
            self.NODES, self.EDGES, system={"n": "water", "s": "water"}, flow_unit={"s": "l/s"}
        )
        assert isinstance(made, InterdependentSystem)
        assert {name: (one.system, one.n, one.m) for name, one in made.layers.items()} == {
            "n": ("water", 2, 1),
            "s": ("water", 1, 0),
        }
        assert [one.flow_unit for one in made.layers.values()] == ["m3/s", "l/s"]
        assert "layer" not in made.layers["n"].nodes.columns

    def test_the_column_system_says_what_a_layer_is(self):
        nodes = self.NODES.with_columns(system=pl.Series(["gas", "gas", "power"]))
        made = read_tables(nodes, self.EDGES)
        assert {name: one.system for name, one in made.layers.items()} == {"n": "gas", "s": "power"}

    def test_a_layer_called_after_its_system_needs_no_more(self):
        nodes = pl.DataFrame({"system": ["water", "water", "power"], "id": ["a", "b", "p"]})
        edges = pl.DataFrame({"system": ["water"], "id": ["e"], "u": ["a"], "v": ["b"]})
        needs = pl.DataFrame(
            {"dependee_layer": ["power"], "dependee": ["p"], "depender_layer": ["water"], "depender": ["b"]}
        )
        made = read_tables(nodes, edges, needs)
        assert list(made.layers) == ["water", "power"]
        assert made.arrays.depender.tolist() == [1]

    def test_numbers_may_name_layers(self):
        made = read_tables(
            self.NODES.with_columns(layer=pl.Series([1, 1, 2])),
            self.EDGES.with_columns(layer=pl.Series([1])),
            system={"1": "water", "2": "gas"},
        )
        assert list(made.layers) == ["1", "2"]

    def test_dependencies_within_one_network_make_a_system(self, read, put):
        text = "dependee_layer,dependee,depender_layer,depender,threshold\nwater,well,water,town,0.5\n"
        made = read(dependencies=put("needs.csv", text))
        assert made.dependencies.row(0, named=True)["threshold"] == 0.5

    @pytest.mark.parametrize(
        ("nodes", "edges", "more", "error", "said"),
        [
            ({}, {}, {}, UnknownName, "No lifeline system is called 'n'"),
            ({}, {}, {"system": {"n": "watr", "s": "gas"}}, UnknownName, "called 'watr'. Nearest: water"),
            ({}, {}, {"system": "water"}, BadParameter, "nodes have a column 'layer': leave `system` out"),
            ({}, {"layer": ["m"]}, {}, BadNetwork, "layer 'm' is not among those of the nodes. Known: n, s"),
            ({"layer": ["n", None, "s"]}, {}, {}, BadNetwork, "nodes: column 'layer' is empty in 1 row"),
            (
                {"system": ["gas", "oil", "gas"]},
                {},
                {},
                BadNetwork,
                "layer 'n' has the systems ['gas', 'oil']",
            ),
        ],
    )
    def test_what_does_not_fit_together(self, nodes, edges, more, error, said):
        given = [
            frame.with_columns(pl.Series(name, values, dtype=pl.String) for name, values in columns.items())
            for frame, columns in ((self.NODES, nodes), (self.EDGES, edges))
        ]
        with pytest.raises(error) as caught:
            read_tables(*given, **more)
        assert said in str(caught.value)

    def test_edges_without_the_column_of_the_nodes(self):
        with pytest.raises(BadNetwork, match="edges: there is no column 'layer', which the nodes have"):
            read_tables(self.NODES, self.EDGES.drop("layer"), system={"n": "water", "s": "gas"})


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (b"", "the file is empty: send it again"),
            (b" \n", "the file is empty: send it again"),
            ("id\n水厂\n".encode("gb18030"), "byte 5 is not utf-8: save the file as UTF-8, or"),
            (b"id\n\x00\x01\n", "this is not a text file"),
            (b"id,id\na,b\n", "the header names column 'id' twice"),
            (b"id,demand\na,1\nb,1,2\n", "this is not a CSV table"),
            (b'id,demand\n"a,1\n', "this is not a CSV table"),
            (b"id,demand\nwell,1\ntown,much\n", "row 3, column 'demand' holds 'much', not a number: mend it"),
            (b"id,demand\nwell,1\ntown,1 000\n", "row 3, column 'demand' holds '1 000'"),
            (b"id,in_service\nwell,perhaps\ntown,no\n", "row 2, column 'in_service' holds 'perhaps', not"),
            (b"name,demand\nwell,1\n", "the nodes have no column 'id'"),
            (b"id,demand\nwell,1\ntown\n,2\n", "node column 'id' is empty in 1 row"),
            (b'{"id": "well"}', "the nodes have no column 'id'"),
            (b"id\n", "there is no node: give at least one row"),
        ],
    )  # fmt: skip
    def test_each_says_what_is_wrong_with_it(self, read, text, said):
        with pytest.raises(BadNetwork) as caught:
            read(text)
        assert said in str(caught.value)

    def test_the_file_is_named(self, read):
        with pytest.raises(BadNetwork, match=r"nodes\.csv: row 2"):
            read("id,demand\na,b\n")

    def test_every_wrong_column_and_row_is_counted(self, read):
        with pytest.raises(BadNetwork) as caught:
            read("id,demand,people\na,x,1\nb,y,?\nc,2,3\n")
        assert len(caught.value.mistakes) == 2
        assert "row 2, column 'demand' holds 'x', not a number, and 1 row more" in str(caught.value)

    def test_a_truncated_table_lacks_its_last_end(self, read):
        with pytest.raises(BadNetwork, match="edge column 'v' is empty in 1 row"):
            read("id\na\nb\nc\n", "id,u,v\ne,a,b\nf,b\n")

    def test_a_parquet_file_that_is_none_or_only_part_of_one(self, put, tmp_path):
        whole = tmp_path / "whole.parquet"
        pl.DataFrame({"id": ["a"]}).write_parquet(whole)
        for data in (whole.read_bytes()[:-20], b"id\na\n"):
            with pytest.raises(BadNetwork, match="this is not a Parquet table, or only part of it"):
                read_tables(put("n.parquet", data), pl.DataFrame(), system="water")

    def test_paths_that_lead_to_no_table(self, tmp_path, put):
        edges = put("edges.csv", EDGES)
        for path, said in [
            (tmp_path / "no.csv", "there is no such file: check the path"),
            (put("n.xlsx", "PK"), "ends in none of .csv, .tsv, .txt, .parquet"),
        ]:
            with pytest.raises(BadNetwork, match=said):
                read_tables(path, edges, system="water")
        (tmp_path / "folder.csv").mkdir()
        with pytest.raises(BadNetwork, match="this is a folder: give the file"):
            read_tables(tmp_path / "folder.csv", edges, system="water")

    def test_an_encoding_that_is_none(self, read):
        with pytest.raises(BadNetwork, match="no encoding is called 'utf8mb4': try utf-8 or gb18030"):
            read(encoding="utf8mb4")

    def test_arguments_that_are_no_tables(self, tmp_path):
        with pytest.raises(BadParameter, match="nodes are of type list: give a polars DataFrame or a path"):
            read_tables([1], pl.DataFrame(), system="water")
        with pytest.raises(BadParameter, match="There are nodes and no edges"):
            read_tables(pl.DataFrame())
        with pytest.raises(BadParameter, match="is no folder"):
            read_tables(tmp_path / "nodes.csv")
        with pytest.raises(BadParameter, match="Say which system the network is"):
            read_tables(pl.DataFrame(), pl.DataFrame())
