"""IPATS installed from its wheel: the command `ipats` outside the checkout, with its own folder."""

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from ipats_lib import __version__
from ipats_lib.console import EXTRAS
from ipats_lib.project import FOLDERS
from tests.conftest import ROOT, passed, planner_of

pytestmark = pytest.mark.xdist_group("installed")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with the installed program in `bin`, and the wheel that it came from."""
    folder = tmp_path_factory.mktemp("installed")
    hatchling = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    passed(run(*hatchling, "--directory", folder))
    passed(run(ROOT / ".uv/bin/uv", "venv", "--python", sys.executable, folder / "env"))
    python = folder / "env" / "bin" / "python"
    wheel = next(folder.glob("*.whl"))
    install = [ROOT / ".uv/bin/uv", "pip", "install", "--no-deps", "--offline"]
    passed(run(*install, "--python", python, wheel))
    # What it depends on is lent by our environment; the path of the checkout itself is not.
    home = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    (Path(home.strip()) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(*command: object, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("IPATS_")}
    return subprocess.run(
        [*map(str, command)], cwd=cwd, env={**environ, **more}, text=True, capture_output=True,
        check=False, timeout=600,
    )  # fmt: skip


@pytest.fixture
def ipats(place):
    def command(*words: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        return run(place / "env" / "bin" / "ipats", *words, cwd=cwd, **more)

    return command


def test_the_wheel_holds_all_that_git_does(place):
    """Of the library, the parameters and the notebooks: nothing is missing, nothing is beside."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-co", "--exclude-standard", "ipats_lib", *FOLDERS], cwd=ROOT, text=True
    )
    ours = {
        name if name.startswith("ipats_lib/") else f"ipats_lib/given/{name}"
        for name in listed.splitlines()
        if (ROOT / name).is_file()
    }
    with zipfile.ZipFile(next(place.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if not name.startswith("ipats-")}
    guide = {f"ipats_lib/given/docs/{name}.md" for name in ("guide", "glossary")}
    assert held == ours | guide


def test_the_version_and_the_completion_of_a_shell(ipats, tmp_path):
    assert ipats("--version", cwd=tmp_path).stdout == f"ipats {__version__}\n"
    asked = {"_IPATS_COMPLETE": "complete_bash", "COMP_WORDS": "ipats snap", "COMP_CWORD": "1"}
    assert ipats(cwd=tmp_path, **asked).stdout.split() == ["snapshot", "snapshots"]


def test_an_agency_changes_its_own_folder(ipats, store, extract, few, tmp_path):
    """What `init` writes is what is published, from any folder inside it; without it, ours is."""
    own = tmp_path / "own"
    passed(ipats("init", own, cwd=tmp_path))
    again = ipats("init", own, cwd=tmp_path)
    assert again.returncode == 2
    assert f"{own / 'params'} is there already: name another folder." in again.stderr
    agency = own / "params" / "site.csv"
    with agency.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    rows[1][1] = "An Agency of the Test"
    with agency.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(rows)
    shutil.rmtree(own / "notebooks")
    shutil.copytree(few, own / "notebooks")
    data = ["--extract", extract, "--store", store, "--period", "PY2024Q4"]
    planner = planner_of(extract)
    build = ["build", *data, "--only", planner, "--site", tmp_path / "site"]
    done = ipats(*build, cwd=own / "notebooks" / "performance")
    passed(done)
    page = tmp_path / "site" / "PY2024Q4" / planner / "performance" / "summary.html"
    assert "An Agency of the Test" in page.read_text(encoding="utf-8")
    assert "dashboards/worklist" in ipats("plan", cwd=tmp_path).stdout
    assert "dashboards/people" in (here := ipats("plan", cwd=own).stdout)
    assert "dashboards/worklist" not in here


def test_a_new_notebook_goes_into_the_own_folder(ipats, tmp_path):
    passed(ipats("init", tmp_path / "own", cwd=tmp_path))
    made = ipats("new", "comparison/mine", "--title", "Mine", "--scopes", "state",
                 cwd=tmp_path / "own")  # fmt: skip
    passed(made)
    assert (tmp_path / "own" / "notebooks" / "comparison" / "mine.ipynb").is_file()
    assert "`ipats check comparison/mine`" in made.stderr


@pytest.mark.parametrize(("name", "words"), [
    ("starlette", ("serve", "--site", "site")),
    ("argon2", ("access", "create", "somebody", "--local")),
])  # fmt: skip
def test_a_package_that_is_not_installed_is_named(ipats, tmp_path, name, words):
    """The one that a command lacks, and the extra that brings it."""
    (tmp_path / "lacks").mkdir()
    hides = f"import sys\nsys.modules[{name!r}] = None\n"
    (tmp_path / "lacks" / "sitecustomize.py").write_text(hides)
    (tmp_path / "site").mkdir()
    done = ipats(*words, cwd=tmp_path, PYTHONPATH=str(tmp_path / "lacks"))
    assert done.returncode == 2, done.stderr
    told = f"Stopped: {name} is not installed: run `pip install 'ipats[{EXTRAS[name]}]'`."
    assert done.stderr.splitlines()[-1] == told


def test_every_extra_that_a_sentence_names_is_one_of_ours(place):
    with zipfile.ZipFile(next(place.glob("*.whl"))) as wheel:
        (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        lines = wheel.read(metadata).decode().splitlines()
    assert {f"Provides-Extra: {extra}" for extra in EXTRAS.values()} <= set(lines)
