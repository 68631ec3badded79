"""One notebook's pages while somebody writes it: made again at each save, in the site's look.

The snapshot is verified and its frames are counted once. A save costs a run in a warm fork, as in a
publication; the browser waits for it and loads the page again. Whoever has not the address, which
holds a secret, sees nothing.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from secrets import token_hex
from urllib.parse import parse_qs, urlsplit

import nbformat

from ipats_lib.console import say
from ipats_lib.errors import IpatsError, NotebookError, UsageError
from ipats_lib.publishing.assets import build_assets
from ipats_lib.publishing.catalogue import Notebook, examine, read_notebook
from ipats_lib.publishing.checking import faults_of_cells
from ipats_lib.publishing.declaration import FAMILIES, set_values
from ipats_lib.publishing.dependencies import hash_files
from ipats_lib.publishing.execute import Made
from ipats_lib.publishing.failed import RunFailed, tracebacks
from ipats_lib.publishing.files import POLICY, SCOPES_FILE, TEMPLATES, notebook_files
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.plan import Page, Plan, Source
from ipats_lib.publishing.preview import HOST, Handler, listening, serve_until_stopped
from ipats_lib.publishing.scratch import run_folder
from ipats_lib.publishing.workers import Workers, local_workers, run_jobs
from ipats_lib.publishing.writer import Writer
from ipats_lib.report.data import StateData
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import Snapshot, read_released

LOOK_SECONDS = 0.02
WAIT_SECONDS = 20.0


@dataclass
class Live:
    """The pages of a notebook for one scope, in `folder`.

    watched: whether somebody is writing it: a save ends a run, and what `check` finds comes first.
    version: how often it was run, last as the file was `known`. said: why the last run gave no
    page. pages: their files.
    """

    path: Path
    scope: Scope
    options: Options
    state: StateData
    pool: Workers
    folder: Path
    watched: bool = False
    version: int = 0
    known: tuple[int, ...] | None = None
    said: str = ""
    pages: tuple[str, ...] = ()
    changed: threading.Condition = field(default_factory=threading.Condition)

    @cached_property
    def _others(self) -> dict[Notebook, Source]:
        """The other notebooks without a fault: menus list them."""
        every = notebook_files(self.options.notebooks)
        others = [path for path in every if path != self.path and path.parent.name in FAMILIES]
        return {each: _source(each.path) for each in examine(others)[0]}

    def run(self) -> None:
        """Run the notebook as its file is now, and tell the browser."""
        self.known = _state_of(self.path)
        try:
            self._write()
            said = ""
        except (IpatsError, OSError) as error:  # a file may go for a moment while it is saved
            said = f"{error}\n{_traceback(error)}".strip()
        with self.changed:
            self.version, self.said = self.version + 1, said
            self.changed.notify_all()

    def _write(self) -> None:
        found, faults = examine([self.path])
        if self.watched and not faults:
            faults += faults_of_cells(found[0])
        if faults:
            raise NotebookError("\n".join(map(str, faults)))
        notebook, others = found[0], self._others
        if self.scope.kind not in notebook.scopes:
            said = (
                f"`scopes` of {self.path} does not list {self.scope.kind}, as {self.scope.path} is."
            )
            raise NotebookError(said)
        values = set_values({each.key: dict(each.parameters) for each in (notebook, *others)})
        notebook = replace(notebook, parameters=tuple(values[notebook.key].items()))
        page = Page(notebook, self.scope)
        every = {**others, notebook: _source(self.path)}
        ordered = sorted(every, key=lambda each: (each.family, each.order, each.name))
        sources = {each: every[each] for each in ordered}
        plan = Plan((page,), sources, {}, (), self.options)
        about = self.state.slice(self.scope).about
        step = plan.step(page, about, self.state.slice(page.source))
        [(_, made)] = run_jobs(self.pool, [(step, step.job)])
        if not isinstance(made, Made):
            raise made or NotebookError(f"{page.label} gave nothing.")
        scopes = self.state.snapshot.scopes()
        writer = Writer(
            self.state, plan, scopes, build_assets(), self.folder / self.options.period.name
        )
        (writer.staged / self.scope.path).mkdir(parents=True, exist_ok=True)
        for file in writer.write_page(page, about, made.content):
            if file.suffix == ".html":
                path = writer.staged / file  # which lets it wait for the next run
                text = path.read_text(encoding="utf-8")
                path.unlink()  # it may be a file that another name leads to
                path.write_text(text.replace("</head>", f"{self.script(1)}</head>", 1), "utf-8")
        listed = {"scopes": [writer.framing.listed(self.scope)]}
        (writer.staged / self.scope.path / SCOPES_FILE).write_text(json.dumps(listed))
        self.pages = tuple(f"{self.options.period.name}/{path}" for path in page.paths)

    @property
    def first_line(self) -> str:
        """What may be logged of a run that gave no page: a traceback may quote a record."""
        return self.said.partition("\n")[0]

    def script(self, more: int = 0) -> str:
        """The element that waits. more: runs that the page is ahead of the last report."""
        source = f"/{self.folder.name}/preview.js?version={self.version + more}"
        return f'<script src="{source}" defer></script>'

    def unless_saved(self) -> None:
        """Called while a run goes on, which may be an endless one: a save ends it."""
        if self.watched and _state_of(self.path) not in (self.known, None):
            self.pool.abandon()
            raise NotebookError("The notebook was saved while it ran: it runs again.")

    def watch(self, ended: threading.Event) -> None:
        """Run it again whenever its file has changed, until `ended`. A file that is still another
        one at the next look is being written: half of it is not run."""
        seen = self.known
        while not ended.wait(LOOK_SECONDS):
            before, seen = seen, _state_of(self.path)
            if seen not in (self.known, None) and seen == before:
                self.run()
                say("made", self.first_line or "Made again.")


def _source(path: Path) -> Source:
    """A notebook's text and version. Nothing is kept by what it depends on."""
    return Source(nbformat.writes(read_notebook(path)), hash_files([path], path.parent), {}, "")


def _state_of(path: Path) -> tuple[int, ...] | None:
    """What changes when a file is saved; None while there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _traceback(error: Exception) -> str:
    """What the cell that failed left, for whoever wrote it."""
    if not isinstance(error, RunFailed) or not error.executed:
        return ""
    return "\n".join(tracebacks(json.loads(error.executed)))


class _LiveHandler(Handler):
    live: Live

    def send_head(self):  # type: ignore[no-untyped-def]
        address = urlsplit(self.path)
        if address.path != f"/{self.live.folder.name}/next.json":
            return super().send_head()  # type: ignore[no-untyped-call]
        after = int(parse_qs(address.query).get("after", ["0"])[0])
        with self.live.changed:
            self.live.changed.wait_for(lambda: self.live.version > after, WAIT_SECONDS)
            progress = {
                "version": self.live.version,
                "said": self.live.said,
                "page": next(iter(self.live.pages), ""),
            }
        return self.sent(json.dumps(progress).encode(), "application/json")

    def list_directory(self, path):  # type: ignore[no-untyped-def]  # noqa: ARG002
        """Nothing: the folder's name is the secret."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()


@contextmanager
def live(
    path: Path, scope: Scope, options: Options, snapshot: Snapshot, watched: bool = False
) -> Iterator[Live]:
    """A notebook's pages, made once. snapshot: verified already.

    UsageError for a scope that the snapshot does not have.
    """
    released = tuple(read_released(snapshot.path.parent, options.period))
    asked = (scope, Scope(scope.lwia))
    state = StateData(snapshot, options.period, (), (), released, asked)
    if scope not in snapshot.scopes():
        raise UsageError(f"Scope '{scope}' is not in snapshot {snapshot.id}.")
    with run_folder() as place, local_workers(1) as pool:
        made = Live(path, scope, options, state, pool, place / token_hex(16), watched)
        pool.check = made.unless_saved  # type: ignore[method-assign]
        build_assets().write(made.folder / "_static")
        (made.folder / "preview.js").write_bytes((TEMPLATES / "preview.js").read_bytes())
        icon = f'<link rel="icon" href="_static/{build_assets().icon}">'
        head = f"<title>Preview</title>{icon}{made.script()}"
        begin = f"<!doctype html><html lang=en><head>{head}</head>"
        (made.folder / "index.html").write_text(f"{begin}<body><p>The page is being made.</p>")
        made.run()
        yield made


def serve_live(made: Live, port: int) -> None:
    """Serve the pages on loopback until interrupted; a save makes them again where watched."""
    ended = threading.Event()
    watcher = threading.Thread(target=made.watch, args=(ended,), daemon=True)
    handler = type("Bound", (_LiveHandler,), {"live": made})
    with listening(made.folder.parent, port, handler) as server:
        if made.watched:
            watcher.start()
        say("serving", made.first_line or "The page is made.")
        address = f"http://{HOST}:{server.server_port}/{made.folder.name}/index.html"
        say("serving", f"Open {address}", address=address)
        try:
            serve_until_stopped(server)
        finally:
            ended.set()
            if made.watched:
                watcher.join()
