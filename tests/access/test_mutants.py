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

from tests.access.mutants import ACCOUNTS, CLOSINGS, GRAMMAR, MUTANTS

ROOT = Path(__file__).parents[2]
# Without plugins: loading them takes longer than all the examples.
BARE = ["-o", "addopts=", "--noconftest", "-p", "no:cacheprovider"]
ALONE = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# One process loads everything and forks for each mutant: loading would take most of the time.
RUN = """
import importlib, json, os, sys, types
import pytest
import argon2, httpx2, starlette.requests, starlette.responses, starlette.staticfiles
import ipats_lib.access.store, ipats_lib.params, ipats_lib.scopes
NAME, WORKED = json.loads(sys.argv[1])
if NAME == "decision":
    import ipats_lib.access.grammar

def verdict(source):
    module = types.ModuleType("ipats_lib.access." + NAME)
    sys.modules[module.__name__] = module
    setattr(ipats_lib.access, NAME, module)
    exec(compile(source, NAME + ".py", "exec"), module.__dict__)
    return pytest.main(WORKED)

codes = []
for source in json.load(sys.stdin):
    child = os.fork()
    if not child:
        os.dup2(2, 1)
        os._exit(verdict(source))
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(codes))
"""


def worked(name: str) -> list[str]:
    """The worked examples of a module."""
    examples = "closings" if name == "roster" else name
    return ["-q", "-x", *BARE, f"tests/access/test_{examples}.py"]


def outcomes(name: str, sources: list[str]) -> list[int]:
    """pytest's exit code for the worked examples over each source of the module."""
    ran = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps([name, worked(name)])], cwd=ROOT,
        input=json.dumps(sources), text=True, capture_output=True, check=True, timeout=600,
        env=ALONE,
    )  # fmt: skip
    return json.loads(ran.stdout)


@pytest.mark.parametrize(
    ("name", "mutants"),
    [
        ("decision", MUTANTS),
        ("grammar", GRAMMAR),
        pytest.param("accounts", ACCOUNTS, marks=pytest.mark.attack),
        pytest.param("roster", CLOSINGS, marks=pytest.mark.attack),
    ],
)
def test_every_mutant_is_killed(name, mutants):
    source = (ROOT / f"ipats_lib/access/{name}.py").read_text()
    assert [old for old, _ in mutants if old not in source] == []
    whole, *codes = outcomes(name, [source, *(source.replace(old, new, 1) for old, new in mutants)])
    assert whole == pytest.ExitCode.OK
    alive = [m for m, code in zip(mutants, codes, strict=True) if code == pytest.ExitCode.OK]
    print(f"F18 {name}: {len(mutants)} mutants, {len(alive)} alive")
    assert alive == [], alive


def test_every_branch_of_the_decision_is_taken(tmp_path):
    data, run = f"--data-file={tmp_path / 'data'}", [sys.executable, "-m", "coverage"]
    only = ["--branch", "--include=*/access/decision.py", "-m", "pytest"]
    steps = (
        [*run, "run", data, *only, *worked("decision")],
        [*run, "report", data, "--fail-under=100"],
    )
    for step in steps:
        done = subprocess.run(
            step, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=ALONE
        )
        assert done.returncode == 0, done.stdout
    print(f"F18: branches of the decision taken: {done.stdout.split()[-1]}")
