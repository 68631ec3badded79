"""The first sheet of a workbook as CSV, from standard input to standard output.

A program of its own, run by `workbooks`: a workbook of few bytes may name a cell so far away, or a
size so large, that reading it ends the process. It imports nothing of the library.
"""

import csv
import io
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

MOST_MEMORY = 8 << 30
# What ends a line of CSV, or is in no text: a space replaces it. The extract's rules find NUL.
_CONTROL = re.compile("[\x01-\x1f\x7f]+")


def text_of(cell: object) -> str:
    """A cell as an extract writes it: days as YYYYMMDD, whole numbers without a point, one line."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, date | datetime):
        return f"{cell:%Y%m%d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, float | Decimal):
        return f"{Decimal(str(cell)):f}"
    if isinstance(cell, bytes):
        cell = cell.decode(errors="replace")
    return _CONTROL.sub(" ", str(cell)).strip()


def _rows(book: bytes) -> Iterator[list[str]]:
    from python_calamine import CalamineWorkbook

    for row in CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).iter_rows():
        texts = [text_of(cell) for cell in row]
        if any(texts):
            yield texts


def main() -> None:
    """Write the rows that are not empty."""
    with suppress(ImportError, ValueError, OSError):  # Windows; or the limit is a lower one already
        import resource

        _, highest = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, highest))
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    csv.writer(out, lineterminator="\n").writerows(_rows(sys.stdin.buffer.read()))
    out.flush()


if __name__ == "__main__":
    main()
