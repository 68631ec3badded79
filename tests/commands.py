"""Commands as an operator gives them, cold or from a warm process (`command_server.py`)."""

import atexit
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path

from tests.command_server import PROGRAM, ROOT, here, receive, send

SECONDS = 600
BEGUN_WITH = dict(os.environ)
# Of the environment: what nothing but tests reads, and what the warm server sets itself.
OWN, ITS = ("PYTEST_", "IPATS_TEST_"), "_NUM_THREADS"
starting = threading.Lock()


def cold(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a Python of its own."""
    command = [sys.executable, str(PROGRAM), *map(str, arguments)]
    options = {"cwd": ROOT, "timeout": SECONDS, **options}
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def publish(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as an operator does, in a fork of a warm process where that can be."""
    running = start(*arguments)
    out, err = running.communicate(SECONDS)
    return subprocess.CompletedProcess(running.args, running.returncode, out, err)


def start(
    *arguments: object,
    program: Path = PROGRAM,
    env: dict[str, str] | None = None,
    session: bool = False,
    into: str | None = None,
) -> "Running":
    """Start the command line, or another program in Python, which goes on.

    env: more of the environment.  session: of its own.  into: the file that gets what it says.

    In a Python of its own where the environment differs: what a module does when it is imported
    may depend on it. What is withheld it need not seek again (`remembered.py`).
    """
    words, environ = [str(program), *map(str, arguments)], {**os.environ, **(env or {})}
    with starting:
        server = Server.running()
    if server.environ == relevant(environ):
        return Warm(server, words, environ, session, into)
    with open(into, "a") if into else nullcontext(subprocess.PIPE) as heard:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.remembered", *words], stdout=heard, stderr=heard,
            text=True, cwd=ROOT, env=environ, start_new_session=session,
        )  # fmt: skip


def relevant(environ: dict[str, str]) -> dict[str, str]:
    """What a module may look at when it is imported."""
    named = {name for name in environ if not name.startswith(OWN) and not name.endswith(ITS)}
    return {name: environ[name] for name in named}


class Server:
    """A process that forks for each command, and ends with this one."""

    one: "Server | None" = None

    def __init__(self) -> None:
        self.pid, self.environ = os.getpid(), relevant(BEGUN_WITH)
        self.requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = [sys.executable, ROOT / "tests" / "command_server.py", str(theirs.fileno())]
        with theirs:
            self.process = subprocess.Popen(
                program, pass_fds=[theirs.fileno()], cwd=ROOT, env=BEGUN_WITH
            )
        atexit.register(self.end)

    @classmethod
    def running(cls) -> "Server":
        """The server of this process; a fork of it has its own."""
        if cls.one is None or cls.one.pid != os.getpid():
            cls.one = cls()
        return cls.one

    def end(self) -> None:
        if self.pid == os.getpid():
            self.requests.close()
            try:
                self.process.wait(120)
            except subprocess.TimeoutExpired:  # another process has inherited our end
                self.process.kill()
                self.process.wait()


class Warm:
    """A command that a server has forked, with what a `subprocess.Popen` of it would have."""

    def __init__(
        self,
        server: Server,
        words: list[str],
        environ: dict[str, str],
        session: bool,
        into: str | None,
    ) -> None:
        self.args, self.returncode = words, None
        self.request, theirs = socket.socketpair()
        if into:
            self.stdout = self.stderr = None
            ends = [os.open(into, os.O_WRONLY | os.O_APPEND | os.O_CREAT) for _ in range(2)]
        else:
            (out, end), (err, other) = os.pipe(), os.pipe()
            self.stdout, self.stderr, ends = os.fdopen(out), os.fdopen(err), [end, other]
        socket.send_fds(server.requests, [b"."], [theirs.fileno(), 0, *ends])
        theirs.close()
        for number in ends:
            os.close(number)
        facts = {"folder": str(ROOT), "environ": environ, "arguments": words, "session": session}
        send(self.request, {**here(), **facts})
        self.pid = receive(self.request)
        assert isinstance(self.pid, int), "the command server has ended"

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_: object) -> None:
        for stream in filter(None, (self.stdout, self.stderr)):
            stream.close()
        self.wait()

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self.request], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self.request], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = receive(self.request)
            self.request.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What is said until nobody can say any more; a command that takes too long is killed."""
        texts = {self.stdout: b"", self.stderr: b""}
        until = None if timeout is None else time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            for stream in texts:
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(until and max(0, until - time.monotonic()))
                if not ready and until and time.monotonic() > until:
                    self.kill()
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
                for stream in [key.fileobj for key, _ in ready]:
                    if more := os.read(stream.fileno(), 1 << 16):
                        texts[stream] += more
                    else:
                        selector.unregister(stream)
        self.__exit__()
        out, err = (
            text.decode().replace("\r\n", "\n").replace("\r", "\n") for text in texts.values()
        )
        return out, err


Running = subprocess.Popen[str] | Warm
