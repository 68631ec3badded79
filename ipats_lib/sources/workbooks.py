"""Tables that somebody hands over as workbooks, one a table (`service.xlsx`), as CSV files."""

import csv
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from ipats_lib.errors import ExtractError
from ipats_lib.inputs import Refusal, open_input, spelled

MOST_BYTES = 256 << 20
MOST_SECONDS = 900
_READER = Path(__file__).with_name("sheet.py")


def as_csv(folder: Path, work: Path, names: Sequence[str]) -> Path:
    """The folder itself; where it holds workbooks of tables, another one with CSV in their place.

    The first sheet counts. ExtractError for a workbook that cannot be read, and for a table that
    two files hold.
    """
    if not folder.is_dir():
        return folder
    files = sorted(folder.iterdir())
    books = [f for f in files if f.suffix.casefold() == ".xlsx" and f.stem.casefold() in names]
    if not books:
        return folder
    tables = [f.stem.casefold() for f in files if f.suffix.casefold() in (".csv", ".xlsx")]
    for book in books:
        if tables.count(book.stem.casefold()) > 1:
            raise ExtractError(
                f"The extract holds the table {book.stem.casefold()} in more than one file, as a "
                "workbook or CSV: leave one."
            )
    target = work / "tables"
    target.mkdir()
    for file in files:
        if file not in books:
            (target / file.name).symlink_to(file.absolute())
    for book in books:
        with (target / f"{book.stem.casefold()}.csv").open("xb") as out:
            _write_sheet(book, ExtractError, out)
    return target


def read_sheet(book: Path, refuse: Refusal = ExtractError) -> list[list[str]]:
    """The rows of the first sheet as texts, without empty rows; `refuse` when it is no workbook."""
    with TemporaryFile("w+", encoding="utf-8", newline="") as out:
        _write_sheet(book, refuse, out)
        out.seek(0)
        return list(csv.reader(out))


def _write_sheet(book: Path, refuse: Refusal, out: IO[str] | IO[bytes]) -> None:
    with open_input(book, refuse, most=MOST_BYTES) as source:
        try:
            done = subprocess.run(  # noqa: S603  # this Python, a module of ours
                [sys.executable, "-P", os.fspath(_READER)],
                stdin=source,
                stdout=out,
                stderr=subprocess.DEVNULL,
                timeout=MOST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            done = None
    if done is None or done.returncode:
        raise refuse(f"{spelled(book.name)} is no workbook that can be read.")
