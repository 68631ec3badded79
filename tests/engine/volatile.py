"""Random ids in outputs, and how two runs of the same notebook come to have the same ones."""

import hashlib
import re
from typing import Any

# altair draws a new id for the element of each chart, pandas' Styler one for each table.
CHART_ID = re.compile(r"altair-viz-[0-9a-f]{32}")
STYLER_TABLE = re.compile(r'<table id="(T_[0-9a-f]{5,32})"')


def fix_random_ids(bundle: dict[str, Any]) -> None:
    """Replace random ids in a bundle's HTML by ids derived from the HTML itself, in place.

    Equal HTML gets equal ids: two outputs with the same content then name the same element.
    """
    html = bundle.get("text/html")
    if isinstance(html, list) and all(isinstance(line, str) for line in html):
        html = "".join(html)
    if isinstance(html, str):
        bundle["text/html"] = _fix_styler_id(_fix_chart_ids(html))


def _fix_chart_ids(html: str) -> str:
    if "altair-viz-" not in html:
        return html
    digest = hashlib.md5(CHART_ID.sub("", html).encode(), usedforsecurity=False).hexdigest()
    numbers: dict[str, int] = {}

    def fixed(match: re.Match[str]) -> str:
        number = numbers.setdefault(match[0], len(numbers))
        return f"altair-viz-{digest[:-4]}{number:04x}"

    return CHART_ID.sub(fixed, html)


def _fix_styler_id(html: str) -> str:
    match = STYLER_TABLE.search(html)
    if match is None:
        return html
    old = match[1]
    digest = hashlib.md5(html.replace(old, "").encode(), usedforsecurity=False).hexdigest()
    return html.replace(old, f"T_{digest[: len(old) - 2]}")
