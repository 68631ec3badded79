"""Findings as a table: what is wrong or worth a note, in which file, row and element."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ipats_lib.extract.cells import Flag, Typed, flagged, may_be_ssn
from ipats_lib.extract.folder import load_settings
from ipats_lib.extract.lines import Batch
from ipats_lib.extract.scan import FileFacts
from ipats_lib.inputs import spelled
from ipats_lib.validation.rules import load_rules

# row: line number in the file, missing for what concerns the file as a whole.
# _areas, _customer: whose record it is (see snapshot/parts.py); not shown.
SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("element", pa.string()),
        ("value", pa.string()),
        ("rule", pa.string()),
        ("severity", pa.string()),
        ("message", pa.string()),
        ("_areas", pa.int64()),
        ("_customer", pa.int32()),
    ]
)
NOBODY = -1
LONGEST_NAME = 80
LOUD = ("N-07", "N-08")
# The notes on habits of the producer, one per file, element and habit.
NOTES = {
    Flag.NULL_LIKE: "N-01",
    Flag.ZEROS: "N-02",
    Flag.PADDED: "N-03",
    Flag.DECIMALS: "N-04",
}
WRONG = {"date": "F-05", "amount": "F-06", "code": "F-07", "integer": "F-07", "switch": "C-04",
         "dollars": "C-09"}  # fmt: skip

Places = NDArray[np.int64]
# Rule, element, positions of the rows in their batch.
Broken = tuple[str, str, Places]
FLUSH = 65_536


def note(file: str, rule: str, element: str = "", value: str = "") -> pa.Table:
    """A finding about a file as a whole; `value` is a count, never a cell."""
    element = spelled(element[:LONGEST_NAME])
    if may_be_ssn(pa.array([element])).any():
        element = ""
    return _table(file, rule, element, pa.nulls(1, pa.int64()), pa.array([value]), [0], [NOBODY])


def file_notes(facts: FileFacts) -> Iterator[pa.Table]:
    """What is to be said about a file's lines as a whole, and those that cannot be read."""
    for rule in sorted({rule for _, rule, _ in facts.unreadable}):
        lines, counts = zip(*[(at, n) for at, r, n in facts.unreadable if r == rule], strict=True)
        nobody = [0] * len(lines), [NOBODY] * len(lines)
        yield _table(facts.name, rule, "", pa.array(lines), pa.array(counts), *nobody)
    if equal := len(facts.doubles):
        many = 100 * equal > load_settings().equal_lines_percent * facts.lines
        yield note(facts.name, "N-11" if many else "N-09", value=str(equal))
    if facts.nuls:
        yield note(facts.name, "N-10", value=str(facts.nuls))
    if not facts.ends_with_newline:
        yield note(facts.name, "N-07")


def row_findings(
    file: str,
    rule: str,
    element: str,
    lines: Places,
    values: pa.Array,
    areas: NDArray[np.int64],
    customers: NDArray[np.int32],
) -> pa.Table:
    """One finding per given line; a value that may be a Social Security number is left out."""
    texts = values.cast(pa.string())
    secret = may_be_ssn(texts) | (rule == "V-02")
    if rule in WRONG.values():  # a number too long for a date, an amount or a code is shown
        digits = pc.match_substring_regex(texts, "^[0-9]+$").fill_null(False)
        secret &= ~digits.to_numpy(zero_copy_only=False)
    values = pc.if_else(pa.array(secret), None, texts)
    return _table(file, rule, element, pa.array(lines), values, areas, customers)


def batch_findings(
    file: str,
    batch: Batch,
    broken: Sequence[Broken],
    areas: NDArray[np.int64],
    customers: NDArray[np.int32],
) -> Iterator[pa.Table]:
    """One table of findings per broken rule; areas and customers: of all rows of the batch."""
    for rule, element, at in broken:
        if len(at):
            values = batch.texts[element].take(pa.array(at))
            whose = areas[at], customers[at]
            yield row_findings(file, rule, element, batch.lines[at], values, *whose)


def _table(
    file: str,
    rule: str,
    element: str,
    rows: pa.Array,
    values: pa.Array,
    areas: Sequence[int] | NDArray[Any],
    customers: Sequence[int] | NDArray[Any],
) -> pa.Table:
    said, size = load_rules()[rule], len(rows)
    columns = [
        pa.repeat(file, size),
        rows,
        pa.repeat(element, size),
        values.cast(pa.string()),
        pa.repeat(rule, size),
        pa.repeat(said.severity, size),
        pa.repeat(said.message_for(element), size),
        pa.array(areas, pa.int64()),
        pa.array(customers, pa.int32()),
    ]
    return pa.table(columns, schema=SCHEMA)


def wrong_rows(typed: Typed) -> Places:
    """Positions of the cells that did not parse or are not allowed."""
    return flagged(typed, Flag.WRONG)


def loud(findings: pd.DataFrame) -> pd.DataFrame:
    """Those of a snapshot's findings about whole files that every command repeats: what makes
    figures wrong without one wrong cell: errors, files that were not read, cut files."""
    whole = findings["row"].isna()
    return findings[whole & ((findings["severity"] == "error") | findings["rule"].isin(LOUD))]


class Habits:
    """Counts the notes of one file while its batches pass by."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._counts: dict[tuple[str, str], int] = {}

    def count(self, element: str, typed: Typed) -> None:
        if typed.flags is None:
            return
        for flag, rule in NOTES.items():
            self.add(rule, element, int(np.count_nonzero(typed.flags & np.uint8(flag))))

    def add(self, rule: str, element: str, found: int) -> None:
        if found:
            self._counts[rule, element] = self._counts.get((rule, element), 0) + found

    def notes(self) -> list[pa.Table]:
        """One finding per rule and element, in the order they were first met."""
        return [
            note(self._file, rule, element, str(count))
            for (rule, element), count in self._counts.items()
        ]


class FindingsLog:
    """Appends findings to one Parquet file as they are found, so that any number of them fits in
    memory; a context manager."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, *findings: pa.Table) -> None:
        for table in findings:
            self._waiting.append(table)
            self._rows += len(table)
            if self._rows >= FLUSH:
                self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=FLUSH)
        self._waiting, self._rows = [], 0

    def __enter__(self) -> "FindingsLog":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
