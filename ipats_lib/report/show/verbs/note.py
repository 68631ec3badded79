"""Definitions, and what is left out: folded away until a reader asks."""

from functools import cache
from typing import Any

from ipats_lib.report.show.html import Shown, escape


def note(text: str, fold: bool = True, title: str = "How this is counted") -> Shown:
    """Markdown as a note. fold: behind its title, which a reader opens.

    HTML in the text is shown as it is written, never run.
    """
    body = f"<div class='text'>{_markdown()(text)}</div>"
    if not fold:
        return Shown(f"<div class='show show-note'>{body}</div>", text)
    head = f"<summary>{escape(title)}</summary>"
    html = f"<div class='show show-note'><details>{head}{body}</details></div>"
    return Shown(html, f"{title}: {text}")


@cache
def _markdown() -> Any:
    import mistune

    return mistune.create_markdown(escape=True, plugins=["table", "def_list"])
