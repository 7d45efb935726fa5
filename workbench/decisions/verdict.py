"""What a ranking says, and how it says that it cannot say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.decisions._arrays import Floats, whole
from workbench.decisions.baseline import AgainstBaseline, differences
from workbench.decisions.options import Constraint, Outcome
from workbench.decisions.posterior import Posterior
from workbench.decisions.resampling import LEAST_DAYS
from workbench.decisions.samples import Samples
from workbench.decisions.standing import Standing, standing
from workbench.simulation.intervals import Interval, t_interval

if TYPE_CHECKING:
    import polars as pl

Word = Literal["high", "moderate", "low", "cannot_tell"]


@dataclass(frozen=True, eq=False)
class Verdict:
    """
    Options ranked, and how sure that is; made by `rank`. Arrays are in the order of `names`.

    Attributes
    ----------
    names
        Options.
    objective
        What they are ranked by.
    constraints
        What they must keep to.
    means
        Sample mean of the objective, in its unit.
    p_best
        Probability that the option meets all constraints and no other that does has a better mean; equals
        share. They add up to 1, less the probability that no option meets them.
    p_within
        Probability that it meets them and is no more than `delta` worse than the best that does.
    regret
        Expected loss against the best that meets the constraints, given that it does itself; in the unit of
        the objective. NaN with 2 draws, from which no expectation can be had, and where it never does.
    ranks
        Probability that it meets the constraints and has a rank, shape (options, ranks).
    p_met
        Probability that it meets each constraint, shape (constraints, options).
    order
        Options whose means meet all constraints, the best mean first; equals in the order given.
    delta, sure, likely
        The difference that does not matter, and the chances from which on an answer is sure, and likely.
    """

    names: tuple[str, ...]
    objective: Outcome
    constraints: tuple[Constraint, ...]
    means: Floats
    p_best: Floats
    p_within: Floats
    regret: Floats
    ranks: Floats
    p_met: Floats
    order: tuple[str, ...]
    delta: float
    sure: float
    likely: float
    _samples: Samples = field(repr=False)
    _posterior: Posterior = field(repr=False)

    @property
    def best(self) -> str | None:
        """The option of the best mean; None where no mean meets the constraints."""
        return self.order[0] if self.order else None

    @property
    def second(self) -> str | None:
        """The option of the next best mean; None where there is none."""
        return self.order[1] if len(self.order) > 1 else None

    @property
    def chance(self) -> float | None:
        """Probability that `best` is the best or, with a `delta`, that it is within `delta` of it."""
        if self.best is None:
            return None
        return self.of(self.p_within if self.delta > 0 else self.p_best, self.best)

    @property
    def separated(self) -> bool:
        """Whether `best` is the best of several with probability `sure` or more, from 3 draws or more."""
        return (
            self.best is not None
            and len(self.names) > 1
            and min(self._samples.draws) >= LEAST_DAYS
            and self.of(self.p_best, self.best) >= self.sure
        )

    @property
    def word(self) -> Word:
        """
        Confidence in a word: "high" from a `chance` of `sure` on, "moderate" from `likely` on, else "low".

        "cannot_tell" where no option meets the constraints, there is only one option, some option has fewer
        than 3 draws, or the best two have the same mean and no `delta` says that this is enough.
        """
        chance = self.chance
        if chance is None or len(self.names) < 2 or min(self._samples.draws) < LEAST_DAYS:
            return "cannot_tell"
        if self.delta == 0 and self._tied():
            return "cannot_tell"
        return confidence(chance, sure=self.sure, likely=self.likely)

    def of(self, values: Floats, name: str) -> float:
        """Value of one option, such as `verdict.of(verdict.regret, "today")`."""
        return float(values[self._samples.place(name)])

    def mean(self, name: str, *, level: float = 0.95) -> Interval:
        """Mean of the objective of one option, with its t interval."""
        return t_interval(self._samples.values(self.objective.name, name), level=level)

    def differences(self, baseline: str, *, level: float = 0.95) -> dict[str, AgainstBaseline]:
        """Difference of each option from a baseline in the objective; see `baseline.differences`."""
        return differences(self._samples, self.objective.name, baseline, level=level)

    def runs_to_separate(self, *, at_most: int = 1_000_000) -> int | None:
        """
        Draws after which P(best) of `best` would reach `sure`, if means and spreads stay what they are.

        Parameters
        ----------
        at_most
            Where to stop looking.

        Returns
        -------
        int or None
            Draws of each option (those that have more keep them), from as many worlds as P(best) itself, so
            to a few percent. The draws there are where it is reached already; None where there is nothing to
            separate, the best two are equal, or `at_most` would not do.
        """
        whole("at_most", at_most, 2)
        if self.best is None or len(self.names) < 2 or self._tied():
            return None
        place, now = self._samples.place(self.best), min(self._samples.draws)
        if self.separated:
            return now
        few, many = max(now, LEAST_DAYS) - 1, max(now, LEAST_DAYS)
        while not self._enough(place, many):
            if many >= at_most:
                return None
            few, many = many, min(2 * many, at_most)
        while many - few > 1:
            middle = (few + many) // 2
            few, many = (few, middle) if self._enough(place, middle) else (middle, many)
        return many

    def frame(self) -> pl.DataFrame:
        """A row an option: means, probabilities and regret, the best mean first, those set aside last."""
        import polars as pl

        last = [name for name in self.names if name not in self.order]
        rows = [self._samples.place(name) for name in (*self.order, *last)]
        columns = {
            "mean": self.means,
            "p_best": self.p_best,
            "p_within": self.p_within,
            "regret": self.regret,
        }
        return pl.DataFrame(
            {
                "option": [self.names[row] for row in rows],
                **{name: values[rows] for name, values in columns.items()},
                "meets": [self.names[row] in self.order for row in rows],
            }
        )

    def _enough(self, place: int, draws: int) -> bool:
        worlds = self._posterior.means(draws)
        return bool(
            standing_of(worlds, self.objective, self.constraints, self.delta).best[place] >= self.sure
        )

    def _tied(self) -> bool:
        if self.best is None or self.second is None:
            return False
        first, second = self.of(self.means, self.best), self.of(self.means, self.second)
        return abs(first - second) <= 1e-12 * max(abs(first), abs(second))


def confidence(chance: float, *, sure: float, likely: float) -> Literal["high", "moderate", "low"]:
    """Word for a chance: "high" from `sure` on, "moderate" from `likely` on, else "low"."""
    return "high" if chance >= sure else "moderate" if chance >= likely else "low"


def met(worlds: Floats, constraints: tuple[Constraint, ...]) -> NDArray[np.bool_]:
    """
    Whether means keep to constraints.

    Parameters
    ----------
    worlds
        Shape (worlds, options, 1 + constraints): the objective, then the outcome of each constraint.
    constraints
        Their bounds.

    Returns
    -------
    ndarray
        Shape (constraints, worlds, options).
    """
    kept = np.ones((len(constraints), *worlds.shape[:2]), bool)
    for place, limit in enumerate(constraints):
        slack = 1e-12 * abs(limit.bound)  # a sum such as 0.1 + 0.2 keeps to 0.3
        values = worlds[:, :, place + 1]
        kept[place] = (
            values <= limit.bound + slack if limit.at_most is not None else values >= limit.bound - slack
        )
    return kept


def standing_of(
    worlds: Floats, objective: Outcome, constraints: tuple[Constraint, ...], delta: float
) -> Standing:
    """Standing of options by the objective, in the worlds in which they keep to the constraints."""
    allowed = np.asarray(met(worlds, constraints).all(axis=0)) if constraints else None
    return standing(objective.sign * worlds[:, :, 0], allowed, delta)
