"""A cluster whose snapshot, data and bodies lie on a shared path or at a URL; workers are killed.

Source: issue "Past one machine".
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipats_lib.periods import Period
from ipats_lib.publishing.share import frame_key, open_share
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import open_snapshot
from tests.conftest import ROOT, once
from tests.end_to_end.clusters import AREAS, READS, Waiting, building, cluster, stop, told
from tests.end_to_end.test_publishing import PERIOD, content
from tests.ftp import PASSWORD, ftp
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("cluster")

# What the notebook's folder holds, to the byte: whatever it saw, its page shows.
SHOW_ALL = """
import hashlib
[f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}"
 for file in sorted(Path(snapshot).glob("*.*"))]
"""


@dataclass(frozen=True)
class Shared:
    """A folder, and how publishers and workers name it and its key."""

    folder: Path
    publisher: str
    worker: str
    key: Path
    server: object = None

    def build(self) -> tuple[str, ...]:
        return "--share", f"{self.publisher}/share", "--share-key", str(self.key)

    def serve(self) -> tuple[str, ...]:
        return "--share", f"{self.worker}/share", "--share-key", str(self.key)

    def entries(self, kind: str) -> list[Path]:
        return sorted(self.folder.glob(f"share/*/{kind}/*"))


def new_key(path: Path) -> Path:
    path.write_text(os.urandom(32).hex())
    path.chmod(stat.S_IRUSR)
    return path


@pytest.fixture(params=["path", "ftp"])
def place(request, tmp_path):
    """The same on a shared path and on a server that is reached by its port alone."""
    folder, key = tmp_path / "served", new_key(tmp_path / "share.key")
    with ftp(folder) if request.param == "ftp" else nullcontext() as server:
        if server:
            yield Shared(folder, server.url("publisher"), server.url("worker"), key, server)
        else:
            yield Shared(folder, str(folder), str(folder), key)


@pytest.fixture
def waiting(tmp_path, monkeypatch) -> Waiting:
    made = Waiting(tmp_path, SHOW_ALL)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture(scope="module")
def alone(shared, extract, store) -> dict[str, str]:
    """What a publisher without a cluster makes of the same notebook."""

    def make(folder: Path) -> None:
        made = Waiting(folder.with_name("waiting"), SHOW_ALL)
        made.go()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in made.environment.items():
                patch.setenv(name, value)
            assert executed(building(extract, store, folder, made, "")) == 8

    return content(once(shared, "alone", make))


# A transport that another fault is tried on in every run; `make soak` tries this one on it too.
def also(place: str) -> object:
    return pytest.param(place, marks=pytest.mark.soak)


def executed(build) -> int:
    """How many notebooks a build that went well has run."""
    events = told(build)
    assert build.returncode == 0, events
    assert PASSWORD not in str(events)
    return events[-1]["executed"]


@pytest.mark.parametrize("place", ["path", also("ftp")], indirect=True)
def test_a_worker_killed_amid_a_page_changes_no_byte_and_a_second_publisher_finds_the_bodies(
    extract, store, tmp_path, place, waiting, alone
):
    sites = [tmp_path / name for name in ("cluster", "second", "third")]
    with cluster() as dask:
        first, second = (dask.worker(2, *place.serve()) for _ in range(2))
        dask.wait_for_workers(2)
        build = building(extract, store, sites[0], waiting, dask.address, *place.build())
        wait_until(lambda: len(waiting.runs()) == 4 or build.poll() is not None)
        lost = waiting.scopes_run_by(first)
        assert len(lost) == 2
        stop(first)
        waiting.go()
        assert executed(build) == 8
        assert lost <= waiting.scopes_run_by(second)
    assert content(sites[0]) == alone

    snapshot, copies = kept(place, extract, tmp_path), tmp_path / "another machine's store"
    assert executed(building(snapshot, copies, sites[1], waiting, "", *place.build())) == 0
    assert content(sites[1]) == alone

    damaged, forged, other, *_ = place.entries("bodies")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    forged.write_bytes(other.read_bytes())
    assert executed(building(snapshot, copies, sites[2], waiting, "", *place.build())) == 2
    assert content(sites[2]) == alone


def kept(place, extract, machine: Path) -> str:
    """The address of the extract's snapshot after `snapshot --store` has put it there."""
    command = [sys.executable, str(ROOT / "publish.py"), "snapshot", "--extract", str(extract)]
    store = f"{place.publisher}/kept" if place.server else f"file://{place.folder}/kept"
    done = subprocess.run(
        [*command, "--store", store], cwd=machine, capture_output=True, text=True, check=True
    )
    assert PASSWORD not in done.stdout + done.stderr
    (there,) = (place.folder / "kept").iterdir()
    assert (machine / "var" / "snapshots" / there.name).is_dir()
    return f"{store}/{there.name}"


def test_our_own_notebooks_give_the_same_bytes_through_a_url(extract, store, site, tmp_path):
    there = tmp_path / "site"
    with ftp(tmp_path / "served") as server, cluster() as dask:
        key = new_key(tmp_path / "share.key")
        place = Shared(server.folder, server.url("publisher"), server.url("worker"), key)
        for _ in range(2):
            dask.worker(1, *place.serve())
        dask.wait_for_workers(2)
        build = subprocess.Popen(
            [sys.executable, "publish.py", "build", "--extract", str(extract), "--store",
             str(store), "--period", PERIOD, "--site", str(there), "--only", "lwia/90",
             "--scheduler", dask.address, *place.build()],
            cwd=ROOT, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_until(lambda: place.entries("bodies") or build.poll() is not None)
        assert build.poll() is None, "the build ended before a worker could be killed"
        stop(dask.workers[0])
        _, said = build.communicate(timeout=300)
    assert build.returncode == 0, said
    here = {name: digest for name, digest in content(site).items() if name.startswith("lwia/90/")}
    assert content(there) == here


@pytest.mark.parametrize("place", ["ftp"], indirect=True)
def test_a_worker_reads_the_data_of_its_jobs_scopes_and_of_no_other(
    extract, store, tmp_path, place, waiting
):
    """The share holds what an earlier publication of all four areas has left there. Its worker is
    gone: what that still reads when its build has ended is not the second's."""
    waiting.go()
    runs = [("all", (), AREAS), ("part", ("--clean",), ["lwia/02"])]
    for site, more, areas in runs:
        before = len(place.server.read_by("worker"))
        with cluster() as dask:
            dask.worker(1, *place.serve())
            dask.wait_for_workers(1)
            assert executed(
                building(
                    extract, store, tmp_path / site, waiting, dask.address, *more, *place.build(),
                    areas=areas,
                )
            )  # fmt: skip
    read = set(place.server.read_by("worker")[before:])
    (manifest,) = (tmp_path / "part" / ".ipats" / "releases").glob("*.json")
    snapshot = open_snapshot(store / json.loads(manifest.read_text())["facts"]["snapshot"])
    theirs = names_of(place, snapshot, "lwia/02")
    hello = names_of_data(place, [b"the publisher's share"])
    assert read
    strange = read - hello - theirs
    assert not strange, {name: (place.server.folder / name).stat().st_size for name in strange}
    assert len(place.entries("frames")) > len(theirs)


def names_of(place, snapshot, area: str) -> set[str]:
    """The share's files with the data of an LWIA and of its planners."""
    state = StateData(snapshot, Period.parse(PERIOD))
    inside = [scope for scope in snapshot.scopes() if Scope.parse(area).contains(scope)]
    data = (state.slice(scope).only(READS).files.values() for scope in inside)
    return names_of_data(place, [each for files in data for each in files])


def names_of_data(place, data) -> set[str]:
    """The files that a reader of these frames is served; it reads nothing else."""
    share = open_share(f"{place.publisher}/share", place.key)
    before = len(place.server.read_by("publisher"))
    for each in data:
        share.get("frames", frame_key(each))
    return set(place.server.read_by("publisher")[before:])


def flip_every_bit(entries):
    for entry in entries:
        entry.write_bytes(bytes(byte ^ 255 for byte in entry.read_bytes()))


def swap(entries):
    for entry, other in zip(entries, [*entries[1:], entries[0]], strict=True):
        entry.rename(f"{entry}.aside")
        shutil.copy(f"{other}.aside" if Path(f"{other}.aside").exists() else other, entry)


def take_away(entries):
    shutil.rmtree(entries[0].parents[1])


OF_TWO_JOBS = 2 * len(("about", *READS)) + 1  # and one by which workers know the share


@pytest.mark.parametrize(
    ("place", "fault"),
    [("path", flip_every_bit), ("path", swap), ("ftp", take_away)],
    indirect=["place"],
)
def test_data_lost_or_forged_on_the_way_are_put_again(
    extract, store, tmp_path, place, waiting, fault, alone
):
    """The first job waits in the only slot; the next one's data are put, and not yet taken."""
    with cluster() as dask:
        dask.worker(1, *place.serve())
        dask.wait_for_workers(1)
        build = building(extract, store, tmp_path / "site", waiting, dask.address, *place.build())
        wait_until(waiting.runs)
        wait_until(lambda: len(place.entries("frames")) == OF_TWO_JOBS or build.poll() is not None)
        assert build.poll() is None
        entries = place.entries("frames")
        fault(entries)
        spoilt = {entry: entry.read_bytes() for entry in entries if entry.exists()}
        waiting.go()
        assert executed(build) == 8
    put_again = [e for e in entries if e.exists() and e.read_bytes() != spoilt.get(e)]
    assert put_again
    assert content(tmp_path / "site") == alone


@pytest.mark.parametrize("place", [also("path"), "ftp"], indirect=True)
def test_what_a_killed_publisher_has_begun_is_found_by_the_next_one_anywhere(
    extract, store, tmp_path, place, waiting
):
    with cluster() as dask:
        dask.worker(1, *place.serve())
        dask.wait_for_workers(1)
        build = building(extract, store, tmp_path / "killed", waiting, dask.address, *place.build())
        wait_until(waiting.runs)
        build.kill()
        told(build)
        waiting.go()
        wait_until(lambda: place.entries("bodies"))
    left = len(place.entries("bodies"))
    assert executed(
        building(extract, store, tmp_path / "next", waiting, "", *place.build())
    ) == 8 - left  # fmt: skip


@pytest.mark.parametrize("place", ["path"], indirect=True)
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("has", ["no share", "another key"])
def test_a_worker_with_another_share_than_the_publisher_makes_no_page(
    extract, store, tmp_path, place, waiting, late, has
):
    other = ()
    if has == "another key":
        key = new_key(tmp_path / "other.key")
        other = ("--share", f"{place.worker}/share", "--share-key", str(key))
    with cluster() as dask:
        dask.worker(1, *(place.serve() if late else other))
        dask.wait_for_workers(1)
        build = building(extract, store, tmp_path / "site", waiting, dask.address, *place.build())
        if late:
            wait_until(waiting.runs)
            dask.worker(1, *other)
        stopped = told(build)[-1]
        assert len(waiting.runs()) == int(late)
    assert "--share" in stopped["message"]
    assert str(place.key) not in stopped["message"]
    assert build.returncode == stopped["exit_code"]
    assert build.returncode in (2, 6)
    assert not (tmp_path / "site" / PERIOD).exists()


def ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], capture_output=True, check=False).returncode == 0


HUB = "10.79.0.1"


@pytest.fixture
def machines():
    """Four network namespaces that meet at a bridge in the first and know nothing of this one's.

    Gives what a command is run by in each: server, two workers, publisher.
    """
    names = [f"ipats-{os.getpid()}-{number}" for number in range(1, 5)]
    hub, *others = names
    try:
        if not (shutil.which("ip") and os.geteuid() == 0 and ip("netns", "add", hub)):
            pytest.skip("network namespaces need root, iproute2 and a kernel that has them")
        if not ip("-n", hub, "link", "add", "bridge", "type", "bridge"):
            pytest.skip("this kernel has no bridges")
        ip("-n", hub, "addr", "add", f"{HUB}/24", "dev", "bridge")
        for number, name in enumerate(others, start=2):
            end = f"end{number}"
            assert ip("netns", "add", name)
            assert ip("-n", hub, "link", "add", end, "type", "veth", "peer", "eth", "netns", name)
            assert ip("-n", hub, "link", "set", end, "master", "bridge", "up")
            assert ip("-n", name, "addr", "add", f"10.79.0.{number}/24", "dev", "eth")
            assert ip("-n", name, "link", "set", "eth", "up")
        for name in names:
            assert ip("-n", name, "link", "set", "lo", "up")
        assert ip("-n", hub, "link", "set", "bridge", "up")
        yield [("ip", "netns", "exec", name) for name in names]
    finally:
        for name in names:
            ip("netns", "del", name)


def test_machines_that_share_no_network_address_give_the_same_bytes(
    extract, store, tmp_path, waiting, machines, alone
):
    """Scheduler and share on one, a worker each on two, of which one dies, the publisher on one."""
    hub, one, two, mine = machines
    key = new_key(tmp_path / "share.key")
    with ftp(tmp_path / "served", HUB, hub) as server, cluster(HUB, hub) as dask:
        place = Shared(server.folder, server.url("publisher"), server.url("worker"), key, server)
        first, second = (dask.worker(1, *place.serve(), inside=each) for each in (one, two))
        dask.wait_for_workers(2)
        build = building(
            extract, store, tmp_path / "site", waiting, dask.address, *place.build(), inside=mine
        )
        wait_until(lambda: len(waiting.runs()) == 2 or build.poll() is not None)
        (lost,) = waiting.scopes_run_by(first)
        stop(first)
        waiting.go()
        assert executed(build) == 8
        assert lost in waiting.scopes_run_by(second)
    assert content(tmp_path / "site") == alone
