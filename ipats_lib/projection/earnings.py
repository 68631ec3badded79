"""What wages that are not known yet can do to a median, and what the past lets expect of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ipats_lib.projection.history import FEWEST, HISTORY, Guess

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
