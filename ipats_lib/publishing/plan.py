"""What a publication consists of: which notebook runs for which scope, on which data, for which
files, and the key that the result is kept by.

Imports nothing slow: an unchanged publication needs the scopes alone.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ipats_lib.errors import UsageError
from ipats_lib.publishing.dependencies import (
    Parts,
    code_of,
    common_parts,
    hash_facts,
    hash_files,
    module_hashes,
    named,
)
from ipats_lib.scopes import AreaType, Scope

if TYPE_CHECKING:
    from ipats_lib.publishing.catalogue import Notebook
    from ipats_lib.publishing.execute import Job
    from ipats_lib.publishing.options import Options
    from ipats_lib.publishing.site import Manifest
    from ipats_lib.report.scope_data import About, ScopeData


@dataclass(frozen=True)
class Page:
    """One notebook executed for one scope: one page, or the several that it is split into."""

    notebook: "Notebook"
    scope: Scope

    @property
    def source(self) -> Scope:
        """The scope that the notebook is run for: a planner's LWIA where both see the same."""
        return Scope(self.scope.lwia) if self.shared else self.scope

    @property
    def shared(self) -> bool:
        """Whether the run is another scope's, whose readers see the same."""
        return is_shared(self.notebook, self.scope.kind)

    @cached_property
    def path(self) -> PurePosixPath:
        """The first page's file inside the period's folder."""
        return self.paths[0]

    @cached_property
    def paths(self) -> tuple[PurePosixPath, ...]:
        """Every page's file; their scope's folder is the access boundary."""
        scope = PurePosixPath(self.scope.path)
        return tuple(scope / file for file, _ in self.notebook.pages(self.scope.kind))

    def beside(self, download: str) -> PurePosixPath:
        """The file of a download."""
        return PurePosixPath(self.scope.path, self.notebook.folder, download)

    @property
    def label(self) -> str:
        return f"{self.notebook.key} for {self.scope.path}"


def is_shared(notebook: "Notebook", kind: AreaType) -> bool:
    """Whether scopes of this kind are shown another scope's run: planners their LWIA's."""
    return notebook.same_for_all and kind == "planner"


def describe(catalogue: Sequence["Notebook"]) -> list[tuple[str, ...]]:
    """The table of runs: a row per notebook with what a scope of each kind gets, and its own
    parameters; then the number of runs of a scope of each kind."""
    kinds: tuple[AreaType, ...] = ("state", "lwia", "planner")

    def runs_of(notebook: "Notebook", kind: AreaType) -> str:
        if kind not in notebook.scopes:
            return "-"
        pages = len(notebook.pages(kind))
        whose = "its LWIA's" if is_shared(notebook, kind) else "own"
        return f"{whose}, {pages} page{'s' * (pages != 1)}"

    own = [sum(runs_of(notebook, kind)[:3] == "own" for notebook in catalogue) for kind in kinds]
    return [
        ("notebook", *kinds, "parameters"),
        *(
            (
                n.key,
                *(runs_of(n, kind) for kind in kinds),
                ", ".join(f"{k}={v}" for k, v in n.parameters),
            )
            for n in catalogue
        ),
        ("runs of a scope", *map(str, own), ""),
    ]


def choose_scopes(known: Sequence[Scope], only: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes to publish: all, or each named one with the scopes inside it.

    UsageError when a named scope is not among the known ones.
    """
    wanted = [Scope.parse(path) for path in only]
    for scope in wanted:
        if scope not in known:
            raise UsageError(f"Scope '{scope}' is not in this extract.")
    if not wanted:
        return tuple(known)
    return tuple(
        scope
        for scope in known
        if any(chosen == scope or _inside(chosen, scope) for chosen in wanted)
    )


def _inside(chosen: Scope, scope: Scope) -> bool:
    """`--only state` means the state's own pages, not the whole site."""
    return chosen.kind != "state" and chosen.contains(scope)


def plan_publication(catalogue: Iterable["Notebook"], scopes: Iterable[Scope]) -> tuple[Page, ...]:
    """Every page of the publication, scope by scope."""
    notebooks = tuple(catalogue)
    return tuple(
        Page(notebook, scope)
        for scope in scopes
        for notebook in notebooks
        if scope.kind in notebook.scopes
    )


@dataclass(frozen=True, slots=True)
class Source:
    """A notebook as this publication runs it.

    digest: SHA-256 of its file. modules: hash of each module of the library that it depends on, by
    name; library: one hash over these.
    """

    text: str
    digest: str
    modules: Mapping[str, str]
    library: str

    @property
    def version(self) -> str:
        """What a page names the notebook's very text by."""
        return self.digest[:12]


@dataclass(frozen=True, slots=True)
class Step:
    """One run of the plan with its data. about: what its readers see in the frame of its pages;
    parts: what its content is kept by; job: what makes it."""

    page: Page
    about: "About"
    parts: Parts
    job: "Job"


@dataclass(frozen=True, slots=True)
class Plan:
    """All runs of a publication. common: the parts of every key. released: the names of the
    records of earlier publications that withholding knows."""

    pages: tuple[Page, ...]
    sources: Mapping["Notebook", Source]
    common: Mapping[str, str]
    released: tuple[str, ...]
    options: "Options"

    def of(self, scope: Scope) -> tuple[Page, ...]:
        """The runs of one scope, in publication order."""
        return tuple(page for page in self.pages if page.scope == scope)

    @property
    def modules(self) -> dict[str, str]:
        """Every module that any page depends on, with its hash, for `why` next time."""
        return {name: d for source in self.sources.values() for name, d in source.modules.items()}

    def step(self, page: Page, about: "About", data: "ScopeData") -> Step:
        """A run on the data that its notebook declared. data: of the scope that it is run for."""
        from ipats_lib.publishing.execute import Job

        parts = self._parts(page, data)
        wanted = {"about.json", *(f"{name}.arrow" for name in page.notebook.data)}
        job = Job(
            label=page.label,
            scope=page.source.path,
            period=self.options.period.name,
            notebook=self.sources[page.notebook].text,
            files={name: data.files[name] for name in data.files if name in wanted},
            downloads=page.notebook.downloads,
            records=page.notebook.records,
            parameters=page.notebook.parameters,
            seconds=self.options.notebook_seconds,
            memory_mb=self.options.notebook_mb,
            packed=self.options.packed,
            key=parts.key,
        )
        return Step(page, about, parts, job)

    def _parts(self, page: Page, data: "ScopeData") -> Parts:
        source, declared = self.sources[page.notebook], page.notebook.data
        own = {
            "notebook": source.digest,
            "library": source.library,
            "about": data.hashes["about"],
        }
        if page.notebook.parameters:
            own["parameters"] = json.dumps(page.notebook.parameters)
        if page.notebook.across_areas:
            own["released"] = " ".join(self.released)
        frames = {f"data/{name}": data.hashes[name] for name in declared if name in data.frames}
        return Parts({**self.common, **own, **frames})

    def why(self, step: Step, before: "Manifest | None") -> tuple[str, ...]:
        """Why a run is made again: what differs from the publication before."""
        if self.options.clean:
            return ("asked for a clean build",)
        earlier = before.pages.get(step.page.path.as_posix()) if before else None
        reasons = step.parts.changed_since(earlier)
        known = before.facts.get("modules", {}) if before and "library" in reasons else {}
        now = self.sources[step.page.notebook].modules
        changed = named(name for name, digest in now.items() if known.get(name) != digest)
        causes = [each for r in reasons for each in (changed if r == "library" else [r])]
        return tuple(causes) or ("its kept body is damaged or gone",)


def make_plan(options: "Options", scopes: Sequence[Scope], released: tuple[str, ...]) -> Plan:
    """The plan of a publication; NotebookError when a notebook breaks the catalogue's rules."""
    from ipats_lib.publishing.catalogue import read_catalogue

    catalogue = read_catalogue(options.notebooks)
    made = [one for one in catalogue if options.family in ("", one.family)]
    sources = {notebook: _source(notebook) for notebook in catalogue}
    pages = plan_publication(made, scopes)
    return Plan(pages, sources, common_parts(), released, options)


def _source(notebook: "Notebook") -> Source:
    import nbformat

    from ipats_lib.publishing.catalogue import read_notebook

    text = nbformat.writes(read_notebook(notebook.path))
    modules = module_hashes(code_of(text))
    digest = hash_files([notebook.path], notebook.path.parent)
    return Source(text, digest, modules, hash_facts(modules))
