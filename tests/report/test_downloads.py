"""What a page offers to download is inert, and the same every time (security notes, Pages)."""

import io
import zipfile
from datetime import date

import pandas as pd
import pytest

from ipats_lib.report import downloads

FULL_WIDTH = ["\uff1dHYPERLINK(1)", "\uff0b1", "\uff0d1", "\uff20x"]
HOSTILE = ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx", *FULL_WIDTH, "plain"]


@pytest.mark.parametrize("value", HOSTILE[:-1])
def test_a_text_that_looks_like_a_formula_is_led_by_an_apostrophe(value):
    for frame in (pd.DataFrame({"a": [value]}), pd.DataFrame({value: ["b"]})):
        assert f"'{value}" in downloads.csv(frame).decode()


def test_numbers_and_dates_stay_what_they_are():
    frame = pd.DataFrame({"n": [-1.5], "day": [pd.Timestamp("2024-02-29")], "none": [None]})
    assert downloads.csv(frame) == b"n,day,none\n-1.5,2024-02-29,\n"


def test_a_workbook_holds_no_formula_and_equal_data_give_equal_bytes():
    frame = pd.DataFrame({"text": HOSTILE, "n": range(len(HOSTILE))})
    made = [downloads.workbook({"T": frame}, {"Area": "=1"}, date(2025, 8, 15)) for _ in range(2)]
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0])) as book:
        sheets = [book.read(n).decode() for n in book.namelist() if "worksheets/sheet" in n]
    assert len(sheets) == 2
    assert not [sheet for sheet in sheets if "<f>" in sheet]
    with zipfile.ZipFile(io.BytesIO(made[0])) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
    for text in FULL_WIDTH:
        assert f"'{text}</t>" in texts


def test_outside_a_publication_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(downloads.DOWNLOADS_FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    downloads.offer("roster.csv", b"x", "a roster")
    assert not list(tmp_path.iterdir())
