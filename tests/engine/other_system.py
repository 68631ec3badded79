"""A process that pretends to be on another system: `python -m tests.engine.other_system win32`.

It loses the modules and functions that the system does not have, takes its name, and only then
imports the engine. Prints as JSON what the engine says and what a notebook gives. Libraries that
are not ours are imported before: what they do on that system is theirs. The kernel's own process
is one of this machine.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys

import altair  # noqa: F401
import ipykernel.ipkernel  # noqa: F401
import IPython  # noqa: F401
import jupyter_client.manager  # noqa: F401
import nbformat
import pandas  # noqa: F401
import papermill
import pyarrow.parquet  # noqa: F401

MISSING_MODULES = {"win32": ("fcntl", "resource", "pwd", "grp", "termios"), "darwin": ()}
MISSING_FUNCTIONS = {
    "win32": (
        "fork", "forkpty", "pidfd_open", "setsid", "getsid", "getuid", "getpgid", "killpg",
        "register_at_fork", "set_blocking",
    ),
    "darwin": ("pidfd_open",),
}  # fmt: skip
MISSING_SIGNALS = {"win32": ("SIGKILL", "SIGSTOP", "SIGCHLD", "pthread_sigmask"), "darwin": ()}


def become(system: str) -> None:
    asyncio.new_event_loop().close()
    for name in MISSING_MODULES[system]:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in MISSING_FUNCTIONS[system]:
        delattr(os, name)
    for name in MISSING_SIGNALS[system]:
        delattr(signal, name)
    sys.platform = system


def tell() -> dict[str, object]:
    from ipats_lib.publishing.engine.papermill_engine import reason_for_a_kernel
    from ipats_lib.publishing.warm import fork_hazard

    return {
        "hazard": fork_hazard(),
        "reason": reason_for_a_kernel("python3", {}),
    }


def answer() -> str:
    """What a notebook answers; papermill and jupyter_client go this machine's ways meanwhile."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("40 + 2")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "p", "language": "python"}
    done = papermill.execute_notebook(notebook, None, engine_name="ipats", progress_bar=False)
    text: str = done.cells[-1].outputs[0].data["text/plain"]
    return text


if __name__ == "__main__":
    real = sys.platform
    logging.basicConfig(level=logging.WARNING)
    become(sys.argv[1])
    told = tell()
    if sys.argv[1] == "win32":
        sys.platform = real
    with contextlib.redirect_stdout(sys.stderr):
        given = answer()
    print(json.dumps(told | {"answer": given}))
