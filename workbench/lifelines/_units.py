"""Units in which supply, demand and capacity of each system may be given."""

from __future__ import annotations

from workbench.errors import nearest

FLOW_UNITS: dict[str, str] = {
    "water": "m3/s",
    "power": "MW",
    "gas": "kg/s",
    "oil": "kg/s",
    "telecom": "Gbit/s",
    "road": "veh/h",
}
"""The usual unit of supply, demand and capacity of each system."""

RELATIVE = "units"
"""Unit of quantities that are known only in proportion to each other."""

UNITS: dict[str, tuple[str, ...]] = {
    "water": ("m3/s", "m3/h", "m3/d", "l/s", "Ml/d"),
    "power": ("MW", "kW", "GW", "MVA"),
    "gas": ("kg/s", "t/h", "t/d", "m3/s", "m3/h", "MW", "GWh/d"),
    "oil": ("kg/s", "t/h", "t/d", "m3/s", "m3/h", "m3/d", "bbl/d"),
    "telecom": ("Gbit/s", "Mbit/s", "Tbit/s"),
    "road": ("veh/h", "veh/d", "trips/h", "trips/d"),
}
"""Every unit that each system knows besides `RELATIVE`; the usual one first."""


def unit_mistake(system: str, unit: str) -> list[str]:
    """Say that a unit of flow is not one of the system's, if so."""
    known = (*UNITS[system], RELATIVE)
    if unit in known:
        return []
    return [
        f"flow_unit '{unit}' is not a unit of {system} flow. {nearest(str(unit), known)} "
        f"Give one of {', '.join(known)} ('{RELATIVE}': relative quantities; '': {FLOW_UNITS[system]})"
    ]
