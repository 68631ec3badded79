"""One publication from start to switch."""

import os
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from time import perf_counter

from ipats_lib import __version__
from ipats_lib.errors import UsageError
from ipats_lib.periods import Period
from ipats_lib.publishing.assets import build_assets
from ipats_lib.publishing.cache import PageCache
from ipats_lib.publishing.catalogue import Notebook, read_catalogue
from ipats_lib.publishing.dependencies import common_parts, hash_files, inputs_hash
from ipats_lib.publishing.execute import Job
from ipats_lib.publishing.frames import SCOPE_FILES, Framer
from ipats_lib.publishing.parts import Parts
from ipats_lib.publishing.plan import Page, choose_scopes, plan_publication
from ipats_lib.publishing.site import Manifest, Site, scope_of, verify
from ipats_lib.publishing.workers import local_workers, run_jobs
from ipats_lib.report.data import About, ScopeData, StateData
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import Snapshot

Progress = Callable[[str, int, int], None]
"""Called with the stage, how much is done and how much there is."""
Explain = Callable[[str, tuple[str, ...]], None]
"""Called with a page's path and what changed, for every page that is executed again."""


def say_nothing(path: str, reasons: tuple[str, ...]) -> None:
    """The explanation nobody asked for."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to publish where. workers: processes on this machine, or pages at once elsewhere."""

    notebooks: Path
    site: Path
    period: Period
    only: tuple[str, ...] = ()
    workers: int = 2
    clean: bool = False
    explain: Explain = say_nothing
    pool: Callable[[int], AbstractContextManager[Executor]] = local_workers


@dataclass(slots=True)
class Run:
    """What a publication did, for its operator (wall seconds)."""

    pages: int = 0
    executed: int = 0
    kept: int = 0
    unchanged: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    release: str = ""
    peak_mb: int = 0


def peak_memory_mb() -> int:
    """The largest memory that the publisher or any process it waited for has held."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) // 1024


def build(snapshot: Snapshot, options: Options, progress: Progress) -> Run:
    """Execute what changed, frame, verify and switch; the old publication stays on any failure.

    Raises NotebookError, PublicationError, PublisherBusyError or UsageError.
    """
    site = Site(options.site)
    catalogue = read_catalogue(options.notebooks)
    scopes = choose_scopes(snapshot.scopes(), options.only)
    facts = _facts(snapshot, options.period)
    with site.publisher():
        inputs = inputs_hash({**facts, "scopes": [s.path for s in scopes]}, catalogue)
        current = site.current_manifest(options.period.name)
        if (
            current
            and current.facts.get("inputs") == inputs
            and site.is_intact(options.period.name)
        ):
            return Run(pages=len(current.pages), unchanged=True, release=current.id)
        with options.pool(options.workers) as pool:
            building = _Building(snapshot, options, site, catalogue, scopes, current)
            return building.publish(pool, {**facts, "inputs": inputs}, progress)


def _facts(snapshot: Snapshot, period: Period) -> dict[str, str]:
    return {
        "as_of": snapshot.as_of.isoformat(),
        "library": __version__,
        "period": period.name,
        "snapshot": snapshot.id,
    }


class _Building:
    """The state of one run; everything durable happens in `Site`."""

    def __init__(
        self,
        snapshot: Snapshot,
        options: Options,
        site: Site,
        catalogue: tuple[Notebook, ...],
        scopes: Sequence[Scope],
        current: Manifest | None,
    ) -> None:
        self.options, self.site, self.scopes, self.current = options, site, scopes, current
        self.pages = plan_publication(catalogue, scopes)
        self.catalogue = catalogue
        self.state = StateData(snapshot, options.period)
        self.cache = PageCache(site.inner / "cache")
        self.common = common_parts()
        self.notebooks = {n: hash_files([n.path], n.path.parent) for n in catalogue}
        self.texts = {n: n.path.read_text(encoding="utf-8") for n in catalogue}
        self.parts: dict[str, Mapping[str, str]] = {}
        self.run = Run(pages=len(self.pages))

    def publish(self, pool: Executor, facts: dict[str, str], progress: Progress) -> Run:
        name = self.options.period.name
        staged = self.site.stage(name)
        carried = self._carry_over(staged, facts)
        assets = build_assets()
        assets.write(self.site.static)
        framer = Framer(self.state, self.catalogue, self.scopes, assets, staged)
        self._make(pool, framer, progress)
        self.run.peak_mb = peak_memory_mb()
        written = framer.write_run(self.run)
        if written:
            carried.append(written)
        started = perf_counter()
        progress("verify", 0, 1)
        own = [PurePosixPath(s.path) / file for s in self.scopes for file in SCOPE_FILES]
        verify(staged, [*(page.path for page in self.pages), *own, *carried], self.site.static)
        self.run.release = self.site.switch(name, staged, facts, self.parts).name
        self.cache.keep_only(self.site.keys_in_use())
        self.run.seconds["verify and switch"] = perf_counter() - started
        progress("verify", 1, 1)
        return self.run

    def _carry_over(self, staged: Path, facts: dict[str, str]) -> list[PurePosixPath]:
        """With --only: take the other scopes' files from the current publication, unchanged.

        UsageError when that one was made from another snapshot: two extracts must not be mixed.
        """
        if not self.options.only or self.current is None:
            return []
        rebuilt = set(self.scopes)
        kept = [name for name in self.current.files if scope_of(name) not in rebuilt]
        differs = any(self.current.facts.get(k) != v for k, v in facts.items() if k != "inputs")
        if kept and differs:
            raise UsageError(
                f"{self.site.root} shows {self.options.period.name} from another snapshot or "
                "version: publish all of it, or name another --site for a part."
            )
        source = self.site.root / self.options.period.name
        for name in kept:
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(source / name, staged / name)
        old = {n: p for n, p in self.current.pages.items() if scope_of(n) not in rebuilt}
        self.parts.update(old)
        return [PurePosixPath(name) for name in kept]

    def _make(self, pool: Executor, framer: Framer, progress: Progress) -> None:
        started = perf_counter()
        jobs = self._jobs(framer, progress)
        for (page, about, key), made in run_jobs(pool, jobs, 2 * self.options.workers):
            self.cache.put(key, made.body)
            framer.write_page(page, about, made.body)
            self._count(page, made.execute_seconds, made.render_seconds)
            progress("pages", self.run.executed + self.run.kept, self.run.pages)
        progress("pages", self.run.pages, self.run.pages)
        self.run.seconds["data and pages"] = perf_counter() - started

    def _count(self, page: Page, execute: float, render: float) -> None:
        self.run.executed += 1
        for stage, seconds in (("execute", execute), ("render", render)):
            total = self.run.seconds.get(stage, 0.0)
            self.run.seconds[stage] = total + seconds
        self.run.slowest = sorted([*self.run.slowest, (execute, page.label)], reverse=True)[:10]

    def _jobs(
        self, framer: Framer, progress: Progress
    ) -> Iterator[tuple[tuple[Page, About, str], Job]]:
        """Slice the data scope by scope; write what is kept at once, yield the rest as jobs."""
        by_scope = {scope: [p for p in self.pages if p.scope == scope] for scope in self.scopes}
        for done, scope in enumerate(self.scopes):
            progress("scopes", done, len(self.scopes))
            data = self.state.slice(scope)
            framer.write_scope(scope, data)
            for page in by_scope[scope]:
                parts = self._parts(page, data)
                self.parts[page.path.as_posix()] = dict(parts.hashes)
                body = None if self.options.clean else self.cache.get(parts.key)
                if body is None:
                    self._explain(page, parts)
                    yield (page, data.about, parts.key), self._job(page, data)
                else:
                    framer.write_page(page, data.about, body)
                    self.run.kept += 1
        progress("scopes", len(self.scopes), len(self.scopes))

    def _parts(self, page: Page, data: ScopeData) -> Parts:
        frames = {f"data/{n}": data.hashes[n] for n in page.notebook.data if n in data.frames}
        own = {"notebook": self.notebooks[page.notebook], "about": data.hashes["about"]}
        return Parts({**self.common, **own, **frames})

    def _explain(self, page: Page, parts: Parts) -> None:
        path = page.path.as_posix()
        earlier = self.current.pages.get(path) if self.current else None
        changed = ("asked for a clean build",) if self.options.clean else ()
        reasons = changed or parts.changed_since(earlier)
        self.options.explain(path, reasons or ("its kept body is damaged or gone",))

    def _job(self, page: Page, data: ScopeData) -> Job:
        wanted = {"about.json", *(f"{name}.arrow" for name in page.notebook.data)}
        return Job(
            label=page.label,
            scope=page.scope.path,
            period=self.options.period.name,
            notebook=self.texts[page.notebook],
            files={name: content for name, content in data.files.items() if name in wanted},
        )
