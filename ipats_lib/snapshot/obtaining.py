"""The snapshot that a command is to work with, from whatever it was given."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import cast

from ipats_lib.places import SNAPSHOTS, is_url
from ipats_lib.snapshot.contacts import ContactRule
from ipats_lib.snapshot.make import make_snapshot
from ipats_lib.snapshot.making import Progress
from ipats_lib.snapshot.remote import fetch_snapshot, send_snapshot
from ipats_lib.snapshot.snapshot import Snapshot, open_snapshot

_OF_A_SNAPSHOT = ("snapshot.json", "findings.parquet")  # any of them: the other may be lost


def kept_snapshot(place: str, store: str = SNAPSHOTS) -> Snapshot:
    """The snapshot in a folder or at a URL, every byte verified; of the latter, the store of this
    machine has a copy."""
    if is_url(place):
        return fetch_snapshot(place, _here(store))
    return open_snapshot(Path(place), verify=True)


def obtain_snapshot(
    place: str,
    store: str = SNAPSHOTS,
    as_of: date | None = None,
    contacts: str = "any_contact",
    progress: Progress | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Snapshot:
    """The snapshot that is at `place`, or one made of the extract there and kept in `store`.

    store: a folder, or a URL to which the snapshot is sent as well, which `notice` is told.
    Raises as `make_snapshot`, `fetch_snapshot` and `send_snapshot` do.
    """
    if is_url(place) or any(os.path.lexists(Path(place) / name) for name in _OF_A_SNAPSHOT):
        found = kept_snapshot(place, store)
    else:
        rule = cast(ContactRule, contacts)
        found = make_snapshot(
            Path(place), _here(store), as_of=as_of, contact_rule=rule, progress=progress
        )
    if is_url(store):
        notice(f"Snapshot sent to {send_snapshot(found, store)}.")
    return found


def _here(store: str) -> Path:
    return Path(SNAPSHOTS if is_url(store) else store)
