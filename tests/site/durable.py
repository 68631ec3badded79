"""A publisher that fails, or is killed, at one of its durable calls.

The process that imports this forks a child for each attempt: the child counts every call of `CALLS`
and every opening, writing and cutting of a file that is open for writing, and at the chosen one
meets a full disk (`error`) or its death (`kill`). A write is met in its middle: half of it arrives.
`strace -e inject` would reach the same calls from outside; this shim needs no right to trace.
Files that arrow opens by itself are opened by Python instead, where the shim can see them.
"""

import builtins
import errno
import io
import os
import random
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ipats_lib.errors import IpatsError

CALLS = (
    "fsync", "replace", "rename", "symlink", "link", "mkdir", "unlink", "rmdir", "utime",
)  # fmt: skip
WHOLE_FILE = 1 << 20  # bytes that arrow writes at once: a fault then leaves half of a small file


@dataclass(frozen=True)
class Attempt:
    """How an attempt ended.

    calls: the kind of each durable call, in order.  died: by a signal.  said: the sentence that a
    user would see.  gave: what the action returned.
    """

    calls: tuple[str, ...]
    died: bool
    said: str
    gave: str


def attempt(action: Callable[[], object], at: int = 0, kind: str = "error") -> Attempt:
    """Run `action` in a forked child, with the fault `kind` at durable call number `at`.

    Anything but success or an IpatsError in the child is raised here.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(action, Fault(at, kind), writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        outcome, calls, text = (pipe.read() + "\0\0").split("\0")[:3]
    _, status = os.waitpid(child, 0)
    if outcome == "broken":
        raise AssertionError(f"at call {at}, {kind}: {text}")
    told = {"said": text, "gave": ""} if outcome == "said" else {"said": "", "gave": text}
    return Attempt(tuple(calls.split()), os.WIFSIGNALED(status), **told)


def drawn(calls: Sequence[str], every: int) -> list[int]:
    """The numbers (from 1) of one call in `every` of each kind, at least one; 1 is for all.

    Drawn with a fixed seed.
    """
    draw = random.Random(7)
    picked: list[int] = []
    for kind in sorted(set(calls)):
        numbers = [number for number, call in enumerate(calls, 1) if call == kind]
        picked += draw.sample(numbers, -(-len(numbers) // every))
    return sorted(picked)


def _child(action: Callable[[], object], fault: "Fault", writer: int) -> None:
    fault.lie_in_wait()
    try:
        outcome, text = "gave", str(action())
    except IpatsError as error:
        outcome, text = "said", str(error)
    except BaseException as error:
        outcome, text = "broken", repr(error)
    with os.fdopen(writer, "wb", closefd=False) as pipe:
        pipe.write(f"{outcome}\0{' '.join(fault.seen)}\0{text}".encode())
    os._exit(0)


class Fault:
    """Counts durable calls, and strikes at number `at`."""

    def __init__(self, at: int, kind: str) -> None:
        self.at, self.kind = at, kind
        self.seen: list[str] = []
        self._counting = threading.Lock()

    def strikes(self, name: str) -> bool:
        """Count a call; whether it is the one."""
        with self._counting:  # a publisher syncs several files at once
            self.seen.append(name)
            return len(self.seen) == self.at

    def strike(self) -> None:
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def meet(self, name: str) -> None:
        if self.strikes(name):
            self.strike()

    def lie_in_wait(self) -> None:
        """From here on, in this process."""
        for name in CALLS:
            setattr(os, name, self._met_by(name, getattr(os, name)))
        self._real_open = io.open
        io.open = builtins.open = self._open  # type: ignore[assignment]
        pq.ParquetWriter.__init__ = self._through_python(pq.ParquetWriter.__init__)
        pq.ParquetWriter.close = _closing(pq.ParquetWriter.close)
        new_file = pa.ipc.new_file
        pa.ipc.new_file = lambda path, *more, **options: _Closing(
            file := self._open(path, "wb", WHOLE_FILE), new_file(file, *more, **options)
        )

    def _met_by(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def durable(*arguments: object, **options: object) -> object:
            self.meet(name)
            return call(*arguments, **options)

        return durable

    def _open(
        self, file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None,
        errors: str | None = None, newline: str | None = None, closefd: bool = True,
        opener: Any = None,
    ) -> Any:  # fmt: skip
        """`open`, whose files for writing are met by the fault."""
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return self._real_open(
                file, mode, buffering, encoding, errors, newline, closefd, opener
            )
        self.meet("open")
        raw = _Met(self, file, mode.translate({ord("b"): None, ord("t"): None}), opener)
        if buffering == 0:
            return raw
        size = buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE
        buffer = io.BufferedRandom(raw, size) if "+" in mode else io.BufferedWriter(raw, size)
        return buffer if "b" in mode else io.TextIOWrapper(buffer, encoding, errors, newline)

    def _through_python(self, begin: Callable[..., None]) -> Callable[..., None]:
        def durable(writer: Any, where: Any, *more: object, **options: object) -> None:
            writer.met = self._open(where, "wb", WHOLE_FILE)
            begin(writer, writer.met, *more, **options)

        return durable


class _Met(io.FileIO):
    """A file whose writes are met by the fault in their middle."""

    def __init__(self, fault: Fault, file: Any, mode: str, opener: Any) -> None:
        super().__init__(file, mode, opener=opener)
        self._fault = fault

    def write(self, data: Any) -> int:
        if self._fault.strikes("write"):
            super().write(memoryview(data)[: len(data) // 2])
            self._fault.strike()
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        self._fault.meet("truncate")
        return super().truncate(size)


class _Closing:
    """An arrow writer that closes the file it writes to."""

    def __init__(self, file: Any, writer: Any) -> None:
        self._file, self._writer = file, writer

    def __enter__(self) -> Any:
        return self._writer

    def __exit__(self, *failure: object) -> None:
        with self._file:
            self._writer.close()


def _closing(close: Callable[..., None]) -> Callable[..., None]:
    def durable(writer: Any) -> None:
        with writer.met:
            close(writer)

    return durable
