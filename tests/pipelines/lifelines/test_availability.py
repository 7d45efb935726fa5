"""What to double for the availability promised: the sample's truth, and small cities told by hand."""

import datetime as dt
import json
import re

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from data_samples.lifelines import TRUTH
from pipelines.lifelines.availability import Availability, AvailabilityParameters, ClassRate
from pipelines.lifelines.availability_case import case_of
from pipelines.lifelines.availability_evidence import Evidence
from pipelines.lifelines.availability_numbers import Numbers, nines
from pipelines.lifelines.availability_rates import rates_of
from pipelines.lifelines.availability_register import register_of
from pipelines.lifelines.network import city
from workbench.errors import DataRejected, UnknownName
from workbench.lifelines import BadNetwork
from workbench.lifelines.doubling import YEAR_MIN
from workbench.simulation import Streams

TRUE = json.loads(TRUTH.read_text(encoding="utf-8"))
QUICK = {"resamples": 300}
FIRST, LAST = dt.date(2020, 1, 1), dt.date(2024, 1, 1)
YEARS = (LAST - FIRST).days / 365.25


@pytest.fixture(scope="module")
def case(sample):
    return case_of(sample, AvailabilityParameters(**QUICK))


def outage(number, asset, began, hours=10.0, cause="wear"):
    """An incident, so many hours after the register begins."""
    start = dt.datetime.combine(FIRST, dt.time()) + dt.timedelta(hours=began)
    restored = None if hours is None else start + dt.timedelta(hours=hours)
    return {
        "incident_id": f"i{number}",
        "system": "telecom",
        "asset_id": asset,
        "started": start,
        "restored": restored,
        "cause": cause,
    }


@pytest.fixture
def small(city_of):
    """Measures of a chain of two exchanges behind a gateway, two districts, and what befell its cables."""

    def made(incidents=(), *, register=True, demand=1.0, kind="source", costs=None, twin=False, people=True):
        places = {"g": (0.0, 0.0), "a": (1000.0, 0.0), "b": (1000.0, 1000.0)}
        nodes = [
            {
                "node_id": name,
                "asset_class": "gateway" if name == "g" else "exchange",
                "kind": kind if name == "g" else None,
                "demand": 0.0 if name == "g" else demand,
                "people": {"g": 0.0, "a": 100.0, "b": 300.0}[name] if people else 0.0,
                "zone_id": {"g": None, "a": "north", "b": "south"}[name],
                "x": x,
                "y": y,
            }
            for name, (x, y) in places.items()
        ]
        ends = {"ga": ("g", "a"), "ab": ("a", "b")} | ({"gb": ("g", "b")} if twin else {})
        edges = [
            {
                "edge_id": name,
                "from_node_id": u,
                "to_node_id": v,
                "asset_class": "fibre",
                "kind": "fibre",
                "length_m": 2000.0,
                "harden_cost": (costs or {}).get(name),
            }
            for name, (u, v) in ends.items()
        ]
        system = {"system": "telecom"}
        tables = {"nodes": [system | row for row in nodes], "edges": [system | row for row in edges]}
        if register:
            tables["incidents"] = incidents
            tables["registers"] = [system | {"observed_from": FIRST, "observed_to": LAST}]
        return city_of(**tables)

    return made


CUT = [outage(number, "ga", 1000.0 * number) for number in range(1, 9)]
"""Eight outages of ten hours on 4 km of fibre in four years."""


def rates(measures, **parameters):
    network = city(measures).layers["telecom"]
    return rates_of(measures, network, AvailabilityParameters(**parameters))


class TestRates:
    def test_by_kilometre_with_the_prior_of_jeffreys(self, small):
        found = rates(small(CUT))
        fibre = found.classes.index("fibre")
        assert found.shape[fibre] / found.per[fibre] == pytest.approx(8.5 / (4 * YEARS))
        assert found.hours[fibre] / (found.repairs[fibre] - 1) == pytest.approx((80 + 10) / 9)
        load = 8.5 / (4 * YEARS) * 10 * 2 / 8766
        assert found.unavailability(found.mean)[3:] == pytest.approx([load / (1 + load)] * 2)

    def test_a_class_without_a_failure_is_not_perfect(self, small):
        found = rates(small(CUT))
        exchange = found.classes.index("exchange")
        assert found.shape[exchange] / found.per[exchange] == pytest.approx(0.5 / (2 * YEARS))
        assert (found.unavailability(found.mean) > 0).all()

    def test_planned_outages_and_open_ones(self, small):
        """The planned one is no failure; the open one is a failure without a repair."""
        rows = [*CUT, outage(20, "ab", 9000, cause="planned"), outage(21, "ab", 20_000, hours=None)]
        row = rates(small(rows)).frame.filter(pl.col("asset_class") == "fibre").row(0, named=True)
        assert (row["failures"], row["repaired"], row["repair_h"]) == (9, 8, pytest.approx(80))

    def test_what_is_supposed_without_a_register(self, small):
        found = rates(small(register=False), failures_per_km=0.5, failures_per_node=0.1, repair_h=4.0)
        assert set(found.frame["source"]) == {"supposed"}
        assert found.mean * 8766 == pytest.approx([0.5 * 4 if km else 0.1 * 4 for km in found.by_km])

    def test_what_is_given_wins_over_the_register(self, small):
        found = rates(small(CUT), rates={"fibre": ClassRate(failures=0.2, hours=5)})
        fibre = found.classes.index("fibre")
        assert found.frame["source"][fibre] == "given"
        assert found.mean[fibre] * 8766 == pytest.approx(1.0)

    def test_draws_spread_about_the_mean(self, small):
        found = rates(small(CUT))
        failures, hours = found.draw(40_000, Streams(1))
        assert (failures * hours).mean(axis=0) / 8766 == pytest.approx(found.mean, rel=0.05)
        assert failures[:, 1].std() / failures[:, 1].mean() == pytest.approx(8.5**-0.5, rel=0.03)

    def test_a_class_that_is_not_there_is_refused(self, small):
        with pytest.raises(UnknownName, match="fibre"):
            rates(small(CUT), rates={"fiber": ClassRate(failures=1, hours=1)})

    def test_failures_of_unknown_assets_are_counted(self, small):
        assert rates(small([*CUT, outage(30, "gone", 500)])).unknown == 1


class TestRegister:
    @pytest.fixture
    def register(self, small):
        """Cable ab out for 10 h; ga for 10 h, of which 5 while ab is out as well; ga open to the end."""
        end = 24 * (LAST - FIRST).days
        rows = [outage(1, "ab", 100), outage(2, "ga", 105), outage(3, "ga", end - 4, hours=None)]
        measures = small([*rows, outage(4, "ga", 50, cause="planned")])
        return register_of(measures, city(measures).layers["telecom"])

    def test_replayed_by_hand(self, register):
        """ab alone cuts off 300 of 400 people for 5 h, ga all of them for 10 h and 4 h."""
        lost = 5 * 0.75 + 10 + 4
        assert register.replay(0, register.hours) == pytest.approx(lost / register.hours * YEAR_MIN)
        assert register.replay(0, 110) == pytest.approx((5 * 0.75 + 5) / 110 * YEAR_MIN)

    def test_counted_by_hand(self, register):
        counts = register.counts(["exchange", "fibre"], np.array([0, 0, 0, 1, 1]), 0, register.hours / 2)
        assert counts.rows() == [("exchange", 0, 0.0, 0.0), ("fibre", 2, 2.0, pytest.approx(20))]

    def test_none_where_there_is_none(self, small):
        measures = small(register=False)
        assert register_of(measures, city(measures).layers["telecom"]) is None


def answered(measures, **parameters):
    return Availability().answer(measures, AvailabilityParameters(**QUICK | parameters))


def doubled_ids(case):
    return [case.network.asset_ids[one] for one in case.choice.chosen]


BOTH = {"rates": {"fibre": ClassRate(failures=0.5, hours=8)}, "promise": 0.9985, "sure": 0.6}
"""Each fibre is down 8 h a year: 0.09 %; exchanges hardly."""


class TestSmall:
    def test_the_link_that_both_need_is_doubled(self, small):
        case = case_of(small(CUT), AvailabilityParameters(**QUICK, **BOTH, new_links=False))
        assert doubled_ids(case)[0] == "ga"
        assert case.best == "double"
        assert case.chance("double") > case.chance("none")

    def test_the_dearer_of_two_that_would_do_is_left(self, small):
        """Site b lacks a little: either cable will do."""
        costs = {"ga": 9e6, "ab": 1e5}
        case = case_of(small(CUT, costs=costs), AvailabilityParameters(**QUICK, **BOTH, new_links=False))
        assert doubled_ids(case)[0] == "ab"
        assert case.options["double"].cost == pytest.approx(sum(case.costs.each[list(case.choice.chosen)]))

    def test_a_ring_is_closed_where_that_is_cheaper(self, small):
        """From b to the gateway it is 1.4 km as the crow flies, and no exchange needs to be doubled."""
        case = case_of(small(CUT, costs={"ga": 5e6, "ab": 5e6}), AvailabilityParameters(**QUICK, **BOTH))
        plan = case.options["mixed"]
        assert plan.links.select("u", "v").rows() == [("b", "g")]
        assert plan.links["length_m"][0] == pytest.approx(1300 * 2**0.5, rel=1e-3)
        assert case.best == "mixed"

    def test_the_brief_says_to_build_it(self, small):
        brief = answered(small(CUT, costs={"ga": 5e6, "ab": 5e6}), **BOTH)
        headline = brief.answer.headline.text("en").replace("\N{NO-BREAK SPACE}", " ")
        assert "build 1 link, first service point b to source g, once the routes are surveyed" in headline
        assert [row.chosen for row in brief.options.rows].count(True) == 1

    def test_faster_repair_is_half_of_the_time(self, small):
        """Rates are small, so that time without service halves with the time to repair."""
        case = case_of(small(CUT), AvailabilityParameters(**QUICK, **BOTH, new_links=False))
        none, faster = (case.minutes[:, list(case.options).index(one)].mean() for one in ("none", "repair"))
        assert faster / none == pytest.approx(0.5, rel=0.01)

    def test_nothing_is_doubled_where_the_promise_is_kept(self, small):
        brief = answered(small(CUT), promise=0.98)
        assert brief.answer.headline.text("en").startswith("Double nothing")
        assert brief.answer.confidence.word == "high"
        assert not brief.tables[0].id.startswith("steps")

    def test_no_doubling_can_reach_it(self, small):
        brief = answered(small(CUT), common_cause=1.0, new_links=False, **BOTH)
        assert brief.answer.headline.text("en").startswith("No doubling brings every site")
        assert any("takes two at once" in one.text("en") for one in brief.answer.points)

    def test_what_cannot_be_doubled_is_named(self, small):
        """Nodes alone can be doubled; a cable keeps site b below."""
        brief = answered(small(CUT), parts="nodes", new_links=False, **BOTH)
        held = " ".join(one.text("en") for one in brief.answer.points)
        assert re.search("fibre link (ga|ab), which cannot be doubled here", held)

    def test_too_little_money(self, small):
        brief = answered(small(CUT), budget=1.0, **BOTH)
        assert "cannot be made sure" in brief.answer.headline.text("en")
        assert brief.answer.confidence.word == "low"

    def test_sites_without_people_count_alike(self, small):
        measures = small(CUT, people=False)
        brief = answered(measures, **BOTH)
        reasons = {one.key for one in brief.sections if one.reason is not None}
        assert {"cost_benefit", "equity"} <= reasons
        network = city(measures).layers["telecom"]
        assert register_of(measures, network).replay(1000, 1010) == pytest.approx(YEAR_MIN)

    def test_without_incidents_the_brief_says_so(self, small):
        brief = answered(small(register=False))
        said = " ".join(one.text("en") for one in brief.assumptions)
        assert "There is no register of exchange, fibre and gateway" in said

    def test_a_ring_has_little_to_lose(self, small):
        """With a second way to b the first cable cuts off nobody."""
        case = case_of(small(CUT, twin=True), AvailabilityParameters(**QUICK, **BOTH))
        assert case.chance("none") > 0.9
        assert case.choice.chosen == ()

    def test_costs_that_the_tables_do_not_have(self, small):
        case = case_of(
            small(CUT, costs={"ga": 7e5}),
            AvailabilityParameters(**QUICK, cost_per_km=1e6, cost_per_node=2e5),
        )
        assert case.costs.each.tolist() == [2e5, 2e5, 2e5, 2e6, 7e5]
        plain = AvailabilityParameters(**QUICK, cost_per_km=1e6, table_costs=False)
        assert case_of(small(CUT, costs={"ga": 7e5}), plain).costs.each[4] == 2e6

    def test_capacity_is_told_within_capacities(self, small):
        case = case_of(small(CUT), AvailabilityParameters(**QUICK))
        losses = dict(case.capacity.select("id", "lost_share").iter_rows())
        assert losses == {"g": 1.0, "ga": 1.0, "a": 1.0, "ab": 0.5, "b": 0.5}

    def test_a_network_that_is_not_there(self, small):
        with pytest.raises(DataRejected, match=r"no road network .* hold telecom"):
            case_of(small(CUT), AvailabilityParameters(system="road"))

    def test_no_site_and_no_source(self, small):
        with pytest.raises(DataRejected, match="no site to serve"):
            case_of(small(CUT, demand=0.0), AvailabilityParameters())
        with pytest.raises(BadNetwork, match="no source"):
            case_of(small(CUT, kind="junction"), AvailabilityParameters())

    @pytest.mark.parametrize(
        "wrong",
        [
            {"promise": 1.0},
            {"promise": 0.2},
            {"common_cause": 1.5},
            {"budget": 0},
            {"system": "steam"},
            {"parts": "pipes"},
            {"rates": {}},
            {"rates": {"fibre": {"failures": -1, "hours": 1}}},
            {"resamples": 10},
            {"winding": 0.5},
        ],
    )
    def test_parameters_out_of_bounds(self, wrong):
        with pytest.raises(ValidationError):
            AvailabilityParameters(**wrong)


class TestSeed:
    def test_the_same_seed_gives_the_same_bytes(self, small):
        one, same = (answered(small(CUT), seed=1, promise=0.999).to_json() for _ in range(2))
        assert one == same

    def test_another_seed_moves_chances_and_not_the_choice(self, sample, case):
        other = case_of(sample, AvailabilityParameters(**QUICK, seed=5))
        assert other.choice.plain.chosen == case.choice.plain.chosen
        assert other.best == case.best
        assert other.chance("mixed") != case.chance("mixed")
        assert other.chance("double") == pytest.approx(case.chance("double"), abs=0.08)


class TestSample:
    def test_the_exchange_on_one_link_comes_first(self, case):
        spot = next(one for one in TRUE["weak_spots"] if one["spot"] == "exchange_on_one_link")
        assert doubled_ids(case)[0] == spot["asset_id"]

    def test_and_its_people_gain_most(self, case):
        """Those of the district behind it lose most today, by far."""
        zones = np.array(case.network.nodes["zone"][case.model.sites].to_list())
        dark = case.dark["none"].mean(axis=0)
        worst = max(sorted(set(zones)), key=lambda zone: dark[zones == zone].mean())
        assert worst == "Z008"

    def test_the_promise_is_then_kept_as_surely_as_was_wanted(self, case):
        assert case.chance("none") < 0.01
        for option in ("double", "mixed"):
            assert case.chance(option) >= case.p.sure - 0.05
        assert case.steps.kept[0] < 0.8
        assert case.steps.kept[-1] == 1

    def test_new_cables_do_it_for_less(self, case):
        assert case.options["mixed"].cost < case.options["double"].cost / 3
        assert case.best == "mixed"
        assert case.uncarried["mixed"] < case.uncarried["none"]

    def test_rates_hold_the_truth_within_their_intervals(self, case):
        process = {
            one["asset_class"]: one["process"] for one in TRUE["incidents"] if one["system"] == "telecom"
        }
        failures, hours = case.rates.draw(4000, Streams(1))
        inside = []
        for at, name in enumerate(case.rates.classes):
            if process[name]:
                for drawn, true in ((failures, "failures_per_year"), (hours, "mttr_h")):
                    low, high = np.quantile(drawn[:, at], (0.005, 0.995))
                    inside.append(low <= process[name][true] <= high)
        assert len(inside) == 8
        assert sum(inside) >= 7

    def test_the_truth_gives_availabilities_within_the_intervals(self, case):
        """Sites at the rates that the incidents were drawn with."""
        process = {
            one["asset_class"]: one["process"] for one in TRUE["incidents"] if one["system"] == "telecom"
        }
        load = np.array(
            [
                process[name]["failures_per_year"] * process[name]["mttr_h"] / 8766 if process[name] else 0.0
                for name in case.rates.classes
            ]
        )
        truth = case.model.unavailable(case.rates.unavailability(load))
        low, high = np.quantile(case.dark["none"], (0.005, 0.995), axis=0)
        assert ((low <= truth) & (truth <= high)).mean() > 0.9

    def test_the_choice_is_near_the_least_that_any_can_cost(self, case):
        assert case.choice.bound <= case.choice.plain.cost <= 1.2 * case.choice.bound

    def test_the_same_money_on_other_rankings_does_less(self, case):
        money = case.options["double"].cost
        for option in ("n1", "between"):
            assert case.options[option].cost <= money
            assert case.chance(option) < case.chance("double")

    def test_states_drawn_outright_agree_with_blocks(self, sample, case):
        drawn, error = Evidence(sample, case, Numbers(case))._outright()
        blocks = float(case.model.unavailable(case.mean_load) @ case.weights) * YEAR_MIN
        assert abs(drawn - blocks) < 1.5 * error

    def test_the_register_counted_here_is_that_of_the_measure(self, sample, case):
        counts = case.register.counts(case.rates.classes, case.rates.of, 0, case.register.hours)
        assert counts["failures"].to_list() == case.rates.frame["failures"].to_list()
        assert counts["repair_h"].to_numpy() == pytest.approx(case.rates.frame["repair_h"].to_numpy())


class TestPrint:
    @pytest.mark.parametrize(
        ("share", "decimals"), [(0.9995, 2), (0.999, 1), (0.99, 0), (0.99925, 3), (0.99999, 3)]
    )
    def test_a_promise_is_never_rounded_to_all(self, share, decimals):
        assert nines(share) == decimals


@pytest.fixture(scope="module")
def run(decided):
    return decided("networks.availability")


@pytest.mark.slow
class TestRun:
    def test_the_map_is_drawn_in_both_languages_with_its_marks(self, run, told):
        for svg in told(run)["figure"]["svg"].values():
            assert svg.count("<path") > 5
            assert ">8</text>" in svg

    def test_what_lies_on_the_map_is_listed(self, run, told):
        rows = told(run)["figure"]["data"]["rows"]
        assert len(rows) == 8
        assert all(row["chosen"] for row in rows)
