"""What one notebook may use, and the errors that say why one was ended."""

import os
import signal
import threading
import time
from codecs import StreamReader
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil

from ipats_lib.errors import NotebookError

LOOK_SECONDS = 0.3  # between two looks at what a notebook holds: an exact one takes milliseconds


class NotebookStopped(NotebookError):  # noqa: N818  (its subclasses say what happened)
    """cell_index counts all cells from 0; None when no cell had started."""

    def __init__(self, cell_index: int | None, reason: str) -> None:
        super().__init__(cell_index, reason)
        self.cell_index, self.reason = cell_index, reason

    def __str__(self) -> str:
        place = "before the first cell" if self.cell_index is None else f"in cell {self.cell_index}"
        return f"The notebook was stopped {place}: {self.reason}."


class NotebookTimeout(NotebookStopped):
    """The notebook, or one of its cells, ran longer than allowed."""


class NotebookOutOfMemory(NotebookStopped):
    """The notebook and its subprocesses held more memory than allowed."""


class NotebookDied(NotebookStopped):
    """The notebook's process ended by itself: a signal, a crash, os._exit."""


class NotebookLeft(NotebookStopped):
    """A cell called exit() or quit(), so the cells after it were not run."""


@dataclass(slots=True)
class Limits:
    """What one notebook may use; its clock starts when it is made.

    timeout: seconds for the whole notebook.  memory_mb: megabytes (2**20 bytes) that it and its
    subprocesses hold; what several processes share is divided among them.  cell_timeout: seconds
    for one cell, None for no limit of its own.  cell: the index of the one that runs.  printed:
    files in memory that hold what it has printed.  stopped: the limit that it has passed.
    peak_mb: the most that one of its processes has held, known at its end where it is forked.
    """

    timeout: float = 600.0
    memory_mb: float = 4096.0
    cell_timeout: float | None = None
    cell: int | None = None
    started: float = field(default_factory=time.monotonic)
    cell_started: float | None = None
    printed: dict[str, StreamReader] = field(default_factory=dict)
    stopped: NotebookStopped | None = None
    peak_mb: int = 0

    def begin(self, cell: int) -> None:
        """Give the next cell its own time."""
        self.cell, self.cell_started = cell, time.monotonic()

    @contextmanager
    def enforced(self, find: Callable[[], list[psutil.Process]]) -> Iterator[None]:
        """Kill the notebook's processes, which `find` gives, once it has passed a limit."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(LOOK_SECONDS):
                with suppress(psutil.Error):  # what they are children of is gone
                    processes = find()
                    self.stopped = self.stopped or self.passed(processes)
                    kill(processes if self.stopped else [])

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def passed(self, processes: list[psutil.Process]) -> NotebookStopped | None:
        now, cell, limit = time.monotonic(), self.cell, self.cell_timeout
        if now - self.started > self.timeout:
            return NotebookTimeout(cell, f"the notebook ran longer than {self.timeout:g} s")
        if limit is not None and now - (self.cell_started or now) > limit:
            return NotebookTimeout(cell, f"the cell ran longer than {limit:g} s")
        printed = sum(os.fstat(file.fileno()).st_size for file in self.printed.values())
        room = self.memory_mb * 2**20 - printed
        if all(sum(held_by(p, exactly) for p in processes) > room for exactly in (False, True)):
            return NotebookOutOfMemory(cell, f"it held more than {self.memory_mb:g} MB of memory")
        return None

    def end(self, status: int | None) -> NotebookStopped:
        """Why a notebook has ended that should not have.  status: as `subprocess` gives it."""
        names = {-number: f"was killed by {number.name}" for number in signal.Signals}
        how = "died" if status is None else names.get(status, f"ended with code {status}")
        return self.stopped or NotebookDied(self.cell, f"its process {how}")


def held_by(process: psutil.Process, exactly: bool) -> int:
    """Bytes of memory; exactly: what is shared divided among its holders, where these are known."""
    with suppress(psutil.Error):  # gone meanwhile
        memory = process.memory_full_info() if exactly else process.memory_info()
        return int(getattr(memory, "pss", memory.rss))
    return 0


def kill(processes: list[psutil.Process]) -> None:
    """Kill each process that still exists."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
