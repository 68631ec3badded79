"""Messages on a pipe: a length of eight bytes, then that many bytes of JSON."""

import json
import os
from collections.abc import Iterator
from typing import Any

LENGTH_BYTES = 8
CHUNK = 1 << 18


def write_frame(descriptor: int, payload: bytes) -> None:
    """Write one frame whole; not safe for two writers without a lock."""
    rest = memoryview(len(payload).to_bytes(LENGTH_BYTES, "big") + payload)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


class FrameReader:
    """Takes frames from a descriptor that must not block."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._received = bytearray()

    def frames(self) -> Iterator[dict[str, Any]]:
        """Yield the messages completed by one read; stop at once when there is nothing to read.

        One read only, so that a notebook that never stops talking cannot outrun its time limit.
        """
        while self._receive():
            complete = False
            while (frame := self._next_frame()) is not None:
                complete = True
                yield json.loads(frame)
            if complete:
                return

    def _receive(self) -> bool:
        try:
            chunk = os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return False
        self._received += chunk
        return bool(chunk)

    def _next_frame(self) -> bytes | None:
        end = LENGTH_BYTES + int.from_bytes(self._received[:LENGTH_BYTES], "big")
        if len(self._received) < max(end, LENGTH_BYTES):
            return None
        frame = bytes(self._received[LENGTH_BYTES:end])
        del self._received[:end]
        return frame
