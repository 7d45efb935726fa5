"""
Which option is best, how sure that is, and what more evidence would settle.

    samples = Samples.paired({"mean_wait": runs.pairs("mean_wait")}, tuple(runs.scenarios))
    verdict = rank(samples, Outcome("mean_wait", "s", Text("Mean wait"), "less"), streams=Streams(42))
    verdict.best, verdict.word, verdict.runs_to_separate()

What is ranked are the true means that the options may have (see `posterior`), not single draws. "Cannot
separate" is a legal answer.

P(best) is calibrated, that is right nine times in ten where it says 0.9, when options differ by several
standard errors as a rule, whichever is best. Where all options are nearly alike it is too sure: with 3
options whose true means spread as 4, 2 and 1 standard errors, answers of 90% were right 90%, 87% and 82% of
the time. The winner of many near-equal options deserves a discount, or a `delta`.

References
----------
.. [1] S. E. Chick and K. Inoue (2001), New two-stage and sequential procedures for selecting the best
   simulated system, Operations Research 49(5): P(best) and expected opportunity cost under t posteriors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.decisions._checks import certainty, number
from workbench.decisions.options import Constraint, Outcome
from workbench.decisions.posterior import posterior
from workbench.decisions.samples import Samples
from workbench.decisions.verdict import Verdict, met, standing_of
from workbench.errors import UnknownName
from workbench.simulation import Streams


def rank(
    samples: Samples,
    objective: Outcome,
    *,
    delta: float = 0.0,
    constraints: Sequence[Constraint] = (),
    sure: float = 0.9,
    likely: float = 0.7,
    streams: Streams,
    resamples: int = 2000,
) -> Verdict:
    """
    Rank options by the mean of one outcome, and say how sure the ranking is.

    Parameters
    ----------
    samples
        Options on draws, with the objective and the outcomes of the constraints.
    objective
        What to rank by.
    delta
        Difference in the objective that does not matter, in its unit, at least 0.
    constraints
        What the means must keep to.
    sure, likely
        Chances for "high" and "moderate" confidence, 0 < likely <= sure < 1.
    streams
        Randomness; the streams are called "draws" and "spread".
    resamples
        Worlds drawn; 2000 give a probability to about 0.01.

    Returns
    -------
    Verdict
        A single option, options that are all alike and 2 draws are legal, and answered "cannot_tell".

    Raises
    ------
    UnknownName
        The samples do not have an outcome.
    BadParameter
        A parameter out of its bounds.

    Notes
    -----
    For two options on the same n draws p_best is T(gap / (sd / sqrt(n))), T being Student's distribution with
    n - 1 degrees of freedom, and gap and sd the mean and standard deviation of the daily difference.
    """
    number("`delta`", delta, least=0)
    certainty(sure, likely)
    limits = tuple(constraints)
    for outcome in (objective, *(limit.outcome for limit in limits)):
        if outcome.name not in samples.outcomes:
            raise UnknownName("outcome", outcome.name, samples.outcomes, "Add it to the samples.")
    used = (objective.name, *(limit.outcome.name for limit in limits))
    drawn = posterior(samples, used, streams=streams, resamples=resamples)
    worlds = drawn.means()
    found = standing_of(worlds, objective, limits, delta)
    kept = np.asarray(met(drawn.centre[None], limits).all(axis=(0, 1)))
    order = [int(i) for i in np.argsort(objective.sign * drawn.centre[:, 0], kind="stable") if kept[i]]
    return Verdict(
        names=samples.names,
        objective=objective,
        constraints=limits,
        means=drawn.centre[:, 0],
        p_best=found.best,
        p_within=found.within,
        regret=found.regret if min(samples.draws) > 2 else np.full(len(samples.names), np.nan),
        ranks=found.ranks,
        p_met=np.asarray(met(worlds, limits).mean(axis=1)),
        order=tuple(samples.names[i] for i in order),
        delta=float(delta),
        sure=float(sure),
        likely=float(likely),
        _samples=samples,
        _posterior=drawn,
    )
