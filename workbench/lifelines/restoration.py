"""
What to repair first: crews, repair times, and the service lost until all is back.

    problem = RepairProblem(system, up, crews=3, repair_h=24.0)
    plan = plan_repairs(problem, "reverse_greedy")
    plan.schedule            # asset, crew, start_h, end_h
    plan.curve               # share of the intact service of each layer, from hour to hour
    plan.lost_service_h      # hours of the whole service that are lost until all is repaired

Every plan is an order of repairs. Crews take the next asset of the order as they come free, so plans of all
methods are measured by the same rule: the integral of the share of service lost, weighted over layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl

from workbench._text import Text
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._given import number
from workbench.lifelines._repair_problem import RepairProblem
from workbench.lifelines._repair_schedule import dispatch, service_over_time
from workbench.lifelines.model import Ints
from workbench.lifelines.repair_rules import Rule, greedy, priority, random_order, reverse_greedy

if TYPE_CHECKING:
    from workbench.simulation import Streams

__all__ = ["METHODS", "Method", "RepairProblem", "RestorationPlan", "evaluate", "lower_bound", "plan_repairs"]
Method = Literal["milp", "windows", "reverse_greedy", "greedy", "priority", "random"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True, eq=False)
class RestorationPlan:
    """
    Who repairs what and when, and what service comes back with it.

    Attributes
    ----------
    problem
        What it solves.
    method
        How it was found.
    order
        Damaged assets by number, in the order in which they are taken.
    schedule
        One row per repair, in that order: `asset`, `layer`, `part`, `id`, `crew`, `leave_h`, `start_h`,
        `end_h`.
    curve
        One row for hour 0 and for each hour at which a repair is finished: `hour`, `lost` (share of the
        intact service lost from that hour on, summed over layers by weight) and the share of its intact
        service that each layer has.
    lost_service_h
        Integral of `lost`, hours.
    bound_h
        What no plan can go below, hours; None where it is not known.
    gap
        (lost_service_h - bound_h) / lost_service_h of a plan by MILP; None for the others.
    note
        What to know about how it was found.
    """

    problem: RepairProblem
    method: str
    order: Ints
    schedule: pl.DataFrame
    curve: pl.DataFrame
    lost_service_h: float
    bound_h: float | None = None
    gap: float | None = None
    note: Text = field(default_factory=lambda: Text(""))

    @property
    def by_period(self) -> pl.DataFrame:
        """State at the end of each period: `period` (0 before any repair), `lost`, share of each layer."""
        problem, last = self.problem, float(self.curve["hour"][-1]) / self.problem.period_h
        count = problem.horizon or max(problem.span, math.ceil(last - 1e-9))
        ends = np.arange(count + 1) * problem.period_h
        at = np.searchsorted(self.curve["hour"].to_numpy(), ends * (1 + 1e-12) + 1e-9, side="right") - 1
        return self.curve[at].drop("hour").select(pl.Series("period", np.arange(len(ends))), pl.all())

    @property
    def lost_periods(self) -> float:
        """Sum over periods of what is lost at the end of each: the objective of td-INDP, in periods."""
        return float(self.by_period["lost"][1:].sum())

    def hours_to(self, share: float, layer: str | None = None) -> float:
        """
        Hour from which on a share of the intact service is back for good.

        Parameters
        ----------
        share
            Above 0, up to 1.
        layer
            Of which layer; None is the weighted share.

        Returns
        -------
        hour
            Infinite where it does not come back by the last repair.
        """
        if layer is not None and layer not in self.problem.system.layers:
            raise UnknownName("layer of the system", layer, self.problem.system.layers)
        number("share", share, above=0, most=1)
        has = 1 - self.curve["lost"] / self.problem.weight.sum() if layer is None else self.curve[layer]
        short = has.to_numpy() < share - 1e-9
        after = int(np.flatnonzero(short).max(initial=-1)) + 1
        return float(self.curve["hour"][after]) if after < len(short) else float("inf")

    def __repr__(self) -> str:
        gap = f", gap {self.gap:.2%}" if self.gap is not None else ""
        return f"<plan of {len(self.order)} repairs by {self.method}: {self.lost_service_h:,.4g} h lost{gap}>"


def plan_repairs(
    problem: RepairProblem,
    method: Method = "reverse_greedy",
    *,
    rule: Rule | Sequence[tuple[str, str]] = "importance",
    streams: Streams | None = None,
    time_limit_s: float | None = None,
    node_limit: int | None = None,
    gap: float = 1e-4,
) -> RestorationPlan:
    """
    Plan repairs.

    Parameters
    ----------
    problem
        What is damaged, and who can repair it.
    method
        "reverse_greedy": find the repair that is least missed as the last, then as the one before; quick.
        "windows": that plan, improved by solving a few periods at a time; near the best, for repairs of one
        period each. "milp": the best plan in whole periods (td-INDP) with its gap; where a limit stops it,
        the better of what it found and "windows". "greedy": take the repair that gains most per hour next;
        where several must be done before anything is gained it is blind, and can lose twice as much.
        "priority": by a rule or a list. "random": any order.
    rule
        For "priority": "importance" (service lost if it alone failed, per hour of repair), "shortest" (repair
        time), "demand" or "people" (at the node, or at the ends of the edge), or assets as (layer, id) in
        order, the others after them.
    streams
        For "random": where randomness comes from.
    time_limit_s, node_limit, gap
        For "milp" (the gap for "windows" too): where to stop. A time limit makes the answer depend on the
        machine, the others do not.

    Returns
    -------
    plan
        Measured in the same way whatever the method.

    Raises
    ------
    UnknownName
        No such method, rule or asset.
    BadParameter
        What the method needs is missing, or cannot be modelled by it.
    """
    if method not in METHODS:
        raise UnknownName("repair method", str(method), METHODS)
    if method == "milp":
        return _by_milp(problem, time_limit_s, node_limit, gap)
    if method == "random":
        if streams is None:
            raise BadParameter("A random order needs `streams`, such as Streams(seed).")
        order = random_order(problem, streams)
    elif method == "priority":
        order = priority(problem, rule)
    elif method == "windows":
        from workbench.lifelines._restoration_windows import improved

        order = improved(problem, reverse_greedy(problem), gap=gap)
    else:
        order = (greedy if method == "greedy" else reverse_greedy)(problem)
    return evaluate(problem, order, method=method)


def lower_bound(problem: RepairProblem) -> float:
    """
    Loss that no plan can go below, found quickly: the linear relaxation of td-INDP.

    Repairs may be done in parts, each part letting through as much.

    Parameters
    ----------
    problem
        As "milp" takes it; repairs in whole periods, no travel, no horizon.

    Returns
    -------
    hours
        To be held against `lost_service_h`; some 15 % below the best where many repairs need each other.

    Raises
    ------
    BadParameter
        The problem cannot be modelled so.
    """
    from workbench.lifelines._restoration_milp import best_plan

    found = best_plan(problem, relaxed=True)
    hours = found.in_hours()
    if hours is None:
        raise BadParameter(
            "A bound needs repairs in whole periods, no travel and no horizon: leave these out."
        )
    return hours


def _by_milp(
    problem: RepairProblem, time_limit_s: float | None, node_limit: int | None, gap: float
) -> RestorationPlan:
    """Best plan found in any way, with the bound of the programme."""
    from workbench.lifelines._restoration_milp import best_plan
    from workbench.lifelines._restoration_windows import fits, improved

    found = best_plan(problem, time_limit_s=time_limit_s, node_limit=node_limit, gap=gap)
    orders = [found.order, reverse_greedy(problem)]
    if not found.solved and fits(problem):
        orders.append(improved(problem, orders[1], gap=gap))
    plans = [evaluate(problem, order, method="milp") for order in orders]
    plan = min(plans, key=lambda one: round(one.lost_service_h, 9))
    bound, share, note = found.stated(plan)
    return replace(plan, bound_h=bound, gap=share, note=note)


def evaluate(
    problem: RepairProblem, order: Sequence[int] | Ints, *, method: str = "given"
) -> RestorationPlan:
    """
    Measure a plan: crews take the assets of an order as they come free.

    Parameters
    ----------
    problem
        What is damaged, and who can repair it.
    order
        All damaged assets by their number in the system, each once.
    method
        How it was found, as the plan shall say.

    Raises
    ------
    BadParameter
        The order leaves out a damaged asset, or names another or one twice.
    """
    given = np.asarray(order)
    taken = given.astype(np.int32) if given.dtype.kind in "iu" or not given.size else np.array([-1], np.int32)
    if sorted(taken.tolist()) != problem.damaged.tolist():
        raise BadParameter(
            f"`order` must name each of the {len(problem.damaged)} damaged assets once, by its number."
        )
    crew, leave, start, end = dispatch(problem, np.searchsorted(problem.damaged, taken).astype(np.int32))
    hours, shares = service_over_time(problem, taken, end)
    span = float(hours[-1]) if problem.horizon is None else problem.horizon_h
    lost = (1.0 - shares) @ problem.weight
    lasts = np.diff(np.minimum(np.append(hours, span), span))
    schedule = problem.system.assets[taken].select("asset", "layer", "part", "id").with_columns(
        pl.Series("crew", [problem.crew_names[i] for i in crew], pl.String),
        pl.Series("leave_h", leave, pl.Float64),
        pl.Series("start_h", start, pl.Float64),
        pl.Series("end_h", end, pl.Float64),
    )  # fmt: skip
    curve = pl.DataFrame({"hour": hours, "lost": lost}).with_columns(
        pl.Series(layer, shares[:, i]) for i, layer in enumerate(problem.system.layers)
    )
    return RestorationPlan(problem, method, taken, schedule, curve, float(lost @ lasts))
