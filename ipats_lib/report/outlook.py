"""What can still change in the program year, and what it would take, for one scope."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAM_TITLES, Program
from ipats_lib.due_dates import due
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.levels import find_level, load_levels, target, year_over
from ipats_lib.periods import Period, program_year_end
from ipats_lib.periods import Report as Window
from ipats_lib.projection import last_day, median_bounds, more_successes, more_wages
from ipats_lib.report import customers
from ipats_lib.report.data import as_of
from ipats_lib.report.expectations import (
    PROGRAMS,
    Outcomes,
    all_tested,
    of_median,
    of_rate,
    outcomes_of,
    view_of,
)
from ipats_lib.report.report import Report

__all__ = ["all_tested", "outlook", "pending", "program_year_of"]


def program_year_of(report: Report, ahead: int = 0) -> Window:
    """The annual report of the period's program year, or of one `ahead` years later."""
    return Period(report.period.py + ahead).program_year


def outlook(report: Report, ahead: int = 0) -> pd.DataFrame:
    """A program year's figures as they stand and as they may end: the period's, or the next.

    One row per Title I program and indicator of the program year's annual report: program,
    program_title, measure, title, successes, denominator, pending (periods of participation; for
    medians the awaited wages, which are no part of the denominator), value (official), floor,
    expected and ceiling (shares 0..1 or dollars; of a median they are bounds), miss (the usual
    miss of the expectation, in the same unit; missing where it is not tested), level, which
    (negotiated or adjusted), to_90 and to_100 (successes, or wages, lacking; missing where there
    is no level or it is out of reach).
    """
    year = program_year_of(report, ahead)
    lines = [
        _line(report, year, program, measure)
        for program in PROGRAMS
        for measure, rule in INDICATORS.items()
        if program in rule.programs
    ]
    return pd.DataFrame(lines)


def _line(report: Report, year: Window, program: Program, measure: Measure) -> dict[str, object]:
    mine = outcomes_of(report, year.label, program, measure=measure)
    levels = load_levels(report.data.about.synthetic)
    found = find_level(levels, year.py, report.lwia, program, measure)
    level, which = target(found, year_over(year.py, as_of(report.data.about)))
    line: dict[str, object] = {
        "program": program,
        "program_title": PROGRAM_TITLES[program],
        "measure": measure,
        "title": INDICATORS[measure].title,
        "level": level,
        "which": which,
    }
    if INDICATORS[measure].is_median:
        return line | _of_median(report, program, mine, level)
    return line | _of_rate(report, year, program, measure, mine, level)


def _of_rate(
    report: Report,
    year: Window,
    program: Program,
    measure: Measure,
    mine: Outcomes,
    level: float,
) -> dict[str, object]:
    successes, failures, pending = (
        int(mine.among(state).sum()) for state in ("success", "failure", "pending")
    )
    denominator = successes + pending + failures
    hoped = of_rate(report, year, program, measure, mine)
    bounds = (successes, successes + hoped.value, successes + pending)
    floor, expected, ceiling = (n / denominator if denominator else np.nan for n in bounds)
    return {
        "successes": successes,
        "denominator": denominator,
        "pending": pending,
        "value": floor,
        "floor": floor,
        "expected": expected,
        "ceiling": ceiling,
        "miss": hoped.miss,
        "to_90": _lacking(successes, denominator, level, 90),
        "to_100": _lacking(successes, denominator, level, 100),
    }


def _of_median(report: Report, program: Program, mine: Outcomes, level: float) -> dict[str, object]:
    wages = mine.wages.tolist()
    awaited = int(mine.among("awaiting").sum())
    floor, ceiling = median_bounds(wages, awaited)
    hoped = of_median(report, program, mine)
    known = not np.isnan(level)
    return {
        "successes": len(wages),
        "denominator": len(wages),
        "pending": awaited,
        "value": float(np.median(wages)) if wages else np.nan,
        "floor": floor,
        "expected": hoped.value,
        "ceiling": ceiling,
        "miss": hoped.miss,
        "to_90": more_wages(wages, level, 90) if known else None,
        "to_100": more_wages(wages, level, 100) if known else None,
    }


def _lacking(successes: int, denominator: int, level: float, percent: float) -> int | None:
    if np.isnan(level) or not denominator:
        return None
    return more_successes(successes, denominator, level, percent)


def pending(report: Report, measure: Measure, ahead: int = 0) -> pd.DataFrame:
    """Who can still supply a success (or a wage) in a program year, the nearest closing first.

    One row per period of participation and program: customer, program_title, reason, happens_by
    (last day on which the outcome can happen), recorded_by (the annual report is locked), page
    (the customer's time line). For the state, one row per month: month, n.
    """
    year = program_year_of(report, ahead)
    every = outcomes_of(report, year.label, *PROGRAMS, measure=measure)
    mine = every.at(every.among("pending", "awaiting"))
    closing = pd.Series(_closing(report, year, measure, mine)).astype("datetime64[s]")
    if report.scope.kind == "state":
        months = closing.dt.strftime("%Y-%m").value_counts().sort_index()
        return months.rename_axis("month").rename("pending").reset_index()
    customer = report.data.frame("rows")["100"].astype("str").to_numpy()
    at = report.members.rows.get_indexer(mine.row)
    table = pd.DataFrame(
        {
            "customer": pd.Series(customer[at], dtype="str"),
            "program": pd.Categorical(mine.program, categories=PROGRAMS),
            "program_title": [PROGRAM_TITLES[program] for program in mine.program],
            "reason": mine.reason,
            "happens_by": closing,
            "recorded_by": pd.Timestamp(due(Period(year.py))),
        }
    )
    table = table.assign(page=customers.links(report, table["customer"]))
    listed = ["customer", "program_title", "reason", "happens_by", "recorded_by", "page"]
    return table.sort_values(["happens_by", "customer", "program"], ignore_index=True)[listed]


def _closing(report: Report, year: Window, measure: Measure, outcomes: Outcomes) -> NDArray[Any]:
    """The last day on which each pending outcome can happen (`projection.last_day`)."""
    end = program_year_end(year.cohort("MSG").end)
    return last_day(view_of(report, outcomes), measure, end)
