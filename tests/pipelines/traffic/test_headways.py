"""How often a line should run: the house's options, prices by hand, and the whole decision on the sample."""

import json
import math
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from scipy.special import stdtr

from data_samples.traffic import DATA
from pipelines.traffic import domain
from pipelines.traffic.decide import Headways, HeadwaysParameters
from pipelines.traffic.headway_costs import fleets, priced, ranked
from pipelines.traffic.headway_fleet import Need, run_back
from pipelines.traffic.headway_options import bands, today_and_others
from workbench.data.intake import supply_from_folder, take_in
from workbench.domains import Measures
from workbench.errors import BadParameter, UnknownName
from workbench.simulation.runs import Runs
from workbench.simulation.scenario import scenario_json
from workbench.simulation.transit import LineScenario, line_from_sections
from workbench.simulation.transit.plan import open_plan

DEPARTURES = [7 * 3600 + 600 * n for n in range(12)]


@pytest.fixture
def run_cli():
    """Run the command line in a process of its own."""

    def ran(*words):
        command = [sys.executable, "-m", "workbench.cli", *words]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)

    return ran


@pytest.fixture(scope="module")
def line():
    return line_from_sections("9", ["a", "b", "c", "d"], [300.0, 300.0, 300.0], DEPARTURES)


@pytest.fixture(scope="module")
def sample(engines, tmp_path_factory):
    """Measures of the shipped sample."""
    engine, supply = engines("polars"), supply_from_folder(DATA, domain.contract)
    names = ("taps", "timetable", "stops")
    intake = take_in(engine, domain.contract, supply, tmp_path_factory.mktemp("intake"), required=names)
    return Measures(domain.known, intake.tables, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def brief(sample):
    return Headways(workers=1).answer(sample, HeadwaysParameters(replications=10))


def runs_of(scenarios, **columns):
    """Runs whose outcomes are given, days by scenario."""
    names = list(scenarios)
    days = len(next(iter(columns.values())))
    rows = {
        "scenario": [name for _ in range(days) for name in names],
        "replication": [day for day in range(days) for _ in names],
        **{key: [float(x) for row in values for x in row] for key, values in columns.items()},
        "error": [None] * (days * len(names)),
    }
    frame = pl.DataFrame(rows, schema_overrides={"error": pl.String})
    told = {name: scenario_json(one) for name, one in scenarios.items()}
    return Runs(frame, dict.fromkeys(columns, "s"), told, "line 9", "1", 1)


class TestOptions:
    def test_bands_keep_the_departures_of_each_hour(self, line):
        made = bands(line, 1.0)
        assert [(band.from_s, band.to_s, band.headway_s) for band in made] == [
            (7 * 3600, 8 * 3600, 600.0),
            (8 * 3600, 9 * 3600, 600.0),
        ]

    def test_a_first_hour_that_begins_late_keeps_its_headway(self):
        """Two departures from 7:30, a quarter of an hour apart, are not one every half hour."""
        late = line_from_sections("9", ["a", "b"], [300.0], [27_000 + 900 * n for n in range(10)])
        assert [band.headway_s for band in bands(late, 1.0)] == [900.0, 900.0, 900.0]
        assert len(open_plan(late, None, bands(late, 1.0), ()).trips.dispatch_s) == 10

    def test_a_quarter_more_departures_is_four_fifths_of_the_headway(self, line):
        assert [band.headway_s for band in bands(line, 0.8)] == [480.0, 480.0]

    def test_today_and_others(self, line):
        options = today_and_others(line, 40)
        assert list(options) == ["today", "even", "more", "fewer", "holding", "larger"]
        assert options["larger"].capacity == 60
        assert options["holding"].control.stops == ("b", "c", "d")[:2] + options["holding"].control.stops[2:]
        assert "d" not in options["holding"].control.stops


class TestCosts:
    SCENARIOS = {"today": LineScenario(capacity=40), "often": LineScenario(headway_s=300, capacity=80)}  # noqa: RUF012
    WHAT = HeadwaysParameters(
        vehicle_hour_cost=100,
        vehicle_day_cost=200,
        wait_hour_value=36,
        days_per_year=100,
        layover_s=100,
        size_elasticity=1,
    )

    def runs(self, waits=((300, 150), (320, 160), (310, 158))):
        days = len(waits)
        return runs_of(
            self.SCENARIOS,
            mean_wait_s=waits,
            passengers=[(1000, 1000)] * days,
            vehicle_hours=[(10, 20)] * days,
            cycle_time_s=[(900, 900)] * days,
        )

    NEEDS = {"today": Need(4, 10.0, 0.0), "often": Need(7, 20.0, 0.5)}  # noqa: RUF012

    def test_prices_by_hand(self):
        costs = priced(self.runs(), self.SCENARIOS, self.NEEDS, self.WHAT)
        first = costs.frame.filter(pl.col("replication") == 0)
        assert first["operating"].to_list() == pytest.approx(
            [100 * (2 * 10 * 100 + 4 * 200) / 1e6, 100 * (40.5 * 100 + 7 * 2 * 200) / 1e6]
        )
        assert first["waiting"].to_list() == pytest.approx([100 * 300 * 1000 / 3600 * 36 / 1e6, 0.15])
        assert costs.best == "today"
        assert costs.saving("today", "often")[0] == pytest.approx(
            float(np.mean(costs.totals[:, 1] - costs.totals[:, 0]))
        )

    def test_chances_add_up_and_a_clear_order_is_sure(self):
        costs = priced(self.runs(), self.SCENARIOS, self.NEEDS, self.WHAT)
        assert costs.verdict.p_best.sum() == pytest.approx(1)
        assert costs.chance_of("today") == 1
        assert costs.regret_of("today") == 0
        assert costs.verdict.word == "high"
        assert costs.runs_to_separate() == 3

    def test_a_close_order_says_how_many_days_would_tell(self):
        """Two options whose daily difference is 1 on average with a standard deviation of 4."""
        rng = np.random.default_rng(3)
        days = 12
        gap = rng.standard_normal(days)
        gap = 1 + 4 * (gap - gap.mean()) / gap.std(ddof=1)
        both = rng.normal(100, 20, days)
        costs = ranked(("one", "two"), np.column_stack([both, both + gap]), 7)
        assert costs.p_best[0] == pytest.approx(float(stdtr(days - 1, np.sqrt(days) / 4)), abs=0.03)
        needed = costs.runs_to_separate()
        assert stdtr(needed - 1, np.sqrt(needed) / 4) == pytest.approx(0.9, abs=0.01)

    def test_equal_options_are_never_separated(self):
        same = dict.fromkeys(("one", "two"), LineScenario(headway_s=600, capacity=40))
        what = self.WHAT.model_copy(update={"baseline": "one"})
        days = [(10, 10), (12, 12), (11, 11)]
        runs = runs_of(same, mean_wait_s=days, passengers=days, vehicle_hours=days, cycle_time_s=days)
        needs = dict.fromkeys(same, Need(3, 1.0, 0.0))
        assert priced(runs, same, needs, what).runs_to_separate() is None


class TestFleet:
    """A line that departs every 10 minutes from 7:00 to 9:00, 15 minutes from end to end."""

    SCENARIOS = TestCosts.SCENARIOS

    def vehicles(self, line, layover_s, **more):
        needs = fleets(TestCosts().runs(), self.SCENARIOS, line, layover_s, **more)
        return {name: need.vehicles for name, need in needs.items()}

    def test_it_is_the_round_trip_over_the_headway_where_both_ways_are_alike(self, line):
        """(2 x 900 s + 2 layovers) over 600 s and 300 s, rounded up at each end, where departures meet."""
        assert self.vehicles(line, 0) == {"today": 4, "often": 6}
        assert self.vehicles(line, 300) == {"today": 4, "often": 8}
        assert self.vehicles(line, 301) == {"today": 6, "often": 10}

    def test_it_is_never_less_than_what_is_under_way_at_once(self, line):
        for layover in (0, 120, 900):
            needs = self.vehicles(line, layover)
            assert needs["today"] >= 2 * math.ceil((900 + layover) / 600)
            assert needs["often"] >= 2 * math.ceil((900 + layover) / 300)

    def test_the_other_direction_has_its_own_timetable(self, line):
        rare = line_from_sections(
            "9 back", ["d", "c", "b", "a"], [300.0] * 3, [25_500 + 1800 * n for n in range(4)]
        )
        needs = fleets(TestCosts().runs(), {"today": LineScenario()}, line, 0, back=rare)
        alike = fleets(TestCosts().runs(), {"today": LineScenario()}, line, 0)
        assert needs["today"].vehicles <= alike["today"].vehicles
        assert needs["today"].back_h == pytest.approx(4 * 900 / 3600)
        assert needs["today"].empty_h > 0  # more come than go back in service

    def test_given_headways_hold_the_other_way_at_all_hours(self):
        band = {"from_s": 8 * 3600, "to_s": 9 * 3600, "headway_s": 600}
        made = run_back({"one": LineScenario(bands=[band])})["one"].bands
        assert [(one.from_s, one.to_s, one.headway_s) for one in made] == [(0, 2 * 86_400, 600)]


class TestDecision:
    def test_every_option_is_compared_and_one_is_chosen(self, brief):
        assert len(brief.options.rows) == 6
        assert sum(row.chosen for row in brief.options.rows) == 1
        assert brief.options.rows[0].chosen

    def test_chances_of_the_options_add_up(self, brief):
        told = [q.value for name, q in brief.quantities().items() if name.startswith("best.")]
        assert sum(told) == pytest.approx(1)

    def test_more_departures_wait_less_and_cost_more_to_run(self, brief):
        value = {
            name.partition("-")[2]: q.value
            for name, q in brief.quantities().items()
            if name.startswith("mean_wait_s.")
        }
        assert value["more"] < value["even"] < value["fewer"]
        run = {
            name.partition("-")[2]: q.value
            for name, q in brief.quantities().items()
            if name.startswith("operating.")
        }
        assert run["more"] > run["even"] > run["fewer"]

    def test_results_do_not_depend_on_workers(self, sample, brief):
        again = Headways(workers=2).answer(sample, HeadwaysParameters(replications=10))
        assert again.to_json() == brief.to_json()

    def test_both_languages(self, brief):
        assert "12" in brief.answer.headline.text("en")
        assert "线路" in brief.answer.headline.text("zh")

    def test_an_unknown_baseline_names_the_options(self, sample):
        with pytest.raises(UnknownName, match="Nearest: today"):
            Headways().answer(sample, HeadwaysParameters(baseline="todai"))

    def test_an_unknown_line_names_the_lines(self, sample):
        with pytest.raises(UnknownName, match="No line with riders is called '99'"):
            Headways().answer(sample, HeadwaysParameters(route="99"))

    def test_a_day_without_trips(self, sample):
        with pytest.raises((BadParameter, UnknownName), match="2030-01-01"):
            Headways().answer(sample, HeadwaysParameters(date="2030-01-01"))


class TestCommand:
    FILE = (
        "baseline: now\nscenarios:\n"
        "  now: {headway_s: 900, capacity: 48}\n  often: {headway_s: 600, capacity: 48}\n"
    )

    def test_scenarios_from_a_file(self, tmp_path, run_cli):
        path = tmp_path / "options.yaml"
        path.write_text(self.FILE, encoding="utf-8")
        done = run_cli(
            "simulate",
            "traffic.headways",
            "--scenarios",
            str(path),
            "--replications",
            "6",
            "--workers",
            "1",
            "--out",
            str(tmp_path / "runs"),
            "--json",
        )
        assert done.returncode == 0, done.stderr
        folder = json.loads(done.stdout)["folder"]
        record = json.loads(
            (tmp_path / "runs" / folder.rsplit("/", 1)[-1] / "run.json").read_text(encoding="utf-8")
        )
        assert set(record["parameters"]["scenarios"]) == {"now", "often"}
        assert record["parameters"]["baseline"] == "now"
        assert record["parameters"]["replications"] == 6

    @pytest.mark.parametrize(
        ("bad", "said"),
        [
            ("headway_s: -4", "headway_s: must be at least 1, is -4"),
            ("headway_s: 600, capacity: 0", "capacity: must be at least 1"),
            ("headwai_s: 600", "headwai_s: unknown key. Nearest: headway_s"),
        ],
    )
    def test_bad_scenarios_are_told_with_their_line(self, tmp_path, run_cli, bad, said):
        path = tmp_path / "options.yaml"
        path.write_text(f"scenarios:\n  now: {{{bad}}}\n", encoding="utf-8")
        done = run_cli(
            "simulate", "traffic.headways", "--scenarios", str(path), "--out", str(tmp_path / "runs")
        )
        assert done.returncode == 2
        assert f"{path}:2: scenarios.now." in done.stderr
        assert said in done.stderr

    def test_a_decision_that_does_not_simulate(self, tmp_path, run_cli):
        done = run_cli("simulate", "traffic.crowding", "--out", str(tmp_path))
        assert done.returncode == 2
        assert "Known: traffic.headways" in done.stderr
