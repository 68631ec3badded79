"""One publication from start to switch."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path, PurePosixPath

from ipats_lib import __version__
from ipats_lib.errors import NotebookError, UsageError
from ipats_lib.periods import Period
from ipats_lib.publishing.assets import Assets, build_assets
from ipats_lib.publishing.catalogue import FAMILIES, Notebook, read_catalogue
from ipats_lib.publishing.execute import Task, execute
from ipats_lib.publishing.plan import Page, choose_scopes, plan_publication
from ipats_lib.publishing.render import Frame, render, render_template
from ipats_lib.publishing.site import Site, scope_of, verify
from ipats_lib.report.data import About, ScopeData, StateData
from ipats_lib.report.figures import scope_figures, write_figures
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import Snapshot

Progress = Callable[[str, int, int], None]
"""Called with the stage, how much is done and how much there is."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to publish where."""

    notebooks: Path
    site: Path
    period: Period
    only: tuple[str, ...] = ()
    workers: int = 2
    work: Path | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """What was published."""

    release: Path
    pages: int
    scopes: int


def build(snapshot: Snapshot, options: Options, progress: Progress) -> Published:
    """Execute, render, verify and switch; the old publication stays on any failure.

    Raises NotebookError, PublicationError, PublisherBusyError or UsageError.
    """
    site = Site(options.site)
    catalogue = read_catalogue(options.notebooks)
    scopes = choose_scopes(snapshot.scopes(), options.only)
    with site.publisher(), _workers(options.workers) as pool, _work_folder(options) as work:
        staged = site.stage(options.period.name)
        kept = _carry_over(site, snapshot, options, staged, scopes)
        assets = build_assets()
        assets.write(site.static)
        state = StateData(snapshot, options.period)
        publication = _Publication(state, catalogue, assets, scopes, staged, work)
        files = publication.make(pool, progress)
        progress("verify", 0, 1)
        verify(staged, [*files, *kept], site.static)
        release = site.switch(options.period.name, staged, _facts(snapshot, options))
        progress("verify", 1, 1)
    return Published(release, len(plan_publication(catalogue, scopes)), len(scopes))


def _facts(snapshot: Snapshot, options: Options) -> dict[str, str]:
    return {
        "as_of": snapshot.as_of.isoformat(),
        "library": __version__,
        "period": options.period.name,
        "snapshot": snapshot.id,
    }


def _carry_over(
    site: Site, snapshot: Snapshot, options: Options, staged: Path, scopes: Sequence[Scope]
) -> list[PurePosixPath]:
    """With --only: take the other scopes' files from the current publication, unchanged.

    UsageError when that one was made from another snapshot: two extracts must not be mixed.
    """
    current = site.current(options.period.name)
    if not options.only or current is None:
        return []
    if site.manifest_of(current)["facts"] != _facts(snapshot, options):
        raise UsageError(
            f"{options.site} shows {options.period.name} from another snapshot or version: "
            "publish all of it, or name another --site for a part."
        )
    rebuilt = set(scopes)
    kept = []
    for name in site.manifest_of(current)["files"]:
        if scope_of(name) not in rebuilt:
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(current / name, staged / name)
            kept.append(PurePosixPath(name))
    return kept


@contextmanager
def _workers(number: int) -> Iterator[ProcessPoolExecutor]:
    """Worker processes, started before any data is loaded, so that they hold no scope's rows."""
    with ProcessPoolExecutor(number, mp_context=get_context("fork")) as pool:
        pool.submit(os.getpid).result()
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _work_folder(options: Options) -> Iterator[Path]:
    """A private folder for the scopes' data, removed at the end."""
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="ipats-", dir=options.work))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@dataclass(frozen=True)
class _Publication:
    state: StateData
    catalogue: tuple[Notebook, ...]
    assets: Assets
    scopes: Sequence[Scope]
    staged: Path
    work: Path

    def make(self, pool: ProcessPoolExecutor, progress: Progress) -> list[PurePosixPath]:
        """Write every file of the chosen scopes; returns their paths inside the period."""
        pages = plan_publication(self.catalogue, self.scopes)
        futures: dict[Future[None], Page] = {}
        for done, scope in enumerate(self.scopes):
            progress("data", done, len(self.scopes))
            data = self.state.slice(scope)
            folder = self.work / scope.path.replace("/", "-")
            data.write(folder)
            self._write_scope(scope, data)
            for page in pages:
                if page.scope == scope:
                    frame = self._frame(data.about, page.notebook.title, page)
                    task = Task(page, self.state.period.name, folder)
                    futures[pool.submit(make_page, task, frame, self.staged)] = page
        progress("data", len(self.scopes), len(self.scopes))
        self._wait(futures, progress)
        fixed = [
            PurePosixPath(s.path) / n for s in self.scopes for n in ("index.html", "figures.csv")
        ]
        return [*(page.path for page in pages), *fixed]

    def _wait(self, futures: dict[Future[None], Page], progress: Progress) -> None:
        for done, future in enumerate(as_completed(futures), start=1):
            try:
                future.result()
            except BrokenProcessPool:
                label = futures[future].label
                raise NotebookError(f"A worker died, on {label} or beside it.") from None
            progress("pages", done, len(futures))

    def _write_scope(self, scope: Scope, data: ScopeData) -> None:
        folder = self.staged / scope.path
        folder.mkdir(parents=True, exist_ok=True)
        frame = self._frame(data.about, "Overview", None)
        inside = self._inside(scope)
        html = render_template(
            "scope.html.j2",
            frame=frame,
            inside=inside,
            inside_title="Career planners" if scope.kind == "lwia" else "Areas",
            missing=data.about.missing_tables,
        )
        (folder / "index.html").write_text(html, encoding="utf-8")
        figures = scope_figures(scope, data.frames["outcomes"], self.state.period)
        write_figures(figures, folder / "figures.csv")

    def _inside(self, scope: Scope) -> list[tuple[str, str]]:
        """Path and title of the scopes one level further in, as links from this one's index."""
        if scope.kind == "planner":
            return []
        level = "planner" if scope.kind == "lwia" else "lwia"
        inner = [s for s in self.scopes if s.kind == level and scope.contains(s)]
        base = "../" if scope.kind == "state" else ""
        return [(f"{base}{_below(s)}/", self.state.title(s)) for s in inner]

    def _frame(self, about: About, title: str, page: Page | None) -> Frame:
        scope = Scope.parse(about.scope)
        below = 0 if page is None else 1
        depth = len(PurePosixPath(scope.path).parts) + below
        return Frame(
            title=title,
            scope_title=about.title,
            period=about.period,
            as_of=about.as_of,
            snapshot=about.snapshot,
            synthetic=about.synthetic,
            root="../" * (depth + 1),
            home="../" * below,
            current=f"{page.notebook.family}/{page.notebook.name}.html" if page else "",
            nav=self._nav(scope),
            style=self.assets.style,
            scripts=self.assets.scripts if page else (),
        )

    def _nav(self, scope: Scope) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        mine = [n for n in self.catalogue if scope.kind in n.scopes]
        return tuple(
            (title, tuple((f"{n.key}.html", n.title) for n in mine if n.family == family))
            for family, title in FAMILIES.items()
            if any(n.family == family for n in mine)
        )


def _below(scope: Scope) -> str:
    """An inner scope's folder as seen from its area's folder."""
    return f"planner/{scope.planner}" if scope.planner else scope.path


def make_page(task: Task, frame: Frame, staged: Path) -> None:
    """In a worker: execute one notebook, render it, write the page into staging."""
    target = staged / task.page.path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render(execute(task), frame), encoding="utf-8")
