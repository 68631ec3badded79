"""A notebook's process ends with the process that runs the notebook, however that one ends."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ipats_lib.publishing.engine.forked import PR_SET_CHILD_SUBREAPER, children, descendants
from tests.conftest import ROOT
from tests.engine.conftest import WAYS
from tests.waiting import alive, wait_until

pytestmark = pytest.mark.xdist_group("engine")

CALLER = """
import sys
from tests.engine.conftest import run_cells
tell = "import os; print(os.getppid(), os.getpid(), file=open(%r, 'w'), flush=True)" % sys.argv[1]
run_cells(tell, "import threading; threading.Event().wait()")
"""
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
    found = descendants(children(pid))
    return [process.pid for process in found if b"-f" in command_line(process.pid)]


def command_line(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def test_a_fork_whose_caller_is_gone_does_not_begin() -> None:
    """It asks to end with its parent and then looks whether that is still there."""
    code = "from ipats_lib.publishing.engine.forked import die_with_parent as d; d(1); print('on')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (1, b"")
