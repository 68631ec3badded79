"""A report opened alone, in JupyterLab: its frames are counted from a whole snapshot.

No published run comes here: its frames are bytes that the publisher made, so nothing that this
module imports is in a page's key (`publishing.dependencies`).
"""

import json
import os
from pathlib import Path

from ipats_lib.periods import Period
from ipats_lib.report.data import StateData
from ipats_lib.report.scope_data import ScopeData
from ipats_lib.report.source import sample_snapshot
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import open_snapshot


def slice_alone(snapshot: str, scope: str, period: str) -> ScopeData:
    """The frames of a scope that the open notebook declares. snapshot: `sample`, or a folder."""
    folder = sample_snapshot() if snapshot == "sample" else Path(snapshot)
    mine = Scope.parse(scope)
    data = StateData(open_snapshot(folder), Period.parse(period), only=mine).slice(mine)
    declared = declared_frames()
    return data if declared is None else data.only(declared)


def declared_frames() -> tuple[str, ...] | None:
    """The frames that the notebook of this kernel declares; None where none can be found.

    JupyterLab names the notebook's file in the kernel's environment (JPY_SESSION_NAME). A notebook
    that was moved since, or is no report, enforces nothing.
    """
    path = Path(os.environ.get("JPY_SESSION_NAME", ""))
    try:
        declared = json.loads(path.read_text(encoding="utf-8"))["metadata"]["ipats"]
        return tuple(declared.get("data", ()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
