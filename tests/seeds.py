"""Random states by number: some in the suite, all with `make soak`."""

import pytest


def seeds(short: int, whole: int) -> list:
    """The numbers below `whole`; those from `short` on in `make soak` alone."""
    long = (pytest.param(number, marks=pytest.mark.soak) for number in range(short, whole))
    return [*range(short), *long]
