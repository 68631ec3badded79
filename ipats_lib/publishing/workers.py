"""Where pages are made: processes of this machine, or a dask cluster. The jobs are the same."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

from ipats_lib.errors import NotebookError
from ipats_lib.publishing.execute import Job, Made, make_body

Tag = TypeVar("Tag")


@contextmanager
def local_workers(number: int) -> Iterator[Executor]:
    """Worker processes, forked from a warm server that never holds a scope's data."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["ipats_lib.publishing.warm_server"])
    with ProcessPoolExecutor(number, mp_context=context) as pool:
        pool.submit(os.getpid)
        try:
            yield pool
        except BaseException:
            # Waiting: Python would wait at its end anyway, and stumble over the half-closed pool.
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def run_jobs(
    pool: Executor, jobs: Iterable[tuple[Tag, Job]], in_flight: int
) -> Iterator[tuple[Tag, Made | NotebookError]]:
    """Make the bodies of all jobs, in the order that they finish; a failed one gives its error.

    No more than `in_flight` jobs exist at a time, so memory does not grow with the number of
    pages. A worker's own death takes the pool with it and is raised, as NotebookError.
    """
    open_: dict[Future[Made], tuple[Tag, str]] = {}
    for tag, job in jobs:
        if len(open_) >= in_flight:
            yield from _finished(open_)
        open_[pool.submit(make_body, job)] = tag, job.label
    while open_:
        yield from _finished(open_)


def _finished(
    open_: dict[Future[Made], tuple[Tag, str]],
) -> Iterator[tuple[Tag, Made | NotebookError]]:
    done, _ = wait(open_, return_when=FIRST_COMPLETED)
    for future in done:
        tag, label = open_.pop(future)
        try:
            made: Made | NotebookError = future.result()
        except BrokenProcessPool:
            raise NotebookError(f"A worker died, on {label} or beside it.") from None
        except NotebookError as error:
            made = error
        yield tag, made
