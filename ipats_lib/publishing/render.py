"""From an executed notebook to a page: one exporter a process, templates compiled once.

Readers get no code: markdown and outputs only. The templates are in `templates/`.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbconvert.exporters import TemplateExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode

from ipats_lib.report.charts import MIME

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page's content: where it is, what else is there, whose data it is."""

    title: str
    scope_title: str
    period: str
    as_of: str
    snapshot: str
    synthetic: bool
    root: str
    """Relative path from the page to the site's root, ending in a slash."""
    home: str
    """Relative path from the page to its scope's folder, ending in a slash."""
    current: str
    nav: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """(family, ((path inside the scope, title), ...)) for every page of the scope."""
    style: str
    scripts: tuple[str, ...]


class PageExporter(TemplateExporter):
    """nbconvert with the project's own template."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            template_name="page",
            template_file="index.html.j2",
            extra_template_basedirs=[str(TEMPLATES)],
            **options,
        )

    def default_filters(self) -> Any:
        yield from super().default_filters()
        yield "markdown2html", markdown2html
        yield "script_json", script_json


def script_json(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def exporter() -> PageExporter:
    """The process's one exporter."""
    return PageExporter()


def render(notebook: NotebookNode, frame: Frame) -> str:
    """The page's HTML."""
    html, _ = exporter().from_notebook_node(
        notebook, resources={"frame": frame, "chart_mime": MIME}
    )
    return str(html)


def render_template(name: str, **values: object) -> str:
    """A page that is no notebook, such as a scope's index."""
    return exporter().environment.get_template(name).render(**values)
