"""Where pages are made: processes of this machine, or a dask cluster. The jobs are the same."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, TypeVar

from ipats_lib.errors import NotebookError
from ipats_lib.publishing import scratch
from ipats_lib.publishing.engine.forked import forker, forkers
from ipats_lib.publishing.execute import Job, Made, make_body
from ipats_lib.publishing.failed import RunFailed
from ipats_lib.publishing.warm import fork_hazard, warm_context

Tag = TypeVar("Tag")
Outcome = tuple[Tag, Made | NotebookError]
LOOK_SECONDS = 1.0
ITEMS_AT_ONCE = 50


class Workers(Executor):
    """What makes pages. slots: how many at once, which may change while they work. ahead: bytes
    of data that more jobs than two a slot may hold, to be made while the next ones' are counted."""

    slots: int = 2
    ahead: int = 0

    def check(self) -> None:
        """Called now and then while nothing ends: raise when nothing ever will."""

    def renew(self) -> None:
        """Begin again after a worker's death took the others along."""

    def abandon(self) -> None:
        """End what is being made, and begin again."""

    def each(self, function: Callable[[str], Any], items: Iterable[str]) -> Iterable[Any]:
        """What `function` gives for each item, in order: here, unless workers can do it."""
        return map(function, items)

    def aside(self, function: Callable[[str], Any], items: Iterable[str]) -> Iterable[Any]:
        """What `function` gives for each item, in order, found beside the pages where that can be.

        Not by what makes pages: that never holds the state's records.
        """
        return map(function, items)

    def outcome(self, future: Future[Made], job: Job) -> Made | NotebookError:
        """What a job that has ended gave, or why it gave nothing."""
        try:
            return future.result()
        except NotebookError as error:
            return error
        except Exception as error:
            return self.explain(error, job)

    def explain(self, error: BaseException, job: Job) -> NotebookError:
        """What to tell of a job that ended in `error`; raises what ends the publication."""
        kind = type(error).__name__
        return RunFailed(f"{job.label} could not be made: {kind}.", job.label, kind)

    def ended(self, job: Job) -> Future[Made]:
        """Run a job and wait for it, with no other sent meanwhile."""
        future = self.submit(make_body, job)
        while not wait([future], timeout=LOOK_SECONDS).done:
            self.check()
        return future


class LocalWorkers(Workers):
    """Processes of this machine; each works in the run's `folder` and dies with its publisher.

    They hold what they render, so they fork nothing: see `engine.forked`.
    """

    ahead = 64 << 20

    def __init__(self, number: int, folder: Path) -> None:
        self.slots, self._folder = number, folder
        self._context: BaseContext = get_context("spawn") if fork_hazard() else warm_context()
        self._start()

    def _start(self) -> None:
        self._life, self._held = self._context.Pipe(duplex=False)
        self._pool = self._processes()
        self._pool.submit(os.getpid)

    def _processes(self) -> ProcessPoolExecutor:
        begin = (self._folder, self._life, None if fork_hazard() else forker())
        return ProcessPoolExecutor(
            self.slots, mp_context=self._context, initializer=_begin, initargs=begin
        )

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        return _asked(self._pool, function, *arguments, **options)

    def each(self, function: Callable[[str], Any], items: Iterable[str]) -> Iterable[Any]:
        asked = list(items)
        try:
            return list(self._pool.map(function, asked, chunksize=ITEMS_AT_ONCE))
        except BrokenProcessPool:  # the system may have ended a worker for its memory
            self.renew()
            return map(function, asked)

    def aside(self, function: Callable[[str], Any], items: Iterable[str]) -> Iterable[Any]:
        pool = self._processes()
        asked = [(_asked(pool, function, item), item) for item in items]
        pool.shutdown(wait=False)
        return (function(i) if _lost(future) else future.result() for future, i in asked)

    def renew(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._start()

    def abandon(self) -> None:
        self.end_at_once()
        self.renew()

    def end_at_once(self) -> None:
        """End the processes, whatever they do; notebooks end with them."""
        self._held.close()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)


def _asked(
    pool: ProcessPoolExecutor, function: Any, /, *arguments: Any, **options: Any
) -> Future[Any]:
    """What a pool is to do; one that has lost a worker says so in the future."""
    try:
        return pool.submit(function, *arguments, **options)
    except BrokenProcessPool as error:
        broken: Future[Any] = Future()
        broken.set_exception(error)
        return broken


@contextmanager
def local_workers(number: int) -> Iterator[Workers]:
    """Worker processes, forked from the warm server, which never holds a scope's data.

    Where no process may fork (`fork_hazard`) each is a process started anew.
    """
    with scratch.run_folder() as folder:
        pool = LocalWorkers(number, folder)
        try:
            yield pool
        except KeyboardInterrupt:
            pool.end_at_once()
            raise
        finally:
            # Waiting: Python would wait at its end anyway, and stumble over the half-closed pool.
            pool.shutdown(wait=True, cancel_futures=True)


def _begin(folder: Path, life: Any, forker: Any) -> None:
    """In a new worker: never outlive the publisher, whose end may be a kill, nor the forker."""
    scratch.use(folder)
    # A handler and not SIG_IGN, which every program that a notebook starts would inherit.
    signal.signal(signal.SIGINT, _leave_to_the_publisher)
    forkers[:] = [forker] if forker else []
    threading.Thread(target=_end_with, args=([life, *forkers],), daemon=True).start()


def _leave_to_the_publisher(*_: object) -> None:
    """Ctrl-C reaches every process of the terminal; the publisher ends us when it has to."""


def _end_with(others: list[Any]) -> None:
    """End this process once one of the others has closed its end of what leads to it."""
    connection.wait(others)
    os._exit(1)


def run_jobs(
    pool: Workers, jobs: Iterable[tuple[Tag, Job | None]]
) -> Iterator[Outcome[Tag] | tuple[Tag, None]]:
    """Make the bodies of all jobs, in the order that they finish; a failed one gives its error, a
    tag without a job gives None at once.

    Only so many exist at a time, so memory does not grow with the number of pages. When a worker
    dies, the jobs that it may have begun are tried again one at a time: the one that kills its
    worker again is named, and the others go on.
    """
    open_: dict[Future[Made], tuple[Tag, Job]] = {}
    for tag, job in jobs:
        if job is None:
            yield tag, None
            continue
        while _enough(pool, open_):
            yield from _finished(pool, open_, LOOK_SECONDS)
        open_[pool.submit(make_body, job)] = tag, job
        yield from _finished(pool, open_, 0)  # so that a failure is reported at once
    while open_:
        yield from _finished(pool, open_, LOOK_SECONDS)


def _enough(pool: Workers, open_: dict[Future[Made], tuple[Tag, Job]]) -> bool:
    """Whether there are two jobs a slot, and no room for the data of more."""
    ahead = sum(len(data) for _, job in open_.values() for data in job.files.values())
    return len(open_) >= max(1, 2 * pool.slots) and ahead >= pool.ahead


def _finished(
    pool: Workers, open_: dict[Future[Made], tuple[Tag, Job]], seconds: float
) -> Iterator[Outcome[Tag]]:
    done, _ = wait(open_, timeout=seconds, return_when=FIRST_COMPLETED)
    if seconds and not done:
        pool.check()
    if any(_lost(future) for future in done):
        done, _ = wait(open_)  # the pool is dead, and with it every job that it had
    lost = []
    for future in [each for each in open_ if each in done]:
        tag, job = open_.pop(future)
        if _lost(future):
            lost.append((tag, job))
        else:
            yield tag, pool.outcome(future, job)
    if lost:
        pool.renew()
        begun = 2 * pool.slots + 1  # each worker's, and those that are ready for it
        for tag, job in lost[:begun]:
            yield tag, _alone(pool, job)
        for tag, job in lost[begun:]:
            open_[pool.submit(make_body, job)] = tag, job


def _alone(pool: Workers, job: Job) -> Made | NotebookError:
    """A job that may have killed its worker, tried again with no other beside it."""
    future = pool.ended(job)
    if not _lost(future):
        return pool.outcome(future, job)
    pool.renew()
    said = f"{job.label} was tried twice, and each time the worker process that ran it died."
    return RunFailed(said, job.label, "its worker died twice")


def _lost(future: Future[Any]) -> bool:
    """Whether a job went with its worker; waits until that is known."""
    return not future.cancelled() and isinstance(future.exception(), BrokenProcessPool)
