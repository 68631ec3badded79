"""What a page offers to download is inert, and the same every time (security notes, Pages)."""

import io
import re
import zipfile
from datetime import UTC, date, datetime

import pandas as pd
import pytest
import xlsxwriter

from ipats_lib.errors import NotebookError
from ipats_lib.report import show
from ipats_lib.report.show import files

FULL_WIDTH = ["\uff1dHYPERLINK(1)", "\uff0b1", "\uff0d1", "\uff20x"]
HOSTILE = ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", *FULL_WIDTH, "plain"]


@pytest.mark.parametrize("value", HOSTILE[:-1])
def test_a_text_that_looks_like_a_formula_is_led_by_an_apostrophe(value):
    for frame in (pd.DataFrame({"a": [value]}), pd.DataFrame({value: ["b"]})):
        assert f"'{value}" in files.csv(frame).decode()


def test_numbers_and_dates_stay_what_they_are():
    frame = pd.DataFrame({"n": [-1.5], "day": [pd.Timestamp("2024-02-29")], "none": [None]})
    assert files.csv(frame) == b"n,day,none\n-1.5,2024-02-29,\n"


def test_yes_and_no_are_true_and_false_and_whole_numbers_have_no_point():
    """Whatever the column holds beside them: a gap turns counts into fractions, a marker too."""
    frame = pd.DataFrame(
        {
            "suppressed": [True, False, True],
            "told": pd.Series([True, None, False], dtype="object"),
            "gap": [12.0, None, 3.0],
            "mixed": pd.Series([7.0, "*", 0.25], dtype="object"),
            "day": [date(2024, 2, 29), None, None],
        }
    )
    assert files.csv(frame).decode().splitlines() == [
        "suppressed,told,gap,mixed,day",
        "true,true,12,7,2024-02-29",
        "false,,,*,",
        "true,false,3,0.25,",
    ]
    book = files.workbook({"T": frame}, {}, date(2025, 8, 15))
    with zipfile.ZipFile(io.BytesIO(book)) as z:
        sheet, texts = (
            z.read(f"xl/{n}.xml").decode() for n in ("worksheets/sheet2", "sharedStrings")
        )
    assert dict(re.findall('<c r="(C[24])"><v>([^<]*)</v>', sheet)) == {"C2": "12", "C4": "3"}
    assert {"true", "false"} <= set(re.findall("<t>([^<]*)</t>", texts))


def test_a_workbook_holds_no_formula_and_equal_data_give_equal_bytes():
    frame = pd.DataFrame({"text": HOSTILE, "n": range(len(HOSTILE))})
    made = [files.workbook({"T": frame}, {"Area": "=1"}, date(2025, 8, 15)) for _ in range(2)]
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0])) as book:
        sheets = [book.read(n).decode() for n in book.namelist() if "worksheets/sheet" in n]
    assert len(sheets) == 2
    assert not [sheet for sheet in sheets if "<f>" in sheet]
    with zipfile.ZipFile(io.BytesIO(made[0])) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
    for text in FULL_WIDTH:
        assert f"'{text}</t>" in texts


def by_xlsxwriter(sheets, facts, made):
    """The same workbook, each cell written by XlsxWriter."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    created = datetime(made.year, made.month, made.day, tzinfo=UTC)
    book.set_properties({"title": facts.get("Report", "IPATS"), "created": created})
    bold = book.add_format({"bold": True})
    cover = book.add_worksheet("Cover")
    cover.set_column(0, 1, 40)
    for line, pair in enumerate([*facts.items(), *(("Sheet", name) for name in sheets)]):
        cover.write_string(line, 0, pair[0], bold)
        cover.write_string(line, 1, pair[1])
    for name, frame in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        for place, column in enumerate(frame.columns):
            sheet.write_string(0, place, str(column), bold)
            sheet.set_column(place, place, 14 if place else 36)
            for line, cell in enumerate(map(files.safe, frame[column]), start=1):
                if not isinstance(cell, str):
                    sheet.write_number(line, place, cell)
                elif cell:
                    sheet.write_string(line, place, cell)
    book.close()
    return buffer.getvalue()


WORDS = [
    "a",
    "",
    None,
    " b",
    "c\n",
    "<&>\"'",
    "\x01",
    "_x0001_",
    "\ufffe",
    "\U0001f600",
    "d" * 40_000,
]
SHEETS = {
    "Words": pd.DataFrame({"word": WORDS, "n": range(len(WORDS))}),
    "Gaps": pd.DataFrame({"first": [1.5, *[None] * 40, 2], "A & B": [None] * 30 + ["x"] * 12}),
    "Ends": pd.DataFrame({"a": ["x", *[None] * 40], "b": None}),
    "Numbers": pd.DataFrame({"n": [0.1, 1 / 3, 1e20, -0.5, 123456789012345678]}),
    "Wide": pd.DataFrame([range(30)]),
    "One": pd.DataFrame({"a": []}),
    "None": pd.DataFrame(index=[0]),
}


def test_cells_are_those_of_xlsxwriter():
    """Texts, numbers, gaps, spans and the list of all texts, byte by byte."""
    given = SHEETS, {"Report": "R", "Area": "a & b"}, date(2025, 8, 15)
    books = [zipfile.ZipFile(io.BytesIO(make(*given))) for make in (files.workbook, by_xlsxwriter)]
    ours, theirs = ({name: book.read(name) for name in book.namelist()} for book in books)
    assert list(ours) == list(theirs)
    for name, part in theirs.items():
        assert ours[name] == part, name


def test_an_infinite_number_stops_a_workbook():
    with pytest.raises(NotebookError, match="Column share has an infinite number"):
        files.workbook({"T": pd.DataFrame({"share": [float("inf")]})}, {}, date(2025, 8, 15))


def test_outside_a_publication_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(files.DOWNLOADS_FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    show.download(pd.DataFrame({"a": [1]}), "roster.csv", "A roster")
    assert not list(tmp_path.iterdir())
