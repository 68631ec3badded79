"""Files that a page offers beside what it shows, safe to open in a spreadsheet."""

import io
import os
from collections.abc import Mapping
from csv import writer as csv_writer
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ipats_lib.report.show.numbers import is_missing, iso_day, listed

# Where the publisher collects them; not set in JupyterLab, where there is nothing to download.
DOWNLOADS_FOLDER = "IPATS_DOWNLOADS"
# ASVS 1.2.10's, and the full-width forms of the first four, which some spreadsheets read alike.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


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


def _column(values: pd.Series) -> list[object]:
    """A column's cells; texts, days and numbers are often the same all the way down."""
    cells: list[object] = listed(values)
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
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"title": facts.get("Report", "IPATS"), "created": created})
    bold = book.add_format({"bold": True})
    cover = book.add_worksheet("Cover")
    cover.set_column(0, 1, 40)
    for line, (name, value) in enumerate([*facts.items(), *(("Sheet", s) for s in sheets)]):
        cover.write_string(line, 0, name, bold)
        cover.write_string(line, 1, value)
    for name, frame in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for place, column in enumerate(frame.columns):
            sheet.write_string(0, place, str(column), bold)
            sheet.set_column(place, place, 14 if place else 36)
            for line, cell in enumerate(_column(frame[column]), start=1):
                if not isinstance(cell, str):
                    sheet.write_number(line, place, cell)
                elif cell:  # an empty cell is left out
                    sheet.write_string(line, place, cell)
    book.close()
    return buffer.getvalue()
