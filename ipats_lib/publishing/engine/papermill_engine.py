"""The engine papermill knows as `ipats`.

papermill imports this module while it is itself half imported: what builds on papermill's client
is imported when a notebook is run.
"""

import logging
from contextlib import AbstractContextManager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from nbformat import NotebookNode
from papermill import engines
from papermill.engines import Engine, NotebookExecutionManager
from papermill.log import logger as papermill_log

from ipats_lib.publishing.engine.fork_safety import fork_hazard, platform_hazard
from ipats_lib.publishing.engine.limits import Limits
from ipats_lib.publishing.engine.replaced import replaced

log = logging.getLogger("ipats.engine")

OWN_KERNEL = "python3"  # jupyter's name for the kernel of this very interpreter
KERNEL_OPTIONS = ("km", "kernel_manager_class", "timeout_func", "coalesce_streams")

_told: set[str] = set()


class IpatsEngine(Engine):  # type: ignore[misc]
    """Runs each notebook in a forked child, or in an ordinary kernel where forking is unsafe.

    Both keep the same limits and raise the same exceptions: PapermillExecutionError for a failing
    cell, NotebookStopped for a notebook that was ended from outside.
    """

    @classmethod
    def execute_notebook(cls, nb: NotebookNode, kernel_name: str, **options: Any) -> NotebookNode:
        """Run `nb` in place and return it; options are papermill's and those of the limits."""
        with _progress_without_thread(), _times_as_written():
            return super().execute_notebook(nb, kernel_name, **options)

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = 60,
        execution_timeout: float | None = None,
        timeout: float | None = None,
        memory_mb: float | None = None,
        **options: Any,
    ) -> None:
        """Run the notebook of `nb_man`.

        timeout: seconds for the whole notebook, 600 unless told.  execution_timeout: seconds for
        each cell, papermill's own option.  memory_mb: beyond what the warm process holds, 4096
        unless told.  Raises NotebookTimeout, NotebookOutOfMemory, NotebookDied.
        """
        limits = _limits(timeout, memory_mb, execution_timeout)
        options.pop("input_path", None)
        options |= {
            "log": papermill_log,
            "log_output": log_output,
            "stdout_file": stdout_file,
            "stderr_file": stderr_file,
            "startup_timeout": start_timeout,
        }
        if reason := reason_for_a_kernel(kernel_name, options):
            _tell_once(reason)
            _run_in_kernel(nb_man, kernel_name, limits, options)
        else:
            _run_forked(nb_man, limits, options)


def reason_for_a_kernel(kernel_name: str, options: dict[str, Any]) -> str | None:
    """Return why this notebook needs an ordinary kernel, or None when a fork will do."""
    if reason := platform_hazard():
        return reason
    if kernel_name != OWN_KERNEL:
        return f"kernel {kernel_name!r} is not known to be this interpreter's"
    special = [name for name in options if name in KERNEL_OPTIONS or name.startswith("on_")]
    if special:
        return f"the option {special[0]} is about a kernel"
    return fork_hazard()


def _run_forked(nb_man: NotebookExecutionManager, limits: Limits, options: dict[str, Any]) -> None:
    from ipats_lib.publishing.engine.client import ForkedClient

    ForkedClient(nb_man, limits, **options).execute()


def _run_in_kernel(
    nb_man: NotebookExecutionManager, kernel_name: str, limits: Limits, options: dict[str, Any]
) -> None:
    from ipats_lib.publishing.engine.fallback import run_in_kernel

    run_in_kernel(nb_man, kernel_name, limits, options)


def _limits(timeout: float | None, memory_mb: float | None, cell: float | None) -> Limits:
    given = {"timeout": timeout, "memory_mb": memory_mb, "cell_timeout": cell}
    return Limits(**{name: value for name, value in given.items() if value is not None})


def _tell_once(reason: str) -> None:
    if reason not in _told:
        _told.add(reason)
        log.warning("Notebooks run in ordinary kernels, which is slower: %s.", reason)


def _progress_without_thread() -> AbstractContextManager[None]:
    """Keep papermill's progress bar from starting tqdm's monitor, a thread in the way of forks."""
    from tqdm.std import tqdm  # type: ignore[import-untyped]

    return replaced(tqdm, "monitor_interval", 0)


def _times_as_written() -> AbstractContextManager[None]:
    """papermill reads each cell's start again, which it has itself written, as a date of any kind:
    a tenth of what a cell costs beside its own code."""
    parser = SimpleNamespace(parse=datetime.fromisoformat)
    return replaced(engines, "dateutil", SimpleNamespace(parser=parser))
