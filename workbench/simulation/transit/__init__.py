"""
Transit lines: read from a timetable, given demand, simulated under headways, control and incidents.

    line = line_from_timetable(timetable, "12", direction=0, date="2026-03-02")
    demand = demand_from_taps(taps, line, route="12", direction=0, arrivals="spread")
    model = LineModel(line, demand)
    scenarios = {"today": LineScenario(), "every 5 min": LineScenario(headway_s=300)}
    Experiment(model, scenarios, seed=42).run(replications=50)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.simulation.transit.build import fill_gaps, line_from_sections, round_trip
    from workbench.simulation.transit.control import (
        BoardingLimit,
        ForwardHeadway,
        Holding,
        NoControl,
        ScheduleHolding,
        SelfCoordinating,
        ShortTurn,
        Snapshot,
        TwoWay,
    )
    from workbench.simulation.transit.day import STEADY, Day, Traffic
    from workbench.simulation.transit.demand import Demand, RecordedDemand, both_directions
    from workbench.simulation.transit.demand_profile import day_profile, demand_from_profile
    from workbench.simulation.transit.demand_taps import demand_from_taps, recorded_demand
    from workbench.simulation.transit.feed import line_from_timetable
    from workbench.simulation.transit.line import Line
    from workbench.simulation.transit.model import LineModel
    from workbench.simulation.transit.scenario import Band, Breakdown, Dwell, Incident, LineScenario

_HOMES = {
    "build": ("fill_gaps", "line_from_sections", "round_trip"),
    "control": (
        "BoardingLimit",
        "ForwardHeadway",
        "Holding",
        "NoControl",
        "ScheduleHolding",
        "SelfCoordinating",
        "ShortTurn",
        "Snapshot",
        "TwoWay",
    ),
    "day": ("STEADY", "Day", "Traffic"),
    "demand": ("Demand", "RecordedDemand", "both_directions"),
    "demand_profile": ("day_profile", "demand_from_profile"),
    "demand_taps": ("demand_from_taps", "recorded_demand"),
    "feed": ("line_from_timetable",),
    "line": ("Line",),
    "model": ("LineModel",),
    "scenario": ("Band", "Breakdown", "Dwell", "Incident", "LineScenario"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "STEADY",
    "Band",
    "BoardingLimit",
    "Breakdown",
    "Day",
    "Demand",
    "Dwell",
    "ForwardHeadway",
    "Holding",
    "Incident",
    "Line",
    "LineModel",
    "LineScenario",
    "NoControl",
    "RecordedDemand",
    "ScheduleHolding",
    "SelfCoordinating",
    "ShortTurn",
    "Snapshot",
    "Traffic",
    "TwoWay",
    "both_directions",
    "day_profile",
    "demand_from_profile",
    "demand_from_taps",
    "fill_gaps",
    "line_from_sections",
    "line_from_timetable",
    "recorded_demand",
    "round_trip",
]


def __getattr__(name: str) -> Any:
    """Import each name when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'workbench.simulation.transit' has no attribute {name!r}")
    return getattr(importlib.import_module(f"workbench.simulation.transit.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
