"""
Optimisation: headways from load, departures, fleet, vehicle blocks, depots, charging, and feeds to hand on.

Small frames in, frozen results out. OR-Tools and SciPy (HiGHS) come with the `models` extra and are imported
only where something is solved; Polars and NumPy only when something of this room is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.optimisation.blocks import Blocks, vehicle_blocks
    from workbench.optimisation.charging import Battery, ChargingPlan, charging_plan, duties_of
    from workbench.optimisation.deadheads import CrowFlies, Deadheads, Measured
    from workbench.optimisation.depots import DepotProblem, depot_problem, read_depot_problem
    from workbench.optimisation.feedwriter import Agency, write_feed
    from workbench.optimisation.fleet import (
        Fleet,
        deficit_function,
        merge_terminals,
        minimum_fleet,
        most_at_once,
    )
    from workbench.optimisation.headways import clock_headway, headways_from_load
    from workbench.optimisation.multidepot import DepotSchedule, Relaxation, depot_schedule, relax
    from workbench.optimisation.timetable import Departures, calls_of, even_headways, even_loads
    from workbench.optimisation.trips import trips_of

_HOMES = {
    "blocks": ("Blocks", "vehicle_blocks"),
    "charging": ("Battery", "ChargingPlan", "charging_plan", "duties_of"),
    "deadheads": ("CrowFlies", "Deadheads", "Measured"),
    "depots": ("DepotProblem", "depot_problem", "read_depot_problem"),
    "feedwriter": ("Agency", "write_feed"),
    "fleet": ("Fleet", "deficit_function", "merge_terminals", "minimum_fleet", "most_at_once"),
    "headways": ("clock_headway", "headways_from_load"),
    "multidepot": ("DepotSchedule", "Relaxation", "depot_schedule", "relax"),
    "timetable": ("Departures", "calls_of", "even_headways", "even_loads"),
    "trips": ("trips_of",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Agency",
    "Battery",
    "Blocks",
    "ChargingPlan",
    "CrowFlies",
    "Deadheads",
    "Departures",
    "DepotProblem",
    "DepotSchedule",
    "Fleet",
    "Measured",
    "Relaxation",
    "calls_of",
    "charging_plan",
    "clock_headway",
    "deficit_function",
    "depot_problem",
    "depot_schedule",
    "duties_of",
    "even_headways",
    "even_loads",
    "headways_from_load",
    "merge_terminals",
    "minimum_fleet",
    "most_at_once",
    "read_depot_problem",
    "relax",
    "trips_of",
    "vehicle_blocks",
    "write_feed",
]


def __getattr__(name: str) -> Any:
    """Import each part when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'workbench.optimisation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"workbench.optimisation.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
