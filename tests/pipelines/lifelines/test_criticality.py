"""Which assets matter most: the sample's truth, and small cities that can be told by hand."""

import json

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from data_samples.lifelines import TRUTH
from pipelines.lifelines.criticality_case import case_of
from pipelines.lifelines.decide import Criticality, CriticalityParameters
from pipelines.lifelines.losses import Losses
from workbench.errors import DataRejected

SPOTS = json.loads(TRUTH.read_text(encoding="utf-8"))["weak_spots"]
QUICK = {"days": 20, "contenders": 20, "resamples": 400}


@pytest.fixture(scope="module")
def case(sample):
    return case_of(sample, CriticalityParameters(**QUICK))


@pytest.fixture
def small(city_of):
    """Measures of a city given by its edges: a chain of two substations, a pump station on the second."""

    def made(leans=True):
        nodes = [
            {"node_id": "grid", "system": "power", "kind": "source", "supply": 9.0, "x": 0.0, "y": 0.0},
            {"node_id": "s1", "system": "power", "demand": 1.0, "people": 100.0, "x": 1000.0, "y": 0.0},
            {"node_id": "s2", "system": "power", "demand": 1.0, "people": 50.0, "x": 2000.0, "y": 0.0},
            {"node_id": "works", "system": "water", "kind": "source", "supply": 9.0, "x": 0.0, "y": 900.0},
            {"node_id": "taps", "system": "water", "demand": 1.0, "people": 400.0, "x": 900.0, "y": 900.0},
        ]
        ends = {"l1": ("grid", "s1"), "l2": ("s1", "s2"), "main": ("works", "taps")}
        edges = [
            {
                "edge_id": name,
                "system": "water" if name == "main" else "power",
                "from_node_id": u,
                "to_node_id": v,
            }
            for name, (u, v) in ends.items()
        ]
        known = {"x": "thing", "asset_class": "thing"}
        tables = {
            "nodes": [known | row for row in nodes],
            "edges": [{"asset_class": "thing"} | row for row in edges],
        }
        if leans:
            row = {
                "depender_layer": "water",
                "depender": "works",
                "dependee_layer": "power",
                "dependee": "s2",
            }
            row |= {"kind": "physical", "rule": "any", "threshold": 0.5, "buffer_h": 0.0}
            tables["dependencies"] = [row]
        return city_of(**tables)

    return made


class TestTruth:
    @pytest.mark.parametrize("spot", SPOTS, ids=lambda one: one["spot"])
    def test_a_planted_spot_costs_what_was_planted(self, case, spot):
        asset = case.system.asset(spot["system"], spot["asset_id"], spot["part"])
        row = case.single.filter(pl.col("asset") == asset).row(0, named=True)
        assert row["alone"] == pytest.approx(spot["people_alone"])
        assert row["total"] == pytest.approx(sum(spot["people"].values()))

    def test_the_substation_on_which_pumps_lean_comes_first(self, case):
        first = int(case.compared[case.choice.order[0]])
        substation = case.system.asset("power", "P001-S")
        assert substation in (first, *case.alike[first])

    def test_one_pass_equals_every_state(self, case):
        """The shortcut of `single_losses` against losing each asset in turn."""
        some = case.single.sample(60, seed=1)
        up = np.tile(case.system.intact, (60, 1))
        up[np.arange(60), some["asset"].to_numpy()] = False
        assert Losses(case.system).total(up) == pytest.approx(some["total"].to_numpy(), abs=1e-6)
        apart = Losses(case.system, through_others=False).total(up)
        assert apart == pytest.approx(some["alone"].to_numpy(), abs=1e-6)


class TestSmall:
    def test_losses_follow_by_hand(self, small):
        case = case_of(small(), CriticalityParameters(others_down=0, days=10, k=2, resamples=200))
        total = dict(case.single.select("id", "total").iter_rows())
        alone = dict(case.single.select("id", "alone").iter_rows())
        assert (alone["l1"], alone["l2"], alone["main"]) == (150, 50, 400)
        assert (total["l1"], total["l2"], total["main"]) == (550, 450, 400)

    def test_without_dependencies_systems_stand_apart(self, small):
        case = case_of(small(leans=False), CriticalityParameters(others_down=0, days=10, k=1, resamples=200))
        assert case.single["total"].to_list() == case.single["alone"].to_list()
        first = int(case.compared[case.choice.order[0]])
        water = {case.system.asset("water", one) for one in ("works", "main", "taps")}
        assert {first, *case.alike[first]} == water

    def test_through_others_can_be_left_out(self, small):
        p = CriticalityParameters(others_down=0, days=10, k=1, resamples=200, through_others=False)
        case = case_of(small(), p)
        assert dict(case.single.select("id", "total").iter_rows())["l1"] == 150

    def test_systems_can_be_chosen(self, small):
        p = CriticalityParameters(others_down=0, days=10, k=1, resamples=200, systems=("power",))
        assert set(case_of(small(), p).single["layer"]) == {"power"}

    def test_a_system_that_is_not_there_is_refused(self, small):
        with pytest.raises(DataRejected, match=r"None of the systems gas .* hold power, water"):
            case_of(small(), CriticalityParameters(systems=("gas",)))

    @pytest.mark.parametrize(
        "wrong", [{"systems": ("steam",)}, {"k": 0}, {"others_down": 0.5}, {"systems": ("gas", "gas")}]
    )
    def test_parameters_out_of_bounds(self, wrong):
        with pytest.raises(ValidationError):
            CriticalityParameters(**wrong)


class TestSeed:
    def test_the_same_seed_gives_the_same_bytes_and_another_other_days(self, small):
        p = {"days": 10, "k": 1, "resamples": 200, "others_down": 0.1}
        one, same, other = (
            Criticality().answer(small(), CriticalityParameters(seed=seed, **p)).to_json()
            for seed in (1, 1, 2)
        )
        assert one == same
        assert one != other


@pytest.fixture(scope="module")
def run(decided):
    return decided("lifelines.criticality")


@pytest.mark.slow
class TestRun:
    def test_the_map_is_drawn_in_both_languages_with_its_marks(self, run, told):
        for svg in told(run)["figure"]["svg"].values():
            assert svg.count("<path") > 5
            assert ">10</text>" in svg
