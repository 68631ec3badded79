"""Locks of open files and folders: held by one process, freed by any death of it."""

import errno
import getpass
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ipats_lib.errors import PublisherBusyError, UsageError


def user_name() -> str:
    """The user's name; `uid 12345` where the system has none for the number (a container's)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the one up to Python 3.12, the other from 3.13
        return f"uid {os.getuid()}"


with suppress(ImportError):  # Windows has none that could be freed so
    import fcntl


TRY_AGAIN = 0.005


def exist() -> bool:
    """Whether this system has them."""
    return "fcntl" in globals()


def require() -> None:
    """UsageError where this system has none."""
    if not exist():
        raise UsageError(
            "Writing a site, a snapshot or an audit log needs Linux or macOS, whose files have "
            "locks."
        )


def hold(descriptor: int, *, wait: bool = True) -> None:
    """Hold the lock of an open file or folder, alone.

    BlockingIOError when another holds it and we are not to wait; UsageError as `require`.
    """
    require()
    fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@contextmanager
def held(descriptor: int, patience: float) -> Iterator[None]:
    """Alone among the processes that hold this file open; TimeoutError when another still holds its
    lock after `patience` seconds."""
    until = time.monotonic() + patience
    while True:
        try:
            hold(descriptor, wait=False)
            break
        except BlockingIOError:
            if time.monotonic() >= until:
                raise TimeoutError(errno.ETIMEDOUT, "somebody else holds its lock") from None
            time.sleep(TRY_AGAIN)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def one_at_a_time(file: Path, what: object) -> Iterator[None]:
    """Hold a lock file, and write into it who holds it; freed by any death of this process.

    PublisherBusyError names the holder of `what` when another process has it.
    """
    require()
    with file.open("a+") as lock:
        try:
            hold(lock.fileno(), wait=False)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read() or "another publisher"
            raise PublisherBusyError(f"{what} is held by {holder}; try again later.") from None
        lock.truncate(0)
        lock.write(f"{user_name()} on {socket.gethostname()}, process {os.getpid()}")
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)
