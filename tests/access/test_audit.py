"""The audit log: whole lines, one chain, and nothing in it that does not belong there."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.access.audit import AuditError, AuditLog, Event, Head, log_files, verify
from ipats_lib.access.repair import repair
from tests.access.audited import events

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SHOWN = Event("read", "allow", "in_scope", "anna", "10.0.0.1", "GET", "PY2024Q4/lwia/07/index.html")


@pytest.fixture
def tmp_path(on_disk):
    """A replaced file must be noticed even where it gets the inode of the one before."""
    return on_disk


def write(folder, count, limit=None, now=NOW):
    log = AuditLog(folder, limit)
    for _ in range(count):
        log.append(SHOWN, now)
    log.close()


def test_a_line_has_the_fields_of_an_audit_record(tmp_path):
    write(tmp_path, 1)
    line = next(events(tmp_path))
    assert line["time"] == "2026-01-15T12:00:00+00:00"
    assert (line["user"], line["event"], line["outcome"]) == ("anna", "read", "allow")
    assert (line["origin"], line["object"]) == ("10.0.0.1", "PY2024Q4/lwia/07/index.html")


def test_the_chain_goes_on_over_rotation_and_restart(tmp_path):
    write(tmp_path, 10, limit=1500)
    write(tmp_path, 10, limit=1500)
    assert len(log_files(tmp_path)) > 3
    head = verify(tmp_path)
    assert head.lines == 20
    assert [line["n"] for line in events(tmp_path)] == list(range(1, 21))


def test_f13_every_byte_of_a_log_when_changed_is_found(tmp_path):
    write(tmp_path, 3)
    path = log_files(tmp_path)[0]
    whole, missed = path.read_bytes(), 0
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        try:
            verify(tmp_path)
            missed += 1
        except AuditError:
            pass
    print(f"F13: {len(whole)} bytes of a log changed one by one, {missed} not found")
    assert missed == 0


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_changed_byte_is_found(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("chain")
    write(folder, 4)
    path = log_files(folder)[0]
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    with pytest.raises(AuditError):
        verify(folder)


def test_a_line_taken_out_moved_or_added_is_found(tmp_path):
    write(tmp_path, 4)
    path = log_files(tmp_path)[0]
    one, two, three, four = path.read_bytes().splitlines(keepends=True)
    for changed in (
        (one, three, four),
        (one, three, two, four),
        (two, three, four),
        (one, one, two),
    ):
        path.write_bytes(b"".join(changed))
        with pytest.raises(AuditError, match="line"):
            verify(tmp_path)


def test_a_missing_end_is_found_by_a_head_noted_before(tmp_path):
    write(tmp_path, 4)
    head = verify(tmp_path)
    path = log_files(tmp_path)[0]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert verify(tmp_path).lines == 3
    with pytest.raises(AuditError, match="noted before"):
        verify(tmp_path, head)
    write(tmp_path, 5, now=NOW + timedelta(seconds=1))
    with pytest.raises(AuditError, match="noted before"):
        verify(tmp_path, head)
    assert verify(tmp_path, Head()).lines == 8


def test_several_processes_write_one_chain(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.access.test_audit import write;"
        "write(Path(sys.argv[1]), 200, 20000)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    for running in [subprocess.Popen(command) for _ in range(3)]:
        assert running.wait(60) == 0
    assert verify(tmp_path).lines == 600


def test_a_full_disk_leaves_no_half_line(tmp_path, monkeypatch):
    write(tmp_path, 2)
    log, real = AuditLog(tmp_path), os.write
    monkeypatch.setattr(os, "write", lambda file, line: real(file, line[:40]))
    with pytest.raises(AuditError, match="room"):
        log.append(SHOWN, NOW)
    monkeypatch.undo()
    log.append(SHOWN, NOW)
    log.close()
    assert verify(tmp_path).lines == 3


def test_a_log_without_a_sound_last_line_takes_no_more(tmp_path):
    write(tmp_path, 2)
    with log_files(tmp_path)[0].open("ab") as end:
        end.write(json.dumps({"n": 3}).encode())
    with pytest.raises(AuditError, match="verify"):
        write(tmp_path, 1)


@pytest.mark.parametrize(
    "end", [b'{"n":3}', b'{"n":3}\n', b"\0" * 40, b'{"before":"0","hash":"1","n":3}\n', b"\n\n"]
)
def test_a_broken_end_is_shut_at_every_append_and_after_a_restart(tmp_path, end):
    write(tmp_path, 2)
    path = log_files(tmp_path)[-1]
    with path.open("ab") as file:
        file.write(end)
    before = path.read_bytes()
    for _ in range(2):
        log = AuditLog(tmp_path)
        for _ in range(2):
            with pytest.raises(AuditError, match="repair"):
                log.append(SHOWN, NOW)
        log.close()
    assert path.read_bytes() == before


def test_a_broken_end_under_an_open_log_is_shut_too(tmp_path):
    log = AuditLog(tmp_path)
    log.append(SHOWN, NOW)
    with log_files(tmp_path)[-1].open("ab") as end:
        end.write(b"half a li")
    for _ in range(2):
        with pytest.raises(AuditError, match="repair"):
            log.append(SHOWN, NOW)
    log.close()


def test_repair_sets_the_file_aside_and_names_the_old_head(tmp_path):
    write(tmp_path, 2)
    head = verify(tmp_path)
    log = AuditLog(tmp_path)
    with log_files(tmp_path)[-1].open("ab") as end:
        end.write(b'{"before":"')
    found = log_files(tmp_path)[-1].read_bytes()
    with pytest.raises(AuditError):
        log.append(SHOWN, NOW)
    aside = repair(tmp_path, "operator x", NOW)
    assert aside.read_bytes() == found
    log.append(SHOWN, NOW)
    log.close()
    write(tmp_path, 1)
    assert verify(tmp_path, head).lines == 5
    line = next(line for line in events(tmp_path) if line["event"] == "repair")
    assert (line["n"], line["before"]) == (3, head.hash)
    assert line["object"] == f"{aside.name} after 2:{head.hash}"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "audit-000001.jsonl", aside.name, "lock",
    ]  # fmt: skip


def test_repair_goes_on_over_rotated_files(tmp_path):
    write(tmp_path, 10, limit=1500)
    newest = log_files(tmp_path)[-1]
    newest.write_bytes(newest.read_bytes()[:-7])
    repair(tmp_path, "operator x", NOW)
    assert verify(tmp_path).lines == 10
    write(tmp_path, 10, limit=1500)
    assert verify(tmp_path).lines == 20


@pytest.mark.parametrize(
    "changed",
    [
        lambda lines: [lines[0], b"torn" + lines[1], *lines[2:]],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [*lines[:2], lines[2].replace(b"anna", b"anne")],
        lambda lines: [*lines, b'{"n":4}\n'],
        lambda lines: [*lines, b"\n\n"],
        lambda lines: [lines[0].replace(b"anna", b"anne"), *lines[1:], b'{"before'],
    ],
)
def test_what_is_no_torn_last_line_is_not_repaired(tmp_path, changed):
    """A whole line that is not sound was changed, or lost: no crash in the middle of a write."""
    write(tmp_path, 3)
    path = log_files(tmp_path)[-1]
    path.write_bytes(b"".join(changed(path.read_bytes().splitlines(keepends=True))))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(AuditError, match=r"000001.jsonl line [1-4].*not repaired"):
        repair(tmp_path, "operator x", NOW)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_a_last_line_torn_anywhere_is_repaired(tmp_path, cut):
    write(tmp_path, 3)
    path = log_files(tmp_path)[-1]
    path.write_bytes(path.read_bytes()[:-cut])
    repair(tmp_path, "operator x", NOW)
    assert [line["event"] for line in events(tmp_path)] == ["read", "read", "repair"]
    assert verify(tmp_path).lines == 3


def test_a_sound_log_and_one_broken_before_its_newest_file_are_not_repaired(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(AuditError, match="no audit log"):
            repair(folder, "operator x", NOW)
    write(tmp_path, 10, limit=1500)
    with pytest.raises(AuditError, match="nothing to repair"):
        repair(tmp_path, "operator x", NOW)
    first = log_files(tmp_path)[0]
    first.write_bytes(first.read_bytes().replace(b"anna", b"anne", 1))
    with pytest.raises(AuditError, match=r"000001.*not repaired"):
        repair(tmp_path, "operator x", NOW)
