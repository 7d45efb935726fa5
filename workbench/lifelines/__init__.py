"""
Lifeline networks: water, power, oil, gas, and the telecom and roads they lean on.

Networks are read, checked, damaged, served, ranked, hardened and repaired here. Methods take networks and
arrays and know no dataset.
"""

from workbench.lifelines.checks import Finding, check
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import FLOW_UNITS, UNITS, Arrays, LifelineNetwork
from workbench.lifelines.system import Dependencies, InterdependentSystem

__all__ = [
    "FLOW_UNITS",
    "UNITS",
    "Arrays",
    "BadNetwork",
    "Dependencies",
    "Finding",
    "InterdependentSystem",
    "LifelineNetwork",
    "check",
]
