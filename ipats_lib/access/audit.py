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

from ipats_lib import locks, modes
from ipats_lib.access.settings import load_settings
from ipats_lib.errors import AccessError

START = "0" * 64
# What reading a line that is none of ours may raise, whatever it holds.
_NO_LINE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
TAIL = 65536
# Seconds to wait for the lock while another process writes its line.
PATIENCE = 10.0
_BROKEN_END = (
    "The audit log's last line is broken, so that nothing is shown: run `publish.py audit verify`, "
    "then `publish.py audit repair`, which repairs a torn line and nothing else."
)

_TAKEN_AWAY = (
    "The audit log was replaced, cut off or taken away while it was written, so that nothing is "
    "shown: keep what there is as evidence, find out why, and start the gateway again."
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
    """Appends to the log; several processes may.

    patience: seconds to wait for another that holds the log. What it writes once, it must find
    again at every append: a log that was replaced, cut off or taken away gets no more lines.
    """

    def __init__(self, folder: Path, limit: int | None = None, patience: float = PATIENCE) -> None:
        self.folder, self._patience, self._held = folder, patience, False
        self.limit = limit or load_settings().audit_megabytes << 20
        self._size, self._head, self._name = -1, Head(), ""
        self._path = self._following = ""
        self._place = (0, 0)
        self._file = -1
        try:
            modes.private_folder(folder)
            self._lock = self._open_lock()
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
            with self._alone():
                self._append(event, now)
        except OSError as error:
            raise AuditError(f"The audit log cannot be written: {error.strerror}.") from error

    def _open_lock(self) -> int:
        return modes.open_private(self.folder / "lock", os.O_RDWR)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Alone among the log's writers. One wait is enough for all: as long as the lock is found
        held, the next requests look once and do not wait in a row."""
        held, self._held = self._held, True
        if not _is_at(self._lock, f"{self.folder}/lock"):
            self._lock, old = -1, self._lock
            if old >= 0:
                os.close(old)
            self._lock = self._open_lock()
        with locks.held(self._lock, 0 if held else self._patience):
            self._held = False
            yield

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
        if self._file < 0 or self._moved():
            self._check_still_there()
            names = log_files(self.folder)
            self._open(names[-1] if names else self.folder / "audit-000001.jsonl")
        if self._size >= self.limit:
            os.fsync(self._file)
            number = int(self._name[6:12]) + 1
            self._open(self.folder / f"audit-{number:06}.jsonl")

    def _moved(self) -> bool:
        """Whether another process wrote, or put another file there, since this one last did."""
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return True
        known = (*self._place, self._size)
        other = (there.st_dev, there.st_ino, there.st_size) != known
        return other or os.access(self._following, os.F_OK)

    def _check_still_there(self) -> None:
        """AuditError unless the last line that was read or written stands where it stood."""
        if not self._head.lines:
            return
        try:
            with open(self._path, "rb") as file:
                size, path = self._size, Path(self._path)
                there = _last(file.fileno(), size) if size else self._end_before(path)
        except (OSError, AuditError) as error:
            raise AuditError(_TAKEN_AWAY) from error
        if there != self._head:
            raise AuditError(_TAKEN_AWAY)

    def _open(self, path: Path) -> None:
        """Append to this file from now on; to none when its end is not sound."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        file = modes.open_private(path, os.O_RDWR | os.O_APPEND)
        try:
            facts = os.fstat(file)
            size = facts.st_size
            head = _last(file, size) if size else self._end_before(path)
        except BaseException:
            os.close(file)
            raise
        self._file, self._head, self._name, self._size = file, head, path.name, size
        self._place = facts.st_dev, facts.st_ino
        following = f"audit-{int(path.name[6:12]) + 1:06}.jsonl"
        self._path, self._following = str(path), str(path.with_name(following))

    def _end_before(self, path: Path) -> Head:
        before = [name for name in log_files(self.folder) if name.name < path.name]
        if not before:
            return Head()
        with before[-1].open("rb") as file:
            return _last(file.fileno(), os.fstat(file.fileno()).st_size)


def _is_at(descriptor: int, path: str) -> bool:
    """Whether an open file is the one that bears a name."""
    try:
        there = os.stat(path)
    except OSError:
        return False
    return descriptor >= 0 and os.path.samestat(there, os.fstat(descriptor))


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


def lines(folder: Path) -> Iterator[dict[str, Any] | None]:
    """Every line of the log; None for a damaged one: no line of a log, or of another hash."""
    for path in log_files(folder):
        with path.open("rb") as written:
            yield from map(_sound, written)


def _sound(line: bytes) -> dict[str, Any] | None:
    try:
        facts = json.loads(line)
        rest = {name: value for name, value in facts.items() if name not in ("before", "hash")}
        whole, _ = chained(rest, facts["before"])
    except _NO_LINE:
        return None
    all_texts = all(isinstance(facts.get(name), str) for name in Event.__slots__)
    return facts if all_texts and whole == line else None


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
    except _NO_LINE as error:
        raise AuditError(f"The audit log is broken at {place}: not a line of the log.") from error
    whole, right = chained(facts, before)
    if whole != line or right != digest or before != head.hash or facts.get("n") != head.lines + 1:
        raise AuditError(f"The audit log is broken at {place}: changed, moved or taken away.")
    return Head(head.lines + 1, digest)


def _last(descriptor: int, size: int) -> Head:
    """The head that the last line within the first `size` bytes of a file gives."""
    tail = os.pread(descriptor, min(TAIL, size), max(0, size - TAIL))
    line = tail.rstrip(b"\n").rsplit(b"\n", 1)[-1] + b"\n"
    try:
        facts = json.loads(line)
        head = Head(int(facts["n"]) - 1, str(facts["before"]))
        if not tail.endswith(line):
            raise ValueError
        return checked(line, head, "its last line")
    except (*_NO_LINE, AuditError) as error:
        raise AuditError(_BROKEN_END) from error


@dataclass(frozen=True, slots=True)
class Use:
    """One user's requests for published files."""

    user: str
    shown: int
    refused: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Every user who asked for a published file, by name. damaged: lines that could not be read."""

    users: tuple[Use, ...]
    damaged: int

    @property
    def note(self) -> str:
        """What is said of a report that a damaged log gave; empty when the log is sound."""
        if not self.damaged:
            return ""
        many = "1 line" if self.damaged == 1 else f"{self.damaged:,} lines"
        return (
            f"{many} of the audit log cannot be read and were not counted: "
            "`publish.py audit verify` names the first."
        )


def usage(folder: Path) -> Usage:
    """Count the audit log's lines; damaged ones are skipped and counted apart."""
    counts: dict[str, list[int]] = {}
    damaged = 0
    for event in lines(folder):
        if event is None:
            damaged += 1
            continue
        shared = str(event["object"]).startswith("_static/")
        if event["event"] == "read" and event["user"] and not shared:
            counts.setdefault(event["user"], [0, 0])[event["outcome"] == "deny"] += 1
    users = tuple(Use(user, *numbers) for user, numbers in sorted(counts.items()))
    return Usage(users, damaged)
