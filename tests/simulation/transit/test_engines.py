"""The readable engines and the compiled ones give the same numbers, to the last bit."""

import numpy as np
import pytest

from workbench.errors import BadParameter, EngineMissing
from workbench.simulation import Streams
from workbench.simulation.transit import (
    Band,
    BoardingLimit,
    Breakdown,
    Dwell,
    ForwardHeadway,
    Holding,
    Incident,
    LineModel,
    LineScenario,
    ScheduleHolding,
    SelfCoordinating,
    ShortTurn,
    Traffic,
    TwoWay,
    demand_from_profile,
    line_from_sections,
    line_from_timetable,
    loop_kernel,
    loop_simpy,
    open_kernel,
    open_people,
    open_simpy,
)
from workbench.simulation.transit.demand import Demand, RecordedDemand
from workbench.simulation.transit.log import check_laws
from workbench.simulation.transit.passengers import Passengers

SLOW = Incident(from_stop="s3", to_stop="s7", from_s="07:00", to_s="07:50", factor=3.0)
OPEN = {
    "timetable": LineScenario(),
    "every 10 minutes": LineScenario(headway_s=600),
    "every 2 minutes": LineScenario(headway_s=120),
    "bands": LineScenario(headway_s=900, bands=(Band(from_s="07:00", to_s="08:30", headway_s=240),)),
    "departures": LineScenario(departures_s=("06:00", "06:01", "07:30", 30_000.5)),
    "schedule": LineScenario(control=ScheduleHolding(slack_s=5)),
    "forward": LineScenario(headway_s=300, control=ForwardHeadway(alpha=0.7, slack_s=8)),
    "forward at two stops": LineScenario(headway_s=200, control=ForwardHeadway(stops=("s4", 8))),
    "small buses": LineScenario(capacity=12),
    "boarding limit": LineScenario(headway_s=300, control=BoardingLimit(boardings=3, over=1.2)),
    "no boarding": LineScenario(control=BoardingLimit(boardings=0, over=0, stops=("s2",))),
    "both": LineScenario(
        headway_s=240, control=(ForwardHeadway(stops=("s2", "s6")), BoardingLimit(boardings=6)), capacity=25
    ),
    "incident": LineScenario(headway_s=300, incidents=(SLOW,), running_time_factor=1.1),
    "nobody": LineScenario(demand_factor=0),
    "half": LineScenario(demand_factor=0.5),
    "double and a bit": LineScenario(demand_factor=2.3, capacity=40),
    "shared doors": LineScenario(dwell=Dwell(shared=True, least_s=20, boarding_channels=2)),
    "no dwell": LineScenario(dwell=Dwell(boarding_s=0, alighting_s=0, doors_s=0)),
}
STUCK = Breakdown(vehicle=1, at_s="07:10", lasts_s=1200)
LOOP = {
    "four vehicles": LineScenario(fleet=4),
    "one vehicle": LineScenario(fleet=1, control=TwoWay()),
    "by headway": LineScenario(headway_s=150),
    "self-coordinating": LineScenario(fleet=5, control=SelfCoordinating(stops=(0, "r5"))),
    "two-way": LineScenario(fleet=5, control=TwoWay()),
    "forward": LineScenario(fleet=5, control=ForwardHeadway(slack_s=4)),
    "schedule": LineScenario(fleet=5, headway_s=320, control=ScheduleHolding(stops=(0,))),
    "small buses": LineScenario(fleet=4, capacity=10),
    "boarding limit": LineScenario(
        fleet=4, control=(BoardingLimit(boardings=2, over=1.1), TwoWay(stops=(0,)))
    ),
    "short turn": LineScenario(fleet=6, control=ShortTurn(turn="r2", resume="r7", over=1.2)),
    "short turn past the terminal": LineScenario(
        fleet=6, control=ShortTurn(turn="r8", resume="r2", over=1.2)
    ),
    "breakdown": LineScenario(fleet=5, breakdowns=(STUCK,)),
    "nobody": LineScenario(fleet=5, demand_factor=0),
    "crowd": LineScenario(fleet=5, demand_factor=2.5, capacity=30),
    "faster than planned": LineScenario(fleet=5, running_time_factor=0.2),
    "stuck and held": LineScenario(
        fleet=6, breakdowns=(STUCK,), control=ForwardHeadway(alpha=0.8, slack_s=30)
    ),
    "more vehicles than stops": LineScenario(fleet=14, headway_s=45, capacity=15),
}


def both(model, scenario, day):
    inputs = model.inputs(scenario, day)
    engines = (loop_kernel, loop_simpy) if model.line.closed else (open_kernel, open_simpy)
    logs = [engine.run(inputs) for engine in engines]
    for log in logs:
        check_laws(log, inputs.passengers)
    return inputs, *logs


@pytest.mark.parametrize("scenario", OPEN.values(), ids=OPEN)
def test_open_line(small, days, scenario):
    for day in days(small, 2):
        _, kernel, simpy = both(small, scenario, day)
        assert kernel.differences(simpy) == []


@pytest.mark.parametrize("overtaking", [False, True])
@pytest.mark.parametrize("scenario", LOOP.values(), ids=LOOP)
def test_closed_line(ring, days, scenario, overtaking):
    scenario = scenario.model_copy(update={"overtaking": overtaking})
    for day in days(ring, 2):
        _, kernel, simpy = both(ring, scenario, day)
        assert len(kernel) == len(simpy)
        assert kernel.differences(simpy) == []


@pytest.mark.parametrize("name", ["timetable", "forward", "small buses", "both", "double and a bit"])
def test_a_process_for_every_passenger_gives_the_same(small, days, name):
    inputs, kernel, _ = both(small, OPEN[name], days(small)[0])
    assert kernel.differences(open_people.run(inputs)) == []


def test_short_trips(timetable, days):
    full = {"a": 0, "b": 3, "c": 5, "d": 9, "e": 12}

    def later(calls, minutes):
        return {stop: at + minutes for stop, at in calls.items()}

    trips = [(f"full {i}", "1", 0, later(full, 400 + 12 * i)) for i in range(20)]
    trips += [(f"head {i}", "1", 0, later({"a": 0, "b": 3, "c": 5}, 406 + 24 * i)) for i in range(8)]
    trips += [(f"tail {i}", "1", 0, later({"c": 5, "d": 9, "e": 12}, 411 + 36 * i)) for i in range(5)]
    line = line_from_timetable(timetable(*trips), "1")
    boardings = np.tile([12.0, 8, 6, 4, 0], (18, 1))
    model = LineModel(line, demand_from_profile(line, boardings, start_s=24_300))
    for scenario in (
        LineScenario(),
        LineScenario(capacity=15),
        LineScenario(control=ForwardHeadway(slack_s=5)),
    ):
        inputs, kernel, simpy = both(model, scenario, days(model)[0])
        assert kernel.differences(simpy) == []
        assert kernel.differences(open_people.run(inputs)) == []
        assert kernel.denied.sum() > 0 or scenario.capacity > 15


@pytest.mark.parametrize("seed", range(12))
def test_lines_and_scenarios_at_random(seed):
    draw = Streams(2026, seed).generator("lines")
    stops, closed = int(draw.integers(2, 8)), seed % 2 == 1
    sections = draw.integers(0, 200, stops if closed else stops - 1).astype(float)
    begin, end = 1000.0, 1000.0 + float(draw.integers(3, 12)) * 900
    line = line_from_sections(
        f"random {seed}",
        [str(each) for each in range(stops)],
        sections,
        [begin, end],
        closed=closed,
        standing_s=float(draw.integers(0, 30)),
        layover_s=float(draw.integers(0, 200)),
    )
    trips = draw.gamma(0.5, 2.0, (14, stops, stops)) * (1 - np.eye(stops))
    demand = Demand(line.stops, trips if closed else np.triu(trips, 1))
    traffic = Traffic(field_cv=0.5, section_cv=0.6, driver_cv=0.2, accidents=3)
    model = LineModel(line, demand, kind="loop" if closed else "open", traffic=traffic)
    limit = BoardingLimit(boardings=int(draw.integers(0, 9)), over=float(draw.random() * 2))
    alpha = float(draw.random())
    holding = [ForwardHeadway(alpha=alpha, slack_s=9), ScheduleHolding(), TwoWay(alpha=alpha)]
    turn = ShortTurn(turn=stops - 1, resume=0, over=1.0)
    controls = [(each, limit) for each in holding[: 3 if closed else 2]]
    for control in [*controls, *((*each, turn) for each in controls if closed)]:
        scenario = LineScenario(
            headway_s=float(draw.integers(60, 900)),
            capacity=int(draw.integers(1, 40)),
            control=control,
            fleet=int(draw.integers(1, 9)) if closed else None,
            overtaking=bool(closed and draw.random() < 0.5),
        )
        _, kernel, simpy = both(model, scenario, model.sample(Streams(1, seed)))
        assert kernel.differences(simpy) == []


@pytest.mark.parametrize("fleet", [1, 3, 8])
@pytest.mark.parametrize("layover_s", [0, 50])
def test_vehicles_that_leave_different_stops_at_once_are_logged_as_they_were_planned(fleet, layover_s):
    stops = ["a", "b", "c", "d"]
    line = line_from_sections(
        "clock", stops, [100, 100, 50, 150], [0, 7200], standing_s=0, layover_s=layover_s, closed=True
    )
    nobody = Passengers(np.zeros(5, np.int64), np.empty(0), np.empty(0, np.int64))
    steady = Traffic(field_cv=0, section_cv=0, driver_cv=0)
    model = LineModel(line, RecordedDemand(line.stops, nobody), kind="loop", traffic=steady)
    for control in ((), ForwardHeadway(slack_s=10), ForwardHeadway(slack_s=25, stops=("b",))):
        scenario = LineScenario(fleet=fleet, headway_s=50, control=control)
        _, kernel, simpy = both(model, scenario, model.sample(Streams(1)))
        assert control or fleet == 1 or len(np.unique(simpy.depart_s)) < len(simpy)
        assert kernel.differences(simpy) == []


def test_both_engines_give_the_same_outcomes(small_line, small, days):
    slow = LineModel(small_line, small.demand, engine="simpy", bands=small.bands)
    day, scenario = days(small)[0], OPEN["both"]
    assert repr(slow.run(scenario, day)) == repr(small.run(scenario, day))
    assert slow.version == small.version


class EverySecondBus(Holding):
    """Hold whoever has more than ten on board."""

    policy: str = "mine"

    def hold_s(self, now):
        return 30.0 if now.load > 10 else 0.0


def test_a_policy_of_your_own_runs_on_simpy_only(small_line, small, days):
    day, scenario = days(small)[0], LineScenario(control=EverySecondBus(stops=("s3",)))
    slow = LineModel(small_line, small.demand, engine="simpy")
    log = slow.simulate(slow.inputs(scenario, day))
    assert set(log.hold_s[log.stop == 3]) == {0.0, 30.0}
    assert not log.hold_s[log.stop != 3].any()
    with pytest.raises(BadParameter, match="EverySecondBus is not compiled: simulate it with engine='simpy'"):
        small.run(scenario, day)


@pytest.mark.parametrize(("engine", "module"), [("kernel", "numba"), ("simpy", "simpy")])
def test_a_missing_library_is_asked_for(small_line, small, days, engine, module, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    model = LineModel(small_line, small.demand, engine=engine)
    with pytest.raises(EngineMissing, match=f"needs the Python package '{module}'"):
        model.run(LineScenario(), days(small)[0])


def test_what_is_compiled_is_kept_until_any_source_changes():
    from workbench.simulation.transit import _jit

    kept = loop_kernel._behind_s._cache._cache_file
    assert kept._source_stamp == _jit._STAMP
