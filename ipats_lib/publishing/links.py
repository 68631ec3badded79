"""What a page refers to, in whatever spelling of HTML, and the places in it that can be led to."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

# Most tags of a page refer to nothing and can be led to by nothing, and most links are written in
# one way: the parser, which takes its time, is spared both.
_PLAIN_TAG = re.compile(
    r"</?(?:td|th|tr|table|thead|tbody|p|div|span|section|ul|ol|li|dl|dt|dd|h[1-6]|strong|em|b|i|"
    r"small|abbr|sup|sub|code|pre|br|hr|figure|caption|details|summary)"
    r"""(?:\s(?:(?:class|scope|colspan|rowspan|title|role|tabindex|aria-[a-z]+|data-(?!places)[a-z]+)"""
    r"""=(?:"[^"<>]*"|'[^'<>]*')|style=(?:"[^"<>(\\]*"|'[^'<>(\\]*')))*>"""
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
