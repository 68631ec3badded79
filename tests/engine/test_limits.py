"""A notebook that hangs, eats memory or dies is stopped, named, and leaves nothing behind."""

import contextlib
import os
import pickle
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from papermill.exceptions import PapermillExecutionError

from ipats_lib.publishing.engine.limits import (
    NotebookDied,
    NotebookOutOfMemory,
    NotebookStopped,
    NotebookTimeout,
)
from tests.engine.conftest import FALLBACK, Elsewhere, Run, run_cells, text_of
from tests.waiting import descendants

pytestmark = pytest.mark.xdist_group("engine")

HANG = "import time; time.sleep(600)"
STUBBORN = """
import signal
for number in (1, 2, 3, 15):
    signal.signal(number, signal.SIG_IGN)
while True:
    pass
"""
EAT = "blocks = []\nwhile True: blocks.append(b'x' * 20_000_000)"
SEGFAULT = "import ctypes; ctypes.string_at(0)"
SLACK = 2.0  # seconds within which a limit takes effect; the kernel half starts a process as well


@pytest.mark.parametrize("cell", [HANG, STUBBORN])
def test_a_hanging_notebook_is_stopped(cell: str, run: Run) -> None:
    started = time.monotonic()
    with pytest.raises(NotebookTimeout) as stopped:
        run("1", cell, "2", timeout=3)
    assert stopped.value.cell_index == 1
    assert 3 <= time.monotonic() - started < 3 + SLACK + 1


def test_a_hanging_fork_is_stopped_within_two_seconds(run_in_fork: Run) -> None:
    started = time.monotonic()
    with pytest.raises(NotebookTimeout, match=r"in cell 0: the notebook ran longer than 0\.5 s"):
        run_in_fork(STUBBORN, timeout=0.5)
    assert time.monotonic() - started < 0.5 + SLACK


def test_a_cell_has_its_own_limit(run: Run) -> None:
    with pytest.raises(NotebookTimeout, match="in cell 1: the cell ran longer than 1 s"):
        run("1", HANG, execution_timeout=1)


def test_endless_output_does_not_outrun_the_limit(run: Run) -> None:
    started = time.monotonic()
    with pytest.raises(NotebookTimeout):
        run("import sys\nwhile True: sys.stdout.write('x' * 1000); sys.stdout.flush()", timeout=3)
    assert time.monotonic() - started < 3 + SLACK + 1


def test_a_greedy_notebook_is_stopped(run: Run) -> None:
    with pytest.raises(NotebookOutOfMemory) as stopped:
        run("1", EAT, memory_mb=500, timeout=60)
    assert stopped.value.cell_index == 1


def test_memory_of_subprocesses_counts(run: Run) -> None:
    eater = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {EAT!r}])"
    with pytest.raises(NotebookOutOfMemory):
        run(eater, memory_mb=500, timeout=60)


def test_what_a_notebook_has_printed_counts(run_in_fork: Run) -> None:
    """It is kept in memory until the engine has read it."""
    with pytest.raises(NotebookOutOfMemory):
        run_in_fork("import sys\nwhile True: sys.stdout.write('x' * 1_000_000)", memory_mb=500,
                    timeout=60)  # fmt: skip


def test_memory_that_processes_share_does_not_count_twice(run_here: Run) -> None:
    pool = (
        "import multiprocessing, time\n"
        "with multiprocessing.get_context('fork').Pool(4) as pool: pool.map(time.sleep, [0.6] * 4)"
    )
    run_here(pool, memory_mb=150)


@pytest.mark.parametrize("size", [1, 300_000])
def test_a_task_that_never_yields_outruns_no_limit_between_cells(size: int, run: Run) -> None:
    """The next cell waits to be read, and fits into the pipe or does not."""
    hog = (
        "import asyncio\nasync def hog():\n    await asyncio.sleep(0)\n    while True: pass\n"
        "task = asyncio.create_task(hog())"
    )
    started = time.monotonic()
    with pytest.raises(NotebookTimeout):
        run(hog, "#" + "x" * size, timeout=3)
    assert time.monotonic() - started < 3 + SLACK + 1


def test_a_long_cell_and_a_talkative_task_do_not_wait_for_each_other(run_in_fork: Run) -> None:
    talk = (
        "import asyncio\nasync def talk():\n    await asyncio.sleep(0)\n"
        "    display('x' * 1_000_000)\ntask = asyncio.create_task(talk())"
    )
    done = run_in_fork(talk, "#" + "x" * 1_000_000 + "\n2", timeout=20)
    assert text_of(done.cells[1]) == "2"


def at_exit(*lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"import atexit, time\ndef leave():\n{body}atexit.register(leave);"


def test_exit_functions_keep_to_the_memory(run_in_fork: Run) -> None:
    with pytest.raises(NotebookOutOfMemory) as stopped:
        run_in_fork("1", at_exit("block = bytearray(b'x') * 600_000_000", "time.sleep(2)"),
                    memory_mb=200)  # fmt: skip
    assert stopped.value.cell_index == 1


def test_exit_functions_keep_to_the_time(run_in_fork: Run, tmp_path: Path) -> None:
    started, target = time.monotonic(), tmp_path / "out.ipynb"
    with pytest.raises(NotebookTimeout, match="in cell 1: the notebook ran longer than 1 s"):
        run_in_fork(
            "1",
            at_exit("time.sleep(30)"),
            timeout=1,
            output=str(target),
            request_save_on_cell_execute=True,
        )
    assert time.monotonic() - started < 1 + SLACK
    assert '"status": "failed"' in target.read_text()


def test_exit_functions_are_no_part_of_the_last_cell(run_in_fork: Run) -> None:
    run_in_fork(at_exit("time.sleep(1)", "print('x' * 1_000_000)"), execution_timeout=0.5)


@pytest.mark.parametrize(
    ("cell", "ending"),
    [
        ("import os; os._exit(3)", "ended with code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        (SEGFAULT, "killed by SIGSEGV"),
    ],
)
def test_a_notebook_that_dies_is_named(cell: str, ending: str, run: Run) -> None:
    with pytest.raises(NotebookDied, match=ending) as stopped:
        run("print('before')", cell, "2")
    assert stopped.value.cell_index == 1


def test_what_was_done_before_is_saved(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.ipynb"
    with pytest.raises(NotebookDied):
        run(
            "'kept'",
            "import os; os._exit(1)",
            output=str(target),
            request_save_on_cell_execute=True,
        )
    assert "kept" in target.read_text()
    assert '"status": "failed"' in target.read_text()


def test_the_next_notebook_runs_as_if_nothing_had_happened(run_here: Run) -> None:
    with pytest.raises(NotebookStopped):
        run_here("import os; os._exit(1)")
    assert text_of(run_here("1 + 1").cells[0]) == "2"


LEFT_BEHIND = {
    "child": "subprocess.Popen(['sleep', '{mark}'])",
    "own session": "subprocess.Popen(['sleep', '{mark}'], start_new_session=True)",
    "orphan": "subprocess.run(['sh', '-c', 'setsid sleep {mark} & sleep 0.4'])",
}
ENDS = {
    "good": "1",
    "error": "1 / 0",
    "hang": HANG,
    "death": "import time, os; time.sleep(0.5); os._exit(1)",
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", LEFT_BEHIND)
def test_nothing_is_left_behind(kind: str, end: str, elsewhere: Elsewhere) -> None:
    mark = f"{600 + list(LEFT_BEHIND).index(kind) * 10 + list(ENDS).index(end)}.25"
    left = elsewhere(what_is_left, LEFT_BEHIND[kind].format(mark=mark), ENDS[end], mark)
    assert left == (set(), [])


def what_is_left(cell: str, end: str, mark: str) -> tuple[set[int], list[int]]:
    """Run a notebook that leaves a `sleep` behind; return our new children and the sleeps."""
    before = descendants(os.getpid())
    with contextlib.suppress(NotebookStopped, PapermillExecutionError):
        run_cells(f"import subprocess\nleft = {cell}", end, timeout=5 if FALLBACK else 1.5)
    return descendants(os.getpid()) - before, sleeping(mark)


def sleeping(mark: str) -> list[int]:
    return [p.pid for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or ())]


def test_nothing_is_left_behind_by_a_kernel(run_in_kernel: Run) -> None:
    with pytest.raises(NotebookTimeout):
        run_in_kernel(
            "import subprocess\nleft = subprocess.Popen(['sleep', '699.25'])", HANG, timeout=3
        )
    assert sleeping("699.25") == []


def test_other_children_of_the_caller_live_on(elsewhere: Elsewhere) -> None:
    assert elsewhere(bystander_survives) is True


def bystander_survives() -> bool:
    import subprocess

    with subprocess.Popen(["sleep", "30"], start_new_session=True) as bystander:
        with pytest.raises(NotebookDied):
            run_cells("import os; os._exit(1)")
        alive = bystander.poll() is None
        bystander.kill()
    return alive


@pytest.mark.parametrize("kind", [NotebookTimeout, NotebookOutOfMemory, NotebookDied])
def test_the_exceptions_travel_between_processes(kind: Any) -> None:
    copy = pickle.loads(pickle.dumps(kind(3, "a reason")))
    assert isinstance(copy, NotebookStopped)
    assert (type(copy), copy.cell_index, str(copy)) == (
        kind,
        3,
        "The notebook was stopped in cell 3: a reason.",
    )
