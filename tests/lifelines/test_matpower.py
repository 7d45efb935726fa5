"""MATPOWER files: what is read, and what is refused with its line."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.lifelines import BadNetwork
from workbench.lifelines.readers import read_matpower
from workbench.lifelines.readers.matpower import read_case

CASE = """function mpc = small
% a comment; with a semicolon, and mpc.bus=[ in it
mpc.version = '2';
mpc.baseMVA = 50;
%% bus data
mpc.bus = [
\t10 3 0    0 0   0 1 1 0 110 7 1.1 0.9; % the reference
\t20 1 30.5 0 1.5 0 1 1 0 110 7 1.1 0.9
\t30,2,-4,0,0,0,1,1,0,20,8,1.1,0.9;
\t40 4 9 0 0 0 1 1 0 20 8 1.1 0.9];
mpc.gen = [ 10 25 0 9 -9 1 50 1 80 0; 10 5 0 9 -9 1 50 1 20 0
  30 1 0 9 -9 1 50 0 60 0; 30 -3 0 9 -9 1 50 1 -2 ...
  -6; 40 1 0 9 -9 1 50 1 10 0 ];
mpc.branch = [
  10 20 0.01 0.1 0 40 0 0 0    0  1 -360 360;
  10 20 0.01 0.2 0 0  0 0 0.95 0  1 -360 360;
  20 30 0    0.5 0 15 0 0 0    -3 1 -30  30;
  30 40 0    0.4 0 15 0 0 0    0  0 -360 360;
];
mpc.gencost = [
  2 0 0 3 0.01 20 5;
  2 0 0 2 30   1  0;
  2 0 0 1 7    0  0;
  2 0 0 2 30   1  0;
  1 0 0 1 0    0  0;
];
mpc.bus_name = { 'North %1'; 'South'; 'East'; 'West' };
end
"""


@pytest.fixture
def write(tmp_path):
    def written(text, name="small.m"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def test_buses_become_nodes(write):
    network = read_matpower(write(CASE))
    assert (network.system, network.flow_unit) == ("power", "MW")
    nodes = {row["id"]: row for row in network.nodes.iter_rows(named=True)}
    assert list(nodes) == ["10", "20", "30", "40"]
    assert [row["supply"] for row in nodes.values()] == [100, 0, 4, 0]  # bus 40 is apart, 60 MW are out
    assert [row["demand"] for row in nodes.values()] == [0, 30.5, 2, 9]  # a plant that draws at least 2
    assert [row["generation"] for row in nodes.values()] == [30, 0, 3, 0]  # 4 fed in, 1 drawn beyond the 2
    assert [row["shunt_mw"] for row in nodes.values()] == [0, 1.5, 0, 0]
    assert [row["slack"] for row in nodes.values()] == [True, False, False, False]
    assert [row["in_service"] for row in nodes.values()] == [True, True, True, False]
    assert [row["kind"] for row in nodes.values()] == ["source", "sink", "source", "sink"]
    assert [row["name"] for row in nodes.values()] == ["North %1", "South", "East", "West"]
    assert [row["zone"] for row in nodes.values()] == ["7", "7", "8", "8"]
    assert nodes["10"]["cost"] == pytest.approx((20 * 80 + 30 * 20) / 100)
    assert nodes["20"]["cost"] is None


def test_branches_become_edges(write):
    network = read_matpower(write(CASE))
    edges = network.edges.to_dict(as_series=False)
    assert edges["id"] == ["10-20", "10-20:2", "20-30", "30-40"]
    assert edges["capacity"] == [40, None, 15, 15]
    assert edges["susceptance"] == pytest.approx([500, 50 / (0.2 * 0.95), 100, 125])
    assert edges["tap"] == [1, 0.95, 1, 1]
    assert edges["shift_deg"] == [0, 0, -3, 0]
    assert edges["kind"] == ["line", "transformer", "transformer", "line"]
    assert edges["in_service"] == [True, True, True, False]
    assert network.arrays.capacity[1] == np.inf


def test_the_case_keeps_its_tables(write):
    case = read_case(write(CASE))
    assert (case.name, case.base_mva) == ("small", 50)
    assert [case.bus.shape, case.gen.shape, case.branch.shape, case.gencost.shape] == [
        (4, 13),
        (5, 10),
        (4, 13),
        (5, 7),
    ]
    assert case.gen[3, 9] == -6  # a row that goes on in the next line
    assert case.running.tolist() == [True, True, False, True, False]
    assert case.bus_rows(np.array([30.0, 10.0])).tolist() == [2, 0]


def test_a_line_of_direct_current_out_of_service_does_not_matter(write):
    assert read_matpower(write(CASE.replace("mpc.version = '2';", "mpc.dcline = [1 2 0 9];"))).m == 4


def test_a_plant_that_gives_has_no_part_in_demand(write):
    text = CASE.replace("30 -3 0 9 -9 1 50 1 -2 ...\n  -6", "30 3 0 9 -9 1 50 1 8 0")
    network = read_matpower(write(text))
    assert network.nodes["demand"].to_list() == [0, 30.5, 0, 9]
    assert network.nodes["generation"].to_list() == [30, 0, 7, 0]
    assert network.nodes["supply"].to_list() == [100, 0, 12, 0]


def test_windows_lines_and_a_byte_order_mark_do_not_matter(write):
    plain = read_matpower(write(CASE))
    other = read_matpower(write(b"\xef\xbb\xbf" + CASE.replace("\n", "\r\n").encode(), "other.m"))
    assert plain.nodes.equals(other.nodes)
    assert plain.edges.equals(other.edges)


def test_a_case_without_branches_or_costs_is_read(write):
    text = "mpc.baseMVA = 100;\nmpc.bus = [1 3 5 0 0 0 1 1 0 1 1 1 1];\nmpc.gen = [];\nmpc.branch = [\n];\n"
    network = read_matpower(write(text))
    assert (network.n, network.m) == (1, 0)
    assert read_case(write(text)).gencost is None


def refused(write, old, new, said, count=1):
    assert old in CASE
    with pytest.raises(BadNetwork, match=said):
        read_matpower(write(CASE.replace(old, new, count)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mpc.bus = [", "mpc.buses = [", r"no table `mpc.bus`.*Nearest: mpc.buses"),
        ("mpc.gen = [", "mpc.gens = [", r"no table `mpc.gen`"),
        ("mpc.branch = [", "mpc.lines = [", r"no table `mpc.branch`"),
        ("mpc.baseMVA = 50;", "", r"no `mpc.baseMVA` above 0"),
        ("mpc.baseMVA = 50;", "mpc.baseMVA = 0;", r"no `mpc.baseMVA` above 0"),
        ("mpc.baseMVA = 50;", "mpc.baseMVA = 100/2;", r"line 4: mpc.baseMVA is `100/2;`"),
        ("mpc.version = '2';", "mpc.version = '1';", r"version 1: save it as version 2"),
        ("mpc.version = '2';", "define_constants;", r"line 3: `define_constants;` computes"),
        (
            "40 4 9 0 0 0 1 1 0 20 8 1.1 0.9];",
            "40 4 9 0 0 0 1 1 0 20 8 1.1 0.9]; x = 3;",
            r"`x = 3` in line 10",
        ),
        ("mpc.version = '2';", "mpc.dcline = [1 2 1 9];", r"line 3: `mpc.dcline` is not read"),
        ("'South';", "", r"`mpc.bus_name` has 3 names for 4 buses"),
        ("20 1 30.5", "20 1 30.5MW", r"line 8: `30.5MW` in mpc.bus is not a number"),
        ("20 1 30.5", "20 1 3_0", r"line 8: `3_0` in mpc.bus is not a number"),
        ("20 1 30.5", "20 1 NaN", r"line 8: Pd of `mpc.bus` is nan"),
        ("20 1 30.5", "20 1 Inf", r"line 8: Pd of `mpc.bus` is inf"),
        ("20 1 30.5", "20 1 30.5 0", r"line 8: a row of mpc.bus has 14 numbers, those before it 13"),
        ("20 1 30.5", "20.5 1 30.5", r"line 8: the bus number 20.5 is not a whole number"),
        ("20 1 30.5", "20 5 30.5", r"line 8: bus 20 has the type 5"),
        ("20 1 30.5", "10 1 30.5", r"line 8: bus 10 is there twice, first in line 7"),
        ("10 5 0 9", "11 5 0 9", r"line 11: a generator at bus 11, which is not in `mpc.bus`"),
        ("50 1 20 0", "50 1 20 30", r"line 11: the generator at bus 10 has a Pmin above its Pmax"),
        ("50 1 80 0", "50 1 Inf 0", r"line 11: Pmax of `mpc.gen` is inf"),
        (
            "20 30 0    0.5",
            "20 99 0    0.5",
            r"line 17: branch 20-99 joins bus 99, which is not in `mpc.bus`",
        ),
        ("20 30 0    0.5", "20 20 0    0.5", r"line 17: branch 20-20 joins a bus to itself"),
        ("20 30 0    0.5", "20 30 0    0", r"line 17: branch 20-30 has a reactance x of 0"),
        ("0.5 0 15", "0.5 0 -15", r"line 17: branch 20-30 has a rateA of -15"),
        ("0.5 0 15", "0.5 0 NaN", r"line 17: branch 20-30 has a rateA of nan"),
        ("0 0 0.95", "0 0 -0.95", r"line 16: branch 10-20 has a tap ratio of -0.95"),
        ("2 0 0 2 30   1  0;\n", "", r"line 21: `mpc.gencost` has 4 rows for 5 generators"),
        ("2 0 0 3 0.01", "3 0 0 3 0.01", r"line 21: a cost of model 3"),
        ("2 0 0 3 0.01", "2 0 0 9 0.01", r"line 21: a cost of model 2 with 9 terms in 7 columns"),
        ("2 0 0 3 0.01", "2 0 0 3 NaN", r"line 21: a cost is not finite"),
        (
            "mpc.bus_name = { 'North %1'; 'South'; 'East'; 'West' };",
            "mpc.bus_name = { 'North'",
            "is not closed with `}`",
        ),
    ],
)
def test_mistakes_are_named_with_their_line(write, old, new, said):
    refused(write, old, new, said)


def test_a_branch_out_of_service_may_have_no_reactance(write):
    network = read_matpower(write(CASE.replace("30 40 0    0.4", "30 40 0    0")))
    assert network.edges["susceptance"][3] is None


def test_all_mistakes_are_named_at_once(write):
    text = CASE.replace("20 30 0    0.5 0 15", "20 99 0    0 0 -15").replace("10 5 0 9", "11 5 0 9")
    with pytest.raises(BadNetwork) as caught:
        read_matpower(write(text))
    assert len(caught.value.mistakes) == 4
    assert all("small.m: line 1" in line for line in str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("\n", "empty"),
        (b"\xff\xfe\x00\x01", "UTF-8|utf-8"),
        ("{}", "computes"),
        ("a,b\n1,2\n", "computes"),
    ],
)
def test_what_is_no_case_is_refused(write, text, said):
    with pytest.raises(BadNetwork, match=said):
        read_matpower(write(text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadNetwork, match="there is no such file"):
        read_matpower(tmp_path / "none.m")
    with pytest.raises(BadNetwork, match="folder"):
        read_matpower(tmp_path)
    (tmp_path / "wide.m").write_text(
        "mpc.baseMVA = 1;\nmpc.bus = [1 3 0];\nmpc.gen = [];\nmpc.branch = [];\n"
    )
    with pytest.raises(BadNetwork, match=r"line 2: `mpc\.bus` has 3 columns, not 13 or more"):
        read_matpower(tmp_path / "wide.m")
    (tmp_path / "none_in_it.m").write_text(
        "mpc.baseMVA = 1;\nmpc.bus = [];\nmpc.gen = [];\nmpc.branch = [];\n"
    )
    with pytest.raises(BadNetwork, match=r"`mpc\.bus` has no row"):
        read_matpower(tmp_path / "none_in_it.m")
