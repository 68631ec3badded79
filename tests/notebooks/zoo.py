"""One of each thing that Jupyter displays, as the cells of a notebook."""

import base64
import struct
import zlib
from io import BytesIO

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

PARAMETERS = 'scope = "state"\nperiod = "PY2024Q4"\nsnapshot = "sample"'
DECLARED = {
    "family": "performance", "title": "Zoo", "order": 1, "scopes": ["lwia"], "data": ["areas"],
}  # fmt: skip


def png(width: int = 40, height: int = 30) -> str:
    """A one-color picture, in base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x12\x43\x6d" * width) * height
    whole = BytesIO()
    whole.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head))
    whole.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return base64.b64encode(whole.getvalue()).decode()


# A gray square of 8 pixels, written by libjpeg.
JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcp"
    "LDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EABQQAQAAAAAAAAAAAAAAAAAA"
    "AAD/2gAIAQEAAD8AVN//2Q=="
)
SVG = (
    '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" width="60pt" '
    'height="40pt" viewBox="0 0 60 40"><metadata><rdf:RDF xmlns:rdf="x"><a/></rdf:RDF></metadata>'
    '<defs><style type="text/css">*{stroke-linejoin: round} .dot{fill: rgb(0, 128, 0)}</style>'
    '<clipPath id="p1"><rect width="60" height="40"/></clipPath></defs>'
    '<g clip-path="url(#p1)"><circle id="dot" class="dot" cx="20" cy="20" r="10"/></g></svg>'
)
SETUP = """\
import base64
import altair as alt, pandas as pd
from IPython.display import *
frame = pd.DataFrame({"area": ["LWIA 01", "LWIA 02", "LWIA 03"], "year": [2023, 2024, 2025],
                      "share": [0.61, 0.7, 0.58], "who": ["a", "b", "a"]})
base = alt.Chart(frame).encode(x=alt.X("share:Q", title="Share"), y=alt.Y("area:N", title="Area"))"""
CELLS = {
    "chart": "base.mark_bar()",
    "titled": "base.mark_bar().properties(title='Shares of areas', description='LWIA 02 leads.')",
    "layered": "(base.mark_rule().encode(x2='year:Q') + base.mark_point()).transform_calculate("
               "twice='2 * datum.share')",
    "concatenated": "alt.hconcat(base.mark_bar(), base.mark_point(), base.mark_tick())",
    "stacked": "alt.vconcat(base.mark_bar(), base.mark_point())",
    "faceted": "base.mark_bar().facet(column='who:N')",
    "faceted by a row": "base.mark_bar().encode(column='area:N')",
    "repeated": "alt.Chart(frame).mark_point().encode(x=alt.X(alt.repeat('column'), type='quantitative'), "
                "y='area:N').repeat(column=['share', 'year'])",
    "interactive": "pick = alt.selection_point(fields=['who'], bind='legend')\n"
                   "least = alt.param(value=0.5, bind=alt.binding_range(min=0, max=1, name='At least '))\n"
                   "base.mark_bar().encode(color='who:N', tooltip=['area', 'share']).add_params(pick, least)"
                   ".transform_filter(alt.datum.share >= least).interactive()",
    "of a fixed width": "base.mark_bar().properties(width=700)",
    "frame": "frame",
    "wide frame": "pd.DataFrame([range(30)], columns=[f'column {n}' for n in range(30)])",
    "styler": "frame.style.map(lambda v: 'background-color: rgb(250, 240, 150)', subset=['share'])"
              ".set_caption('Shares, styled').bar(subset=['year'])",
    "styler of missing values": "pd.DataFrame({'a': pd.array([1, None], dtype='Int64')}).style",
    "array": "frame['who'].unique()",
    "great table": "from great_tables import GT\n"
                   "GT(frame).tab_header('Shares').fmt_percent('share').tab_source_note('From IWDS.')",
    "markdown": "Markdown('**Bold**, a formula $\\\\frac{a}{b}$ and\\n\\n| a | b |\\n|---|---|\\n| 1 | 2 |')",
    "latex": "Latex(r'Then $x_1 \\le y$ and $$\\sum_{i=1}^{n} w_i < 1$$')",
    "math": "Math(r'\\bar{p} = \\frac{\\sum x_i}{n}')",
    "png": f"Image(base64.b64decode('{png()}'), format='png', alt='A blue field', width=120)",
    "unnamed png": f"Image(base64.b64decode('{png(2000, 20)}'), format='png')",
    "jpeg": f"Image(base64.b64decode('{JPEG}'), format='jpeg', alt='A gray field')",
    "svg": f"SVG('''{SVG}''')",
    "html": "HTML('<h3>Made by hand</h3><p style=\"color: rgb(0, 0, 128)\">Text &amp; <b>more<p>unclosed"
            "</section></main><details><summary>More</summary>inside</details>')",
    "text": "'plain <text>'",
    "streams": "import sys\nprint('printed \\x1b[31mred\\x1b[0m')\nprint('kept for the log', file=sys.stderr)\n"
               "import warnings; warnings.warn('not for readers')",
    "several": "display(HTML('<p>first</p>'), Markdown('*second*'), 'third')\n'fourth'",
    "update": "handle = display(HTML('<p>before</p>'), display_id=True)\nhandle.update(HTML('<p>after</p>'))",
    "cleared": "print('gone')\nclear_output()\nprint('stays')",
    "cleared later": "print('gone too')\nclear_output(wait=True)\nprint('stays too')",
    "nothing": "base.mark_bar();",
}  # fmt: skip


def cells() -> list[NotebookNode]:
    """The zoo: prose with a formula and a pasted picture, then each of `CELLS` below a heading,
    stored with outputs that nobody asked for."""
    first = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    pasted = new_markdown_cell(
        "## Pasted\n\n![image.png](attachment:image.png)\n\nEinstein: $E = mc^2$; also\n\n"
        "$$\\int_0^1 x\\,dx$$",
        attachments={"image.png": {"image/png": png(50, 20)}},
    )
    made = [new_markdown_cell("# Zoo"), first, new_code_cell(SETUP), pasted]
    for name, source in CELLS.items():
        stored = new_output("stream", name="stdout", text="stored")
        made += [new_markdown_cell(f"## {name.capitalize()}")]
        made += [new_code_cell(source, outputs=[stored], execution_count=7)]
    return made
