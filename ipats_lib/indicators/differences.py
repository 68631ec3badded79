"""Whether groups differ by more than chance, when many are compared on one page.

Each group is compared with the others of its program. Over a page the false discovery rate is
controlled: of the groups that are marked as different, 5 percent at most are expected to be so by
chance alone (domain 9.2).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ipats_lib.cohorts import Mask
from ipats_lib.indicators.intervals import log_factorials

FALSE_DISCOVERY_RATE = 0.05


def exact_chance(successes: int, counted: int, others: int, rest: int) -> float:
    """How often chance alone gives two groups shares at least as far apart (Fisher, two-sided).

    successes of counted in one group, others of rest in the other; all four are counts of periods
    of participation. NaN where a group is empty, or where all succeeded or nobody did. Source:
    R. A. Fisher, J. R. Stat. Soc. 98 (1935) 39: it holds for any counts, however small.
    """
    all_successes, total = successes + others, counted + rest
    if not counted or not rest or all_successes in (0, total):
        return float("nan")
    first, last = max(0, all_successes - rest), min(counted, all_successes)
    mine = np.arange(first, last + 1)
    logs = log_factorials(1 << int(total).bit_length())
    ways = -(
        logs[mine]
        + logs[counted - mine]
        + logs[all_successes - mine]
        + logs[rest - all_successes + mine]
    )
    weights = np.exp(ways - ways.max())
    seen = weights[successes - first]
    return min(1.0, float(weights[weights <= seen * (1 + 1e-7)].sum() / weights.sum()))


def discoveries(
    chances: Sequence[float] | NDArray[np.float64], rate: float = FALSE_DISCOVERY_RATE
) -> Mask:
    """Which of many comparisons may be called different, the false discovery rate being `rate`.

    chances: one per comparison; NaN for one that cannot be made, which counts as none. Source:
    Y. Benjamini, Y. Hochberg, J. R. Stat. Soc. B 57 (1995) 289.
    """
    asked = np.asarray(chances, dtype=np.float64)
    known = np.sort(asked[~np.isnan(asked)])
    ranks = np.arange(1, len(known) + 1)
    passed = known[known <= rate * ranks / max(1, len(known))]
    return asked <= passed[-1] if len(passed) else np.zeros(len(asked), dtype=np.bool_)


Amounts = NDArray[np.float64]
Figure = tuple[Amounts, Amounts, Amounts]


def change_limits(now: Figure, before: Figure) -> tuple[Amounts, Amounts]:
    """The 95 percent interval of the change between two independent figures, many at once.

    now, before: the figures, and the lower and upper ends of their own 95 percent intervals; both
    rates, or both medians. NaN where one is missing. Source: R. G. Newcombe, Stat. Med. 17 (1998)
    873, method 10; for other figures than rates G. Y. Zou, A. Donner, Stat. Med. 27 (2008) 1693.
    """
    (value, low, high), (old, old_low, old_high) = now, before
    down, up = np.hypot(value - low, old_high - old), np.hypot(high - value, old - old_low)
    return value - old - down, value - old + up


def standard_deviations(successes: int, counted: int, all_successes: int, total: int) -> float:
    """How many standard deviations a group's successes are from those expected of it.

    The two-standard-deviation test of equal-opportunity reviews: expected is the group's part of
    all successes, with the variance of drawing it from all without replacement. NaN where nothing
    can vary. Source: Hazelwood School District v. United States, 433 U.S. 299 (1977), n. 14; used
    under 29 CFR part 38.
    """
    if total < 2:
        return float("nan")
    share = all_successes / total
    variance = counted * share * (1 - share) * (total - counted) / (total - 1)
    return float((successes - counted * share) / variance**0.5) if variance else float("nan")
