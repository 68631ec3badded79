"""Processes as /proc shows them: who descends from whom, what they hold, how to end them.

Linux only.  A process that ends while it is being looked at counts as absent.
"""

import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_GET_CHILD_SUBREAPER = 37


@dataclass(frozen=True, slots=True)
class Process:
    """One line of the process table.  ended: dead, and nobody has asked about it yet."""

    pid: int
    parent: int
    session: int
    ended: bool


def processes() -> list[Process]:
    """Return every process that can be seen."""
    found = (_process(name) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process is not None]


def _process(pid: str) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            stat = file.read().decode(errors="replace")
    except OSError:
        return None
    # The command's name stands in parentheses and may itself contain blanks and parentheses.
    fields = stat.rpartition(")")[2].split()
    return Process(int(pid), int(fields[1]), int(fields[3]), fields[0] == "Z")


def descendants(roots: Iterable[int], table: list[Process] | None = None) -> set[int]:
    """Return the process ids below `roots`, the roots included, in a table read before or now."""
    children: dict[int, list[int]] = {}
    for process in processes() if table is None else table:
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children.get(pid, []))
    return found


def below(roots: Iterable[int]) -> list[Process]:
    """Return the processes below `roots`, the roots included: a look at these alone, where Linux
    lists children, so that it costs little on a machine that is full of others."""
    if _listed() is None:
        table = processes()
        found = descendants(roots, table)
        return [process for process in table if process.pid in found]
    seen: dict[int, Process | None] = {}
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in seen:
            seen[pid] = _process(str(pid))
            waiting.extend(int(child) for child in (_listed(str(pid)) or "").split())
    return [process for process in seen.values() if process is not None]


def session_members(session: int) -> set[int]:
    """Return the living processes of one session, whoever their parent is by now."""
    return {p.pid for p in processes() if p.session == session and not p.ended}


def carrying(variable: str) -> set[int]:
    """Return the living processes that were started with `variable` (`NAME=value`) around them.

    Found so whoever their parent and whatever their session is by now.
    """
    wanted = variable.encode()
    return {p.pid for p in processes() if wanted in _environment(p.pid).split(b"\0")}


def _environment(pid: int) -> bytes:
    """Empty for a process that is gone or not ours."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def strays(known: set[int]) -> set[int]:
    """Return our direct children that live in another session and are not in `known`.

    A notebook leads its own session, so what it leaves behind is never in ours.
    """
    session = os.getsid(0)
    return {p.pid for p in _own() if p.session != session and p.pid not in known}


def children() -> set[int]:
    """Return our direct children."""
    return {process.pid for process in _own()}


def _own() -> list[Process]:
    """Our direct children; of Linux' own list where it keeps one, which costs no look at all."""
    listed, before = _listed(), None
    while listed is not None and listed != before:
        # A child that ends while the list is read may hide another from it.
        listed, before = _listed(), listed
    if listed is None:
        return [process for process in processes() if process.parent == os.getpid()]
    found = (_process(pid) for pid in listed.split())
    return [process for process in found if process is not None and process.parent == os.getpid()]


def _listed(pid: str = "self") -> str | None:
    """The process ids of the children of each thread; None where Linux does not tell."""
    try:
        tasks = sorted(os.listdir(f"/proc/{pid}/task"))
        return " ".join(Path(f"/proc/{pid}/task/{task}/children").read_text() for task in tasks)
    except OSError:
        return None


def private_memory(pid: int | str) -> int:
    """Return bytes of anonymous and shared memory, without files: 0 for a process that is gone."""
    return _kilobytes(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:"))


def proportional_memory(pid: int | str) -> int:
    """Return the same with each shared page divided among its holders; dear for a large process."""
    try:
        return _kilobytes(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:"))
    except PermissionError:
        return private_memory(pid)


def _kilobytes(path: str, labels: tuple[str, ...]) -> int:
    try:
        lines = Path(path).read_text().splitlines()
    except PermissionError:
        raise
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(labels)) * 1024


def kill(pids: Iterable[int]) -> None:
    """Kill each process that still exists and is ours to kill."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def reap(pid: int) -> int | None:
    """Wait for a child and return its exit code as `subprocess` gives it, None when unknown."""
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:
        return None


def die_with_parent(parent: int) -> None:
    """Ask Linux to kill this process when `parent` ends; end at once if it already has."""
    _prctl()(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


@contextmanager
def adopting_orphans() -> Iterator[None]:
    """Make descendants that lose their parent our children, so that they can be found."""
    prctl = _prctl()
    before = ctypes.c_int(0)
    prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(before))
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, before.value)


def sweep(known: set[int]) -> None:
    """Kill and reap all that a notebook has left to us; `known` are the children that are ours."""
    while left := strays(known):
        kill(descendants(left))
        for pid in left:
            reap(pid)


def _prctl() -> Callable[..., int]:
    function: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
    return function
