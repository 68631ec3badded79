"""The zoo of outputs in a real browser, behind the gateway: drawn, legible, on a phone too."""

import csv
import shutil

import nbformat
import pytest
from nbformat.v4 import new_notebook
from playwright.sync_api import sync_playwright

from ipats_lib.publishing.failed import NotShown
from ipats_lib.publishing.safe_html import ADDRESSES, ATTRIBUTES, PAINTS, TAGS, safe_html
from tests.access.servers import Place, gateway
from tests.conftest import passed, publish
from tests.end_to_end.test_browser import FLAGS, complaints_of_axe, opened
from tests.notebooks import zoo

pytestmark = pytest.mark.xdist_group("outputs")


@pytest.fixture(scope="module")
def place(extract, store, tmp_path_factory):
    """A publication of the zoo, its outputs stored as JupyterLab saves them."""
    folder = tmp_path_factory.mktemp("zoo")
    path = folder / "notebooks" / "performance" / "zoo.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=zoo.cells(), metadata={"ipats": zoo.DECLARED}), path)
    done = publish(
        "build", "--extract", extract, "--store", store, "--period", "PY2024Q4", "--site",
        folder / "site", "--only", "lwia/90", "--notebooks", path.parents[1],
    )  # fmt: skip
    passed(done)
    assert "Outputs stored in performance/zoo.ipynb are left out." in done.stderr
    made = Place(folder, folder / "site")
    with (extract / "account.csv").open(encoding="utf-8", newline="") as lines:
        made.fill(csv.DictReader(lines))
    return made


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def address(place):
    with gateway(place) as port:
        yield f"http://127.0.0.1:{port}/PY2024Q4/lwia/90/"


@pytest.fixture(scope="module", params=[1440, 390])
def page(request, browser, place, address):
    cookie = place.cookie("state1").removeprefix("Cookie: ").strip()
    context = browser.new_context(
        viewport={"width": request.param, "height": 900}, extra_http_headers={"Cookie": cookie}
    )
    page = context.new_page()
    page.complaints, page.asked = [], []
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
    page.on("request", lambda r: page.asked.append(r.url))
    assert opened(page, f"{address}performance/zoo.html") == 10
    yield page
    context.close()


def test_everything_is_drawn_under_the_policy_and_nothing_is_asked_for_elsewhere(page, address):
    assert page.complaints == []
    assert all(url.startswith(address.partition("/PY")[0]) for url in page.asked)
    widths = page.evaluate("Array.from(document.images).map(image => image.naturalWidth)")
    assert widths == [50, 40, 2000, 8]
    assert page.locator(".picture svg circle").bounding_box()["width"] > 10
    assert page.locator("math mfrac").count() == 2


def test_nothing_is_wider_than_the_screen(page):
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(
        "Array.from(document.querySelectorAll('.chart.drawn > .canvas svg, img'))"
        f".filter(one => one.getBoundingClientRect().right > {width}).length"
    ) == 0  # fmt: skip


def test_what_is_too_wide_scrolls_in_a_box_that_a_key_reaches_and_a_name_tells(page):
    boxes = page.locator("main :is(.box, .wide)")
    assert boxes.count() == 11
    for number in range(boxes.count()):
        box = boxes.nth(number)
        box.focus()
        assert box.evaluate("box => box === document.activeElement")
        assert box.get_attribute("aria-label")
    wide = page.locator("main .wide").first
    before = wide.evaluate("box => [box.scrollLeft, box.scrollWidth > box.clientWidth]")
    assert before == [0, True]
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("box => box.scrollLeft > 0", arg=wide.element_handle())


def test_charts_of_one_view_fill_their_place(page):
    room = page.locator(".chart.drawn > .canvas").first.bounding_box()["width"]
    drawn = page.locator(".chart.drawn > .canvas svg").first.bounding_box()["width"]
    assert room * 0.95 < drawn <= room + 1


def test_a_styler_colors_its_own_cells_and_no_other(page):
    colors = page.evaluate(
        "Array.from(document.querySelectorAll('td'))"
        ".filter(cell => getComputedStyle(cell).backgroundColor === 'rgb(250, 240, 150)')"
        ".map(cell => [cell.textContent, cell.closest('table').caption.textContent])"
    )
    assert colors == [[text, "Shares, styled"] for text in ("0.610000", "0.700000", "0.580000")]


def test_the_control_of_a_chart_is_named_and_redraws_it(page):
    chart = page.locator("figure.chart:has(.controls)")
    bars = "figure => figure.querySelectorAll('.mark-rect path').length"
    assert chart.evaluate(bars) == 3
    chart.get_by_role("slider", name="At least").fill("0.65")
    page.wait_for_function(f"figure => ({bars})(figure) === 1", arg=chart.element_handle())


def test_the_zoo_meets_wcag_as_far_as_a_machine_can_tell(page, address):
    opened(page, f"{address}performance/zoo.html")
    assert complaints_of_axe(page) == []


def test_a_page_without_a_chart_loads_no_chart_bundle(place):
    folder = place.site / "PY2024Q4" / "lwia" / "90"
    assert "_static/vega." in (folder / "performance" / "zoo.html").read_text()
    assert "_static/vega." not in (folder / "index.html").read_text()


# -- what a browser makes of what is let through --------------------------------------------------

PIECES = (
    *("<p>", "</p>", "<b>", "<table><tr><td>", "</table>", "<svg>", "</svg>", "<math>", "<mtext>"),
    *("<title>", "</title>", "<select>", "<option>", "<desc>", "<a href='x.html'>", "<!--", "-->"),
    *(
        "<![CDATA[",
        "<![x",
        "]]>",
        "&lt;script&gt;",
        "<p title='</title><script>alert(1)</script>'>",
        "<",
    ),
    *("<style>", "</style>", "<p id=a/onclick=b>", "<p aria-x<script>", "'", '"', "\0", "</"),
    *("<svg><p><title>&lt;img src=x onerror=alert(1)>", "<mi/><p data-a=`>`>", "x<y", "<br/>"),
    *('<img src="data:image/png;base64,AA==" alt="<script>">', "<li>", "<dd>", "&", "<?x", "<!x>"),
)


def fragments() -> list[str]:
    """Hostile pieces side by side, two and three at a time."""
    pairs = [a + b for a in PIECES for b in PIECES]
    return [*pairs, *(pair + PIECES[n % len(PIECES)] for n, pair in enumerate(pairs))]


def test_a_browser_finds_only_what_the_list_allows(browser):
    """Independent of any parser of ours: the elements and attributes that chromium makes."""
    let_through = []
    for fragment in fragments():
        try:
            let_through.append(safe_html(fragment).html)
        except NotShown:
            continue
    assert len(let_through) > 1000
    page = browser.new_page()
    found = page.evaluate(
        """fragments => {
          const names = new Set(), attributes = new Set();
          for (const fragment of fragments) {
            const place = document.implementation.createHTMLDocument("").body;
            place.innerHTML = `<div><main>${fragment}</main></div>`;
            for (const one of place.querySelectorAll("div > main *")) {
              names.add(one.localName.toLowerCase());
              for (const each of one.attributes) attributes.add(each.name.toLowerCase());
            }
          }
          return [Array.from(names), Array.from(attributes)];
        }""",
        let_through,
    )
    page.close()
    assert set(found[0]) <= TAGS
    allowed = ATTRIBUTES | ADDRESSES | PAINTS | {"style"}
    assert {name for name in found[1] if not name.startswith(("aria-", "data-"))} <= allowed
    assert len(found[0]) > 15
