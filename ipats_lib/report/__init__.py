"""What a notebook sees: open a report, ask it for figures, show them as tables and charts."""

from ipats_lib.report import (
    breakdowns,
    calendar,
    charts,
    definitions,
    outlook,
    rosters,
    sentences,
    tables,
)
from ipats_lib.report.report import Report, open_report

__all__ = [
    "Report",
    "breakdowns",
    "calendar",
    "charts",
    "definitions",
    "open_report",
    "outlook",
    "rosters",
    "sentences",
    "tables",
]
