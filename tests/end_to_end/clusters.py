"""A real dask scheduler and real workers, and notebooks that tell who runs them and wait."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import nbformat

from tests.commands import PROGRAM, ROOT, Running, start
from tests.engine.conftest import code, notebook
from tests.waiting import descendants, wait_until

DASK = Path(sys.executable).with_name("dask")
HOST = "127.0.0.1"
Inside = Sequence[str]
PERIOD = "PY2024Q4"
AREAS = ("lwia/01", "lwia/02", "lwia/03", "lwia/90")
# A frame of figures and one of customers: each comes to a worker the way of its kind.
READS = ("customers", "figures")
TELL_AND_WAIT = """
import os, time
from pathlib import Path
place = Path(os.environ["IPATS_TEST_PLACE"])
(place / f"{scope.replace('/', '-')}.{os.getppid()}").touch()
while not (place / "go").exists():
    time.sleep(0.1)
"""


def stop(process: Running) -> None:
    """Kill a process with its group, as a machine that loses power does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


class Cluster:
    """A scheduler and the workers that are started for it.

    host: where the scheduler listens. inside: what its command, or a worker's, is run by.
    """

    def __init__(self, log: Path, host: str = HOST, inside: Inside = (), **settings: str) -> None:
        self.log, self.workers = log, []
        words = ("scheduler", "--host", host, "--port", "0", "--no-dashboard")
        self.scheduler = started(
            *words, inside=inside, program=DASK, env=settings, session=True, into=str(log)
        )
        place = re.compile(rf"Scheduler at: +(tcp://{re.escape(host)}:\d+)")
        wait_until(lambda: place.search(log.read_text()) or self.scheduler.poll() is not None)
        self.address = place.search(log.read_text())[1]

    def worker(
        self, slots: int = 1, *more: str, inside: Inside = (), **environment: str
    ) -> Running:
        command = ("worker", "--scheduler", self.address, "--slots", str(slots), *more)
        begun = started(*command, inside=inside, env=environment, session=True, into=os.devnull)
        self.workers.append(begun)
        return begun

    def wait_for_workers(self, number: int) -> None:
        """Until the scheduler has written that so many have come."""
        wait_until(lambda: self.log.read_text().count("Register worker") >= number)


@contextmanager
def cluster(host: str = HOST, inside: Inside = (), **settings: str) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="ipats-test-") as folder:
        made = Cluster(Path(folder, "scheduler.log"), host, inside, **settings)
        try:
            yield made
        finally:
            for process in (*made.workers, made.scheduler):
                stop(process)


def started(
    *words: str, inside: Inside = (), program: Path = PROGRAM, session: bool = False, **more: Any
) -> Running:
    """Start a program of ours: warm, unless it is to be run by another command."""
    if not inside:
        return start(*words, program=program, session=session, **more)
    environment = {**os.environ, **more.get("env", {})}
    with open(more["into"], "a") if "into" in more else nullcontext(subprocess.PIPE) as heard:
        return subprocess.Popen(
            [*inside, sys.executable, str(program), *words], cwd=ROOT, start_new_session=session,
            stdout=heard, stderr=heard, text=True, env=environment,
        )  # fmt: skip


class Waiting:
    """One notebook whose every run says who runs it, and waits until it may go on.

    It is the same notebook in every test: where it says so, `environment` says. cells: code that it
    runs then, and shows.
    """

    def __init__(self, folder: Path, *cells: str) -> None:
        self.place, self.notebooks = folder / "told", folder / "notebooks"
        self.environment = {"IPATS_TEST_PLACE": str(self.place)}
        self.place.mkdir(parents=True)
        (self.notebooks / "performance").mkdir(parents=True)
        parameters = 'scope = "state"\nperiod = "PY2024Q4"\nsnapshot = "sample"'
        made = notebook(code(parameters, "parameters"), TELL_AND_WAIT, *cells)
        made.cells.insert(0, nbformat.v4.new_markdown_cell("# Waits"))
        for number, cell in enumerate(made.cells):
            cell["id"] = f"cell{number}"  # else drawn, and a page shows the file's hash
        made.metadata["ipats"] = {
            "family": "performance", "title": "Waits", "order": 1, "scopes": ["lwia", "planner"],
            "data": list(READS),
        }  # fmt: skip
        nbformat.write(made, self.notebooks / "performance" / "waits.ipynb")

    def runs(self) -> list[tuple[str, int]]:
        """(scope, process of the worker) of every run that was begun."""
        names = (path.name.rpartition(".") for path in self.place.glob("*.*"))
        return [(scope, int(pid)) for scope, _, pid in names]

    def scopes_run_by(self, worker: Running) -> set[str]:
        mine = descendants(worker.pid)
        return {scope for scope, pid in self.runs() if pid in mine}

    def go(self) -> None:
        (self.place / "go").touch()


def building(
    extract: Path | str,
    store: Path,
    site: Path,
    waiting: Waiting,
    address: str,
    *more: str,
    inside: Inside = (),
    areas: Sequence[str] = AREAS,
) -> Running:
    """A build on the cluster, or on this machine without an address; standard error is JSON."""
    where = ("--scheduler", address) if address else ()
    only = [word for area in areas for word in ("--only", area)]
    return started(
        "--log-format", "json", "build", "--extract", str(extract), "--store", str(store),
        "--period", PERIOD, "--site", str(site), *only, "--notebooks", str(waiting.notebooks),
        *where, *more, inside=inside,
    )  # fmt: skip


def told(build: Running) -> list[dict]:
    """The events of a build's log, once it has ended: every line is an object."""
    _, said = build.communicate(timeout=300)
    return [json.loads(line) for line in said.splitlines()]
