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
    show,
    tables,
)
from ipats_lib.report.report import Report, open_report
from ipats_lib.report.show import theme  # noqa: F401  (enables Altair's theme and renderer)

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
    "show",
    "tables",
]
