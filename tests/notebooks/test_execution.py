"""Each notebook runs as it opens in JupyterLab: default parameters, an ordinary kernel (nbval)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*/*.ipynb")), ids=lambda p: p.stem
)
def test_runs_with_its_default_parameters(path, shared):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-o", "addopts=", "-q",
         "-p", "no:cacheprovider", "-W", "default", str(path)],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=400,
        env={**os.environ, "IPATS_SAMPLE": str(shared / "notebook-sample")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert "passed" in done.stdout
