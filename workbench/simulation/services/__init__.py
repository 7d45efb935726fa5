"""
Service points: desks, windows, bays, crews and call takers, with people who wait and may give up.

    office = ServicePoint(opens_h=9, closes_h=17, servers=[(9, 3), (12, 2), (14, 3)],
                          customers=[Customers(name="walk-in", per_hour=25, service=Law(mean_s=400))])
    more = change(office, {"servers": 4})
    runs = Experiment(ServiceModel(), {"today": office, "four all day": more}, seed=1).run()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.simulation.services.model import ServiceModel
    from workbench.simulation.services.scenario import Customers, Law, ServicePoint
    from workbench.simulation.services.visits import Visits

_HOME = {
    "Customers": "scenario",
    "Law": "scenario",
    "ServiceModel": "model",
    "ServicePoint": "scenario",
    "Visits": "visits",
}

__all__ = ["Customers", "Law", "ServiceModel", "ServicePoint", "Visits"]


def __getattr__(name: str) -> Any:
    """Import a class when it is first asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'workbench.simulation.services' has no attribute {name!r}")
    return getattr(importlib.import_module(f"workbench.simulation.services.{_HOME[name]}"), name)
