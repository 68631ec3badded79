"""One small synthetic state, made and published once, for every test that needs a whole one."""

import csv
import fcntl
import gc
import hashlib
import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands import publish as publish
from tests.few import write_few
from tests.remembered import PLACE, remember_what_is_withheld

# A suite that a script starts in the background ignores Ctrl-C, and so would every server that it
# starts and stops by it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

MEMORY = Path("/dev/shm")
ENOUGH = 4 << 30  # bytes; a run needs about one fourth


def memory_has_room() -> bool:
    """Whether the temporary folders of a run fit in memory, and programs may be started there."""
    try:
        disk = os.statvfs(MEMORY)
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return False
    available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    free = min(disk.f_bavail * disk.f_frsize, available << 10)
    return free > ENOUGH and not disk.f_flag & os.ST_NOEXEC and os.access(MEMORY, os.W_OK)


# A publication syncs every file that it writes, and waits for the disk each time. No test cuts the
# power, so that in memory each finds the same, sooner.
if memory_has_room():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what takes long to make go to the same worker, so that it is made once.

    First, as pytest-xdist reads the groups in this hook too and does nothing with later ones.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None and (group := shares(item)):
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """Tests and modules stay to the end: no collection of garbage need look through them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """What a test sets in this process's environment is gone after it: a run of a notebook names
    its folder there."""
    before = dict(os.environ)
    yield
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


def shares(item: pytest.Item) -> str:
    """The folder whose `state` a test counts on, the sample that its module opens, or the module
    whose fixture it uses."""
    used = [made[-1] for made in item._fixtureinfo.name2fixturedefs.values()]
    states = [made.baseid for made in used if made.argname == "state" and made.scope == "session"]
    sample = ["sample"] if hasattr(item.module, "open_sample") else []
    return (*states, *sample, *(made.baseid for made in used if made.scope == "module"), "")[0]


EARLIER = ("2024-08-15", "2025-05-15")
ROOT = Path(__file__).parents[1]
AREAS = ("state", "lwia/01", "lwia/02", "lwia/90")


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Iterator[Path]:
    """A folder that all worker processes of this run share.

    At the end nothing in it that was made `once` may have changed: tests change copies.
    """
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    yield base
    for made in base.glob(f"*{DIGEST}"):
        folder = made.with_name(made.name.removesuffix(DIGEST))
        assert digest(folder) == made.read_text(), f"a test has changed {folder.name}"


@pytest.fixture(scope="session", autouse=True)
def withheld(shared) -> None:
    """What is withheld of the same figures is sought once a run."""
    folder = shared / "withheld"
    folder.mkdir(exist_ok=True)
    os.environ[PLACE] = str(folder)
    remember_what_is_withheld()


def once(shared: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, made by whichever worker process comes first; nobody changes it."""
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(folder)
            (shared / f"{name}{DIGEST}").write_text(digest(folder))
    return folder


DIGEST = ".digest"


def digest(folder: Path) -> str:
    """A hash of every name, mode, link and byte at and below a folder."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        found.update(f"{path.relative_to(folder)} {mode:o}\n".encode())
        if stat.S_ISLNK(mode):
            found.update(os.fsencode(os.readlink(path)))
        elif stat.S_ISREG(mode):
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """A folder where the system keeps temporary files, for what depends on a disk's ways.

    There a new file often gets the inode of one that was just removed; in memory it never does.
    """
    with tempfile.TemporaryDirectory(prefix="ipats-test-") as folder:
        yield Path(folder)


def passed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def extract(shared) -> Path:
    """The sample state at one twentieth of its size."""
    return once(shared, "extract", lambda f: passed(publish("sample", "--out", f, "--scale", 0.05)))


@pytest.fixture(scope="session")
def store(shared) -> Path:
    """Where the tests' snapshots are kept."""
    return shared / "store"


def built(extract: Path, store: Path, *words: object) -> Callable[[Path], None]:
    """What publishes PY2024Q4 of the sample state in a folder, with more words of the command."""
    command = ("build", "--extract", extract, "--store", store, "--period", "PY2024Q4")
    return lambda folder: passed(publish(*command, "--site", folder, *words))


@pytest.fixture(scope="session")
def site(shared, extract, store) -> Path:
    """PY2024Q4 of the sample state: the state, three areas and their planners."""
    only = [word for area in AREAS for word in ("--only", area)]
    return once(shared, "site", built(extract, store, *only))


def planner_of(extract: Path) -> str:
    """The scope of one career planner, whose few pages are enough for many a test."""
    with (extract / "planner.csv").open(newline="") as lines:
        planner = next(row for row in csv.DictReader(lines) if row["lwia"] == "90")
    return f"lwia/90/planner/{planner['planner_id']}"


@pytest.fixture(scope="session")
def few(shared) -> Path:
    """A folder of three small notebooks, for tests of publishing itself."""
    return once(shared, "few", write_few)


@pytest.fixture(scope="session")
def few_site(shared, extract, store, few) -> Path:
    """PY2024Q4 of the state and one LWIA with its planner, from the few notebooks."""
    only = ("--only", "state", "--only", "lwia/90")
    return once(shared, "few-site", built(extract, store, "--notebooks", few, *only))


@pytest.fixture(scope="session")
def planner_site(shared, extract, store, few) -> Path:
    """PY2024Q4 of one career planner alone, from the few notebooks."""
    only = ("--only", planner_of(extract))
    return once(shared, "planner-site", built(extract, store, "--notebooks", few, *only))


@pytest.fixture(scope="session")
def site_with_earlier(shared, extract, store) -> Path:
    """The state and one area with its planners, beside extracts of a quarter and a year before."""

    def make(folder: Path) -> None:
        earlier: list[str] = []
        for day in EARLIER:
            before = folder.with_name(f"before-{day}")
            passed(publish("sample", "--out", before, "--scale", 0.05, "--as-of", day))
            kept = publish("snapshot", "--extract", before, "--store", store)
            passed(kept)
            earlier += ["--earlier", kept.stdout.strip()]
        built(extract, store, "--only", "state", "--only", "lwia/01", *earlier)(folder)

    return once(shared, "site-with-earlier", make)
