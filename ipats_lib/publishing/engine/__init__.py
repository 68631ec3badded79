"""The warm engine: each notebook runs in a child forked from a process that has imported it all.

    papermill.execute_notebook(source, target, engine_name="ipats", timeout=600, memory_mb=4096)

`warm_up()` before the first notebook makes every later one cost little more than its own cells.
Where forking is unsafe or missing, an ordinary kernel runs the notebook under the same limits.

Names are resolved on first use: papermill loads this package while it is itself half imported, to
read its entry points, and a plain import at the top would go round in a circle.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipats_lib.publishing.engine.fork_safety import fork_hazard
    from ipats_lib.publishing.engine.limits import Limits
    from ipats_lib.publishing.engine.papermill_engine import IpatsEngine
    from ipats_lib.publishing.engine.stopped import (
        NotebookDied,
        NotebookLeft,
        NotebookOutOfMemory,
        NotebookStopped,
        NotebookTimeout,
    )
    from ipats_lib.publishing.engine.warm import warm_up

__all__ = [
    "IpatsEngine",
    "Limits",
    "NotebookDied",
    "NotebookLeft",
    "NotebookOutOfMemory",
    "NotebookStopped",
    "NotebookTimeout",
    "fork_hazard",
    "warm_up",
]

_HOME = {
    "IpatsEngine": "papermill_engine",
    "Limits": "limits",
    "NotebookDied": "stopped",
    "NotebookLeft": "stopped",
    "NotebookOutOfMemory": "stopped",
    "NotebookStopped": "stopped",
    "NotebookTimeout": "stopped",
    "fork_hazard": "fork_safety",
    "warm_up": "warm",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("IpatsEngine", "warm_up"):
        import_module("papermill.engines")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
