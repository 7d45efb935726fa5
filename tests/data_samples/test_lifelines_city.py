"""The city of the lifelines sample is sound: everybody is served, and what is planted is weak."""

import math

import numpy as np
import polars as pl
import pytest

from data_samples.lifelines import TRUTH
from data_samples.lifelines.generate import generate
from data_samples.lifelines.mesh import DIAMETERS, pipe, routed, spread, stepped, streets
from data_samples.lifelines.truth import Truth
from pipelines.lifelines import domain
from pipelines.lifelines.network import city
from workbench.data.engines import open_engine
from workbench.data.intake import supply_from_folder, take_in
from workbench.domains import Measures
from workbench.lifelines import check
from workbench.lifelines.cascade import cascade
from workbench.lifelines.fragility import shipped_curves
from workbench.lifelines.solvers import open_solver
from workbench.simulation import Streams

TABLES = ("zones", "nodes", "edges", "dependencies")


def city_of(folder, work):
    with open_engine("polars") as engine:
        taken = take_in(
            engine, domain.contract, supply_from_folder(folder, domain.contract), work, required=TABLES
        )
        taken.report.check("")
        return city(Measures(domain.known, taken.tables, work))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    from data_samples.lifelines import DATA

    return city_of(DATA, tmp_path_factory.mktemp("shipped"))


def served(network, solver, up=None):
    wanted = network.arrays.demand
    return open_solver(network, solver).served(network.up(up)).sum() / wanted.sum()


def assert_sound(system):
    for network in system.layers.values():
        assert check(network) == ()
        for solver in ("connectivity", "flow"):
            assert served(network, solver) == pytest.approx(1, abs=1e-9)
    assert cascade(system).all()


def test_the_shipped_city_is_sound(shipped):
    assert list(shipped.layers) == ["water", "power", "gas", "oil", "telecom"]
    told = Truth.read(TRUTH).city["systems"]
    for name, network in shipped.layers.items():
        assert (network.n, network.m) == (told[name]["nodes"], told[name]["edges"])
        assert network.arrays.demand.sum() == pytest.approx(told[name]["demand"], rel=1e-9)
    assert_sound(shipped)


def test_power_reaches_everybody_by_physics_too(shipped):
    assert served(shipped.layers["power"], "powerflow") == pytest.approx(1, abs=1e-6)


def test_people_add_up(shipped):
    for name, network in shipped.layers.items():
        assert network.arrays.people.sum() == pytest.approx(680_000 if name == "gas" else 800_000, abs=8)


@pytest.mark.parametrize("spot", Truth.read(TRUTH).weak_spots, ids=lambda spot: spot["spot"])
def test_weak_spots_are_as_weak_as_the_truth_says(shipped, spot):
    """The search of the sample and that of the library find the same people."""
    up = cascade(shipped, shipped.without((spot["system"], spot["asset_id"])))
    dark = {}
    for name, network in shipped.layers.items():
        got = open_solver(network, "connectivity").served(shipped.layer_state(name, up))
        dark[name] = int(network.arrays.people[(got <= 0) & (network.arrays.demand > 0)].sum())
    assert dark == spot["people"]
    own = shipped.layers[spot["system"]]
    got = open_solver(own, "connectivity").served(own.without(spot["asset_id"]))
    assert int(own.arrays.people[(got <= 0) & (own.arrays.demand > 0)].sum()) == spot["people_alone"] > 70_000


def test_what_is_planted_says_what_it_should():
    spots = {spot["spot"]: spot for spot in Truth.read(TRUTH).weak_spots}
    assert len(spots) == 4
    bridge = spots["bridge_main"]
    assert bridge["people_alone"] > 0.75 * 92_000  # most of the zone
    assert spots["pumps_on_one_substation"]["people"]["water"] > 200_000
    assert spots["exchange_on_one_link"]["people"]["power"] == 96_000  # the substation has no other orders


def test_losing_a_works_is_felt_in_flow_and_not_in_connectivity(shipped):
    water = shipped.layers["water"]
    assert served(water, "connectivity", water.without("W008-S")) == pytest.approx(1)
    assert 0.6 < served(water, "flow", water.without("W008-S")) < 0.95


def test_every_fragility_class_has_a_curve(shipped):
    curves = shipped_curves()
    for network in shipped.layers.values():
        for frame in (network.nodes, network.edges):
            assert set(frame["fragility_class"]) <= set(curves)


def test_a_city_of_twenty_thousand_assets_is_sound(tmp_path):
    generate(tmp_path / "ten", scale=10)
    system = city_of(tmp_path / "ten", tmp_path / "work")
    assert 19_000 < system.size < 21_000
    assert_sound(system)
    labels = system.layers["water"].to_networkx()
    import networkx as nx

    assert nx.number_weakly_connected_components(labels) == 1  # boroughs are joined


@pytest.mark.parametrize("scale", [0.001, 0.6, 1.4])
def test_unfinished_boroughs_are_sound(tmp_path, scale):
    generate(tmp_path / "odd", scale=scale, bad_rows=False)
    assert_sound(city_of(tmp_path / "odd", tmp_path / "work"))


class TestMesh:
    @pytest.mark.parametrize("missing", [0.0, 0.16, 0.9])
    def test_streets_stay_joined_however_many_are_missing(self, missing):
        plan = streets((0, 0), 1000, 6, 5, Streams(3).generator("streets"), missing=missing)
        reach, waiting = {0}, [0]
        while waiting:
            here = waiting.pop()
            for pair in plan.pairs:
                if here in pair and (there := sum(pair) - here) not in reach:
                    reach.add(there)
                    waiting.append(there)
        assert len(reach) == 30
        assert len(plan.pairs) == max(29, 49 - round(missing * 49))
        assert all(0 <= x <= 1000 and 0 <= y <= 1000 for x, y in plan.at)

    def test_a_river_parts_columns(self):
        plan = streets((0, 0), 1000, 6, 5, Streams(3).generator("streets"), apart=1)
        assert not [pair for pair in plan.pairs if (pair[0] % 6 == 0) != (pair[1] % 6 == 0)]

    def test_people_are_whole_and_add_up(self):
        found = spread(100_001, np.array([1.0, 2.0, 0.5, 7.3]))
        assert sum(found) == 100_001
        assert found == [9259, 18519, 4630, 67593]

    def test_routes_carry_what_lies_behind(self):
        """A line a-b-c-d fed from both ends, each bearing half of every demand."""
        pairs = [("a", "b"), ("b", "c"), ("c", "d")]
        flow = routed(pairs, {"a": 0.5, "d": 0.5}, {"a": 1.0, "b": 2.0, "c": 4.0, "d": 8.0})
        assert flow == pytest.approx([0.5 * 14 + 0.5 * 1, 0.5 * 12 + 0.5 * 3, 0.5 * 8 + 0.5 * 7])

    def test_pipes_and_steps_take_the_flow_with_a_margin(self):
        for flow in (0.0, 0.01, 0.2, 1.7):
            size, capacity = pipe(flow)
            assert size in DIAMETERS
            assert capacity == pytest.approx(math.pi / 4 * (size / 1000) ** 2 * 2)
            assert capacity >= 1.3 * flow
            assert stepped(flow, 0.5) >= max(1.3 * flow, 0.5)


def test_readings_follow_the_demand(tmp_path):
    """Supply of a zone over the week is what its customers drew and what leaks."""
    truth = generate(tmp_path / "one", scale=0.13, bad_rows=False)
    used = pl.read_csv(tmp_path / "one/demands.csv").filter(pl.col("system") == "water")["metered"].mean()
    flow = pl.read_parquet(tmp_path / "one/readings.parquet").filter(pl.col("sensor_id").str.contains("-F"))
    supplied = flow.group_by("sensor_id").agg(pl.col("value").mean())["value"].sum()
    assert supplied - used == pytest.approx(truth.water[0]["process_leak"], rel=0.05)
