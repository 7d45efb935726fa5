"""Futures in which failures, repairs, common causes and the promise are otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.availability_choice import SLACK
from pipelines.lifelines.words import words
from workbench.briefs.recording import FUTURES, Recorder
from workbench.decisions import Inputs
from workbench.lifelines.doubling import YEAR_MIN

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from workbench.lifelines.model import Floats

RECORDER = Recorder(partial(words, "availability"))
LEAST, MOST, COMMON_MOST = 0.5, 2.0, 0.5


@dataclass(frozen=True, eq=False)
class Futures:
    """
    The options in other worlds than the mean one.

    Parameters
    ----------
    case
        What was found.
    """

    case: Case

    @cached_property
    def inputs(self) -> Inputs:
        """What is not known, or not settled: how many failures, how long repairs, what doubling avoids."""
        p, make = self.case.p, partial(RECORDER.uncertain, "availability")
        allowed = (1 - p.promise) * YEAR_MIN
        return Inputs(
            (
                make("failures", LEAST, MOST, 1.0, "ratio"),
                make("repairs", LEAST, MOST, 1.0, "ratio"),
                make("common", 0.0, max(COMMON_MOST, p.common_cause), p.common_cause, "share"),
                make("allowed", allowed / 2, allowed * 2, allowed, "min"),
            )
        )

    @property
    def sets(self) -> tuple[str, ...]:
        """Options compared: all but faster repair, whose cost is not known."""
        return tuple(name for name in self.case.options if name != "repair")

    def dark(self, values: Floats, option: str) -> Floats:
        """Share of time that each site is unserved in some futures, shape (futures, sites)."""
        case, named = self.case, dict(zip(self.inputs.names, values.T, strict=True))
        loads = case.rates.mean[None] * (named["failures"] * named["repairs"])[:, None]
        plan = case.options[option]
        return plan.model.unavailable_many(plan.unavailability(loads, named["common"][:, None]))

    def minutes(self, values: Floats) -> Floats:
        """Minutes a year spared the mean inhabitant against doing nothing, shape (futures, sets)."""
        found = [self.dark(values, name) @ self.case.weights * YEAR_MIN for name in self.sets]
        return np.stack([found[0] - one for one in found], axis=1)

    def kept(self, values: Floats) -> Floats:
        """Share of the sites that keep the promise with the choice, shape (futures,)."""
        allowed = values[:, self.inputs.names.index("allowed")] / YEAR_MIN
        return np.asarray((self.dark(values, self.case.best) <= allowed[:, None] * (1 + SLACK)).mean(axis=1))

    @cached_property
    def drawn(self) -> Floats:
        """Futures drawn, shape (futures, inputs)."""
        return self.inputs.sample(FUTURES, self.case.streams.child("futures"))
