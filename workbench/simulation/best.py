"""The race for the best scenario: run survivors only, and stop as soon as one is left."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import CheckFailed
from workbench.simulation.selection import KimNelson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.simulation.runs import Runs
    from workbench.simulation.session import Session


@dataclass(frozen=True)
class Selection:
    """
    Which scenario is the best, by Kim and Nelson's procedure.

    Attributes
    ----------
    best
        Its name; None where the replications allowed were not enough to tell.
    contenders
        Scenarios that may still be the best, the best of their means first; one where `best` is known.
    eliminated
        The others, and the replication after which each was out.
    replications
        Replications of the survivors.
    runs
        The runs behind it; eliminated scenarios have fewer.
    """

    best: str | None
    contenders: tuple[str, ...]
    eliminated: Mapping[str, int]
    replications: int
    runs: Runs


class Race:
    """
    Kim and Nelson's procedure on runs that are made as it asks for them.

    Parameters
    ----------
    session
        Where runs come from.
    procedure
        Its constants.
    names
        Scenarios, in the order of the session.
    outcome, minimise
        What is compared, and whether less is better.
    """

    def __init__(
        self, session: Session, procedure: KimNelson, names: list[str], outcome: str, *, minimise: bool
    ) -> None:
        import numpy as np

        self._session, self._procedure, self._names, self._outcome = session, procedure, names, outcome
        self._place = session.work.outcomes.index(outcome)
        self._sign = -1.0 if minimise else 1.0
        self._alive = np.ones(len(names), bool)
        self._spread = np.zeros((len(names), len(names)))
        self._sums, self._done = np.zeros(len(names)), 0
        self._eliminated: dict[str, int] = {}

    def run(self, at_most: int) -> None:
        """Run until one survives, `at_most` replications are done, or the work is cancelled."""
        ahead = self._procedure.first
        while self._alive.sum() > 1 and self._done < at_most:
            if not self._session.fetch(range(ahead), self._survivors()):
                return
            if self._done == 0:
                self._spread = self._procedure.spread(self._table(ahead))
            while self._alive.sum() > 1 and self._done < ahead:
                self._step()
            ahead = min(at_most, self._done + max(5, self._done // 10))

    def selection(self, runs: Runs) -> Selection:
        """The result so far."""
        order = sorted(self._survivors(), key=lambda place: -self._sums[place])
        contenders = tuple(self._names[place] for place in order)
        best = contenders[0] if len(contenders) == 1 else None
        return Selection(best, contenders, dict(self._eliminated), self._done, runs)

    def _step(self) -> None:
        """Take one more replication into account."""
        for place in self._survivors():
            self._sums[place] += self._sign * self._value(self._done, place)
        self._done += 1
        if self._done < self._procedure.first:
            return
        kept = self._procedure.surviving(self._sums / self._done, self._done, self._spread, self._alive)
        for place in self._survivors():
            if not kept[place]:
                self._eliminated[self._names[place]] = self._done
        self._alive = kept

    def _survivors(self) -> list[int]:
        return [place for place, alive in enumerate(self._alive.tolist()) if alive]

    def _table(self, replications: int) -> NDArray[np.float64]:
        import numpy as np

        places = range(len(self._names))
        rows = [[self._sign * self._value(each, place) for place in places] for each in range(replications)]
        return np.array(rows)

    def _value(self, replication: int, place: int) -> float:
        row = self._session.rows[replication, place]
        value = math.nan if row.values is None else row.values[self._place]
        if math.isnan(value):
            why = row.error or f"there is no {self._outcome} on that day"
            raise CheckFailed(
                f"The best cannot be selected: '{self._names[place]}' in replication {replication}: {why}."
            )
        return value
