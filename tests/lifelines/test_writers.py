"""What is written is read back the same, from tables and from maps."""

from __future__ import annotations

import json
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from workbench.errors import BadParameter
from workbench.lifelines import BadNetwork, InterdependentSystem, LifelineNetwork
from workbench.lifelines.readers import read_geojson, read_tables
from workbench.lifelines.writers import to_geojson, write_geojson, write_tables

FORMS = ("csv", "parquet", "geojson")


def there_and_back(given_, folder, form):
    if form == "geojson":
        return read_geojson(write_geojson(given_, folder / "map.geojson"))
    return read_tables(write_tables(given_, folder / form, form=form))


def same(made, expected):
    assert type(made) is type(expected)
    if isinstance(expected, InterdependentSystem):
        assert list(made.layers) == list(expected.layers)
        assert_frame_equal(made.dependencies, expected.dependencies)
        for name, one in expected.layers.items():
            same(made.layers[name], one)
        return
    assert (made.system, made.flow_unit, made.geographic) == (
        expected.system,
        expected.flow_unit,
        expected.geographic,
    )
    assert_frame_equal(made.nodes, expected.nodes, check_exact=True)
    assert_frame_equal(made.edges, expected.edges, check_exact=True)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
ids = texts.filter(lambda one: one.strip() and pl.Series([one]).str.strip_chars()[0])
amounts = st.none() | st.floats(0, 1e300, allow_subnormal=False)
anything = st.none() | st.floats(width=64)


@st.composite
def networks(draw, system="water"):
    names = draw(st.lists(ids, min_size=2, max_size=6, unique=True))
    n = len(names)
    pairs = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(1, n - 1)), max_size=8))
    keys = draw(st.lists(ids, min_size=len(pairs), max_size=len(pairs), unique=True))

    def column(values, size, dtype):
        return pl.Series(draw(st.lists(values, min_size=size, max_size=size)), dtype=dtype)

    nodes = pl.DataFrame(
        {
            "id": names,
            "kind": column(st.sampled_from([None, "source", "storage", "sink", "junction"]), n, pl.String),
            "supply": column(amounts | st.just(np.inf), n, pl.Float64),
            "demand": column(amounts, n, pl.Float64),
            "x": column(st.none() | st.floats(-180, 180), n, pl.Float64),
            "y": column(st.none() | st.floats(-90, 90), n, pl.Float64),
            "name": column(st.none() | texts, n, pl.String),
            "note": column(st.none() | texts, n, pl.String),
            "height": column(anything, n, pl.Float64),
            "floor": column(st.none() | st.integers(-(2**63), 2**63 - 1), n, pl.Int64),
            "listed": column(st.none() | st.booleans(), n, pl.Boolean),
        }
    )
    edges = pl.DataFrame(
        {
            "id": pl.Series(keys, dtype=pl.String),
            "u": pl.Series([names[u] for u, _ in pairs], dtype=pl.String),
            "v": pl.Series([names[(u + step) % n] for u, step in pairs], dtype=pl.String),
            "capacity": column(amounts | st.just(np.inf), len(pairs), pl.Float64),
            "directed": column(st.booleans(), len(pairs), pl.Boolean),
            "built": column(st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)), len(pairs), pl.Date),
        }
    )
    return LifelineNetwork(system, nodes, edges, geographic=draw(st.booleans()))


@st.composite
def systems(draw):
    layers = {"水": draw(networks()), "power": draw(networks("power"))}
    layers["power"] = layers["power"].with_columns([pl.col("floor").cast(pl.String), pl.lit(1.5).alias("kv")])
    shared = [set(one.node_index) & set(one.edge_index) for one in layers.values()]
    ends = [
        draw(st.sampled_from([*sorted(set(one.asset_ids) - both)] or [None]))
        for one, both in zip(layers.values(), shared, strict=True)
    ]
    if None in ends:
        return InterdependentSystem(layers)
    row = {"dependee_layer": "power", "dependee": ends[1], "depender_layer": "水", "depender": ends[0]}
    return InterdependentSystem(layers, pl.DataFrame([{**row, "threshold": draw(st.floats(0, 1))}]))


@pytest.fixture
def place(tmp_path_factory):
    """A new folder each time it is asked for."""
    return lambda: tmp_path_factory.mktemp("written 写")


@pytest.mark.parametrize("form", FORMS)
class TestThereAndBack:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(given_=networks())
    def test_a_network_is_read_back_the_same(self, form, place, given_):
        same(there_and_back(given_, place(), form), given_)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(given_=systems())
    def test_a_system_is_read_back_the_same(self, form, place, given_):
        same(there_and_back(given_, place(), form), given_)

    def test_parallel_edges_units_and_times_are_kept(self, form, tmp_path):
        nodes = pl.DataFrame({"id": ["a", "b"], "seen": [datetime(2026, 1, 2, 3, 4, 5, 678901), None]})
        nodes = nodes.with_columns(
            small=pl.Series([0.1, None], dtype=pl.Float32), code=pl.Series(["007", "8"])
        )
        edges = pl.DataFrame({"id": ["e", "f"], "u": ["a", "b"], "v": ["b", "a"]})
        network = LifelineNetwork("gas", nodes, edges, "units", geographic=True)
        again = there_and_back(network, tmp_path, form)
        same(again, network)
        assert again.to_networkx().number_of_edges("a", "b") == 2

    def test_a_layer_without_an_edge_and_one_alone_in_a_system(self, form, tmp_path):
        lone = LifelineNetwork(
            "oil",
            pl.DataFrame({"id": ["tank"]}),
            pl.DataFrame(schema=dict.fromkeys(("id", "u", "v"), pl.String)),
        )
        same(
            there_and_back(InterdependentSystem({"depot": lone}), tmp_path, form),
            InterdependentSystem({"depot": lone}),
        )

    def test_a_column_of_a_kind_that_no_text_holds(self, form, tmp_path):
        nodes = pl.DataFrame({"id": ["a"], "shape": [[1.0, 2.0]]})
        network = LifelineNetwork("gas", nodes, pl.DataFrame({"id": [], "u": [], "v": []}))
        with pytest.raises(BadParameter, match="'shape' of the node table of 'gas' holds List"):
            there_and_back(network, tmp_path, form)

    def test_a_column_called_as_the_files_own(self, form, tmp_path):
        network = LifelineNetwork(
            "gas", pl.DataFrame({"id": ["a"], "layer": ["x"]}), pl.DataFrame({"id": [], "u": [], "v": []})
        )
        with pytest.raises(BadParameter, match="gas network has a column 'layer' of its own"):
            there_and_back(network, tmp_path, form)


@pytest.fixture
def system():
    water = LifelineNetwork(
        "water",
        pl.DataFrame({"id": ["w1", "w2"], "supply": [np.inf, 0], "x": [116.3, None], "y": [39.9, 39.9]}),
        pl.DataFrame({"id": ["w"], "u": ["w1"], "v": ["w2"]}),
        geographic=True,
    )
    power = LifelineNetwork(
        "power",
        pl.DataFrame({"id": ["p1", "p2"], "x": [116.3, 116.5], "y": [39.9, 39.8], "kv": [110, 10]}),
        pl.DataFrame({"id": ["p"], "u": ["p1"], "v": ["p2"]}),
        geographic=True,
    )
    row = {"dependee_layer": "power", "dependee": "p2", "depender_layer": "water", "depender": "w1"}
    return InterdependentSystem({"water": water, "power": power}, pl.DataFrame([row]))


class TestTables:
    def test_the_files_and_what_stands_in_them(self, system, tmp_path):
        folder = write_tables(system, tmp_path / "new" / "place")
        assert sorted(one.name for one in folder.iterdir()) == [
            "dependencies.csv", "edges.csv", "nodes.csv", "system.json",
        ]  # fmt: skip
        nodes = pl.read_csv(folder / "nodes.csv")
        assert nodes.columns[:3] == ["layer", "system", "id"]
        assert nodes["layer"].to_list() == ["water", "water", "power", "power"]
        assert (folder / "nodes.csv").read_bytes().startswith(b"\xef\xbb\xbf")

    def test_a_network_of_its_own_has_no_table_of_dependencies(self, system, tmp_path):
        write_tables(system, tmp_path)
        write_tables(system.layers["water"], tmp_path)
        assert not (tmp_path / "dependencies.csv").exists()
        same(read_tables(tmp_path), system.layers["water"])

    def test_the_tables_can_be_read_one_by_one(self, system, tmp_path):
        write_tables(system, tmp_path)
        made = read_tables(
            *(tmp_path / f"{name}.csv" for name in ("nodes", "edges", "dependencies")), geographic=True
        )
        assert made.layers["power"].edges.equals(system.layers["power"].edges)
        assert made.dependencies.equals(system.dependencies)

    def test_columns_and_rows_added_by_hand_are_read(self, system, tmp_path):
        write_tables(system.layers["power"], tmp_path)
        lines = (tmp_path / "nodes.csv").read_text(encoding="utf-8-sig").splitlines()
        lines = [f"{lines[0]},owner,age", *(f"{line},city,{i}" for i, line in enumerate(lines[1:]))]
        (tmp_path / "nodes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        made = read_tables(tmp_path)
        assert made.nodes["owner"].to_list() == ["city", "city"]
        assert made.nodes["age"].to_list() == [0, 1]

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda at: (at / "edges.csv").unlink(), "there is no edges.csv or edges.parquet"),
            (lambda at: (at / "system.json").unlink(), "there is no system.json"),
            (lambda at: (at / "system.json").write_text("{"), "this is not JSON, or only part of it (line 1"),
            (
                lambda at: (at / "system.json").write_text("[]"),
                "this does not describe a network in version 1",
            ),
            (lambda at: (at / "system.json").write_text(""), "the file is empty"),
            (lambda at: (at / "nodes.parquet").write_text(""), "there are nodes as CSV and as Parquet"),
            (lambda at: (at / "nodes.csv").write_text("layer,id\npower,p1\n"), "there is no column 'kind'"),
        ],
    )
    def test_a_folder_that_was_spoilt(self, system, tmp_path, spoil, said):
        spoil(write_tables(system, tmp_path))
        with pytest.raises(BadNetwork) as caught:
            read_tables(tmp_path)
        assert said in str(caught.value)

    @pytest.mark.parametrize(("old", "new"), [('"Float64"', '"Float65"'), ('"flow_unit"', '"unit"')])
    def test_a_description_that_lacks_a_part_or_names_an_unknown_type(self, system, tmp_path, old, new):
        side = write_tables(system, tmp_path) / "system.json"
        side.write_text(side.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        with pytest.raises(BadNetwork, match="layer 'water' is not described as it should be"):
            read_tables(tmp_path)

    def test_a_value_spoilt_by_hand(self, system, tmp_path):
        table = write_tables(system, tmp_path) / "nodes.csv"
        table.write_text(table.read_text(encoding="utf-8-sig").replace("116.5", "east"), encoding="utf-8")
        with pytest.raises(BadNetwork, match="nodes of 'power': column 'x' holds 'east', not Float64"):
            read_tables(tmp_path)

    def test_places_that_cannot_be_written(self, system, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(BadParameter, match="cannot be written"):
            write_tables(system, tmp_path / "file" / "below")
        write_tables(system, tmp_path, form="parquet")
        with pytest.raises(
            BadParameter, match=r"already holds nodes\.parquet, edges\.parquet, dependencies\.parq"
        ):
            write_tables(system, tmp_path)
        with pytest.raises(BadParameter, match="written as 'csv' or 'parquet', not 'xlsx'"):
            write_tables(system, tmp_path, form="xlsx")


class TestMap:
    def test_nodes_are_points_and_edges_are_lines(self, system):
        made = to_geojson(system)
        assert made["type"] == "FeatureCollection"
        by_id = {one["id"]: one for one in made["features"]}
        assert len(by_id) == system.size
        assert by_id["power/node/p2"]["geometry"] == {"type": "Point", "coordinates": [116.5, 39.8]}
        assert by_id["power/edge/p"]["geometry"] == {
            "type": "LineString",
            "coordinates": [[116.3, 39.9], [116.5, 39.8]],
        }

    def test_what_has_no_place_has_no_geometry(self, system):
        by_id = {one["id"]: one for one in to_geojson(system)["features"]}
        assert by_id["water/node/w2"]["geometry"] is None
        assert by_id["water/edge/w"]["geometry"] is None

    def test_every_column_is_a_property(self, system):
        (one,) = (one for one in to_geojson(system)["features"] if one["id"] == "power/node/p1")
        assert one["properties"]["layer"] == "power"
        assert one["properties"]["part"] == "node"
        assert set(system.layers["power"].nodes.columns) <= set(one["properties"])
        assert one["properties"]["kv"] == 110

    def test_the_file_is_strict_json(self, system, tmp_path):
        text = write_geojson(system, tmp_path / "m.geojson").read_text(encoding="utf-8")

        def refuse(constant):
            raise AssertionError(constant)

        assert json.loads(text, parse_constant=refuse)["features"][0]["properties"]["supply"] == "inf"

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda text: "", "the file is empty"),
            (lambda text: text[:200], "this is not JSON, or only part of it"),
            (lambda text: "[]", "this is no map of `write_geojson`"),
            (
                lambda text: '{"type": "FeatureCollection", "features": []}',
                "this is no map of `write_geojson`",
            ),
            (lambda text: text.replace('"part":"edge"', '"part":"wire"'), "feature 3 has no known `layer`"),
            (lambda text: text.replace('"dependee":"p2"', '"dependee":"p3"'), "has no asset 'p3'"),
        ],
    )
    def test_a_map_that_was_spoilt(self, system, tmp_path, spoil, said):
        path = write_geojson(system, tmp_path / "m.geojson")
        path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
        with pytest.raises(BadNetwork) as caught:
            read_geojson(path)
        assert said in str(caught.value)

    def test_a_place_that_cannot_be_written(self, system, tmp_path):
        with pytest.raises(BadParameter, match="cannot be written"):
            write_geojson(system, tmp_path)
