"""
Networks as others keep them: EPANET, MATPOWER, pandapower, GraphML, INDP, GasLib, and plain tables.

Each reader is imported when it is first asked for, because some need a library of their own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.lifelines.readers.epanet import read_epanet
    from workbench.lifelines.readers.gaslib import read_gaslib
    from workbench.lifelines.readers.geojson import read_geojson
    from workbench.lifelines.readers.graphml import read_graphml
    from workbench.lifelines.readers.indp import DamageScenarios, read_damage_scenarios, read_indp
    from workbench.lifelines.readers.matpower import read_matpower
    from workbench.lifelines.readers.pandapower import read_pandapower
    from workbench.lifelines.readers.tables import read_tables

_HOMES = {
    "DamageScenarios": "indp",
    "read_damage_scenarios": "indp",
    "read_epanet": "epanet",
    "read_gaslib": "gaslib",
    "read_geojson": "geojson",
    "read_graphml": "graphml",
    "read_indp": "indp",
    "read_matpower": "matpower",
    "read_pandapower": "pandapower",
    "read_tables": "tables",
}

__all__ = [
    "DamageScenarios",
    "read_damage_scenarios",
    "read_epanet",
    "read_gaslib",
    "read_geojson",
    "read_graphml",
    "read_indp",
    "read_matpower",
    "read_pandapower",
    "read_tables",
]


def __getattr__(name: str) -> Any:
    """Import a reader when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Names of the readers."""
    return sorted(__all__)
