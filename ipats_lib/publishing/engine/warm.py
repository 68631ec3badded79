"""The warm process that notebooks are forked from, and where forking is unsafe."""

import builtins
import os
import sys
import threading
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tqdm import TMonitor  # type: ignore[import-untyped]

# What notebooks import, and what these import when first used: by a shell, a table, a traceback.
LIBRARIES = (
    *("numpy", "pandas", "pandas.io.formats.html", "pyarrow.parquet", "pyarrow.pandas_compat"),
    *("altair", "ipykernel.ipkernel", "IPython.core.completerlib", "IPython.core.crashhandler"),
    *("IPython.core.application", "IPython.core.logger", "IPython.core.magics.ast_mod"),
    *("IPython.core.magics.execution", "IPython.core.oinspect", "IPython.utils.wildcard"),
    *("stack_data", "pygments.lexers.python", "pygments.formatters.terminal256"),
)
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
HARMLESS_THREADS = {"jemalloc_bg_thd"}  # jemalloc has fork handlers of its own
filters: list[Any] = []  # the warning filters of Python and of the libraries, once warm


def platform_hazard() -> str | None:
    """Why no process may fork on this system, or None where forks are safe by themselves."""
    if os.environ.get("IPATS_ENGINE") == "kernel":
        return "IPATS_ENGINE=kernel asks for it"
    if not sys.platform.startswith("linux"):
        return f"forking is not safe on {sys.platform}"
    return None if hasattr(os, "pidfd_open") else "this Python cannot watch a process by descriptor"


def fork_hazard() -> str | None:
    """Why a fork would be unsafe here, or None when it is safe.

    A fork copies only the thread that calls it; a lock that another thread held stays locked in
    the child. Arrow and OpenBLAS have fork handlers, and their threads bear this process's name.
    So do duckdb's, on which a child hangs; V8's and tokio's have names of their own.
    """
    if reason := platform_hazard():
        return reason
    others = [thread for thread in threading.enumerate() if thread != threading.current_thread()]
    # A progress bar's monitor does no harm: its lock is ours during a fork.
    if names := sorted(thread.name for thread in others if not isinstance(thread, TMonitor)):
        return f"Python threads are running: {', '.join(names)}"
    arrow: Any = None if "duckdb" in sys.modules else sys.modules.get("pyarrow")
    known = arrow.cpu_count() + arrow.io_thread_count() if arrow else 0
    own, *native = native_threads({thread.native_id for thread in others})
    if native.count(own) > known:
        if (child := os.fork()) == 0:
            os._exit(0)  # OpenBLAS ends its threads at any fork
        os.waitpid(child, 0)
        own, *native = native_threads({thread.native_id for thread in others})
    if foreign := set(native) - {own} - HARMLESS_THREADS:
        return f"threads of other libraries are running: {', '.join(sorted(foreign))}"
    unknown = native.count(own)
    return f"{unknown} threads of unknown libraries are running" if unknown > known else None


def native_threads(known: set[int | None]) -> list[str]:
    """The names of this process's threads but for the known ones, its first thread's first."""
    names = {}
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # gone while being looked at
            names[int(task.name)] = (task / "comm").read_text().strip()
    return [names[number] for number in sorted(names) if number not in known]


def warm_up() -> None:
    """Import the libraries and what they import on first use, with pools of one thread.

    Call before other code starts threads; calling again does nothing.  Takes one to three seconds.
    """
    if filters:
        return
    for name in POOLS:
        os.environ.setdefault(name, "1")
    # pandas chooses the width of its tables when first imported, by asking where it is.
    if asked := not hasattr(builtins, "get_ipython"):
        builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    for name in LIBRARIES:
        import_module(name)
    if asked:
        del builtins.get_ipython  # type: ignore[attr-defined]
    altair, pandas = sys.modules["altair"], sys.modules["pandas"]
    sys.modules["pyarrow"].set_cpu_count(1)
    filters.extend(warnings.filters)
    altair.Chart(pandas.DataFrame({"a": [1]})).mark_bar().encode(x=altair.X("a:Q")).to_dict()
