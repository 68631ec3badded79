"""Whose record a row is: the areas it belongs to as bits, and its customer as a number.

Every stored row carries `_areas` (bit n: the n-th area of params/areas.csv) and `_customer`. An
LWIA's rows have its bit; a planner's rows have the bit of the planner's LWIA and a customer whom
the planner worked with. `membership` lists both for all areas at once. Source: domain 1.2 rules 3
and 4, 2.1 (local area scope).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ipats_lib.extract.cells import Typed, may_be_ssn, with_digits
from ipats_lib.params import load_areas
from ipats_lib.validation.findings import NOBODY
from ipats_lib.validation.rows import BOARDS, Rows

ContactRule = Literal["current_only", "ever_assigned", "any_contact"]
CONTACT_RULES: tuple[ContactRule, ...] = get_args(ContactRule)
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
        self.secrets = False  # whether one that was met may be a Social Security number

    def __len__(self) -> int:
        return len(self._numbers)

    def numbers(self, ids: pa.Array) -> Numbers:
        """The number of each identifier; NOBODY for a blank one."""
        if ids.null_count == len(ids):
            return np.full(len(ids), NOBODY, dtype=np.int32)
        coded, known = ids.dictionary_encode(), self._numbers
        names, secret = coded.dictionary, may_be_ssn(coded.dictionary)
        if secret.any():  # it is one person's, with signs between its parts or without
            self.secrets = True
            bare = pc.replace_substring_regex(with_digits(names), "[^0-9]", "")
            names = pc.if_else(pa.array(secret), bare, names)
        found = [known.setdefault(text, len(known)) for text in names.to_pylist()]
        places = coded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
        return np.array([*found, NOBODY], dtype=np.int32)[places]

    def shown(self, ids: Typed, numbers: Numbers) -> Typed:
        """Identifiers as they are kept: in place of one that may be a Social Security number
        (V-02) stands the customer's number in this extract. numbers: their `numbers`."""
        if not self.secrets:
            return ids
        secret = may_be_ssn(ids.values)
        own = pa.array([f"{WITHHELD}{number}" for number in numbers.tolist()])
        return Typed(pc.if_else(pa.array(secret), own, ids.values), ids.flags)


@dataclass(frozen=True, slots=True)
class Planners:
    """The planner table, sorted by LWIA and id; a planner's number is its place here."""

    ids: tuple[str, ...] = ()
    lwias: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: pa.Table | None) -> "Planners":
        """Those of a planner table; nobody where the extract has none."""
        if table is None:
            return cls()
        return cls(*(tuple(table[name].to_pylist()) for name in ("planner_id", "lwia")))

    @property
    def numbers(self) -> dict[str, int]:
        return {planner: number for number, planner in enumerate(self.ids)}


@dataclass(slots=True)
class Contacts:
    """Which customers a planner worked with (domain 1.2 rule 3): pairs, each once."""

    rule: ContactRule
    as_of: date
    _pairs: list[NDArray[np.int64]] = field(default_factory=list)

    def from_assignments(
        self, planners: Masks, customers: Numbers, begun: pa.Array, ended: pa.Array
    ) -> None:
        """current_only: begun and not ended on the as-of date; else every assignment."""
        if self.rule == "current_only":
            day = pa.scalar(self.as_of, pa.date32())
            started = pc.less_equal(begun, day).fill_null(True)
            open_yet = pc.greater_equal(ended, day).fill_null(True)
            current = pc.and_(started, open_yet).to_numpy(zero_copy_only=False)
            planners, customers = planners[current], customers[current]
        self._add(planners, customers)

    def from_records(self, planners: Masks, customers: Numbers) -> None:
        """A service or case note counts as contact under any_contact."""
        if self.rule == "any_contact":
            self._add(planners, customers)

    def _add(self, planners: Masks, customers: Numbers) -> None:
        known = (planners >= 0) & (customers >= 0)
        self._pairs.append(np.unique(planners[known] << 32 | customers[known]))

    def table(self, planners: Planners) -> pa.Table:
        """Columns planner_id and _customer, sorted by planner number and customer number."""
        pairs = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *self._pairs]))
        ids = pa.DictionaryArray.from_arrays(
            pa.array(pairs >> 32, pa.int32()), pa.array(planners.ids, pa.string())
        )
        customers = pa.array(pairs & 0xFFFFFFFF, pa.int32())
        return pa.table({"planner_id": ids.cast(pa.string()), "_customer": customers})


@dataclass(slots=True)
class Homes:
    """The planner of each customer who stands for them in the order of rows: the open assignment
    that began last, else the last one. Order only; who may see a row is decided by contacts.
    """

    _home: Numbers = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    @classmethod
    def from_assignments(
        cls, planners: Masks, customers: Numbers, begun: Numbers, ended: Numbers, total: int
    ) -> "Homes":
        """begun and ended are days, `ended` above any day for an open assignment."""
        order = np.lexsort((begun, ended))
        order = order[(planners[order] >= 0) & (customers[order] >= 0)]
        home = np.full(total, NOBODY, dtype=np.int32)
        home[customers[order]] = planners[order]
        return cls(home)

    def __call__(self, customers: Numbers) -> Numbers:
        """The planner number of each customer, NOBODY for none."""
        padded = np.append(self._home, np.full(2, NOBODY, dtype=np.int32))
        inside = (customers >= 0) & (customers < len(self._home))
        return padded[np.where(inside, customers, len(self._home))]


Lines = NDArray[np.int64]
AREA_TYPES = ["lwia", "planner"]


def membership(
    hidden: pa.Table, contacts: pa.Table, planners: Sequence[str], lwias: Sequence[str]
) -> pd.DataFrame:
    """One row per area and PIRL row: area_type and area (categories), row.

    hidden: row, _areas, _customer of every PIRL row. contacts: planner_id, _customer. planners
    and lwias: every planner and the LWIA they belong to.
    """
    rows, areas = hidden["row"].to_numpy(), hidden["_areas"].to_numpy()
    bits = area_bits()
    order = np.argsort(hidden["_customer"].to_numpy(), kind="stable")
    customers = hidden["_customer"].to_numpy()[order]
    by_planner = _rows_met(contacts, planners, customers, order)
    inside = [np.flatnonzero(areas & bit) for bit in bits.values()]
    of_planner = np.array([bits[lwia] for lwia in lwias], dtype=np.int64)[by_planner[0]]
    own = (areas[by_planner[1]] & of_planner) != 0
    numbers = np.concatenate(
        [
            np.repeat(np.arange(len(bits)), [len(one) for one in inside]),
            by_planner[0][own] + len(bits),
        ]
    )
    places = np.concatenate([*inside, by_planner[1][own]])
    kinds = (numbers >= len(bits)).astype(np.int8)
    return pd.DataFrame(
        {
            "area_type": pd.Categorical.from_codes(kinds, AREA_TYPES),
            "area": pd.Categorical.from_codes(numbers, [*bits, *planners]),
            "row": rows[places],
        }
    )


def _rows_met(
    contacts: pa.Table, planners: Sequence[str], customers: Numbers, order: Lines
) -> tuple[Lines, Lines]:
    """Pairs (planner number, row position) of each planner and each row of their customers.

    customers: sorted customer of every row; order: that sort.
    """
    index = pa.compute.index_in(contacts["planner_id"], pa.array(planners, pa.string()))
    number, met = index.to_numpy(), contacts["_customer"].to_numpy()
    first, last = np.searchsorted(customers, met), np.searchsorted(customers, met, side="right")
    return np.repeat(number, last - first).astype(np.int64), order[places_between(first, last)]


def places_between(first: Lines, last: Lines) -> Lines:
    """The places from each `first` up to its `last`, which is not among them, one by one."""
    size = last - first
    return np.arange(size.sum()) + np.repeat(last - np.cumsum(size), size)
