"""What several commands ask for, and how they open a snapshot and say what they found."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ipats_lib import modes
from ipats_lib.console import say, shown_progress, writing

Extract = Annotated[
    str, typer.Option(help="An extract's folder, or a snapshot's; a snapshot's may be a URL.")
]
Store = Annotated[str, typer.Option(help="Where snapshots are kept: a folder or a URL.")]
PeriodName = Annotated[str, typer.Option(help="PY2024 (annual) or PY2024Q4 (quarterly).")]
AsOf = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As-of date.")]
Contacts = Annotated[
    str,
    typer.Option(help="Whose customers: current_only, ever_assigned or any_contact."),
]
ReleasedRecords = Annotated[
    list[Path] | None,
    typer.Option(help="A record of an earlier publication, kept in another store's `released`."),
]
SiteFolder = Annotated[Path, typer.Option("--site", help="The folder a web server serves.")]
Group = Annotated[
    str, typer.Option(help="A group of this machine that may read it, such as the web server's.")
]
SHOWN = 20  # of the files that one warning is about


def snapshot_of(
    extract: str, store: str, as_of: datetime | None, contacts: str, group: str = ""
) -> Any:
    """Return the snapshot to work with, and show progress while it is made.

    group: may read the folder `store`.
    """
    from ipats_lib.snapshot import obtain_snapshot

    day = as_of.date() if as_of else None
    with shown_progress() as advance:
        found = obtain_snapshot(extract, store, day, contacts, advance, partial(say, "sent"))
    if (kept := Path(store)).is_dir():
        with writing(kept):
            modes.shared_folder(kept, group)
    say_loud(found)
    return found


def say_loud(found: Any) -> None:
    """Print a warning for each finding about a whole file."""
    from ipats_lib.validation.findings import loud

    for rule, lines in loud(found.findings()).groupby("rule"):
        for line in lines.head(SHOWN).itertuples():
            count = f" ({line.value})" if line.value else ""
            say("warning", f"{line.file}: {line.message}{count}", "yellow", rule=rule)
        if len(lines) > SHOWN:
            say("warning", f"{len(lines) - SHOWN:,} more: {lines['message'].iloc[0]}", rule=rule)


def say_released(names: Sequence[str], period: Any) -> None:
    """Print which earlier publications were known when small cells were withheld."""
    from ipats_lib.snapshot import linked_period

    known = ", ".join(names) or f"none, no record of {linked_period(period).name} is in the store"
    say("released", f"Earlier publications known to withholding: {known}.", names=list(names))
