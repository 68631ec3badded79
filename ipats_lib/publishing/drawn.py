"""Charts of notebooks: what a specification of Vega-Lite may hold, how wide it is, what it says."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ipats_lib.publishing.refusal import NotShown

_DOUBTFUL = re.compile(r'"(?:url|href|usermeta|image|\$schema)"')
_EMBEDDED = re.compile(r"<script type=[\"']application/json[\"'][^<>]*>([^<]*)</script>")


def checked(spec: Any) -> dict[str, Any]:
    """The specification as a page draws it.  NotShown when it loads something, or leads away."""
    if not isinstance(spec, dict):
        raise NotShown("a chart that is no Vega-Lite specification")
    for part in _parts(spec):
        if "url" in part and not isinstance(part["url"], dict):
            raise NotShown(
                "a chart with data at an address; give alt.Chart the frame itself, with at most "
                "5,000 rows"
            )
        if "href" in part or part.get("mark") == "image" or part.get("type") == "image":
            raise NotShown("a chart with links or pictures in it; a page leads nowhere from a mark")
    # Settings of the page that embeds the chart: they are the page's.
    return {name: value for name, value in spec.items() if name != "usermeta"}


def _parts(value: Any, inside: str = "") -> Iterator[dict[str, Any]]:
    """Every object in a specification but rows of data, which mean nothing to Vega."""
    if isinstance(value, dict):
        yield value
        for name, part in value.items():
            if name not in ("values", "datasets"):
                yield from _parts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _parts(part, inside)


def check_embedded(html: str) -> None:
    """Look at the charts inside of HTML.  NotShown as for any other chart."""
    for text in _EMBEDDED.findall(html):
        if _DOUBTFUL.search(text):
            try:
                checked(json.loads(text))
            except ValueError:
                raise NotShown("HTML with data that are no JSON") from None


def fitted(spec: dict[str, Any]) -> dict[str, Any]:
    """As wide as its place, where the notebook gave no width; facets and concatenations, repeated
    charts too, keep their own."""
    facets = {"row", "column", "facet"} & set(spec.get("encoding", {}))
    single = ("mark" in spec or "layer" in spec) and not facets
    if single and "width" not in spec:
        return spec | {"width": "container"}
    # A place has a width for one chart, and not for each of several.
    return spec if single else {n: v for n, v in spec.items() if (n, v) != ("width", "container")}


def words_of(spec: dict[str, Any]) -> str:
    """A chart's text for who cannot see it: its description, its title, or what it draws."""
    title = spec.get("title", "")
    title = title.get("text", "") if isinstance(title, dict) else title
    title = " ".join(title) if isinstance(title, list) else title
    if said := spec.get("description") or title:
        return str(said)
    axes = list(dict.fromkeys(_axes(spec)))
    return f"Chart of {', '.join(axes)}" if axes else "Chart without a description"


def _axes(spec: dict[str, Any]) -> Iterator[str]:
    for part in _parts(spec):
        encoding = part.get("encoding")
        for name in ("y", "x"):
            channel = encoding.get(name) if isinstance(encoding, dict) else None
            said = channel.get("title") or channel.get("field") if isinstance(channel, dict) else ""
            if isinstance(said, str) and said:
                yield said
