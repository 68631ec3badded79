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
from contextlib import ExitStack, suppress
from functools import lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

import psutil
from ipykernel import compiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.shellapp import InteractiveShellApp
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from traitlets.config import Config

from ipats_lib.publishing.engine.limits import Limits, kill
from ipats_lib.publishing.warm import warm_context

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CHUNK, SOCKETS = 1 << 20, (socket.AF_UNIX, socket.SOCK_SEQPACKET)
SETUP_FAILED = 70  # EX_SOFTWARE
Message = tuple[str, dict[str, Any]]
starting = threading.Lock()
forkers: list[socket.socket] = []  # the way to this process's forker, once it has one
idle: list[tuple[socket.socket, psutil.Process]] = []
ways = ExitStack()  # to forker and guards, which end when these are closed
atexit.register(ways.close)


def forker() -> socket.socket:
    """Where to ask for a guard; starts the warm server, in one to three seconds, if need be."""
    with starting, ExitStack() as stack:
        if forkers and not select.select(forkers, [], [], 0)[0]:  # it never sends, but may end
            return forkers[0]
        context, (ours, theirs) = warm_context(), socket.socketpair(*SOCKETS)
        # Or the program that we are would be imported there.
        stack.callback(sys.modules.update, __main__=sys.modules["__main__"])
        sys.modules.update(__main__=ModuleType("__main__"))
        context.Process(target=serve, args=(theirs,), daemon=True).start()
        theirs.close()
        ours.recv(CHUNK)  # its process number, not used
        forkers[:] = [ways.enter_context(ours)]
    return ours


def serve(control: socket.socket) -> NoReturn:
    """Be a guard: for one descriptor that is sent fork another one, for three a notebook, and say
    how it has ended: with which code, and the MB of its largest process. All that it leaves
    becomes our child. A forker is a guard that never runs a notebook."""
    os.setsid()  # not interrupted with its publisher, whose end it sees
    own, us, prctl = multiprocessing.current_process(), os.getpid(), ctypes.CDLL(None).prctl
    own.name, own.daemon = "MainProcess", False  # for the notebooks, which may start others
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    with suppress(OSError):  # whoever asks may end at any time
        control.send(str(us).encode())
        while sent := socket.recv_fds(control, 1, 3)[1]:
            if (pid := os.fork()) == 0 and len(sent) == 1:
                control.close()
                serve(socket.socket(fileno=sent[0]))
            elif pid == 0:
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() == us:
                    be_the_notebook(*sent)
                os._exit(SETUP_FAILED)
            elif len(sent) == 3:
                ended = os.pidfd_open(pid)
                select.select([control.fileno(), ended], [], [])
                os.close(ended)
                control.send(json.dumps(end(pid)).encode())
            else:  # the new guard may be in the place of one that has ended
                os.waitpid(-1, os.WNOHANG)
            for number in sent:
                os.close(number)
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


def messages(limits: Limits, job: dict[str, Any]) -> Generator[Message, None, None]:
    """Fork a child that does a job, see `be_the_notebook`: what it sends until it has ended, or
    until this is closed.

    Text comes as `stream` messages, before the message that follows it.  Raises NotebookTimeout,
    NotebookOutOfMemory, NotebookDied.
    """
    control, above = idle.pop() if idle else new_guard()
    status = None
    try:
        with ExitStack() as stack:
            wire, theirs = map(stack.enter_context, socket.socketpair())
            for name in ("stdout", "stderr"):
                file = stack.enter_context(open(os.memfd_create(name), "rb"))
                limits.printed[name] = codecs.getreader("utf-8")(file, "replace")
            stack.enter_context(limits.enforced(lambda: above.children(recursive=True)))
            with suppress(OSError):  # a guard or a notebook that is gone is met below
                texts = [file.fileno() for file in limits.printed.values()]
                socket.send_fds(control, [b"."], [theirs.fileno(), *texts])
                theirs.close()
                wire.sendall(json.dumps(job).encode() + b"\n")
                for line in stack.enter_context(wire.makefile("rb")):
                    yield from printed(limits)
                    yield json.loads(line)
                    wire.send(b"\n")
            yield from printed(limits)
            with suppress(OSError):
                status, limits.peak_mb = json.loads(control.recv(CHUNK) or "[null, 0]")
        if limits.stopped or status != 0:
            raise limits.end(status)
    finally:
        if status is not None:
            idle.append((control, above))
        else:  # it ends all that is left, and then itself
            with control, suppress(OSError):
                control.shutdown(socket.SHUT_WR)
                control.makefile("rb").read()


def printed(limits: Limits) -> Iterator[Message]:
    """What has been printed since; not all that has been before a limit was passed."""
    most = CHUNK if limits.stopped else -1
    for name, file in limits.printed.items():
        if text := file.read(most, most):
            yield "stream", {"name": name, "text": text}


def new_guard() -> tuple[socket.socket, psutil.Process]:
    server, (control, theirs) = forker(), socket.socketpair(*SOCKETS)
    with theirs:
        socket.send_fds(server, [b"."], [theirs.fileno()])
    return ways.enter_context(control), psutil.Process(int(control.recv(CHUNK)))


class Wire(Session):
    """A Jupyter session that sends to the engine, and waits until each message is taken with the
    text before it: what cells print goes straight to descriptors 1 and 2."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(key=b"")
        end.settimeout(1e6)  # seconds: no notebook can make it one that does not wait
        self.end, self.lock, self.owner = end, threading.RLock(), os.getpid()

    def send(self, _: Any, message: Any, content: Any = None, *__: Any, **___: Any) -> None:
        """Send what a shell displays; a process that a notebook has forked sends nothing."""
        if isinstance(message, dict):
            message, content = message["msg_type"], message["content"]
        if os.getpid() == self.owner:
            line = json.dumps([message, content], default=json_default) + "\n"
            with self.lock:
                self.end.sendall(line.encode())
                self.end.recv(1)


def be_the_notebook(wire: int, out: int, err: int) -> NoReturn:
    """Run the job that is sent to `wire`, send what it gives there, and never return: the stack
    below is the guard's.  out, err: files that what is printed is added to.

    A job has `cells` (source, whether it may fail, `hashed`), `folder` to run in, and `environ`.
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
        traceback.print_exc(file=sys.__stderr__)
    finally:
        os._exit(code)


def take_descriptors(wire: int, *texts: int) -> None:
    """0 reads nothing, 1 and 2 lead to the engine, and nothing of the guard's stays open; its
    numbers stay taken, so that no object of the guard's closes one of the notebook's."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    adding = [os.open(f"/proc/self/fd/{text}", os.O_WRONLY | os.O_APPEND) for text in texts]
    for number, target in enumerate((nothing, *adding)):
        os.dup2(target, number)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in (wire, nothing):
            os.dup2(nothing, number, inheritable=False)
    os.close(nothing)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # short of memory, Linux ends the notebook and not the engine


def look_like_a_kernel(leave: ExitStack) -> None:
    """Set what a kernel has set.  leave: gets the notebook's exit functions."""
    sys.modules["numpy.random"].seed()
    sys.argv = ["ipykernel_launcher.py"]
    InteractiveShellApp().init_path()
    os.environ.update(MPLBACKEND="module://matplotlib_inline.backend_inline", PYTHONBREAKPOINT="0")
    gone: list[Any] = []

    def register(function: Any, *args: Any, **options: Any) -> Any:
        leave.callback(lambda: function in gone or function(*args, **options))
        return function

    atexit.register, atexit.unregister = register, gone.append  # type: ignore[assignment]
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    raw = (io.FileIO(number, "w", closefd=False) for number in (1, 2))
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__ = [  # type: ignore[misc]
        io.TextIOWrapper(file, "UTF-8", "backslashreplace", write_through=True) for file in raw
    ]


def reading(shell: Any) -> list[Any]:
    """All by which a notebook can change how its next cells become Python."""
    lists = *vars(shell.input_transformer_manager).values(), shell.input_transformers_post
    return [shell.transform_cell, *map(list, lists)]


@lru_cache(maxsize=1024)
def hashed(source: str) -> int:
    """The number that names a cell of plain Python; 0 for a cell that the shell has to read: one
    line alone may be a command."""
    plain = "\n" in source and TransformerManager().transform_cell(source) == f"{source}\n"
    return int(compiler.murmur2_x86(source, compiler.get_tmp_hash_seed())) if plain else 0


async def run(wire: Wire, cells: list[tuple[str, bool, int]]) -> None:
    """Run one cell after the other in ipykernel's shell, up to the first that fails and may not."""
    # As warnings name a cell, without the process's number: equal runs say the same.
    compiler.get_tmp_directory = lambda: f"{tempfile.gettempdir()}/ipykernel_0"
    plain = Config(HistoryManager={"enabled": False})  # history has a thread
    shell = ZMQInteractiveShell.instance(config=plain, compiler_class=compiler.XCachingCompiler)
    shell.displayhook.session = shell.display_pub.session = wire
    shell.kernel = SimpleNamespace(eventloop=None)  # pandas asks whether there is one
    shell.enable_gui = lambda *_: None  # there is no window to show
    hook, held = shell.displayhook, shell.history_manager.input_hist_parsed
    hook.quiet = lambda own=hook.quiet: ";" in held[-1] and own()  # it reads a cell into tokens
    own, get = compiler.murmur2_x86, {source: number for source, _, number in cells if number}.get
    compiler.murmur2_x86 = lambda text, seed: get(text) or own(text, seed)
    at_first = reading(shell)
    wire.send(None, "ready")
    for source, may_fail, number in cells:
        try:
            known = number and reading(shell) == at_first
            cell = {"transformed_cell": f"{source}\n" if known else shell.transform_cell(source)}
        except Exception:
            cell = {"transformed_cell": source, "preprocessing_exc_tuple": sys.exc_info()}
        ran = await shell.run_cell_async(source, store_history=True, **cell)
        failed, payload = not (ran.success or may_fail), shell.payload_manager.read_payload()
        done = {"count": ran.execution_count, "failed": failed, "payload": payload}
        wire.send(None, "done", done)
        if failed:
            return
        await asyncio.sleep(0)  # tasks that cells have left go on between cells
