"""What a page offers to download is inert, and the same every time (security notes, Pages)."""

import io
import re
import zipfile
from datetime import date

import pandas as pd
import pytest

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


def test_outside_a_publication_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(files.DOWNLOADS_FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    show.download(pd.DataFrame({"a": [1]}), "roster.csv", "A roster")
    assert not list(tmp_path.iterdir())
