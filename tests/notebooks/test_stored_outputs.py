"""Outputs of notebooks stay out of commits, and nothing fails where there is no git."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.conftest import ROOT


def command(folder, *words):
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "MAKE", "MFLAGS"))
    }
    clean |= {"GIT_CEILING_DIRECTORIES": str(folder.parent), "HOME": str(folder)}
    return subprocess.run(
        words, cwd=folder, env=clean, text=True, capture_output=True, check=False, timeout=120
    )


@pytest.fixture
def checkout(tmp_path):
    """A folder with what a checkout has of ours, and a notebook as JupyterLab saves it."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("Makefile", ".gitattributes", ".pre-commit-config.yaml"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("nbstripout", "ruff"):
        (folder / ".venv" / "bin" / name).symlink_to(ROOT / ".venv" / "bin" / name)
    output = new_output("stream", text="a record")
    cell = new_code_cell(
        "1", outputs=[output], execution_count=3, metadata={"tags": ["parameters"]}
    )
    made = new_notebook(cells=[cell], metadata={"ipats": {"title": "T"}})
    nbformat.write(made, folder / "made.ipynb")
    return folder


def is_clean(text):
    said = json.loads(text)
    (cell,) = said["cells"]
    assert said["metadata"]["ipats"] == {"title": "T"}
    assert cell["metadata"]["tags"] == ["parameters"]
    return (cell["outputs"], cell["execution_count"]) == ([], None)


def test_the_filter_keeps_outputs_out_of_what_git_stores(checkout):
    assert command(checkout, "git", "init", "-q").returncode == 0
    assert command(checkout, "make", "outputs").returncode == 0
    assert command(checkout, "git", "add", "made.ipynb").returncode == 0
    assert is_clean(command(checkout, "git", "show", ":made.ipynb").stdout)
    assert not is_clean((checkout / "made.ipynb").read_text())  # the analyst's own keeps them


def test_a_clone_without_an_environment_keeps_outputs_out_too(checkout):
    shutil.rmtree(checkout / ".venv")
    command(checkout, "git", "init", "-q")
    for words in (("make", "outputs"), ("git", "add", "made.ipynb"), ("git", "status")):
        done = command(checkout, *words)
        assert (done.returncode, done.stderr) == (0, "")
    stored = command(checkout, "git", "show", ":made.ipynb").stdout
    assert is_clean(stored)
    # The two ways store the same, so an environment that is made later shows no difference.
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "nbstripout").symlink_to(ROOT / ".venv" / "bin" / "nbstripout")
    (checkout / "made.ipynb").touch()
    assert command(checkout, "git", "diff").stdout == ""


def test_a_saved_notebook_shows_no_difference(checkout):
    command(checkout, "git", "init", "-q")
    command(checkout, "make", "outputs")
    command(checkout, "git", "add", "made.ipynb")
    saved = nbformat.read(checkout / "made.ipynb", 4)
    saved.cells[0].outputs[0]["text"] = "another record"
    saved.cells[0].execution_count = 7
    nbformat.write(saved, checkout / "made.ipynb")
    assert command(checkout, "git", "diff").stdout == ""


def test_without_git_the_verb_does_nothing(checkout):
    done = command(checkout, "make", "outputs")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_hook_stops_a_commit_that_has_outputs_and_cleans_the_file(checkout):
    command(checkout, "git", "init", "-q")
    command(checkout, "git", "add", "made.ipynb")
    hook = (sys.executable, "-m", "pre_commit", "run", "nbstripout", "--files", "made.ipynb")
    assert command(checkout, *hook).returncode == 1
    assert is_clean((checkout / "made.ipynb").read_text())
    assert command(checkout, *hook).returncode == 0
