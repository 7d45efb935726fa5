"""What to harden: the sample's truth, cities that can be told by hand, the library's doors as oracles."""

import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_samples.lifelines import TRUTH
from pipelines.lifelines.decide import Hardening, HardeningParameters
from pipelines.lifelines.hardening_case import case_of
from pipelines.lifelines.hardening_choice import Means, choose, frequency, worth_a_look
from pipelines.lifelines.hardening_classes import (
    Fragilities,
    Strengthened,
    classed,
    curves_of,
    invented,
    strengthened,
)
from pipelines.lifelines.hardening_futures import Futures
from pipelines.lifelines.hardening_hazard import Hazard
from pipelines.lifelines.hardening_loss import PeopleLoss
from pipelines.lifelines.hardening_numbers import Numbers
from pipelines.lifelines.hardening_record import RECORDER
from pipelines.lifelines.losses import Losses
from pipelines.lifelines.network import city
from workbench.briefs.scope import answer_alone
from workbench.errors import BadParameter, DataRejected
from workbench.lifelines.damage import damage_probability
from workbench.lifelines.fragility import FragilityCurve
from workbench.lifelines.hardening import evaluate, select_assets, selection_frequency
from workbench.lifelines.hazard import Earthquake, intensity_field
from workbench.simulation import Streams

SPOTS = {one["spot"]: one for one in json.loads(TRUTH.read_text(encoding="utf-8"))["weak_spots"]}
QUICK = {"events": 120, "refits": 10, "resamples": 400, "contenders": 20}
FLOOD = QUICK | {"hazard": "flood", "level_sd_m": 0.0, "level_m": 2.0, "factor": None, "events": 20}


@pytest.fixture(scope="module")
def case(sample):
    return case_of(sample, HardeningParameters(**QUICK))


@pytest.fixture
def small(city_of):
    """
    A power city: the grid feeds a, a feeds b; c hangs on two switchyards, d on one that stands high.

    In a flood of 2 m everything below it is lost: station a (100 people and those of b behind it), both
    switchyards s and t before c (80), not h before d (60).
    """
    low, high = {"elevation_m": 0.0}, {"elevation_m": 10.0}
    station = {"fragility_class": "substation_low_voltage", "harden_cost": 1e6}

    def made(people=True, **changed):
        rows = {
            "grid": {"kind": "source", "supply": 99.0} | high,
            "a": {"demand": 1.0, "people": 100.0, "zone_id": "Z1"} | low | station,
            "b": {"demand": 1.0, "people": 50.0, "zone_id": "Z2"} | high | station,
            "s": low | station,
            "t": low | station | {"harden_cost": 3e6},
            "c": {"demand": 1.0, "people": 80.0, "zone_id": "Z2"} | high,
            "h": high | station,
            "d": {"demand": 1.0, "people": 60.0, "zone_id": "Z1"} | high,
        }
        for name, change in changed.items():
            rows[name] |= change
        ends = ["grid a", "a b", "grid s", "s t", "t c", "grid h", "h d"]
        nodes = [
            {
                "node_id": name,
                "system": "power",
                "asset_class": "thing",
                "x": 500.0 * at,
                "y": 100.0 * (at % 3),
            }
            | row
            | ({} if people else {"people": 0.0})
            for at, (name, row) in enumerate(rows.items())
        ]
        edges = []
        for each in ends:
            u, v = each.split()
            known = {"edge_id": f"{u}-{v}", "from_node_id": u, "to_node_id": v}
            edges.append(known | {"system": "power", "asset_class": "thing", "kind": "link"})
        return city_of(nodes=nodes, edges=edges)

    return made


def ids(case, assets):
    return {case.system.assets["id"][int(one)] for one in assets}


class TestTruth:
    def test_the_planted_substation_is_hardened(self, case):
        """On it lean the pumps of one works and of three zones: no weak spot does more harm."""
        spot = SPOTS["pumps_on_one_substation"]
        asset = case.system.asset(spot["system"], spot["asset_id"], spot["part"])
        assert asset in case.chosen
        assert case.chance[asset] == 1.0

    def test_the_choice_beats_what_is_no_plan(self, case):
        for other in ("none", "central", "random"):
            assert case.saved("chosen", other)[0] > 0
        assert case.apart("chosen", "none")
        assert case.apart("chosen", "random")

    def test_all_that_can_be_saved_is_more_than_any_choice_saves(self, case):
        for name in case.options:
            assert case.saved(name)[0] <= case.saved("all")[0] + 1e-12


class TestByHand:
    def test_two_places_go_to_the_station_with_most_people(self, small):
        case = case_of(small(), HardeningParameters(k=1, **FLOOD))
        assert case.loss.people == 290
        assert ids(case, case.chosen) == {"a"}
        mean = case.events.mean(axis=0) * 290
        assert mean[case.column("none")] == pytest.approx(230)
        assert mean[case.column("chosen")] == pytest.approx(80)
        assert mean[case.column("all")] == pytest.approx(0)

    def test_assets_in_series_are_chosen_together_or_not_at_all(self, small):
        case = case_of(small(), HardeningParameters(k=3, **FLOOD))
        assert ids(case, case.chosen) == {"a", "s", "t"}
        n = Numbers(case)
        rows = {row["id"]: row for row in n.assets.iter_rows(named=True)}
        assert rows["s"]["saved_alone"] == 0
        assert rows["s"]["saved_within"] == pytest.approx(80)
        assert case_of(small(), HardeningParameters(k=2, **FLOOD)).chosen == case.chosen[:1]

    def test_money_is_kept_to(self, small):
        case = case_of(small(), HardeningParameters(k=3, budget=4e6, **FLOOD))
        assert ids(case, case.chosen) == {"a"}
        assert case.cost == 1e6
        assert ids(case, case_of(small(), HardeningParameters(k=3, budget=5e6, **FLOOD)).chosen) == {
            "a",
            "s",
            "t",
        }

    def test_what_does_not_stand_in_water_is_no_candidate(self, small):
        case = case_of(small(), HardeningParameters(k=3, **FLOOD))
        assert ids(case, case.candidates) == {"a", "s", "t"}

    def test_where_no_cost_is_known_every_asset_can_be_hardened(self, small):
        none = {name: {"harden_cost": None} for name in "absth"}
        case = case_of(small(**none), HardeningParameters(k=3, **FLOOD))
        assert ids(case, case.chosen) == {"a", "s", "t"}
        assert case.cost is None
        said = Hardening().answer(small(**none), HardeningParameters(k=3, **FLOOD))
        assert any("not known" in str(point) for point in said.answer.points)

    def test_hardening_that_bears_too_little_saves_nothing(self, small):
        with pytest.raises(DataRejected, match=r"does anything fail that can be hardened .* flood"):
            case_of(small(), HardeningParameters(k=3, **(FLOOD | {"factor": 1.5})))

    def test_people_without_service_are_counted_by_district(self, small):
        brief = Hardening().answer(small(), HardeningParameters(k=1, **FLOOD))
        (table,) = [
            table for section in brief.sections for table in section.tables if table.id == "by-district"
        ]
        found = {row.cells[0].en: [cell.value for cell in row.cells[1:]] for row in table.rows}
        assert found == {"Z1": pytest.approx([100, 0, 100]), "Z2": pytest.approx([130, 80, 50])}

    def test_where_the_simple_rule_does_as_well_the_brief_says_so(self, small):
        brief = Hardening().answer(small(), HardeningParameters(k=1, **FLOOD))
        assert any("chooses the same assets" in str(point) for point in brief.answer.points)


class TestCannotTell:
    """What the brief says where these events cannot tell."""

    def test_whether_anything_is_saved(self, small):
        """Water rarely stands above 0.3 m, at which equipment fails: a few events in a hundred."""
        rare = FLOOD | {"level_m": 0.15, "level_sd_m": 0.1, "events": 40}
        brief = Hardening().answer(small(), HardeningParameters(k=1, seed=1, **rare))
        assert str(brief.answer.headline).startswith("Do not count on hardening")
        assert brief.answer.confidence.word == "cannot_tell"

    def test_by_flow_on_few_events_whether_it_is_better_than_a_simple_rule(self, sample):
        p = HardeningParameters(solver="flow", **QUICK)
        with answer_alone():
            answer = Hardening().answer(sample, p).answer
        assert "so may another choice (Chance of failing times loss alone)" in str(answer.headline)
        assert any("cannot be told from a simple rule" in str(point) for point in answer.points)


class TestRefused:
    def test_nobody_to_serve(self, small):
        with pytest.raises(DataRejected, match="Nobody is served"):
            case_of(small(people=False), HardeningParameters(**FLOOD))

    def test_a_flood_that_touches_nothing(self, small):
        with pytest.raises(DataRejected, match="In none of the events does anything fail"):
            case_of(small(), HardeningParameters(**(FLOOD | {"level_m": -5.0})))

    def test_one_place_for_two_in_series(self, small):
        dry = {"a": {"elevation_m": 10.0}}
        with pytest.raises(DataRejected, match="Nothing that can be hardened within the means"):
            case_of(small(**dry), HardeningParameters(k=1, **FLOOD))

    def test_a_class_without_a_curve(self, small):
        with pytest.raises(BadParameter, match="There is no curve for 1 fragility classes: 'substashun'"):
            case_of(small(a={"fragility_class": "substashun"}), HardeningParameters(**QUICK))

    def test_no_elevation(self, small):
        with pytest.raises(BadParameter, match=r"depth_m is not known at 1 assets .*power/a"):
            case_of(small(a={"elevation_m": None}), HardeningParameters(**FLOOD))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"hazard": "meteor"},
            {"k": 0},
            {"budget": 0},
            {"factor": 1.0},
            {"held_out": 0.9},
            {"magnitude": 12},
            {"solver": "hydraulic"},
            {"centre": (1.0,)},
        ],
    )
    def test_parameters_out_of_bounds(self, wrong):
        with pytest.raises(ValidationError):
            HardeningParameters(**wrong)

    def test_too_few_events_on_one_side(self):
        with pytest.raises(ValidationError, match="leave fewer than 5 on one side"):
            HardeningParameters(events=20, held_out=0.2)


class TestAgainstTheLibrary:
    """The doors of the method rooms, and slow ways to the same numbers."""

    def test_people_are_those_of_every_other_brief(self, case):
        states = case.test.up[:40]
        assert case.loss(states) * case.loss.people == pytest.approx(Losses(case.system).total(states))

    def test_a_state_is_worth_the_same_when_it_comes_again(self, case):
        fresh = PeopleLoss(case.system, solver="connectivity", through_others=True)
        states = case.test.up[[0, 1, 0, 2, 1]]
        assert fresh(states).tolist() == fresh(states).tolist() == case.loss(states).tolist()

    def test_the_saving_is_that_of_the_judge(self, case):
        found = evaluate(
            case.loss,
            case.chosen,
            case.test.up,
            streams=Streams(1),
            groups=case.test.event,
            candidates=case.candidates,
            hardened=case.test.hardened,
        )
        assert found.saved.value == pytest.approx(case.saved("chosen")[0])
        assert found.avoidable.value == pytest.approx(Numbers(case).avoidable.value)
        low, high = np.quantile(case.saved("chosen")[1], [0.025, 0.975])
        assert (low, high) == pytest.approx((found.saved.low, found.saved.high), rel=0.25)

    def test_no_event_is_on_both_sides(self, case):
        assert not set(case.train.event) & set(case.test.event)
        assert len(set(case.train.event)) + len(set(case.test.event)) == QUICK["events"]

    def test_without_a_budget_the_choice_is_that_of_the_library(self, case):
        found = select_assets(
            case.loss, case.train.up, case.contenders, budget=10, hardened=case.train.hardened
        )
        assert found.assets == case.chosen

    def test_refits_without_a_budget_are_those_of_the_library(self, case):
        streams = Streams(3)
        told = {"refits": 4, "streams": streams}
        ours = frequency(case.loss, case.train, case.contenders, case.means, "greedy", **told)
        theirs = selection_frequency(
            case.loss,
            case.train.up,
            case.contenders,
            budget=10,
            groups=case.train.event,
            hardened=case.train.hardened,
            **told,
        )
        assert ours == dict(theirs.iter_rows())

    def test_shaking_is_that_of_the_library(self, case):
        p, x, y = case.p, *case.hazard._centre(0.0)
        quake = Earthquake(magnitude=p.magnitude, x=x, y=y, depth_km=p.depth_km)
        for ours, relation in zip(case.hazard.intensities(), ("pga", "pgv"), strict=True):
            theirs = intensity_field(
                case.system,
                quake,
                relation=f"boore_atkinson_2008_{relation}",
                vs30=p.vs30,
                range_km=p.range_km,
                samples=p.events,
                streams=case.hazard.streams,
            ).all()
            assert ours.measure == theirs.measure
            assert ours.values == pytest.approx(theirs.values)

    def test_quick_fragilities_are_those_of_the_library(self, case):
        found = case.hazard.intensities(events=np.arange(3))
        slow = damage_probability(case.system, found, case.curves)
        quick = Fragilities(case.system, case.curves)
        values = {one.measure: one.values for one in found}
        assert quick.probability(values) == pytest.approx(slow)
        only = np.zeros(case.system.size, bool)
        only[::7] = True
        assert quick.probability(values, only=only) == pytest.approx(np.where(only, slow, 0.0))
        stronger = damage_probability(case.system, found, strengthened(case.curves, 2.0))
        assert quick.probability(values, 2.0) == pytest.approx(stronger)

    def test_a_lognormal_curve_is_strengthened_by_its_median(self):
        x = np.linspace(0.01, 2, 50)
        plain = FragilityCurve(0.4, 0.5)
        assert Strengthened(plain, 3.0).probability(x) == pytest.approx(
            FragilityCurve(1.2, 0.5).probability(x)
        )

    def test_the_future_that_is_as_supposed_is_the_answer(self, case):
        futures = Futures(case, RECORDER)
        lost = futures.lost(futures.inputs.base[None])[0]
        few = np.isin(np.unique(case.test.event), futures.events)
        ours = case.events[few].mean(axis=0) * case.loss.people
        assert lost == pytest.approx([ours[case.column(name)] for name in futures.options])

    def test_more_hardening_saves_no_less_and_none_saves_nothing(self, case):
        futures = Futures(case, RECORDER)
        at = futures.inputs.names.index("factor")
        rows = np.tile(futures.inputs.base, (4, 1))
        rows[:, at] = [1.0, 1.5, 2.0, 3.0]
        saved = futures.of_choice(rows)
        assert saved[0] == 0
        assert (np.diff(saved) >= 0).all()

    def test_invented_curves_are_named(self, case):
        assert invented(case.system, case.curves) == ("pump_station", "tank")


class TestChoice:
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(k=st.integers(1, 12), budget=st.floats(1e6, 6e7))
    def test_neither_money_nor_places_are_overspent(self, case, k, budget):
        costs = np.where(np.isnan(case.means.costs), 1e6, case.means.costs)
        picked = choose(
            case.loss, case.train, case.contenders, Means(k, budget, costs), "greedy", streams=Streams(1)
        )
        assert len(set(picked)) == len(picked) <= k
        assert costs[list(picked)].sum() <= budget * (1 + 1e-9)

    def test_it_is_the_best_of_all_choices_in_a_small_city(self, small):
        case = case_of(small(), HardeningParameters(k=2, **FLOOD))
        every = [
            float(case.loss(case.train.with_hardened(pair)).mean())
            for pair in combinations(case.candidates, 2)
        ]
        ours = float(case.loss(case.train.with_hardened(case.chosen)).mean())
        assert ours == pytest.approx(min(every))

    def test_all_are_looked_at_where_they_are_few(self, case):
        some = case.candidates[:15]
        assert worth_a_look(case.loss, case.train, some, 8) == some

    def test_a_closer_look_does_not_lose_the_choice(self, case):
        """The greedy choice among all candidates is within what were looked at closely."""
        found = select_assets(
            case.loss, case.train.up, case.candidates, budget=6, hardened=case.train.hardened
        )
        assert set(found.assets) <= set(case.contenders)


class TestHazards:
    def test_an_edge_stands_as_deep_as_its_lower_end(self, small):
        system = city(small())
        p = HardeningParameters(**FLOOD)
        (depth,) = Hazard(system, p, 20, Streams(1), year=2026).intensities()
        known = dict(zip(system.assets["id"], depth.values[0], strict=True))
        assert (known["a"], known["b"], known["a-b"], known["grid"]) == (2.0, 0.0, 2.0, 0.0)

    def test_a_flood_map_takes_the_place_of_a_level(self, small, tmp_path):
        ring = [[400, 0], [600, 0], [600, 200], [400, 200], [400, 0]]
        area = {"type": "Feature", "properties": {"depth_m": 1.5}}
        area["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        path = tmp_path / "flood.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [area]}), encoding="utf-8")
        p = HardeningParameters(k=1, flood_map=str(path), **FLOOD)
        case = case_of(small(), p)
        assert ids(case, case.chosen) == {"a"}
        assert case.hazard.severity == 0
        deeper = Hazard(case.system, p, 20, Streams(1), year=2026).intensities(0.5)[0].values[0]
        assert sorted(set(deeper)) == [0.0, 2.0]

    @pytest.mark.parametrize("hazard", ["wind", "age"])
    def test_other_hazards_are_answered_on_the_sample(self, sample, hazard):
        case = case_of(sample, HardeningParameters(hazard=hazard, **QUICK))
        assert case.saved("chosen")[0] > 0
        kinds = set(case.system.assets[list(case.chosen)]["layer"])
        assert kinds <= ({"power", "telecom"} if hazard == "wind" else {"water", "gas", "oil"})

    def test_a_class_of_the_users_own_takes_the_place_of_the_shipped_one(self, small, tmp_path):
        path = tmp_path / "curves.csv"
        path.write_text(
            "class,state,measure,median,beta,source\nsubstation_low_voltage,extensive,depth_m,5,0.1,ours\n",
            encoding="utf-8",
        )
        curves = curves_of(str(path))
        assert curves["substation_low_voltage"].source == "ours"
        system = classed(city(small()), "flood", curves)
        assert "substation_low_voltage" in set(system.layers["power"].nodes["fragility_class"])

    def test_assets_without_a_class_take_the_one_of_what_they_are(self, small):
        system = classed(city(small(a={"fragility_class": None})), "earthquake", curves_of(None))
        known = dict(system.layers["power"].nodes.select("id", "fragility_class").iter_rows())
        assert (known["a"], known["grid"]) == ("sturdy", "substation_medium_voltage")


class TestSeed:
    def test_the_same_seed_gives_the_same_bytes_on_any_number_of_workers(self, small):
        p = {"k": 1} | FLOOD | {"level_m": 0.35, "level_sd_m": 0.1}
        one, same, other = (
            Hardening(workers=workers).answer(small(), HardeningParameters(seed=seed, **p)).to_json()
            for seed, workers in ((1, 1), (1, 4), (2, 1))
        )
        assert one == same
        assert one != other


@pytest.fixture(scope="module")
def run(decided):
    return decided("lifelines.hardening")


@pytest.mark.slow
class TestRun:
    def test_costs_and_benefits_are_there_where_services_have_a_worth(self, run, told):
        assert told(run)["checklist"]["cost_benefit"] == "filled"
        numbers = told(run)["quantities"]
        assert numbers["cost"]["value"] <= 30
        assert numbers["cb.npv"]["low"] < numbers["cb.npv"]["high"]

    def test_checks_of_the_run_hold(self, run, told):
        numbers = told(run)["quantities"]
        checks = [name for name in numbers if name.startswith("check.")]
        assert len(checks) == 4
        assert {numbers[name]["value"] for name in checks} == {0}

    def test_the_saving_stated_is_never_that_of_the_events_chosen_on(self, run, told):
        numbers = told(run)["quantities"]
        seemed = numbers["back.seemed"]["value"]
        saved = numbers["saved.chosen.people"]["value"]
        assert saved == pytest.approx(numbers["back.saved"]["value"])
        assert saved != pytest.approx(seemed)

    def test_the_map_is_drawn_in_both_languages_with_its_marks(self, run, told):
        chosen = sum(row["chosen"] for row in told(run)["options"]["rows"])
        for svg in told(run)["figure"]["svg"].values():
            assert svg.count("<path") > 5
            assert f">{chosen}</text>" in svg
