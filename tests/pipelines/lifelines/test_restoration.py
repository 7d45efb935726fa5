"""In which order to repair: small cities that can be told by hand, and the shipped sample."""

import itertools
import json

import numpy as np
import pytest
from pydantic import ValidationError

from data_samples.lifelines import TRUTH
from pipelines.lifelines.restoration import Restoration, RestorationParameters
from pipelines.lifelines.restoration_case import case_of
from pipelines.lifelines.restoration_orders import CHOSEN, REPORT
from workbench.errors import BadParameter, DataRejected
from workbench.lifelines.restoration import evaluate

QUICK = {"replications": 20, "method": "search", "cv": 0.3}
THREE = {"damaged": ("l1", "l2", "l3"), "power_crews": 1, "water_crews": 1}


@pytest.fixture
def small(city_of):
    """A star of customers: 30, 100 and 90 people, lines of 1, 4 and 2 days; water leans on the first."""

    def made(leans=False, days=(1.0, 4.0, 2.0), people=(30.0, 100.0, 90.0)):
        at = {"asset_class": "thing", "repair_days": 1.0}
        nodes = [
            {"node_id": "grid", "system": "power", "kind": "source", "supply": 9.0, "x": 0.0, "y": 0.0},
            {"node_id": "works", "system": "water", "kind": "source", "supply": 9.0, "x": 0.0, "y": 900.0},
            {"node_id": "taps", "system": "water", "demand": 1.0, "people": 400.0, "x": 900.0, "y": 900.0},
        ]
        edges = [{"edge_id": "main", "system": "water", "from_node_id": "works", "to_node_id": "taps"}]
        for i, (took, who) in enumerate(zip(days, people, strict=True), start=1):
            x, y = 1000.0 * i, 0.0
            nodes.append(
                {"node_id": f"s{i}", "system": "power", "demand": 1.0, "people": who, "x": x, "y": y}
            )
            line = {"edge_id": f"l{i}", "system": "power", "from_node_id": "grid", "to_node_id": f"s{i}"}
            edges.append(line | {"repair_days": took})
        tables = {"nodes": [at | row for row in nodes], "edges": [at | row for row in edges]}
        if leans:
            row = {
                "depender_layer": "water",
                "depender": "works",
                "dependee_layer": "power",
                "dependee": "s1",
            }
            row |= {"kind": "physical", "rule": "any", "threshold": 0.5, "buffer_h": 12.0}
            tables["dependencies"] = [row]
        return city_of(**tables)

    return made


def ids(case):
    return case.system.assets[case.order]["id"].to_list()


class TestSmall:
    def test_one_crew_repairs_by_people_per_day(self, small):
        """Smith's rule: 45, 30 and 25 people a day."""
        p = RestorationParameters(**QUICK | THREE | {"cv": 0.0, "speed_kmh": 200.0})
        assert ids(case_of(small(), p)) == ["l3", "l1", "l2"]

    def test_service_days_follow_by_hand(self, small):
        p = RestorationParameters(**QUICK | THREE | {"cv": 0.0, "speed_kmh": 200.0})
        case = case_of(small(), p)
        assert case.of(CHOSEN) == pytest.approx(2 * 90 + 3 * 30 + 7 * 100, rel=0.01)  # travel takes minutes
        assert case.of(REPORT) == pytest.approx(1 * 30 + 5 * 100 + 7 * 90, rel=0.01)
        assert case.event.listed

    def test_what_leans_on_a_line_counts_after_its_battery(self, small):
        p = RestorationParameters(**QUICK | THREE | {"cv": 0.0, "speed_kmh": 200.0})
        case = case_of(small(leans=True), p)
        assert ids(case) == ["l1", "l3", "l2"]
        by_hand = 1 * 30 + 3 * 90 + 7 * 100 + 0.5 * 400  # water lives 12 of the 24 hours on its battery
        assert case.of(CHOSEN) == pytest.approx(by_hand, rel=0.01)

    def test_the_search_finds_the_best_of_all_orders(self, small):
        days, people = (1.0, 4.0, 2.0, 3.0, 2.5, 1.5), (30.0, 100.0, 90.0, 20.0, 75.0, 40.0)
        p = RestorationParameters(
            **QUICK | THREE | {"damaged": tuple(f"l{i}" for i in range(1, 7)), "power_crews": 2}
        )
        case = case_of(small(days=days, people=people), p)
        every = [case.quick.total(np.array(one)) for one in itertools.permutations(range(6))]
        assert case.quick.total(case.orders[CHOSEN]) <= min(every) * 1.01
        assert case.bound * 24 <= min(every)

    def test_quick_equals_the_library(self, small):
        p = RestorationParameters(**QUICK | THREE | {"crews": 2})
        case = case_of(small(leans=True), p)
        for one in itertools.permutations(range(3)):
            exact = evaluate(case.problem, case.problem.damaged[list(one)]).lost_service_h
            assert case.quick.total(np.array(one)) == pytest.approx(exact)

    def test_bound_of_one_crew_is_below_the_best_and_above_unlimited_crews(self, small):
        case = case_of(small(), RestorationParameters(**QUICK | THREE | {"cv": 0.0}))
        alone = 1 * 30 + 4 * 100 + 2 * 90
        assert alone - 1e-6 <= case.bound <= 970 + 30

    def test_one_more_crew_saves_where_there_is_work(self, small):
        case = case_of(small(), RestorationParameters(**QUICK | THREE))
        assert list(case.more) == ["power"]
        assert (case.more["power"] < case.of(case.recommended)).all()

    def test_reports_come_in_any_order_where_damage_is_drawn(self, small):
        p = RestorationParameters(**QUICK | {"hazard": "random", "share": 0.5, "cv": 0.0, "seed": 4})
        case = case_of(small(), p)
        assert not case.event.listed
        assert len(set(np.round(case.of(REPORT), 3))) > 1
        assert len(set(np.round(case.of(CHOSEN), 3))) == 1

    def test_only_what_matters_most_is_planned_beyond_the_cap(self, small):
        case = case_of(small(), RestorationParameters(**QUICK | THREE | {"most": 2}))
        assert sorted(ids(case)) == ["l2", "l3"]
        assert case.event.drawn == 3

    def test_workers_do_not_matter(self, small):
        p = RestorationParameters(**QUICK | THREE)
        one, two, four = (case_of(small(leans=True), p, workers=count) for count in (1, 2, 4))
        assert one.runs.frame.equals(two.runs.frame)
        assert one.runs.frame.equals(four.runs.frame)
        assert ids(one) == ids(two) == ids(four)

    def test_goals_are_judged_by_hand(self, small):
        goals = {"power": (48.0, 96.0, 240.0), "water": (0.0, 0.0, 0.0)}
        p = RestorationParameters(**QUICK | THREE | {"cv": 0.0, "desired": goals})
        found = case_of(small(), p).goals
        told = {(row["layer"], row["share"]): row["chance"] for row in found.iter_rows(named=True)}
        assert told["power", 0.5] == 0  # 90 of 220 after two days, 120 after three
        assert told["power", 1.0] == 1
        assert told["water", 1.0] == 1


class TestTruth:
    def test_the_planted_weak_spots_are_repaired_before_what_matters_to_nobody(self, sample):
        known = json.loads(TRUTH.read_text(encoding="utf-8"))["weak_spots"]
        spots = [f"{one['system']}:{one['asset_id']}" for one in known]
        leaves = ["water:W003-P64", "water:W005-P06", "water:W001-P26", "gas:G006-P06"]
        p = RestorationParameters(**QUICK | {"damaged": (*leaves, *spots), "crews": 1})
        case = case_of(sample, p)
        first = case.system.assets[case.order[: len(spots)]]
        assert {f"{layer}:{name}" for layer, name in first.select("layer", "id").rows()} == set(spots)
        assert case.saved(CHOSEN).mean() > 0


class TestRefusals:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"crews": 0},
            {"power_crews": 0},
            {"crews": 1.5},
            {"cv": -1},
            {"cv": float("nan")},
            {"speed_kmh": 0},
            {"desired": {"power": (5, 4, 6)}},
            {"desired": {"steam": (1, 2, 3)}},
            {"replications": 1},
            {"share": 0},
        ],
    )
    def test_parameters_out_of_bounds(self, wrong):
        with pytest.raises(ValidationError):
            RestorationParameters(**wrong)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"damaged": ("l9",)}, r"'l9' is not in the data"),
            ({"damaged": ("l1", "power:l1")}, "more than once"),
            ({"damaged": ("power:main",)}, "is not in the data"),
        ],
    )
    def test_what_does_not_fit_the_data(self, small, wrong, said):
        with pytest.raises(BadParameter, match=said):
            case_of(small(), RestorationParameters(**QUICK | THREE | wrong))

    def test_an_event_without_damage(self, small):
        with pytest.raises(DataRejected, match="damages nothing"):
            case_of(small(), RestorationParameters(**QUICK | {"magnitude": 4.0, "centre": (300.0, 0.0)}))


class TestSeed:
    def test_the_same_seed_gives_the_same_bytes_and_another_other_days(self, small):
        one, same, other = (
            Restoration().answer(small(), RestorationParameters(seed=seed, **QUICK | THREE)).to_json()
            for seed in (1, 1, 2)
        )
        assert one == same
        assert one != other


@pytest.fixture(scope="module")
def brief(decided, told):
    return told(decided("lifelines.restoration"))


@pytest.mark.slow
class TestRun:
    def test_the_order_is_numbered_on_the_map_in_both_languages(self, brief):
        for svg in brief["figure"]["svg"].values():
            assert ">10</text>" in svg

    def test_the_order_recommended_saves_service_and_lies_above_the_bound(self, brief):
        numbers = brief["quantities"]
        assert numbers["saved.optimised"]["low"] > 0
        assert 0 <= numbers["gap.optimised"]["value"] < numbers["gap.report"]["value"]
