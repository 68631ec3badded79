"""Standard output and error of a notebook, for Python code and for whatever writes to 1 and 2."""

import codecs
import contextlib
import io
import os
import select
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Literal

from jupyter_client.session import Session, extract_header

StreamName = Literal["stdout", "stderr"]
DESCRIPTORS: dict[StreamName, int] = {"stdout": 1, "stderr": 2}
FLUSH_SECONDS = 0.2  # the ordinary kernel's own interval
CHUNK = 1 << 16


class CapturedStream(io.TextIOBase):
    """A text stream that sends what is written to it as `stream` messages of the running cell.

    It also owns a file descriptor: what subprocesses or libraries write there joins the text in
    the order of arrival.  A text belongs to the cell whose code wrote it, not to the one that runs
    when it is sent, as in the ordinary kernel.
    """

    def __init__(self, name: StreamName, session: Session, lock: threading.RLock) -> None:
        self.name = name
        self._session = session
        self._lock = lock
        self._pid = os.getpid()
        self._descriptor = DESCRIPTORS[name]
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pending: dict[str, list[str]] = {}
        self._parent: ContextVar[str] = ContextVar("parent")
        self._latest_parent = ""
        self._nowhere = os.open(os.devnull, os.O_WRONLY)
        self.source = self._take_descriptor()

    encoding = "UTF-8"
    errors = "strict"

    def _take_descriptor(self) -> int:
        reading, writing = os.pipe()
        os.dup2(writing, self._descriptor)
        os.close(writing)
        os.set_blocking(reading, False)
        return reading

    def set_parent(self, parent: dict[str, Any]) -> None:
        """Attribute what follows to the cell whose request is `parent`."""
        self._latest_parent = extract_header(parent).get("msg_id", "")
        self._parent.set(self._latest_parent)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """Return a descriptor that leads nowhere: the ordinary kernel's leads past the notebook."""
        return self._nowhere

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._pid:
            # A forked grandchild must not speak on our pipe to the engine; the descriptor is safe.
            os.write(self._descriptor, text.encode(errors="replace"))
            return len(text)
        with self._lock:
            self.drain()
            self._append(self._parent.get(self._latest_parent), text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        for line in lines:
            self.write(line)

    def drain(self) -> None:
        """Take over what has arrived at the file descriptor."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.source, CHUNK):
                self._append(self._latest_parent, self._decoder.decode(chunk))

    def _append(self, parent: str, text: str) -> None:
        self._pending.setdefault(parent, []).append(text)

    def flush(self) -> None:
        """Send what has been written so far."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            self.drain()
            pending, self._pending = self._pending, {}
            for parent, texts in pending.items():
                if text := "".join(texts):
                    content = {"name": self.name, "text": text}
                    self._session.send(None, "stream", content, parent={"msg_id": parent})


def capture(session: Session, lock: threading.RLock) -> tuple[CapturedStream, CapturedStream]:
    """Redirect descriptors 1 and 2 and return the streams to put in place of stdout and stderr."""
    stdout, stderr = (
        CapturedStream("stdout", session, lock),
        CapturedStream("stderr", session, lock),
    )
    threading.Thread(target=_watch, args=((stdout, stderr),), daemon=True, name="streams").start()
    return stdout, stderr


def _watch(streams: tuple[CapturedStream, ...]) -> None:
    """Keep the pipes from filling up while Python waits for a subprocess; send what came."""
    poll = select.poll()
    for stream in streams:
        poll.register(stream.source, select.POLLIN)
    while True:
        poll.poll(FLUSH_SECONDS * 1000)
        for stream in streams:
            stream.flush()
