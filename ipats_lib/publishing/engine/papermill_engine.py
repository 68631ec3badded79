"""The engine that papermill knows as `ipats`: its client over a forked child, or over a kernel."""

import logging
import os
import re
import shutil
import tempfile
from contextlib import closing
from typing import Any

import psutil
from ipykernel.ipkernel import IPythonKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode, from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager
from papermill.log import logger as papermill_log

from ipats_lib.publishing import scratch
from ipats_lib.publishing.engine.forked import hashed, messages
from ipats_lib.publishing.engine.limits import Limits, NotebookLeft, NotebookStopped, kill
from ipats_lib.publishing.warm import fork_hazard

KERNEL_OPTIONS = {"km", "kernel_manager_class", "timeout_func", "coalesce_streams"}
TRANSPORT = "tcp" if os.name == "nt" else "ipc"  # on ports anybody could ask a kernel
JSON = re.compile(r"application/(.*\+)?json")
MARK = "IPATS_NOTEBOOK"  # in the environment of a kernel and of all that it starts
said: set[str] = set()


class IpatsEngine(Engine):  # type: ignore[misc]
    """Runs each notebook in a forked child, or in an ordinary kernel where forking is unsafe."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, start_timeout: int = 60,
        execution_timeout: float | None = None, timeout: float | None = None,
        memory_mb: float | None = None, limits: Limits | None = None, **options: Any,
    ) -> None:  # fmt: skip
        """Run the notebook of `nb_man`; other options are papermill's.  Raises NotebookStopped.

        timeout: seconds for the whole notebook, 600 unless given.  execution_timeout: seconds for
        each cell, papermill's own option.  memory_mb: see `Limits`, 4096 unless given.  limits:
        all three, in their place.
        """
        options.pop("input_path", None)
        reason = reason_for_a_kernel(kernel_name, options)
        if reason is not None and reason not in said:
            said.add(reason)
            log = logging.getLogger("ipats.engine")
            log.warning("Notebooks run in ordinary kernels, which is slower: %s.", reason)
        limits = limits or Limits(timeout or 600.0, memory_mb or 4096.0, execution_timeout)
        # papermill gives up on a cell whose last output comes four seconds after its reply, as it
        # may on a busy machine: the notebook's own limit is enough.
        defaults = {"iopub_timeout": max(1, round(limits.timeout)), "kernel_name": kernel_name,
                    "log": papermill_log, "startup_timeout": start_timeout,
                    "on_cell_start": lambda cell_index, **_: limits.begin(cell_index),
                    "on_cell_executed": stop_if_leaving}  # fmt: skip
        client = (KernelClient if reason else ForkedClient)(nb_man, **defaults | options)
        client.limits = limits
        try:
            client.execute()
        except NotebookStopped as stopped:
            if (index := stopped.cell_index) is not None:
                nb_man.cell_exception(nb_man.nb.cells[index], index, exception=stopped)
            raise


def reason_for_a_kernel(kernel_name: str, options: dict[str, Any]) -> str | None:
    """Why this notebook needs an ordinary kernel, or None when a fork will do."""
    if kernel_name != "python3":  # jupyter's name for the kernel of this very interpreter
        return f"kernel {kernel_name!r} is not known to be this interpreter's"
    special = [name for name in options if name in KERNEL_OPTIONS or name.startswith("on_")]
    return f"the option {special[0]} needs a kernel" if special else fork_hazard()


def stop_if_leaving(cell_index: int, execute_reply: dict[str, Any], **_: Any) -> None:
    """NotebookLeft when a cell has called exit(): a hook of nbclient's, with a kernel's reply."""
    if any(asked["source"] == "ask_exit" for asked in execute_reply["content"].get("payload", ())):
        raise NotebookLeft(cell_index, "the cell calls exit() or quit()")


class ForkedClient(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the notebook in a child forked from a clean process."""

    def runs(self, cell: NotebookNode) -> bool:
        skipped = self.skip_cells_with_tag in cell.metadata.get("tags", ())
        return cell.cell_type == "code" and cell.source.strip() and not skipped

    def may_fail(self, cell: NotebookNode) -> bool:
        tagged = "raises-exception" in cell.metadata.get("tags", ())
        return (self.allow_errors or tagged) and not self.force_raise_errors

    def execute(self, **_: Any) -> NotebookNode:
        """Run all cells and return the notebook.  Raises NotebookStopped, CellExecutionError."""
        folder = self.resources.get("metadata", {}).get("path") or os.getcwd()
        cells = [c for c in self.nb.cells if self.runs(c)]
        cell_jobs = [(cell.source, self.may_fail(cell), hashed(cell.source)) for cell in cells]
        job = {"cells": cell_jobs, "folder": folder, "environ": dict(os.environ)}
        with closing(messages(self.limits, job)) as self.messages:
            next(kind for kind, _ in self.messages if kind == "ready")
            self.papermill_execute_cells()
            list(self.messages)  # those of exit functions are nobody's
        self.nb.metadata["language_info"] = dict(IPythonKernel.language_info)
        return self.nb

    def execute_cell(self, cell: NotebookNode, cell_index: int, **_: Any) -> NotebookNode:
        """Record what one cell gives.  Raises CellExecutionError, NotebookStopped."""
        if not self.runs(cell):
            return cell
        self.limits.begin(cell_index)
        cell.outputs, self.clear_before_next_output = [], False
        for kind, content in self.messages:
            if kind == "done":
                break
            message = {"msg_type": kind, "header": {"msg_type": kind}, "parent_header": {}}
            self.process_message({**message, "content": content}, cell, cell_index)
        else:
            raise self.limits.end(0)  # it has left by itself, and said that all is well
        self.limits.cell_started = None
        cell["execution_count"] = content["count"]
        stop_if_leaving(cell_index, {"content": content})
        if content["failed"]:
            raise CellExecutionError.from_cell_and_msg(cell, {})
        return cell

    def output(self, outs: list[Any], msg: Any, display_id: Any, cell_index: int) -> Any:
        """Add an output.  Texts, and JSON where that may be, fit nbformat's schema: to check each
        against it took half of a run's cost here."""
        kind, shown = msg["msg_type"], dict(msg["content"])
        data = shown.get("data", {}).items()
        plain = all(isinstance(value, str) or JSON.fullmatch(name) for name, value in data)
        if display_id or self.clear_before_next_output or not (data and plain):
            return super().output(outs, msg, display_id, cell_index)
        shown.pop("transient", None)
        outs.append(NotebookNode(from_dict(shown), output_type=kind))
        return outs[-1]


class KernelClient(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the notebook in a kernel process that a thread ends at its limits."""

    process: Any = None

    def execute(self, **options: Any) -> NotebookNode:
        """Run all cells and return the notebook.  Raises NotebookStopped, CellExecutionError."""
        try:
            with sockets_folder() as self.folder, self.limits.enforced(self.processes):
                where = {"connection_file": f"{self.folder}/k.json", "transport": TRANSPORT}
                self.km: Any = self.km or BoundKernelManager(kernel_name=self.kernel_name, **where)
                return super().execute(env={**os.environ, MARK: self.folder}, **options)
        except RuntimeError as error:  # what a dead kernel raises is of many kinds
            if self.limits.stopped is None and not isinstance(error, DeadKernelError):
                raise
            raise self.limits.end(getattr(self.process, "returncode", None)) from None
        finally:
            kill(self.processes())

    def processes(self) -> list[psutil.Process]:
        """The kernel and all that it has started, whoever their parent is by now."""
        self.process = getattr(self.km and self.km.provisioner, "process", None) or self.process
        every = psutil.process_iter(["environ"])
        return [each for each in every if (each.info["environ"] or {}).get(MARK) == self.folder]


def sockets_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that nobody else can enter, whose name is short enough."""
    place = str(scratch.in_use() or tempfile.gettempdir())
    short = scratch.for_sockets(place, "/ipats-xxxxxxxx/k-ipc-65535")
    return tempfile.TemporaryDirectory(prefix="ipats-", dir=short)


class BoundKernelManager(AsyncKernelManager):
    """A kernel that ends with this process, where the system has a command for that, and that is
    not interrupted before its end: one at rest would log that as an error."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        command: list[str] = super().format_kernel_cmd(extra_arguments)
        return ["setpriv", "--pdeathsig", "KILL", *command] if shutil.which("setpriv") else command

    async def shutdown_kernel(self, restart: bool = False, **_: Any) -> None:
        await self.request_shutdown(restart)
        await self.finish_shutdown(restart=restart)
        await self.cleanup_resources(restart)
