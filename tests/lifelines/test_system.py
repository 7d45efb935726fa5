"""Layers number their assets one after the other, and lean on each other only as said."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import BadNetwork, InterdependentSystem, LifelineNetwork


def chain(system, *ids, **more):
    """Network of these nodes in a row; its edges are called "from-to"."""
    pairs = list(pairwise(ids))
    edges = {
        "id": [f"{u}-{v}" for u, v in pairs],
        "u": [u for u, _ in pairs],
        "v": [v for _, v in pairs],
    }
    return LifelineNetwork(
        system,
        pl.DataFrame({"id": ids, **more}),
        pl.DataFrame(edges, schema=dict.fromkeys(edges, pl.String)),
    )


def city(dependencies=None):
    water, power = chain("water", "well", "pump", "town"), chain("power", "plant", "feeder")
    return InterdependentSystem({"water": water, "power": power}, dependencies)


def needs(**columns):
    row = {"dependee_layer": "power", "dependee": "feeder", "depender_layer": "water", "depender": "pump"}
    return pl.DataFrame([{**row, **columns}])


class TestNumbers:
    def test_layers_follow_one_another_nodes_before_edges(self):
        system = city()
        assert system.offsets == {"water": 0, "power": 5}
        assert system.size == 8
        assert system.assets["id"].to_list() == [
            *["well", "pump", "town", "well-pump", "pump-town"],
            *["plant", "feeder", "plant-feeder"],
        ]
        assert system.assets["part"].to_list() == ["node"] * 3 + ["edge"] * 2 + ["node"] * 2 + ["edge"]
        for number, layer, name in system.assets.select("asset", "layer", "id").iter_rows():
            assert system.asset(layer, name) == number

    def test_a_state_is_cut_into_layers(self):
        system = city()
        states = np.arange(16).reshape(2, 8) % 3 == 0
        parts = [system.layer_state(layer, states) for layer in system.layers]
        assert (np.concatenate(parts, axis=1) == states).all()
        assert system.layer_state("power", states[0]).shape == (3,)

    def test_assets_fail_by_layer_and_id(self):
        system = city()
        assert np.flatnonzero(~system.without(("power", "plant"), ("water", "pump-town"))).tolist() == [4, 5]
        assert system.without().all()

    def test_what_is_out_of_service_in_a_layer_is_so_in_the_system(self):
        water = chain("water", "well", "town", in_service=[True, False])
        system = InterdependentSystem.of(water)
        assert list(system.layers) == ["water"]
        assert system.intact.tolist() == [True, False, True]
        assert system.up(np.ones((2, 3), bool)).tolist() == [[True, False, True]] * 2

    def test_a_system_is_its_own_system(self):
        system = city()
        assert InterdependentSystem.of(system) is system

    def test_it_shows_what_it_is(self):
        assert repr(city(needs())) == "<system of water 3 + 2, power 2 + 1 (nodes + edges); 1 dependencies>"

    @pytest.mark.parametrize("wrong", [np.ones(7, bool), np.ones(8), np.ones((1, 1, 8), bool)])
    def test_states_of_another_shape_or_type(self, wrong):
        with pytest.raises(BadParameter, match="A state of this system is 8 Booleans"):
            city().up(wrong)

    def test_a_layer_that_is_not_there(self):
        with pytest.raises(UnknownName, match=r"No layer of the system is called 'Water'\. Nearest: water"):
            city().asset("Water", "pump")


class TestDependencies:
    def test_what_is_not_said_is_physical_any_and_at_once(self):
        made = city(needs()).dependencies.row(0, named=True)
        assert (made["kind"], made["rule"], made["threshold"], made["buffer_h"]) == ("physical", "any", 0, 0)

    def test_none_is_an_empty_table(self):
        assert city().dependencies.is_empty()
        assert len(city().arrays.depender) == 0

    def test_arrays_have_the_numbers_of_the_system(self):
        system = city(needs(kind="geographic", rule="all", threshold=0.5, buffer_h=8))
        arrays = system.arrays
        assert arrays.dependee.tolist() == [system.asset("power", "feeder")]
        assert arrays.depender.tolist() == [system.asset("water", "pump")]
        assert (arrays.every.tolist(), arrays.geographic.tolist()) == ([True], [True])
        assert (arrays.threshold.tolist(), arrays.buffer_h.tolist()) == ([0.5], [8.0])

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), max_size=25))
    def test_a_group_is_one_depender_and_one_kind(self, drawn):
        power, water = chain("power", "p0", "p1", "p2"), chain("water", "w0", "w1", "w2")
        rows = [
            {
                **{"dependee_layer": "power", "dependee": f"p{a}", "depender_layer": "water"},
                **{"depender": f"w{b}", "kind": "cyber" if cyber else "physical"},
            }
            for a, b, cyber in drawn
        ]
        system = InterdependentSystem({"power": power, "water": water}, pl.DataFrame(rows) if rows else None)
        arrays = system.arrays
        kinds = {(b, cyber) for _, b, cyber in drawn}
        assert len(arrays.group) == len(drawn)
        assert len(set(arrays.group.tolist())) == len(kinds)
        assert (np.diff(arrays.group) >= 0).all()
        for group in set(arrays.group.tolist()):
            assert len(set(arrays.depender[arrays.group == group].tolist())) == 1

    def test_an_asset_may_lean_on_another_of_its_own_layer(self):
        system = city(needs(dependee_layer="water", dependee="well"))
        assert system.arrays.dependee.tolist() == [0]


class TestWhatItRefuses:
    def test_no_layer(self):
        with pytest.raises(BadParameter, match="at least one network"):
            InterdependentSystem({})

    def test_a_layer_that_is_no_network(self):
        with pytest.raises(BadParameter, match="Layer 'water' is of type DataFrame: give a LifelineNetwork"):
            InterdependentSystem({"water": pl.DataFrame()})

    def test_dependencies_that_are_no_frame(self):
        with pytest.raises(BadParameter, match="dependency table is of type list"):
            city([{"dependee": "feeder"}])

    def test_a_column_that_is_not_there(self):
        with pytest.raises(BadNetwork, match=r"there is no column 'dependee'\. Nearest: depende"):
            city(needs().drop("dependee"))

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"dependee": "feder"}, "the power network has no asset 'feder'. Nearest: feeder"),
            ({"depender": "feeder"}, "the water network has no asset 'feeder'. Known: well"),
            ({"dependee_layer": "gas"}, "no layer is called 'gas'. Known: water, power"),
            ({"depender_layer": None}, "no layer is called 'None'"),
            ({"dependee": None}, "the power network has no asset 'None'"),
            ({"kind": "fysical"}, "kind 'fysical' is not known. Nearest: physical"),
            ({"rule": "some"}, "rule 'some' is not known. Known: any, all"),
            ({"threshold": 1.5}, "threshold 1.5 is not a share from 0 to 1"),
            ({"threshold": float("nan")}, "threshold nan is not a share from 0 to 1"),
            ({"buffer_h": -1.0}, "buffer_h -1.0 is not a number of hours, 0 or more"),
            ({"buffer_h": float("inf")}, "buffer_h inf is not a number of hours"),
            ({"dependee_layer": "water", "dependee": "pump"}, "an asset cannot depend on itself"),
            ({"threshold": "half"}, "column 'threshold' holds String, not Float64: give it in that type"),
        ],
    )
    def test_each_mistake_names_the_assets(self, wrong, said):
        with pytest.raises(BadNetwork) as caught:
            city(needs(**wrong))
        assert said in str(caught.value)

    def test_all_mistakes_at_once(self):
        with pytest.raises(BadNetwork) as caught:
            city(needs(dependee="?", depender="!", kind="?"))
        assert len(caught.value.mistakes) == 3

    def test_an_id_that_a_node_and_an_edge_share(self):
        edges = pl.DataFrame({"id": ["a"], "u": ["a"], "v": ["b"]})
        water = LifelineNetwork("water", pl.DataFrame({"id": ["a", "b"]}), edges)
        row = {"dependee_layer": "water", "dependee": "a", "depender_layer": "water", "depender": "b"}
        with pytest.raises(BadNetwork, match="'a' is a node and an edge of water: give them different ids"):
            InterdependentSystem({"water": water}, pl.DataFrame([row]))

    def test_dependencies_of_one_kind_with_two_rules(self):
        both = pl.concat([needs(rule="any"), needs(rule="all", dependee="plant")])
        with pytest.raises(
            BadNetwork, match=r"physical dependencies of 'pump' \(water\) have the rules any and all"
        ):
            city(both)
