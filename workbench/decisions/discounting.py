"""Discount rates: one for all years, or a schedule that declines with distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.decisions._arrays import Floats, whole
from workbench.decisions._checks import number
from workbench.errors import BadParameter


@dataclass(frozen=True)
class Discounting:
    """
    Real social discount rates by years from the first.

    Parameters
    ----------
    steps
        Pairs of a year, counted from 0 at the first year, and the yearly rate from that year on as a share:
        ((1, 0.035), (31, 0.03)) discounts years 1 to 30 by 3.5% each and later ones by 3%. Begins at 1.

    Raises
    ------
    BadParameter
        No steps, years that do not rise from 1, or a rate that is not a share from 0 to 1.
    """

    steps: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        try:
            steps = tuple((year, rate) for year, rate in self.steps)
        except (TypeError, ValueError):
            raise BadParameter(
                f"Discount rates must be pairs of a year and a rate, like ((1, 0.035),), not {self.steps!r}."
            ) from None
        object.__setattr__(self, "steps", steps)
        years = [whole("the year of a discount rate", year, 1) for year, _ in steps]
        if not years or years[0] != 1 or years != sorted(set(years)):
            raise BadParameter(
                f"Discount rates must be given from year 1 on, in rising years, not from {years}."
            )
        for _, rate in steps:
            number("A discount rate, as a share such as 0.035,", rate, least=0, most=1)

    @classmethod
    def flat(cls, rate: float) -> Discounting:
        """One rate for all years, as a share: 0.035 is 3.5%."""
        return cls(((1, rate),))

    def rates(self, years: int) -> Floats:
        """Rate of each year, 0 for the first, shape (years,)."""
        found = np.zeros(whole("years", years, 1))
        for year, rate in self.steps:
            found[year:] = rate
        return found

    def factors(self, years: int) -> Floats:
        """What an amount of each year is worth in the first, shape (years,)."""
        return np.asarray(1 / np.cumprod(1 + self.rates(years)))


GREEN_BOOK = Discounting(((1, 0.035), (31, 0.03), (76, 0.025), (126, 0.02), (201, 0.015), (301, 0.01)))
"""The declining long-term rates of HM Treasury's Green Book, annex 6."""
