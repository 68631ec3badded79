"""One notebook, one scope, one run of papermill."""

import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from ipats_lib.errors import NotebookError
from ipats_lib.publishing.engine import NotebookStopped
from ipats_lib.publishing.render import render_body

# `ipats` is the warm engine; `nbclient` starts papermill's ordinary kernel for every page.
ENGINE = os.environ.get("IPATS_PAPERMILL_ENGINE", "ipats")
logging.getLogger("papermill").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs to make one page's body, wherever it runs.

    label: notebook and scope, for messages. notebook: the file's text. files: the scope's data
    that the notebook declared, by file name. seconds and memory_mb: what the notebook may take;
    the ordinary engine knows no such limits.
    """

    label: str
    scope: str
    period: str
    notebook: str
    files: dict[str, bytes]
    seconds: float = 300
    memory_mb: float = 4096

    @property
    def limits(self) -> dict[str, float]:
        return {"timeout": self.seconds, "memory_mb": self.memory_mb} if ENGINE == "ipats" else {}


@dataclass(frozen=True, slots=True)
class Made:
    """A page's body, and what it cost (wall seconds)."""

    body: str
    execute_seconds: float
    render_seconds: float


def render_nothing() -> None:
    """Compile the template before the first page needs it."""
    render_body(nbformat.v4.new_notebook())


def make_body(job: Job) -> Made:
    """In a worker: execute the notebook on the scope's data alone, and render it.

    NotebookError names notebook, scope, cell and the kind of error, and no value: an error's own
    text may quote a record.
    """
    with tempfile.TemporaryDirectory(prefix="ipats-page-") as folder:
        data = Path(folder)
        for name, content in job.files.items():
            (data / name).write_bytes(content)
        started = perf_counter()
        notebook = _execute(job, data)
        executed = perf_counter()
    body = render_body(notebook)
    return Made(body, executed - started, perf_counter() - executed)


def _execute(job: Job, data: Path) -> NotebookNode:
    parameters = {"scope": job.scope, "period": job.period, "snapshot": str(data)}
    os.environ["IPATS_CHARTS"] = "live"
    try:
        return papermill.execute_notebook(
            nbformat.reads(job.notebook, as_version=4),
            None,
            parameters=parameters,
            engine_name=ENGINE,
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            request_save_on_cell_execute=False,
            **job.limits,
        )
    except NotebookStopped as error:
        raise NotebookError(
            f"{job.label} was stopped in cell {error.cell_index}: {type(error).__name__}."
        ) from None
    except PapermillExecutionError as error:
        raise NotebookError(
            f"{job.label} failed in cell {error.cell_index} with {error.ename}."
        ) from None
    except Exception as error:
        raise NotebookError(f"{job.label} failed: {type(error).__name__}.") from None
