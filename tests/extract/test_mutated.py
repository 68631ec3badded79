"""Every file of an extract, spoilt in one place in every way we know: one sentence, or findings.

Nothing else happens: no traceback, no good record lost or changed, no value of a record in a
message, nothing written to a snapshot that is there already.
"""

import gzip
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from ipats_lib.errors import IpatsError
from ipats_lib.extract.scan import UnreadableLineError
from ipats_lib.review.every_finding import ASKED, every_finding
from ipats_lib.snapshot import Snapshot, make_snapshot
from ipats_lib.snapshot.make import passing_snapshot
from tests.conftest import digest
from tests.spec.test_every_finding import LOCAL, extract_of

SECRET = "Quincey"  # a cell of every table, which no message repeats
CUSTOMERS = range(1, 9)
TABLES = {
    "planner": ("planner_id,lwia,name,active", f"10{{n}},01,{SECRET} {{n}},true"),
    "assignment": ("customer,enrolment,planner_id,from,to", f"C{{n}},{SECRET},10{{n}},20240110,"),
    "service": (
        "customer,enrolment,service_code,title,start,planned_end,actual_end,provider,status",
        f"C{{n}},1,X,{SECRET},20240110,20250110,,P,open",
    ),
    "case_note": ("customer,date,type,planner_id", f"C{{n}},20240110,{SECRET},10{{n}}"),
    "application": ("customer,lwia,applied,certified,status", f"C{{n}},01,20240101,,{SECRET}"),
    "account": (
        "worknet_user,iwds_user,role,lwia,planner_id,worknet_status,iwds_status,in_group,linked_on",
        f"user{{n}},{SECRET}{{n}},planner,01,10{{n}},active,active,yes,20240110",
    ),
    "fiscal": (
        "area,program,py,spent,career,training,administration,source",
        f"0{{n}},adult,2024,1000,300,500,100,{SECRET}",
    ),
}
Mutation = Callable[[bytes, random.Random], bytes]


def in_a_line(change: Callable[[list[bytes], random.Random], list[bytes]]) -> Mutation:
    """A change of the cells of one line that is not the first."""

    def mutate(data: bytes, chance: random.Random) -> bytes:
        lines = data.splitlines(keepends=True)
        at = chance.randrange(1, len(lines))
        cells = lines[at].rstrip(b"\n").split(b",")
        lines[at] = b",".join(change(cells, chance)) + b"\n"
        return b"".join(lines)

    return mutate


def cell(text: bytes) -> Mutation:
    """Another text in a filled cell of one line."""

    def change(cells: list[bytes], chance: random.Random) -> list[bytes]:
        filled = [n for n, one in enumerate(cells) if one]
        cells[chance.choice(filled)] = text
        return cells

    return in_a_line(change)


def somewhere(text: bytes) -> Mutation:
    def mutate(data: bytes, chance: random.Random) -> bytes:
        at = chance.randrange(len(data))
        return data[:at] + text + data[at:]

    return mutate


def flipped(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def without_some(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) - 9)
    return data[:at] + data[at + chance.randrange(1, 9) :]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(1, len(data))]


def twice(data: bytes, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([*lines, chance.choice(lines)])


def in_the_head(change: Callable[[bytes], bytes]) -> Mutation:
    """Another first line."""

    def mutate(data: bytes, _: random.Random) -> bytes:
        head, end, rest = data.partition(b"\n")
        return change(head) + end + rest

    return mutate


def lines_of(change: Callable[[list[bytes], random.Random], list[bytes]]) -> Mutation:
    """The lines after the first, otherwise."""

    def mutate(data: bytes, chance: random.Random) -> bytes:
        head, *lines = data.splitlines(keepends=True)
        return b"".join([head, *change(lines, chance)])

    return mutate


CELLS = {
    "nothing": b"",
    "no value by name": b"NULL",
    "zeros": b"00000000",
    "zero": b"0",
    "a plus": b"+1",
    "a number with commas": b'"1,234,567"',
    "an amount of euros": "12,50 €".encode(),
    "a hexadecimal number": b"0x1F",
    "an infinite number": b"inf",
    "a number beyond 64 bits": b"18446744073709551616",
    "a number of another script": "٣".encode(),
    "a day with a time": b"2024-01-10T08:00:00Z",
    "a day of two digits' year": b"240110",
    "a day before the calendar": b"00010101",
    "a number of days": b"45301",
    "an invisible character": "a\u200bb".encode(),
    "right to left": "\u202eabc".encode(),
    "a byte order mark": b"\xef\xbb\xbfabc",
    "half a character": b"\xe2\x82",
    "a lone surrogate": b"\xed\xa0\x80",
    "a tab": b"a\tb",
    "only quotes": b'""""',
    "a backslash": b"a\\",
    "a path": b"../../../etc/passwd",
    "an object's repr": b"<object at 0x7f00>",
    "a script": b"<script>alert(1)</script>",
    "a shell command": b"$(reboot)",
    "an SQL command": b"'; DROP TABLE pirl; --",
    "a format": b"%s%n{0}",
    "JSON": b'"{""a"": 1}"',
}
MUTATIONS: dict[str, Mutation] = {
    "a flipped bit": flipped,
    "bytes gone": without_some,
    "cut off": cut,
    "a line twice": twice,
    "a cell more": in_a_line(lambda cells, _: [*cells, b"9"]),
    "a cell fewer": in_a_line(lambda cells, _: cells[:-1]),
    "cells in another order": in_a_line(lambda cells, chance: chance.sample(cells, len(cells))),
    "a blank line": in_a_line(lambda cells, _: [b""]),
    "a quote": somewhere(b'"'),
    "a line end": somewhere(b"\n"),
    "a carriage return": somewhere(b"\r"),
    "a NUL": somewhere(b"\0"),
    "a control character": somewhere(b"\x1b"),
    "no UTF-8": somewhere(b"\xff\xfe"),
    "a long number": cell(b"9" * 40),
    "a negative number": cell(b"-1"),
    "a fraction": cell(b"1.5"),
    "an exponent": cell(b"1e309"),
    "not a number": cell(b"NaN"),
    "a formula": cell(b"=1+1"),
    "a date of another kind": cell(b"01/02/2024"),
    "a day that is none": cell(b"20240230"),
    "a far day": cell(b"99991231"),
    "letters of other scripts": cell("Ω≈ç√∫˜µ≤".encode()),
    "a very long cell": cell(b"x" * 200_000),
    "a Social Security number": cell(b"123-45-6789"),
    "spaces": cell(b"   "),
    "a quoted line end": cell(b'"a\nb"'),
    "no last line": lines_of(lambda lines, _: lines[:-1]),
    "the last line first": lines_of(lambda lines, _: lines[::-1]),
    "every line twice": lines_of(lambda lines, _: lines * 2),
    "no lines": lines_of(lambda _, __: []),
    "a blank line between all": lines_of(lambda lines, _: [each + b"\n" for each in lines]),
    "line ends of Windows": lambda data, _: data.replace(b"\n", b"\r\n"),
    "tabs for commas": lambda data, _: data.replace(b",", b"\t"),
    "UTF-16": lambda data, _: data.decode().encode("utf-16"),
    "capital letters above": in_the_head(bytes.upper),
    "a head in quotes": in_the_head(lambda head: b'"' + head.replace(b",", b'","') + b'"'),
    "a column twice above": in_the_head(lambda head: head + b"," + head.split(b",")[0]),
    **{name: cell(text) for name, text in CELLS.items()},
}
# More kinds, each tried on the PIRL file and on one table in turn.
MORE_CELLS = {
    "the year 0": b"00000101",
    "the last day of the calendar": b"9999-12-31",
    "a thirteenth month": b"20241301",
    "a leap day that was none": b"19000229",
    "a day of short parts": b"2024-1-1",
    "a day as a fraction": b"20240110.0",
    "a large exponent": b"1E+05",
    "a number with blanks": b"1 000",
    "a number with underscores": b"1_000",
    "a binary number": b"0b1",
    "full-width digits": "２０２４０１１０".encode(),
    "a minus of printers": "−1".encode(),
    "a half": "½".encode(),
    "a raised two": "²".encode(),
    "a Roman eight": "Ⅷ".encode(),
    "two points": b"1.2.3",
    "a negative zero": b"-0",
    "beyond 32 bits": b"2147483648",
    "many zeros before": b"0" * 30 + b"1",
    "an error of Excel": b"#REF!",
    "not available": b"#N/A",
    "no time": b"NaT",
    "an apostrophe before": b"'20240110",
    "a command of a sheet": b"=cmd|' /C calc'!A0",
    "a function of a sheet": b"@SUM(1+1)*cmd",
    "a formula behind a tab": b"\t=1+1",
    "slashes": b"a/b/../c",
    "backslashes": b"..\\..\\c",
    "a point": b".",
    "two points of a folder": b"..",
    "a bar": b"01|C1",
    "a percent code": b"%2e%2e%2f",
    "a name of DOS": b"CON",
    "a sign out of the plane": "𝔘".encode(),
    "a family": "👨‍👩‍👧‍👦".encode(),
    "a thousand accents": ("a" + "\u0301" * 1000).encode(),
    "no character": "\uffff".encode(),
    "a private sign": "\ue000".encode(),
    "a line separator": "a\u2028b".encode(),
    "a form feed": b"a\x0cb",
    "an overlong slash": b"\xc0\xaf",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "a letter of Latin-1": b"Jos\xe9",
    "a quote of Windows": b"\x93a\x94",
    "a quote inside": b'a"b',
    "text behind a quote": b'"a"b',
    "an open quote": b'"a',
    "a thousand lines in a cell": b'"' + b"a\n" * 1000 + b'"',
    "a Social Security number with points": b"123.45.6789",
}


def each_line(change: Callable[[bytes], bytes]) -> Mutation:
    return lambda data, _: b"".join(change(line) + b"\n" for line in data.splitlines())


def mixed_ends(data: bytes, chance: random.Random) -> bytes:
    return b"".join(line + chance.choice((b"\n", b"\r\n", b"\r")) for line in data.splitlines())


def another(content: bytes) -> Mutation:
    """Something else in place of the file."""
    return lambda *_: content


def random_bytes(data: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(len(data))


MORE: dict[str, Mutation] = {
    "a byte order mark before": lambda data, _: b"\xef\xbb\xbf" + data,
    "a byte order mark before each line": each_line(lambda line: b"\xef\xbb\xbf" + line),
    "UTF-16 without a mark": lambda data, _: data.decode().encode("utf-16-le"),
    "UTF-16 the other way": lambda data, _: b"\xfe\xff" + data.decode().encode("utf-16-be"),
    "UTF-32": lambda data, _: data.decode().encode("utf-32"),
    "a block of NUL behind": lambda data, _: data + b"\0" * 4096,
    "a NUL behind each cell": lambda data, _: data.replace(b",", b"\0,"),
    "only NUL": lambda data, _: b"\0" * len(data),
    "an end of DOS": lambda data, _: data + b"\x1a",
    "line ends of old Macs": lambda data, _: data.replace(b"\n", b"\r"),
    "line ends turned around": lambda data, _: data.replace(b"\n", b"\n\r"),
    "mixed line ends": mixed_ends,
    "an open quote before": lambda data, _: b'"' + data,
    "an open quote in the last line": lambda data, _: data[:-1] + b',"',
    "whole lines in quotes": each_line(lambda line: b'"' + line.replace(b'"', b'""') + b'"'),
    "semicolons": lambda data, _: data.replace(b",", b";"),
    "bars": lambda data, _: data.replace(b",", b"|"),
    "blanks behind commas": lambda data, _: data.replace(b",", b", "),
    "a comma behind each line": each_line(lambda line: line + b","),
    "the separator told": lambda data, _: b"sep=,\n" + data,
    "a remark before": lambda data, _: b"# exported\n" + data,
    "the head again": lambda data, _: data + data.partition(b"\n")[0] + b"\n",
    "columns of one name": in_the_head(lambda head: b",".join([b"a"] * (head.count(b",") + 1))),
    "a million columns": in_the_head(lambda head: head + b"," * 1_000_000),
    "a million columns by name": in_the_head(lambda head: head + b",x" * 1_000_000),
    "blank lines behind": lambda data, _: data + b"\n" * 10_000,
    "lines of blanks": lambda data, _: data.replace(b"\n", b"\n   \n"),
    "nothing at all": another(b""),
    "a line end alone": another(b"\n"),
    "a mark alone": another(b"\xef\xbb\xbf"),
    "packed by gzip": lambda data, _: gzip.compress(data),
    "an archive": another(b"PK\x03\x04" + b"\0" * 500),
    "a page of HTML": another(b"<!doctype html><title>502</title>\n"),
    "an error in JSON": another(b'{"error": "timeout"}'),
    "random bytes": random_bytes,
    **{name: cell(text) for name, text in MORE_CELLS.items()},
}
FILES = ("pirl", *TABLES)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    rows = [{**LOCAL, "1704": "4321.09"} for _ in CUSTOMERS]
    tables = {
        name: "\n".join([head, *(line.format(n=n) for n in CUSTOMERS)]) + "\n"
        for name, (head, line) in TABLES.items()
    }
    return extract_of(tmp_path_factory.mktemp("sound") / "extract", rows, **tables)


@pytest.fixture(scope="module")
def kept(sound, tmp_path_factory) -> Snapshot:
    return make_snapshot(sound, tmp_path_factory.mktemp("store"))


def spoilt(sound: Path, folder: Path, name: str, mutation: str, seed: int) -> tuple[Path, set[str]]:
    """The extract with one file spoilt, and the customers whose PIRL line stayed as it was."""
    extract = folder / "extract"
    extract.mkdir()
    for file in sound.iterdir():
        (extract / file.name).write_bytes(file.read_bytes())
    target = extract / f"{name}.csv"
    before = target.read_bytes()
    mutate = (MUTATIONS | MORE)[mutation]
    after = mutate(before, random.Random(f"{name} {mutation} {seed}"))
    target.write_bytes(after)
    if name != "pirl":
        return extract, {f"C{n}" for n in CUSTOMERS}
    same = {*before.splitlines()} & {*after.splitlines()}
    return extract, {line.split(b",")[1].decode() for line in same}


def check(sound: Path, kept: Snapshot, folder: Path, name: str, mutation: str, seed: int) -> None:
    extract, good = spoilt(sound, folder, name, mutation, seed)
    before, store = digest(kept.path), kept.path.parent
    try:
        made = make_snapshot(extract, store)
        findings = every_finding(made)
        if name in ASKED:
            with passing_snapshot(extract, folder / "none", ASKED) as passing:
                unkept = every_finding(passing)
            assert_frame_equal(unkept.drop(columns="run"), findings.drop(columns="run"))
            assert not list((folder / "none").iterdir())
    except IpatsError as stopped:
        said = str(stopped)
        assert "\n" not in said
        if isinstance(stopped, UnreadableLineError) and name == "pirl":
            said += validated(extract, folder / "none", good)
    else:
        said = " ".join(findings["message"])
        rows, old = made.rows(), kept.rows()
        assert good <= {*rows["100"]}
        mine = rows[rows["100"].isin(good)].drop_duplicates("100").set_index("100")
        theirs = old.set_index("100").loc[mine.index]
        assert mine.drop(columns="row").equals(theirs.drop(columns="row"))
        if made.path != kept.path:  # or each later one would read what all say of themselves
            shutil.rmtree(made.path)
    assert SECRET not in said
    assert "4321" not in said
    assert digest(kept.path) == before


def validated(extract: Path, work: Path, good: set[str]) -> str:
    """What is said of an extract with lines that cannot be read, of which no snapshot is made: the
    lines are findings and no other is lost, unless the first line or most of them are such."""
    try:
        with passing_snapshot(extract, work, ASKED) as passing:
            found = every_finding(passing)
            assert good <= {*passing.rows(columns=["100"])["100"]}
    except UnreadableLineError as stopped:
        return str(stopped)
    assert {"F-01", "F-02"} & {*found["rule"]}
    assert not [*work.iterdir()]
    return " ".join(found["message"]) + " ".join(
        found["value"][found["rule"].isin(["F-01", "F-02"])]
    )


def test_there_are_enough_kinds():
    assert len(MUTATIONS) >= 60
    assert len(MORE) >= 60
    assert not {*MORE} & {*MUTATIONS}
    assert len(MUTATIONS) * len(FILES) >= 400


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_spoilt_file_ends_in_one_sentence_or_in_findings(sound, kept, tmp_path, mutation):
    for name in FILES:
        (tmp_path / name).mkdir()
        check(sound, kept, tmp_path / name, name, mutation, 0)


@pytest.mark.parametrize("place", range(len(MORE)), ids=list(MORE))
def test_a_file_spoilt_otherwise_ends_in_one_sentence_or_in_findings(sound, kept, tmp_path, place):
    for name in ("pirl", [*TABLES][place % len(TABLES)]):
        (tmp_path / name).mkdir()
        check(sound, kept, tmp_path / name, name, [*MORE][place], 0)


@pytest.mark.soak
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mutation", [*MUTATIONS, *MORE])
def test_every_file_in_every_way(sound, kept, tmp_path, mutation, name):
    for seed in range(1, 4):
        (tmp_path / str(seed)).mkdir()
        check(sound, kept, tmp_path / str(seed), name, mutation, seed)
