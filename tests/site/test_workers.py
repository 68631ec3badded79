"""Processes that make pages die, alone or with their publisher: nothing else is lost or stays.

Source: issue text "The publishing engine": a notebook that kills its process is named and does not
take the others along; a publisher killed at any moment.
"""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.util import get_temp_dir
from pathlib import Path

import nbformat
import pytest

from ipats_lib.errors import UsageError
from ipats_lib.publishing import scratch, workers
from ipats_lib.publishing.cache import Content
from ipats_lib.publishing.execute import Job, Made, make_body
from ipats_lib.publishing.failed import RunFailed
from ipats_lib.publishing.runner import MOST_FAILURES, list_failures
from ipats_lib.publishing.site import Site
from ipats_lib.publishing.workers import Workers, local_workers, run_jobs
from tests.conftest import ROOT
from tests.engine.conftest import notebook
from tests.waiting import alive, descendants, wait_until

pytestmark = pytest.mark.xdist_group("workers")

# Two above it is what all notebooks of a publication are forked from; its workers end with that.
# The notebook waits for its end; one that came to its last cell first would be made.
KILL_THE_WORKER = (
    "import os, psutil, time\nos.kill(psutil.Process().parents()[1].pid, 9)\ntime.sleep(50)"
)


def job(label: str, *cells: str) -> Job:
    made = notebook(f"'{label}'", *cells)
    return Job(label, "state", "PY2024Q4", nbformat.writes(made), {}, seconds=60)


def outcomes(*jobs: Job) -> dict[str, object]:
    with local_workers(2) as pool:
        return dict(run_jobs(pool, [(each.label, each) for each in jobs]))


@pytest.fixture
def own_temporary_folder(tmp_path, monkeypatch) -> Path:
    get_temp_dir()  # multiprocessing's own, which other tests use as well, stays where it is
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_job_that_kills_its_worker_is_named_and_the_others_are_made(own_temporary_folder):
    labels = [f"good {number} for state" for number in range(5)]
    bad = job("bad for lwia/07", KILL_THE_WORKER)
    made = outcomes(job(labels[0]), bad, *(job(label) for label in labels[1:]))
    failed = made.pop("bad for lwia/07")
    assert isinstance(failed, RunFailed)
    assert "bad for lwia/07 was tried twice" in str(failed)
    assert [label in made[label].content.body for label in labels] == [True] * 5
    assert not list(own_temporary_folder.glob("ipats-*")), "the killed worker's page folder stays"


def test_a_notebook_that_kills_what_it_was_forked_from_is_named_at_once():
    """The worker has another forked, and no other page waits."""
    made = outcomes(job("bad", "import os\nos.kill(os.getppid(), 9)"), job("good"))
    assert "bad was stopped in cell 2: NotebookDied, its process died" in str(made["bad"])
    assert "good" in made["good"].content.body


@pytest.mark.parametrize("last", ["", "import time\ntime.sleep(600)"])
def test_workers_that_are_ended_at_once_are_gone(last):
    """Whatever they do, their notebooks with them; an interrupted publication does so."""
    before = descendants(os.getpid())
    with local_workers(2) as pool:
        pool.submit(os.getpid).result()
        asked = pool.submit(make_body, job("any", last))
        pool.end_at_once()
        if last:
            assert isinstance(asked.exception(120), BrokenProcessPool)
    servers = [pid for pid in descendants(os.getpid()) - before if "forkserver" in spelled(pid)]
    assert len(servers) <= 3, "the server, its forker and a guard"


def spelled(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def pid_and(word: str) -> tuple[int, str]:
    return os.getpid(), word


def test_what_is_found_aside_comes_in_order_from_no_process_that_makes_pages():
    """What looks at the whole state's records is nothing that notebooks are forked from."""
    words = ["one", "two", "three"]
    with local_workers(2) as pool:
        told = list(pool.aside(pid_and, words))
        makers = {pid for pid, _ in pool.each(pid_and, [str(n) for n in range(500)])}
    assert [word for _, word in told] == words
    assert not {pid for pid, _ in told} & {os.getpid(), *makers}
    assert [word for _, word in Workers().aside(pid_and, words)] == words


def pid_or_death(publisher: str) -> int:
    """Kills whoever is not the publisher, as the system does where memory is short."""
    if os.getpid() != int(publisher):
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_what_a_dying_worker_was_to_look_at_is_looked_at_here():
    here = os.getpid()
    with local_workers(1) as pool:
        assert list(pool.each(pid_or_death, [str(here)] * 3)) == [here] * 3
        assert list(pool.aside(pid_or_death, [str(here)] * 3)) == [here] * 3
        assert pool.submit(os.getpid).result() != here


def test_a_worker_that_dies_by_chance_costs_no_page(tmp_path):
    once = f"from pathlib import Path\nmark = Path({str(tmp_path / 'tried')!r})"
    die = f"if not mark.exists():\n    mark.touch()\n    {KILL_THE_WORKER.replace(chr(10), '; ')}"
    labels = ("unlucky one", "second one", "third one")
    made = outcomes(job(labels[0], once, die), job(labels[1]), job(labels[2]))
    assert [label in made[label].content.body for label in labels] == [True] * 3


def test_after_a_workers_death_only_what_may_have_been_begun_is_tried_alone(monkeypatch):
    alone = []
    tried = workers._alone
    monkeypatch.setattr(workers, "_alone", lambda *a: alone.append(a[1].label) or tried(*a))
    labels = [f"good {number}" for number in range(12)]
    made = outcomes(job("bad", KILL_THE_WORKER), *map(job, labels))
    assert "bad was tried twice" in str(made["bad"])
    assert [label in made[label].content.body for label in labels] == [True] * 12
    assert "bad" in alone
    assert len(alone) <= 5


class Waiting(Workers):
    """Makes nothing until all that it could be given is there, or two jobs wait."""

    def __init__(self, number: int) -> None:
        self.slots, self.most, self.number = 1, 0, number
        self.open: list[Future[Made]] = []

    def submit(self, function, job):
        self.open.append(Future())
        self.most = max(self.most, len(self.open))
        return self.open[-1] if len(self.open) < self.number else self.made()

    def check(self) -> None:
        self.made()

    def made(self):
        made, self.open = self.open, []
        for each in made:
            each.set_result(Made(Content("body"), 0.0, 0.0))
        return made[-1]


@pytest.mark.parametrize(("size", "ahead", "most"), [
    (10, 64, 6), (16, 64, 4), (1 << 40, 64, 2), (10, Workers.ahead, 2),
])  # fmt: skip
def test_jobs_wait_for_workers_as_far_as_their_data_are_small(monkeypatch, size, ahead, most):
    """While the next jobs' data are counted, there is something to be made; a cluster is sent two
    jobs a slot, whose data lie in its share."""
    monkeypatch.setattr(workers, "LOOK_SECONDS", 0.01)
    pool, data = Waiting(6), Sized(size)
    pool.ahead = ahead
    jobs = [(n, Job(str(n), "state", "PY2024Q4", "{}", {"a.arrow": data})) for n in range(6)]
    assert len(list(run_jobs(pool, jobs))) == 6
    assert pool.most == most


class Sized:
    """Data of a size, without the data."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size


PUBLISHER = """
import sys
from tests.site.test_workers import job
from ipats_lib.publishing.workers import local_workers, run_jobs
hang = f"open({sys.argv[1]!r} + name, 'w').write(str(1))\\nimport time\\ntime.sleep(600)"
jobs = [(name, job(name, f"name = {name!r}", hang)) for name in "ab"]
with local_workers(2) as pool:
    list(run_jobs(pool, jobs))
"""


@pytest.mark.parametrize("engine", ["", "kernel"])
def test_a_killed_publisher_leaves_no_process_and_its_data_go_with_the_next_run(
    own_temporary_folder, engine
):
    mark = own_temporary_folder / "mark-"
    killed = subprocess.Popen(
        [sys.executable, "-c", PUBLISHER, mark],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(own_temporary_folder), "IPATS_ENGINE": engine},
    )
    wait_until(lambda: len(list(own_temporary_folder.glob("mark-*"))) == 2)
    family = descendants(killed.pid)
    assert len(family) >= 4
    (left,) = own_temporary_folder.glob(f"{scratch.PREFIX}*")
    assert len(list(left.glob("ipats-page-*"))) == 2
    assert left.stat().st_mode & 0o077 == 0
    with scratch.run_folder():
        assert left.exists(), "its owner lives"
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    wait_until(lambda: not any(alive(pid) for pid in family))
    with scratch.run_folder() as ours:
        assert [path for path in own_temporary_folder.glob("ipats-*") if path != ours] == []


LEAVE_A_RECORD = "open('roster.csv', 'w').write('of planner 1')"
LOOK_FOR_ONE = "import os\nprint(os.getcwd(), os.listdir())"
IMPORT_THE_LIBRARY = (
    "from ipats_lib.params import params_folder\nparams_folder(), params_folder().is_dir()"
)


@pytest.mark.parametrize("engine", ["", "kernel", "papermill's own"])
def test_what_a_notebook_leaves_in_its_working_directory_is_gone_with_it(
    own_temporary_folder, monkeypatch, engine
):
    here = own_temporary_folder / "here"
    (here / "params").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.setenv("IPATS_PARAMS", "params")
    jobs = [job("1", LEAVE_A_RECORD), job("2", IMPORT_THE_LIBRARY, LOOK_FOR_ONE)]
    if engine == "papermill's own":
        monkeypatch.setattr("ipats_lib.publishing.execute.ENGINE", "nbclient")
        made = [make_body(each) for each in jobs]
    else:
        monkeypatch.setenv("IPATS_ENGINE", engine)
        with local_workers(1) as pool:
            made = [pool.submit(make_body, each).result() for each in jobs]
    assert [path.name for path in here.iterdir()] == ["params"]
    body = made[1].content.body
    assert "True" in body
    assert re.search(rf"{own_temporary_folder}\S+ \[\]", body), body
    assert not list(own_temporary_folder.glob("ipats-*"))


def test_where_no_fork_is_safe_workers_are_started_anew(monkeypatch):
    monkeypatch.setenv("IPATS_ENGINE", "kernel")
    with local_workers(1) as pool:
        assert pool._context.get_start_method() == "spawn"
        ((_, made),) = run_jobs(pool, [(None, job("page"))])
    monkeypatch.delenv("IPATS_ENGINE")
    assert made.content == outcomes(job("page"))["page"].content


def test_without_locks_publishing_says_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.delattr("ipats_lib.locks.fcntl")
    with (
        pytest.raises(UsageError, match="needs Linux or macOS"),
        Site(tmp_path / "site").publisher(),
    ):
        pass
    assert not (tmp_path / "site").exists()
    with scratch.run_folder() as folder:  # what the engine alone needs is there
        assert folder.is_dir()


PUBLISHER_ELSEWHERE = """
import multiprocessing, time
from ipats_lib.publishing.workers import _end_with
spawn = multiprocessing.get_context("spawn")
life, held = spawn.Pipe(duplex=False)
worker = spawn.Process(target=_end_with, args=([life],))
worker.start()
print(worker.pid, flush=True)
time.sleep(600)
"""


def test_a_worker_ends_with_its_publisher():
    with subprocess.Popen(
        [sys.executable, "-c", PUBLISHER_ELSEWHERE], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as publisher:
        worker = int(publisher.stdout.readline())
        assert alive(worker)
        publisher.kill()
    wait_until(lambda: not alive(worker))


def test_a_notebooks_memory_is_measured_where_it_was_held():
    made = outcomes(job("large", "held = bytearray(700_000_000)", "del held"))
    assert 700 <= made["large"].peak_mb < 1500


class Recorded(Workers):
    """Makes each page here and at once, and notes when it was asked to."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def submit(self, function, asked):
        from concurrent.futures import Future

        assert function is make_body
        self.events.append(f"asked for {asked.label}")
        future = Future()
        if asked.label == "bad":
            future.set_exception(RunFailed("bad failed.", "bad", "ValueError", 3))
        else:
            future.set_result(None)
        return future


def test_a_failure_is_told_before_the_next_job_is_asked_for():
    pool = Recorded()
    for tag, made in run_jobs(pool, [(n, job(n)) for n in ("bad", "b", "c", "d", "e", "f")]):
        pool.events.append(f"told of {tag}" if isinstance(made, RunFailed) else f"made {tag}")
    assert pool.events[:3] == ["asked for bad", "told of bad", "asked for b"]


def test_all_failures_are_listed_at_the_end():
    labels = [f"performance/summary for lwia/{number:02}" for number in range(25)]
    failed = [RunFailed(f"{label} failed.", label, "ValueError", 3) for label in labels]
    assert len(failed) == MOST_FAILURES
    said = list_failures(failed)
    assert all(str(each) in said for each in failed)
    assert "more were not tried" in said
    assert "not tried" not in list_failures(failed[:24])
