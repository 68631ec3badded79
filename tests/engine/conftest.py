"""Notebooks made of a few lines, run in a forked child and in an ordinary kernel."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

import nbformat
import papermill
import pytest
from nbformat import NotebookNode
from papermill.engines import papermill_engines

from ipats_lib.publishing.warm import fork_hazard

Run = Callable[..., NotebookNode]
Elsewhere = Callable[..., Any]

FALLBACK = os.environ.get("IPATS_ENGINE") == "kernel"  # `make test-fallback`
WAYS = ("kernel",) if FALLBACK else ("fork", "kernel")


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Elsewhere]:
    """Call a function in a process of its own: pytest's must not suffer what a test does."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        hazard = pool.submit(fork_hazard).result()
        assert hazard == ("IPATS_ENGINE=kernel asks for it" if FALLBACK else None)
        yield lambda function, *args, **options: pool.submit(function, *args, **options).result()


@pytest.fixture
def forks() -> None:
    """For a test that has no meaning without a fork; each says why in its own words."""
    if FALLBACK:
        pytest.skip("about the fork itself, which IPATS_ENGINE=kernel has turned off")


@pytest.fixture(params=WAYS)
def run(request: pytest.FixtureRequest) -> Run:
    """Run cells in a forked child, and in the ordinary kernel the engine falls back to."""
    way: Run = request.getfixturevalue(f"run_in_{request.param}")
    return way


@pytest.fixture
def run_here(elsewhere: Elsewhere) -> Run:
    """Run cells as the engine does on this machine: forked, or with `make test-fallback` not."""
    return lambda *cells, **options: elsewhere(run_cells, *cells, **options)


@pytest.fixture
def run_in_fork(forks: None, run_here: Run) -> Run:
    return run_here


@pytest.fixture
def run_in_kernel(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("IPATS_ENGINE", "kernel")
    return run_cells


def notebook(*cells: str | NotebookNode) -> NotebookNode:
    """Make a notebook; a text is a code cell."""
    made = nbformat.v4.new_notebook()
    made.cells = [cell if isinstance(cell, NotebookNode) else code(cell) for cell in cells]
    made.metadata["kernelspec"] = {
        "name": "python3",
        "language": "python",
        "display_name": "Python 3",
    }
    return made


def code(source: str, *tags: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


def run_cells(
    *cells: str | NotebookNode, output: str | None = None, **options: Any
) -> NotebookNode:
    """Execute cells through papermill and return the notebook."""
    options = {
        "engine_name": "ipats",
        "request_save_on_cell_execute": False,
        "progress_bar": False,
    } | options
    with as_outside_pytest():
        return papermill.execute_notebook(notebook(*cells), output, **options)


def run_despite_errors(
    *cells: str | NotebookNode, engine: str | None = "ipats", **options: Any
) -> NotebookNode:
    """Execute cells as papermill does, short of raising for the error outputs at the end."""
    made = notebook(*cells)
    made.metadata["papermill"] = {}
    with as_outside_pytest():
        return papermill_engines.execute_notebook_with_engine(
            engine, made, kernel_name="python3", progress_bar=False, **options
        )


@contextmanager
def as_outside_pytest() -> Iterator[None]:
    """ipykernel does not capture file descriptors where it sees pytest's variable."""
    current = os.environ.pop("PYTEST_CURRENT_TEST", None)
    try:
        yield
    finally:
        if current is not None:
            os.environ["PYTEST_CURRENT_TEST"] = current


def text_of(cell: NotebookNode) -> str:
    """Return what a cell has printed and answered, as text."""
    return "".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )
