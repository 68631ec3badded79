"""What a command and everything that it starts cost, and another commit beside this one."""

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Spent:
    """wall: seconds until the command ended.  cpu: seconds, user and system, of it and all that it
    started.  largest_mb: memory of the largest process."""

    wall: float
    cpu: float
    largest_mb: float


def spent(
    command: Sequence[str | Path], cwd: Path = ROOT, ends: Sequence[int] = (0,), **environment: str
) -> Spent:
    """Run a command and wait for all its descendants, the server that workers are forked from
    among them: whoever is left without a parent becomes our child.  SystemExit when its exit is
    none of `ends`."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    started = perf_counter()
    child = subprocess.Popen(command, cwd=cwd, env={**os.environ, **environment})
    wall, cpu, largest = 0.0, 0.0, 0
    with suppress(ChildProcessError):  # once there is none left
        while True:
            pid, status, used = os.wait4(-1, 0)
            cpu += used.ru_utime + used.ru_stime
            largest = max(largest, used.ru_maxrss)
            if pid == child.pid:
                wall, child.returncode = perf_counter() - started, status
                if os.waitstatus_to_exitcode(status) not in ends:
                    raise SystemExit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return Spent(wall, cpu, largest / 1024)


@dataclass(frozen=True)
class Tree:
    """A checkout with the interpreter of its own environment."""

    name: str
    root: Path
    python: Path

    @property
    def environment(self) -> Mapping[str, str]:
        return {"PYTHONPATH": str(self.root)}


HERE = Tree("here", ROOT, Path(sys.executable))


@contextmanager
def checked_out(commit: str) -> Iterator[Tree]:
    """Another commit in a temporary worktree, with an environment from its own lock."""
    git = ("git", "-C", ROOT)
    with tempfile.TemporaryDirectory(prefix="ipats-against-") as folder:
        root = Path(folder) / "tree"
        subprocess.run([*git, "worktree", "add", "--detach", "-q", root, commit], check=True)
        try:
            subprocess.run(["make", "-s", "setup"], cwd=root, check=True, stdout=sys.stderr)
            yield Tree(commit, root, root / ".venv/bin/python")
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", root], check=True)
