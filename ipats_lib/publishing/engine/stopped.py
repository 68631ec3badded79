"""Why a notebook was ended from outside.

NotebookError                  a notebook failed (`ipats_lib.errors`)
+-- NotebookStopped            ended by its limits or by its own death, in a known cell
    +-- NotebookTimeout        ran longer than allowed
    +-- NotebookOutOfMemory    held more memory than allowed
    +-- NotebookDied           its process ended by itself: a signal, a crash, os._exit
    +-- NotebookLeft           a cell asked to end it: exit(), quit()
"""

import signal
from typing import Self

from ipats_lib.errors import NotebookError


class NotebookStopped(NotebookError):  # noqa: N818  (its subclasses say what happened)
    """Base of the ways to end early; `cell_index` counts all cells from 0.

    `cell_index` is None when no cell had been started.
    """

    def __init__(self, cell_index: int | None, reason: str) -> None:
        super().__init__(cell_index, reason)
        self.cell_index = cell_index
        self.reason = reason

    def __str__(self) -> str:
        place = "before the first cell" if self.cell_index is None else f"in cell {self.cell_index}"
        return f"The notebook was stopped {place}: {self.reason}."


class NotebookTimeout(NotebookStopped):
    """The notebook, or one of its cells, ran longer than allowed."""

    @classmethod
    def after(cls, cell_index: int | None, seconds: float, whole: bool) -> Self:
        """Name the limit that was passed: the notebook's (`whole`) or the cell's."""
        subject = "the notebook" if whole else "the cell"
        return cls(cell_index, f"{subject} ran longer than {seconds:g} s")


class NotebookOutOfMemory(NotebookStopped):
    """The notebook and its subprocesses held more memory than allowed."""

    @classmethod
    def above(cls, cell_index: int | None, memory_mb: float) -> Self:
        """Name the limit that was passed."""
        return cls(cell_index, f"it held more than {memory_mb:g} MB of memory")


class NotebookDied(NotebookStopped):
    """The notebook's process ended by itself before the last cell had."""

    @classmethod
    def with_status(cls, cell_index: int | None, status: int | None) -> Self:
        """Say how it ended.  status: an exit code as `subprocess` gives it, None when unknown."""
        return cls(cell_index, f"its process {_ending(status)}")


class NotebookLeft(NotebookStopped):
    """A cell asked its kernel to end, so the cells after it were not run."""

    @classmethod
    def by_asking(cls, cell_index: int | None) -> Self:
        return cls(cell_index, "the cell calls exit() or quit()")


def _ending(status: int | None) -> str:
    if status is None:
        return "died"
    if status >= 0:
        return f"ended with code {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
