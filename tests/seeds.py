"""Cases by number or in pairs: some in the suite, all with `make soak`."""

from itertools import product

import pytest


def seeds(short: int, whole: int) -> list:
    """The numbers below `whole`; those from `short` on in `make soak` alone."""
    long = (pytest.param(number, marks=pytest.mark.soak) for number in range(short, whole))
    return [*range(short), *long]


def crossed(ones: list, others: list) -> list:
    """Every pair of the two lists; in the suite each of either once, the rest in `make soak`."""
    return [
        pytest.param(one, other, marks=() if place == beside else pytest.mark.soak)
        for (place, one), (beside, other) in product(enumerate(ones), enumerate(others))
    ]
