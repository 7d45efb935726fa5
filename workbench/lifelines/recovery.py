"""
Whether service comes back as soon as it should: desired recovery times against simulated ones.

    desired = [DesiredRecovery(layer="water", share=0.9, within_h=72, category="Critical facilities")]
    runs = [model.simulate(plan, model.sample(Streams(42, i))) for i in range(200)]
    table = judge(desired, recovery_times(desired, runs, problem.system.layers))
    by_phase(desired, table)                # one row per category, one column per phase, "90%" and "X"

A goal is met where the simulated days meet it with the chance wanted, as far as their number can tell: the
interval of the chance lies above it (met), below it (not met), or on both sides (cannot tell, and how many
days would). Goals and phases are laid out as in the performance goal tables of NIST's planning guide [1]_.

References
----------
.. [1] NIST (2016), Community Resilience Planning Guide for Buildings and Infrastructure Systems, SP 1190.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from workbench._need import need
from workbench._text import Text
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._chances import quantile, wilson
from workbench.lifelines._given import number
from workbench.lifelines._phases import PHASES, phase_of
from workbench.lifelines.model import Floats

if TYPE_CHECKING:
    from workbench.lifelines.crews import CrewRun

__all__ = ["PHASES", "VERDICTS", "DesiredRecovery", "by_phase", "judge", "recovery_bands", "recovery_times"]
VERDICTS: Mapping[str, Text] = {
    "met": Text("met", "达到"),
    "not met": Text("not met", "未达到"),
    "cannot tell": Text("cannot tell", "无法判断"),
}
"""What a goal can be, as a planner reads it."""


@dataclass(frozen=True, kw_only=True)
class DesiredRecovery:
    """
    A goal: a share of a service back within a time.

    Parameters
    ----------
    layer
        Of the system.
    share
        Of its intact service, above 0, up to 1.
    within_h
        Hours after the event, 0 or more.
    category
        What needs it: "Critical facilities", "Housing".
    chance
        How surely, above 0 and below 1.

    Raises
    ------
    BadParameter
        A number out of its bounds.
    """

    layer: str
    share: float
    within_h: float
    category: str = ""
    chance: float = 0.9

    def __post_init__(self) -> None:
        number("share", self.share, above=0, most=1)
        number("within_h", self.within_h, least=0)
        if number("chance", self.chance, above=0, most=1) == 1:
            raise BadParameter(
                "No number of simulated days shows a chance of 1: give one below, such as 0.95."
            )


def recovery_times(
    desired: Iterable[DesiredRecovery], runs: Sequence[CrewRun], layers: Iterable[str]
) -> dict[tuple[str, float], Floats]:
    """
    Hours until each share that is asked for is back for good.

    Parameters
    ----------
    desired
        Goals.
    runs
        One plan on many days.
    layers
        Names of the layers, in their order.

    Returns
    -------
    times
        By layer and share, shape (days,); infinite where it never is.

    Raises
    ------
    UnknownName
        A goal for a layer that is not there.
    """
    names, found = list(layers), {}
    for goal in desired:
        if goal.layer not in names:
            raise UnknownName("layer of the system", goal.layer, names)
        hours = np.array([run.hours_to(goal.share)[names.index(goal.layer)] for run in runs], float)
        found[goal.layer, goal.share] = np.where(np.isnan(hours), np.inf, hours)
    return found


def judge(
    desired: Sequence[DesiredRecovery],
    times: Mapping[tuple[str, float], ArrayLike],
    *,
    level: float = 0.95,
) -> pl.DataFrame:
    """
    Hold goals against simulated recovery times.

    Parameters
    ----------
    desired
        Goals.
    times
        Hours by layer and share, one for each simulated day, infinite for never; as `recovery_times` gives
        them.
    level
        Coverage of the intervals.

    Returns
    -------
    table
        One row per goal: `category`, `layer`, `share`, `within_h`, `wanted` (chance), `days`, `chance` with
        `low` and `high` (Wilson), `verdict` ("met", "not met", "cannot tell"), `days_needed` to tell if the
        chance is as found (null where it is told, or never could be), and `anticipated_h`: the time by which
        the share is back with the chance wanted, with `anticipated_low_h` and `anticipated_high_h` (order
        statistics [2]_), infinite for never or for more than the days can tell.

    Raises
    ------
    BadParameter
        No goals, no days, hours that are negative or NaN.
    UnknownName
        Times for a goal are missing.

    References
    ----------
    .. [2] W. J. Conover (1999), Practical Nonparametric Statistics, 3rd edition, section 3.2: intervals of
       quantiles.
    """
    if not desired:
        raise BadParameter("There are no desired recovery times to judge: give at least one.")
    return pl.DataFrame(
        [_judged(goal, _days(goal, times), level) for goal in desired], infer_schema_length=None
    )


def by_phase(desired: Sequence[DesiredRecovery], table: pl.DataFrame, *, lang: str = "en") -> pl.DataFrame:
    """
    Lay goals out by phase, as NIST's performance goal tables do.

    Parameters
    ----------
    desired
        Goals, as they were judged.
    table
        Of `judge`.
    lang
        Language of the phases.

    Returns
    -------
    table
        One row per category and layer, one column per phase: "90%" where that share is wanted, "X" where the
        highest share wanted is anticipated, both where both are.
    """
    names = [name.in_(lang) for name, _ in PHASES]
    cells: dict[tuple[str, str], dict[str, list[str]]] = {}
    for goal in sorted(desired, key=lambda one: one.share):
        row = cells.setdefault((goal.category, goal.layer), {name: [] for name in names})
        row[names[phase_of(goal.within_h)]].append(f"{goal.share:.0%}")
    for key, row in cells.items():
        own = table.filter(pl.col("category") == key[0], pl.col("layer") == key[1])
        highest = own.sort("share").row(-1, named=True)
        row[names[phase_of(highest["anticipated_h"])]].append("X")
    return pl.DataFrame(
        [
            {"category": category, "layer": layer} | {name: " ".join(marks) for name, marks in row.items()}
            for (category, layer), row in cells.items()
        ]
    )


def recovery_bands(
    runs: Sequence[CrewRun], layers: Iterable[str], hours: ArrayLike, *, level: float = 0.95
) -> pl.DataFrame:
    """
    Curves of recovery over many days.

    Parameters
    ----------
    runs
        One plan on at least two days.
    layers
        Names of the layers, in their order.
    hours
        At which to read the curves, 0 or more.
    level
        Coverage of the interval of the mean.

    Returns
    -------
    bands
        `layer`, `hour`, `mean` share with `low` and `high`, and the shares that 10 % (`p10`) and 90 % (`p90`)
        of the days do not exceed.

    Raises
    ------
    BadParameter
        Fewer than two days, or hours that are negative or not finite.
    """
    at = np.asarray(hours, float)
    if len(runs) < 2 or at.ndim != 1 or not (np.isfinite(at) & (at >= 0)).all():
        raise BadParameter("Bands need at least two days, and hours of 0 or more in one row.")
    shares = np.stack([run.at(at) for run in runs])
    mean, half = shares.mean(axis=0), quantile(level) * shares.std(axis=0, ddof=1) / math.sqrt(len(runs))
    p10, p90 = np.quantile(shares, [0.1, 0.9], axis=0)
    return pl.concat(
        pl.DataFrame(
            {
                "layer": [layer] * len(at),
                "hour": at,
                "mean": mean[:, i],
                "low": np.clip(mean[:, i] - half[:, i], 0.0, 1.0),
                "high": np.clip(mean[:, i] + half[:, i], 0.0, 1.0),
                "p10": p10[:, i],
                "p90": p90[:, i],
            }
        )
        for i, layer in enumerate(layers)
    )


def _days(goal: DesiredRecovery, times: Mapping[tuple[str, float], ArrayLike]) -> Floats:
    if (goal.layer, goal.share) not in times:
        known = [f"{layer} {share:.0%}" for layer, share in times]
        raise UnknownName("recovery time", f"{goal.layer} {goal.share:.0%}", known)
    hours = np.sort(np.asarray(times[goal.layer, goal.share], float))
    if hours.ndim != 1 or not hours.size or not (hours >= 0).all():
        raise BadParameter(
            f"Recovery times of {goal.layer} must be hours of 0 or more, one a day; infinite for never."
        )
    return hours


def _judged(goal: DesiredRecovery, hours: Floats, level: float) -> dict[str, object]:
    n, met = len(hours), int((hours <= goal.within_h + 1e-9).sum())
    low, high = (float(end) for end in wilson(met, n, level))
    chance, needed = met / n, None
    verdict = "met" if low >= goal.chance else "not met" if high < goal.chance else "cannot tell"
    if verdict == "cannot tell" and met not in (0, n) and abs(chance - goal.chance) > 1e-9:
        needed = max(
            n + 1, math.ceil((quantile(level) / (chance - goal.chance)) ** 2 * chance * (1 - chance))
        )
    first, last = _order(n, goal.chance, level)
    return {
        "category": goal.category,
        "layer": goal.layer,
        "share": float(goal.share),
        "within_h": float(goal.within_h),
        "wanted": goal.chance,
        "days": n,
        "chance": chance,
        "low": low,
        "high": high,
        "verdict": verdict,
        "days_needed": needed,
        "anticipated_h": float(hours[math.ceil(n * goal.chance - 1e-9) - 1]),
        "anticipated_low_h": float(hours[first]) if first >= 0 else 0.0,
        "anticipated_high_h": float(hours[last]) if last < n else math.inf,
    }


def _order(n: int, chance: float, level: float) -> tuple[int, int]:
    """Order statistics that hold a quantile between them; -1 and n where the days do not reach."""
    need("scipy.stats", "An interval")
    from scipy.stats import binom

    tail = (1 - level) / 2
    first = int(binom.ppf(tail, n, chance)) - 1
    return first, int(binom.ppf(1 - tail, n, chance))
