"""Each notebook runs as it opens in JupyterLab: default parameters, an ordinary kernel."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).parents[2]
OURS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))
EMPTIED = """\
%reset -f
%cd -q {folder}
import sys
sys.path.append("{root}")
from tests.remembered import remember_what_is_withheld
remember_what_is_withheld()
del remember_what_is_withheld"""


@pytest.mark.parametrize("part", [0, 1])
def test_each_runs_with_its_default_parameters(part):
    """In two parts, one for each worker; one after the other in a kernel that is emptied."""
    paths, run = OURS[part::2], new_notebook()
    assert paths
    for path in paths:
        run.cells.append(new_code_cell(EMPTIED.format(root=ROOT, folder=path.parent)))
        run.cells += nbformat.read(path, as_version=4).cells
    NotebookClient(run, kernel_name="python3", timeout=600).execute()
    outputs = [cell.outputs for cell in run.cells if cell.cell_type == "code"]
    assert sum(map(bool, outputs)) > 3 * len(paths), "each shows its finding, pictures and tables"


@pytest.mark.soak
@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_each_runs_in_a_kernel_of_its_own(path, shared):
    """By nbval."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-o", "addopts=", "-q",
         "-p", "no:cacheprovider", "-W", "default", "-rA", path],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=1200,
        env={**os.environ, "IPATS_SAMPLE": str(shared / "notebook-sample")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"PASSED {path.relative_to(ROOT)}::" in done.stdout
