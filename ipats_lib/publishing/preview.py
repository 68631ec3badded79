"""A look at a site on loopback, for development. It protects nothing and says so."""

import os
import re
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

from ipats_lib.console import say
from ipats_lib.errors import UsageError
from ipats_lib.publishing.files import PACKED, read_published

HOST = "127.0.0.1"
_HERE = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?", re.IGNORECASE)


class Handler(SimpleHTTPRequestHandler):
    """Sends the files of a folder, packed ones too; nothing whose name starts with a dot."""

    def handle(self) -> None:
        """Answer, unless the browser has gone on to another page meanwhile."""
        with suppress(ConnectionError):
            super().handle()

    def send_head(self):  # type: ignore[no-untyped-def]
        # A page elsewhere whose name was made to lead here (DNS rebinding) must not read the site.
        if not _HERE.fullmatch(self.headers.get("Host", HOST)):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        if any(part.startswith(".") for part in unquote(self.path).split("/")):
            self.send_error(404)
            return None
        if self.path == "/me.json":  # there is nobody whom it could be about
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
            return None
        path = Path(self.translate_path(self.path))
        if path.exists() or not path.with_name(f"{path.name}{PACKED}").is_file():
            return super().send_head()
        return self.sent(read_published(path), self.guess_type(path))

    def sent(self, data: bytes, kind: str) -> BytesIO:
        """What `send_head` gives for data that are no file of their own."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return BytesIO(data)

    def end_headers(self) -> None:
        self.send_header("X-Ipats-Protection", "none: development preview")
        # Shared files are named by their content: a browser keeps what it has compiled of them.
        asked = getattr(self, "path", "")
        kept = "/_static/" in asked and os.path.isfile(self.translate_path(asked))
        self.send_header("Cache-Control", "max-age=31536000, immutable" if kept else "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a request's path may name a planner."""


def serve_unprotected(site: Path, port: int) -> None:
    """Serve `site` on 127.0.0.1 until interrupted.

    UsageError when it holds no publication, or the port is not to be had.
    """
    periods = sorted(p.name for p in site.glob("PY*") if p.is_dir())
    if not periods:
        raise UsageError(f"{site} holds no publication: run `publish.py build` first.")
    with listening(site, port, Handler) as server:
        say("serving", "UNPROTECTED development preview: no access control at all.", "bold yellow")
        for period in periods:
            say("serving", f"http://{HOST}:{server.server_port}/{period}/state/index.html")
        serve_until_stopped(server)


def listening(site: Path, port: int, handler: type[Handler]) -> ThreadingHTTPServer:
    """A server on loopback, not begun yet. port: 0 for any that is free."""
    try:
        return ThreadingHTTPServer((HOST, port), partial(handler, directory=site))
    except OSError as error:
        raise UsageError(f"Port {port} of {HOST} cannot be had: {error.strerror}.") from error


def serve_until_stopped(server: ThreadingHTTPServer) -> None:
    """Serve until Ctrl-C."""
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say("ended", "Stopped.")
