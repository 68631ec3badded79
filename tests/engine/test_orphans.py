"""A notebook's process ends with the process that runs the notebook, however that one ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ipats_lib.publishing.engine.launch import bound_to_us
from ipats_lib.publishing.engine.process_tree import adopting_orphans, descendants, reap
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
    """Where orphans go to another process than init, as in many containers."""
    mark = tmp_path / "mark"
    with adopting_orphans():
        with start(mark, "kernel") as caller:
            wait_until(lambda: kernels_of(caller.pid))
            (kernel,) = kernels_of(caller.pid)
            caller.kill()
        wait_until(lambda: not alive(kernel))
        reap(kernel)
    assert not mark.exists()


def kernels_of(pid: int) -> list[int]:
    return [child for child in descendants([pid]) - {pid} if b"-f" in command_line(child)]


def command_line(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


@pytest.mark.parametrize(
    "command", [[sys.executable, "-m", "ipykernel_launcher", "--version"], ["echo", "another"]]
)
def test_any_kernels_command_is_run(command: list[str]) -> None:
    """Of this interpreter and of another language."""
    plain, bound = said(command), said(bound_to_us(command))
    assert plain == bound != ""


def said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_kernel_whose_caller_is_gone_does_not_begin() -> None:
    bound = bound_to_us(["echo", "begun"])
    place = bound.index(str(os.getpid()))
    another = [*bound[:place], str(os.getppid()), *bound[place + 1 :]]
    done = subprocess.run(another, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
