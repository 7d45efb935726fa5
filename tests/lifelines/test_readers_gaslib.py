"""GasLib in small: what the files say becomes a gas network; broken files are refused in a sentence."""

from __future__ import annotations

import json
import zipfile

import pytest

from workbench.errors import UnknownName
from workbench.lifelines import BadNetwork, check
from workbench.lifelines.readers import read_gaslib


def files():
    """A well, a compressor, a town and a valve back to the well."""
    network = {
        "nodes": {
            "1": {"name": "well", "x_coord": 0.0, "y_coord": 1.0, "max_pressure": 7e6},
            "2": {"name": "station", "x_coord": 2.0, "y_coord": 1.0},
            "3": {"name": "町", "x_coord": 3.0, "y_coord": 1.0},
        },
        "pipes": {
            "1": {"name": "p", "fr_node": 1, "to_node": 2, "min_flow": -5.0, "max_flow": 8.0, "length": 900.0}
        },
        "compressors": {"1": {"name": "c", "fr_node": 2, "to_node": 3, "min_flow": 0.0, "max_flow": 6.0}},
        "valves": {"1": {"name": "p", "fr_node": 1, "to_node": 3, "min_flow": -4.0, "max_flow": 0.0}},
        "resistors": {},
        "entries": {"1": {"name": "e", "node_id": 1}, "2": {"name": "f", "node_id": 1}},
        "exits": {"1": {"name": "x", "node_id": 3}},
    }  # fmt: skip
    one = {
        "entry_nominations": {"1": {"max_injection": 3.0}, "2": {"max_injection": 2.0}},
        "exit_nominations": {"1": {"max_withdrawal": 4.5}},
    }
    two = {"entry_nominations": {}, "exit_nominations": {"1": {"max_withdrawal": 1.0}}}
    return {"network.json": network, "nominations.json": {"winter": one, "summer": two}}


@pytest.fixture
def read(tmp_path):
    """Write files into a zip file and read it."""

    def network(held, **more):
        path = tmp_path / "net.zip"
        with zipfile.ZipFile(path, "w") as file:
            for name, value in held.items():
                file.writestr(f"Net/{name}", value if isinstance(value, str | bytes) else json.dumps(value))
        return read_gaslib(path, **more)

    return network


class TestWhatItReads:
    def test_nodes_with_their_nominations(self, read):
        made = read(files())
        assert (made.system, made.flow_unit) == ("gas", "kg/s")
        assert made.nodes["id"].to_list() == ["well", "station", "町"]
        assert made.arrays.supply.tolist() == [5.0, 0.0, 0.0]
        assert made.arrays.demand.tolist() == [0.0, 0.0, 4.5]
        assert made.nodes["max_pressure"].to_list() == [7e6, None, None]
        assert check(made) == ()

    def test_edges_with_their_kinds_and_greatest_flows(self, read):
        made = read(files())
        assert made.edges["kind"].to_list() == ["pipe", "valve", "compressor"]
        assert made.arrays.capacity.tolist() == [8.0, 4.0, 6.0]
        assert made.edges["length_m"].to_list() == [900.0, None, None]

    def test_flow_that_goes_one_way_only_gives_the_edge_its_direction(self, read):
        made = read(files())
        assert made.arrays.directed.tolist() == [False, True, True]
        valve = made.edges.row(1, named=True)
        assert (valve["u"], valve["v"]) == ("町", "well")

    def test_edges_of_one_name_are_called_by_kind_and_number(self, read):
        assert read(files()).edges["id"].to_list() == ["pipe 1", "valve 1", "c"]

    def test_another_nomination(self, read):
        assert read(files(), nomination="summer").arrays.demand.tolist() == [0.0, 0.0, 1.0]
        with pytest.raises(UnknownName, match="No nomination is called 'wint'"):
            read(files(), nomination="wint")

    def test_a_folder_is_as_good_as_a_zip_file(self, read, tmp_path):
        for name, value in files().items():
            (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
        assert read_gaslib(tmp_path).edges.equals(read(files()).edges)


class TestWhatItRefuses:
    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda net: net.pop("nodes"), "not described as GasLib's are (KeyError('nodes'))"),
            (lambda net: net["pipes"]["1"].pop("fr_node"), "not described as GasLib's are (KeyError"),
            (lambda net: net["pipes"]["1"].update(max_flow="much"), "as GasLib's are (ValueError"),
            (lambda net: net["pipes"]["1"].update(to_node=9), "joins node '9', which is not"),
            (lambda net: net["exits"]["1"].update(node_id=9), "exit 1 of the nomination stands at no node"),
            (lambda net: net["entries"].pop("2"), "entry 2 of the nomination stands at no node"),
        ],
    )  # fmt: skip
    def test_files_that_do_not_fit_together(self, read, spoil, said):
        held = files()
        spoil(held["network.json"])
        with pytest.raises(BadNetwork) as caught:
            read(held)
        assert said in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (None, "the zip file holds no network.json"),
            (b"{", "this is not JSON, or only part of it"),
            ([], "network.json holds no object"),
        ],
    )
    def test_files_that_are_not_there_or_not_whole(self, read, text, said):
        held = {**files(), "network.json": text}
        with pytest.raises(BadNetwork, match=said):
            read({name: value for name, value in held.items() if value is not None})

    def test_files_that_are_no_zip(self, tmp_path, read):
        read(files())
        whole = (tmp_path / "net.zip").read_bytes()
        for data, said in [
            (b"", "the file is empty"),
            (b"hello", "this is not a zip file, or only part"),
            (whole[: len(whole) // 2], "this is not a zip file, or only part"),
        ]:
            (tmp_path / "bad.zip").write_bytes(data)
            with pytest.raises(BadNetwork, match=said):
                read_gaslib(tmp_path / "bad.zip")
        with pytest.raises(BadNetwork, match="no such file"):
            read_gaslib(tmp_path / "none.zip")
