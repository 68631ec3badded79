"""Make a forked child look like a process that has just been started.

What the caller did to warnings, logging, signals, tracing or progress bars is undone here, so that
a notebook sees what an ordinary kernel would show it.  Imported modules stay: they are the point.
"""

import asyncio
import atexit
import faulthandler
import gc
import logging
import os
import random
import signal
import sys
import threading
import warnings
import weakref
from collections.abc import Callable
from typing import Any

from ipats_lib.publishing.engine import warnings_baseline

KEPT_SIGNALS = {signal.SIGKILL, signal.SIGSTOP}
KERNEL_COLUMNS = 20  # pandas' display.max_columns in a notebook; 0 is its choice for a terminal


def make_fresh() -> None:
    """Undo the caller's traces.  Call once, right after the fork."""
    gc.freeze()  # the caller's objects are never collected here, so none of them cleans up twice
    _drop_exit_functions()
    _reset_interpreter_hooks()
    _reset_signals()
    _reset_warnings()
    _reset_logging()
    _reset_random()
    _reset_multiprocessing()
    _reset_progress_bars()
    _reset_pandas()
    _reset_arguments()
    _reset_import_path()


def _drop_exit_functions() -> None:
    """The caller's exit functions and finalizers would, for one, delete its temporary folders."""
    atexit._clear()
    finalize: Any = weakref.finalize
    finalize._registry.clear()
    finalize._registered_with_atexit = False


def _reset_interpreter_hooks() -> None:
    sys.settrace(None)
    sys.setprofile(None)
    threading.settrace(None)  # type: ignore[arg-type]
    threading.setprofile(None)
    faulthandler.disable()
    sys.excepthook = sys.__excepthook__
    sys.displayhook = sys.__displayhook__
    sys.breakpointhook = debugpy_breakpointhook
    sys.unraisablehook = sys.__unraisablehook__
    threading.excepthook = threading.__excepthook__


def debugpy_breakpointhook() -> None:
    """What `breakpoint()` is in an ordinary kernel: its debugger goes on where nobody debugs."""


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - KEPT_SIGNALS:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    asyncio.events._set_running_loop(None)
    asyncio.set_event_loop_policy(None)


def _reset_warnings() -> None:
    module: Any = warnings
    warnings.filters[:] = warnings_baseline.filters()  # type: ignore[index]
    module._filters_mutated()
    # A caller that records warnings has put its list here.
    module._showwarnmsg_impl = _print_warning
    warnings.showwarning = module._showwarning_orig


def _print_warning(message: Any) -> None:
    module: Any = warnings
    if sys.stderr is not None:
        sys.stderr.write(module._formatwarnmsg(message))


def _reset_logging() -> None:
    logging.disable(logging.NOTSET)
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)


def _reset_random() -> None:
    """Draw new states, as a new process does; `random` alone does so by itself after a fork."""
    random.seed()
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _reset_multiprocessing() -> None:
    process: Any = sys.modules.get("multiprocessing.process")
    if process is not None:
        current = process._current_process  # a worker's, when the caller is one
        current._name = "MainProcess"
        current._config = current._config | {"daemon": False}
        process._parent_process = None
        process._children = set()
    _forget_servers_of_multiprocessing()
    util: Any = sys.modules.get("multiprocessing.util")
    if util is not None:
        util._finalizer_registry.clear()
        atexit.register(util._exit_function)


def _forget_servers_of_multiprocessing() -> None:
    """The caller's tracker and fork server are reached through files that are gone."""
    tracker: Any = sys.modules.get("multiprocessing.resource_tracker")
    if tracker is not None:
        tracker._resource_tracker._fd = tracker._resource_tracker._pid = None
    server: Any = getattr(sys.modules.get("multiprocessing.forkserver"), "_forkserver", None)
    if server is not None:
        server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = None


def _reset_progress_bars() -> None:
    tqdm: Any = getattr(sys.modules.get("tqdm.std"), "tqdm", None)
    for bar in list(getattr(tqdm, "_instances", ())):
        tqdm._instances.remove(bar)


def _reset_pandas() -> None:
    """pandas takes the place of its first import for a terminal unless a notebook was running."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is not None and pandas.get_option("display.max_columns") == 0:
        pandas.set_option("display.max_columns", KERNEL_COLUMNS)


def _reset_arguments() -> None:
    """Show a kernel's command line and environment; the caller's own options are not for cells."""
    sys.argv = ["ipykernel_launcher.py"]
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")


def _reset_import_path() -> None:
    """Let cells import from the working directory, last before site-packages, as a kernel does."""
    if sys.path and sys.path[0] == "":
        del sys.path[0]
    places = (place for place, path in enumerate(sys.path) if path.endswith("site-packages"))
    sys.path.insert(next(places, 0), "")


def run_exit_functions() -> None:
    """Run what the notebook has registered to happen at the end of its process."""
    leave: Callable[[], None] = atexit._run_exitfuncs
    leave()
