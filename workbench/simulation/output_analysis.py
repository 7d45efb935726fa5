"""
What replications say: intervals, differences, warm-up, stopping and selection, under one roof.

The methods stand in `intervals`, `warmup` and `selection`; `Runs` and `Experiment` apply them.
"""

from workbench.simulation.intervals import (
    Difference,
    Interval,
    batch_means,
    drawn,
    holm,
    paired_difference,
    replications_needed,
    t_interval,
    t_quantile,
)
from workbench.simulation.selection import Chances, KimNelson, chances, kim_nelson, ocba
from workbench.simulation.warmup import WarmUp, mser5, warm_up, welch

__all__ = [
    "Chances",
    "Difference",
    "Interval",
    "KimNelson",
    "WarmUp",
    "batch_means",
    "chances",
    "drawn",
    "holm",
    "kim_nelson",
    "mser5",
    "ocba",
    "paired_difference",
    "replications_needed",
    "t_interval",
    "t_quantile",
    "warm_up",
    "welch",
]
