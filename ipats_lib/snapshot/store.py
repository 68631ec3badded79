"""The folder of snapshots: each is made aside and appears whole, in one rename, or not at all."""

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ipats_lib import locks
from ipats_lib.durable import file_hash, sync_folder, sync_tree
from ipats_lib.errors import SnapshotError
from ipats_lib.inputs import is_utf8, spelled
from ipats_lib.snapshot.manifest import NAME, Manifest, StoredFile, read_manifest

_PREFIX = ".making-"
_HASHING = 4  # threads; hashing lets go of Python's lock


def find(store: Path, source_key: str) -> Path | None:
    """The undamaged snapshot that was made from the same source in the same way."""
    for folder in sorted(store.glob(f"*/{NAME}")):
        try:
            manifest = read_manifest(folder.parent)
        except SnapshotError:
            continue
        if manifest.source_key == source_key and is_whole(folder.parent, manifest):
            return folder.parent
    return None


def kept(store: Path) -> list[Manifest]:
    """What is in a store, the newest as-of date first; SnapshotError when there is no such folder.

    What is no snapshot, or one whose own description is damaged, is left out.
    """
    if not store.is_dir():
        raise SnapshotError(f"{spelled(store)} is no folder of snapshots.")
    found = []
    for file in sorted(store.glob(f"*/{NAME}")):
        with suppress(SnapshotError):
            found.append(read_manifest(file.parent))
    return sorted(found, key=lambda one: one.provenance.as_of, reverse=True)


def prune(store: Path, names: Iterable[str]) -> None:
    """Remove snapshots of a store by their ids, each in one step; SnapshotError as `workspace`."""
    with workspace(store) as work:
        for name in names:
            os.rename(store / name, work / name)


@contextmanager
def workspace(store: Path) -> Iterator[Path]:
    """A folder inside the store for the time being; removed in any case.

    What a killed run left behind is removed first. SnapshotError when the store cannot be
    written.
    """
    if not is_utf8(str(store)):
        raise SnapshotError(f"The store {spelled(store)} is not UTF-8: choose another folder.")
    with ExitStack() as stack:
        try:
            work = _locked_workspace(store, stack)
            yield work
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise SnapshotError(f"The store {store} cannot be written ({why}).") from None


def _locked_workspace(store: Path, stack: ExitStack) -> Path:
    """A new folder that nobody sweeps away while this process holds its lock."""
    locks.require()
    store.mkdir(parents=True, exist_ok=True)
    with ExitStack() as entering:
        _lock(store, entering)
        _sweep(store)
        work = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=store))
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        _lock(work, stack)
    return work


def _lock(folder: Path, stack: ExitStack, *, wait: bool = True) -> None:
    """Hold a folder's lock until the stack is left; a killed process lets go of it."""
    number = os.open(folder, os.O_RDONLY)
    stack.callback(os.close, number)
    locks.hold(number, wait=wait)


def _sweep(store: Path) -> None:
    """Remove workspaces whose owner is gone: nobody holds their lock."""
    for left in store.glob(f"{_PREFIX}*"):
        with ExitStack() as stack, suppress(BlockingIOError):
            _lock(left, stack, wait=False)
            shutil.rmtree(left, ignore_errors=True)


def keep(content: Path, manifest: Manifest, store: Path) -> Path:
    """Move a finished folder into the store under its id.

    An identical snapshot stays as it is; one with a missing or changed file is replaced.
    """
    (content / NAME).write_text(manifest.text(), encoding="utf-8")
    sync_tree(content)
    target = store / manifest.id
    if target.exists() and not is_whole(target, manifest):
        os.rename(target, content.with_name("damaged"))
    try:
        os.rename(content, target)
    except OSError as error:
        # What stands there is the same snapshot, made before or by another run.
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    sync_folder(store)
    return target


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether this very snapshot is in the folder, to the last byte."""
    try:
        kept = read_manifest(folder)
    except SnapshotError:
        return False
    return kept.id == manifest.id and damaged_file(folder, manifest, verify=True) is None


def damaged_file(folder: Path, manifest: Manifest, *, verify: bool = False) -> str | None:
    """The first file that is missing or has another size (with `verify`: other bytes)."""
    damaged = (file.path for file in manifest.files if not _has_size(folder, file))
    if (found := next(damaged, None)) is not None or not verify:
        return found
    with ThreadPoolExecutor(_HASHING) as pool:
        hashes = pool.map(lambda file: _hash_or_nothing(folder / file.path), manifest.files)
        pairs = zip(manifest.files, hashes, strict=True)
        return next((file.path for file, said in pairs if said != file.sha256), None)


def _has_size(folder: Path, file: StoredFile) -> bool:
    stored = folder / file.path
    return stored.is_file() and stored.stat().st_size == file.bytes


def _hash_or_nothing(path: Path) -> str:
    try:
        return file_hash(path)
    except OSError:
        return ""


def stored_bytes(folder: Path, file: StoredFile) -> bytes:
    """A file's bytes, which are those that the manifest has: nothing else is ever parsed.

    SnapshotError when the file is missing or has changed, be it since the snapshot was opened.
    """
    with suppress(OSError):
        data = (folder / file.path).read_bytes() if _has_size(folder, file) else b""
        if hashlib.sha256(data).hexdigest() == file.sha256:
            return data
    raise damaged_error(folder, file.path)


def damaged_error(folder: Path, name: str) -> SnapshotError:
    return SnapshotError(f"Snapshot {folder} is damaged at {name}: make it again.")


def stored_files(content: Path) -> tuple[StoredFile, ...]:
    """Hash and size of every file below a folder, sorted by path."""
    files = sorted(path for path in content.rglob("*") if path.is_file())
    return tuple(
        StoredFile(path.relative_to(content).as_posix(), file_hash(path), path.stat().st_size)
        for path in files
    )
