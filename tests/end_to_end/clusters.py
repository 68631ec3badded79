"""A real dask scheduler and real workers, and notebooks that tell who runs them and wait."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat

from tests.conftest import ROOT
from tests.engine.conftest import code, notebook
from tests.waiting import descendants

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


def stop(process: subprocess.Popen[str]) -> None:
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

    def __init__(self, host: str = HOST, inside: Inside = (), **settings: str) -> None:
        dask = shutil.which("dask", path=str(Path(sys.executable).parent))
        self.scheduler, self.address = _started(
            [*inside, dask, "scheduler", "--host", host, "--port", "0", "--no-dashboard"],
            rf"tcp://{re.escape(host)}:\d+",
            settings,
        )
        self.workers: list[subprocess.Popen[str]] = []

    def worker(
        self, slots: int = 1, *more: str, inside: Inside = (), **environment: str
    ) -> subprocess.Popen[str]:
        command = [*inside, sys.executable, "publish.py", "worker", "--scheduler", self.address]
        started = subprocess.Popen(
            [*command, "--slots", str(slots), *more], cwd=ROOT, start_new_session=True,
            stderr=subprocess.DEVNULL, env={**os.environ, **environment},
        )  # fmt: skip
        self.workers.append(started)
        return started

    def wait_for_workers(self, number: int, inside: Inside = ()) -> None:
        """In a process of its own: dask's client leaves sockets to the garbage collector."""
        code = (
            "import sys; from distributed import Client\n"
            "with Client(sys.argv[1], timeout=30) as c: c.wait_for_workers(int(sys.argv[2]), 90)"
        )
        command = [*inside, sys.executable, "-c", code, self.address, str(number)]
        subprocess.run(command, check=True, timeout=120)


@contextmanager
def cluster(host: str = HOST, inside: Inside = (), **settings: str) -> Iterator[Cluster]:
    made = Cluster(host, inside, **settings)
    try:
        yield made
    finally:
        for process in (*made.workers, made.scheduler):
            stop(process)


def _started(
    command: list[str], said: str, settings: dict[str, str]
) -> tuple[subprocess.Popen[str], str]:
    """Start a process in a group of its own and wait until it says something."""
    process = subprocess.Popen(
        command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        start_new_session=True, env={**os.environ, **settings},
    )  # fmt: skip
    for line in process.stdout:
        if found := re.search(said, line):
            return process, found[0]
    raise AssertionError(f"{command} ended without saying {said}")


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

    def scopes_run_by(self, worker: subprocess.Popen[str]) -> set[str]:
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
) -> subprocess.Popen[str]:
    """A build on the cluster, or on this machine without an address; standard error is JSON."""
    where = ("--scheduler", address) if address else ()
    only = [word for area in areas for word in ("--only", area)]
    return subprocess.Popen(
        [*inside, sys.executable, "publish.py", "--log-format", "json", "build",
         "--extract", str(extract),
         "--store", str(store), "--period", PERIOD, "--site", str(site), *only,
         "--notebooks", str(waiting.notebooks), *where, *more],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def told(build: subprocess.Popen[str]) -> list[dict]:
    """The events of a build's log, once it has ended: every line is an object."""
    _, said = build.communicate(timeout=300)
    return [json.loads(line) for line in said.splitlines()]
