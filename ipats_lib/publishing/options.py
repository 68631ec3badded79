"""What a publication is asked to do, and what it did."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ipats_lib.errors import NotebookError
from ipats_lib.periods import Period
from ipats_lib.snapshot import Snapshot

if TYPE_CHECKING:
    from ipats_lib.publishing.quarto.renderer import Quarto
    from ipats_lib.publishing.runner import Done
    from ipats_lib.publishing.share import Share
    from ipats_lib.publishing.workers import Workers

Progress = Callable[[str, int, int], None]
"""Called with the stage, how much is done and how much there is."""
Explain = Callable[[str, tuple[str, ...]], None]
"""Called with a page's path and what changed, for every page that is executed again."""
Failed = Callable[[NotebookError], None]
"""Called with each run of a notebook that failed, as soon as it is known."""
Pool = Callable[[int], "AbstractContextManager[Workers]"]
"""Gives so many workers, on this machine or elsewhere."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to publish where. workers: processes on this machine, or pages at once elsewhere.

    pool: None means processes of this machine. notebook_seconds and notebook_mb: what one
    notebook may take before it is stopped. earlier: older snapshots, for the trend. released:
    records of publications, beside those in the snapshot's store. share: where bodies of other
    machines are found, and ours left for them. failures: the private folder where failed runs are
    kept (`postmortem`); None keeps none. group: may read the site. packed: whether large pages and
    files are kept packed alone, for a server that unpacks them. family: the one that is made anew,
    where the pages of the others stay as they are (decision 0024). stage: whether to make the
    publication without showing it (`staged`). quarto: what renders the pages in place of our own
    frame (decision 0031).
    """

    notebooks: Path
    site: Path
    period: Period
    only: tuple[str, ...] = ()
    workers: int = 2
    clean: bool = False
    explain: Explain = lambda *_: None
    failed: Failed = lambda _: None  # reported at the end, with the others
    pool: Pool | None = None
    notebook_seconds: float = 300
    notebook_mb: float = 4096
    earlier: tuple[Snapshot, ...] = ()
    released: tuple[Path, ...] = ()
    share: "Share | None" = None
    failures: Path | None = None
    group: str = ""
    packed: bool = False
    family: str = ""
    stage: bool = False
    quarto: "Quarto | None" = None


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
