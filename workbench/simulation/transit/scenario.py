"""What a planner can change about a line: service, vehicles, control, dwell, demand, traffic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from workbench.errors import BadParameter, UnknownName
from workbench.simulation.transit._arrays import number, seconds
from workbench.simulation.transit.control import Control, Stop, control_from

Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class Dwell:
    """
    How long a vehicle stands for passengers: doors_s and the busier of boarding and alighting [1]_.

    The defaults are for a bus that boards at the front by smart card and alights at the rear; put your own measurements
    in their place. A vehicle that nobody boards or leaves stands least_s.

    Parameters
    ----------
    boarding_s, alighting_s
        Seconds for one passenger through one channel.
    boarding_channels, alighting_channels
        Passengers that board or alight at once.
    doors_s
        Opening and closing the doors.
    least_s
        Shortest stand at any stop.
    shared
        Whether both use the same doors, one after the other.

    References
    ----------
    .. [1] Kittelson & Associates and others (2013), Transit Capacity and Quality of Service Manual, third edition,
       TCRP Report 165, chapter 6.
    """

    boarding_s: float = 2.75
    alighting_s: float = 1.75
    boarding_channels: int = 1
    alighting_channels: int = 1
    doors_s: float = 4.0
    least_s: float = 0.0
    shared: bool = False

    def __post_init__(self) -> None:
        for name in ("boarding_s", "alighting_s", "doors_s", "least_s"):
            number(f"Dwell: {name}", getattr(self, name), "s", least=0)
        for name in ("boarding_channels", "alighting_channels"):
            number(f"Dwell: {name}", getattr(self, name), least=1, whole=True)


@dataclass(frozen=True, kw_only=True)
class Band:
    """A headway for a part of the day; times are "HH:MM" or s after midnight."""

    from_s: float | str
    to_s: float | str
    headway_s: float

    def __post_init__(self) -> None:
        begin, end = seconds("from_s", self.from_s), seconds("to_s", self.to_s)
        object.__setattr__(self, "from_s", begin)
        object.__setattr__(self, "to_s", end)
        number("headway_s", self.headway_s, "s", above=0)
        if end <= begin:
            raise BadParameter(f"A time band must end after it begins, not run from {begin:g} s to {end:g} s.")


@dataclass(frozen=True, kw_only=True)
class Incident:
    """
    Slower sections for some time: an accident, works, a closed lane.

    Parameters
    ----------
    from_stop, to_stop
        The sections between these stops.
    from_s, to_s
        When they are entered: "HH:MM" or s after midnight. A time bin of the line that lies partly within is slowed by
        its part.
    factor
        Running time over what it would be.
    """

    from_stop: Stop
    to_stop: Stop
    from_s: float | str
    to_s: float | str
    factor: float

    def __post_init__(self) -> None:
        begin, end = seconds("from_s", self.from_s), seconds("to_s", self.to_s)
        object.__setattr__(self, "from_s", begin)
        object.__setattr__(self, "to_s", end)
        number("Incident: factor", self.factor, above=0)
        if end <= begin:
            raise BadParameter(f"An incident must end after it begins, not run from {begin:g} s to {end:g} s.")


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """A vehicle of a closed line stands still at its next stop from `at_s` on, for `lasts_s` seconds."""

    vehicle: int
    at_s: float | str
    lasts_s: float

    def __post_init__(self) -> None:
        number("Breakdown: vehicle", self.vehicle, least=0, whole=True)
        object.__setattr__(self, "at_s", seconds("at_s", self.at_s))
        number("Breakdown: lasts_s", self.lasts_s, "s", least=0)


@dataclass(frozen=True, kw_only=True)
class LineScenario:
    """
    One way to run a line.

    Parameters
    ----------
    headway_s
        Headway between dispatches, s, from the line's first to its last dispatch; none for the line's timetable. On a
        closed line the headway that control aims at.
    bands
        Other headways in parts of the day (open lines).
    departures_s
        Dispatches of full trips, "HH:MM" or s after midnight (open lines), in place of headways.
    fleet
        Vehicles of a closed line; as many as the headway needs where not given.
    capacity
        Passengers that a vehicle holds.
    seats
        How many of them sit; a passenger above is counted as standing. All of them where not given.
    control
        One policy, or one that holds together with a boarding limit and a short turn.
    dwell
        Time at stops.
    demand_factor, running_time_factor
        Passengers and running times over what they are today.
    incidents, breakdowns
        What goes wrong.
    overtaking
        Whether vehicles of a closed line may pass each other; on an open line they never do.
    """

    headway_s: float | None = None
    bands: tuple[Band, ...] = ()
    departures_s: tuple[float | str, ...] = ()
    fleet: int | None = None
    capacity: int = 80
    seats: int | None = None
    control: Control | tuple[Control, ...] = Control()  # noqa: RUF009 - frozen
    dwell: Dwell = Dwell()  # noqa: RUF009 - frozen
    demand_factor: float = 1.0
    running_time_factor: float = 1.0
    incidents: tuple[Incident, ...] = ()
    breakdowns: tuple[Breakdown, ...] = ()
    overtaking: bool = False

    def __post_init__(self) -> None:
        if self.headway_s is not None:
            number("headway_s", self.headway_s, "s", above=0)
        if self.fleet is not None:
            number("fleet", self.fleet, "vehicles", least=1, whole=True)
        number("capacity", self.capacity, "passengers", least=1, whole=True)
        if self.seats is not None:
            number("seats", self.seats, "passengers", least=0, most=self.capacity, whole=True)
        number("demand_factor", self.demand_factor, least=0)
        number("running_time_factor", self.running_time_factor, above=0)
        set_ = object.__setattr__
        set_(self, "control", _control(self.control))
        set_(self, "dwell", _part(Dwell, "dwell", self.dwell))
        for name, kind in (("bands", Band), ("incidents", Incident), ("breakdowns", Breakdown)):
            set_(self, name, tuple(_part(kind, name, each) for each in _several(name, getattr(self, name))))
        times = tuple(seconds("A departure", each) for each in _several("departures_s", self.departures_s))
        set_(self, "departures_s", tuple(sorted(times)))
        if times and (self.headway_s is not None or self.bands):
            raise BadParameter("Give departures_s or headways (headway_s, bands), not both.")
        bands = sorted(self.bands, key=lambda band: float(band.from_s))
        for before, after in zip(bands, bands[1:], strict=False):
            if float(after.from_s) < float(before.to_s):
                raise BadParameter(f"Two time bands overlap: one begins at {after.from_s} s, before another ends.")

    @property
    def controls(self) -> tuple[Control, ...]:
        """The policies, as a tuple."""
        return self.control if isinstance(self.control, tuple) else (self.control,)

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> LineScenario:
        """Read a scenario from what a YAML or JSON file holds; an unknown key names the nearest one."""
        return _read(cls, "line scenario", given)


def _control(given: Any) -> Control | tuple[Control, ...]:
    """Read one control or several that go together."""
    if isinstance(given, Sequence) and not isinstance(given, str):
        several = tuple(control_from(each) for each in given)
        kinds = [each.policy if each.policy in ("boarding_limit", "short_turn") else "holding" for each in several]
        for kind in kinds:
            if kinds.count(kind) > 1:
                raise BadParameter(f"A scenario takes one {kind.replace('_', ' ')} policy, not {kinds.count(kind)}.")
        return several
    return control_from(given)


def _several(name: str, given: Any) -> Sequence[Any]:
    if isinstance(given, (str, Mapping)) or not isinstance(given, Sequence):
        raise BadParameter(f"{name} must be a list, not {given!r}.")
    return given


def _part(kind: type[Part], what: str, given: Any) -> Part:
    """Read a part of a scenario from a mapping, or take it as it is."""
    return given if isinstance(given, kind) else _read(kind, what.removesuffix("s"), given)


def _read(kind: type[Part], what: str, given: Any) -> Part:
    if not isinstance(given, Mapping):
        raise BadParameter(f"A {what} is written as `name: value` pairs, not {given!r}.")
    keys = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    for key in given:
        if key not in keys:
            raise UnknownName(f"parameter of a {what}", str(key), keys)
    make: Callable[..., Part] = kind
    try:
        return make(**given)
    except TypeError as error:
        raise BadParameter(f"A {what} needs {str(error).split('argument')[-1].strip(' s:')}.") from error
