"""Rules on one PIRL row: predicates over a batch of typed columns (domain 4.3, V-).

Each predicate answers True where the rule is broken.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ipats_lib.extract.cells import Typed, may_be_ssn

Mask = NDArray[np.bool_]

LONGEST_IDENTIFIER = 12
BOARDS = ("108-A", "108-B", "108-C")
LOCAL = (1, 3)


@dataclass(frozen=True)
class Rows:
    """A batch of typed PIRL rows; a column that the file lacks reads as blank."""

    columns: dict[str, Typed]
    size: int
    board_codes: frozenset[str]
    _known: dict[str, Mask] = field(default_factory=dict)

    def text(self, element: str) -> pa.Array:
        typed = self.columns.get(element)
        return pa.nulls(self.size, pa.string()) if typed is None else typed.values

    def codes(self, element: str) -> NDArray[np.int32]:
        typed = self.columns.get(element)
        if typed is None:
            return np.full(self.size, -1, dtype=np.int32)
        return typed.values.fill_null(-1).to_numpy(zero_copy_only=False)

    def filled(self, element: str) -> Mask:
        typed = self.columns.get(element)
        if typed is None:
            return np.zeros(self.size, dtype=np.bool_)
        return typed.values.is_valid().to_numpy(zero_copy_only=False)

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


def broken_rules(rows: Rows) -> Iterator[tuple[RowRule, NDArray[np.int64]]]:
    """Each rule that the batch breaks, with the positions of the rows that break it.

    Rules on elements that the file does not have at all are left out: that is reported once.
    """
    for rule in ROW_RULES:
        if rule.element in rows.columns:
            places = np.flatnonzero(rule.broken(rows))
            if len(places):
                yield rule, places
