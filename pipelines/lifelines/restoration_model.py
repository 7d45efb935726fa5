"""Crews repairing what is damaged, with the order of reports drawn and services counted by district."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.districts import member
from pipelines.lifelines.restoration_orders import REPORT
from workbench.lifelines.crews import CrewModel, CrewPlan, CrewRun, RepairDay
from workbench.lifelines.model import Floats
from workbench.lifelines.solvers.connectivity import Connectivity

if TYPE_CHECKING:
    from workbench.lifelines.restoration import RepairProblem
    from workbench.simulation import Streams


@dataclass(frozen=True, eq=False)
class ReportedDay(RepairDay):
    """
    A day on which damage is reported in some order.

    Attributes
    ----------
    hours
        Of each repair, shape (damaged,).
    report
        What damage is reported by, least first, shape (damaged,).
    """

    report: Floats


class Repairs(CrewModel):
    """
    As `CrewModel`; the order "report" takes repairs as they are reported, and districts are told apart.

    Further outcomes: `zone1`, `zone2` ...: person-hours of service lost in each district.

    Parameters
    ----------
    problem, horizon_h, cv
        As in `CrewModel`.
    zones
        Districts, in the order of the outcomes.
    listed
        Order of report as places among the damaged assets; None is any order, another each day.
    """

    name, version = "lifeline repairs", "1"

    def __init__(
        self,
        problem: RepairProblem,
        *,
        horizon_h: float,
        cv: float,
        zones: tuple[str, ...],
        listed: tuple[int, ...] | None,
    ) -> None:
        super().__init__(problem, horizon_h=horizon_h, cv=cv)
        self.zones, self.listed = zones, listed
        self._inside = {name: member(one.nodes, zones) for name, one in problem.system.layers.items()}
        names = {f"zone{at}": "h" for at in range(1, len(zones) + 1)}
        self.outcomes: Mapping[str, str] = {**self.outcomes, **names}

    def sample(self, streams: Streams) -> ReportedDay:
        """Draw the hours of each repair, and in which order damage is reported."""
        names = self.problem.system.assets[self.problem.damaged].select("layer", "part", "id").rows()
        if self.listed is None:
            report = np.array([streams.generator("report", *name).random() for name in names])
        else:
            report = np.argsort(np.array(self.listed)).astype(float)
        return ReportedDay(super().sample(streams).hours, report)

    def simulate(self, scenario: CrewPlan, day: RepairDay) -> CrewRun:
        """Simulate one plan on one day."""
        if scenario.order == REPORT and isinstance(day, ReportedDay):
            taken = self.problem.damaged[np.argsort(day.report, kind="stable")]
            rows = self.problem.system.assets[taken].select("layer", "id").rows()
            self._orders.clear()  # every day has its own
            scenario = replace(scenario, order=tuple((layer, name) for layer, name in rows))
        return super().simulate(scenario, day)

    def run(self, scenario: CrewPlan, day: RepairDay) -> dict[str, float]:
        """Simulate one plan on one day, and sum it up."""
        told = self.simulate(scenario, day)
        found = self.summed(told)
        lasts = np.diff(np.append(told.hours, max(self.horizon_h, float(told.hours[-1]))))
        by_zone = lasts @ self.without(told)
        return found | {f"zone{at}": float(one) for at, one in enumerate(by_zone, start=1)}

    def without(self, told: CrewRun) -> Floats:
        """People without services in each district from each hour on, shape (changes, districts)."""
        system, found = self.problem.system, np.zeros((len(told.hours), len(self.zones)))
        states = np.concatenate([system.intact[None], told.works])
        for name, network in system.layers.items():
            served = Connectivity(network).served_many(system.layer_state(name, states)) > 0
            people = np.where(network.arrays.demand > 0, network.arrays.people, 0.0)
            by_zone = served @ (self._inside[name] * people[:, None])
            found += by_zone[:1] - by_zone[1:]
        return np.maximum(found, 0.0)
