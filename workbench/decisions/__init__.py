"""Decisions: options compared, how sure a ranking is, what would turn it."""

from workbench.decisions.assumptions import Assumption, assume
from workbench.decisions.baseline import AgainstBaseline, differences
from workbench.decisions.costbenefit import CashFlow, CostBenefit, appraise
from workbench.decisions.discounting import GREEN_BOOK, Discounting
from workbench.decisions.discovery import discover
from workbench.decisions.equity import Equity, by_group
from workbench.decisions.inequality import gini
from workbench.decisions.information import Information, Worth, value_of_information
from workbench.decisions.inputs import Inputs, UncertainInput
from workbench.decisions.mcda import BreakEven, CriteriaAppraisal, Criterion, appraise_criteria
from workbench.decisions.options import Constraint, Option, Options, Outcome
from workbench.decisions.ranking import rank
from workbench.decisions.register import Register
from workbench.decisions.resampling import (
    TopChoice,
    days_to_separate,
    interval,
    probability_in_top,
    resample_ratio,
    top_choice,
)
from workbench.decisions.robustness import Pick, Robustness, Share, compare_robustness, wilson
from workbench.decisions.samples import Samples
from workbench.decisions.scenarios import Box, Discovery, Restriction, in_words
from workbench.decisions.sensitivity import Indices, Screening, morris, sobol
from workbench.decisions.swings import Swing, Tornado, tornado
from workbench.decisions.verdict import Verdict

__all__ = [
    "GREEN_BOOK",
    "AgainstBaseline",
    "Assumption",
    "Box",
    "BreakEven",
    "CashFlow",
    "Constraint",
    "CostBenefit",
    "CriteriaAppraisal",
    "Criterion",
    "Discounting",
    "Discovery",
    "Equity",
    "Indices",
    "Information",
    "Inputs",
    "Option",
    "Options",
    "Outcome",
    "Pick",
    "Register",
    "Restriction",
    "Robustness",
    "Samples",
    "Screening",
    "Share",
    "Swing",
    "TopChoice",
    "Tornado",
    "UncertainInput",
    "Verdict",
    "Worth",
    "appraise",
    "appraise_criteria",
    "assume",
    "by_group",
    "compare_robustness",
    "days_to_separate",
    "differences",
    "discover",
    "gini",
    "in_words",
    "interval",
    "morris",
    "probability_in_top",
    "rank",
    "resample_ratio",
    "sobol",
    "top_choice",
    "tornado",
    "value_of_information",
    "wilson",
]
