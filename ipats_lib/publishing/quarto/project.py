"""A scope's Quarto project: its configuration, and a source for each page.

JSON is YAML, so both are written as JSON. A page's content goes through Quarto as raw HTML; only
the headings of its text become Markdown, which the table of contents and the search know.

The site can serve what Quarto makes of it: nothing inline, nothing from outside. Its libraries hold
no data and go to `_static`, each named by its content, as the paths of a site allow and all scopes
share. Scripts and style sheets that stood in a page move beside the pages.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path, PurePosixPath
from typing import Any

from ipats_lib.errors import PublicationError
from ipats_lib.publishing.assets import named
from ipats_lib.publishing.files import INDEX, TEMPLATES
from ipats_lib.publishing.render import Frame

OUTPUT = "_site"
LIBRARIES = "site_libs"
_THEME = "quarto.scss"
_FORMAT = {
    "theme": ["default", _THEME],
    "lang": "en",
    "toc": True,
    "toc-depth": 3,
    "page-layout": "full",
    "html-math-method": "plain",
    "html-table-processing": "none",
    # Each of these loads a script that writes style sheets, which the site's policy forbids.
    **dict.fromkeys(("anchor-sections", "code-copy", "smooth-scroll"), False),
    **dict.fromkeys(("citations-hover", "crossrefs-hover", "footnotes-hover"), False),
}
_PROSE = re.compile(r'^<section class="prose">(.*?)</section>$', re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r'<h([23]) id="([A-Za-z][\w.:-]*)">(.*?)</h\1>', re.DOTALL)
_ANCHOR = re.compile(r'<a class="anchor-link" href="#[^"]*">&#182;</a>')
_TAG = re.compile(r"<[^<>]*>")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# What begins markup inside of a line.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>$~^@|#])")
# Quarto searches what stands above the first heading where it finds this class.
_ABOVE = ('<div class="quarto-include-in-search-index">', "</div>")


def write_project(folder: Path, frames: Mapping[str, Frame]) -> None:
    """The configuration and theme of a project. frames: by page, inside the scope's folder."""
    (folder / "_quarto.yml").write_text(_json(configuration(frames)), encoding="utf-8")
    (folder / _THEME).write_bytes((TEMPLATES / _THEME).read_bytes())


def configuration(frames: Mapping[str, Frame]) -> dict[str, Any]:
    """`_quarto.yml`: the scope's pages by family, as its menus have them."""
    home = frames[INDEX]
    made = [f"{one.what} as of {one.as_of}, snapshot {one.snapshot}" for one in home.known]
    menus = [
        {
            "text": family,
            "menu": [{"text": inert(title), "href": source_of(path)} for path, title, _ in pages],
        }
        for family, pages in home.nav
    ]
    return {
        "project": {
            "type": "website",
            "output-dir": OUTPUT,
            "lib-dir": LIBRARIES,
            "render": [source_of(path) for path in sorted(frames)],
        },
        "execute": {"enabled": False},
        "engine": "markdown",
        "website": {
            "title": inert(home.scope_title),
            "search": {"location": "navbar", "type": "overlay"},
            "navbar": {"left": [{"text": "Home", "href": source_of(INDEX)}, *menus]},
            "page-footer": {
                "left": f"{home.period}, {', '.join(made)}, IPATS {home.library}",
                "right": inert(home.contact or home.agency),
            },
        },
        "format": {"html": _FORMAT},
    }


def source_of(page: str) -> str:
    """The source of a page, both inside the scope's folder."""
    return str(PurePosixPath(page).with_suffix(".qmd"))


def page_source(content: str, frame: Frame) -> str:
    """A page for Quarto: its title, then the content, headings of its text as Markdown."""
    parts, html, above = [f"---\n{_json({'title': inert(frame.title)})}---\n"], "", True
    content, end = _ANCHOR.sub("", content), 0
    for section in _PROSE.finditer(content):
        headings = [*_HEADING.finditer(section[1])]
        if not headings or "<section" in section[1]:
            continue
        html += content[end : section.start()]
        text = 0
        for heading in headings:
            html += _prose(section[1][text : heading.start()])
            parts.append(_raw(html.join(_ABOVE) if above else html))
            parts.append(f"{'#' * int(heading[1])} {_plain(heading[3])} {{#{heading[2]}}}\n")
            html, text, above = "", heading.end(), False
        html, end = _prose(section[1][text:]), section.end()
    parts.append(_raw(html + content[end:]))
    return "\n".join(filter(None, parts))


def _prose(html: str) -> str:
    return f'<div class="prose">{html}</div>' if html.strip() else ""


def _raw(html: str) -> str:
    """HTML that passes Quarto unread: `{{<` would begin a shortcode, which can include a file."""
    if not html.strip():
        return ""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", html)), 3)
    return f"{fence}{{=html}}\n{html.strip().replace('{{<', '&#123;&#123;<')}\n{fence}\n"


def _plain(html: str) -> str:
    """The text of a heading, as Markdown that means itself."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(unescape(_TAG.sub("", html)).split()))


def inert(text: str) -> str:
    """A title without Markdown's meaning: a planner's name is a record's."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _json(value: object) -> str:
    return f"{json.dumps(value, indent=1)}\n"


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
        link = '<link rel="stylesheet" href="{}">'
        text = _STYLE.sub(lambda found: link.format(self._moved(found[1], "css", frame)), text)
        static = f"{frame.root}_static/"
        text = _LIBRARY.sub(lambda found: f"{found[1]}{static}{self._library(found[2])}", text)
        return _HANDLER.sub(r"\1", text).replace("</head>", f"{head}</head>", 1)

    def _script(self, found: re.Match[str], frame: Frame) -> str:
        given = found["given"]
        if " src=" in given or (" type=" in given and not _RUNS.search(given)):
            return found[0]
        module = ' type="module"' if "module" in given else ""
        return f'<script src="{self._moved(found["text"], "js", frame)}"{module}></script>'

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
