"""Orders of repair in other futures: longer repairs, slower ways, fewer crews, other people."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.restoration_case import DAY
from pipelines.lifelines.restoration_orders import REPORT
from workbench.briefs.recording import FUTURES, Recorder
from workbench.decisions import Inputs

if TYPE_CHECKING:
    from pipelines.lifelines.restoration_case import Case
    from workbench.lifelines.model import Floats, Ints

LONGER, SHORTER, SLOW, FAST = 2.0, 0.7, 5.0, 60.0
ABSENT, SPREAD, PEOPLE = 0.5, 1.0, 0.3
DAYS = 30
"""Days over which what is drawn by day is averaged for a single number."""


class Futures:
    """
    What each order loses in other futures, quickly and without batteries.

    Parameters
    ----------
    case
        What was found.
    recorder
        Gives the words of the inputs.
    """

    def __init__(self, case: Case, recorder: Recorder) -> None:
        self.case, self.recorder = case, recorder

    @cached_property
    def inputs(self) -> Inputs:
        """What is not known: how long repairs take, how crews move, how many come, who is served."""
        p, make = self.case.p, partial(self.recorder.uncertain, "restoration")
        return Inputs(
            (
                make("takes", SHORTER, LONGER, 1.0, "ratio"),
                make("spread", 0.0, max(SPREAD, p.cv), p.cv, "ratio"),
                make("speed", min(SLOW, p.speed_kmh), max(FAST, p.speed_kmh), p.speed_kmh, "km/h"),
                make("absent", 0.0, ABSENT, 0.0, "share"),
                make("people", 0.0, PEOPLE, 0.0, "share"),
            )
        )

    @cached_property
    def noise(self) -> tuple[Floats, Floats, Floats]:
        """By future: deviations of repairs and of people by layer, and in which order damage is reported."""
        case, n = self.case, len(self.case.problem.damaged)
        generator = case.streams.child("futures").generator("noise")
        repairs = generator.standard_normal((FUTURES, n))
        report = generator.random((FUTURES, n))
        if case.model.listed is not None:
            report[:] = np.argsort(np.array(case.model.listed))
        return repairs, report, generator.standard_normal((FUTURES, len(case.system.layers)))

    def lost(self, values: Floats, options: tuple[str, ...]) -> Floats:
        """
        Service-days lost in each future by each order.

        Parameters
        ----------
        values
            Of the inputs, shape (futures, inputs).
        options
            Which orders.

        Returns
        -------
        lost
            Shape (futures, options).
        """
        case, (repairs, report, people) = self.case, self.noise
        problem, found = case.problem, np.zeros((len(values), len(options)))
        for row, (takes, spread, speed, absent, erring) in enumerate(values.tolist()):
            at = row % FUTURES
            sd = np.sqrt(np.log1p(spread**2))
            hours = takes * problem.duration_h * np.exp(sd * repairs[at] - sd**2 / 2)
            weights = np.exp(erring * people[at])
            travel = None if problem.travel_h is None else problem.travel_h * (case.p.speed_kmh / speed)
            crews = with_absent(problem.crew_pools, absent)
            for column, name in enumerate(options):
                reported = np.argsort(report[at], kind="stable").astype(np.int32)
                order = reported if name == REPORT else case.orders[name]
                ends = case.quick.ends(order, hours=hours, travel=travel, crews=crews)
                found[row, column] = float(case.quick.by_layer(ends) @ weights) / DAY
        return found

    def saved(self, values: Floats) -> Floats:
        """Service-days that the order recommended saves against that of report, shape (futures,)."""
        both = self.lost(values, (REPORT, self.case.recommended))
        return np.asarray(both[:, 0] - both[:, 1])


def with_absent(pools: Ints, share: float) -> Ints:
    """Pools of the crews that come where a share of each pool, rounded, stays away; one always comes."""
    kept = []
    for pool in sorted(set(pools.tolist())):
        count = int((pools == pool).sum())
        kept += [pool] * max(1, count - round(share * count))
    return np.array(kept, np.int32)


def _of_days(case: Case, speed: float, absent: float) -> dict[str, float]:
    """Mean service-days lost by each order over drawn days."""
    futures = Futures(case, Recorder(lambda: None))  # type: ignore[arg-type, return-value]
    row = [1.0, case.p.cv, speed, absent, 0.0]
    found = futures.lost(np.tile(row, (DAYS, 1)), case.options).mean(axis=0)
    return dict(zip(case.options, found.tolist(), strict=True))


def half_crews(case: Case) -> dict[str, float]:
    """Service-days lost by each order where half of the crews come."""
    return _of_days(case, case.p.speed_kmh, ABSENT)


def worst_speed(case: Case) -> dict[str, float]:
    """Service-days lost by each order where crews move as slowly as is tried."""
    return _of_days(case, min(SLOW, case.p.speed_kmh), 0.0)
