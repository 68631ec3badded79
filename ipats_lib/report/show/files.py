"""Files that a page offers beside what it shows, safe to open in a spreadsheet."""

import io
import os
import re
from collections.abc import Mapping, Sequence
from csv import writer as csv_writer
from datetime import UTC, date, datetime
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pandas as pd

from ipats_lib.report.show.html import wrong
from ipats_lib.report.show.numbers import is_missing, iso_day, listed

# Where the publisher collects them; not set in JupyterLab, where there is nothing to download.
DOWNLOADS_FOLDER = "IPATS_DOWNLOADS"
# ASVS 1.2.10's, and the full-width forms of the first four, which some spreadsheets read alike.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
# Characters that a sheet writes by number, and the underscore of a text that looks like such one.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9a-fA-F]{4}_)")


def save(name: str, data: bytes) -> None:
    """Put a file beside the page; its notebook's metadata declare it."""
    folder = os.environ.get(DOWNLOADS_FOLDER)
    if folder:
        Path(folder, name).write_bytes(data)


def csv(frame: pd.DataFrame) -> bytes:
    """The frame as CSV (UTF-8, LF), dates as YYYY-MM-DD, yes and no as `true` and `false`.

    A whole number has no decimal point, whatever else its column holds. A text that a spreadsheet
    would take for a formula starts with an apostrophe instead (ASVS 1.2.10).
    """
    # A small frame is written in a third of the time that pandas takes.
    buffer = io.StringIO()
    writer = csv_writer(buffer, lineterminator="\n")
    writer.writerow([safe(str(name)) for name in frame.columns])
    writer.writerows(zip(*(_column(frame[name]) for name in frame.columns), strict=True))
    return buffer.getvalue().encode()


def _column(values: pd.Series) -> list[Any]:
    """A column's cells; texts, days and numbers are often the same all the way down."""
    cells = listed(values)
    if values.dtype != "object":
        made = {cell: safe(cell) for cell in set(cells)}
        return [made[cell] for cell in cells]
    return [safe(cell) for cell in cells]


def safe(value: object) -> object:
    """A cell that no spreadsheet runs; empty where there is no value."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if is_missing(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return iso_day(value) if isinstance(value, date) else value


def workbook(sheets: Mapping[str, pd.DataFrame], facts: Mapping[str, str], made: date) -> bytes:
    """An Excel workbook: a cover with the facts and the contents, then one table a sheet.

    Texts are never formulas. `made` is its creation date, so equal data give equal bytes.
    """
    import xlsxwriter  # few pages write a workbook

    buffer = io.BytesIO()
    created = datetime(made.year, made.month, made.day, tzinfo=UTC)
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.set_properties({"title": facts.get("Report", "IPATS"), "created": created})
    bold = book.add_format({"bold": True})
    cover = book.add_worksheet("Cover")
    cover.set_column(0, 1, 40)
    lines = [*facts.items(), *(("Sheet", name) for name in sheets)]
    for line, (name, value) in enumerate(lines):
        cover.write_string(line, 0, name, bold)
        cover.write_string(line, 1, value)
    for name, frame in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for place in range(len(frame.columns)):
            sheet.set_column(place, place, 14 if place else 36)
    book.close()
    return _filled(buffer, [text for line in lines for text in line], [*sheets.values()])


def _filled(book: io.BytesIO, cover: Sequence[str], frames: Sequence[pd.DataFrame]) -> bytes:
    """The workbook with the frames in its empty sheets, which follow the cover: XlsxWriter takes
    four times as long for their cells. cover: its texts, the first in the list of all texts."""
    places: dict[str, int] = {}
    used, filled = len([places.setdefault(text, len(places)) for text in cover]), io.BytesIO()
    with ZipFile(book) as empty, ZipFile(filled, "w", ZIP_DEFLATED) as full:
        for part in empty.infolist():
            data = empty.read(part)
            if (found := _SHEET.fullmatch(part.filename)) and found[1] != "1":
                size, cells = _cells(frames[int(found[1]) - 2], places)
                used += cells.count(' t="s"')
                data = data.replace(b'"A1"/>', f'"{size}"/>'.encode(), 1)
                data = data.replace(b"<sheetData/>", cells.encode())
            elif part.filename == "xl/sharedStrings.xml":
                start = data[: data.index(b" count=")].decode()
                counts = f' count="{used}" uniqueCount="{len(places)}"'
                data = f"{start}{counts}>{''.join(map(_text, places))}</sst>".encode()
            full.writestr(part, data)
    return filled.getvalue()


def _cells(frame: pd.DataFrame, places: dict[str, int]) -> tuple[str, str]:
    """What a sheet's cells span, such as A1:C9, and the cells: a bold heading, then the column's.
    Empty ones are left out. places: of each text in the list of all texts, which gets new ones."""
    from xlsxwriter.utility import xl_col_to_name

    columns, size, rows = [], "A1", []
    for place, name in enumerate(frame.columns):
        letters, bold = xl_col_to_name(place), ' s="1"'
        cells = [""] * (len(frame) + 1)
        for line, cell in enumerate([str(name), *_column(frame[name])], start=1):
            if not isinstance(cell, str):
                if not isfinite(cell):
                    raise wrong(f"Column {name} has an infinite number, which no workbook holds.")
                cells[line - 1] = f'<c r="{letters}{line}"><v>{cell:.16G}</v></c>'
            elif cell:
                at = places.setdefault(cell, len(places))
                cells[line - 1] = f'<c r="{letters}{line}"{bold} t="s"><v>{at}</v></c>'
            bold = ""
        columns.append(cells)
    for start in range(0, len(frame) + 1, 16):  # 16 rows have the same span
        some = [cells[start : start + 16] for cells in columns]
        used = [place for place, cells in enumerate(some, start=1) if any(cells)]
        for line, row in enumerate(zip(*some, strict=True), start=start + 1):
            if inside := "".join(row):
                rows.append(f'<row r="{line}" spans="{used[0]}:{used[-1]}">{inside}</row>')
                size = f"A1:{letters}{line}" if (place, line) != (0, 1) else "A1"
    return size, f"<sheetData>{''.join(rows)}</sheetData>" if rows else "<sheetData/>"


def _text(text: str) -> str:
    """A text in the list of all texts. A cell holds at most 32,767 characters."""
    words = escape(_CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text[:32767]), quote=False)
    space = ' xml:space="preserve"' if words != words.strip() else ""
    return f"<si><t{space}>{words}</t></si>"
