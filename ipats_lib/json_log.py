"""One JSON object a line on standard error, for operators' log collectors, and nothing else there.

What other libraries and processes write to standard error (dask's log, an ordinary kernel's) comes
out as objects too, one a line, with `event` "log".
"""

import atexit
import json
import os
import select
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType

LOOK_SECONDS = 0.1


class JsonLog:
    """Writes to standard error's present target, wherever standard error is led later."""

    def __init__(self) -> None:
        self._target = os.dup(2)
        self._lock = threading.Lock()
        self._over = threading.Event()

    def line(self, event: str, **facts: object) -> None:
        """Say one thing, with the time in UTC. A collector that has gone stops nothing."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = json.dumps({"event": event, "time": time, **facts}, sort_keys=True)
        data = memoryview(text.encode() + b"\n")
        try:
            with self._lock:
                while data:
                    data = data[os.write(self._target, data) :]
        except OSError:
            return

    def take_standard_error(self) -> None:
        """From here to this process's end, text for standard error becomes lines of this log."""
        reading, writing = os.pipe()
        os.dup2(writing, 2)
        os.close(writing)
        reader = threading.Thread(target=self._read, args=(reading,), daemon=True, name="json-log")
        reader.start()
        atexit.register(self._give_back, reader)
        sys.excepthook = self._crashed

    def _read(self, reading: int) -> None:
        poll = select.poll()
        poll.register(reading, select.POLLIN)
        rest = b""
        while True:
            if not poll.poll(LOOK_SECONDS * 1000):
                if self._over.is_set():
                    break
                continue
            if not (chunk := os.read(reading, 1 << 16)):
                break
            *lines, rest = (rest + chunk).split(b"\n")
            self._take(*lines)
        self._take(rest)

    def _take(self, *lines: bytes) -> None:
        for line in lines:
            if text := line.decode(errors="replace").strip():
                self.line("log", message=text)

    def _give_back(self, reader: threading.Thread) -> None:
        sys.stderr.flush()
        os.dup2(self._target, 2)
        self._over.set()
        reader.join(timeout=5)

    def _crashed(
        self, kind: type[BaseException], _: BaseException, trace: TracebackType | None
    ) -> None:
        """An error of ours: its kind and place, and not its text, which may quote a record."""
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
        self.line("crashed", error=kind.__name__, place=place)

    def progress(self) -> Callable[[str, int, int], None]:
        """Called with a stage, what is done and what there is: says each tenth of it, with the
        rate a second since the stage began and the seconds that the rest takes at that rate."""
        seen: dict[str, int] = {}
        began: dict[str, tuple[float, int]] = {}

        def advance(stage: str, done: int, total: int) -> None:
            now = monotonic()
            since, before = began.setdefault(stage, (now, done))
            tenth = 10 * done // max(total, 1)
            if stage == "failed" or seen.get(stage) == tenth:
                return
            seen[stage] = tenth
            seconds, gained = now - since, done - before
            rate = round(gained / seconds, 3) if gained and seconds > 0 else None
            left = round((total - done) / rate, 1) if rate else None
            self.line("progress", stage=stage, done=done, total=total, rate=rate, left=left)

        return advance
