"""One question of what to double: its parts checked, and what a choice gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.errors import BadParameter
from workbench.lifelines._strata import Numbers
from workbench.lifelines.availability import AvailabilityModel
from workbench.lifelines.model import Bools, Floats

YEAR_MIN = 365.25 * 24 * 60
NONE = 1e-15
"""A gain below this is none."""


@dataclass(frozen=True, eq=False)
class Doubling:
    """
    A choice of assets to double.

    Attributes
    ----------
    chosen
        Assets by number, in the order in which they should be doubled.
    costs
        Of each.
    kept
        Share of sites that keep the promise before any doubling and after each, one more than `chosen`.
    worst
        Availability of the worst site, likewise.
    people
        Minutes a year without service of the mean inhabitant, likewise.
    reached
        Whether the promise is kept at every site.
    beyond
        Whether a site would not keep it if all that can be doubled were, shape (sites,).
    """

    chosen: tuple[int, ...]
    costs: tuple[float, ...]
    kept: tuple[float, ...]
    worst: tuple[float, ...]
    people: tuple[float, ...]
    reached: bool
    beyond: Bools

    @property
    def cost(self) -> float:
        """Of all that is chosen."""
        return float(sum(self.costs))


def doubled(unavailability: Floats, common_cause: float | Floats = 0.1) -> Floats:
    """
    Unavailability of assets that stand twice, by the beta-factor model [1]_.

    Parameters
    ----------
    unavailability
        Of one.
    common_cause
        Share of failures that take both at once, such as one digger through both cables, 0 to 1; one, or of
        a shape that goes with the other.

    References
    ----------
    .. [1] K. N. Fleming (1975), A reliability model for common mode failures in redundant safety systems,
       General Atomic report GA-A13284.
    """
    beta = np.asarray(common_cause, float)
    if not ((beta >= 0) & (beta <= 1)).all():
        raise BadParameter(f"common_cause is {common_cause}, not a share from 0 to 1.")
    return np.asarray(beta * unavailability + ((1 - beta) * unavailability) ** 2)


class Case:
    """One question of what to double, checked."""

    def __init__(
        self,
        model: AvailabilityModel,
        promise: float,
        unavailability: Floats | None,
        costs: Floats | None,
        candidates: Numbers | None,
        common_cause: float,
    ) -> None:
        if not 0 < promise < 1:
            raise BadParameter(f"The availability promised is {promise}: give a share above 0 and below 1.")
        size = model.network.size
        self.cost = np.ones(size) if costs is None else np.asarray(costs, dtype=float)
        if self.cost.shape != (size,) or not ((self.cost > 0) & np.isfinite(self.cost)).all():
            raise BadParameter(f"costs must be {size:,} numbers above 0, one for each asset.")
        able = np.arange(size) if candidates is None else np.unique(np.asarray(candidates, np.int64))
        if len(able) and not (able[0] >= 0 and able[-1] < size):
            raise BadParameter(f"The candidates must be numbers of assets, from 0 to {size - 1}.")
        self.model, self.promise = model, promise
        given = model.unavailability if unavailability is None else np.asarray(unavailability, float)
        self.u = np.where(model.unavailability > 0, given, 0.0)
        self.twice = doubled(self.u, common_cause)
        self.candidates: Numbers = able[self.twice[able] < self.u[able]]
        self.beyond = np.zeros(len(model.sites), bool)
        self.beyond = self.lacks(model.unavailable(self.doubled(self.candidates.tolist()))) > NONE
        people = model.network.arrays.people[model.sites]
        self.weights = people / people.sum() if people.sum() > 0 else np.full(len(people), 1 / len(people))

    def doubled(self, chosen: list[int]) -> Floats:
        u = self.u.copy()
        u[chosen] = self.twice[chosen]
        return u

    def lack(self, u: Floats, *, forgive: bool = True) -> float:
        """What all sites lack together; those that no doubling helps enough only if that is not forgiven."""
        return float(self.lacks(self.model.unavailable(u), forgive=forgive).sum())

    def best(self, u: Floats, able: Numbers) -> int | None:
        """The asset that takes away most for its cost, of equals most minutes; None where none does."""
        if not len(able):
            return None
        now = self.model.unavailable(u)
        change = self.model.changes(self.twice, u)[able]
        site, row = change.indices, np.repeat(np.arange(len(able)), np.diff(change.indptr))
        lacks = self.lacks(now)
        less = lacks[site] - self.lacks(now[site] + change.data, site)
        gain = np.bincount(row, less, len(able))
        minutes = np.bincount(row, -change.data * self.weights[site], len(able))
        gain = gain if gain.max() > NONE else minutes
        if gain.max() <= NONE:
            return None
        worth = gain / self.cost[able]
        alike = worth >= worth.max() * (1 - 1e-9)
        return int(able[np.argmax(np.where(alike, minutes / self.cost[able], -np.inf))])

    def told(self, chosen: list[int]) -> Doubling:
        """What each step gives."""
        many = np.tile(self.u, (len(chosen) + 1, 1))
        for step, asset in enumerate(chosen, start=1):
            many[step:, asset] = self.twice[asset]
        dark = self.model.unavailable_many(many)
        kept = dark <= (1 - self.promise) * (1 + 1e-9)
        return Doubling(
            tuple(chosen),
            tuple(float(self.cost[one]) for one in chosen),
            tuple(kept.mean(axis=1).tolist()),
            tuple((1 - dark.max(axis=1)).tolist()),
            tuple((dark @ self.weights * YEAR_MIN).tolist()),
            bool(kept[-1].all()),
            self.beyond,
        )

    def lacks(self, dark: Floats, site: Any = slice(None), *, forgive: bool = True) -> Floats:
        """What sites lack to the promise; nothing where no doubling helps enough, if that is forgiven."""
        lack = np.maximum(dark - (1 - self.promise) * (1 + 1e-9), 0.0)
        return np.where(self.beyond[site] & forgive, 0.0, lack)
