"""`papermill --engine ipats` works as a command, and forks there."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.engine.conftest import FALLBACK, code, notebook, text_of

pytestmark = pytest.mark.xdist_group("engine")


def papermill(
    folder: Path, *cells: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    source, target = folder / "in.ipynb", folder / "out.ipynb"
    made = notebook(code("scope = 'state'", "parameters"), *cells)
    nbformat.write(made, source)
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--engine",
        "ipats",
        *options,
        str(source),
        str(target),
    ]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST")
    }
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_a_notebook_runs(tmp_path: Path) -> None:
    done = papermill(tmp_path, "scope", "import sys; sys.argv", options=("-p", "scope", "lwia/07"))
    assert done.returncode == 0, done.stderr
    written = nbformat.read(tmp_path / "out.ipynb", 4)
    assert text_of(written.cells[2]) == "'lwia/07'"
    assert ("ordinary kernels" in done.stderr) == FALLBACK
    if not FALLBACK:  # a kernel's own shows where it listens
        assert text_of(written.cells[3]) == "['ipykernel_launcher.py']"


def test_a_failing_cell_fails_the_command(tmp_path: Path) -> None:
    done = papermill(tmp_path, "1 / 0")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def test_a_dying_notebook_fails_the_command(tmp_path: Path) -> None:
    done = papermill(tmp_path, "import os; os._exit(7)")
    assert done.returncode == 1
    assert "in cell 1: its process ended with code 7" in done.stderr
