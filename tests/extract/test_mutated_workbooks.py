"""Workbooks and archives spoilt in one place: one sentence, or every good record, and no value.

What a database or a file system adds to this is in `tests/snapshot/test_sync.py` and
`test_hostile.py`.  Source: issue 22.
"""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from ipats_lib.errors import IpatsError
from ipats_lib.review.every_finding import every_finding
from ipats_lib.snapshot import make_snapshot
from ipats_lib.sources import extract_of as source_of
from tests.extract.test_mutated import SECRET, TABLES
from tests.spec.test_every_finding import LOCAL, extract_of

CUSTOMERS = {"C1", "C2", "C3"}
STRINGS, SHEET = "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"
CELL = b't="s"><v>9</v>'  # the first customer
LOLS = b'<!DOCTYPE l [<!ENTITY b "lol"><!ENTITY a "&b;&b;&b;&b;">]><sst a="&a;" xmlns'
FILE = b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><sst a="&a;" xmlns'
WORKBOOKS: dict[str, tuple[str, bytes, bytes]] = {
    "a lone surrogate by number": (STRINGS, SECRET.encode(), b"&#xD800;"),
    "a lone surrogate": (STRINGS, SECRET.encode(), b"\xed\xa0\x80"),
    "a lone surrogate of Excel's": (STRINGS, SECRET.encode(), b"_xD800_"),
    "a NUL by number": (STRINGS, SECRET.encode(), b"&#0;"),
    "a NUL of Excel's": (STRINGS, SECRET.encode(), b"_x0000_"),
    "a line end": (STRINGS, SECRET.encode(), b"a\r\nb"),
    "a formula as text": (STRINGS, SECRET.encode(), b"=cmd|' /C calc'!A0"),
    "an entity of entities": (STRINGS, b"<sst xmlns", LOLS),
    "an entity of a file": (STRINGS, b"<sst xmlns", FILE),
    "broken XML": (STRINGS, b"</sst>", b""),
    "a cell too far away": (SHEET, b'r="A2"', b'r="ZZZZZZ99999999"'),
    "a text that is not there": (SHEET, CELL, b't="s"><v>999999</v>'),
    "a text before the first": (SHEET, CELL, b't="s"><v>-1</v>'),
    "an endless number": (SHEET, CELL, b"><v>1e400</v>"),
    "no number": (SHEET, CELL, b"><v>NaN</v>"),
    "an error": (SHEET, CELL, b't="e"><v>#REF!</v>'),
    "a day that is none": (SHEET, CELL, b't="d"><v>0000-00-00</v>'),
    "a formula without a value": (SHEET, CELL, b"><f>1/0</f>"),
    "a formula with an error": (SHEET, CELL, b't="e"><f>1/0</f><v>#DIV/0!</v>'),
    "no sheet": (SHEET, b"<worksheet", b"<nothing"),
}
Pack = Callable[[zipfile.ZipFile, Path], None]


def at(prefix: str, *more: tuple[str | zipfile.ZipInfo, bytes]) -> Pack:
    """The files behind a prefix, and more."""

    def pack(packed: zipfile.ZipFile, extract: Path) -> None:
        for file in extract.iterdir():
            packed.write(file, prefix + file.name)
        for name, content in more:
            packed.writestr(name, content)

    return pack


def special(name: str, mode: int) -> zipfile.ZipInfo:
    """A name that is a link or a pipe, as Unix packs it."""
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = 3, mode << 16
    return made


ARCHIVES: dict[str, Pack] = {
    "above itself": at("../"),
    "at the root": at("/tmp/"),
    "on a drive": at("C:\\"),
    "deeper": at("a/b/"),
    "a link": at("", (special("more.csv", 0o120777), b"/etc/passwd")),
    "a pipe": at("", (special("more.csv", 0o010644), b"")),
    "a NUL in a name": at("", ("a\0b.csv", b"x")),
    "a point for a name": at("", (".", b"x")),
    "large letters": at("", ("SERVICE.CSV", b"x")),
    "an archive inside": at("", ("more.zip", b"PK\x05\x06" + b"\0" * 18)),
    "two PIRL files": at("", ("old_pirl.csv", b"x")),
    "much of nothing": at("", ("more.csv", b"\0" * (64 << 20))),
}


@pytest.fixture
def extract(tmp_path) -> Path:
    tables = {
        name: "\n".join([head, *(line.format(n=n) for n in range(1, 4))]) + "\n"
        for name, (head, line) in TABLES.items()
    }
    return extract_of(tmp_path / "extract", [LOCAL] * len(CUSTOMERS), **tables)


def ends_well(source: Path, store: Path) -> None:
    try:
        with source_of(str(source), store) as folder:
            made = make_snapshot(folder, store)
    except IpatsError as stopped:
        said = str(stopped)
        assert "\n" not in said
        assert said.endswith(".")
    else:
        assert {*made.rows()["100"]} == CUSTOMERS
        said = " ".join(every_finding(made)["message"])
    assert SECRET not in said
    assert "root:" not in said
    assert not [*store.glob(".fetched-*"), *store.glob(".making-*")]


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_a_spoilt_workbook_ends_in_one_sentence_or_in_findings(extract, tmp_path, kind):
    rows = [line.split(",") for line in (extract / "service.csv").read_text().splitlines()]
    os.unlink(extract / "service.csv")
    with xlsxwriter.Workbook(sound := io.BytesIO()) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    part, before, after = WORKBOOKS[kind]
    with (
        zipfile.ZipFile(sound) as old,
        zipfile.ZipFile(extract / "service.xlsx", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        assert before in old.read(part)
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(before, after, 1) if name == part else content)
    ends_well(extract, tmp_path / "store")


@pytest.mark.parametrize("kind", ARCHIVES)
def test_an_odd_archive_ends_in_one_sentence_or_in_findings(extract, tmp_path, kind):
    with zipfile.ZipFile(tmp_path / "e.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        ARCHIVES[kind](packed, extract)
    ends_well(tmp_path / "e.zip", tmp_path / "store")
    assert not (tmp_path / "pirl.csv").exists()
