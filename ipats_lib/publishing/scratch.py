"""Where a run keeps scopes' data for a moment: one private folder, removed at the run's end.

A run that is killed cannot remove its own. It held the folder's lock, which its death has freed:
the next run on the machine finds the folder unlocked and removes it. Locks and not process numbers,
because containers that share `/tmp` do not share those.
"""

import multiprocessing.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ipats_lib import locks

PREFIX = "ipats-run-"
LONGEST_SOCKET = 100  # of the 107 bytes that Linux allows a socket's path, macOS 103
_UNNAMED = "ipats-new-"
_used: list[Path] = []


@contextmanager
def run_folder() -> Iterator[Path]:
    """This run's own folder, which nobody else can enter; what killed runs have left goes first."""
    sweep()
    unnamed = Path(tempfile.mkdtemp(prefix=_UNNAMED))
    lock = _locked(unnamed)  # before it has the name that a sweep looks for
    folder = unnamed.rename(unnamed.with_name(PREFIX + unnamed.name.removeprefix(_UNNAMED)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def for_sockets(place: str, tail: str) -> str:
    """`place`, or the system's short one where the path of a socket below it would be too long.

    tail: the longest that is added to the place; mkdtemp makes the folder that only we can enter.
    """
    return place if len(os.fsencode(place + tail)) <= LONGEST_SOCKET else "/tmp"  # noqa: S108


def keep_sockets_short() -> None:
    """Let multiprocessing keep its sockets where their paths are short enough, and nothing else."""
    usual = tempfile.gettempdir()
    tempfile.tempdir = for_sockets(usual, "/pymp-xxxxxxxx/listener-xxxxxxxx")
    try:
        multiprocessing.util.get_temp_dir()  # made once, and used from now on
    finally:
        tempfile.tempdir = usual


def use(folder: Path) -> None:
    """In a worker process: keep everything in this run's folder."""
    _used[:] = [folder]


def in_use() -> Path | None:
    """This process's run folder; None outside a run, where the system's place must do."""
    return _used[0] if _used and _used[0].is_dir() else None


def sweep() -> None:
    """Remove our own folders that no living run holds; none where nothing tells which those are."""
    if not locks.exist():
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            if (lock := _locked(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock as long as this process lives; None when taken,
    or where the system has no such locks."""
    if not locks.exist():
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        locks.hold(descriptor, wait=False)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
