"""What all sensitivity methods share: runs of a model, and an order that says what it cannot tell."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np

from workbench.decisions._arrays import Floats, column
from workbench.simulation.intervals import holm

Evaluate = Callable[[Floats], Floats]
"""Values of the inputs, shape (runs, inputs), to one outcome a run, shape (runs,)."""
Pairs = tuple[tuple[str, str], ...]
SAME = 1e-9
"""Two sizes this near, relative to the largest, are equal but for rounding."""


def outcomes_of(evaluate: Evaluate, values: Floats) -> Floats:
    """Evaluate all runs at once, and check that there is one finite outcome for each."""
    return column("What `evaluate` returned", evaluate(values), "runs", len(values))


def pairs_of(count: int) -> list[tuple[int, int]]:
    """Return all pairs of places, the smaller first."""
    return list(itertools.combinations(range(count), 2))


def ranked(
    names: Sequence[str], sizes: Floats, p: Sequence[float], level: float
) -> tuple[tuple[str, ...], Pairs]:
    """Order inputs from the largest, and name the pairs that are not told apart."""
    near = SAME * float(np.abs(sizes).max())
    places = [int(at) for at in np.argsort(-sizes, kind="stable")]
    adjusted = dict(zip(pairs_of(len(names)), holm(p), strict=True))
    unclear = [
        (names[i], names[j])
        for i, j in itertools.combinations(places, 2)
        if adjusted[min(i, j), max(i, j)] > 1 - level or abs(sizes[i] - sizes[j]) <= near
    ]
    return tuple(names[at] for at in places), tuple(unclear)
