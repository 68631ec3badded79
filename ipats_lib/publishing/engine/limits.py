"""What one notebook may use, and the errors that say why one was ended."""

import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from ipats_lib.errors import NotebookError


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


def died(cell_index: int | None, status: int | None) -> NotebookDied:
    """How a process ended.  status: an exit code as `subprocess` gives it, None when unknown."""
    if status is None:
        return NotebookDied(cell_index, "its process died")
    names = {-number: f"was killed by {number.name}" for number in signal.Signals}
    how = names.get(status, f"ended with code {status}")
    return NotebookDied(cell_index, f"its process {how}")


@dataclass(slots=True)
class Limits:
    """What one notebook may use; its clock starts when it is made.

    timeout: seconds for the whole notebook.  memory_mb: megabytes (2**20 bytes) that it and its
    subprocesses hold; what several processes share is divided among them.  cell_timeout: seconds
    for one cell, None for no limit of its own.  cell: the index of the one that runs.  peak_mb: the
    most that one of its processes has held, known at its end where it is forked.
    """

    timeout: float = 600.0
    memory_mb: float = 4096.0
    cell_timeout: float | None = None
    cell: int | None = None
    started: float = field(default_factory=time.monotonic)
    cell_started: float | None = None
    peak_mb: int = 0

    def begin(self, cell: int) -> None:
        """Give the next cell its own time."""
        self.cell, self.cell_started = cell, time.monotonic()

    def passed(self, processes: list[psutil.Process]) -> NotebookStopped | None:
        """The error once a limit is passed.  processes: those of the notebook."""
        now, cell, limit = time.monotonic(), self.cell, self.cell_timeout
        if now - self.started > self.timeout:
            return NotebookTimeout(cell, f"the notebook ran longer than {self.timeout:g} s")
        if limit is not None and now - (self.cell_started or now) > limit:
            return NotebookTimeout(cell, f"the cell ran longer than {limit:g} s")
        most = self.memory_mb * 2**20  # to divide pages takes long, and never gives more
        if held_by(processes, False) > most and held_by(processes, True) > most:
            return NotebookOutOfMemory(cell, f"it held more than {self.memory_mb:g} MB of memory")
        return None


def held_by(processes: list[psutil.Process], divided: bool) -> int:
    """Bytes of resident memory.  divided: each page among its holders, where the system knows."""
    held = 0
    for process in processes:
        with suppress(psutil.Error):  # gone meanwhile
            memory = process.memory_full_info() if divided else process.memory_info()
            held += getattr(memory, "pss", memory.rss)
    return held


def kill(processes: list[psutil.Process]) -> None:
    """Kill each process that still exists."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()
