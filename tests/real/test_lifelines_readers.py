"""Published networks of water, power, gas and telecom are read as their owners describe them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from workbench.lifelines import InterdependentSystem, check
from workbench.lifelines.checks import components
from workbench.lifelines.readers import (
    read_damage_scenarios,
    read_gaslib,
    read_geojson,
    read_graphml,
    read_indp,
    read_pandapower,
    read_tables,
)
from workbench.lifelines.writers import write_geojson, write_tables

pytestmark = pytest.mark.real
CENSUS_2010 = 927_644
"""People of Shelby County, Tennessee (US Census Bureau, 2010)."""


@pytest.fixture(scope="module")
def data(real_data):
    folder = real_data / "lifelines"
    if not folder.is_dir():
        pytest.skip(f"no lifeline data in {folder}")
    return folder


@pytest.fixture(scope="module")
def shelby(data) -> InterdependentSystem:
    return read_indp(data / "shelby_indp")


class TestShelbyCounty:
    """Dec2py's extended Shelby County; counts from the README of the data, people from the census."""

    def test_nodes_and_arcs_of_each_network(self, shelby):
        sizes = {name: (one.n, one.m) for name, one in shelby.layers.items()}
        assert sizes == {"water": (49, 71), "power": (75, 93), "gas": (16, 17), "telecom": (27, 36)}

    def test_dependencies_of_each_kind(self, shelby):
        assert shelby.dependencies.height == 73
        assert dict(shelby.dependencies["kind"].value_counts().iter_rows()) == {"physical": 50, "cyber": 23}
        pairs = shelby.dependencies.group_by("dependee_layer", "depender_layer").len()
        assert {(one, other): n for one, other, n in pairs.iter_rows()} == {
            ("power", "water"): 21,
            ("water", "power"): 1,
            ("power", "gas"): 3,
            ("gas", "power"): 2,
            ("power", "telecom"): 23,
            ("telecom", "power"): 23,
        }

    def test_supply_meets_demand_which_is_the_county_in_thousandths(self, shelby):
        for name in ("water", "power", "gas"):
            arrays = shelby.layers[name].arrays
            assert arrays.supply.sum() == pytest.approx(1000.0)
            assert arrays.demand.sum() == pytest.approx(1000.0, rel=3e-4)
        telecom = shelby.layers["telecom"].arrays
        assert telecom.supply.sum() == pytest.approx(968.4)
        assert telecom.demand.sum() == pytest.approx(968.3)

    def test_each_network_serves_the_people_of_the_county_once(self, shelby):
        for name in ("water", "power", "gas"):
            assert shelby.layers[name].arrays.people.sum() == pytest.approx(CENSUS_2010, rel=0.005)
        exchange = shelby.layers["telecom"].nodes.filter(pl.col("supply") > 0)
        assert exchange["id"].to_list() == ["T9"]
        served = shelby.layers["telecom"].arrays.people.sum()
        assert served + exchange["population"].sum() == pytest.approx(CENSUS_2010, rel=0.005)

    def test_the_two_lines_side_by_side_stay_apart(self, shelby):
        assert shelby.layers["power"].to_networkx().number_of_edges("P5", "P64") == 2

    def test_lengths_in_feet_are_those_in_kilometres(self, shelby, data):
        for name, file in (
            ("water", "Water"),
            ("power", "Power"),
            ("gas", "Gas"),
            ("telecom", "Telecommunication"),
        ):
            km = pl.read_csv(data / "shelby_indp" / f"{file}Arcs.csv")["Length (km)"].to_numpy()
            assert shelby.layers[name].arrays.length_m == pytest.approx(km * 1000, abs=0.5)

    def test_it_lies_in_the_south_west_of_tennessee(self, shelby):
        for network in shelby.layers.values():
            assert network.geographic
            assert network.nodes["x"].is_between(-90.4, -89.6).all()
            assert network.nodes["y"].is_between(34.9, 35.5).all()

    def test_every_network_is_in_one_piece_and_capacities_bind(self, shelby):
        """Intact, the capacities serve 96 to 99.7 % (README): some sinks ask more than their arcs carry."""
        rules = {name: {one.rule for one in check(network)} for name, network in shelby.layers.items()}
        for network in shelby.layers.values():
            assert components(network, np.ones(network.m, bool)).max() == 0
        assert rules == {
            "water": {"low_capacity"},
            "power": set(),
            "gas": {"low_capacity", "short_supply"},
            "telecom": {"low_capacity"},
        }

    @pytest.mark.parametrize("form", ["csv", "parquet", "geojson"])
    def test_written_and_read_it_is_the_same(self, shelby, tmp_path, form):
        if form == "geojson":
            again = read_geojson(write_geojson(shelby, tmp_path / "shelby.geojson"))
        else:
            again = read_tables(write_tables(shelby, tmp_path, form=form))
        assert again.assets.equals(shelby.assets)
        assert again.dependencies.equals(shelby.dependencies)
        for name, network in shelby.layers.items():
            assert again.layers[name].nodes.equals(network.nodes)
            assert again.layers[name].edges.equals(network.edges)


class TestShelbyDamage:
    @pytest.fixture(scope="class")
    @classmethod
    def scenarios(cls, shelby, data):
        return read_damage_scenarios(data / "shelby_indp" / "wu_damage_scenarios_tidy.csv", shelby)

    def test_scenarios_and_sets(self, scenarios, shelby):
        assert scenarios.up.shape == (1032, shelby.size)
        assert sorted(set(scenarios.sets.tolist())) == list(range(50))
        assert scenarios.up.dtype == np.bool_

    def test_each_row_of_the_file_is_one_asset_down(self, scenarios, shelby):
        down = ~scenarios.up
        parts = shelby.assets.group_by("layer", "part").agg("asset")
        counted = {(layer, part): int(down[:, assets].sum()) for layer, part, assets in parts.iter_rows()}
        assert counted == {
            ("water", "node"): 24, ("water", "edge"): 2063, ("power", "node"): 603, ("power", "edge"): 0,
            ("gas", "node"): 325, ("gas", "edge"): 725, ("telecom", "node"): 210, ("telecom", "edge"): 1511,
        }  # fmt: skip
        assert down.any(axis=1).all()

    @pytest.mark.parametrize(("number", "scenario", "damaged"), [(48, 53, 101), (23, 5, 93), (19, 22, 90)])
    def test_the_worst_scenarios(self, scenarios, number, scenario, damaged):
        """Counts of the restoration trials in the reference notes on lifelines."""
        (row,) = np.flatnonzero((scenarios.sets == number) & (scenarios.scenarios == scenario))
        assert (~scenarios.up[row]).sum() == damaged


class TestGasLib:
    """Against M. Schmidt et al. (2017), GasLib, Data 2(4), 40, tables of GasLib-11, -24 and -40."""

    @pytest.mark.parametrize(
        ("number", "kinds", "sources", "sinks"),
        [
            (11, {"pipe": 8, "compressor": 2, "valve": 1}, 3, 3),
            (24, {"pipe": 19, "short pipe": 1, "resistor": 1, "control valve": 1, "compressor": 3}, 3, 5),
            (40, {"pipe": 39, "compressor": 6}, 3, 29),
        ],
    )
    def test_nodes_edges_and_balance(self, data, number, kinds, sources, sinks):
        made = read_gaslib(data / "gaslib" / f"GasLib-{number}.zip")
        assert made.n == number
        assert dict(made.edges["kind"].value_counts().iter_rows()) == kinds
        assert made.arrays.source.sum() == sources - (number == 11)  # one entry has a nomination of 0
        assert (made.arrays.demand > 0).sum() == sinks
        assert made.arrays.supply.sum() == pytest.approx(made.arrays.demand.sum())
        assert check(made) == ()


def test_the_power_network_of_infrarisk_in_an_older_format_of_pandapower(data):
    made = read_pandapower(data / "infrarisk_in2" / "power" / "power.json")
    assert (made.n, made.m) == (9, 8)
    assert made.arrays.demand.sum() == pytest.approx(3 * 2.0 + 0.23)  # three loads and a motor
    assert dict(made.edges["kind"].value_counts().iter_rows()) == {"line": 5, "transformer": 2, "switch": 1}
    assert made.nodes["x"].null_count() == 0
    assert check(made) == ()


def test_the_power_grid_of_the_western_states(data, tmp_path):
    """D. J. Watts and S. H. Strogatz (1998), Nature 393, in the file that M. Newman keeps."""
    files = [one for one in (data / "power_topology").rglob("*.gml") if "power" in one.name]
    if not files:
        pytest.skip(f"no power grid in {data / 'power_topology'}")
    import networkx as nx

    nx.write_graphml(nx.read_gml(files[0], label="id"), tmp_path / "power.graphml")
    made = read_graphml(tmp_path / "power.graphml", "power")
    assert (made.n, made.m) == (4941, 6594)
