"""From an executed notebook to a page: one exporter a process, templates compiled once.

A page is a body (the notebook's markdown and outputs, never its code) inside a frame (where it is,
what else is there, whose data it is). A body depends on its scope's data alone, so it can be kept
while the frame around it changes with every snapshot.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from nbconvert.exporters import TemplateExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

from ipats_lib.publishing.failed import NotShown
from ipats_lib.publishing.files import LANDING, TEMPLATES
from ipats_lib.publishing.outputs import Outputs

# Data never hold these: everything that comes from data is escaped.
_MARK = re.compile(r"<!--page ([a-z0-9]+)-->")
_SECTION_END = "</section>"
MERGER = CoalesceStreamsPreprocessor()  # a kernel cuts up text as its clock has it
# A heading with nothing under it before the next one: what it announces is of other scopes.
_NOTHING_UNDER = re.compile(
    r'<section class="prose"><h2\b(?:(?!</h2>).)*</h2></section>\s*'
    r'(?=<section class="prose"><h[12]\b|<!--page |\Z)',
    re.DOTALL,
)
Nav = tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]
"""(family, ((path inside the scope, title, question), ...)) for every page of a scope."""


@dataclass(frozen=True, slots=True)
class Known:
    """From which data pages are. what: the pages, as a heading; as_of, day: the date in figures and
    in words; snapshot: its id."""

    what: str
    as_of: str
    day: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame around a page's content.

    root and home: relative paths from the page to the site's root and to its scope's folder, each
    empty or ending in a slash. current: the page's path inside its scope. crumbs: path and name of
    the scopes that contain it, the widest first, its own last (see `without_planner`). inside:
    article and name of what the scopes one level further in are; empty where there are none. dates:
    the period's months. known: from which data the page is; a landing page, from which data the
    pages of its scope are.
    missing: the tables that the extract does not have. absent: why a family has no pages here.
    figures: whether the scope has a file of its figures. run: path of the page on how the
    publication was made, empty where the reader may not see it. A page that is no scope's (the
    guide) has only what has no default.
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
    known: tuple[Known, ...] = ()
    synthetic: bool = False
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    figures: bool = True
    home: str = ""
    current: str = ""
    notebook: str = ""
    library: str = ""
    run: str = ""
    nav: Nav = ()


def without_planner(frame: Frame) -> Frame:
    """The frame of a page that all planners of an LWIA have alike, which is then one file: it names
    none of them. The page's script does, by its address."""
    around = frame.crumbs[:-1]
    lwia = around[-1][1].partition(":")[0]
    crumbs = (*around, ("", "Career planner"))
    return replace(frame, scope_title=f"Career planner, {lwia}", crumbs=crumbs)


@cache
def exporter() -> TemplateExporter:
    """The process's one exporter: nbconvert with the project's own template."""
    return TemplateExporter(
        template_name="page",
        template_file="body.html.j2",
        extra_template_basedirs=[str(TEMPLATES)],
    )


@dataclass(frozen=True, slots=True)
class Body:
    """The notebook's markdown and outputs as HTML, and the files beside the page by name."""

    html: str
    files: dict[str, bytes]


def render_body(notebook: NotebookNode) -> Body:
    """What a notebook shows, the same bytes for equal runs.  NotShown names the cell's place.
    A second heading under which this scope has nothing is left out.

    The template alone: nbconvert's way to it copies and checks the notebook three times, for
    preprocessors that there are none of.
    """
    outputs = Outputs()
    html = exporter().template.render(nb=notebook, shown=partial(_shown, outputs, notebook))
    return Body(_NOTHING_UNDER.sub("", html).lstrip("\r\n"), outputs.files)


def _shown(outputs: Outputs, notebook: NotebookNode, index: int) -> list[str]:
    try:
        cell, _ = MERGER.preprocess_cell(notebook.cells[index], {}, index)
        return list(outputs.cell(cell))
    except NotShown as error:
        error.cell = index
        raise


def split_body(body: str, names: Sequence[str]) -> list[str]:
    """The bodies of the pages that a run's body is made of; the whole of it without names.

    What stands before the first page's mark is common to all but a landing page, which has another
    folder: its first section (the notebook's own title) is left out, and the rest follows each
    page's title. Pages that one cell begins are alike.
    """
    if not names:
        return [body]
    head, *marked = _MARK.split(body)
    common = head.partition(_SECTION_END)[2]
    found, alike = {}, ""
    for name, text in zip(marked[-2::-2], marked[::-2], strict=True):
        found[name] = alike = text if text.strip() else alike
    titled = ((found[name].partition(_SECTION_END), name) for name in names)
    return [
        f"{title}{end}{'' if name == LANDING else common}{rest}"
        for (title, end, rest), name in titled
    ]


def render_page(body: str, frame: Frame) -> str:
    """A body inside its frame."""
    return render_template("page.html.j2", body=body, frame=frame)


def render_content(body: str, frame: Frame) -> str:
    """What a page shows, without the frame around it: its body, and more on a landing page."""
    page = exporter().environment.get_template("page.html.j2")
    return "".join(page.blocks["content"](page.new_context({"body": body, "frame": frame}))).strip()


def render_template(name: str, **values: object) -> str:
    """Any template of the project, such as a page that moved."""
    return str(exporter().environment.get_template(name).render(**values))
