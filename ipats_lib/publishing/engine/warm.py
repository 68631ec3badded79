"""Import once, before the first notebook, what the notebooks will import."""

import builtins
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import SimpleNamespace

import nbformat.v4

from ipats_lib.publishing.engine import warnings_baseline
from ipats_lib.publishing.engine.fork_safety import fork_hazard, platform_hazard
from ipats_lib.publishing.engine.limits import Limits

LIBRARIES = (
    "IPython",
    "ipykernel.ipkernel",
    "numpy",
    "pandas",
    "pyarrow",
    "pyarrow.parquet",
    "altair",
)
FORKED = "ipats_lib.publishing.engine.client"  # imports what only systems with forks have
PREPARED = "ipats_lib.publishing.engine.prepared"
POOL_SIZES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

# Uses what notebooks use, so that the modules imported on first use are found: a chart, a table, a
# traceback, a magic.  The last cell prints the names of all modules.
REHEARSAL = (
    "import altair, pandas\nframe = pandas.DataFrame({'a': [1, 2], 'b': ['x', 'y']})\nframe",
    "altair.Chart(frame).mark_bar().encode(x=altair.X('b:N'), y=altair.Y('a:Q'))",
    "def fail():\n    raise ValueError('rehearsal')\nfail()",
    "%time sum([1])\nawait __import__('asyncio').sleep(0)",
    "import json, sys\nprint(json.dumps(sorted(sys.modules)))",
)
NEVER = ("ipykernel.debugger", "debugpy", "__main__", "__mp_main__")


def warm_up() -> None:
    """Import the libraries and all that they import on first use, with pools of one thread.

    Call before other code imports numpy or starts threads; calling again does nothing.  Takes one
    to three seconds.
    """
    for name in POOL_SIZES:
        os.environ.setdefault(name, "1")
    with warnings_baseline.noting_library_filters(), _as_in_a_notebook():
        for name in (*LIBRARIES, *(() if platform_hazard() else (FORKED,))):
            import_module(name)
    import pyarrow

    pyarrow.set_cpu_count(1)
    if fork_hazard() is None:
        _rehearse()
        import_module(PREPARED).prepare()


@contextmanager
def _as_in_a_notebook() -> Iterator[None]:
    """pandas chooses the width of its tables when first imported, by asking where it is."""
    if hasattr(builtins, "get_ipython") or "pandas" in sys.modules:
        yield
        return
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]


def _rehearse() -> None:
    """Run a small notebook in a child and import here what it had to import there."""
    from papermill.engines import NotebookExecutionManager

    from ipats_lib.publishing.engine.client import ForkedClient

    notebook = nbformat.v4.new_notebook(cells=[_cell(source) for source in REHEARSAL])
    notebook.metadata["papermill"] = {}
    manager = NotebookExecutionManager(notebook, progress_bar=False)
    manager.notebook_start()
    ForkedClient(manager, Limits(timeout=60), allow_errors=True).execute()
    _import_all(json.loads(notebook.cells[-1].outputs[0].text))


def _cell(source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(source)


def _import_all(names: list[str]) -> None:
    for name in names:
        if name not in sys.modules and not name.startswith(NEVER):
            with suppress(Exception):
                import_module(name)
