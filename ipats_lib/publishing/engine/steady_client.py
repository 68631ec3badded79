"""papermill's notebook client, with outputs that do not depend on timing or chance."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import nbbase
from papermill.clientwrap import PapermillNotebookClient

from ipats_lib.publishing.engine.replaced import replaced
from ipats_lib.publishing.engine.stopped import NotebookLeft
from ipats_lib.publishing.engine.volatile import fix_random_ids

Message = dict[str, Any]


class SteadyClient(PapermillNotebookClient):  # type: ignore[misc]
    """Runs notebooks as papermill does, and settles what it writes.

    Text on one stream becomes one output however it was cut up on the way, standard output before
    standard error when nothing stands between them; random ids in HTML become ids of its content.
    """

    def process_message(self, msg: Message, cell: NotebookNode, cell_index: int) -> Any:
        data = msg["content"].get("data")
        if isinstance(data, dict):
            fix_random_ids(data)
        return super().process_message(msg, cell, cell_index)

    def output(
        self, outs: list[NotebookNode], msg: Message, display_id: str | None, cell_index: int
    ) -> Any:
        if is_plain(msg):
            with _without_a_schema():
                out = super().output(outs, msg, display_id, cell_index)
        else:
            out = super().output(outs, msg, display_id, cell_index)
        if out is not None and out.output_type == "stream":
            fold_stream(outs)
        return out


def stop_if_leaving(cell_index: int, execute_reply: Message, **_: Any) -> None:
    """NotebookLeft when a cell has called `exit()` or `quit()`: nothing after it would be run.

    A hook of nbclient's (`on_cell_executed`), with a kernel's whole reply.
    """
    asked = (payload.get("source") for payload in execute_reply["content"].get("payload", ()))
    if "ask_exit" in asked:
        raise NotebookLeft.by_asking(cell_index)


def is_plain(msg: Message) -> bool:
    """Whether a message is an output of texts alone, which nothing in nbformat's schema refuses."""
    content = msg["content"]
    data, metadata = content.get("data"), content.get("metadata")
    return (
        msg["header"]["msg_type"] in ("display_data", "execute_result")
        and isinstance(data, dict)
        and isinstance(metadata, dict)
        and all(isinstance(text, str) and not kind.endswith("json") for kind, text in data.items())
    )


@contextmanager
def _without_a_schema() -> Iterator[None]:
    """nbformat holds every output against a JSON schema: a fifth of what a cell costs us.

    In this thread alone: another's output at that moment may be one that the schema refuses.
    """
    with replaced(nbbase, "validate", _validate_elsewhere):
        _here.plain = True
        try:
            yield
        finally:
            _here.plain = False


def _validate_elsewhere(*arguments: Any, **options: Any) -> None:
    if not _here.plain:
        _validate(*arguments, **options)


class _Here(threading.local):
    plain = False


_here = _Here()
_validate = nbbase.validate


def fold_stream(outputs: list[NotebookNode]) -> None:
    """Merge the last output, a stream's, with those directly before it.

    Outputs before the run of streams at the end keep their places, on which display ids rely.
    """
    last = outputs.pop()
    start = len(outputs)
    while start and outputs[start - 1].output_type == "stream":
        start -= 1
    for earlier in outputs[start:]:
        if earlier.name == last.name:
            earlier.text += last.text
            return
    outputs.insert(start if last.name == "stdout" else len(outputs), last)
