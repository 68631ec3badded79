"""What a notebook sees: open a report, ask it for figures, show them as tables and charts."""

from ipats_lib.report import (
    assessments,
    breakdowns,
    calendar,
    charts,
    definitions,
    employers,
    federal,
    outlook,
    queue,
    rosters,
    sentences,
    tables,
)
from ipats_lib.report.report import Report, open_report

__all__ = [
    "Report",
    "assessments",
    "breakdowns",
    "calendar",
    "charts",
    "definitions",
    "employers",
    "federal",
    "open_report",
    "outlook",
    "queue",
    "rosters",
    "sentences",
    "tables",
]
