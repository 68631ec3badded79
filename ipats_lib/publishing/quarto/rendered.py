"""What Quarto made of a project, as the site can serve it: nothing inline, nothing from outside.

Its libraries hold no data and go to `_static`, each named by its content, as the paths of a site
allow and all scopes share. Scripts and style sheets that stood in a page move beside the pages.
"""

import os
import re
from collections import Counter
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from ipats_lib.errors import PublicationError
from ipats_lib.publishing.assets import named
from ipats_lib.publishing.quarto.project import LIBRARIES, OUTPUT
from ipats_lib.publishing.render import Frame

SEARCH = "search.json"
_LIBRARY_KINDS = frozenset({".css", ".js", ".woff", ".woff2"})
_LEFT_OUT = frozenset({"robots.txt", "sitemap.xml", ".nojekyll"})
_SCRIPT = re.compile(r"<script(?P<given>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)
_RUNS = re.compile(r"""\stype\s*=\s*["'](?:text/javascript|application/javascript|module)["']""")
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
_OUTSIDE = r"""\s(?:src|href)\s*=\s*["'](?:[a-z]+:)?//[^>]*"""
_FROM_OUTSIDE = re.compile(rf"(?i)<script[^>]*{_OUTSIDE}>\s*</script>|<link[^>]*{_OUTSIDE}>")
_HANDLER = re.compile(r"""(<(?:a|body|button)\b[^<>]*?)\son[a-z]+="[^"]*\"""")
_TITLE = re.compile(r'<header id="title-block-header".*?</header>\s*', re.DOTALL)
_LIBRARY = re.compile(rf"""((?:src|href)=["'])(?:\.?\.?/)*{LIBRARIES}/([^"'?#]+)(?:\?[^"'#]*)?""")
_MAIN = re.compile(r"<main\b[^>]*>")
# In a library: what a style sheet loads, and what a script imports.
_LOADED = {
    ".css": re.compile(r"""(url\(\s*["']?)(?!data:|#)([^"')?#]+)(?:[?#][^"')]*)?(?=["']?\s*\))"""),
    ".js": re.compile(r"""(\b(?:from|import)\s*\(?\s*["'])(\.{1,2}/[^"']+)(?=["'])"""),
}
# A page that Quarto lost one of these in is not the notebook's.
_COUNTED = re.compile(r"<(figure|h1|script|svg|table)\b")


def parts_of(html: str) -> Counter[str]:
    """How many figures, tables and the like a page holds."""
    return Counter(_COUNTED.findall(html))


@dataclass
class Rendered:
    """The output of one project. shared: libraries that its pages use, by their names in `_static`;
    beside: the search's index, and what stood in pages, by name in the scope's folder."""

    project: Path
    scope: str
    shared: dict[str, bytes] = field(default_factory=dict)
    beside: dict[str, bytes] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def open(self, pages: dict[str, Frame]) -> None:
        """Look at what is there.  PublicationError when it is not the pages that were asked for."""
        paths = (path for path in (self.project / OUTPUT).rglob("*") if path.is_file())
        names = {path.relative_to(self.project / OUTPUT).as_posix() for path in paths}
        found = {name for name in names if not name.startswith(f"{LIBRARIES}/")} - _LEFT_OUT
        if differing := sorted(found ^ {*pages, SEARCH}):
            said = "made" if differing[0] in found else "did not make"
            raise PublicationError(f"Quarto {said} {differing[0]} for {self.scope}.")
        self.beside[SEARCH] = (self.project / OUTPUT / SEARCH).read_bytes()

    def page(self, name: str, frame: Frame, parts: Counter[str], head: str) -> str:
        """A page as the site has it. parts: of its source; head: what it loads of ours."""
        text = (self.project / OUTPUT / name).read_text(encoding="utf-8")
        main = _MAIN.search(text)
        if main is None or parts - parts_of(text):
            raise PublicationError(f"Quarto left out a part of {self.scope}/{name}.")
        text = f"{text[: main.end()]}\n{_as_of(frame)}{_TITLE.sub('', text[main.end() :])}"
        text = _SCRIPT.sub(lambda found: self._script(found, frame), _FROM_OUTSIDE.sub("", text))
        text = _STYLE.sub(lambda found: self._style(found, frame), text)
        static = f"{frame.root}_static/"
        text = _LIBRARY.sub(lambda found: f"{found[1]}{static}{self._library(found[2])}", text)
        return _HANDLER.sub(r"\1", text).replace("</head>", f"{head}</head>", 1)

    def _script(self, found: re.Match[str], frame: Frame) -> str:
        given = found["given"]
        if " src=" in given or (" type=" in given and not _RUNS.search(given)):
            return found[0]
        module = ' type="module"' if "module" in given else ""
        return f'<script src="{self._moved(found["text"], "js", frame)}"{module}></script>'

    def _style(self, found: re.Match[str], frame: Frame) -> str:
        return f'<link rel="stylesheet" href="{self._moved(found[1], "css", frame)}">'

    def _moved(self, text: str, ending: str, frame: Frame) -> str:
        name, data = named(f"quarto.{ending}", text.encode())
        name = name.replace(".", "-", 1)  # a file of a scope has one dot
        self.beside[name] = data
        return f"{frame.home}{name}"

    def _library(self, path: str) -> str:
        """The name in `_static` of a library's file, after those that it loads itself."""
        path = os.path.normpath(path)
        if path not in self._names:
            file = self.project / OUTPUT / LIBRARIES / path
            if path.startswith("..") or file.suffix not in _LIBRARY_KINDS or not file.is_file():
                raise PublicationError(f"Quarto's pages load {path}, which it did not make.")
            data = file.read_bytes()
            if pattern := _LOADED.get(file.suffix):
                inner = os.path.dirname(path)
                text = pattern.sub(
                    lambda found: f"{found[1]}./{self._library(os.path.join(inner, found[2]))}",
                    data.decode(),
                )
                data = text.encode()
            stem = re.sub(r"[^a-z0-9_-]+", "-", file.stem.lower())[:64]
            self._names[path], data = named(f"{stem}{file.suffix}", data)
            self.shared[self._names[path]] = data
        return self._names[path]


def _as_of(frame: Frame) -> str:
    """Where a page is and from which data, above its content."""
    days = (f"{one.what} as of {one.day}" for one in frame.known)
    said = [frame.scope_title, frame.dates, *days]
    if frame.synthetic:
        said.append("Synthetic sample data: no real person or result")
    guide = f'<a href="{frame.root}_static/{frame.guide}#Guide">Guide</a>'
    return f'<p class="ipats-asof">{escape(" · ".join(said))} · {guide}</p>\n'
