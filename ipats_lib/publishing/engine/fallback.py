"""The ordinary way: a fresh kernel process for each notebook, kept to the same limits."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import NotebookExecutionManager

from ipats_lib.publishing.engine import scratch
from ipats_lib.publishing.engine.kernel_watch import KernelWatch
from ipats_lib.publishing.engine.launch import bound_to_us
from ipats_lib.publishing.engine.limits import Limits
from ipats_lib.publishing.engine.steady_client import SteadyClient, stop_if_leaving
from ipats_lib.publishing.engine.stopped import (
    NotebookDied,
    NotebookLeft,
    NotebookStopped,
    NotebookTimeout,
)

# ipykernel's pause before each reply, for clients that do not wait until it is idle: ours does, and
# the forked kernel makes none either.
NO_PAUSE = "--IPythonKernel._execute_sleep=0"


def run_in_kernel(
    nb_man: NotebookExecutionManager, kernel_name: str, limits: Limits, options: dict[str, Any]
) -> None:
    """Run the notebook of `nb_man` in a kernel process; options are nbclient's.

    Raises as IpatsEngine does.
    """
    options = manager_options() | options
    client = KernelClient(nb_man, limits, kernel_name=kernel_name, **options)
    with client.watch:
        client.execute()


def manager_options() -> dict[str, Any]:
    """nbclient's options for the kernel's manager: Windows has none of the private one's sockets,
    and ends orphans by a handle that ipykernel watches."""
    return {} if sys.platform == "win32" else {"kernel_manager_class": PrivateKernelManager}


class PrivateKernelManager(AsyncKernelManager):
    """Talks to its kernel over sockets in a folder of its own, which nobody else can enter.

    ipykernel would otherwise listen on TCP ports of this machine. It ends with this process.
    busy: a cell is running.
    """

    busy = False

    def __init__(self, **options: Any) -> None:
        self._folder = _private_folder()
        super().__init__(
            transport="ipc",
            ip=str(self._folder / "k"),
            connection_file=str(self._folder / "kernel.json"),
            **options,
        )

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """The command that starts the kernel, bound to this process."""
        own = [NO_PAUSE] if self.ipykernel else []
        return bound_to_us(super().format_kernel_cmd([*(extra_arguments or []), *own]))

    async def _async_interrupt_kernel(self) -> None:
        """Before it is shut down; a kernel at rest would log that as an error."""
        if self.busy:
            await super()._async_interrupt_kernel()

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart:
            shutil.rmtree(self._folder, ignore_errors=True)

    cleanup_resources = _async_cleanup_resources  # type: ignore[assignment]


def _private_folder() -> Path:
    place = str(scratch.in_use() or tempfile.gettempdir())
    place = scratch.for_sockets(place, "/ipats-xxxxxxxx/k-65535")
    return Path(tempfile.mkdtemp(prefix="ipats-", dir=place))


class KernelClient(SteadyClient):
    """Runs the notebook of `nb_man` in a kernel process that a `KernelWatch` ends in time."""

    def __init__(self, nb_man: NotebookExecutionManager, limits: Limits, **options: Any) -> None:
        # papermill gives up on a cell whose last output comes four seconds after its reply, as it
        # may on a busy machine: the notebook's own limit is enough.
        patience = _whole_seconds(limits.timeout)
        cell = _whole_seconds(limits.cell_timeout)
        options.setdefault("on_cell_executed", stop_if_leaving)
        super().__init__(nb_man, timeout=cell, iopub_timeout=patience, **options)
        self._limits = limits
        self._cell_index: int | None = None
        self.watch = KernelWatch(limits, self._kernel_process)

    def _kernel_process(self) -> Any:
        """Return the kernel's process, or None while there is none."""
        provisioner = getattr(self.km, "provisioner", None)
        return getattr(provisioner, "process", None)

    def execute(self, **options: Any) -> NotebookNode:
        """Run all cells and return the notebook.  Raises NotebookStopped."""
        try:
            return super().execute(env=self.watch.environment, **options)
        except RuntimeError as error:  # a kernel that died at its start or after its last cell
            if self.watch.verdict is None and not isinstance(error, DeadKernelError):
                raise
            raise self._stopped() from None

    def execute_cell(self, cell: NotebookNode, cell_index: int, **options: Any) -> NotebookNode:
        self._cell_index = cell_index
        self.km.busy = True
        try:
            done = super().execute_cell(cell, cell_index, **options)
        except (CellExecutionError, NotebookLeft):
            self.km.busy = False
            raise
        except (DeadKernelError, CellTimeoutError) as error:
            stopped = self._stopped(timed_out=isinstance(error, CellTimeoutError))
            self.nb_man.cell_exception(cell, cell_index=cell_index, exception=stopped)
            raise stopped from None
        self.km.busy = False
        return done

    def _stopped(self, timed_out: bool = False) -> NotebookStopped:
        index = self._cell_index
        if self.watch.verdict is not None:
            return self.watch.verdict(index)
        if timed_out:
            return NotebookTimeout.after(index, self._limits.cell_timeout or 0, whole=False)
        return NotebookDied.with_status(index, self.watch.exit_code())


def _whole_seconds(seconds: float | None) -> int | None:
    """nbclient counts in whole seconds, and takes 0 for no limit."""
    return None if seconds is None else max(1, round(seconds))
