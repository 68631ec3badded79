"""The same jobs on other machines: a dask.distributed scheduler, and workers that start from here.

A job carries its notebook and its scope's data with it, so workers need no shared folder; they
need this very code, which is checked before the first job. Use `tls://` addresses (dask's own
security settings) wherever the network between the machines is not private: jobs hold records.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context

from ipats_lib.errors import UsageError
from ipats_lib.publishing.dependencies import code_parts
from ipats_lib.publishing.execute import Job, Made, make_body

CONNECT_SECONDS = 15
_ADDRESS = re.compile(r"(?:tcp|tls)://[^\s/:]+:[0-9]+")
_SLOTS = "IPATS_WORKER_SLOTS"


@contextmanager
def cluster_workers(address: str) -> Iterator[Executor]:
    """An executor whose jobs run on the cluster; a worker that dies has its job run elsewhere.

    UsageError when there is no scheduler, no worker, or a worker with other code than ours.
    """
    from distributed import Client

    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"--scheduler {address}: write tcp://host:8786, or tls://host:8786.")
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"No dask scheduler answers at {address}.") from error
    with client:
        ours = code_parts()
        theirs = client.run(code_parts)
        if not theirs:
            raise UsageError(f"The scheduler at {address} has no workers: start some first.")
        for worker, parts in theirs.items():
            if parts != ours:
                raise UsageError(f"Worker {worker} runs other code or parameters than this one.")
        yield _Remote(client.get_executor(pure=False))


class _Remote(Executor):
    """Sends each job to a warm process of whichever worker is free."""

    def __init__(self, inner: Executor) -> None:
        self.inner = inner

    def submit(self, fn, /, *args, **options):  # type: ignore[no-untyped-def]
        if fn is not make_body:
            raise TypeError("a cluster makes page bodies and nothing else")
        return self.inner.submit(make_body_in_warm_process, *args, **options)


def make_body_in_warm_process(job: Job) -> Made:
    """On a worker: its own process has threads and cannot fork safely, so another one does."""
    try:
        return _processes().submit(make_body, job).result()
    except BrokenProcessPool:
        # A pool that lost a process takes no more work: let this worker die, and the scheduler
        # give the job to another one.
        os._exit(1)


@cache
def _processes() -> ProcessPoolExecutor:
    number = int(os.environ.get(_SLOTS, "1"))
    return ProcessPoolExecutor(number, mp_context=get_context("spawn"))


def run_worker(address: str, slots: int) -> None:
    """Serve a scheduler until it goes away: `slots` pages at once. UsageError if none answers."""
    from distributed import Worker

    async def serve() -> None:
        async with Worker(address, nthreads=slots, death_timeout=CONNECT_SECONDS) as worker:
            await worker.finished()

    os.environ[_SLOTS] = str(slots)
    for slot in [_processes().submit(_warm) for _ in range(slots)]:
        slot.result()
    try:
        asyncio.run(serve())
    except (OSError, TimeoutError) as error:
        raise UsageError(f"No dask scheduler answers at {address}.") from error
    finally:
        with contextlib.suppress(Exception):
            _processes().shutdown(cancel_futures=True)


def _warm() -> None:
    from ipats_lib.publishing.engine import warm_up

    warm_up()
