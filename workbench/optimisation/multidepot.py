"""
Multi-depot vehicle schedules, with a lower bound and the gap to it.

The linear relaxation of the flow model with one layer a depot bounds every schedule from below. It has one
column for each link and depot, of which few matter: the relaxation is solved on those that look cheap when
depots are thrown together, all others are priced with its dual values, and those that would help join until
none is left. Schedules come from the columns of small reduced cost, as a mixed-integer program. A schedule
with any other column costs at least the bound plus the smallest reduced cost left out, which closes the proof
when there is time.

References
----------
.. [1] C. C. Ribeiro and F. Soumis (1994), A column generation approach to the multiple-depot vehicle
   scheduling problem, Operations Research 42, 41-52.
.. [2] A. Löbel (1998), Vehicle scheduling in public transit and Lagrangean pricing, Management Science 44,
   1637-1649.
.. [3] Q. Huangfu and J. A. J. Hall (2018), Parallelizing the dual revised simplex method, Mathematical
   Programming Computation 10, 119-142 (HiGHS).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import CheckFailed
from workbench.optimisation._check import number
from workbench.optimisation._depotmodel import DepotModel, Links
from workbench.optimisation.deadheads import Floats
from workbench.optimisation.depots import DepotProblem

RELAXED, WHOLE, WIDER = 10, 5, 4
"""Links for each trip in the first relaxation and in the first integer program; how many times more next."""
NOTHING = 1e-9
"""A reduced cost nearer to 0 than this share of the dearest link (and than the solver's own 1e-7) is 0."""


@dataclass(frozen=True)
class Relaxation:
    """
    The linear relaxation of a multi-depot problem.

    Attributes
    ----------
    bound
        No schedule costs less.
    reduced
        Reduced cost of every link, shape (depots, links).
    rounds, links
        Linear programs solved, and the links in the last of them.
    """

    bound: float
    reduced: Floats = field(repr=False)
    rounds: int
    links: int


@dataclass(frozen=True)
class DepotSchedule:
    """
    A schedule with several depots.

    Attributes
    ----------
    blocks
        block_id, depot, sequence (from 1), trip_id.
    cost
        Its cost.
    lower_bound
        No schedule costs less.
    gap
        Share of the cost by which it may be above the cheapest schedule; 0 when it is proved to be the
        cheapest.
    relaxation
        Value of the linear relaxation.
    vehicles
        Vehicles out of each depot: depot, vehicles, available.
    """

    blocks: pl.DataFrame = field(repr=False)
    cost: float
    lower_bound: float
    gap: float
    relaxation: float
    vehicles: pl.DataFrame = field(repr=False)


def relax(problem: DepotProblem, *, progress: Callable[[str], None] | None = None) -> Relaxation:
    """
    Lower bound of a multi-depot problem: its linear relaxation, over all links.

    Parameters
    ----------
    problem
        From `depot_problem` or `read_depot_problem`.
    progress
        Told after each round, in a sentence.

    Raises
    ------
    CheckFailed
        No schedule exists with the vehicles there are.
    EngineMissing
        SciPy is not installed.
    """
    return _relax(DepotModel(problem), progress or _quiet)


def depot_schedule(
    problem: DepotProblem,
    *,
    gap: float = 0.001,
    time_limit_s: float = 600.0,
    progress: Callable[[str], None] | None = None,
) -> DepotSchedule:
    """
    Schedule with several depots, at most so far above the cheapest.

    Parameters
    ----------
    problem
        From `depot_problem` or `read_depot_problem`.
    gap
        Share of the cost that the schedule may be above the lower bound; 0 asks for a proved optimum.
    time_limit_s
        When to stop looking for better ones, s; then the gap may be larger, and the schedule may depend on
        the machine.
    progress
        Told after each round, in a sentence.

    Returns
    -------
    schedule
        Its gap is always stated.

    Raises
    ------
    BadParameter
        A parameter is out of its bounds.
    CheckFailed
        No schedule exists with the vehicles there are, or none was found in time.
    EngineMissing
        SciPy is not installed.
    """
    wanted, limit = number("gap", gap, least=0, most=1), number("time_limit_s", time_limit_s, above=0)
    tell, begun = progress or _quiet, time.monotonic()
    model = DepotModel(problem)
    relaxation = _relax(model, tell)
    reduced = relaxation.reduced
    order = np.sort(reduced, axis=None)
    many, cost, bound = WHOLE * model.trips, math.inf, relaxation.bound
    chosen: tuple[Links, Floats] | None = None
    while True:
        most = float(order[min(many, len(order)) - 1]) if len(order) else 0.0
        used = [np.flatnonzero(layer <= most) for layer in reduced]
        left = reduced[reduced > most].min(initial=math.inf)
        remaining = limit - (time.monotonic() - begun)
        if remaining <= 0:
            break
        done = _integer(model, used, wanted, remaining)
        if done.x is not None and done.fun < cost:
            cost, chosen = float(done.fun), (used, done.x)
        inside = math.inf if done.status == 2 else float(done.mip_dual_bound or 0.0)
        bound = max(bound, min(inside, relaxation.bound + left, cost))
        tell(f"{sum(map(len, used)):,} of {len(order):,} links: cost {cost:,.2f}, bound {bound:,.2f}")
        if not math.isfinite(left) and done.status == 2:
            raise CheckFailed("No schedule exists with the vehicles that the depots have: add vehicles.")
        if done.status == 1 or not math.isfinite(left) or cost - bound <= wanted * cost:
            break
        useful = int((order <= cost - relaxation.bound).sum())
        many = max(many + 1, min(WIDER * many, useful))
    if chosen is None:
        raise CheckFailed(
            f"No schedule was found in {limit:g} s: give more time. "
            f"None costs less than {relaxation.bound:,.2f}."
        )
    return _schedule(model, *chosen, bound, relaxation.bound)


def _relax(model: DepotModel, tell: Callable[[str], None]) -> Relaxation:
    """Solve the relaxation on few links, price all, and add those that help until none does."""
    guess = model.blended()
    nothing = max(1e-7, NOTHING * float(model.price.max(initial=0.0)))
    order, first, rounds = np.argsort(guess, kind="stable"), RELAXED * model.trips, 0
    links: Links = [np.sort(order[:first]) for _ in range(model.depots)]
    while True:
        rounds += 1
        solved = model.relaxed(links)
        many = sum(map(len, links))
        if solved is None:
            if many == model.depots * len(order):
                raise CheckFailed("No schedule exists with the vehicles that the depots have: add vehicles.")
            first *= WIDER
            links = [np.sort(order[:first]) for _ in range(model.depots)]
            continue
        value, reduced = solved
        tell(f"relaxation, round {rounds}: {value:,.2f} with {many:,} of {reduced.size:,} links")
        helping = reduced < -nothing
        for depot, used in enumerate(links):
            helping[depot, used] = False
        if not helping.any():
            return Relaxation(value + float(reduced[reduced < 0].sum()), reduced, rounds, many)
        for depot, used in enumerate(links):
            near = np.setdiff1d(np.argsort(reduced[depot], kind="stable")[: len(used) + model.trips], used)
            links[depot] = np.union1d(
                used, np.concatenate([near[: model.trips], np.flatnonzero(helping[depot])])
            )


def _integer(model: DepotModel, links: Links, gap: float, limit_s: float) -> Any:
    """Solve the integer program over some links."""
    optimize = need("scipy.optimize", "Multi-depot scheduling")
    matrix, costs = model.program(links)
    return optimize.milp(
        costs,
        constraints=optimize.LinearConstraint(matrix, *model.sides()),
        integrality=np.ones(len(costs)),
        bounds=optimize.Bounds(0, 1),
        options={"time_limit": limit_s, "mip_rel_gap": gap},
    )


def _schedule(
    model: DepotModel, links: Links, chosen: Floats, bound: float, relaxation: float
) -> DepotSchedule:
    """Read the chains of trips off the columns, and check them."""
    problem, at = model.problem, 0
    rows: list[tuple[str, int, int]] = []
    counts: list[int] = []
    cost = 0.0
    for depot, used in enumerate(links):
        out, back = model.outs[depot], model.backs[depot]
        taken = np.split(
            chosen[at : at + len(used) + len(out) + len(back)] > 0.5, [len(used), len(used) + len(out)]
        )
        at += len(used) + len(out) + len(back)
        link, firsts, lasts = used[taken[0]], out[taken[1]], back[taken[2]]
        after = dict(zip(model.tail[link].tolist(), model.head[link].tolist(), strict=True))
        cost += float(model.price[link].sum() + problem.pull_out[depot, firsts].sum())
        cost += float(problem.pull_in[lasts, depot].sum())
        counts.append(len(firsts))
        ends = []
        for trip in firsts.tolist():
            place = 1
            while True:
                rows.append((problem.depots[depot], place, trip))
                if trip not in after:
                    break
                trip, place = after.pop(trip), place + 1
            ends.append(trip)
        if after or sorted(ends) != lasts.tolist():
            raise CheckFailed(f"The schedule of depot '{problem.depots[depot]}' is not made of whole blocks.")
    if sorted(trip for _, _, trip in rows) != list(range(model.trips)):
        raise CheckFailed("The schedule does not run every trip once.")
    if any(count > most for count, most in zip(counts, problem.vehicles, strict=True)):
        raise CheckFailed("The schedule uses more vehicles than a depot has.")
    blocks = pl.DataFrame(
        rows, schema={"depot": pl.String, "sequence": pl.Int64, "place": pl.Int64}, orient="row"
    )
    number_ = (pl.col("sequence") == 1).cum_sum().cast(pl.String).str.zfill(4)
    blocks = blocks.select(
        pl.concat_str(pl.lit("B"), number_).alias("block_id"),
        "depot",
        "sequence",
        pl.Series("trip_id", [problem.trips[trip] for trip in blocks["place"]], dtype=pl.String),
    )
    vehicles = pl.DataFrame(
        {"depot": problem.depots, "vehicles": counts, "available": problem.vehicles},
        schema={"depot": pl.String, "vehicles": pl.Int64, "available": pl.Int64},
    )
    bound = min(bound, cost)
    return DepotSchedule(blocks, cost, bound, (cost - bound) / cost if cost else 0.0, relaxation, vehicles)


def _quiet(_: str) -> None:
    """Say nothing."""
