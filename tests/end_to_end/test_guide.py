"""The page with guide, glossary and data dictionary, as every publication has it."""

import re
import shutil

import pytest
from playwright.sync_api import sync_playwright

from ipats_lib.caseload.checks import load_checks
from ipats_lib.caseload.distribution import load_distribution
from ipats_lib.frames.schemas import SCHEMAS
from ipats_lib.publishing.assets import build_assets
from ipats_lib.validation.rules import load_rules
from tests.end_to_end.test_browser import AXE, FLAGS, RULES
from tests.seeds import crossed

MOST_BYTES = 300_000


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "_static"
    build_assets().write(folder)
    return folder / build_assets().guide


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        yield launched
        launched.close()


def opened(browser, guide, width, scheme="light"):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(f"{guide.as_uri()}#Data-dictionary")
    for summary in page.locator(".guide summary").all():
        summary.click()
    return page


def test_the_dictionary_lists_every_column_of_every_frame(browser, guide):
    page = opened(browser, guide, 1440)
    for name, schema in SCHEMAS.items():
        listed = page.locator(f"#frame-{name} tbody th").all_text_contents()
        assert listed == [column.name for column in schema.columns]
    page.close()


def test_the_rule_book_of_every_reader_has_every_rule_once(browser, guide):
    page = opened(browser, guide, 1440)
    listed = page.locator("[id^=rules-] tbody th").all_text_contents()
    every = {**load_rules(), **load_checks(), **load_distribution(), "Q-06": None, "Q-10": None}
    assert sorted(listed) == sorted(every)
    line = page.locator("[id^=rules-] tbody tr", has=page.get_by_text("L-02", exact=True))
    cells = line.locator("td").all_text_contents()
    check = load_checks()["L-02"]
    assert cells[:2] == [check.severity, check.message]
    assert cells[3:] == [check.enter, check.source]
    stage = line.locator("xpath=ancestor::details/summary").text_content()
    assert stage.startswith("Logic across fields (WIPS stage 4): ")
    page.close()


def test_the_guide_says_what_every_verdict_of_a_page_is(guide):
    text = guide.read_text()
    for word in ("Exceeds", "Meets", "Below", "Fails"):
        assert f"<strong>{word}</strong>" in text
    assert "<em>misses</em>" in text


def test_the_guide_leads_to_the_dictionary(browser, guide):
    page = browser.new_page()
    page.goto(guide.as_uri())
    page.get_by_role("link", name="data dictionary").click()
    page.wait_for_url(re.compile("#Data-dictionary$"))
    assert page.locator(":target").text_content() == "Data dictionary"
    page.get_by_role("link", name="rule book").click()
    page.wait_for_url(re.compile("#Rule-book$"))
    assert page.locator(":target").text_content() == "Rule book"
    page.close()


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_its_tables_scroll_in_boxes_of_their_own(browser, guide, width):
    page = opened(browser, guide, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize(("width", "scheme"), crossed([1440, 390], ["light", "dark"]))
def test_it_meets_wcag_as_far_as_a_machine_can_tell(browser, guide, width, scheme):
    page = opened(browser, guide, width, scheme)
    page.evaluate(AXE)
    found = page.evaluate(f"axe.run(document, {RULES})")["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:90]) for one in found] == []
    page.close()


def test_it_is_no_heavier_than_a_page_may_be(guide):
    assert guide.stat().st_size <= MOST_BYTES
