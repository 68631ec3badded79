"""Snapshots in another place than this machine: an fsspec URL.

Nobody reads rows over the network: a snapshot is copied into a store of this machine, checked, and
read there. It is named by its content, so a copy need not be made twice.
"""

from pathlib import Path, PurePosixPath

from ipats_lib.errors import SnapshotError
from ipats_lib.places import Place
from ipats_lib.snapshot.manifest import NAME, Manifest, parse_manifest
from ipats_lib.snapshot.snapshot import Snapshot, open_snapshot
from ipats_lib.snapshot.store import damaged_file, is_whole, keep, stored_bytes, workspace


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
