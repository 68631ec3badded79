"""Rules that compare rows with each other: F-04, D-01, D-04 (domain 4.3), on a few keys per row."""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
STREAM_CODES = {"903": (1, 2, 3), "904": (1, 2, 3), "905": (1, 2, 3), "918": (1,)}
MISSING = np.iinfo(np.int32).min


def missing_or_repeated(numbers: NDArray[np.int32]) -> Places:
    """Positions of observation numbers that are missing or occur more than once (F-04)."""
    known = numbers != MISSING
    return np.sort(np.append(np.flatnonzero(~known), _repeated(numbers.astype(np.int64), known)))


def same_entry(
    customers: NDArray[np.int32], entries: NDArray[np.int32], streams: NDArray[np.uint8]
) -> Places:
    """Rows that share identifier, entry date and a stream with another row (D-01).

    streams: bit n is set when the row is in the n-th stream of STREAM_CODES.
    """
    known = (customers >= 0) & (entries != MISSING)
    keys = (customers.astype(np.int64) << 32) | (entries.astype(np.int64) & 0xFFFFFFFF)
    found = [_repeated(keys, known & (streams >> bit & 1 > 0)) for bit in range(len(STREAM_CODES))]
    return np.unique(np.concatenate(found))


def different_births(customers: NDArray[np.int32], births: NDArray[np.int32]) -> Places:
    """Rows of identifiers that have more than one birth date (D-04)."""
    known = (customers >= 0) & (births != MISSING)
    size = int(customers.max(initial=-1)) + 1
    first, last = np.full(size, np.iinfo(np.int32).max), np.full(size, MISSING)
    np.minimum.at(first, customers[known], births[known])
    np.maximum.at(last, customers[known], births[known])
    differ = np.append(first < last, False)
    return np.flatnonzero(known & differ[customers])


def _repeated(keys: NDArray[np.int64], among: NDArray[np.bool_]) -> Places:
    places = np.flatnonzero(among)
    order = places[np.argsort(keys[places], kind="stable")]
    same = np.diff(keys[order]) == 0
    twice = np.zeros(len(order), dtype=np.bool_)
    twice[1:] |= same
    twice[:-1] |= same
    return np.sort(order[twice])
