"""Rules on PIRL rows (domain 4.3): on one row (V-), predicates over a batch of typed columns that
answer True where the rule is broken; and between rows (F-04, D-01, D-04), on a few keys per row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ipats_lib.extract.cells import Typed, may_be_ssn

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

LONGEST_IDENTIFIER = 12
BOARDS = ("108-A", "108-B", "108-C")
LOCAL = (1, 3)
STREAM_CODES = {"903": (1, 2, 3), "904": (1, 2, 3), "905": (1, 2, 3), "918": (1,)}
MISSING = np.iinfo(np.int32).min


@dataclass(frozen=True)
class Rows:
    """A batch of typed PIRL rows; a column that the file lacks reads as blank."""

    columns: dict[str, Typed]
    size: int
    board_codes: frozenset[str]
    _known: dict[str, Mask] = field(default_factory=dict)

    def _values(self, element: str, kind: pa.DataType) -> pa.Array:
        typed = self.columns.get(element)
        return pa.nulls(self.size, kind) if typed is None else typed.values

    def text(self, element: str) -> pa.Array:
        return self._values(element, pa.string())

    def codes(self, element: str) -> NDArray[np.int32]:
        return self._values(element, pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)

    def filled(self, element: str) -> Mask:
        return self._values(element, pa.string()).is_valid().to_numpy(zero_copy_only=False)

    def known_board(self, element: str) -> Mask:
        """Whether the cell holds the code of an area of this state."""
        if element not in self._known:
            codes = pa.array(sorted(self.board_codes))
            self._known[element] = _numpy(pc.is_in(self.text(element), codes))
        return self._known[element]


@dataclass(frozen=True, slots=True)
class RowRule:
    """A rule of the catalogue and its predicate."""

    rule: str
    element: str
    broken: Callable[[Rows], Mask]


def _numpy(mask: pa.Array) -> Mask:
    return mask.fill_null(False).to_numpy(zero_copy_only=False)


def invalid_identifier(rows: Rows) -> Mask:
    ids = rows.text("100")
    zeros = _numpy(pc.match_substring_regex(ids, "^0+$"))
    long = _numpy(pc.greater(pc.utf8_length(ids), LONGEST_IDENTIFIER))
    return ~rows.filled("100") | zeros | long


def is_participant_of_local_title_i(rows: Rows) -> Mask:
    local = [np.isin(rows.codes(stream), LOCAL) for stream in ("903", "904", "905")]
    return np.asarray(rows.filled("900") & np.logical_or.reduce(local))


def lacks_board(rows: Rows) -> Mask:
    known = np.logical_or.reduce([rows.known_board(element) for element in BOARDS])
    return is_participant_of_local_title_i(rows) & ~known


def unknown_board(element: str) -> Callable[[Rows], Mask]:
    return lambda rows: rows.filled(element) & ~rows.known_board(element)


ROW_RULES: tuple[RowRule, ...] = (
    RowRule("V-01", "100", invalid_identifier),
    RowRule("V-02", "100", lambda rows: may_be_ssn(rows.text("100"))),
    RowRule("V-06", "108-A", lacks_board),
    *(RowRule("V-07", element, unknown_board(element)) for element in BOARDS),
)


def broken_rules(rows: Rows) -> Iterator[tuple[RowRule, Places]]:
    """Each rule that the batch breaks, with the positions of the rows that break it.

    Rules on elements that the file does not have at all are left out: that is reported once.
    """
    for rule in ROW_RULES:
        if rule.element in rows.columns:
            places = np.flatnonzero(rule.broken(rows))
            if len(places):
                yield rule, places


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
