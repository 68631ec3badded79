"""What differs between two runs of the same notebook, and how it is made equal."""

import copy
import hashlib
import re
from typing import Any

from nbformat import NotebookNode

# altair draws a new id for the element of each chart, pandas' Styler one for each table.
CHART_ID = re.compile(r"altair-viz-[0-9a-f]{32}")
STYLER_TABLE = re.compile(r'<table id="(T_[0-9a-f]{5,32})"')

KERNEL_FOLDER = re.compile(r"\bipykernel_\d+\b")
ADDRESS = re.compile(r"\bat 0x[0-9a-f]+")
RUN_METADATA = ("papermill", "execution")


def fix_random_ids(bundle: dict[str, Any]) -> None:
    """Replace random ids in a bundle's HTML by ids derived from the HTML itself, in place.

    Equal HTML gets equal ids: two outputs with the same content then name the same element.
    """
    html = bundle.get("text/html")
    if isinstance(html, list) and all(isinstance(line, str) for line in html):
        html = "".join(html)
    if isinstance(html, str):
        bundle["text/html"] = _fix_styler_id(_fix_chart_ids(html))


def _fix_chart_ids(html: str) -> str:
    if "altair-viz-" not in html:
        return html
    digest = hashlib.md5(CHART_ID.sub("", html).encode(), usedforsecurity=False).hexdigest()
    numbers: dict[str, int] = {}

    def fixed(match: re.Match[str]) -> str:
        number = numbers.setdefault(match[0], len(numbers))
        return f"altair-viz-{digest[:-4]}{number:04x}"

    return CHART_ID.sub(fixed, html)


def _fix_styler_id(html: str) -> str:
    match = STYLER_TABLE.search(html)
    if match is None:
        return html
    old = match[1]
    digest = hashlib.md5(html.replace(old, "").encode(), usedforsecurity=False).hexdigest()
    return html.replace(old, f"T_{digest[: len(old) - 2]}")


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
