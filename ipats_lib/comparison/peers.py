"""Which areas are alike."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

MANY = 5


def nearest_by_mix(shares: NDArray[np.float64], many: int = MANY) -> list[list[int]]:
    """The places of the nearest areas of each area, the nearest first.

    shares: areas by groups, 0..1. The distance is Euclid's, over the shares that both areas have,
    each divided by its standard deviation between areas, and the mean of squares is taken, so that
    a missing (NaN) share neither helps nor harms. An area without any share has no peer.
    """
    many_known = np.maximum((~np.isnan(shares)).sum(axis=0), 1)
    mean = np.nansum(shares, axis=0) / many_known
    spread = np.sqrt(np.nansum((shares - mean) ** 2, axis=0) / many_known)
    scaled = shares / np.where(spread > 0, spread, np.inf)
    found = []
    for place, mine in enumerate(scaled):
        square = (scaled - mine) ** 2
        both = (~np.isnan(square)).sum(axis=1)
        far = np.where(both > 0, np.nansum(square, axis=1) / np.maximum(both, 1), np.inf)
        far[place] = np.inf
        order = np.argsort(far, kind="stable")
        found.append([int(other) for other in order[:many] if np.isfinite(far[other])])
    return found


def nearest_by_size(sizes: Mapping[str, float], many: int = MANY) -> dict[str, list[str]]:
    """The areas of each area that serve the most alike number of people, by the ratio of both."""

    def far(one: str, other: str) -> float:
        return abs(float(np.log(sizes[one] / sizes[other])))

    known: Sequence[str] = [area for area, size in sizes.items() if size > 0]
    return {
        one: sorted((other for other in known if other != one), key=lambda o: (far(one, o), o))[
            :many
        ]
        for one in known
    }
