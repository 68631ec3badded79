"""The assessment: scores against levels, what fails, and what follows (domain 3)."""

from ipats_lib.assessment.adjustment import Adjustment, Factor, adjustment_factor, load_adjustment
from ipats_lib.assessment.history import (
    consequence,
    individual_name,
    load_complete_years,
    load_failures,
    years_failed,
)
from ipats_lib.assessment.scores import (
    assessed_programs,
    individual_scores,
    limit_of,
    load_score_limits,
    overall_scores,
)

__all__ = [
    "Adjustment",
    "Factor",
    "adjustment_factor",
    "assessed_programs",
    "consequence",
    "individual_name",
    "individual_scores",
    "limit_of",
    "load_adjustment",
    "load_complete_years",
    "load_failures",
    "load_score_limits",
    "overall_scores",
    "years_failed",
]
