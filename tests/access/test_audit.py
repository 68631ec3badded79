"""The audit log: whole lines, one chain, and nothing in it that does not belong there."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipats_lib.access.audit import AuditError, AuditLog, Event, Head, events, log_files, verify

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SHOWN = Event("read", "allow", "in_scope", "anna", "10.0.0.1", "GET", "PY2024Q4/lwia/07/index.html")


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
