"""
How often a line should run, on a feed and on smart cards of real lines, asked as its user asks it.

Cairns publishes a timetable and no riders: its taps are made from a stated profile (`cairns` in conftest.py).
Xiamen BRT 2 publishes its riders, when buses were sent, and how long they took: its timetable is made of
these (`xiamen`). What an option costs depends on placeholder prices; what is tested here does not.
"""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from pipelines.traffic import domain
from pipelines.traffic.decide import Headways, HeadwaysParameters
from workbench.runs import data_from, decide
from workbench.simulation.transit import LineScenario

pytestmark = [pytest.mark.real, pytest.mark.filterwarnings("ignore::ResourceWarning")]
DAYS = 20
HOUSE = ("today", "even", "more", "fewer", "holding", "larger")
BUS = HeadwaysParameters(capacity=90, replications=DAYS)
AT_STOPS = HeadwaysParameters(arrivals="tap", replications=DAYS)  # the taps of Cairns are made to be so
EVERY = HeadwaysParameters(
    capacity=90,
    replications=DAYS,
    baseline="8 min",
    scenarios={f"{minutes} min": LineScenario(headway_s=60 * minutes, capacity=90) for minutes in (4, 8, 16)},
)


class Answer:
    """What a run says."""

    def __init__(self, run):
        self.told = json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))
        self.bytes = (run.folder / "brief.json").read_bytes()
        self.quantities = self.told["quantities"]
        self.runs = pl.read_parquet(run.folder / "measures" / "headway_runs.parquet")

    def value(self, name):
        return self.quantities[name]["value"]

    def of(self, outcome):
        """An outcome of every option, by the option's name."""
        found = {name: q for name, q in self.quantities.items() if name.startswith(f"{outcome}.")}
        return {name.partition("-")[2]: q["value"] for name, q in found.items()}

    def mean(self, outcome, scenario="today"):
        return self.runs.filter(pl.col("scenario") == scenario)[outcome].mean()


@pytest.fixture(scope="module")
def ask(real_data, cairns, xiamen, engines, tmp_path_factory):
    """Ask for a city with some parameters, each question once."""
    data = {
        "cairns": lambda: data_from(domain, data=str(cairns)),
        "xiamen": lambda: data_from(domain, data=str(real_data), source=str(xiamen)),
    }
    made = {}

    def asked(city, parameters, engine="polars", workers=1):
        key = city, parameters.model_dump_json(), engine, workers
        if key not in made:
            out = tmp_path_factory.mktemp("runs")
            run = decide(Headways, domain, data[city](), parameters, engines(engine), out, workers=workers)
            made[key] = Answer(run)
        return made[key]

    return asked


@pytest.fixture(params=["cairns", "xiamen"])
def answer(request, ask):
    """The house's options in each city."""
    return ask(request.param, {"cairns": AT_STOPS, "xiamen": BUS}[request.param])


def expected_wait(departures_s):
    """Wait of who comes at random: E[H](1 + cv^2) / 2, that is E[H^2] / 2E[H]."""
    headway = np.diff(np.sort(np.asarray(departures_s, dtype=float)))
    return (headway**2).mean() / headway.mean() / 2


class TestEveryCity:
    def test_one_of_the_options_is_chosen_and_chances_add_up(self, answer):
        assert sorted(answer.of("best")) == sorted(HOUSE)
        assert sum(answer.of("best").values()) == pytest.approx(1, abs=1e-12)
        assert sum(row["chosen"] for row in answer.told["options"]["rows"]) == 1

    def test_intervals_contain_their_means(self, answer):
        bounded = [q for q in answer.quantities.values() if q.get("low") is not None]
        assert len(bounded) > 100
        assert all(q["low"] <= q["value"] <= q["high"] for q in bounded)

    def test_riders_of_simulated_days_are_those_of_the_data(self, answer):
        """Poisson: the mean of the days is within 4 standard errors of the demand, for every option alike."""
        demand, days = (
            answer.value("riders"),
            answer.runs.pivot("scenario", index="replication", values="passengers"),
        )
        assert days.height == DAYS
        assert abs(answer.mean("passengers") - demand) < 4 * np.sqrt(demand / DAYS)
        assert all((days[name] == days["today"]).all() for name in HOUSE)

    def test_longer_headways_wait_longer_and_cost_less_to_run(self, answer):
        wait, cost = answer.of("mean_wait_s"), answer.of("operating")
        assert wait["more"] < wait["even"] < wait["fewer"]
        assert cost["more"] > cost["even"] > cost["fewer"]

    def test_costs_are_of_operation_and_waiting(self, answer):
        """Waiting by hand: riders, their mean wait, and what the brief says an hour of it is worth."""
        hours = (
            answer.runs.filter(pl.col("scenario") == "today")
            .select((pl.col("passengers") * pl.col("mean_wait_s") / 3600).mean())
            .item()
        )
        waiting = hours * answer.value("wait_hour_value") * answer.value("days_per_year") / 1e6
        assert answer.of("total")["today"] - answer.of("operating")["today"] == pytest.approx(
            waiting, rel=1e-9
        )

    @pytest.mark.parametrize("city", ["cairns", "xiamen"])
    def test_results_do_not_depend_on_workers(self, ask, city):
        parameters = {"cairns": AT_STOPS, "xiamen": BUS}[city]
        assert ask(city, parameters, workers=2).bytes == ask(city, parameters).bytes

    @pytest.mark.parametrize("engine", ["dask", pytest.param("spark", marks=pytest.mark.spark)])
    @pytest.mark.parametrize("city", ["cairns", "xiamen"])
    def test_results_do_not_depend_on_the_engine(self, ask, city, engine):
        parameters = {"cairns": AT_STOPS, "xiamen": BUS}[city]
        one, other = ask(city, parameters), ask(city, parameters, engine)
        assert one.quantities == other.quantities
        assert one.runs.equals(other.runs)


class TestCairns:
    def test_todays_departures_are_those_of_the_feed(self, ask):
        found = ask("cairns", AT_STOPS)
        assert found.value("departures") == 30  # of route 110 to the city, on a weekday
        assert found.value("headway") == pytest.approx((22.22 - 5.83) * 3600 / 29, rel=0.001)
        assert "trips_left_out" not in found.quantities

    def test_every_tap_is_a_rider(self, ask, cairns):
        taps = len((cairns / "taps.csv").read_text().splitlines()) - 1
        assert ask("cairns", AT_STOPS).value("riders") * 5 == pytest.approx(taps, abs=1e-6)

    def test_waits_are_those_of_the_headways(self, ask):
        """
        By day a bus comes every half hour, so who comes at random waits 15 minutes: to 2%.

        Over the day the 30 departures give 1,118 s where riders come evenly. Fewer of them come in the
        evening, when a bus comes every hour: less than that, by less than 8%.
        """
        found = ask("cairns", AT_STOPS)
        assert found.mean("mean_wait_s@midday") == pytest.approx(900, rel=0.02)
        half_hourly, hourly = np.arange(8.83, 14, 0.5), np.arange(18.22, 23)
        others = [5.83, 6.33, 6.83, 7.25, 7.75, 8.25, 14.25, 14.75, 15.25, 15.75, 16.33, 16.83, 17.33, 17.83]
        departures = 3600 * np.array([*half_hourly, *hourly, *others])
        even = expected_wait(departures)
        assert len(departures) == 30
        assert 0.92 * even < found.mean("mean_wait_s") < even

    def test_the_brief_warns_of_so_rare_a_line(self, ask):
        said = " ".join(each["en"] for each in ask("cairns", AT_STOPS).told["limits"])
        assert "look at the timetable" in said


class TestXiamen:
    @pytest.fixture(scope="class")
    @classmethod
    def dispatches_s(cls, real_data):
        path = real_data / "transport" / "xiamen_brt2" / "dispatch_minutes_direction_0.csv"
        return [60.0 * float(minute) for minute in path.read_text().split()]

    def test_all_riders_are_demand(self, ask):
        assert ask("xiamen", BUS).value("riders") == pytest.approx(4346, abs=1e-6)
        assert "riders_left_out" not in ask("xiamen", BUS).quantities

    def test_todays_departures_are_the_dispatches(self, ask, dispatches_s):
        found = ask("xiamen", BUS)
        assert found.value("departures") == len(dispatches_s) == 124
        assert found.value("headway") == pytest.approx(np.diff(dispatches_s).mean())

    def test_waits_are_those_of_the_headways(self, ask, dispatches_s):
        """
        The dispatches (mean 457 s, cv 0.88) give 406 s where riders come evenly over the day: to 5%.

        Two things pull either way: buses bunch further on the way, and more riders come in the peaks, when
        buses come more often.
        """
        found = ask("xiamen", BUS)
        assert expected_wait(dispatches_s) == pytest.approx(406, abs=0.5)
        assert found.mean("mean_wait_s") == pytest.approx(expected_wait(dispatches_s), rel=0.05)
        assert found.mean("headway_cv") > 0.88

    def test_even_headways_wait_as_welding_says(self, ask):
        """
        Buses sent at one headway all day: H(1 + cv^2) / 2 of the headways that came about, less the stand.

        A simulated wait ends when the doors open, and who comes while they are open waits not at all: with
        the headway between departures it is shorter by about the time that a bus stands, up to 30 s at busy
        stops.
        """
        found = ask("xiamen", EVERY)
        for minutes in (4, 8, 16):
            wait, cv = (found.mean(outcome, f"{minutes} min") for outcome in ("mean_wait_s", "headway_cv"))
            assert 0 < 30 * minutes * (1 + cv**2) - wait < 30
        waits = [found.mean("mean_wait_s", f"{minutes} min") for minutes in (4, 8, 16)]
        assert waits == sorted(waits)

    def test_options_of_ones_own_are_called_what_they_are_called(self, ask):
        rows = [row["cells"][0]["text"]["en"] for row in ask("xiamen", EVERY).told["options"]["rows"]]
        assert sorted(rows) == ["16 min", "4 min", "8 min"]
