"""What a line's own past lets expect of its pending outcomes, and how far such guesses were off.

Each indicator has one method, and it is that method which is tested: employment from the known
outcomes of the last report quarters; credentials from those that were open as long; skill gains
from the same day of the last finished program year, which one extract cannot test; earnings from
the wages of the last report quarters.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ipats_lib.cohorts import PROGRAM_TITLES, Program, View
from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.source import TREND_QUARTERS
from ipats_lib.indicators.predicates import ATTAINED_DIPLOMA, CREDENTIAL_SLOTS
from ipats_lib.indicators.rules import Measure
from ipats_lib.levels import year_over
from ipats_lib.periods import Period
from ipats_lib.periods import Report as Window
from ipats_lib.projection import (
    HISTORY,
    back_test,
    back_test_dated,
    back_test_medians,
    band,
    mean_miss,
    median_expected,
    share_by_waits,
    share_expected,
    share_still_to_come,
)
from ipats_lib.report.report import Report
from ipats_lib.report.scope_data import as_of

Places = dict[tuple[str, ...], NDArray[np.intp]]
Days = NDArray[np.float64]
PROGRAMS: tuple[Program, ...] = ("adult", "dw", "youth")
UNKNOWN = float("nan")
_CREDENTIAL_DAYS = tuple(day for _, day in CREDENTIAL_SLOTS)
_GAIN_DAYS = ("1806", "1807", "1808", "1809", "1810")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcome rows of one or several lines as arrays: row, program, state, reason (texts), value
    (dollars, NaN where there is none)."""

    row: NDArray[np.int64]
    program: NDArray[np.object_]
    state: NDArray[np.object_]
    reason: NDArray[np.object_]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.row)

    def at(self, places: NDArray[np.intp] | NDArray[np.bool_]) -> "Outcomes":
        """The rows at these places, or where a mask holds."""
        return Outcomes(*(getattr(self, name)[places] for name in self.__slots__))

    def among(self, *states: str) -> NDArray[np.bool_]:
        """Which rows are in one of these states."""
        return np.logical_or.reduce([self.state == state for state in states])

    @property
    def wages(self) -> NDArray[np.float64]:
        return self.value[~np.isnan(self.value)]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of one line's pending outcomes.

    value: successes among them, or the final median in dollars; NaN where the past is too short.
    miss: the usual miss of the final figure (share 0..1, or dollars): the mean miss of past guesses
    about outcomes like the pending ones, times the part of the figure that is pending. NaN where
    the method is not tested. low, high: the successes among them in 80 of 100 cases
    (`projection.band`); NaN where no band is attached, as to medians and to methods not tested.
    """

    value: float
    miss: float
    low: float = UNKNOWN
    high: float = UNKNOWN

    def __add__(self, other: "Expectation") -> "Expectation":
        """Of two parts of the pending outcomes together: a band that is wide enough for both."""
        return Expectation(
            self.value + other.value,
            self.miss + other.miss,
            self.low + other.low,
            self.high + other.high,
        )


NOTHING_PENDING = Expectation(0.0, 0.0, 0.0, 0.0)


def of_rate(
    report: Report, year: Window, program: Program, measure: Measure, mine: Outcomes
) -> Expectation:
    """The expectation for a line of rates. mine: its outcomes in the program year."""
    waiting = mine.at(mine.among("pending"))
    counted = int(mine.among("success", "failure", "pending").sum())
    if not len(waiting):
        return NOTHING_PENDING
    if measure == "MSG":
        return Expectation(len(waiting) * _gains_to_come(report, year, program), UNKNOWN)
    if measure != "CR":
        return _of_employment(report, program, measure, len(waiting), counted)
    has_diploma = _has_diploma(report, waiting)
    linked = _of_employment(report, program, "ERQ4", int(has_diploma.sum()), counted)
    open_ = _waits(report, waiting.at(~has_diploma))
    share = share_by_waits(_recent(_closed_credentials(report, program)), open_)
    if not len(open_):
        return linked
    return linked + _expected(share, len(open_), counted, tested(report, program, "CR"))


def _of_employment(
    report: Report, program: Program, measure: Measure, number: int, counted: int
) -> Expectation:
    if not number:
        return NOTHING_PENDING
    share = share_expected(quarters(report, program, measure).iloc[:-1])
    return _expected(share, number, counted, tested(report, program, measure))


def _expected(share: float, number: int, counted: int, tests: pd.DataFrame) -> Expectation:
    miss = mean_miss(tests) * number / counted
    return Expectation(number * share, miss, *band(share, number, tests))


def of_median(report: Report, program: Program, mine: Outcomes) -> Expectation:
    """The expected median of a line. mine: its outcomes in the program year."""
    wages = mine.wages
    awaited = mine.at(mine.among("awaiting"))
    if not len(awaited):
        return Expectation(float(np.median(wages)) if len(wages) else UNKNOWN, 0.0)
    coming = _wages_to_come(report, program, awaited)
    past = _recent(_wages(report, program)[:-1])
    miss = mean_miss(tested(report, program, "ME"))
    part = coming / (len(wages) + coming) if coming else 0.0
    return Expectation(median_expected(wages, past, coming), miss * part)


def _wages_to_come(report: Report, program: Program, awaited: Outcomes) -> float:
    """How many awaited wages will enter: all of the employed, the rest as in the past.

    The past: wages counted per known outcome of the second quarter, in the last report quarters.
    """
    employed = int((awaited.reason == "wage_q2_not_yet_available").sum())
    outcomes = quarters(report, program, "ERQ2").iloc[:-1].tail(HISTORY)
    known = int(outcomes["success"].sum() + outcomes["failure"].sum())
    counted = quarters(report, program, "ME").iloc[:-1].tail(HISTORY)["success"].sum()
    return employed + (len(awaited) - employed) * (float(counted / known) if known else UNKNOWN)


@cache
def tested(report: Report, program: Program, measure: Measure) -> pd.DataFrame:
    """The back-test of one line's method (`projection.back_test`); empty where it has none.

    A quarter whose median would tell a wage is left out.

    Credentials are guessed after as many days as those of this and the next program year have
    waited so far.
    """
    if measure == "MSG":
        return back_test(pd.DataFrame({"quarter_label": [], "success": [], "failure": []}))
    if measure == "ME":
        found = back_test_medians(_wages(report, program))
        limits = load_thresholds()
        few = limits.hides_wages(report.scope.kind) & (found["known"] < limits.minimum_wages)
        return found[~few].reset_index(drop=True)
    if measure == "CR":
        return back_test_dated(_closed_credentials(report, program), _open_waits(report, program))
    return back_test(quarters(report, program, measure))


def all_tested(report: Report, measure: Measure) -> pd.DataFrame:
    """The back-tests of one indicator's Title I programs, with measure and program_title."""
    parts = [
        tested(report, program, measure).assign(
            measure=measure, program_title=PROGRAM_TITLES[program]
        )
        for program in PROGRAMS
    ]
    return pd.concat(parts, ignore_index=True)


@cache
def quarters(report: Report, program: str, measure: Measure) -> pd.DataFrame:
    """Success and failure counts of one line by report quarter, oldest first."""
    every = report.quarters
    return every.take(_places_of_quarters(report).get((program, measure), []))


@cache
def _places_of_quarters(report: Report) -> Places:
    return dict(report.quarters.groupby(["program", "indicator"], observed=True).indices)


@cache
def outcomes_of(report: Report, label: str, *programs: str, measure: Measure) -> Outcomes:
    """The outcomes of a report's lines of these programs, excluded records too."""
    places = [_places_of_outcomes(report).get((label, one, measure), _NONE) for one in programs]
    return _every_outcome(report).at(np.concatenate(places))


_NONE = np.empty(0, dtype=np.intp)


@cache
def _every_outcome(report: Report) -> Outcomes:
    every = report.data.frame("outcome_rows")
    program, state, reason = (
        every[name].astype("object").to_numpy() for name in ("program", "state", "reason")
    )
    value = every["value"].to_numpy(dtype=np.float64)
    return Outcomes(every["row"].to_numpy(), program, state, reason, value)


@cache
def _places_of_outcomes(report: Report) -> Places:
    keys = ["report", "program", "indicator"]
    return dict(report.data.frame("outcome_rows").groupby(keys, observed=True).indices)


def places(report: Report, outcomes: Outcomes) -> NDArray[np.intp]:
    """Where the record of each outcome row stands among the report's records."""
    return _index(report).get_indexer(outcomes.row)


@cache
def _index(report: Report) -> pd.Index:
    return pd.Index(report.data.frame("rows")["row"])


@cache
def view_of(report: Report) -> View:
    """The report's records as predicates ask them, whatever the program and window."""
    window = report.period.reports[0].cohort("ER_Q4")
    return View(report.records, "title1", window, as_of(report.data.about))


def _trend(report: Report) -> list[Window]:
    """The report quarters of the trend, each alone, oldest first."""
    return [report.period.earlier(back).reports[1] for back in reversed(range(TREND_QUARTERS))]


@cache
def _wages(report: Report, program: Program) -> list[tuple[str, Days]]:
    """The wages counted in each report quarter that the extract holds as a whole."""
    held = [window for window in _trend(report) if report.holds_whole(window, "ME")]
    return [
        (
            f"PY{window.py}{window.quarter}",
            outcomes_of(report, window.label, program, measure="ME").wages,
        )
        for window in held
    ]


def _recent(cohorts: list[tuple[str, Days]]) -> Days:
    parts = [values for _, values in cohorts[-HISTORY:]]
    return np.concatenate(parts) if parts else np.empty(0)


@cache
def _closed_credentials(report: Report, program: Program) -> list[tuple[str, Days]]:
    """Days from exit to credential in each report quarter held whole whose year is over."""
    cohorts = []
    for window in _trend(report):
        mine = outcomes_of(report, window.label, program, measure="CR")
        closed = not (mine.reason == "one_year_after_exit_not_over").any()
        if report.holds_whole(window, "CR") and closed:
            known = mine.at(mine.among("success", "failure"))
            cohorts.append((f"PY{window.py}{window.quarter}", _days_to_credential(report, known)))
    return cohorts


def _days_to_credential(report: Report, outcomes: Outcomes) -> Days:
    first = _first([report.records.day(element) for element in _CREDENTIAL_DAYS])
    days = _days(first - report.records.day("901"))
    return _where_success(outcomes, days[places(report, outcomes)])


def _where_success(outcomes: Outcomes, days: Days) -> Days:
    return np.where(outcomes.among("success"), days, UNKNOWN)


def _has_diploma(report: Report, outcomes: Outcomes) -> NDArray[np.bool_]:
    return ATTAINED_DIPLOMA(view_of(report))[places(report, outcomes)]


def _waits(report: Report, outcomes: Outcomes) -> Days:
    """Days since exit, on the as-of date."""
    today = np.datetime64(as_of(report.data.about))
    return _days(today - report.records.day("901")[places(report, outcomes)])


def _open_waits(report: Report, program: Program) -> Days:
    years = [Period(report.period.py + ahead).program_year for ahead in (0, 1)]
    mine = [outcomes_of(report, year.label, program, measure="CR") for year in years]
    waiting = [one.at(one.among("pending")) for one in mine]
    open_ = [_waits(report, one.at(~_has_diploma(report, one))) for one in waiting]
    return np.unique(np.concatenate(open_))


def _gains_to_come(report: Report, year: Window, program: Program) -> float:
    """Of those in training by this day of the last finished program year, and without a gain then,
    the share that gained later in it. NaN before the program year begins.

    The records hold the newest gain of each kind alone: a later one hides whether there was one in
    that year, so whoever has no other is left out (domain 2.14).
    """
    today = as_of(report.data.about)
    elapsed = (today - year.cohort("MSG").start).days
    last = _last_finished(report, year, today)
    if elapsed < 0 or last is None:
        return UNKNOWN
    start = np.datetime64(last.cohort("MSG").start)
    mine = outcomes_of(report, last.label, program, measure="MSG")
    mine = mine.at(mine.among("success", "failure"))
    in_training = report.records.day("1811") <= start + np.timedelta64(elapsed, "D")
    end = np.datetime64(last.cohort("MSG").end)
    newer = np.logical_or.reduce([report.records.day(day) > end for day in _GAIN_DAYS])
    mine = mine.at(in_training[places(report, mine)])
    hidden = newer[places(report, mine)] & mine.among("failure")
    mine = mine.at(~hidden)
    return share_still_to_come(_days_to_gain(report, mine, start), elapsed)


def _last_finished(report: Report, year: Window, today: date) -> Window | None:
    """The newest program year before `year` that is over and whose outcomes are at hand."""
    for py in (report.period.py, report.period.py - 1):
        if py < year.py and year_over(py, today):
            return Period(py).program_year
    return None


def _days_to_gain(report: Report, outcomes: Outcomes, start: np.datetime64) -> Days:
    """Days from the start to the first gain, a diploma among them (domain 2.9)."""
    records = report.records
    dated = [records.day(element) for element in _GAIN_DAYS]
    for kind, day in CREDENTIAL_SLOTS:
        dated.append(np.where(records.code(kind) == 1, records.day(day), np.datetime64("NaT")))
    within = [np.where(days >= start, days, np.datetime64("NaT")) for days in dated]
    days = _days(_first(within) - start)
    return _where_success(outcomes, days[places(report, outcomes)])


def _first(dated: list[NDArray[Any]]) -> NDArray[Any]:
    """The earliest of several dates, record by record; NaT where there is none."""
    far = np.datetime64("9999-12-31")
    days = np.array(dated, dtype="datetime64[D]")
    first = np.where(np.isnat(days), far, days).min(axis=0)
    return np.where(first == far, np.datetime64("NaT"), first)


def _days(span: NDArray[Any]) -> Days:
    days = span.astype("timedelta64[D]").astype(np.float64)
    return np.where(np.isnat(span), UNKNOWN, days)
