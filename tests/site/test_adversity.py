"""F9, F11: rivals, a full disk, a clock that jumps, notebooks that go wrong.

Source: issue text "Whole or absent"; security notes, Faults.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from ipats_lib.publishing.site import Site
from tests.conftest import ROOT, planner_of, publish
from tests.site.whole_builds import tree
from tests.switched import is_intact
from tests.waiting import wait_until

PERIOD = "PY2024Q4"
COLD = (sys.executable, ROOT / "publish.py")
REMEMBERING = (sys.executable, "-m", "tests.remembered", ROOT / "publish.py")


@pytest.fixture
def build(extract, store, few):
    """Build a planner's pages: site, more words, and perhaps other notebooks than the few."""

    def build_one(site, *more, notebooks=few):
        return publish(
            "build", "--extract", extract, "--store", store, "--period", PERIOD, "--site", site,
            "--only", planner_of(extract), "--notebooks", notebooks, *more,
        )  # fmt: skip

    return build_one


@pytest.fixture
def small(planner_site, tmp_path) -> Path:
    """One planner's pages: what readers see before anything goes wrong."""
    return Path(shutil.copytree(planner_site, tmp_path / "site", symlinks=True))


def test_of_six_publishers_at_once_exactly_one_wins_and_five_leave_with_75(tmp_path):
    command = [sys.executable, "-m", "tests.site.six_publishers", tmp_path / "site"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.strip() == "[0, 75, 75, 75, 75, 75]", done.stderr
    assert is_intact(Site(tmp_path / "site"), PERIOD)
    print(f"F9: six publishers at once left with {done.stdout.strip()}: one won")


def test_a_second_publisher_leaves_with_75_and_names_the_first(small, build):
    with Site(small).publisher():
        done = build(small)
    assert done.returncode == 75
    assert f"process {os.getpid()}" in done.stderr


@pytest.fixture
def mounted(tmp_path):
    """A disk of 8 MB; mounting one needs the right to."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk of a given size")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_the_old_site_whole_and_room_lets_the_next_run_finish(
    mounted, small, build, tmp_path
):
    site = Path(shutil.copytree(small, mounted / "site", symlinks=True))
    before = tree(site / PERIOD)
    free = shutil.disk_usage(mounted).free
    (mounted / "ballast").write_bytes(bytes(free - 8_000))
    full = build(site, "--as-of", "2025-08-20")
    assert full.returncode == 6
    assert "cannot be written (No space left on device)" in full.stderr
    assert "Traceback" not in full.stderr
    assert tree(site / PERIOD) == before
    (mounted / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=30m", mounted], check=True)
    assert build(site, "--as-of", "2025-08-20").returncode == 0
    undisturbed = tmp_path / "undisturbed"
    assert build(undisturbed, "--as-of", "2025-08-20").returncode == 0
    assert tree(site / PERIOD) == tree(undisturbed / PERIOD) != before


# A leap day long ago, a program year's last second, and the night when clocks go forward, at which
# all our notebooks are published.
CLOCKS = ("2020-02-29 23:59:59", "2027-06-30 23:59:59")
ALL_AT = "2031-03-09 01:59:58"


@pytest.mark.parametrize("clock", [*CLOCKS, ALL_AT])
def test_no_clock_reaches_what_is_published(request, small, extract, store, tmp_path, few, clock):
    """The extract's as-of date is the only today; a build under any clock gives the same bytes, and
    a second one nothing new. What is withheld is sought under one of the clocks."""
    whole, site = clock == ALL_AT, tmp_path / "at-another-time"
    command = [
        "faketime", clock, *(COLD if whole else REMEMBERING), "build", "--extract", extract,
        "--store", store, "--period", PERIOD, "--site", site, "--only", planner_of(extract),
        "--notebooks", ROOT / "notebooks" if whole else few,
    ]  # fmt: skip
    jump = {**os.environ, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "America/Chicago"}
    for _ in range(2):
        done = subprocess.run(
            command, env=jump, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "nothing had changed" in done.stderr
    theirs = request.getfixturevalue("site") if whole else small
    pages = Path(PERIOD) / planner_of(extract)
    assert tree(site / pages) == tree(theirs / pages)


def with_cell(tmp_path: Path, source: str, ours: Path) -> Path:
    """The notebooks, one of which goes wrong."""
    notebooks = Path(shutil.copytree(ours, tmp_path / "notebooks"))
    path = notebooks / "performance" / "summary.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    nbformat.write(notebook, path)
    return notebooks


WRONG = {
    "hangs": ("while True: pass", 10, "NotebookTimeout"),
    "eats memory": ("[bytes(10_000_000) * 9 for _ in range(10_000)]", 120, "NotebookOutOfMemory"),
    "dies": ("import os; os.kill(os.getpid(), 9)", 120, "NotebookDied"),
}


@pytest.mark.parametrize("what", WRONG)
def test_f11_a_notebook_that_goes_wrong_is_named_and_takes_nothing_along(
    small, extract, build, few, tmp_path, what
):
    cell, seconds, name = WRONG[what]
    notebooks = with_cell(tmp_path, cell, few)
    before = tree(small / PERIOD)
    limits = ("--notebook-seconds", str(seconds), "--notebook-mb", "600")
    done = build(small, "--clean", *limits, notebooks=notebooks)
    assert done.returncode == 5
    assert f"performance/summary for {planner_of(extract)} was stopped in cell" in done.stderr
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(small / PERIOD) == before
    again = build(small, "--explain")
    assert again.returncode == 0, again.stderr
    assert "comparison/areas" not in again.stdout, "what went well was kept"


@pytest.mark.parametrize("how", ["text", "json"])
def test_an_interrupted_publication_ends_in_one_sentence(small, extract, store, few, tmp_path, how):
    """Ctrl-C, which reaches the publisher and its workers alike."""
    mark = tmp_path / "mark"
    hang = f"import time\nopen({str(mark)!r}, 'w').close()\ntime.sleep(600)"
    before = tree(small / PERIOD)
    with subprocess.Popen(
        [
            *REMEMBERING, "--log-format", how, "build", "--extract", extract, "--store", store,
            "--period", PERIOD, "--site", small, "--only", planner_of(extract),
            "--notebooks", with_cell(tmp_path, hang, few),
        ],
        stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as publisher:  # fmt: skip
        wait_until(mark.exists)
        os.killpg(publisher.pid, signal.SIGINT)
        _, said = publisher.communicate(timeout=60)
    assert publisher.returncode == 130
    assert "interrupted; readers see what they saw before, and the next run goes on" in said
    assert "Traceback" not in said
    assert tree(small / PERIOD) == before


def bodies(site: Path) -> dict[str, str]:
    """What the runs of notebooks have given, by the keys that it is kept by."""
    return tree(site / ".ipats" / "cache")


@pytest.fixture(params=["few", pytest.param("all", marks=pytest.mark.soak)])
def ours(request, few) -> Path:
    """The notebooks of a planner, each of which costs an ordinary kernel: a few, or all."""
    return few if request.param == "few" else ROOT / "notebooks"


def test_with_ordinary_kernels_the_bytes_are_the_same_and_the_log_is_json(
    extract, store, build, tmp_path, monkeypatch, ours
):
    """As on a system where no fork is safe: kernels and the engine write to standard error too."""
    forked = tmp_path / "forked"
    assert build(forked, notebooks=ours).returncode == 0
    monkeypatch.setenv("IPATS_ENGINE", "kernel")
    site = tmp_path / "with-kernels"
    only = ("--only", planner_of(extract))
    command = ("--log-format", "json", "build", "--extract", extract, "--store", store,
               "--period", PERIOD, "--site", site, *only, "--workers", "1")  # fmt: skip
    failing = publish(*command, "--notebooks", with_cell(tmp_path, "1 / 0", ours))
    events = [json.loads(line) for line in failing.stderr.splitlines()]
    assert "Notebooks run in ordinary kernels" in str(events)
    (failed,) = (event for event in events if event["event"] == "failed")
    assert (failed["notebook"], failed["scope"]) == ("performance/summary", planner_of(extract))
    assert (failed["reason"], failed["cell"] > 0) == ("ZeroDivisionError", True)
    assert (events[-1]["event"], failing.returncode) == ("stopped", 5)
    done = publish(*command, "--notebooks", ours)
    assert done.returncode == 0, done.stderr
    assert len(bodies(site)) >= 3
    assert bodies(site) == bodies(forked)
    assert tree(site / PERIOD) == tree(forked / PERIOD)
