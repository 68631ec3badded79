"""The files of a publication: pages in their frames and downloads. Cheap, so never kept."""

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from ipats_lib.disclosure import few_wages, load_thresholds
from ipats_lib.publishing.assets import Assets
from ipats_lib.publishing.cache import Content, PageCache
from ipats_lib.publishing.catalogue import Notebook
from ipats_lib.publishing.family import Beside
from ipats_lib.publishing.files import INDEX, RUN_FILE, SCOPES_FILE, files_of, stored
from ipats_lib.publishing.framing import Framing, day_of
from ipats_lib.publishing.plan import Page, Plan
from ipats_lib.publishing.quarto.renderer import Websites
from ipats_lib.publishing.redirects import redirects
from ipats_lib.publishing.render import (
    Frame,
    render_page,
    render_template,
    split_body,
    without_planner,
)
from ipats_lib.publishing.staged import read_links, scope_of
from ipats_lib.report.data import StateData, about_of
from ipats_lib.report.figures import figures_csv, figures_of
from ipats_lib.report.scope_data import About
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import linked_period

_INWARD = re.compile(
    r"""<a href=(?P<quote>["'])(?P<target>(?:\.\./)*(?:lwia|planner)/[^"']+)(?P=quote)>"""
    r"(?P<text>[^<]*)</a>"
)
_BESIDE = re.compile(r"""((?:href|src)=["'])([a-z0-9_-]+\.[a-z]+)(?=["'])""")
_LIST = "<div class='show show-records'"


@dataclass(frozen=True)
class Writer:
    """Writes the files of one publication into its staging folder.

    scopes: all that the publication holds, those taken over from the one before among them.
    beside: what stays, where one family is made anew. websites: what frames pages in place of our
    own template, where that is asked. own: what is written beside the pages of
    notebooks; moved: of these, the pages at old addresses. landings: those whose content stays.
    kept: where files of notebooks are that need only another name. written: the first file that
    holds a content, by its hash.
    """

    state: StateData
    plan: Plan
    scopes: Collection[Scope]
    assets: Assets
    staged: Path
    beside: Beside | None = None
    websites: Websites | None = None
    kept: PageCache | None = None
    own: list[PurePosixPath] = field(default_factory=list)
    moved: list[PurePosixPath] = field(default_factory=list)
    landings: list[str] = field(default_factory=list)
    written: dict[str, Path] = field(default_factory=dict)

    def write_page(self, page: Page, about: About, content: Content) -> list[PurePosixPath]:
        """The pages of one run and its downloads; gives the files written."""
        bodies = self._bodies(page, content)
        pages = page.notebook.pages(page.scope.kind)
        for path, (file, title), body in zip(page.paths, pages, bodies, strict=True):
            frame = self.framing.frame(about, title, page.notebook, file, body)
            self._frame(path, self._with_places(path, body), frame, page.shared)
        files = dict(stored(content.files, self.plan.options.packed))
        for name, data in files.items():
            self._put(page.beside(name), data, self.kept)
        return [*page.paths, *map(page.beside, files)]

    def _frame(self, path: PurePosixPath, body: str, frame: Frame, shared: bool = False) -> None:
        """A page in its frame; where Quarto makes the frames, it does so later."""
        if self.websites:
            self.websites.add(body, frame)
        else:
            frame = without_planner(frame) if shared else frame
            self._put(path, render_page(body, frame).encode())

    def _put(self, path: PurePosixPath, data: bytes, kept: PageCache | None = None) -> None:
        """Write a new file. One that holds what another does becomes a second name of it: the files
        of a planner are often those of the LWIA. Where the system has no such names, it is written.

        kept: where the first name may be; what is there was compared or hashed by this run.
        """
        place = self.staged / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            place.unlink()  # never into a file that another name leads to
            for gone in [known for known, first in self.written.items() if first == place]:
                del self.written[gone]
        digest = hashlib.sha256(data).hexdigest()
        same = self.written.get(digest) or (kept.file(digest) if kept else None)
        if same:
            with suppress(OSError):
                os.link(same, place)
                return
        self.written[digest] = place
        place.write_bytes(data)

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
            mine[0] = _from_above(mine[0], page.notebook.folder, files_of(content.files))
        here = page.path.parent

        def kept(link: re.Match[str]) -> str:
            target = PurePosixPath(os.path.normpath(f"{here}/{link['target']}"))
            known = not self._published.isdisjoint(map(str, target.parents))
            return link[0] if known else link["text"]

        return [_INWARD.sub(kept, body) for body in mine]

    @cached_property
    def framing(self) -> Framing:
        return Framing(self.state, self.plan, self.scopes, self.assets, self.beside)

    @cached_property
    def _published(self) -> frozenset[str]:
        return frozenset(scope.path for scope in self.scopes)

    def write_scope(self, scope: Scope, about: About) -> None:
        """The scope's figures as a download, the titles of its scopes, what is left at the old
        addresses of its pages, and its landing page where no notebook makes one now."""
        if self.beside is None:
            figures = figures_csv(self._figures[scope.kind, scope.area])
            self._write(PurePosixPath(scope.path, "figures.csv"), figures)
        listed = {"scopes": [self.framing.listed(s) for s in self.scopes if scope.contains(s)]}
        self._write(PurePosixPath(scope.path, SCOPES_FILE), json.dumps(listed).encode())
        for old, new in redirects(self.state.period, self.framing.files_of[scope]).items():
            target = os.path.relpath(new, PurePosixPath(old).parent)
            path = PurePosixPath(scope.path, old)
            if self.beside is None or path.as_posix() not in self.beside.files:
                self._write(path, render_template("moved.html.j2", target=target).encode())
                self.moved.append(path)
        path = PurePosixPath(scope.path, INDEX)
        if all(path not in page.paths for page in self.plan.of(scope)):
            self._frame(path, *self._landing(scope, about))
            self.own.append(path)

    def finish(self, made: Collection[Scope], static: Path) -> Assets:
        """Write what the pages of notebooks leave over; gives all that pages share."""
        self._write_left(made)
        if self.websites is None:
            return self.assets
        self.own.extend(self.websites.render(self.staged, self.assets))
        every = replace(self.assets, content={**self.assets.content, **self.websites.shared})
        every.write(static)
        return every

    def _write_left(self, made: Collection[Scope]) -> None:
        """Where a family is made anew: the landing pages of scopes that its data do not have, and a
        sentence wherever pages that stay lead to a page that there is no more."""
        if self.beside is None:
            return
        for scope in sorted(self.beside.scopes_kept.difference(made)):
            self.write_scope(scope, self._about_beside(scope, self.beside))
        planned = {path.as_posix() for page in self.plan.pages for path in page.paths}
        for name in self.beside.lost({*planned, *map(str, [*self.own, RUN_FILE])}):
            path, scope = PurePosixPath(name), scope_of(name)
            about = self._about_beside(scope, self.beside)
            said = (
                f"No customer of {about.title} is in the data as of {day_of(self.state.snapshot)}."
            )
            body = f"<section class='prose'><h1>{escape(about.title)}</h1><p>{escape(said)}</p>"
            body = self._with_places(path, f"{body}</section>")
            file = name.removeprefix(f"{scope.path}/")
            frame = self.framing.frame(about, "Nobody is listed", None, file, body)
            self._write(path, render_page(body, frame).encode())
            self.moved.append(path)

    def _write(self, path: PurePosixPath, data: bytes) -> None:
        self._put(path, data)
        self.own.append(path)

    def _landing(self, scope: Scope, about: About) -> tuple[str, Frame]:
        """The landing page of a scope that no notebook makes now: with the content that it had
        from a notebook of a family that stays, else bare."""
        makers = [n for n in self.framing.notebooks(scope.kind) if n.lands(scope.kind)]
        if self.beside and scope in self.beside.scopes_kept:
            for maker in makers:
                if maker.family != self.beside.family:
                    return self._landing_kept(scope, maker, self.beside)
        body = f"<section class='prose'><h1>{escape(about.title)}</h1></section>"
        return body, self.framing.frame(about, "Overview", None, INDEX, body)

    def _landing_kept(self, scope: Scope, maker: Notebook, beside: Beside) -> tuple[str, Frame]:
        body, about = beside.landing(scope), self._about_beside(scope, beside)
        self.landings.append(f"{scope.path}/{INDEX}")
        title = dict(maker.pages(scope.kind))[INDEX]
        return body, self.framing.frame(about, title, maker, INDEX, body)

    def _with_places(self, path: PurePosixPath, body: str) -> str:
        """The content of a page; where pages that stay lead to a place that it has not, with a
        sentence that is shown to who comes by such a link, above its first list."""
        if self.beside is None or path.as_posix() not in self.beside.led_to:
            return body
        led_to = self.beside.led_to[path.as_posix()]
        lost = sorted(led_to - read_links(body)[1] - {""})
        if not lost:
            return body
        ids = "".join(f"<span id='{escape(one)}'></span>" for one in lost)
        said = (
            f"This link is from a page as of {day_of(self.beside.snapshot)}. As of "
            f"{day_of(self.state.snapshot)} the customer is not listed here."
        )
        note = f"<div class='gone'>{ids}<p role='note'>{said}</p></div>"
        before, mark, after = body.partition(_LIST)
        return f"{before}{note}{mark}{after}" if mark else f"{note}{body}"

    def _about_beside(self, scope: Scope, beside: Beside) -> About:
        """What the frame of a page says where the newer data have nothing of its scope."""
        return about_of(beside.snapshot, scope, self.framing.title(scope), self.state.period)

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
        frame = self.framing.frame(about, "This publication", None, RUN_FILE.name)
        html = render_template(
            "run.html.j2",
            frame=frame,
            run=run,
            earlier=earlier,
            linked=linked_period(self.state.period).name,
            notebooks={n.key: source.version for n, source in self.plan.sources.items()},
        )
        self._put(RUN_FILE, html.encode())
        return RUN_FILE


def _from_above(body: str, folder: str, files: Collection[str]) -> str:
    """The body of a landing page, whose files are in the folder of its notebook's family."""

    def moved(found: re.Match[str]) -> str:
        return f"{found[1]}{folder}{found[2]}" if found[2] in files else found[0]

    return _BESIDE.sub(moved, body)
