"""The clean processes that notebooks are forked from, and the forked child: ipykernel's shell
without a kernel, its messages as lines on a socket.

Forker and guard never hold what a notebook is to see: the child reads it from its own socket.
"""

import asyncio
import atexit
import ctypes
import io
import json
import multiprocessing
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import ExitStack, suppress
from types import SimpleNamespace
from typing import Any, NoReturn

import psutil
from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell as KernelShell
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from traitlets import Type
from traitlets.config import Config

from ipats_lib.publishing.engine.limits import kill

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
FOREVER = 1e6  # seconds
SETUP_FAILED = 70  # EX_SOFTWARE


def serve(requests: socket.socket) -> None:
    """Be the forker: a guard for each socket that is sent, until nobody can send any more."""
    os.setsid()  # not interrupted with its publisher, whose end it sees
    own = multiprocessing.current_process()
    own.name, own.daemon = "MainProcess", False  # for the notebooks, which may start others
    while sent := socket.recv_fds(requests, 1, 1)[1]:
        if os.fork() == 0:
            requests.close()
            guard(socket.socket(fileno=sent[0]))
        os.close(sent[0])
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def guard(control: socket.socket) -> NoReturn:
    """Fork a notebook each time that three descriptors are sent, and say how it has ended: with
    which code, and the MB of its largest process. All that it leaves becomes our child."""
    prctl, us = ctypes.CDLL(None).prctl, os.getpid()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    with suppress(OSError):  # whoever asks may end at any time
        control.send(str(us).encode())
        while sent := socket.recv_fds(control, 1, 3)[1]:
            if (pid := os.fork()) == 0:
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() == us:
                    be_the_notebook(*sent)
                os._exit(SETUP_FAILED)
            ended = os.pidfd_open(pid)
            select.select([control.fileno(), ended], [], [])
            for number in (ended, *sent):
                os.close(number)
            control.send(json.dumps(end(pid)).encode())
    os._exit(0)


def end(notebook: int) -> tuple[int, int]:
    """End every child of ours, and say how the notebook has ended."""
    found = (SETUP_FAILED, 0)
    with suppress(ChildProcessError):  # once there is none left
        while True:
            pid, status, used = os.wait4(-1, os.WNOHANG)
            if pid == notebook:
                found = os.waitstatus_to_exitcode(status), used.ru_maxrss // 1024
            elif pid == 0:
                kill(psutil.Process().children(recursive=True))
                time.sleep(0.002)  # until they are gone
    return found


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


def be_the_notebook(wire: int, out: int, err: int) -> NoReturn:
    """Run the cells that are sent to `wire`, send what they give there, and never return: the
    stack below is the guard's.  out, err: what descriptors 1 and 2 lead to.

    A job has `cells` (the source of each code cell, and whether it may fail), `folder` to run in
    and `environ`.
    """
    code = SETUP_FAILED
    try:
        take_descriptors(wire, out, err)
        end = socket.socket(fileno=wire)
        job = json.loads(end.makefile("rb").readline())
        os.chdir(job["folder"])
        os.environ.clear()
        os.environ.update(job["environ"])
        leave = ExitStack()
        look_like_a_kernel(leave)
        asyncio.new_event_loop().run_until_complete(run(notebook_shell(Wire(end)), job["cells"]))
        code = 0
        leave.close()
    except BaseException:
        with suppress(Exception):
            traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def take_descriptors(wire: int, *texts: int) -> None:
    """0 reads nothing, 1 and 2 lead to the engine, and nothing of the guard's stays open.

    The numbers stay taken, so that an object of the guard's that closes its own cannot close one
    of the notebook's.
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


def look_like_a_kernel(leave: ExitStack) -> None:
    """Set what a kernel has set.  leave: gets the notebook's exit functions."""
    sys.modules["numpy.random"].seed()
    sys.argv = ["ipykernel_launcher.py"]
    if "" not in sys.path:
        packages = (n for n, path in enumerate(sys.path) if path.endswith("site-packages"))
        sys.path.insert(next(packages, 0), "")
    plots = "module://matplotlib_inline.backend_inline"
    os.environ.update(MPLBACKEND=plots, PYTHONBREAKPOINT="0")  # nobody debugs
    gone: list[Any] = []

    def register(function: Any, *args: Any, **options: Any) -> Any:
        leave.callback(lambda: function in gone or function(*args, **options))
        return function

    atexit.register, atexit.unregister = register, gone.append  # type: ignore[assignment]


def notebook_shell(wire: Wire) -> ZMQInteractiveShell:
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


async def run(shell: ZMQInteractiveShell, cells: list[tuple[str, bool]]) -> None:
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
        done = {"execution_count": result.execution_count, "error": told}
        wire.send(None, "done", {**done, "payload": shell.payload_manager.read_payload()})
        shell.payload_manager.clear_payload()
        if shell.exit_now or (error and not may_fail):
            return
        await asyncio.sleep(0)  # tasks that cells have left go on between cells
