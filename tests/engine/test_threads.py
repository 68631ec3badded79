"""Two threads of one process run notebooks at a time, and other libraries are as they were."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import nbformat.v4.nbbase
import papermill.engines
import pytest
from jupyter_core.utils import ensure_event_loop
from papermill.exceptions import PapermillExecutionError
from tqdm.std import tqdm

from ipats_lib.publishing.engine.limits import NotebookDied
from tests.engine.conftest import run_cells, text_of

pytestmark = pytest.mark.xdist_group("engine")


def run_in_thread(*cells: str) -> str:
    """What the last cell says; nbclient leaves a thread's event loop open."""
    try:
        return text_of(run_cells(*cells).cells[-1])
    finally:
        ensure_event_loop().close()


def test_two_threads_run_notebooks_at_a_time() -> None:
    both = Barrier(2)

    def run(name: str) -> str:
        both.wait(60)
        return run_in_thread(f"name = {name!r}", "import time; time.sleep(1)", "name")

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(run, "ab")) == ["'a'", "'b'"]


def test_the_end_of_one_ends_no_other() -> None:
    with ThreadPoolExecutor(2) as threads:
        dying = threads.submit(run_in_thread, "import os; os._exit(3)")
        living = threads.submit(run_in_thread, "import time; time.sleep(2)", "'alive'")
        with pytest.raises(NotebookDied, match="ended with code 3"):
            dying.result(60)
        assert living.result(60) == "'alive'"


def libraries() -> list[dict[str, int]]:
    places = (papermill.engines, nbformat.v4.nbbase, tqdm)
    return [{name: id(value) for name, value in vars(place).items()} for place in places]


def test_other_libraries_stay_as_they_were() -> None:
    run_cells("1")  # imports what they import on first use
    before = libraries()
    run_cells("1")
    with pytest.raises(PapermillExecutionError):
        run_cells("1 / 0")
    assert libraries() == before
