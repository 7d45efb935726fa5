"""Transit lines: read from a timetable, given demand, simulated under headways, control and incidents."""

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
