"""Each notebook runs as it opens in JupyterLab: default parameters, an ordinary kernel (nbval)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


OURS = sorted((ROOT / "notebooks").glob("*/*.ipynb"))


@pytest.mark.parametrize("part", [0, 1])
def test_each_runs_with_its_default_parameters(part, shared):
    """In two parts, one for each worker, as pytest is slow to start."""
    paths = OURS[part::2]
    assert paths
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-o", "addopts=", "-q",
         "-p", "no:cacheprovider", "-W", "default", "-rA", *map(str, paths)],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=1200,
        env={**os.environ, "IPATS_SAMPLE": str(shared / "notebook-sample")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    for path in paths:
        assert f"PASSED {path.relative_to(ROOT)}::" in done.stdout
