"""The warm engine: each notebook runs in a child forked from a process that has imported it all.

    papermill.execute_notebook(source, target, engine_name="ipats", timeout=600, memory_mb=4096)

`warm_up()` before the first notebook makes every later one cost little more than its own cells.
Where forking is unsafe, an ordinary kernel runs the notebook under the same limits.
"""

import papermill  # noqa: F401  # first: it looks for IpatsEngine while it is imported

from ipats_lib.publishing.engine.limits import (
    NotebookDied,
    NotebookLeft,
    NotebookOutOfMemory,
    NotebookStopped,
    NotebookTimeout,
)
from ipats_lib.publishing.engine.papermill_engine import IpatsEngine
from ipats_lib.publishing.engine.warm import fork_hazard, warm_up

__all__ = [
    "IpatsEngine", "NotebookDied", "NotebookLeft", "NotebookOutOfMemory", "NotebookStopped",
    "NotebookTimeout", "fork_hazard", "warm_up",
]  # fmt: skip
