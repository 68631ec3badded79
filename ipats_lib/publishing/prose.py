"""Markdown and LaTeX as HTML: formulas become MathML, pasted pictures become files."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape

from math_core import LatexError, LatexToMathML
from nbconvert.filters.markdown_mistune import (
    InvalidNotebook,
    IPythonRenderer,
    MarkdownWithMath,
)

from ipats_lib.publishing.failed import NotShown
from ipats_lib.publishing.safe_html import SafeHtml, safe_html

Attachments = Mapping[str, Mapping[str, str]]
Picture = Callable[[str, bytes], str]
"""Keeps a picture of a kind (`image/png`) beside the page; returns the file's name."""
_CONVERTER = LatexToMathML()
_FORMULA = re.compile(
    r"\$\$(?P<a>.+?)\$\$|\\\[(?P<b>.+?)\\\]|(?P<c>\\begin\{(?P<d>[a-z]+\*?)\}.+?\\end\{(?P=d)\})"
    r"|(?<!\\)\$(?P<e>(?:\\.|[^$\\])+?)\$|\\\((?P<f>.+?)\\\)",
    re.DOTALL,
)


@lru_cache(maxsize=1024)
def mathml(latex: str, display: bool) -> str:
    """A formula as MathML.  NotShown when it holds a command that cannot be converted."""
    # Both say what the math element says itself.
    formula = re.sub(r"\\(?:displaystyle|label\{[^}]*\}|nonumber)", "", latex).strip()
    try:
        return _CONVERTER.convert_with_local_state(formula, displaystyle=display)
    except LatexError:
        raise NotShown(
            "LaTeX that cannot become MathML; use commands of amsmath, and write a dollar sign "
            "as \\$"
        ) from None


def latex_html(text: str) -> str:
    """What an output of LaTeX holds: text with formulas in it, or one formula alone."""
    parts, end = [], 0
    for found in _FORMULA.finditer(text):
        parts.append(escape(text[end : found.start()], quote=False))
        block = found["a"] or found["b"] or found["c"]
        formula = block or found["e"] or found["f"]
        parts.append(mathml(formula, bool(block) or formula.startswith("\\displaystyle")))
        end = found.end()
    parts.append(escape(text[end:], quote=False))
    return "".join(parts) if end else mathml(text, True)


class _Prose(IPythonRenderer):  # type: ignore[misc]
    def __init__(self, attachments: Attachments, picture: Picture | None) -> None:
        super().__init__(escape=False, attachments={k: dict(v) for k, v in attachments.items()})
        self._picture = picture

    def block_math(self, body: str) -> str:
        return mathml(body, True)

    def inline_math(self, body: str) -> str:
        return mathml(body, False)

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A pasted picture as a file beside the page; any other address as it is."""
        try:
            address = self._embed_image_or_attachment(url)
        except InvalidNotebook:
            raise NotShown("a pasted picture that is gone; paste it again") from None
        if url.startswith("attachment:") and self._picture is not None:
            kind, _, data = address.removeprefix("data:").partition(";base64,")
            address = self._picture(kind, decoded(data))
            # JupyterLab writes the name of a pasted picture where its description belongs.
            text = "" if text == url.removeprefix("attachment:") else text
        return str(super(IPythonRenderer, self).image(text, address, title))


def decoded(data: str) -> bytes:
    """The bytes of base64 text.  NotShown when it is none."""
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except binascii.Error:
        raise NotShown("a picture that cannot be read; make it again") from None


@lru_cache(maxsize=1024)
def _without_pictures(source: str) -> SafeHtml:
    return safe_html(MarkdownWithMath(renderer=_Prose({}, None)).render(source))


def prose_html(source: str, attachments: Attachments, picture: Picture) -> SafeHtml:
    """Markdown as HTML.  A text without pictures is made once a process: a notebook's own is the
    same in every scope."""
    if not attachments:
        return _without_pictures(source)
    return safe_html(MarkdownWithMath(renderer=_Prose(attachments, picture)).render(source))
