"""What a publication is asked to do."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ipats_lib.errors import NotebookError
from ipats_lib.periods import Period
from ipats_lib.snapshot import Snapshot

if TYPE_CHECKING:
    from ipats_lib.publishing.quarto.program import Quarto
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


def say_nothing(path: str, reasons: tuple[str, ...]) -> None:
    """The explanation nobody asked for."""


def keep_silent(failed: NotebookError) -> None:
    """The failure is told at the end, with the others."""


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
    explain: Explain = say_nothing
    failed: Failed = keep_silent
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
