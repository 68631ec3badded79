"""The same jobs on other machines: a dask.distributed scheduler, and workers that start from here.

Workers need this very code, which is checked before the first job and by every worker before every
job. With a share (`share.Share`) a job names its scope's data, which the worker's own process takes
from there, and the body comes back through it; without one, both travel with the job. Use `tls://`
addresses (dask's own security settings) wherever the network is not private: jobs hold records.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from queue import SimpleQueue
from time import monotonic
from typing import Any

from ipats_lib.errors import (
    IpatsError,
    NotebookError,
    PlaceError,
    PublicationError,
    UsageError,
)
from ipats_lib.publishing import scratch
from ipats_lib.publishing.cache import Content
from ipats_lib.publishing.dependencies import code_parts, hash_facts
from ipats_lib.publishing.execute import Job, Made, make_body
from ipats_lib.publishing.failed import RunFailed
from ipats_lib.publishing.share import LostInShare, Share, frame_key
from ipats_lib.publishing.workers import LocalWorkers, Workers, run_jobs

CONNECT_SECONDS = 15
ASK_SECONDS = 1.0
WAIT_SECONDS = 120.0
_ADDRESS = re.compile(r"(?:tcp|tls)://[^\s/:]+:[0-9]+")
_AGAIN = "Run the same command again: what was finished is kept."
_HELLO = b"the publisher's share"
_IN_SHARE = Content("")
_SEALED = "in the share"  # in place of a failed notebook, which holds records
_free: SimpleQueue[LocalWorkers] = SimpleQueue()
_shares: list[Share] = []


@cache
def our_code() -> str:
    """One hash over the code and the parameters that pages are made from, as first asked for.

    A worker asks before its processes read them: what is installed later is not what they hold.
    """
    return hash_facts(code_parts())


@contextmanager
def cluster_workers(
    address: str,
    patience: float = WAIT_SECONDS,
    notice: Callable[[str], None] = lambda _: None,
    share: Share | None = None,
) -> Iterator[Workers]:
    """Workers of a cluster; one that dies has its jobs run elsewhere.

    patience: seconds to wait for a worker when the last one has gone, named by `notice`. share:
    where the jobs' data lie. UsageError when there is no scheduler, no worker, or a worker with
    other code or another share than ours.
    """
    from distributed import Client

    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"--scheduler {address}: write tcp://host:8786, or tls://host:8786.")
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"No dask scheduler answers at {address}.") from error
    try:
        _check_workers(client, address)
        if share:
            _check_shares(client, share)
        yield _Cluster(client, address, patience, notice, share)
    finally:
        gone = client.status != "running"
        with contextlib.suppress(OSError, TimeoutError, AssertionError):  # it may be half dead
            client.close(timeout=ASK_SECONDS if gone else CONNECT_SECONDS)


def _check_workers(client: Any, address: str) -> None:
    theirs = client.run(our_code, on_error="return")
    if not theirs:
        raise UsageError(f"The scheduler at {address} has no workers: start some first.")
    for worker, code in theirs.items():
        if code != our_code():
            raise _other_code(worker)


def _check_shares(client: Any, share: Share) -> None:
    key = frame_key(_HELLO)
    share.put("frames", key, _HELLO)
    for worker, found in client.run(_finds, key, on_error="return").items():
        if found is not True:
            raise UsageError(
                f"Worker {worker} does not find in its share what was just put into {share}: start "
                f"it with the same --share and --share-key. {_AGAIN}"
            )


def _finds(key: str) -> bool:
    return bool(_shares) and _shares[0].get("frames", key) == _HELLO


def _other_code(worker: str) -> UsageError:
    return UsageError(
        f"Worker {worker} runs other code or parameters than this one: stop it, or start it again "
        f"from this version. {_AGAIN}"
    )


class _Cluster(Workers):
    """Sends each job to a warm process of whichever worker is free.

    slots: threads of the workers that are connected now. notice: called when there are none.
    """

    def __init__(
        self,
        client: Any,
        address: str,
        patience: float,
        notice: Callable[[str], None],
        share: Share | None,
    ) -> None:
        self._client, self._address, self._share = client, address, share
        self._patience, self._notice = patience, notice
        self._inner = client.get_executor(pure=False)
        self._asked, self._known = -ASK_SECONDS, 0
        self._alone_since: float | None = None

    @property
    def slots(self) -> int:  # type: ignore[override]
        if monotonic() - self._asked >= ASK_SECONDS:
            self._known, self._asked = self._ask(), monotonic()
        return self._known

    def _ask(self) -> int:
        if self._client.status != "running":
            raise self._gone()
        try:
            return sum(self._client.nthreads().values())
        except (OSError, TimeoutError, CancelledError):
            raise self._gone() from None

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        if function is not make_body:
            raise TypeError("a cluster makes page bodies and nothing else")
        if self._client.status != "running":
            raise self._gone()
        (job,) = arguments
        if self._share is None:
            return self._inner.submit(make_body_there, our_code(), job, **options)
        frames = {name: frame_key(data) for name, data in job.files.items()}
        for name, key in frames.items():
            self._share.keep("frames", key, job.files[name])
        bare = replace(job, files={})
        return self._inner.submit(make_body_in_share, our_code(), bare, frames, **options)

    def outcome(self, future: Future[Made], job: Job) -> Made | NotebookError:
        """A job whose data or body were lost in the share is run once more, its data put anew."""
        share = self._share
        if share is None:
            return super().outcome(future, job)
        try:
            return _fetched(share, super().outcome(future, job), job)
        except LostInShare:
            share.forget_frames()
        try:
            return _fetched(share, super().outcome(self.ended(job), job), job)
        except LostInShare:
            raise PublicationError(
                f"What {share} holds for {job.label} was lost twice, or a worker has another: "
                f"start all with the same --share and --share-key. {_AGAIN}"
            ) from None

    def check(self) -> None:
        """PublicationError when the scheduler has gone, or no worker has come for too long."""
        if self.slots:
            self._alone_since = None
            return
        if self._alone_since is None:
            self._alone_since = monotonic()
            self._notice(
                f"No worker is connected to {self._address}: waiting {self._patience:g} seconds "
                "for one."
            )
        if monotonic() - self._alone_since > self._patience:
            raise PublicationError(
                f"No worker has been connected to {self._address} for {self._patience:g} seconds: "
                f"start some. {_AGAIN}"
            )

    def explain(self, error: BaseException, job: Job) -> NotebookError:
        from distributed import KilledWorker

        if isinstance(error, IpatsError | LostInShare):
            raise error from None
        if isinstance(error, KilledWorker):
            last = getattr(error.last_worker, "address", "unknown")
            said = f"{job.label} was given up: the workers that ran it died, {last} the last."
            return RunFailed(said, job.label, "its workers died")
        if isinstance(error, CancelledError | OSError | TimeoutError):
            raise self._gone() from None
        raise PublicationError(
            f"{job.label} cannot be run by the workers of {self._address} "
            f"({type(error).__name__}): start them all from this version. {_AGAIN}"
        ) from None

    def _gone(self) -> PublicationError:
        return PublicationError(
            f"The dask scheduler at {self._address} went away: start it and its workers. {_AGAIN}"
        )


def _fetched(share: Share, made: Made | NotebookError, job: Job) -> Made | NotebookError:
    if isinstance(made, RunFailed):
        left = share.get("bodies", _left_by(job)) if made.executed == _SEALED else None
        made.executed = left.decode() if left else ""
    if isinstance(made, NotebookError):
        return made
    if (body := share.get("bodies", job.key)) is None:
        raise LostInShare
    return replace(made, content=Content.read(body.decode()))


def make_body_in_share(code: str, job: Job, frames: dict[str, str]) -> Made:
    """On a worker: take the job's data (keys by file name) from the share and leave the body there.

    Only this process knows the share and its key; the notebook's gets the job's own data.
    LostInShare for what is not there or damaged, UsageError for other code or no share.
    """
    _check_code(code)
    if not _shares:
        raise UsageError(f"Worker {_own_address()} has no share: start it with --share. {_AGAIN}")
    share = _shares[0]
    try:
        files = {name: _frame(share, key) for name, key in frames.items()}
        try:
            made = make_body_there(code, replace(job, files=files))
        except RunFailed as failed:
            if failed.executed:
                share.put("bodies", _left_by(job), failed.executed.encode())
            sealed = _SEALED if failed.executed else ""
            raise RunFailed(failed.said, failed.label, failed.reason, failed.cell, sealed) from None
        share.put("bodies", job.key, made.content.text().encode())
    except PlaceError as error:
        raise PlaceError(f"Worker {_own_address()}: {error} {_AGAIN}") from None
    return replace(made, content=_IN_SHARE)


def _left_by(job: Job) -> str:
    """Where the share has what a failed run left."""
    return f"failed {job.key}"


def _frame(share: Share, key: str) -> bytes:
    found = share.get("frames", key)
    if found is None or frame_key(found) != key:
        raise LostInShare
    return found


def make_body_there(code: str, job: Job) -> Made:
    """On a worker: its own process has threads and cannot fork safely, so another one does.

    UsageError when the worker runs other code than the publisher, however late it has joined.
    """
    _check_code(code)
    process = _free.get()
    try:
        ((_, made),) = run_jobs(process, [(None, job)])
    finally:
        _free.put(process)
    if isinstance(made, NotebookError):
        raise made
    assert made is not None  # every job gives something
    return made


def _check_code(code: str) -> None:
    if code != our_code():
        raise _other_code(_own_address())


def _own_address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def run_worker(address: str, slots: int, share: Share | None = None) -> None:
    """Serve a scheduler until it goes away: `slots` pages at once.

    UsageError if none answers, or if code or parameters change while the worker starts.
    """
    _shares[:] = [share] if share else []
    held = our_code()
    with scratch.run_folder() as folder:
        processes = [LocalWorkers(1, folder) for _ in range(slots)]
        try:
            for process in processes:
                process.submit(os.getpid).result()
                _free.put(process)
            if hash_facts(code_parts()) != held:
                raise UsageError("The code or the parameters changed meanwhile: start it again.")
            asyncio.run(_serve(address, slots, str(folder)))
        except (OSError, TimeoutError) as error:
            raise UsageError(f"No dask scheduler answers at {address}.") from error
        finally:
            for process in processes:
                process.shutdown(wait=True, cancel_futures=True)


async def _serve(address: str, slots: int, folder: str) -> None:
    """folder: private, for what dask itself puts on the disk when memory is short."""
    from distributed import Worker

    async with Worker(
        address, nthreads=slots, death_timeout=CONNECT_SECONDS, local_directory=folder
    ) as worker:
        await worker.finished()
