"""One notebook, one scope, one run of papermill."""

import json
import logging
import os
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from time import perf_counter

import nbformat
from nbformat import NotebookNode
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from ipats_lib.publishing.engine import NotebookStopped, scratch
from ipats_lib.publishing.failed import RunFailed
from ipats_lib.publishing.render import render_body
from ipats_lib.report.downloads import DOWNLOADS_FOLDER

# `ipats` is the warm engine; `nbclient` starts papermill's ordinary kernel for every page.
ENGINE = os.environ.get("IPATS_PAPERMILL_ENGINE", "ipats")
KERNEL = "python3"
DOWNLOADS = "downloads"
WORKING = "working"
logging.getLogger("papermill").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs to make one page's body, wherever it runs.

    label: notebook and scope, for messages. notebook: the file's text. files: the scope's data
    that the notebook declared, by file name. downloads: names of the files that the notebook may
    write beside its pages. seconds and memory_mb: what the notebook may take;
    the ordinary engine knows no such limits. key: what the body is kept by.
    """

    label: str
    scope: str
    period: str
    notebook: str
    files: dict[str, bytes]
    downloads: tuple[str, ...] = ()
    seconds: float = 300
    memory_mb: float = 4096
    key: str = ""

    @property
    def limits(self) -> dict[str, float]:
        return {"timeout": self.seconds, "memory_mb": self.memory_mb} if ENGINE == "ipats" else {}


@dataclass(frozen=True, slots=True)
class Content:
    """What a run of a notebook gives: the body of its pages, and its downloads by name."""

    body: str
    files: dict[str, bytes] = field(default_factory=dict)

    def text(self) -> str:
        """For the cache; `Content.read` gives the same content back."""
        packed = {name: b64encode(data).decode() for name, data in self.files.items()}
        return json.dumps({"body": self.body, "files": packed}, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> "Content":
        kept = json.loads(text)
        files = {name: b64decode(data) for name, data in kept["files"].items()}
        return cls(kept["body"], files)


@dataclass(frozen=True, slots=True)
class Made:
    """A run's content, and what it cost (wall seconds).

    peak_mb: the most that a notebook of this worker has held so far, see `_peak_mb`.
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
    text may quote a record.
    """
    with _page_folder(job) as folder:
        data = Path(folder)
        for name, content in job.files.items():
            (data / name).write_bytes(content)
        (data / DOWNLOADS).mkdir()
        (data / WORKING).mkdir()
        started = perf_counter()
        notebook = _execute(job, data)
        executed = perf_counter()
        files = _downloads(job, data / DOWNLOADS)
    made = Content(render_body(notebook), files)
    return Made(made, executed - started, perf_counter() - executed, _peak_mb())


@contextmanager
def _page_folder(job: Job) -> Iterator[str]:
    """For the scope's data, for the time of the run; a full disk is told like a failed notebook."""
    try:
        with tempfile.TemporaryDirectory(prefix="ipats-page-", dir=scratch.in_use()) as folder:
            yield folder
    except OSError as error:
        why = error.strerror or type(error).__name__
        said = f"{job.label} found no place for its data ({why})."
        raise RunFailed(said, job.label, why) from None


def _peak_mb() -> int:
    """Memory of the largest process that this worker has waited for: a notebook or its subprocess.

    Resident, with what it shares with the worker. Of the worker's life, so a run that raises it is
    the run that held it; 0 where the system does not count.
    """
    try:
        import resource
    except ImportError:
        return 0
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // unit


def _downloads(job: Job, folder: Path) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    for name in files:
        if name not in job.downloads:
            said = f"{job.label} wrote {name}, which its metadata do not declare."
            raise RunFailed(said, job.label, "undeclared download")
    return files


def _execute(job: Job, data: Path) -> NotebookNode:
    parameters = {"scope": job.scope, "period": job.period, "snapshot": str(data)}
    os.environ["IPATS_CHARTS"] = "live"
    os.environ[DOWNLOADS_FOLDER] = str(data / DOWNLOADS)
    if params := os.environ.get("IPATS_PARAMS"):
        os.environ["IPATS_PARAMS"] = os.path.abspath(params)  # the notebook runs elsewhere
    try:
        return _papermill(job, parameters, data / WORKING)
    except NotebookStopped as error:
        reason, cell = type(error).__name__, error.cell_index
        said = f"{job.label} was stopped in cell {cell}: {reason}."
    except PapermillExecutionError as error:
        reason, cell = error.ename, error.cell_index
        said = f"{job.label} failed in cell {cell} with {reason}."
    except Exception as error:
        reason, cell = type(error).__name__, None
        said = f"{job.label} failed: {reason}."
    raise RunFailed(said, job.label, reason, cell)


def _papermill(job: Job, parameters: dict[str, str], working: Path) -> NotebookNode:
    """papermill's own steps, without the copies that its `execute_notebook` writes to nowhere.

    Those took a quarter of what a page costs beside its cells. working: the notebook's working
    directory, where the next scope's finds nothing of what it may leave there.
    """
    notebook = nbformat.from_dict(json.loads(_loaded(job.notebook)))
    notebook = parameterize_notebook(notebook, parameters, kernel_name=KERNEL, engine_name=ENGINE)
    executed: NotebookNode = papermill_engines.execute_notebook_with_engine(
        ENGINE,
        notebook,
        kernel_name=KERNEL,
        progress_bar=False,
        log_output=False,
        record_timing=False,
        resources={"metadata": {"path": str(working)}},
        **job.limits,
    )
    raise_for_execution_errors(executed, None)
    return executed


@lru_cache(maxsize=64)
def _loaded(text: str) -> str:
    """A notebook as papermill loads it, in JSON: checked once a process, not once a page."""
    return json.dumps(load_notebook_node(nbformat.reads(text, as_version=4)))
