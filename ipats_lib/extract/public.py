"""The Department of Labor's public-use PIRL files, a few thousand rows at a time (domain 8.3).

One file holds the whole country, up to twenty million rows, plain, gzipped or zipped. Elements are
named differently from year to year; DOL's own result per row stands in calculated columns, whose
names by program year are data (`params/public/`). Birth dates and places are masked and not needed.
"""

import csv
import gzip
import io
import os
import re
import time
import weakref
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from ipats_lib.errors import ExtractError
from ipats_lib.extract.cells import kind_of, type_column
from ipats_lib.extract.headers import Spellings, is_ssn
from ipats_lib.extract.scan import refuse_magic
from ipats_lib.inputs import DAMAGE, LONGEST_LINE, has_suffix, open_input, spelled
from ipats_lib.params import load_layout, read_each, whole_number
from ipats_lib.periods import Period

BLOCK = 16 << 20
STATE = re.compile(r"(?:CALC|PIRL)\s?(?:4000|3000)", re.IGNORECASE)
_WIASRD = re.compile(r"Item_[0-9]{3,4}", re.IGNORECASE)
_NAMED = re.compile(r"PY(20[0-9]{2})Q([1-4])", re.IGNORECASE)
_ENCRYPTED, _DEFLATE64 = 0x1, 9
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PublicColumns:
    """Where a file keeps what is asked of it: file column by element, and by indicator.

    state: the column of the reporting state, or none.
    """

    elements: dict[str, str]
    results: dict[str, str]
    state: str


def period_of_name(path: Path) -> Period | None:
    """The period that a file's name tells, as in `WIOAPerformanceRecords_PY2023Q4_PUBLIC.csv`."""
    found = _NAMED.search(path.name)
    if found is None:
        return None
    quarter = int(found[2])
    return Period(int(found[1])) if quarter == 4 else Period(int(found[1]), quarter)


def result_columns(py: int) -> dict[str, str]:
    """`params/public/results.csv`: column of DOL's result by indicator, for a program year."""

    def column(row: dict[str, str]) -> tuple[str, str] | None:
        known = whole_number(row["py_from"]) <= py <= whole_number(row["py_to"])
        return (row["indicator"], row["column"]) if known else None

    columns = ("py_from", "py_to", "column", "indicator", "source")
    return dict(filter(None, read_each("public/results.csv", columns, column)))


def find_columns(cells: Sequence[str], wanted: Sequence[str], py: int, file: str) -> PublicColumns:
    """Match a header; ExtractError when an element or every result is missing."""
    _refuse_wiasrd(cells, file)
    spellings = Spellings(load_layout("pirl_2021"))
    named = ("column", "element", "source")
    aliases = dict(
        read_each("public/aliases.csv", named, lambda row: (row["column"], row["element"]))
    )
    found: dict[str, str] = {}
    for cell in cells:
        element = aliases.get(cell.strip()) or spellings.by_number(cell)
        if element in wanted and not is_ssn(cell):
            found.setdefault(str(element), cell)
    lacking = [element for element in wanted if element not in found]
    if lacking:
        raise ExtractError(
            f"{file} line 1: the header lacks PIRL element {', '.join(lacking)}; expected a "
            "public-use file of PY2017 or later."
        )
    by_name = {cell.strip(): cell for cell in cells}
    known = result_columns(py)
    results = {code: by_name[name] for code, name in known.items() if name in by_name}
    if not results:
        expected = ", ".join(known.values()) or "none is known for this year"
        raise ExtractError(
            f"{file} line 1: no column of DOL's results for PY{py} (expected {expected}); name "
            "them in params/public/results.csv."
        )
    state = next((cell for cell in cells if STATE.fullmatch(cell.strip())), "")
    return PublicColumns(found, results, state)


def _refuse_wiasrd(cells: Sequence[str], file: str) -> None:
    if sum(bool(_WIASRD.fullmatch(cell.strip())) for cell in cells) >= 2:
        raise ExtractError(
            f"{file} line 1: this is a WIASRD file of PY2013 to PY2015 (columns Item_100, ...). "
            "Its elements are numbered otherwise and lack what the indicators ask for; expected a "
            "public-use PIRL file of PY2017 or later."
        )


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], Callable[[], int], int]]:
    """The file's uncompressed bytes, how far it is read, and its size (both as stored)."""
    advice = "name a public-use file"
    with open_input(path, ExtractError, named=spelled(path), advice=advice) as stored:
        size, opening = os.fstat(stored.fileno()).st_size, stored.peek(8)
        if opening.startswith(b"PK") or has_suffix(path, ".zip"):
            with _member(stored, spelled(path.name)) as member:
                yield member, stored.tell, size
        elif opening.startswith(b"\x1f\x8b") or has_suffix(path, ".gz"):
            with gzip.GzipFile(fileobj=stored) as plain:
                yield cast(IO[bytes], plain), stored.tell, size
        else:
            refuse_magic(spelled(path.name), opening, "download it again")
            yield stored, stored.tell, size


@contextmanager
def _member(stored: IO[bytes], file: str) -> Iterator[IO[bytes]]:
    """The one CSV file of a zip; what a Mac adds to its own (`__MACOSX/._x.csv`) is none."""
    try:
        archive = zipfile.ZipFile(stored)
    except DAMAGE:
        raise ExtractError(f"{file} is not a whole zip file: download it again.") from None
    with archive:
        found = [
            member
            for member in archive.infolist()
            if member.filename.casefold().endswith(".csv")
            and not PurePosixPath(member.filename).name.startswith("._")
        ]
        if len(found) != 1:
            raise ExtractError(f"{file} holds {len(found)} CSV files: expected one.")
        if found[0].flag_bits & _ENCRYPTED:
            raise ExtractError(f"{file} is encrypted: unpack it with its password first.")
        if found[0].compress_type not in _PACKED:
            how = (
                "Deflate64" if found[0].compress_type == _DEFLATE64 else "another way than Deflate"
            )
            raise ExtractError(f"{file} is packed with {how}: unpack it and name the CSV file.")
        try:
            member = archive.open(found[0])
        except DAMAGE:
            raise ExtractError(f"{file} is not a whole zip file: download it again.") from None
        with member:
            yield member


def header_of(stream: IO[bytes], file: str) -> tuple[list[str], bytes]:
    """The first line's cells, and the line; ExtractError when it is no header."""
    try:
        line = stream.readline(LONGEST_LINE + 1)
        cells = next(csv.reader([line.decode("utf-8-sig")]), [])
    except UnicodeDecodeError:
        raise ExtractError(f"{file} line 1 is not text; expected a CSV header.") from None
    except csv.Error:
        cells = []
    except DAMAGE:
        raise ExtractError(f"{file} is damaged at its beginning: download it again.") from None
    if not len(cells) >= 2 or len(line) > LONGEST_LINE:
        raise ExtractError(f"{file} line 1 is not a CSV header of a public-use file.")
    if double := next((cell for at, cell in enumerate(cells) if cell in cells[:at]), None):
        named = spelled(double)[:80]
        raise ExtractError(f"{file} line 1: the header names {named} more than once; keep one.")
    return cells, line


def read_public(
    path: Path, wanted: Sequence[str], py: int, state: str, advance: Advance
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """The rows of one state, block by block, in bounded memory.

    wanted: element numbers. state: postal code, or nothing for all. Yields the elements, typed as
    in a snapshot, with `row` (its line in the file), and DOL's results by indicator (texts).
    advance: called with the bytes read and the file's size. ExtractError names file and line.
    """
    file = spelled(path.name)
    layout = {element.number: element for element in load_layout("pirl_2021").elements}
    with opened(path) as (stream, place, size):
        cells, _ = header_of(stream, file)
        columns = find_columns(cells, wanted, py, file)
        if state and not columns.state:
            raise ExtractError(
                f"{file} line 1: no column of the reporting state; leave --state empty."
            )
        names = [*columns.elements.values(), *columns.results.values()]
        names += [columns.state] if columns.state else []
        line = 2
        for batch in _batches(stream, cells, names, file):
            rows = pd.RangeIndex(line, line + len(batch))
            line += len(batch)
            table = pa.Table.from_batches([batch])
            chosen = _of_state(table, columns.state, state)
            typed = {
                number: type_column(_column(table, name), kind_of(layout[number], None)).values
                for number, name in columns.elements.items()
            }
            frame = pa.table(typed).to_pandas(types_mapper=_types)
            results = {code: _column(table, name) for code, name in columns.results.items()}
            advance(place(), size)
            yield (
                frame.assign(row=rows)[chosen].reset_index(drop=True),
                pa.table(results).to_pandas()[chosen].reset_index(drop=True),
            )
        advance(size, size)


def _of_state(table: pa.Table, column: str, state: str) -> Any:
    if not state:
        return [True] * len(table)
    return (table[column].to_pandas().str.strip() == state).to_numpy()


def _types(kind: pa.DataType) -> Any:
    return {pa.int32(): pd.Int32Dtype(), pa.string(): pd.StringDtype()}.get(kind)


def _column(table: pa.Table, name: str) -> pa.Array:
    return table[name].combine_chunks()


def _batches(
    stream: IO[bytes], cells: Sequence[str], names: Sequence[str], file: str
) -> Iterator[pa.RecordBatch]:
    texts, raw = dict.fromkeys(names, pa.string()), _Raw(stream)
    source, reader = pa.PythonFile(io.BufferedReader(raw), mode="r"), None
    try:
        reader = arrow_csv.open_csv(
            source,
            read_options=arrow_csv.ReadOptions(column_names=list(cells), block_size=BLOCK),
            convert_options=arrow_csv.ConvertOptions(
                column_types=texts, include_columns=list(names), strings_can_be_null=True,
                null_values=[""], quoted_strings_can_be_null=True,
            ),
        )  # fmt: skip
        yield from reader
    except (pa.ArrowInvalid, *DAMAGE) as error:
        where = re.search(r"Row #(\d+)", str(error))
        at = f" line {int(where[1]) + 1}" if where else ""
        raise ExtractError(
            f"{file}{at}: the file is damaged or not a CSV with {len(cells)} columns; download it "
            "again."
        ) from None
    finally:
        held = weakref.ref(raw)
        del raw, source, reader
        _wait_until_gone(held)


def _wait_until_gone(held: Callable[[], object]) -> None:
    """Wait, a second at most, until Arrow's threads have let a file of ours go.

    One that still reads ahead when Python ends aborts the process.
    """
    for _ in range(200):
        if held() is None:
            return
        time.sleep(0.005)


class _Raw(io.RawIOBase):
    """A stream whose reads Arrow may make, without closing it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
