"""F6: a fault at durable calls in turn, of switches, whole builds and snapshots, then the next run.

Durable calls are those of `durable.py`, writes among them. Readers see the old publication or the
new one, whole; the next run ends with the bytes of an undisturbed one and makes only what was not
finished. `make faults` tries every call; here every call of a switch and some of the others, a few
of each kind.
"""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from ipats_lib.publishing.build import build
from ipats_lib.publishing.options import Options
from ipats_lib.snapshot import make_snapshot
from tests.attack.planted import Planted
from tests.conftest import ROOT, once, passed, publish
from tests.few import write_areas
from tests.site.whole_builds import PERIOD, stand

# One in so many of each kind of call.
STEP = {"switch": 1, "show": 1, "build": 4, "stage": 24, "family": 8, "snapshot": 10}
EVERY = 1 if os.environ.get("IPATS_FAULTS") == "every" else None


@pytest.fixture(scope="session")
def tiny(shared) -> Path:
    """The sample state at one hundredth of its size."""
    return once(shared, "tiny", lambda f: passed(publish("sample", "--out", f, "--scale", 0.01)))


@pytest.fixture
def sampled(tiny, tmp_path, tried) -> Path:
    """What is published or kept: a snapshot of one area has all kinds of calls, and few of each."""
    alone = tried == ["snapshot"] and not EVERY
    return Planted(tiny, ["07"]).write(tmp_path / "extract") if alone else tiny


@pytest.mark.parametrize(
    "tried", [["switch", "show"], ["build", "family", "stage"], ["snapshot"]], ids=" ".join
)
def test_a_fault_at_a_durable_call_leaves_all_whole_and_is_resumed(sampled, tmp_path, tried):
    """An error, and a kill, after what all begin with was made once."""
    asked = [f"{what}={EVERY or STEP[what]}" for what in tried]
    done = subprocess.run(
        [sys.executable, "-m", "tests.site.whole_builds", sampled, tmp_path / "store", tmp_path,
         *asked],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    for what, kind in product(tried, ("error", "kill")):
        figures = [line for line in done.stdout.splitlines() if f"F6 {what} {kind}: " in line]
        assert len(figures) == (2 if what == "switch" else 1)
        assert all(" write" in line for line in figures)


def test_a_run_for_several_readers_is_no_hit_of_the_cache(tiny, tmp_path):
    write_areas(tmp_path / "notebooks")
    options = Options(
        tmp_path / "notebooks", tmp_path / "site", PERIOD, only=("lwia/90",), pool=stand
    )
    run = build(make_snapshot(tiny, tmp_path / "store"), options, lambda *_: None)
    assert (run.executed, run.kept) == (1, 0)
    assert run.executed + run.shared == run.pages > 1
