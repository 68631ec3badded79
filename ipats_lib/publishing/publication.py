"""One publication: from the snapshot through plan, runner and writer to the switch."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import Any

from ipats_lib.durable import file_hash
from ipats_lib.errors import UsageError
from ipats_lib.frames.historical_counts import counts_of
from ipats_lib.publishing.assets import build_assets
from ipats_lib.publishing.cache import PageCache, RunCache
from ipats_lib.publishing.family import ALONE, Beside, Carried, damaged
from ipats_lib.publishing.files import pack_all
from ipats_lib.publishing.options import Options, Progress, RunReport
from ipats_lib.publishing.plan import Page, Plan, Step, make_plan
from ipats_lib.publishing.quarto.renderer import websites
from ipats_lib.publishing.runner import run_plan
from ipats_lib.publishing.site import Manifest, Site, walk
from ipats_lib.publishing.staged import scope_of, verify
from ipats_lib.publishing.warm import peak_memory_mb
from ipats_lib.publishing.workers import Workers, local_workers
from ipats_lib.publishing.writer import Writer
from ipats_lib.report.data import StateData
from ipats_lib.report.figures import figures_csv
from ipats_lib.scopes import STATE, Scope
from ipats_lib.snapshot import Released, Snapshot, keep_released
from ipats_lib.snapshot.released import name_of


def publish(
    snapshot: Snapshot,
    options: Options,
    site: Site,
    scopes: Sequence[Scope],
    released: Sequence[Released],
    facts: Mapping[str, Any],
    progress: Progress,
    beside: Beside | None = None,
) -> RunReport:
    """Make, verify and show the pages of `scopes`; the caller holds the site. beside: what stays,
    where one family is made anew.

    What is shown across areas is put on record in the snapshot's store before readers see it. A
    staged publication waits instead, with its record: `staged.show` puts it there.
    Raises NotebookError, PublicationError, UsageError or OSError; readers then see the old one.
    """
    name = options.period.name
    report = RunReport(released=tuple(one.name for one in released))
    plan, before = make_plan(options, scopes, report.released), site.current_manifest(name)
    pages = _cache(site, options)
    kept = RunCache(pages, options.clean)
    with (options.pool or local_workers)(options.workers) as pool, websites(options) as quarto:
        state = _state(snapshot, options, scopes, released, pool, beside)
        staged = site.stage(name)
        carried = carry_over(site, options, scopes, staged, facts)
        if beside:
            carried = beside.carry(staged, pool.each)
        assets = build_assets()
        assets.write(site.static)
        parts, written, held = dict(carried.pages), list(carried.files), _held(scopes, carried)
        writer = Writer(state, plan, held, assets, staged, beside, quarto, pages)
        started = perf_counter()
        steps = _steps(plan, state, scopes, writer, progress)
        for done in run_plan(pool, plan, steps, kept, before, snapshot.path, progress):
            page = done.step.page
            parts[page.path.as_posix()] = done.step.parts.hashes
            written += writer.write_page(page, done.step.about, done.content)
            report.note(done)
            progress("notebooks", len(parts) - len(carried.pages), len(plan.pages))
        assets = writer.finish(scopes, site.static)
        progress("notebooks", len(plan.pages), len(plan.pages))
        report.seconds["data and pages"] = perf_counter() - started
        # Before the run report, which differs each time: its copy would be another publication.
        pack_all(walk(staged), pool.each, options.packed)
        report.peak_mb = peak_memory_mb()
        if STATE in scopes:
            written.append(writer.write_run(report, site.runs(name)))
        started = perf_counter()
        progress("verify", 0, 1)
        planned = [path for page in plan.pages for path in page.paths]
        files = verify(staged, [*planned, *written, *writer.own], site.static, pool.each)
        report.hiding = state.performance.hiding.sentence
        printed = figures_csv(state.areas)
        shared = sorted({*assets.content, *carried.assets})
        records = [*([beside.record] if beside else []), name_of(name, printed)]
        manifest_facts = {**facts, "modules": plan.modules, "assets": shared}
        parts |= {name: beside.manifest.pages[name] for name in writer.landings if beside}
        manifest_facts["record"] = " ".join(dict.fromkeys(records))
        manifest_facts["moved"] = sorted({*map(str, writer.moved), *carried.moved})
        made = site.keep(name, staged, Manifest(manifest_facts, files, parts)).name
        _hold_or_show(site, options, made, snapshot.path.parent, printed, report)
        pages.keep_only(site.keys_in_use())
        if options.share:
            options.share.prune()
        report.seconds["verify and switch"] = perf_counter() - started
        site.note_run(name, {"finished": _now(), **asdict(report)})
        progress("verify", 1, 1)
    return report


def _hold_or_show(
    site: Site, options: Options, made: str, store: Path, printed: bytes, report: RunReport
) -> None:
    """Put what a release shows across areas on record, then show it; or let both wait."""
    name, report.release = options.period.name, made
    if options.stage:
        known = " ".join(report.released)
        note = {"store": str(store.resolve()), "record": printed.decode(), "released": known}
        site.hold(name, made, note)
    else:
        keep_released(store, name, printed)
        site.show(name, made)


def _now() -> str:
    """For the operator's eyes alone: nothing else that is published or kept knows the clock."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _cache(site: Site, options: Options) -> PageCache:
    folder = site.inner / "cache"
    if options.share is None:
        return PageCache(folder)
    from ipats_lib.publishing.share import SharedCache

    return SharedCache(folder, options.share)


def _state(
    snapshot: Snapshot,
    options: Options,
    scopes: Sequence[Scope],
    released: Sequence[Released],
    pool: Workers,
    beside: Beside | None,
) -> StateData:
    """The snapshot's data; what the earlier ones counted is found beside the first pages."""
    period, earlier = options.period, options.earlier
    counts = pool.aside(partial(counts_of, period.name), [str(older.path) for older in earlier])
    stays = beside.snapshot if beside else None
    facts = (snapshot, period, earlier, counts, tuple(released), tuple(scopes))
    return StateData(*facts, None, stays)


def _held(scopes: Sequence[Scope], carried: Carried) -> list[Scope]:
    """The scopes of the publication: those of this run, and those of what it takes over."""
    return sorted({*scopes, *(scope_of(path.as_posix()) for path in carried.files)})


def carry_over(
    site: Site, options: Options, scopes: Sequence[Scope], staged: Path, facts: Mapping[str, Any]
) -> Carried:
    """With --only: take the other scopes' files from the current publication, unchanged.

    UsageError when that one was made from other data, parameters, notebooks or code: one
    publication never shows two states of them.
    """
    name = options.period.name
    current, rebuilt = site.current_manifest(name), set(scopes)
    if not options.only or current is None:
        return Carried()
    kept = [file for file in current.files if scope_of(file) not in rebuilt]
    if not kept:
        return Carried()
    compared = [fact for fact in sorted({*facts, ALONE}) if fact != "inputs"]
    if differing := [fact for fact in compared if current.facts.get(fact) != facts.get(fact)]:
        raise UsageError(
            f"{site.root} shows {name} from another snapshot or version "
            f"({', '.join(differing)} changed): publish all of it, or name another --site for a "
            "part."
        )
    for file in kept:
        (staged / file).parent.mkdir(parents=True, exist_ok=True)
        os.link(site.root / name / file, staged / file)
        if file_hash(staged / file) != current.files[file]:
            raise damaged(file, name)
    pages = {path: p for path, p in current.pages.items() if scope_of(path) not in rebuilt}
    assets = tuple(current.facts.get("assets", ()))
    moved = tuple(set(kept).intersection(current.facts.get("moved", ())))
    return Carried(tuple(map(PurePosixPath, kept)), pages, assets, moved)


def _steps(
    plan: Plan, state: StateData, scopes: Sequence[Scope], writer: Writer, progress: Progress
) -> Iterator[Step]:
    """Give every run with its slice of the data, then write each scope's own files.

    The notebooks of most scopes come first, and of these the ones that read the fewest frames:
    workers make their many pages while the frames of the next are counted.
    """
    seen = cache(state.slice)  # of LWIAs, for their planners
    pages = sorted(plan.pages, key=_when)
    for done, page in enumerate(pages):
        progress("data", done, len(pages))
        data = state.slice(page.scope)
        yield plan.step(page, data.about, seen(page.source) if page.shared else data)
    for scope in scopes:
        writer.write_scope(scope, state.slice(scope).about)
    progress("data", len(pages), len(pages))


def _when(page: Page) -> tuple[int, int, str, int]:
    """The sort key of a run in `_steps`."""
    made = page.notebook
    return -len(made.scopes), len(made.data), made.key, page.scope.path.count("/")
