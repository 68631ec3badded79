"""What can still change in the program year, and what it would take, for one scope."""

from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAM_TITLES, Program, Records
from ipats_lib.due_dates import due
from ipats_lib.indicators.rules import INDICATORS, Measure
from ipats_lib.levels import find_level, load_levels, target, year_over
from ipats_lib.periods import Period, program_year_end
from ipats_lib.periods import Report as Window
from ipats_lib.projection import (
    back_test,
    mean_miss,
    more_successes,
    more_wages,
    share_expected,
    share_still_to_come,
)
from ipats_lib.report import customers
from ipats_lib.report.data import as_of
from ipats_lib.report.report import Report

Places = dict[tuple[str, ...], NDArray[np.intp]]
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")
_CREDENTIAL_DAYS = ("1801", "1803", "1805")
_GAIN_DAYS = ("1806", "1807", "1808", "1809", "1810")


def program_year_of(report: Report, ahead: int = 0) -> Window:
    """The annual report of the period's program year, or of one `ahead` years later."""
    return Period(report.period.py + ahead).program_year


def outlook(report: Report, ahead: int = 0) -> pd.DataFrame:
    """A program year's figures as they stand and as they may end: the period's, or the next.

    One row per Title I program and indicator of the program year's annual report: program,
    program_title, measure, title, successes, denominator, pending (periods of participation),
    value (official: also the floor, since every pending one may fail), expected, ceiling (shares
    0..1), miss (mean absolute miss of the back-test, share), level, to_90 and to_100 (successes,
    or wages, lacking; missing where there is no level or it is out of reach). Medians have no
    floor or ceiling: a pending wage may be any.
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
    mine = _outcomes(report, year.label, program, measure)
    states = mine["state"].astype("str").to_numpy()
    successes, failures, pending = (
        int((states == state).sum()) for state in ("success", "failure", "pending")
    )
    denominator = successes + pending + failures
    line: dict[str, object] = {
        "program": program,
        "program_title": PROGRAM_TITLES[program],
        "measure": measure,
        "title": INDICATORS[measure].title,
        "successes": successes,
        "denominator": denominator,
        "pending": pending,
    }
    levels = load_levels(report.data.about.synthetic)
    found = find_level(levels, year.py, report.lwia, program, measure)
    level, _ = target(found, year_over(year.py, as_of(report.data.about)))
    if INDICATORS[measure].is_median:
        return line | _of_median(mine["value"].dropna(), level)
    share = expected_share(report, year, program, measure, mine) if pending else 0.0
    bounds = (successes, successes + pending * share, successes + pending)
    value, expected, ceiling = (n / denominator if denominator else float("nan") for n in bounds)
    return line | {
        "value": value,
        "expected": expected,
        "ceiling": ceiling,
        "miss": mean_miss(tested(report, program, measure)) if pending else 0.0,
        "level": level,
        "to_90": _lacking(successes, denominator, level, 90),
        "to_100": _lacking(successes, denominator, level, 100),
    }


def _of_median(wages: pd.Series, level: float) -> dict[str, object]:
    known = not np.isnan(level)
    return {
        "value": float(wages.median()),
        "expected": float("nan"),
        "ceiling": float("nan"),
        "miss": float("nan"),
        "level": level,
        "to_90": more_wages(list(wages), level, 90) if known else None,
        "to_100": more_wages(list(wages), level, 100) if known else None,
    }


def _lacking(successes: int, denominator: int, level: float, percent: float) -> int | None:
    if np.isnan(level) or not denominator:
        return None
    return more_successes(successes, denominator, level, percent)


def quarters(report: Report, program: str, measure: Measure) -> pd.DataFrame:
    """Success and failure counts of one line by report quarter, oldest first."""
    every = report.quarters
    return every.take(_places_of_quarters(report).get((program, measure), []))


@cache
def _places_of_quarters(report: Report) -> Places:
    return dict(report.quarters.groupby(["program", "indicator"], observed=True).indices)


def _outcomes(report: Report, label: str, program: str, measure: Measure) -> pd.DataFrame:
    """The outcomes of one line of a report, excluded records too."""
    every = report.data.frame("outcomes")
    return every.take(_places_of_outcomes(report).get((label, program, measure), []))


@cache
def _places_of_outcomes(report: Report) -> Places:
    keys = ["report", "program", "indicator"]
    return dict(report.data.frame("outcomes").groupby(keys, observed=True).indices)


@cache
def tested(report: Report, program: str, measure: Measure) -> pd.DataFrame:
    """The back-test of one line (`projection.back_test`)."""
    return back_test(quarters(report, program, measure))


def all_tested(report: Report, measure: Measure) -> pd.DataFrame:
    """The back-tests of one indicator's Title I programs, with program_title."""
    parts = [
        tested(report, program, measure).assign(program_title=PROGRAM_TITLES[program])
        for program in PROGRAMS
    ]
    return pd.concat(parts, ignore_index=True)


def expected_share(
    report: Report, year: Window, program: str, measure: Measure, mine: pd.DataFrame
) -> float:
    """The share of one line's pending outcomes that its own history lets expect (NaN: unknown)."""
    if measure == "MSG":
        last = Period(year.py - 1).program_year
        before = _counted(report, program, measure, last.label)
        start, begun = last.cohort("MSG").start, year.cohort("MSG").start
        elapsed: float = (as_of(report.data.about) - begun).days
        return share_still_to_come(_delays(report, before, _GAIN_DAYS, start), elapsed)
    if measure == "CR":
        if not report.holds_whole(Period(year.py - 1).program_year, measure):
            return float("nan")
        waiting = _exits(report, mine[mine["state"] == "pending"])
        elapsed = float(np.median(_days(np.datetime64(as_of(report.data.about)) - waiting)))
        before = _counted(report, program, measure, Period(year.py - 1).program_year.label)
        before = before[before["state"].isin(["success", "failure"])]
        return share_still_to_come(_delays(report, before, _CREDENTIAL_DAYS, None), elapsed)
    return share_expected(quarters(report, program, measure).iloc[:-1])


def _counted(report: Report, program: str, measure: Measure, label: str) -> pd.DataFrame:
    mine = _outcomes(report, label, program, measure)
    return mine[mine["state"].isin(["success", "failure", "pending"])]


def _records(report: Report, outcomes: pd.DataFrame) -> Records:
    rows = _dates(report)
    return Records(rows.take(rows.index.get_indexer(outcomes["row"])))


@cache
def _dates(report: Report) -> pd.DataFrame:
    """The dates that a success or its deadline hangs on, by record."""
    needed = ["row", "901", *_CREDENTIAL_DAYS, *_GAIN_DAYS]
    return report.data.frame("rows")[needed].set_index("row")


def _exits(report: Report, outcomes: pd.DataFrame) -> NDArray[Any]:
    return _records(report, outcomes).day("901")


def _days(span: NDArray[Any]) -> NDArray[Any]:
    days = span.astype("timedelta64[D]").astype(np.float64)
    return np.where(np.isnat(span), np.nan, days)


def _delays(
    report: Report, outcomes: pd.DataFrame, elements: tuple[str, ...], start: date | None
) -> NDArray[Any]:
    """Days from the start (or each record's exit) to its first dated success; NaN for none."""
    records = _records(report, outcomes)
    dated = np.array([records.day(element) for element in elements])
    origin = np.datetime64(start) if start else records.day("901")
    if start:
        dated = np.where(dated >= origin, dated, np.datetime64("NaT"))
    far = np.datetime64("9999-12-31")
    first = np.where(np.isnat(dated), far, dated).min(axis=0)
    none = (first == far) | (outcomes["state"] != "success").to_numpy()
    return np.where(none, np.nan, _days(first - origin))


def pending(report: Report, measure: Measure, ahead: int = 0) -> pd.DataFrame:
    """Who can still supply a success in a program year, the nearest closing first.

    One row per period of participation and program: customer, program_title, reason, happens_by
    (last day on which the outcome can happen), recorded_by (the annual report is locked), page
    (the customer's time line). For the state, one row per month: month, n.
    """
    year = program_year_of(report, ahead)
    every = [_outcomes(report, year.label, program, measure) for program in PROGRAMS]
    mine = pd.concat(every)
    mine = mine[mine["state"] == "pending"]
    closing = pd.Series(_closing(report, year, measure, mine), index=mine.index).astype(
        "datetime64[s]"
    )
    if report.scope.kind == "state":
        months = closing.dt.strftime("%Y-%m").value_counts().sort_index()
        return months.rename_axis("month").rename("pending").reset_index()
    rows = report.data.frame("rows")[["row", "100"]]
    table = mine.assign(happens_by=closing).merge(rows, on="row")
    table = table.assign(
        customer=table["100"].astype("str"),
        program_title=table["program"].astype("str").map(PROGRAM_TITLES),
        recorded_by=pd.Timestamp(due(Period(year.py))),
        reason=table["reason"].astype("str"),
        page=customers.links(report, table["100"]),
    )
    listed = ["customer", "program_title", "reason", "happens_by", "recorded_by", "page"]
    return table.sort_values(["happens_by", "customer", "program"], ignore_index=True)[listed]


def _closing(
    report: Report, year: Window, measure: Measure, outcomes: pd.DataFrame
) -> NDArray[Any]:
    records = _records(report, outcomes)
    if measure == "MSG":
        end = program_year_end(year.cohort("MSG").end)
        return np.full(len(outcomes), np.datetime64(end))
    if measure == "CR":
        return records.one_year_after_exit
    return records.quarter_end_after_exit(4 if measure == "ERQ4" else 2)
