"""
Robust choice: which option holds up over futures that nobody can give probabilities for.

Rules disagree, and each says what it looks at [1]_: the worst outcome (maximin), the largest regret (minimax
regret), the share of futures good enough (satisficing), or a mix of best and worst (Hurwicz). An option that
several of them pick is robust in more than one sense; ties are said.

References
----------
.. [1] C. McPhail, H. R. Maier, J. H. Kwakkel, M. Giuliani, A. Castelletti and S. Westra (2018), Robustness
   metrics: how are they calculated, when should they be used and why do they give different results?,
   Earth's Future 6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from workbench.decisions._arrays import Floats, level_between, table, unique, whole
from workbench.decisions._checks import number
from workbench.errors import BadParameter
from workbench.simulation.intervals import holm

Rule = Literal["maximin", "minimax_regret", "satisficing", "hurwicz"]
SAME = 1e-9
"""Two values this near, relative to the largest outcome, are equal but for rounding."""


@dataclass(frozen=True)
class Share:
    """
    Share of futures with its interval.

    Attributes
    ----------
    share, low, high
        From 0 to 1.
    count, of
        Futures good enough, and all of them.
    """

    share: float
    low: float
    high: float
    count: int
    of: int


@dataclass(frozen=True, eq=False)
class Pick:
    """
    What one rule says.

    Attributes
    ----------
    rule
        "maximin", "minimax_regret", "satisficing" or "hurwicz".
    values
        What the rule compares, shape (options,): the worst outcome, the largest regret, the share of futures
        good enough, or the mix of best and worst; all but the share in the unit of the outcome.
    chosen
        The options it picks; more than one is a tie.
    cannot_separate
        Further options that may be as good, as far as these futures tell; only satisficing can say so.
    """

    rule: Rule
    values: Floats
    chosen: tuple[str, ...]
    cannot_separate: tuple[str, ...] = ()

    @property
    def tie(self) -> bool:
        """Whether the rule cannot choose between several."""
        return len(self.chosen) > 1


@dataclass(frozen=True, eq=False)
class Robustness:
    """
    What every rule says of the same options and futures.

    Attributes
    ----------
    options
        In the order of the arrays.
    picks
        One a rule.
    regret
        Outcome of the best option in that future less this option's, shape (futures, options), never below 0.
    worst_future
        For each option the row of the future it regrets most, shape (options,).
    shares
        Share of futures good enough, one an option; none where no target was given.
    """

    options: tuple[str, ...]
    picks: tuple[Pick, ...]
    regret: Floats
    worst_future: tuple[int, ...]
    shares: tuple[Share, ...]

    def picked(self) -> dict[str, tuple[Rule, ...]]:
        """Return for each option the rules that pick it, alone or in a tie."""
        return {one: tuple(each.rule for each in self.picks if one in each.chosen) for one in self.options}


def wilson(count: int, of: int, *, level: float = 0.95) -> Share:
    """
    Share of successes with Wilson's score interval [1]_.

    Parameters
    ----------
    count, of
        Successes, and trials, at least 1.
    level
        Coverage of the interval.

    Raises
    ------
    BadParameter
        There is no trial, or more successes than trials.

    References
    ----------
    .. [1] E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal
       of the American Statistical Association 22.
    """
    whole("of", of, 1)
    if whole("count", count, 0) > of:
        raise BadParameter(f"`count` must be at most {of}, not {count}.")
    z = NormalDist().inv_cdf((1 + level_between(level)) / 2)
    share, weight = count / of, z * z / of
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / of + weight / (4 * of))
    low = 0.0 if count == 0 else max(0.0, middle - half)
    return Share(share, low, 1.0 if count == of else min(1.0, middle + half), count, of)


def compare_robustness(
    outcomes: Floats,
    options: Sequence[str],
    *,
    larger_is_better: bool = True,
    target: float | None = None,
    optimism: float | None = None,
    level: float = 0.95,
) -> Robustness:
    """
    Let every rule choose.

    Parameters
    ----------
    outcomes
        Shape (futures, options), the same futures for every option.
    options
        Their names, at least 2.
    larger_is_better
        False for costs, delays and the like.
    target
        An outcome at least as good is good enough; without it there is no satisficing.
    optimism
        Hurwicz's weight of the best outcome, 0 to 1; without it the rule is left out.
    level
        Coverage of the shares' intervals, and certainty with which shares are told apart: by exact McNemar
        tests [1]_ against the largest, adjusted by Holm. They hold where futures were drawn at random; a
        Latin hypercube tells at least as much.

    Raises
    ------
    BadParameter
        Fewer than 2 options or futures, names that do not fit, outcomes that are missing or infinite, or a
        `target`, `optimism` or `level` out of bounds.

    References
    ----------
    .. [1] Q. McNemar (1947), Note on the sampling error of the difference between correlated proportions or
       percentages, Psychometrika 12.
    """
    given = table("The outcomes", outcomes, "futures", "options")
    names = unique("option", options, given.shape[1])
    if min(given.shape) < 2:
        raise BadParameter(f"A comparison needs at least 2 futures and 2 options, not {given.shape}.")
    level_between(level)
    good = given if larger_is_better else -given
    near = SAME * float(np.abs(good).max())
    worst, best = good.min(axis=0), good.max(axis=0)
    regret = good.max(axis=1, keepdims=True) - good
    largest = regret.max(axis=0)
    sign = 1.0 if larger_is_better else -1.0
    picks = [
        Pick("maximin", sign * worst, _largest(names, worst, near)),
        Pick("minimax_regret", largest, _largest(names, -largest, near)),
    ]
    shares: tuple[Share, ...] = ()
    if target is not None:
        number("`target`", target)
        enough = good >= sign * target
        shares = tuple(wilson(int(n), len(good), level=level) for n in enough.sum(axis=0))
        picks.append(_satisficing(names, enough, level))
    if optimism is not None:
        number("`optimism`", optimism, least=0, most=1)
        mix = optimism * best + (1 - optimism) * worst
        picks.append(Pick("hurwicz", sign * mix, _largest(names, mix, near)))
    return Robustness(names, tuple(picks), regret, tuple(int(at) for at in regret.argmax(axis=0)), shares)


def _largest(names: Sequence[str], values: Floats, near: float) -> tuple[str, ...]:
    return tuple(name for name, value in zip(names, values, strict=True) if value >= values.max() - near)


def _satisficing(names: Sequence[str], enough: np.ndarray, level: float) -> Pick:
    counts = enough.sum(axis=0)
    top = int(counts.argmax())
    others = [at for at in range(len(names)) if counts[at] < counts[top]]
    p = holm([_mcnemar(enough[:, top], enough[:, at]) for at in others])
    unclear = tuple(names[at] for at, one in zip(others, p, strict=True) if one > 1 - level)
    chosen = tuple(name for name, count in zip(names, counts, strict=True) if count == counts[top])
    return Pick("satisficing", counts / len(enough), chosen, unclear)


def _mcnemar(one: np.ndarray, other: np.ndarray) -> float:
    """Two-sided exact p-value of two shares over the same futures: a fair coin decides where they differ."""
    more, fewer = int((one & ~other).sum()), int((other & ~one).sum())
    n, least = more + fewer, min(more, fewer)
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
        for k in range(least + 1)
    ]
    return min(1.0, 2 * math.fsum(math.exp(each) for each in logs))
