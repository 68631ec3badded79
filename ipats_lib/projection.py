"""What can still change in a figure, what it would take, and what an area's own past suggests.

The expectation is deliberately plain: pending outcomes end like the known ones of the last four
report quarters did; where successes carry a date, like those that were open as long. Each past
quarter is then guessed in the same way from the four before it; the mean miss of these guesses,
weighted by the part of the figure that is pending, is shown beside the expectation. A method that
the data cannot test shows no miss.

Two things keep a pending share from its expectation: chance in so many outcomes (binomial), and
that the share itself moves from quarter to quarter. The second is read from the back-test: the
part of its misses that the chance in each tested quarter does not explain.
"""

import math
from collections.abc import Sequence
from datetime import date
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ipats_lib.cohorts import View
from ipats_lib.indicators.predicates import ATTAINED_DIPLOMA
from ipats_lib.indicators.rules import Measure

HISTORY = 4
FEWEST = 10


class Known(NamedTuple):
    """How many known outcomes of a report quarter were successes, and how many failures."""

    quarter_label: str
    success: int
    failure: int


class Guess(NamedTuple):
    """A quarter guessed from those before it: a share (0..1) or dollars; miss is actual less
    expected, known the outcomes that tell what was actual."""

    quarter_label: str
    expected: float
    actual: float
    miss: float
    known: int


def share_expected(quarters: Sequence[Known]) -> float:
    """The share of known outcomes that were successes in the last `HISTORY` quarters (0..1).

    quarters: oldest first. NaN when fewer than `FEWEST` outcomes are known.
    """
    last = quarters[-HISTORY:]
    known = sum(one.success + one.failure for one in last)
    return sum(one.success for one in last) / known if known >= FEWEST else float("nan")


def share_still_to_come(delays: Sequence[float] | NDArray[np.float64], elapsed: float) -> float:
    """Of those who had not succeeded after `elapsed` days, the share that did so later (0..1).

    delays: days from the start of the clock to the success, NaN where there was none. For dated
    successes (credentials, skill gains) the past is known day by day. NaN when fewer than
    `FEWEST` were open.
    """
    days = np.asarray(delays, dtype=np.float64)
    still_open = ~(days <= elapsed)
    number = int(still_open.sum())
    return float((days[still_open] > elapsed).sum() / number) if number >= FEWEST else float("nan")


def share_by_waits(
    delays: Sequence[float] | NDArray[np.float64], waits: Sequence[float] | NDArray[np.float64]
) -> float:
    """What `share_still_to_come` says of records that have waited so many days each, on the mean.

    NaN where it can say nothing of one of them, or where nobody waits.
    """
    shares = [share_still_to_come(delays, wait) for wait in np.asarray(waits, dtype=np.float64)]
    return float(np.mean(shares)) if shares else float("nan")


def back_test_dated(
    cohorts: Sequence[tuple[str, NDArray[np.float64]]],
    waits: Sequence[float] | NDArray[np.float64],
) -> list[Guess]:
    """Every closed cohort guessed from those before it, as `share_by_waits` would have done.

    cohorts: label and delays (as in `share_still_to_come`) of each, oldest first. What is guessed:
    of those still open after a wait, the share that succeeded later, on the mean of the waits.
    known counts the records that were open after the shortest wait.
    """
    tests = []
    for place, (label, delays) in enumerate(cohorts):
        before = [days for _, days in cohorts[max(0, place - HISTORY) : place]]
        expected = share_by_waits(np.concatenate(before), waits) if before else float("nan")
        open_after = [delays[~(delays <= wait)] for wait in waits]
        later = [float((~np.isnan(days)).mean()) for days in open_after if len(days)]
        if later and not np.isnan(expected):
            actual = float(np.mean(later))
            known = max(map(len, open_after))
            tests.append(Guess(label, expected, actual, actual - expected, known))
    return tests


def back_test(quarters: Sequence[Known]) -> list[Guess]:
    """Every quarter guessed from those before it, as `share_expected` would have done.

    quarters: oldest first. A guess for each quarter with known outcomes, and enough before it.
    """
    tests = []
    for place, (label, success, failure) in enumerate(quarters):
        expected, known = share_expected(quarters[:place]), success + failure
        if known and not np.isnan(expected):
            tests.append(Guess(label, expected, success / known, success / known - expected, known))
    return tests


def mean_miss(tested: Sequence[Guess]) -> float:
    """The mean absolute miss of a back-test (0..1, or dollars); NaN when nothing was tested."""
    return float(np.abs([guess.miss for guess in tested]).mean()) if tested else float("nan")


def last_day(view: View, measure: Measure, year_end: date) -> NDArray[Any]:
    """The last day on which each record's outcome can still become a success.

    view: the records, whatever its program and window; year_end: the end of the program year that
    the report is about, which closes skill gains. A diploma is earned already: it waits for
    employment in any of four quarters after exit, which ends later than the year in which a
    credential can be earned. Source: domain 2.8, 2.12.
    """
    records = view.records
    if measure == "MSG":
        return np.full(len(records), np.datetime64(year_end))
    if measure == "CR":
        fourth = records.quarter_end_after_exit(4)
        return np.where(ATTAINED_DIPLOMA(view), fourth, records.one_year_after_exit)
    return records.quarter_end_after_exit(4 if measure == "ERQ4" else 2)


# Levels are stated to a tenth of a percent: what stands 1e-9 above a whole number is that number.
_ROUNDING = 1e-9


def more_successes(successes: int, denominator: int, level: float, percent: float) -> int | None:
    """Successes still lacking until the rate is `percent` of `level` (a rate 0..1).

    0 when it is reached; None when even every record could not reach it. Both counts are periods
    of participation. Score = actual / level x 100 (domain 3.1).
    """
    needed = math.ceil(level * percent / 100 * denominator - _ROUNDING)
    if needed > denominator:
        return None
    return max(0, needed - successes)


def more_wages(wages: Sequence[float], level: float, percent: float) -> int:
    """Further wages at or above the target that surely lift the median to it.

    wages: dollars, those counted so far; target: `percent` of `level` dollars. So many that the
    middle lies among wages at or above the target; fewer may do when the wages beside the middle
    are close. 0 when the median is there already.
    """
    target = level * percent / 100
    ordered = sorted(wages)
    if ordered and median(ordered) >= target:
        return 0
    below = sum(wage < target for wage in ordered)
    return below + 1 - (len(ordered) - below)


Wages = Sequence[float] | NDArray[np.float64]


def median_bounds(wages: Wages, awaited: int) -> tuple[float, float]:
    """The lowest and the highest that the median can become, whatever the awaited wages are.

    wages: dollars, those known. Bounds and no guesses: all awaited wages below every known one, or
    all above. An awaited wage that never comes leaves the median between them. NaN where awaited
    wages alone would decide: there is no bound on that side.
    """
    known, unknown = np.sort(np.asarray(wages, dtype=np.float64)), np.full(awaited, np.inf)
    ends = [np.concatenate([-unknown, known]), np.concatenate([known, unknown])]
    medians = [float(np.median(end)) if len(end) else float("nan") for end in ends]
    low, high = (value if np.isfinite(value) else float("nan") for value in medians)
    return low, high


def median_expected(wages: Wages, past: Wages, coming: float) -> float:
    """The median if `coming` further wages are spread like the past ones.

    wages: dollars, known; past: wages of the last report quarters. NaN with under `FEWEST` of
    those. The past wages share the weight of the coming ones.
    """
    known, before = np.asarray(wages, dtype=np.float64), np.asarray(past, dtype=np.float64)
    if len(before) < FEWEST:
        return float("nan")
    values = np.concatenate([known, before])
    weights = np.concatenate([np.ones(len(known)), np.full(len(before), coming / len(before))])
    order = np.argsort(values, kind="stable")
    return _weighted_median(values[order], weights[order])


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The middle of sorted values; between two where the weights before it are exactly half."""
    values, weights = values[weights > 0], weights[weights > 0]
    reached, half = weights.cumsum(), weights.sum() / 2
    lower = int(np.searchsorted(reached, half * (1 - 1e-12)))
    upper = int(np.searchsorted(reached, half * (1 + 1e-12)))
    return float((values[lower] + values[min(upper, len(values) - 1)]) / 2)


def back_test_medians(cohorts: Sequence[tuple[str, NDArray[np.float64]]]) -> list[Guess]:
    """Each quarter's median guessed from the wages of the quarters before it.

    cohorts: label and wages of each report quarter, oldest first. In dollars.
    """
    tests = []
    for place, (label, wages) in enumerate(cohorts):
        before = [amounts for _, amounts in cohorts[max(0, place - HISTORY) : place]]
        past = np.concatenate(before) if before else np.empty(0)
        if len(past) >= FEWEST and len(wages):
            expected, actual = float(np.median(past)), float(np.median(wages))
            tests.append(Guess(label, expected, actual, actual - expected, len(wages)))
    return tests


# With fewer past guesses nothing is known about how the share moves; one more lets each of them be
# tested with the band that the others give it.
_FEWEST = 3
FEWEST_TESTS = _FEWEST + 1
# Student's t, so that few past guesses give a wider band: 90 percent lie below (so 80 percent
# between both signs), by degrees of freedom from 1 on; the last holds for more.
_T90 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372)


def band(share: float, number: int, tested: Sequence[Guess]) -> tuple[float, float]:
    """The fewest and the most successes among `number` pending outcomes, in 80 of 100 cases.

    share: the expected share of them (0..1); tested: the back-test of the method that expects it
    (`history.back_test`). Whole successes from 0 to `number`; NaN where under `FEWEST_TESTS`
    guesses were tested, or nothing is expected.
    """
    return _band(share, number, _arrays(tested)) if len(tested) >= FEWEST_TESTS else _UNKNOWN


_UNKNOWN = (math.nan, math.nan)


def _arrays(tested: Sequence[Guess]) -> NDArray[np.float64]:
    """A row each for what was expected, how far that was off, and how many outcomes were known."""
    guesses = [(guess.expected, guess.miss, guess.known) for guess in tested]
    return np.array(guesses, dtype=np.float64).reshape(-1, 3).T


def _band(share: float, number: int, tested: NDArray[np.float64]) -> tuple[float, float]:
    _, _, each = tested
    if len(each) < _FEWEST or math.isnan(share):
        return _UNKNOWN
    # Half a success and half a failure more: a share of 0 so far is not sure to stay 0.
    known = int(each.sum())
    likely = (share * known + 0.5) / (known + 1)
    variance = number * likely * (1 - likely) + number**2 * _unexplained(tested)
    half = _T90[min(len(each), len(_T90)) - 1] * math.sqrt(variance)
    low = math.ceil(number * share - half - 0.5)
    high = math.floor(number * share + half + 0.5)
    return float(max(0, low)), float(min(number, high))


def _unexplained(tested: NDArray[np.float64]) -> float:
    """The mean square of past misses beyond what chance in each tested quarter explains."""
    expected, miss, known = (row.copy() for row in tested)
    return max(0.0, float((miss**2 - expected * (1 - expected) / known).mean()))


def bands_of(tested: Sequence[Guess]) -> list[tuple[float, float]]:
    """The band of each past quarter that the other quarters give; NaN where they are too few."""
    every = _arrays(tested)
    lines = enumerate(zip(every[0], every[2], strict=True))
    return [
        _band(float(expected), int(known), np.delete(every, place, axis=1))
        for place, (expected, known) in lines
    ]
