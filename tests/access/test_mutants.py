"""F18: the decision's every branch is taken, and every change by hand is noticed.

A mutant is the decision's source with one text replaced, run by the worked examples in a process of
its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.access.mutants import MUTANTS

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "ipats_lib/access/decision.py").read_text()
# Without plugins: loading them takes longer than all the examples.
BARE = ["-o", "addopts=", "--noconftest", "-p", "no:cacheprovider"]
WORKED = ["-q", "-x", *BARE, "tests/access/test_decision.py"]
ALONE = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# One process loads everything and forks for each mutant: loading would take most of the time.
RUN = """
import json, os, sys, types
import pytest
import ipats_lib.access.people, ipats_lib.access.grammar

def verdict(source):
    module = types.ModuleType("ipats_lib.access.decision")
    sys.modules[module.__name__] = ipats_lib.access.decision = module
    exec(compile(source, "decision.py", "exec"), module.__dict__)
    return pytest.main(WORKED)

codes = []
for source in json.load(sys.stdin):
    child = os.fork()
    if not child:
        os.dup2(2, 1)
        os._exit(verdict(source))
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(codes))
""".replace("WORKED", repr(WORKED))


def outcomes(sources: list[str]) -> list[int]:
    """pytest's exit code for the worked examples over each source of the decision."""
    ran = subprocess.run(
        [sys.executable, "-c", RUN], cwd=ROOT, input=json.dumps(sources), text=True,
        capture_output=True, check=True, timeout=200, env=ALONE,
    )  # fmt: skip
    return json.loads(ran.stdout)


def test_every_mutant_is_killed():
    assert [old for old, _ in MUTANTS if old not in SOURCE] == []
    whole, *codes = outcomes([SOURCE, *(SOURCE.replace(old, new, 1) for old, new in MUTANTS)])
    assert whole == pytest.ExitCode.OK
    alive = [m for m, code in zip(MUTANTS, codes, strict=True) if code == pytest.ExitCode.OK]
    print(f"F18: {len(MUTANTS)} mutants of the decision, {len(alive)} alive")
    assert alive == []


def test_every_branch_of_the_decision_is_taken(tmp_path):
    data, run = f"--data-file={tmp_path / 'data'}", [sys.executable, "-m", "coverage"]
    only = ["--branch", "--include=*/access/decision.py", "-m", "pytest"]
    steps = ([*run, "run", data, *only, *WORKED], [*run, "report", data, "--fail-under=100"])
    for step in steps:
        done = subprocess.run(
            step, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=ALONE
        )
        assert done.returncode == 0, done.stdout
    print(f"F18: branches of the decision taken: {done.stdout.split()[-1]}")
