"""
Lifeline networks: water, power, oil, gas, and the telecom and roads they lean on.

    network = read_epanet("city.inp")
    check(network)                                          # what is odd about it
    n_minus_1(network)                                      # what the loss of each asset costs
    service(network, network.without("main")).share         # what is left

Networks are read, checked, damaged, served, ranked, hardened and repaired here. Methods take networks and
arrays and know no dataset. What is used most has its name here and is imported when it is first asked for;
the modules hold the rest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from workbench.lifelines.cascade import cascade  # these two are called like their modules, so they stand here
from workbench.lifelines.checks import Finding, check
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import FLOW_UNITS, UNITS, Arrays, LifelineNetwork
from workbench.lifelines.service import service
from workbench.lifelines.system import Dependencies, InterdependentSystem

if TYPE_CHECKING:
    from workbench.lifelines.availability import availability_model
    from workbench.lifelines.cascade import cascade_rounds, failures_over_time
    from workbench.lifelines.criticality import betweenness, n_minus_1, n_minus_2, n_minus_k, two_edge_cuts
    from workbench.lifelines.damage import damage_probability, sample_damage, sample_field_damage
    from workbench.lifelines.dispatch import WaterScenario, compare_dispatch, run_dispatch
    from workbench.lifelines.doubling import double_for
    from workbench.lifelines.flood import flood_depth, read_asc, read_flood_areas
    from workbench.lifelines.fragility import Curves, FragilityCurve, shipped_curves
    from workbench.lifelines.hardening import select_assets, selection_frequency
    from workbench.lifelines.hazard import Earthquake, intensity_field
    from workbench.lifelines.metrics import connectivity_loss, efficiency_loss, resilience_loss
    from workbench.lifelines.montecarlo import ServiceLoss, expected_service
    from workbench.lifelines.readers import (
        read_damage_scenarios,
        read_epanet,
        read_gaslib,
        read_geojson,
        read_graphml,
        read_indp,
        read_matpower,
        read_pandapower,
        read_tables,
    )
    from workbench.lifelines.restoration import RepairProblem, plan_repairs
    from workbench.lifelines.solvers import open_solver
    from workbench.lifelines.verification import screen_then_verify
    from workbench.lifelines.writers import to_geojson, write_geojson, write_tables

_ROOMS = {
    "availability": ("availability_model",),
    "cascade": ("cascade_rounds", "failures_over_time"),
    "criticality": ("betweenness", "n_minus_1", "n_minus_2", "n_minus_k", "two_edge_cuts"),
    "damage": ("damage_probability", "sample_damage", "sample_field_damage"),
    "dispatch": ("WaterScenario", "compare_dispatch", "run_dispatch"),
    "doubling": ("double_for",),
    "flood": ("flood_depth", "read_asc", "read_flood_areas"),
    "fragility": ("Curves", "FragilityCurve", "shipped_curves"),
    "hardening": ("select_assets", "selection_frequency"),
    "hazard": ("Earthquake", "intensity_field"),
    "metrics": ("connectivity_loss", "efficiency_loss", "resilience_loss"),
    "montecarlo": ("ServiceLoss", "expected_service"),
    "readers": (
        "read_damage_scenarios",
        "read_epanet",
        "read_gaslib",
        "read_geojson",
        "read_graphml",
        "read_indp",
        "read_matpower",
        "read_pandapower",
        "read_tables",
    ),
    "restoration": ("RepairProblem", "plan_repairs"),
    "solvers": ("open_solver",),
    "verification": ("screen_then_verify",),
    "writers": ("to_geojson", "write_geojson", "write_tables"),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "FLOW_UNITS",
    "UNITS",
    "Arrays",
    "BadNetwork",
    "Curves",
    "Dependencies",
    "Earthquake",
    "Finding",
    "FragilityCurve",
    "InterdependentSystem",
    "LifelineNetwork",
    "RepairProblem",
    "ServiceLoss",
    "WaterScenario",
    "availability_model",
    "betweenness",
    "cascade",
    "cascade_rounds",
    "check",
    "compare_dispatch",
    "connectivity_loss",
    "damage_probability",
    "double_for",
    "efficiency_loss",
    "expected_service",
    "failures_over_time",
    "flood_depth",
    "intensity_field",
    "n_minus_1",
    "n_minus_2",
    "n_minus_k",
    "open_solver",
    "plan_repairs",
    "read_asc",
    "read_damage_scenarios",
    "read_epanet",
    "read_flood_areas",
    "read_gaslib",
    "read_geojson",
    "read_graphml",
    "read_indp",
    "read_matpower",
    "read_pandapower",
    "read_tables",
    "resilience_loss",
    "run_dispatch",
    "sample_damage",
    "sample_field_damage",
    "screen_then_verify",
    "select_assets",
    "selection_frequency",
    "service",
    "shipped_curves",
    "to_geojson",
    "two_edge_cuts",
    "write_geojson",
    "write_tables",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for by name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Names that stand here."""
    return sorted(__all__)
