"""Rounding, in one place: half up, at the end only (domain 2.11).

A count over a count times 100 is a binary number beside the exact one: 23 of 80 comes out as
28.749999999999996 percent and would round down. What stands within 5e-12 of a decimal number of
eleven places is taken for that number. Binary arithmetic errs by less (some 1e-13 for figures up
to a few hundred percent); a share of up to a million records, or its percent of a level stated to
a tenth, lies at least 5e-11 from any rounding point and any cut that it does not meet exactly.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

_PLACES = 11


def settled(value: float) -> float:
    """The number without the dust of binary arithmetic: compare this with a cut."""
    return round(float(value), _PLACES)


@lru_cache(maxsize=4096)
def half_up(value: float, places: int) -> Decimal:
    """The number rounded half up (away from zero) to so many decimal places."""
    step = Decimal(1).scaleb(-places)
    return Decimal(repr(settled(value))).quantize(step, rounding=ROUND_HALF_UP)


# Words of status change at these percents of a level (decision 0017).
MARKS = (50, 90, 100)


def rounded(value: float, places: int, marks: Sequence[float] = ()) -> Decimal:
    """The number as a page shows it: rounded half up, never as minus zero.

    Where rounding would carry it across one of the marks it keeps as many digits more as it takes
    to stay on its side: 89.96 with a mark at 90, not 90.0 (decision 0017).
    """
    exact = settled(value)
    for digits in range(places, _PLACES + 1):
        shown = half_up(value, digits)
        if all((exact < mark) == (shown < mark) for mark in marks):
            break
    return shown if shown else abs(shown)


def percent_of_level(percent: float) -> str:
    """A percent of a level or a plan with one decimal, more where a mark would be crossed."""
    return f"{rounded(percent, 1, MARKS):,}%"
