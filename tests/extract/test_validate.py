"""`validate` with a store and without one: the same findings, exits and sentences.

Without a store nothing is kept, whatever happens.  Source: issue 22; domain 4.1 to 4.3, 8.4.
"""

import csv
import json
import os
import sqlite3
import stat
import subprocess
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import xlsxwriter
from pandas.testing import assert_frame_equal

from ipats_lib.errors import ExtractError
from ipats_lib.extract.folder import CASE_TABLES
from ipats_lib.review.every_finding import ASKED, COLUMNS, every_finding, not_asked
from ipats_lib.snapshot import make_snapshot
from ipats_lib.snapshot.make import passing_snapshot
from tests.commands import cold
from tests.conftest import publish
from tests.extract.drawn import NUMBERS
from tests.extract.test_mutated import SECRET, TABLES
from tests.spec.test_checks import CASES, MORE
from tests.spec.test_every_finding import CELLS, LOCAL, extract_of

WAYS = ("with a store", "without one")
SOUND = [LOCAL, {**LOCAL, "900": "2025-08-10", "1001": "2025-08-10", "1003": ""}]
REJECT = {**LOCAL, "901": "2024-01-09"}
WARNED = {**LOCAL, "402": 1, "400": 1}


def tables(*names: str, lines: int = 2) -> dict[str, str]:
    return {
        name: "\n".join([TABLES[name][0], *(TABLES[name][1].format(n=n + 1) for n in range(lines))])
        + "\n"
        for name in names
    }


def validate(
    folder: Path, extract: Path, way: str = WAYS[1], *more: object
) -> subprocess.CompletedProcess[str]:
    """The command in an empty folder of its own, which is where it would keep anything."""
    (home := folder / "home").mkdir(exist_ok=True)
    kept = ("--store", folder / "kept") if way == WAYS[0] else ()
    out = folder / "findings.csv"
    return cold(*more, "validate", "--extract", extract, "--out", out, *kept, cwd=home, timeout=90)


def nothing_is_kept(folder: Path) -> bool:
    return not [path for path in (folder / "home").rglob("*") if not path.is_dir()]


def said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join(done.stderr.split())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("rows", "code", "told"),
    [
        (SOUND, 0, "WIPS stage 4, logic across fields: nothing."),
        ([*SOUND, WARNED], 0, "WIPS stage 4, logic across fields: 1 warning."),
        ([*SOUND, REJECT], 1, "WIPS stage 4, logic across fields: 1 reject, 1 error, WIPS stops"),
    ],
    ids=["clean", "a warning", "a reject"],
)
def test_the_exit_and_the_file_are_those_of_the_contract(tmp_path, way, rows, code, told):
    done = validate(tmp_path, extract_of(tmp_path / "extract", rows, **tables("service")), way)
    assert done.returncode == code, done.stderr
    assert told in said(done)
    assert "rules" in said(done)  # the progress of the last stage
    assert done.stdout == ""
    out = tmp_path / "findings.csv"
    with out.open(newline="") as file:
        head, *lines = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert any(line[2] in ("error", "reject") for line in lines) == bool(code)
    assert {len(line) for line in lines} <= {len(COLUMNS)}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert nothing_is_kept(tmp_path)
    assert (tmp_path / "kept").is_dir() == (way == WAYS[0])


def test_progress_is_told_to_a_log_as_well(tmp_path):
    done = validate(
        tmp_path, extract_of(tmp_path / "extract", SOUND), WAYS[1], "--log-format", "json"
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {"check", "read", "rules"} <= {line.get("stage") for line in lines}


def _missing(extract: Path) -> None:
    (extract / "pirl.csv").unlink()


def _pipe(extract: Path) -> None:
    _missing(extract)
    os.mkfifo(extract / "pirl.csv")


def _folder(extract: Path) -> None:
    _missing(extract)
    (extract / "pirl.csv").mkdir()


def _ragged(extract: Path) -> None:
    with (extract / "pirl.csv").open("a") as file:
        file.write(f"3,{SECRET}\n")


def _pipe_of_a_table(extract: Path) -> None:
    os.mkfifo(extract / "service.csv")


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "no PIRL file": (_missing, "holds no PIRL file"),
    "a pipe": (_pipe, "is a named pipe"),
    "a folder": (_folder, "holds no PIRL file"),
    "a line of two cells": (_ragged, "line 3"),
    "a pipe for a table": (_pipe_of_a_table, "is a named pipe"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", HOSTILE)
def test_what_cannot_be_read_ends_in_one_sentence_and_leaves_nothing(tmp_path, kind, way):
    lay, told = HOSTILE[kind]
    lay(extract := extract_of(tmp_path / "extract", SOUND))
    done = validate(tmp_path, extract, way)
    if way == WAYS[1] and kind == "a line of two cells":  # of which no snapshot is kept: it goes on
        assert done.returncode == 1, done.stderr
        assert "WIPS stage 1, file format: 1 reject, WIPS stops here" in said(done)
        assert "Not asked, since some lines cannot be read (F-01, F-02): C-07, C-08" in said(done)
        assert SECRET not in done.stderr
        assert nothing_is_kept(tmp_path)
        return
    assert done.returncode == 2, done.stderr
    assert told in said(done)
    assert SECRET not in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "findings.csv").exists()
    assert nothing_is_kept(tmp_path)


def test_a_source_of_sync_is_validated_like_its_folder(tmp_path):
    """An archive, a URL, a database and a workbook; nothing of them is left."""
    extract = extract_of(tmp_path / "extract", [*SOUND, REJECT])
    with zipfile.ZipFile(tmp_path / "extract.zip", "w") as packed:
        for file in extract.iterdir():
            packed.write(file, file.name)
    head, *lines = csv.reader((extract / "pirl.csv").read_text().splitlines())
    (book := tmp_path / "book").mkdir()
    with xlsxwriter.Workbook(book / "pirl.xlsx") as pages:
        sheet = pages.add_worksheet()
        for at, line in enumerate((NUMBERS, head, *lines)):
            sheet.write_row(at, 0, line)
    with closing(sqlite3.connect(tmp_path / "iwds.db")) as iwds, iwds:
        iwds.execute(f"create table pirl ({', '.join(f'[{name}]' for name in NUMBERS)})")
        marks = ", ".join("?" * len(NUMBERS))
        iwds.executemany(f"insert into pirl values ({marks})", [head, *lines])
    (tmp_path / "url").write_text(f"sqlite:///{tmp_path}/iwds.db")
    (tmp_path / "url").chmod(0o600)
    source = tmp_path / "iwds.toml"
    source.write_text(f'url_file = "{tmp_path}/url"\n[tables]\npirl = "pirl"\n')
    found = {}
    for one in (extract, tmp_path / "extract.zip", f"file://{extract}", book, source):
        fetched = Path(one).suffix in (".zip", ".toml")
        words = ("validate", "--extract", one, "--out", tmp_path / "findings.csv")
        done = validate(tmp_path, one) if fetched else publish(*words)
        assert done.returncode == 1, done.stderr
        assert nothing_is_kept(tmp_path)
        with (tmp_path / "findings.csv").open(newline="") as file:
            found[one] = [line[1:2] + line[4:] for line in csv.reader(file) if line[4:5] != [""]]
    first, *others = found.values()
    assert any("C3" in line for line in first)
    assert others == [first] * 4


def unreadable(folder: Path, table: str = "pirl", **more: str) -> Path:
    """An extract with lines of every kind that cannot be read, among nine that can."""
    rows = [{**LOCAL, "100": f"C{n + 1}"} for n in range(8)] + [{**REJECT, "100": "C9"}]
    extract = extract_of(folder / "extract", rows, **tables("service", "planner", lines=9), **more)
    file = extract / f"{table}.csv"
    lines = file.read_bytes().splitlines()
    for place, line in UNREADABLE.items():
        lines.insert(place - 1, line)
    file.write_bytes(b"\n".join(lines))
    return extract


UNREADABLE = {
    2: f"3,{SECRET}".encode(),
    4: b"",
    5: f"{SECRET}\xe9".encode("latin-1"),
    7: f'"{SECRET}'.encode(),
    8: SECRET.encode() + b"\x01",
    12: SECRET.encode() + b"," * 600,
    14: f"{SECRET}\r,".encode(),
}
RAGGED = {2, 12}


@pytest.mark.parametrize("table", ["pirl", "service", "planner"])
def test_each_line_that_cannot_be_read_is_a_finding_and_all_others_are_validated(tmp_path, table):
    extract = unreadable(tmp_path, table)
    clean = unreadable(tmp_path / "clean", table)
    file = clean / f"{table}.csv"
    kept = [
        line
        for at, line in enumerate(file.read_bytes().split(b"\n"), start=1)
        if at not in UNREADABLE
    ]
    file.write_bytes(b"\n".join(kept))
    with passing_snapshot(extract, tmp_path / "none", ASKED) as passing:
        found, left = every_finding(passing), not_asked(passing)
        assert [*passing.rows(columns=["100"])["100"]] == [f"C{n + 1}" for n in range(9)]
    with passing_snapshot(clean, tmp_path / "none", ASKED) as passing:
        wanted = every_finding(passing)
    lines = found[found["rule"].isin(["F-01", "F-02"])]
    at = {int(row): rule for row, rule in zip(lines["row"], lines["rule"], strict=True)}
    assert at == {row: "F-01" if row in RAGGED else "F-02" for row in UNREADABLE}
    assert {*lines["severity"]} == {"reject"}
    assert {*lines["element"]} == {"" if table == "pirl" else f"{table}.csv"}
    assert not found["value"].fillna("").str.contains(SECRET).any()
    # what else is found is what is found without those lines
    rest, names = found[~found.index.isin(lines.index)], ["rule", "id", "value"]
    expected = wanted[~wanted["rule"].isin(left)]
    assert_frame_equal(rest[names].reset_index(drop=True), expected[names].reset_index(drop=True))
    assert {"L-02"} <= {*rest["rule"]}
    assert not [*(tmp_path / "none").iterdir()]
    with pytest.raises(ExtractError, match=rf"{table}.csv line \d"):  # which is never published
        make_snapshot(extract, tmp_path / "none")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda data: SECRET.encode() + b"\n" + data, "line 1: expected"),
        (lambda data: data + f"{SECRET},\n".encode() * 20, "line 10: expected"),
        (lambda data: data + b"x" * (2 << 20), "line 10 is longer than 1 MiB"),
        (lambda data: data + b"\n" + b"x" * (9 << 20), "is longer than 1 MiB"),
    ],
    ids=["the first line", "most lines", "an endless line", "an endless line after an empty one"],
)
def test_a_file_that_is_another_one_than_it_seems_is_one_sentence(tmp_path, spoil, told):
    rows = [{**LOCAL, "100": f"C{n + 1}"} for n in range(9)]
    file = extract_of(tmp_path / "extract", rows) / "pirl.csv"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(ExtractError, match=told), passing_snapshot(file.parent, tmp_path, ASKED):
        pass
    assert [*tmp_path.iterdir()] == [file.parent]


def same_either_way(folder: Path, extract: Path) -> set[str]:
    """The rules that a snapshot finds, and a passing one finds as well, line by line."""
    kept = every_finding(make_snapshot(extract, folder / "kept"))
    with passing_snapshot(extract, folder / "none", ASKED) as passing:
        found = every_finding(passing)
    assert_frame_equal(found.drop(columns="run"), kept.drop(columns="run"))
    assert not [*(folder / "none").iterdir()]
    return {*kept["rule"]}


def test_the_findings_are_the_same_either_way_on_every_planted_error(tmp_path):
    rows = [{**LOCAL, **row} for pair in CASES.values() for row in pair]
    rows += [{**LOCAL, **row} for _, *pair in MORE for row in pair]
    rows += [{**LOCAL, **wrong} for wrong in CELLS.values()]
    extract = extract_of(tmp_path / "extract", rows, **tables(*TABLES, lines=9))
    rules = same_either_way(tmp_path, extract)
    assert {*CASES, *CELLS} <= rules


@pytest.mark.parametrize("lacking", [*TABLES, "all"])
@pytest.mark.parametrize("how", ["missing", "only a head"])
def test_the_findings_are_the_same_either_way_without_a_table(tmp_path, lacking, how):
    gone = TABLES if lacking == "all" else (lacking,)
    there = tables(*(name for name in TABLES if name not in gone))
    if how == "only a head":
        there |= tables(*gone, lines=0)
    same_either_way(tmp_path, extract_of(tmp_path / "extract", [*SOUND, REJECT], **there))


def test_the_findings_are_the_same_either_way_on_the_sample(tmp_path, extract):
    assert {"L-20", "D-01"} <= same_either_way(tmp_path, extract)


def test_a_passing_snapshot_answers_for_tables_that_no_rule_asks(tmp_path):
    """Which rows there are and whose, of every table; no column that was not asked for."""
    extract = extract_of(tmp_path / "extract", SOUND, **tables(*CASE_TABLES))
    kept = make_snapshot(extract, tmp_path / "kept")
    with passing_snapshot(extract, tmp_path / "none", {"pirl": ("100",)}) as passing:
        for name in ("pirl", *CASE_TABLES):
            assert_frame_equal(passing.membership(name), _without_planners(kept, name))
        with pytest.raises(KeyError, match="type"):
            passing.table("case_note", columns=["type"])


def _without_planners(kept, name):
    member = kept.membership(name)
    return member[member["area_type"] == "lwia"].reset_index(drop=True)
