"""
A plan improved window by window: a few periods at a time are planned anew as a mixed-integer programme.

What is repaired before a window and what after it stay as they are, so the service at its end is the same and
only the periods within it change: each window is a small problem that is solved to the end in about a second,
and every improvement of a window is one of the whole plan. Windows overlap by half and are gone through until
none improves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from workbench.errors import BadParameter
from workbench.lifelines._repair_problem import RepairProblem
from workbench.lifelines._restoration_milp import best_plan
from workbench.lifelines.model import Ints
from workbench.lifelines.system import InterdependentSystem

LENGTH = 4
"""Periods of a window."""


def fits(problem: RepairProblem) -> bool:
    """Whether every repair takes one period and no travel, so that a plan is a list of sets, one a period."""
    return problem.travel_h is None and bool(np.allclose(problem.duration_h, problem.period_h))


def improved(problem: RepairProblem, order: Ints, *, gap: float = 1e-4) -> Ints:
    """
    Improve an order of repairs.

    Parameters
    ----------
    problem
        What is damaged; each repair takes one period.
    order
        Damaged assets by number.
    gap
        Relative gap to which each window is solved.

    Returns
    -------
    order
        Never worse than the one given.

    Raises
    ------
    BadParameter
        Repairs do not take one period each, or the problem cannot be modelled as a programme.
    """
    from workbench.lifelines.restoration import evaluate

    if not fits(problem):
        raise BadParameter(
            "Windows need repairs of one period each and no travel: set `period_h` to `repair_h`, "
            "or use 'milp' or 'reverse_greedy'."
        )
    system = problem.system
    if system.arrays.geographic.any():  # what is repaired is not damaged again by what lies beside it
        assert system.dependencies is not None
        kept = system.dependencies.filter(pl.col("kind") != "geographic")
        problem = replace(problem, system=InterdependentSystem(system.layers, kept))
    plan = evaluate(problem, order)
    begins = list(range(1, max(2, problem.span - LENGTH + 2), LENGTH // 2))
    tried = turn = 0
    while tried < len(begins):
        ends = np.round(plan.schedule["end_h"].to_numpy() / problem.period_h).astype(int)
        first = begins[turn % len(begins)]
        new = evaluate(problem, _window(problem, plan.order, ends, first, gap))
        better = new.lost_periods < plan.lost_periods - 1e-9
        plan, tried, turn = (new, 0, turn + 1) if better else (plan, tried + 1, turn + 1)
    return plan.order


def _window(problem: RepairProblem, order: Ints, ends: Ints, first: int, gap: float) -> Ints:
    """Order with the repairs that end in the periods of one window planned anew."""
    last = min(problem.span, first + LENGTH - 1)
    before, within, after = (
        order[which] for which in (ends < first, (ends >= first) & (ends <= last), ends > last)
    )
    if not len(within):
        return order
    up = problem.up.copy()
    up[before] = True
    part = replace(problem, up=up, horizon=last - first + 1)
    found = best_plan(part, gap=gap, barred=np.isin(part.damaged, after)).order
    return np.concatenate([before, found[np.isin(found, within)], after])
