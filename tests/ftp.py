"""A real FTP server on a port of its own: the fsspec URL of the tests.

It logs who reads which file, so that a test knows what a worker has seen. A line is in the log
before the first byte leaves: whoever has a file, or has given up on it, is already logged. A line
written after the transfer could come late, when the reader is already at its next step.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
PASSWORD = "not-to-be-told"
USERS = ("publisher", "worker")


class Ftp:
    """What is served: `folder`, to each of USERS alike."""

    def __init__(self, folder: Path, host: str, port: int, log: Path) -> None:
        self.folder, self.host, self.port, self._log = folder, host, port, log

    def url(self, user: str, path: str = "") -> str:
        return f"ftp://{user}:{PASSWORD}@{self.host}:{self.port}/{path}"

    def read_by(self, user: str) -> list[str]:
        """Paths below `folder` of the files that a user has read, in order."""
        lines = (line.split(" ", 1) for line in self._log.read_text().splitlines())
        return [str(Path(path).relative_to(self.folder)) for who, path in lines if who == user]


@contextmanager
def ftp(folder: Path, host: str = "127.0.0.1", inside: Sequence[str] = ()) -> Iterator[Ftp]:
    folder.mkdir(exist_ok=True)
    log = folder.with_suffix(".log")
    log.touch()
    server = subprocess.Popen(
        [*inside, sys.executable, "-W", "ignore", "-m", "tests.ftp", str(folder), str(log), host],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield Ftp(folder, host, int(server.stdout.readline()), log)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def _serve(folder: str, log: Path, host: str) -> None:
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    class Logging(FTPHandler):
        def ftp_RETR(self, file: str) -> str | None:
            if os.path.isfile(file):
                with log.open("a") as lines:
                    lines.write(f"{self.username} {file}\n")
            return super().ftp_RETR(file)

    Logging.authorizer = DummyAuthorizer()
    for user in USERS:
        Logging.authorizer.add_user(user, PASSWORD, folder, perm="elradfmwMT")
    server = FTPServer((host, 0), Logging)
    print(server.address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
