"""Orders of repair to compare: rules that crews are given, and an order that was looked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.restoration_quick import Quick, least_loss
from workbench.errors import BadParameter
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.model import Ints
from workbench.lifelines.repair_rules import greedy, priority, reverse_greedy
from workbench.lifelines.restoration import RepairProblem, lower_bound, plan_repairs

if TYPE_CHECKING:
    from pipelines.lifelines.restoration import RestorationParameters

REPORT, CHOSEN = "report", "optimised"
LARGE = 5_000
"""Assets from which on programmes take minutes, and the search starts from the rules alone."""
ROWS = 60_000
"""Damaged assets times periods of a programme up to which its relaxation is solved for a bound."""


def orders_of(quick: Quick, p: RestorationParameters) -> dict[str, Ints]:
    """
    Make the orders to compare, as places among the damaged assets; the optimised one is last.

    Parameters
    ----------
    quick
        Of the problem.
    p
        How it is looked for.

    Returns
    -------
    orders
        By option, without that of report. A rule whose crews work in the order of another is left out.
    """
    problem = quick.problem
    rules = rules_of(quick)
    starts = [*rules.values()]
    starts += [
        np.searchsorted(problem.damaged, each(problem)).astype(np.int32) for each in (greedy, _important)
    ]
    starts += simpler(problem, p)
    best = improved(quick, min(starts, key=lambda one: round(quick.total(one), 6)), p.evaluations)
    kept: dict[str, Ints] = {}
    for name, order in rules.items():
        known = [queues(problem, one) for one in (*kept.values(), best)]
        if queues(problem, order) not in known:
            kept[name] = order
    return kept | {CHOSEN: best}


def rules_of(quick: Quick) -> dict[str, Ints]:
    """Orders that rules give, as places among the damaged assets."""
    problem = quick.problem
    return {
        "biggest": biggest_first(quick),
        "nearest": nearest_first(quick),
        "reverse": np.searchsorted(problem.damaged, reverse_greedy(problem)).astype(np.int32),
    }


def _important(problem: RepairProblem) -> Ints:
    return priority(problem, "importance")


def queues(problem: RepairProblem, order: Ints) -> tuple[tuple[int, ...], ...]:
    """What each pool of crews does, in order: all that an order says."""
    return tuple(
        tuple(order[problem.pool[order] == pool].tolist()) for pool in sorted(set(problem.pool.tolist()))
    )


def biggest_first(quick: Quick) -> Ints:
    """Those first whose loss alone takes most people's services, whatever their repair takes."""
    alone = quick.lost([quick.everything ^ bit for bit in quick.bit]).sum(axis=1)
    return np.argsort(-np.round(alone, 6), kind="stable").astype(np.int32)


def nearest_first(quick: Quick) -> Ints:
    """Each free crew goes to the nearest open site; the first go to those nearest to all others."""
    problem, n = quick.problem, len(quick.bit)
    way = np.zeros((n + 1, n + 1)) if problem.travel_h is None else problem.travel_h
    free, site = np.zeros(len(problem.crew_pools)), np.zeros(len(problem.crew_pools), int)
    middle, left, order = way[1:, 1:].sum(axis=1), set(range(n)), []
    while left:
        pools = {int(problem.pool[place]) for place in left}
        able = [crew for crew, pool in enumerate(problem.crew_pools.tolist()) if pool in pools]
        crew = min(able, key=lambda one: (free[one], one))
        own = sorted(place for place in left if problem.pool[place] == problem.crew_pools[crew])
        far = middle if site[crew] == 0 else way[site[crew], 1:]
        place = min(own, key=lambda one: (round(float(far[one]), 9), one))
        free[crew] += way[site[crew], place + 1] + problem.duration_h[place]
        site[crew] = place + 1
        order.append(place)
        left.remove(place)
    return np.array(order, np.int32)


def simpler(problem: RepairProblem, p: RestorationParameters) -> list[Ints]:
    """Orders that programmes find for a simpler problem: no travel, no thresholds, people as demand."""
    if p.method == "search" or problem.system.size > LARGE:
        return []
    plain = replace(problem, system=peopled(problem.system), solver="connectivity", travel_h=None)
    try:
        if p.method == "milp":
            found = plan_repairs(plain, "milp", node_limit=p.node_limit)
        else:
            even = np.full(problem.system.size, problem.period_h)
            found = plan_repairs(replace(plain, repair_h=even), "windows")
    except BadParameter:  # what a programme cannot model is left to the rules and the search
        return []
    return [np.searchsorted(problem.damaged, found.order).astype(np.int32)]


def peopled(system: InterdependentSystem) -> InterdependentSystem:
    """The same networks with people as demand, and dependencies that ask of dependees only that they work."""
    some = (
        pl.when(pl.col("demand") > 0).then(pl.col("people").cast(pl.Float64)).otherwise(0.0).alias("demand")
    )
    layers = {name: network.with_columns([some], []) for name, network in system.layers.items()}
    leans = system.dependencies
    return InterdependentSystem(
        layers, None if leans is None else leans.with_columns(pl.lit(0.0).alias("threshold"))
    )


def improved(quick: Quick, order: Ints, evaluations: int) -> Ints:
    """
    Move repairs within the queue of their crews as long as that saves service.

    Parameters
    ----------
    quick
        Of the problem.
    order
        To begin with.
    evaluations
        Orders tried at most.

    Returns
    -------
    order
        Never worse than the one given.
    """
    pool = quick.problem.pool
    best, least, tried = order, quick.total(order), 0
    better = True
    while better and tried < evaluations:
        better = False
        for place in best.tolist():
            own = [at for at, one in enumerate(best.tolist()) if pool[one] == pool[place]]
            rest = np.delete(best, np.flatnonzero(best == place)[0])
            for at in own:
                if best[at] == place or tried >= evaluations:
                    continue
                tried += 1
                moved = np.insert(rest, at, place)
                value = quick.total(moved)
                if value < least * (1 - 1e-9):
                    best, least, better = moved, value, True
                    break
    return best.astype(np.int32)


def bound_of(quick: Quick, p: RestorationParameters) -> float:
    """
    Person-hours that no order goes below with these repair times, without batteries.

    The better of the bound by open work and, where dependencies ask no shares and repairs take whole periods,
    that of the relaxed programme.

    Parameters
    ----------
    quick
        Of the problem.
    p
        Its periods.
    """
    problem, found = quick.problem, least_loss(quick)
    exact = not (problem.system.arrays.threshold > 0).any()
    if p.method != "search" and exact and problem.span * problem.system.size <= ROWS:
        plain = replace(problem, system=peopled(problem.system), solver="connectivity", travel_h=None)
        try:
            found = max(found, lower_bound(plain))
        except BadParameter:  # repairs that do not fit into periods
            return found
    return found
