"""
Scenario discovery: under which futures does a plan fail (or do well).

`discover` looks for boxes in the space of inputs in which the futures of interest lie thick, by the patient
rule induction method (PRIM) [1]_ as used for policy by [2]_. "Nothing found" is a legal answer: a box is kept
only if labels dealt out at random rarely allow one as good.

References
----------
.. [1] J. H. Friedman and N. I. Fisher (1999), Bump hunting in high-dimensional data, Statistics and
   Computing 9.
.. [2] B. P. Bryant and R. J. Lempert (2010), Thinking inside the box: a participatory, computer-assisted
   approach to scenario discovery, Technological Forecasting and Social Change 77(1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.decisions._arrays import Floats, table, unique, whole
from workbench.decisions._checks import number
from workbench.decisions._prim import (
    Booleans,
    Score,
    best_on,
    everywhere,
    inside,
    paste,
    peel,
    quasi_p,
    share,
)
from workbench.decisions.scenarios import Box, Discovery, Restriction, Step
from workbench.errors import BadParameter
from workbench.simulation import Streams

LEAST_RUNS = 50
CHANCE = 0.05
"""A restriction or a box that chance brings about more often than this is dropped."""


def discover(
    values: Floats,
    cases: Booleans,
    names: Sequence[str],
    streams: Streams,
    *,
    alpha: float = 0.05,
    least_mass: float = 0.05,
    density: float | None = None,
    most: int = 3,
    permutations: int = 99,
) -> Discovery:
    """
    Find boxes of inputs in which cases lie thick.

    Peel, choose the box of the largest harmonic mean of coverage and density (or the widest of a wanted
    density), and paste; do it again without the least certain input until no restriction has a quasi-p-value
    above 0.05. The box is kept if it is denser than all futures together and, of `permutations` dealings of
    the cases, at most one in twenty allows a box as good; then its runs are taken out and the search begins
    anew.

    Parameters
    ----------
    values
        Inputs of each future, shape (runs, inputs), such as `Inputs.sample` draws.
    cases
        Which futures are of interest, shape (runs,), true or false.
    names
        Of the inputs.
    streams
        Randomness of the dealings.
    alpha
        Share of runs that one peel removes; small is patient.
    least_mass
        Smallest share of runs that a box may hold.
    density
        Wanted density; by default coverage and density weigh alike.
    most
        Boxes to look for, at least 1.
    permutations
        Dealings, at least 19.

    Raises
    ------
    BadParameter
        Fewer than 50 runs, shapes that do not fit, cases that are not true or false, or options out of
        bounds.
    EngineMissing
        SciPy is not installed.
    """
    futures = table("The inputs", values, "futures", "inputs")
    labels = unique("input", names, futures.shape[1])
    wanted = _true_or_false(cases, len(futures))
    whole("most", most, 1)
    whole("permutations", permutations, 19, "with fewer, nothing is rarer than one in twenty")
    for what, one in (("alpha", alpha), ("least_mass", least_mass)):
        if not 0 < number(f"`{what}`", one) < 0.5:
            raise BadParameter(f"`{what}` must lie between 0 and 0.5, not {one}.")
    if density is not None and not 0 < number("`density`", density) <= 1:
        raise BadParameter(f"`density` must lie above 0 and at most at 1, not {density}.")
    search = _Search(
        labels, alpha, max(10, math.ceil(least_mass * len(futures))), _score(density), permutations
    )
    left = np.ones(len(futures), bool)
    boxes: list[Box] = []
    total = int(wanted.sum())
    while len(boxes) < most and 0 < wanted[left].sum() < left.sum() and left.sum() >= LEAST_RUNS:
        found = search.box(futures[left], wanted[left], streams.child("discovery", len(boxes)))
        if found is None or found[1].density <= (
            total / len(futures) if density is None else density - 1e-12
        ):
            break
        limits, box = found
        left &= ~inside(futures, limits)
        boxes.append(_of_all(box, total, len(futures)))
    return Discovery(tuple(boxes), len(futures), total, sum(box.coverage for box in boxes))


@dataclass(frozen=True)
class _Search:
    """The search for one box."""

    names: tuple[str, ...]
    alpha: float
    least: int
    score: Score
    permutations: int

    def box(self, values: Floats, cases: Booleans, streams: Streams) -> tuple[Floats, Box] | None:
        total = int(cases.sum())
        path = whole_path = peel(values, cases, self.alpha, self.least)
        active = list(range(values.shape[1]))
        while True:  # without the inputs whose restriction chance may have brought, until none is left
            seen = values[:, active]
            limits = path[best_on(path, total, self.score)][0]
            limits = paste(seen, cases, limits, self.alpha, self.score)
            doubts = quasi_p(seen, cases, limits)
            if not doubts:
                return None
            worst = max(doubts, key=lambda at: doubts[at])
            if doubts[worst] <= CHANCE:
                break
            del active[worst]
            if not active:
                return None
            path = peel(values[:, active], cases, self.alpha, self.least)
        p = self._chance(values, cases, self._reached(whole_path, total), streams)
        if p > CHANCE:
            return None
        coverage, density, runs, found = share(seen, cases, limits)
        restrictions = tuple(
            Restriction(self.names[active[at]], _end(limits[at, 0]), _end(limits[at, 1]), doubts[at])
            for at in sorted(doubts, key=lambda at: (doubts[at], at))
        )
        steps = tuple(
            Step(hits / total, hits / n, n / len(values), int(np.isfinite(each).any(axis=1).sum()))
            for each, n, hits in path
        )
        wide = everywhere(values.shape[1])
        wide[active] = limits
        return wide, Box(restrictions, coverage, density, runs / len(values), runs, found, p, steps)

    def _reached(self, path: list[tuple[Floats, int, int]], total: int) -> float:
        _, runs, found = path[best_on(path, total, self.score)]
        return self.score(found / total, found / runs)

    def _chance(self, values: Floats, cases: Booleans, reached: float, streams: Streams) -> float:
        """How often dealt cases reach the score by peeling; it ends early once that is too often."""
        total, generator, as_good = int(cases.sum()), streams.generator("dealt"), 0
        for dealt in range(1, self.permutations + 1):
            path = peel(values, generator.permutation(cases), self.alpha, self.least)
            as_good += self._reached(path, total) >= reached
            if as_good + 1 > CHANCE * (self.permutations + 1):
                return (as_good + 1) / (dealt + 1)
        return (as_good + 1) / (self.permutations + 1)


def _score(wanted: float | None) -> Score:
    def balanced(coverage: float, density: float) -> float:
        return 2 * coverage * density / (coverage + density) if coverage + density else 0.0

    def dense(coverage: float, density: float) -> float:
        return coverage if wanted is None or density >= wanted else density - 1

    return balanced if wanted is None else dense


def _of_all(box: Box, cases: int, runs: int) -> Box:
    """Give a box its shares of all runs and cases, whatever was taken out before."""
    return Box(
        box.restrictions,
        box.cases / cases,
        box.density,
        box.runs / runs,
        box.runs,
        box.cases,
        box.p,
        box.trajectory,
    )


def _end(limit: Any) -> float | None:
    return float(limit) if np.isfinite(limit) else None


def _true_or_false(cases: Booleans, runs: int) -> Booleans:
    if runs < LEAST_RUNS:
        raise BadParameter(
            f"Scenario discovery needs at least {LEAST_RUNS} futures, not {runs}: sample more."
        )
    given = np.asarray(cases)
    if given.shape != (runs,) or not (given.dtype == bool or np.isin(given, (0, 1)).all()):
        raise BadParameter(
            f"`cases` must be true or false for each of the {runs} futures: compare the outcome with its "
            "target."
        )
    return given.astype(bool)
