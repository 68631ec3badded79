"""The frame `calendar`: which cohort feeds which indicator in which report quarter."""

from datetime import date

import numpy as np
import pandas as pd

from ipats_lib.caseload.flow import exits_known
from ipats_lib.cohorts import (
    PARTICIPATED_IN_WINDOW,
    PROGRAM_TITLES,
    STREAMS,
    Mask,
    Program,
    Records,
    View,
)
from ipats_lib.due_dates import due
from ipats_lib.frames.figures import MEASURE_TITLES
from ipats_lib.frames.source import Source
from ipats_lib.indicators.predicates import IN_EDUCATION_OR_TRAINING
from ipats_lib.indicators.rules import INDICATORS, TITLE_I, Measure
from ipats_lib.periods import Period, Quarter, Report, program_year
from ipats_lib.stacking import stacked

AHEAD = 7
# Quarters after exit in which the outcome is measured; for skill gains, the window itself.
MEASURED: dict[Measure, int] = {"ERQ2": 2, "ME": 2, "ERQ4": 4, "CR": 4, "MSG": 0}


def period_of(quarter: Quarter) -> Period:
    """The quarterly period whose report quarter this is."""
    return Period(program_year(quarter.start), (quarter.start.month - 7) % 12 // 3 + 1)


def windows_ahead(period: Period) -> list[tuple[Period, Report]]:
    """The present report quarter and those to come, each alone."""
    first = period.report_quarter
    periods = [period_of(first + ahead) for ahead in range(AHEAD + 1)]
    return [
        (one, Report("quarterly", one.py, f"Q{one.quarter}", "current", first + ahead))
        for ahead, one in enumerate(periods)
    ]


def held(records: Records, today: date, measure: Measure, window: Report, program: Program) -> Mask:
    """Whom a report quarter holds so far: exits; of skill gains, those in education or training."""
    view = View(records, program, window.cohort(INDICATORS[measure].cohort), today)
    mine = STREAMS[program](view)
    if measure == "MSG":
        return mine & PARTICIPATED_IN_WINDOW(view) & IN_EDUCATION_OR_TRAINING(view)
    return mine & view.falls_in_window("901")


def calendar(source: Source) -> pd.DataFrame:
    """The frame `calendar` of every scope, with `owner`: its scope's place."""
    scopes, parts = len(source.scopes), []
    for period, window in windows_ahead(source.period):
        for measure in INDICATORS:
            facts = _facts(source, measure, period, window)
            for program in TITLE_I:
                mine = held(source.records, source.snapshot.as_of, measure, window, program)
                number = np.bincount(source.owner[mine[source.at]], minlength=scopes)
                line = {**facts, "program": program, "program_title": PROGRAM_TITLES[program]}
                parts.append({"owner": np.arange(scopes), **line, "held": number})
    return stacked(parts, "owner").sort_values("owner", kind="stable", ignore_index=True)


def _facts(source: Source, measure: Measure, period: Period, window: Report) -> dict[str, object]:
    today, span = source.snapshot.as_of, window.cohort(INDICATORS[measure].cohort)
    counted = Quarter.of(span.start)
    outcome = counted + MEASURED[measure]
    days = {
        "cohort_first": span.start,
        "cohort_last": span.end,
        "measured_first": outcome.start,
        "measured_last": outcome.end,
        "due": due(period),
        "locked": due(Period(period.py)),
    }
    return {
        "period": period.name,
        "measure": measure,
        "measure_title": MEASURE_TITLES[measure],
        "counted": counted.label,
        "measured": outcome.label,
        **{name: np.datetime64(day, "s") for name, day in days.items()},
        "complete": counted.end <= exits_known(today),
        "measured_over": outcome.end < today,
        "days_to_lock": (due(Period(period.py)) - today).days,
    }
