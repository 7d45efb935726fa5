"""The model of a service point, in the form that experiments run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench._need import need
from workbench.errors import BadParameter, UnknownName
from workbench.simulation.services.day import Day
from workbench.simulation.services.scenario import ServicePoint
from workbench.simulation.services.visits import (
    SERVED,
    Visits,
    group_outcomes,
    outcomes,
    queue_lengths,
)
from workbench.simulation.streams import Streams

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

_UNITS = {
    "arrived": "persons",
    "served": "persons",
    "left": "persons",
    "turned_away": "persons",
    "mean_wait": "s",
    "p95_wait": "s",
    "within_target": "share",
    "mean_queue": "persons",
    "utilisation": "share",
    "overtime": "s",
}
_BY_GROUP = ("left", "mean_wait", "p95_wait", "within_target")


@dataclass(frozen=True)
class ServiceModel:
    """
    A queue in front of several servers, with duty rosters, priorities and people who give up.

    Waits are those of everybody who came, served or not; `within_target` is the share of them who were
    served within their target. `utilisation` is busy over offered server time, `overtime` the time after
    closing until the last one is out.

    Parameters
    ----------
    groups
        Kinds of customers whose waits and losses are told separately, as `mean_wait[name]`.
    engine
        "kernel" (compiled) or "simpy" (readable); both give the same numbers to the last digit.
    """

    groups: tuple[str, ...] = ()
    engine: Literal["kernel", "simpy"] = "kernel"

    name = "service point"
    version = "1"

    def __post_init__(self) -> None:
        if self.engine not in ("kernel", "simpy"):
            raise UnknownName("engine", self.engine, ("kernel", "simpy"))
        given: object = self.groups
        if not isinstance(given, tuple | list) or len(set(given)) != len(given):
            raise BadParameter(
                "`groups` are the names of kinds of customers, each once: ('booked', 'walk-in')."
            )
        object.__setattr__(self, "groups", tuple(self.groups))

    @property
    def outcomes(self) -> Mapping[str, str]:
        """Outcome and unit code."""
        return _UNITS | {f"{name}[{group}]": _UNITS[name] for group in self.groups for name in _BY_GROUP}

    @property
    def fingerprint(self) -> str:
        """What the model holds; the engine is left out, since numbers do not depend on it."""
        return repr(self.groups)

    def sample(self, streams: Streams) -> Day:
        """Draw customers as far as scenarios will ask for them."""
        return Day(streams)

    def run(self, scenario: ServicePoint, day: Day) -> dict[str, float]:
        """
        Serve one day.

        Raises
        ------
        UnknownName
            The scenario has no customers of a group.
        CheckFailed
            Somebody was lost, or Little's law does not hold.
        """
        names = [kind.name for kind in scenario.customers]
        for group in self.groups:
            if group not in names:
                raise UnknownName("kind of customers", group, names)
        visits = self.visits(scenario, day)
        return outcomes(visits, scenario) | group_outcomes(visits, scenario, self.groups)

    def visits(self, scenario: ServicePoint, day: Day) -> Visits:
        """Tell for everybody who came when they were called, or when they left."""
        arrivals = day.arrivals(scenario)
        if self.engine == "simpy":
            from workbench.simulation.services.twin import run_simpy as serve
        else:
            need("numba", "The compiled simulation (engine='simpy' does without)")
            from workbench.simulation.services.kernel import run_kernel as serve
        visits = serve(arrivals, scenario.server_steps)
        visits.check()
        return visits

    def series(self, scenario: ServicePoint, day: Day) -> dict[str, NDArray[np.float64]]:
        """Waits by order of arrival, and the queue at every minute, for choosing a warm-up."""
        visits = self.visits(scenario, day)
        return {"wait": visits.waits, "queue": queue_lengths(visits, scenario)}

    def trace(self, scenario: ServicePoint, day: Day) -> pl.DataFrame:
        """Log arrivals, calls, ends of service and departures in the order of time."""
        import numpy as np
        import polars as pl

        visits = self.visits(scenario, day)
        number = np.arange(len(visits.fate))
        served = visits.fate == SERVED
        how = np.array(["called", "left", "turned away"])[visits.fate]
        kinds = np.array([kind.name for kind in scenario.customers])[visits.arrivals.kind]
        parts = [
            (visits.arrivals.at, np.full(len(number), "arrived"), number),
            (visits.out_of_queue, how, number),
            (visits.ends[served], np.full(int(served.sum()), "done"), number[served]),
        ]
        time, event, who = (np.concatenate(column) for column in zip(*parts, strict=True))
        frame = {"time_s": time, "event": event, "customer": who, "kind": kinds[who]}
        return pl.DataFrame(frame).sort("time_s", maintain_order=True)
