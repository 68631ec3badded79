"""The primary indicators of performance: rules, row-level outcomes, aggregates."""

from ipats_lib.indicators.aggregate import aggregate, long_form
from ipats_lib.indicators.outcomes import STATES, outcome_table
from ipats_lib.indicators.rules import INDICATORS, Indicator

__all__ = [
    "INDICATORS",
    "STATES",
    "Indicator",
    "aggregate",
    "long_form",
    "outcome_table",
]
