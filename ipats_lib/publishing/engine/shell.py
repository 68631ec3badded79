"""The forked child: ipykernel's shell without a kernel, its messages as lines on a socket."""

import asyncio
import atexit
import gc
import io
import json
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import SimpleNamespace
from typing import Any, NoReturn

from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell as KernelShell
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from traitlets import Type
from traitlets.config import Config

from ipats_lib.publishing.engine.warm import filters

Cells = Sequence[tuple[str, bool]]
"""The source of each code cell to run, and whether it may fail."""
FOREVER = 1e6  # seconds
SETUP_FAILED = 70  # EX_SOFTWARE


class Wire(Session):
    """A Jupyter session that sends to the engine, and waits until each message is taken with the
    text before it: what cells print goes straight to descriptors 1 and 2."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(key=b"")
        end.settimeout(FOREVER)  # so that no notebook can make it one that does not wait
        self.end, self.lock, self.owner = end, threading.RLock(), os.getpid()

    def send(self, _: Any, message: Any, content: Any = None, *__: Any, **___: Any) -> None:
        """Send what a shell displays; a process that a notebook has forked sends nothing."""
        if isinstance(message, dict):
            message, content = message["msg_type"], message["content"]
        line = json.dumps([message, content], default=json_default).encode()
        if os.getpid() == self.owner:
            with self.lock:
                self.end.sendall(line + b"\n")
                self.end.recv(1)


class Compiler(XCachingCompiler):  # type: ignore[misc]
    """ipykernel's names of cells, as warnings show them, without the process's number."""

    def get_code_name(self, *given: Any) -> str:
        return str(super().get_code_name(*given)).replace(f"_{os.getpid()}", "_0", 1)


class ZMQInteractiveShell(KernelShell):
    """ipykernel's shell, whose name libraries look for to know that they are in Jupyter."""

    compiler_class = Type(Compiler)

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window to show."""


def be_the_notebook(
    cells: Cells, directory: str | None, wire: socket.socket, texts: tuple[int, int]
) -> NoReturn:
    """Run the cells, send what they give to `wire`, and never return: the stack below belongs to
    the caller.  texts: what descriptors 1 and 2 lead to."""
    code = SETUP_FAILED
    try:
        _take_descriptors(wire.fileno(), texts)
        if directory is not None:
            os.chdir(directory)
        leave = ExitStack()
        _forget_the_caller(leave)
        asyncio.new_event_loop().run_until_complete(_run(_shell(Wire(wire)), cells))
        code = 0
        leave.close()
    except BaseException:
        with suppress(Exception):
            traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def _take_descriptors(wire: int, texts: tuple[int, int]) -> None:
    """0 reads nothing, 1 and 2 lead to the engine, and nothing of the caller's stays open.

    A worker's pipe holds the next job, another scope's records. The numbers stay taken, so that
    an object of the caller's that closes its own cannot close one of the notebook's.
    """
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number, target in enumerate((nothing, *texts)):
        os.dup2(target, number)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in (wire, nothing):
            with suppress(OSError):  # the listing's own is closed by now
                os.fstat(number)
                os.dup2(nothing, number, inheritable=False)
    os.close(nothing)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # short of memory, Linux ends the notebook and not the engine


def _forget_the_caller(leave: ExitStack) -> None:
    """Undo the caller's settings.  leave: gets the notebook's exit functions; the caller's are not
    the notebook's to run."""
    gc.freeze()  # no object of the caller's is collected here, to clean up twice
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warnings.resetwarnings()
    warnings.filters.extend(filters)  # type: ignore[attr-defined]
    warnings.showwarning = _show_warning  # the caller may be recording them
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    sys.modules["numpy.random"].seed()
    multiprocessing.current_process().name = "MainProcess"
    sys.argv = ["ipykernel_launcher.py"]
    if "" not in sys.path:
        packages = (n for n, path in enumerate(sys.path) if path.endswith("site-packages"))
        sys.path.insert(next(packages, 0), "")
    os.environ |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    os.environ |= {"PYTHONBREAKPOINT": "0"}  # nobody debugs
    gone: list[Any] = []

    def register(function: Any, *args: Any, **options: Any) -> Any:
        leave.callback(lambda: function in gone or function(*args, **options))
        return function

    atexit.register, atexit.unregister = register, gone.append  # type: ignore[assignment]


def _show_warning(
    message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    text = warnings.formatwarning(message, category, filename, lineno, line)
    print(text, file=file or sys.stderr, end="")


def _shell(wire: Wire) -> ZMQInteractiveShell:
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = [  # type: ignore[misc]
        io.TextIOWrapper(
            io.FileIO(number, "w", closefd=False), "UTF-8", "backslashreplace", write_through=True
        )
        for number in (1, 2)
    ]
    settings = Config()
    settings.HistoryManager.enabled = False  # it has a thread
    InteractiveShell.clear_instance()
    shell: ZMQInteractiveShell = ZMQInteractiveShell.instance(config=settings)
    shell.displayhook.session = shell.display_pub.session = wire
    shell.kernel = SimpleNamespace(eventloop=None)  # pandas asks whether there is one
    return shell


async def _run(shell: ZMQInteractiveShell, cells: Cells) -> None:
    """Run one cell after the other, up to the first that fails and may not, or that leaves."""
    wire = shell.display_pub.session
    wire.send(None, "ready")
    for source, may_fail in cells:
        try:
            transformed, trouble = shell.transform_cell(source), None
        except Exception:
            transformed, trouble = source, sys.exc_info()
        result = await shell.run_cell_async(
            source, True, transformed_cell=transformed, preprocessing_exc_tuple=trouble
        )
        error = result.error_before_exec or result.error_in_exec
        told = {"ename": type(error).__name__, "evalue": str(error)} if error else None
        payload = shell.payload_manager.read_payload()
        count = {"execution_count": result.execution_count}
        wire.send(None, "done", {**count, "error": told, "payload": payload})
        shell.payload_manager.clear_payload()
        if shell.exit_now or (error and not may_fail):
            return
        await asyncio.sleep(0)  # tasks that cells have left go on between cells
