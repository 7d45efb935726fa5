"""
Crews at work, simulated: they travel, repairs vary, and batteries run out meanwhile.

    model = CrewModel(problem, horizon_h=24 * 60, cv=0.5)
    plans = {"shortest first": CrewPlan(order="shortest"), "reverse greedy": CrewPlan(speed_kmh=30.0)}
    runs = Experiment(model, plans, seed=42).run(replications=50)
    runs.compare("lost_service_h", baseline="shortest first")

Crews take the next asset of the order as they come free. Repair times are lognormal around those of the
problem; each asset draws its own from the day, so every plan meets the same repairs (common random numbers).
An asset that lost what it depends on lasts for the hours of its buffer; a buffer is full again as soon as it
is served again. The class is a model as `workbench.simulation` runs them, and needs nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from workbench.errors import BadParameter, CheckFailed
from workbench.lifelines._crew_city import City, Work
from workbench.lifelines._given import number
from workbench.lifelines._repair_fields import travel_times
from workbench.lifelines.model import Bools, Floats, Ints
from workbench.lifelines.repair_rules import priority
from workbench.lifelines.restoration import METHODS, RepairProblem, plan_repairs

if TYPE_CHECKING:
    from workbench.simulation import Streams

LEVELS = (0.5, 0.9, 1.0)
"""Shares of the intact service whose return is reported."""


@dataclass(frozen=True, kw_only=True)
class CrewPlan:
    """
    A plan to be simulated.

    Parameters
    ----------
    order
        A method of `plan_repairs` that needs no random numbers, a rule of `repair_rules.priority`, or assets
        as (layer, id), those not named after them.
    crews
        Number of crews for all, or by layer; None is as in the problem.
    speed_kmh
        Of crews between sites, in a straight line; None is no travel.
    """

    order: str | tuple[tuple[str, str], ...] = "reverse_greedy"
    crews: int | Mapping[str, int] | None = None
    speed_kmh: float | None = None


@dataclass(frozen=True, eq=False)
class RepairDay:
    """
    What chance decides: hours of each repair, shape (damaged,).

    Attributes
    ----------
    hours
        In the order of the problem's damaged assets.
    """

    hours: Floats


@dataclass(frozen=True, eq=False)
class CrewRun:
    """
    One plan on one day.

    Attributes
    ----------
    hours
        Hours at which what works changes, from 0 on, shape (changes,).
    shares
        Share of its intact service that each layer has from then on, shape (changes, layers).
    repairs
        One row per repair: `asset`, `layer`, `part`, `id`, `crew`, `leave_h`, `start_h`, `end_h`.
    log
        Everything that happened: `hour`, `what` (leaves, begins, repaired, works, fails), `crew`, `layer`,
        `id`.
    busy_h, travel_h, idle_h
        Of each crew, up to the horizon, shape (crews,).
    works
        Whether each asset works from each of these hours on, shape (changes, assets).
    """

    hours: Floats
    shares: Floats
    repairs: pl.DataFrame
    log: pl.DataFrame
    busy_h: Floats
    travel_h: Floats
    idle_h: Floats
    works: Bools

    def at(self, hours: Floats) -> Floats:
        """Shares at given hours, shape (hours, layers)."""
        return np.asarray(self.shares[np.searchsorted(self.hours, hours, side="right") - 1])

    def hours_to(self, share: float) -> Floats:
        """Hour from which on each layer has a share for good, NaN where it never has."""
        short = self.shares < share - 1e-9
        after = len(short) - np.argmax(short[::-1], axis=0)
        found = np.append(self.hours, np.nan)[np.where(short.any(axis=0), after, 0)]
        return np.asarray(found, float)


class CrewModel:
    """
    Crews repairing what is damaged, as a model of `workbench.simulation`.

    Outcomes: `lost_service_h` (integral of the share lost, weighted over layers, up to the horizon),
    `finished_h` (last repair), `busy_h`, `travel_h` and `idle_h` (all crews together), and for each layer
    `<layer>_h50`, `_h90` and `_h100` (hour from which that share of its intact service is back for good; NaN
    where it never is).

    Parameters
    ----------
    problem
        What is damaged, with mean repair times and crews. With `start="black_start"` what has gone off starts
        again only once what it needs works; what never went off runs on.
    horizon_h
        Up to when lost service and the time of crews are counted, above 0. Repairs go on after it.
    cv
        Coefficient of variation of repair times, 0 or more.
    depot
        x and y from which crews set out; None is wherever their first repair is.

    Raises
    ------
    BadParameter
        A number out of its bounds.
    EngineMissing
        SimPy is not installed.
    """

    name = "lifeline crews"
    version = "1"

    def __init__(
        self,
        problem: RepairProblem,
        *,
        horizon_h: float,
        cv: float = 0.5,
        depot: tuple[float, float] | None = None,
    ) -> None:
        self.problem = problem
        self.horizon_h = number("horizon_h", horizon_h, above=0)
        self.cv, self.depot = number("cv", cv, least=0), depot
        self._orders: dict[str, Ints] = {}
        layers = [f"{layer}_h{level * 100:.0f}" for layer in problem.system.layers for level in LEVELS]
        totals = ("lost_service_h", "finished_h", "busy_h", "travel_h", "idle_h")
        self.outcomes: Mapping[str, str] = dict.fromkeys([*totals, *layers], "h")

    def sample(self, streams: Streams) -> RepairDay:
        """
        Draw the hours of each repair; an asset draws its own whatever else is damaged.

        Parameters
        ----------
        streams
            Of the replication.
        """
        problem, spread = self.problem, math.sqrt(math.log1p(self.cv**2))
        names = problem.system.assets[problem.damaged].select("layer", "part", "id").rows()
        drawn = np.array([streams.generator("repair", *name).standard_normal() for name in names])
        return RepairDay(problem.duration_h * np.exp(spread * drawn - spread**2 / 2))

    def run(self, scenario: CrewPlan, day: RepairDay) -> dict[str, float]:
        """
        Simulate one plan on one day.

        Parameters
        ----------
        scenario
            The plan.
        day
            Of `sample`.

        Raises
        ------
        UnknownName, BadParameter
            The plan does not fit the damage.
        CheckFailed
            Hours of crews do not add up.
        """
        return self.summed(self.simulate(scenario, day))

    def summed(self, told: CrewRun) -> dict[str, float]:
        """
        Outcomes of a simulated day.

        Parameters
        ----------
        told
            Of `simulate`.
        """
        lasts = np.diff(np.minimum(np.append(told.hours, self.horizon_h), self.horizon_h))
        lost = (1.0 - told.shares) @ self.problem.weight
        found = {
            "lost_service_h": float(lost @ lasts),
            "finished_h": float(told.repairs["end_h"].max() or 0.0),  # type: ignore[arg-type]
            "busy_h": float(told.busy_h.sum()),
            "travel_h": float(told.travel_h.sum()),
            "idle_h": float(told.idle_h.sum()),
        }
        back = [told.hours_to(level).tolist() for level in LEVELS]
        for i, layer in enumerate(self.problem.system.layers):
            found |= {f"{layer}_h{level * 100:.0f}": back[k][i] for k, level in enumerate(LEVELS)}
        return found

    def trace(self, scenario: CrewPlan, day: RepairDay) -> pl.DataFrame:
        """Log one plan on one day, event by event."""
        return self.simulate(scenario, day).log

    def simulate(self, scenario: CrewPlan, day: RepairDay) -> CrewRun:
        """
        Simulate one plan on one day, with its curve, repairs and log; as `run`, which sums it up.

        Parameters
        ----------
        scenario
            The plan.
        day
            Of `sample`.
        """
        problem, order = self._planned(scenario)
        city = City(problem, order, np.asarray(day.hours, float))
        city.run()
        hours, works = city.states()
        repairs = _repairs(problem, city.work)
        busy, travel, idle = _times(problem, city.work, self.horizon_h)
        shares = problem.as_shares(problem.served_by(works))
        return CrewRun(hours, shares, repairs, city.log(), busy, travel, idle, works)

    def _planned(self, scenario: CrewPlan) -> tuple[RepairProblem, Ints]:
        """The problem with the plan's crews and travel, and the order of its repairs."""
        problem = self.problem
        if scenario.crews is not None:
            problem = replace(problem, crews=scenario.crews)
        if scenario.speed_kmh is not None:
            hours = travel_times(problem.system, problem.damaged, scenario.speed_kmh, self.depot)
            problem = replace(problem, travel_h=hours)
        key = repr(scenario)
        if key not in self._orders:
            order = scenario.order
            if order == "random" or order == "priority":
                raise BadParameter(f"The order '{order}' is no plan: give a rule, another method, or a list.")
            if isinstance(order, str) and order in METHODS:
                self._orders[key] = plan_repairs(problem, order).order
            else:
                self._orders[key] = priority(problem, order)  # type: ignore[arg-type]
        return problem, self._orders[key]


def _repairs(problem: RepairProblem, work: list[Work]) -> pl.DataFrame:
    assets = problem.system.assets[[one.asset for one in work]].select("asset", "layer", "part", "id")
    return assets.with_columns(
        pl.Series("crew", [problem.crew_names[one.crew] for one in work], pl.String),
        pl.Series("leave_h", [one.leave for one in work], pl.Float64),
        pl.Series("start_h", [one.start for one in work], pl.Float64),
        pl.Series("end_h", [one.end for one in work], pl.Float64),
    )


def _times(problem: RepairProblem, work: list[Work], horizon: float) -> tuple[Floats, Floats, Floats]:
    """Hours of each crew at work, on the way and idle up to the horizon, which must add up."""
    busy, travel, last = np.zeros((3, len(problem.crew_pools)))
    for one in work:
        leave, start, end = (min(time, horizon) for time in (one.leave, one.start, one.end))
        travel[one.crew] += start - leave
        busy[one.crew] += end - start
        last[one.crew] = end
    idle = horizon - last
    if not np.allclose(busy + travel + idle, horizon):
        raise CheckFailed("Hours of crews at work, on the way and idle are not the hours up to the horizon.")
    return busy, travel, idle
