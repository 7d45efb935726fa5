"""Rules of the stop."""

import math

import pytest

from workbench.simulation.transit import ForwardHeadway, ScheduleHolding, SelfCoordinating, Snapshot, TwoWay
from workbench.simulation.transit.rules import Stand, ahead_s, dwell_s, left_out, room, turns

NAN = math.nan
NOW = Snapshot(
    stop=3,
    ready_s=1000.0,
    headway_s=300.0,
    since_arrival_s=240.0,
    since_departure_s=230.0,
    behind_s=400.0,
    until_plan_s=20.0,
    load=12,
)


@pytest.mark.parametrize(
    ("policy", "now", "hold"),
    [
        (ScheduleHolding(), NOW, 20),
        (ScheduleHolding(slack_s=-30), NOW, 0),
        (ScheduleHolding(), NOW._replace(until_plan_s=NAN), 0),
        (ForwardHeadway(alpha=0.5), NOW, 30),
        (ForwardHeadway(alpha=0.5, slack_s=10), NOW._replace(since_arrival_s=310), 5),
        (ForwardHeadway(alpha=0.5, slack_s=10), NOW._replace(since_arrival_s=NAN), 10),
        (ForwardHeadway(alpha=0.5), NOW._replace(since_arrival_s=400), 0),
        (TwoWay(alpha=0.5), NOW, 85),
        (TwoWay(alpha=0.5, most_s=60), NOW, 60),
        (TwoWay(), NOW._replace(behind_s=NAN), 0),
        (SelfCoordinating(alpha=0.25), NOW, 100),
        (SelfCoordinating(alpha=0.25), NOW._replace(behind_s=NAN), 0),
    ],
)
def test_holding(policy, now, hold):
    assert policy.hold_s(now) == hold


def test_two_way_makes_the_gaps_equal():
    hold = TwoWay(alpha=0.5).hold_s(NOW)
    assert NOW.since_departure_s + hold == NOW.behind_s - hold


@pytest.mark.parametrize(
    ("on", "off", "stand", "seconds"),
    [
        (0, 0, Stand(2, 1, 5, 0, False), 0),
        (0, 0, Stand(2, 1, 5, 20, False), 20),
        (3, 4, Stand(2, 1, 5, 0, False), 11),
        (3, 8, Stand(2, 1, 5, 0, False), 13),
        (3, 8, Stand(2, 1, 5, 0, True), 19),
        (1, 0, Stand(2, 1, 5, 20, False), 20),
    ],
)
def test_dwell_is_the_busier_door(on, off, stand, seconds):
    assert dwell_s(on, off, stand) == seconds


def test_boarding_limits_apply_to_late_vehicles():
    assert room(30, 10, 1.5, 300, 400) == 30
    assert room(30, 10, 1.5, 300, 451) == 10
    assert room(5, 10, 1.5, 300, 451) == 5
    assert room(30, 10, 0, 300, NAN) == 10
    assert room(30, 10, 1.5, 300, NAN) == 30
    assert room(30, -1, 0, 300, 900) == 30


def test_short_turns():
    assert turns(1.5, 300, 451)
    assert not turns(1.5, 300, NAN)
    assert [stop for stop in range(8) if left_out(stop, 2, 5)] == [3, 4]
    assert [stop for stop in range(8) if left_out(stop, 5, 2)] == [0, 1, 6, 7]


def test_the_way_round_a_circle():
    assert ahead_s(500, 200, 1000, False) == 300
    assert ahead_s(200, 500, 1000, False) == 700
    assert ahead_s(200, 200, 1000, False) == 0
    assert ahead_s(200, 200, 1000, True) == 1000
