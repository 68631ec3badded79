"""One notebook, one scope, one run of papermill."""

import json
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from time import perf_counter
from typing import Any

import nbformat
from nbformat import NotebookNode
from papermill.engines import NotebookExecutionManager, papermill_engines
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from ipats_lib.publishing import scratch
from ipats_lib.publishing.cache import Content
from ipats_lib.publishing.engine import papermill_engine  # noqa: F401  # papermill looks for it
from ipats_lib.publishing.engine.limits import Limits, NotebookStopped
from ipats_lib.publishing.failed import NotShown, RunFailed, logged, why
from ipats_lib.publishing.files import stored
from ipats_lib.publishing.render import render_body
from ipats_lib.publishing.warm import peak_memory_mb
from ipats_lib.report.show.files import DOWNLOADS_FOLDER

# `ipats` is the warm engine; `nbclient` starts papermill's ordinary kernel for every page.
ENGINE = os.environ.get("IPATS_PAPERMILL_ENGINE", "ipats")
KERNEL = "python3"
DOWNLOADS = "downloads"
WORKING = "working"
MOST_KEPT = 32 << 20
SHARD_BYTES = 200_000
_SHARD = re.compile(r"(?P<name>.+)-[0-9]{2,}\.json")
logging.getLogger("papermill").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs to make one page's body, wherever it runs.

    label: notebook and scope, for messages. notebook: the file's text. files: the scope's data
    that the notebook declared, by file name. downloads: names of the files that the notebook may
    write beside its pages; records: of its long lists, each a CSV file, an index and shards.
    parameters: the notebook's own. seconds and memory_mb: what the notebook may take;
    the ordinary engine knows no such limits. packed: whether files are given packed. key: what the
    content is kept by.
    """

    label: str
    scope: str
    period: str
    notebook: str
    files: dict[str, bytes]
    downloads: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str | int | float | bool], ...] = ()
    seconds: float = 300
    memory_mb: float = 4096
    packed: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A run's content, and what it cost (wall seconds).

    peak_mb: the most that a process of the notebook has held; of an ordinary kernel, that any of
    this worker has, so a run that raises it is the run that held it.
    """

    content: Content
    execute_seconds: float
    render_seconds: float
    peak_mb: int = 0


def render_nothing() -> None:
    """Compile the template before the first page needs it."""
    render_body(nbformat.v4.new_notebook())


def make_body(job: Job) -> Made:
    """In a worker: execute the notebook on the scope's data alone, and render it.

    RunFailed names notebook, scope, cell and the kind of error, and no value: an error's own
    text may quote a record (`failed.why` says what is repeated).
    """
    with _page_folder(job) as folder:
        data = Path(folder)
        for name, content in job.files.items():
            (data / name).write_bytes(content)
        (data / DOWNLOADS).mkdir()
        (data / WORKING).mkdir()
        started = perf_counter()
        limits = Limits(job.seconds, job.memory_mb)
        notebook = _execute(job, data, limits)
        executed = perf_counter()
        files = _downloads(job, data / DOWNLOADS)
    made = in_page(job, notebook, files)
    peak = limits.peak_mb or peak_memory_mb(of_children=True)
    return Made(made, executed - started, perf_counter() - executed, peak)


def in_page(job: Job, notebook: NotebookNode, files: dict[str, bytes]) -> Content:
    """What the notebook shows; RunFailed when a page cannot show it."""
    try:
        body = render_body(notebook)
    except NotShown as error:
        own = len(json.loads(_loaded(job.notebook))["cells"])
        cell = _number(notebook, error.cell or 0, len(notebook.cells) > own)
        reason = "an output that a page cannot show"
        said = f"{job.label} failed in cell {cell} with {reason}: {error}."
        raise RunFailed(said, job.label, reason, cell, _as_left(notebook)) from None
    return Content(body.html, dict(stored({**body.files, **files}, job.packed)))


@contextmanager
def _page_folder(job: Job) -> Iterator[str]:
    """For the scope's data, for the time of the run; a full disk counts as a failed notebook."""
    try:
        with tempfile.TemporaryDirectory(
            prefix=f"ipats-page-{token_hex(16)}-", dir=scratch.in_use()
        ) as folder:
            yield folder
    except OSError as error:
        why = error.strerror or type(error).__name__
        said = f"{job.label} found no place for its data ({why})."
        raise RunFailed(said, job.label, why) from None


def _downloads(job: Job, folder: Path) -> dict[str, bytes]:
    """What the notebook wrote; RunFailed for a file that is not declared or is too large."""
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    lists = {f"{name}.{ending}" for name in job.records for ending in ("csv", "json")}
    for name, data in files.items():
        shard = _SHARD.fullmatch(name)
        if shard is not None and shard["name"] in job.records:
            if len(data) > SHARD_BYTES:
                said = f"{job.label} wrote {name} of {len(data):,} bytes: a shard of a long list "
                said += f"holds at most {SHARD_BYTES:,}."
                raise RunFailed(said, job.label, "a shard that is too large")
        elif name not in lists.union(job.downloads):
            said = f"{job.label} wrote {name}, which its metadata do not declare."
            raise RunFailed(said, job.label, "undeclared download")
    return files


def _execute(job: Job, data: Path, limits: Limits) -> NotebookNode:
    """The executed notebook; RunFailed when a cell failed or left."""
    os.environ["IPATS_CHARTS"] = "live"
    os.environ[DOWNLOADS_FOLDER] = str(data / DOWNLOADS)
    if params := os.environ.get("IPATS_PARAMS"):
        os.environ["IPATS_PARAMS"] = os.path.abspath(params)  # the notebook runs elsewhere
    notebook = nbformat.from_dict(json.loads(_loaded(job.notebook)))
    own_cells = len(notebook.cells)
    parameters = {
        **dict(job.parameters),
        "scope": job.scope,
        "period": job.period,
        "snapshot": str(data),
    }
    notebook = parameterize_notebook(notebook, parameters, kernel_name=KERNEL, engine_name=ENGINE)
    injected = len(notebook.cells) > own_cells
    _draw_as_pages_do(notebook)
    try:
        executed = _papermill(notebook, data / WORKING, limits)
    except NotebookStopped as error:
        reason, index = type(error).__name__, error.cell_index
        said = f"was stopped{_in_cell(notebook, index, injected)}: {reason}, {error.reason}"
    except Exception as error:
        reason, index = type(error).__name__, None
        said = f"failed: {reason}"
    else:
        failure = _failure(executed, job.notebook)
        if failure is None:
            return executed
        index, reason, more = failure
        said = f"failed{_in_cell(notebook, index, injected)} with {reason}{more}"
    said = f"{job.label} {said.rstrip('.')}."
    cell = None if index is None else _number(notebook, index, injected)
    raise RunFailed(said, job.label, reason, cell, _as_left(notebook))


def _draw_as_pages_do(notebook: NotebookNode) -> None:
    """Let the cell of parameters enable our way with charts, in a fork and in a kernel alike: a
    notebook may draw with Altair and import nothing of the library."""
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source += "\nfrom ipats_lib import report as _report"


def _in_cell(notebook: NotebookNode, index: int | None, injected: bool) -> str:
    if index is None:
        return " before the first cell"
    return f" in cell {_number(notebook, index, injected)}"


def _number(notebook: NotebookNode, index: int, injected: bool) -> int:
    """Which cell of the notebook's file that is, counted from 1: one was perhaps injected."""
    until = notebook.cells[: index + 1]
    before = any("injected-parameters" in cell.metadata.get("tags", []) for cell in until)
    return index + 1 - (injected and before)


def _failure(executed: NotebookNode, code: str) -> tuple[int, str, str] | None:
    """The first cell that gives no page: its place, the kind of error, and what may be said of it.

    Any error counts: papermill lets a `sys.exit()` pass, after which no cell was run.
    """
    for index, cell in enumerate(executed.cells):
        errors = [out for out in cell.get("outputs", ()) if out.output_type == "error"]
        if errors:
            more = why(errors[-1], code)
            return index, errors[-1].ename, f": {more}" if more else ""
        if cell.metadata.get("papermill", {}).get("exception"):
            more = why({"ename": "", "evalue": logged(cell), "traceback": []}, code)
            return index, "an error that it did not show", f": {more}" if more else ""
    return None


def _as_left(notebook: NotebookNode) -> str:
    """The notebook as far as it ran, without outputs where these would fill the disk."""
    text = json.dumps(notebook)
    if len(text) > MOST_KEPT:
        for cell in notebook.cells:
            cell.update({"outputs": []} if cell.cell_type == "code" else {})
        text = json.dumps(notebook)
    return text


class _Run(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's record of a run, without the times of each cell and the saving after it: those
    took a tenth of what a run costs outside its process, and no page shows them."""

    def cell_start(self, *_: Any, **__: Any) -> None:
        """Note nothing."""

    cell_complete = autosave_cell = cell_start


def _papermill(notebook: NotebookNode, working: Path, limits: Limits) -> NotebookNode:
    """papermill's own steps, without the copies that its `execute_notebook` writes to nowhere.

    Those took a quarter of what a page costs beside its cells. working: the notebook's working
    directory, where the next scope's finds nothing of what it may leave there. limits: the
    ordinary engine knows none.
    """
    run = _Run(notebook, progress_bar=False)
    run.notebook_start()
    try:
        papermill_engines.get_engine(ENGINE).execute_managed_notebook(
            run,
            KERNEL,
            record_timing=False,
            resources={"metadata": {"path": str(working)}},
            **({"limits": limits} if ENGINE == "ipats" else {}),
        )
    finally:
        run.notebook_complete()
    executed: NotebookNode = run.nb
    return executed


@lru_cache(maxsize=64)
def _loaded(text: str) -> str:
    """A notebook as papermill loads it, in JSON: checked once a process, not once a page."""
    return json.dumps(load_notebook_node(nbformat.reads(text, as_version=4)))
