"""Case tables on their way into a snapshot: typed, validated, placed (domain 8.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ipats_lib.extract.cells import Flag, Typed, flagged, may_be_ssn, type_column, withheld
from ipats_lib.extract.folder import load_settings
from ipats_lib.extract.lines import Batch
from ipats_lib.extract.tables import TableColumn, TableFile
from ipats_lib.params import load_application_words
from ipats_lib.snapshot.areas import (
    Contacts,
    Customers,
    Homes,
    Masks,
    Numbers,
    Planners,
    area_bits,
    look_up,
)
from ipats_lib.snapshot.parts import Keys, Parts
from ipats_lib.validation.findings import (
    WRONG,
    Broken,
    FindingsLog,
    Habits,
    batch_findings,
    file_notes,
    note,
    wrong_rows,
)

Columns = dict[str, Typed]
_OPEN = np.iinfo(np.int32).max
_UNKNOWN = np.iinfo(np.int32).min


def typed_batches(file: TableFile, as_of: date | None) -> Iterator[tuple[Batch, Columns]]:
    """A case table's rows, texts and typed; planner ids in lower case, LWIAs with two digits.

    A text that may be a Social Security number is blank, except that of a customer.
    """
    for batch in file.batches():
        yield batch, {c.name: typed_column(batch.texts[c.name], c, as_of) for c in file.columns}


def typed_column(text: pa.Array, column: TableColumn, as_of: date | None) -> Typed:
    """One column of texts (blank is null) as its table defines it."""
    typed = type_column(text, column.kind(as_of))
    if column.type in ("text", "planner"):
        typed = withheld(typed)
    if column.type == "planner":
        return Typed(pc.ascii_lower(typed.values), typed.flags)  # a Kelvin sign is no k
    if column.type == "lwia":
        short = pc.match_substring_regex(typed.values, "^[0-9]$")
        return Typed(
            pc.if_else(short, pc.utf8_lpad(typed.values, 2, "0"), typed.values), typed.flags
        )
    return typed


@dataclass(slots=True)
class CaseIntake:
    """What case tables are placed by.

    customer_areas: areas of each customer of the PIRL file, by number. planners is empty when
    the extract has no planner table; rows then belong to the areas of their customer. contacts:
    None where no contacts are needed.
    """

    as_of: date
    planners: Planners
    customers: Customers
    customer_areas: Masks
    contacts: Contacts | None
    log: FindingsLog
    _assigned: list[tuple[Masks, Numbers, Numbers, Numbers]] = field(default_factory=list)

    def run(self, file: TableFile, parts: Parts) -> None:
        """Take all rows of one table."""
        habits, met = Habits(file.facts.name), list[Numbers]()
        self.log.add(*table_notes(file))
        for batch, columns in typed_batches(file, self.as_of):
            for name, typed in columns.items():
                habits.count(name, typed)
            customers = self.customers.numbers(columns["customer"].values)
            planners = self._planner_numbers(columns, batch.texts.num_rows)
            areas = self._areas(columns, customers, planners)
            keys = Keys(areas, customers, np.zeros(len(areas), dtype=np.int32))
            self._report(file, batch, columns, planners, keys)
            self._meet(file.table, columns, planners, customers)
            columns["customer"] = self.customers.shown(columns["customer"], customers)
            parts.add(batch.lines, {name: typed.values for name, typed in columns.items()}, keys)
            met.append(customers)
        self.log.add(*habits.notes(), *self._unknown(file, met))

    def _unknown(self, file: TableFile, met: Sequence[Numbers]) -> Iterator[pa.Table]:
        """How many customers of a table (met: by batch) no PIRL row knows; loud when they are most
        (C-07, C-08)."""
        who = np.zeros(len(self.customers), dtype=np.bool_)
        for customers in met:
            who[customers[customers >= 0]] = True
        unknown = int(who[len(self.customer_areas) :].sum())
        most = 100 * unknown > load_settings().unknown_customers_percent * int(who.sum())
        if unknown:
            yield note(file.facts.name, "C-08" if most else "C-07", "customer", str(unknown))

    def homes(self) -> Homes:
        """The planner by whom each customer is sorted; call when all assignments were taken."""
        if not self._assigned:
            return Homes()
        planners, customers, begun, ended = map(np.concatenate, zip(*self._assigned, strict=True))
        return Homes.from_assignments(planners, customers, begun, ended, len(self.customers))

    def _planner_numbers(self, columns: Columns, size: int) -> Masks:
        if "planner_id" not in columns:
            return np.full(size, -1, dtype=np.int64)
        return look_up(columns["planner_id"].values, self.planners.numbers, -1)

    def _areas(self, columns: Columns, customers: Numbers, planners: Masks) -> Masks:
        """Of the planner who made the row; else of its customer. An application: its own."""
        if "lwia" in columns:
            return look_up(columns["lwia"].values, area_bits(), 0)
        inside = (customers >= 0) & (customers < len(self.customer_areas))
        of_customer = np.zeros(len(customers), dtype=np.int64)
        of_customer[inside] = self.customer_areas[customers[inside]]
        bits = np.array([*(area_bits()[lwia] for lwia in self.planners.lwias), 0], dtype=np.int64)
        return np.where(planners >= 0, bits[planners], of_customer)

    def _meet(self, table: str, columns: Columns, planners: Masks, customers: Numbers) -> None:
        if self.contacts is None:
            return
        if table in ("service", "case_note"):
            self.contacts.from_records(planners, customers)
        if table == "assignment":
            begun, ended = columns["from"].values, columns["to"].values
            self.contacts.from_assignments(planners, customers, begun, ended)
            days = begun.cast(pa.int32()).fill_null(_UNKNOWN).to_numpy(zero_copy_only=False)
            last = ended.cast(pa.int32()).fill_null(_OPEN).to_numpy(zero_copy_only=False)
            self._assigned.append((planners, customers, days, last))

    def _report(
        self, file: TableFile, batch: Batch, columns: Columns, planners: Masks, keys: Keys
    ) -> None:
        broken = [("C-03", "customer", np.flatnonzero(keys.customers < 0))]
        if "planner_id" in columns and self.planners.ids:
            named = columns["planner_id"].values.is_valid().to_numpy(zero_copy_only=False)
            broken.append(("C-01", "planner_id", np.flatnonzero(named & (planners < 0))))
        if "lwia" in columns:
            broken.append(("C-02", "lwia", np.flatnonzero(keys.areas == 0)))
        if self.customers.secrets:
            secret = may_be_ssn(columns["customer"].values)
            broken.append(("V-02", "customer", np.flatnonzero(secret)))
        broken += unreadable_cells(file, columns)
        if file.table == "application":
            broken += _unclear_applications(columns)
        found = batch_findings(file.facts.name, batch, broken, keys.areas, keys.customers)
        self.log.add(*found)


def _unclear_applications(columns: Columns) -> list[Broken]:
    """Of an unknown status, which is taken as waiting; and without a date, which has no age."""
    words = pc.utf8_lower(pc.utf8_trim_whitespace(columns["status"].values))
    known = pc.is_in(words, value_set=pa.array(load_application_words()))
    dated = columns["applied"].values.is_valid()
    masks = [("C-05", "status", known), ("C-06", "applied", dated)]
    return [
        (rule, element, np.flatnonzero(~mask.to_numpy(zero_copy_only=False)))
        for rule, element, mask in masks
    ]


def unreadable_cells(file: TableFile, columns: Columns) -> list[Broken]:
    """The cells that did not parse, and those that were withheld."""
    typed = [column for column in file.columns if column.type in WRONG]
    wrong = [(WRONG[c.type], c.name, wrong_rows(columns[c.name])) for c in typed]
    return wrong + [("V-02", c.name, flagged(columns[c.name], Flag.SECRET)) for c in file.columns]


def table_notes(file: TableFile) -> Sequence[pa.Table]:
    """What is to be said about a case table as a whole."""
    notes = [note(file.facts.name, "N-05", cell) for cell in file.extra]
    if file.ssn:
        notes.append(note(file.facts.name, "S-01", "", str(file.ssn)))
    return [*notes, *file_notes(file.facts)]
