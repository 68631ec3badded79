"""What an area's own past says about its pending outcomes, and how far it was off before.

The expectation is deliberately plain: pending outcomes end like the known ones of the last four
report quarters did; where successes carry a date, like those that were open as long. Each past
quarter is then guessed in the same way from the four before it; the mean miss of these guesses,
weighted by the part of the figure that is pending, is shown beside the expectation. A method that
the data cannot test shows no miss.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
