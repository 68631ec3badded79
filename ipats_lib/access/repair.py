"""A log whose last line is torn: the file is set aside as evidence, and the chain goes on.

broken-000003-6bfff7ed2625.jsonl   the file as it was found, byte for byte
audit-000003.jsonl                 its sound lines, and one that names the old head and the file
"""

import hashlib
import os
from datetime import datetime
from pathlib import Path

from ipats_lib.access.audit import (
    PATIENCE,
    AuditError,
    Event,
    Head,
    checked,
    heads,
    line_of,
    log_files,
)
from ipats_lib.durable import write_file
from ipats_lib.locks import held
from ipats_lib.modes import open_private

# A line goes to the disk in one piece with its line feed at the end: a crash leaves none.
_NO_TEAR = (
    "That is no torn last line: somebody changed the log or the disk is damaged, so it is not "
    "repaired. Keep the folder as evidence, find out why, and begin a new one."
)


def repair(folder: Path, operator: str, now: datetime) -> Path:
    """Set the newest file aside and take its torn last line out; returns where it is kept.

    The old head stays in the chain, so that a head noted before is still found when it was sound.
    AuditError, and nothing changes, when there is no torn line or when anything else is broken.
    """
    if not log_files(folder):
        raise AuditError(f"{folder} holds no audit log.")
    try:
        with (folder / "lock").open("a") as lock, held(lock.fileno(), PATIENCE):
            return _repaired(folder, operator, now)
    except OSError as error:
        raise AuditError(f"The audit log cannot be repaired: {error.strerror}.") from error


def _repaired(folder: Path, operator: str, now: datetime) -> Path:
    files, head = log_files(folder), Head()
    newest = files[-1]
    try:
        for path in files[:-1]:
            *_, head = head, *heads(path, head)
        whole = newest.read_bytes()
        sound, head = _sound(whole, head, newest.name)
    except AuditError as error:
        raise AuditError(f"{error} {_NO_TEAR}") from error
    if sound == len(whole):
        raise AuditError("The audit log's end is sound: there is nothing to repair.")
    digest = hashlib.sha256(whole).hexdigest()[:12]
    aside = folder / f"broken-{newest.name[6:12]}-{digest}.jsonl"
    break_point = f"{aside.name} after {head.lines}:{head.hash}"
    line, _ = line_of(Event("repair", "done", operator, object=break_point), head, now)
    if not aside.exists():
        os.link(newest, aside)
    write_file(newest, whole[:sound] + line, open_private)
    return aside


def _sound(whole: bytes, head: Head, name: str) -> tuple[int, Head]:
    """How many bytes of a file are whole lines after `head`, and the head after them.

    Only what follows the last line feed can be torn; AuditError when a line before is not sound.
    """
    size = whole.rfind(b"\n") + 1
    for number, line in enumerate(whole[:size].split(b"\n")[:-1], start=1):
        head = checked(line + b"\n", head, f"{name} line {number}")
    return size, head
