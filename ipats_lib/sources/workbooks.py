"""Tables that somebody hands over as workbooks, one a table (`service.xlsx`), as CSV files."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from ipats_lib.errors import ExtractError
from ipats_lib.inputs import Refusal, read_input, spelled

MOST_BYTES = 256 << 20


def as_csv(folder: Path, work: Path, names: Sequence[str]) -> Path:
    """The folder itself; where it holds workbooks of tables, another one with CSV in their place.

    The first sheet counts. ExtractError for a workbook that cannot be read.
    """
    if not folder.is_dir():
        return folder
    files = sorted(folder.iterdir())
    books = [f for f in files if f.suffix.casefold() == ".xlsx" and f.stem.casefold() in names]
    if not books:
        return folder
    target = work / "tables"
    target.mkdir()
    for file in files:
        if file not in books:
            (target / file.name).symlink_to(file.absolute())
    for book in books:
        with (target / f"{book.stem.casefold()}.csv").open("x", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows(read_sheet(book))
    return target


def read_sheet(book: Path, refuse: Refusal = ExtractError) -> list[list[str]]:
    """The rows of the first sheet as texts, without empty rows; `refuse` when it is no workbook."""
    from python_calamine import CalamineError, CalamineWorkbook

    data = read_input(book, refuse, most=MOST_BYTES)
    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    except (CalamineError, OSError, ValueError, IndexError):
        raise refuse(f"{spelled(book.name)} is no workbook that can be read.") from None
    texts = [[text_of(cell) for cell in row] for row in rows]
    return [row for row in texts if any(row)]


def text_of(cell: object) -> str:
    """A cell as an extract writes it: days as YYYYMMDD, whole numbers without a point."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, date | datetime):
        return f"{cell:%Y%m%d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
