"""What a publication did, for its operator."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipats_lib.publishing.runner import Done

SLOWEST = 10


@dataclass(slots=True)
class RunReport:
    """What a publication did (wall seconds).

    pages: HTML pages that notebooks gave. executed, shared and kept: runs of notebooks, one a
    scope: made now, made now for another reader too, and found in the cache.
    peak_mb: the most that the publisher held; notebook_mb and largest: the most that a process of
    a notebook held, with what it shared with its worker, and whose it was. released: the records
    of earlier publications that it knew. hiding: what withholding cost (`editions.Hiding`).
    """

    pages: int = 0
    executed: int = 0
    shared: int = 0
    kept: int = 0
    unchanged: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    release: str = ""
    peak_mb: int = 0
    notebook_mb: int = 0
    largest: str = ""
    released: tuple[str, ...] = ()
    hiding: str = ""

    def note(self, done: "Done") -> None:
        """Count a run, and what it cost where it was made now."""
        page, made = done.step.page, done.made
        self.pages += len(page.paths)
        self.executed += made is not None
        self.shared += done.shared
        self.kept += made is None and not done.shared
        if made is None:
            return
        for stage, seconds in (("execute", made.execute_seconds), ("render", made.render_seconds)):
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        slowest = [*self.slowest, (made.execute_seconds, page.label)]
        self.slowest = sorted(slowest, reverse=True)[:SLOWEST]
        if made.peak_mb > self.notebook_mb:
            self.notebook_mb, self.largest = made.peak_mb, page.label
