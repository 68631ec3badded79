"""The pages of a publication as Quarto websites: collected by scope, rendered at its end."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ipats_lib.errors import PublicationError
from ipats_lib.publishing import scratch
from ipats_lib.publishing.assets import Assets, named
from ipats_lib.publishing.files import joined
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.postmortem import keep_text
from ipats_lib.publishing.quarto.program import Quarto
from ipats_lib.publishing.quarto.project import page_source, source_of, write_project
from ipats_lib.publishing.quarto.rendered import Rendered, parts_of
from ipats_lib.publishing.render import Frame, render_content


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
