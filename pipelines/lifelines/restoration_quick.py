"""Orders of repair measured quickly: every set of repaired assets is looked at once and remembered."""

from __future__ import annotations

import numpy as np

from workbench.lifelines.model import Floats, Ints
from workbench.lifelines.restoration import RepairProblem

STEPS = 400
"""Hours at which the bound is looked at."""


class Quick:
    """
    Service lost by orders of repair, without batteries; as `evaluate`, many times over.

    Parameters
    ----------
    problem
        What is damaged, with weights that are people.
    """

    def __init__(self, problem: RepairProblem) -> None:
        self.problem = problem
        self._known: dict[int, Floats] = {}
        self.bit = [1 << i for i in range(len(problem.damaged))]

    @property
    def everything(self) -> int:
        """The set of all damaged assets."""
        return (1 << len(self.bit)) - 1

    def lost(self, sets: list[int]) -> Floats:
        """
        People without each service where only these assets are repaired.

        Parameters
        ----------
        sets
            Sets of damaged assets, each a number whose bits are places among the damaged.

        Returns
        -------
        people
            Shape (sets, layers).
        """
        new = [one for one in dict.fromkeys(sets) if one not in self._known]
        if new:
            problem = self.problem
            up = np.repeat(problem.up[None], len(new), axis=0)
            for row, one in enumerate(new):
                up[row, problem.damaged] = [bool(one & bit) for bit in self.bit]
            found = (1.0 - problem.shares(up)) * problem.weight
            self._known.update(zip(new, found, strict=True))
        return np.array([self._known[one] for one in sets])

    def ends(
        self,
        order: Ints,
        *,
        hours: Floats | None = None,
        travel: Floats | None = None,
        crews: Ints | None = None,
    ) -> Floats:
        """
        Hour at which each repair ends, in the order of the problem's damaged assets.

        Parameters
        ----------
        order
            Places among the damaged assets.
        hours, travel, crews
            Of each repair, between sites, and the pool of each crew, in place of the problem's.
        """
        problem = self.problem
        takes = problem.duration_h if hours is None else hours
        way = problem.travel_h if travel is None else travel
        pools = (problem.crew_pools if crews is None else crews).tolist()
        free: dict[int, list[float]] = {}
        for pool in pools:
            free.setdefault(pool, []).append(0.0)
        site = {pool: [0] * len(each) for pool, each in free.items()}
        ends = np.empty(len(order))
        pool_of = problem.pool
        for place in order.tolist():
            own = free[int(pool_of[place])]
            crew = own.index(min(own))
            sites = site[int(pool_of[place])]
            leave = own[crew] + (0.0 if way is None else float(way[sites[crew], place + 1]))
            own[crew] = ends[place] = leave + float(takes[place])
            sites[crew] = place + 1
        return ends

    def by_layer(self, ends: Floats) -> Floats:
        """Person-hours of each layer lost until all is repaired, where repairs end at these hours."""
        sequence = np.argsort(ends, kind="stable")
        done, sets = 0, []
        for place in sequence.tolist():
            sets.append(done)
            done |= self.bit[place]
        lasts = np.diff(ends[sequence], prepend=0.0)
        return np.asarray(lasts @ self.lost(sets))

    def total(self, order: Ints) -> float:
        """Person-hours of service that an order loses with the problem's own repair times."""
        return float(self.by_layer(self.ends(order)).sum())


def least_loss(quick: Quick) -> float:
    """
    Person-hours that no order goes below.

    By any hour no repair longer than that is done, and the crews of a pool have done no more work than their
    hours hold; so some repairs are still open, and service is at most what it is without the one of them that
    is missed least. Travel is left out.

    Parameters
    ----------
    quick
        Of the problem.
    """
    problem = quick.problem
    takes, n = problem.duration_h, len(problem.damaged)
    last = max(
        float(takes.max()),
        *(
            float(takes[problem.pool == pool].sum()) / int((problem.crew_pools == pool).sum())
            for pool in set(problem.pool.tolist())
        ),
    )
    hours = np.unique(np.concatenate([takes, np.linspace(0, last, STEPS + 1)[1:]]))
    least = [_open(quick, hour - 1e-9, n) for hour in hours]  # just before: nothing ends in between
    return float(np.diff(hours, prepend=0.0) @ np.array(least))


def _open(quick: Quick, hour: float, n: int) -> float:
    """People without services at least, at an hour."""
    problem = quick.problem
    takes = problem.duration_h
    able = [place for place in range(n) if takes[place] <= hour]
    done = sum(quick.bit[place] for place in able)
    least = float(quick.lost([done])[0].sum())
    for pool in set(problem.pool.tolist()):
        own = [place for place in able if problem.pool[place] == pool]
        over = float(takes[own].sum()) - hour * int((problem.crew_pools == pool).sum())
        if not own or over <= 0:
            continue
        without = quick.lost([done ^ quick.bit[place] for place in own]).sum(axis=1)
        cheap = np.argsort(without, kind="stable")
        at = int(np.searchsorted(np.cumsum(takes[own][cheap]), over - 1e-9))
        least = max(least, float(without[cheap[min(at, len(own) - 1)]]))
    return least
