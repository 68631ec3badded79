"""A notebook without what two equal runs of it may differ in."""

import copy
import re
from typing import Any

from nbformat import NotebookNode

from tests.engine.volatile import fix_random_ids

KERNEL_FOLDER = re.compile(r"\bipykernel_\d+\b")
ADDRESS = re.compile(r"\bat 0x[0-9a-f]+")
RUN_METADATA = ("papermill", "execution")


def strip_volatile(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without what two equal runs may differ in.

    Taken away: papermill's metadata (timings, paths, parameters, environment) and the kernel's
    timings.  Made equal: cell ids, random ids of charts and tables, the process id in the names of
    cells, memory addresses.
    """
    stripped = copy.deepcopy(notebook)
    _drop(stripped.metadata)
    for number, cell in enumerate(stripped.cells):
        _drop(cell.metadata)
        if "id" in cell:
            cell["id"] = f"cell-{number}"
        for output in cell.get("outputs", []):
            _settle(output)
    return stripped


def _drop(metadata: NotebookNode) -> None:
    for key in RUN_METADATA:
        metadata.pop(key, None)


def _settle(output: NotebookNode) -> None:
    if "data" in output:
        fix_random_ids(output["data"])
        for kind in [kind for kind in output["data"] if kind.startswith("text/")]:
            output["data"][kind] = _settled(output["data"][kind])
    for key in ("text", "traceback", "evalue"):
        if key in output:
            output[key] = _settled(output[key])


def _settled(text: Any) -> Any:
    """Settle a text, or each line of one that is stored as a list."""
    if isinstance(text, list):
        return [_settled(line) for line in text]
    if not isinstance(text, str):
        return text
    return ADDRESS.sub("at 0x0", KERNEL_FOLDER.sub("ipykernel_0", text))


def fold_stream(outputs: list[NotebookNode]) -> None:
    """Merge the streams that a cell's outputs end with, standard output first."""
    start = len(outputs)
    while start and outputs[start - 1].output_type == "stream":
        start -= 1
    texts: dict[str, NotebookNode] = {}
    for output in outputs[start:]:
        if output is not texts.setdefault(output.name, output):
            texts[output.name].text += output.text
    outputs[start:] = sorted(texts.values(), key=lambda output: output.name != "stdout")
