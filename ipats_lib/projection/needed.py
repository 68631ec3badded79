"""How many more successes a level asks for, the denominator staying what it is."""

import math
from collections.abc import Sequence
from statistics import median

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
