"""Quarters that an extract no longer holds, taken from earlier snapshots (domain 8.1)."""

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd

from ipats_lib import indicators
from ipats_lib.cohorts import whole_from
from ipats_lib.due_dates import due
from ipats_lib.errors import UsageError
from ipats_lib.indicators.aggregate import FIGURE_COLUMNS, in_areas
from ipats_lib.indicators.rules import ELEMENTS, INDICATORS, Measure
from ipats_lib.periods import Period, Report, program_year
from ipats_lib.scopes import STATE, STATE_AREA
from ipats_lib.snapshot import Snapshot

BY = ("report", "area_type", "area", "program")
NOTHING = pd.DataFrame(columns=[*BY, "indicator", *FIGURE_COLUMNS, "known_at"], dtype="str")


def holds_whole(report: Report, measure: Measure, first: str, as_of: date) -> bool:
    """Whether an extract holds everything that a figure of a window counts.

    first: the first day of the oldest quarter whose exits it holds as a whole (YYYY-MM-DD), or
    nothing where nobody has exited. Exits: the extract reaches back to the window's. Skill gains:
    elements 1806 to 1810 hold the newest gain of each kind, which those of the next program year
    replace; so an extract holds a program year's until the annual report is due (domain 2.2, 2.14).
    """
    cohort = INDICATORS[measure].cohort
    start = report.cohort(cohort).start
    if cohort == "MSG":
        return as_of <= due(Period(program_year(start)))
    return not first or start.isoformat() >= first


def history(
    snapshot: Snapshot, first: str, earlier: Iterable[Snapshot], reports: Sequence[Report]
) -> pd.DataFrame:
    """Figures of the reports that `snapshot` does not hold as a whole, every area.

    first: the first day of its oldest whole quarter. The newest earlier snapshot that holds a
    figure (`holds_whole`) gives it, as it knew it then. Returns `indicators.aggregate` by report,
    area_type, area, program and indicator, with known_at (that snapshot's as-of date). UsageError
    for a snapshot that is not earlier.
    """
    lacking = {
        (report, code)
        for report in reports
        for code in INDICATORS
        if not holds_whole(report, code, first, snapshot.as_of)
    }
    parts = []
    for older in sorted(earlier, key=lambda one: one.as_of, reverse=True):
        if older.as_of >= snapshot.as_of:
            raise UsageError(
                f"--earlier {older.id}: it is as of {older.as_of}, which is not earlier."
            )
        rows = older.rows(STATE, ELEMENTS)
        whole = whole_from(rows["901"].to_numpy(dtype="datetime64[D]"))
        found = {
            (report, code)
            for report, code in lacking
            if whole
            and holds_whole(report, code, whole.isoformat(), older.as_of)
            and older.as_of > report.report_quarter.end
        }
        lacking -= found
        parts.append(_figures(older, rows, found))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else NOTHING


def _figures(
    older: Snapshot, rows: pd.DataFrame, found: set[tuple[Report, Measure]]
) -> pd.DataFrame:
    reports = sorted({report for report, _ in found}, key=lambda report: report.label)
    if not reports:
        return pd.DataFrame()
    outcomes = indicators.outcome_table(rows, reports, older.as_of)
    labels = {(report.label, code) for report, code in found}
    lines = zip(outcomes["report"].astype("str"), outcomes["indicator"].astype("str"), strict=True)
    outcomes = outcomes[np.array([line in labels for line in lines], dtype=np.bool_)]
    placed = in_areas(outcomes, older.membership(), STATE_AREA)
    figures = indicators.aggregate(placed, list(BY))
    figures = figures.astype(dict.fromkeys([*BY, "indicator"], "str"))
    return figures.assign(known_at=older.as_of.isoformat())
