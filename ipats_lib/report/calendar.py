"""Which exit quarter feeds which indicator in which report, and when that report is locked."""

from collections.abc import Mapping
from html import escape

import pandas as pd

from ipats_lib.cohorts import PARTICIPATED_IN_WINDOW, STREAMS, View
from ipats_lib.due_dates import due
from ipats_lib.indicators.predicates import IN_EDUCATION_OR_TRAINING
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.periods import LAG, Period, Quarter, program_year
from ipats_lib.periods import Report as Window
from ipats_lib.report.data import as_of
from ipats_lib.report.display import Html
from ipats_lib.report.report import Report

AHEAD = 7
# Quarters after exit in which the outcome is measured; for skill gains, the window itself.
_MEASURED: Mapping[Measure, int] = {"ERQ2": 2, "ME": 2, "ERQ4": 4, "CR": 4, "MSG": 0}
_PROGRAMS = ("adult", "dw", "youth")


def period_of(quarter: Quarter) -> Period:
    """The quarterly period whose report quarter this is."""
    return Period(program_year(quarter.start), (quarter.start.month - 7) % 12 // 3 + 1)


def cohort_calendar(report: Report, measure: Measure) -> pd.DataFrame:
    """The present report quarter and those to come, for one indicator.

    One row per report quarter: measure, report (period name), counted (exit quarter, or window of
    skill gains), measured (quarter of the outcome), due (quarterly report), locked (annual
    report), complete (whether every exit of it is known: its last day is 90 days past), and the
    records it holds so far: adult, dw, youth (exits; for skill gains, those in education or
    training).
    """
    first = report.period.report_quarter
    lines = []
    for ahead in range(AHEAD + 1):
        period = period_of(first + ahead)
        window = Window("quarterly", period.py, f"Q{period.quarter}", "current", first + ahead)
        lines.append(_line(report, measure, period, window))
    return pd.DataFrame(lines)


def _line(report: Report, measure: Measure, period: Period, window: Window) -> dict[str, object]:
    rule = INDICATORS[measure]
    counted = Quarter.of(window.cohort(rule.cohort).start)
    today = as_of(report.data.about)
    return {
        "measure": measure,
        "report": period.name,
        "counted": counted.label,
        "measured": (counted + _MEASURED[measure]).label,
        "due": due(period),
        "locked": due(Period(period.py)),
        "complete": "yes" if (today - counted.end).days > 90 else "not yet",
        **{program: _held(report, measure, window, program) for program in _PROGRAMS},
    }


def _held(report: Report, measure: Measure, window: Window, program: str) -> int:
    span = window.cohort(INDICATORS[measure].cohort)
    view = View(report.records, program, span, as_of(report.data.about))  # type: ignore[arg-type]
    mine = STREAMS[view.program](view)
    if measure == "MSG":
        return int((mine & PARTICIPATED_IN_WINDOW(view) & IN_EDUCATION_OR_TRAINING(view)).sum())
    return int((mine & view.falls_in_window("901")).sum())


def strip(report: Report, measure: Measure) -> Html:
    """The quarters of the main report as a strip: who is counted, when measured, when reported."""
    rule, main = INDICATORS[measure], report.period.reports[0]
    last = main.report_quarter
    newest = last - LAG[rule.cohort]
    counted = {newest - back for back in range(main.quarters)}
    measured = {quarter + _MEASURED[measure] for quarter in counted}
    oldest = min(counted)
    quarters = [oldest + step for step in range(last.index - oldest.index + 1)]
    what = "Skill gains counted" if measure == "MSG" else "Exits counted"
    lines = [(what, counted), ("Outcome measured", measured), ("Report", {last})]
    head = "".join(f"<th scope='col'>{q.label}</th>" for q in quarters)
    body = "".join(
        f"<tr><th scope='row'>{escape(name)}</th>{_marks(quarters, marked)}</tr>"
        for name, marked in lines
    )
    span = main.cohort(rule.cohort)
    caption = f"{rule.title}: {span.start} to {span.end}, calendar quarters"
    html = (
        f"<div class='table' role='region' tabindex='0' aria-label='{escape(caption)}'>"
        f"<table class='strip'><caption>{escape(caption)}</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return Html(html, caption)


def _marks(quarters: list[Quarter], marked: set[Quarter]) -> str:
    return "".join(
        "<td class='on'>\N{BLACK CIRCLE} yes</td>" if q in marked else "<td></td>" for q in quarters
    )
