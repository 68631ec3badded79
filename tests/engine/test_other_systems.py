"""On macOS and Windows, as far as a process can pretend to be there: `other_system.py`."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.engine.conftest import FALLBACK

pytestmark = pytest.mark.xdist_group("engine")

WITHOUT_LOCKS = """
import runpy, sys
sys.modules.update(dict.fromkeys(["fcntl", "resource", "pwd", "grp", "termios"]))
sys.argv[0] = "publish.py"
runpy.run_path("publish.py", run_name="__main__")
"""


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_the_engine_says_why_it_does_not_fork_and_runs_a_kernel(system: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.other_system", system],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    asked = "IPATS_ENGINE=kernel asks for it"
    reason = asked if FALLBACK else f"forking is not safe on {system}"
    assert json.loads(done.stdout) == {
        "hazard": reason, "reason": reason, "answer": "42",
    }  # fmt: skip
    assert "Notebooks run in ordinary kernels, which is slower" in done.stderr


def without_locks(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_LOCKS, *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def test_where_files_have_no_locks_the_command_line_says_so(extract, tmp_path) -> None:
    source = ("--extract", extract, "--store", tmp_path / "store")
    site = ("--period", "PY2024Q4", "--site", tmp_path / "site")
    for command in (("snapshot", *source), ("build", *source, *site)):
        done = without_locks(*command)
        assert done.returncode == 2
        assert "needs Linux or macOS, whose files have locks." in done.stderr
        assert "Traceback" not in done.stderr
    assert without_locks("--help").returncode == 0
    assert list(tmp_path.iterdir()) == []
