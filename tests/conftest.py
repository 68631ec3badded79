"""One small synthetic state, made and published once, for every test that needs a whole one."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# A suite that a script starts in the background ignores Ctrl-C, and so would every server that it
# starts and stops by it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

EARLIER = ("2024-08-15", "2025-05-15")
ROOT = Path(__file__).parents[1]
AREAS = ("state", "lwia/01", "lwia/02", "lwia/90")


def publish(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as an operator does."""
    return subprocess.run(
        [sys.executable, str(ROOT / "publish.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=600,
    )


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """A folder that all worker processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(shared: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, made by whichever worker process comes first."""
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make(folder)
    return folder


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


@pytest.fixture(scope="session")
def site(shared, extract, store) -> Path:
    """PY2024Q4 of the sample state: the state, three areas and their planners."""
    only = [word for area in AREAS for word in ("--only", area)]
    return once(
        shared,
        "site",
        lambda f: passed(
            publish(
                "build", "--extract", extract, "--store", store, "--period", "PY2024Q4",
                "--site", f, *only,
            )
        ),
    )  # fmt: skip


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
        passed(
            publish(
                "build", "--extract", extract, "--store", store, "--period", "PY2024Q4",
                "--site", folder, "--only", "state", "--only", "lwia/01", *earlier,
            )
        )  # fmt: skip

    return once(shared, "site-with-earlier", make)
