"""A published site on disk, and the one step that replaces a publication.

    SITE/PY2024Q4            -> .ipats/releases/PY2024Q4-<id>      the step is this link's rename
    SITE/_static/...            shared files, named by content
    SITE/.ipats/releases/       the last publications, whole; never changed once named
    SITE/.ipats/staging/        the one in the making
    SITE/.ipats/PY2024Q4.staged the release that waits to be shown, if any
    SITE/.ipats/lock            who publishes

A server must refuse every path segment that starts with a dot.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from ipats_lib import locks
from ipats_lib.durable import file_hash, point_to, sync_folder, sync_tree, write_file
from ipats_lib.errors import PublicationError, UsageError
from ipats_lib.publishing.dependencies import Parts
from ipats_lib.publishing.files import RUN_FILE, files_of, is_sound

KEEP = 3
# A reader who has followed the link before the switch may still be opening a file behind it.
GRACE_SECONDS = 60.0
KEEP_RUNS = 20
RUN_FILES = frozenset({RUN_FILE.as_posix()})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a publication holds: facts about it, the hash of every file, each page's inputs."""

    facts: Mapping[str, Any]
    files: Mapping[str, str]
    pages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Equal publications have equal ids; what only tells of the run itself is left out."""
        lasting = {name: digest for name, digest in self.files.items() if name not in RUN_FILES}
        text = Manifest(self.facts, lasting, self.pages).text
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def page_count(self) -> int:
        """How many HTML pages notebooks gave; a scope's index counts where a notebook made it."""
        others = {*RUN_FILES, *self.facts.get("moved", ())}
        html = [n for n in files_of(self.files) if n.endswith(".html") and n not in others]
        return sum(not n.endswith("/index.html") or n in self.pages for n in html)

    @property
    def text(self) -> str:
        whole = {"facts": self.facts, "files": self.files, "pages": self.pages}
        return json.dumps(whole, indent=1, sort_keys=True)


class Site:
    """The folder that a web server serves.

    grace: seconds for which a replaced release stays, however many newer ones there are.
    """

    def __init__(self, root: Path, grace: float = GRACE_SECONDS) -> None:
        self.root, self.grace = root, grace
        self.inner = root / ".ipats"
        self.releases = self.inner / "releases"
        self.static = root / "_static"

    @contextmanager
    def publisher(self) -> Iterator[None]:
        """Hold the site for publishing; PublisherBusyError names the holder. Freed by any death."""
        locks.require()
        self.releases.mkdir(parents=True, exist_ok=True)
        with locks.one_at_a_time(self.inner / "lock", self.root):
            yield

    @contextmanager
    def stepping(self) -> Iterator[None]:
        """Hold the site to show another of its releases. UsageError when it has none,
        PublicationError when the disk refuses."""
        if not self.releases.is_dir():
            raise UsageError(f"{self.root} holds no publication.")
        try:
            with self.publisher():
                yield
        except OSError as error:
            raise PublicationError(f"{self.root} cannot be written ({error.strerror}).") from None

    def stage(self, period: str) -> Path:
        """An empty folder to build a publication in; UsageError as `_check_link`."""
        self._check_link(period)
        folder = self.inner / "staging" / period
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def current(self, period: str) -> Path | None:
        """The release that readers see, if there is one."""
        link = self.root / period
        return link.resolve() if link.is_symlink() and link.exists() else None

    def current_manifest(self, period: str) -> Manifest | None:
        """The manifest of what readers see; None when there is none or it cannot be read."""
        release = self.current(period)
        return self.manifest(release) if release else None

    def manifest(self, release: Path) -> Manifest | None:
        """The manifest of a release; None when there is none or it cannot be read."""
        try:
            return Manifest(**json.loads(release.with_suffix(".json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def is_whole(self, release: Path) -> bool:
        """Whether every file of a release is the one that was made, shared ones too."""
        manifest = self.manifest(release)
        if manifest is None:
            return False
        shared = (self.static / name for name in manifest.facts.get("assets", []))
        return all(is_sound(asset) for asset in shared) and _hashes(release) == manifest.files

    def keys_in_use(self) -> set[str]:
        """The cache keys of every page of every release that is kept."""
        kept = (manifest.pages.values() for manifest in self._kept())
        return {Parts(parts).key for pages in kept for parts in pages}

    def snapshots_in_use(self) -> set[str]:
        """The ids of the snapshots that the releases that are kept were made from, those of a
        family that was made alone too."""
        facts_kept = [manifest.facts for manifest in self._kept()]
        facts_kept += [
            each for facts in facts_kept for each in facts.values() if isinstance(each, dict)
        ]
        named = (f"{facts.get('snapshot', '')} {facts.get('earlier', '')}" for facts in facts_kept)
        return {name for names in named for name in names.split()}

    def _kept(self) -> Iterator[Manifest]:
        """The manifests of the releases that are kept."""
        manifests = (self.manifest(path) for path in self.releases.iterdir() if path.is_dir())
        return (manifest for manifest in manifests if manifest)

    def keep(self, period: str, staged: Path, manifest: Manifest) -> Path:
        """Name a verified staging folder as a release, which nobody sees yet."""
        release = self._place_for(period, manifest)
        sync_tree(staged)
        write_file(release.with_suffix(".json"), manifest.text.encode())
        if release.exists():
            shutil.rmtree(staged)
        else:
            os.replace(staged, release)
        sync_folder(self.releases)
        return release

    def hold(self, period: str, release: str, note: Mapping[str, str]) -> None:
        """Let a release wait to be shown, in place of another that did.

        It waits as long as readers see the publication that they see now.
        """
        current = self.current(period)
        staged = {**note, "release": release, "base": current.name if current else ""}
        write_file(self.inner / f"{period}.staged", json.dumps(staged).encode())
        self._prune(period)

    def waiting(self, period: str) -> dict[str, str] | None:
        """What `hold` was given, and the `release` that waits; None when none does."""
        try:
            note: dict[str, str] = json.loads(
                (self.inner / f"{period}.staged").read_text(encoding="utf-8")
            )
        except (FileNotFoundError, ValueError):
            return None
        current = self.current(period)
        return note if note["base"] == (current.name if current else "") else None

    def _place_for(self, period: str, manifest: Manifest) -> Path:
        """The release's folder: one that holds these very files already, or a new one."""
        for number in count():
            again = f"-{number}" if number else ""
            release = self.releases / f"{period}-{manifest.id}{again}"
            if not release.exists() or manifest.files == _hashes(release):
                return release
        raise AssertionError("count() does not end")

    def show(self, period: str, name: str) -> None:
        """Show a release that is kept; the old one is shown until then.

        One of the same publication with another run report is replaced like any other. After a
        rollback what came after the one shown is no step back any more, nor is the same publication
        with an older run report.
        """
        self._check_link(period)
        history, current = self.history(period), self.current(period)
        if current and current.name in history:
            history = history[history.index(current.name) :]
        history = [n for n in history if _publication(n) != _publication(name)]
        write_file(self.inner / f"{period}.history", "\n".join([name, *history]).encode())
        self._point(period, name)
        self._prune(period)

    def _check_link(self, period: str) -> None:
        """UsageError for a period that is a folder: no step could replace it as one."""
        place = self.root / period
        if place.exists() and not place.is_symlink():
            raise UsageError(
                f"{place} is a folder where a link must be, as in a copy of a site that followed "
                "links: remove the folder, or copy the site again with `cp -a`."
            )

    def _point(self, period: str, name: str) -> None:
        if (shown := self.current(period)) and shown.with_suffix(".json").exists():
            os.utime(shown.with_suffix(".json"))
        point_to(self.root / period, f".ipats/releases/{name}")

    def history(self, period: str) -> list[str]:
        """Release names, the newest publication first."""
        path = self.inner / f"{period}.history"
        return path.read_text().splitlines() if path.exists() else []

    def runs(self, period: str) -> list[dict[str, Any]]:
        """What the last publications of a period cost, the newest first."""
        try:
            lines = (self.inner / f"{period}.runs").read_text(encoding="utf-8").splitlines()
            return [json.loads(line) for line in lines]
        except (FileNotFoundError, ValueError):
            return []

    def note_run(self, period: str, run: Mapping[str, Any]) -> None:
        """Remember what a publication cost; only so many are kept."""
        lines = [json.dumps(r, sort_keys=True) for r in [run, *self.runs(period)][:KEEP_RUNS]]
        write_file(self.inner / f"{period}.runs", "\n".join(lines).encode())

    def rollback(self, period: str) -> str:
        """Show the publication before the current one and give its name.

        UsageError when there is none, PublisherBusyError while somebody publishes,
        PublicationError when the disk refuses; readers then see what they saw.
        """
        self._check_link(period)
        with self.stepping():
            names = [n for n in self.history(period) if (self.releases / n).is_dir()]
            shown = current.name if (current := self.current(period)) else ""
            older = names[names.index(shown) + 1 :] if shown in names else []
            if not older:
                raise UsageError(
                    f"{self.root} keeps no publication of {period} before the current."
                )
            self._point(period, older[0])
            return older[0]

    def _prune(self, period: str) -> None:
        kept = {*self.history(period)[:KEEP], (self.waiting(period) or {}).get("release")}
        for release in self.releases.glob(f"{period}-*"):
            name = release.name.removesuffix(".json")
            if name in kept or self._lately_shown(name):
                continue
            if release.is_dir():
                shutil.rmtree(release)
            else:
                release.unlink(missing_ok=True)

    def _lately_shown(self, name: str) -> bool:
        """Whether readers saw it less than `grace` seconds ago; a clock that jumped says no."""
        try:
            replaced = (self.releases / f"{name}.json").stat().st_mtime
        except FileNotFoundError:
            return False
        return abs(time.time() - replaced) < self.grace


def _publication(release: str) -> str:
    """The period and id in a release's name, whose number tells releases of the same apart."""
    return "-".join(release.split("-")[:2])


def _hashes(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): file_hash(path) for path in walk(folder)}


def walk(folder: Path) -> list[Path]:
    """Every file below a folder, in order of path."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
