"""One notebook in a child forked from this process, watched and cleared up after."""

import codecs
import ctypes
import json
import os
import select
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from tqdm.std import tqdm  # type: ignore[import-untyped]

from ipats_lib.publishing.engine.limits import Limits, died, kill
from ipats_lib.publishing.engine.shell import Cells, be_the_notebook

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 1, 36, 37
TICK_SECONDS = 0.2  # between two looks at what a notebook holds
CHUNK = 1 << 18
Message = tuple[str, dict[str, Any]]


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when `parent` ends; end at once if it already has."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def children(pid: int) -> set[int]:
    """Direct children, of the list that Linux keeps for each thread."""
    found: set[int] = set()
    with suppress(OSError):  # gone meanwhile
        for task in Path(f"/proc/{pid}/task").iterdir():
            found.update(map(int, (task / "children").read_text().split()))
    return found


def descendants(pids: Iterable[int]) -> Iterator[psutil.Process]:
    """Processes and all below them, as far as they still exist."""
    for pid in pids:
        yield from descendants(children(pid))
        with suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)


class NotebookProcess:
    """A forked child that runs cells while it is entered as a context manager.

    What the notebook leaves behind becomes our child meanwhile, and is ended with it.
    """

    def __init__(self, limits: Limits, cells: Cells, directory: str | None) -> None:
        self.limits, self.known, us = limits, children(os.getpid()), os.getpid()
        self.prctl, self.reaper = ctypes.CDLL(None).prctl, ctypes.c_int(0)
        self.prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(self.reaper))
        self.prctl(PR_SET_CHILD_SUBREAPER, 1)
        standard = [os.open(os.devnull, os.O_RDWR) for _ in "012"]  # where these are closed
        self.wire, wire = socket.socketpair()
        ours, theirs = zip(os.pipe(), os.pipe(), strict=True)
        with tqdm.get_lock():  # so that no child inherits it taken
            self.pid = os.fork()
        if self.pid == 0:
            die_with_parent(us)
            be_the_notebook(cells, directory, wire, theirs)
        self.ended = os.pidfd_open(self.pid)
        wire.close()
        for number in (*standard, *theirs):
            os.close(number)
        for number in (self.wire.fileno(), *ours):
            os.set_blocking(number, False)
        utf8 = codecs.getincrementaldecoder("utf-8")
        self.texts = {ours[0]: ("stdout", utf8("replace")), ours[1]: ("stderr", utf8("replace"))}
        self.received, self.looked = b"", time.monotonic()

    def __enter__(self) -> Iterator[Message]:
        return self.messages()

    def messages(self) -> Iterator[Message]:
        """What the notebook sends, in order, until its process has ended.

        Text comes as `stream` messages, before the message that follows it.  Raises
        NotebookTimeout, NotebookOutOfMemory, NotebookDied.
        """
        poll, over = select.poll(), False
        for number in (self.wire.fileno(), *self.texts, self.ended):
            poll.register(number, select.POLLIN)
        while not over:
            for number, event in poll.poll(TICK_SECONDS * 1000):
                over = over or number == self.ended
                if event & select.POLLHUP:  # what is left there is read at once
                    poll.unregister(number)
            yield from self.arrived()
            if not over and (error := self.limits.passed(self.processes())):
                raise error
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if status != 0:
            raise died(self.limits.cell, status)

    def arrived(self) -> Iterator[Message]:
        """What one read gives: a notebook that never stops talking cannot outrun its limits."""
        *lines, self.received = (self.received + read(self.wire.fileno())).split(b"\n")
        for number, (name, decoder) in self.texts.items():
            if text := decoder.decode(read(number)):
                yield "stream", {"name": name, "text": text}
        for kind, content in map(json.loads, lines):
            yield kind, content
            with suppress(OSError):  # it may have died meanwhile
                self.wire.send(b"\n")

    def processes(self) -> list[psutil.Process]:
        """The notebook's, now and then: looking at them costs time."""
        if time.monotonic() - self.looked < TICK_SECONDS:
            return []
        self.looked = time.monotonic()
        return list(descendants({self.pid, *self.orphans()}))

    def orphans(self) -> set[int]:
        """What the notebook has left to us: its sessions are not ours."""
        found = children(os.getpid()) - self.known - {self.pid}
        return {pid for pid in found if os.getsid(pid) != os.getsid(0)}

    def __exit__(self, *_: object) -> None:
        left = {self.pid}
        while left:
            kill(descendants(left))
            for pid in left:
                with suppress(ChildProcessError):  # waited for before
                    os.waitpid(pid, 0)
            left = self.orphans()
        self.prctl(PR_SET_CHILD_SUBREAPER, self.reaper.value)
        self.wire.close()
        for number in (*self.texts, self.ended):
            os.close(number)


def read(descriptor: int) -> bytes:
    """What is there, up to a limit; nothing where a reader would wait or the other end is gone."""
    with suppress(BlockingIOError, ConnectionResetError):
        return os.read(descriptor, CHUNK)
    return b""
