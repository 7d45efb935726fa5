"""Who does which repair when, and what service comes back with it."""

from __future__ import annotations

import numpy as np

from workbench.lifelines._repair_problem import RepairProblem
from workbench.lifelines.model import Floats, Ints


def dispatch(problem: RepairProblem, places: Ints) -> tuple[Ints, Floats, Floats, Floats]:
    """
    Give each repair of an order to the crew of its pool that is free first.

    Parameters
    ----------
    problem
        What is damaged.
    places
        Places among the damaged assets, in order.

    Returns
    -------
    crew, leave, start, end
        Of each repair: number of the crew, hour it sets out, begins and ends.
    """
    crew_of, free, site = (
        problem.crew_pools,
        np.zeros(len(problem.crew_pools)),
        np.zeros(len(problem.crew_pools), int),
    )
    crews = np.empty(len(places), np.int32)
    leave, start, end = np.empty((3, len(places)))
    for i, place in enumerate(places.tolist()):
        able = np.flatnonzero(crew_of == problem.pool[place])
        crew = able[int(free[able].argmin())]
        crews[i], leave[i] = crew, free[crew]
        start[i] = leave[i] + (0.0 if problem.travel_h is None else problem.travel_h[site[crew], place + 1])
        end[i] = start[i] + problem.duration_h[place]
        free[crew], site[crew] = end[i], place + 1
    return crews, leave, start, end


def service_over_time(problem: RepairProblem, assets: Ints, end: Floats) -> tuple[Floats, Floats]:
    """
    Service of each layer from each hour at which repairs are finished on.

    Returns
    -------
    hours, shares
        Hour 0 and the hours of repairs, each once, shape (hours,); share of the intact service, (hours,
        layers).
    """
    hours = np.unique(np.concatenate([[0.0], end]))
    states = np.repeat(problem.up[None], len(hours), axis=0)
    states[:, assets] |= end[None, :] <= hours[:, None]
    return hours, problem.shares(states)
