"""CSV lines as batches of texts, and what to say when a line does not fit."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from ipats_lib.errors import ExtractError
from ipats_lib.extract.scan import EXPORT, FileFacts, UnreadableLineError

BLOCK = 8 << 20
MOST_COLUMNS = 4096  # far more than any layout has, and few enough to look each one up
_SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Batch:
    """Some lines of a file: columns by name, blank cells null; `lines` are their numbers."""

    texts: pa.RecordBatch
    lines: NDArray[np.int64]


def first_cells(facts: FileFacts) -> list[str]:
    """The cells of a file's first line; ExtractError where they are more than `MOST_COLUMNS`."""
    with _text(facts) as lines:
        cells = _cells(lines.readline())
    if len(cells) > MOST_COLUMNS:
        raise ExtractError(
            f"{facts.name} line 1 has {len(cells):,} columns, more than any file of an extract: "
            f"{EXPORT}."
        )
    return cells


def _text(facts: FileFacts) -> TextIO:
    return io.TextIOWrapper(facts.opened(), encoding="utf-8-sig", newline="")


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def read_lines(facts: FileFacts, names: Sequence[str], *, skip: int) -> Iterator[Batch]:
    """All lines after `skip` header lines, equal ones once.

    Columns named "" are left out, never converted. UnreadableLineError, naming the line, for a line
    with another number of columns.
    """
    unique = [name or f"\0{at}" for at, name in enumerate(names)]
    wanted = [name for name in names if name]
    read = pa.csv.ReadOptions(block_size=BLOCK, column_names=unique, skip_rows=skip)
    parse = pa.csv.ParseOptions(ignore_empty_lines=False)
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(wanted, pa.string()),
        include_columns=wanted,
        null_values=[""],
        strings_can_be_null=True,
        check_utf8=False,
    )
    if facts.lines <= skip:
        return
    line, left_out = skip + 1, facts.left_out
    with facts.opened() as source:
        try:
            for texts in pa.csv.open_csv(source, read, parse, convert):
                lines = np.arange(line, line + texts.num_rows)
                line += texts.num_rows
                batch = _once(texts, lines, left_out)
                if len(batch.lines):
                    yield batch
        except pa.ArrowInvalid:
            refuse_column_count(facts, len(names))


def _once(texts: pa.RecordBatch, lines: NDArray[np.int64], left_out: NDArray[np.int64]) -> Batch:
    first = ~np.isin(lines, left_out)
    if first.all():
        return Batch(texts, lines)
    return Batch(texts.filter(pa.array(first)), lines[first])


def refuse_column_count(facts: FileFacts, expected: int) -> NoReturn:
    """UnreadableLineError for the first line with another number of columns (F-01)."""
    with _text(facts) as lines:
        for number, line in enumerate(lines, start=1):
            found = columns_of(line)
            if found == expected:
                continue
            if number == facts.lines and not facts.ends_with_newline and number > 1:
                raise UnreadableLineError(
                    f"{facts.name} line {number}: the file is cut off in its last line, which has "
                    f"{found} of {expected} columns; copy or export the whole file again."
                ) from None
            raise UnreadableLineError(
                f"{facts.name} line {number}: expected {expected} columns, found {found}"
                f"{_other_separator(line, expected)}; {EXPORT}."
            ) from None
    raise ExtractError(f"{facts.name} cannot be parsed as CSV: {EXPORT}.") from None


def columns_of(line: str) -> int:
    """How many columns a line has."""
    return len(_cells(line)) if '"' in line else line.count(",") + 1


def _other_separator(line: str, expected: int) -> str:
    """A remark when the line would fit if another sign separated its columns."""
    for sign, name in _SEPARATORS.items():
        if expected > 1 and line.count(sign) + 1 == expected:
            return f" (it is separated by {name}, not commas)"
    return ""
