"""Published pages in a real browser: charts drawn, nothing fetched from elsewhere, legible."""

import functools
import re
import shutil
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import expect, sync_playwright

from ipats_lib.access.headers import POLICY

PAGES = (
    "state/run.html",
    "state/index.html",
    "lwia/01/index.html",
    "state/performance/summary.html",
    "state/comparison/areas-scoreboard.html",
    "lwia/01/comparison/areas-erq2.html",
    "state/comparison/areas-profile.html",
    "state/comparison/areas-trend.html",
    "lwia/01/comparison/areas-beyond.html",
    "lwia/01/performance/home-lwia-planners.html",
    "lwia/01/performance/detail-erq2.html",
    "lwia/01/performance/detail-equity.html",
    "lwia/01/performance/detail-eta9169.html",
    "lwia/01/performance/outlook-takes.html",
    "lwia/01/performance/training.html",
    "state/performance/assessment.html",
    "lwia/01/dashboards/worklist-today.html",
    "state/dashboards/worklist-fix.html",
    "lwia/01/dashboards/caseload-status.html",
    "lwia/01/dashboards/caseload-flow.html",
    "lwia/01/dashboards/caseload-engagement.html",
    "lwia/01/dashboards/worklist-customers.html",
    "lwia/01/dashboards/area-balance.html",
    "state/dashboards/area-people.html",
    "state/dashboards/state-areas.html",
    "state/dashboards/state-counties.html",
)
CHARTS = (
    *("summary.html", "areas-erq2.html", "areas-profile.html", "areas-trend.html"),
    *("caseload-status.html", "caseload-flow.html", "caseload-engagement.html"),
    *("area-balance.html", "area-people.html", "state-areas.html"),
    "state-counties.html",
    *("areas-beyond.html", "assessment.html"),
)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/me.json":  # no gateway: the preview answers so too
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *arguments):
        """A page that is left before all of it has come is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*arguments)


@pytest.fixture(scope="module")
def address(site):
    handler = functools.partial(Handler, directory=site)
    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/PY2024Q4"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        yield launched
        launched.close()


DESK = {"width": 1200, "height": 900}


@pytest.fixture
def watched(browser):
    page = browser.new_page(viewport=DESK)
    page.complaints, page.asked = [], []
    page.on("pageerror", lambda e: page.complaints.append(str(e)))
    page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
    page.on("request", lambda r: page.asked.append(r.url))
    yield page
    page.close()


def opened(page, address: str) -> int:
    """Go to a page and wait until each of its charts is drawn, those of tabs that are not chosen
    too; how many there are."""
    page.goto(address)
    charts = page.locator("figure.chart").count()
    for number in range(charts):
        drawn = page.locator("figure.chart.drawn svg").nth(number)
        drawn.wait_for(timeout=15000, state="attached")
    return charts


@pytest.mark.parametrize("path", PAGES)
def test_pages_draw_their_charts_under_a_strict_policy(watched, address, path):
    assert bool(opened(watched, f"{address}/{path}")) == path.endswith(CHARTS)
    assert watched.complaints == []
    assert all(url.startswith(address.rsplit("/", 1)[0]) for url in watched.asked)
    if path != "state/run.html":
        assert_tables_are_tables_and_headings_start_with_one_h1(watched)


def assert_tables_are_tables_and_headings_start_with_one_h1(page):
    assert page.locator("h1").count() == 1
    assert page.locator("table").count() == page.locator("table > caption").count() > 0
    assert page.locator("th:not([scope])").count() == 0


AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = """{
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  resultTypes: ['violations'],
}"""


def complaints_of_axe(page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate(f"axe.run(document, {RULES})")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:100]}" for one in found]


def pages_of(site: Path, scope: str) -> dict[str, str]:
    """The pages of a scope by their place in it, without those of scopes inside it and without old
    addresses, which lead elsewhere at once."""
    chosen = Path(planner_page(site, "index.html")).parent if scope == "planner" else Path(scope)
    folder = site / "PY2024Q4" / chosen
    shown = [p for p in folder.rglob("*.html") if 'http-equiv="refresh"' not in p.read_text()]
    places = [path.relative_to(folder) for path in shown]
    return {str(p): f"{chosen}/{p}" for p in places if p.parts[0] != "planner"}


def every_kind(site: Path) -> list[str]:
    """Every page of a site, in one scope that has it."""
    kinds = pages_of(site, "planner") | pages_of(site, "state") | pages_of(site, "lwia/01")
    assert len(kinds) > 20
    return list(kinds.values())


@pytest.fixture(scope="module")
def looked_at(browser, site, address) -> dict[str, tuple[dict[int, int], list[str]]]:
    """Of a page of every kind: how wide it is on a phone, and axe's complaints at a desk.

    At 320 px as well: a window of 1280 px that is zoomed to 400 percent (WCAG 1.4.10).
    """
    found, page = {}, browser.new_page()
    for path in every_kind(site):
        page.set_viewport_size({"width": 390, "height": 740})
        opened(page, f"{address}/{path}")
        widths = {}
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 740})
            widths[width] = _width_once_drawn(page, width)
        page.set_viewport_size(DESK)
        found[path] = widths, complaints_of_axe(page)
    page.close()
    return found


def test_pages_fit_a_phone(looked_at):
    assert len(looked_at) > 20
    shown = {(path, w): is_ for path, (widths, _) in looked_at.items() for w, is_ in widths.items()}
    assert {key: width for key, width in shown.items() if width > key[1]} == {}


def _width_once_drawn(page, width: int) -> int:
    """How wide a page is, once its charts have been drawn again for a window of that width."""
    for _ in range(30):
        shown = page.evaluate("document.documentElement.scrollWidth")
        if shown <= width:
            break
        page.wait_for_timeout(100)
    return shown


def test_every_kind_of_page_meets_wcag_as_far_as_a_machine_can_tell(looked_at):
    """WCAG 2.1 A and AA (Illinois' IITAA 2.1)."""
    assert {path: told for path, (_, told) in looked_at.items() if told} == {}


@pytest.mark.soak
@pytest.mark.parametrize("scope", ["state", "lwia/01", "planner"])
def test_every_page_of_every_kind_of_scope_meets_wcag(watched, site, address, scope):
    pages, found = pages_of(site, scope), {}
    assert len(pages) > 15
    for path in pages.values():
        opened(watched, f"{address}/{path}")
        found[path] = complaints_of_axe(watched)
    assert {path: told for path, told in found.items() if told} == {}


def test_pages_work_from_the_file_system(watched, site):
    watched.goto(f"file://{site}/PY2024Q4/state/performance/summary.html")
    watched.locator("figure.chart.drawn svg").first.wait_for(timeout=15000)
    assert watched.complaints == []


def test_the_links_lead_from_the_state_to_a_planner_and_stay(watched, address):
    watched.goto(f"{address}/state/index.html")
    watched.get_by_label("Find an LWIA").fill("lake county")
    watched.get_by_role("link", name="01 Lake County").click()
    watched.locator("h2", has_text="Career planners").wait_for()
    watched.locator(".show-table[data-search] tbody a").first.click()
    watched.locator("h1", has_text="Work list").wait_for()
    assert "/planner/" in watched.url
    watched.get_by_role("link", name="Summary").first.click()
    assert watched.locator("h1").inner_text() == "Performance summary"


def test_a_card_on_a_phone_has_no_field_over_another_and_none_empty(watched, address):
    watched.set_viewport_size({"width": 390, "height": 844})
    watched.goto(f"{address}/lwia/01/performance/summary.html")
    over = watched.evaluate(
        """() => [...document.querySelectorAll(".cards td .st")].filter((word) => {
            const [mine, place] = [word, word.closest("td")].map((e) => e.getBoundingClientRect());
            return word.offsetParent && mine.right > place.right + 1;
        }).length"""
    )
    assert over == 0
    watched.goto(f"{address}/lwia/01/dashboards/worklist-today.html")
    assert watched.locator(".cards td").count() > 50
    assert watched.locator(".cards td:empty:visible").count() == 0


@pytest.mark.parametrize(("width", "lines"), [(1200, 1), (390, 2)])
def test_names_beside_an_axis_are_whole_on_a_desk_and_in_two_lines_on_a_phone(
    watched, address, width, lines
):
    """An axis cuts a name with an ellipsis where it has no room for it."""
    watched.set_viewport_size({"width": width, "height": 844})
    assert opened(watched, f"{address}/state/dashboards/state-areas.html")
    chart = watched.locator("figure.chart svg").first
    assert "\N{HORIZONTAL ELLIPSIS}" not in chart.text_content()
    names = chart.locator("text", has_text="19 Workforce")
    assert names.first.text_content().replace(" ", "") == "19WorkforceInvestmentSolutions(Decatur)"
    assert names.first.locator("tspan").count() == (lines if lines > 1 else 0)
    room = chart.evaluate("(svg) => svg.querySelector('.mark-rect').getBBox().width")
    assert room > width * 0.4 if lines > 1 else room > 300


def test_the_caption_of_a_wide_table_is_read_whole_on_a_phone(watched, address):
    watched.set_viewport_size({"width": 390, "height": 844})
    watched.goto(f"{address}/lwia/01/performance/detail-erq2.html")
    ends = watched.eval_on_selector_all(
        ".show caption", "(all) => all.map((one) => one.getBoundingClientRect().right)"
    )
    assert len(ends) > 3
    assert max(ends) <= 390


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize(
    ("scope", "answer"),
    [
        ("state", r"\d+ of \d+ areas (with a verdict )?miss at least one level\."),
        ("lwia/01", r"LWIA 01 (misses \d+ of|meets or exceeds all) \d+ "),
        ("planner", r"Work is (overdue|open) for \d+ "),
    ],
)
def test_the_first_screen_of_a_landing_page_answers_in_a_sentence_with_a_figure(
    watched, site, address, scope, answer, size
):
    """The ten-second test: sentence and first tiles are in view before anybody scrolls; of a
    planner the first customer to call."""
    watched.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    path = planner_page(site, "index.html") if scope == "planner" else f"{scope}/index.html"
    watched.goto(f"{address}/{path}")
    said = watched.locator(".show-finding .says")
    assert re.match(answer, said.inner_text())
    box = said.bounding_box()
    assert box["y"] + box["height"] < size[1] / 2
    tiles = watched.locator(".show-tiles > div").all()
    if scope == "planner":
        tiles = watched.locator(".show-records tbody th a").all()[:1]
    else:
        assert 4 <= len(tiles) <= 6
    places = [tile.bounding_box() for tile in tiles[:2]]
    assert all(place["y"] + place["height"] < size[1] for place in places)
    assert watched.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert watched.locator("a[aria-current=page]").count() >= 1  # Home


def test_a_printed_page_is_a_pdf_without_navigation(watched, address, tmp_path):
    watched.goto(f"{address}/state/performance/summary.html")
    watched.locator("figure.chart.drawn svg").first.wait_for(timeout=15000)
    watched.emulate_media(media="print")
    assert not watched.get_by_label("Main").is_visible()
    assert watched.get_by_label("Breadcrumb").is_visible()
    watched.pdf(path=tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def planner_page(site, name):
    """The page of the planner whose page is the longest, as a path inside the period."""
    pages = (site / "PY2024Q4").glob(f"lwia/*/planner/*/{name}")
    longest = max(pages, key=lambda page: page.stat().st_size)
    return longest.relative_to(site / "PY2024Q4").as_posix()


@pytest.mark.parametrize("page", ["state/performance/home-state", "lwia/01/performance/home-lwia"])
def test_a_board_packet_prints_on_two_sheets(watched, address, tmp_path, page):
    watched.goto(f"{address}/{page}-packet.html")
    watched.pdf(path=tmp_path / "packet.pdf", prefer_css_page_size=True)
    printed = (tmp_path / "packet.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", printed)) == 2
    assert set(re.findall(rb"/MediaBox \[[^\]]*\]", printed)) == {b"/MediaBox [0 0 612 792]"}


def test_a_planners_list_prints_on_one_sheet(watched, site, address, tmp_path):
    """The longest list of the sample: one page, by customer, with nothing cut off."""
    watched.goto(f"{address}/{planner_page(site, 'index.html')}")
    customers = watched.locator(".sheet tbody tr").count()
    assert customers > 5
    watched.emulate_media(media="print")
    assert watched.locator(".sheet tbody tr").filter(visible=True).count() == customers
    assert watched.locator(".show-records").filter(visible=True).count() == 0
    watched.pdf(path=tmp_path / "sheet.pdf", format="Letter")
    assert len(re.findall(rb"/Type /Page\b", (tmp_path / "sheet.pdf").read_bytes())) == 1


def test_the_list_of_the_busiest_planner_prints_on_one_sheet_too(watched, site, address, tmp_path):
    """In the whole sample a planner of LWIA 07 has 123 customers on the list."""
    watched.goto(f"{address}/{planner_page(site, 'index.html')}")
    watched.evaluate("""() => {
      const body = document.querySelector('.sheet tbody'), lines = [...body.rows];
      for (let n = 0; body.rows.length < 123; n++)
        body.append(lines[n % lines.length].cloneNode(true));
    }""")
    watched.pdf(path=tmp_path / "sheet.pdf", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", (tmp_path / "sheet.pdf").read_bytes())) == 1


# Pixels of a sheet of letter paper across, without its margins of 1 cm.
SHEET = 979
TOO_WIDE = """width => [...document.querySelectorAll('main table')].filter(table =>
  table.getBoundingClientRect().right > width + 1).map(table => table.caption?.textContent)"""


@pytest.mark.parametrize("scope", ["state", "lwia/01", "planner"])
def test_tables_of_dashboards_fit_the_window_and_the_printed_sheet(
    watched, site_with_earlier, scope
):
    """Earlier extracts stand beside the counts: the widest that the tables get."""
    period = site_with_earlier / "PY2024Q4"
    folder = next(period.glob("lwia/01/planner/*")) if scope == "planner" else period / scope
    pages = [*folder.glob("dashboards/*.html"), *folder.glob("performance/outlook-*.html")]
    pages = [page for page in pages if "<main" in page.read_text(encoding="utf-8")]  # none moved
    assert len(pages) > 6
    cut = []
    for page in pages:
        watched.emulate_media(media="screen")
        watched.set_viewport_size({"width": 1280, "height": 900})
        watched.goto(page.as_uri())
        for media, width in (("screen", 1280), ("print", SHEET)):
            watched.set_viewport_size({"width": width, "height": 900})
            watched.emulate_media(media=media)
            cut += [(page.name, media, name) for name in watched.evaluate(TOO_WIDE, width)]
    assert cut == []


def test_a_roster_leads_to_the_customers_time_line(watched, site, address):
    watched.goto(f"{address}/{planner_page(site, 'performance/detail-erq2.html')}")
    first = watched.locator(".show-records tbody th a").first
    customer = first.inner_text()
    first.click()
    shown = watched.locator("section.details").filter(visible=True)
    shown.first.wait_for()
    assert shown.count() == 1
    assert shown.locator("h3").inner_text() == customer
    assert shown.locator("td", has_text="Entered the program").count() > 0


def test_an_area_leads_to_the_planners_page_of_a_customer(watched, address):
    watched.goto(f"{address}/lwia/01/performance/detail-erq2.html")
    watched.locator(".show-records tbody th a[href*='planner/']").first.click()
    shown = watched.locator("section.details").filter(visible=True)
    shown.first.wait_for()
    assert "/lwia/01/planner/" in watched.url
    assert shown.count() == 1


def test_the_state_leads_to_an_area(watched, address):
    watched.goto(f"{address}/state/dashboards/state-areas.html")
    links = watched.locator("main table").first.locator("tbody th a")
    assert links.count() == 3
    links.first.click()
    assert "/lwia/01/index.html" in watched.url


def test_a_roster_is_filtered_and_sorted(watched, address):
    """Pending rows stand first until a heading is pressed; buttons show the rows of an outcome, of
    all rows, also of those that the page does not hold."""
    watched.goto(f"{address}/lwia/01/performance/detail-erq2.html")
    box = watched.locator(".show-records")
    whole, count = int(box.get_attribute("data-rows")), box.locator(".count")
    assert whole > 25
    assert count.inner_text() == f"1 to 25 of {whole} records"
    box.get_by_role("button", name="failure").click()
    expect(count).to_contain_text(f"({whole} in all)")
    assert {cell.strip() for cell in box.locator("tbody td:nth-child(3)").all_inner_texts()} == {
        "failure"
    }
    watched.reload()
    box.get_by_label("Search").fill("IL")
    first = box.locator("tbody tr th").first
    box.get_by_role("button", name="Customer").click()
    lowest = first.inner_text()
    box.get_by_role("button", name="Customer").click()
    expect(first).not_to_have_text(lowest)
    assert first.inner_text() > lowest
    assert watched.complaints == []


def test_of_several_windows_one_is_shown_and_all_are_printed(watched, address):
    """The choice is in the address and survives a reload; on paper all windows are there."""
    watched.goto(f"{address}/lwia/01/performance/summary.html")
    windows = watched.locator(".show-choose").first
    assert windows.locator("section:visible").count() == 1
    windows.get_by_role("tab", name="Current quarter").click()
    assert windows.locator("section:visible caption").inner_text().startswith("Current quarter")
    watched.reload()
    pressed = windows.locator("[role=tab][aria-selected=true]")
    assert pressed.inner_text() == "Current quarter"
    watched.emulate_media(media="print")
    titles = windows.locator("section:visible > h3").all_inner_texts()
    assert titles == ["Rolling 4 quarters, program year to date and annual", "Current quarter"]


def test_a_figure_leads_to_its_records_and_they_can_be_downloaded(watched, address):
    watched.goto(f"{address}/lwia/01/performance/summary.html")
    watched.get_by_role("link", name="Credential attainment rate").first.click()
    assert watched.url.endswith("/detail-cr.html")
    assert watched.locator("h1").inner_text() == "Credential attainment rate"
    with watched.expect_download() as kept:
        watched.locator(".show-records a[href='roster-cr.csv']").click()
    assert kept.value.suggested_filename == "roster-cr.csv"
    assert "notebook performance/detail.ipynb" in watched.locator("footer").inner_text()
