"""What can still change in the program year, and what it would take, for one scope."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAM_TITLES, Program
from ipats_lib.disclosure import few_wages, load_thresholds
from ipats_lib.due_dates import due
from ipats_lib.indicators.reasons import plain_reason
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.levels import find_level, load_levels, target, year_over
from ipats_lib.periods import Period, program_year_end
from ipats_lib.periods import Report as Window
from ipats_lib.projection import last_day, median_bounds, more_successes, more_wages
from ipats_lib.report import customers
from ipats_lib.report.expectations import (
    PROGRAMS,
    Outcomes,
    all_tested,
    of_median,
    of_rate,
    outcomes_of,
    places,
    view_of,
)
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of

__all__ = ["all_tested", "lacking", "outlook", "pending", "program_year_of", "still_open"]


AMOUNTS = (
    *("value", "floor", "expected", "low80", "high80", "ceiling", "miss", "to_90", "to_100"),
)


def program_year_of(report: Report, ahead: int = 0) -> Window:
    """The annual report of the period's program year, or of one `ahead` years later."""
    return Period(report.period.py + ahead).program_year


def outlook(report: Report, ahead: int = 0) -> pd.DataFrame:
    """A program year's figures as they stand and as they may end: the period's, or the next.

    One row per Title I program and indicator of the program year's annual report: program,
    program_title, measure, title, successes, denominator, pending (periods of participation; for
    medians the awaited wages, which are no part of the denominator), value (official), floor,
    expected and ceiling (shares 0..1 or dollars; of a median they are bounds), low80 and high80
    (the band that holds the final figure in 80 of 100 cases; missing where none is attached), miss
    (the usual miss of the expectation, in the same unit; missing where it is not tested), level,
    which (negotiated or adjusted), to_90 and to_100 (successes, or wages, lacking; missing where
    there is no level or it is out of reach). A median that would tell a wage has none of these
    amounts (`disclosure.few_wages`).
    """
    return _outlook(report, ahead)


@cache
def _outlook(report: Report, ahead: int) -> pd.DataFrame:
    year = program_year_of(report, ahead)
    lines = [
        _line(report, year, program, measure)
        for program in PROGRAMS
        for measure, rule in INDICATORS.items()
        if program in rule.programs
    ]
    frame = pd.DataFrame(lines)
    hidden = few_wages(frame, report.scope.kind, load_thresholds())
    return frame.assign(**{name: frame[name].mask(hidden) for name in AMOUNTS})


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
    more = (0, hoped.value, hoped.low, hoped.high, pending)
    floor, expected, low, high, ceiling = (
        (successes + n) / denominator if denominator else np.nan for n in more
    )
    return {
        "successes": successes,
        "denominator": denominator,
        "pending": pending,
        "value": floor,
        "floor": floor,
        "expected": expected,
        "low80": low,
        "high80": high,
        "ceiling": ceiling,
        "miss": hoped.miss,
        "to_90": lacking(successes, denominator, level, 90),
        "to_100": lacking(successes, denominator, level, 100),
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
        "low80": np.nan,
        "high80": np.nan,
        "ceiling": ceiling,
        "miss": hoped.miss,
        "to_90": more_wages(wages, level, 90) if known else None,
        "to_100": more_wages(wages, level, 100) if known else None,
    }


def lacking(successes: int, denominator: int, level: float, percent: float) -> int | None:
    """Successes that a rate lacks for this percent of its level; None without a level."""
    if np.isnan(level) or not denominator:
        return None
    return more_successes(successes, denominator, level, percent)


def pending(report: Report, measure: Measure, ahead: int = 0) -> pd.DataFrame:
    """Who can still supply a success (or a wage) in a program year, the nearest closing first.

    One row per period of participation and program: customer, program_title, reason, why (in
    words), happens_by (last day on which the outcome can happen), recorded_by (the annual report
    is locked), page (the customer's time line). For the state, one row per month: month, pending.
    """
    every = still_open(report, ahead)
    mine = every.take(np.flatnonzero(every["measure"] == measure)).reset_index(drop=True)
    if report.scope.kind != "state":
        return mine.drop(columns="measure")
    months = mine["happens_by"].dt.strftime("%Y-%m").value_counts().sort_index()
    return months.rename_axis("month").rename("pending").reset_index()


@cache
def still_open(report: Report, ahead: int) -> pd.DataFrame:
    """The lines of `pending` of every indicator, with measure; for the state without names."""
    year = program_year_of(report, ahead)
    parts = {code: _waiting(report, year, code) for code in INDICATORS}
    happens_by = [_closing(report, year, code, mine) for code, mine in parts.items()]
    reasons = np.concatenate([mine.reason for mine in parts.values()])
    programs = np.concatenate([mine.program for mine in parts.values()])
    words = {reason: plain_reason(reason) for reason in set(reasons)}
    customers_of = report.records.text("100").astype("str")
    at = np.concatenate([places(report, mine) for mine in parts.values()])
    table = pd.DataFrame(
        {
            "measure": np.repeat(list(parts), [len(mine) for mine in parts.values()]),
            "customer": customers_of[at] if report.scope.kind != "state" else "",
            "program_title": [PROGRAM_TITLES[program] for program in programs],
            "reason": reasons,
            "why": [words[reason] for reason in reasons],
            "happens_by": np.concatenate(happens_by).astype("datetime64[s]"),
            "recorded_by": pd.Timestamp(due(Period(year.py))),
        }
    )
    order = [PROGRAMS.index(program) for program in programs]
    table = table.assign(page=customers.links(report, table["customer"]), order=order)
    by = ["happens_by", "customer", "order"]
    return table.sort_values(by, ignore_index=True).drop(columns="order")


def _waiting(report: Report, year: Window, measure: Measure) -> Outcomes:
    every = outcomes_of(report, year.label, *PROGRAMS, measure=measure)
    return every.at(every.among("pending", "awaiting"))


def _closing(report: Report, year: Window, measure: Measure, outcomes: Outcomes) -> NDArray[Any]:
    """The last day on which each pending outcome can happen (`projection.last_day`)."""
    end = program_year_end(year.cohort("MSG").end)
    return last_day(view_of(report), measure, end)[places(report, outcomes)]
