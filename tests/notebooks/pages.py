"""Runs a notebook's code cells here, on frames that a test chooses, and keeps what they show."""

import ast
import json
from collections.abc import Collection, Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bs4 import BeautifulSoup

from ipats_lib.report import report as opened

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NOTHING: Mapping[str, str] = MappingProxyType({})


def sources(name: str) -> list[tuple[str, str]]:
    """Each code cell of `notebooks/<name>.ipynb`: the page that it is on, and its text."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]
    found, page = [], ""
    for cell in cells:
        tags = cell["metadata"].get("tags", [])
        page = next((tag[5:] for tag in tags if tag.startswith("page-")), page)
        if cell["cell_type"] == "code":
            found.append((page, "".join(cell["source"])))
    return found


def shown(cells: list[tuple[str, str]], report: object, monkeypatch: Any) -> list[tuple[str, Any]]:
    """What the cells show, in order, with its page: the value of each cell's last expression, and
    what it displays."""
    pieces: list[Any] = []
    monkeypatch.setattr("IPython.display.display", lambda *more: pieces.extend(more))
    monkeypatch.setattr("ipats_lib.report.open_report", lambda *_: report)
    names: dict[str, Any] = {}
    values = []
    for page, cell in cells:
        tree = ast.parse(cell)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            pieces.append(value)
        values += [(page, piece) for piece in pieces if piece is not None]
        pieces.clear()
    return values


def pages(
    name: str,
    report: object,
    monkeypatch: Any,
    replaced: Mapping[str, str] = NOTHING,
    only: Collection[str] | None = None,
) -> dict[str, BeautifulSoup]:
    """The pages that a notebook shows of a report, by name. What comes before the first is ''.

    replaced: texts of cells, exchanged before they run; each must be there. only: run these pages,
    after what comes before the first.
    """
    cells = [
        (page, text) for page, text in sources(name) if not page or only is None or page in only
    ]
    for old, new in replaced.items():
        assert any(old in text for _, text in cells), old
        cells = [(page, text.replace(old, new)) for page, text in cells]
    found: dict[str, str] = dict.fromkeys((page for page, _ in cells), "")
    for page, value in shown(cells, report, monkeypatch):
        found[page] += _html(value)
    return {page: BeautifulSoup(html, "html.parser") for page, html in found.items()}


def page(
    name: str,
    report: object,
    monkeypatch: Any,
    replaced: Mapping[str, str] = NOTHING,
    only: Collection[str] | None = None,
) -> BeautifulSoup:
    """All that a notebook, or one of its pages, shows of a report: see `pages`."""
    found = pages(name, report, monkeypatch, replaced, only)
    return BeautifulSoup("".join(map(str, found.values())), "html.parser")


def _html(value: Any) -> str:
    """A piece of a page; of Markdown a heading alone."""
    return value.html if hasattr(value, "html") else f"<h2>{escape(value.data.lstrip('# '))}</h2>"


class Overlaid:
    """A report with some frames in place of its own."""

    def __init__(self, report: opened.Report, frames: Mapping[str, Any]) -> None:
        self._report, self._frames = report, frames

    def __getattr__(self, name: str) -> Any:
        return self._frames[name] if name in self._frames else getattr(self._report, name)


def with_frames(report: opened.Report, **frames: Any) -> Overlaid:
    """A report whose frames are these, and its own where none is given."""
    return Overlaid(report, frames)
