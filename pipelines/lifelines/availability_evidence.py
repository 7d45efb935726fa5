"""What speaks for the availability worked out: checks of the run, held-out states, the register replayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.availability_case import TRAINING, drawn
from pipelines.lifelines.availability_choice import kept
from pipelines.lifelines.availability_rates import rates_of
from workbench._text import Text
from workbench.briefs import Quantity
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Backcast, Checked, validation, verification
from workbench.errors import CheckFailed
from workbench.lifelines.doubling import YEAR_MIN, double_for
from workbench.lifelines.solvers.connectivity import Connectivity

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from pipelines.lifelines.availability_numbers import Numbers
    from workbench.domains import Measures
    from workbench.lifelines.model import Floats

ORACLES = ("bridge", "enumeration", "cover")
STATES = 20_000
"""States drawn outright, every asset by itself, to see whether the blocks give the same."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """
    Checks and hold-outs of one case.

    Parameters
    ----------
    measures, case, n
        What it was made from, what was found, and its numbers.
    """

    measures: Measures
    case: Case
    n: Numbers

    def verification(self) -> Section:
        """Checks that must hold in every run."""
        case, w = self.case, self.n.w.text
        drawn, error = self._outright()
        exact = float(case.model.unavailable(case.mean_load) @ case.weights) * YEAR_MIN
        basis = self.n.w.text("availability.basis.outright")
        ends = (min(drawn - error, drawn), max(drawn + error, drawn))
        outright = Quantity("check.outright", drawn, self.n.unit("min_year"), *ends, basis=basis)
        cost, bound = case.choice.plain.cost, case.choice.bound
        over = Quantity("check.over", max(cost / bound - 1, 0.0), "share") if bound > 0 else None
        checks = [
            Checked(w("availability.check.blocks"), Quantity("check.blocks", exact, self.n.unit("min_year"))),
            Checked(w("availability.check.outright"), outright),
            Checked(w("availability.check.rest"), Quantity("check.rest", case.model.states.rest, "share")),
        ]
        if over is not None and case.choice.plain.reached:
            checks.append(Checked(w("availability.check.bound"), over))
        return verification(checks, [w(f"availability.oracle.{one}") for one in ORACLES])

    def _outright(self) -> tuple[float, float]:
        """Minutes of the mean inhabitant from states drawn asset by asset, and 1.96 standard errors."""
        case = self.case
        network, u = case.network, case.mean_load
        people = np.zeros(network.n)
        people[case.model.sites] = case.weights
        generator, found = case.streams.generator("outright"), []
        solver = Connectivity(network)
        for _ in range(0, STATES, 1000):
            up = (generator.random((1000, network.size)) >= u) & network.intact
            found.append((~solver.served_many(up)) @ people)
        lost = np.concatenate(found) * YEAR_MIN
        return float(lost.mean()), 1.96 * float(lost.std(ddof=1)) / float(np.sqrt(len(lost)))

    @cached_property
    def cut(self) -> float | None:
        """Hour at which the register is cut in halves; None where there is none to cut."""
        register = self.case.register
        if register is None or register.outages.height < 2:
            return None
        return register.hours / 2

    def half(self, which: int) -> tuple[pl.DataFrame, Floats]:
        """Counts by class in a half of the register, and the loads that they give."""
        case, register = self.case, self.case.register
        if register is None:
            raise CheckFailed("There is no register to cut in halves.")
        ends = (0.0, register.hours / 2, register.hours)
        counts = register.counts(case.rates.classes, case.rates.of, ends[which], ends[which + 1])
        years = pl.lit(register.days / 2 / 365.25).alias("years")
        rates = rates_of(self.measures, case.network, case.p, counts.with_columns(years))
        return counts, rates.mean

    @cached_property
    def halves(self) -> tuple[set[int], set[int]] | None:
        """What would be chosen from each half of the register alone, at its mean rates."""
        if self.cut is None:
            return None
        case, found = self.case, []
        for which in (0, 1):
            choice = double_for(
                case.training,
                case.p.promise,
                unavailability=case.rates.unavailability(self.half(which)[1]),
                costs=case.costs.each,
                candidates=case.costs.candidates,
                common_cause=case.p.common_cause,
                budget=case.p.budget or np.inf,
                most=case.p.most,
            )
            found.append(set(choice.chosen))
        return found[0], found[1]

    @cached_property
    def kept_by_half(self) -> tuple[float, float] | None:
        """Share of the sites that keep the promise with what is recommended, at the rates of each half."""
        if self.cut is None:
            return None
        case, plan = self.case, self.case.options[self.case.best]
        loads = np.stack([self.half(which)[1] for which in (0, 1)])
        dark = plan.model.unavailable_many(plan.unavailability(loads, case.p.common_cause))
        first, second = kept(dark, case.p.promise).mean(axis=1).tolist()
        return float(first), float(second)

    @property
    def agree(self) -> bool | None:
        """Whether what is recommended keeps the promise at every site by either half, or by neither."""
        found = self.kept_by_half
        return None if found is None else (found[0] == 1) == (found[1] == 1)

    def validation(self) -> Section:
        """Choose and predict on one part, and see how it does on the other."""
        case, n, option = self.case, self.n, self.case.best
        plan, unit = case.options[option], n.unit("min_year")
        loads = drawn(case.rates, TRAINING, case.streams.child("choose"))
        told = plan.training.unavailable_many(plan.unavailability(loads, case.p.common_cause))
        seen, at = case.dark[option], case.within_reach
        at = at if option == "double" else np.ones_like(at)
        minutes = [float((one @ case.weights).mean()) * YEAR_MIN for one in (told, seen)]
        chance = [float(kept(one[:, at], case.p.promise).all(axis=1).mean()) for one in (told, seen)]
        scores = [self._back("minutes", minutes, unit, 1), self._back("chance", chance, "share", 1)]
        scores += self._from_halves()
        key = "availability.validation" if self.cut is not None else "availability.validation.none"
        said = [n.w.phrase(key)]
        if self.halves is not None and any(self.halves):
            both, either = (len(f(*self.halves)) for f in (set.intersection, set.union))
            said.append(
                n.w.phrase(
                    "availability.validation.halves",
                    both=n.count("halves.both", both, "assets"),
                    either=n.count("halves.either", either, "assets"),
                )
            )
        return validation(scores, said)

    def _from_halves(self) -> list[Backcast]:
        """What the first half of the register predicts, and what the second shows."""
        case, n, register = self.case, self.n, self.case.register
        if self.cut is None or register is None or self.kept_by_half is None:
            return []
        (counts, loads), (after, _) = self.half(0), self.half(1)
        u = case.rates.unavailability(loads)
        minutes = (
            float(case.model.unavailable(u) @ case.weights) * YEAR_MIN,
            register.replay(self.cut, register.hours),
        )
        failures = [float(one["failures"].sum()) for one in (counts, after)]
        return [
            self._back("halves", self.kept_by_half, "share", 1),
            self._back("register", minutes, n.unit("min_year"), 0),
            self._back("failures", failures, n.unit("failures"), 0),
        ]

    def _back(self, name: str, pair: Sequence[float], unit: str | Text, decimals: int) -> Backcast:
        """What was predicted, what was seen, and their difference."""

        def number(key: str, value: float, of: str | Text) -> Quantity:
            return Quantity(f"back.{name}.{key}", value, of, decimals=decimals)

        return Backcast(
            self.n.w.text(f"availability.back.{name}"),
            number("predicted", pair[0], unit),
            number("observed", pair[1], unit),
            number("error", pair[0] - pair[1], "points" if unit == "share" else unit),
        )
