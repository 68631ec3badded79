"""Elements and attributes that an output on a page may have, and why others may not."""


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
