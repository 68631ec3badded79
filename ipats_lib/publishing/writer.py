"""The files of a publication: pages in their frames and downloads. Cheap, so never kept."""

import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from ipats_lib import __version__
from ipats_lib.disclosure import few_wages, load_thresholds
from ipats_lib.params import load_agency
from ipats_lib.publishing.assets import Assets
from ipats_lib.publishing.catalogue import FAMILIES, INDEX
from ipats_lib.publishing.execute import Content
from ipats_lib.publishing.files import SCOPES_FILE
from ipats_lib.publishing.plan import Page, Plan
from ipats_lib.publishing.redirects import redirects
from ipats_lib.publishing.render import Frame, Nav, render_page, render_template, split_body
from ipats_lib.report.data import StateData
from ipats_lib.report.figures import figures_of, write_figures
from ipats_lib.report.scope_data import About, ScopeData
from ipats_lib.scopes import STATE, AreaType, Scope
from ipats_lib.snapshot import linked_period

_INWARD = re.compile(
    r"""<a href=(?P<quote>["'])(?P<target>(?:\.\./)*(?:lwia|planner)/[^"']+)(?P=quote)>"""
    r"(?P<text>[^<]*)</a>"
)
_BESIDE = re.compile(r"""((?:href|src)=["'])([a-z0-9_-]+\.[a-z]+)(?=["'])""")
_INSIDE = {"state": ("an", "LWIA"), "lwia": ("a", "career planner")}
RUN_FILE = PurePosixPath("state/run.html")
SCOPE_FILES = (INDEX, "figures.csv", SCOPES_FILE)


@dataclass(frozen=True)
class Writer:
    """Writes the files of one publication into its staging folder.

    scopes: all that the publication holds, those taken over from the one before among them.
    """

    state: StateData
    plan: Plan
    scopes: Collection[Scope]
    assets: Assets
    staged: Path

    def write_page(self, page: Page, about: About, content: Content) -> list[PurePosixPath]:
        """The pages of one run and its downloads; gives the files written."""
        bodies = self._bodies(page, content)
        pages = page.notebook.pages(page.scope.kind)
        for path, (file, title), body in zip(page.paths, pages, bodies, strict=True):
            (self.staged / path).parent.mkdir(parents=True, exist_ok=True)
            frame = self._frame(about, title, page, file, body)
            (self.staged / path).write_text(render_page(body, frame), encoding="utf-8")
        for name, data in content.files.items():
            (self.staged / page.beside(name)).write_bytes(data)
        return [*page.paths, *(page.beside(name) for name in content.files)]

    def _bodies(self, page: Page, content: Content) -> list[str]:
        """The bodies of the pages that the scope has; a link to a scope that the
        publication does not hold (`--only`) becomes plain text."""
        parts = page.notebook.parts
        every = split_body(content.body, [part.name for part in parts])
        mine = [
            body
            for body, part in zip(every, parts or [None], strict=True)
            if part is None or page.scope.kind in part.scopes
        ]
        if page.notebook.pages(page.scope.kind)[0][0] == INDEX and page.notebook.folder:
            mine[0] = _from_above(mine[0], page.notebook.folder, content.files)
        here = page.path.parent

        def kept(link: re.Match[str]) -> str:
            target = PurePosixPath(os.path.normpath(f"{here}/{link['target']}"))
            known = not self._published.isdisjoint(map(str, target.parents))
            return link[0] if known else link["text"]

        return [_INWARD.sub(kept, body) for body in mine]

    @cached_property
    def _published(self) -> frozenset[str]:
        return frozenset(scope.path for scope in self.scopes)

    def write_scope(self, scope: Scope, data: ScopeData) -> None:
        """The scope's figures as a download, the titles of its scopes, what is left at the old
        addresses of its pages, and a bare landing page where no notebook makes one."""
        folder = self.staged / scope.path
        folder.mkdir(parents=True, exist_ok=True)
        write_figures(self._figures[scope.kind, scope.area], folder / "figures.csv")
        listed = [s for s in self.scopes if scope.contains(s)]
        titled = {"scopes": [{"path": s.path, "title": self.state.title(s)} for s in listed]}
        (folder / SCOPES_FILE).write_text(json.dumps(titled), encoding="utf-8")
        for old, new in self.redirects(scope).items():
            target = os.path.relpath(new, PurePosixPath(old).parent)
            (folder / old).parent.mkdir(exist_ok=True)
            (folder / old).write_text(render_template("moved.html.j2", target=target), "utf-8")
        if INDEX in self._files_of.get(scope, ()):
            return
        body = f"<section class='prose'><h1>{escape(data.about.title)}</h1></section>"
        frame = self._frame(data.about, "Overview", None, INDEX, body)
        (folder / INDEX).write_text(render_page(body, frame), encoding="utf-8")

    def redirects(self, scope: Scope) -> dict[str, str]:
        """New place by old page of the scope, both inside its folder."""
        return redirects(self.state.period, self._files_of.get(scope, ()))

    @cached_property
    def _files_of(self) -> dict[Scope, set[str]]:
        """The pages that notebooks give each scope, inside its folder."""
        found: dict[Scope, set[str]] = {}
        for page in self.plan.pages:
            files = {file for file, _ in page.notebook.pages(page.scope.kind)}
            found.setdefault(page.scope, set()).update(files)
        return found

    @cached_property
    def _figures(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Each scope's figures, from one computation for all."""
        figures = figures_of(self.state.figures, self.state.scopes, self.state.period)
        figures["suppressed"] = self._tells_a_wage(figures)
        by_area = figures.groupby(["area_type", "area"], sort=False, observed=True)
        return {(str(kind), str(area)): mine for (kind, area), mine in by_area}

    @staticmethod
    def _tells_a_wage(figures: pd.DataFrame) -> pd.Series:
        kinds = figures.groupby("area_type", sort=False, observed=True)
        parts = [few_wages(mine, str(kind), load_thresholds()) for kind, mine in kinds]
        return pd.concat(parts).reindex(figures.index)

    def write_run(self, run: object, earlier: Sequence[Mapping[str, Any]]) -> PurePosixPath:
        """What this run and those before it did, for state administrators."""
        about = self.state.slice(STATE).about
        frame = self._frame(about, "This publication", None, RUN_FILE.name)
        html = render_template(
            "run.html.j2",
            frame=frame,
            run=run,
            earlier=earlier,
            linked=linked_period(self.state.period).name,
            notebooks={n.key: source.version for n, source in self.plan.sources.items()},
        )
        (self.staged / RUN_FILE).write_text(html, encoding="utf-8")
        return RUN_FILE

    def _frame(
        self, about: About, title: str, page: Page | None, file: str = "", body: str = ""
    ) -> Frame:
        scope = Scope.parse(about.scope)
        below = file.count("/")
        depth = len(PurePosixPath(scope.path).parts) + below
        day = date.fromisoformat(about.as_of)
        return Frame(
            title=title,
            scope=scope.path,
            scope_title=about.title,
            crumbs=self._crumbs(scope),
            inside=_INSIDE[scope.kind] if self._holds_inner(scope) else (),
            period=about.period,
            dates=self.state.period.dates,
            as_of=about.as_of,
            day=f"{day:%B} {day.day}, {day.year}{_estimate(about.as_of_source)}",
            agency=load_agency().agency,
            contact=load_agency().contact,
            guide=self.assets.guide,
            snapshot=self.state.snapshot.id,
            synthetic=about.synthetic,
            missing=about.missing_tables,
            root="../" * (depth + 1),
            home="../" * below,
            current=file,
            notebook=f"{page.notebook.key}.ipynb {self.plan.sources[page.notebook].version}"
            if page
            else "",
            library=__version__,
            run=f"{'../' * below}{RUN_FILE.name}" if scope == STATE else "",
            nav=self._navs[scope.kind],
            style=self.assets.style,
            icon=self.assets.icon,
            scripts=self.assets.scripts_of(body),
        )

    def _crumbs(self, scope: Scope) -> tuple[tuple[str, str], ...]:
        """Path and name of the scopes that contain a scope, and its own."""
        around = [STATE, Scope(scope.lwia), scope]
        own = {s: self.state.title(s).removesuffix(f", LWIA {s.lwia}") for s in around}
        return tuple((s.path, title) for s, title in own.items())

    def _holds_inner(self, scope: Scope) -> bool:
        """Whether the publication holds scopes inside this one that a reader chooses from."""
        return scope.kind in _INSIDE and any(
            scope.contains(other) and other != scope for other in self.scopes
        )

    @cached_property
    def _navs(self) -> dict[AreaType, Nav]:
        """The menus of each kind of scope."""
        kinds: tuple[AreaType, ...] = ("state", "lwia", "planner")
        return {kind: self._nav(kind) for kind in kinds}

    def _nav(self, kind: AreaType) -> Nav:
        mine = [n for n in self.plan.sources if kind in n.scopes and n.menu(kind)]
        return tuple(
            (title, tuple(page for n in mine if n.family == family for page in n.menu(kind)))
            for family, title in FAMILIES.items()
            if any(n.family == family for n in mine)
        )


def _from_above(body: str, folder: str, files: Collection[str]) -> str:
    """The body of a landing page, whose files are in the folder of its notebook's family."""

    def moved(found: re.Match[str]) -> str:
        return f"{found[1]}{folder}{found[2]}" if found[2] in files else found[0]

    return _BESIDE.sub(moved, body)


def _estimate(source: str) -> str:
    """A remark on an as-of date that nobody has given; empty for one from the extract."""
    return " (estimated)" if source.startswith("estimated") else ""
