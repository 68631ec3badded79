"""Notebooks in forked children of a clean process: what forks, what they do, who reads them.

multiprocessing's server imports `warm_server` and forks a *forker*, the forker a *guard* for each
process that runs notebooks, and the guard one notebook at a time. Forker and guard are sent
descriptors alone: what a notebook is to see, it reads from its own socket.
"""

import asyncio
import atexit
import codecs
import ctypes
import io
import json
import multiprocessing
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, suppress
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

import psutil
from ipykernel import compiler
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from traitlets.config import Config

from ipats_lib.publishing.engine.limits import Limits, kill
from ipats_lib.publishing.warm import warm_context

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CHUNK, SOCKETS = 1 << 20, (socket.AF_UNIX, socket.SOCK_SEQPACKET)
FOREVER = 1e6  # seconds
SETUP_FAILED = 70  # EX_SOFTWARE
Message = tuple[str, dict[str, Any]]
Guard = tuple[socket.socket, psutil.Process]
starting = threading.Lock()
forkers: list[socket.socket] = []  # the way to this process's forker, once it has one
idle: list[Guard] = []


@atexit.register
def leave() -> None:
    """Close the ways to forker and guards, which end then."""
    for end in (*forkers, *(control for control, _ in idle)):
        end.close()


def forker() -> socket.socket:
    """Where to ask for a guard; starts the warm server, in one to three seconds, if need be."""
    with starting, ExitStack() as stack:
        if forkers and not select.select(forkers, [], [], 0)[0]:  # it never sends, but may end
            return forkers[0]
        for ended in forkers:
            ended.close()
        context, (ours, theirs) = warm_context(), socket.socketpair(*SOCKETS)
        # Or the program that we are would be imported there.
        stack.callback(sys.modules.update, __main__=sys.modules["__main__"])
        sys.modules.update(__main__=ModuleType("__main__"))
        context.Process(target=serve, args=(theirs,), daemon=True).start()
        theirs.close()
        forkers[:] = [ours]
    return ours


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


class NotebookProcess:
    """A forked child that does a job, see `be_the_notebook`, while it is entered as a context."""

    def __init__(self, limits: Limits, job: dict[str, Any]) -> None:
        self.control, self.above = idle.pop() if idle else new_guard()
        self.limits, self.status, self.left = limits, None, ExitStack()
        self.wire, wire = map(self.left.enter_context, socket.socketpair())
        theirs, self.texts = [wire.fileno()], {}
        with ExitStack() as given:
            for name in ("stdout", "stderr"):
                file = self.left.enter_context(open(os.memfd_create(name), "rb"))
                self.texts[name] = codecs.getreader("utf-8")(file, "replace")
                path = f"/proc/self/fd/{file.fileno()}"
                theirs.append(given.enter_context(open(path, "ab")).fileno())
            with wire, suppress(OSError):  # a guard that is gone is met below
                socket.send_fds(self.control, [b"."], theirs)
        limits.printed = [text.fileno() for text in self.texts.values()]
        with suppress(OSError):
            self.wire.sendall(json.dumps(job).encode() + b"\n")

    def __enter__(self) -> Iterator[Message]:
        self.left.enter_context(self.limits.enforced(self.processes))
        return self.left.enter_context(closing(self.messages()))

    def messages(self) -> Generator[Message, None, None]:
        """What the notebook sends, in order, until its process has ended.

        Text comes as `stream` messages, before the message that follows it.  Raises
        NotebookTimeout, NotebookOutOfMemory, NotebookDied.
        """
        with suppress(ConnectionResetError), self.wire.makefile("rb") as lines:
            for line in lines:
                yield from self.text()
                yield json.loads(line)
                with suppress(OSError):  # it may have died meanwhile
                    self.wire.send(b"\n")
        yield from self.text()
        with suppress(OSError):
            said = self.control.recv(CHUNK)
            self.status, self.limits.peak_mb = json.loads(said) if said else (None, 0)
        if self.limits.stopped or self.status != 0:
            raise self.limits.end(self.status)

    def text(self) -> Iterator[Message]:
        """What has been printed since; not all that has been before a limit was passed."""
        most = CHUNK if self.limits.stopped else -1
        for name, file in self.texts.items():
            if text := file.read(most, most):
                yield "stream", {"name": name, "text": text}

    def processes(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            return list(self.above.children(recursive=True))
        return []

    def __exit__(self, *_: object) -> None:
        self.left.close()
        if self.status is not None:
            idle.append((self.control, self.above))
            return
        with self.control, suppress(OSError):  # the guard ends all that is left, and then itself
            self.control.shutdown(socket.SHUT_WR)
            while self.control.recv(CHUNK):
                pass


def new_guard() -> Guard:
    server, (control, theirs) = forker(), socket.socketpair(*SOCKETS)
    with theirs:
        socket.send_fds(server, [b"."], [theirs.fileno()])
    return control, psutil.Process(int(control.recv(CHUNK)))


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
        with ExitStack() as leave:
            look_like_a_kernel(leave)
            asyncio.new_event_loop().run_until_complete(run(Wire(end), job["cells"]))
            code = 0
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
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = [  # type: ignore[misc]
        io.TextIOWrapper(
            io.FileIO(number, "w", closefd=False), "UTF-8", "backslashreplace", write_through=True
        )
        for number in (1, 2)
    ]


async def run(wire: Wire, cells: list[tuple[str, bool]]) -> None:
    """Run one cell after the other in ipykernel's shell, up to the first that fails and may not,
    or that leaves."""
    # As warnings name a cell, without the process's number: equal runs say the same.
    compiler.get_tmp_directory = lambda: f"{tempfile.gettempdir()}/ipykernel_0"
    shell: ZMQInteractiveShell = ZMQInteractiveShell.instance(
        config=Config(HistoryManager={"enabled": False}),  # it has a thread
        compiler_class=compiler.XCachingCompiler,
    )
    shell.displayhook.session = shell.display_pub.session = wire
    shell.kernel = SimpleNamespace(eventloop=None)  # pandas asks whether there is one
    shell.enable_gui = lambda *_: None  # there is no window to show
    wire.send(None, "ready")
    for source, may_fail in cells:
        try:
            transformed, trouble = shell.transform_cell(source), None
        except Exception:
            transformed, trouble = source, sys.exc_info()
        result = await shell.run_cell_async(
            source, True, transformed_cell=transformed, preprocessing_exc_tuple=trouble
        )
        error = None if may_fail else result.error_before_exec or result.error_in_exec
        done = {
            "execution_count": result.execution_count,
            "error": {"ename": type(error).__name__, "evalue": str(error)} if error else None,
            "payload": shell.payload_manager.read_payload(),
        }
        wire.send(None, "done", done)
        if shell.exit_now or error:
            return
        await asyncio.sleep(0)  # tasks that cells have left go on between cells
