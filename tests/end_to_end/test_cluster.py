"""The same pages from a dask cluster: a real scheduler, real workers, one of them killed."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, publish
from tests.end_to_end.test_publishing import PERIOD, content


def started(command: list[str], said: str) -> tuple[subprocess.Popen[str], str]:
    """Start a process in a group of its own and wait until it says something."""
    process = subprocess.Popen(
        command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        start_new_session=True,
    )  # fmt: skip
    for line in process.stdout:
        if found := re.search(said, line):
            return process, found[0]
    raise AssertionError(f"{command} ended without saying {said}")


def stop(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


@pytest.fixture
def cluster():
    """The scheduler's address and two workers."""
    dask = shutil.which("dask", path=str(Path(sys.executable).parent))
    scheduler, address = started(
        [dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
        r"tcp://127\.0\.0\.1:\d+",
    )
    command = [sys.executable, "publish.py", "worker", "--scheduler", address, "--slots", "1"]
    workers = [subprocess.Popen(command, cwd=ROOT, start_new_session=True) for _ in range(2)]
    yield address, workers
    for process in [*workers, scheduler]:
        stop(process)


def wait_for_workers(address: str, number: int) -> None:
    """In a process of its own: dask's client leaves sockets to the garbage collector."""
    code = (
        "import sys; from distributed import Client\n"
        "with Client(sys.argv[1], timeout=30) as c: c.wait_for_workers(int(sys.argv[2]), 60)"
    )
    subprocess.run([sys.executable, "-c", code, address, str(number)], check=True, timeout=120)


def test_a_killed_worker_changes_nothing_but_the_time(cluster, extract, store, site, tmp_path):
    address, workers = cluster
    wait_for_workers(address, 2)
    there = tmp_path / "site"
    building = subprocess.Popen(
        [sys.executable, "publish.py", "build", "--extract", str(extract), "--store", str(store),
         "--period", PERIOD, "--site", str(there), "--only", "lwia/90", "--only", "lwia/02",
         "--scheduler", address],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    cache = there / ".ipats" / "cache"
    while building.poll() is None and not list(cache.glob("??/*")):
        time.sleep(0.05)
    assert building.poll() is None, "the build ended before a worker could be killed"
    stop(workers[0])
    _, said = building.communicate(timeout=300)
    assert building.returncode == 0, said
    areas = ("lwia/90/", "lwia/02/")
    here = {name: digest for name, digest in content(site).items() if name.startswith(areas)}
    assert content(there) == here


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
def test_no_scheduler_is_one_sentence(extract, store, tmp_path, address):
    done = publish(
        "build", "--extract", extract, "--store", store, "--period", PERIOD,
        "--site", tmp_path / "site", "--scheduler", address,
    )  # fmt: skip
    assert done.returncode == 2
    assert address in done.stderr
    assert "Traceback" not in done.stderr
