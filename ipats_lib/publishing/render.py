"""From an executed notebook to a page: one exporter a process, templates compiled once.

A page is a body (the notebook's markdown and outputs, never its code) inside a frame (where it is,
what else is there, whose data it is). A body depends on its scope's data alone, so it can be kept
while the frame around it changes with every snapshot.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from nbconvert.exporters import TemplateExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode

from ipats_lib.publishing.files import TEMPLATES
from ipats_lib.publishing.volatile import fix_random_ids
from ipats_lib.report.charts import MIME

# Data never hold these: everything that comes from data is escaped.
_MARK = re.compile(r"<!--page ([a-z0-9]+)-->")
_ADDRESS = re.compile(r"^\[?<(?:.* at 0x[0-9a-f]+|[\w.]+ object)>", re.MULTILINE)
_SECTION_END = "</section>"
Nav = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""(family, ((path inside the scope, title), ...)) for every page of a scope."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page's content.

    root and home: relative paths from the page to the site's root and to its scope's folder, each
    empty or ending in a slash. current: the page's path inside its scope. crumbs: path and name of
    the scopes that contain it, the widest first, its own last. inside: article and name of what
    the scopes one level further in are; empty where there are none. dates and day: the period's
    months and the as-of day in words. run: path of the page on how the publication was made, empty
    where the reader may not see it. A page that is no scope's (the guide) has only what has no
    default.
    """

    title: str
    root: str
    style: str
    icon: str
    scripts: tuple[str, ...]
    agency: str
    contact: str
    guide: str = ""
    scope: str = ""
    scope_title: str = ""
    crumbs: tuple[tuple[str, str], ...] = ()
    inside: tuple[str, ...] = ()
    period: str = ""
    dates: str = ""
    as_of: str = ""
    day: str = ""
    snapshot: str = ""
    synthetic: bool = False
    home: str = ""
    current: str = ""
    notebook: str = ""
    library: str = ""
    run: str = ""
    nav: Nav = ()


class PageExporter(TemplateExporter):
    """nbconvert with the project's own template."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            template_name="page",
            template_file="body.html.j2",
            extra_template_basedirs=[str(TEMPLATES)],
            **options,
        )

    def default_filters(self) -> Any:
        yield from super().default_filters()
        # A notebook's own text is the same in every scope.
        yield "markdown2html", lru_cache(maxsize=1024)(markdown2html)
        yield "script_json", script_json


def script_json(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def exporter() -> PageExporter:
    """The process's one exporter."""
    return PageExporter()


def render_body(notebook: NotebookNode) -> str:
    """The notebook's markdown and outputs as HTML, the same bytes for equal runs.

    The template alone: nbconvert's way to it copies and checks the notebook three times, for
    preprocessors that there are none of.
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            fix_random_ids(output.get("data", {}))
    body = exporter().template.render(nb=notebook, resources={"chart_mime": MIME})
    return body.lstrip("\r\n")


def unshown(cell: NotebookNode) -> str | None:
    """What a cell shows that `body.html.j2` does not put on a page, in words; None for nothing.

    A picture would appear as `<IPython.core.display.Image object>`, which nobody has meant.
    """
    shown = [out.data for out in cell.get("outputs", ()) if "data" in out]
    for data in shown:
        if MIME in data or "text/html" in data:
            continue
        others = sorted(kind for kind in data if kind != "text/plain")
        if others:
            return f"{others[0]}; show HTML, a table or a chart of the library"
        if _ADDRESS.search(data.get("text/plain", "")):
            return "an object without a display; end the cell with a semicolon, or show its content"
    return None


def split_body(body: str, names: Sequence[str]) -> list[str]:
    """The bodies of the pages that a run's body is made of; the whole of it without names.

    What stands before the first page's mark is common to all: its first section (the notebook's
    own title) is left out, and the rest follows each page's title.
    """
    if not names:
        return [body]
    head, *marked = _MARK.split(body)
    common = head.partition(_SECTION_END)[2]
    found = dict(zip(marked[::2], marked[1::2], strict=True))
    titled = (found[name].partition(_SECTION_END) for name in names)
    return [f"{title}{end}{common}{rest}" for title, end, rest in titled]


def render_page(body: str, frame: Frame) -> str:
    """A body inside its frame."""
    return render_template("page.html.j2", body=body, frame=frame)


def render_template(name: str, **values: object) -> str:
    """Any template of the project, such as a scope's index."""
    return str(exporter().environment.get_template(name).render(**values))
