"""One notebook, one scope, one run of papermill."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import papermill
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from ipats_lib.errors import NotebookError
from ipats_lib.publishing.plan import Page

ENGINE = os.environ.get("IPATS_PAPERMILL_ENGINE", "ipats")


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know to make one page."""

    page: Page
    period: str
    data: Path


def execute(task: Task) -> NotebookNode:
    """Run the notebook on its scope's data folder and return it with outputs.

    NotebookError names notebook, scope, cell and the kind of error, and no value: an error's own
    text may quote a record.
    """
    page = task.page
    parameters = {
        "scope": page.scope.path,
        "period": task.period,
        "snapshot": str(task.data),
    }
    os.environ["IPATS_CHARTS"] = "live"
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    try:
        return papermill.execute_notebook(
            str(page.notebook.path),
            None,
            parameters=parameters,
            engine_name=ENGINE,
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            request_save_on_cell_execute=False,
        )
    except PapermillExecutionError as error:
        raise NotebookError(
            f"{page.label} failed in cell {error.cell_index} with {error.ename}."
        ) from None
    except Exception as error:
        raise NotebookError(f"{page.label} failed: {type(error).__name__}.") from None
