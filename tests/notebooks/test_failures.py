"""A run that gives no page is named with its cell and its cause, and never with a record's value.

Source: issue "Every known wrong answer put right": notebooks, and failures say why. Each kind of
case runs in the forked engine and in an ordinary kernel.
"""

import json
import os
import re
import shlex
import stat
import subprocess
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ipats_lib.errors import UsageError
from ipats_lib.publishing.execute import Made
from ipats_lib.publishing.failed import RunFailed, tracebacks
from ipats_lib.publishing.postmortem import KEPT, failures_folder, keep
from tests.conftest import ROOT, publish
from tests.engine.conftest import WAYS
from tests.notebooks.runs import PARAMETERS, runner

pytestmark = pytest.mark.xdist_group("failures")
SECRET = "IL0001234"
OPEN = "from ipats_lib.report.report import open_report\nr = open_report(snapshot, scope, period)"
VALUE = "r.customers['customer'].iloc[0]"


@pytest.fixture(scope="module", params=WAYS)
def run(request, tmp_path_factory):
    """What becomes of a notebook with these cells, in either engine."""
    with runner(request.param, tmp_path_factory.mktemp("run")) as run:
        yield run


def each_way(cases, *in_a_kernel):
    """Every case as this machine runs it; those that take seconds each in a kernel, only some."""
    return [(way, case) for way in WAYS for case in (cases if way == WAYS[0] else in_a_kernel)]


LEAVES = {
    "sys.exit": ("import sys\nif True:\n    sys.exit()", "SystemExit"),
    "sys.exit(0)": ("import sys; sys.exit(0)", "SystemExit"),
    "sys.exit(text)": ("import sys; sys.exit('done')", "SystemExit"),
    "raise SystemExit": ("raise SystemExit", "SystemExit"),
    "exit()": ("exit()", "NotebookLeft"),
    "quit()": ("print(1)\nquit()", "NotebookLeft"),
    "exit": ("exit", "NotebookLeft"),
    "os._exit": ("import os; os._exit(0)", "NotebookDied"),
}


@pytest.mark.parametrize("last", [False, True], ids=["amid", "last"])
@pytest.mark.parametrize(
    ("run", "how"), each_way(LEAVES, "sys.exit", "exit()", "os._exit"), indirect=["run"]
)
def test_a_cell_that_ends_the_notebook_is_named(run, how, last):
    cell, reason = LEAVES[how]
    made = run("'before'", cell, *([] if last else ["'after'"]))
    assert isinstance(made, RunFailed), how
    assert (made.cell, made.reason) == (4, reason)
    assert re.match(r"performance/made for lwia/07 (failed|was stopped) in cell 4\b", str(made))


def test_an_exit_that_a_cell_catches_ends_nothing(run):
    made = run("import sys\ntry:\n    sys.exit()\nexcept SystemExit:\n    print('caught')", "7 * 6")
    assert isinstance(made, Made)
    assert "caught" in made.content.body
    assert "42" in made.content.body


def test_html_tables_and_text_are_shown(run):
    made = run("import pandas as pd\npd.DataFrame({'a': [1]})", "'text'", "print('<a at b>')")
    assert isinstance(made, Made)


# -- why --------------------------------------------------------------------------------------

SAID = {
    "undeclared frame": (f"{OPEN}\nr.data.frame('services')",
        "UsageError: This notebook does not declare the frame `services`: add \"services\" to the "
        "list \"data\" of \"ipats\" in its metadata, save it and run it again."),
    "an attribute of the report": (f"{OPEN}\nr.workload",
        "UsageError: This notebook does not declare the frame `workload`: add"),
    "missing package": ("import geopandas_not_here.io",
        "ModuleNotFoundError: `geopandas_not_here`."),
    "missing module": ("from ipats_lib.report import nothing_here as n\n",
        "with ImportError: `nothing_here`, `ipats_lib.report`."),
    "name": ("frame_of_nobody", "NameError: `frame_of_nobody`."),
    "key": ("{}['services']", "KeyError: `services`."),
    "keys": ("import pandas as pd\npd.DataFrame({'a': [1]})[['services', 'b']]",
        "KeyError: `services`, `b`."),
    "column in a query": ("import pandas as pd\npd.DataFrame({'a': [1]}).query('servics > 1')",
        "UndefinedVariableError: `servics`."),
    "attribute": ("import datetime\ndatetime.dat", "AttributeError: `datetime`, `dat`."),
    "argument": ("sorted([1], revers=True)", "TypeError: `revers`."),
    "file": ("open('data of mine.csv')", "FileNotFoundError: `data of mine.csv`."),
    "column of a chart": ("import altair as alt, pandas as pd\n"
        "alt.Chart(pd.DataFrame({'a': [1]})).mark_bar().encode(x='servics')",
        "ValueError: `servics`."),
    "column with a digit": ("import pandas as pd\nfrom ipats_lib.report import show\n"
        "show.table(pd.DataFrame({'lower95': [1]}), 'T', ['gone'])",
        "NotebookError: The frame has no column gone. It has: lower95."),
    "question": ("input('Which?')", "no one can answer while it is published; declare a parameter"),
    "magic": ("%unknwon 1", "an error that it did not show: `%unknwon`."),
    "library sentence": ("from ipats_lib.periods import Period\nPeriod.parse('PY24')", "'PY24'"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("run", "what"), each_way(SAID, "undeclared frame", "missing package"), indirect=["run"]
)
def test_the_cause_is_named(run, what):
    cell, said = SAID[what]
    made = run(cell)
    assert isinstance(made, RunFailed)
    assert "in cell 3 with" in str(made)
    assert said in str(made)


HIDDEN = {
    "error of Python": f"raise ValueError({VALUE})",
    "key": f"{{}}[{VALUE}]",
    "keys": "r.customers[[r.customers['customer'].iloc[1]]]",
    "attribute": f"getattr(r.customers, {VALUE})",
    "file": f"open({VALUE})",
    "text in quotes": f"raise ValueError(f\"no '{{{VALUE}}}' here\")",
    "column of a query": f"r.customers.query({VALUE})",
    "magic": f"get_ipython().run_line_magic({VALUE}, '')",
    "name": f"raise NameError(f\"name '{{{VALUE}}}' is not defined\")",
    "package": f"raise ModuleNotFoundError(f\"No module named '{{{VALUE}}}'\")",
    "package by name": f"import importlib\nimportlib.import_module({VALUE})",
    "error of the library, raised by the notebook":
        f"from ipats_lib.errors import UsageError\nraise UsageError({VALUE})",
    "an error that bears its name": f"class UsageError(Exception): pass\nraise UsageError({VALUE})",
    "a frame of that name": f"r.data.frame({VALUE})",
    "a frame named as a person": "r.data.frame(r.customers['customer'].iloc[1])",
    "a period of that name": f"from ipats_lib.periods import Period\nPeriod.parse({VALUE})",
    "a scope of that name": f"from ipats_lib.scopes import Scope\nScope.parse({VALUE})",
    "a forged frame": "from ipats_lib.errors import UsageError\nimport ipats_lib\n"
        f"raise UsageError(f'{{{VALUE}}}\\nFile {{ipats_lib.__file__}}:3, in f()')",
    "no frames": "%xmode Minimal\nfrom ipats_lib.errors import UsageError\n"
        f"raise UsageError({VALUE})",
    "exit": f"import sys; sys.exit({VALUE})",
    "output": f"from IPython.display import Javascript\nJavascript({VALUE})",
}  # fmt: skip


@pytest.mark.parametrize(
    ("run", "what"), each_way(HIDDEN, "error of Python", "a forged frame"), indirect=["run"]
)
def test_no_value_of_a_record_is_repeated(run, what):
    made = run(OPEN, HIDDEN[what])
    assert isinstance(made, RunFailed)
    assert "in cell 4 with" in str(made)
    told = f"{made} {made.facts()}"
    assert SECRET not in told
    assert "Mendoza" not in told


# -- what is kept -----------------------------------------------------------------------------


def test_what_a_magic_says_of_a_wrong_use_is_kept(run):
    made = run("print('before')", "%unknwon 1")
    assert tracebacks(json.loads(made.executed)) == [
        "UsageError: Line magic function `%unknwon` not found."
    ]


def modes(folder: Path) -> set[tuple[str, int]]:
    return {
        ("folder" if path.is_dir() else "file", stat.S_IMODE(path.stat().st_mode))
        for path in (folder, *folder.rglob("*"))
    }


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_what_is_left_is_private_and_the_last_twenty_stay(run, tmp_path, umask):
    failed = run("'as far as here'", f"{OPEN}\nraise ValueError({VALUE})")
    before = os.umask(umask)
    try:
        for _ in range(KEPT + 2):
            command = keep(failed, tmp_path / "failed", tmp_path / "snapshot")
    finally:
        os.umask(before)
    assert modes(tmp_path / "failed") == {("folder", 0o700), ("file", 0o600)}
    kept = sorted((tmp_path / "failed").iterdir())
    assert len(kept) == KEPT
    last = Path(shlex.split(command)[-1])
    assert last == kept[-1] / "made.ipynb"
    assert "as far as here" in last.read_text()
    assert SECRET in (kept[-1] / "traceback.txt").read_text()
    assert "\x1b" not in (kept[-1] / "traceback.txt").read_text()
    cells = nbformat.read(last, as_version=4).cells
    assert f'snapshot = "{tmp_path / "snapshot"}"' in cells[2].source
    assert 'scope = "lwia/07"' in cells[2].source


def test_nothing_is_kept_in_a_folder_that_others_may_enter(tmp_path):
    made = nbformat.from_dict({**new_notebook(), "metadata": {"papermill": {"parameters": {}}}})
    failed = RunFailed("It failed.", "performance/made for state", "X", 3, json.dumps(made))
    for mode in (0o750, 0o705):
        (tmp_path / "open").mkdir(mode=mode, exist_ok=True)
        (tmp_path / "open").chmod(mode)
        with pytest.raises(OSError, match="others may enter it: chmod 700"):
            keep(failed, tmp_path / "open", tmp_path)
    (tmp_path / "open").chmod(0o700)
    assert Path(shlex.split(keep(failed, tmp_path / "open", tmp_path))[-1]).is_file()


def test_failed_runs_are_never_kept_below_a_site(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    site = tmp_path / "site"
    (tmp_path / "link").symlink_to(site)
    store = str(tmp_path / "snapshots")
    assert failures_folder(None, store, site) == tmp_path / "failed"
    inside = failures_folder(None, str(site / "snapshots"), site)
    assert inside == tmp_path / "state" / "ipats" / "failed"
    assert failures_folder(None, "s3://b/snapshots", site) == Path("var/failed").absolute()
    for asked in (site, site / "PY2024Q4" / "x", tmp_path / "link" / "x"):
        with pytest.raises(UsageError, match="outside of"):
            failures_folder(asked, store, site)


@pytest.fixture(scope="module")
def failed_build(extract, store, tmp_path_factory):
    """A publication whose one notebook asks for a frame that it does not declare."""
    folder = tmp_path_factory.mktemp("failed-build")
    first = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    cells = [new_markdown_cell("# T"), first, new_code_cell(OPEN)]
    cells += [
        new_code_cell("r.data.about.scope"),
        new_code_cell("r.data.frame('workload').nothing"),
    ]
    declared = {
        "family": "performance",
        "title": "T",
        "order": 1,
        "scopes": ["lwia"],
        "data": ["figures"],
    }
    made = new_notebook(cells=cells, metadata={"ipats": declared})
    (folder / "notebooks" / "performance").mkdir(parents=True)
    nbformat.write(made, folder / "notebooks" / "performance" / "made.ipynb")
    done = publish(
        "build", "--extract", extract, "--store", store, "--period", "PY2024Q4", "--site",
        folder / "site", "--only", "lwia/90", "--notebooks", folder / "notebooks",
        "--failures", folder / "failed",
    )  # fmt: skip
    return folder, done


def command_of(done) -> list[str]:
    return shlex.split(done.stderr.rstrip().splitlines()[-1])


def test_a_failed_publication_says_why_and_how_to_open_the_scope(failed_build):
    folder, done = failed_build
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
    stopped = " ".join(done.stderr.partition("Stopped:")[2].split())
    assert stopped.startswith(
        "performance/made for lwia/90 failed in cell 5 with UsageError: This notebook "
        'does not declare the frame `workload`: add "workload" to the list "data" of "ipats" in '
        "its metadata, save it and run it again. Nothing was published"
    )
    assert Path(command_of(done)[-1]).is_relative_to(folder / "failed")
    assert not list((folder / "site").rglob("*traceback*"))


def test_the_kept_notebook_opens_the_scope(failed_build):
    """With all frames of the snapshot, so the run gets further than the published one."""
    _, done = failed_build
    path = Path(command_of(done)[-1])
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}},
                            allow_errors=True, timeout=300)  # fmt: skip
    client.execute()
    scope, frame = notebook.cells[-2:]
    assert scope.outputs[0].data["text/plain"] == "'lwia/90'"
    assert frame.outputs[0].ename == "AttributeError"


def test_the_command_opens_jupyterlab(failed_build, tmp_path):
    """The very command, but for a browser and for the port and token that the test must know."""
    _, done = failed_build
    command = command_of(done)
    environment = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path), "JUPYTER_TOKEN": "t"}
    lab = subprocess.Popen(
        [*command[:-1], "--no-browser", "--ServerApp.port=0", command[-1]],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        server = _server(tmp_path, lab)
        asked = f"{server['url']}api/contents/{Path(command[-1]).name}?token=t"
        with urllib.request.urlopen(asked) as answer:
            assert json.load(answer)["type"] == "notebook"
    finally:
        lab.terminate()
        lab.wait(30)


def _server(folder: Path, lab: subprocess.Popen) -> dict:
    until = time.monotonic() + 90
    while time.monotonic() < until and lab.poll() is None:
        for path in folder.glob("jpserver-*.json"):
            server = json.loads(path.read_text() or "{}")
            if server.get("port"):
                return server
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not start")
