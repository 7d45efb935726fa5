"""Decisions: how sure a ranking is."""

from workbench.decisions.resampling import (
    TopChoice,
    days_to_separate,
    interval,
    probability_in_top,
    resample_ratio,
    top_choice,
)

__all__ = ["TopChoice", "days_to_separate", "interval", "probability_in_top", "resample_ratio", "top_choice"]
