"""A publisher that fails, or is killed, at one of its durable calls.

The process that imports this forks a child for each attempt: the child counts its calls of fsync,
replace, rename, symlink, link, mkdir, unlink and rmdir, and at the chosen one meets a full disk
(`error`) or its death (`kill`). `strace -e inject` would reach the same calls from outside; this
shim needs no right to trace.
"""

import errno
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from ipats_lib.errors import IpatsError

CALLS = ("fsync", "replace", "rename", "symlink", "link", "mkdir", "unlink", "rmdir")


@dataclass(frozen=True)
class Attempt:
    """How an attempt ended. died: by a signal; said: the sentence that a user would see."""

    calls: int
    died: bool
    said: str
    gave: str


def attempt(action: Callable[[], object], at: int = 0, kind: str = "error") -> Attempt:
    """Run `action` in a forked child, with the fault `kind` at durable call number `at`.

    Anything but success or an IpatsError in the child is raised here.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(action, at, kind, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        outcome, calls, _, text = (pipe.read() + "\0\0\0").split("\0")[:4]
    _, status = os.waitpid(child, 0)
    if outcome == "broken":
        raise AssertionError(f"at call {at}, {kind}: {text}")
    told = {"said": text, "gave": ""} if outcome == "said" else {"said": "", "gave": text}
    return Attempt(calls=int(calls or 0), died=os.WIFSIGNALED(status), **told)


def _child(action: Callable[[], object], at: int, kind: str, writer: int) -> None:
    seen = [0]
    for name in CALLS:
        setattr(os, name, _faulty(getattr(os, name), seen, at, kind))
    try:
        outcome, text = "gave", str(action())
    except IpatsError as error:
        outcome, text = "said", str(error)
    except BaseException as error:
        outcome, text = "broken", repr(error)
    os.write(writer, f"{outcome}\0{seen[0]}\0\0{text}".encode())
    os._exit(0)


def _faulty(call: Callable[..., object], seen: list[int], at: int, kind: str):
    def durable(*arguments: object, **options: object) -> object:
        seen[0] += 1
        if seen[0] == at and kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if seen[0] == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return call(*arguments, **options)

    return durable
