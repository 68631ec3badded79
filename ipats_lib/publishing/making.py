"""A publication in the making, from the first slice of data to the switch."""

import json
import os
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import Any

import nbformat

from ipats_lib.errors import NotebookError, PublicationError, UsageError
from ipats_lib.publishing.assets import Assets, build_assets
from ipats_lib.publishing.cache import PageCache
from ipats_lib.publishing.catalogue import read_catalogue, read_notebook
from ipats_lib.publishing.dependencies import (
    common_parts,
    hash_files,
    hash_modules,
    module_hashes,
)
from ipats_lib.publishing.execute import Content, Job, Made
from ipats_lib.publishing.failed import RunFailed
from ipats_lib.publishing.files import sha256
from ipats_lib.publishing.frames import SCOPE_FILES, Framer
from ipats_lib.publishing.packing import pack
from ipats_lib.publishing.parts import Parts
from ipats_lib.publishing.plan import Page, plan_publication
from ipats_lib.publishing.postmortem import keep
from ipats_lib.publishing.run import Options, Progress, Run
from ipats_lib.publishing.site import Manifest, Site, scope_of, verify, walk
from ipats_lib.publishing.workers import Workers, local_workers, run_jobs
from ipats_lib.report.data import About, ScopeData, StateData
from ipats_lib.report.earlier import counts_of
from ipats_lib.report.figures import figures_csv
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import Released, Snapshot, keep_released

# So many failures mean that the notebook is wrong, not a scope: the rest is not tried.
MOST_FAILURES = 25


def publish(
    snapshot: Snapshot,
    options: Options,
    site: Site,
    scopes: Sequence[Scope],
    released: Sequence[Released],
    facts: dict[str, str],
    progress: Progress,
) -> Run:
    """Make, verify and show the pages of `scopes`; the caller holds the site.

    What is shown across areas is put on record in the snapshot's store before readers see it.
    Raises NotebookError, PublicationError, UsageError or OSError; readers then see the old one.
    """
    making = _Making(snapshot, options, site, scopes, released)
    with (options.pool or local_workers)(options.workers) as pool:
        return making.publish(pool, facts, progress)


def _now() -> str:
    """For the operator's eyes alone: nothing else that is published or kept knows the clock."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def peak_memory_mb() -> int:
    """The most memory that this process, the publisher, has held."""
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


class _Making:
    """The state of one run; everything durable happens in `Site`."""

    def __init__(
        self,
        snapshot: Snapshot,
        options: Options,
        site: Site,
        scopes: Sequence[Scope],
        released: Sequence[Released],
    ) -> None:
        self.released = tuple(released)
        self.options, self.site, self.scopes = options, site, scopes
        self.current: Manifest | None = site.current_manifest(options.period.name)
        self.catalogue = catalogue = read_catalogue(options.notebooks)
        self.pages = plan_publication(catalogue, scopes)
        self.snapshot = snapshot
        self.cache = _cache(site, options)
        self.common_parts = common_parts()
        self.notebooks = {n: hash_files([n.path], n.path.parent) for n in catalogue}
        self.texts = {n: nbformat.writes(read_notebook(n.path)) for n in catalogue}
        self.code = {n: module_hashes(code_of(text)) for n, text in self.texts.items()}
        self.library = {n: hash_modules(hashes) for n, hashes in self.code.items()}
        self.parts: dict[str, Mapping[str, str]] = {}
        self.written: list[PurePosixPath] = []
        self.common_data: dict[Scope, ScopeData] = {}
        self.running: dict[str, list[tuple[Page, About]]] = {}
        self.made: set[str] = set()
        self.run = Run(released=tuple(one.name for one in released))

    def _state(self, pool: Workers) -> StateData:
        """What the earlier snapshots counted is found beside the first pages."""
        earlier = self.options.earlier
        period = self.options.period
        count = partial(counts_of, period.name)
        counts = pool.aside(count, [str(older.path) for older in earlier])
        return StateData(self.snapshot, period, earlier, counts, self.released)

    def _modules(self) -> dict[str, str]:
        """Every module that any page depends on, with its hash, for `--explain` next time."""
        return {name: digest for hashes in self.code.values() for name, digest in hashes.items()}

    def _assets(self, assets: Assets, carried: Sequence[PurePosixPath]) -> list[str]:
        """The shared files that the pages link to; those taken over may link to older ones."""
        older = self.current.facts.get("assets", []) if carried and self.current else []
        return sorted({*assets.content, *older})

    def _held(self, carried: Sequence[PurePosixPath]) -> list[Scope]:
        """The scopes of the publication: those of this run, and those of what it takes over."""
        held = {*self.scopes, *(scope_of(path.as_posix()) for path in carried)}
        return [scope for scope in self.snapshot.scopes() if scope in held]

    def publish(self, pool: Workers, facts: dict[str, Any], progress: Progress) -> Run:
        name = self.options.period.name
        self.state = self._state(pool)
        staged = self.site.stage(name)
        carried = self._carry_over(staged, facts)
        assets = build_assets()
        assets.write(self.site.static)
        facts = {**facts, "modules": self._modules(), "assets": self._assets(assets, carried)}
        versions = {notebook: digest[:12] for notebook, digest in self.notebooks.items()}
        framer = Framer(self.state, self.catalogue, self._held(carried), assets, staged, versions)
        self._make(pool, framer, progress)
        # Before the run report, which differs each time: its copy would be another publication.
        list(pool.each(pack, map(str, walk(staged))))
        self.run.peak_mb = peak_memory_mb()
        if STATE in self.scopes:
            carried.append(framer.write_run(self.run, self.site.runs(name)))
        started = perf_counter()
        progress("verify", 0, 1)
        own = [PurePosixPath(s.path) / file for s in self.scopes for file in SCOPE_FILES]
        planned = [path for page in self.pages for path in page.paths]
        offered = [path for path in self.written if path.suffix != ".html"]
        expected = [*planned, *offered, *own, *carried]
        files = verify(staged, expected, self.site.static, pool.each)
        record = figures_csv(self.state.areas)
        facts["record"] = keep_released(self.snapshot.path.parent, name, record)
        self.run.release = self.site.switch(name, staged, facts, self.parts, files).name
        self.cache.keep_only(self.site.keys_in_use())
        if self.options.share:
            self.options.share.prune()
        self.run.seconds["verify and switch"] = perf_counter() - started
        self.site.note_run(name, {"finished": _now(), **asdict(self.run)})
        progress("verify", 1, 1)
        return self.run

    def _carry_over(self, staged: Path, facts: dict[str, str]) -> list[PurePosixPath]:
        """With --only: take the other scopes' files from the current publication, unchanged.

        UsageError when that one was made from other data, parameters, notebooks or code: one
        publication never shows two states of them.
        """
        if not self.options.only or self.current is None:
            return []
        rebuilt = set(self.scopes)
        kept = [name for name in self.current.files if scope_of(name) not in rebuilt]
        compared = [name for name in sorted(facts) if name != "inputs"]
        differing = [name for name in compared if self.current.facts.get(name) != facts[name]]
        if kept and differing:
            raise UsageError(
                f"{self.site.root} shows {self.options.period.name} from another snapshot or "
                f"version ({', '.join(differing)} changed): publish all of it, or name another "
                "--site for a part."
            )
        source = self.site.root / self.options.period.name
        for name in kept:
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(source / name, staged / name)
            if sha256(staged / name) != self.current.files[name]:
                raise PublicationError(
                    f"{name} is no longer the file that was published: publish all of "
                    f"{self.options.period.name}, not a part."
                )
        old = {n: p for n, p in self.current.pages.items() if scope_of(n) not in rebuilt}
        self.parts.update(old)
        return [PurePosixPath(name) for name in kept]

    def _make(self, pool: Workers, framer: Framer, progress: Progress) -> None:
        started = perf_counter()
        jobs = self._jobs(framer, progress)
        failed: list[NotebookError] = []
        for (page, about, key), made in run_jobs(pool, jobs):
            if isinstance(made, NotebookError):
                failed.append(self._kept_for_a_look(made))
                self.options.failed(made)
                progress("failed", len(failed), len(self.pages))
                if len(failed) == MOST_FAILURES:
                    break
                continue
            self.cache.put(key, made.content.text())
            self.made.add(key)
            self._write(framer, page, about, made.content)
            self._count(page, made)
            for other, its_about in self.running.pop(key):
                self._write(framer, other, its_about, made.content)
                self.run.shared += 1
            done = self.run.executed + self.run.shared + self.run.kept
            progress("notebooks", done, len(self.pages))
        if failed:
            raise NotebookError(_failures(failed))
        progress("notebooks", len(self.pages), len(self.pages))
        self.run.seconds["data and pages"] = perf_counter() - started

    def _kept_for_a_look(self, failed: NotebookError) -> NotebookError:
        """The same failure; where it left a notebook, with the command that opens it."""
        folder = self.options.failures
        if folder and isinstance(failed, RunFailed) and failed.executed:
            try:
                failed.command = keep(failed, folder, self.snapshot.path)
            except OSError as error:
                why = error.strerror or type(error).__name__
                failed.said += f" It could not be kept in {folder} ({why})."
        return failed

    def _count(self, page: Page, made: Made) -> None:
        self.run.executed += 1
        for stage, seconds in (("execute", made.execute_seconds), ("render", made.render_seconds)):
            total = self.run.seconds.get(stage, 0.0)
            self.run.seconds[stage] = total + seconds
        slowest = [*self.run.slowest, (made.execute_seconds, page.label)]
        self.run.slowest = sorted(slowest, reverse=True)[:10]
        if made.peak_mb > self.run.notebook_mb:
            self.run.notebook_mb, self.run.largest = made.peak_mb, page.label

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
                seen = self._common(page.source) if page.notebook.shared else data
                parts = self._parts(page, seen)
                self.parts[page.path.as_posix()] = dict(parts.hashes)
                if parts.key in self.running:
                    self._explain(page, parts)
                    self.running[parts.key].append((page, data.about))
                elif body := self._kept(parts.key):
                    self._write(framer, page, data.about, Content.read(body))
                    if parts.key in self.made:
                        self.run.shared += 1
                    else:
                        self.run.kept += 1
                else:
                    self._explain(page, parts)
                    self.running[parts.key] = []
                    yield (page, data.about, parts.key), self._job(page, seen, parts.key)
        progress("scopes", len(self.scopes), len(self.scopes))

    def _common(self, scope: Scope) -> ScopeData:
        if scope not in self.common_data:
            self.common_data[scope] = self.state.common(scope)
        return self.common_data[scope]

    def _kept(self, key: str) -> str | None:
        """The content that an earlier run kept, or this one for another reader."""
        wanted = not self.options.clean or key in self.made
        return self.cache.get(key) if wanted else None

    def _write(self, framer: Framer, page: Page, about: About, content: Content) -> None:
        self.written += framer.write_page(page, about, content)
        self.run.pages += len(page.paths)

    def _parts(self, page: Page, data: ScopeData) -> Parts:
        frames = {f"data/{n}": data.hashes[n] for n in page.notebook.data if n in data.frames}
        own = {
            "notebook": self.notebooks[page.notebook],
            "library": self.library[page.notebook],
            "about": data.hashes["about"],
        }
        if "areas" in page.notebook.data:
            own["released"] = " ".join(self.run.released)
        return Parts({**self.common_parts, **own, **frames})

    def _explain(self, page: Page, parts: Parts) -> None:
        path = page.path.as_posix()
        earlier = self.current.pages.get(path) if self.current else None
        changed = ("asked for a clean build",) if self.options.clean else ()
        reasons = changed or parts.changed_since(earlier)
        told = tuple(self._named(page, reason) for reason in reasons)
        for each in page.paths:
            self.options.explain(each.as_posix(), told or ("its kept body is damaged or gone",))

    def _named(self, page: Page, reason: str) -> str:
        """A reason with the modules that changed, where the library did."""
        if reason != "library" or self.current is None:
            return reason
        before = self.current.facts.get("modules", {})
        now = self.code[page.notebook]
        return f"library ({', '.join(n for n in sorted(now) if before.get(n) != now[n])})"

    def _job(self, page: Page, data: ScopeData, key: str) -> Job:
        wanted = {"about.json", *(f"{name}.arrow" for name in page.notebook.data)}
        return Job(
            label=page.label,
            scope=page.source.path,
            period=self.options.period.name,
            notebook=self.texts[page.notebook],
            files={name: content for name, content in data.files.items() if name in wanted},
            downloads=page.notebook.downloads,
            seconds=self.options.notebook_seconds,
            memory_mb=self.options.notebook_mb,
            key=key,
        )


def _cache(site: Site, options: Options) -> PageCache:
    folder = site.inner / "cache"
    if options.share is None:
        return PageCache(folder)
    from ipats_lib.publishing.share import SharedCache

    return SharedCache(folder, options.share)


def code_of(notebook: str) -> list[str]:
    """The text of each of a notebook's code cells."""
    cells = json.loads(notebook)["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]


def _failures(failed: Sequence[NotebookError]) -> str:
    """All failures, and the command that opens the first one that is kept."""
    kept = "Nothing was published; what was finished is kept for the next run."
    commands = (failure.command for failure in failed if isinstance(failure, RunFailed))
    if command := next(filter(None, commands), ""):
        kept = f"{kept} To open what failed{' first' * (len(failed) > 1)}:\n  {command}"
    if len(failed) == 1:
        return f"{failed[0]} {kept}"
    most = ", and more were not tried" if len(failed) == MOST_FAILURES else ""
    said = " ".join(sorted(map(str, failed)))
    return f"{len(failed)} notebooks failed{most}. {said} {kept}"
