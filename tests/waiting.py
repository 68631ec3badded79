"""Waiting for what other processes do, without a word about how long it should take."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil


def wait_until(true: Callable[[], object], seconds: float = 120) -> None:
    """Return as soon as `true` says so; many times what it takes on a busy machine is a failure."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{seconds:g} seconds were not enough"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether it still runs; the dead that nobody has asked about do not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    """The processes below one, however deep."""
    try:
        return {process.pid for process in psutil.Process(pid).children(recursive=True)}
    except psutil.NoSuchProcess:
        return set()
