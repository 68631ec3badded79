"""Whatever is handed over in place of an extract ends in one sentence and exit code 2.

The sentence names the file (and line) and what to do, and repeats no value of a record. The last
snapshot stays as it was. Source: issue 2 "Extract in"; security F8; domain 4.3 F-01, F-02.
"""

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from ipats_lib.errors import ExtractError
from ipats_lib.snapshot import make_snapshot, open_snapshot
from tests.extract.drawn import NUMBERS, csv_text, pirl_lines, write_extract

SECRET = "QX7731900"  # stands in every record; no message may repeat it
GOOD = f"""
    100       | 101 | 108-A | 900      | 901      | 903 | 923 | 1301
    {SECRET}  | IL  | 17005 | 20240101 | 20240630 | 1   | 00  | {SECRET} school
    {SECRET}2 | IL  | 17010 | 20240201 |          | 1   |     | {SECRET} school
    {SECRET}3 | IL  | 17010 | 20240301 |          | 1   |     | {SECRET} school
"""
LINES = pirl_lines(GOOD)
TEXT = "".join(line + "\n" for line in LINES)
COLUMNS = len(NUMBERS)
CASES = {
    "planner": "planner_id | lwia | name | active\np1 | 01 | Ada | 1",
    "assignment": f"customer | enrolment | planner_id | from | to\n{SECRET} | e1 | p1 | 20240101 |",
    "service": (
        "customer | enrolment | service_code | title | start | planned_end | actual_end | provider"
        f" | status\n{SECRET} | e1 | 1 | x | 20240101 | | | | open"
    ),
    "case_note": f"customer | date | type\n{SECRET} | 20240101 | phone",
    "application": f"customer | lwia | applied | certified | status\n{SECRET} | 01 | 20240101 | | ",
}


@dataclass(frozen=True)
class Kind:
    """One kind of malformed extract: what is done to a good one, and what the sentence names."""

    name: str
    spoil: Callable[[Path], object]
    says: tuple[str, ...]


KINDS: list[Kind] = []


def kind(name: str, *says: str) -> Callable[[Callable[[Path], object]], None]:
    def add(spoil: Callable[[Path], object]) -> None:
        KINDS.append(Kind(name, spoil, says))

    return add


def pirl_is(name: str, content: bytes | str, *says: str) -> None:
    data = content.encode() if isinstance(content, str) else content
    KINDS.append(Kind(name, lambda folder: (folder / "pirl.csv").write_bytes(data), says))


def table_is(name: str, table: str, content: bytes | str, *says: str) -> None:
    data = content.encode() if isinstance(content, str) else content
    spoil = lambda folder: (folder / f"{table}.csv").write_bytes(data)  # noqa: E731
    KINDS.append(Kind(f"{table}: {name}", spoil, (f"{table}.csv", *says)))


def line_is(name: str, line: int, content: str, *says: str) -> None:
    lines = [*LINES]
    lines[line - 1] = content
    pirl_is(name, "".join(one + "\n" for one in lines), f"pirl.csv line {line}", *says)


# -- the folder --------------------------------------------------------------------------------


def emptied(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


@kind("no such folder", "does not exist")
def _(folder: Path) -> None:
    emptied(folder)
    folder.rmdir()


@kind("a file in place of the folder", "is a file", "name the folder")
def _(folder: Path) -> None:
    emptied(folder)
    folder.rmdir()
    folder.write_text(TEXT)


kind("an empty folder", "holds no PIRL file")(emptied)
kind("no PIRL file", "holds no PIRL file")(lambda f: (f / "pirl.csv").rename(f / "people.csv"))
kind("only a hidden PIRL file", "holds no PIRL file")(
    lambda f: (f / "pirl.csv").rename(f / ".pirl.csv")
)


@kind("a folder named pirl.csv", "holds no PIRL file")
def _(folder: Path) -> None:
    (folder / "pirl.csv").unlink()
    (folder / "pirl.csv").mkdir()


@kind("two PIRL files", "holds 2 PIRL files", "leave one")
def _(folder: Path) -> None:
    (folder / "pirl.csv").rename(folder / "17_PIRL_20244.csv")
    (folder / "17_PIRL_20243.csv").write_text(TEXT)


@kind("two spellings of pirl.csv", "holds 2 PIRL files")
def _(folder: Path) -> None:
    (folder / "PIRL.CSV").write_text(TEXT)


@kind("two spellings of a case table", "holds planner.csv twice")
def _(folder: Path) -> None:
    (folder / "PLANNER.csv").write_text(csv_text(CASES["planner"]))


for text in (
    "", "as of today", "[]", '"2025-08-15"', '{"as_of": 20250815}', '{"as_of": "15/08/2025"}',
    '{"as_of": "2025-02-30"}', '{"as_of": null}', '{"synthetic": "yes"}', "\xff",
):  # fmt: skip
    kind(f"extract.json is {text!r}", "extract.json")(
        lambda folder, text=text: (folder / "extract.json").write_text(text, encoding="latin-1")
    )

# -- not text ----------------------------------------------------------------------------------


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, TEXT)
    return out.getvalue()


def parquet() -> bytes:
    return pd.DataFrame({"100": [SECRET]}).to_parquet()


pirl_is("a ZIP archive", zipped("pirl.csv"), "ZIP archive", "unpack it")
pirl_is("an Excel workbook", zipped("xl/workbook.xml"), "Excel workbook")
pirl_is("an empty ZIP archive", b"PK\x05\x06" + bytes(18), "ZIP archive")
pirl_is("a gzip archive", gzip.compress(TEXT.encode()), "gzip")
pirl_is("a Parquet file", parquet(), "Parquet")
for magic, what in (
    (b"BZh91AY", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"), (b"\x28\xb5\x2f\xfd", "Zstandard"), (b"ARROW1\0\0", "Arrow"),
    (b"ORC", "ORC"), (b"Obj\x01", "Avro"), (b"SQLite format 3\0", "SQLite"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"), (b"%PDF-1.7", "PDF"),
    (b"{\\rtf1", "RTF"), (b"\x89PNG\r\n\x1a\n", "picture"), (b"\xff\xd8\xff\xe0", "picture"),
    (b"GIF89a", "picture"), (b"\x7fELF", "program"), (b"<?xml version='1.0'?>", "XML"),
    (b"<!DOCTYPE html>", "HTML"), (b"<html>", "HTML"),
):  # fmt: skip
    pirl_is(f"opens like {what} {magic[:4]!r}", magic + TEXT.encode(), what)
pirl_is("UTF-16 with a mark", TEXT.encode("utf-16"), "UTF-16")
pirl_is("UTF-16 big-endian", b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16")
pirl_is("UTF-16 without a mark", TEXT.encode("utf-16-le"), "UTF-16")
pirl_is("UTF-16 big-endian without a mark", TEXT.encode("utf-16-be"), "UTF-16")
pirl_is("UTF-32", TEXT.encode("utf-32"), "UTF-32")
for number in (1, 2, 3):
    only = "".join(
        line.replace("school", "\xe9cole") + "\n" if place == number else line + "\n"
        for place, line in enumerate(LINES, start=1)
    )
    pirl_is(f"Latin-1 in line {number}", only.encode("latin-1"), f"line {number}", "UTF-8")
pirl_is("a UTF-8 sign cut in half", TEXT.encode() + LINES[0].encode() + b"\xc3\n", "line 4")
pirl_is("an overlong UTF-8 sign", TEXT.encode() + b"\xc0\xaf\n", "line 4", "UTF-8")
for code in (0x01, 0x08, 0x0B, 0x0C, 0x1A, 0x1B, 0x7F):
    line_is(f"control character {code:#x}", 2, LINES[1][:-9] + chr(code) + LINES[1][-8:], "control")
pirl_is("a run of zero bytes at the end", TEXT.encode() + bytes(4096), "line 4", "zero bytes")
pirl_is("zero bytes only", bytes(4096), "line 1", "zero bytes")
pirl_is("one endless line", "x" * (3 << 20), "line 1", "longer than 1 MiB")
pirl_is("an endless line after good ones", TEXT + "x" * (9 << 20), "line 4", "longer than 1 MiB")

# -- nothing in it -----------------------------------------------------------------------------

HEADER = ",".join(NUMBERS)
pirl_is("an empty file", "", "pirl.csv is empty")
pirl_is("only a byte order mark", b"\xef\xbb\xbf", "pirl.csv is empty")
pirl_is("only a line end", "\n", "line 1", "empty")
pirl_is("only CRLF", "\r\n", "line 1", "empty")
pirl_is("only spaces", "   \n", "line 1", f"expected {COLUMNS} columns, found 1")
pirl_is("only a header", HEADER + "\n", "a header and no rows")
pirl_is("only a header, no line end", HEADER, "a header and no rows")
pirl_is(
    "only a header of the public file", "PIRL100,PIRL900,PIRL901,PIRL903,PIRL923\r\n", "no rows"
)

# -- lines -------------------------------------------------------------------------------------

pirl_is("an empty first line", "\n" + TEXT, "line 1", "empty")
pirl_is("an empty line after a mark", b"\xef\xbb\xbf\n" + TEXT.encode(), "line 1", "empty")
pirl_is("an empty line", LINES[0] + "\n\n" + LINES[1] + "\n", "line 2", "empty")
pirl_is("an empty CRLF line", LINES[0] + "\r\n\r\n" + LINES[1] + "\r\n", "line 2", "empty")
pirl_is("an empty last line", TEXT + "\n", "line 4", "empty")
pirl_is("bare carriage returns", TEXT.replace("\n", "\r"), "line 1", "carriage return")
pirl_is("one bare carriage return", TEXT.replace(",IL", "\r,IL", 1), "line 1", "carriage return")
pirl_is("doubled carriage returns", TEXT.replace("\n", "\r\r\n"), "carriage return")
line_is("a quote opened in line 2", 2, LINES[1].replace(SECRET, '"' + SECRET, 1), "quote")
line_is("quotes that span cells", 2, LINES[1].replace(SECRET, '"' + SECRET), "expected")
line_is("a quote in the last cell", 3, LINES[2] + '"', "quote")
line_is("a quoted line break", 2, LINES[1].replace("school", '"two\nlines"'), "quote")
pirl_is("a quote never closed", '"' + TEXT, "line 1", "quote")
pirl_is("two lines with one quote each", TEXT.replace("school", '"school'), "line 1", "quote")

# -- columns -----------------------------------------------------------------------------------

for line in (1, 2, 3):
    line_is(
        f"a column too few in line {line}",
        line,
        LINES[line - 1][:-1],
        f"expected {COLUMNS} columns, found {COLUMNS - 1}",
    )
    line_is(
        f"a column too many in line {line}",
        line,
        LINES[line - 1] + ",",
        f"expected {COLUMNS} columns, found {COLUMNS + 1}",
    )
    line_is(
        f"a comma inside a cell of line {line}",
        line,
        LINES[line - 1].replace(" school", ", school"),
        f"found {COLUMNS + 1}",
    )
line_is("one word", 2, SECRET, f"expected {COLUMNS} columns, found 1")
line_is("the header again", 2, "PIRL100,PIRL900", "found 2")
for sign, what in (("\t", "tabs"), (";", "semicolons"), ("|", "vertical bars")):
    pirl_is(f"separated by {what}", TEXT.replace(",", sign), "line 1", what)
pirl_is("fixed width", TEXT.replace(",", " "), "line 1", "found 1")
pirl_is("JSON lines", f'{{"100": "{SECRET}"}}\n', "line 1", "found 1")
pirl_is("the case table in its place", csv_text(CASES["assignment"]), "line 1", "found 5")
pirl_is("another layout", TEXT.replace("\n", ",,,\n"), "line 1", f"found {COLUMNS + 3}")
pirl_is("495 columns of words", ",".join(["word"] * COLUMNS) + "\n", "line 1", "neither")
pirl_is("495 blank columns", "," * (COLUMNS - 1) + "\n", "line 1", "neither")
for cut in (1, 40, 200, 400):
    pirl_is(
        f"cut off after {cut} signs of the last line", TEXT + LINES[0][:cut], "line 4", "cut off"
    )
pirl_is("cut off in the first line", LINES[0][:60], "line 1", f"expected {COLUMNS} columns")
pirl_is("cut off within a quote", TEXT + '1,"AB', "line 4", "quote")

# -- headers -----------------------------------------------------------------------------------

LEAST = ["PIRL100", "PIRL900", "PIRL901", "PIRL903", "PIRL923", "PIRL1602"]
for gone in ("PIRL100", "PIRL900", "PIRL901", "PIRL923", "PIRL903"):
    named = [name for name in LEAST if name != gone]
    content = ",".join(named) + "\n" + ",".join([SECRET] * len(named)) + "\n"
    pirl_is(
        f"a header without {gone}", content, "line 1", gone.removeprefix("PIRL"), "not a PIRL file"
    )
pirl_is(
    "a WIASRD header", "Item_100,Item_200,Item_303\nx,y,z\n", "line 1", "lacks", "not a PIRL file"
)
pirl_is(
    "a header with 900 twice",
    ",".join([*LEAST, "p900"]) + "\n" + "," * 6 + "\n",
    "900 more than once",
)
pirl_is(
    "a header with a line too short",
    ",".join(LEAST) + f"\n{SECRET},20240101\n",
    "line 2",
    "expected 6 columns, found 2",
)
pirl_is(
    "a header with a line too long",
    ",".join(LEAST) + f"\n{SECRET}" + "," * 6 + "\n",
    "line 2",
    "expected 6 columns, found 7",
)

# -- case tables -------------------------------------------------------------------------------

for table, drawn in CASES.items():
    header, first = csv_text(drawn).splitlines()
    count = header.count(",") + 1
    table_is("empty", table, "", "is empty")
    table_is("a ZIP archive", table, zipped("x.csv"), "ZIP")
    table_is("Latin-1", table, f"{header}\n{first}\n".encode() + b"\xe9\n", "line 3", "UTF-8")
    table_is("without a header", table, first + "\n", "line 1", "lacks")
    table_is("without its first column", table, header.split(",", 1)[1] + "\n", "line 1", "lacks")
    table_is("a column twice", table, header + "," + header.split(",")[0] + "\n", "more than once")
    table_is(
        "a line too short", table, f"{header}\n{SECRET}\n", "line 2", f"expected {count} columns"
    )
    table_is("a line too long", table, f"{header}\n{first},\n", "line 2", f"found {count + 1}")
    table_is("cut off", table, f"{header}\n{first}\n{SECRET}", "line 3", "cut off")
    table_is("an open quote", table, f'{header}\n"{first}\n', "line 2", "quote")
for bad in ("", "a b", "../up", "x" * 33, "p/1", "p.1", "pé"):
    table_is(
        f"planner id {bad!r}",
        "planner",
        f"planner_id,lwia,name,active\n{bad},01,{SECRET},1\n",
        "line 2",
        "planner id",
    )
for bad in ("", "99", "0", "001", "north"):
    table_is(
        f"LWIA {bad!r}",
        "planner",
        f"planner_id,lwia,name,active\np1,{bad},{SECRET},1\n",
        "line 2",
        "LWIA",
    )
table_is(
    "an id twice",
    "planner",
    f"planner_id,lwia,name,active\np1,01,a,1\nP1,02,{SECRET},1\n",
    "line 3",
    "twice",
)


def test_there_are_enough_kinds():
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 100


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    extract = write_extract(tmp_path_factory.mktemp("good"), GOOD)
    return make_snapshot(extract, folder).path.parent


@pytest.mark.parametrize("malformed", KINDS, ids=lambda kind: kind.name)
def test_a_malformed_extract_ends_in_one_sentence(malformed, store, tmp_path):
    extract = write_extract(tmp_path / "extract", GOOD, CASES)
    malformed.spoil(extract)
    before = sorted(path.name for path in store.iterdir())
    with pytest.raises(ExtractError) as stopped:
        make_snapshot(extract, store)
    message = str(stopped.value)
    assert stopped.value.exit_code == 2
    assert stopped.value.__cause__ is None
    assert stopped.value.__suppress_context__ or stopped.value.__context__ is None
    for words in malformed.says:
        assert words in message
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 400
    assert SECRET not in message
    assert sorted(path.name for path in store.iterdir()) == before


def test_the_last_snapshot_is_still_whole(store):
    (kept,) = store.iterdir()
    assert len(open_snapshot(kept, verify=True).rows()) == 3
