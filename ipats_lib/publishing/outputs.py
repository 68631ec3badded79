"""What the cells of an executed notebook show, as HTML of a page and files beside it; what a
specification of Vega-Lite may hold, how wide it is, what it says."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from nbconvert.filters.ansi import strip_ansi
from nbformat import NotebookNode

from ipats_lib.publishing.failed import NotShown
from ipats_lib.publishing.prose import decoded, latex_html, prose_html
from ipats_lib.publishing.safe_html import UNNAMED, SafeHtml, safe_html
from ipats_lib.report.show.theme import MIME, fitted, script_json

WIDGET = "application/vnd.jupyter.widget-view+json"
# Endings of pictures, and how their bytes begin.
_PICTURES = {
    "image/png": ("png", b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": ("jpg", b"\xff\xd8\xff"),
    "image/gif": ("gif", b"GIF8"),
    "image/webp": ("webp", b"RIFF"),
}
MOST_SHOWN = 5_000_000  # characters of one output: fifteen times our largest page
# Objects as Python writes them, alone or inside of others. pandas begins an array with <its name>.
_OBJECT = re.compile(
    r"^[\[({]*<(?!\w+>)|<[^<>]* at 0x[0-9a-f]+>|[\[:, ]<(?:function|bound method|module|Axes)\b"
)
_ALTAIR = re.compile(r"(?P<list>[\[({][^<]*)?alt\.\w*Chart\(")
_BOXED = re.compile(r"""<div class=["'](?:[\w -]* )?(?:table|box)[ "']""")
_CAPTION = re.compile(r"<caption(?: [^<>]*)?>(.*?)</caption>", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_OTHERS = {
    "application/javascript": "a script; show a table, a picture or an Altair chart",
    "application/json": "JSON; show it as a table",
    "application/pdf": "a PDF; show a picture of its page",
    "application/geo+json": "a map of coordinates; draw it as an Altair chart",
    "application/vnd.plotly.v1+json": "a Plotly chart; draw it in Altair or as a picture",
}
_OLDER = re.compile(r"application/vnd\.vega(?:lite)?\.v\d(?:\.json|\+json)")


class Outputs:
    """Collects what a run shows. files: pictures and style sheets beside the page, by name."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def cell(self, cell: NotebookNode) -> Iterator[str]:
        """HTML of each thing that a cell shows, in order.  Raises NotShown."""
        if cell.cell_type == "markdown":
            yield f'<section class="prose">{self._prose(cell.source, cell)}</section>'
        elif cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "stream" and output.name == "stdout":
                    yield _small(_pre(_text(output.text)))
                elif output.output_type in ("display_data", "execute_result"):
                    yield from map(_small, self._displayed(output.data, output.get("metadata", {})))

    def _displayed(self, data: Mapping[str, Any], notes: Mapping[str, Any]) -> Iterator[str]:
        """The richest of an output's types, in JupyterLab's order."""
        if WIDGET in data:
            raise NotShown("a widget, which needs a running notebook; show a table or a chart")
        if MIME in data:
            yield self._chart(data[MIME])
        elif "text/html" in data:
            yield self._html(_text(data["text/html"]))
        elif "text/markdown" in data:
            yield f'<div class="prose">{self._prose(_text(data["text/markdown"]), {})}</div>'
        elif "text/latex" in data:
            formula = latex_html(_text(data["text/latex"]))
            box = 'class="formula" role="group" tabindex="0" aria-label="Formula"'
            yield f"<div {box}>{formula}</div>"
        elif "image/svg+xml" in data:
            yield self._drawing(_text(data["image/svg+xml"]), notes)
        elif kind := next((kind for kind in _PICTURES if kind in data), ""):
            yield self._picture(kind, _text(data[kind]), notes)
        elif others := [kind for kind in data if kind != "text/plain"]:
            raise NotShown(_named(others))
        elif text := _text(data.get("text/plain", "")):
            yield _pre(_checked_text(text))

    def _prose(self, source: str, cell: Mapping[str, Any]) -> str:
        return self._styled(prose_html(source, cell.get("attachments", {}), self._kept))

    def _chart(self, spec: Any) -> str:
        drawn = fitted(checked(spec))
        label = escape(words_of(drawn))
        said = drawn.get("description")
        caption = f"<figcaption>{label}</figcaption>\n" if said else ""
        return (
            f'<figure class="chart">\n<div class="canvas" role="img" aria-label="{label}"></div>\n'
            f'<script type="application/json">{script_json(drawn)}</script>\n{caption}</figure>'
        )

    def _html(self, html: str) -> str:
        safe = safe_html(html)
        check_embedded(safe.html)
        return self._styled(safe, "<table" in safe.html and not _BOXED.search(safe.html))

    def _styled(self, safe: SafeHtml, boxed: bool = False) -> str:
        """HTML in a box of its own where it has a style sheet, or a table that may be too wide."""
        if not safe.style and not boxed:
            return safe.html
        caption = _CAPTION.search(safe.html)
        label = _TAG.sub("", caption[1]).strip() if caption else ""
        box = f' role="group" tabindex="0" aria-label="{label or "Table"}"' if boxed else ""
        css = " ".join(filter(None, ("output", "box" if boxed else "", safe.scope)))
        return f'{self._sheet(safe)}<div class="{css}"{box}>{safe.html}</div>'

    def _sheet(self, safe: SafeHtml) -> str:
        if not safe.style:
            return ""
        name = f"style-{safe.scope}.css"
        self.files[name] = safe.style.encode()
        return f'<link rel="stylesheet" href="{name}">\n'

    def _drawing(self, svg: str, notes: Mapping[str, Any]) -> str:
        safe = safe_html(svg[max(svg.find("<svg"), 0) :], drawing=True)
        if not safe.html.startswith("<svg"):
            raise NotShown("a picture that is no SVG; make it again")
        label = escape(_note("alt", "image/svg+xml", notes) or _title(safe.html) or UNNAMED)
        css = f"output picture {safe.scope}"
        return (
            f'{self._sheet(safe)}<div class="{css}" role="img" aria-label="{label}">'
            f"{safe.html}</div>"
        )

    def _picture(self, kind: str, data: str, notes: Mapping[str, Any]) -> str:
        name = self._kept(kind, decoded(data))
        sizes = {side: _note(side, kind, notes) for side in ("width", "height")}
        size = "".join(f' {s}="{int(n)}"' for s, n in sizes.items() if str(n).isdecimal())
        label = escape(_note("alt", kind, notes) or UNNAMED)
        return f'<div class="picture"><img src="{name}" alt="{label}"{size}></div>'

    def _kept(self, kind: str, data: bytes) -> str:
        """A picture as a file named by its content."""
        ending, begins = _PICTURES.get(kind, ("", b""))
        if not begins:
            raise NotShown("a pasted picture that is neither PNG, JPEG, GIF nor WebP; paste a PNG")
        if not data.startswith(begins):
            raise NotShown("a picture that is not what it says it is; make it again")
        name = f"picture-{hashlib.sha256(data).hexdigest()[:16]}.{ending}"
        self.files[name] = data
        return name


def _text(value: Any) -> str:
    """A text as notebooks keep it: whole, or line by line."""
    return value if isinstance(value, str) else "".join(map(str, value))


def _small(html: str) -> str:
    if len(html) > MOST_SHOWN:
        raise NotShown(
            f"an output of {len(html):,} characters, of at most {MOST_SHOWN:,}; show fewer rows, "
            "or list them with show.records"
        )
    return html


def _pre(text: str) -> str:
    return f"<pre>{escape(strip_ansi(text))}</pre>"


def _checked_text(text: str) -> str:
    if chart := _ALTAIR.match(text):
        if chart["list"]:
            raise NotShown("charts inside a list; show each with display, or join them by | or &")
        raise NotShown(
            "a chart that Altair could not draw; run the cell in JupyterLab, which shows why (more "
            "than 5,000 rows, perhaps)"
        )
    if _OBJECT.search(text):
        raise NotShown(
            "an object without a display; end the cell with a semicolon, show its content, or call "
            "what needs a call, as in frame.head()"
        )
    return text


def _named(kinds: list[str]) -> str:
    if any(map(_OLDER.fullmatch, kinds)):
        return "a chart of another version of Vega; draw it with the installed Altair"
    known = next((_OTHERS[kind] for kind in kinds if kind in _OTHERS), "")
    return known or "a type of output that pages do not have; show a table, a picture or a chart"


def _note(name: str, kind: str, notes: Mapping[str, Any]) -> Any:
    """What an output's metadata say, of this type or of all."""
    own = notes.get(kind)
    return own[name] if isinstance(own, dict) and name in own else notes.get(name)


def _title(svg: str) -> str:
    found = re.search(r"<title>([^<]*)</title>", svg) or re.search(r'aria-label="([^"]*)"', svg)
    return found[1].strip() if found else ""


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
