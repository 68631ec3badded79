"""The client of a forked notebook, taking a cell's messages from a forked child.

What becomes of a message (outputs, display ids, `clear_output`, logging, autosave) is nbclient's
and papermill's own code, so that both ways of running a notebook write the same.
"""

from base64 import b64decode
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from jupyter_client.jsonutil import parse_date
from nbclient.exceptions import CellExecutionComplete, CellExecutionError
from nbformat import NotebookNode
from papermill.engines import NotebookExecutionManager

from ipats_lib.publishing.engine.limits import Limits
from ipats_lib.publishing.engine.process import NotebookProcess
from ipats_lib.publishing.engine.steady_client import Message, SteadyClient, stop_if_leaving
from ipats_lib.publishing.engine.stopped import NotebookStopped


class ForkedClient(SteadyClient):
    """Runs the notebook of `nb_man` in a child forked from this process."""

    def __init__(self, nb_man: NotebookExecutionManager, limits: Limits, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._limits = limits

    def execute(self, **_: Any) -> NotebookNode:
        """Run all cells and return the notebook.

        Raises NotebookStopped; a failing cell is only recorded, papermill raises for it later.
        """
        self.reset_execution_trackers()
        try:
            with NotebookProcess(self._limits, self._working_directory()) as self._process:
                self.papermill_execute_cells()
        except NotebookStopped as stopped:
            if (index := stopped.cell_index) is not None:
                self.nb_man.cell_exception(self.nb.cells[index], index, exception=stopped)
            raise
        self.nb.metadata["language_info"] = dict(IPythonKernel.language_info)
        self.set_widgets_metadata()
        return self.nb

    def _working_directory(self) -> str | None:
        """The one asked for, as nbclient is asked for a kernel's; None means this process's."""
        return self.resources.get("metadata", {}).get("path") or None

    def execute_cell(self, cell: NotebookNode, cell_index: int, **_: Any) -> NotebookNode:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        if self.record_timing:
            cell.metadata["execution"] = {}
        self.code_cells_executed += 1
        cell.outputs = []
        self.clear_before_next_output = False
        reply = self._run(cell, cell_index)
        stop_if_leaving(cell_index, {"content": reply})
        if reply.get("status") == "error" and not self._may_fail(reply.get("ename"), tags):
            raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell

    def _run(self, cell: NotebookNode, cell_index: int) -> Message:
        """Record the messages of one cell and return the kernel's reply."""
        reply: Message = {}
        for message in self._process.run(cell_index, cell.source):
            message["msg_type"] = message["header"]["msg_type"]
            if self.record_timing:
                message["header"]["date"] = parse_date(message["header"]["date"])
            message["buffers"] = [b64decode(text) for text in message.get("buffers", ())]
            if message["msg_type"] == "execute_reply":
                reply = message["content"]
                self._note_reply_time(cell, message)
                continue
            try:
                self.process_message(message, cell, cell_index)
            except CellExecutionComplete:
                break
        return reply

    def _note_reply_time(self, cell: NotebookNode, message: Message) -> None:
        if self.record_timing:
            sent = message["header"]["date"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            cell.metadata["execution"]["shell.execute_reply"] = sent

    def _may_fail(self, name: str | None, tags: list[str]) -> bool:
        if self.force_raise_errors:
            return False
        allowed = self.allow_errors or name in self.allow_error_names
        return bool(allowed or "raises-exception" in tags)
