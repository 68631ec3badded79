"""Runs a notebook's code cells here, on frames that a test chooses, and keeps what they show."""

import ast
import json
from collections.abc import Collection, Mapping
from functools import cache
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bs4 import BeautifulSoup, Tag

from ipats_lib.report import report as opened
from ipats_lib.report.scope_data import FRAMES, Kept, ScopeData

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NOTHING: Mapping[str, str] = MappingProxyType({})


def open_sample(scope: str, period: str = "PY2024Q4") -> opened.Report:
    """A report on a scope of the sample, opened alone. Its frames are counted once for all tests
    and are the caller's own, to change."""
    kept = _kept(scope, period)
    frames = Kept(FRAMES, lambda name: kept.tables[name].to_pandas())
    return opened.Report(ScopeData(kept.about, frames, kept.tables))


@cache
def _kept(scope: str, period: str) -> ScopeData:
    return opened.open_report("sample", scope, period).data


def cells_of(name: str) -> list[tuple[str, str, str]]:
    """Each cell of `notebooks/<name>.ipynb`: the page that it is on, its kind and its text."""
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]
    found, page = [], ""
    for cell in cells:
        tags = cell["metadata"].get("tags", [])
        page = next((tag[5:] for tag in tags if tag.startswith("page-")), page)
        found.append((page, cell["cell_type"], "".join(cell["source"])))
    return found


def sources(name: str, only: Collection[str] | None = None) -> list[str]:
    """The text of each code cell of `notebooks/<name>.ipynb`. only: of these of its pages, and of
    what comes before the first."""
    return [
        text
        for page, kind, text in cells_of(name)
        if kind == "code" and (not page or only is None or page in only)
    ]


def shown(
    cells: list[str], report: object, monkeypatch: Any, names: dict[str, Any] | None = None
) -> list[Any]:
    """What the cells show, in order: the value of each cell's last expression, and what it
    displays. names: what earlier cells have defined, and these define."""
    defined = {} if names is None else names
    pieces = defined.setdefault("shown so far", [])  # `display` may be imported in an earlier cell
    before = len(pieces)
    monkeypatch.setattr("IPython.display.display", lambda *more: pieces.extend(more))
    monkeypatch.setattr("ipats_lib.report.open_report", lambda *_: report)
    for cell in cells:
        tree = ast.parse(cell)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), defined)
        if last is not None:
            pieces.append(eval(compile(ast.Expression(last.value), "cell", "eval"), defined))
    return [piece for piece in pieces[before:] if piece is not None]


def pages(
    name: str,
    report: object,
    monkeypatch: Any,
    replaced: Mapping[str, str] = NOTHING,
    only: Collection[str] | None = None,
) -> dict[str, BeautifulSoup]:
    """The pages that a notebook shows of a report, by name: its pieces and second headings. What
    comes before the first page is ''.

    replaced: texts of cells, exchanged before they run; each must be there. only: run these pages,
    after what comes before the first.
    """
    cells = [cell for cell in cells_of(name) if not cell[0] or only is None or cell[0] in only]
    for old in replaced:
        assert any(old in text for _, kind, text in cells if kind == "code"), old
    names: dict[str, Any] = {}
    found = dict.fromkeys((page for page, _, _ in cells), "")
    for page, kind, text in cells:
        if kind == "markdown":
            found[page] += _heading(text) if text.startswith("## ") else ""
            continue
        for old, new in replaced.items():
            text = text.replace(old, new)
        found[page] += "".join(map(_html, shown([text], report, monkeypatch, names)))
    return {page: BeautifulSoup(html, "html.parser") for page, html in found.items()}


def sections_of(page: BeautifulSoup, files: Mapping[str, bytes]) -> dict[str, Tag]:
    """What belongs to each row of a page's long list, by id: on the page, or in its shards."""
    found = {str(part["id"]): part for part in page.select("section.details")}
    for shard in page.select("[data-shard]"):
        held = json.loads(files[str(shard["data-shard"])])["details"]
        assert list(held) == str(shard["data-places"]).split()
        parts = {one: BeautifulSoup(html, "html.parser").section for one, html in held.items()}
        found |= {one: part for one, part in parts.items() if part is not None}
    return found


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
    """A piece of a page; of displayed Markdown its heading alone."""
    return value.html if hasattr(value, "html") else _heading(value.data)


def _heading(text: str) -> str:
    return f"<h2>{escape(text.splitlines()[0].removeprefix('## '))}</h2>"


class Overlaid:
    """A report with some frames in place of its own."""

    def __init__(self, report: opened.Report, frames: Mapping[str, Any]) -> None:
        self._report, self._frames = report, frames

    def __getattr__(self, name: str) -> Any:
        return self._frames[name] if name in self._frames else getattr(self._report, name)


def with_frames(report: opened.Report, **frames: Any) -> Overlaid:
    """A report whose frames are these, and its own where none is given."""
    return Overlaid(report, frames)
