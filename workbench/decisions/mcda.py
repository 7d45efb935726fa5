"""
Several criteria with stated weights: which option has the most value, how sure, which weight turns it.

    criteria = (
        Criterion(wait, weight=0.6, worst=600, best=120),
        Criterion(cost, weight=0.4, worst=90, best=40),
    )
    appraisal = appraise_criteria(samples, criteria, streams=Streams(42))
    appraisal.verdict.best, appraisal.break_even["wait"].nearest

Value is additive [1]_: an option's value on a criterion is 0 at its worst level and 1 at its best, linear in
between, and the weights add up. A weight is what the swing over its whole range is worth, so weights mean
nothing without the ranges they were stated for [2]_; ranges are asked for, never taken from the options.

References
----------
.. [1] R. L. Keeney and H. Raiffa (1976), Decisions with Multiple Objectives, ch. 3.
.. [2] D. von Winterfeldt and W. Edwards (1986), Decision Analysis and Behavioral Research.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench._text import Text
from workbench.decisions._arrays import Floats
from workbench.decisions._checks import names_of, number
from workbench.decisions.options import Outcome
from workbench.decisions.ranking import rank
from workbench.decisions.samples import Samples
from workbench.decisions.verdict import Verdict
from workbench.errors import BadParameter
from workbench.simulation import Streams

VALUE = Outcome("value", "1", Text("Value of the weighted criteria", "加权准则的价值"), "more")


@dataclass(frozen=True)
class Criterion:
    """
    An outcome with the range and the weight it counts by.

    Parameters
    ----------
    outcome
        Which outcome, and which direction is better.
    weight
        What the swing from `worst` to `best` is worth, 0 to 1; the weights of all criteria add up to 1.
    worst, best
        Levels of value 0 and 1, in the unit of the outcome.

    Raises
    ------
    BadParameter
        A weight out of bounds, or a range that is empty or runs against what is better.
    """

    outcome: Outcome
    weight: float
    worst: float
    best: float

    def __post_init__(self) -> None:
        of = f"of '{self.outcome.name}'"
        number(f"The weight {of}", self.weight, least=0, most=1)
        number(f"The worst level {of}", self.worst)
        number(f"The best level {of}", self.best)
        if not self.outcome.sign * self.best < self.outcome.sign * self.worst:
            raise BadParameter(
                f"{self.outcome.better.capitalize()} {of} is better, so its best level must be "
                f"{'below' if self.outcome.better == 'less' else 'above'} its worst: {self.best:g} is not, "
                f"against {self.worst:g}."
            )

    def value(self, level: Floats) -> Floats:
        """Value of levels, 0 at the worst and 1 at the best, linear; of the shape of `level`."""
        return np.asarray((level - self.worst) / (self.best - self.worst))


@dataclass(frozen=True)
class BreakEven:
    """
    How far one weight may move, the others kept in proportion, before another option has the most value.

    Attributes
    ----------
    weight
        As stated.
    below, above
        Weights below and above which the first place changes; None where it never does on that side.
    below_for, above_for
        The option that then takes it.
    """

    weight: float
    below: float | None
    above: float | None
    below_for: str | None
    above_for: str | None

    @property
    def nearest(self) -> float | None:
        """The one of the two that is nearer to the weight; None where the first place never changes."""
        ends = [end for end in (self.below, self.above) if end is not None]
        return min(ends, key=lambda end: abs(end - self.weight)) if ends else None


@dataclass(frozen=True, eq=False)
class CriteriaAppraisal:
    """
    Options by the weighted value of their criteria; made by `appraise_criteria`.

    Attributes
    ----------
    criteria
        With their weights and ranges.
    parts
        Weighted value of each criterion at the mean, shape (options, criteria); rows add up to the value.
    verdict
        The ranking by value: best option, P(best) with these weights, regret in value.
    break_even
        By name of the outcome, how far its weight may move.
    """

    criteria: tuple[Criterion, ...]
    parts: Floats
    verdict: Verdict
    break_even: Mapping[str, BreakEven]


def appraise_criteria(
    samples: Samples,
    criteria: Sequence[Criterion],
    *,
    sure: float = 0.9,
    likely: float = 0.7,
    streams: Streams,
    resamples: int = 2000,
) -> CriteriaAppraisal:
    """
    Rank options by the weighted value of several criteria.

    Parameters
    ----------
    samples
        Options on draws, with the outcomes of all criteria.
    criteria
        Weights and ranges.
    sure, likely, streams, resamples
        As in `rank`.

    Raises
    ------
    UnknownName
        The samples do not have an outcome.
    BadParameter
        Weights do not add up to 1, an outcome is there twice, or an option's mean lies outside of a range:
        the weight was stated for the range, so a wider one needs a new weight.

    Notes
    -----
    Values of single draws may leave 0 to 1; those of the means do not.
    """
    given = tuple(criteria)
    names = names_of("criterion", [each.outcome.name for each in given])
    total = math.fsum(each.weight for each in given)
    if abs(total - 1) > 1e-9:
        raise BadParameter(f"The weights add up to {total:g} and must add up to 1: divide each by {total:g}.")
    for each in given:
        _inside(each, samples.means(each.outcome.name), samples.names)
    per_draw = [
        sum(each.weight * each.value(samples.values(each.outcome.name, name)) for each in given)
        for name in samples.names
    ]
    values = Samples(
        samples.names, (VALUE.name,), tuple(np.reshape(v, (-1, 1)) for v in per_draw), samples.same_draws
    )
    verdict = rank(values, VALUE, sure=sure, likely=likely, streams=streams, resamples=resamples)
    scores = np.column_stack([each.value(samples.means(each.outcome.name)) for each in given])
    weights = np.array([each.weight for each in given])
    turns = {name: break_even(scores, weights, place, samples.names) for place, name in enumerate(names)}
    return CriteriaAppraisal(given, scores * weights, verdict, turns)


def break_even(scores: Floats, weights: Floats, place: int, names: Sequence[str]) -> BreakEven:
    """
    How far the weight of one criterion may move before the first place changes.

    Parameters
    ----------
    scores
        Value of each option on each criterion, shape (options, criteria).
    weights
        Shape (criteria,), adding up to 1. The others share what is left in proportion to their weights, and
        equally where all of them are 0.
    place
        Which criterion.
    names
        Options.

    Notes
    -----
    With weight w on the criterion an option is worth w v + (1 - w) r, v being its value there and r that of
    the others; two options are equal where that of their differences is 0, and the nearest such w on either
    side within 0 to 1 is where the leader is overtaken.
    """
    now, others = float(weights[place]), np.delete(weights, place)
    if not others.size:
        return BreakEven(now, None, None, None, None)
    shares = others / others.sum() if others.sum() > 0 else np.full(others.size, 1 / others.size)
    own, rest = scores[:, place], np.delete(scores, place, axis=1) @ shares
    worth = now * own + (1 - now) * rest
    worth = np.where(worth >= worth.max() - 1e-12, worth.max(), worth)
    first = int(np.argmax(worth))
    lead, slope = worth[first] - worth, (own - rest)[first] - (own - rest)
    below, above, below_for, above_for = 0.0, 1.0, None, None
    for other in range(len(worth)):
        if abs(slope[other]) <= 1e-12:
            continue
        at = now - float(lead[other] / slope[other])
        if slope[other] < 0 and now <= at < above:
            above, above_for = at, names[other]
        if slope[other] > 0 and below < at <= now:
            below, below_for = at, names[other]
    return BreakEven(
        now,
        below if below_for is not None else None,
        above if above_for is not None else None,
        below_for,
        above_for,
    )


def _inside(criterion: Criterion, means: Floats, names: tuple[str, ...]) -> None:
    low, high = sorted((criterion.worst, criterion.best))
    slack = 1e-9 * (high - low)
    for name, mean in zip(names, means, strict=True):
        if not low - slack <= mean <= high + slack:
            raise BadParameter(
                f"'{name}' has a mean {criterion.outcome.name} of {mean:g} {criterion.outcome.unit}, outside "
                f"of {low:g} to {high:g}: widen the range, and state the weight again for the wider one."
            )
