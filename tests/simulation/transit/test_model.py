"""The model as an experiment sees it: outcomes, bands, trace, plans of service."""

import pickle

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.simulation import Experiment, Model, Observed, Streams, Traced
from workbench.simulation.transit import (
    Band,
    Demand,
    ForwardHeadway,
    LineModel,
    LineScenario,
    NoControl,
    Traffic,
    line_from_sections,
)
from workbench.simulation.transit.examples import busy_line, busy_loop
from workbench.simulation.transit.plan import loop_plan, open_plan


def test_it_is_a_model(small, ring):
    for model in (small, ring):
        assert isinstance(model, Model)
        assert isinstance(model, Traced)


def test_every_outcome_is_declared_with_its_unit(small, ring, days):
    for model, scenario in ((small, LineScenario()), (ring, LineScenario(fleet=4))):
        for factor in (0.0, 1.0):
            found = model.run(scenario.model_copy(update={"demand_factor": factor}), days(model)[0])
            assert set(found) == set(model.outcomes)
            assert all(isinstance(each, float) for each in found.values())
    assert small.outcomes["mean_wait_s"] == small.outcomes["p95_wait_s@peak"] == "s"
    assert small.outcomes["left_behind"] == "persons"


def test_nobody_has_no_mean_wait(small, days):
    found = small.run(LineScenario(demand_factor=0), days(small)[0])
    assert np.isnan(found["mean_wait_s"])
    assert found["passengers"] == found["left_behind"] == found["unserved"] == found["max_load_ratio"] == 0
    assert found["vehicle_hours"] > 0


def test_outcomes_by_hand():
    line = line_from_sections("hand", ["a", "b", "c"], [100.0, 200.0], [1000.0, 1600.0], length_m=[500, 1500])
    from workbench.simulation.transit import STEADY, Dwell, RecordedDemand
    from workbench.simulation.transit.passengers import sorted_passengers

    people = sorted_passengers(
        3, np.array([0, 0, 0, 1]), np.array([900.0, 990, 1300, 5000]), np.array([1, 2, 2, 2])
    )
    model = LineModel(line, RecordedDemand(line.stops, people), traffic=STEADY)
    found = model.run(
        LineScenario(capacity=2, seats=1, dwell=Dwell(boarding_s=0, alighting_s=0, doors_s=0)),
        model.sample(Streams(0)),
    )
    lost = max(0.0, line.close_s - 5000)
    assert found["mean_wait_s"] == (100 + 10 + 300 + lost) / 4
    assert found["p95_wait_s"] == 300
    assert found["unserved"] == 1
    assert found["left_behind"] == 0
    assert found["in_vehicle_s"] == (100 + 300 + 300) / 3
    assert found["vehicle_km"] == 4.0
    assert found["passenger_km"] == 0.5 * 2 + 1.5 + 0.5 + 1.5
    assert found["standing_share"] == 0.5 / 4.5
    assert found["max_load_ratio"] == 1
    assert found["vehicle_hours"] == 600 / 3600
    assert found["cycle_time_s"] == 300
    assert np.isnan(found["headway_cv"])
    assert found["excess_wait_s"] == 0


def test_bands_add_up(small_line, small, days):
    model = LineModel(small_line, small.demand, bands={"early": (0, "07:30"), "late": ("07:30", "30:00")})
    found = model.run(LineScenario(capacity=20), days(small)[0])
    for name in ("left_behind", "unserved", "passengers"):
        assert found[name] == found[f"{name}@early"] + found[f"{name}@late"]
    weights = [found[f"passengers@{band}"] for band in ("early", "late")]
    means = [found[f"mean_wait_s@{band}"] for band in ("early", "late")]
    assert np.average(means, weights=weights) == pytest.approx(found["mean_wait_s"])


def test_a_trace_lists_every_arrival_and_departure(small, ring, days):
    for model, scenario in ((small, LineScenario(capacity=15)), (ring, LineScenario(fleet=3))):
        day = days(model)[0]
        log, outcomes = model.trace(scenario, day), model.run(scenario, day)
        assert log.columns[:4] == ["time_s", "event", "vehicle", "stop_id"]
        assert log["time_s"].is_sorted()
        assert log["left_behind"].sum() == outcomes["left_behind"]
        assert log["boarded"].sum() >= outcomes["passengers"] - outcomes["unserved"]
        assert set(log["event"].unique()) == {"arrive", "depart"}


def test_a_series_holds_the_waits_behind_the_mean_in_the_order_of_coming(small, ring, days):
    for model, scenario in ((small, LineScenario(capacity=15)), (ring, LineScenario(fleet=3))):
        day = days(model)[0]
        waits = model.series(scenario, day)["wait"]
        come = np.argsort(day.passengers().arrive_s, kind="stable")
        by_stop = np.empty_like(waits)
        by_stop[come] = waits
        log = model.simulate(model.inputs(scenario, day))
        served = ~np.isnan(log.alight_s)
        assert (by_stop[served] == log.wait_s[served]).all()
        assert waits.mean() == pytest.approx(model.run(scenario, day)["mean_wait_s"], rel=1e-12)


def test_a_warm_up_is_found_where_vehicles_start_evenly_spaced_and_bunch(ring):
    found = Experiment(ring, {"even start": LineScenario(fleet=4)}, seed=1).warm_up("wait")
    assert 0 <= found.delete <= len(found.ensemble) // 2
    assert found.replications == 20
    assert isinstance(ring, Observed)


def test_an_experiment(small):
    scenarios = {
        "today": LineScenario(),
        "hold": LineScenario(control=ForwardHeadway(alpha=0.5, slack_s=5)),
        "off the line": LineScenario(control=ForwardHeadway(stops=("nowhere",))),
    }
    runs = Experiment(small, scenarios, seed=1).run(replications=4, workers=1)
    frame = runs.frame
    assert frame.height == 12
    errors = frame.filter(frame["error"].is_not_null())
    assert errors["scenario"].to_list() == ["off the line"] * 4
    assert "No stop of line small is called 'nowhere'" in errors["error"][0]
    Experiment(small, {"today": LineScenario()}, seed=1).check()


def test_models_and_scenarios_travel(small, days):
    back = pickle.loads(pickle.dumps(small))
    scenario = pickle.loads(pickle.dumps(LineScenario(control=NoControl())))
    assert back.version == small.version
    assert repr(back.run(scenario, back.sample(Streams(7, 0)))) == repr(small.run(scenario, days(small)[0]))


def test_the_version_changes_with_what_bears_on_the_numbers(small_line, small):
    versions = {
        small.version,
        LineModel(small_line, small.demand).version,
        LineModel(small_line, small.demand, bands=small.bands, traffic=Traffic(memory=0.5)).version,
        LineModel(
            small_line, Demand(small_line.stops, 2 * small.demand.trips, 21_600.0), bands=small.bands
        ).version,
    }
    assert len(versions) == 4


def test_a_model_that_does_not_fit_together(small_line, ring_line, small):
    for make, said in (
        (
            lambda: LineModel(small_line, small.demand, kind="loop"),
            "Line small is open: close it with round_trip first",
        ),
        (lambda: LineModel(ring_line, small.demand), "Line ring is closed: simulate it as a loop"),
        (
            lambda: LineModel(small_line, small.demand, kind="ring"),
            "kind must be 'open' or 'loop', not 'ring'",
        ),
        (
            lambda: LineModel(small_line, small.demand, engine="c"),
            "engine must be 'kernel' or 'simpy', not 'c'",
        ),
        (lambda: LineModel(ring_line, small.demand, kind="loop"), "The demand is for other stops"),
        (
            lambda: LineModel(small_line, small.demand, bands={"x": (9, 8)}),
            "Time band 'x' must end after it begins",
        ),
    ):
        with pytest.raises(BadParameter, match=said):
            make()


def test_headways_keep_the_hours_of_service(small_line):
    def times(headway_s, bands=()):
        return open_plan(small_line, headway_s, bands, ()).trips.dispatch_s

    for headway in (100, 333, 600, 7000, 1e6):
        found = times(headway)
        assert (found[0], found[-1]) == (small_line.first_s, small_line.last_s)
        assert (np.diff(found) > 0).all()
    assert np.diff(times(600)) == pytest.approx(np.full(30, 600))
    peak = Band(from_s="07:00", to_s="08:00", headway_s=300)
    assert sorted(set(np.diff(times(600, (peak,))))) == [300, 600]


def test_a_fleet_follows_from_a_headway(ring_line):
    plan = loop_plan(ring_line, LineScenario(headway_s=300))
    assert plan.fleet == int(np.ceil(ring_line.cycle_s / 300))
    assert plan.headway_s == 300
    assert loop_plan(ring_line, LineScenario(fleet=4)).headway_s == ring_line.cycle_s / 4


def test_the_examples_run():
    for model, scenario in (
        (busy_line(stops=8, hours=2, passengers=300), LineScenario()),
        (busy_loop(stops=8, hours=2, passengers=300), LineScenario(fleet=3)),
    ):
        assert model.run(scenario, model.sample(Streams(1)))["passengers"] > 200
