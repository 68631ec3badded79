"""The parent's side of a forked notebook: start it, ask for cells, watch its limits, end it."""

import contextlib
import json
import os
import select
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from time import monotonic
from types import TracebackType
from typing import Any, Self

from ipats_lib.publishing.engine import process_tree
from ipats_lib.publishing.engine.child import be_the_notebook
from ipats_lib.publishing.engine.fork_safety import progress_lock
from ipats_lib.publishing.engine.limits import Clock, Limits
from ipats_lib.publishing.engine.memory import MemoryWatch
from ipats_lib.publishing.engine.stopped import NotebookDied, NotebookOutOfMemory, NotebookTimeout
from ipats_lib.publishing.engine.wire import FrameReader

TICK_SECONDS = 0.05
EXIT_SECONDS = 5.0  # what nbclient grants a kernel to shut down


class NotebookProcess:
    """One forked child for one notebook, a context manager.

    directory: where the notebook works; None means where this process does.
    Leaving it ends the child, its process group and every process the notebook has left behind.
    """

    def __init__(self, limits: Limits, directory: str | None = None) -> None:
        self._limits, self._directory = limits, directory
        self._cleanup = ExitStack()
        self._open: set[int] = set()
        self._status: int | None = None
        self._alive = False
        self._cell_index: int | None = None
        self._rest = memoryview(b"")

    def __enter__(self) -> Self:
        self._known = process_tree.children()
        with ExitStack() as cleanup:
            cleanup.enter_context(process_tree.adopting_orphans())
            cleanup.callback(self._close_all)
            cleanup.callback(self._end)
            self._start()
            self._cleanup = cleanup.pop_all()
        return self

    def _start(self) -> None:
        memory_before = process_tree.private_memory("self")
        child_requests, self._requests = self._pipe()
        messages, child_messages = self._pipe()
        self.pid = self._fork(child_requests, child_messages)
        self._alive = True
        self._close(child_requests)
        self._close(child_messages)
        os.set_blocking(self._requests, False)
        self._reader = FrameReader(messages)
        self._ended = os.pidfd_open(self.pid)
        self._open.add(self._ended)
        self._poll = select.poll()
        self._poll.register(messages, select.POLLIN)
        self._poll.register(self._ended, select.POLLIN)
        self._clock = Clock(self._limits)
        self._memory = MemoryWatch(self.pid, memory_before, self._limits, self._known)

    def _pipe(self) -> tuple[int, int]:
        reading, writing = os.pipe()
        self._open |= {reading, writing}
        return reading, writing

    def _close(self, descriptor: int) -> None:
        """Close once: the number may be another file's by the second time."""
        if descriptor in self._open:
            self._open.remove(descriptor)
            os.close(descriptor)

    def _close_all(self) -> None:
        for descriptor in tuple(self._open):
            self._close(descriptor)

    def _fork(self, requests: int, messages: int) -> int:
        _flush_standard_streams()
        parent = os.getpid()
        with progress_lock():
            pid = os.fork()
        if pid == 0:
            os.close(self._requests)
            be_the_notebook(parent, requests, messages, self._directory)
        return pid

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._let_leave()
        finally:
            self._cleanup.close()

    def run(self, cell_index: int, source: str) -> Iterator[dict[str, Any]]:
        """Run one cell and yield the kernel's messages about it, the last one saying it is idle.

        Raises NotebookTimeout, NotebookOutOfMemory or NotebookDied.
        """
        message_id = f"cell-{cell_index}"
        self._cell_index = cell_index
        self._clock.start_cell()
        self._ask({"source": source, "message_id": message_id})
        for message in self._messages():
            if message["parent_header"].get("msg_id") != message_id:
                continue  # a task of an earlier cell speaks; the ordinary way drops this too
            yield message
            if message["content"].get("execution_state") == "idle":
                return

    def _ask(self, request: dict[str, str]) -> None:
        self._rest = memoryview(json.dumps(request).encode() + b"\n")
        self._poll.register(self._requests, select.POLLOUT)

    def _ask_more(self) -> None:
        """Write as much of the request as the pipe takes: the child may be busy, or speaking."""
        try:
            self._rest = self._rest[os.write(self._requests, self._rest) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # the child's death is noticed when it answers
            self._rest = memoryview(b"")
        if not self._rest:
            self._poll.unregister(self._requests)

    def _messages(self) -> Iterator[dict[str, Any]]:
        while True:
            wait = max(0.0, min(TICK_SECONDS, self._clock.left))
            ready = {descriptor for descriptor, _ in self._poll.poll(wait * 1000)}
            dead = self._ended in ready
            if self._requests in ready:
                self._ask_more()
            yield from self._reader.frames()
            if dead:
                while frames := list(self._reader.frames()):
                    yield from frames
                self._reap()
                raise NotebookDied.with_status(self._cell_index, self._status)
            self._check()

    def _check(self) -> None:
        cell = self._cell_index
        if self._clock.notebook_left < 0:
            raise NotebookTimeout.after(cell, self._limits.timeout, whole=True)
        if self._clock.cell_left < 0:
            raise NotebookTimeout.after(cell, self._limits.cell_timeout or 0, whole=False)
        if self._memory.is_above():
            raise NotebookOutOfMemory.above(cell, self._limits.memory_mb)

    def _let_leave(self) -> None:
        """Grant the child its exit functions, within the notebook's limits.

        Raises as `run` does, of the last cell.
        """
        self._close(self._requests)
        self._clock.cell_started = None
        exit_poll = select.poll()
        exit_poll.register(self._ended, select.POLLIN)
        until = monotonic() + EXIT_SECONDS
        while monotonic() < until:
            if exit_poll.poll(TICK_SECONDS * 1000):
                self._reap()
                return
            list(self._reader.frames())  # nobody listens, and the child must not wait for us
            self._check()

    def _end(self) -> None:
        """Kill the child if it has not left by itself, and then all that is left."""
        if self._alive:
            process_tree.kill(process_tree.descendants([self.pid]))
            self._reap()
        process_tree.sweep(self._known)

    def _reap(self) -> None:
        self._status = process_tree.reap(self.pid)
        self._alive = False


def _flush_standard_streams() -> None:
    """Text waiting in our buffers would otherwise be written a second time by the child."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):
            if stream is not None:
                stream.flush()
