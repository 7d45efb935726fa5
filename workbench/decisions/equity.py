"""
Who bears it: an outcome by district or group, who is worst off, and how unequal it is.

    found = by_group(waits, Outcome("wait", "min", Text("Wait"), "less"), residents, streams=Streams(42))
    found.worst, found.p_worst, found.word, found.gini

Groups with too few draws are not given a number: they are named, and what share of the population they are
is said. All other figures are among the groups that can be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.decisions._arrays import Floats, level_between, whole
from workbench.decisions._checks import certainty, names_of, number, numbers
from workbench.decisions.inequality import extremes, ginis, inverted
from workbench.decisions.options import Outcome
from workbench.decisions.posterior import posterior
from workbench.decisions.samples import Samples
from workbench.decisions.standing import standing
from workbench.decisions.verdict import Word, confidence
from workbench.errors import BadParameter, UnknownName
from workbench.simulation import Streams
from workbench.simulation.intervals import Interval, t_interval

_MOST = 0.5
"""Share of the population that must be told of, for a worst-off group to be named with confidence."""


@dataclass(frozen=True)
class Estimate:
    """A number with the ends of its interval, in its own unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """
    One group; None throughout where it has too few draws to tell.

    Attributes
    ----------
    name, population, draws
        Which group, how many persons, and how many draws there are.
    mean
        Mean outcome with its t interval.
    gap
        Mean less that of the whole population, with its interval; in the unit of the outcome.
    p_worst
        Probability that it is the worst off of the groups that can be told; equals share.
    """

    name: str
    population: float
    draws: int
    mean: Interval | None
    gap: Estimate | None
    p_worst: float | None


@dataclass(frozen=True)
class Equity:
    """
    An outcome by group; made by `by_group`.

    Attributes
    ----------
    outcome
        Which outcome.
    groups
        In the order given.
    cannot_tell
        Groups with too few draws.
    share_told
        Share of the population in the other groups.
    overall
        Mean over the population of the groups that can be told; None where there is no such group.
    worst, best
        Groups of the worst and of the best mean; None where fewer than 2 groups can be told.
    p_worst
        Probability that `worst` is the worst off.
    word
        Confidence in that: "high", "moderate", "low", or "cannot_tell" where there is no worst, the means of
        all are equal, or most of the population is in groups that cannot be told.
    ratio
        Mean of the worst over that of the best; None where a mean is not above 0. An end is infinite where
        the smaller mean may be 0.
    gini
        Gini coefficient between the groups, weighted by population, as if everyone had their group's mean;
        None where a mean is below 0. An interval that begins at 0 cannot be told from no inequality.
    """

    outcome: Outcome
    groups: tuple[Group, ...]
    cannot_tell: tuple[str, ...]
    share_told: float
    overall: Estimate | None
    worst: str | None
    best: str | None
    p_worst: float | None
    word: Word
    ratio: Estimate | None
    gini: Estimate | None

    def __getitem__(self, name: str) -> Group:
        for each in self.groups:
            if each.name == name:
                return each
        raise UnknownName("group", name, (each.name for each in self.groups))


def by_group(
    values: Mapping[str, ArrayLike],
    outcome: Outcome,
    population: Mapping[str, float],
    *,
    same_draws: bool = False,
    least: int = 5,
    level: float = 0.95,
    sure: float = 0.9,
    likely: float = 0.7,
    streams: Streams,
    resamples: int = 2000,
) -> Equity:
    """
    Compare an outcome between groups of the population.

    Parameters
    ----------
    values
        For each group its draws, shape (draws,); lengths may differ and be 0.
    outcome
        What it is, and which direction is better.
    population
        Persons in each group, above 0.
    same_draws
        Whether the groups met the same draws, row by row, such as simulated days.
    least
        Draws below which a group's mean cannot be told, at least 3.
    level
        Coverage of intervals.
    sure, likely
        Chances for "high" and "moderate" confidence.
    streams
        Randomness; the streams are called "draws" and "spread".
    resamples
        Worlds drawn.

    Raises
    ------
    UnknownName
        A population of a group that has no values.
    BadParameter
        Values that are not numbers or no lists, a population that is missing or not above 0, or lengths that
        differ although draws are the same.
    """
    level_between(level)
    certainty(sure, likely)
    whole("least", least, 3)
    whole("resamples", resamples, 1)
    names = names_of("group", values)
    draws = {name: _list(name, values[name]) for name in names}
    persons = _persons(names, population)
    if same_draws and len({len(each) for each in draws.values()}) > 1:
        raise BadParameter("Groups that met the same draws need lists of one length: set same_draws=False.")
    told = tuple(name for name in names if len(draws[name]) >= least)
    share = sum(persons[name] for name in told) / sum(persons.values())
    if not told:
        return _untold(outcome, names, draws, persons)
    weights = np.array([persons[name] for name in told])
    drawn = posterior(
        _samples(outcome, draws, told, same_draws), [outcome.name], streams=streams, resamples=resamples
    )
    means, worlds = drawn.centre[:, 0], drawn.means()[:, :, 0]
    shares = weights / weights.sum()
    centre, middles = float(means @ shares), worlds @ shares
    chances = standing(-outcome.sign * worlds).best
    gaps = _quantiles(worlds - middles[:, None], level)
    found = {
        name: Group(
            name,
            persons[name],
            len(draws[name]),
            t_interval(draws[name], level=level),
            Estimate(float(means[place] - centre), float(gaps[0, place]), float(gaps[1, place])),
            float(chances[place]),
        )
        for place, name in enumerate(told)
    }
    low, high = (float(end) for end in _quantiles(middles, level))
    several, noise = len(told) > 1, worlds - means
    order = np.argsort(outcome.sign * means, kind="stable")
    worst, best = int(order[-1]), int(order[0])
    chance = float(chances[worst])
    vague = not several or share <= _MOST or np.ptp(means) <= 1e-12 * np.abs(means).max()
    return Equity(
        outcome=outcome,
        groups=tuple(found.get(name) or _blank(name, draws, persons) for name in names),
        cannot_tell=tuple(name for name in names if name not in told),
        share_told=float(share),
        overall=Estimate(centre, low, high),
        worst=told[worst] if several else None,
        best=told[best] if several else None,
        p_worst=chance if several else None,
        word="cannot_tell" if vague else confidence(chance, sure=sure, likely=likely),
        ratio=_ratio(means, centre, noise, outcome, level) if several else None,
        gini=_gini(means, centre, noise, weights, level) if several else None,
    )


def _samples(
    outcome: Outcome, draws: Mapping[str, Floats], told: tuple[str, ...], same_draws: bool
) -> Samples:
    if same_draws:
        return Samples.paired({outcome.name: np.column_stack([draws[name] for name in told])}, told)
    return Samples.independent({name: {outcome.name: draws[name]} for name in told})


def _ratio(means: Floats, centre: float, noise: Floats, outcome: Outcome, level: float) -> Estimate | None:
    """Worst over best, from the ratio of extremes or one over it."""
    if means.min() <= 0:
        return None
    low, high = inverted(means, centre, noise, extremes, level=level)
    value = float(means.max() / means.min())
    if outcome.better == "less":
        return Estimate(value, low, high)
    return Estimate(1 / value, 1 / high, 1 / low)


def _gini(means: Floats, centre: float, noise: Floats, weights: Floats, level: float) -> Estimate | None:
    if means.min() < 0 or centre <= 0:
        return None
    low, high = inverted(means, centre, noise, lambda rows: ginis(rows, weights), level=level)
    return Estimate(float(ginis(means[None], weights)[0]), max(0.0, low), min(1.0, high))


def _list(name: str, values: ArrayLike) -> Floats:
    found = numbers(f"The draws of '{name}'", values)
    if found.ndim != 1:
        raise BadParameter(f"The draws of '{name}' must be a list of numbers, not of shape {found.shape}.")
    return found


def _persons(names: tuple[str, ...], population: Mapping[str, float]) -> dict[str, float]:
    for name in population:
        if name not in names:
            raise UnknownName("group", name, names, "Give its values, or leave out its population.")
    missing = [name for name in names if name not in population]
    if missing:
        raise BadParameter(f"The population of {', '.join(missing)} is missing: give one for every group.")
    persons = {name: number(f"The population of '{name}'", population[name], least=0) for name in names}
    empty = [name for name in names if persons[name] == 0]
    if empty:
        raise BadParameter(f"Nobody lives in {', '.join(empty)} (population 0): leave such groups out.")
    return persons


def _quantiles(worlds: Floats, level: float) -> Floats:
    return np.asarray(np.quantile(worlds, [(1 - level) / 2, (1 + level) / 2], axis=0))


def _blank(name: str, draws: Mapping[str, Floats], persons: Mapping[str, float]) -> Group:
    return Group(name, persons[name], len(draws[name]), None, None, None)


def _untold(
    outcome: Outcome, names: tuple[str, ...], draws: Mapping[str, Floats], persons: Mapping[str, float]
) -> Equity:
    groups = tuple(_blank(name, draws, persons) for name in names)
    return Equity(outcome, groups, names, 0.0, None, None, None, None, "cannot_tell", None, None)
