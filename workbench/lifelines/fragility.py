"""
How likely an asset fails under a hazard of a given intensity.

    curves = Curves({"substation": FragilityCurve(0.35, 0.40, "pga_g"), "main":
    RepairRate.hazus(ductile=True)}) curves["substation"].probability(np.array([0.2, 0.4]))

Networks name the class of each asset in `fragility_class`; `Curves` has a curve for each class. A curve says
what it takes (`measure`, with its unit), and is refused an intensity in anything else.
"""

from workbench.lifelines._curves import (
    Curve,
    Curves,
    DamageStates,
    DepthDamage,
    FixedProbability,
    FragilityCurve,
)
from workbench.lifelines._fragility_files import read_damage_csv, read_fragility_table, shipped_curves
from workbench.lifelines._incore import IncoreCurves, read_incore
from workbench.lifelines._measures import MEASURES
from workbench.lifelines._rates import BreakRate, RepairRate, WeibullLife

__all__ = [
    "MEASURES",
    "BreakRate",
    "Curve",
    "Curves",
    "DamageStates",
    "DepthDamage",
    "FixedProbability",
    "FragilityCurve",
    "IncoreCurves",
    "RepairRate",
    "WeibullLife",
    "read_damage_csv",
    "read_fragility_table",
    "read_incore",
    "shipped_curves",
]
