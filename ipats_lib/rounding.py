"""Rounding, in one place: half up, at the end only (domain 2.11).

A count over a count times 100 is a binary number beside the exact one: 23 of 80 comes out as
28.749999999999996 percent and would round down. What stands within 5e-12 of a decimal number of
eleven places is taken for that number. Binary arithmetic errs by less (some 1e-13 for figures up
to a few hundred percent); a share of up to a million records, or its percent of a level stated to
a tenth, lies at least 5e-11 from any rounding point and any cut that it does not meet exactly.
"""

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
