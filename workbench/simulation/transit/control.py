"""
Control of vehicles on the road, as functions of what is known when a vehicle is ready to leave a stop.

    LineScenario(control=ForwardHeadway(alpha=0.5, stops=("s10", "s20")))
    LineScenario(control=(TwoWay(), BoardingLimit(boardings=15, over=1.5)))     # holding and a limit together

Write your own by deriving from `Holding` and overriding `hold_s`; it runs on the SimPy engine.

References
----------
.. [1] C. F. Daganzo (2009), A headway-based approach to eliminate bus bunching, Transportation Research
   Part B 43(10), 913-921.
.. [2] C. F. Daganzo and J. Pilachowski (2011), Reducing bunching with bus-to-bus cooperation,
   Transportation Research Part B 45.
.. [3] J. J. Bartholdi and D. D. Eisenstein (2012), A self-coordinating bus route to resist bus bunching,
   Transportation Research Part B 46(4), 481-491.
.. [4] F. Delgado, J. C. Munoz, R. Giesen and A. Cipriano (2009), Real-time control of buses in a transit
   corridor based on vehicle holding and boarding limits, Transportation Research Record 2090.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, InstanceOf
from pydantic.json_schema import SkipJsonSchema

from workbench.simulation.transit import rules
from workbench.simulation.transit._checked import Checked, told

Stop = str | int
STOPS = "Stops where it applies, by name or place on the line; all where none are given"
STOPS_ZH = "适用的站点（站名或序号）；不填则为全部站点"


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


class Control(Checked):
    """What controls have in common; some work on closed lines only."""

    closed_only: ClassVar[bool] = False


class NoControl(Control):
    """Vehicles leave as soon as their doors are closed."""

    policy: Literal["none"] = "none"


class Holding(Control):
    """
    Hold vehicles at stops.

    Attributes
    ----------
    stops
        Where: names or places of stops; everywhere where none are given.
    most_s
        Longest hold, s.
    """

    stops: tuple[Stop, ...] = told((), STOPS, STOPS_ZH)
    most_s: float = told(300.0, "Longest hold", "最长扣车时间", "s", ge=0, le=1_000_000)
    rule: ClassVar[int] = rules.OWN

    @property
    def strength(self) -> float:
        """Parameter alpha; 0 where the policy has none."""
        return float(getattr(self, "alpha", 0.0))

    @property
    def allowance_s(self) -> float:
        """Slack, s; 0 where the policy has none."""
        return float(getattr(self, "slack_s", 0.0))

    def hold_s(self, now: Snapshot) -> float:
        """Seconds to hold the vehicle."""
        return rules.hold_s(
            self.rule,
            self.strength,
            self.allowance_s,
            self.most_s,
            now.headway_s,
            now.since_arrival_s,
            now.since_departure_s,
            now.behind_s,
            now.until_plan_s,
        )


class ScheduleHolding(Holding):
    """
    Nobody leaves before the scheduled time and the slack.

    On a closed line, vehicles keep a timetable of equal headways.
    """

    policy: Literal["schedule_holding"] = "schedule_holding"
    slack_s: float = told(
        0.0,
        "Added to the scheduled time; may be negative",
        "计划时刻的附加量，可为负",
        "s",
        ge=-86_400,
        le=86_400,
    )
    rule: ClassVar[int] = rules.SCHEDULE


class ForwardHeadway(Holding):
    """
    Hold by slack_s + alpha (planned headway - headway ahead), of arrivals [1]_.

    With slack, late vehicles are held less than usual and so come back; without it only early ones are
    slowed.
    """

    policy: Literal["forward_headway"] = "forward_headway"
    alpha: float = told(
        0.5, "Share of the headway's deviation that is held back", "车头时距偏差的纠正比例", ge=0, le=1000
    )
    slack_s: float = told(
        0.0, "Hold at the planned headway", "车头时距正常时的扣车时间", "s", ge=0, le=86_400
    )
    rule: ClassVar[int] = rules.FORWARD


class TwoWay(Holding):
    """Hold by alpha (gap behind - gap ahead): 0.5 makes them equal [2]_. Closed lines only."""

    policy: Literal["two_way"] = "two_way"
    alpha: float = told(0.5, "Share of the difference of the gaps", "前后间隔之差的纠正比例", ge=0, le=1000)
    rule: ClassVar[int] = rules.TWO_WAY
    closed_only: ClassVar[bool] = True


class SelfCoordinating(Holding):
    """
    Hold by alpha times the gap behind, and a headway nobody chose comes about [3]_. Closed lines only.

    Meant for one or a few control points.
    """

    policy: Literal["self_coordinating"] = "self_coordinating"
    alpha: float = told(0.5, "Share of the gap behind", "与后车间隔的比例", ge=0, le=1000)
    rule: ClassVar[int] = rules.SELF
    closed_only: ClassVar[bool] = True


class BoardingLimit(Control):
    """At most so many boardings at a stop, for vehicles whose gap ahead is wide [4]_."""

    policy: Literal["boarding_limit"] = "boarding_limit"
    stops: tuple[Stop, ...] = told((), STOPS, STOPS_ZH)
    boardings: int = told(15, "Most boardings at a stop", "每站最多上车人数", "persons", ge=0, le=1_000_000)
    over: float = told(
        1.5,
        "Planned headways above which the gap ahead is wide; 0: always",
        "与前车间隔超过计划时距的倍数",
        ge=0,
        le=1_000_000,
    )


class ShortTurn(Control):
    """
    A vehicle whose gap ahead is wide leaves out the stops between `turn` and `resume`.

    Riders to those stops get off at `turn` and wait for the next vehicle. Closed lines only: on an open line
    a vehicle that turns is gained nowhere.
    """

    policy: Literal["short_turn"] = "short_turn"
    turn: Stop = told(..., "Last stop before the turn", "折返前的最后一站")
    resume: Stop = told(..., "First stop after the turn", "折返后的第一站")
    over: float = told(
        2.0,
        "Planned headways above which the gap ahead is wide",
        "与前车间隔超过计划时距的倍数",
        ge=0,
        le=1_000_000,
    )
    turn_s: float = told(60.0, "Running time of the turn", "折返运行时间", "s", ge=0, le=86_400)
    closed_only: ClassVar[bool] = True


KnownControl = Annotated[
    NoControl | ScheduleHolding | ForwardHeadway | TwoWay | SelfCoordinating | BoardingLimit | ShortTurn,
    Field(discriminator="policy"),
]
AnyControl = KnownControl | SkipJsonSchema[InstanceOf[Holding]]
