"""One notebook in a forked child of a clean process, watched and read from here.

A server of multiprocessing imports `warm_server` and forks a *forker*, the forker a *guard* for each
process that runs notebooks, and the guard one notebook at a time. These are sent descriptors and
nothing else: what a notebook is to run goes to its own child alone, and its outputs come from there.
"""

import codecs
import json
import multiprocessing
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from types import ModuleType
from typing import Any

import psutil

from ipats_lib.publishing import scratch
from ipats_lib.publishing.engine.forked import children, descendants, serve
from ipats_lib.publishing.engine.limits import Limits, died, kill

WARM_SERVER = "ipats_lib.publishing.warm_server"
TICK_SECONDS = 0.2  # between two looks at what a notebook holds
CHUNK = 1 << 18
Message = tuple[str, dict[str, Any]]
starting = threading.Lock()
forkers: list[socket.socket] = []  # the way to this process's forker, once there is one
idle: list["Guard"] = []


def platform_hazard() -> str | None:
    """Why no process may fork on this system, or None where forks are safe by themselves."""
    if os.environ.get("IPATS_ENGINE") == "kernel":
        return "IPATS_ENGINE=kernel asks for it"
    if not sys.platform.startswith("linux"):
        return f"forking is not safe on {sys.platform}"
    return None if hasattr(os, "pidfd_open") else "this Python cannot watch a process by descriptor"


def fork_hazard() -> str | None:
    """Why a fork of the warm process would be unsafe, or None when it is safe."""
    if reason := platform_hazard():
        return reason
    if not forkers and multiprocessing.current_process().daemon:
        return "a daemon of multiprocessing may start no process"
    guard = idle.pop() if idle else Guard()
    idle.append(guard)
    return guard.hazard


def forker() -> socket.socket:
    """Where to ask for a guard; starts the warm process, in one to three seconds, if need be."""
    with starting:
        if not forkers or select.select(forkers, [], [], 0)[0]:  # it never sends, but may end
            forkers[:] = [start_forker()]
    return forkers[0]


def notebooks_forked_by(ours: socket.socket) -> None:
    """Use the forker of the process that has started this one."""
    forkers[:] = [ours]


def warm_context() -> multiprocessing.context.ForkServerContext:
    """What starts processes that are forked from the warm server."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([WARM_SERVER])
    scratch.keep_sockets_short()
    return context


def start_forker() -> socket.socket:
    with ExitStack() as stack:
        while (number := os.open(os.devnull, os.O_RDWR)) <= 2:  # closed, and no place for sockets
            stack.callback(os.close, number)
        os.close(number)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = warm_context().Process(target=serve, args=(theirs,), daemon=True)
        # Or the program that we are would be imported there.
        stack.callback(sys.modules.__setitem__, "__main__", sys.modules["__main__"])
        sys.modules["__main__"] = ModuleType("__main__")
        process.start()
        theirs.close()
    return ours


class Guard:
    """The process that forks our notebooks, one at a time, and ends what they leave."""

    def __init__(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(forker(), [b"."], [theirs.fileno()])
        self.pid, self.hazard = json.loads(self.control.recv(CHUNK))


class NotebookProcess:
    """A forked child that runs cells while it is entered as a context manager.

    job: what `be_the_notebook` is told.  peak_mb: the most that one process of the notebook has
    held, once it has ended.
    """

    def __init__(self, limits: Limits, job: dict[str, Any]) -> None:
        self.limits, self.guard = limits, idle.pop() if idle else Guard()
        self.status, self.peak_mb, self.over = None, 0, False
        self.wire, wire = socket.socketpair()
        ours, theirs = zip(os.pipe(), os.pipe(), strict=True)
        with suppress(OSError):  # a guard that is gone is met below
            socket.send_fds(self.guard.control, [b"."], [wire.fileno(), *theirs])
        wire.close()
        for number in theirs:
            os.close(number)
        with suppress(OSError):  # the child may have died
            self.wire.sendall(json.dumps(job).encode() + b"\n")
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
        poll, control = select.poll(), self.guard.control.fileno()
        for number in (self.wire.fileno(), *self.texts, control):
            poll.register(number, select.POLLIN)
        while not self.over:
            for number, event in poll.poll(TICK_SECONDS * 1000):
                if number == control:
                    self.end()
                elif event & select.POLLHUP:  # what is left there is read at once
                    poll.unregister(number)
            yield from self.arrived()
            if not self.over and (error := self.limits.passed(self.processes())):
                raise error
        if self.status != 0:
            raise died(self.limits.cell, self.status)

    def end(self) -> None:
        """Take what the guard says once the notebook and all that it has left are gone."""
        said, self.over = self.guard.control.recv(CHUNK), True
        self.status, self.peak_mb = json.loads(said) if said else (None, 0)

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
        return list(descendants(children(self.guard.pid)))

    def __exit__(self, *_: object) -> None:
        while not self.over:
            kill(descendants(children(self.guard.pid)))
            if select.select([self.guard.control], [], [], TICK_SECONDS)[0]:
                self.end()
        if self.status is not None:
            idle.append(self.guard)
        for number in (self.wire.detach(), *self.texts):
            os.close(number)


def read(descriptor: int) -> bytes:
    """What is there, up to a limit; nothing where a reader would wait or the other end is gone."""
    with suppress(BlockingIOError, ConnectionResetError):
        return os.read(descriptor, CHUNK)
    return b""
