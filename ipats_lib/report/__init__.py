"""What a notebook sees: open a report, ask it for figures, show them as tables and charts."""

from ipats_lib.report import charts, sentences, tables
from ipats_lib.report.report import Report, open_report

__all__ = ["Report", "charts", "open_report", "sentences", "tables"]
