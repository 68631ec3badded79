"""The PIRL file on its way into a snapshot: typed, validated, placed (domain 4.3, 8.1)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ipats_lib.extract.cells import Flag, Kind, Typed, flagged, kind_of, type_column, withheld
from ipats_lib.extract.folder import load_settings
from ipats_lib.extract.lines import Batch
from ipats_lib.extract.pirl import PirlFile, Reach
from ipats_lib.params import Element
from ipats_lib.snapshot.areas import Customers, Numbers, areas_of_rows, board_bits
from ipats_lib.snapshot.parts import Keys, Parts
from ipats_lib.validation.findings import (
    WRONG,
    Broken,
    FindingsLog,
    Habits,
    batch_findings,
    file_notes,
    note,
    row_findings,
    wrong_rows,
)
from ipats_lib.validation.rows import (
    MISSING,
    STREAM_CODES,
    Rows,
    broken_rules,
    different_births,
    missing_or_repeated,
    same_entry,
)

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """Keys that rules compare between rows; one array entry per row."""

    lines: NDArray[np.int64]
    observations: Numbers
    births: Numbers
    streams: NDArray[np.uint8]


@dataclass(slots=True)
class RecordIntake:
    """Reads a PIRL file once, into parts and findings.

    as_of bounds the dates (F-05). Elements and board codes come from params/.
    """

    file: PirlFile
    as_of: date
    customers: Customers
    log: FindingsLog
    parts: Parts

    def run(self, advance: Advance) -> Compared:
        """Take all rows; `advance` is called with the rows of each step."""
        habits, compared, reach = Habits(self.file.facts.name), [], Reach()
        self._report_file()
        for batch, columns in self._typed(habits):
            rows = Rows(columns, batch.texts.num_rows, frozenset(board_bits()))
            keys = self._keys(rows)
            self._report_rows(batch, rows, keys)
            columns["100"] = self.customers.shown(columns["100"], keys.customers)
            size = batch.texts.num_rows
            filled = {n: t.values for n, t in columns.items() if t.values.null_count < size}
            self.parts.add(batch.lines, filled, keys)
            compared.append(_compared(batch, rows))
            reach.take(batch.texts)
            advance(batch.texts.num_rows)
        self.log.add(*habits.notes())
        self._report_reach(reach.newest())
        names = [field.name for field in fields(Compared)]
        return Compared(*(np.concatenate([getattr(c, n) for c in compared]) for n in names))

    def compare(self, keys: Keys, compared: Compared) -> None:
        """The rules between rows: F-04, D-01, D-04."""
        if "OBS" in self.file.columns.elements:
            numbers = compared.observations
            if (numbers == MISSING).all():
                self.log.add(note(self.file.facts.name, "F-04", "OBS", str(len(numbers))))
            else:
                places = missing_or_repeated(numbers)
                self._report_places("F-04", "OBS", places, compared.lines, keys, numbers)
        twice = same_entry(keys.customers, keys.days, compared.streams)
        self._report_places("D-01", "900", twice, compared.lines, keys, keys.days)
        differ = different_births(keys.customers, compared.births)
        self._report_places("D-04", "200", differ, compared.lines, keys, compared.births)

    def _typed(self, habits: Habits) -> Iterator[tuple[Batch, dict[str, Typed]]]:
        elements = {element.number: element for element in self.file.layout.elements}
        kinds: dict[tuple[str, tuple[str, ...]], Kind | None] = {}
        for batch in self.file.batches():
            columns = {}
            for number in batch.texts.schema.names:
                element = elements[number]
                same = (element.type, element.codes)
                if same not in kinds:
                    kinds[same] = kind_of(element, self.as_of)
                columns[number] = self._cell(batch.texts[number], element, kinds[same], habits)
            yield batch, columns

    def _cell(self, text: pa.Array, element: Element, kind: Kind | None, habits: Habits) -> Typed:
        typed = type_column(text, kind)
        habits.count(element.number, typed)
        if element.type == "text" and element.number != "100":
            typed = withheld(typed)
            habits.add("S-02", element.number, len(flagged(typed, Flag.SECRET)))
        return typed

    def _keys(self, rows: Rows) -> Keys:
        areas = areas_of_rows(rows, board_bits())
        return Keys(areas, self.customers.numbers(rows.text("100")), _days(rows, "900"))

    def _report_file(self) -> None:
        facts, columns, log = self.file.facts, self.file.columns, self.log
        if columns.header:
            log.add(note(facts.name, "F-03"))
        if columns.ssn:
            log.add(note(facts.name, "S-01", "2700", str(columns.ssn)))
        log.add(*(note(facts.name, "N-05", cell) for cell in columns.extra))
        log.add(*(note(facts.name, "N-06", number) for number in columns.missing))
        log.add(*file_notes(facts))

    def _report_reach(self, newest: date | None) -> None:
        """An as-of date far from what the file reaches (A-01)."""
        limits, days = load_settings(), (self.as_of - newest).days if newest else 0
        if days > limits.as_of_days_after_newest or -days > limits.as_of_days_before_newest:
            self.log.add(note(self.file.facts.name, "A-01", value=str(abs(days))))

    def _report_rows(self, batch: Batch, rows: Rows, keys: Keys) -> None:
        types = {element.number: element.type for element in self.file.layout.elements}
        broken: list[Broken] = [
            (WRONG[types[number]], number, places)
            for number, typed in rows.columns.items()
            if len(places := wrong_rows(typed))
        ]
        broken += [(rule.rule, rule.element, places) for rule, places in broken_rules(rows)]
        whose = keys.areas, keys.customers
        self.log.add(*batch_findings(self.file.facts.name, batch, broken, *whose))

    def _report_places(
        self,
        rule: str,
        element: str,
        places: NDArray[np.int64],
        lines: NDArray[np.int64],
        keys: Keys,
        values: Numbers,
    ) -> None:
        shown = _shown(values[places], dated=rule != "F-04")
        areas, customers = keys.areas[places], keys.customers[places]
        name = self.file.facts.name
        self.log.add(row_findings(name, rule, element, lines[places], shown, areas, customers))


def _compared(batch: Batch, rows: Rows) -> Compared:
    streams = np.zeros(rows.size, dtype=np.uint8)
    for bit, (stream, codes) in enumerate(STREAM_CODES.items()):
        streams |= np.isin(rows.codes(stream), codes).astype(np.uint8) << bit
    observations = np.where(rows.filled("OBS"), rows.codes("OBS"), MISSING).astype(np.int32)
    return Compared(batch.lines, observations, _days(rows, "200"), streams)


def _days(rows: Rows, element: str) -> Numbers:
    typed = rows.columns.get(element)
    if typed is None:
        return np.full(rows.size, MISSING, dtype=np.int32)
    return typed.values.cast(pa.int32()).fill_null(MISSING).to_numpy(zero_copy_only=False)


def _shown(values: Numbers, *, dated: bool) -> pa.Array:
    """Numbers as a finding shows them; days as YYYYMMDD, blank where missing."""
    numbers = pa.array(values, pa.int32(), mask=values == MISSING)
    if not dated:
        return numbers
    return pa.compute.strftime(numbers.cast(pa.date32()), format="%Y%m%d")
