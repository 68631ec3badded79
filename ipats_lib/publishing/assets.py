"""The files that all pages share: stylesheet, icon, script, chart bundle. No data in them.

Each is named by the hash of its content, so that a page never meets another build's asset, and a
browser may keep it for ever.
"""

import hashlib
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from nbconvert.filters import markdown2html

from ipats_lib.durable import write_file
from ipats_lib.frames import dictionary, rule_book
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.modes import PRIVATE_FOLDER
from ipats_lib.params import load_agency
from ipats_lib.publishing.cache import Content, PageCache
from ipats_lib.publishing.files import GUIDE, PACKED, PACKED_FROM, STATIC, joined, packed
from ipats_lib.publishing.render import Frame, render_template

# A link from the glossary to a decision record, which readers of the site do not have.
_RECORD = re.compile(r"\s\(\[\d+\]\(decisions/[^)]*\)\)")

# Pages of the repository that are sections of the site's guide.
_SECTIONS = {
    "](data-dictionary.md)": "](#Data-dictionary)",
    "](reference/rules.md)": "](#Rule-book)",
}

CHART = '<figure class="chart"'


@dataclass(frozen=True, slots=True)
class Assets:
    """Names of the shared files under `_static/`, and their content.

    guide: the page with guide, glossary, rule book and data dictionary, which hold no data.
    """

    style: str
    icon: str
    guide: str
    script: str
    charts: str
    content: dict[str, bytes]

    def scripts_of(self, body: str) -> tuple[str, ...]:
        """What a page with this content loads: the chart bundle only to draw charts."""
        return (self.charts, self.script) if CHART in body else (self.script,)

    def write(self, folder: Path) -> None:
        """Put the files and their packed copies in place; one that is there already has the same
        content."""
        folder.mkdir(parents=True, exist_ok=True)
        large = {n: data for n, data in self.content.items() if len(data) >= PACKED_FROM}
        copies = {f"{name}{PACKED}": packed(data) for name, data in large.items()}
        for name, data in {**copies, **self.content}.items():
            if not (folder / name).is_file() or (folder / name).read_bytes() != data:
                write_file(folder / name, data)


@cache
def build_assets() -> Assets:
    """Stylesheet and script of the project, and the chart bundle that vl-convert carries.

    The bundle is an ES module without imports or exports; wrapped in a function it loads as a
    plain script, from `file://` too.
    """
    style = named("style.css", joined("*.css"))
    icon = named("icon.svg", (STATIC / "icon.svg").read_bytes())
    charts = named("vega.js", f"(function(){{{chart_bundle()}\n}})();".encode())
    script = named("ipats.js", joined("*.js"))
    guide = named("guide.html", _guide(style[0], icon[0], script[0]))
    content = dict([style, icon, charts, script, guide])
    return Assets(style[0], icon[0], guide[0], script[0], charts[0], content)


def chart_bundle() -> str:
    """What vl-convert bundles in two seconds: kept by its version in the user's own cache, as
    readers' browsers run it."""
    made_by = f"vl-convert {version('vl-convert-python')}, zstd"
    key = hashlib.sha256(made_by.encode()).hexdigest()
    kept = _own_cache()
    if kept is not None and (found := kept.get(key)):
        return found.body
    import vl_convert

    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    if kept is not None:
        with suppress(OSError):
            kept.put(key, Content(bundle))
    return bundle


def _own_cache() -> PageCache | None:
    """The user's cache of what every site has in common; None where others could write in it."""
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(home, "ipats")
        folder.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
        facts = folder.stat()
    except (OSError, RuntimeError):  # no home, or none that we may write in
        return None
    own = facts.st_uid == os.geteuid() and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return PageCache(folder) if own else None


def _guide(style: str, icon: str, script: str) -> bytes:
    """Guide, glossary, rule book, data dictionary and contact on one page: each links to the
    others, and a file that is named by its content cannot hold the name of one that holds its own.
    """
    agency = load_agency()
    frame = Frame("Guide", "../", style, icon, (script,), agency.agency, agency.contact)
    guide, glossary = (path.read_text("utf-8") for path in GUIDE)
    for page, section in _SECTIONS.items():
        guide = guide.replace(page, section)
    prose = markdown2html(f"{guide}\n#{_RECORD.sub('', glossary)}")
    body = f"{prose}\n{rule_book.html()}\n{dictionary.html(SCHEMAS.values())}"
    return render_template("guide.html.j2", frame=frame, body=body).encode()


def named(name: str, data: bytes) -> tuple[str, bytes]:
    """A shared file under a name that holds the hash of its content."""
    stem, ending = name.split(".")
    return f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{ending}", data
