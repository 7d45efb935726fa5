"""
Simulation: models run on sampled days, replicated, compared under common random numbers.

Streams are the only randomness; a model is a deterministic function of a scenario and a day; an experiment
runs scenarios x replications and says what the results say. NumPy, Polars, SimPy and Numba are imported
where they are used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from workbench.simulation.streams import Streams

if TYPE_CHECKING:
    from workbench.simulation.best import Selection
    from workbench.simulation.cluster import Cluster
    from workbench.simulation.designs import grid, latin_hypercube, one_at_a_time
    from workbench.simulation.executors import Processes, Serial
    from workbench.simulation.experiment import Experiment
    from workbench.simulation.model import Model, Observed, Traced
    from workbench.simulation.runs import Runs
    from workbench.simulation.scenario import change, scenario_from_json, scenario_json, scenario_key
    from workbench.simulation.scenariofile import ScenarioFile, read_scenarios, schema
    from workbench.simulation.session import Progress, Timing

_HOMES = {
    "best": ("Selection",),
    "designs": ("grid", "latin_hypercube", "one_at_a_time"),
    "cluster": ("Cluster",),
    "executors": ("Processes", "Serial"),
    "experiment": ("Experiment",),
    "model": ("Model", "Observed", "Traced"),
    "runs": ("Runs",),
    "scenario": ("change", "scenario_from_json", "scenario_json", "scenario_key"),
    "scenariofile": ("ScenarioFile", "read_scenarios", "schema"),
    "session": ("Progress", "Timing"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Cluster",
    "Experiment",
    "Model",
    "Observed",
    "Processes",
    "Progress",
    "Runs",
    "ScenarioFile",
    "Selection",
    "Serial",
    "Streams",
    "Timing",
    "Traced",
    "change",
    "grid",
    "latin_hypercube",
    "one_at_a_time",
    "read_scenarios",
    "scenario_from_json",
    "scenario_json",
    "scenario_key",
    "schema",
]


def __getattr__(name: str) -> Any:
    """Import the rest when it is first asked for, so that streams alone stay light."""
    if name not in _HOME:
        raise AttributeError(f"module 'workbench.simulation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"workbench.simulation.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
