"""The audit log: who asked for what, when, from where, and what was decided and why.

    audit/audit-000001.jsonl   one JSON object a line; each line names the hash of the one before
    audit/audit-000002.jsonl   after 000001 has reached its size; the chain goes on

Fields after NIST SP 800-53 AU-3: time, origin, user, event, object, outcome, reason. A path is in
it only when it is one of ours (which may name a planner, never a customer); of anything else only
its length and hash. A line that cannot be written whole is not there, and AuditError says so: what
cannot be recorded must not be allowed.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from ipats_lib import locks
from ipats_lib.access.settings import load_settings
from ipats_lib.errors import AccessError

START = "0" * 64
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
TAIL = 65536
_BROKEN_END = (
    "The audit log's last line is broken, so that nothing is shown: run `publish.py audit verify`, "
    "then `publish.py audit mend`, which mends a torn line and nothing else."
)


class AuditError(AccessError):
    """The audit log cannot be written, or its chain is broken."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. outcome: allow, deny, done or refused; object: a path of ours, or an id."""

    event: str
    outcome: str
    reason: str
    user: str = ""
    origin: str = ""
    method: str = ""
    object: str = ""


_VALUES = attrgetter(*Event.__slots__)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many lines it has, and the hash of the last."""

    lines: int = 0
    hash: str = START


def veiled(raw: bytes) -> str:
    """What the log says of a path that is none of ours: nothing that it may carry."""
    return f"unread:{len(raw)}:{hashlib.sha256(raw).hexdigest()[:16]}"


class AuditLog:
    """Appends to the log; several processes may."""

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self.folder = folder
        self.limit = limit or load_settings().audit_megabytes << 20
        self._size, self._head, self._name = -1, Head(), ""
        self._path = self._following = ""
        self._file = -1
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise AuditError(
                f"The audit log {folder} cannot be written: {error.strerror}."
            ) from error

    def close(self) -> None:
        for descriptor in (self._file, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._lock = -1

    def append(self, event: Event, now: datetime) -> None:
        """Record one event; AuditError when it could not be written whole."""
        try:
            with locked(self._lock):
                self._append(event, now)
        except OSError as error:
            raise AuditError(f"The audit log cannot be written: {error.strerror}.") from error

    def _append(self, event: Event, now: datetime) -> None:
        self._open_newest()
        line, head = line_of(event, self._head, now)
        written = os.write(self._file, line)
        if written != len(line):
            os.ftruncate(self._file, self._size)
            raise OSError(28, "no room for a whole line")
        self._size += written
        self._head = head

    def _open_newest(self) -> None:
        names = log_files(self.folder) if self._file < 0 or self._moved() else None
        if names is not None:
            self._open(names[-1] if names else self.folder / "audit-000001.jsonl")
        if self._size >= self.limit:
            os.fsync(self._file)
            number = int(self._name[6:12]) + 1
            self._open(self.folder / f"audit-{number:06}.jsonl")

    def _moved(self) -> bool:
        """Whether another process wrote, or took the file away, since this one last did."""
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return True
        return there.st_size != self._size or os.access(self._following, os.F_OK)

    def _open(self, path: Path) -> None:
        """Append to this file from now on; to none when its end is not sound."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        try:
            size = os.fstat(file).st_size
            head = _last(file, size) if size else self._end_before(path)
        except BaseException:
            os.close(file)
            raise
        self._file, self._head, self._name, self._size = file, head, path.name, size
        following = f"audit-{int(path.name[6:12]) + 1:06}.jsonl"
        self._path, self._following = str(path), str(path.with_name(following))

    def _end_before(self, path: Path) -> Head:
        before = [name for name in log_files(self.folder) if name.name < path.name]
        return _end_of(before[-1]) if before else Head()


@contextmanager
def locked(lock: int) -> Iterator[None]:
    """Alone among the processes that hold this lock file open."""
    locks.hold(lock)
    try:
        yield
    finally:
        locks.let_go(lock)


def line_of(event: Event, head: Head, now: datetime) -> tuple[bytes, Head]:
    """The log line of an event that follows `head`, and the head after it."""
    facts = {"n": head.lines + 1, "time": now.astimezone(UTC).isoformat()}
    facts |= zip(Event.__slots__, _VALUES(event), strict=True)
    line, digest = chained(facts, head.hash)
    return line, Head(head.lines + 1, digest)


def chained(facts: dict[str, Any], before: str) -> tuple[bytes, str]:
    """A log line and its hash: of the facts in canonical JSON, the hash before among them."""
    facts = facts | {"before": before}
    text = _CANONICAL.encode(facts)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f'{text[:-1]},"hash":"{digest}"}}\n'.encode(), digest


def log_files(folder: Path) -> list[Path]:
    """The log's files, the oldest first."""
    return sorted(folder.glob("audit-[0-9][0-9][0-9][0-9][0-9][0-9].jsonl"))


def events(folder: Path) -> Iterator[dict[str, Any]]:
    """Every line of the log as it stands, unverified."""
    for path in log_files(folder):
        with path.open("rb") as lines:
            for line in lines:
                yield json.loads(line)


def verify(folder: Path, known: Head | None = None) -> Head:
    """Check every line against its hash and the one before; AuditError names file and line.

    A chain cannot tell that its last lines are gone: `known`, a head noted elsewhere before, must
    still be in it.
    """
    head, seen = Head(), known is None or known == Head()
    for path in log_files(folder):
        for after in heads(path, head):
            head, seen = after, seen or after == known
    if not seen:
        raise AuditError(
            "The head noted before is not in the log: lines were taken away or changed."
        )
    return head


def heads(path: Path, head: Head) -> Iterator[Head]:
    """The head after each line of a file that goes on after `head`; AuditError at the first bad."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            head = checked(line, head, f"{path.name} line {number}")
            yield head


def checked(line: bytes, head: Head, place: str) -> Head:
    """The head after a line that follows `head`; AuditError, naming the place, when it does not."""
    try:
        facts = json.loads(line)
        before, digest = facts.pop("before"), facts.pop("hash")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AuditError(f"The audit log is broken at {place}: not a line of the log.") from error
    whole, right = chained(facts, before)
    if whole != line or right != digest or before != head.hash or facts.get("n") != head.lines + 1:
        raise AuditError(f"The audit log is broken at {place}: changed, moved or taken away.")
    return Head(head.lines + 1, digest)


def _end_of(path: Path) -> Head:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return _last(descriptor, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def _last(descriptor: int, size: int) -> Head:
    """The head that a file's last line gives."""
    tail = os.pread(descriptor, TAIL, max(0, size - TAIL))
    line = tail.rstrip(b"\n").rsplit(b"\n", 1)[-1] + b"\n"
    try:
        facts = json.loads(line)
        head = Head(int(facts["n"]) - 1, str(facts["before"]))
        if not tail.endswith(line):
            raise ValueError
        return checked(line, head, "its last line")
    except (ValueError, KeyError, TypeError, AuditError) as error:
        raise AuditError(_BROKEN_END) from error
