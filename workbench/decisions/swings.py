"""One input at a time: the quickest look at what moves an outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.decisions._evaluate import Evaluate, Pairs, outcomes_of, pairs_of, ranked
from workbench.decisions.inputs import Inputs


@dataclass(frozen=True)
class Swing:
    """
    How far one input moves the outcome.

    Attributes
    ----------
    name
        The input.
    at_low, at_high
        Outcome at the two ends of its range, all others at their base.
    size
        Largest less smallest of the outcomes at low, base and high.
    """

    name: str
    at_low: float
    at_high: float
    size: float


@dataclass(frozen=True)
class Tornado:
    """
    One input at a time.

    Attributes
    ----------
    base
        Outcome with every input at its base.
    swings
        From the largest.
    cannot_separate
        Pairs whose swings are equal.
    """

    base: float
    swings: tuple[Swing, ...]
    cannot_separate: Pairs


def tornado(inputs: Inputs, evaluate: Evaluate) -> Tornado:
    """
    Move one input at a time to the ends of its range.

    It shows no interactions: an input that matters only together with another has no swing.

    Parameters
    ----------
    inputs
        What varies.
    evaluate
        Values, shape (runs, inputs), to outcomes, shape (runs,).

    Raises
    ------
    BadParameter
        The outcomes are not one finite number a run.
    """
    values = np.tile(inputs.base, (2 * len(inputs) + 1, 1))
    for at, one in enumerate(inputs):
        values[2 * at + 1, at], values[2 * at + 2, at] = one.low, one.high
    outcome = outcomes_of(evaluate, values)
    base, ends = outcome[0], outcome[1:].reshape(-1, 2)
    sizes = np.maximum(ends.max(axis=1), base) - np.minimum(ends.min(axis=1), base)
    order, equal = ranked(inputs.names, sizes, [0.0] * len(pairs_of(len(inputs))), 0.95)
    swings = {
        name: Swing(name, float(low), float(high), float(size))
        for name, (low, high), size in zip(inputs.names, ends, sizes, strict=True)
    }
    return Tornado(float(base), tuple(swings[name] for name in order), equal)
