"""Networks of pandapower, as pandapower itself sees them."""

from __future__ import annotations

import copy
import functools
import json
import subprocess
import sys
import warnings

import networkx as nx
import numpy as np
import pytest

from workbench.lifelines import BadNetwork
from workbench.lifelines.checks import reach
from workbench.lifelines.readers import read_pandapower

pp = pytest.importorskip("pandapower", reason="pandapower is the oracle here")
networks = pytest.importorskip("pandapower.networks")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@functools.cache
def _made(name):
    return getattr(networks, name)()


def shipped(name):
    """One of pandapower's own networks; making one takes it half a second."""
    return copy.deepcopy(_made(name))


@pytest.fixture
def read(tmp_path):
    """Write a network of pandapower and read it."""

    def network(net, **more):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pp.to_json(net, str(tmp_path / "net.json"))
        return read_pandapower(tmp_path / "net.json", **more)

    return network


def direct_current_flows(network):
    """Flow of each edge (MW) by its id, from the susceptances alone."""
    a, n = network.arrays, network.n
    up = network.intact[n:] & network.intact[a.u] & network.intact[a.v]
    b = network.edges["susceptance"].fill_null(0.0).to_numpy() * up
    turn = np.deg2rad(network.edges["shift_deg"].to_numpy())
    incidence = np.zeros((network.m, n))
    incidence[np.arange(network.m), a.u] = 1
    incidence[np.arange(network.m), a.v] = -1
    fed = network.nodes["generation"].fill_null(0.0) - network.nodes["demand"]
    fed = (fed - network.nodes["shunt_mw"].fill_null(0.0)).to_numpy() + incidence.T @ (b * turn)
    slack = network.nodes["slack"].fill_null(False).to_numpy()
    rest = network.intact[:n] & ~slack
    rest &= (np.abs(incidence.T) @ up.astype(float)) > 0
    angle = np.zeros(n)
    matrix = incidence.T @ (b[:, None] * incidence)
    angle[rest] = np.linalg.solve(matrix[np.ix_(rest, rest)], fed[rest])
    return dict(zip(network.edges["id"].to_list(), b * (incidence @ angle - turn), strict=True))


class TestAgainstPandapower:
    @pytest.mark.parametrize("name", ["case9", "case14", "case39", "case57"])
    def test_buses_loads_and_direct_current_flows(self, read, name):
        net = shipped(name)
        made = read(net)
        assert made.n == len(net.bus)
        assert made.m == len(net.line) + len(net.trafo)
        drawn = net.load.p_mw * net.load.scaling * net.load.in_service
        assert made.arrays.demand.sum() - np.maximum(-drawn, 0).sum() == pytest.approx(drawn.sum())
        assert made.flow_unit == "MW"
        pp.rundcpp(net)
        flows = direct_current_flows(made)
        for table, column in (("line", "p_from_mw"), ("trafo", "p_hv_mw")):
            theirs = net[f"res_{table}"][column]
            mine = [flows[f"{table}-{index}"] for index in theirs.index]
            assert mine == pytest.approx(theirs.tolist(), abs=1e-9)

    @pytest.mark.parametrize(
        ("name", "within"),
        [pytest.param("mv_oberrhein", 1e-8, marks=pytest.mark.slow), ("example_multivoltage", 1e-3)],
    )
    def test_switches_three_windings_motors_wards_and_impedances(self, read, name, within):
        """A closed switch is stiff here and nothing at all there, which leaves less than a kW."""
        net = shipped(name)
        made = read(net)
        assert made.n == len(net.bus) + len(net.trafo3w)
        between = (net.switch.et == "b").sum()
        branches = sum(len(net[one]) for one in ("line", "trafo", "impedance")) + 3 * len(net.trafo3w)
        assert made.m == branches + between
        pp.rundcpp(net)
        flows = direct_current_flows(made)
        for table, column in (("line", "p_from_mw"), ("trafo", "p_hv_mw"), ("impedance", "p_from_mw")):
            for index, theirs in net[f"res_{table}"][column].fillna(0.0).items():
                assert flows[f"{table}-{index}"] == pytest.approx(theirs, abs=within)
        for index, row in net.res_trafo3w.iterrows():
            assert flows[f"trafo3w-{index}-hv"] == pytest.approx(row.p_hv_mw, abs=within)
            assert flows[f"trafo3w-{index}-mv"] == pytest.approx(-row.p_mv_mw, abs=within)

    @pytest.mark.parametrize("name", ["create_cigre_network_mv", "example_multivoltage"])
    def test_what_a_source_reaches_is_joined_to_one_there(self, read, name):
        net = shipped(name)
        net.line.loc[net.line.index[3:9], "in_service"] = False
        made = read(net)
        sources = set(made.nodes.filter(made.nodes["supply"] > 0)["id"])
        joined = set()
        for part in nx.connected_components(pp.topology.create_nxgraph(net)):
            buses = {f"bus-{one}" for one in part}
            joined |= buses if buses & sources else set()
        reached = {made.asset_ids[at] for at in np.flatnonzero(reach(made, made.intact))}
        assert {one for one in reached if one.startswith("bus")} == joined
        assert len(joined) < len(net.bus)

    def test_ratings_are_those_of_its_loading(self, read):
        net = shipped("case14")
        net.line.loc[0, ["parallel", "df"]] = 2, 0.9
        made = read(net)
        row = net.line.loc[0]
        rated = np.sqrt(3) * row.max_i_ka * net.bus.vn_kv[row.from_bus] * 2 * 0.9
        assert made.edges.row(0, named=True)["capacity"] == pytest.approx(rated)
        assert made.edges.row(0, named=True)["kind"] == "line"
        assert made.edges.row(0, named=True)["length_m"] == 1000.0

    def test_supply_is_the_greatest_output(self, read):
        net = shipped("case14")
        made = read(net)
        assert made.arrays.supply.sum() == pytest.approx(net.gen.max_p_mw.sum() + net.ext_grid.max_p_mw.sum())
        assert made.nodes.filter("slack")["id"].to_list() == ["bus-0"]
        net.ext_grid["max_p_mw"] = np.nan
        net.gen["max_p_mw"] = np.nan
        made = read(net)
        assert made.arrays.supply[0] == np.inf
        assert made.arrays.supply[1] == net.gen.p_mw[0]

    def test_a_negative_load_is_a_supply_and_scaling_counts(self, read):
        net = shipped("case14")
        net.load.loc[0, "p_mw"] = -20.0
        net.load.loc[1, ["p_mw", "scaling"]] = 10.0, 0.5
        net.load.loc[2, "in_service"] = False
        made = read(net)
        bus = {at: made.asset(f"bus-{net.load.bus[at]}") for at in (0, 1, 2)}
        assert made.arrays.supply[bus[0]] == net.gen.max_p_mw[0] + 20.0
        assert made.arrays.demand[[bus[0], bus[1], bus[2]]].tolist() == [0.0, 5.0, 0.0]

    def test_no_rating_is_no_limit(self, read):
        net = shipped("case14")
        net.line.loc[0, "max_i_ka"] = 99999.0
        net.trafo.loc[0, "sn_mva"] = 99999.0
        made = read(net)
        assert made.arrays.capacity[made.edge_index["line-0"]] == np.inf
        assert made.arrays.capacity[made.edge_index["trafo-0"]] == np.inf

    def test_coordinates_come_along(self, read):
        net = shipped("create_cigre_network_mv")
        made = read(net, geographic=True)
        x, y = json.loads(net.bus.geo.iloc[0])["coordinates"]
        assert made.geographic
        assert made.nodes.select("x", "y").row(0) == (x, y)
        assert made.nodes["x"].null_count() == net.bus.geo.isna().sum()

    def test_buses_whose_numbers_have_gaps(self, read):
        net = pp.create_empty_network()
        for index in (7, 3, 1000):
            pp.create_bus(net, 20.0, index=index, name=f"母线{index}")
        pp.create_ext_grid(net, 3)
        pp.create_load(net, 1000, p_mw=2.0)
        pp.create_line(net, 3, 7, 1.0, "NAYY 4x150 SE", index=5)
        pp.create_switch(net, 7, 1000, et="b", closed=True)
        pp.create_dcline(net, 3, 1000, p_mw=1.5, loss_percent=0, loss_mw=0, vm_from_pu=1, vm_to_pu=1)
        made = read(net)
        assert made.nodes["id"].to_list() == ["bus-7", "bus-3", "bus-1000"]
        assert made.nodes["name"].to_list() == ["母线7", "母线3", "母线1000"]
        assert made.edges.select("id", "u", "v").rows() == [
            ("line-5", "bus-3", "bus-7"),
            ("dcline-0", "bus-3", "bus-1000"),
            ("switch-0", "bus-7", "bus-1000"),
        ]
        assert made.arrays.capacity[1] == 1.5


class TestSwitches:
    @pytest.fixture
    def net(self):
        net = shipped("example_multivoltage")
        net.switch["closed"] = True
        return net

    def test_an_open_switch_cuts_its_line(self, net, read):
        switch = net.switch[net.switch.et == "l"].index[0]
        net.switch.loc[switch, "closed"] = False
        made = read(net)
        line = f"line-{net.switch.element[switch]}"
        assert made.edges.filter(~made.edges["in_service"])["id"].to_list() == [line]

    def test_an_open_switch_between_buses_is_an_edge_out_of_service(self, net, read):
        switch = net.switch[net.switch.et == "b"].index[0]
        net.switch.loc[switch, "closed"] = False
        made = read(net)
        assert f"switch-{switch}" in made.edges.filter(~made.edges["in_service"])["id"].to_list()

    def test_an_open_switch_cuts_one_winding_of_three(self, net, read):
        pp.create_switch(net, net.trafo3w.mv_bus[0], 0, et="t3", closed=False)
        made = read(net)
        off = made.edges.filter(~made.edges["in_service"])["id"].to_list()
        assert off == ["trafo3w-0-mv"]


class TestWhatItRefuses:
    @pytest.fixture
    def text(self, tmp_path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pp.to_json(shipped("case4gs"), None)

    @pytest.fixture
    def read_text(self, tmp_path):
        def network(text):
            (tmp_path / "net.json").write_bytes(text if isinstance(text, bytes) else text.encode())
            return read_pandapower(tmp_path / "net.json")

        return network

    def test_files_that_are_none(self, read_text, text):
        for given, said in [
            (b"", "the file is empty"),
            (text[:500], "this is not JSON, or only part of it"),
            ("[1, 2]", "this is JSON, but no network of pandapower"),
            ('{"_object": {"bus": 3}}', "this is JSON, but no network of pandapower"),
            (text.encode("utf-16"), "is not utf-8"),
        ]:
            with pytest.raises(BadNetwork, match=said):
                read_text(given)

    def test_a_table_that_is_none(self, read_text, text):
        value = json.loads(text)
        value["_object"]["load"]["_object"] = "{}"
        with pytest.raises(BadNetwork, match="table 'load': this is not a table as pandapower writes it"):
            read_text(json.dumps(value))
        value["_object"]["load"]["_object"] = '{"columns": ["a"], "index": [0], "data": [[1, 2]]}'
        with pytest.raises(BadNetwork, match="table 'load'"):
            read_text(json.dumps(value))

    def test_what_stands_at_a_bus_that_is_not_there(self, read):
        net = shipped("case4gs")
        net.load.loc[0, "bus"] = 99
        with pytest.raises(BadNetwork, match="load 0 stands at bus 99, which is not there: mend `bus`"):
            read(net)

    def test_direct_current_parts_that_are_not_read(self, read_text, text):
        value = json.loads(text)
        table = {"columns": ["bus", "in_service"], "index": [0], "data": [[1, True]]}
        value["_object"]["vsc"] = {"_class": "DataFrame", "_object": json.dumps(table)}
        with pytest.raises(BadNetwork, match="1 rows of 'vsc' cannot be read: take them out"):
            read_text(json.dumps(value))


def test_pandapower_and_pandas_are_not_needed(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pp.to_json(shipped("case14"), str(tmp_path / "net.json"))
    code = (
        "import sys; from workbench.lifelines.readers import read_pandapower; "
        f"print(read_pandapower(r'{tmp_path / 'net.json'}').n, {{'pandas', 'pandapower'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["14", "set()"]
