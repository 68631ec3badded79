"""One family made anew beside the pages of the others, which stay as published (decision 0024)."""

import hashlib
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from ipats_lib.durable import file_hash
from ipats_lib.errors import PublicationError, UsageError
from ipats_lib.publishing.files import (
    INDEX,
    PACKED,
    RUN_FILE,
    SCOPES_FILE,
    Each,
    files_of,
    read_published,
    unpacked,
)
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.site import Manifest, Site
from ipats_lib.publishing.staged import scope_of
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import Snapshot, open_snapshot

# Only this family says how things are today: the others are a quarter's.
ALONE = "dashboards"
# The facts of a publication that come from its data.
DATA = ("as_of", "earlier", "released", "snapshot")
# Files of a scope's own folder that say what else is there, so that they are written each time.
_OF_ALL = (INDEX, SCOPES_FILE, RUN_FILE.name)
# A link to a page, as HTML has it and as a shard's JSON does.
_LINK = re.compile(r"""href=\\?["']([^"'#\\]+\.html)(?:#([^"'\\]*))?""")
_BODY = ('<main id="content">\n', '\n<section class="answers">')


@dataclass(frozen=True, slots=True)
class Carried:
    """What a part of a publication takes over unchanged: files, and the parts of their pages.

    assets: shared files that they link to. moved: those of them that lead to a page's new place.
    """

    files: tuple[PurePosixPath, ...] = ()
    pages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    assets: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()


def check_family(site: Site, options: Options) -> None:
    """UsageError for a family that is not made alone, and where there is nothing beside it."""
    if not options.family:
        return
    name = options.period.name
    if options.family != ALONE:
        raise UsageError(f"Only the {ALONE} are made alone: --family {ALONE}.")
    if options.quarto:
        raise UsageError("--family makes pages in our own frame: leave --renderer out.")
    if options.only:
        raise UsageError("--family makes the pages of all scopes: leave --only out.")
    if site.current_manifest(name) is None:
        raise UsageError(f"{site.root} shows no publication of {name}: publish all of it first.")


@dataclass(frozen=True, eq=False)
class Beside:
    """The publication that readers see, in which a family is made anew.

    root: its folder. snapshot: of the pages that stay. led_to: the places in each page that pages
    which stay lead to, "" for the page itself.
    """

    manifest: Manifest
    root: Path
    snapshot: Snapshot
    family: str = ALONE
    led_to: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site, shown: Manifest, newer: Snapshot, facts: Mapping[str, Any]) -> "Beside":
        """What `newer` comes beside. facts: what a whole publication of it would have.

        UsageError when the pages were made with other code, parameters or notebooks, from a newer
        snapshot, or from one that the store of `newer` does not have.
        """
        name = facts["period"]
        common = sorted({*facts} - {*DATA})
        if differing := [fact for fact in common if shown.facts.get(fact) != facts[fact]]:
            raise UsageError(
                f"{site.root} shows {name} from another version ({', '.join(differing)} changed): "
                "publish all of it first."
            )
        known = shown.facts.get(ALONE, shown.facts)["as_of"]
        if date.fromisoformat(known) > newer.as_of:
            raise UsageError(
                f"{site.root} shows {ALONE} as of {known}, and snapshot {newer.id} is older, as of "
                f"{newer.as_of}: name a newer one."
            )
        folder = newer.path.parent / shown.facts["snapshot"]
        if not folder.is_dir():
            raise UsageError(
                f"{newer.path.parent} does not hold snapshot {folder.name}, which the other pages "
                f"of {name} are from and lead to customers by: copy it there."
            )
        return cls(shown, site.root / name, open_snapshot(folder, verify=True))

    def facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts of the publication to come. facts: what a whole one would have."""
        old, new = ({name: one[name] for name in DATA} for one in (self.manifest.facts, facts))
        return {**facts, **old, **({self.family: new} if new != old else {})}

    def scopes(self, newer: Snapshot) -> tuple[Scope, ...]:
        """The scopes of the newer snapshot that are published, and planners of published LWIAs."""
        held = {scope_of(name) for name in self.manifest.files}
        planners = {s for s in newer.scopes() if s.planner and Scope(s.lwia) in held}
        return tuple(scope for scope in newer.scopes() if scope in held | planners)

    def stays(self, name: str) -> bool:
        """Whether a file is another family's, or the figures of the quarter."""
        folder, inner, _ = name.removeprefix(f"{scope_of(name).path}/").partition("/")
        return folder != self.family if inner else not folder.startswith(_OF_ALL)

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """The files that stay, as they are stored."""
        return tuple(name for name in self.manifest.files if self.stays(name))

    @cached_property
    def files(self) -> frozenset[str]:
        """The files that stay, whatever their form."""
        return frozenset(files_of(self.kept))

    @cached_property
    def scopes_kept(self) -> frozenset[Scope]:
        """The scopes that have pages which stay."""
        return frozenset(scope_of(name) for name in self.files if name.endswith(".html"))

    @property
    def record(self) -> str:
        """The record of what the pages that stay show across areas."""
        return str(self.manifest.facts["record"]).split(" ")[0]

    def landing(self, scope: Scope) -> str:
        """The content of the landing page of a scope, as another family's notebook made it."""
        name = f"{scope.path}/{INDEX}"
        for stored in (name, f"{name}{PACKED}"):
            path = self.root / stored
            if (file_hash(path) if path.exists() else None) != self.manifest.files.get(stored):
                raise damaged(stored, self.root.name)
        text = read_published(self.root / name).decode("utf-8")
        return text.partition(_BODY[0])[2].rpartition(_BODY[1])[0]

    def carry(self, staged: Path, each: Each) -> Carried:
        """Put the files that stay into the new publication, and note where they lead to.

        PublicationError names a file that is no longer the one that was published.
        """
        for name in self.kept:
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(self.root / name, staged / name)
        looks = each(_look_at, [f"{staged}/{name}" for name in self.kept])
        for name, (digest, links) in zip(self.kept, looks, strict=True):
            if digest != self.manifest.files[name]:
                raise damaged(name, self.root.name)
            for link, place in links:
                page = os.path.normpath(f"{os.path.dirname(name)}/{link}")
                if page not in self.files and not page.startswith("../"):
                    self.led_to.setdefault(page, set()).add(place)
        facts, moved = self.manifest.facts, self.files.intersection(self.manifest.facts["moved"])
        pages = {path: parts for path, parts in self.manifest.pages.items() if path in self.files}
        files = tuple(map(PurePosixPath, self.kept))
        return Carried(files, pages, tuple(facts["assets"]), tuple(moved))

    def lost(self, there: Collection[str]) -> list[str]:
        """The pages that pages which stay lead to, and that there are no more."""
        return sorted({*self.led_to}.difference(there))


def _look_at(path: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """The hash of a file, and the pages and places that it leads to."""
    data = Path(path).read_bytes()
    digest, plain = hashlib.sha256(data).hexdigest(), path.removesuffix(PACKED)
    if not plain.endswith((".html", ".json")) or (path != plain and os.path.exists(plain)):
        return digest, frozenset()
    text = (data if path == plain else unpacked(data) or b"").decode("utf-8")
    return digest, frozenset(_LINK.findall(text))


def damaged(file: str, period: str) -> PublicationError:
    """The error for a published file that has changed since."""
    return PublicationError(
        f"{file} is no longer the file that was published: publish all of {period}, not a part."
    )
