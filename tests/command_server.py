"""The command line without its start: a process that has imported what `publish.py` and its warm
server import, and forks for each command (`tests/commands.py` asks).

It has no thread that the warm server has not: a fork would lose it, with what it locks. A command
gets its own arguments, folder, environment, umask and standard descriptors, and runs `publish.py`
as the main program does. Its multiprocessing server, too, is a fork of the same process instead of
a new Python.
"""

import atexit
import gc
import json
import multiprocessing.util
import os
import random
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing import forkserver
from pathlib import Path
from types import ModuleType
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "publish.py"
COMMANDS = (
    *("publish", "ipats_lib.publishing.publication", "ipats_lib.publishing.postmortem"),
    *("ipats_lib.snapshot", "ipats_lib.sample", "ipats_lib.selfcheck", "ipats_lib.report.figures"),
    *("ipats_lib.extract.public", "pyarrow.csv", "pyarrow.compute", "pyarrow.dataset"),
    *("ipats_lib.publishing.cluster", "distributed.cli.dask_scheduler"),
    *("ipats_lib.access.serve", "ipats_lib.access.commands", "ipats_lib.access.roster_files"),
    # What they import when they first use it.
    *("ipats_lib.publishing.build", "scipy.optimize", "scipy.sparse.linalg", "pydantic"),
    *("typer._adapters", "multiprocessing.popen_forkserver", "multiprocessing.synchronize"),
)
FORKSERVER = "from multiprocessing.forkserver import main; main("
HEAD = 16  # bytes that tell how many follow


def send(end: socket.socket, message: object) -> None:
    text = json.dumps(message).encode(errors="surrogateescape")
    end.sendall(len(text).to_bytes(HEAD, "big") + text)


def receive(end: socket.socket) -> object:
    """The next message; None where nobody sends any more."""
    with end.makefile("rb", buffering=0) as lines, suppress(ConnectionResetError):
        size, text = int.from_bytes(lines.read(HEAD) or b"", "big"), b""
        while len(text) < size and (more := lines.read(size - len(text))):
            text += more
        return json.loads(text.decode(errors="surrogateescape")) if size else None
    return None


def here() -> dict[str, object]:
    """What a program takes over from the one that starts it."""
    status = Path("/proc/self/status").read_text().splitlines()
    umask = next(line.split()[1] for line in status if line.startswith("Umask"))
    return {"folder": os.getcwd(), "environ": dict(os.environ), "umask": int(umask, 8)}


def take_over(told: dict[str, object], *standard: int) -> None:
    """Take what another process has sent from `here`, and its standard descriptors."""
    for number, given in enumerate(standard):
        os.dup2(given, number)
        os.close(given)
    os.chdir(told["folder"])
    os.umask(told["umask"])
    os.environ.clear()
    os.environ.update(told["environ"])


def end_with(work: Callable[[], None]) -> NoReturn:
    """Do the work, and end as Python ends a program, less taking everything apart."""
    code: object = 1
    try:
        work()
        code = 0
    except SystemExit as asked:
        code = asked.code or 0
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            threading._shutdown()
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def be_the_forkserver(orders: socket.socket) -> None:
    """Be what multiprocessing has asked for, once it does."""
    number = orders.fileno()
    keep_only(number)
    _, found, _, _ = socket.recv_fds(orders, 1, 5)
    told = receive(orders)
    if told is None:
        return
    take_over(told, *found[:3])
    orders.close()
    sys.path[0], sys.argv[:] = "", ["-c"]
    sys.modules["__main__"] = ModuleType("__main__")
    forkserver.main(*found[3:], told["preload"], **told["data"])


def keep_only(*numbers: int) -> None:
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in numbers:
            with suppress(OSError):
                os.close(number)


def lend_a_forkserver() -> None:
    """From now on this process's multiprocessing server is a fork that exists already."""
    orders, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        orders.close()
        end_with(lambda: be_the_forkserver(theirs))
    theirs.close()
    start = multiprocessing.util.spawnv_passfds

    def spawn(path: bytes, args: list[str], passed: list[int]) -> int:
        if orders.fileno() == -1 or not args[-1].startswith(FORKSERVER):
            return start(path, args, passed)
        names = {"main": lambda *_, **data: (_[2], data)}
        preload, data = eval(args[-1].partition("; ")[2], names)
        socket.send_fds(orders, [b"."], [0, 1, 2, *passed])
        send(orders, {**here(), "preload": preload, "data": data})
        orders.close()
        return pid

    multiprocessing.util.spawnv_passfds = spawn


def be_the_command(told: dict, *standard: int) -> None:
    take_over(told, *standard)
    keep_only()
    if told["session"]:
        os.setsid()
    lend_a_forkserver()
    random.seed()
    sys.modules["numpy"].random.seed()
    sys.modules["pyarrow"].set_cpu_count(len(os.sched_getaffinity(0)))
    sys.argv[:] = told["arguments"]
    main = sys.modules["__main__"] = ModuleType("__main__")
    main.__file__ = sys.argv[0]
    exec(compile(Path(sys.argv[0]).read_bytes(), sys.argv[0], "exec"), main.__dict__)


def serve(requests: socket.socket) -> None:
    """Fork for each request: its own socket, and its standard descriptors."""
    while sent := socket.recv_fds(requests, 1, 4)[1]:
        if os.fork() == 0:
            requests.close()
            keep(socket.socket(fileno=sent[0]), sent[1:])
        for number in sent:
            os.close(number)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def keep(request: socket.socket, standard: list[int]) -> NoReturn:
    """Start one command, and send its process's number and how it has ended."""
    told = receive(request)
    pid = os.fork()
    if pid == 0:
        request.close()
        end_with(lambda: be_the_command(told, *standard))
    for number in standard:
        os.close(number)
    send(request, pid)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(OSError):
        send(request, status)
    os._exit(0)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    sys.modules["__main__"] = ModuleType("__main__")
    import_module("ipats_lib.publishing.warm_server")
    import_module("tests.remembered").remember_what_is_withheld()
    before = os.listdir("/proc/self/task")
    for module in COMMANDS:
        import_module(module)
    # Which modules a page depends on: read once from the library's files, which stay as they are.
    sys.modules["ipats_lib.publishing.dependencies"].publication_parts(ROOT / "notebooks")
    assert before == os.listdir("/proc/self/task"), "a fork would lose the other threads"
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
