"""A publication that is made and not shown yet: what it is looked at for before readers see it,
what differs from the one that they see, and its step.

Looked at is what a page refers to, in whatever spelling of HTML, and the places in it that can be
led to. A staged publication counts as published once it is shown: only then its record is put
beside the snapshots, which later publications withhold by (decision 0013).
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path, PurePosixPath

import pandas as pd

from ipats_lib.errors import PublicationError, UsageError
from ipats_lib.periods import Period
from ipats_lib.publishing.files import PACKED, RUN_FILE, Each, files_of, read_published, unpacked
from ipats_lib.publishing.site import Manifest, Site, walk
from ipats_lib.scopes import Scope
from ipats_lib.snapshot import keep_released, read_released

# Most tags of a page refer to nothing and can be led to by nothing, and most links are written in
# one way: the parser, which takes its time, is spared both.
_PLAIN_TAG = re.compile(
    r"</?(?:td|th|tr|table|thead|tbody|p|div|span|section|ul|ol|li|dl|dt|dd|h[1-6]|strong|em|b|i|"
    r"small|abbr|sup|sub|code|pre|br|hr|figure|caption|details|summary|"
    r"svg|line|circle|path|text|rect|time)"
    r"""(?:\s(?:(?:class|scope|colspan|rowspan|title|role|tabindex|aria-[a-z]+|data-(?!places)[a-z]+|"""
    r"""[xyrd]|[xy][12]|c[xy]|width|height|viewBox|overflow|text-anchor|datetime)"""
    r"""=(?:"[^"<>]*"|'[^'<>]*')|style=(?:"[^"<>(\\]*"|'[^'<>(\\]*')))*/?>"""
)
_PLAIN_LINK = re.compile(r"""<a href=(["'])([^"'<>&\s]+)\1>""")
_ADDRESSES = frozenset(
    {"action", "background", "cite", "data", "formaction", "href", "longdesc", "manifest", "poster"}
    | {"src", "xlink:href"}
)
_LISTS = {"imagesrcset": ",", "ping": " ", "srcset": ","}
_IN_STYLE = re.compile(
    r"""url\(\s*["']?([^"')]*)|@import\s+["']([^"']*)""",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"""^[\s\d.]*[;,\s]\s*(?:url\s*=)?\s*["']?([^"']*)""", re.IGNORECASE)


class _Reader(HTMLParser):
    """Collects the links and the places of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value.strip() for name, value in attrs if value is not None}
        self.links.update(_addresses(tag, given))
        # What a page's script puts there from a shard (decision 0018).
        self.places.update(given.get("data-places", "").split())
        names = ("id", "name") if tag == "a" else ("id",)
        self.places.update(given[name] for name in names if given.get(name))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self.links.update(_in_style(data))


def _addresses(tag: str, given: dict[str, str]) -> Iterator[str]:
    for name, value in given.items():
        if name in _ADDRESSES and not (name == "data" and tag != "object"):
            yield value
        elif name in _LISTS:
            yield from (each.split()[0] for each in value.split(_LISTS[name]) if each.strip())
        elif name == "srcdoc":
            yield from (link for link, _ in read_links(value)[0])
        if "(" in value or "@" in value:
            yield from _in_style(value)
    if tag == "base":
        yield "/"  # under another base no link leads where it seems to, so none is taken
    if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
        found = _REFRESH.match(given.get("content", ""))
        yield found[1].strip() if found else ""


def _in_style(text: str) -> Iterator[str]:
    """Addresses of CSS; `#name` is a part of the page's own drawing, and no link."""
    for match in _IN_STYLE.finditer(text):
        address = (match[1] or match[2] or "").strip()
        if not address.startswith("#"):
            yield address


def read_links(html: str) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """What a page refers to, each as its file ("" for the page itself) and a place in it; and the
    page's own places."""
    reader = _Reader()
    reader.feed(_PLAIN_LINK.sub(" ", _PLAIN_TAG.sub(" ", html)))
    reader.close()
    links = reader.links.union(link for _, link in _PLAIN_LINK.findall(html))
    parted = (link.partition("#") for link in links)
    return frozenset((file, place) for file, _, place in parted), frozenset(reader.places)


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


KEY = ["period", "window", "area_type", "area", "program", "measure", "group"]
FIGURES = ["numerator", "denominator", "value", "suppressed"]
_FILE = "figures.csv"


@dataclass(frozen=True, slots=True)
class Differences:
    """What two publications of a period do not have in common.

    figures: one figure a row, by `KEY`, its `change` (changed, new or gone) and `FIGURES` as shown
    and as staged. files: of the others, how many scopes' differ, by their path in the folder of a
    scope.
    """

    figures: pd.DataFrame
    files: Mapping[str, int]


def show(root: Path, period: Period) -> str:
    """Show the publication that is staged, and give its name.

    UsageError when none is, its store is gone, or its withholding does not know of a publication
    that was shown since; PublicationError when it is damaged or the disk refuses. Readers then see
    what they saw.
    """
    site, name = Site(root), period.name
    with site.stepping():
        note = _waiting(site, name)
        store, release = Path(note["store"]), note["release"]
        if not store.is_dir():
            raise UsageError(f"{store}, whose record {name} adds to, is not there.")
        known = {one.name for one in read_released(store, period)}
        if unknown := sorted(known.difference(note["released"].split())):
            said = f"{', '.join(unknown)} was published since {name} was staged"
            raise UsageError(f"{said}: small cells would tell of it. Stage {name} again.")
        if not site.is_whole(site.releases / release):
            raise PublicationError(f"{release} is not what was staged: stage {name} again.")
        keep_released(store, name, note["record"].encode())
        site.show(name, release)
        return release


def _waiting(site: Site, period: str) -> dict[str, str]:
    if (note := site.waiting(period)) is None:
        raise UsageError(
            f"{site.root} holds no publication of {period} that waits: make one with build --stage."
        )
    return note


def differences(root: Path, period: Period) -> Differences:
    """The staged publication against the one that readers see; all is new where there is none."""
    site, name = Site(root), period.name
    old, new = site.current(name), site.releases / _waiting(site, name)["release"]
    before = _digests(site.manifest(old) if old else None)
    now = _digests(site.manifest(new))
    differ = sorted(
        file for file in before.keys() | now.keys() if before.get(file) != now.get(file)
    )
    tables = [file for file in differ if file.endswith(f"/{_FILE}")]
    shown = _figures(old, [file for file in tables if file in before])
    staged = _figures(new, [file for file in tables if file in now])
    both = shown.merge(staged, on=KEY, how="outer", suffixes=("_shown", "_staged"), indicator=True)
    change = both.pop("_merge").astype("str")
    unlike = [both[f"{one}_shown"].ne(both[f"{one}_staged"]) for one in FIGURES]
    both.insert(len(KEY), "change", change.map({"left_only": "gone", "right_only": "new"}))
    both["change"] = both["change"].fillna("changed")
    others = [f.removeprefix(f"{scope_of(f).path}/") for f in differ if f not in tables]
    return Differences(
        both[pd.concat(unlike, axis=1).any(axis=1)].fillna(""),
        Counter(file for file in sorted(others) if file != RUN_FILE.name),
    )


def _digests(manifest: Manifest | None) -> dict[str, str]:
    """The hash of each file, by its name whether it is packed or not."""
    files = manifest.files if manifest else {}
    return {name: files.get(name) or files[f"{name}{PACKED}"] for name in files_of(files)}


def _figures(release: Path | None, files: list[str]) -> pd.DataFrame:
    """The figures of these files, as they are printed."""
    empty = pd.DataFrame(columns=[*KEY, *FIGURES], dtype="str")
    if release is None or not files:
        return empty
    read = [
        pd.read_csv(BytesIO(read_published(release / file)), dtype="str", keep_default_na=False)
        for file in files
    ]
    whole = pd.concat([empty, *read])
    return whole.assign(period="PY" + whole["py"] + whole["quarter"])[[*KEY, *FIGURES]]
