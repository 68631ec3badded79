"""Which exit quarter feeds which indicator in which report, and when that report is locked."""

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.caseload.flow import exits_known
from ipats_lib.due_dates import due
from ipats_lib.frames.calendar import MEASURED, held, windows_ahead
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.periods import Period, Quarter
from ipats_lib.periods import Report as Window
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of
from ipats_lib.report.upcoming import PROGRAMS

Places = dict[tuple[Measure, str, str], NDArray[np.intp]]


@cache
def cohort_calendar(report: Report, measure: Measure) -> pd.DataFrame:
    """The present report quarter and those to come, for one indicator.

    One row per report quarter: measure, report (period name), counted (exit quarter, or window of
    skill gains), measured (quarter of the outcome), due (quarterly report), locked (annual
    report), complete (whether every exit of it is known, see `flow.exits_known`), and the records
    it holds so far: adult, dw, youth, title1 (each once; exits, for skill gains those in education
    or training).
    """
    ahead = windows_ahead(report.period)
    return pd.DataFrame([_line(report, measure, period, window) for period, window in ahead])


def _line(report: Report, measure: Measure, period: Period, window: Window) -> dict[str, object]:
    rule = INDICATORS[measure]
    counted = Quarter.of(window.cohort(rule.cohort).start)
    today = as_of(report.data.about)
    return {
        "measure": measure,
        "report": period.name,
        "counted": counted.label,
        "measured": (counted + MEASURED[measure]).label,
        "due": due(period),
        "locked": due(Period(period.py)),
        "complete": "yes" if counted.end <= exits_known(today) else "not yet",
        **_sizes(report, measure, period.name),
    }


def _sizes(report: Report, measure: Measure, name: str) -> dict[str, int]:
    known = places(report)
    return {program: len(known[measure, name, program]) for program in (*PROGRAMS, "title1")}


@cache
def places(report: Report) -> Places:
    """Which records each report quarter holds so far, by indicator, report and program."""
    today = as_of(report.data.about)
    found: Places = {}
    for period, window in windows_ahead(report.period):
        for measure in INDICATORS:
            for program in (*PROGRAMS, "title1"):
                # The same exits feed both.
                if measure == "ME":
                    at = found["ERQ2", period.name, program]
                else:
                    mine = held(report.records, today, measure, window, program)
                    at = np.flatnonzero(mine)
                found[measure, period.name, program] = at
    return found
