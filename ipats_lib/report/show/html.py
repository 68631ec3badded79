"""What every verb returns, and the one place where text from data becomes HTML."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from ipats_lib.errors import NotebookError

__all__ = ["Shown", "escape", "in_publication", "picture", "piece", "slug", "wrong"]
_ADDRESS = re.compile(r"[a-z0-9][\w./-]*(?:#[\w.=,|~-]+)?|#[\w.=,|~-]+", re.IGNORECASE | re.ASCII)


def in_publication() -> bool:
    """Whether this run makes a page. Otherwise an analyst is looking at a notebook."""
    return os.environ.get("IPATS_CHARTS") == "live"


def wrong(sentence: str) -> NotebookError:
    """The error of a cell that asks for what cannot be shown; the sentence says what to do."""
    return NotebookError(sentence)


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of a page. Jupyter displays it; `plain` is its text for readers without HTML."""

    html: str
    plain: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        # In JupyterLab each piece brings the site's styles: an output stays styled when the cell
        # that ran first is run again, moved or deleted.
        html = self.html if in_publication() else f"<style>{_style()}</style>{self.html}"
        return {"text/html": html, "text/plain": self.plain}

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """What a list of pieces shows, in which none is displayed."""
        printer.text(f"<shown: {self.plain}>")

    def __repr__(self) -> str:
        return self.plain


@cache
def _style() -> str:
    return (files("ipats_lib") / "publishing/static/20-show.css").read_text(encoding="utf-8")


def piece(value: object) -> Shown:
    """The value as a part of another piece: one of ours, an Altair chart, or text."""
    if isinstance(value, Shown):
        return value
    if isinstance(value, str):
        return Shown(f"<p>{escape(value)}</p>", value)
    if hasattr(value, "to_dict") and hasattr(value, "properties"):
        from ipats_lib.report.show.verbs.chart import chart

        return chart(value)
    if hasattr(value, "_repr_html_"):
        return Shown(value._repr_html_(), repr(value))
    raise wrong(f"show cannot place a {type(value).__name__}: give a verb's result or a chart.")


def together(pieces: Iterable[Shown]) -> str:
    """The pieces' text without HTML."""
    return "; ".join(each.plain for each in pieces)


def address(to: str) -> str:
    """An address inside the site, escaped; NotebookError for any other."""
    if not _ADDRESS.fullmatch(to.removeprefix("../").replace("../", "")):
        raise wrong("A link leads to another page of the site, such as detail-erq2.html#list.")
    return escape(to)


def slug(text: str) -> str:
    """Words as an id: `Rolling four quarters` is `rolling-four-quarters`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "part"


def picture(inside: str, label: str, height: int, css: str = "cell") -> str:
    """An inline SVG as wide as its place: x in percent, y in pixels. label: its text in words."""
    return (
        f'<svg class="{css}" height="{height}" width="100%" role="img" '
        f'aria-label="{escape(label)}">{inside}</svg>'
    )
