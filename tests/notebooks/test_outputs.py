"""Whatever Jupyter displays is on the page, and what a page cannot show is named with its cell.

Source: issue "The notebook is the report", Publish what Jupyter shows. docs/outputs.md.
"""

import json
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell

from ipats_lib.publishing.execute import Made, in_page
from ipats_lib.publishing.failed import RunFailed
from tests.engine.conftest import WAYS, elsewhere, run_despite_errors
from tests.notebooks import zoo
from tests.notebooks.runs import job, runner

__all__ = ["elsewhere"]
pytestmark = pytest.mark.xdist_group("outputs")


@pytest.fixture(scope="module", params=WAYS)
def run(request, tmp_path_factory):
    with runner(request.param, tmp_path_factory.mktemp("run")) as run:
        yield run


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    """As this machine runs notebooks: what needs no kernel to be seen."""
    with runner(WAYS[0], tmp_path_factory.mktemp("run")) as run:
        yield run


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The zoo's content, from each kind of run."""
    made = {}
    for way in WAYS:
        with runner(way, tmp_path_factory.mktemp(way)) as run:
            done = run(*zoo.cells()[2:])
            assert isinstance(done, Made), str(done)
            made[way] = done.content
    return made


@pytest.fixture(scope="module")
def sections(shown):
    """What stands below each heading of the zoo."""
    found, name = {}, ""
    for part in BeautifulSoup(shown[WAYS[0]].body, "html.parser").children:
        heading = part.find("h2") if part.name == "section" else None
        name = heading.get_text().rstrip("\N{PILCROW SIGN}").lower() if heading else name
        found.setdefault(name, []).append(part)
    return {
        name: BeautifulSoup("".join(map(str, parts)), "html.parser")
        for name, parts in found.items()
    }


def test_the_zoo_is_the_same_from_a_fork_and_from_a_kernel(shown):
    first, *others = shown.values()
    assert all(other == first for other in others)
    assert len(others) == len(WAYS) - 1


def test_two_runs_of_the_zoo_are_the_same(shown, forked):
    """Random ids of Styler and great_tables among them."""
    assert forked(*zoo.cells()[2:]).content == shown[WAYS[0]]


def test_nothing_of_the_zoo_needs_a_script_or_a_style_of_its_own(shown):
    page = BeautifulSoup(shown[WAYS[0]].body, "html.parser")
    assert {script["type"] for script in page("script")} == {"application/json"}
    assert page("style") == []
    files = set(shown[WAYS[0]].files)
    assert {link["href"] for link in page("link")} <= files
    assert {image["src"] for image in page("img")} <= files
    assert all(image["alt"] for image in page("img"))


def spec_of(section) -> dict:
    return json.loads(section.find("script").string)


@pytest.mark.parametrize("name", ["chart", "titled", "layered", "interactive"])
def test_single_and_layered_charts_are_as_wide_as_their_place(sections, name):
    assert spec_of(sections[name])["width"] == "container"


@pytest.mark.parametrize(
    "name", ["concatenated", "stacked", "faceted", "faceted by a row", "repeated"]
)
def test_several_charts_side_by_side_keep_their_own_width(sections, name):
    assert "width" not in spec_of(sections[name])


def test_a_width_that_the_notebook_gives_stays(sections):
    assert spec_of(sections["of a fixed width"])["width"] == 700


@pytest.mark.parametrize(
    ("name", "label"),
    [("titled", "LWIA 02 leads."), ("chart", None), ("faceted", None)],
)
def test_a_chart_has_a_text_for_who_cannot_see_it(sections, name, label):
    said = sections[name].find(class_="canvas")["aria-label"]
    assert said == label if label else said


def test_formulas_are_mathml(sections):
    assert len(sections["pasted"]("math")) == 2
    assert len(sections["latex"]("math")) == 2
    assert sections["math"].find("mfrac") is not None
    assert sections["markdown"].find("mfrac") is not None
    assert "$" not in sections["latex"].get_text()


def test_a_picture_keeps_the_size_and_the_text_that_it_was_given(sections):
    image = sections["png"].find("img")
    assert (image["alt"], image["width"]) == ("A blue field", "120")
    assert sections["unnamed png"].find("img")["alt"] == "Picture without a description"
    assert sections["pasted"].find("img")["alt"] == "Picture without a description"


def test_a_drawing_stands_in_the_page_without_its_notes(sections):
    drawing = sections["svg"].find("svg")
    assert drawing.find("circle")["class"] == ["dot"]
    clip = sections["svg"].find("clippath")["id"]
    assert drawing.find("g")["clip-path"] == f"url(#{clip})"
    assert clip != "p1"
    assert drawing.find("metadata") is None


def test_a_style_reaches_its_own_output_only(sections, shown):
    """Each selector begins with the class of the output's box."""
    sheets = [text.decode() for name, text in shown[WAYS[0]].files.items() if name[-3:] == "css"]
    assert len(sheets) == 3
    for sheet in sheets:
        selectors = re.findall(r"(?m)^([^{}]+) \{", sheet)
        scope = re.match(r"\.o[0-9a-f]{16} ", selectors[0])[0]
        assert all(one.startswith(scope) for rule in selectors for one in rule.split(", "))
        assert scope[1:-1] in shown[WAYS[0]].body


def test_what_closes_more_than_it_opens_closes_nothing_of_the_page(sections):
    assert "</main>" not in str(sections["html"])
    assert sections["html"].find("details").get_text() == "Moreinside"


def test_what_was_printed_is_shown_and_what_was_logged_is_not(sections):
    text = sections["streams"].get_text()
    assert "printed red" in text
    assert "\x1b" not in text
    assert "kept for the log" not in text
    assert "not for readers" not in text
    assert sections["text"].find("pre").get_text() == "'plain <text>'"


def test_several_outputs_of_a_cell_stand_in_their_order(sections):
    words = sections["several"].get_text(" ").split()
    assert words[-4:] == ["first", "second", "'third'", "'fourth'"]


def test_updates_and_clearing_are_followed(sections):
    assert sections["update"].get_text().split()[-1] == "after"
    assert "before" not in sections["update"].get_text()
    assert sections["cleared"].find("pre").get_text() == "stays\n"
    assert sections["cleared later"].find("pre").get_text() == "stays too\n"
    assert "stored" not in "".join(map(str, sections.values()))


def test_a_missing_value_and_an_array_are_shown_as_pandas_writes_them(sections):
    """A Styler leaves `<NA>` as it is, which is no element."""
    assert "<NA>" in sections["styler of missing values"].get_text()
    assert sections["array"].find("pre").get_text().startswith("<ArrowStringArray>")


def test_a_semicolon_shows_nothing(sections):
    """A heading stays where anything is shown under it, and there is none here."""
    assert "## Nothing" in str(zoo.cells())
    assert "nothing" not in sections


def test_a_notebook_that_imports_nothing_of_ours_shows_its_charts(run):
    made = run("import altair as alt\nalt.Chart(alt.Data(values=[{'a': 1}])).mark_bar()")
    assert 'class="chart"' in made.content.body


# -- what a page cannot show ----------------------------------------------------------------------

HTML = "from IPython.display import *\nHTML({!r})"
BASE = (
    "import altair as alt, pandas as pd\nfrom IPython.display import *\n"
    "base = alt.Chart(pd.DataFrame({'a': [1]})).mark_point().encode(x='a')\n"
)
SCRIPT, OUTSIDE, RUNS = "HTML with a script;", "an address outside", "link that runs a script"
ZOO = (
    "import pandas as pd\n"
    "from ipats_lib.report import show\nfrom ipats_lib.report.report import Report\n"
    "from ipats_lib.report.scope_data import About, ScopeData\n"
    "about = About('lwia/07', 'T', 'PY2024Q4', '2025-08-15', 'extract.json', True, ())\n"
    "report = Report(ScopeData(about, {'figures': pd.DataFrame({'a': ['IL0001234']})}))\n"
)
HOSTILE = {
    "script": (HTML.format("<p>a</p><script>alert(1)</script>"), SCRIPT),
    "script in capitals": (HTML.format("<SCRIPT SRC=x.js></SCRIPT>"), SCRIPT),
    "script in a drawing": (HTML.format("<svg><script>alert(1)</script></svg>"), SCRIPT),
    "template": (HTML.format("<template><p>a</p></template>"), SCRIPT),
    "handler": (HTML.format("<img src=x onerror=alert(1)>"), "script in an attribute"),
    "handler behind a slash": (HTML.format("<svg/onload=alert(1)>"), "script in an attribute"),
    "javascript link": (HTML.format("<a href='javascript:alert(1)'>a</a>"), RUNS),
    "javascript in entities": (HTML.format("<a href='java&#10;script&colon;alert(1)'>a</a>"), RUNS),
    "data link": (HTML.format("<a href='data:text/html,x'>a</a>"), RUNS),
    "picture outside": (HTML.format("<img src='https://example.org/a.png'>"), OUTSIDE),
    "picture without a scheme": (HTML.format("<img src='//example.org/a.png'>"), OUTSIDE),
    "link outside": (HTML.format("<a href='https://example.org'>a</a>"), OUTSIDE),
    "picture set": (HTML.format("<img srcset='a.png 2x'>"), "attribute that leads outside"),
    "part of another drawing": (HTML.format("<svg><use href='a.svg#b'/></svg>"), "another file"),
    "paint outside": (HTML.format("<svg><rect fill='url(//e.org/a#b)'/></svg>"), "from an address"),
    "frame": (HTML.format("<iframe srcdoc='<p>a'></iframe>"), "page inside the page"),
    "object": (HTML.format("<object data='a.swf'></object>"), "page inside the page"),
    "form": (HTML.format("<form action='/logout'><input></form>"), "HTML with a form"),
    "base": (HTML.format("<base href='https://example.org'>"), "whole document"),
    "refresh": (HTML.format("<meta http-equiv=refresh content='0;url=//e.org'>"), "whole document"),
    "style sheet outside": (HTML.format("<link rel=stylesheet href='//e.org/a.css'>"), "whole doc"),
    "video": (HTML.format("<video src='a.mp4'></video>"), "sound or film"),
    "import": (HTML.format("<style>@import '//e.org/a.css';</style><p>a"), "@import"),
    "font": (HTML.format("<style>@font-face {src: url(a)}</style><p>a"), "@font-face"),
    "url": (HTML.format("<style>p {background: url(//e.org/a)}</style><p>a"), "loads from an addr"),
    "quoted url": (HTML.format("<p style='background: url(\"//e.org/a\")'>a"), "loads from an addr"),
    "escaped url": (HTML.format("<p style='background: u\\72l(//e.org/a)'>a"), "loads"),
    "image set": (HTML.format("<p style='background: image-set(\"a.png\" 1x)'>a"), "loads a picture"),
    "expression": (HTML.format("<p style='width: expression(alert(1))'>a"), "loads a picture"),
    "behavior": (HTML.format("<p style='behavior: url(a.htc)'>a"), "runs a script"),
    "neighbors": (HTML.format("<style>+ * {display: none}</style><p>a"), "selector"),
    "whole page": (HTML.format("<style>:root:has(&) p {display: none}</style><p>a"), "selector"),
    "over the page": (HTML.format("<p style='position: fixed; inset: 0'>a"), "cover the page"),
    "over all": (HTML.format("<style>p {position: fixed}</style><p>a"), "cover the page"),
    "unknown element": (HTML.format("<IL0001234>"), "write < in a text as &lt;"),
    "markdown": (f"{BASE}Markdown('a <script>alert(1)</script>')", SCRIPT),
    "markdown link": (f"{BASE}Markdown('[a](javascript:alert%281%29)')", RUNS),
    "drawing": (f"{BASE}SVG('<svg xmlns=\"x\" onload=\"alert(1)\"/>')", "script in an attribute"),
    "foreign": (f"{BASE}SVG('<svg><foreignObject><p/></foreignObject></svg>')", "do not have"),
    "javascript": (f"{BASE}Javascript('alert(1)')", "a script;"),
    "iframe of IPython": (f"{BASE}IFrame('https://example.org', 1, 1)", "page inside the page"),
    "picture at an address": (f"{BASE}Image(url='https://example.org/a.png')", OUTSIDE),
    "no picture": (f"{BASE}display({{'image/png': 'aGVsbG8='}}, raw=True)", "not what it says"),
    "no base64": (f"{BASE}display({{'image/png': '???'}}, raw=True)", "cannot be read"),
    "object repr": ("object()", "an object without a display"),
    "generator": ("(n for n in range(3))", "an object without a display"),
    "objects": ("[object(), 1]", "an object without a display"),
    "objects further in": ("{1: [2, object()]}", "an object without a display"),
    "function": ("def drawn(): pass\ndrawn", "an object without a display"),
    "functions": ("{'a': len}", "an object without a display"),
    "method that is not called": ("import pandas as pd\npd.DataFrame({'a': ['IL0001234']}).head",
                                  "call what needs a call, as in frame.head()"),
    "chart that is not called": (f"{BASE}base.mark_bar", "an object without a display"),
    "module": ("import json\njson", "an object without a display"),
    "open file": ("open('/dev/null')", "an object without a display"),
    "match": ("import re\nre.match('a', 'a')", "an object without a display"),
    "report": (f"{ZOO}report", "an object without a display"),
    "report inside": (f"{ZOO}[report.data]", "an object without a display"),
    "pieces in a list": (f"{ZOO}[show.finding('IL0001234'), show.finding('b.')]",
                         "an object without a display"),
    "far too much text": ("print('IL0001234 ' * 500_001)", "of at most 5,000,000; show fewer rows"),
    "far too long a table": ("import pandas as pd\npd.set_option('display.max_rows', None)\n"
                             "pd.DataFrame({'a': range(120_000)})", "of at most 5,000,000"),
    "widget": (f"{BASE}display({{'application/vnd.jupyter.widget-view+json': {{}}, "
               "'text/html': 'a'}, raw=True)", "a widget"),
    "unknown type": (f"{BASE}display({{'application/x-IL0001234': 'a'}}, raw=True)", "a type of"),
    "plotly": (f"{BASE}display({{'application/vnd.plotly.v1+json': {{}}}}, raw=True)", "a Plotly"),
    "json": (f"{BASE}JSON({{'a': 1}})", "JSON; show it as a table"),
    "older vega": (f"{BASE}display({{'application/vnd.vegalite.v4+json': {{}}}}, raw=True)", "Vega"),
    "chart of an address": (f"{BASE}alt.Chart('https://e.org/a.csv').mark_bar()", "data at an addr"),
    "lookup at an address": (f"{BASE}base.transform_lookup('a', alt.LookupData("
                             "alt.UrlData('a.csv'), 'a', ['b']))", "data at an address"),
    "links in a chart": (f"{BASE}base.encode(href='a:N')", "links or pictures"),
    "pictures in a chart": (f"{BASE}base.mark_image()", "links or pictures"),
    "too many rows": ("import altair as alt, pandas as pd\n"
                      "alt.Chart(pd.DataFrame({'a': range(6000)})).mark_bar()", "Altair could not"),
    "charts in a list": (f"{BASE}[base, base.mark_bar()]", "charts inside a list"),
    "chart inside html": (HTML.format('<script type="application/json">{"data":{"url":"a.csv"}}'
                                      "</script>"), "data at an address"),
    "latex": (f"{BASE}Latex(r'$\\nosuchcommand{{a}}$')", "LaTeX that cannot become MathML"),
}  # fmt: skip


@pytest.fixture(scope="module")
def outputs(elsewhere):
    """What each hostile cell displays, from one run of them all."""
    ours = "import os\nos.environ['IPATS_CHARTS'] = 'live'\nfrom ipats_lib import report"
    done = elsewhere(run_despite_errors, ours, *(cell for cell, _ in HOSTILE.values()))
    return dict(zip(HOSTILE, done.cells[1:], strict=True))


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_unsafe_or_blank_stops_with_notebook_and_cell(outputs, tmp_path, what):
    asked = job(tmp_path, "'before'", HOSTILE[what][0])
    ran = nbformat.reads(asked.notebook, as_version=4)
    ran.cells[3] = outputs[what]
    with pytest.raises(RunFailed) as stopped:
        in_page(asked, ran, {})
    assert str(stopped.value).startswith(
        "performance/made for lwia/07 failed in cell 4 with an output that a page cannot show: "
    )
    assert HOSTILE[what][1] in str(stopped.value)
    assert "IL0001234" not in str(stopped.value)


@pytest.mark.parametrize("what", ["script", "object repr", "chart of an address"])
def test_the_same_stops_in_a_kernel(run, what):
    cell, said = HOSTILE[what]
    made = run("'before'", cell)
    assert isinstance(made, RunFailed)
    assert said in str(made)
    assert made.cell == 4


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (new_markdown_cell("a <script>alert(1)</script>"), SCRIPT),
        (new_markdown_cell("![a](https://example.org/a.png)"), OUTSIDE),
        (new_markdown_cell("![a](attachment:gone.png)"), "a pasted picture that is gone"),
        (new_markdown_cell("![a](attachment:a.svg)",
                           attachments={"a.svg": {"image/svg+xml": "PHN2Zy8+"}}), "neither PNG"),
        (new_markdown_cell("a $\\nosuchcommand$"), "write a dollar sign as \\$"),
    ],
)  # fmt: skip
def test_a_markdown_cell_is_looked_through_as_outputs_are(tmp_path, cell, said):
    asked = job(tmp_path, "1", cell)
    with pytest.raises(
        RunFailed, match="in cell 4 with an output that a page cannot show"
    ) as found:
        in_page(asked, nbformat.reads(asked.notebook, as_version=4), {})
    assert said in str(found.value)
