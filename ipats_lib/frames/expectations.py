"""What a line's own past suggests for its pending outcomes, and how far such guesses were off.

Each indicator has one method, and it is that method which is tested: employment from the known
outcomes of the last report quarters; credentials from those that were open as long; skill gains
from the same day of the last finished program year, which one extract cannot test; earnings from
the wages of the last report quarters.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ipats_lib.cohorts import Program
from ipats_lib.disclosure import load_thresholds
from ipats_lib.frames.past import UNKNOWN, Days, Outcomes, Past, years_of
from ipats_lib.indicators.rules import Measure
from ipats_lib.levels.level import year_over
from ipats_lib.periods import Period, Report
from ipats_lib.projection import (
    HISTORY,
    Guess,
    Known,
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
        return Expectation(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))


NOTHING_PENDING = Expectation(0.0, 0.0, 0.0, 0.0)


class Expectations:
    """The expectations of one scope and program. owner: the scope's place in the source."""

    def __init__(self, past: Past, owner: int, program: Program) -> None:
        self._past, self._owner, self._program = past, owner, program
        self._tested: dict[Measure, list[Guess]] = {}

    def outcomes(self, label: str, measure: Measure) -> Outcomes:
        """The outcomes of one line of a report, excluded records too."""
        return self._past.outcomes(self._owner, label, self._program, measure)

    def _quarters(self, measure: Measure) -> list[Known]:
        return self._past.quarters(self._owner, self._program, measure)

    def of_rate(self, year: Report, measure: Measure, mine: Outcomes) -> Expectation:
        """The expectation for a line of rates. mine: its outcomes in the program year."""
        waiting = mine.at(mine.among("pending"))
        counted = int(mine.among("success", "failure", "pending").sum())
        if not len(waiting):
            return NOTHING_PENDING
        if measure == "MSG":
            return Expectation(len(waiting) * self._gains_to_come(year), UNKNOWN)
        if measure != "CR":
            return self._of_employment(measure, len(waiting), counted)
        has_diploma = self._past.has_diploma[waiting.record]
        linked = self._of_employment("ERQ4", int(has_diploma.sum()), counted)
        open_ = self._past.waits[waiting.record[~has_diploma]]
        share = share_by_waits(_recent(self._closed_credentials()), open_)
        if not len(open_):
            return linked
        return linked + _expected(share, len(open_), counted, self.tested("CR"))

    def _of_employment(self, measure: Measure, number: int, counted: int) -> Expectation:
        if not number:
            return NOTHING_PENDING
        share = share_expected(self._quarters(measure)[:-1])
        return _expected(share, number, counted, self.tested(measure))

    def of_median(self, mine: Outcomes) -> Expectation:
        """The expected median of a line. mine: its outcomes in the program year."""
        wages = mine.wages
        awaited = mine.at(mine.among("awaiting"))
        if not len(awaited):
            return Expectation(float(np.median(wages)) if len(wages) else UNKNOWN, 0.0)
        coming = self._wages_to_come(awaited)
        past = _recent(self._wages()[:-1])
        part = coming / (len(wages) + coming) if coming else 0.0
        miss = mean_miss(self.tested("ME"))
        return Expectation(median_expected(wages, past, coming), miss * part)

    def _wages_to_come(self, awaited: Outcomes) -> float:
        """How many awaited wages will enter: all of the employed, the rest as in the past.

        The past: wages counted per known outcome of the second quarter, in the last report
        quarters.
        """
        employed = int((awaited.reason == "wage_q2_not_yet_available").sum())
        outcomes, wages = (self._quarters(code)[:-1][-HISTORY:] for code in ("ERQ2", "ME"))
        known = sum(one.success + one.failure for one in outcomes)
        counted = sum(one.success for one in wages)
        return employed + (len(awaited) - employed) * (counted / known if known else UNKNOWN)

    def tested(self, measure: Measure) -> list[Guess]:
        """The back-test of one line's method (`projection.back_test`); empty where it has none.

        A quarter whose median would tell a wage is left out. Credentials are guessed after as many
        days as those of this and the next program year have waited so far.
        """
        if measure not in self._tested:
            self._tested[measure] = self._test(measure)
        return self._tested[measure]

    def _test(self, measure: Measure) -> list[Guess]:
        if measure == "MSG":
            return []
        if measure == "ME":
            found = back_test_medians(self._wages())
            limits, kind = load_thresholds(), self._past.source.scopes[self._owner].kind
            fewest = limits.minimum_wages if limits.hides_wages(kind) else 0
            return [guess for guess in found if guess.known >= fewest]
        if measure == "CR":
            return back_test_dated(self._closed_credentials(), self._open_waits())
        return back_test(self._quarters(measure))

    def _wages(self) -> list[tuple[str, Days]]:
        """The wages counted in each report quarter that the extract holds as a whole."""
        return [(name, self.outcomes(label, "ME").wages) for label, name in self._past.trend("ME")]

    def _closed_credentials(self) -> list[tuple[str, Days]]:
        """Days from exit to credential in each report quarter held whole whose year is over."""
        cohorts = []
        for label, name in self._past.trend("CR"):
            mine = self.outcomes(label, "CR")
            if not (mine.reason == "one_year_after_exit_not_over").any():
                known = mine.at(mine.among("success", "failure"))
                cohorts.append((name, _of_success(known, self._past.days_to_credential)))
        return cohorts

    def _open_waits(self) -> Days:
        years = years_of(self._past.source.period)
        mine = [self.outcomes(year.label, "CR") for year in years]
        waiting = [one.record[one.among("pending")] for one in mine]
        open_ = [at[~self._past.has_diploma[at]] for at in waiting]
        return np.unique(self._past.waits[np.concatenate(open_)])

    def _gains_to_come(self, year: Report) -> float:
        """Of those in training by this day of the last finished program year, and without a gain
        then, the share that gained later in it. NaN before the program year begins.

        The records hold the newest gain of each kind alone: a later one hides whether there was one
        in that year, so whoever has no other is left out (domain 2.14).
        """
        source = self._past.source
        today = source.snapshot.as_of
        elapsed = (today - year.cohort("MSG").start).days
        last = _last_finished(source.period, year, today)
        if elapsed < 0 or last is None:
            return UNKNOWN
        start, end = (np.datetime64(day) for day in (last.cohort("MSG").start,
                                                     last.cohort("MSG").end))  # fmt: skip
        mine = self.outcomes(last.label, "MSG")
        mine = mine.at(mine.among("success", "failure"))
        began = source.records.day("1811")[mine.record]
        mine = mine.at(began <= start + np.timedelta64(elapsed, "D"))
        hidden = self._past.gained_after(end)[mine.record] & mine.among("failure")
        mine = mine.at(~hidden)
        return share_still_to_come(_of_success(mine, self._past.days_to_gain(start)), elapsed)


def _expected(share: float, number: int, counted: int, tests: list[Guess]) -> Expectation:
    miss = mean_miss(tests) * number / counted
    return Expectation(number * share, miss, *band(share, number, tests))


def _recent(cohorts: list[tuple[str, Days]]) -> Days:
    parts = [values for _, values in cohorts[-HISTORY:]]
    return np.concatenate(parts) if parts else np.empty(0)


def _of_success(outcomes: Outcomes, days: Days) -> Days:
    return np.where(outcomes.among("success"), days[outcomes.record], UNKNOWN)


def _last_finished(period: Period, year: Report, today: date) -> Report | None:
    """The newest program year before `year` that is over and whose outcomes are at hand."""
    for py in (period.py, period.py - 1):
        if py < year.py and year_over(py, today):
            return Period(py).program_year
    return None
