"""Whose record a row is: the areas it belongs to as bits, and its customer as a number.

Every stored row carries `_areas` (bit n: the n-th area of params/areas.csv) and `_customer`. An
LWIA's rows have its bit; a planner's rows have the bit of the planner's LWIA and a customer whom
the planner worked with. Source: domain 1.2 rules 3 and 4, 2.1 (local area scope).
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ipats_lib.extract.cells import Typed, may_be_ssn
from ipats_lib.params import load_areas
from ipats_lib.validation.findings import NOBODY
from ipats_lib.validation.rows import BOARDS, Rows

Masks = NDArray[np.int64]
Numbers = NDArray[np.int32]

NO_AREA, SEVERAL = "none", "several"
WITHHELD = "withheld-"  # before a number of this extract: another extract gives it to another


def area_bits() -> dict[str, int]:
    """LWIA -> its bit, in the order of params/areas.csv."""
    return {area.lwia: 1 << place for place, area in enumerate(load_areas())}


def board_bits() -> dict[str, int]:
    """Board code (PIRL 108) -> the bit of its LWIA."""
    bits = area_bits()
    return {area.board_code: bits[area.lwia] for area in load_areas()}


def areas_of_rows(rows: Rows, boards: Mapping[str, int]) -> Masks:
    """The areas of PIRL rows: any of 108-A, B, C names them."""
    masks = [look_up(rows.text(element), boards, 0) for element in BOARDS]
    return np.asarray(np.bitwise_or.reduce(masks))


def look_up(texts: pa.Array, numbers: Mapping[str, int], otherwise: int) -> Masks:
    """The number of each text; `otherwise` for a blank or unknown one."""
    if texts.null_count == len(texts):
        return np.full(len(texts), otherwise, dtype=np.int64)
    coded = texts.dictionary_encode()
    found = [numbers.get(text, otherwise) for text in coded.dictionary.to_pylist()]
    places = coded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
    return np.array([*found, otherwise], dtype=np.int64)[places]


def sections_of(areas: Masks) -> NDArray[np.uint8]:
    """Where rows are kept: 0 no area, n + 1 only the n-th area, and after these several areas."""
    several = (areas & (areas - 1)) != 0
    single = np.zeros(len(areas), dtype=np.uint8)
    for place in range(len(load_areas())):
        single[areas == 1 << place] = place + 1
    single[several] = len(load_areas()) + 1
    return single


def section_names() -> tuple[str, ...]:
    """Names of the sections, in the order of `sections_of`."""
    return (NO_AREA, *(area.lwia for area in load_areas()), SEVERAL)


class Customers:
    """Numbers customers in the order in which they are first met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def numbers(self, ids: pa.Array) -> Numbers:
        """The number of each identifier; NOBODY for a blank one."""
        if ids.null_count == len(ids):
            return np.full(len(ids), NOBODY, dtype=np.int32)
        coded, known = ids.dictionary_encode(), self._numbers
        # A Social Security number is one person's, with signs between its parts or without.
        bare = pc.replace_substring_regex(coded.dictionary, "[^0-9]", "")
        names = pc.if_else(pa.array(may_be_ssn(coded.dictionary)), bare, coded.dictionary)
        found = [known.setdefault(text, len(known)) for text in names.to_pylist()]
        places = coded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
        return np.array([*found, NOBODY], dtype=np.int32)[places]

    def shown(self, ids: Typed, numbers: Numbers) -> Typed:
        """Identifiers as they are kept: in place of one that may be a Social Security number
        (V-02) stands the customer's number in this extract. numbers: their `numbers`."""
        secret = may_be_ssn(ids.values)
        if not secret.any():
            return ids
        own = pa.array([f"{WITHHELD}{number}" for number in numbers.tolist()])
        return Typed(pc.if_else(pa.array(secret), own, ids.values), ids.flags)
