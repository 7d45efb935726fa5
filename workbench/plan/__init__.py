"""
The city's action plan as data: actions, projects, and the figures they commit to.

`load()` gives the plan shipped with the workbench; `as_json` and `as_text` show it together with
the decisions an installation answers. Nothing is read before `load` is called.
"""

from workbench.plan.amounts import amount, day, goal
from workbench.plan.model import OPS, Action, Op, Plan, Project, Target
from workbench.plan.read import load, read
from workbench.plan.show import DecisionInfo, as_json, as_text

__all__ = [
    "OPS",
    "Action",
    "DecisionInfo",
    "Op",
    "Plan",
    "Project",
    "Target",
    "amount",
    "as_json",
    "as_text",
    "day",
    "goal",
    "load",
    "read",
]
