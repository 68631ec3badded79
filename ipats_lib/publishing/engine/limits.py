"""How long a notebook may run and how much memory it may hold."""

import time
from dataclasses import dataclass, field

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one notebook may use.

    timeout: seconds for the whole notebook.  memory_mb: memory that the notebook and its
    subprocesses hold beyond what they share with the warm process.  cell_timeout: seconds for one
    cell, None for no limit of its own.
    """

    timeout: float = 600.0
    memory_mb: float = 4096.0
    cell_timeout: float | None = None

    @property
    def memory_bytes(self) -> int:
        return int(self.memory_mb * MEGABYTE)


@dataclass(slots=True)
class Clock:
    """Time left for the notebook and for its present cell; it starts when it is made."""

    limits: Limits
    started: float = field(default_factory=time.monotonic)
    cell_started: float | None = None

    def start_cell(self) -> None:
        """Give the next cell its own time."""
        self.cell_started = time.monotonic()

    @property
    def notebook_left(self) -> float:
        """Seconds, negative once the limit is passed."""
        return self.started + self.limits.timeout - time.monotonic()

    @property
    def cell_left(self) -> float:
        """Seconds, negative once the limit is passed, infinite without a limit."""
        if self.limits.cell_timeout is None or self.cell_started is None:
            return float("inf")
        return self.cell_started + self.limits.cell_timeout - time.monotonic()

    @property
    def left(self) -> float:
        """Seconds until the nearer of the two limits."""
        return min(self.notebook_left, self.cell_left)
