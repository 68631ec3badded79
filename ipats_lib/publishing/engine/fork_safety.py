"""May this process fork a child that goes on to run Python?

A fork copies only the thread that calls it; a lock that another thread held stays locked for ever
in the child.  Threads that are known to cope are let pass, all others are a hazard.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HARMLESS_NAMES = frozenset({"jemalloc_bg_thd"})  # jemalloc has fork handlers of its own


def fork_hazard() -> str | None:
    """Return why a fork would be unsafe here, or None when it is safe."""
    if reason := platform_hazard():
        return reason
    if names := _python_threads():
        return f"Python threads are running: {', '.join(names)}"
    if names := _foreign_threads():
        return f"threads of other libraries are running: {', '.join(names)}"
    if _unknown_threads() == 0:
        return None
    _fold_thread_pools()
    left = _unknown_threads()
    return f"{left} threads of unknown libraries are running" if left else None


def platform_hazard() -> str | None:
    """Return why no process may fork on this system, or None where forks are safe by themselves."""
    if os.environ.get("IPATS_ENGINE") == "kernel":
        return "IPATS_ENGINE=kernel asks for it"
    if not sys.platform.startswith("linux"):
        return f"forking is not safe on {sys.platform}"
    if not hasattr(os, "pidfd_open"):
        return "this Python cannot watch a process by descriptor"
    return None


def _python_threads() -> list[str]:
    threads = (
        thread for thread in threading.enumerate() if thread is not threading.current_thread()
    )
    return sorted(thread.name for thread in threads if not _is_progress_monitor(thread))


def _is_progress_monitor(thread: threading.Thread) -> bool:
    """True for tqdm's monitor: its one lock is held by us during the fork (`progress_lock`)."""
    return type(thread).__module__ == "tqdm._monitor"


def _foreign_threads() -> list[str]:
    """Names of threads whose library has named them: V8's and tokio's, once vl-convert was used.

    A fork hangs on these. Arrow's and OpenBLAS's bear the name of the thread that started them.
    """
    ours = {_thread_name(str(os.getpid())), *(_thread_name(tid) for tid in _known())}
    names = {_thread_name(tid) for tid in os.listdir("/proc/self/task")}
    return sorted(names - ours - HARMLESS_NAMES)


def _known() -> set[str]:
    return {str(thread.native_id) for thread in threading.enumerate()}


def _unknown_threads() -> int:
    """Count native threads that belong neither to Python nor to a library known to cope."""
    known = _known()
    native = [tid for tid in os.listdir("/proc/self/task") if tid not in known]
    unnamed = [tid for tid in native if _thread_name(tid) not in HARMLESS_NAMES]
    return len(unnamed) if len(unnamed) > _arrow_threads() else 0


def _thread_name(tid: str) -> str:
    try:
        return Path(f"/proc/self/task/{tid}/comm").read_text().strip()
    except OSError:
        return "jemalloc_bg_thd"  # gone while being looked at, so it can do no harm


def _arrow_threads() -> int:
    """Return how many threads may be arrow's, which makes its pools anew in a forked child.

    None are granted once duckdb is loaded: its threads look the same, and a fork hangs on them.
    """
    pyarrow: Any = sys.modules.get("pyarrow")
    if pyarrow is None or "duckdb" in sys.modules or not hasattr(pyarrow, "io_thread_count"):
        return 0
    return int(pyarrow.cpu_count()) + int(pyarrow.io_thread_count())


def _fold_thread_pools() -> None:
    """Let libraries with fork handlers (OpenBLAS) end their threads by forking an idle child.

    The child only exits, which is safe whatever other threads hold.
    """
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


@contextmanager
def progress_lock() -> Iterator[None]:
    """Hold tqdm's lock, if tqdm is in use, so that a forked child does not inherit it taken."""
    tqdm: Any = getattr(sys.modules.get("tqdm.std"), "tqdm", None)
    lock = getattr(tqdm, "_lock", None)
    if lock is None:
        yield
        return
    with lock:
        yield
