"""A notebook of a few cells, run as a publication runs it, in a fork and in an ordinary kernel."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import nbformat
import pandas as pd
import pyarrow.feather as feather
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ipats_lib.errors import NotebookError
from ipats_lib.publishing.execute import Job, Made
from ipats_lib.publishing.workers import local_workers, run_jobs

PARAMETERS = 'scope = "state"\nperiod = "PY2024Q4"\nsnapshot = "sample"'
ABOUT = {
    "scope": "lwia/07", "title": "T", "period": "PY2024Q4", "as_of": "2025-08-15",
    "as_of_source": "extract.json", "synthetic": True, "missing_tables": [], "whole_from": "",
}  # fmt: skip
LABEL = "performance/made for lwia/07"
Run = Callable[..., Made | NotebookError]


def job(folder: Path, *cells: str | NotebookNode) -> Job:
    """A notebook of a heading, the parameters, and these cells: the first of them is cell 3."""
    first = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    more = [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    made = new_notebook(cells=[new_markdown_cell("# M"), first, *more])
    made.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "P"}
    feather.write_feather(
        pd.DataFrame({"customer": ["IL0001234", "Mendoza"]}),
        folder / "customers.arrow",
        compression="uncompressed",
    )
    files = {
        "about.json": json.dumps(ABOUT).encode(),
        "customers.arrow": (folder / "customers.arrow").read_bytes(),
    }
    return Job(LABEL, "lwia/07", "PY2024Q4", nbformat.writes(made), files, seconds=60)


@contextmanager
def runner(way: str, folder: Path) -> Iterator[Run]:
    """What becomes of a notebook with these cells. way: `fork` or `kernel`."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # until the workers are there, who inherit it
            if way == "kernel":
                patch.setenv("IPATS_ENGINE", "kernel")
            pool = stack.enter_context(local_workers(1))
        yield lambda *cells: next(made for _, made in run_jobs(pool, [(0, job(folder, *cells))]))
