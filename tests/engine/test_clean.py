"""A notebook finds the rows of its own scope and of no other: in no memory, no descriptor, no file.

Source: issue "The notebook is the report": no process that forks notebooks, nor any ancestor of it
by fork, ever holds rows; a child receives the bytes of its slice alone.
"""

import os
import random
import re
import socket
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from ipats_lib.publishing import cluster, scratch
from ipats_lib.publishing.engine import forked
from ipats_lib.publishing.execute import Job, Made, make_body
from ipats_lib.publishing.share import Share, frame_key, open_share
from ipats_lib.publishing.workers import LocalWorkers, local_workers, run_jobs
from tests.engine.conftest import code, notebook

pytestmark = pytest.mark.xdist_group("workers")

SCOPES = ("state", "lwia/01", "lwia/02", "lwia/03", "lwia/01/planner/7", "lwia/90")
rows = random.Random(17)
FRAME = "customers.arrow"
# Shows its rows and writes them to a file, so that they also leave by every way there is.
USE = """
import os
from pathlib import Path
rows = Path(snapshot, "customers.arrow").read_text()
Path(os.environ["IPATS_DOWNLOADS"], "rows.csv").write_text(rows)
print(rows)
display({"text/html": f"<p>{rows}</p>", "text/plain": ""}, raw=True)
"""
# The expression does not match itself, and only names are shown of what it finds.
CANARY = 'rb"CANARY-of-([a-z0-9.]+)-[0-9a-f]{32}"'
SEARCH = r"""
import os, re
canary = re.compile(CANARY)
found = {"memory": set(), "descriptors": set(), "files": set()}
searched = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps.readlines():
        (start, end), mode = (int(n, 16) for n in line.split()[0].split("-")), line.split()[1]
        if not mode.startswith("r") or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
            continue
        for place in range(start, end, 1 << 24):
            try:
                memory.seek(place)
                block = memory.read(min(end - place + 100, (1 << 24) + 100))
            except OSError:
                continue
            searched += len(block)
            found["memory"].update(canary.findall(block))
for number in map(int, os.listdir("/proc/self/fd")):
    if number > 2:
        try:
            os.set_blocking(number, False)
            block = os.read(number, 1 << 24)
        except OSError:
            continue
        found["descriptors"].update(canary.findall(block))
for place in (snapshot, os.getcwd(), os.environ["IPATS_DOWNLOADS"]):
    for folder, _, names in os.walk(place):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                found["files"].update(canary.findall(file.read()))
for kind, names in found.items():
    print("FOUND", kind, *sorted(name.decode() for name in names), "FOUND")
print("SEARCHED", searched)
""".replace("CANARY", CANARY, 1)


def short(scope: str) -> str:
    return scope.replace("/", ".")


def job(scope: str) -> Job:
    """A run that uses its own rows and then searches for any."""
    made = notebook(code("snapshot = ''", "parameters"), USE, SEARCH)
    row = f"CANARY-of-{short(scope)}-{rows.getrandbits(128):032x}"
    files = {FRAME: (f"{row}\n" * 50).encode()}
    return Job(f"search for {scope}", scope, "PY2024Q4", nbformat.writes(made), files,
               ("rows.csv",), seconds=300, key=frame_key(files[FRAME]))  # fmt: skip


def found(made: object) -> dict[str, set[str]]:
    """The scopes whose rows a run has found, by where."""
    assert isinstance(made, Made), made
    body = made.content.body
    assert int(re.search(r"SEARCHED (\d+)", body)[1]) > 100_000_000
    return {kind: set(names.split()) for kind, names in re.findall(r"FOUND (\w+)(.*?) FOUND", body)}


def only(scope: str) -> dict[str, set[str]]:
    return {"memory": {short(scope)}, "descriptors": set(), "files": {short(scope)}}


def test_a_notebook_finds_the_rows_of_its_own_scope_alone():
    """Two at a time, each after others in the same pool."""
    with local_workers(2) as pool:
        told = dict(run_jobs(pool, [(scope, job(scope)) for scope in SCOPES]))
    assert {scope: found(made) for scope, made in told.items()} == {s: only(s) for s in SCOPES}


kept: list[object] = []


def make_in_a_worker_that_keeps_a_row(asked: Job) -> Made:
    kept.append(asked.files)
    return make_body(asked)


def make_in_a_worker_that_keeps_a_row_and_forks(asked: Job) -> Made:
    """As the worker did before: it is itself what the notebook's process is forked from."""
    kept.append(asked.files)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        forked.serve(theirs)
        os._exit(0)
    theirs.close()
    ours.recv(100)  # its number
    forked.idle.clear()
    forked.forkers[:] = [ours]
    return make_body(asked)


def found_in_one_worker(make: Callable[[Job], Made], scopes: tuple[str, ...]) -> set[str]:
    """What the last run finds in memory after the others."""
    with local_workers(1) as pool:
        for scope in scopes[:-1]:
            pool.submit(make, job(scope)).result()
        return found(pool.submit(make, job(scopes[-1])).result())["memory"]


def test_what_a_worker_keeps_is_not_what_notebooks_are_forked_from():
    assert found_in_one_worker(make_in_a_worker_that_keeps_a_row, SCOPES[:3]) == {"lwia.02"}


def test_the_search_finds_what_a_worker_keeps_that_forks_notebooks_itself():
    """The search is able to fail."""
    seen = found_in_one_worker(make_in_a_worker_that_keeps_a_row_and_forks, SCOPES[:3])
    assert seen == {"state", "lwia.01", "lwia.02"}


@pytest.fixture
def share(tmp_path: Path) -> Share:
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    return open_share(str(tmp_path / "share"), key)


def test_nor_does_one_that_a_worker_of_a_cluster_runs(share, monkeypatch):
    """That worker's own process takes every scope's rows from the share, and renders."""
    monkeypatch.setattr(cluster, "_shares", [share])
    with scratch.run_folder() as folder, LocalWorkers(1, folder) as slot:
        cluster._free.put(slot)
        for scope in SCOPES[:3]:
            asked = job(scope)
            share.put("frames", asked.key, asked.files[FRAME])
            kept.append(asked.files)
            cluster.make_body_in_share(cluster.our_code(), bare(asked), {FRAME: asked.key})
            body = share.get("bodies", asked.key)
            assert b"FOUND memory %s FOUND" % short(scope).encode() in body
        cluster._free.get()


def bare(asked: Job) -> Job:
    return Job(asked.label, asked.scope, asked.period, asked.notebook, {}, asked.downloads,
               seconds=300, key=asked.key)  # fmt: skip
