"""Where a fork is unsafe or unwanted an ordinary kernel takes over, and the log says why."""

import contextlib
import logging
import os
import subprocess
import sys
import threading
from ast import literal_eval
from pathlib import Path

import pytest
from papermill.exceptions import PapermillExecutionError

from ipats_lib.publishing.engine import papermill_engine
from ipats_lib.publishing.engine.papermill_engine import reason_for_a_kernel
from ipats_lib.publishing.warm import fork_hazard
from tests.engine.conftest import Elsewhere, Run, code, notebook, run_cells, text_of

pytestmark = pytest.mark.xdist_group("engine")

ANCESTORS = "import psutil; me = psutil.Process(); [p.pid for p in (me, *me.parents())]"


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the log say again what an earlier test has made it say."""
    monkeypatch.setattr(papermill_engine, "said", set())


@pytest.fixture
def unforced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine find its own reason, also under `make test-fallback`."""
    monkeypatch.delenv("IPATS_ENGINE", raising=False)


def test_no_notebook_is_a_fork_of_its_caller(forks: None, elsewhere: Elsewhere) -> None:
    """Nor of any process above it: the warm server is started anew."""
    above = text_of(elsewhere(run_cells, ANCESTORS).cells[0])
    (notebook, guard, forker, server, *callers), caller = literal_eval(above), elsewhere(os.getpid)
    assert callers[0] == caller
    assert caller not in (notebook, guard, forker, server)
    assert b"multiprocessing.forkserver" in Path(f"/proc/{server}/cmdline").read_bytes()


def run_beside_threads() -> str:
    """A notebook of a caller whose threads, its own and of a library, would hang a fork of it."""
    import vl_convert

    vl_convert.vegalite_to_svg({"mark": "point", "data": {"values": []}})
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return text_of(run_cells("1 + 1").cells[0])


def test_what_threads_its_caller_has_is_nothing_to_a_notebook(forks: None) -> None:
    code = "from tests.engine.test_fallback import run_beside_threads as f; print(f())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"
    assert "ordinary kernels" not in done.stderr


def threads_of_the_warm_process() -> tuple[set[str], set[str]]:
    """The names of all its threads, and those that are known to have handlers of forks."""
    from ipats_lib.publishing import warm_server  # noqa: F401

    tasks = {task.read_text().strip() for task in Path("/proc/self/task").glob("*/comm")}
    known = {Path("/proc/self/comm").read_text().strip(), "jemalloc_bg_thd"}
    return tasks | {thread.name for thread in threading.enumerate()}, known | {"MainThread"}


def test_the_warm_process_is_safe_to_fork() -> None:
    """Arrow, OpenBLAS and jemalloc have handlers of forks; duckdb, V8 and tokio have none."""
    code = (
        "from tests.engine.test_fallback import threads_of_the_warm_process as f; import sys; "
        "all_, known = f(); print(sorted(all_ - known), 'duckdb' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] False\n"


def test_the_reason_is_said_once(
    untold: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("IPATS_ENGINE", "kernel")
    with caplog.at_level(logging.WARNING, "ipats.engine"):
        assert text_of(run_cells("1 + 1").cells[0]) == "2"
        run_cells("2")
    said = [record.getMessage() for record in caplog.records if record.name == "ipats.engine"]
    assert len(said) == 1
    assert "IPATS_ENGINE=kernel asks for it" in said[0]


@pytest.mark.parametrize(
    ("kernel", "options", "reason"),
    [
        ("ir", {}, "kernel 'ir'"),
        ("python3", {"km": object()}, "the option km"),
        ("python3", {"on_cell_start": print}, "the option on_cell_start"),
    ],
)
def test_what_only_a_kernel_can_do_goes_to_one(
    unforced: None, kernel: str, options: dict[str, object], reason: str
) -> None:
    assert reason in str(reason_for_a_kernel(kernel, options))


def test_the_environment_forces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPATS_ENGINE", "kernel")
    assert reason_for_a_kernel("python3", {}) == "IPATS_ENGINE=kernel asks for it"


def test_other_systems_do_not_fork(unforced: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert fork_hazard() == "forking is not safe on darwin"


LOOK = """
import ipykernel, json, pathlib
told = json.loads(pathlib.Path(ipykernel.get_connection_file()).read_text())
told["transport"], pathlib.Path(told["ip"]).parent.stat().st_mode & 0o077
"""


def test_the_kernels_sockets_are_in_a_private_folder(run_in_kernel: Run) -> None:
    assert text_of(run_in_kernel(LOOK).cells[0]) == "('ipc', 0)"


def test_no_folder_is_left(
    run_in_kernel: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run_in_kernel("1")
    assert list(tmp_path.glob("ipats-*")) == []


LATE = """
from time import sleep
kernel = get_ipython().kernel
publish = kernel._publish_status

def late(status, *more, **options):
    if status == "idle":
        kernel._publish_status = publish
        kernel.iopub_thread.schedule(lambda: sleep(5))
    publish(status, *more, **options)

kernel._publish_status = late
"late"
"""


def test_outputs_that_come_long_after_the_reply_are_waited_for(run_in_kernel: Run) -> None:
    """A busy machine is no reason to stop a notebook; nbclient waits four seconds."""
    assert [text_of(cell) for cell in run_in_kernel(LATE, "'next'").cells] == ["'late'", "'next'"]


@pytest.mark.parametrize("last", ["1", "1 / 0"])
def test_a_kernel_at_rest_ends_without_a_word(
    last: str, run_in_kernel: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    """What it wrote would stand in the operator's log as an error."""
    with contextlib.suppress(PapermillExecutionError):
        run_in_kernel("1", last)
    assert "IPKernelApp" not in capfd.readouterr().err


def test_a_failing_cell_ends_the_run(run: Run) -> None:
    with pytest.raises(PapermillExecutionError) as failed:
        run("1", "raise KeyError('k')", "never = 1")
    assert (failed.value.cell_index, failed.value.ename) == (1, "KeyError")


def test_a_cell_tagged_as_failing_does_not(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.ipynb"
    with pytest.raises(PapermillExecutionError):  # papermill's own verdict, once all has run
        run(code("1 / 0", "raises-exception"), "'reached'", output=str(target))
    assert "reached" in target.read_text()


@pytest.mark.parametrize(("tag", "options", "reached"), [
    ("any", {"allow_errors": True}, True),
    ("raises-exception", {"force_raise_errors": True}, False),
    ("later", {"skip_cells_with_tag": "later", "force_raise_errors": True}, True),
])  # fmt: skip
def test_options_of_nbclient_hold_for_both(
    tag: str, options: dict[str, object], reached: bool, run: Run, tmp_path: Path
) -> None:
    target = tmp_path / "out.ipynb"
    with contextlib.suppress(PapermillExecutionError):  # papermill's own verdict
        run(code("1 / 0", tag), "'so' + ' far'", output=str(target), **options)
    assert ("'so far'" in target.read_text()) is reached


def test_papermill_notes_times_and_status(run: Run) -> None:
    done = run("1", "2")
    assert [cell.metadata.papermill["status"] for cell in done.cells] == ["completed"] * 2
    assert all(cell.metadata.papermill["duration"] is not None for cell in done.cells)
    assert done.metadata.papermill["exception"] is None


def test_parameters_arrive(run: Run) -> None:
    done = run(code("scope = 'state'", "parameters"), "scope", parameters={"scope": "lwia/07"})
    assert text_of(done.cells[-1]) == "'lwia/07'"


def test_working_directory_is_papermills(run: Run, tmp_path: Path) -> None:
    (tmp_path / "helper_of_a_notebook.py").write_text("answer = 42")
    done = run(
        "import os; os.getcwd()",
        "from helper_of_a_notebook import answer; answer",
        cwd=str(tmp_path),
    )
    assert [text_of(cell) for cell in done.cells] == [repr(str(tmp_path)), "42"]


def test_output_files_and_logs_are_papermills(run_in_kernel: Run, elsewhere: Elsewhere) -> None:
    heard = run_into_file()
    assert heard == elsewhere(run_into_file) == "to the file\n"


def run_into_file() -> str:
    import io

    heard = io.StringIO()
    run_cells("print('to the file')", stdout_file=heard)
    return heard.getvalue()


def test_notebooks_stay_valid(run: Run) -> None:
    import nbformat

    nbformat.validate(run("import pandas; pandas.DataFrame({'a': [1]})", "print(1)"))
    assert notebook("1").cells[0].source == "1"
