"""What a real Quarto makes of the sample's state, one LWIA and its planner: `make quarto-check`."""

import re
from pathlib import Path

import pytest

from ipats_lib.errors import UsageError
from ipats_lib.publishing.quarto.project import SEARCH
from ipats_lib.publishing.quarto.renderer import find_quarto
from ipats_lib.publishing.site import RUN_FILES, Site
from tests.conftest import built, once
from tests.end_to_end.test_browser import address, browser, opened
from tests.end_to_end.test_site import CUSTOMER, PERIOD, customers_of, folders, text_of

__all__ = ["address", "browser", "customers_of"]
pytestmark = pytest.mark.quarto
SCOPES = ("state", "lwia/90")
OUTSIDE = re.compile(r"""(?:src|href|action|data)\s*=\s*["'](?:[a-z]+:)?//|url\(\s*["']?https?:""")


@pytest.fixture(scope="module")
def site(shared, extract, store) -> Path:
    try:
        find_quarto()
    except UsageError as error:
        pytest.fail(str(error), pytrace=False)
    only = [word for scope in SCOPES for word in ("--only", scope)]
    words = ("--renderer", "quarto", *only)
    return once(shared, "quarto-site", built(extract, store, *words))


def test_two_runs_give_the_same_bytes(site, extract, store, tmp_path):
    only = [word for scope in SCOPES for word in ("--only", scope)]
    built(extract, store, "--renderer", "quarto", "--workers", "1", *only)(tmp_path / "new")
    one, other = (Site(each).current_manifest(PERIOD) for each in (site, tmp_path / "new"))
    differing = {n for n in one.files if one.files[n] != other.files.get(n)} - RUN_FILES
    assert (differing, one.id) == (set(), other.id)


def test_no_page_and_no_library_names_an_address_outside(site):
    for path in [*(site / PERIOD).rglob("*.html"), *(site / "_static").glob("*.css")]:
        assert not OUTSIDE.search(path.read_text()), path


def test_no_folder_holds_a_customer_of_another_scope(site, customers_of):
    seen = set()
    for area, files in folders(site).items():
        assert [path for path in files if path.name == SEARCH], area
        for path in files:
            found = set(CUSTOMER.findall(text_of(path)))
            assert found <= customers_of[area], f"{path} holds customers of another scope"
            seen |= found if path.name == SEARCH else set()
    assert seen, "no search finds a customer, so this test would prove nothing"


def test_a_reader_finds_a_word_and_sees_charts_under_the_sites_policy(browser, address):
    page, failed = browser.new_page(), []
    page.on("requestfailed", lambda request: failed.append(request.url))
    assert opened(page, f"{address}/state/performance/detail-erq2.html")
    assert page.locator("h1").count() == 1
    page.click("#quarto-search button")
    page.keyboard.type("soft exit")
    page.locator(".search-result-title", has_text="Soft exits to come").first.wait_for()
    assert failed == []
    page.close()
