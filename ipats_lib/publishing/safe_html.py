"""HTML of outputs, let through by an allow-list.

Every "<" of what is published begins a tag of the list, with attributes of the list, each in
quotes; inside a value and in text it is `&lt;`. No element of the list makes a browser read what
follows in another way (as `script`, `style` or `textarea` would), so that whatever a browser makes
of the tags, it finds no others. Most outputs are written like that already: one expression says so,
and they stay as they are, byte for byte. The rest is read and written anew.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from ipats_lib.publishing.failed import NotShown
from ipats_lib.publishing.safe_css import scoped_sheet, style_attribute


def _words(*texts: str) -> frozenset[str]:
    return frozenset(" ".join(texts).split())


TAGS = _words(
    """
    a abbr address article aside b bdi bdo big blockquote br button caption center cite code col
    colgroup dd del details dfn div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img
    input ins kbd label li mark meter nav ol optgroup option output p pre progress q s samp
    section select small span strike strong sub summary sup table tbody td tfoot th thead time tr
    tt u ul var wbr
    """,
    """
    svg circle clippath defs desc ellipse g image line lineargradient marker mask path pattern
    polygon polyline radialgradient rect stop symbol text textpath title tspan use
    """,
    """
    math mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace
    msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics
    """,
)
"""Of HTML, of SVG and of MathML."""
VOID = _words("br col hr img input wbr")

ATTRIBUTES = _words(
    """
    abbr align alt border bgcolor cellpadding cellspacing char checked cite class color
    colspan datetime dir disabled download face for headers height hidden high id label lang
    low max maxlength min multiple name open optimum placeholder readonly reversed role rows
    rowspan scope selected size span start step summary tabindex title translate type
    valign value width loading decoding
    """,
    """
    baseprofile clip-path clip-rule clippathunits cx cy d dominant-baseline dx dy fill
    fill-opacity fill-rule focusable font-family font-size font-style font-weight fx fy
    gradienttransform gradientunits letter-spacing marker-end marker-mid marker-start
    markerheight markerunits markerwidth mask maskcontentunits maskunits offset opacity
    orient overflow paint-order pathlength patterncontentunits patterntransform patternunits
    points preserveaspectratio r refx refy rotate rx ry shape-rendering spreadmethod
    stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap
    stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor text-rendering
    textlength transform vector-effect version viewbox visibility x x1 x2 xml:space xmlns
    xmlns:xlink y y1 y2 alignment-baseline baseline-shift
    """,
    """
    accent accentunder columnalign columnlines columnspacing columnspan depth display
    displaystyle fence linethickness lspace mathvariant maxsize minsize movablelimits
    notation rowalign rowlines rowspacing rspace scriptlevel separator stretchy symmetric
    voffset
    """,
)
"""Text, numbers and sizes; beside them `aria-` and `data-`. Others are left out."""

ADDRESSES = _words("href src xlink:href")
PAINTS = _words("clip-path fill marker-end marker-mid marker-start mask stroke")
"""Attributes of a drawing that may name a part of it."""
REFERENCES = _words("aria-controls aria-describedby aria-labelledby for headers")
"""Attributes whose words are ids."""

LEADS_OUT = _words(
    """
    action archive background classid code codebase data dynsrc formaction longdesc lowsrc
    manifest ping poster profile srcdoc srcset usemap
    """
)
SCRIPTS = _words("script noscript template")
FRAMES = _words("applet embed frame frameset iframe object param portal")
SOUNDS = _words("audio video source track")
HEADS = _words("base body head html link meta")


_OWN_NAME = re.compile(r"(?:aria|data)-[a-z0-9-]+")
_DATA_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_RUNS = re.compile(r"(?:javascript|vbscript|data|blob|filesystem):", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]+")
_PAINT = re.compile(r"url\(\s*[\"']?#([^\"')\s]+)[\"']?\s*\)")

# -- what is written as it should be -------------------------------------------------------------

# How SVG spells them, and browsers too, whichever spelling they meet.
_BENT = {"viewbox": "view[bB]ox", "preserveaspectratio": "preserve[aA]spect[rR]atio"}
_LEADING = {"use", "image"}  # their addresses are looked at one by one
_BENT_TAGS = ("linearGradient", "radialGradient", "clipPath", "textPath")


_PATH = r"(?:#[^@<>]*+|[^@<>:&\\\x00-\x20]*+)"


def _quoted(inside: str) -> str:
    """A value in either quotes; `inside` is the text in it, with @ for the quote itself."""
    either = "|".join(f"{q}{inside.replace('@', q)}{q}" for q in "\"'")
    return f"(?:{either})"


def _grammar() -> re.Pattern[str]:
    # The parts of a table come first: an expression tries one name after the other.
    free = "|".join(["class", "scope", *_BENT.values(), *(ATTRIBUTES - PAINTS - _BENT.keys())])
    attributes = (
        rf"(?:{free}|(?:aria|data)-[a-z0-9-]+)(?:={_quoted('[^@<>]*+')}|(?=[\s/>]))",
        rf"(?:{'|'.join(PAINTS)})={_quoted('[#%,. ()0-9A-Za-z-]*+')}",
        rf"href={_quoted(_PATH)}",
        rf"style={_quoted('(?![^@]*(?:position|behavior|binding))[#%,.:; 0-9A-Za-z_-]*+')}",
    )
    more = rf"(?: (?:class|id)={_quoted('[^@<>]*+')})*+"
    data = rf"<script type={_quoted('application/json')}{more}>"
    tags = "|".join(["td", "tr", "th", "span", "div", *(TAGS - _LEADING), *_BENT_TAGS])
    tag = rf"</?+(?:{tags})(?=[\s/>])(?:\s++(?:{'|'.join(attributes)}))*+\s*+/?>"
    return re.compile(rf"(?:[^<]++|{tag}|{data}[^<]*+</script>)*+")


_AS_IT_IS = _grammar()
# What a value must not begin with, and what it must not hold: each sought once and not in every
# value, from a letter that an expression finds at once.
_ROOTED = re.compile(r"""href=["']/""")
_URL = re.compile(r"\((?<=[uU][rR][lL]\()(?!#)")
_BALANCED = (
    *("div", "section", "table", "figure", "details", "svg"),
    *("ul", "ol", "dl", "nav", "title", "select"),
)
_ENDS = re.compile("<(?:{0}|/(?:{0})>)".format("|".join(_BALANCED)))


def is_plain(html: str) -> bool:
    """Whether HTML is written in the safe way from its first to its last byte."""
    if _AS_IT_IS.fullmatch(html) is None or _ROOTED.search(html) or _URL.search(html):
        return False
    ends = Counter(_ENDS.findall(html))
    return all(ends[f"<{tag}"] == ends[f"</{tag}>"] for tag in _BALANCED)


# -- what is written anew ------------------------------------------------------------------------

Rename = Callable[[str], str]
_REFUSED = {
    SCRIPTS: "HTML with a script; show a table, a picture or an Altair chart in its place (a chart "
    "of another library as a PNG or SVG picture)",
    FRAMES: "HTML with a page inside the page (<iframe> or the like); take it out",
    SOUNDS: "HTML with sound or film; take it out",
    frozenset({"form"}): "HTML with a form; a page sends nothing",
    HEADS: "HTML of a whole document (<html>, <link>, <meta>); show a fragment of it",
}
_UNKNOWN = "HTML with an element that pages do not have; write < in a text as &lt;"


class _Writer(HTMLParser):
    """Reads HTML and writes what of it may stay.  Raises NotShown."""

    def __init__(self, rename: Rename) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.open: list[str] = []
        self.skipped = 0
        self.rename = rename

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "metadata" or self.skipped:  # a drawing's notes on itself
            self.skipped += tag not in VOID
            return
        if tag not in TAGS:
            raise NotShown(next((why for names, why in _REFUSED.items() if tag in names), _UNKNOWN))
        if tag == "img" and not any(name == "alt" and value for name, value in attrs):
            attrs = [("alt", UNNAMED), *attrs]
        # The first of two attributes counts, in a browser too.
        kept = {
            name: value
            for name, given in reversed(attrs)
            if (value := self._attribute(tag, name, given)) is not None
        }
        written = "".join(f' {name}="{escape(value)}"' for name, value in reversed(kept.items()))
        self.parts.append(f"<{tag}{written}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.skipped:
            self.skipped -= 1
        elif tag in self.open:  # one without a beginning would close what is around the output
            while (last := self.open.pop()) != tag:
                self.parts.append(f"</{last}>")
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.parts.append(escape(data, quote=False))

    def written(self, html: str) -> str:
        try:
            self.feed(html)
            self.close()
        except AssertionError:  # how the standard parser meets `<![` and no word that it knows
            raise NotShown(_UNKNOWN) from None
        self.parts += [f"</{tag}>" for tag in reversed(self.open)]
        return "".join(self.parts)

    def _attribute(self, tag: str, name: str, given: str | None) -> str | None:
        """The value that is written; None for an attribute that is left out."""
        value = given or ""
        if name.startswith("on") or name in LEADS_OUT:
            raise NotShown(
                "HTML with a script in an attribute; take it out"
                if name.startswith("on")
                else "HTML with an attribute that leads outside; take it out"
            )
        if name in ADDRESSES:
            return self._address(tag, value)
        if name == "style":
            return style_attribute(value) or None
        if name in PAINTS:
            return self._paint(value)
        if name == "id":
            return self.rename(value)
        if name in REFERENCES:
            return " ".join(map(self.rename, value.split()))
        return value if name in ATTRIBUTES or _OWN_NAME.fullmatch(name) else None

    def _address(self, tag: str, value: str) -> str:
        address = _INVISIBLE.sub("", value)
        if address.startswith("#") and len(address) > 1:
            return f"#{self.rename(address[1:])}"
        if tag in ("img", "image") and _DATA_PICTURE.match(address):
            return address
        if _RUNS.match(address):
            raise NotShown("HTML with a link that runs a script; take it out")
        if _SCHEME.match(address) or address.startswith(("/", "\\")):
            raise NotShown(
                "HTML with an address outside of the page's own folder; a page links and loads "
                "nothing from outside"
            )
        if tag not in ("a", "img", "image") and address:
            raise NotShown("a drawing that loads a part from another file; draw it in place")
        return address

    def _paint(self, value: str) -> str:
        local = _PAINT.sub(lambda found: f"url(#{self.rename(found[1])})", value)
        if "url(" in re.sub(r"url\(#", "", local).lower() or "\\" in local or "/*" in local:
            raise NotShown("a drawing that loads from an address; draw it in place")
        return local


# -- an output -----------------------------------------------------------------------------------

# What pandas writes before every frame's table says what `30-output.css` says.
_OF_PANDAS = re.compile(
    r"<style scoped>\s*\.dataframe tbody tr th:only-of-type \{[^<{}]*\}\s*"
    r"\.dataframe tbody tr th \{[^<{}]*\}\s*\.dataframe thead (?:tr )?th \{[^<{}]*\}"
    r"(?:\s*\.dataframe thead tr:last-of-type th \{[^<{}]*\})?\s*</style>"
)
_STYLE = re.compile(
    r"""<style(?:\s+(?:scoped|type=["']?text/css["']?|id=["'][^"'<>]*["']))*\s*>([^<]*)</style\s*>""",
    re.IGNORECASE,
)
# A heading without a word: a reader's software would announce nothing.
_NO_HEADING = re.compile(r"<th((?:\s[^<>]*)?)>((?:\s|&nbsp;|\xa0)*)</th>")
UNNAMED = "Picture without a description"
_SCOPE, _OWN = "\0", "ipats-own-scope"  # tinycss2 replaces \0


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """HTML that may stand on a page; `style` is the sheet that it needs, scoped to elements of
    class `scope`, both empty where it needs none."""

    html: str
    style: str = ""
    scope: str = ""


def safe_html(html: str, drawing: bool = False) -> SafeHtml:
    """HTML as it may be published.  Raises NotShown, which says what it must not hold.

    drawing: it is an SVG, whose ids are renamed: pictures of one tool use the same ones.
    """
    # A Styler writes a missing value so, and no browser shows it.
    rest = _OF_PANDAS.sub("", html, count=1).replace("<NA>", "&lt;NA&gt;")
    styles = _STYLE.findall(rest)
    if styles:
        rest = _STYLE.sub("", rest)
    if not styles and not drawing and is_plain(rest):
        return SafeHtml(_NO_HEADING.sub(r"<td\1>\2</td>", rest))
    if not styles and not drawing:
        return SafeHtml(_NO_HEADING.sub(r"<td\1>\2</td>", _Writer(str).written(rest)))
    return _with_scope(rest.replace(_SCOPE, ""), "\n".join(styles).replace(_SCOPE, ""))


def _with_scope(html: str, css: str) -> SafeHtml:
    """HTML whose ids, random perhaps, become numbers behind a name made from its content: equal
    outputs get equal names, and no two outputs of a page share one."""
    numbers: dict[str, int] = {}

    def rename(name: str) -> str:
        return f"{_SCOPE}-{numbers.setdefault(name, len(numbers))}"

    written = _NO_HEADING.sub(r"<td\1>\2</td>", _Writer(rename).written(html))
    sheet = scoped_sheet(css, f".{_OWN}", lambda name: rename(name).replace(_SCOPE, _OWN))
    sheet = sheet.replace(_OWN, _SCOPE)
    digest = hashlib.sha256(f"{written}\n{sheet}".encode()).hexdigest()[:16]
    scope = f"o{digest}"
    style = sheet.replace(_SCOPE, scope)
    return SafeHtml(written.replace(_SCOPE, scope), style, scope)
