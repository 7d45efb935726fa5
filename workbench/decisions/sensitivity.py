"""
What the answer hangs on: which uncertain inputs move an outcome, and by how much.

Three methods for three budgets of k inputs: `tornado` (2k + 1 runs, one at a time), `morris` (a screen,
trajectories x (k + 1) runs, meant for many inputs) and `sobol` (shares of the variance, n x (k + 2) runs).
All draw in the unit cube and hand values to `evaluate`, which is called once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from workbench._need import need
from workbench.decisions._arrays import Floats, level_between, whole
from workbench.decisions._evaluate import SAME, Evaluate, Pairs, outcomes_of, pairs_of, ranked
from workbench.decisions.inputs import Inputs, power_of_two
from workbench.errors import BadParameter
from workbench.simulation import Streams
from workbench.simulation.intervals import paired_difference, t_quantile


@dataclass(frozen=True, eq=False)
class Screening:
    """
    Morris's elementary effects: change of the outcome as an input crosses its range, others anywhere.

    Attributes
    ----------
    names
        Inputs, in the order of the arrays.
    mu_star, low, high
        Mean size of the effects and its interval, in the unit of the outcome, shape (inputs,).
    mu
        Mean effect with its sign.
    sigma
        Standard deviation of the effects: 0 for an input whose effect is the same everywhere, large where it
        is curved or depends on other inputs.
    order
        Inputs from the largest `mu_star`.
    cannot_separate
        Pairs whose `mu_star` cannot be told apart, the larger first; their order is not a finding.
    runs
        Evaluations it took.
    """

    names: tuple[str, ...]
    mu_star: Floats
    low: Floats
    high: Floats
    mu: Floats
    sigma: Floats
    order: tuple[str, ...]
    cannot_separate: Pairs
    runs: int


@dataclass(frozen=True, eq=False)
class Indices:
    """
    Sobol' indices: shares of the outcome's variance.

    Attributes
    ----------
    names
        Inputs, in the order of the arrays.
    first, first_low, first_high
        S1, the share that vanishes once this input alone is known, with its interval, shape (inputs,).
    total, total_low, total_high
        ST, the share that is left once all others are known. Estimates are kept as they come: they may lie
        a little below 0 or above 1.
    order
        Inputs from the largest total index.
    cannot_separate
        Pairs whose total indices cannot be told apart, the larger first.
    runs
        Evaluations it took.
    """

    names: tuple[str, ...]
    first: Floats
    first_low: Floats
    first_high: Floats
    total: Floats
    total_low: Floats
    total_high: Floats
    order: tuple[str, ...]
    cannot_separate: Pairs
    runs: int


def morris(
    inputs: Inputs,
    evaluate: Evaluate,
    trajectories: int,
    streams: Streams,
    *,
    levels: int = 4,
    level: float = 0.95,
) -> Screening:
    """
    Screen inputs by their elementary effects [1]_, ranked by mean size [2]_.

    An effect is per full range of the input, in shares of its law. Trajectories are independent, so intervals
    are Student's t over trajectories (SALib's own take the spread for known and are too narrow for few). Two
    inputs are told apart by paired t tests over trajectories, adjusted by Holm.

    Parameters
    ----------
    inputs
        What varies.
    evaluate
        Values, shape (runs, inputs), to outcomes, shape (runs,).
    trajectories
        At least 4; 10 to 50 are usual. Runs are `trajectories` x (inputs + 1).
    streams
        Randomness.
    levels
        Even number of levels each range is cut into.
    level
        Coverage of intervals, and certainty with which inputs are told apart.

    Raises
    ------
    BadParameter
        Too few trajectories, an odd number of levels, or outcomes that are not one finite number a run.
    EngineMissing
        SALib is not installed.

    References
    ----------
    .. [1] M. D. Morris (1991), Factorial sampling plans for preliminary computational experiments,
       Technometrics 33(2).
    .. [2] F. Campolongo, J. Cariboni and A. Saltelli (2007), An effective screening design for sensitivity
       analysis of large models, Environmental Modelling & Software 22(10).
    """
    whole("trajectories", trajectories, 4, "their spread cannot be told from fewer")
    level_between(level)
    if whole("levels", levels, 2) % 2:
        raise BadParameter(f"`levels` must be even, not {levels}.")
    sampler = need("SALib.sample.morris", "Screening by elementary effects")
    seed = int(streams.generator("morris").integers(1, 2**32))
    cube = np.asarray(sampler.sample(inputs.problem(), trajectories, num_levels=levels, seed=seed))
    outcome = outcomes_of(evaluate, inputs.at(cube)).reshape(trajectories, -1)
    points = cube.reshape(trajectories, -1, len(inputs))
    steps = np.diff(points, axis=1)  # every step moves one input
    moved = np.abs(steps).argmax(axis=2)
    effects = np.empty((trajectories, len(inputs)))
    change = np.diff(outcome, axis=1) / np.take_along_axis(steps, moved[:, :, None], axis=2)[:, :, 0]
    np.put_along_axis(effects, moved, change, axis=1)
    sizes = np.abs(effects)
    mu_star, spread = sizes.mean(axis=0), sizes.std(axis=0, ddof=1)
    half = t_quantile((1 + level) / 2, trajectories - 1) * spread / math.sqrt(trajectories)
    p = [paired_difference(sizes[:, i], sizes[:, j]).p for i, j in pairs_of(len(inputs))]
    order, unclear = ranked(inputs.names, mu_star, p, level)
    return Screening(
        inputs.names,
        mu_star,
        np.maximum(mu_star - half, 0.0),
        mu_star + half,
        effects.mean(axis=0),
        effects.std(axis=0, ddof=1),
        order,
        unclear,
        outcome.size,
    )


def sobol(
    inputs: Inputs,
    evaluate: Evaluate,
    n: int,
    streams: Streams,
    *,
    level: float = 0.95,
    resamples: int = 500,
) -> Indices:
    """
    Share out the outcome's variance among inputs by Sobol' indices [1]_, estimated as in [2]_.

    Intervals come from resampling the base points as if they were random; they are Sobol' points, so from
    `n` = 1024 on the true index lies well inside. Two total indices are told apart by the spread of their
    difference over the same resamples, adjusted by Holm.

    Parameters
    ----------
    inputs
        What varies, independently of one another.
    evaluate
        Values, shape (runs, inputs), to outcomes, shape (runs,).
    n
        Base points, a power of 2, at least 64; runs are `n` x (inputs + 2).
    streams
        Randomness.
    level
        Coverage of intervals, and certainty with which inputs are told apart.
    resamples
        How many times the base points are drawn again.

    Raises
    ------
    BadParameter
        `n` is too small or no power of 2, the outcome never varies, or it is not one finite number a run.
    EngineMissing
        SALib is not installed.

    References
    ----------
    .. [1] I. M. Sobol' (2001), Global sensitivity indices for nonlinear mathematical models and their Monte
       Carlo estimates, Mathematics and Computers in Simulation 55.
    .. [2] A. Saltelli, P. Annoni, I. Azzini, F. Campolongo, M. Ratto and S. Tarantola (2010), Variance based
       sensitivity analysis of model output, Computer Physics Communications 181(2).
    """
    whole("n", n, 64, "shares of a variance cannot be told from fewer")
    power_of_two("n", n)
    whole("resamples", resamples, 100)
    level_between(level)
    sampler = need("SALib.sample.sobol", "Sobol' indices")
    analyzer = need("SALib.analyze.sobol", "Sobol' indices")
    seeds = streams.generator("sobol").integers(1, 2**32, size=2).tolist()
    problem = inputs.problem()
    cube = np.asarray(sampler.sample(problem, n, calc_second_order=False, seed=seeds[0]))
    outcome = outcomes_of(evaluate, inputs.at(cube))
    if np.ptp(outcome) <= SAME * np.abs(outcome).max():
        raise BadParameter(
            f"The outcome is {outcome[0]:g} in all {outcome.size} runs: there is no variance to share out."
        )
    found = analyzer.analyze(
        problem,
        outcome,
        calc_second_order=False,
        num_resamples=resamples,
        conf_level=level,
        keep_resamples=True,
        seed=seeds[1],
    )
    first, total = np.asarray(found["S1"]), np.asarray(found["ST"])
    half_first, half_total = np.asarray(found["S1_conf"]), np.asarray(found["ST_conf"])
    drawn = np.asarray(found["ST_conf_all"])
    p = [_two_sided(total[i] - total[j], (drawn[:, i] - drawn[:, j]).std()) for i, j in pairs_of(len(inputs))]
    order, unclear = ranked(inputs.names, total, p, level)
    return Indices(
        inputs.names,
        first,
        first - half_first,
        first + half_first,
        total,
        total - half_total,
        total + half_total,
        order,
        unclear,
        outcome.size,
    )


def _two_sided(difference: float, spread: float) -> float:
    if spread == 0:
        return 1.0 if difference == 0 else 0.0
    return math.erfc(abs(difference) / spread / math.sqrt(2))
