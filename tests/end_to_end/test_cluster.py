"""The same pages from a dask cluster: a real scheduler, real workers, some of them killed."""

import shutil
import time

import pytest

from tests.commands import start
from tests.conftest import ROOT, planner_of, publish
from tests.end_to_end.clusters import Waiting, building, cluster, stop, told
from tests.end_to_end.test_publishing import PERIOD, content
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture
def waiting(tmp_path, monkeypatch) -> Waiting:
    made = Waiting(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.mark.parametrize("ours", ["few", pytest.param("all", marks=pytest.mark.soak)])
def test_a_killed_worker_changes_nothing_but_the_time(request, extract, store, few, tmp_path, ours):
    """Of a few notebooks; all of ours come through a share (`test_shared_cluster.py`)."""
    there, whole = tmp_path / "site", ours == "all"
    notebooks = ROOT / "notebooks" if whole else few
    site = request.getfixturevalue("site" if whole else "few_site")
    with cluster() as dask:
        for _ in range(2):
            dask.worker()
        dask.wait_for_workers(2)
        build = start(
            "build", "--extract", extract, "--store", store, "--period", PERIOD, "--site", there,
            "--only", "lwia/90", "--notebooks", notebooks, "--scheduler", dask.address,
        )  # fmt: skip
        cache = there / ".ipats" / "cache"
        while build.poll() is None and not list(cache.glob("??/*")):
            time.sleep(0.05)
        assert build.poll() is None, "the build ended before a worker could be killed"
        stop(dask.workers[0])
        _, said = build.communicate(timeout=300)
    assert build.returncode == 0, said
    here = {name: digest for name, digest in content(site).items() if name.startswith("lwia/90/")}
    assert content(there) == here


def test_all_slots_of_a_cluster_work_and_what_a_dead_worker_ran_is_run_elsewhere(
    extract, store, tmp_path, waiting
):
    """Six slots are more than the four jobs that two workers of one machine are given. The site is
    that of a build without a cluster."""
    site, alone = tmp_path / "site", tmp_path / "alone"
    with cluster() as dask:
        first, second = dask.worker(3), dask.worker(3)
        dask.wait_for_workers(2)
        build = building(extract, store, site, waiting, dask.address)
        wait_until(lambda: len(waiting.runs()) == 6 or build.poll() is not None)
        lost, kept = waiting.scopes_run_by(first), waiting.scopes_run_by(second)
        assert (len(lost), len(kept)) == (3, 3)
        stop(first)
        waiting.go()
        events = told(build)
        assert build.returncode == 0, events
        assert lost <= waiting.scopes_run_by(second)
    runs = [scope for scope, _ in waiting.runs()]
    assert {scope for scope in runs if runs.count(scope) == 2} == lost
    assert events[-1]["executed"] == 8
    assert told(building(extract, store, alone, waiting, ""))[-1]["executed"] == 8
    assert content(site) == content(alone)


def test_a_job_given_up_and_a_cluster_without_workers_end_in_sentences(
    extract, store, tmp_path, waiting
):
    """The scheduler gives a job up at its first worker's death, and no other worker comes."""
    with cluster(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as dask:
        only = dask.worker()
        dask.wait_for_workers(1)
        site = tmp_path / "site"
        build = building(
            extract, store, site, waiting, dask.address, "--worker-seconds", "2"
        )  # fmt: skip
        wait_until(waiting.runs)
        ((scope, _),) = waiting.runs()
        stop(only)
        events = told(build)
    kinds = [event["event"] for event in events]
    assert kinds.index("failed") < kinds.index("waiting") < kinds.index("stopped")
    failed, stopped = [one for one in events if one["event"] == "failed"], events[-1]
    # The scheduler may have handed the worker a second job, which is given up with it.
    assert scope in {one["scope"].replace("/", "-") for one in failed}
    assert all("the workers that ran it died" in one["message"] for one in failed)
    assert f"No worker has been connected to {dask.address} for 2 seconds" in stopped["message"]
    assert stopped["exit_code"] == build.returncode == 6
    assert not (site / PERIOD).exists()


def test_a_scheduler_that_goes_away_ends_in_one_sentence(extract, store, tmp_path, waiting):
    with cluster() as dask:
        dask.worker()
        dask.wait_for_workers(1)
        build = building(extract, store, tmp_path / "site", waiting, dask.address)
        wait_until(waiting.runs)
        stop(dask.scheduler)
        events = told(build)
    # dask may write into the log after it, of its own tasks that were under way.
    (stopped,) = (event for event in events if event["event"] == "stopped")
    assert f"The dask scheduler at {dask.address} went away" in stopped["message"]
    assert "what was finished is kept" in stopped["message"]
    assert build.returncode == 6


def test_a_worker_with_other_code_that_joins_late_makes_no_page(extract, store, tmp_path, waiting):
    other = tmp_path / "params"
    shutil.copytree(ROOT / "params", other)
    (other / "another.txt").write_text("a file that the publisher's parameters have not\n")
    with cluster() as dask:
        dask.worker()
        dask.wait_for_workers(1)
        build = building(extract, store, tmp_path / "site", waiting, dask.address)
        wait_until(waiting.runs)
        dask.worker(IPATS_PARAMS=str(other))
        events = told(build)
        assert len(waiting.runs()) == 1
    assert "runs other code or parameters than this one: stop it" in events[-1]["message"]
    assert build.returncode == 2


def test_a_worker_older_than_the_parameters_on_its_disk_makes_no_page(
    extract, store, tmp_path, monkeypatch
):
    """An operator installs new parameters while a worker runs, whose first build comes later."""
    params = tmp_path / "params"
    shutil.copytree(ROOT / "params", params)
    monkeypatch.setenv("IPATS_PARAMS", str(params))
    with cluster() as dask:
        dask.worker()
        dask.wait_for_workers(1)
        (params / "another.txt").write_text("a file that was not there when the worker started\n")
        done = publish(
            "build", "--extract", extract, "--store", store, "--period", PERIOD,
            "--site", tmp_path / "site", "--only", "lwia/01", "--scheduler", dask.address,
        )  # fmt: skip
    assert done.returncode == 2
    assert "runs other code or parameters than this one: stop it" in done.stderr


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
def test_no_scheduler_is_one_sentence(extract, store, tmp_path, address):
    done = publish(
        "build", "--extract", extract, "--store", store, "--period", PERIOD,
        "--site", tmp_path / "site", "--only", planner_of(extract), "--scheduler", address,
    )  # fmt: skip
    assert done.returncode == 2
    assert address in done.stderr
    assert "Traceback" not in done.stderr
