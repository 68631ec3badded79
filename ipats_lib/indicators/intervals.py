"""How sure a figure is: 95 percent intervals that need no model of who the customers are."""

import math
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

_Z = 1.959963984540054  # two-sided 95 percent


@lru_cache(maxsize=1 << 14)
def wilson(successes: int, counted: int, z: float = _Z) -> tuple[float, float]:
    """The Wilson score interval of a share (0..1), of 95 percent by default; NaN for nobody.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; it stays within 0 and 1 and holds
    for small counts, where the simple interval does not.
    """
    if not counted:
        return math.nan, math.nan
    share, square = successes / counted, z * z
    center = (share + square / (2 * counted)) / (1 + square / counted)
    spread = share * (1 - share) / counted + square / (4 * counted * counted)
    half = z * math.sqrt(spread) / (1 + square / counted)
    lower = center - half if successes else 0.0
    return lower, center + half if successes < counted else 1.0


def could_be_chance(lower: float, upper: float, level: float) -> bool:
    """Whether the interval of a figure holds the level that it is compared with (same unit).

    Then chance alone could have put the figure on this side of the level. False where there is no
    interval. Source: domain 9.2, status bands.
    """
    return lower <= level <= upper


def of_medians(values: NDArray[np.float64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """An interval of each group's median by order statistics, whatever the distribution.

    The r-th smallest and r-th largest value, r as large as keeps the chance that the median lies
    outside at or below 5 percent (binomial, one half). groups: the number, from 0 without a gap,
    of the group of each value. Returns one row per group, in order: lower and upper, NaN below six
    values.
    """
    ordered = values[np.lexsort((values, groups))]
    sizes = np.bincount(groups)
    first = np.cumsum(sizes) - sizes
    ranks = np.array([_rank(size) for size in sizes.tolist()], dtype=np.int64)
    bounds = np.full((len(sizes), 2), np.nan)
    some = ranks > 0
    bounds[some, 0] = ordered[(first + ranks - 1)[some]]
    bounds[some, 1] = ordered[(first + sizes - ranks)[some]]
    return bounds


@cache
def log_factorials(size: int) -> NDArray[np.float64]:
    """The logarithms of the factorials of 0 to `size`."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 1)))])


@cache
def _rank(size: int) -> int:
    """The largest r with P(X <= r - 1) at or below 0.025 for X binomial (size, one half)."""
    if not size:
        return 0
    logs = log_factorials(size)
    chances = np.exp(logs[size] - logs - logs[::-1] - size * math.log(2))
    return int((np.cumsum(chances) <= 0.025).sum())


@lru_cache(maxsize=1 << 14)
def ratio_to_total(
    successes: int, counted: int, all_successes: int, all_counted: int
) -> tuple[float, float, float]:
    """A group's share over the share of the total that the group is part of, with its interval.

    Returns ratio, lower and upper bound. The group is in the total, so the two are not
    independent; the group and the rest are. With w the group's part of the total and q its share
    over the rest's, the ratio to the total is q / (w q + 1 - w), which grows with q: the interval
    of q, carried through this formula, is that of the ratio. It holds where nobody, or everybody,
    succeeded. NaN bounds where the group is the total; NaN throughout where nobody succeeded.
    """
    rest = all_counted - counted
    if not counted or not all_successes:
        return math.nan, math.nan, math.nan
    ratio = (successes / counted) / (all_successes / all_counted)
    if not rest:
        return ratio, math.nan, math.nan
    weight = counted / all_counted
    lower, upper = of_ratio(successes, counted, all_successes - successes, rest)
    return ratio, _of_total(lower, weight), _of_total(upper, weight)


def _of_total(to_rest: float, weight: float) -> float:
    """A ratio to the rest as a ratio to the total; an infinite one is the total's least part."""
    if math.isinf(to_rest):
        return 1 / weight
    return to_rest / (weight * to_rest + 1 - weight)


def of_ratio(successes: int, counted: int, others: int, rest: int) -> tuple[float, float]:
    """The interval of one share over another, of two separate groups, neither empty.

    From the Wilson intervals of both (MOVER-R). Source: A. Donner, G. Y. Zou, Stat. Methods Med.
    Res. 21 (2012) 347; R. G. Newcombe, ibid. 25 (2016) 1774. No success of the group gives a
    lower bound of 0, none of the others an upper bound without end.
    """
    one, other = successes / counted, others / rest
    (low, high), (other_low, other_high) = wilson(successes, counted), wilson(others, rest)
    product = one * other
    below, above = low * (2 * one - low), high * (2 * one - high)
    root = math.sqrt(max(0.0, product**2 - below * other_high * (2 * other - other_high)))
    lower = below / (product + root) if below else 0.0
    bottom = other_low * (2 * other - other_low)
    if not bottom:
        return lower, math.inf
    return lower, (product + math.sqrt(max(0.0, product**2 - above * bottom))) / bottom
