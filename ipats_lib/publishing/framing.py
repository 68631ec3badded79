"""The frame around each page of a publication: where it is, what else is there, from which data."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from ipats_lib import __version__
from ipats_lib.params import load_agency
from ipats_lib.publishing.assets import Assets
from ipats_lib.publishing.catalogue import Notebook
from ipats_lib.publishing.declaration import FAMILIES
from ipats_lib.publishing.family import Beside
from ipats_lib.publishing.files import INDEX, RUN_FILE
from ipats_lib.publishing.plan import Plan
from ipats_lib.publishing.render import Frame, Known, Nav
from ipats_lib.publishing.staged import scope_of
from ipats_lib.report.data import StateData
from ipats_lib.report.scope_data import About
from ipats_lib.scopes import STATE, AreaType, Scope
from ipats_lib.snapshot import Snapshot

_INSIDE = {"state": ("an", "LWIA"), "lwia": ("a", "career planner")}


@dataclass(frozen=True)
class Framing:
    """What the pages of one publication have around them.

    scopes: all that the publication holds, those taken over from the one before among them.
    beside: what stays, where one family is made anew.
    """

    state: StateData
    plan: Plan
    scopes: Collection[Scope]
    assets: Assets
    beside: Beside | None = None

    def frame(
        self, about: About, title: str, made_by: Notebook | None, file: str = "", body: str = ""
    ) -> Frame:
        """The frame of one page. file: its path inside the scope's folder."""
        scope = Scope.parse(about.scope)
        below = file.count("/")
        depth = len(PurePosixPath(scope.path).parts) + below
        of_all = file in (INDEX, RUN_FILE.name)
        return Frame(
            title=title,
            scope=scope.path,
            scope_title=about.title,
            crumbs=self._crumbs(scope),
            inside=_INSIDE[scope.kind] if self._holds_inner(scope) else (),
            period=about.period,
            dates=self.state.period.dates,
            known=self._known_of(scope) if of_all else (_known(self.state.snapshot),),
            absent=self._absent(scope) if of_all else (),
            figures=self.beside is None or f"{scope.path}/figures.csv" in self.beside.files,
            agency=load_agency().agency,
            contact=load_agency().contact,
            guide=self.assets.guide,
            synthetic=about.synthetic,
            missing=about.missing_tables,
            root="../" * (depth + 1),
            home="../" * below,
            current=file,
            notebook=f"{made_by.key}.ipynb {self.plan.sources[made_by].version}" if made_by else "",
            library=__version__,
            run=f"{'../' * below}{RUN_FILE.name}" if scope == STATE else "",
            nav=self._navs[scope.kind, self.families_of[scope] if self.beside else _ALL],
            style=self.assets.style,
            icon=self.assets.icon,
            scripts=self.assets.scripts_of(body),
        )

    def title(self, scope: Scope) -> str:
        """The scope's name as a reader knows it; one that is gone has its former name."""
        if self.beside and scope not in self._known_scopes:
            return StateData(self.beside.snapshot, self.state.period).title(scope)
        return self.state.title(scope)

    @cached_property
    def _known_scopes(self) -> frozenset[Scope]:
        return frozenset(self.state.snapshot.scopes())

    def listed(self, scope: Scope) -> dict[str, Any]:
        """A scope as menus know it: with its families, where it has not the pages of all."""
        found = {"path": scope.path, "title": self.title(scope)}
        whole = not self.beside or not self._lacks(scope)
        return found if whole else {**found, "families": sorted(self.families_of[scope])}

    def notebooks(self, kind: AreaType) -> list[Notebook]:
        """The notebooks that a kind of scope has, in their order."""
        return [n for n in self.plan.sources if kind in n.scopes]

    @cached_property
    def files_of(self) -> dict[Scope, set[str]]:
        """The pages that notebooks give each scope, inside its folder."""
        found: dict[Scope, set[str]] = {scope: set() for scope in self.scopes}
        for page in self.plan.pages:
            found[page.scope].update(file for file, _ in page.notebook.pages(page.scope.kind))
        for name in self.beside.files if self.beside else ():
            if name.endswith(".html"):
                scope = scope_of(name)
                found[scope].add(name.removeprefix(f"{scope.path}/"))
        return found

    @cached_property
    def families_of(self) -> dict[Scope, frozenset[str]]:
        """The families that each scope has pages of."""
        folders = ({file.split("/")[0] for file in files} for files in self.files_of.values())
        found = zip(self.files_of, folders, strict=True)
        return {scope: frozenset(names).intersection(FAMILIES) for scope, names in found}

    def _lacks(self, scope: Scope) -> set[str]:
        """The families that scopes of its kind have, and a scope has not."""
        every = {n.family for n in self.notebooks(scope.kind) if n.menu(scope.kind)}
        return every - self.families_of[scope]

    def _crumbs(self, scope: Scope) -> tuple[tuple[str, str], ...]:
        """Path and name of the scopes that contain a scope, and its own."""
        around = [STATE, Scope(scope.lwia), scope]
        own = {s: self.title(s).removesuffix(f", LWIA {s.lwia}") for s in around}
        return tuple((s.path, title) for s, title in own.items())

    def _holds_inner(self, scope: Scope) -> bool:
        """Whether the publication holds scopes inside this one that a reader chooses from."""
        return scope.kind in _INSIDE and any(
            scope.contains(other) and other != scope for other in self.scopes
        )

    @cached_property
    def _navs(self) -> dict[tuple[AreaType, frozenset[str]], Nav]:
        """The menus of each kind of scope, by the families that it has pages of."""
        kinds: tuple[AreaType, ...] = ("state", "lwia", "planner")
        held = {_ALL, *self.families_of.values()}
        return {(kind, families): self._nav(kind, families) for kind in kinds for families in held}

    def _nav(self, kind: AreaType, families: frozenset[str]) -> Nav:
        mine = [n for n in self.notebooks(kind) if n.menu(kind)]
        return tuple(
            (title, tuple(page for n in mine if n.family == family for page in n.menu(kind)))
            for family, title in FAMILIES.items()
            if family in families and any(n.family == family for n in mine)
        )

    def _known_of(self, scope: Scope) -> tuple[Known, ...]:
        """From which data the pages of a scope are."""
        if self.beside is None:
            return (_known(self.state.snapshot),)
        mine, anew = self.families_of[scope], self.beside.family
        others = [title for family, title in FAMILIES.items() if family in mine - {anew}]
        found = [_known(self.state.snapshot, FAMILIES[anew])] if anew in mine else []
        return (*found, *([_known(self.beside.snapshot, " and ".join(others))] if others else []))

    def _absent(self, scope: Scope) -> tuple[str, ...]:
        """Why a scope has not the pages of every family."""
        if self.beside is None:
            return ()
        anew, title, lacks = self.beside.family, self.title(scope), self._lacks(scope)
        others = [name for family, name in FAMILIES.items() if family in lacks - {anew}]
        said = []
        if others:
            said = [
                f"{' and '.join(others)}: as of {day_of(self.beside.snapshot)}, when there were no "
                f"pages of {title}. They come with the next publication of all pages."
            ]
        if anew in lacks:
            day = day_of(self.state.snapshot)
            said.append(f"{FAMILIES[anew]}: no customer of {title} is in the data as of {day}.")
        return tuple(said)


_ALL = frozenset(FAMILIES)


def _known(snapshot: Snapshot, what: str = "Data") -> Known:
    return Known(what, snapshot.as_of.isoformat(), day_of(snapshot), snapshot.id)


def day_of(snapshot: Snapshot) -> str:
    """The as-of date in words, with a remark on one that nobody has given."""
    day, guessed = snapshot.as_of, snapshot.provenance.as_of_source.startswith("estimated")
    return f"{day:%B} {day.day}, {day.year}{' (estimated)' * guessed}"
