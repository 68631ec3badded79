"""A thread that ends a kernel process when it passes its limits, and clears up after it."""

import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from ipats_lib.publishing.engine import process_tree
from ipats_lib.publishing.engine.limits import Clock, Limits
from ipats_lib.publishing.engine.memory import MemoryWatch
from ipats_lib.publishing.engine.stopped import (
    NotebookOutOfMemory,
    NotebookStopped,
    NotebookTimeout,
)

TICK_SECONDS = 0.1
GONE_SECONDS = 2.0  # for what was killed to be gone; a process may be stuck in the kernel
MARK = "IPATS_NOTEBOOK"  # in the environment of a notebook and of all that it starts
HAS_PROC = sys.platform.startswith("linux")


class KernelWatch:
    """Watches while it is entered as a context manager.

    process: returns the kernel's process, or None while there is none.  environment: to start the
    kernel with, so that what it leaves behind is known.  After the kernel's death, `verdict` makes
    the exception for a cell index when it was us who ended it, else it is None.
    Memory and stray processes are seen on Linux only.
    """

    def __init__(self, limits: Limits, process: Callable[[], Any]) -> None:
        self._limits = limits
        self._find = process
        self._process: Any = None
        self._memory: MemoryWatch | None = None
        self._clock = Clock(limits)
        self._mark = uuid4().hex
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="kernel-watch")
        self.verdict: Callable[[int | None], NotebookStopped] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._clear_up()

    @property
    def environment(self) -> dict[str, str]:
        """This process's, with the notebook's mark."""
        return {**os.environ, MARK: self._mark}

    def exit_code(self) -> int | None:
        """Return the kernel's exit code as `subprocess` gives it, None when unknown."""
        code: int | None = getattr(self._process, "returncode", None)
        return code

    def _watch(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            self._notice_kernel()
            self.verdict = self._judge()
            if self.verdict is not None and self._process is not None:
                self._kill()
                return

    def _notice_kernel(self) -> None:
        self._process = self._find() or self._process
        if HAS_PROC and self._memory is None and self._process is not None:
            self._memory = MemoryWatch(self._process.pid, 0, self._limits, known=None)

    def _judge(self) -> Callable[[int | None], NotebookStopped] | None:
        limits = self._limits
        if self._clock.notebook_left < 0:
            return lambda index: NotebookTimeout.after(index, limits.timeout, whole=True)
        if self._memory is not None and self._memory.is_above():
            return lambda index: NotebookOutOfMemory.above(index, limits.memory_mb)
        return None

    def _kill(self) -> None:
        if HAS_PROC:
            process_tree.kill(process_tree.descendants([self._process.pid]))
        else:
            self._process.kill()

    def _clear_up(self) -> None:
        """Kill what the kernel has left behind, and see it gone.

        Not all our new children, as after a fork: other threads may have started some.
        """
        deadline = time.monotonic() + GONE_SECONDS
        pause = threading.Event()  # libfaketime breaks time.sleep
        while (left := self._left_behind()) and time.monotonic() < deadline:
            process_tree.kill(left)
            pause.wait(TICK_SECONDS / 10)

    def _left_behind(self) -> set[int]:
        """The kernel's session, what bears its mark, and what was seen to descend from it."""
        if self._memory is None:
            return set()
        session = process_tree.session_members(self._process.pid)
        marked = process_tree.carrying(f"{MARK}={self._mark}")
        return (session | marked | self._memory.others()) - {os.getpid()}
