"""Service in a state, by node and by network."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines.service import service
from workbench.lifelines.solvers import open_solver


def made(system="water", capacity=(10.0, 4.0, 9.0)):
    """A source s, then a, then b and c; 100, 50 and 30 people."""
    nodes = pl.DataFrame(
        {
            "id": ["s", "a", "b", "c"],
            "supply": [20.0, 0, 0, 0],
            "demand": [0.0, 2, 4, 4],
            "people": [7.0, 100, 50, 30],
        }
    )
    edges = pl.DataFrame(
        {"id": ["sa", "ab", "ac"], "u": ["s", "a", "a"], "v": ["a", "b", "c"], "capacity": list(capacity)}
    )
    return LifelineNetwork(system, nodes, edges)


@pytest.fixture
def city():
    dependencies = pl.DataFrame(
        {"dependee_layer": ["power"], "dependee": ["b"], "depender_layer": ["water"], "depender": ["c"]}
    )
    return InterdependentSystem({"water": made(), "power": made("power")}, dependencies)


def test_intact_everything_is_served():
    found = service(made())
    assert (found.share, found.people_share, found.people_without) == (1, 1, 0)
    assert found.unserved == found.short == ()
    assert found.solvers == {"water": "connectivity"}
    assert found.by_node.columns == ["layer", "id", "demand", "intact", "served", "share", "people"]
    assert found.by_node["share"].to_list() == [None, 1, 1, 1]


def test_a_broken_pipe_leaves_those_behind_it_without():
    network = made()
    found = service(network, network.without("ab"))
    assert found.share == pytest.approx(0.6)
    assert found.people_without == 50
    assert found.people_share == pytest.approx(1 - 50 / 180)  # the 7 at the source draw nothing there
    assert found.unserved == (("water", "b"),)
    assert found.said.en == "water: 60.0% of its intact service, 50 people without"
    assert "50" in found.said.zh


def test_shares_are_of_what_the_intact_network_serves():
    network = made(capacity=(5.0, 4.0, 9.0))  # 5 of 10 get through even when intact
    found = service(network, solver="flow")
    assert found.by_layer["intact"].to_list() == pytest.approx([5])
    assert (found.share, found.people_without) == pytest.approx((1, 0))
    half = service(network.with_columns(), network.without("ab"), solver="flow")
    assert half.share == pytest.approx(1)  # what b no longer gets, a and c do
    assert half.unserved == (("water", "b"),)
    assert half.people_without == pytest.approx(50)


def test_what_is_short_is_shared_out_fairly_unless_asked_otherwise():
    network = made(capacity=(5.0, 4.0, 9.0))
    fair = service(network, solver="flow").by_node
    assert fair["served"].to_list() == pytest.approx([0, 1, 2, 2])
    unfair = service(network, solver="flow", fair=False).by_node
    assert unfair["served"].sum() == pytest.approx(5)
    assert unfair["served"].to_list() != pytest.approx([0, 1, 2, 2])
    reference = service(network, solver="flow", engine="reference")
    assert reference.by_layer["served"].to_list() == pytest.approx([5])


def test_part_of_a_service_is_part_of_the_people():
    network = made(capacity=(10.0, 1.0, 9.0))
    damaged = service(network.with_columns(), solver="flow")
    assert damaged.people_without == 0  # relative to intact, b never gets more than 1
    beside = made().edges.filter(pl.col("id") == "ab").with_columns(id=pl.lit("ab2"), capacity=pl.lit(1.0))
    double = LifelineNetwork("water", made().nodes, pl.concat([made().edges, beside]))
    found = service(double, double.without("ab"), solver="flow")  # 1 of 4 still gets to b
    assert found.people_without == pytest.approx(0.75 * 50)
    assert found.short == (("water", "b"),)
    assert found.unserved == ()


def test_damage_alone_does_not_cascade(city):
    up = city.without(("power", "b"))
    found = service(city, up)
    rows = {row["layer"]: row for row in found.by_layer.iter_rows(named=True)}
    assert rows["water"]["share"] == 1
    assert rows["power"]["share"] == pytest.approx(0.6)
    assert found.share == pytest.approx(0.8)  # litres and megawatts do not add up
    up[city.asset("water", "c")] = False  # as a cascade would say
    followed = service(city, up)
    assert followed.unserved == (("water", "c"), ("power", "b"))
    assert followed.people_without == 80
    assert followed.people_share == pytest.approx(1 - 80 / 360)


def test_each_layer_may_have_its_own_solver(city):
    water = open_solver(city.layers["water"], "flow")
    found = service(city, solver={"water": water, "power": "connectivity"})
    assert found.solvers == {"water": "flow", "power": "connectivity"}
    assert found.by_layer["solver"].to_list() == ["flow", "connectivity"]


def test_where_nothing_is_served_intact_nothing_can_be_told():
    network = made(capacity=(0.0, 0.0, 0.0))
    found = service(network, solver="flow")
    assert math.isnan(found.share)
    assert math.isnan(found.people_share)
    assert found.people_without == 0
    assert found.said.en == "water: serves nothing even when intact"
    both = InterdependentSystem({"dry": network, "wet": made()})
    assert service(both, solver="flow").share == 1


def test_bad_input_is_refused_in_a_sentence(city):
    network = made()
    for wrong in (np.ones(3, bool), np.ones(7), np.ones((1, 7), bool)):
        with pytest.raises(BadParameter):
            service(network, wrong)
    with pytest.raises(UnknownName, match="solver"):
        service(network, solver="magic")
    with pytest.raises(UnknownName, match="layer of the system"):
        service(city, solver={"water": "flow", "powr": "flow"})
    with pytest.raises(BadParameter, match="No solver is given for power"):
        service(city, solver={"water": "flow"})
    with pytest.raises(BadParameter, match="One open solver cannot serve 2 layers"):
        service(city, solver=open_solver(city.layers["water"], "connectivity"))
    with pytest.raises(BadParameter, match="opened for another network"):
        service(network, solver=open_solver(made(), "connectivity"))

    class Odd:
        name = "odd"

        def served(self, up):
            return np.zeros(2)

        def totals(self, up):
            return np.zeros(len(up))

    with pytest.raises(BadParameter, match="'odd' served"):
        service(network, solver=Odd())
