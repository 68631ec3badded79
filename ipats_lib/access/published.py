"""What a published site holds, looked at from outside: a target's file, periods, folders, dates."""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from ipats_lib.access.grammar import Target
from ipats_lib.errors import UsageError
from ipats_lib.params import load_areas
from ipats_lib.periods import Period
from ipats_lib.publishing.files import INDEX, PACKED, SCOPES_FILE, read_published
from ipats_lib.scopes import STATE, Scope

_RELEASE = re.compile(r"\.ipats/releases/PY20[0-9]{2}(?:Q[1-4])?-[0-9a-f]{16}(?:-[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Publication:
    """One period as a person's home page shows it. `folders`: what the person may open there."""

    period: str
    published: datetime
    folders: tuple[Scope, ...]
    areas: tuple[tuple[str, str], ...]


def file_of(site: Path, target: Target) -> str | None:
    """The file's path below the site, inside one release; None when there is no such file. It may
    be there packed alone (`packed_of`).

    The release is read once, so that what is looked at and what is sent are the same publication.
    """
    name = target.path
    if target.scope is not None:
        release = release_of(site, target.period)
        if release is None:
            return None
        name = f"{release}/{target.scope.path}/{target.rest}"
    return name if is_plain(site, name) or packed_of(site, name) else None


def is_plain(site: Path, file: str) -> bool:
    """Whether a file is there as it is."""
    return S_ISREG(_mode(site, file))


def packed_of(site: Path, file: str) -> str | None:
    """The packed copy of a file that `file_of` gave; None when there is none."""
    name = f"{file}{PACKED}"
    return name if S_ISREG(_mode(site, name)) else None


def _mode(site: Path, name: str) -> int:
    """The mode of what stands at a path below the site; 0 when nothing does, or behind a link.

    Publishing makes no link below a release: whoever planted one does not decide what is sent.
    """
    path, mode = str(site), 0
    try:
        for part in name.split("/"):
            path = f"{path}/{part}"
            mode = os.lstat(path).st_mode
            if S_ISLNK(mode):
                return 0
    except OSError:
        return 0
    return mode


def folder_of(site: Path, target: Target) -> str | None:
    """The published folder of a target, as a path names it; None when there is none."""
    if target.scope is None:
        return "_static"
    release = release_of(site, target.period)
    there = release is not None and S_ISDIR(_mode(site, f"{release}/{target.scope.path}"))
    return f"{target.period}/{target.scope.path}" if there else None


def release_of(site: Path, period: str) -> str | None:
    """Where a period's link leads; None when it leads nowhere that publishing would point it."""
    try:
        release = os.readlink(f"{site}/{period}")
    except OSError:
        return None
    return release if _RELEASE.fullmatch(release) else None


def landing_pages(site: Path, period: str, folder: Scope) -> Iterator[Scope]:
    """A scope and the scopes inside it whose landing page is published, each once."""
    release = release_of(site, period)
    if release is None:
        return
    if S_ISDIR(_mode(site, f"{release}/{folder.path}")):
        yield from _landing(f"{site}/{release}/{folder.path}", folder)
    if folder == STATE and S_ISDIR(_mode(site, release)):
        yield from _inner(f"{site}/{release}/lwia", "lwia")


def _landing(place: str, scope: Scope) -> Iterator[Scope]:
    """A scope and its planners; `place` is no link and lies behind none."""
    if any(_is(S_ISREG, f"{place}/index.html{ending}") for ending in ("", PACKED)):
        yield scope
    if scope.kind == "lwia":
        yield from _inner(f"{place}/planner", f"{scope.path}/planner")


def _inner(place: str, path: str) -> Iterator[Scope]:
    if not _is(S_ISDIR, place):
        return
    with os.scandir(place) as found:
        names = sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))
    for name in names:
        with suppress(UsageError):
            yield from _landing(f"{place}/{name}", Scope.parse(f"{path}/{name}"))


def _is(kind: Callable[[int], bool], path: str) -> bool:
    try:
        return kind(os.lstat(path).st_mode)
    except OSError:
        return False


def listed(site: Path, period: str, folder: Scope) -> dict[str, dict[str, Any]]:
    """What publishing left about a scope and those inside it, by path: `path`, `title` and, of one
    that has not the pages of every family, its `families`.

    Empty for a publication from before they were left; where there is none, the path says it all.
    """
    target = Target(period, folder, SCOPES_FILE)
    file = file_of(site, target)
    if file is None:
        return {}
    return {scope["path"]: scope for scope in json.loads(read_published(site / file))["scopes"]}


def publications(site: Path, scopes: Sequence[Scope]) -> tuple[Publication, ...]:
    """Every period that holds something for these scopes, the newest first."""
    found = (_publication(site, period, scopes) for period in periods(site))
    return tuple(publication for publication in found if publication is not None)


def periods(site: Path) -> list[str]:
    """The names of the periods that are published, the newest first."""
    names = [path.name for path in site.glob("PY20*") if release_of(site, path.name)]
    return sorted(names, key=lambda name: (Period.parse(name).report_quarter, name), reverse=True)


def _publication(site: Path, period: str, scopes: Sequence[Scope]) -> Publication | None:
    release = release_of(site, period)
    if release is None:
        return None

    def has(scope: Scope) -> bool:
        return file_of(site, Target(period, scope, INDEX)) is not None

    there = tuple(scope for scope in scopes if has(scope))
    areas = tuple(
        (area.lwia, area.name) for area in load_areas() if STATE in scopes and has(Scope(area.lwia))
    )
    if not there and not areas:
        return None
    manifest = site / f"{release}.json"
    return Publication(period, datetime.fromtimestamp(manifest.stat().st_mtime, UTC), there, areas)
