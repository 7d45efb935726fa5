"""One sampled day of a service point: who would come, in units that no scenario can change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench._need import need
from workbench.errors import BadParameter
from workbench.simulation.arrivals import Draws, Profile
from workbench.simulation.services.scenario import Law, ServicePoint
from workbench.simulation.streams import Streams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST = 20_000_000  # customers; more is a mistake in the units


@dataclass(frozen=True)
class Arrivals:
    """
    Customers of one scenario on one day, in the order of their arrival.

    Attributes
    ----------
    at
        Second of the day.
    kind
        Place among the scenario's kinds of customers.
    service, patience
        Seconds; patience is infinite where nobody gives up.
    priority
        Smaller is served first, counted from 0 without gaps.
    """

    at: NDArray[np.float64]
    kind: NDArray[np.int64]
    service: NDArray[np.float64]
    patience: NDArray[np.float64]
    priority: NDArray[np.int64]


class Day:
    """
    Customers by kind and number: when the n-th comes in units of demand, how long it takes and would wait.

    Parameters
    ----------
    streams
        Streams of the replication.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._draws: dict[tuple[str, str], Draws] = {}

    def arrivals(self, scenario: ServicePoint) -> Arrivals:
        """
        Lay the customers on the day as a scenario's demand says.

        Raises
        ------
        BadParameter
            More customers than can be meant.
        """
        import numpy as np

        ranks = {
            rank: place for place, rank in enumerate(sorted({each.priority for each in scenario.customers}))
        }
        parts = []
        for place, kind in enumerate(scenario.customers):
            profile = Profile(*scenario.hourly(kind))
            if profile.expected > _MOST:
                raise BadParameter(
                    f"{profile.expected:.3g} customers '{kind.name}' a day are more than can be meant: "
                    "`per_hour` is per hour."
                )
            at = profile.times(self._drawn("arrivals", kind.name).until(profile.expected))
            service = self._times("service", kind.name, kind.service, len(at))
            patience = np.full(len(at), math.inf)
            if kind.patience is not None:
                patience = self._times("patience", kind.name, kind.patience, len(at))
            parts.append(
                (at, np.full(len(at), place), service, patience, np.full(len(at), ranks[kind.priority]))
            )
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        return Arrivals(*(column[order] for column in columns))

    def _times(self, name: str, kind: str, law: Law, count: int) -> NDArray[np.float64]:
        """Times of the first customers: one number drawn for each, whatever is made of it."""
        import numpy as np

        if law.kind == "fixed":
            return np.full(count, law.mean_s)
        if law.kind == "exponential":
            return law.mean_s * self._drawn(f"{name} exponential", kind).first(count)
        cv = law.cv or 0.0
        if law.kind == "lognormal":
            sigma = math.sqrt(math.log1p(cv * cv))
            drawn = self._drawn(f"{name} normal", kind).first(count)
            return law.mean_s * np.exp(sigma * drawn - sigma * sigma / 2)
        shape = 1 / (cv * cv)
        uniform = self._drawn(f"{name} uniform", kind).first(count)
        quantile = need("scipy.special", "A gamma law").gammaincinv
        return np.asarray(law.mean_s / shape * quantile(shape, uniform))

    def _drawn(self, name: str, kind: str) -> Draws:
        if (name, kind) not in self._draws:
            last = name.rpartition(" ")[2]
            numbers = "poisson" if name == "arrivals" else last
            self._draws[name, kind] = Draws(self._streams, numbers, name, kind)  # type: ignore[arg-type]
        return self._draws[name, kind]
