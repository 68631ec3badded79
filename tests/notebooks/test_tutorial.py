"""`docs/tutorial.md` from its first command to its page, by the text of the document itself."""

import json
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import nbformat
import pytest

from tests.commands import PROGRAM, publish
from tests.conftest import ROOT
from tests.notebooks import pages
from tests.published import page

DOCUMENT = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) ?(.*)\n((?s:.*?))^```$", DOCUMENT, re.MULTILINE)
NAME = "comparison/moved"
ENDLESS = ("preview", "serve")


@pytest.fixture(scope="module")
def desk(tmp_path_factory, extract):
    """Where the tutorial is followed: a folder like a checkout, whose extract is made already."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "var").mkdir()
    (folder / "var" / "extract").symlink_to(extract)
    return folder


@pytest.fixture(scope="module")
def followed(desk, extract):
    """What each command said, in order, after the blocks above it."""
    said = {}
    for language, place, text in BLOCKS:
        if language == "sh":
            for line in text.splitlines():
                said[line] = obey(desk, *shlex.split(line))
        elif place.startswith("cell"):
            replace(desk / "notebooks" / f"{NAME}.ipynb", int(place.split()[1]), language, text)
        elif place:
            (desk / place).parent.mkdir(parents=True)
            (desk / place).write_text(text)
    return said


def obey(desk, python, *words):
    """Give one command in the desk's folder; a server is asked for its first page."""
    assert python == "python"
    if words[0] == "-m":
        return f"test {words[-1]}"
    command = words[1]
    if command == "sample":  # the same as `extract` is made by
        assert words[2:] == ("--out", "var/extract", "--scale", "0.05")
        return "made"
    words = [f"{desk}/{word}" if word.startswith("var/") else word for word in words]
    if command in ("new", "check", "preview", "build"):
        words += ["--notebooks", desk / "notebooks"]
    if command in ENDLESS:
        return first_page([*words, "--port", "0"])
    done = publish(*words[1:])
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def first_page(words):
    command = [sys.executable, PROGRAM, *words[1:]]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            lines = iter(server.stderr.readline, "")
            address = next(m[0] for line in lines if (m := re.search(r"http://\S+", line)))
            if "preview" in words:  # the address leads to what its script asks for
                told = json.loads(got(urljoin(address, "next.json?after=0")))
                assert told["said"] == ""
                address = urljoin(address, told["page"])
            return got(address)
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=60)


def got(address):
    with urllib.request.urlopen(address) as answer:
        return answer.read().decode()


def replace(path, number, language, text):
    notebook = nbformat.read(path, 4)
    cell = notebook.cells[number - 1]
    assert cell.cell_type == ("markdown" if language == "markdown" else "code")
    cell.source = text.rstrip("\n")
    nbformat.write(notebook, path)


def test_every_block_is_followed():
    """No block is passed over for a word that nobody knows."""
    for language, place, _ in BLOCKS:
        assert (language, place.split()[:1]) in (
            ("sh", []), ("text", []), ("python", ["cell"]), ("markdown", ["cell"]),
            ("python", ["tests/notebooks/test_moved.py"]),
        )  # fmt: skip
    assert DOCUMENT.count("```") == 2 * len(BLOCKS)


def test_the_page_is_published_with_the_answer_that_the_tutorial_names(followed, desk):
    [expected] = [text for language, _, text in BLOCKS if language == "text"]
    for scope in ("state", "lwia/07"):
        made = page(desk / "var" / "site" / "PY2024Q4" / scope / f"{NAME}.html")
        assert made.select_one("h1").get_text().startswith("Earnings that moved most")
        said = made.select_one(".show-finding").get_text(" ", strip=True)
        assert (said == " ".join(expected.split())) == (scope == "state")
        assert len(made.select(".show-table tbody tr")) > 0
        assert (desk / f"var/site/PY2024Q4/{scope}/comparison/moved.csv").exists()


def test_its_commands_say_what_they_found(followed):
    def said(command):
        [one] = [text for line, text in followed.items() if f"publish.py {command} " in line]
        return one

    assert "1 notebook checked, no fault found." in said("check")
    assert "earnings of 07 Chicago Cook Workforce Partnership fell most" in said("preview")
    assert "Earnings that moved most" in said("serve")


def test_the_analysts_test_passes_and_fails_where_the_notebook_is_wrong(
    followed, desk, monkeypatch, request
):
    [(place, text)] = [(place, text) for _, place, text in BLOCKS if place.endswith(".py")]
    assert f"-m pytest -n 0 {place}" in DOCUMENT
    monkeypatch.setattr(pages, "NOTEBOOKS", desk / "notebooks")
    names: dict = {}
    exec(compile(text, place, "exec"), names)
    [written] = [value for name, value in names.items() if name.startswith("test_")]
    state = names["state"].__wrapped__()
    written(state, monkeypatch)
    path = Path(pages.NOTEBOOKS, f"{NAME}.ipynb")
    right = path.read_text()
    path.write_text(right.replace('[\\"denominator\\"] >= least', '[\\"denominator\\"] >= 0'))
    assert path.read_text() != right
    with pytest.raises(AssertionError):
        written(state, monkeypatch)
    path.write_text(right)
