"""What stands around every page: place, menus, age. In a browser, before the real gateway."""

import re
import shutil
from datetime import UTC, datetime

import pytest
from playwright.sync_api import sync_playwright

from ipats_lib.access import sessions
from ipats_lib.access.store import Store
from tests.access import servers
from tests.access.conftest import place, rows  # noqa: F401
from tests.end_to_end.test_browser import AXE, FLAGS, RULES, planner_page
from tests.seeds import crossed

LWIA_PAGE = "lwia/01/performance/summary.html"
WIDTHS = [(1440, 900), (390, 844)]


@pytest.fixture(scope="module")
def gateway(place):  # noqa: F811
    with servers.gateway(place) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        yield launched
        launched.close()


@pytest.fixture
def sign_in(browser, gateway, place):  # noqa: F811
    """A page of a browser in which a user has signed in, at a path of the newest period."""
    contexts = []

    def opened(user, path, size=(1440, 900), **options):
        width, height = size
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        with Store(place.store) as store:
            token = sessions.begin(store, user, datetime.now(UTC).timestamp())
        context.add_cookies(
            [
                {
                    "name": "__Host-ipats",
                    "value": token,
                    "url": gateway.replace("http:", "https:"),
                    "secure": True,
                }
            ]
        )
        page = context.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
        with (
            page.expect_response("**/me.json")
            if options.get("java_script_enabled", True)
            else _nothing()
        ):
            page.goto(f"{gateway}/PY2024Q4/{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


class _nothing:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def menu(page, what):
    return page.locator(".crumb details", has_text=re.compile(f"Choose an?(other)? {what}"))


def test_a_state_administrator_goes_from_an_areas_page_to_the_same_page_of_another(sign_in, site):
    page = sign_in("state1", LWIA_PAGE)
    areas = menu(page, "LWIA")
    areas.locator("summary").click()
    titles = areas.locator("a").all_text_contents()
    assert titles[0] == "Overview of LWIA 01"
    assert [title[:3] for title in titles[1:]] == [
        f"{folder.name}:" for folder in sorted((site / "PY2024Q4/lwia").iterdir())
    ]
    areas.get_by_role("link", name="02:").click()
    page.wait_for_url("**/PY2024Q4/lwia/02/performance/summary.html")
    page.get_by_label("Breadcrumb").get_by_role("link", name="Illinois").click()
    page.wait_for_url("**/PY2024Q4/state/index.html")
    menu(page, "LWIA").locator("summary").click()
    menu(page, "LWIA").get_by_role("link", name="90:").click()
    page.wait_for_url("**/PY2024Q4/lwia/90/index.html")
    assert page.complaints == []


def test_an_administrator_chooses_a_planner_and_is_offered_no_other_area(sign_in):
    page = sign_in("admin01", LWIA_PAGE)
    assert menu(page, "LWIA").count() == 0
    assert page.locator(".crumb > li").first.text_content() == "Illinois"
    assert page.locator(".crumb a", has_text="Illinois").count() == 0
    planners = menu(page, "career planner")
    planners.locator("summary").click()
    first = planners.locator("a").first
    name = first.text_content()
    first.click()
    page.wait_for_url("**/lwia/01/planner/*/index.html")
    assert page.locator(".crumb").text_content().count(name) == 1
    page.get_by_label("Main").get_by_role("link", name="Home").click()
    page.wait_for_url("**/PY2024Q4/lwia/01/index.html")


def test_a_planner_is_offered_nobody_else(sign_in, site):
    page = sign_in("planner1001", "lwia/01/planner/1001/index.html")
    assert page.locator(".crumb details").count() == page.locator(".crumb a").count() == 0
    assert (
        page.locator("[data-go=home]")
        .get_attribute("href")
        .endswith("PY2024Q4/lwia/01/planner/1001/index.html")
    )


@pytest.mark.parametrize("user", ["admin01", "planner1001"])
def test_a_page_that_planners_have_alike_is_named_by_its_address(sign_in, user):
    page = sign_in(user, "lwia/01/planner/1001/comparison/areas-msg.html")
    page.wait_for_function("!document.title.includes('Career planner')")
    own = sign_in(user, "lwia/01/planner/1001/performance/summary.html")
    assert page.title().split(" - ")[1:] == own.title().split(" - ")[1:]
    assert (
        page.locator(".crumb li").all_text_contents()[:-1]
        == (own.locator(".crumb li").all_text_contents()[:-1])
    )
    if user == "planner1001":
        page.locator(".crumb a").last.click()
        page.wait_for_url("**/PY2024Q4/lwia/01/planner/1001/index.html")
    assert page.complaints == []


def test_without_a_script_such_a_page_says_whose_area_it_is(sign_in):
    page = sign_in("planner1001", "lwia/01/planner/1001/comparison/areas-msg.html",
                   java_script_enabled=False)  # fmt: skip
    assert page.locator(".crumb li").all_text_contents()[-2:] == ["Career planner", "Skill gains"]
    assert page.title() == "Skill gains - Career planner, LWIA 01 - PY2024Q4 - IPATS"
    page.locator(".crumb a").last.click()
    page.wait_for_url("**/PY2024Q4/lwia/01/planner/1001/index.html")


def test_help_signs_out(sign_in, gateway):
    page = sign_in("admin01", LWIA_PAGE)
    page.locator("summary").get_by_text("Help", exact=True).click()
    assert page.get_by_role("link", name="Request access").is_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    assert page.goto(f"{gateway}/PY2024Q4/{LWIA_PAGE}").status == 404


def test_guide_and_glossary_are_reached_from_every_page(sign_in):
    page = sign_in("planner1001", "lwia/01/planner/1001/index.html")
    page.locator("summary").get_by_text("Help", exact=True).click()
    page.get_by_role("link", name="Glossary").click()
    page.wait_for_url("**/_static/guide.*.html#Glossary")
    assert page.locator("h1").all_text_contents() == ["Guide¶"]
    assert page.locator("h2", has_text="Glossary").is_visible()
    assert page.get_by_role("link", name="Home").get_attribute("href") == "/"
    assert page.complaints == []


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("scope", ["state", "lwia", "planner"])
def test_the_frame_leaves_the_first_screen_to_the_page(sign_in, site, size, scope):
    path = {
        "state": "state/performance/summary.html",
        "lwia": LWIA_PAGE,
        "planner": planner_page(site, "performance/summary.html"),
    }[scope]
    page = sign_in("state1", path, size)
    page.locator(".crumb details").first.wait_for()
    header = page.locator("header").bounding_box()
    assert header["height"] <= (150 if size[0] == 1440 else 124)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    small = """[...document.querySelectorAll("header a, header summary")].filter(one =>
      one.offsetParent && one.getBoundingClientRect().height < 24).map(one => one.textContent)"""
    assert page.evaluate(small) == []


@pytest.mark.parametrize(("size", "scheme"), crossed(WIDTHS, ["light", "dark"]))
def test_the_frame_meets_wcag_in_both_schemes_with_its_menus_open(sign_in, size, scheme):
    for path in (LWIA_PAGE, "state/index.html"):
        page = sign_in("state1", path, size, color_scheme=scheme)
        page.locator(".crumb details").first.wait_for()
        for name in ("Performance", "Help", "Choose an"):
            page.locator("header summary", has_text=name).first.click()
            page.evaluate(AXE)
            found = page.evaluate(f"axe.run(document, {RULES})")["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:90]) for one in found] == []


def test_menus_open_without_scripts_and_one_at_a_time(sign_in):
    page = sign_in("admin01", LWIA_PAGE, java_script_enabled=False)
    page.locator("summary", has_text="Performance").click()
    page.locator("summary", has_text="Dashboards").click()
    assert page.locator("header .panel:visible").count() == 1
    page.locator("summary", has_text="Dashboards").click()
    page.get_by_role("link", name="Choose a career planner").click()
    page.wait_for_url("**/lwia/01/index.html")
    assert page.get_by_role("heading", name="Career planners").is_visible()


def test_escape_closes_a_menu_and_gives_the_focus_back(sign_in):
    page = sign_in("admin01", LWIA_PAGE)
    page.locator("summary", has_text="Performance").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.keyboard.press("Escape")
    assert page.locator("header details[open]").count() == 0
    assert page.evaluate("document.activeElement.textContent") == "Performance"


def test_a_long_list_is_searched_by_typing(sign_in):
    page = sign_in("admin01", "lwia/01/index.html")
    known = page.evaluate("fetch('scopes.json').then(answer => answer.json())")["scopes"]
    page.evaluate(
        """scopes => {
      const made = dropdown("Planners", scopes.map(one => link("#", one.title)), "career planner");
      document.querySelector("main").prepend(made);
      made.open = true;
    }""",
        known * 13,
    )
    box = page.get_by_placeholder("Find a career planner")
    name = known[-1]["title"].split(" (")[0]
    box.fill(name.upper())
    shown = page.locator("main details li:visible").all_text_contents()
    assert shown
    assert all(name in title for title in shown)


def test_the_age_is_of_today_and_not_of_the_page(sign_in, site):
    page = sign_in("admin01", LWIA_PAGE)
    age = (datetime.now(UTC).date() - datetime(2025, 8, 15, tzinfo=UTC).date()).days
    said = page.locator(".asof").inner_text()
    assert said.startswith("April to June 2025")
    assert f"Data as of August 15, 2025, {age:,} days ago" in said
    assert "days ago" not in (site / "PY2024Q4" / LWIA_PAGE).read_text()


def test_no_page_names_a_place_outside_its_scope(site):
    """A planner's page has no link to its area, an area's none to the state, nor a title of one."""
    page = (site / "PY2024Q4" / LWIA_PAGE).read_text()
    header = page[page.index("<header>") : page.index("</header>")]
    assert "state/" not in header
    assert "LWIA 02" not in header
    for path in (site / "PY2024Q4").glob("lwia/*/planner/*/scopes.json"):
        scope = path.parent.relative_to(site / "PY2024Q4").as_posix()
        assert path.read_text().count('"path"') == 1
        assert f'"{scope}"' in path.read_text()
