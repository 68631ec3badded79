"""Watching what a notebook and its subprocesses hold.

An address-space limit would be simpler and wrong: arrow, V8 and thread stacks reserve far more
than they use, and what fails under it is any allocation, with any message.
"""

import time
from collections.abc import Callable

from ipats_lib.publishing.engine import process_tree
from ipats_lib.publishing.engine.limits import Limits

TREE_SECONDS = 0.25  # a look at all processes costs some milliseconds, where it must be all
OWN_SECONDS = 0.02  # and one at the notebook's own memory a fifth of one


class MemoryWatch:
    """Compares a notebook's memory with its limit.

    pid: its main process.  baseline: bytes it shared with the warm process when it was forked.
    known: our other children, which are none of its business; None when new ones may be, too.
    """

    def __init__(self, pid: int, baseline: int, limits: Limits, known: set[int] | None) -> None:
        self._pid = pid
        self._baseline = baseline
        self._limit = limits.memory_bytes
        self._known = known
        self._others: set[int] = set()
        self._sessions: dict[int, int] = {}
        self._looked = self._asked = time.monotonic()

    def is_above(self) -> bool:
        """Say whether the limit is passed, a few hundredths of a second ago at most."""
        if time.monotonic() - self._asked < OWN_SECONDS:
            return False
        self._asked = time.monotonic()
        own = max(0, process_tree.private_memory(self._pid) - self._baseline)
        if own > self._limit:
            return True
        self._look_for_others()
        if not self._others or own + self._held(process_tree.private_memory) <= self._limit:
            return False
        # Forked subprocesses share pages with their parent: count those once, at a price.
        return own + self._held(process_tree.proportional_memory) > self._limit

    def others(self) -> set[int]:
        """Return the subprocesses ever seen that still run.

        A number that has passed to a process of another session does not count.
        """
        now = {p.pid: p.session for p in process_tree.processes() if not p.ended}
        return {pid for pid, session in self._sessions.items() if now.get(pid) == session}

    def _look_for_others(self) -> None:
        if time.monotonic() - self._looked < TREE_SECONDS:
            return
        below = [p for p in process_tree.below(self._roots()) if p.pid != self._pid]
        self._others = {process.pid for process in below}
        self._sessions |= {process.pid: process.session for process in below}
        self._looked = time.monotonic()

    def _roots(self) -> set[int]:
        if self._known is None:
            return {self._pid}
        return {self._pid, *process_tree.strays(self._known)}

    def _held(self, measure: Callable[[int], int]) -> int:
        return sum(measure(pid) for pid in self._others)
