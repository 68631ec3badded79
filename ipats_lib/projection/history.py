"""What an area's own past says about its pending outcomes, and how far it was off before.

The expectation is deliberately plain: pending outcomes end like the known ones of the last four
report quarters did; where successes carry a date, like those that were open as long. Each past
quarter is then guessed in the same way from the four before it; the mean miss of these guesses,
weighted by the part of the figure that is pending, is shown beside the expectation. A method that
the data cannot test shows no miss.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HISTORY = 4
FEWEST = 10


def share_expected(quarters: pd.DataFrame) -> float:
    """The share of known outcomes that were successes in the last `HISTORY` quarters (0..1).

    quarters: one row per report quarter, oldest first, with success and failure counts. NaN when
    fewer than `FEWEST` outcomes are known.
    """
    successes = quarters["success"].to_numpy()
    return _share(successes, successes + quarters["failure"].to_numpy())


def _share(successes: NDArray[np.int64], known: NDArray[np.int64]) -> float:
    last = int(known[-HISTORY:].sum())
    return float(successes[-HISTORY:].sum() / last) if last >= FEWEST else float("nan")


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
) -> pd.DataFrame:
    """Every closed cohort guessed from those before it, as `share_by_waits` would have done.

    cohorts: label and delays (as in `share_still_to_come`) of each, oldest first. What is guessed:
    of those still open after a wait, the share that succeeded later, on the mean of the waits.
    Returns the columns of `back_test`; known counts the records that were open after the shortest
    wait.
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
            tests.append((label, expected, actual, actual - expected, known))
    return tests_frame(tests)


def back_test(quarters: pd.DataFrame) -> pd.DataFrame:
    """Every quarter guessed from those before it, as `share_expected` would have done.

    quarters: as there, with quarter_label. Returns one row per quarter that had a quarter before
    it and known outcomes: quarter_label, expected, actual (shares 0..1), miss (actual - expected)
    and known (count of known outcomes).
    """
    tests = []
    successes = quarters["success"].to_numpy()
    all_known = successes + quarters["failure"].to_numpy()
    for place, label in enumerate(quarters["quarter_label"]):
        expected = _share(successes[:place], all_known[:place])
        known = int(all_known[place])
        if known and not np.isnan(expected):
            actual = successes[place] / known
            tests.append((label, expected, actual, actual - expected, known))
    return tests_frame(tests)


def tests_frame(tests: list[tuple[str, float, float, float, int]]) -> pd.DataFrame:
    """Guesses of a back-test as a frame (the columns of `back_test`)."""
    return pd.DataFrame(tests, columns=_TESTS.columns) if tests else _TESTS


_TESTS = pd.DataFrame(columns=["quarter_label", "expected", "actual", "miss", "known"])


def mean_miss(tested: pd.DataFrame) -> float:
    """The mean absolute miss of a back-test (0..1, or dollars); NaN when nothing was tested."""
    return float(tested["miss"].abs().mean()) if len(tested) else float("nan")
