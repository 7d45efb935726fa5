"""The city that crews repair, in SimPy: crews are processes, and so are batteries that run out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter
from workbench.lifelines._repair_problem import RepairProblem
from workbench.lifelines.model import Bools, Floats, Ints

SOON = 1e-9
"""Hours that count as none."""


@dataclass(frozen=True)
class Work:
    """One repair: asset and crew by number, and the hours it is set out for, begun and ended."""

    asset: int
    crew: int
    leave: float
    start: float
    end: float


class City:
    """
    What works from hour to hour while crews repair.

    Parameters
    ----------
    problem
        What is damaged.
    order
        Damaged assets by number, in the order in which they are taken.
    hours
        Hours of each repair, in the order of the problem's damaged assets.
    """

    def __init__(self, problem: RepairProblem, order: Ints, hours: Floats) -> None:
        if hours.shape != problem.damaged.shape or not (hours > 0).all():
            raise BadParameter(
                f"A day has hours above 0 for each of {len(problem.damaged)} repairs, not {hours.shape}."
            )
        self.problem, self.rules = problem, problem.rules
        self.env = need("simpy", "Simulating crews").Environment()
        self.hours = hours
        self.work: list[Work] = []
        self.up = problem.up.copy()
        self.until = np.full(len(self.rules.kept), np.inf)  # hour until which each dependency is served
        self.works = self._greatest(problem.system.intact)
        self._log: list[tuple[float, str, int, int]] = []
        self._states: list[tuple[float, Bools]] = []
        places = np.searchsorted(problem.damaged, order).tolist()
        self.waiting = {
            pool: deque(place for place in places if problem.pool[place] == pool)
            for pool in set(problem.crew_pools.tolist())
        }

    def run(self) -> None:
        """Run until all is repaired and nothing changes any more."""
        self.settle()
        for crew in range(len(self.problem.crew_pools)):
            self.env.process(self.crew(crew))
        self.env.run()

    def crew(self, number: int) -> Iterator[Any]:
        """Go to the next asset, repair it, and so on until none is left."""
        problem, env, site = self.problem, self.env, 0
        waiting = self.waiting[int(problem.crew_pools[number])]
        while waiting:
            place = waiting.popleft()
            asset, leave = int(problem.damaged[place]), env.now
            if problem.travel_h is not None:
                self._log.append((leave, "leaves", number, asset))
                yield env.timeout(float(problem.travel_h[site, place + 1]))
            self._log.append((env.now, "begins", number, asset))
            start, site = env.now, place + 1
            yield env.timeout(float(self.hours[place]))
            self.work.append(Work(asset, number, leave, start, env.now))
            self._log.append((env.now, "repaired", number, asset))
            self.up[asset] = True
            self.settle()

    def battery(self, until: float) -> Iterator[Any]:
        """Look again when a battery runs out."""
        yield self.env.timeout(until - self.env.now)
        self.settle()

    def settle(self) -> None:
        """Let everything follow from what is up now and from the batteries that last."""
        now, before = self.env.now, self.works
        known = self.until.copy()
        if self.problem.start == "greatest":
            self.works = self._greatest(self.up)
        else:
            self.works = self._restarted(self._greatest(before & self.up))
        useful = self.rules.useful(self.works[None])[0]
        self.until[useful] = np.inf  # served again: full again
        for until in set(self.until[np.isfinite(self.until) & np.isinf(known)].tolist()):
            if until > now + SOON:
                self.env.process(self.battery(until))
        for asset in np.flatnonzero(before != self.works).tolist():
            self._log.append((now, "works" if self.works[asset] else "fails", -1, asset))
        if not self._states or (before != self.works).any():
            self._states.append((now, self.works.copy()))

    def states(self) -> tuple[Floats, Bools]:
        """Hours at which what works changed, each once, and what works from then on, (changes, assets)."""
        last = dict(self._states)  # of several changes at one hour, the last
        return np.array(list(last)), np.array(list(last.values()))

    def log(self) -> pl.DataFrame:
        """Events in the order of time."""
        names = (*self.problem.crew_names, None)
        hour, what, crew, asset = zip(*self._log, strict=True) if self._log else ((), (), (), ())
        assets = self.problem.system.assets[list(asset)]
        return pl.DataFrame(
            {
                "hour": pl.Series(hour, dtype=pl.Float64),
                "what": pl.Series(what, dtype=pl.String),
                "crew": pl.Series([names[one] for one in crew], dtype=pl.String),
                "layer": assets["layer"],
                "id": assets["id"],
            }
        )

    def _held(self, works: Bools) -> Bools:
        """Whether each depending asset is served or lives on its batteries; notes what is lost from now."""
        now = self.env.now
        useful = self.rules.useful(works[None])[0]
        lost = ~useful & np.isinf(self.until)
        self.until[lost] = now + self.rules.buffer_h[lost]
        held = useful | (now < self.until - SOON)
        return np.asarray(self.rules.allowed(held[None])[0])

    def _greatest(self, up: Bools) -> Bools:
        """Let fail what is not held, until all that is left is."""
        works = up.copy()
        while len(self.rules.kept):
            failing = works[self.rules.assets] & ~self._held(works)
            if not failing.any():
                break
            works[self.rules.assets[failing]] = False
        return works

    def _restarted(self, running: Bools) -> Bools:
        """Start what is up and served by what runs, until nothing more can be started."""
        works = running | self.up
        works[self.rules.assets] = running[self.rules.assets]
        while len(self.rules.kept):
            starting = self.up[self.rules.assets] & ~works[self.rules.assets] & self._held(works)
            if not starting.any():
                break
            works[self.rules.assets[starting]] = True
        return works
