"""One notebook in a forked child of a clean process, watched and read from here.

multiprocessing's server imports `warm_server` and forks a *forker*, the forker a *guard* for each
process that runs notebooks, and the guard one notebook at a time. They are sent descriptors alone.
"""

import codecs
import json
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

from ipats_lib.publishing.engine.forked import serve
from ipats_lib.publishing.engine.limits import Limits, died, kill
from ipats_lib.publishing.warm import warm_context

TICK_SECONDS = 0.4  # between two looks at what a notebook holds
CHUNK, SOCKETS = 1 << 18, (socket.AF_UNIX, socket.SOCK_SEQPACKET)
Message = tuple[str, dict[str, Any]]
Guard = tuple[socket.socket, psutil.Process]
starting = threading.Lock()
forkers: list[socket.socket] = []  # the way to this process's forker, once it has one
idle: list[Guard] = []


def forker() -> socket.socket:
    """Where to ask for a guard; starts the warm server, in one to three seconds, if need be."""
    with starting, ExitStack() as stack:
        if forkers and not select.select(forkers, [], [], 0)[0]:  # it never sends, but may end
            return forkers[0]
        for ended in forkers:
            ended.close()
        context, (ours, theirs) = warm_context(), socket.socketpair(*SOCKETS)
        # Or the program that we are would be imported there.
        stack.callback(sys.modules.update, __main__=sys.modules["__main__"])
        sys.modules.update(__main__=ModuleType("__main__"))
        context.Process(target=serve, args=(theirs,), daemon=True).start()
        theirs.close()
        forkers[:] = [ours]
    return ours


def new_guard() -> Guard:
    server, (control, theirs) = forker(), socket.socketpair(*SOCKETS)
    with theirs:
        socket.send_fds(server, [b"."], [theirs.fileno()])
    return control, psutil.Process(int(control.recv(CHUNK)))


class NotebookProcess:
    """A forked child that does a job, see `be_the_notebook`, while it is entered as a context."""

    def __init__(self, limits: Limits, job: dict[str, Any]) -> None:
        self.guard = self.control, self.above = idle.pop() if idle else new_guard()
        self.limits, self.over, self.status = limits, False, None
        self.wire, wire = socket.socketpair()
        ours, theirs = zip(os.pipe(), os.pipe(), strict=True)
        with suppress(OSError):  # a guard that is gone is met below
            socket.send_fds(self.control, [b"."], [wire.fileno(), *theirs])
        for number in (wire.detach(), *theirs):
            os.close(number)
        with suppress(OSError):
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
        poll = select.poll()
        for number in (self.wire.fileno(), *self.texts, self.control.fileno()):
            poll.register(number, select.POLLIN)
        while not self.over:
            for number, event in poll.poll(TICK_SECONDS * 1000):
                if number == self.control.fileno():
                    self.end()
                elif event & select.POLLHUP:  # what is left there is read at once
                    poll.unregister(number)
            yield from self.arrived()
            now, look = time.monotonic(), time.monotonic() - self.looked > TICK_SECONDS
            self.looked = now if look else self.looked  # to look at processes costs time
            if not self.over and (error := self.limits.passed(self.processes() if look else [])):
                raise error
        if self.status != 0:
            raise died(self.limits.cell, self.status)

    def end(self) -> None:
        """Take what the guard says once the notebook and all that it has left are gone."""
        said, self.over = self.control.recv(CHUNK), True
        self.status, self.limits.peak_mb = json.loads(said) if said else (None, 0)

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
        with suppress(psutil.Error):
            return list(self.above.children(recursive=True))
        return []

    def __exit__(self, *_: object) -> None:
        while not self.over:
            kill(self.processes())
            if select.select([self.control], [], [], TICK_SECONDS)[0]:
                self.end()
        if self.status is None:
            self.control.close()
        else:
            idle.append(self.guard)
        for number in (self.wire.detach(), *self.texts):
            os.close(number)


def read(descriptor: int) -> bytes:
    """What is there, up to a limit; nothing where a reader would wait or the other end is gone."""
    with suppress(BlockingIOError, ConnectionResetError):
        return os.read(descriptor, CHUNK)
    return b""
