"""Many connections that ask for nothing, or never to the end, and are opened again when shut.

    .venv/bin/python -m tests.access.siege PORT KIND COUNT ADDRESSES

KIND is one of `KINDS`; ADDRESSES is how many addresses of 127.0.0.0/8 they come from. A line is
printed when all have been opened once.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.access import servers

KINDS = {
    "silent": b"",
    "half a head": b"GET /login HTTP/1.1\r\nHost: h\r\n",
    "no body": b"POST /login HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\nuser=",
    "idle after an answer": b"GET /help HTTP/1.1\r\nHost: h\r\n\r\n",
}


@contextmanager
def siege(port: int, kind: str, count: int, addresses: int) -> Iterator[None]:
    """Stand against a port, from another process."""
    words = [sys.executable, "-m", "tests.access.siege", port, kind, count, addresses]
    with servers.started(words) as running:
        assert running.stdout.readline() == b"all opened\n"
        yield


async def _hold(port: int, sent: bytes, address: str, opened: asyncio.Semaphore) -> None:
    first = True
    while True:
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, local_addr=(address, 0)
            )
            writer.write(sent)
            if first:
                opened.release()
                first = False
            while await reader.read(65536):
                pass
            writer.close()
        except OSError:
            await asyncio.sleep(0.05)


async def _stand(port: int, kind: str, count: int, addresses: int) -> None:
    opened = asyncio.Semaphore(0)
    held = [
        asyncio.create_task(_hold(port, KINDS[kind], f"127.0.{n // 250}.{n % 250 + 2}", opened))
        for n in (number % addresses for number in range(count))
    ]
    for _ in held:
        await opened.acquire()
    print("all opened", flush=True)
    await asyncio.gather(*held)


if __name__ == "__main__":
    asyncio.run(_stand(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
