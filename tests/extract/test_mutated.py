"""Every file of an extract, spoilt in one place in every way we know: one sentence, or findings.

Nothing else happens: no traceback, no good record lost or changed, no value of a record in a
message, nothing written to a snapshot that is there already.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from ipats_lib.errors import IpatsError
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
    after = MUTATIONS[mutation](before, random.Random(f"{name} {mutation} {seed}"))
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


def test_there_are_enough_kinds():
    assert len(MUTATIONS) >= 60
    assert len(MUTATIONS) * len(FILES) >= 400


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_spoilt_file_ends_in_one_sentence_or_in_findings(sound, kept, tmp_path, mutation):
    for name in FILES:
        (tmp_path / name).mkdir()
        check(sound, kept, tmp_path / name, name, mutation, 0)


@pytest.mark.soak
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_file_in_every_way(sound, kept, tmp_path, mutation, name):
    for seed in range(1, 4):
        (tmp_path / str(seed)).mkdir()
        check(sound, kept, tmp_path / str(seed), name, mutation, seed)
