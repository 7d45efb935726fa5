"""How many replications an outcome still needs, from those there are."""

from __future__ import annotations

import math

from workbench.errors import CheckFailed
from workbench.simulation.intervals import replications_needed, t_interval, wanted_half_width
from workbench.simulation.runs import Runs


def runs_wanted(
    runs: Runs, outcome: str, half_width: float, *, relative: bool, baseline: str | None, level: float
) -> float:
    """
    Replications that the least precise scenario needs.

    Parameters
    ----------
    runs
        The replications there are; the first stage should have 20.
    outcome, half_width, relative, baseline, level
        As in `Experiment.run_until`.

    Returns
    -------
    float
        No more than there are if all scenarios are precise enough; infinite where the precision is relative
        to a mean that cannot be told from 0.

    Raises
    ------
    CheckFailed
        Runs failed, or a scenario has the outcome on fewer than 2 days.
    """
    wanted = 2.0
    for scenario in runs.scenarios:
        if scenario == baseline:
            continue
        table = runs.pairs(outcome, [scenario] if baseline is None else [scenario, baseline])
        if len(table) < 2:
            raise CheckFailed(
                f"'{scenario}' has {outcome} on {len(table)} of {runs.replications} days: too few to tell "
                "how precise it is."
            )
        values = table[:, 0] if baseline is None else table[:, 0] - table[:, 1]
        now = t_interval(values, level=level)
        target = wanted_half_width(now, half_width, relative=relative)
        if target is None:
            return math.inf
        if now.half_width > target:
            share = len(values) / runs.replications  # days without the outcome do not count
            needed = replications_needed(values, target, level=level) / share
            wanted = max(wanted, math.ceil(needed), runs.replications + 1)
    return wanted
