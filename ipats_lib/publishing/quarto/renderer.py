"""The pages of a publication as Quarto websites: collected by scope, rendered at its end, by the
Quarto that is installed on this machine."""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ipats_lib.errors import PublicationError, UsageError
from ipats_lib.publishing import scratch
from ipats_lib.publishing.assets import Assets, named
from ipats_lib.publishing.files import joined
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.postmortem import keep_text
from ipats_lib.publishing.quarto.project import (
    Rendered,
    page_source,
    parts_of,
    source_of,
    write_project,
)
from ipats_lib.publishing.render import Frame, render_content

LEAST = (1, 6)
_ANSWER_SECONDS = 60
_START_SECONDS = 300
_PAGE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Quarto:
    """A Quarto that is recent enough."""

    path: str
    version: str

    def render(self, project: Path, pages: int) -> str:
        """Render a project without executing anything; empty, or what Quarto wrote as it failed.

        Its temporary files, which hold the pages, stay beside the project. No setting of the
        caller's (`QUARTO_PROFILE` merges another configuration) changes what comes out.
        """
        temporary = project.with_name(f"{project.name}-tmp")
        temporary.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("QUARTO_")}
        try:
            done = subprocess.run(  # noqa: S603  # a program that the operator chose
                [self.path, "render", str(project), "--no-execute", "--to", "html"],
                env={**kept, "TMPDIR": str(temporary), "NO_COLOR": "1"},
                cwd=project,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
                timeout=_START_SECONDS + pages * _PAGE_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            return f"It did not end within {error.timeout:,.0f} seconds."
        said = done.stdout.decode("utf-8", "replace")
        return f"Exit code {done.returncode}.\n{said}" if done.returncode else ""


def find_quarto() -> Quarto:
    """The Quarto that `QUARTO_PATH` names, else the one on PATH.

    UsageError when there is none, it does not answer, or it is too old.
    """
    least = ".".join(map(str, LEAST))
    needs = f"--renderer quarto needs Quarto {least} or newer; without --renderer a site needs none"
    named = os.environ.get("QUARTO_PATH", "")
    path = shutil.which(named or "quarto")
    if path is None:
        where = f"QUARTO_PATH names {named}, which is no program" if named else "none is on PATH"
        raise UsageError(f"{needs}. {where[0].upper()}{where[1:]}: install it, or set QUARTO_PATH.")
    try:
        command = [path, "--version"]
        answer = subprocess.check_output(  # noqa: S603
            command, text=True, stdin=subprocess.DEVNULL, timeout=_ANSWER_SECONDS
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        answer = ""
    found = re.search(r"(\d+)\.(\d+)\.\d+", answer)
    if found is None:
        raise UsageError(f"{needs}. {path} does not say which version it is.")
    if (int(found[1]), int(found[2])) < LEAST:
        raise UsageError(f"{needs}. {path} is {found[0]}.")
    return Quarto(path, found[0])


@dataclass
class Websites:
    """The Quarto projects of one publication, one a scope, in a private folder of this run.

    workers: how many projects are rendered at once, each in its own folder. failures: where what
    Quarto wrote is kept, private. shared: files of all projects, by their names in `_static`.
    """

    quarto: Quarto
    folder: Path
    workers: int
    failures: Path | None
    shared: dict[str, bytes] = field(default_factory=dict)
    _frames: dict[str, dict[str, Frame]] = field(default_factory=dict)
    _parts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, body: str, frame: Frame) -> None:
        """Keep a page until its scope's website is rendered."""
        content = render_content(body, frame)
        self._frames.setdefault(frame.scope, {})[frame.current] = frame
        self._parts[f"{frame.scope}/{frame.current}"] = parts_of(content)
        path = self._project(frame.scope) / source_of(frame.current)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page_source(content, frame), encoding="utf-8")

    def _project(self, scope: str) -> Path:
        """The scope's own folder, never inside of another scope's."""
        return self.folder / scope.replace("/", "-")

    def render(self, staged: Path, assets: Assets) -> list[PurePosixPath]:
        """Render every website into the staging folder; gives the files beside the pages.

        PublicationError when Quarto fails or gives something else than the scope's pages.
        """
        ours = [named(f"show.{kind}", joined(f"[23]0-*.{kind}")) for kind in ("css", "js")]
        self.shared.update(ours)
        (style, _), (script, _) = ours

        def head(frame: Frame, drawn: bool) -> str:
            """What a page loads of ours, for charts, tables and tabs."""
            static = f"{frame.root}_static/"
            scripts = [assets.charts, script] if drawn else [script]
            return "\n".join([
                '<meta name="referrer" content="no-referrer">',
                f'<link rel="icon" type="image/svg+xml" href="{static}{assets.icon}">',
                f'<link rel="stylesheet" href="{static}{style}">',
                *(f'<script src="{static}{each}" defer></script>' for each in scripts),
                "",
            ])  # fmt: skip

        with ThreadPoolExecutor(self.workers) as pool:
            done = pool.map(lambda scope: self._website(scope, staged, head), self._frames)
            return [file for files in done for file in files]

    def _website(
        self, scope: str, staged: Path, head: Callable[[Frame, bool], str]
    ) -> list[PurePosixPath]:
        project, frames = self._project(scope), self._frames[scope]
        write_project(project, frames)
        if said := self.quarto.render(project, len(frames)):
            kept = self.failures and keep_text(f"quarto for {scope}", said, self.failures)
            raise PublicationError(f"Quarto failed on {scope}. What it wrote is in {kept}.")
        made = Rendered(project, scope)
        made.open(frames)
        for name, frame in frames.items():
            parts = self._parts[f"{scope}/{name}"]
            text = made.page(name, frame, parts, head(frame, "figure" in parts))
            (staged / scope / name).write_text(text, encoding="utf-8")
        for name, data in made.beside.items():
            (staged / scope / name).write_bytes(data)
        self.shared.update(made.shared)
        shutil.rmtree(project)
        return [PurePosixPath(scope, name) for name in made.beside]


@contextmanager
def websites(options: Options) -> Iterator[Websites | None]:
    """What renders a publication's pages in place of our own frame; None where none is asked."""
    if options.quarto is None:
        yield None
        return
    with scratch.run_folder() as folder:
        yield Websites(options.quarto, folder, options.workers, options.failures)
