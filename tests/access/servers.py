"""The real servers of these tests: the gateway alone, and behind Debian's nginx."""

import itertools
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ipats_lib.access import accounts, sessions
from ipats_lib.access.roster import RosterFile
from ipats_lib.access.store import Store
from tests.commands import Running, start

ROOT = Path(__file__).parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


@dataclass(frozen=True)
class Place:
    """One access store and audit log of its own, beside a site."""

    folder: Path
    site: Path

    @property
    def store(self) -> Path:
        return self.folder / "access.db"

    @property
    def audit(self) -> Path:
        return self.folder / "audit"

    def fill(self, rows) -> None:
        """Load accounts, taken now."""
        with Store(self.store) as store:
            accounts.load_roster(store, RosterFile(datetime.now(UTC), tuple(rows)))

    def cookie(self, user: str) -> str:
        """A Cookie header of a session that was just begun; nothing for nobody."""
        if not user:
            return ""
        with Store(self.store) as store:
            token = sessions.begin(store, user, datetime.now(UTC).timestamp())
        return f"Cookie: __Host-ipats={token}\r\n"


# Below the ports that the system gives to connections, and apart for each worker: a port that was
# free a moment ago is not taken by another test before its server listens.
PORTS = itertools.count(
    10_000
    + 5_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 4)
    + os.getpid() % 50 * 100
)


def free_port() -> int:
    """A port that nothing listens on."""
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise AssertionError("no port is free")


def listens(port: int) -> bool:
    """Whether anything takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def process(command, port) -> Iterator[int]:
    """A server that listens, until it is no longer needed."""
    with started(command, stdout=None) as running:
        listening(running, port)
        yield port


@contextmanager
def started(command, stdout=subprocess.PIPE) -> Iterator[subprocess.Popen]:
    """A process, until it is no longer needed."""
    running = subprocess.Popen([str(word) for word in command], cwd=ROOT, stdout=stdout)
    try:
        yield running
    finally:
        if running.stdout:
            running.stdout.close()
        end(running)


def end(running: Running) -> None:
    """Ask a process to end, and make sure that it does."""
    running.terminate()
    try:
        running.wait(10)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait(10)


def listening(running, port) -> None:
    for _ in range(1000):
        assert running.poll() is None, "the server ended"
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            return
        except OSError:
            try:
                running.wait(0.03)
            except subprocess.TimeoutExpired:
                continue
    raise AssertionError("the server does not listen")


def serving(running, port) -> None:
    """Wait for a gateway's worker, which answers what is no request: one that is asked to end
    before it takes requests waits until it is killed."""
    listening(running, port)
    with socket.create_connection(("127.0.0.1", port), 20) as link, suppress(ConnectionError):
        link.sendall(b"?\r\n\r\n")
        link.recv(1)


@contextmanager
def gateway(place: Place, *more, port: int = 0) -> Iterator[int]:
    """The embedded gateway, as an operator starts it, but for its imports (`tests/commands.py`)."""
    port = port or free_port()
    running = start(*serve(place, port, *more), into=os.devnull)
    try:
        serving(running, port)
        yield port
    finally:
        end(running)


def serve(place: Place, port: int, *more) -> list:
    where = ["--site", place.site, "--access", place.store, "--audit", place.audit]
    return ["serve", "--port", port, *where, *more]


def gateway_command(place: Place, port: int, *more) -> list:
    """The same in a Python of its own."""
    return [sys.executable, ROOT / "publish.py", *serve(place, port, *more)]


@contextmanager
def behind_nginx(place: Place, *more, port: int = 0) -> Iterator[int]:
    """nginx with the exported configuration, before the gateway."""
    with (
        gateway(place, "--behind-nginx", *more) as app,
        nginx_before(place, app, port) as front,
    ):
        yield front


@contextmanager
def nginx_before(place: Place, app: int, port: int = 0) -> Iterator[int]:
    """nginx with the exported configuration, before what listens on `app`."""
    from ipats_lib.access.nginx import configuration

    port = port or free_port()
    addresses = f"127.0.0.1:{app}", f"127.0.0.1:{port}"
    text = configuration(place.site, *addresses, plain=True, log=str(place.folder))
    whole = place.folder / "nginx.conf"
    whole.write_text(
        f"pid {place.folder}/nginx.pid; error_log {place.folder}/error.log;\n"
        f"worker_processes 1; daemon off; {'user root;' if os.geteuid() == 0 else ''}\n"
        "worker_rlimit_nofile 10000; events { worker_connections 4096; }\n"
        f"http {{\n{text}\n}}\n"
    )
    with process([NGINX, "-p", place.folder, "-c", whole], port):
        yield port


@dataclass(frozen=True)
class Answer:
    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        """A header's value; empty when it is not there."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return ""


def raw(port: int, request: bytes) -> Answer:
    """Send bytes, and read until the server closes. Status 0: it closed without an answer."""
    with socket.create_connection(("127.0.0.1", port), 10) as link:
        link.settimeout(10)
        received = b""
        try:
            link.sendall(request)
            while piece := link.recv(65536):
                received += piece
        except ConnectionError:
            pass
    head, _, body = received.partition(b"\r\n\r\n")
    first = head.split(b"\r\n", 1)[0].split(b" ")
    status = int(first[1]) if len(first) > 1 else 0
    return Answer(status, head.decode("latin-1"), body)


def ask(port: int, path: str, cookie: str = "", headers: str = "", method: str = "GET") -> Answer:
    text = f"{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{cookie}{headers}\r\n"
    return raw(port, text.encode())


def post(port: int, path: str, body: str, cookie: str = "") -> Answer:
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    size = f"Content-Length: {len(body)}\r\n"
    text = f"POST {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{cookie}{kind}{size}\r\n{body}"
    return raw(port, text.encode())
