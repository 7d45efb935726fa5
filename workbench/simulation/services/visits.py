"""What became of everybody who came, and the outcomes that follow from it: the same for both engines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import CheckFailed
from workbench.simulation.monitors import little
from workbench.simulation.services.day import Arrivals
from workbench.simulation.services.scenario import ServicePoint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SERVED, LEFT, TURNED_AWAY = range(3)


@dataclass(frozen=True)
class Visits:
    """
    Everybody who came, in the order of arrival.

    Attributes
    ----------
    arrivals
        As sampled.
    out_of_queue
        Second of the day at which each left the queue, to be served or not.
    fate
        0 served, 1 left because the wait was too long, 2 turned away.
    queue_area, system_area
        Number waiting, and number in the place, times time (person-seconds), counted by the engine.
    """

    arrivals: Arrivals
    out_of_queue: NDArray[np.float64]
    fate: NDArray[np.int64]
    queue_area: float
    system_area: float

    @property
    def waits(self) -> NDArray[np.float64]:
        """Seconds that each waited, served or not."""
        return self.out_of_queue - self.arrivals.at

    @property
    def ends(self) -> NDArray[np.float64]:
        """Second of the day at which each left the place."""
        import numpy as np

        return np.where(self.fate == SERVED, self.out_of_queue + self.arrivals.service, self.out_of_queue)

    def check(self) -> None:
        """
        Assert that nobody was lost and that Little's law holds exactly, in the queue and in the place.

        Raises
        ------
        CheckFailed
            It does not.
        """
        import numpy as np

        if np.isnan(self.out_of_queue).any() or (self.fate < SERVED).any():
            lost = int(np.isnan(self.out_of_queue).sum())
            raise CheckFailed(
                f"{lost} of {len(self.fate)} customers never left the queue: the model lost them."
            )
        little(self.queue_area, [float(self.waits.sum())], "the queue")
        little(self.system_area, [float((self.ends - self.arrivals.at).sum())], "the service point")


def outcomes(visits: Visits, scenario: ServicePoint) -> dict[str, float]:
    """Waits, losses and use of the servers; those who left or were turned away count with their wait."""
    import numpy as np

    arrivals, waits, ends = visits.arrivals, visits.waits, visits.ends
    targets = np.array([kind.target_s for kind in scenario.customers])[arrivals.kind]
    opens, closes = scenario.opens_h * 3600, scenario.closes_h * 3600
    last = max(closes, float(ends.max())) if len(ends) else closes
    served = visits.fate == SERVED
    return {
        "arrived": float(len(waits)),
        "served": float(served.sum()),
        "left": float((visits.fate == LEFT).sum()),
        "turned_away": float((visits.fate == TURNED_AWAY).sum()),
        **_of(waits, served, targets, ""),
        "mean_queue": float(waits.sum()) / (last - opens),
        "utilisation": _utilisation(visits, scenario, last),
        "overtime": last - closes,
    }


def group_outcomes(visits: Visits, scenario: ServicePoint, groups: tuple[str, ...]) -> dict[str, float]:
    """Waits and losses of some kinds of customers."""
    import numpy as np

    found: dict[str, float] = {}
    names = [kind.name for kind in scenario.customers]
    for group in groups:
        place = names.index(group) if group in names else -1
        ours = visits.arrivals.kind == place
        targets = np.full(int(ours.sum()), scenario.customers[place].target_s)
        fate = visits.fate[ours]
        found[f"left[{group}]"] = float((fate == LEFT).sum())
        found |= _of(visits.waits[ours], fate == SERVED, targets, f"[{group}]")
    return found


def queue_lengths(visits: Visits, scenario: ServicePoint, step_s: float = 60.0) -> NDArray[np.float64]:
    """Number waiting at equal steps of time, from opening to closing."""
    import numpy as np

    times = np.arange(scenario.opens_h * 3600, scenario.closes_h * 3600, step_s)
    joined = np.searchsorted(visits.arrivals.at, times, side="right")
    gone = np.searchsorted(np.sort(visits.out_of_queue), times, side="right")
    return np.asarray(joined - gone, float)


def _of(
    waits: NDArray[np.float64], served: NDArray[np.bool_], targets: NDArray[np.float64], suffix: str
) -> dict[str, float]:
    import numpy as np

    some = len(waits) > 0
    return {
        f"mean_wait{suffix}": float(waits.mean()) if some else math.nan,
        f"p95_wait{suffix}": float(np.quantile(waits, 0.95)) if some else math.nan,
        f"within_target{suffix}": float((served & (waits <= targets)).mean()) if some else math.nan,
    }


def _utilisation(visits: Visits, scenario: ServicePoint, last: float) -> float:
    """Busy time over offered time; who goes off duty counts as on duty until the service is finished."""
    import numpy as np

    served = visits.fate == SERVED
    starts, ends = visits.out_of_queue[served], visits.ends[served]
    busy = float(visits.arrivals.service[served].sum())
    steps = [(time, count) for time, count in scenario.server_steps if time < last]
    if len(steps) == 1:
        offered = steps[0][1] * (last - steps[0][0])
    else:
        changes = np.array([time for time, _ in steps])
        times = np.concatenate([changes, starts, ends, [last]])
        order = np.argsort(times, kind="stable")
        at_work = np.cumsum(
            np.concatenate([np.zeros(len(steps)), np.ones(len(starts)), -np.ones(len(ends)), [0.0]])[order]
        )
        on_duty = np.array([count for _, count in steps], float)[
            np.searchsorted(changes, times[order], side="right") - 1
        ]
        offered = float((np.maximum(on_duty, at_work)[:-1] * np.diff(times[order])).sum())
    return busy / offered if offered > 0 else math.nan
