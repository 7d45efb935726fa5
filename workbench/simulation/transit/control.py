"""
Control of vehicles on the road, as functions of what is known when a vehicle is ready to leave a stop.

    LineScenario(control=ForwardHeadway(alpha=0.5, stops=("s10", "s20")))
    LineScenario(control=(TwoWay(), BoardingLimit(boardings=15, over=1.5)))     # holding and a limit together

Write your own by deriving from `Control` and overriding `hold_s`; it runs on the SimPy engine.

References
----------
.. [1] C. F. Daganzo (2009), A headway-based approach to eliminate bus bunching, Transportation Research Part B 43.
.. [2] C. F. Daganzo and J. Pilachowski (2011), Reducing bunching with bus-to-bus cooperation, Transportation Research
   Part B 45.
.. [3] J. J. Bartholdi and D. D. Eisenstein (2012), A self-coordinating bus route to resist bus bunching,
   Transportation Research Part B 46.
.. [4] F. Delgado, J. C. Munoz, R. Giesen and A. Cipriano (2009), Real-time control of buses in a transit corridor based
   on vehicle holding and boarding limits, Transportation Research Record 2090.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

from workbench.errors import BadParameter, UnknownName
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import number

Stop = str | int


class Snapshot(NamedTuple):
    """What is known when a vehicle is ready to leave a stop; NaN where it is not known. Times in s."""

    stop: int
    ready_s: float
    headway_s: float
    since_arrival_s: float
    since_departure_s: float
    behind_s: float
    until_plan_s: float
    load: int


@dataclass(frozen=True, kw_only=True)
class Control:
    """
    A policy; this one lets vehicles go as soon as their doors are closed.

    Parameters
    ----------
    stops
        Where it applies: names or places of stops; everywhere where none are given.
    most_s
        Longest hold, s.
    policy
        Name of the policy in scenario files; every kind of control has its own.
    """

    policy: str = "none"
    stops: tuple[Stop, ...] = ()
    most_s: float = 300.0
    rule: ClassVar[int] = rules.FREE
    looks_back: ClassVar[bool] = False

    def __post_init__(self) -> None:
        name = type(self).__name__
        if isinstance(self.stops, (str, int)):
            raise BadParameter(f"{name}: stops must be a list of stops, such as ['{self.stops}'].")
        object.__setattr__(self, "stops", tuple(self.stops))
        meant = type(self).__dataclass_fields__["policy"].default
        if self.policy != meant:
            raise BadParameter(f"{name}: policy is '{meant}', not '{self.policy}'.")
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in LEAST:
                number(f"{name}: {each.name}", value, UNITS.get(each.name, ""), least=LEAST[each.name])

    @property
    def alpha_(self) -> float:
        """Strength of the control; 0 where it has none."""
        return float(getattr(self, "alpha", 0.0))

    @property
    def slack_(self) -> float:
        """Slack, s; 0 where it has none."""
        return float(getattr(self, "slack_s", 0.0))

    def hold_s(self, now: Snapshot) -> float:
        """Seconds to hold the vehicle."""
        return rules.hold_s(
            self.rule,
            self.alpha_,
            self.slack_,
            float(self.most_s),
            now.headway_s,
            now.since_arrival_s,
            now.since_departure_s,
            now.behind_s,
            now.until_plan_s,
        )


NoControl = Control


@dataclass(frozen=True, kw_only=True)
class ScheduleHolding(Control):
    """
    Nobody leaves before the scheduled time and the slack (s, which may be negative).

    On a closed line, vehicles keep a timetable of equal headways.
    """

    policy: str = "schedule_holding"
    slack_s: float = 0.0
    rule: ClassVar[int] = rules.SCHEDULE


@dataclass(frozen=True, kw_only=True)
class ForwardHeadway(Control):
    """
    Hold by slack_s + alpha (planned headway - headway ahead), of arrivals [1]_.

    Large slack lets early and late vehicles both come back; without it only early ones are slowed.
    """

    policy: str = "forward_headway"
    alpha: float = 0.5
    slack_s: float = 0.0
    rule: ClassVar[int] = rules.FORWARD


@dataclass(frozen=True, kw_only=True)
class TwoWay(Control):
    """Hold by alpha (gap behind - gap ahead): 0.5 makes them equal [2]_. Closed lines only."""

    policy: str = "two_way"
    alpha: float = 0.5
    rule: ClassVar[int] = rules.TWO_WAY
    looks_back: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class SelfCoordinating(Control):
    """
    Hold by alpha times the gap behind, and a headway nobody had to choose comes about [3]_. Closed lines only.

    Meant for one or a few control points.
    """

    policy: str = "self_coordinating"
    alpha: float = 0.5
    rule: ClassVar[int] = rules.SELF
    looks_back: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class BoardingLimit(Control):
    """At most so many boardings at a stop, for vehicles whose gap ahead is over `over` planned headways (0: all) [4]_."""

    policy: str = "boarding_limit"
    boardings: int = 15
    over: float = 1.5


@dataclass(frozen=True, kw_only=True)
class ShortTurn(Control):
    """
    A vehicle whose gap ahead is over `over` planned headways leaves out the stops from `turn` to `resume`.

    Riders to those stops get off at `turn` and wait for the next vehicle. Closed lines only: on an open line a
    vehicle that turns is gained nowhere.

    Parameters
    ----------
    turn, resume
        Last stop before the turn and first stop after it.
    turn_s
        Running time between the two, s.
    """

    policy: str = "short_turn"
    turn: Stop = ""
    resume: Stop = ""
    over: float = 2.0
    turn_s: float = 60.0
    looks_back: ClassVar[bool] = True


LEAST = {"most_s": 0.0, "alpha": 0.0, "slack_s": -1e9, "boardings": 0, "over": 0.0, "turn_s": 0.0}
UNITS = {"most_s": "s", "slack_s": "s", "turn_s": "s", "boardings": "passengers", "over": "headways"}
POLICIES: dict[str, type[Control]] = {
    "none": Control,
    "schedule_holding": ScheduleHolding,
    "forward_headway": ForwardHeadway,
    "two_way": TwoWay,
    "self_coordinating": SelfCoordinating,
    "boarding_limit": BoardingLimit,
    "short_turn": ShortTurn,
}


def control_from(given: Mapping[str, Any] | Control) -> Control:
    """Read a policy from `{policy: forward_headway, alpha: 0.5}`; an unknown policy or key names the nearest one."""
    if isinstance(given, Control):
        return given
    if not isinstance(given, Mapping) or "policy" not in given:
        raise BadParameter(f"A control is written {{policy: NAME, ...}}; policies are {', '.join(POLICIES)}.")
    name = str(given["policy"])
    if name not in POLICIES:
        raise UnknownName("control policy", name, POLICIES)
    kind = POLICIES[name]
    keys = [each.name for each in fields(kind)]
    for key in given:
        if key not in keys:
            raise UnknownName(f"parameter of {name}", str(key), keys)
    return kind(**{key: value for key, value in given.items() if key != "policy"})
