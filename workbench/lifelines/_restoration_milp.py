"""
The best order of repairs as a mixed-integer programme in whole periods: td-INDP.

In each period: w says whether a damaged asset is repaired (binary, once repaired for good), z whether an
asset works (at most w, at most the sum of its dependees of one kind, or each of them), and the flows f,
supplies g and unserved demands l are what z lets through. Minimised is the unserved demand over all periods
[1]_. Only what can change is a variable: assets that work although nothing is repaired yet always do, and a
layer none of whose assets are down is left out.

References
----------
.. [1] A. D. Gonzalez, L. Duenas-Osorio, M. Sanchez-Silva and A. L. Medaglia (2016), The interdependent
   network design problem for optimal infrastructure system restoration, Computer-Aided Civil and
   Infrastructure Engineering 31: 334-350.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench._need import need
from workbench._text import Text
from workbench.errors import BadParameter, CheckFailed
from workbench.lifelines._given import number, whole
from workbench.lifelines._repair_problem import RepairProblem
from workbench.lifelines._restoration_rows import one_period
from workbench.lifelines.model import Bools, Floats, Ints

if TYPE_CHECKING:
    from workbench.lifelines.restoration import RestorationPlan


@dataclass(frozen=True, eq=False)
class Found:
    """
    What the solver found.

    Attributes
    ----------
    problem
        What was solved.
    order
        Damaged assets, in the order in which their repairs end.
    bound
        Loss summed over the ends of the periods that no plan in whole periods goes below.
    solved
        Whether it stopped because the gap was closed, not at a limit.
    """

    problem: RepairProblem
    order: Ints
    bound: float
    solved: bool

    def in_hours(self) -> float | None:
        """The bound as lost service in hours; None where periods do not tell it."""
        problem = self.problem
        if not self._fits() or problem.travel_h is not None or problem.horizon is not None:
            return None
        return (self.bound + float(problem.lost(problem.up[None])[0])) * problem.period_h

    def stated(self, plan: RestorationPlan) -> tuple[float | None, float, Text]:
        """Bound in hours where repairs fit into periods, the gap, and what to say about both."""
        problem, hours = self.problem, self.in_hours()
        plain = self._fits() and problem.travel_h is None
        planned = plan.lost_periods if plain else evaluated(problem, plan.order)
        gap = max(0.0, planned - self.bound) / planned if planned > 0 else 0.0
        en = "" if self.solved else "Stopped at a limit: the gap is what may still be gained. "
        zh = "" if self.solved else "达到求解上限而停止：差距为可能仍可改进的部分。"
        if hours is None:
            en += "The gap is that of the plan in whole periods without travel."
            zh += "差距按整周期且不计行程计算。"
        return hours, gap, Text(en.strip(), zh)

    def _fits(self) -> bool:
        problem = self.problem
        return bool(np.allclose(problem.duration_h, problem.periods * problem.period_h))


def evaluated(problem: RepairProblem, order: Ints) -> float:
    """Loss summed over the ends of periods when repairs take whole periods and no travel."""
    from dataclasses import replace

    from workbench.lifelines.restoration import evaluate

    every = np.ones(problem.system.size)
    every[problem.damaged] = problem.periods * problem.period_h
    return evaluate(replace(problem, repair_h=every, travel_h=None), order).lost_periods


def best_plan(
    problem: RepairProblem,
    *,
    time_limit_s: float | None = None,
    node_limit: int | None = None,
    gap: float = 1e-4,
    relaxed: bool = False,
    barred: Bools | None = None,
) -> Found:
    """
    Solve for the least loss in whole periods.

    Parameters
    ----------
    problem
        With the solver "flow" or "connectivity" in each layer, no thresholds, and dependencies settled as the
        greatest fixed point. Repair times are rounded up to whole periods; travel is left out.
    time_limit_s, node_limit
        When to stop; None is never.
    gap
        Relative gap at which a plan is good enough.
    relaxed
        Whether repairs may be done in parts: quick, and good for nothing but the bound.
    barred
        Damaged assets that may not be repaired, shape (damaged,).

    Raises
    ------
    BadParameter
        The problem cannot be modelled so, or a limit is out of its bounds.
    CheckFailed
        The solver failed.
    """
    need("scipy.optimize", "The best repair plan")
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, eye_array, kron, vstack

    limits: dict[str, float] = {"mip_rel_gap": number("gap", gap, least=0)}
    if time_limit_s is not None:
        limits["time_limit"] = number("time_limit_s", time_limit_s, above=0)
    if node_limit is not None:
        limits["node_limit"] = whole("node_limit", node_limit, 0)
    _refuse(problem)
    count, span, period = len(problem.damaged), problem.span, one_period(problem)
    if not count or period.size == count:
        return Found(problem, problem.damaged, 0.0, True)
    row, column, factor = period.terms
    matrix = csr_array((factor, (row, column)), shape=(period.height, period.size))
    crews, room = _crew_rows(problem, span, period.size)
    matrix = vstack([kron(eye_array(span), matrix), crews], format="csr")
    matrix.resize(matrix.shape[0], matrix.shape[1] + 1)  # one variable is 1: the objective is the loss itself
    low, high, cost = (np.tile(part, (span, 1)) for part in period.bounds)
    high[:, :count] = np.arange(1, span + 1)[:, None] >= problem.periods
    if barred is not None:
        high[:, :count][:, barred] = 0.0
    binary = np.zeros((span, period.size))
    binary[:, :count] = not relaxed
    least, most = (np.tile(part, span) for part in period.sides)
    found = milp(
        np.append(cost, span * period.offset),
        integrality=np.append(binary, 0),
        bounds=Bounds(np.append(low, 1), np.append(high, 1)),
        constraints=LinearConstraint(
            matrix, np.append(least, np.full(len(room), -np.inf)), np.append(most, room)
        ),
        options=limits,
    )
    if (
        found.status not in (0, 1) and "limit" not in found.message
    ):  # SciPy does not know all of HiGHS's limits
        raise CheckFailed(f"The best repair plan was not found: {found.message}")
    bound = found.fun if relaxed else found.mip_dual_bound
    if bound is None or not np.isfinite(bound):
        bound = 0.0
    done = np.full(count, span + 1)
    if found.x is not None:
        fixed = found.x[:-1].reshape(span, -1)[:, :count] > 0.5
        done = np.where(fixed.any(axis=0), fixed.argmax(axis=0) + 1, done)
    order = problem.damaged[np.argsort(done - problem.periods, kind="stable")]
    return Found(problem, order, max(0.0, float(bound)), found.status == 0)


def _crew_rows(problem: RepairProblem, span: int, size: int) -> tuple[Any, Floats]:
    """Repaired stays repaired, no more under way than there are crews: rows and their upper sides."""
    from scipy.sparse import csr_array

    count, takes = len(problem.damaged), problem.periods
    rows, columns, factors = [], [], []
    room: list[float] = []
    at = np.arange(span)[:, None] * size + np.arange(count)  # w of each period and asset
    for t in range(1, span):
        rows.append(np.repeat(np.arange(len(room), len(room) + count), 2))
        columns.append(np.stack([at[t - 1], at[t]], 1).ravel())
        factors.append(np.tile([1.0, -1.0], count))
        room += [0.0] * count
    for pool in np.unique(problem.pool):
        own = np.flatnonzero(problem.pool == pool)
        crews = float((problem.crew_pools == pool).sum())
        for t in range(span):
            ends = np.minimum(t + takes[own] - 1, span - 1)
            columns.append(at[ends, own])
            factors.append(np.ones(len(own)))
            if (
                t and not (takes[own] == 1).all()
            ):  # under way in t: done by its end, or within its time, not before
                columns.append(at[t - 1, own])
                factors.append(-np.ones(len(own)))
            rows.append(
                np.full(sum(len(part) for part in columns) - sum(len(part) for part in rows), len(room))
            )
            room.append(crews if t and not (takes[own] == 1).all() else crews * (t + 1))
    terms = (np.concatenate(factors), (np.concatenate(rows), np.concatenate(columns)))
    return csr_array(terms, shape=(len(room), span * size)), np.array(room)


def _refuse(problem: RepairProblem) -> None:
    names = {solver.name for solver in problem.solvers} - {"flow", "connectivity"}
    if names:
        raise BadParameter(
            f"The method 'milp' knows flow and connectivity, not {', '.join(sorted(names))}: "
            "use 'reverse_greedy'."
        )
    if (problem.system.arrays.threshold > 0).any():
        raise BadParameter("The method 'milp' knows no thresholds of dependencies: use 'reverse_greedy'.")
    if problem.start != "greatest":
        raise BadParameter("The method 'milp' cannot plan a black start: use 'reverse_greedy'.")
