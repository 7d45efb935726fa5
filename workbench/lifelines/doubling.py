"""
What to double so that every site has the availability promised.

    found = double_for(model, 0.9995, costs=costs)
    found.chosen, found.reached
    least_cost(model, 0.9995, costs=costs)      # no choice is cheaper

The choice is greedy, then rid of what it does not need; the bound is that of a covering problem. A site keeps
its promise only if the logarithms of the availabilities of what it cannot do without add up to that of the
promise, and each doubling adds a fixed amount to one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench._need import need
from workbench.lifelines._doubling import NONE, YEAR_MIN, Case, Doubling, doubled

if TYPE_CHECKING:
    from workbench.lifelines._strata import Numbers
    from workbench.lifelines.availability import AvailabilityModel
    from workbench.lifelines.model import Floats

__all__ = ["YEAR_MIN", "Doubling", "double_for", "doubled", "least_cost", "steps_of"]

NODES = 2000
"""Branches of the covering problem that are looked at: a count, not a time, so that all machines agree."""


def double_for(
    model: AvailabilityModel,
    promise: float,
    *,
    unavailability: Floats | None = None,
    costs: Floats | None = None,
    candidates: Numbers | None = None,
    common_cause: float = 0.1,
    budget: float = np.inf,
    most: int = 50,
) -> Doubling:
    """
    Choose assets to double, until every site has the availability promised.

    Each step takes the asset that takes away most of what sites lack to the promise, for each unit of its
    cost; where none takes anything away alone, the one that shortens most minutes without service. Sites that
    no doubling helps enough are left aside. Once the promise is kept, what it is kept without is taken out
    again, the dearest first. A greedy choice: `least_cost` says how far from the cheapest it may be.

    Parameters
    ----------
    model
        The network and the states tried.
    promise
        Availability that every site is to have, above 0 and below 1.
    unavailability
        Of each asset, shape (assets,), where not that of the model.
    costs
        Of doubling each asset, shape (assets,), above 0; all alike where not given.
    candidates
        Assets that can be doubled; all that can fail where not given.
    common_cause
        Share of failures that take both at once.
    budget
        What may be spent.
    most
        At most so many assets.

    Returns
    -------
    doubling
        What was chosen, and what each step gives.

    Raises
    ------
    BadParameter
        The promise is no share, a cost is not above 0, or a candidate is no asset.
    """
    case = Case(model, promise, unavailability, costs, candidates, common_cause)
    chosen: list[int] = []
    u, left, spent = case.u.copy(), case.candidates, 0.0
    while len(chosen) < most and case.lack(u) > NONE:
        affordable = left[case.cost[left] <= budget - spent + 1e-9]
        best = case.best(u, affordable)
        if best is None:
            break
        chosen.append(best)
        u[best], spent, left = case.twice[best], spent + float(case.cost[best]), left[left != best]
    if case.lack(u) <= NONE:
        for one in sorted(chosen, key=lambda a: (-case.cost[a], -chosen.index(a))):
            again = case.doubled([other for other in chosen if other != one])
            if case.lack(again) <= NONE:
                chosen.remove(one)
    return case.told(chosen)


def steps_of(
    model: AvailabilityModel,
    promise: float,
    chosen: list[int],
    *,
    unavailability: Floats | None = None,
    costs: Floats | None = None,
    common_cause: float = 0.1,
) -> Doubling:
    """
    Say what a given choice does, one asset after the other, such as one made on other states.

    Parameters
    ----------
    model, promise, unavailability, costs, common_cause
        As for `double_for`.
    chosen
        Assets by number, in their order.
    """
    case = Case(model, promise, unavailability, costs, None, common_cause)
    return case.told([int(one) for one in chosen])


def least_cost(
    model: AvailabilityModel,
    promise: float,
    *,
    unavailability: Floats | None = None,
    costs: Floats | None = None,
    candidates: Numbers | None = None,
    common_cause: float = 0.1,
) -> float:
    """
    Cost below which no doubling keeps the promise at every site that can have it.

    Parameters
    ----------
    model, promise, unavailability, costs, candidates, common_cause
        As for `double_for`.

    Returns
    -------
    cost
        A lower bound: every site must at least be rid of what its own chain of assets lacks, ways round left
        aside. Solved as an integer programme by HiGHS [1]_, no further than a fixed number of branches; then
        the bound reached so far.

    References
    ----------
    .. [1] Q. Huangfu and J. A. J. Hall (2018), Parallelizing the dual revised simplex method, Mathematical
       Programming Computation 10.
    """
    case = Case(model, promise, unavailability, costs, candidates, common_cause)
    optimize = need("scipy.optimize", "The least cost of doubling")
    gain = np.log1p(-case.twice) - np.log1p(-case.u)
    short = np.log(promise) - model.chains @ np.log1p(-case.u)
    wanting = (short > 1e-12) & ~case.beyond
    able = case.candidates[gain[case.candidates] > 0]
    if not wanting.any():
        return 0.0
    table = (model.chains @ _diagonal(gain)).tocsr()[wanting][:, able]
    scale, most = float(short[wanting].min()), float(case.cost[able].max())
    found = optimize.milp(
        case.cost[able] / most,
        constraints=optimize.LinearConstraint(table / scale, short[wanting] / scale * (1 - 1e-9)),
        bounds=optimize.Bounds(0, 1),
        integrality=np.ones(len(able)),
        options={"node_limit": NODES},
    )
    bound = found.mip_dual_bound if found.mip_dual_bound is not None else 0.0
    return max(float(bound), 0.0) * most


def _diagonal(values: Floats) -> Any:
    return need("scipy.sparse", "The least cost of doubling").diags_array(values)
