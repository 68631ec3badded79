"""A band around an expectation that holds the final figure as often as it says.

Two things keep a pending share from its expectation: chance in so many outcomes (binomial), and
that the share itself moves from quarter to quarter. The second is read from the back-test: the
part of its misses that the chance in each tested quarter does not explain.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ipats_lib.projection.history import Guess

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
