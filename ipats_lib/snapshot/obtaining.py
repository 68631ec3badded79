"""The snapshot that a command is to work with, from whatever it was given.

Nobody reads rows over the network: a snapshot at an fsspec URL is copied into a store of this
machine, checked, and read there. It is named by its content, so a copy need not be made twice.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path, PurePosixPath
from typing import cast

from ipats_lib.errors import SnapshotError
from ipats_lib.places import SNAPSHOTS, Place, is_url
from ipats_lib.snapshot import make
from ipats_lib.snapshot.areas import ContactRule
from ipats_lib.snapshot.make import Progress, make_snapshot
from ipats_lib.snapshot.manifest import NAME, Manifest, parse_manifest
from ipats_lib.snapshot.snapshot import Snapshot, open_snapshot
from ipats_lib.snapshot.store import damaged_file, is_whole, keep, stored_bytes, workspace

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

    store: a folder, or a URL to which the snapshot is sent as well, and `notice` names it.
    Raises as `make_snapshot`, `fetch_snapshot` and `send_snapshot` do.
    """
    if is_url(place) or is_snapshot(place):
        found = kept_snapshot(place, store)
    else:
        rule = cast(ContactRule, contacts)
        found = make_snapshot(
            Path(place), _here(store), as_of=as_of, contact_rule=rule, progress=progress
        )
    if is_url(store):
        notice(f"Snapshot sent to {send_snapshot(found, store)}.")
    return found


@contextmanager
def passing_snapshot(
    place: str,
    asked: Mapping[str, Sequence[str]],
    as_of: date | None = None,
    progress: Progress | None = None,
) -> Iterator[Snapshot]:
    """The snapshot that is at `place`, or one of the extract there that is not kept (`make`)."""
    if is_url(place) or is_snapshot(place):
        yield kept_snapshot(place)
    else:
        store = Path(SNAPSHOTS)
        with make.passing_snapshot(Path(place), store, asked, as_of, progress) as found:
            yield found


def is_snapshot(place: str) -> bool:
    """Whether a snapshot is at a folder or URL, maybe a damaged one. Raises PlaceError."""
    if is_url(place):
        return Place(place).read(NAME) is not None
    return any(os.path.lexists(Path(place) / name) for name in _OF_A_SNAPSHOT)


def _here(store: str) -> Path:
    return Path(SNAPSHOTS if is_url(store) else store)


def fetch_snapshot(url: str, store: Path) -> Snapshot:
    """The snapshot at `url`, whose last segment is its id, from the copy in `store`.

    SnapshotError when there is none or a byte of it is not as its name says; PlaceError when the
    place does not answer.
    """
    place = Place(url)
    text = place.read(NAME)
    if text is None:
        raise SnapshotError(f"{place} is not a snapshot: it has no {NAME}.")
    manifest = parse_manifest(text, str(place))
    if manifest.id != PurePosixPath(str(place)).name:
        raise SnapshotError(f"{place} holds another snapshot than its name says: {manifest.id}.")
    copy = store / manifest.id
    if not is_whole(copy, manifest):
        copy = _copied(place, manifest, store)
    return open_snapshot(copy)


def _copied(place: Place, manifest: Manifest, store: Path) -> Path:
    with workspace(store) as work:
        content = work / "content"
        for file in manifest.files:
            to = content / file.path
            if not to.resolve().is_relative_to(content.resolve()):
                raise SnapshotError(f"{place}/{NAME} names a file outside of the snapshot.")
            to.parent.mkdir(parents=True, exist_ok=True)
            place.fetch(file.path, to)
        damaged = damaged_file(content, manifest, verify=True)
        if damaged is not None:
            raise SnapshotError(f"Snapshot {place} is damaged at {damaged}: send it again.")
        return keep(content, manifest, store)


def send_snapshot(snapshot: Snapshot, url: str) -> str:
    """Copy a snapshot to the store at `url`; gives its address there, without user and password.

    `snapshot.json` comes last: what has none is no snapshot yet. PlaceError when refused,
    SnapshotError when a file is damaged.
    """
    place, manifest = Place(url), snapshot.manifest
    there = f"{snapshot.id}/{NAME}"
    if place.read(there) != manifest.text().encode():
        for file in manifest.files:
            place.write(f"{snapshot.id}/{file.path}", stored_bytes(snapshot.path, file))
        place.write(there, manifest.text().encode())
    return f"{str(place).rstrip('/')}/{snapshot.id}"
