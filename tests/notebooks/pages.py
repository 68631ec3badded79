"""Runs a notebook's code cells here, on frames that a test chooses, and keeps what they show."""

import ast
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

from bs4 import BeautifulSoup

from ipats_lib.report import report as opened

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def sources(name: str, only: Collection[str] | None = None) -> list[str]:
    """The text of each code cell of `notebooks/<name>.ipynb`. only: of these of its pages, and of
    what comes before the first."""
    found, page = [], ""
    for cell in json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]:
        tags = cell["metadata"].get("tags", [])
        page = next((tag[5:] for tag in tags if tag.startswith("page-")), page)
        if cell["cell_type"] == "code" and (not page or only is None or page in only):
            found.append("".join(cell["source"]))
    return found


def shown(cells: list[str], report: object, monkeypatch: Any) -> list[Any]:
    """What the cells show, in order: the value of each cell's last expression."""
    monkeypatch.setattr("ipats_lib.report.open_report", lambda *_: report)
    names: dict[str, Any] = {}
    values = []
    for cell in cells:
        tree = ast.parse(cell)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            values.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    return [value for value in values if value is not None]


def page(
    name: str,
    report: object,
    monkeypatch: Any,
    replaced: Mapping[str, str] = MappingProxyType({}),
    only: Collection[str] | None = None,
) -> BeautifulSoup:
    """The page that a notebook shows of a report. replaced: texts of cells, exchanged
    before they run; each must be there. only: see `sources`."""
    cells = sources(name, only) if only else sources(name)
    for old, new in replaced.items():
        assert any(old in cell for cell in cells), old
        cells = [cell.replace(old, new) for cell in cells]
    html = "".join(value.html for value in shown(cells, report, monkeypatch))
    return BeautifulSoup(html, "html.parser")


def with_frames(report: opened.Report, **frames: Any) -> SimpleNamespace:
    """A report whose frames are these, and the scope's own where none is given."""
    names = ("title", "scope", "period", "as_of")
    own = {name: getattr(report, name) for name in names}
    return SimpleNamespace(**own, **frames)
