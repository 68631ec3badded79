"""Whether a share rises or falls over quarters by more than chance, and limits of a run."""

from collections.abc import Sequence
from math import erfc, nan, sqrt

import numpy as np

FEWEST_QUARTERS = 5
CHANCE = 0.01
_XMR = 2.66  # 3 / 1.128: three sigma from the mean of ranges of two


def linear_trend(successes: Sequence[float], counted: Sequence[float]) -> tuple[float, float]:
    """The score and the two-sided chance of a linear trend in shares, oldest first.

    Chi-squared test for linear trend (Cochran and Armitage), equal steps; quarters where nobody is
    counted (0) are left out at their place. NaN where nothing varies. Source: P. Armitage,
    Biometrics 11 (1955) 375.
    """
    size, found = np.asarray(counted, dtype=np.float64), np.asarray(successes, dtype=np.float64)
    step, total = np.arange(len(size), dtype=np.float64), size.sum()
    share = found.sum() / total if total else 0.0
    spread = (size * step**2).sum() - (size * step).sum() ** 2 / total if total else 0.0
    variance = share * (1 - share) * spread
    if variance <= 0:
        return nan, nan
    score = float((step * (found - size * share)).sum() / sqrt(variance))
    return score, erfc(abs(score) / sqrt(2))


def trend(successes: Sequence[float], counted: Sequence[float]) -> str:
    """`rising`, `falling`, `none` (no significant change) or `few` (too few quarters).

    Oldest first, at 1 percent two-sided, of at least five quarters with anybody counted. Where all
    or nobody succeeded there is no change.
    """
    if sum(size > 0 for size in counted) < FEWEST_QUARTERS:
        return "few"
    score, chance = linear_trend(successes, counted)
    if not chance < CHANCE:
        return "none"
    return "rising" if score > 0 else "falling"


def limits(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, lower and upper limit of an XmR chart: the mean and 2.66 mean moving ranges.

    NaN for fewer than two values. Source: W. A. Shewhart; as NHSRplotthedots has it.
    """
    known = np.asarray(values, dtype=np.float64)
    if len(known) < 2:
        return nan, nan, nan
    mean, ranges = float(known.mean()), float(np.abs(np.diff(known)).mean())
    return mean, mean - _XMR * ranges, mean + _XMR * ranges
