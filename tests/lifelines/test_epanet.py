"""Water networks of EPANET: quantities against WNTR's metrics and published values, units, and bad files."""

import math
import pickle
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from workbench.errors import BadParameter, EngineMissing, UnknownName
from workbench.lifelines import BadNetwork, LifelineNetwork
from workbench.lifelines.readers import read_epanet
from workbench.lifelines.readers.epanet import EpanetNetwork, low_capacity
from workbench.lifelines.solvers import open_solver

wntr = pytest.importorskip("wntr")
NETWORKS = Path(wntr.__file__).parent / "library" / "networks"
SMALL = """[JUNCTIONS]
a 10 5
b 20 10 day
c 0 -4
d 0 0
e 5
[RESERVOIRS]
r 80
[TANKS]
t 50 3 1 5 10 0
[PIPES]
ra r a 100 300 100 0 Open
ab a b 200 200 100 0 CV
bt b t 300 200 100 0 Open
shut a d 50 100 100 0 Closed
often a e 50 100 100 0 Closed
[PUMPS]
pump r b HEAD 1
[VALVES]
prv a c 200 PRV 40 0
tcv b c 150 TCV 2 0
fcv a e 200 FCV 3 0
[CURVES]
1 30 40
[PATTERNS]
1 2 0
day 1.5 0.5 1 1
[DEMANDS]
e 7
e 1 day
[CONTROLS]
LINK often OPEN IF NODE t BELOW 2
[OPTIONS]
Units LPS
Headloss H-W
Pattern 1
Demand Multiplier 2
[TIMES]
Duration 24:00
[COORDINATES]
a 1 2
[END]
"""


@pytest.fixture
def small(tmp_path):
    """A network with one of each thing, in litres per second."""
    path = tmp_path / "small.inp"
    path.write_text(SMALL, encoding="utf-8")
    return path


def by_id(frame, name):
    (row,) = frame.filter(pl.col("id") == name).rows(named=True)
    return row


# --- published and independent values ------------------------------------------------------------


@pytest.mark.parametrize(("name", "people"), [("Net3", 79_000), ("Net6", 152_000)])
def test_people_are_as_many_as_the_epa_says(name, people):
    """Numbers of WNTR's own test of `population`."""
    assert read_epanet(NETWORKS / f"{name}.inp").arrays.people.sum() == pytest.approx(people, rel=0.01)


def test_the_mean_demand_of_net3_is_as_published():
    """WNTR's own test of `expected_demand`: node 101 of Net3 to five decimals, at hours 0 to 168."""
    nodes = read_epanet(NETWORKS / "Net3.inp").nodes
    assert by_id(nodes, "101")["demand"] == pytest.approx(0.012813608, abs=5e-6)


@pytest.mark.parametrize("name", ["Net1", "Net3", "ky10"])
def test_demand_and_people_equal_wntrs_metrics(name):
    model = wntr.network.WaterNetworkModel(name)
    network = read_epanet(NETWORKS / f"{name}.inp")
    assert network.n == model.num_nodes
    assert network.m == model.num_links
    demand = dict(zip(network.nodes["id"], network.arrays.demand, strict=True))
    people = dict(zip(network.nodes["id"], network.arrays.people, strict=True))
    for node, expected in wntr.metrics.average_expected_demand(model).items():
        assert demand[node] == pytest.approx(expected, rel=1e-9, abs=1e-15)
    for node, expected in wntr.metrics.population(model).items():
        assert people[node] == expected


def test_a_pattern_that_is_no_whole_day_is_averaged_over_itself():
    """Net2 has patterns of 55 hours; WNTR's `average_expected_demand` looks at the first 24 of them."""
    model = wntr.network.WaterNetworkModel("Net2")
    network = read_epanet(model)
    series = model.get_node("36").demand_timeseries_list
    expected = np.mean([series.at(3600 * hour) for hour in range(math.lcm(24, 55))])
    assert by_id(network.nodes, "36")["demand"] == pytest.approx(expected, rel=1e-12)


def test_a_demand_without_a_pattern_follows_the_default_as_in_epanet(small):
    """EPANET's manual: the default pattern holds where none is named; EPANET itself is asked."""
    network = read_epanet(small)
    runner = open_solver(network, "hydraulic")._runners[0]
    delivered = dict(zip(np.array(runner.project.node_ids)[runner.taps], runner.total, strict=True))
    for node in ("a", "b", "e"):
        assert by_id(network.nodes, node)["demand"] * 24 * 3600 == pytest.approx(delivered[node], rel=1e-9)


# --- what is made of the parts --------------------------------------------------------------------


def test_nodes_are_what_the_file_says(small):
    nodes = read_epanet(small).nodes
    assert by_id(nodes, "a")["demand"] == pytest.approx(2 * 5e-3)  # multiplier 2, default pattern of mean 1
    assert by_id(nodes, "b")["demand"] == pytest.approx(2 * 10e-3)
    assert by_id(nodes, "e")["demand"] == pytest.approx(2 * 8e-3)
    assert by_id(nodes, "b")["people"] == round(2 * 10e-3 / 0.00000876157)
    assert by_id(nodes, "b")["elevation_m"] == 20
    assert (by_id(nodes, "a")["x"], by_id(nodes, "a")["y"]) == (1, 2)
    assert by_id(nodes, "b")["x"] is None
    inflow = by_id(nodes, "c")
    assert (inflow["kind"], inflow["demand"], inflow["people"]) == ("source", 0, 0)
    assert inflow["supply"] == pytest.approx(2 * 4e-3)
    assert by_id(nodes, "r")["supply"] == math.inf
    assert by_id(nodes, "r")["elevation_m"] == 80


def test_links_are_what_the_file_says(small):
    edges = read_epanet(small, velocity_m_s=1.5).edges
    directed = set(edges.filter("directed")["id"])
    assert directed == {"ab", "pump", "prv", "fcv"}
    assert set(edges.filter(~pl.col("in_service"))["id"]) == {"shut"}  # a control may open `often`
    assert by_id(edges, "ra")["capacity"] == pytest.approx(math.pi / 4 * 0.3**2 * 1.5)
    assert by_id(edges, "ra")["length_m"] == 100
    assert by_id(edges, "ra")["diameter_m"] == pytest.approx(0.3)
    assert by_id(edges, "pump")["capacity"] is None
    assert by_id(edges, "fcv")["capacity"] == pytest.approx(3e-3)  # less than its bore would carry
    assert by_id(edges, "tcv")["capacity"] == pytest.approx(math.pi / 4 * 0.15**2 * 1.5)
    assert set(edges["kind"]) == {"pipe", "pump", "valve"}


@pytest.mark.parametrize(
    ("tanks", "kind", "supply"),
    [
        ("source", "source", math.inf),
        ("storage", "storage", math.pi * 25 * 2 / (12 * 3600)),  # from 3 m down to 1 m, over 12 hours
        ("junction", "junction", 0.0),
    ],
)
def test_tanks_are_used_as_asked(small, tanks, kind, supply):
    row = by_id(read_epanet(small, tanks=tanks, tank_hours=12).nodes, "t")
    assert row["kind"] == kind
    assert row["supply"] == pytest.approx(supply)
    assert row["volume_m3"] == pytest.approx(math.pi * 25 * 4)


@pytest.mark.parametrize("units", ["CFS", "GPM", "MGD", "IMGD", "AFD", "LPS", "LPM", "MLD", "CMH", "CMD"])
def test_the_units_of_the_file_do_not_matter(units, tmp_path):
    model = wntr.network.WaterNetworkModel("Net1")
    expected = read_epanet(NETWORKS / "Net1.inp")
    model.options.hydraulic.inpfile_units = units
    wntr.network.io.write_inpfile(model, str(tmp_path / "net.inp"), units=units)
    network = read_epanet(tmp_path / "net.inp")
    for column in ("demand", "elevation_m", "volume_m3"):
        assert np.allclose(network.nodes[column].fill_null(0), expected.nodes[column].fill_null(0), rtol=1e-6)
    for column in ("capacity", "length_m", "diameter_m"):
        assert np.allclose(network.edges[column].fill_null(0), expected.edges[column].fill_null(0), rtol=1e-6)
    served = open_solver(network, "hydraulic", duration_h=2).served(network.intact)
    assert served == pytest.approx(expected.arrays.demand, rel=1e-5)


def test_a_file_without_units_is_in_gallons_as_in_epanet(tmp_path, small):
    path = tmp_path / "plain.inp"
    path.write_text(SMALL.replace("Units LPS\n", ""), encoding="utf-8")
    gallons, litres = (by_id(read_epanet(one).nodes, "b")["demand"] for one in (path, small))
    assert gallons / litres == pytest.approx(0.0630901964, rel=1e-8)


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_paths_and_texts_may_be_chinese(encoding, tmp_path):
    folder = tmp_path / "水网 北区"
    folder.mkdir()
    path = folder / "供水 管网.inp"
    text = SMALL.replace("[JUNCTIONS]", "[TITLE]\n城市供水\n[JUNCTIONS]").replace("\nb ", "\n北 ")
    text = text.replace(" b ", " 北 ")
    path.write_bytes(text.encode(encoding))
    network = read_epanet(path)
    assert "北" in network.node_index
    served = open_solver(network, "hydraulic", inp=path).served(network.intact)
    assert served[network.asset("北")] > 0


def test_a_model_reads_as_its_file(small):
    model = wntr.network.WaterNetworkModel(str(small))
    assert read_epanet(model).nodes.equals(read_epanet(small).nodes)
    assert read_epanet(model).inp == read_epanet(model).inp  # no date in it


def test_a_network_carries_its_file_along(small):
    network = read_epanet(small).with_columns(nodes=[pl.col("people") * 2])
    assert isinstance(network, EpanetNetwork)
    assert network.inp == SMALL
    again = pickle.loads(pickle.dumps(network))
    assert again.inp == SMALL
    assert repr(network) == repr(again)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "no section"),
        ("[JUNCTIONS]\na x 0\n", r"line 2 \(a x 0\): 'x' is not a number"),
        (
            "[JUNCTIONS]\na 0 0\n[RESERVOIRS]\nr 3\n[PIPES]\np a q 10 10 10 0 Open\n",
            "'q' is named but not defined",
        ),
        (
            "[JUNCTIONS]\na 0 0\n[RESERVOIRS]\nr 3\n[PIPES]\np a r 10\n",
            r"line 6 \(p a r 10\): too few values",
        ),
        ("[JUNCTIONS]\na 0 0\na 1 1\n", "line 3: node 'a' is there already, in line 2"),
        ("[FOO]\n1 2\n", r"line 1 \(\[FOO\]\): syntax error"),
        ("[JUNCTIONS]\na 0 0\n", "has no pipes"),
        ("[TITLE]\nempty\n", "has no nodes"),
        ("[JUNCTIONS]\na 0 1\nb 0 1\n[PIPES]\np a b 10 10 10 0 Open\n", "nothing supplies"),
        (SMALL.replace("Units LPS", "Units LPS\nPressure kPa"), "kPa"),
        (SMALL.replace("Units LPS", "Units XYZ"), "'XYZ'"),
        ("", "empty"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence(text, said, tmp_path):
    path = tmp_path / "bad.inp"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadNetwork, match=said) as caught:
        read_epanet(path)
    assert "bad.inp" in str(caught.value)


def test_tanks_alone_do_not_supply_where_they_are_junctions(tmp_path, small):
    path = tmp_path / "tank.inp"
    text = SMALL.replace("[RESERVOIRS]\nr 80\n", "[JUNCTIONS]\nr 80 0\n").replace("c 0 -4", "c 0 4")
    path.write_text(text, encoding="utf-8")
    assert read_epanet(path).arrays.source.sum() == 1
    with pytest.raises(BadNetwork, match="no tank that counts as a source"):
        read_epanet(path, tanks="junction")


def test_bad_options_are_refused(small, tmp_path):
    with pytest.raises(BadNetwork, match="no such file"):
        read_epanet(tmp_path / "nowhere.inp")
    with pytest.raises(BadParameter, match="not from a int"):
        read_epanet(3)
    with pytest.raises(UnknownName, match="use of tanks"):
        read_epanet(small, tanks="sources")
    for option in ("velocity_m_s", "tank_hours", "per_person_m3s"):
        for value in (0, -1, float("nan"), "2"):
            with pytest.raises(BadParameter, match=option):
                read_epanet(small, **{option: value})


def test_wntr_is_asked_for_by_the_extra_that_brings_it(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "wntr", None)
    with pytest.raises(EngineMissing, match=r"lived-workbench\[water\]"):
        read_epanet(small)


# --- capacities -----------------------------------------------------------------------------------


def test_capacities_that_serve_all_are_no_finding():
    assert low_capacity(read_epanet(NETWORKS / "Net3.inp")) == ()


def test_low_capacities_are_found_with_the_factor_that_would_do():
    network = read_epanet(NETWORKS / "Net3.inp", velocity_m_s=0.4)
    (finding,) = low_capacity(network)
    served = open_solver(network, "flow").served(network.intact)
    short = served < network.arrays.demand * (1 - 1e-6)
    assert finding.rule == "low_capacity"
    assert len(finding.assets) == short.sum() > 0
    assert finding.people == network.arrays.people[short].sum()
    factor = float(finding.said.en.split("capacities ")[-1].split()[0])
    for times, enough in ((factor * 1.01, True), (factor * 0.97, False)):
        assert (low_capacity(read_epanet(NETWORKS / "Net3.inp", velocity_m_s=0.4 * times)) == ()) is enough


def test_what_no_capacity_can_serve_is_said_so():
    nodes = pl.DataFrame({"id": ["r", "a"], "supply": [1.0, 0.0], "demand": [0.0, 2.0]})
    edges = pl.DataFrame({"id": ["p"], "u": ["r"], "v": ["a"], "capacity": [5.0]})
    (finding,) = low_capacity(LifelineNetwork("water", nodes, edges))
    assert "no capacity would do" in finding.said.en
    assert finding.said.zh
