"""How sure a figure is: 95 percent intervals that need no model of who the customers are."""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

_Z = 1.959963984540054  # two-sided 95 percent


def wilson(successes: int, counted: int) -> tuple[float, float]:
    """The Wilson score interval of a share (0..1); NaN for nobody counted.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; it stays within 0 and 1 and holds
    for small counts, where the simple interval does not.
    """
    if not counted:
        return math.nan, math.nan
    share, square = successes / counted, _Z * _Z
    centre = (share + square / (2 * counted)) / (1 + square / counted)
    spread = share * (1 - share) / counted + square / (4 * counted * counted)
    half = _Z * math.sqrt(spread) / (1 + square / counted)
    return max(0.0, centre - half), min(1.0, centre + half)


def of_median(values: Sequence[float]) -> tuple[float, float]:
    """An interval of a median by order statistics, whatever the distribution; NaN below six.

    The r-th smallest and r-th largest value, r as large as keeps the chance that the median lies
    outside at or below 5 percent (binomial, one half).
    """
    rank = _rank(len(values))
    if not rank:
        return math.nan, math.nan
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    return float(ordered[rank - 1]), float(ordered[-rank])


@cache
def _rank(size: int) -> int:
    """The largest r with P(X <= r - 1) at or below 0.025 for X binomial (size, one half)."""
    if not size:
        return 0
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 1)))])
    chances = np.exp(logs[size] - logs - logs[::-1] - size * math.log(2))
    return int((np.cumsum(chances) <= 0.025).sum())


def ratio_to_total(
    successes: int, counted: int, all_successes: int, all_counted: int
) -> tuple[float, float, float]:
    """A group's share over the share of the total that the group is part of, with its interval.

    Returns ratio, lower and upper bound. The group is in the total, so the two are not
    independent: the delta method is applied to the group and the rest, which are. NaN bounds
    where the group has no success, or is the total.
    """
    rest = all_counted - counted
    if not counted or not all_successes:
        return math.nan, math.nan, math.nan
    group, total = successes / counted, all_successes / all_counted
    if not successes or not rest:
        return group / total, math.nan, math.nan
    others = (all_successes - successes) / rest
    own = 1 / group - counted / all_counted / total
    spread = own**2 * group * (1 - group) / counted
    spread += (rest / all_counted / total) ** 2 * others * (1 - others) / rest
    half = _Z * math.sqrt(spread)
    centre = math.log(group / total)
    return group / total, math.exp(centre - half), math.exp(centre + half)
