"""A scope's Quarto project: its configuration, and a source for each page.

JSON is YAML, so both are written as JSON. A page's content goes through Quarto as raw HTML; only
the headings of its text become Markdown, which the table of contents and the search know.
"""

import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path, PurePosixPath
from typing import Any

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
