"""A notebook's process ends with the process that runs the notebook, however that one ends."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ipats_lib.publishing.engine.forked import PR_SET_CHILD_SUBREAPER
from ipats_lib.publishing.engine.limits import NotebookDied
from tests.conftest import ROOT
from tests.engine.conftest import WAYS, Elsewhere, run_cells, text_of
from tests.waiting import alive, descendants, wait_until

pytestmark = pytest.mark.xdist_group("engine")

CALLER = """
import sys
from tests.engine.conftest import run_cells
tell = "import os; print(os.getppid(), os.getpid(), file=open(%r, 'w'), flush=True)" % sys.argv[1]
run_cells(tell, "import threading; threading.Event().wait()")
"""
HANG = "import time; time.sleep(600)"
# The clock of the tests of publishing, under which ipykernel's own watch of its parent dies.
FAKED = ("faketime", "2031-03-09 01:59:58")


def start(mark: Path, way: str, *prefix: str) -> "subprocess.Popen[bytes]":
    """A process that runs a notebook, which tells both numbers in `mark` and then hangs."""
    engine = {"IPATS_ENGINE": "kernel" if way == "kernel" else ""}
    return subprocess.Popen(
        [*prefix, sys.executable, "-c", CALLER, str(mark)],
        cwd=ROOT,
        env={**os.environ, **engine, "FAKETIME_DONT_FAKE_MONOTONIC": "1"},
    )


@pytest.mark.parametrize("prefix", [(), FAKED], ids=["", "under another clock"])
@pytest.mark.parametrize("way", WAYS)
def test_a_notebook_ends_with_its_caller(way: str, prefix: tuple[str, ...], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with start(mark, way, *prefix):
        wait_until(lambda: mark.exists() and mark.read_text().endswith("\n"))
        caller, notebook = map(int, mark.read_text().split())
        assert alive(notebook)
        os.kill(caller, signal.SIGKILL)
    wait_until(lambda: not alive(notebook))


def test_a_kernel_ends_with_its_caller_while_it_starts(tmp_path: Path) -> None:
    """Where orphans go to another process than init, as in many containers: to this one."""
    mark = tmp_path / "mark"
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        with start(mark, "kernel") as caller:
            wait_until(lambda: kernels_of(caller.pid))
            (kernel,) = kernels_of(caller.pid)
            caller.kill()
        wait_until(lambda: not alive(kernel))
        os.waitpid(kernel, 0)
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0)
    assert not mark.exists()


def kernels_of(pid: int) -> list[int]:
    return [below for below in descendants(pid) if b"-f" in command_line(below)]


def command_line(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


TELL_THE_GUARD = "import os; print(os.getppid(), os.getpid(), file=open(%r, 'w'), flush=True)"


def died_with_its_guard(mark: str) -> str:
    """How a notebook ends that kills the process it was forked from."""
    with pytest.raises(NotebookDied, match="its process died"):
        run_cells(TELL_THE_GUARD % mark, "import os; os.kill(os.getppid(), 9)", HANG)
    return text_of(run_cells("'the next one runs'").cells[0])


def test_a_notebook_ends_with_its_guard_and_the_next_one_has_another(
    forks: None, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    assert elsewhere(died_with_its_guard, str(mark)) == "'the next one runs'"
    _, its_pid = map(int, mark.read_text().split())
    wait_until(lambda: not alive(its_pid))


LEAVE = """
import atexit
atexit.register(lambda: print([end.fileno() for end in ends]))
from ipats_lib.publishing.engine.forked import forkers, idle
from tests.engine.conftest import run_cells
run_cells("1")
ends = [*forkers, *(way for way, _ in idle)]
"""


def test_a_caller_that_ends_has_closed_its_ways_to_what_forks(forks: None) -> None:
    """Or Python, where it warns, tells of each at its end."""
    command = [sys.executable, "-c", LEAVE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[-1, -1]\n"
