"""Durable file steps: what they return from is on the disk, whole, under its own name."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SYNCS_AT_ONCE = 8


def write_file(path: Path, data: bytes, opener: Callable[[str, int], int] | None = None) -> None:
    """Write beside and rename, so that no reader ever meets half a file. opener: as of `open`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with open(beside, "wb", opener=opener) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    sync_folder(path.parent)


def sync_tree(folder: Path) -> None:
    """Bring every file and folder below `folder` to the disk.

    Several at a time: the disk's journal then settles many of them in one step.
    """
    paths = [
        path
        for parent, _, names in os.walk(folder)
        for path in (*(os.path.join(parent, name) for name in names), parent)
    ]
    with ThreadPoolExecutor(SYNCS_AT_ONCE) as pool:
        for _ in pool.map(sync_folder, paths):
            pass


def sync_folder(path: str | Path) -> None:
    """Bring a folder's own entries, or a file, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def point_to(link: Path, target: str) -> None:
    """Make `link` a symbolic link to `target` in one step that every reader sees as one."""
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    os.symlink(target, beside)
    os.replace(beside, link)
    sync_folder(link.parent)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
