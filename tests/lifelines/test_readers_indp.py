"""Dec2py's files in small: signs, ids, people, dependencies and damage."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.lifelines import BadNetwork
from workbench.lifelines.readers import read_damage_scenarios, read_indp

FILES = {
    "WaterNodes.csv": """ID,X,Y,Node Type,Demand,population,q (complete DS)
0,-89.8,35.0,Storage Tank,70,700,15
1,-89.9,35.1,Pumping Station,30,300,13
2,-89.7,35.2,Distribution Node,-60,600,17
3,-89.6,35.3,Distribution Node,-40,400,16
""",
    "WaterArcs.csv": """ID,Length (ft),Length (km),Start Node,End Node,u,f,c,Arc Type
0,1000,0.305,0,2,40.5,30,31,Water pipe
1,2000,0.610,1,3,36.8,36,37,Water pipe
2,2000,0.610,1,3,1,36,37,Water pipe
3,500,0.152,3,2,9,8,7,Water pipe
""",
    "TelecommunicationNodes.csv": """ID,X,Y,Node Type,Demand,population,q (complete DS)
0,-89.8,35.0,Fiber or Microwave Node,65,650,15
1,-89.9,35.1,Fiber or Microwave Node,-100,50,13
2,-89.7,35.2,Splice Capsules,0,N/A,0
3,-89.6,35.2,Fiber or Microwave Node,35,300,9
""",
    "TelecommunicationArcs.csv": """ID,Length (ft),Length (km),Start Node,End Node,Arc Type,u,f,c
0,1000,0.305,0,2,Fiber Optic Cable,80,5,6
1,1000,0.305,2,1,Microwave,80,5,6
2,1000,0.305,3,2,Fiber Optic Cable,80,5,6
""",
    "Interdep.csv": """Dependee Node,Depender Node,Dependee Network,Depender Network,Type
0,1,Telecommunication,Water,Cyber
1,0,Water,Telecommunication,Physical
""",
}
DAMAGE = "set,scenario,network,component,value\n"


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


class TestSystem:
    def test_a_demand_above_0_in_the_file_is_a_supply(self, folder):
        water = read_indp(folder).layers["water"]
        assert water.nodes["id"].to_list() == ["W0", "W1", "W2", "W3"]
        assert water.arrays.supply.tolist() == [70.0, 30.0, 0.0, 0.0]
        assert water.arrays.demand.tolist() == [0.0, 0.0, 60.0, 40.0]
        assert water.nodes["kind"].to_list() == ["storage", "source", "sink", "sink"]

    def test_people_count_once_where_the_service_ends(self, folder):
        water = read_indp(folder).layers["water"]
        assert water.arrays.people.tolist() == [0.0, 0.0, 600.0, 400.0]
        assert water.nodes["population"].to_list() == [700.0, 300.0, 600.0, 400.0]

    def test_arcs_side_by_side_stay_apart(self, folder):
        water = read_indp(folder).layers["water"]
        assert water.edges["id"].to_list() == ["W0-W2", "W1-W3", "W1-W3:2", "W3-W2"]
        assert not water.arrays.directed.any()
        assert water.arrays.capacity.tolist() == [40.5, 36.8, 1.0, 9.0]

    def test_costs_lengths_and_classes(self, folder):
        water = read_indp(folder).layers["water"]
        assert water.nodes["repair_cost"].to_list() == [15.0, 13.0, 17.0, 16.0]
        assert water.edges["repair_cost"].to_list() == [30.0, 36.0, 36.0, 8.0]
        assert water.edges["length_m"].to_list() == pytest.approx([304.8, 609.6, 609.6, 152.4])
        assert water.nodes["fragility_class"][0] == "storage tank"
        assert read_indp(folder).layers["telecom"].edges["kind"].to_list() == ["cable", "microwave", "cable"]

    def test_amounts_are_relative_and_places_are_degrees(self, folder):
        for network in read_indp(folder).layers.values():
            assert (network.flow_unit, network.geographic) == ("units", True)

    def test_dependencies_join_the_layers(self, folder):
        system = read_indp(folder)
        assert list(system.layers) == ["water", "telecom"]
        assert system.arrays.dependee.tolist() == [system.asset("water", "W1"), system.asset("telecom", "T0")]
        assert system.arrays.depender.tolist() == [system.asset("telecom", "T0"), system.asset("water", "W1")]
        assert system.dependencies["kind"].to_list() == ["cyber", "physical"]
        assert system.dependencies["rule"].unique().to_list() == ["any"]

    def test_the_exchange_feeds_all_others_or_takes_from_them(self, folder):
        source, sink = (read_indp(folder, exchange=one).layers["telecom"] for one in ("source", "sink"))
        assert source.arrays.supply.tolist() == sink.arrays.demand.tolist() == [0.0, 100.0, 0.0, 0.0]
        assert source.arrays.demand.tolist() == sink.arrays.supply.tolist() == [65.0, 0.0, 0.0, 35.0]
        assert source.arrays.people.tolist() == [650.0, 0.0, 0.0, 300.0]
        assert sink.arrays.people.tolist() == [0.0, 1000.0, 0.0, 0.0]
        with pytest.raises(BadParameter, match="The exchange is a 'source' or a 'sink', not 'both'"):
            read_indp(folder, exchange="both")

    @pytest.mark.parametrize(
        ("name", "old", "new", "said"),
        [
            ("WaterNodes.csv", "Demand", "Bedarf", "there is no column 'Demand'"),
            ("WaterNodes.csv", "70,700", "seventy,700", "column 'Demand' holds what is not a number"),
            ("WaterNodes.csv", "3,-89.6", "2,-89.6", "node ids are given more than once ('W2')"),
            ("WaterArcs.csv", "0,2,40.5", "0,9,40.5", "edge 'W0-W9' joins node 'W9', which is not among"),
            ("WaterArcs.csv", "40.5", "-40.5", "column 'capacity' is negative at 'W0-W2'"),
            ("Interdep.csv", "0,1,Tele", "7,1,Tele", "the telecom network has no asset 'T7'"),
            ("Interdep.csv", "Water,Telecommunication", "Steam,Water", "no layer is called 'Steam'"),
            ("Interdep.csv", "Cyber", "Magic", "kind 'magic' is not known"),
        ],
    )
    def test_files_that_do_not_fit_together(self, folder, name, old, new, said):
        assert old in FILES[name]
        (folder / name).write_text(FILES[name].replace(old, new, 1), encoding="utf-8")
        with pytest.raises(BadNetwork) as caught:
            read_indp(folder)
        assert said in str(caught.value)

    def test_files_that_are_not_there(self, folder, tmp_path_factory):
        with pytest.raises(BadNetwork, match="no such folder"):
            read_indp(folder / "none")
        with pytest.raises(BadNetwork, match=r"there is no WaterNodes\.csv"):
            read_indp(tmp_path_factory.mktemp("empty"))
        (folder / "WaterArcs.csv").unlink()
        with pytest.raises(BadNetwork, match=r"WaterArcs\.csv: there is no such file"):
            read_indp(folder)


class TestDamage:
    @pytest.fixture
    def read(self, folder):
        def scenarios(*rows):
            (folder / "damage.csv").write_text(DAMAGE + "".join(f"{row}\r\n" for row in rows), newline="")
            return read_damage_scenarios(folder / "damage.csv", read_indp(folder))

        return scenarios

    def test_each_scenario_is_a_state(self, read, folder):
        system = read_indp(folder)
        made = read("1,4,Water,node,2", "0,7,Telecommunication,arc,1\t2", "1,4,Water,arc,0\t2")
        assert made.sets.tolist() == [0, 1]
        assert made.scenarios.tolist() == [7, 4]
        assert (made.up[0] == system.without(("telecom", "T2-T1"))).all()
        assert (made.up[1] == system.without(("water", "W2"), ("water", "W0-W2"))).all()

    def test_arcs_side_by_side_fail_together_whatever_way_they_are_named(self, read, folder):
        system = read_indp(folder)
        expected = system.without(("water", "W1-W3"), ("water", "W1-W3:2"))
        assert (read("0,0,Water,arc,1\t3").up[0] == expected).all()
        assert (read("0,0,Water,arc,3\t1").up[0] == expected).all()

    def test_damage_named_twice_counts_once(self, read):
        assert np.array_equal(read("0,0,Water,node,2", "0,0,Water,node,2").up, read("0,0,Water,node,2").up)

    @pytest.mark.parametrize(
        "row",
        [
            "0,0,Water,node,9",
            "0,0,Steam,node,1",
            "0,0,Water,arc,0\t1",
            "0,x,Water,node,1",
            "0,0,Water,tank,1",
        ],
    )
    def test_damage_to_nothing_is_refused_with_its_row(self, read, row):
        with pytest.raises(BadNetwork, match=r"damage\.csv: row 3: 0, .* damages no asset of the system"):
            read("0,0,Water,node,1", row)

    def test_a_file_without_its_columns(self, folder):
        (folder / "damage.csv").write_text("set,scenario\n1,1\n")
        with pytest.raises(BadNetwork, match="there is no column 'network'"):
            read_damage_scenarios(folder / "damage.csv", read_indp(folder))
