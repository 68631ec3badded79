"""One page with every verb in a browser, under the site's policy: wide, narrow, light, dark."""

import functools
import json
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import axe_playwright_python
import pandas as pd
import pytest
from jupyter_core.paths import jupyter_path
from playwright.sync_api import expect, sync_playwright

from ipats_lib.access.headers import POLICY
from ipats_lib.report import show
from tests.report.show.zoo import write_page
from tests.seeds import crossed

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = """{
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
}"""
# JupyterLab's styles, as nbconvert carries them.
LAB_SHEET = Path("nbconvert/templates/lab/static/index.css")
SIZES = [(1440, 900), (768, 900), (390, 844), (320, 700)]


class Handler(SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("zoo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPATS_CHARTS", "live")
        patch.setenv("IPATS_DOWNLOADS", str(made))
        write_page(made)
    return made


@pytest.fixture(scope="module")
def address(folder):
    handler = functools.partial(Handler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/zoo.html"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        yield launched
        launched.close()


@pytest.fixture
def opened(browser, address):
    """Open the page in a window; each error that the browser reports fails the test."""
    pages, complaints = [], []

    def open_(width=1440, height=900, to=address, **options):
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
        page.goto(to)
        return page

    yield open_
    for page in pages:
        page.close()
    assert complaints == []


@pytest.fixture
def page(opened):
    return opened()


def drawn(page) -> None:
    for number in range(page.locator("figure.chart").count()):
        page.locator("figure.chart.drawn svg").nth(number).wait_for(state="attached", timeout=20000)


@pytest.mark.parametrize(("size", "scheme"), crossed(SIZES[::2], ["light", "dark"]))
def test_the_page_meets_wcag_as_far_as_a_machine_can_tell(opened, size, scheme):
    page = opened(*size, color_scheme=scheme)
    drawn(page)
    page.evaluate(AXE)
    found = page.evaluate(f"axe.run(document, {RULES})")["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in found] == []


@pytest.mark.parametrize("size", SIZES)
def test_nothing_runs_out_of_the_window(opened, size):
    page = opened(*size)
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    # What scrolls in a box of its own can be reached by keys; what fits is no tab stop.
    boxes = page.locator(".show-table").all()
    for box in boxes:
        over = box.evaluate("box => box.scrollWidth > box.clientWidth + 1")
        assert (box.get_attribute("tabindex") == "0") == over


def test_a_list_pages_searches_filters_and_sorts(page):
    box = page.locator(".show-records")
    count, rows = box.locator(".count"), box.locator("tbody tr")
    expect(count).to_have_text("1 to 25 of 164 items")
    box.get_by_role("button", name="Next").click()
    expect(count).to_have_text("26 to 50 of 164 items")
    expect(rows).to_have_count(25)
    box.get_by_role("button", name="Overdue 52").click()
    expect(count).to_have_text("1 to 25 of 52 items (164 in all)")
    box.get_by_role("button", name="Youth 55").click()
    expect(count).to_have_text("1 to 17 of 17 items (164 in all)")
    box.get_by_role("button", name="All 164").first.click()
    box.get_by_role("button", name="All 164").last.click()
    box.get_by_role("button", name="Days late").click()
    expect(rows.first.locator("td").nth(2)).to_have_text("0")
    box.get_by_role("button", name="Days late").click()
    expect(rows.first.locator("td").nth(2)).to_have_text("258")
    expect(box.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    box.get_by_role("searchbox").fill("contact il0007003437")
    expect(count).to_have_text("1 to 1 of 1 items (164 in all)")
    said = "No contact <recorded> for 31 days & more"
    expect(rows.first.locator("td").nth(1)).to_have_text(said)
    box.get_by_role("searchbox").fill("nobody at all")
    expect(count).to_have_text("No items match.")


def test_dates_sort_as_dates(page):
    box = page.locator(".show-records")
    expect(box.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    expect(box.locator("tbody th").first).to_have_text("Nov 30, 2024")
    box.get_by_role("button", name="Due", exact=True).click()
    expect(box.locator("tbody th").first).to_have_text("Feb 23, 2027")


def test_the_rows_of_a_list_come_only_when_a_reader_asks(opened, browser, address):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert not [name for name in asked if name.startswith("worklist")]
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".count")).to_have_text("26 to 50 of 164 items")
    assert [n for n in asked if n.startswith("work")] == ["worklist.json", "worklist-00.json"]
    page.close()


def test_from_a_folder_the_page_says_where_the_rows_are(browser, folder):
    page = browser.new_page()
    page.goto((folder / "zoo.html").as_uri())
    page.get_by_role("button", name="Next").click()
    said = page.get_by_role("alert")
    said.wait_for()
    assert said.inner_text().startswith("The browser could not load the other rows.")
    assert said.locator("a").get_attribute("href") == "worklist.csv"
    assert page.locator(".show-records tbody tr").count() == 25
    page.close()


def test_a_choice_is_kept_in_the_address_and_survives_a_reload(page):
    current = page.get_by_role("tab", name="Current quarter")
    rolling = page.get_by_role("tab", name="Rolling four quarters")
    assert current.get_attribute("aria-selected") == "true"
    current.focus()
    page.keyboard.press("ArrowRight")
    assert rolling.get_attribute("aria-selected") == "true"
    assert page.url.endswith("#window-rolling-four-quarters")
    assert not page.locator("#window-current-quarter").is_visible()
    page.reload()
    assert page.get_by_role("tab", name="Rolling four").get_attribute("aria-selected") == "true"
    page.keyboard.press("Home")
    page.goto(page.url.replace("rolling-four-quarters", "current-quarter"))
    assert page.locator("#window-current-quarter").is_visible()


def test_a_chart_in_a_tab_is_as_wide_as_its_place(page):
    drawn(page)
    page.get_by_role("tab", name="Rolling four").click()
    svg = page.locator("#window-rolling-four-quarters figure svg")
    expect(svg).to_be_visible()
    for _ in range(50):
        if svg.bounding_box()["width"] > 400:
            break
        page.wait_for_timeout(100)
    assert svg.bounding_box()["width"] > 400


def test_a_phone_shows_every_name_of_a_legend(opened):
    """Four names do not fit in one line of 390 pixels: they are two lines there."""
    page = opened(390, 844)
    drawn(page)
    for chart in page.locator(".show-grid figure svg").all():
        paper, legend = chart.bounding_box(), chart.locator(".role-legend").bounding_box()
        assert legend["x"] + legend["width"] <= paper["x"] + paper["width"]
    assert chart.locator(".role-legend-label text").count() == 4


def test_a_table_sorts_by_its_headings(page):
    table = page.locator("table[data-sort]").first
    table.get_by_role("button", name="People").click()
    assert table.locator("tbody th").first.inner_text() == "West Central Development Council"
    table.get_by_role("button", name="People").click()
    assert table.locator("tbody th").first.inner_text() == "Chicago Cook Workforce Partnership"


def test_a_table_is_searched_by_typing_and_still_sorts(page):
    box = page.locator(".show-table[data-search]")
    rows, field = box.locator("tbody tr"), page.get_by_label("Find an area")
    field.fill("east")
    assert rows.locator("visible=true").count() >= 1
    assert [row.locator("th").inner_text() for row in rows.all() if row.is_visible()] == [
        "17 East Central"
    ]
    expect(page.locator(".tools output", has_text="1 of 15")).to_be_visible()
    field.fill("")
    box.get_by_role("button", name="Missed").click()
    box.get_by_role("button", name="Missed").click()
    assert rows.first.locator("th").inner_text() == "06 workNet DuPage"


def test_groups_of_columns_are_lines_of_a_block_on_phones(opened):
    """Each group's first score stands below the other's, each line within the window."""
    page = opened(390, 844)
    row = page.locator(".blocks tbody tr").first
    first, second = (row.locator("td[data-g]").nth(n).bounding_box() for n in (0, 1))
    assert abs(first["x"] - second["x"]) < 2
    assert second["y"] >= first["y"] + first["height"] - 1
    assert page.locator(".blocks thead th[data-rest]").first.is_hidden()


def test_a_phone_shows_ten_rows_first_and_all_on_request(opened):
    """Of a table by a button or by typing, of a list by its pages; on paper all are there."""
    page = opened(390, 844)
    box = page.locator(".show-table[data-search]")
    rows = box.locator("tbody tr").locator("visible=true")
    expect(rows).to_have_count(10)
    page.emulate_media(media="print")
    expect(rows).to_have_count(15)
    page.emulate_media(media="screen")
    page.get_by_label("Find an area").fill(box.locator("tbody th").last.text_content())
    expect(rows).to_have_count(1)
    page.reload()
    page.locator(".show-table[data-search] + .all button", has_text="Show all 15").click()
    expect(rows).to_have_count(15)
    expect(page.locator(".show-table[data-search] + .all")).to_have_count(0)
    records = page.locator(".show-records")
    expect(records.locator(".count")).to_have_text("1 to 10 of 164 items")
    expect(records.locator("tbody tr")).to_have_count(10)
    records.get_by_role("button", name="Next").click()
    expect(records.locator(".count")).to_have_text("11 to 20 of 164 items")


def test_without_javascript_a_phone_has_every_row(opened):
    page = opened(390, 844, java_script_enabled=False)
    assert page.locator(".show-table[data-search] tbody tr").locator("visible=true").count() == 15
    assert page.locator(".show-records tbody tr").locator("visible=true").count() == 25


def test_everything_is_there_without_javascript(opened):
    page = opened(java_script_enabled=False)
    assert page.locator(".show-table[data-search] tbody tr").count() == 15
    assert page.locator("#window-current-quarter").is_visible()
    assert page.locator("#window-rolling-four-quarters h3").is_visible()
    assert page.locator(".show-records tbody tr").count() == 25
    assert page.locator(".show-records a[download]").is_visible()


def test_colors_of_charts_follow_the_scheme(opened):
    seen = {}
    for scheme in ("light", "dark"):
        page = opened(color_scheme=scheme)
        drawn(page)
        page.evaluate("document.documentElement.style.colorScheme = 'light dark'")
        mark = page.locator('figure.chart svg [stroke="#ae2f12"]').first
        seen[scheme] = mark.evaluate("mark => getComputedStyle(mark).stroke")
    assert seen == {"light": "rgb(174, 47, 18)", "dark": "rgb(255, 155, 125)"}


def test_the_shards_are_what_the_page_reads(folder):
    index = json.loads((folder / "worklist.json").read_text())
    assert index["rows"] == 164


def test_pieces_look_in_jupyterlab_as_on_the_site(browser, tmp_path, monkeypatch):
    """JupyterLab's own sheet sets cells to the right, stripes rows, floats tiles, boxes alerts."""
    monkeypatch.delenv("IPATS_CHARTS")
    rows = pd.DataFrame({"area": ["Kane", "Will"], "n": [3, 4], "status": ["Below", "Meets"]})
    pieces = [
        show.tiles([{"label": "Late", "figure": 53, "attention": True}] * 4),
        show.table(rows, "Areas", {"area": "Area", "n": ("Number", "count"), "status": "status"}),
    ]
    output = "jp-RenderedHTMLCommon jp-RenderedHTML jp-mod-trusted jp-OutputArea-output"
    shown = "".join(
        f"<div class='{output}'>{piece._repr_mimebundle_()['text/html']}</div>" for piece in pieces
    )
    lab = next(p for p in (Path(root) / LAB_SHEET for root in jupyter_path()) if p.is_file())
    (tmp_path / "lab.html").write_text(
        f"<!DOCTYPE html><style>{lab.read_text('utf-8')}</style>{shown}", encoding="utf-8"
    )
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto((tmp_path / "lab.html").as_uri())
    styles = """(one, names) => names.map(name => getComputedStyle(one)[name])"""

    def looks(selector, *names):
        return page.locator(selector).first.evaluate(styles, list(names))

    assert looks("dl", "display") == ["grid"]
    assert looks("dt", "float") == looks("dd", "float") == ["none"]
    assert looks("tbody th, tbody td:not(.n)", "textAlign") == ["left"]
    assert looks("tbody td.n", "textAlign") == ["right"]
    assert looks("tbody tr:nth-child(2)", "backgroundColor") == ["rgba(0, 0, 0, 0)"]
    boxes = page.locator("dl > div").evaluate_all("all => all.map(one => one.offsetTop)")
    assert len(set(boxes)) == 1
    first, second = page.locator("tbody tr").evaluate_all("all => all.map(one => one.clientHeight)")
    assert first == second
    page.close()
