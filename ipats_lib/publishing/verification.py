"""What a staged publication is looked at for before readers see it."""

import hashlib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ipats_lib.errors import PublicationError
from ipats_lib.publishing.links import read_links
from ipats_lib.publishing.packing import PACKED, Each, files_of, unpacked
from ipats_lib.publishing.site import walk
from ipats_lib.scopes import Scope

_SCOPE_FOLDER = re.compile(r"state(?=/)|lwia/[0-9]{2}(?:/planner/[a-z0-9_-]+)?(?=/)")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look at a staged file gives: its hash, and a page's links and places.

    holds: the hash of what a packed file holds; empty for one that is damaged.
    """

    digest: str
    links: frozenset[tuple[str, str]] = frozenset()
    places: frozenset[str] = frozenset()
    holds: str = ""


def _look_at(path: str) -> _Seen:
    data = Path(path).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    plain, whole = path.removesuffix(PACKED), data
    if path != plain:
        whole = unpacked(data) or b""
    holds = hashlib.sha256(whole).hexdigest() if whole and path != plain else ""
    if not plain.endswith(".html") or (path != plain and os.path.exists(plain)):
        return _Seen(digest, holds=holds)
    return _Seen(digest, *read_links(whole.decode("utf-8")), holds)


def verify(
    staged: Path, expected: Sequence[PurePosixPath], static: Path, each: Each = map
) -> dict[str, str]:
    """Every planned file is there, nothing else is, every link stays inside its scope; a packed
    copy holds what its file holds, where that is there too.

    each: what looks at many files, in order. Returns the hash of each file, for the manifest.
    PublicationError names the file. A link may lead to `_static`, to the page's own scope or to
    a scope inside it.
    """
    there = {path.relative_to(staged).as_posix() for path in walk(staged)}
    present, planned = files_of(there), files_of(path.as_posix() for path in expected)
    for name in sorted(planned - present):
        raise PublicationError(f"{name} was planned and is not there; nothing was published.")
    for name in sorted(present - planned):
        raise PublicationError(f"{name} is there and was not planned; nothing was published.")
    shared = {path.name for path in static.iterdir() if path.suffix != PACKED}
    one = {name: _one_of(staged, name, there) for name in sorted(there)}
    first = {same: f"{staged}/{name}" for name, same in one.items()}
    looks = dict(zip(first, each(_look_at, first.values()), strict=True))
    seen = {name: looks[same] for name, same in one.items()}
    for name in there - present:
        plain = seen.get(name.removesuffix(PACKED))
        if not seen[name].holds or (plain and seen[name].holds != plain.digest):
            raise PublicationError(f"{name} does not hold its file; nothing was published.")
    pages = {
        name: seen.get(name) or seen[f"{name}{PACKED}"]
        for name in present
        if name.endswith(".html")
    }
    for name, page in pages.items():
        _verify_links(name, {path for path, _ in page.links if path}, present, shared)
    shared_pages = {
        f"../_static/{path.name}": _look_at(str(path)) for path in static.glob("*.html")
    }
    _verify_places(pages, {**pages, **shared_pages})
    return {name: look.digest for name, look in seen.items()}


def _one_of(staged: Path, name: str, there: Collection[str]) -> tuple[object, ...]:
    """What files have in common that one look is enough for: they are one under several names."""
    beside = name.endswith(PACKED) and name.removesuffix(PACKED) in there
    return os.stat(staged / name).st_ino, os.path.basename(name), beside


def _verify_links(name: str, links: set[str], present: set[str], shared: set[str]) -> None:
    scope = scope_of(name)
    for link in links:
        target = os.path.normpath(f"PERIOD/{os.path.dirname(name)}/{link}")
        if os.path.dirname(target) == "_static" and os.path.basename(target) in shared:
            continue
        inside = target.removeprefix("PERIOD/")
        absolute = link.startswith(("/", "\\"))
        if absolute or inside not in present or not scope.contains(scope_of(inside)):
            raise PublicationError(f"{name} links to {link}, which is not in its scope.")


def _verify_places(pages: Mapping[str, _Seen], known: Mapping[str, _Seen]) -> None:
    """A link into a page leads to a place that the page has. known: pages and shared pages."""
    for name, page in pages.items():
        for link, place in page.links:
            target = os.path.normpath(f"{os.path.dirname(name)}/{link}") if link else name
            there = known[target].places if target in known else frozenset()
            if place and place not in there:
                raise PublicationError(
                    f"{name} links to {link}#{place}, and there is no such place."
                )


def scope_of(name: str) -> Scope:
    """The scope in whose folder a file of a publication lies."""
    found = _SCOPE_FOLDER.match(name)
    if found is None:
        raise PublicationError(f"{name} lies in no scope's folder.")
    return Scope.parse(found[0])
