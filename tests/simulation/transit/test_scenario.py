"""Scenarios: what they refuse, and how they are written."""

import pytest

from workbench.errors import BadFile, BadParameter, UnknownName, WorkbenchError
from workbench.simulation import read_scenarios, scenario_from_json, scenario_json
from workbench.simulation.transit import (
    Band,
    BoardingLimit,
    Breakdown,
    ForwardHeadway,
    Incident,
    LineScenario,
    NoControl,
    ScheduleHolding,
    SelfCoordinating,
    ShortTurn,
    TwoWay,
)

BAD = {
    "negative headway": (
        {"headway_s": -60},
        "LineScenario: headway_s must be greater than or equal to 1, not -60.",
    ),
    "no capacity": ({"capacity": 0}, "LineScenario: capacity must be greater than or equal to 1, not 0."),
    "more seats than places": ({"seats": 90}, "seats must be at most the capacity of 80, not 90"),
    "unknown key": (
        {"headwy_s": 60},
        "No parameter of LineScenario is called 'headwy_s'. Nearest: headway_s.",
    ),
    "unknown key inside": (
        {"dwell": {"bording_s": 2}},
        "No parameter of Dwell is called 'bording_s'. Nearest: boarding_s",
    ),
    "unknown policy": (
        {"control": {"policy": "forward"}},
        "No control policy is called 'forward'. Nearest: forward_headway.",
    ),
    "unknown key of a policy": (
        {"control": {"policy": "two_way", "alpa": 1}},
        "No parameter of TwoWay is called 'alpa'. Nearest: alpha.",
    ),
    "negative strength": (
        {"control": {"policy": "two_way", "alpha": -1}},
        "alpha must be greater than or equal to 0",
    ),
    "two holdings": ({"control": (TwoWay(), ScheduleHolding())}, "control takes one holding policy, not 2"),
    "text for a number": ({"headway_s": "often"}, "headway_s must be a valid number, not 'often'."),
    "not a time": ({"departures_s": ("25:61",)}, "'25:61' is not a time of day: write HH:MM"),
    "both": ({"departures_s": ("06:00",), "headway_s": 60}, "give departures_s or headways"),
    "bands that overlap": (
        {
            "bands": [
                {"from_s": "07:00", "to_s": "09:00", "headway_s": 60},
                {"from_s": "08:00", "to_s": "10:00", "headway_s": 60},
            ]
        },
        "two bands overlap at 08:00: let one end where the next begins",
    ),
    "backwards": (
        {"incidents": [{"from_stop": "a", "to_stop": "b", "from_s": "09:00", "to_s": "08:00", "factor": 2}]},
        "it must end after it begins, not run from 09:00 to 08:00",
    ),
    "not a number": ({"running_time_factor": float("nan")}, "running_time_factor must be"),
}


@pytest.mark.parametrize(("values", "said"), BAD.values(), ids=BAD)
def test_bad_values_give_one_clear_sentence(values, said):
    with pytest.raises(WorkbenchError) as raised:
        LineScenario(**values)
    assert said in raised.value.message
    assert "\n" not in raised.value.message


ODD = {
    "stop of a control": (
        {"control": ForwardHeadway(stops=("s99",))},
        "No stop of line small is called 's99'",
    ),
    "stop of an incident": (
        {"incidents": [{"from_stop": "x", "to_stop": "s3", "from_s": 0, "to_s": 9, "factor": 2}]},
        "No stop of line small is called 'x'",
    ),
    "incident backwards": (
        {"incidents": [{"from_stop": "s5", "to_stop": "s3", "from_s": 0, "to_s": 9, "factor": 2}]},
        "An incident's stop 's3' does not come after 's5' on line small.",
    ),
    "backward control": (
        {"control": TwoWay()},
        "TwoWay is for closed lines, and line small is open; hold with forward_headway",
    ),
    "short turn": ({"control": ShortTurn(turn="s3", resume="s5")}, "ShortTurn is for closed lines"),
    "fleet": (
        {"fleet": 3},
        "Line small is open, so fleet does not apply; leave it out, or close the line with round_trip.",
    ),
    "overtaking": ({"overtaking": True}, "vehicles of an open line never overtake"),
    "headways for a part of the day": (
        {"bands": [{"from_s": "06:00", "to_s": "07:00", "headway_s": 600}]},
        "No headway is given for line small at",
    ),
}


@pytest.mark.parametrize(("values", "said"), ODD.values(), ids=ODD)
def test_scenarios_that_do_not_fit_an_open_line(small, days, values, said):
    scenario = LineScenario(**values)
    for check in (lambda: small.check(scenario), lambda: small.run(scenario, days(small)[0])):
        with pytest.raises(WorkbenchError) as raised:
            check()
        assert said in raised.value.message


ODD_LOOP = {
    "nothing": ({}, "Line ring is closed: its scenario needs a fleet, or a headway_s."),
    "departures": ({"departures_s": ("06:00",)}, "give fleet or headway_s, neither bands nor departures_s"),
    "no such vehicle": (
        {"fleet": 2, "breakdowns": (Breakdown(vehicle=2, at_s=0, lasts_s=9),)},
        "There is no vehicle 2 to break down: they are 0 to 1.",
    ),
    "turn to itself": (
        {"fleet": 2, "control": ShortTurn(turn="r1", resume=1)},
        "must resume at another stop",
    ),
}


@pytest.mark.parametrize(("values", "said"), ODD_LOOP.values(), ids=ODD_LOOP)
def test_scenarios_that_do_not_fit_a_closed_line(ring, values, said):
    with pytest.raises(BadParameter, match=said):
        ring.check(LineScenario(**values))


def test_scenarios_that_fit_pass_the_check(small, ring):
    small.check(LineScenario(headway_s=300, control=ForwardHeadway(stops=("s3", 4))))
    ring.check(LineScenario(fleet=4, control=(SelfCoordinating(stops=(0,)), BoardingLimit())))


def test_times_are_read_as_clock_or_seconds():
    scenario = LineScenario(departures_s=("24:10", 3600, "00:30:30"))
    assert scenario.departures_s == (1830.0, 3600.0, 87_000.0)
    assert Band(from_s="07:00", to_s=30_000, headway_s=60).from_s == 25_200


CHOICES = [
    LineScenario(),
    LineScenario(headway_s=240.5, control=ForwardHeadway(alpha=0.3, stops=("s1", 2))),
    LineScenario(control=(TwoWay(), BoardingLimit(), ShortTurn(turn="a", resume=4)), fleet=9),
    LineScenario(
        headway_s=600,
        bands=(Band(from_s="07:00", to_s="09:00", headway_s=300),),
        incidents=(Incident(from_stop="a", to_stop="b", from_s=0, to_s=1, factor=2),),
    ),
    LineScenario(fleet=2, breakdowns=(Breakdown(vehicle=1, at_s="08:00", lasts_s=600),), control=NoControl()),
]


@pytest.mark.parametrize("scenario", CHOICES)
def test_a_scenario_comes_back_from_json(scenario):
    back = scenario_from_json(LineScenario, scenario_json(scenario))
    assert back == scenario
    assert hash(back) == hash(scenario)


def test_policies_of_the_same_parameters_are_told_apart():
    texts = {scenario_json(LineScenario(control=each())) for each in (TwoWay, SelfCoordinating)}
    assert len(texts) == 2


def test_a_scenario_file():
    found = read_scenarios(
        """
base: {capacity: 60}
scenarios:
  today: {}
  hold: {control: {policy: forward_headway, alpha: 0.4, stops: [s5, 12]}}
  peak:
    headway_s: 480
    bands: [{from_s: "07:00", to_s: "09:30", headway_s: 300}]
  both: {control: [{policy: schedule_holding}, {policy: boarding_limit, boardings: 9}]}
grid: {headway_s: [180, 240]}
""",
        LineScenario,
    )
    assert list(found.scenarios) == ["today", "hold", "peak", "both", "headway_s=180", "headway_s=240"]
    assert found.scenarios["hold"] == LineScenario(
        capacity=60, control=ForwardHeadway(alpha=0.4, stops=("s5", 12))
    )
    assert found.scenarios["peak"].bands[0].to_s == 34_200
    with pytest.raises(BadFile, match=r"scenarios:3: .*headwy_s: unknown key\. Nearest: headway_s"):
        read_scenarios("\nscenarios:\n  a: {headwy_s: 3}\n", LineScenario)


def test_messages_of_parts():
    with pytest.raises(BadParameter, match="ShortTurn needs turn"):
        ShortTurn(resume="a")
    with pytest.raises(UnknownName, match="No parameter of Band is called 'headway'"):
        Band(from_s=0, to_s=1, headway_s=3, headway=3)
