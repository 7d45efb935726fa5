"""How much options differ from a baseline, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbench._need import need
from workbench.decisions._arrays import Floats, level_between
from workbench.decisions.samples import Samples
from workbench.simulation.intervals import holm, paired_difference, t_quantile


@dataclass(frozen=True)
class AgainstBaseline:
    """
    An option less a baseline, in the unit of the outcome.

    Attributes
    ----------
    name, baseline
        The two options.
    mean, low, high
        Mean difference and the ends of its interval.
    p
        Two-sided p-value of no difference.
    p_holm
        The same, adjusted for the number of options compared with the baseline.
    clear
        Whether `p_holm` is at most 1 - level.
    draws
        Draws behind it: pairs, or those of the option that has fewer.
    """

    name: str
    baseline: str
    mean: float
    low: float
    high: float
    p: float
    p_holm: float
    clear: bool
    draws: int


def differences(
    samples: Samples, outcome: str, baseline: str, *, level: float = 0.95
) -> dict[str, AgainstBaseline]:
    """
    Difference of each option from a baseline.

    Options on the same draws are compared pair by pair; others by Welch's method [1]_.

    Parameters
    ----------
    samples
        Options on draws.
    outcome, baseline
        Names of the outcome and of the option to compare with.
    level
        Coverage of each interval.

    Returns
    -------
    dict
        By option, the baseline left out.

    Raises
    ------
    UnknownName
        No such outcome or option.
    BadParameter
        `level` is not between 0 and 1.

    References
    ----------
    .. [1] B. L. Welch (1947), The generalization of Student's problem when several different population
       variances are involved, Biometrika 34.
    """
    level_between(level)
    theirs = samples.values(outcome, baseline)
    others = [name for name in samples.names if name != baseline]
    found = []
    for name in others:
        ours = samples.values(outcome, name)
        if samples.same_draws:
            pair = paired_difference(ours, theirs, level=level)
            found.append((pair.interval.mean, pair.interval.half_width, pair.p))
        else:
            found.append(_welch(ours, theirs, level))
    adjusted = holm([p for _, _, p in found])
    return {
        name: AgainstBaseline(
            name,
            baseline,
            mean,
            mean - half,
            mean + half,
            p,
            p_holm,
            p_holm <= 1 - level,
            min(len(samples.values(outcome, name)), len(theirs)),
        )
        for name, (mean, half, p), p_holm in zip(others, found, adjusted, strict=True)
    }


def _welch(ours: Floats, theirs: Floats, level: float) -> tuple[float, float, float]:
    """Mean difference, half-width and p-value of two independent samples of unequal spread."""
    mean = float(ours.mean() - theirs.mean())
    parts = [float(each.var(ddof=1)) / len(each) for each in (ours, theirs)]
    error = math.sqrt(sum(parts))
    if error == 0:
        return mean, 0.0, 1.0 if mean == 0 else 0.0
    shares = [part / sum(parts) for part in parts]
    degrees = 1 / sum(share**2 / (len(each) - 1) for share, each in zip(shares, (ours, theirs), strict=True))
    stdtr = need("scipy.special", "A t test").stdtr
    p = 2 * float(stdtr(degrees, -abs(mean) / error))
    return mean, t_quantile((1 + level) / 2, degrees) * error, p
