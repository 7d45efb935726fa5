"""What a planner can change about a line: service, vehicles, control, dwell, demand, traffic."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

from pydantic import ConfigDict, field_validator, model_validator

from workbench.simulation.transit._arrays import clock
from workbench.simulation.transit._checked import Checked, TimeOfDay, told
from workbench.simulation.transit.control import (
    AnyControl,
    BoardingLimit,
    Control,
    NoControl,
    ShortTurn,
    Stop,
)


class Dwell(Checked):
    """
    How long a vehicle stands for passengers: the doors, and the busier of boarding and alighting [1]_.

    The defaults are for a bus that boards at the front by smart card and alights at the rear; put your own
    measurements in their place. Who comes while the doors are open boards too.

    References
    ----------
    .. [1] Kittelson & Associates and others (2013), Transit Capacity and Quality of Service Manual, third
       edition, TCRP Report 165, chapter 6.
    """

    boarding_s: float = told(2.75, "For one passenger to board", "每位乘客上车时间", "s", ge=0, le=3600)
    alighting_s: float = told(1.75, "For one passenger to alight", "每位乘客下车时间", "s", ge=0, le=3600)
    boarding_channels: int = told(
        1, "Passengers that board at once", "同时上车人数", "persons", ge=1, le=1000
    )
    alighting_channels: int = told(
        1, "Passengers that alight at once", "同时下车人数", "persons", ge=1, le=1000
    )
    doors_s: float = told(4.0, "To open and close the doors", "开关门时间", "s", ge=0, le=3600)
    least_s: float = told(
        0.0, "Shortest stand at any stop, used or not", "每站最短停站时间", "s", ge=0, le=3600
    )
    shared: bool = told(False, "Boarding after alighting, through the same doors", "上下车共用车门")


class Span(Checked):
    """A part of the day."""

    from_s: TimeOfDay = told(..., "Beginning", "开始时刻", "s")
    to_s: TimeOfDay = told(..., "End", "结束时刻", "s")

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if self.to_s <= self.from_s:
            raise ValueError(
                f"it must end after it begins, not run from {clock(self.from_s)} to {clock(self.to_s)}"
            )
        return self


class Band(Span):
    """A headway for a part of the day."""

    headway_s: float = told(..., "Headway", "发车间隔", "s", ge=1, le=86_400)


class Incident(Span):
    """
    Slower sections for some time: an accident, works, a closed lane.

    A time bin of the line that lies partly within is slowed by its part.
    """

    from_stop: Stop = told(..., "Where the slow sections begin", "受影响路段的起始站")
    to_stop: Stop = told(..., "Where they end", "受影响路段的终止站")
    factor: float = told(..., "Running time over what it would be", "运行时间倍数", ge=0.01, le=1000)


class Breakdown(Checked):
    """A vehicle of a closed line stands at its next stop."""

    vehicle: int = told(..., "Number of the vehicle, from 0", "车辆编号（从 0 开始）", ge=0, le=10_000)
    at_s: TimeOfDay = told(..., "From when on", "开始时刻", "s")
    lasts_s: float = told(..., "How long", "持续时间", "s", ge=0, le=200_000)


class LineScenario(Checked):
    """
    One way to run a line.

    Without headway_s, bands and departures_s an open line runs its timetable. Headways reach from the line's
    first to its last dispatch. A closed line needs a fleet, or a headway_s that the fleet follows from; its
    headway_s is what control aims at.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(title="Line scenario")

    headway_s: float | None = told(None, "Headway between dispatches", "发车间隔", "s", ge=1, le=86_400)
    bands: tuple[Band, ...] = told((), "Other headways in parts of the day (open lines)", "分时段发车间隔")
    departures_s: tuple[TimeOfDay, ...] = told(
        (), "Dispatches of full trips, in any order (open lines)", "发车时刻表，次序不限", "s"
    )
    fleet: int | None = told(None, "Vehicles of a closed line", "环线配车数", "vehicles", ge=1, le=10_000)
    capacity: int = told(80, "Riders that a vehicle holds", "车辆载客定员", "persons", ge=1, le=1_000_000)
    seats: int | None = told(
        None, "Riders that sit; all where not given", "座位数；不填则等于定员", "persons", ge=0, le=1_000_000
    )
    control: AnyControl | tuple[AnyControl, ...] = told(
        NoControl(), "One policy, or holding with a boarding limit and a short turn", "运行控制策略"
    )
    dwell: Dwell = told(Dwell(), "Time at stops", "停站时间")
    demand_factor: float = told(1.0, "Passengers over what they are today", "客流倍数", ge=0, le=100)
    running_time_factor: float = told(
        1.0, "Running times over what they are today", "运行时间倍数", ge=0.01, le=100
    )
    incidents: tuple[Incident, ...] = told((), "Slower sections for some time", "事故与占道")
    breakdowns: tuple[Breakdown, ...] = told((), "Vehicles that break down (closed lines)", "车辆故障")
    overtaking: bool = told(False, "Vehicles may pass each other (closed lines)", "允许超车（环线）")

    @field_validator("departures_s")
    @classmethod
    def _sorted(cls, times: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sorted(times))

    @field_validator("control")
    @classmethod
    def _compatible(cls, control: Any) -> Any:
        kinds = [_kind(each) for each in control] if isinstance(control, tuple) else []
        for kind in kinds:
            if kinds.count(kind) > 1:
                raise ValueError(f"control takes one {kind} policy, not {kinds.count(kind)}")
        return control

    @model_validator(mode="after")
    def _consistent(self) -> LineScenario:
        if self.seats is not None and self.seats > self.capacity:
            raise ValueError(f"seats must be at most the capacity of {self.capacity}, not {self.seats}")
        if self.departures_s and (self.headway_s is not None or self.bands):
            raise ValueError("give departures_s or headways (headway_s, bands), not both")
        for before, after in pairwise(sorted(self.bands, key=lambda band: band.from_s)):
            if after.from_s < before.to_s:
                raise ValueError(
                    f"two bands overlap at {clock(after.from_s)}: let one end where the next begins"
                )
        return self

    @property
    def controls(self) -> tuple[Control, ...]:
        """The policies, as a tuple."""
        return self.control if isinstance(self.control, tuple) else (self.control,)


def _kind(control: Control) -> str:
    """What a control controls; a scenario takes one of each kind."""
    if isinstance(control, BoardingLimit):
        return "boarding limit"
    return "short turn" if isinstance(control, ShortTurn) else "holding"
