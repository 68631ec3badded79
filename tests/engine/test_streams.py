"""Text keeps its place and its letters, also where the caller's standard streams are closed."""

import os
import subprocess
import sys

import nbformat
import pytest

from ipats_lib.publishing.render import render_body
from tests.conftest import ROOT
from tests.engine.conftest import Elsewhere, Run, notebook, run_cells, text_of

pytestmark = pytest.mark.xdist_group("engine")

CLOSED = """
import os, sys
for number in map(int, sys.argv[1].split(",")):
    os.close(number)
from tests.engine.conftest import run_cells, text_of
cells = "print('out')", "import os; code = os.system('echo direct')", "import sys; sys.stdin.read()"
for _ in range(2):
    done = [text_of(cell) for cell in run_cells(*cells).cells]
with open(sys.argv[2], "w") as file:
    print(done, file=file)
"""


@pytest.mark.parametrize("closed", ["0", "1", "2", "0,1", "1,2", "0,1,2"])
def test_a_notebook_runs_where_standard_streams_are_closed(closed, tmp_path, forks):
    told = tmp_path / "told"
    subprocess.run([sys.executable, "-c", CLOSED, closed, told], cwd=ROOT, check=True, timeout=300)
    assert told.read_text() == repr(["out\n", "direct\n", "''"]) + "\n"


def test_text_of_subprocesses_stays_between_the_prints(run_in_fork: Run) -> None:
    cell = "import os\nfor n in range(20): print(n); code = os.system(f'echo sub {n}')"
    done = run_in_fork(cell)
    assert text_of(done.cells[0]) == "".join(f"{n}\nsub {n}\n" for n in range(20))


def test_outputs_stand_where_the_text_around_them_was_printed(run_in_fork: Run) -> None:
    done = run_in_fork("for n in range(5): print(n); display(n)")
    kinds = [output.output_type for output in done.cells[0].outputs]
    assert kinds == ["stream", "display_data"] * 5


def test_letters_of_several_bytes_are_never_cut_up(run_in_fork: Run) -> None:
    done = run_in_fork("print('a' + 'ü€😀' * 200_000)")
    assert text_of(done.cells[0]) == "a" + "ü€😀" * 200_000 + "\n"


def descriptors_around_runs() -> tuple[list[str], list[str], bool]:
    run_cells("1")
    before = sorted(os.listdir("/proc/self/fd"))
    for _ in range(5):
        run_cells("print(1)", "import subprocess; p = subprocess.Popen(['sleep', '60'])")
    try:
        no_zombie = os.waitpid(-1, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        no_zombie = True
    return before, sorted(os.listdir("/proc/self/fd")), no_zombie


def test_no_descriptor_and_no_zombie_is_left(elsewhere: Elsewhere) -> None:
    before, after, no_zombie = elsewhere(descriptors_around_runs)
    assert after == before
    assert no_zombie


def test_a_closed_standard_output_does_not_stop_a_notebook(run_in_fork: Run) -> None:
    done = run_in_fork("import os; os.close(1)", "40 + 2")
    assert text_of(done.cells[1]) == "42"


def body_of(*texts: tuple[str, str]) -> str:
    shown = notebook("")
    shown.cells[0].outputs = [
        nbformat.v4.new_output("stream", name=name, text=text) for name, text in texts
    ]
    return render_body(shown).html


def test_a_page_shows_the_text_of_a_stream_in_one_piece_however_it_was_cut_up() -> None:
    cut_up = (("stdout", "a"), ("stdout", "b\n"), ("stderr", "c"), ("stdout", "d"))
    assert body_of(*cut_up) == body_of(("stdout", "ab\n"), ("stderr", "c"), ("stdout", "d"))


def test_a_page_shows_what_was_written_last_on_a_line() -> None:
    assert body_of(("stdout", "10%\r20%"), ("stdout", "\r30%\n")) == body_of(("stdout", "30%\n"))
